//! `--like` beside the browsers that it imitates.

use std::path::Path;

use rustix::process::Signal;

use super::browser::{chromium, firefox_with};
use crate::listen::{Listening, listening};
use crate::support::run::{Run, wsee};

/// The request of connection `number` in the log, without what differs between versions and runs.
fn request(log: &str, number: usize) -> Vec<String> {
    let prefix = format!("@{number} < ");
    let lines = log.lines().filter_map(|line| line.strip_prefix(&prefix));
    lines
        .map(|line| match line.split_once(": ") {
            Some((name @ "Sec-WebSocket-Key", _)) => name.to_owned(),
            Some((name @ "User-Agent", value)) => {
                let value = value.replace("Headless", "");
                let is_digit = |it: char| it.is_ascii_digit();
                format!(
                    "{name}: {}",
                    value.replace(is_digit, "0").replace("00", "0")
                )
            }
            _ => line.to_owned(),
        })
        .collect()
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
