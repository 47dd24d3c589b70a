//! `wsee curl`: commands as browsers copy them, and what the server sees of them.

use crate::support::output::Output;
use crate::support::peer::{Message, Peer, echoing, recording, scripted};
use crate::support::pty::terminal;
use crate::support::run::{Run, wsee};
use crate::support::server::{Server, Untouched};
use crate::support::wire::requested;

/// "Copy as cURL (bash)" of Chrome 130, on Linux.
const CHROME_BASH: &str = r"curl 'ws://HOST/chat?room=1' \
  -H 'Upgrade: websocket' \
  -H 'Origin: https://app.example' \
  -H 'Cache-Control: no-cache' \
  -H 'Accept-Language: de-DE,de;q=0.9' \
  -H 'Pragma: no-cache' \
  -b $'name=it\'s \u0021; sid=42' \
  -H 'Connection: Upgrade' \
  -H 'Sec-WebSocket-Key: QUFBQUFBQUFBQUFBQUFBQQ==' \
  -H 'User-Agent: Mozilla/5.0 (X11; Linux x86_64)' \
  -H 'Sec-WebSocket-Version: 13' \
  -H 'Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits'";

/// "Copy as cURL (cmd)" of Chrome 130, on Windows.
const CHROME_CMD: &str = "curl ^\"ws://HOST/chat?room=1^\" ^\r
  -H ^\"Upgrade: websocket^\" ^\r
  -H ^\"Origin: https://app.example^\" ^\r
  -H ^\"Cache-Control: no-cache^\" ^\r
  -H ^\"Accept-Language: de-DE,de;q=0.9^\" ^\r
  -H ^\"Pragma: no-cache^\" ^\r
  -b ^\"name=it's ^!; sid=42^\" ^\r
  -H ^\"Connection: Upgrade^\" ^\r
  -H ^\"Sec-WebSocket-Key: QUFBQUFBQUFBQUFBQUFBQQ==^\" ^\r
  -H ^\"User-Agent: Mozilla/5.0 (X11; Linux x86_64)^\" ^\r
  -H ^\"Sec-WebSocket-Version: 13^\" ^\r
  -H ^\"Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits^\"";

/// "Copy as cURL (POSIX)" of Firefox 132.
const FIREFOX: &str = "curl 'ws://HOST/chat?room=1' --compressed -H 'User-Agent: Mozilla/5.0 (X11; \
    Linux x86_64)' -H 'Accept: */*' -H 'Accept-Language: de-DE,de;q=0.9' -H 'Accept-Encoding: gzip, \
    deflate, br, zstd' -H 'Sec-WebSocket-Version: 13' -H 'Origin: https://app.example' -H \
    'Sec-WebSocket-Extensions: permessage-deflate' -H 'Sec-WebSocket-Key: QUFBQUFBQUFBQUFBQUFBQQ==' \
    -H 'Connection: keep-alive, Upgrade' -H 'Cookie: name=it'\\''s !; sid=42' -H 'Sec-Fetch-Dest: \
    empty' -H 'Sec-Fetch-Mode: websocket' -H 'Pragma: no-cache' -H 'Cache-Control: no-cache' -H \
    'Upgrade: websocket'";

/// "Copy as PowerShell" of Chrome 130, on Windows.
const CHROME_POWERSHELL: &str =
    "$session = New-Object Microsoft.PowerShell.Commands.WebRequestSession\r
