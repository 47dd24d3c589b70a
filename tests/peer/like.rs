//! `--like` beside the browsers that it imitates.

use std::path::Path;
use std::process::Command;

use rustix::process::Signal;

use super::Server;
use super::browser::{chromium, firefox_with};
use super::http2_served::{Excepted, script, trusting_chromium};
use crate::listen::{Listening, listening};
use crate::support::run::{Run, program, wsee};

/// The request of connection `number` in the log, without what differs between versions and runs.
fn request(log: &str, number: usize) -> Vec<String> {
    let prefix = format!("@{number} < ");
    let lines = log.lines().filter_map(|line| line.strip_prefix(&prefix));
    lines.map(lasting).collect()
}

/// A field without what differs between versions and runs.
fn lasting(field: &str) -> String {
    match field.split_once(": ") {
        Some((name @ "Sec-WebSocket-Key", _)) => name.to_owned(),
        Some((name @ ("User-Agent" | "user-agent"), value)) => {
            let value = value.replace("Headless", "");
            let is_digit = |it: char| it.is_ascii_digit();
            let value = value.replace(is_digit, "0").replace("00", "0");
            format!("{name}: {value}")
        }
        _ => field.to_owned(),
    }
}

/// Compares the request of `browser`, which has opened the page, with that of wsee.
#[track_caller]
fn assert_alike(server: Listening, like: &str, browser: Run) {
    let browser = browser.spawn();
    let log = server.running.wait_for_stderr("@1 > HTTP/1.1 101 ");
    let recorded = request(&log, 1);
    drop(browser);
    let origin = recorded.iter().find_map(|it| it.strip_prefix("Origin: "));
    let origin = origin.expect("an Origin").to_owned();
    let url = url(&server);
    let args = [url.as_str(), "--like", like, "-o", &origin];
    wsee(&[&args[..], &["--send", "x", "-n", "1"]].concat())
        .run()
        .exits(0);
    let log = server.stop(Signal::TERM).exits(143).stderr;
    assert_eq!(request(&log, 2), recorded, "{log}");
}

fn url(server: &Listening) -> String {
    format!("ws://127.0.0.1:{}/", server.port)
}

/// A page that connects to the server, as a URL.
fn page(server: &Listening) -> String {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peer/like.html");
    format!("file://{}?{}", page.display(), url(server))
}

#[test]
#[ignore = "needs Chromium"]
fn a_handshake_like_chrome_is_that_of_chromium() {
    let server = listening(&["-v"]);
    let browser = chromium(&[&page(&server)]);
    assert_alike(server, "chrome", browser);
}

#[test]
#[ignore = "needs Firefox"]
fn a_handshake_like_firefox_is_that_of_firefox() {
    let server = listening(&["-v"]);
    let browser = firefox_with(&[], &page(&server));
    assert_alike(server, "firefox", browser);
}

/// What Python's recorder sees of a client on its port, up to a WebSocket over HTTP/2: SETTINGS, windows, priority, and
/// the fields in their order.
#[track_caller]
fn recorded(excepted: &Excepted, client: impl FnOnce(u16) -> Run) -> Vec<String> {
    let home = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/peer/venv/bin/python");
    let mut python = Command::new(home);
    python.arg(script("http2_recorder.py"));
    python.args([excepted.certificate.path(), excepted.key.path()]);
    let recorder = Server::of(program(python));
    let client = client(recorder.port).spawn();
    let record = recorder.running.wait_for_stdout("\nend\n");
    drop(client);
    let host = format!("127.0.0.1:{}", recorder.port);
    let (_, record) = record.split_once('\n').expect("a line before");
    let lines = record.replace(&host, "HOST");
    lines.lines().map(lasting).collect()
}

/// Compares how `browser` opens the page of the recorder, and a WebSocket in the same connection, with what wsee sends.
#[track_caller]
fn assert_alike_over_http2(like: &str, browser: impl FnOnce(&Excepted, u16, &str) -> Run) {
    let excepted = Excepted::new();
    let found = recorded(&excepted, |port| {
        browser(&excepted, port, &format!("https://127.0.0.1:{port}/"))
    });
    let own = recorded(&excepted, |port| {
        let url = format!("wss://127.0.0.1:{port}/socket");
        let fields = ["-s", "a,b", "-b", "one=1; two=2"];
        let args = [&url, "-k", "--http", "2", "--like", like];
        wsee(&[&args[..], &fields].concat()).stdin_held_open()
    });
    assert_eq!(own, found);
}

#[test]
#[ignore = "needs Chromium and Python's h2"]
fn a_request_over_http2_like_chrome_is_that_of_chromium() {
    assert_alike_over_http2("chrome", |_, _, url| trusting_chromium(url));
}

#[test]
#[ignore = "needs Firefox and Python's h2"]
fn a_request_over_http2_like_firefox_is_that_of_firefox() {
    assert_alike_over_http2("firefox", Excepted::firefox);
}
