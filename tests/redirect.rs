//! `-L`: where redirections lead, and what goes along.

use std::time::Duration;

use data_encoding::BASE64;

use crate::support::output::Output;
use crate::support::pty::terminal;
use crate::support::run::wsee;
use crate::support::server::{Server, Untouched};
use crate::support::site::{site, slow_site, target, tls_site, values};
use crate::support::tls::{self, Authority};
use crate::support::wire::{Wire, before_handshake};

/// Runs wsee with these arguments on a site that gives these answers; gives back the requests too.
#[track_caller]
fn visit(answers: &[&str], args: &[&str]) -> (Output, Vec<String>) {
    let server = site(answers);
    let url = format!("{}/chat?token=s3cret", server.url());
    let output = wsee(&[&[url.as_str()], args].concat()).run().prints("");
    (output, server.finish())
}

/// Runs wsee with these arguments on a site that redirects to another; gives back the request at each.
#[track_caller]
fn cross(args: &[&str]) -> (Output, String, String) {
    let other = site(&["101"]);
    let first = site(&[&format!("302 {}/other", other.url())]);
    let url = format!("{}/chat", first.url());
    let output = wsee(&[&[url.as_str()], args].concat()).run().exits(0);
    let request = |server: Server<Vec<String>>| server.finish().remove(0);
    (output, request(first), request(other))
}

/// Arguments that give credentials and fields, whose values hold `s3cret` or its Basic form.
const SECRETS: &[&[&str]] = &[
    &["-u", "me:s3cret"],
    &["--bearer", "s3cret"],
    &["-b", "id=s3cret"],
    &["-H", "Authorization: s3cret"],
    &["-H", "Cookie: s3cret"],
    &["-H", "X-Api-Key: s3cret"],
];

fn holds_secret(request: &str) -> bool {
    request.contains("s3cret") || request.contains(&BASE64.encode(b"me:s3cret"))
}

#[test]
fn without_the_flag_a_redirect_is_a_refusal() {
    let (output, requests) = visit(&["301 /moved"], &[]);
    output
        .exits(22)
        .says("/moved; connect there, or follow with -L");
    assert_eq!(requests.len(), 1);
}

#[test]
fn every_form_of_a_location_is_followed() {
    let answers = [
        "301 /a",
        "302 b?x=1#part",
        "303 //127.0.0.1:PORT/c",
        "307 http://127.0.0.1:PORT/d",
        "308 WS://127.0.0.1:PORT",
        "101",
    ];
    let (output, requests) = visit(&answers, &["-L"]);
    output.exits(0);
    let targets: Vec<_> = requests.iter().map(|it| target(it)).collect();
    assert_eq!(
        targets,
        ["/chat?token=s3cret", "/a", "/b?x=1", "/c", "/d", "/"]
    );
}

#[test]
fn each_hop_is_shown_without_its_secrets() {
    let answers = [
        "302 /a?token=s3cret\nSet-Cookie: id=s3cret",
        "307 /b",
        "101",
    ];
    let (output, _) = visit(&answers, &["-L", "-v"]);
    output
        .exits(0)
        .says("< HTTP/1.1 302 Told\n< Location: /a?token=***\n")
        .says("* redirected (302) to ws://127.0.0.1:")
        .says("/a?token=***\n")
        .says("> GET /b HTTP/1.1\n")
        .never_says("s3cret");
}

#[test]
fn credentials_follow_a_redirect_within_their_origin() {
    for args in SECRETS {
        let (_, requests) = visit(&["302 /a", "101"], &[args, &["-L"][..]].concat());
        assert!(holds_secret(&requests[1]), "{args:?}: {}", requests[1]);
    }
}

#[test]
fn nothing_of_it_reaches_another_port() {
    for args in SECRETS {
        let (output, first, other) = cross(&[args, &["-L", "-v"][..]].concat());
        assert!(holds_secret(&first), "{args:?}: {first}");
        assert!(!holds_secret(&other), "{args:?}: {other}");
        output
            .says("credentials and fields are not sent to another origin (--location-trusted)")
            .never_says("s3cret");
    }
}

