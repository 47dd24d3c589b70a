//! A browser opens reports.

use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::time::Duration;

use super::browser::chromium;
use crate::record::report::recorded;
use crate::support::peer::recording;
use crate::support::run::wsee;
use crate::support::server::Untouched;

/// How long Chromium may take for a long report, in milliseconds.
///
/// It takes 2 s on a machine that is busy with ten other things, where a page whose rows are nodes from the start
/// takes 5 to 6 s.
const OPENED: u32 = 3_000;

fn text(path: &Path) -> &str {
    path.to_str().expect("a path in UTF-8")
}

/// The page of a recording.
#[track_caller]
fn report(recording: &Path) {
    let run = wsee(&["report", text(recording)]);
    run.deadline(Duration::from_mins(3)).run().exits(0);
}

#[test]
#[ignore = "needs Chromium"]
fn chromium_runs_nothing_that_a_hostile_session_has() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = recorded(&folder, "a.jsonl");
    // Whoever follows a link to it, or loads an image from it, is noticed.
    let bait = Untouched::start();
    let lines = fs::read_to_string(&path).expect("a recording");
    let port = bait.port();
    let link = format!("//127.0.0.1:{port}/");
    let lines = lines
        .replace("//evil", &link)
        .replace("src=x", &format!("src={link}x"));
    fs::write(&path, lines).expect("a recording");
    report(&path);
    let page = folder.path().join("a.html");
    let output = chromium(&["--dump-dom", &format!("file://{}", text(&page))]).run();
    let dom = String::from_utf8_lossy(&output.exits(0).stdout).into_owned();
    // The page's own script ran, and showed its tools.
    assert!(dom.contains("<form id=\"tools\">"), "{dom}");
    assert!(dom.contains("<title>WebSocket session with ws://"), "{dom}");
    assert!(!dom.contains("<title>pwned"), "{dom}");
    assert_eq!(dom.matches("document.title = 'pwned'").count(), 2, "{dom}");
    assert!(!dom.contains("<img") && !dom.contains("<base"), "{dom}");
}

#[test]
#[ignore = "needs Chromium"]
fn chromium_opens_a_long_session_with_a_large_message_fast() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("long.jsonl");
    let mut lines = String::new();
    for number in 0..100_000 {
        let (direction, micros) = (["sent", "received"][number % 2], number % 1_000_000);
        let _ = writeln!(
            lines,
            "{{\"event\":\"message\",\"time\":\"2026-11-20T12:00:00.{micros:06}Z\",\
             \"direction\":\"{direction}\",\"data\":\"{{\\\"id\\\":{number},\\\"op\\\":\\\"tick\\\"}}\"}}\n\
             {{\"event\":\"frame\",\"direction\":\"{direction}\",\"header\":\"8118\",\"offset\":{number}}}"
        );
    }
    let large = "x".repeat(5 << 20);
    let _ = writeln!(lines, "{{\"event\":\"message\",\"data\":\"{large}\"}}");
    fs::write(&path, lines).expect("a recording");
    report(&path);
    // The best of three: others may keep the machine busy.
    let page = folder.path().join("long.html");
    let took = (0..3).map(|_| opened(&page)).find(|took| *took < OPENED);
    assert!(took.is_some(), "never within {OPENED} ms");
}

/// How long a page takes to open, in milliseconds.
#[track_caller]
fn opened(page: &Path) -> u32 {
    let answer = recording();
    let harness = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peer/report.html");
    let (harness, port) = (harness.display(), answer.port());
    let url = format!("file://{harness}?report={port}&page=file://{}", text(page));
    let _chromium = chromium(&[&url]).spawn();
    let messages = answer.serve().messages;
    let took = messages.first().map(ToString::to_string);
    let took = took.and_then(|it| it.parse().ok()).expect("milliseconds");
    println!("opened in {took} ms");
    took
}
