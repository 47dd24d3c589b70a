//! Others' clients that have `wsee proxy --forward` as their HTTP proxy, and trust its CA for one run.

use std::fs;

use rustix::process::Signal;

use super::{LIBRARIES, browser};
use crate::forward::{PATIENCE, forwarding, secure};
use crate::support::peer::{Message, recording};
use crate::support::run::wsee;

#[test]
#[ignore = "needs Python's websockets and npm's ws"]
fn messages_of_clients_are_seen_inside_their_tls() {
    let server = secure(&[]);
    let trust = ["--cacert", server.authority.path()];
    for library in LIBRARIES {
        for url in [server.url(), server.url().replace("localhost", "LOCALHOST")] {
            let proxy = forwarding(&[&["--intercept", "localhost", "-v"], &trust[..]].concat());
            let ca = proxy.ca();
            let client = library.script("proxied", &[&url, &proxy.url()]);
            client
                .env("NODE_EXTRA_CA_CERTS", &ca)
                .env("SSL_CERT_FILE", &ca)
                .run()
                .exits(0)
                .prints("all messages came back\nclosed 4321\n");
            let log = proxy.proxy.stop(Signal::INT).exits(130);
            log.says("   größer 🦀\n")
                .says("@1 * closed by client: 4321 private use \"enough\" after ")
                .never_says("passed on");
        }
    }
    server.server.stop(Signal::INT);
}

#[test]
#[ignore = "needs Chromium"]
fn a_page_in_chromium_is_intercepted_and_its_recording_replays() {
    let server = secure(&[]);
    let report = recording();
    let folder = tempfile::tempdir().expect("a folder");
    let dir = folder.path().to_str().expect("UTF-8");
    let trust = ["--cacert", server.authority.path()];
    let args = ["--intercept", "localhost", "-v", "--record", dir];
    let proxy = forwarding(&[&args, &trust[..]].concat());
    let chromium = browser::through(&proxy.url(), &proxy.hash(), &server.url(), report.port());
    let _chromium = chromium.deadline(PATIENCE).spawn();
    server.server.running.wait_for_stderr("@2 > HTTP/1.1 101 ");
    server.server.running.signal(Signal::TERM);
    let found = [
        "all messages came back",
        "10000 messages came back in order",
        "closed 4321 true",
        "closed 1001 true",
    ];
    // The page's report is for an address that is not opened.
    assert_eq!(report.serve().messages, found.map(Message::text));
    server.server.running.wait().exits(143);
    let log = proxy.proxy.stop(Signal::INT).exits(130);
    log.says("   größer 🦀\n")
        .says("* tunnel to 127.0.0.1:")
        .never_says("passed on");

    let server = secure(&[]);
    let mut files: Vec<_> = fs::read_dir(folder.path())
        .expect("a folder")
        .map(|it| it.expect("a file").path())
        .collect();
    files.sort();
    let file = files[0].to_str().expect("UTF-8");
    wsee(&["replay", file, &server.url(), "--speed", "max", "-q"])
        .arg("--cacert", server.authority.path())
        .without_output()
        .run()
        .exits(0);
    let log = server.server.stop(Signal::INT);
    log.says("(10007 sent, 10007 received");
}
