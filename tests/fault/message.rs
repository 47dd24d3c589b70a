//! Messages that are lost or changed on their way.

use std::io::{Read, Write};

use rustix::process::Signal;

use super::{echo, faulty, faulty_with, opened_with, send};
use crate::support::peer::Message;
use crate::support::run::wsee;

/// What comes back of these messages, and what the server said.
#[track_caller]
fn echoes(args: &[&str], faults: &[&str], count: usize) -> (Vec<Message>, String) {
    let server = faulty_with(faults, args);
    let mut client = server.open();
    for number in 0..count {
        client.send(format!("message {number}"));
    }
    let received = client.close(1000, "").messages;
    server.running.wait_for_stderr("@1 * closed by client");
    (received, server.stop(Signal::INT).exits(130).stderr)
}

/// The faults that struck, without the time.
fn notes(stderr: &str) -> Vec<&str> {
    let notes = stderr.lines().filter_map(|line| line.split_once("fault: "));
    notes.map(|(_, note)| note).collect()
}

#[test]
fn a_seed_repeats_the_run_exactly() {
    let faults = [
        "drop 20%",
        "duplicate 10%",
        "reorder 10%",
        "corrupt 20%",
        "truncate 10%",
    ];
    let run = |seed| echoes(&["--seed", seed], &faults, 300);
    let (first, log) = run("7");
    let (again, log_again) = run("7");
    assert!(first == again, "the same seed gave another run");
    assert_eq!(notes(&log), notes(&log_again));
    assert!(first != run("8").0, "another seed gave the same run");
    assert!(notes(&log).len() > 100, "{log}");
}

#[test]
fn a_seed_repeats_the_chances_of_rules() {
    let rules = tempfile::NamedTempFile::new().expect("a file");
    let text = "on open\n  fault drop 50%\notherwise echo\n";
    std::fs::write(rules.path(), text).expect("a file");
    let path = rules.path().to_str().expect("UTF-8");
    let run = |seed| echoes(&["--rules", path, "--seed", seed], &[], 40);
    let (first, log) = run("7");
    let shown = "! faults: those of the file; to repeat the run: --seed 7\n";
    assert!(log.contains(shown), "{log}");
    assert!(first == run("7").0, "the same seed gave another run");
    assert!(first != run("8").0, "another seed gave the same run");
}

#[test]
fn dropped_and_duplicated_messages_are_named() {
    let (received, log) = echoes(&["--seed", "3"], &["drop 30%", "duplicate 30%"], 100);
    let expected = (0..100).flat_map(|number| {
        let has = |word: &str| {
            let note = format!("{word} message {}", number + 1);
            notes(&log).contains(&note.as_str())
        };
        let count = match (has("drop"), has("duplicate")) {
            (true, _) => 0,
            (false, true) => 2,
            (false, false) => 1,
        };
        std::iter::repeat_n(Message::text(format!("message {number}")), count)
    });
    assert!(
        received == expected.collect::<Vec<_>>(),
        "{received:?}\n{log}"
    );
}

#[test]
fn reordered_messages_all_arrive() {
    let (received, log) = echoes(&["--seed", "3"], &["reorder 50%"], 100);
    assert_eq!(received.len(), 100, "{log}");
    let sent: Vec<_> = (0..100)
        .map(|number| Message::text(format!("message {number}")))
        .collect();
    assert!(received != sent, "nothing was reordered");
    assert!(sent.iter().all(|message| received.contains(message)));
}

#[test]
fn a_text_that_is_not_utf8_fails_a_client() {
    let server = faulty(&["bad-utf8 100%"]);
    wsee(&[&server.url(), "-1"])
        .stdin("hello\n")
        .run()
        .exits(113)
        .prints("")
        .says("UTF-8");
    let note = "fault: bad-utf8 in message 1 at byte ";
    server.running.wait_for_stderr(note);
}

#[test]
fn fragments_have_pings_between_them_and_are_whole() {
    let server = faulty(&["fragments"]);
    let mut stream = opened_with(&server, "");
    send(&mut stream, &["abcdef"]);
    let mut found = [0; 16];
    stream.read_exact(&mut found).expect("three fragments");
    assert_eq!(&found, b"\x01\x02ab\x89\0\0\x02cd\x89\0\x80\x02ef");
    let run = wsee(&[&server.url(), "-v", "-1"]).stdin("größer\n").run();
    run.exits(0).prints("größer\n").says("← ping");
}

#[test]
fn compression_is_declined_where_messages_are_changed_and_kept_elsewhere() {
    let offer = "Sec-WebSocket-Extensions: permessage-deflate\r\n";
    for (fault, is_compressed) in [
        ("drop 1%", false),
        ("fragments", true),
        ("cut in message 9", true),
    ] {
        let server = faulty(&[fault]);
        let mut stream = server.connect();
        let head = crate::listen::request(offer);
        let response = crate::listen::exchange(&mut stream, head);
        let agreed = response.contains("permessage-deflate");
        assert_eq!(agreed, is_compressed, "{fault}: {response}");
    }
    let server = faulty(&["fragments"]);
    let word = "compress me ".repeat(1000);
    let run = wsee(&[&server.url(), "-v", "-n", "2"])
        .stdin(format!("{word}\n{word}\n"))
        .run();
    run.exits(0)
        .prints(format!("{word}\n{word}\n"))
        .says("* open: permessage-deflate");
}

#[test]
fn an_empty_message_passes_unchanged_where_nothing_can_be_changed() {
    let server = faulty(&["corrupt 100%", "truncate 100%"]);
    let mut stream = opened_with(&server, "");
    stream.write_all(&super::text("")).expect("a connection");
    let mut found = [0; 2];
    stream.read_exact(&mut found).expect("an echo");
    assert_eq!(found[..], echo(""));
}
