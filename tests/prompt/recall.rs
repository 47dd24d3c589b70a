//! `/find`, `/show 12`, `/resend` …: messages found again.

use std::fs;

use crate::support::peer::{Message, Peer, scripted};
use crate::support::pty::{Terminal, terminal};

/// A prompt that has sent two orders and some bytes to an echo server.
fn traded(setup: &[&str]) -> Terminal {
    let args = [&["demo", "--no-compress", "--timestamps", "none"], setup].concat();
    let mut terminal = terminal(&args).env("PAGER", "cat").prompt();
    for (line, end) in [
        ("{\"op\":\"buy\",\"price\":10}", "#2 ← text 23 B"),
        ("{\"price\":20,\"op\":\"buy\"}", "#4 ← text 23 B"),
        ("/bin 82a16101a162c401ff", "#6 ← binary 9 B"),
    ] {
        terminal.press(&format!("{line}\r"));
        terminal.wait_for(end);
    }
    terminal.press("\x0c");
    terminal
}

/// Types a line; waits for what it prints, right above the next prompt.
#[track_caller]
fn answers(terminal: &mut Terminal, line: &str, answer: &str) {
    terminal.press(&format!("{line}\r"));
    terminal.wait_for(&format!("> {line}\n{answer}\n>"));
}

/// The screen without times.
fn seen(terminal: &Terminal) -> String {
    let time =
        regex::Regex::new(r"\d\d:\d\d:\d\d\.\d{3}|mask [0-9a-f]{8}|82 [89].( ..){4} at offset \d+")
            .expect("an expression");
    let text = terminal.contents();
    time.replace_all(text.trim_end(), "…").into_owned()
}

