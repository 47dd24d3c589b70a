//! `wsee report`: recordings as pages.

use std::fs;
use std::io::Write;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::support::output::Output;
use crate::support::peer::{Message, Received, scripted};
use crate::support::run::wsee;
use crate::support::server::Server;
use crate::support::wire::read_head;

fn text(path: &Path) -> &str {
    path.to_str().expect("a path in UTF-8")
}

/// What a peer sends that knows all about pages.
pub const HOSTILE: [&str; 5] = [
    "<script>document.title = 'pwned'</script>",
    "</pre></div><img src=x onerror=\"document.title = 'pwned'\">",
    "rtl \u{202e}live\u{202c} \u{1b}[2J\u{200b} \0 \r",
    "\"'><svg onload=document.title='pwned'>&lt;&#60;",
    "<!-- --> ]]> <title> <base href=//evil> {{x}} ${x}",
];

/// A recording of a session with a hostile server, in the format of `name`.
#[track_caller]
pub fn recorded(folder: &TempDir, name: &str) -> PathBuf {
    let path = folder.path().join(name);
    let server = hostile();
    let url = format!("{}/a?room=<b>&token=s3cret", server.url());
    let args = [&*url, "-q", "--record", text(&path), "--fragment", "3"];
    let args = [&args[..], &["--wait", "forever", "--bearer", "s3cret"]].concat();
    wsee(&args).stdin("hello\n").run().exits(111);
    server.finish();
    path
}

fn hostile() -> Server<Received> {
    scripted(|mut peer| {
        peer.expect("hello");
        peer.send(Message::Ping("<b>".into()));
        for payload in HOSTILE {
            peer.send(payload);
        }
        peer.send(b"\x81\xa1a\xc0".to_vec());
        peer.send("x".repeat(5_000));
        peer.close(4001, "<i>enough</i>")
    })
}

/// The page of a recording, on stdout.
#[track_caller]
fn page(path: &Path, args: &[&str]) -> String {
    let args = [&["report", text(path), "-o", "-"], args].concat();
    let output = wsee(&args).run().exits(0);
    String::from_utf8(output.stdout).expect("UTF-8")
}

#[track_caller]
fn has(page: &str, parts: &[&str]) {
    for part in parts {
        assert!(page.contains(part), "no {part:?} in {page}");
    }
}

#[test]
fn a_report_has_the_handshake_every_message_and_frame_and_the_end() {
    let folder = tempfile::tempdir().expect("a folder");
    let page = page(&recorded(&folder, "a.jsonl"), &[]);
    has(
        &page,
        &[
            "<title>WebSocket session with ws://127.0.0.1:",
            "<dt>Sent</dt><dd>1 message, 5 B; 1 control frame; 4 frames in all</dd>",
            "<dt>Received</dt><dd>7 messages, 5.1 KiB;",
            "<dt>Ended</dt><dd>closed by server: 4001 private use &quot;&lt;i&gt;enough&lt;/i&gt;&quot;",
            "; exit status 111\nhint: 4001 ",
            "GET /a?room=%3Cb%3E&amp;token=*** HTTP/1.1\nHost: 127.0.0.1",
            "Authorization: Bearer ***",
            "<h3>Response</h3><pre>\nHTTP/1.1 101 Switching Protocols\n",
            " → text          5 B</b>hello",
            "<div class=\"m o f many\"",
            " s → frame             text, mask ",
            "<div class=\"m i k\"\n><b>",
            " ← ping          3 B</b>&lt;b&gt;",
            "<em>looks like MessagePack</em> ",
            "00000000  81 a1 61 c0",
        ],
    );
    assert!(!page.contains("s3cret"), "{page}");
}

#[test]
fn nothing_that_a_peer_sends_is_markup_or_invisible() {
    let folder = tempfile::tempdir().expect("a folder");
    for name in ["a.jsonl", "a.har", "a.wsee"] {
        let page = page(&recorded(&folder, name), &[]);
        for (tag, count) in [
            ("<script", 1),
            ("<style", 1),
            ("<title", 1),
            ("<meta", 5),
            ("<img", 0),
            ("<svg onload", 0),
            ("<base", 0),
            ("<i>", 0),
            ("<!--", 0),
        ] {
            assert_eq!(page.matches(tag).count(), count, "{name}: {tag}");
        }
        assert!(!page.contains(['\u{202e}', '\u{1b}', '\u{200b}', '\0', '\r']));
        has(
            &page,
            &[
                "&lt;script&gt;document.title = &#39;pwned&#39;&lt;/script&gt;",
                "rtl <mark>\\u{202e}</mark>live<mark>\\u{202c}</mark> <mark>\\x1b</mark>[2J",
                "default-src 'none'; base-uri 'none'; form-action 'none';",
            ],
        );
    }
}

#[test]
fn archives_and_scenarios_have_reports_too() {
    let folder = tempfile::tempdir().expect("a folder");
    let archive = page(&recorded(&folder, "a.har"), &[]);
    has(
        &archive,
        &[
            "<dt>Sent</dt><dd>1 message, 5 B; 1 control frame</dd>",
            "<dt>Ended</dt><dd>closed: the server sent 4001 private use",
            "Authorization: Bearer ***",
            "HTTP/1.1 101 Switching Protocols",
        ],
    );
    // Without frames there is nothing to switch.
    assert!(!archive.contains("Frame headers"));
    let scenario = page(&recorded(&folder, "a.wsee"), &[]);
    has(
        &scenario,
        &[
            "connect ws://127.0.0.1:",
            " → text          5 B</b>hello",
            "&lt; close 4001",
        ],
    );
}