$session.UserAgent = \"Mozilla/5.0 (X11; Linux x86_64)\"\r
$session.Cookies.Add((New-Object System.Net.Cookie(\"name\", \"it's !\", \"/\", \"app.example\")))\r
$session.Cookies.Add((New-Object System.Net.Cookie(\"sid\", \"42\", \"/\", \"app.example\")))\r
Invoke-WebRequest -UseBasicParsing -Uri \"ws://HOST/chat?room=1\" `\r
-WebSession $session `\r
-Headers @{\r
\"Upgrade\"=\"websocket\"\r
  \"Origin\"=\"https://app.example\"\r
  \"Cache-Control\"=\"no-cache\"\r
  \"Accept-Language\"=\"de-DE,de;q=0.9\"\r
  \"Pragma\"=\"no-cache\"\r
  \"Connection\"=\"Upgrade\"\r
  \"Sec-WebSocket-Key\"=\"QUFBQUFBQUFBQUFBQUFBQQ==\"\r
  \"Sec-WebSocket-Version\"=\"13\"\r
  \"Sec-WebSocket-Extensions\"=\"permessage-deflate; client_max_window_bits\"\r
}";

/// Runs a command in which HOST is a server's address, and gives back the request and the output.
#[track_caller]
fn sent(command: &str, run: impl FnOnce(&str) -> Run) -> (String, Output) {
    let server = requested();
    let host = format!("127.0.0.1:{}", server.port());
    let output = run(&command.replace("HOST", &host)).run().exits(0);
    (server.finish(), output)
}

fn from_stdin(command: &str) -> Run {
    wsee(&["curl", "-"]).stdin(command)
}

fn as_one_argument(command: &str) -> Run {
    wsee(&["curl", command])
}

#[track_caller]
fn assert_is_the_browsers(request: &str) {
    assert!(
        request.starts_with("GET /chat?room=1 HTTP/1.1\r\n"),
        "{request}"
    );
    for line in [
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Version: 13",
        "Origin: https://app.example",
        "Accept-Language: de-DE,de;q=0.9",
        "Pragma: no-cache",
        "Cache-Control: no-cache",
        "Cookie: name=it's !; sid=42",
        "User-Agent: Mozilla/5.0 (X11; Linux x86_64)",
    ] {
        let found = request.lines().filter(|it| *it == line).count();
        assert_eq!(found, 1, "{line:?} in {request}");
    }
    let key = "QUFBQUFBQUFBQUFBQUFBQQ==";
    assert!(!request.contains(key), "the browser's own key: {request}");
    assert_eq!(
        request.matches("Sec-WebSocket-Key: ").count(),
        1,
        "{request}"
    );
    assert_eq!(
        request.matches("permessage-deflate").count(),
        1,
        "{request}"
    );
}

#[test]
fn chromes_bash_command_is_accepted() {
    for run in [from_stdin, as_one_argument] {
        let (request, output) = sent(CHROME_BASH, run);
        assert_is_the_browsers(&request);
        output.never_says("ignored");
    }
}

#[test]
fn chromes_cmd_command_is_accepted() {
    for run in [from_stdin, as_one_argument] {
        let (request, _) = sent(CHROME_CMD, run);
        assert_is_the_browsers(&request);
    }
}

#[test]
fn chromes_powershell_command_is_accepted() {
    for run in [from_stdin, as_one_argument] {
        let (request, output) = sent(CHROME_POWERSHELL, run);
        assert_is_the_browsers(&request);
        output.never_says("ignored");
    }
}

#[test]
fn firefoxs_command_is_accepted() {
    let (request, output) = sent(FIREFOX, from_stdin);
    assert_is_the_browsers(&request);
    assert!(!request.contains("Accept-Encoding"), "{request}");
    assert!(
        request.contains("Sec-Fetch-Mode: websocket\r\n"),
        "{request}"
    );
    output.says("* ignored (no effect on a WebSocket): --compressed, -H Accept-Encoding\n");
}

#[test]
fn arguments_that_the_shell_unquoted_are_accepted() {
    let server = echoing();
    let url = server.url().replace("ws://", "http://");
    wsee(&[
        "curl",
        "curl",
        &url,
        "-sS",
        "-H",
        "X: 1",
        "--wait",
        "forever",
        "-m20",
        "--count=1",
    ])
    .stdin("hello\n")
    .run()
    .exits(0)
    .prints("hello\n");
    assert_eq!(server.finish().messages, [Message::text("hello")]);
}

#[test]
fn exit_statuses_are_those_of_wsee() {
    wsee(&["curl", "ws://127.0.0.1:1/"]).run().exits(7);
    wsee(&["curl", "ftp://127.0.0.1/"]).run().exits(3);
    wsee(&["curl", "ws://127.0.0.1:1/", "-m", "soon"])
        .run()
        .exits(2);
    wsee(&["curl"]).run().exits(2);
    wsee(&["curl", "--help"]).run().exits(0).says("");
}

#[test]
fn a_request_that_is_not_a_handshake_is_refused_before_anything_is_sent() {
    for (args, text) in [
        (&["-d", "a=b"][..], "-d adds a body"),
        (&["--data-raw", "secret"], "--data-raw adds a body"),
        (&["-X", "POST"], "-X POST cannot open a WebSocket"),
        (&["-F", "a=b"], "-F adds a body"),
        (&["-T", "file"], "-T adds a body"),
        (
            &["--nonsense"],
            "--nonsense is an option of neither curl nor wsee",
        ),
    ] {
        let server = Untouched::start();
        let url = format!("ws://127.0.0.1:{}", server.port());
        let output = wsee(&[&["curl", &url], args].concat()).run().exits(2);
        let output = output.says(text).never_says("secret");
        assert_eq!(output.stderr.lines().count(), 1, "{}", output.stderr);
    }
}

#[test]
fn a_command_that_is_cut_off_is_refused() {
    from_stdin("curl 'ws://127.0.0.1:1' \\\n -H 'a: b")
        .run()
        .exits(2)
        .says("the command is cut off");
    from_stdin("").run().exits(2).says("no URL");
}

#[test]
fn cookies_of_a_pasted_command_are_masked() {
    let (_, output) = sent("curl 'ws://HOST/' -b 'sid=hunter2' -v", as_one_argument);
    output.says("> Cookie: ***").never_says("hunter2");
}

#[test]
fn pasted_at_a_terminal_it_opens_the_prompt() {
    let server: Server<_> = scripted(Peer::record);
    let mut terminal = terminal(&["curl", "-"]).start();
    terminal.wait_for("paste the curl command");
    terminal.press(&format!("curl '{}/' \\\n  -H 'X: 1'\n", server.url()));
    terminal.wait_for_line("> ");
    terminal.wait_for("> X: 1");
    terminal.press("hello\r");
    terminal.wait_for("→ text 5 B");
    terminal.press("\x04");
    assert_eq!(terminal.finish(), 0);
    assert_eq!(server.finish().messages, [Message::text("hello")]);
}

#[test]
fn stdin_that_held_the_command_has_no_messages() {
    let server = recording();
    let command = format!("curl '{}' --send hi --max-time 0.3", server.url());
    from_stdin(&command).run().exits(28);
    assert_eq!(server.finish().messages, [Message::text("hi")]);
}
