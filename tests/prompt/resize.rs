//! A terminal that becomes wider or narrower while a line is typed.

use std::sync::mpsc;

use crate::support::DEADLINE;
use crate::support::peer::{Message, Peer, echoing, scripted};
use crate::support::pty::{Terminal, terminal};

/// Resizes a terminal between numbered messages while a line of several rows is typed.
#[track_caller]
fn resized(widths: &[u16], resize: impl Fn(&Terminal, u16, u16)) {
    let (more, wanted) = mpsc::channel::<u32>();
    let server = scripted(move |mut peer: Peer| {
        let mut sent = 0;
        while let Ok(until) = wanted.recv_timeout(DEADLINE) {
            for number in sent..until {
                peer.send(Message::text(format!("message {number:02}")));
            }
            sent = until;
        }
        peer.record()
    });
    let mut terminal = terminal(&[server.url(), "--timestamps", "none"]).prompt();
    terminal.press("\x0c");
    let typed = "0123456789".repeat(12);
    terminal.press(&typed);
    for (round, columns) in widths.iter().enumerate() {
        resize(&terminal, 40, *columns);
        let until = u32::try_from(round + 1).expect("few rounds") * 2;
        more.send(until).expect("a server");
        terminal.wait("all messages, and the line once", |screen, _| {
            let shown = screen.contents().replace('\n', "");
            let has = |number: u32| shown.matches(&format!("message {number:02}")).count() == 1;
            (0..until).all(has) && shown.matches(&typed).count() == 1 && shown.ends_with(&typed)
        });
        let rows = terminal.contents();
        let tens = rows.replace('\n', "").matches("345678").count();
        assert_eq!(tens, 12, "only the line itself:\n{rows}");
    }
    terminal.press("\x15\x04");
    drop(more);
    assert_eq!(terminal.finish(), 0);
}

#[test]
fn a_terminal_that_wraps_its_rows_again_loses_nothing() {
    let widths = [100, 80, 140, 60, 100, 20, 100];
    resized(&widths, Terminal::resize_and_reflow);
}

#[test]
fn a_terminal_that_keeps_its_rows_loses_nothing() {
    // Below this width it would cut the messages itself.
    resized(&[100, 80, 140, 60, 100], Terminal::resize);
}

#[test]
fn a_line_typed_across_resizes_is_sent_whole() {
    let server = echoing();
    let mut terminal = terminal(&[server.url()]).prompt();
    let text = "0123456789".repeat(6);
    terminal.press(&text);
    terminal.wait("the line", |screen, _| screen.contents().contains(&text));
    terminal.resize(20, 40);
    // Nobody presses a key in the millisecond in which the terminal is asked for the cursor.
    terminal.wait("two rows", |screen, _| screen.contents().ends_with("789"));
    terminal.press("a");
    terminal.wait("the key", |screen, _| screen.contents().ends_with("789a"));
    terminal.resize(40, 120);
    terminal.wait("one row", |screen, _| {
        screen
            .rows(0, 120)
            .any(|row| row.contains(&format!("{text}a")))
    });
    terminal.press("b\r");
    terminal.wait_for(&format!("← text 62 B   {text}ab"));
    terminal.leave();
    assert_eq!(
        server.finish().messages,
        [Message::text(format!("{text}ab"))]
    );
}

/// Types a line of two rows, presses keys while the terminal is asked for the cursor after a resize, and claims what
/// is sent until then and the line that is left.
#[track_caller]
fn pressed_while_asked(keys: &str, sent: &[&str], left: &str) {
    let server = echoing();
    let mut terminal = terminal(&[server.url()]).prompt();
    let text = "0123456789".repeat(12);
    terminal.press(&text);
    terminal.wait("the line", |screen, _| {
        screen.contents().replace('\n', "").contains(&text)
    });
    terminal.press_before_answer(keys);
    terminal.resize_and_reflow(40, 60);
    for text in sent {
        terminal.wait_for(&format!("← text {} B", text.len()));
    }
    terminal.wait("the rest", |screen, _| {
        let shown = screen.contents().replace('\n', "");
        shown.ends_with(&format!("> {left}"))
    });
    terminal.press("!\r");
    terminal.wait_for(&format!("← text {} B", left.len() + 1));
    terminal.leave();
    let expected = sent.iter().map(|text| (*text).to_owned());
    let expected: Vec<_> = expected
        .chain([format!("{left}!")])
        .map(Message::text)
        .collect();
    assert_eq!(server.finish().messages, expected);
}

#[test]
fn keys_that_are_pressed_while_the_terminal_is_asked_for_its_cursor_do_what_they_do() {
    let text = "0123456789".repeat(12);
    pressed_while_asked("R", &[], &format!("{text}R"));
    pressed_while_asked("\r", &[&text], "");
    pressed_while_asked(
        "a\x1b[D\rnext\rrest",
        &[&format!("{text}a"), "next"],
        "rest",
    );
}

#[test]
fn a_list_of_completions_below_a_long_suggestion_leaves_nothing_behind() {
    let mut terminal = terminal(&["demo", "--no-compress"]).prompt();
    let ping = format!("/ping {}", "1234567890".repeat(11));
    terminal.press(&format!("{ping}\r"));
    terminal.wait_for("← pong 110 B");
    terminal.press("\x0c/");
    terminal.wait("a suggestion", |screen, _| {
        screen.contents().starts_with("demo> /ping 123") && screen.contents().ends_with("…")
    });
    terminal.press("\t");
    terminal.wait_for_line("> /");
    terminal.wait_for("text ");
    let screen = terminal.contents();
    let first = screen.lines().next().expect("a row");
    assert_eq!(first.trim_end(), "> /", "{screen}");
    assert!(
        screen.contains("quit"),
        "the last row of the list:\n{screen}"
    );
}

#[test]
fn twenty_columns_are_enough_for_words() {
    let mut terminal = terminal(&["demo", "--no-compress", "--timestamps", "none"]).prompt();
    terminal.resize(40, 20);
    terminal.press("hello\r");
    terminal.wait_for("← text 5 B\n  hello");
    terminal.press("\x0c/stats\r");
    terminal.wait("all of it", |screen, _| {
        let contents = screen.contents();
        contents.contains("\n  round trip\n    not measured\n") && contents.ends_with("> ")
    });
    terminal.wait("no word cut in two", |screen, _| {
        (0..40).all(|row| !screen.row_wrapped(row))
    });
}