#[test]
fn messages_are_found_by_text_and_by_value() {
    let mut terminal = traded(&[]);
    terminal.press("/find 20\r");
    terminal.wait_for("2 matches in 6 messages\n");
    terminal.press("/find jq select(.op == \"buy\") | .price | select(. < 15)\r");
    terminal.wait("both", |screen, _| {
        screen.contents().matches("2 matches in 6").count() == 2
    });
    terminal.press("/find jq .a\r");
    terminal.wait_for("no match in 6 messages (#1 to #6)\n");
    terminal.press("/last 2\r");
    terminal.wait_for("#6 ");
    terminal.wait_for_line("> ");
    assert_eq!(
        seen(&terminal),
        r#"> /find 20
#3 … → text 23 B   {"price":20,"op":"buy"}
#4 … ← text 23 B   {"price":20,"op":"buy"}
2 matches in 6 messages
> /find jq select(.op == "buy") | .price | select(. < 15)
#1 … → text 23 B   10
#2 … ← text 23 B   10
2 matches in 6 messages
> /find jq .a
no match in 6 messages (#1 to #6)
> /last 2
#5 … → binary 9 B   { "a": 1, "b": h'ff' }
#6 … ← binary 9 B   { "a": 1, "b": h'ff' }
>"#
    );
}

#[test]
fn a_message_is_shown_whole_in_all_its_forms() {
    let mut terminal = traded(&[]);
    terminal.press("/show $-1\r");
    terminal.wait_for("frames\n");
    terminal.wait_for_line("> ");
    terminal.press("/show #1 json\r");
    terminal.wait_for("\"price\": 10 }\n");
    terminal.wait_for_line("> ");
    assert_eq!(
        seen(&terminal),
        r#"> /show $-1
#5 … → binary 9 B
decoded
  (looks like MessagePack)
  { "a": 1, "b": h'ff' }
hex
  00000000  82 a1 61 01 a1 62 c4 01  ff                       |..a..b...|
base64
  gqFhAaFixAH/
frames
  FIN binary, …, 9 B (7-bit), header …
> /show #1 json
#1 … → text 23 B
  { "op": "buy", "price": 10 }
>"#
    );
}

#[test]
fn more_than_a_screen_goes_to_the_pager() {
    let long = "x\n".repeat(50) + "end";
    let server = scripted(move |mut peer: Peer| {
        peer.send(Message::text(long));
        peer.receive();
        peer.send(Message::text("during"));
        peer.record()
    });
    let script = "cat >/dev/null; echo \"the pager: $LESS\"; read line </dev/tty";
    let mut terminal = terminal(&[server.url()]).env("PAGER", script).prompt();
    terminal.wait_for("  end\n> ");
    terminal.press("/show 1\r");
    terminal.wait_for("the pager: FRXPs?e(END) .q goes back, ");
    terminal.press("\r");
    terminal.wait_for_line("> ");
    terminal.press("go on\r");
    terminal.wait_for("#3 ");
    terminal.wait_for("   during\n");
    terminal.leave();
    server.finish();
}

#[test]
fn a_message_is_sent_again_as_it_was() {
    let mut terminal = traded(&["--no-variables"]);
    answers(
        &mut terminal,
        "/resend 1",
        "#7 → text 23 B   { \"op\": \"buy\", \"price\": 10 }\n\
         #8 ← text 23 B   { \"op\": \"buy\", \"price\": 10 }",
    );
    answers(
        &mut terminal,
        "/resend #5",
        "#9 → binary 9 B (looks like MessagePack)   { \"a\": 1, \"b\": h'ff' }\n\
         #10 ← binary 9 B (looks like MessagePack)   { \"a\": 1, \"b\": h'ff' }",
    );
    terminal.leave();
}

#[test]
fn braces_of_a_received_message_are_no_variables_when_it_is_sent_again() {
    let server = scripted(|mut peer: Peer| {
        peer.send(Message::text("{{unset}}"));
        let again = peer.receive();
        peer.record();
        again
    });
    let mut terminal = terminal(&[server.url()]).prompt();
    terminal.wait_for("#1 ");
    terminal.press("/resend 1\r");
    terminal.wait_for("#2 ");
    terminal.leave();
    assert_eq!(server.finish(), Message::text("{{unset}}"));
}

#[test]
fn a_message_is_changed_in_the_editor_before_it_is_sent_again() {
    let args = ["demo", "--no-compress", "--timestamps", "none"];
    let mut terminal = terminal(&args).env("VISUAL", "sed -i s/a/b/").prompt();
    terminal.press("a\r");
    terminal.wait_for("#2 ← text 1 B   a\n");
    terminal.press("/resend 1 edit\r");
    terminal.wait_for("#4 ← text 1 B   b\n");
    terminal.press("/bin 0a\r");
    terminal.wait_for("#6 ← binary 1 B\n");
    terminal.press("/resend $ edit\r");
    terminal.wait_for("#8 ← binary 1 B\n  00000000  0b ");
    terminal.leave();
}

#[test]
fn a_payload_is_saved_to_a_new_file_of_its_owner() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a b.json");
    let mut terminal = traded(&[]);
    let line = format!("/save 3 {}\r", path.display());
    terminal.press(&line);
    terminal.wait_for("* #3 (23 B) saved in ");
    terminal.press(&line);
    terminal.wait_for("exists already; give another name\n");
    let saved = fs::read_to_string(path).expect("a file");
    assert_eq!(saved, "{\"price\":20,\"op\":\"buy\"}");
    terminal.leave();
}

#[test]
fn messages_are_compared_by_value() {
    let mut terminal = traded(&[]);
    answers(&mut terminal, "/diff 1 2", "#1 and #2 are the same");
    answers(
        &mut terminal,
        "/diff 1 $-2",
        "#1 (first) and #4 (second) differ:\n  .price: first 10, second 20",
    );
    terminal.leave();
}

#[test]
fn the_clipboard_gets_the_payload_alone() {
    let mut terminal = traded(&[]);
    terminal.press("/copy 1\r");
    terminal.wait_for("* #1 (23 B) copied");
    let clip = data_encoding::BASE64.encode(b"{\"op\":\"buy\",\"price\":10}");
    let bytes = terminal.bytes();
    let text = String::from_utf8_lossy(&bytes);
    assert!(text.contains(&format!("\x1b]52;c;{clip}\x07")), "{text}");
    terminal.press(&format!("/text {}\r", "x".repeat(3000)));
    terminal.wait_for("#8 ");
    terminal.leave();
}

