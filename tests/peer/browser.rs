//! wsee listens to a browser.

use std::path::Path;
use std::process::Command;

use rustix::process::Signal;

use crate::listen::listening;
use crate::support::peer::{Message, recording};
use crate::support::run::{Run, program};

/// Chromium with a page that talks to the server on port `echo`, and tells the one on port `report` what it found.
pub fn talking(echo: u16, report: u16) -> Run {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peer/browser.html");
    let page = page.display();
    chromium(&[&format!("file://{page}?echo={echo}&report={report}")])
}

/// The same page with the server at `url`, through an HTTP proxy; certificates that lead to the key with this `hash` are
/// trusted.
pub fn through(proxy: &str, hash: &str, url: &str, report: u16) -> Run {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peer/browser.html");
    let page = page.display();
    let run = chromium(&[
        &format!("--proxy-server={proxy}"),
        // Otherwise what is local goes past the proxy.
        "--proxy-bypass-list=<-loopback>",
        &format!("--ignore-certificate-errors-spki-list={hash}"),
    ]);
    // The list of hashes is only heeded with a profile of its own.
    let profile = format!("--user-data-dir={}/profile", run.home().display());
    run.arg(
        &profile,
        &format!("file://{page}?url={url}&report={report}&size=100000"),
    )
}

/// Chromium without a window.
pub fn chromium(args: &[&str]) -> Run {
    let mut command = Command::new("chromium");
    command.args(["--headless", "--disable-gpu", "--no-first-run"]);
    command.arg("--disable-background-networking");
    if rustix::process::geteuid().is_root() {
        command.arg("--no-sandbox");
    }
    command.args(args);
    let run = program(command);
    let home = run.home().display().to_string();
    run.env("HOME", &home)
}

/// Firefox without a window, with these files in its profile.
pub fn firefox_with(files: &[(&str, &str)], url: &str) -> Run {
    let run = program(Command::new("firefox-esr"));
    let home = run.home().display().to_string();
    let profile = run.home().join("profile");
    std::fs::create_dir(&profile).expect("a profile");
    for (name, content) in files {
        std::fs::write(profile.join(name), content).expect("a profile");
    }
    let profile = profile.display().to_string();
    run.arg("--profile", &profile)
        .arg("--headless", url)
        .env("HOME", &home)
}

#[test]
#[ignore = "needs Chromium"]
fn chromium_finds_an_echo_and_orderly_ends() {
    let server = listening(&[]);
    let report = recording();
    let _chromium = talking(server.port, report.port()).spawn();
    server.running.wait_for_stderr("@2 > HTTP/1.1 101 ");
    let log = server.stop(Signal::TERM).exits(143);
    let found = [
        "all messages came back",
        "10000 messages came back in order",
        "closed 4321 true",
        "closed 1001 true",
    ];
    assert_eq!(report.serve().messages, found.map(Message::text));
    log.says("> Sec-WebSocket-Extensions: permessage-deflate")
        .says("@1 * closed by client: 4321 private use \"enough\" after ");
}
