//! `/filter`, and `--jq` in the REPL.

use crate::support::peer::{Message, Peer, scripted};
use crate::support::pty::terminal;

#[test]
fn a_filter_selects_the_shown_part_of_received_json() {
    let mut terminal = terminal(&["demo", "--no-compress"]).prompt();
    terminal.press("/filter select(.a) | .a\r");
    terminal.wait_for("\nfilter: select(.a) | .a\n");
    terminal.press("{\"a\":{\"b\":1.50}}\r{\"c\":2}\rplain\r");
    terminal.wait_for("← text 16 B   { \"b\": 1.50 }\n");
    // The message that was left out came before this one, which is no JSON.
    terminal.wait_for("← text 5 B   plain\n");
    let screen = terminal.contents();
    assert!(!screen.contains("← text 7 B"), "{screen}");
    terminal.press("/filter\r/filter off\r{\"c\":3}\r");
    terminal.wait_for("no filter; /filter FILTER sets one\n");
    terminal.wait_for("← text 7 B   { \"c\": 3 }\n");
    terminal.leave();
}

#[test]
fn a_filter_that_is_wrong_points_into_the_line() {
    let mut terminal = terminal(&["demo"]).prompt();
    terminal.press("/filter .a | nosuch\r");
    let problem = "not changed: column 14: there is no filter nosuch/0; ";
    terminal.wait_for(&format!("\n{problem}there is still no filter\n"));
    terminal.press("/filter .a\r/filter .a | nosuch\r");
    terminal.wait_for(&format!("\n{problem}the filter is still .a\n"));
    let screen = terminal.contents();
    assert_eq!(screen.matches("\nfilter: .a\n").count(), 1, "{screen}");
}

#[test]
fn a_filter_that_never_ends_is_switched_off() {
    let mut terminal = terminal(&["demo", "--no-compress"]).prompt();
    terminal.press("/filter def f: f; f\r{\"a\":1}\r");
    terminal
        .wait_for("! jq: more than 1000070 steps for one message; a filter must come to an end\n");
    terminal.wait_for("! the filter is off; /filter FILTER sets another\n");
    terminal.press("{\"a\":2}\r");
    terminal.wait_for("← text 7 B   { \"a\": 2 }\n");
    terminal.leave();
}

#[test]
fn outputs_and_errors_are_escaped() {
    let server = scripted(|mut peer: Peer| {
        peer.send(Message::text("{\"a\":\"\u{9b}2J\\u001b[2J\"}"));
        peer.send(Message::text("[\"\u{202e}\"]"));
        peer.record()
    });
    let terminal = terminal(&[server.url(), "--jq", ".a", "-r"]).prompt();
    terminal.wait_for("   \\u{9b}2J\\x1b[2J\n");
    terminal.wait_for("! jq: cannot index [\"\\u{202e}\"] with \"a\"\n");
}
