//! Chromium's own protocol, spoken to a page that it lists.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use super::browser::chromium;
use crate::support::run::wsee;

#[test]
#[ignore = "needs Chromium"]
fn a_page_of_chromium_is_found_navigated_and_evaluated() {
    let page = "data:text/html,<title>Mail</title><p id=a>7";
    let run = chromium(&["--remote-debugging-port=0"]);
    let profile = format!("--user-data-dir={}/profile", run.home().display());
    let browser = run.arg(&profile, page).spawn();
    let said = browser.wait_for_stderr("/devtools/browser/");
    let port = said.split("ws://127.0.0.1:").nth(1).expect("a port");
    let port = port.split('/').next().unwrap_or_default();
    wait_for_page(port, "Mail");
    let url = format!("http://127.0.0.1:{port}");
    let input = "Page.enable\n\
        Runtime.evaluate {\"expression\":\"2*21\"}\n\
        Page.navigate {\"url\":\"data:text/html,<title>News</title>\"}\n";
    let args = [
        "--as",
        "jsonrpc",
        &url,
        "-v",
        "--jq",
        "select(.method==\"Runtime.evaluate\").result.result.value",
    ];
    let run = wsee(&args).stdin(input).run();
    run.exits(0)
        .prints("42\n")
        .says("* page \"")
        .says("to Page.navigate after ");
    // A page that is gone has an error for its name.
    let run = wsee(&["--as", "jsonrpc", &url]).stdin("Nope.nope").run();
    run.exits(1)
        .says("Nope.nope failed with \"'Nope.nope' wasn't found\"");
    let url = format!("http://localhost:{port}/json/version");
    let run = wsee(&["--as", "jsonrpc", &url, "-v"]);
    let run = run.stdin("Browser.getVersion").run().exits(0);
    run.says("* the browser itself, ");
}

/// Waits until the browser lists a page of this title: what is evaluated before that goes with the empty page.
fn wait_for_page(port: &str, title: &str) {
    let wanted = format!("\"title\": \"{title}\"");
    let deadline = Instant::now() + Duration::from_secs(10);
    loop {
        let mut stream = TcpStream::connect(format!("127.0.0.1:{port}")).expect("a browser");
        let patience = Duration::from_millis(200);
        stream.set_read_timeout(Some(patience)).expect("a socket");
        write!(stream, "GET /json/list HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n").expect("a request");
        let mut list = Vec::new();
        // The browser keeps the connection, so that this ends with the time.
        let _ = stream.read_to_end(&mut list);
        if String::from_utf8_lossy(&list).contains(&wanted) {
            return;
        }
        assert!(Instant::now() < deadline, "no page {title}");
    }
}
