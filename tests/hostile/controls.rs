//! A message of control characters, whose JSON is six times as long.

use std::fs;

use super::{MIB, stays_below};
use crate::support::peer::{Peer, scripted};
use crate::support::run::wsee;

const SIZE: usize = 16 << 20;

/// Claims that wsee with these flags needs no more than 32 MiB and the message; gives what it printed.
#[track_caller]
fn stdout(flags: &[&str]) -> Vec<u8> {
    let server = scripted(|mut peer: Peer| {
        peer.send("\u{1}".repeat(SIZE));
        peer.close(1000, "")
    });
    let output = wsee(&[&[server.url()], flags].concat()).run();
    server.finish();
    stays_below(&output, SIZE as u64 + 32 * MIB);
    output.exits(0).stdout
}

#[test]
fn as_an_event_it_is_written_piece_by_piece() {
    let printed = stdout(&["--jsonl"]);
    let lines: Vec<&[u8]> = printed.split(|byte| *byte == b'\n').collect();
    let message = lines.iter().find(|line| line.len() > SIZE).expect("a line");
    let event: serde_json::Value = serde_json::from_slice(message).expect("JSON");
    assert_eq!(event["size"], SIZE);
    assert_eq!(event["data"].as_str().map(str::len), Some(SIZE));
    let last: serde_json::Value = serde_json::from_slice(lines[lines.len() - 2]).expect("JSON");
    assert_eq!(last["event"], "closed");
}

#[test]
fn its_payload_is_printed_piece_by_piece() {
    assert!(stdout(&[]) == ["\u{1}".repeat(SIZE), "\n".into()].concat().into_bytes());
}

#[test]
fn a_recording_of_it_is_written_piece_by_piece() {
    for name in ["a.jsonl", "a.har", "a.wsee"] {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join(name);
        let path = path.to_str().expect("a path in UTF-8");
        let printed = stdout(&["--record", path]);
        assert_eq!(printed.len(), SIZE + 1, "{name}");
        let recorded = fs::read_to_string(path).expect("a recording");
        match name {
            "a.wsee" => assert!(
                recorded.ends_with(
                    "\n# received 16.0 MiB, too large to write here:\n< any\n< close 1000\n"
                ),
                "{}",
                recorded.len()
            ),
            _ => assert_eq!(recorded.matches("\\u0001").count(), SIZE, "{name}"),
        }
    }
}