#[test]
fn nothing_of_it_reaches_another_scheme() {
    let authority = Authority::new();
    for args in SECRETS {
        let other = tls_site(authority.issue(&["127.0.0.1"]), "101");
        let first = site(&[&format!("301 https://127.0.0.1:{}/", other.port())]);
        let trust = ["-L", "--cacert", authority.path()];
        let args = [&[first.url()], &trust[..], args].concat();
        wsee(&args).run().exits(0);
        assert!(!holds_secret(&other.finish()), "{args:?}");
    }
}

#[test]
fn userinfo_and_netrc_are_for_the_first_origin() {
    let other = site(&["101", "101"]);
    let to = format!("302 {}/", other.url());
    let first = site(&[&to, &to]);
    let userinfo = format!("ws://me:s3cret@127.0.0.1:{}/", first.port());
    wsee(&[&userinfo, "-L"]).run().exits(0);
    let run = wsee(&[first.url(), "-L", "--netrc"]);
    let netrc = "machine 127.0.0.1 login me password s3cret";
    std::fs::write(run.home().join(".netrc"), netrc).expect("a file");
    run.run().exits(0);
    for request in first.finish() {
        assert!(holds_secret(&request), "{request}");
    }
    for request in other.finish() {
        assert_eq!(values(&request, "Authorization"), [""; 0]);
    }
}

#[test]
fn headers_without_secrets_follow_a_redirect_to_another_origin() {
    let args = ["-L", "-s", "chat", "-o", "http://o.example", "-A", "mine"];
    let (_, _, other) = cross(&args);
    assert_eq!(values(&other, "Sec-WebSocket-Protocol"), ["chat"]);
    assert_eq!(values(&other, "Origin"), ["http://o.example"]);
    assert_eq!(values(&other, "User-Agent"), ["mine"]);
}

#[test]
fn trusted_locations_get_everything_but_the_host_field() {
    for args in SECRETS {
        let (_, _, other) = cross(&[args, &["--location-trusted"][..]].concat());
        assert!(holds_secret(&other), "{args:?}: {other}");
    }
    let (output, first, other) = cross(&["--location-trusted", "-v", "-H", "Host: virtual"]);
    assert_eq!(values(&first, "Host"), ["virtual"]);
    assert!(values(&other, "Host")[0].starts_with("127.0.0.1:"));
    output.never_says("not sent");
}

#[test]
fn back_at_the_first_origin_it_is_sent_again() {
    // The port of the first is told to the other when it is known.
    let (tell, told) = std::sync::mpsc::channel();
    let other = before_handshake(move |mut wire| {
        let back: String = told.recv().expect("a URL");
        let length = "Content-Length: 0";
        wire.write(format!(
            "HTTP/1.1 302 Found\r\nLocation: {back}\r\n{length}\r\n\r\n"
        ));
        wire.request().to_owned()
    });
    let first = site(&[&format!("302 {}/", other.url()), "101"]);
    tell.send(format!("{}/back", first.url()))
        .expect("a server");
    let args = [first.url(), "-L", "--bearer", "s3cret"];
    wsee(&args).run().exits(0);
    assert!(!holds_secret(&other.finish()));
    assert!(holds_secret(&first.finish()[1]));
}

#[test]
fn userinfo_of_a_location_is_used_and_masked() {
    let other = site(&["101"]);
    let to = format!("302 ws://you:s3cret@127.0.0.1:{}/", other.port());
    let first = site(&[&to]);
    let output = wsee(&[first.url(), "-L", "-v"]).run().exits(0);
    output.never_says("s3cret");
    let sent = format!("Basic {}", BASE64.encode(b"you:s3cret"));
    assert_eq!(values(&other.finish()[0], "Authorization"), [sent]);
}

