//! `/set`, `/capture`, and messages with variables.

use crate::support::peer::{Message, Peer, echoing, scripted};
use crate::support::pty::terminal;

#[test]
fn a_variable_is_replaced_by_its_value() {
    let server = echoing();
    let mut terminal = terminal(&[server.url()]).prompt();
    terminal.press("/set user alice \"a\"\r");
    terminal.wait_for("\nuser = alice \"a\"\n");
    terminal.press("hi {{user}}\r");
    terminal.wait_for("← text 12 B   hi alice \"a\"\n");
    terminal.press("{\"to\":\"{{user}}\"}\r");
    terminal.wait_for("← text 20 B   { \"to\": \"alice \\\"a\\\"\" }\n");
    terminal.press("/fragment 2 {{\"{{\"}}user}}\r");
    terminal.wait_for("← text 8 B   {{user}}\n");
    terminal.leave();
    let expected = ["hi alice \"a\"", "{\"to\":\"alice \\\"a\\\"\"}", "{{user}}"];
    assert_eq!(server.finish().messages, expected.map(Message::text));
}

#[test]
fn without_variables_braces_are_sent_as_they_are_typed() {
    let server = echoing();
    let mut terminal = terminal(&[server.url(), "--no-variables"]).prompt();
    for line in [
        "hi {{nobody}}",
        "/repeat 1 {{a",
        "/every 1h {{n}}",
        "/fragment 2 {{x}}",
    ] {
        terminal.press(&format!("{line}\r"));
        let sent = line.rsplit_once("  ").map_or(line, |(_, text)| text);
        let text = sent.split(' ').next_back().expect("a word");
        terminal.wait(text, |screen, _| {
            let lines = screen.contents();
            lines
                .lines()
                .any(|it| it.contains("← text") && it.ends_with(text))
        });
    }
    terminal.leave();
    let expected = ["hi {{nobody}}", "{{a", "{{n}}", "{{x}}"];
    assert_eq!(server.finish().messages, expected.map(Message::text));
}

#[test]
fn a_message_with_an_unset_variable_is_not_sent() {
    let server = echoing();
    let mut terminal = terminal(&[server.url()]).prompt();
    for line in [
        "hi {{nobody}}",
        "/every 1s {{nobody}}",
        "/repeat 2 {{nobody}}",
        "/set a {{nobody}}",
    ] {
        terminal.press(&format!("{line}\r"));
        terminal.wait_for_line("> ");
    }
    terminal.wait("four errors", |screen, _| {
        let error = "not sent: {{nobody}} has no value; /set nobody VALUE sets it";
        screen.contents().matches(error).count() == 4
    });
    terminal.press("/set\r");
    terminal.wait_for("no variables; /set NAME VALUE sets one");
    terminal.leave();
    assert_eq!(server.finish().messages, []);
}

#[test]
fn capture_takes_a_value_from_the_last_json_message() {
    let server = scripted(|mut peer: Peer| {
        peer.send(Message::text("{\"user\":{\"id\":\"u-7\\u001b[2J\"}}"));
        peer.send(Message::text("not JSON"));
        peer.record()
    });
    let mut terminal = terminal(&[server.url()]).prompt();
    terminal.wait_for("not JSON");
    terminal.press("/capture me .user.id\r");
    terminal.wait_for("\nme = u-7\\x1b[2J\n");
    terminal.press("/capture me .nothing\r");
    terminal.wait_for("the last JSON message has no .nothing; nothing was captured");
    terminal.press("{\"to\":\"{{me}}\"}\r");
    terminal.wait_for("→ text 21 B");
    terminal.leave();
    let expected = Message::text("{\"to\":\"u-7\\u001b[2J\"}");
    assert_eq!(server.finish().messages, [expected]);
}

#[test]
fn names_are_completed() {
    let server = echoing();
    let mut terminal = terminal(&[server.url()]).prompt();
    terminal.press("/set username alice\r");
    terminal.wait_for("\nusername = alice\n");
    terminal.press("hi {{us\t!\r");
    terminal.wait_for("← text 9 B   hi alice!\n");
    terminal.press("/set use\tbob\r");
    terminal.wait_for("\nusername = bob\n");
    terminal.leave();
    server.finish();
}

#[test]
fn a_uuid_and_the_time_need_no_value() {
    let server = echoing();
    let mut terminal = terminal(&[server.url()]).prompt();
    terminal.press("{{uuid}} {{uuid}} {{now}}\r");
    terminal.wait_for("← text 98 B");
    terminal.leave();
    let messages = server.finish().messages;
    let [Message::Text(text)] = messages.as_slice() else {
        panic!("{messages:?}");
    };
    let words: Vec<&str> = text.split(' ').collect();
    assert_eq!((words[0].len(), words[1].len()), (36, 36));
    assert_ne!(words[0], words[1]);
    assert!(
        words[2].ends_with('Z') && words[2].starts_with("20"),
        "{text}"
    );
}
