//! The line being typed.

use crate::support::peer::{Message, Received, echoing};
use crate::support::pty::{Terminal, terminal};

/// Lets `type_in` type into the REPL of an echo server, and closes it; what the server has received.
#[track_caller]
fn typed(type_in: impl FnOnce(&mut Terminal)) -> Received {
    let server = echoing();
    let mut terminal = terminal(&[server.url()]).prompt();
    type_in(&mut terminal);
    terminal.leave();
    server.finish()
}

#[track_caller]
fn assert_sent(received: &Received, texts: &[&str]) {
    let texts: Vec<_> = texts.iter().map(|&text| Message::text(text)).collect();
    assert_eq!(received.messages, texts);
}

#[test]
fn ctrl_c_clears_a_line_with_text() {
    let received = typed(|terminal| {
        terminal.press("not to be sent");
        terminal.wait_for_line("> not to be sent");
        terminal.press("\x03");
        terminal.wait_for_line("> ");
        terminal.press("sent\r");
        terminal.wait_for("← text 4 B   sent\n");
    });
    assert_sent(&received, &["sent"]);
}

#[test]
fn ctrl_c_on_an_empty_line_warns_once_and_then_closes() {
    let server = echoing();
    let mut terminal = terminal(&[server.url()]).prompt();
    terminal.press("\x03");
    terminal.wait_for("* press Ctrl-C again, or Ctrl-D, to close the connection");
    // A line in between is another occasion.
    terminal.press("still here\r");
    terminal.wait_for("← text 10 B   still here\n");
    terminal.press("\x03");
    terminal.wait("another warning", |screen, _| {
        screen.contents().matches("* press Ctrl-C again").count() == 2
    });
    terminal.press("\x03");
    assert_eq!(terminal.finish(), 130);
    terminal.wait_for("interrupted; closed: 1000");
    assert_eq!(server.finish().close, Some((1000, String::new())));
}

#[test]
fn ctrl_d_does_not_close_while_something_is_typed() {
    let received = typed(|terminal| {
        terminal.press("ab");
        terminal.wait_for_line("> ab");
        terminal.press("\x04c\r");
        terminal.wait_for("← text 3 B   abc\n");
    });
    assert_sent(&received, &["abc"]);
}

#[test]
fn an_empty_line_sends_nothing() {
    let received = typed(|terminal| {
        terminal.press("\r\r\rlast\r");
        terminal.wait_for("← text 4 B   last\n");
    });
    assert_sent(&received, &["last"]);
}

#[test]
fn two_slashes_send_one() {
    let received = typed(|terminal| {
        terminal.press("//quit\r///x\r");
        terminal.wait_for("← text 3 B   //x\n");
    });
    assert_sent(&received, &["/quit", "//x"]);
}

#[test]
fn a_pasted_text_of_several_lines_is_one_message() {
    let received = typed(|terminal| {
        terminal.paste("one\n/two\r\nthree");
        terminal.wait_for("> one\n/two\nthree");
        assert!(!terminal.contents().contains('→'));
        terminal.press("\r");
        terminal.wait_for("← text 14 B\n  one\n  /two\n  three\n");
    });
    assert_sent(&received, &["one\n/two\nthree"]);
}

#[test]
fn open_brackets_continue_the_message() {
    let received = typed(|terminal| {
        terminal.press("{\r\"list\": [1,\r2]\r}\r");
        terminal.wait_for("← text ");
        terminal.press("[\"}\"]\r");
        terminal.wait_for("← text 5 B   [\"}\"]\n");
    });
    assert_sent(&received, &["{\n\"list\": [1,\n2]\n}", "[\"}\"]"]);
}

#[test]
fn lines_typed_ahead_are_sent_in_order() {
    let received = typed(|terminal| {
        terminal.press("one\rtwo\rthree\r");
        terminal.paste("four\nfive");
        terminal.press("\rsix\r");
        terminal.wait_for("← text 3 B   six\n");
    });
    assert_sent(&received, &["one", "two", "three", "four\nfive", "six"]);
}

#[test]
fn a_message_may_have_wide_characters() {
    let text = "漢字 🦀 ünïcode";
    let received = typed(|terminal| {
        terminal.press(text);
        terminal.wait_for_line(&format!("> {text}"));
        terminal.press("\r");
        terminal.wait_for("← text ");
    });
    assert_sent(&received, &[text]);
}

#[test]
fn tab_completes_a_command() {
    let mut terminal = terminal(&["demo"]).prompt();
    terminal.press("/clo\t");
    terminal.wait_for_line("> /close ");
    terminal.wait_for("/close [CODE [REASON]]");
    terminal.press("4000 bye\r");
    terminal.wait_for("→ close 4000 private use \"bye\"");
    assert_eq!(terminal.finish(), 0);
}

#[test]
fn tab_completes_a_path() {
    let directory = tempfile::tempdir().expect("a directory");
    let directory = directory.path();
    std::fs::write(directory.join("my file.json"), "[]").expect("a file");
    let received = typed(|terminal| {
        terminal.press(&format!("/file {}/my\t text\r", directory.display()));
        terminal.wait_for("← text 2 B   []\n");
    });
    assert_sent(&received, &["[]"]);
}