#[test]
fn a_refusal_at_another_origin_says_what_was_not_sent() {
    let other = site(&["401"]);
    let first = site(&[&format!("302 {}/x", other.url())]);
    let output = wsee(&[first.url(), "-L", "--bearer", "s3cret"]).run();
    let host = format!("not sent to 127.0.0.1:{}", other.port());
    output.exits(22).says(&host).says("--location-trusted");
    let other = site(&["404"]);
    let first = site(&[&format!("302 {}/deep/path", other.url())]);
    let output = wsee(&[&format!("{}/chat", first.url()), "-L"]).run();
    output.exits(22).says("hint: 404 for /deep/path");
}

#[test]
fn cookies_of_a_jar_go_where_they_belong() {
    let other = site(&["101"]);
    let to = format!("302 {}/app/x\nSet-Cookie: all=1; Path=/", other.url());
    let fields = "Set-Cookie: app=2; Path=/app\nSet-Cookie: not=3; Path=/no";
    let first = site(&["302 /next\nSet-Cookie: first=0", &format!("{to}\n{fields}")]);
    let file = tempfile::NamedTempFile::new().expect("a file");
    let line = "127.0.0.1\tFALSE\t/app\tFALSE\t0\tfile\t4\n\
                127.0.0.1\tFALSE\t/\tTRUE\t1\told\t5\n\
                elsewhere.example\tFALSE\t/\tFALSE\t0\telse\t6\n";
    std::fs::write(file.path(), line).expect("a file");
    let jar = format!("@{}", file.path().display());
    wsee(&[first.url(), "-L", "-b", &jar, "-b", "typed=7"])
        .run()
        .exits(0);
    let requests = first.finish();
    assert_eq!(values(&requests[0], "Cookie"), ["typed=7"]);
    assert_eq!(values(&requests[1], "Cookie"), ["first=0; typed=7"]);
    let request = &other.finish()[0];
    assert_eq!(values(request, "Cookie"), ["app=2; file=4; all=1; first=0"]);
}

#[test]
fn a_circle_is_found() {
    let (output, requests) = visit(&["302 /chat?token=s3cret"], &["-L"]);
    output
        .exits(47)
        .says("redirect loop, back to ")
        .never_says("s3cret");
    assert_eq!(requests.len(), 1);
    let answers = ["302 /a", "302 /b", "302 a"];
    let (output, _) = visit(&answers, &["-L"]);
    output.exits(47).says("back to ws://127.0.0.1:");
}

#[test]
fn a_page_that_sets_a_cookie_and_redirects_to_itself_is_not_a_loop() {
    let jar = tempfile::tempdir().expect("a directory");
    let jar = jar.path().join("jar");
    let jar = jar.to_str().expect("UTF-8");
    let answers = ["302 /chat?token=s3cret\nSet-Cookie: seen=1", "101"];
    let (output, requests) = visit(&answers, &["-L", "--cookie-jar", jar]);
    output.exits(0);
    assert_eq!(values(&requests[1], "Cookie"), ["seen=1"]);
}

#[test]
fn ten_redirects_are_followed_and_no_more() {
    let mut answers: Vec<String> = (1..=10).map(|it| format!("302 /{it}")).collect();
    answers.push("101".to_owned());
    let all: Vec<&str> = answers.iter().map(String::as_str).collect();
    visit(&all, &["-L"]).0.exits(0);
    let mut more = all.clone();
    more[10] = "302 /11";
    let text = "more than 10 redirects, the next to ws://127.0.0.1:";
    visit(&more, &["-L"])
        .0
        .exits(47)
        .says(text)
        .says("--max-redirs");
    visit(&all[..2], &["-L", "--max-redirs", "1"]).0.exits(47);
    visit(&all[..1], &["-L", "--max-redirs", "0"]).0.exits(47);
    let (output, _) = visit(&["302 /1", "101"], &["-L", "--max-redirs", "1"]);
    output.exits(0);
}

#[test]
fn never_from_wss_to_ws() {
    let authority = Authority::new();
    for flag in ["-L", "--location-trusted"] {
        let plain = Untouched::start();
        let told = format!("302 http://localhost:{}/?token=s3cret", plain.port());
        let server = tls_site(authority.issue(&["localhost"]), &told);
        let args = [&tls::url(&server), flag, "--cacert", authority.path()];
        let output = wsee(&args).run().exits(47);
        output
            .says("from wss:// to ws://localhost:")
            .never_says("s3cret");
    }
}