#[test]
fn secrets_of_a_browsers_archive_are_masked() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("browser.har");
    let archive = r#"{"log":{"entries":[{"startedDateTime":"2026-11-20T12:00:00Z",
        "request":{"method":"GET","url":"wss://u:s3cret@h/?token=s3cret","httpVersion":"HTTP/1.1",
        "headers":[{"name":"Cookie","value":"sid=s3cret"}]},
        "response":{"status":101,"statusText":"Switching Protocols","httpVersion":"HTTP/1.1",
        "headers":[{"name":"Set-Cookie","value":"sid=s3cret"}]},
        "_webSocketMessages":[{"type":"send","time":1795176001.5,"opcode":1,"data":"hi"}]}]}}"#;
    fs::write(&path, archive).expect("a file");
    let masked = page(&path, &[]);
    assert!(!masked.contains("s3cret"), "{masked}");
    has(&masked, &["Cookie: ***", "1.5000 s → text"]);
    let shown = page(&path, &["--show-secrets"]);
    assert_eq!(shown.matches("s3cret").count(), 10, "{shown}");
}

#[test]
fn the_report_is_next_to_the_recording_and_replaces_nothing_unasked() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.jsonl");
    let lines =
        "{\"event\":\"message\",\"data\":\"hi\"}\n{\"event\":\"message\",\"data\":\"ho\"}\n";
    fs::write(&path, lines).expect("a file");
    let html = folder.path().join("a.html");
    let report = |args: &[&str]| wsee(&[&["report", text(&path)], args].concat()).run();
    report(&[]).exits(0).says("2 messages in ").says("a.html (");
    let mode = fs::metadata(&html).expect("a report").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    fs::write(&html, "precious").expect("a file");
    report(&[])
        .exits(2)
        .says("a.html exists already\nhint: -o ");
    assert_eq!(fs::read(&html).expect("a file"), b"precious");
    report(&["-o", text(&html)]).exits(0);
    assert!(fs::metadata(&html).expect("a report").len() > 1000);
    report(&["-o", text(&path)])
        .exits(2)
        .says("is the recording itself");
    report(&["-o", "/nowhere/a.html"])
        .exits(23)
        .says("cannot write /nowhere/a.html: No such file or directory");
}

#[test]
fn a_file_that_is_no_recording_says_what_it_is() {
    let folder = tempfile::tempdir().expect("a folder");
    let report = |name: &str, content: &[u8]| -> Output {
        let path = folder.path().join(name);
        fs::write(&path, content).expect("a file");
        wsee(&["report", text(&path), "-o", "-"]).run()
    };
    for (name, content, what) in [
        ("a.png", &b"\x89PNG\r\n\x1a\n"[..], "a PNG image"),
        ("a.txt", b"hello", "a text file"),
        ("a", b"", "empty"),
        ("a.json", b"{\"a\":1}", "JSON of another kind"),
    ] {
        let claim = format!("{name} is {what}, not a recording\nhint: ");
        report(name, content).exits(2).prints("").says(&claim);
    }
    report("a.jsonl", b"{\"event\":\"open\"}\nhello\n")
        .exits(26)
        .says("a.jsonl, line 2: not an event");
    report("a.har", b"{\"log\":{\"entries\":[]}}")
        .exits(26)
        .says("a.har contains no WebSocket connection");
    report("a.wsee", b"conect ws://h\n")
        .exits(2)
        .says("a.wsee:1:1");
    report("log.txt", b"{\"event\":\"message\",\"data\":\"hi\"}\n").exits(0);
    wsee(&["report", text(folder.path()), "-o", "-"])
        .run()
        .exits(26)
        .says(" is a folder\nhint: name a recording in it; ");
    wsee(&["report", "/nowhere.jsonl"])
        .run()
        .exits(26)
        .says("cannot read /nowhere.jsonl: No such file");
}

#[test]
fn a_refused_upgrade_has_a_report_with_its_body() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.jsonl");
    let server = Server::start(|mut stream| {
        read_head(&mut stream);
        let answer = "HTTP/1.1 403 Forbidden\r\nContent-Length: 9\r\n\r\n<b>no</b>";
        stream.write_all(answer.as_bytes()).expect("a client");
    });
    wsee(&[server.url(), "--record", text(&path)])
        .run()
        .exits(22);
    server.finish();
    has(
        &page(&path, &[]),
        &[
            "<dt>Ended</dt><dd>the server refused the upgrade with status 403",
            "HTTP/1.1 403 Forbidden",
            "<h3>Body of the response</h3><pre>\n&lt;b&gt;no&lt;/b&gt;</pre>",
        ],
    );
}

#[test]
fn a_report_follows_no_link() {
    let folder = tempfile::tempdir().expect("a folder");
    let recording = recorded(&folder, "a.jsonl");
    let (path, link) = (folder.path().join("a.html"), folder.path().join("l.html"));
    fs::write(&path, "precious").expect("a file");
    symlink(&path, &link).expect("a link");
    wsee(&["report", text(&recording), "-o", text(&link)])
        .run()
        .exits(23)
        .says("is a symbolic link, which is not followed\n");
    assert_eq!(fs::read_to_string(&path).expect("a file"), "precious");
}