#[test]
fn a_message_that_is_too_long_for_the_clipboard_is_not_copied() {
    let server = scripted(|mut peer: Peer| {
        peer.send(Message::text("x".repeat((64 << 10) + 1)));
        peer.record()
    });
    let mut terminal = terminal(&[server.url()]).prompt();
    terminal.wait_for("… 1 B more");
    terminal.press("/copy $\r");
    terminal.wait_for("#1 has 64.0 KiB, and the clipboard gets at most 64.0 KiB; /save 1 FILE");
    assert!(!String::from_utf8_lossy(&terminal.bytes()).contains("\x1b]52"));
    terminal.leave();
}

#[test]
fn a_number_that_is_not_kept_says_which_are() {
    let mut terminal = traded(&["--keep", "3"]);
    answers(
        &mut terminal,
        "/show 1",
        "#1 is no longer kept; kept are #4 to #6; --keep N or --keep SIZE keeps more",
    );
    answers(
        &mut terminal,
        "/show 7",
        "there is no #7 yet; the last message is #6",
    );
    answers(
        &mut terminal,
        "/resend $-3",
        "only 3 messages are kept; /last lists the last ones",
    );
    answers(&mut terminal, "/find a(b", "column 8: unclosed group");
    answers(
        &mut terminal,
        "/find jq .a |",
        "column 14: expected a value or a filter, found the end",
    );
    terminal.leave();
}

#[test]
fn nothing_is_kept_or_numbered_if_nobody_wants_it() {
    let args = [
        "demo",
        "--no-compress",
        "--timestamps",
        "none",
        "--keep",
        "0",
    ];
    let mut terminal = terminal(&args).prompt();
    terminal.press("hello\r");
    terminal.wait_for("\n← text 5 B   hello\n");
    answers(
        &mut terminal,
        "/last",
        "no messages are kept; start wsee without --keep 0",
    );
    terminal.leave();
}

#[test]
fn a_reconnect_forgets_nothing() {
    let mut terminal = traded(&[]);
    terminal.press("/reconnect\r");
    terminal.wait_for("* reconnected");
    terminal.press("hello\r");
    terminal.wait_for("#8 ← text 5 B   hello\n");
    terminal.press("/find buy|hello\r");
    terminal.wait_for("6 matches in 8 messages\n");
    terminal.leave();
}

#[test]
fn numbers_are_completed() {
    let mut terminal = traded(&[]);
    terminal.press("/show #\t");
    terminal.wait_for("#6  #5  #4  #3  #2  #1");
    terminal.press("6\t\r");
    terminal.wait_for("base64\n  gqFhAaFixAH/\n");
    terminal.leave();
}

#[test]
fn the_last_sent_message_gets_a_name_with_its_variables() {
    let args = ["demo", "--no-compress", "--timestamps", "none"];
    let mut terminal = terminal(&args).prompt();
    terminal.press("/save greeting\r");
    terminal.wait_for("nothing was sent yet that could have a name; send a message first\n");
    terminal.press("/set who ada\r");
    terminal.wait_for("who = ada\n");
    terminal.press("hello {{who}}\r");
    terminal.wait_for("#2 ← text 9 B   hello ada\n");
    terminal.press("/save greeting\r");
    terminal.wait_for("* greeting is hello {{who}}; /send greeting sends it\n");
    terminal.press("/set who bob\r");
    terminal.wait_for("who = bob\n");
    terminal.press("/send gr\t\r");
    terminal.wait_for("#4 ← text 9 B   hello bob\n");
    answers(
        &mut terminal,
        "/send greting",
        "there is no message named greting; did you mean greeting?",
    );
    terminal.leave();
}