#[test]
fn from_wss_to_wss() {
    let authority = Authority::new();
    let other = tls_site(authority.issue(&["localhost"]), "101");
    let told = format!("302 https://localhost:{}/", other.port());
    let first = tls_site(authority.issue(&["localhost"]), &told);
    wsee(&[&tls::url(&first), "-L", "--cacert", authority.path()])
        .run()
        .exits(0);
}

#[test]
fn a_redirect_that_leads_nowhere_exits_47() {
    for (location, text) in [
        ("ftp://127.0.0.1/", "ftp:"),
        ("ws://127.0.0.1:0/", "port"),
        ("ws://[::1/", "not a URL"),
        ("http://a:b:c@d%3Ae/", "not a URL"),
        ("ws://u%00:s3cret@127.0.0.1/", "control character"),
    ] {
        let (output, _) = visit(&[&format!("302 {location}")], &["-L"]);
        let output = output.exits(47).says(text).never_says("s3cret");
        let lines = output.stderr.lines();
        let count = lines.filter(|line| !line.starts_with("hint: ")).count();
        assert_eq!(count, 1, "{}", output.stderr);
    }
}

#[test]
fn a_3xx_status_that_is_not_a_redirect_is_a_refusal() {
    for answer in ["302", "300 /a", "304 /a", "305 /a", "404 /a"] {
        visit(&[answer], &["-L"]).0.exits(22);
    }
}

#[test]
fn a_location_cannot_forge_a_line_or_reach_the_terminal() {
    let server = before_handshake(|mut wire| {
        let location = "ftp\u{202e}://x/\u{9b}31m";
        wire.write(format!(
            "HTTP/1.1 302 Found\r\nLocation: {location}\r\n\r\n"
        ));
        wire.wait_for_end();
    });
    let output = wsee(&[server.url(), "-L", "-v"]).run();
    assert!(
        !output.stderr.contains(['\u{202e}', '\u{9b}']),
        "{:?}",
        output.stderr
    );
}

#[test]
fn all_hops_share_one_time_limit() {
    let silent = before_handshake(Wire::wait_for_end);
    let last = format!("302 {}/", silent.url());
    let slow = slow_site(Duration::from_secs(1), &["302 /1", &last]);
    let args = [slow.url(), "-L", "--connect-timeout", "2500ms"];
    let output = wsee(&args).run().exits(28);
    // Each hop for itself would have had its 2.5 s.
    output
        .says("the server accepted the connection and did not answer for ")
        .within(Duration::from_secs(4));
}

#[test]
fn reports_describe_the_last_server() {
    let other = site(&["101"]);
    let first = site(&["302 /a", &format!("302 {}/b?token=s3cret", other.url())]);
    let format = "%{num_redirects} %{url_effective} %{http_code}\n";
    let args = [first.url(), "-L", "--jsonl", "-w", format];
    let output = wsee(&args).run().exits(0);
    let stdout = String::from_utf8(output.stdout).expect("UTF-8");
    let url = format!("{}/b?token=***", other.url());
    let lines: Vec<&str> = stdout.lines().collect();
    let open: serde_json::Value = serde_json::from_str(lines[0]).expect("JSON");
    assert_eq!(open["url"], url.as_str());
    assert_eq!(lines.last(), Some(&format!("2 {url} 101").as_str()));
}

#[test]
fn the_prompt_shows_the_final_url() {
    let echo = crate::support::peer::echoing();
    let first = site(&[&format!("302 {}/real?token=s3cret", echo.url())]);
    let mut terminal = terminal(&[first.url(), "-L"]).prompt();
    terminal.wait_for("* redirected (302) to");
    terminal.press("/status\r");
    terminal.wait_for(&format!("{}/real?token=***", echo.url()));
    terminal.press("\x04");
    terminal.finish();
}