#[test]
fn up_recalls_earlier_lines() {
    let received = typed(|terminal| {
        terminal.press("one\rtwo\r");
        terminal.wait_for("← text 3 B   two\n");
        terminal.press("\x1b[A\x1b[A");
        terminal.wait_for_line("> one");
        terminal.press("\x1b[B");
        terminal.wait_for_line("> two");
        terminal.press("!\r");
        terminal.wait_for("← text 4 B   two!\n");
    });
    assert_sent(&received, &["one", "two", "two!"]);
}

#[test]
fn ctrl_r_searches_earlier_lines() {
    let received = typed(|terminal| {
        terminal.press("needle\rhay\r");
        terminal.wait_for("← text 3 B   hay\n");
        terminal.press("\x12need");
        terminal.wait_for("(reverse-i-search)");
        terminal.wait_for("`need': needle");
        terminal.press("\r");
        terminal.wait("the echo", |screen, _| {
            screen.contents().matches("← text 6 B   needle").count() == 2
        });
    });
    assert_sent(&received, &["needle", "hay", "needle"]);
}

#[test]
fn an_open_bracket_gets_a_prompt_of_its_own_and_a_note() {
    let received = typed(|terminal| {
        terminal.press("{\"a\":\"x\r");
        terminal.wait_for_line("… ");
        assert!(!terminal.contents().contains(" is open"));
        terminal.press("\r");
        terminal.wait_for("* the \" of line 1 is open: Enter again sends the message as it is,");
        terminal.wait_for_line("… ");
        terminal.press("/set a b\r");
        terminal.wait_for("a = b\n");
        terminal.wait_for_line("… ");
        terminal.press("y\"}\r");
        terminal.wait_for("← text ");
        terminal.press("[\r\r");
        terminal.wait_for("* the [ of line 1 is open: ");
        terminal.press("\r");
        terminal.wait_for("← text 1 B   [\n");
    });
    assert_sent(&received, &["{\"a\":\"x\ny\"}", "["]);
}

#[test]
fn ctrl_c_drops_a_message_with_an_open_bracket() {
    let received = typed(|terminal| {
        terminal.press("{\"a\":\r1,");
        terminal.wait_for_line("… 1,");
        terminal.press("\x03");
        terminal.wait_for("* dropped; nothing was sent\n");
        terminal.wait_for_line("> ");
        terminal.press("sent\r");
        terminal.wait_for("← text 4 B   sent\n");
    });
    assert_sent(&received, &["sent"]);
}

#[test]
fn close_gives_up_a_message_with_an_open_bracket() {
    let received = typed(|terminal| {
        terminal.press("{\"a\":\r/close\r");
        terminal.wait_for("* not sent (Up recalls it): {\"a\":\n");
        terminal.wait_for("; /reconnect or Ctrl-D");
        terminal.wait_for_line("> ");
        terminal.press("\x1b[A");
        terminal.wait_for_line("> {\"a\":");
        terminal.press("\x03");
    });
    assert_sent(&received, &[]);
}

#[test]
fn alt_enter_adds_a_line() {
    let received = typed(|terminal| {
        terminal.press("one\x1b\rtwo\r");
        terminal.wait_for("← text 7 B\n  one\n  two\n");
    });
    assert_sent(&received, &["one\ntwo"]);
}

#[test]
fn up_finds_lines_that_begin_as_typed() {
    let received = typed(|terminal| {
        terminal.press("alpha\rbeta\ralso\rgamma\r");
        terminal.wait_for("← text 5 B   gamma\n");
        terminal.press("al\x1b[A");
        terminal.wait("also", |screen, _| {
            screen.contents().trim_end().ends_with("> also")
        });
        terminal.press("\x1b[A");
        terminal.wait("alpha", |screen, _| {
            screen.contents().trim_end().ends_with("> alpha")
        });
        terminal.press("\x1b[B\r");
        terminal.wait("the echo", |screen, _| {
            screen.contents().matches("← text 4 B   also").count() == 2
        });
    });
    assert_sent(&received, &["alpha", "beta", "also", "gamma", "also"]);
}

#[test]
fn the_prompt_names_the_host_where_there_is_room() {
    let server = echoing();
    let mut terminal = terminal(&[server.url()]).prompt();
    let name = format!("127.0.0.1:{}> ", server.port());
    terminal.wait(&name, |screen, _| screen.contents().contains(&name));
    terminal.resize(60, 40);
    terminal.press("x\r");
    terminal.wait("a short prompt", |screen, _| {
        let contents = screen.contents();
        contents.trim_end().ends_with("\n>") && contents.contains("← text 1 B   x")
    });
    terminal.press("/help keys\r");
    terminal.wait_for("\n  Alt-Enter\n      add a line\n");
    terminal.leave();
    server.finish();
}
