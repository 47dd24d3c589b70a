//! Several connections at one prompt: `/connect`, `/use`, `/to`, `/list`.

use std::fs;

use crate::support::peer::{Message, Peer, Received, scripted};
use crate::support::pty::{Terminal, terminal};
use crate::support::server::Server;
use crate::support::wire::{Wire, after_handshake};

/// A server that answers each message with `name: MESSAGE`, to the end of the connection.
fn answering(name: &'static str) -> Server<Received> {
    scripted(move |peer: Peer| peer.answer(|text| format!("{name}: {text}")))
}

/// A prompt with a connection to `one`, and another named b to `two`.
fn two(one: &Server<Received>, two: &Server<Received>, setup: &[&str]) -> Terminal {
    let args = [&[one.url(), "--timestamps", "none", "--no-compress"], setup].concat();
    let mut terminal = terminal(&args).prompt();
    // What is shown of the first one is shown of the other.
    terminal.press(&format!("/connect b {} --no-compress\r", two.url()));
    terminal.wait_for("* open; /use b sends on it, /to b TEXT one message\n");
    terminal.wait_for_line("> ");
    terminal
}

/// Leaves the prompt, whatever connection it names.
#[track_caller]
fn leave(mut terminal: Terminal) {
    terminal.press("\x04");
    assert_eq!(terminal.finish(), 0);
}

/// Waits until the prompt names this connection.
#[track_caller]
fn names(terminal: &Terminal, name: &str) {
    let prompt = format!("\n{name}>");
    terminal.wait(name, |screen, _| {
        screen.contents().trim_end().ends_with(&prompt)
    });
}

/// The screen without the addresses of servers, which differ from run to run.
fn seen(terminal: &Terminal) -> String {
    let address = regex::Regex::new(r"127\.0\.0\.1:\d+").expect("an expression");
    let text = terminal.contents();
    address.replace_all(text.trim_end(), "HOST").into_owned()
}

#[test]
fn each_line_has_the_name_of_its_connection_and_numbers_are_one_sequence() {
    let (one, other) = (answering("one"), answering("two"));
    let mut terminal = two(&one, &other, &[]);
    terminal.press("\x0cfirst\r");
    terminal.wait_for("   one: first\n");
    terminal.press("/to b second\r");
    terminal.wait_for("   two: second\n");
    terminal.press("/use b\r");
    names(&terminal, "b");
    terminal.press("third\r");
    terminal.wait_for("   two: third\n> ");
    assert_eq!(
        seen(&terminal),
        "> first\n\
         #1 HOST → text 5 B   first\n\
         #2 HOST ← text 10 B   one: first\n\
         > /to b second\n\
         #3 b → text 6 B   second\n\
         #4 b ← text 11 B   two: second\n\
         > /use b\n\
         > third\n\
         #5 b → text 5 B   third\n\
         #6 b ← text 10 B   two: third\n\
         >"
    );
    terminal.press("/list\r");
    let row = |screen: &vt100::Screen| screen.contents().contains("\n> b ");
    terminal.wait("the list", |screen, _| row(screen));
    terminal.press("/resend $-1\r");
    terminal.wait_for("#7 b → text 5 B   third\n");
    leave(terminal);
    assert_eq!(one.finish().messages, [Message::text("first")]);
    let messages = ["second", "third", "third"].map(Message::text);
    assert_eq!(other.finish().messages, messages);
}

#[test]
fn find_and_status_are_about_the_connection_in_use_or_about_all() {
    let (one, other) = (answering("one"), answering("two"));
    let mut terminal = two(&one, &other, &[]);
    terminal.press("word\r");
    terminal.wait_for("   one: word\n");
    terminal.press("/to b word\r");
    terminal.wait_for("   two: word\n");
    terminal.press("/find word\r");
    terminal.wait_for("; /find * looks through all\n");
    terminal.wait_for("2 matches in 2 messages of 127.0.0.1:");
    terminal.press("/use b\r/find * word\r");
    terminal.wait_for("4 matches in 4 messages of all connections\n");
    terminal.press("/find two\r");
    terminal.wait_for("1 match in 2 messages of b; /find * looks");
    terminal.press("\x0c/status *\r");
    terminal.wait_for("\nb\n  url             ws://127.0.0.1:");
    let kept = "4 of 10000 messages, 26 B of 64.0 MiB (--keep), since ";
    terminal.wait("both", |screen, _| {
        screen.contents().matches(kept).count() == 2
    });
    leave(terminal);
    one.finish();
    other.finish();
}

#[test]
fn a_connection_that_ends_or_never_opens_leaves_the_prompt() {
    let one = answering("one");
    let other = scripted(|mut peer: Peer| {
        peer.receive();
        peer.close(4000, "enough")
    });
    let mut terminal = two(&one, &other, &[]);
    terminal.press("/to b x\r");
    terminal.wait_for("\nb closed by server: 4000 private use \"enough\" after ");
    terminal.press("/connect c ws://127.0.0.1:1/\r");
    terminal.wait_for("\nc wsee: cannot connect to 127.0.0.1:1: ");
    terminal.press("/use c\r");
    names(&terminal, "c");
    terminal.press("hello\r");
    terminal.wait_for("not sent: c has ended; /connect c URL opens another\n");
    terminal.press("/use 127.0.0.1:");
    terminal.press("\t\r");
    terminal.press("still here\r");
    terminal.wait_for("   one: still here\n");
    leave(terminal);
    assert_eq!(one.finish().messages, [Message::text("still here")]);
    other.finish();
}

#[test]
fn the_connection_in_use_decides_the_exit_status() {
    let one = answering("one");
    let other = scripted(|peer: Peer| peer.close(1011, "broken"));
    let args = [one.url(), "--timestamps", "none"];
    let mut terminal = terminal(&args).prompt();
    terminal.press(&format!("/connect b {}\r", other.url()));
    terminal.wait_for("\nb closed by server: 1011 ");
    terminal.press("/use b\r");
    names(&terminal, "b");
    terminal.press("\x04");
    let exit = terminal.finish();
    assert_ne!(exit, 0, "{}", terminal.contents());
    one.finish();
    other.finish();
}

#[test]
fn all_connections_are_closed_at_once_and_when_the_prompt_is_left() {
    let (one, other) = (answering("one"), answering("two"));
    let mut terminal = two(&one, &other, &[]);
    terminal.press("/close * 1001 bye\r");
    terminal.wait_for("\nb closed: 1001 going away \"bye\" after ");
    terminal.wait("both", |screen, _| {
        screen.contents().matches(" closed: 1001 ").count() == 2
    });
    leave(terminal);
    for server in [one, other] {
        assert_eq!(server.finish().close, Some((1001, "bye".to_owned())));
    }
    let (one, other) = (answering("one"), answering("two"));
    let mut terminal = two(&one, &other, &[]);
    terminal.press("\x04");
    assert_eq!(terminal.finish(), 0);
    for server in [one, other] {
        assert_eq!(server.finish().close, Some((1000, String::new())));
    }
}

#[test]
fn a_mistake_says_what_is_wrong_and_opens_nothing() {
    let (one, other) = (answering("one"), answering("two"));
    let mut terminal = two(&one, &other, &[]);
    for (line, text) in [
        (
            "/connect b ws://h",
            "the name b is taken by a connection that has not ended",
        ),
        (
            "/connect 12 ws://h",
            "column 10: \"12\" is not a name of letters",
        ),
        (
            "/connect c ws://h --keep 5",
            "--keep is about the whole run",
        ),
        ("/connect c ws://h -1", "-1 is about the whole run"),
        (
            "/connect c ws://h --frobnicate",
            "unexpected argument '--frobnicate'",
        ),
        ("/connect c 'ws://h", "a quote is not closed"),
        ("/connect c demo", "give a URL or @PROFILE"),
        ("/connect c @nobody", "profile"),
        (
            "/connect c ws://h -u me",
            "no terminal to ask for the password",
        ),
        ("/use bb", "no connection is named bb; there are 127.0.0.1:"),
        ("/to zz x", "no connection is named zz"),
    ] {
        terminal.press(&format!("\x0c{line}\r"));
        // A narrow terminal wraps it.
        terminal.wait(text, |screen, _| {
            screen.contents().replace("\n  ", " ").contains(text)
        });
    }
    terminal.press("\x0c/list\r");
    let row = |line: &str| line.starts_with("  b ") && line.contains(" open ");
    terminal.wait("the list", |screen, _| screen.contents().lines().any(row));
    assert!(!seen(&terminal).contains("\n  c "));
    leave(terminal);
    one.finish();
    other.finish();
}

#[test]
fn a_pause_is_still_shown_after_the_end_of_the_first_connection() {
    let (one, other) = (answering("one"), answering("two"));
    let mut terminal = two(&one, &other, &[]);
    terminal.press("/pause\r");
    terminal.wait_for("paused; Enter");
    terminal.press("/close\r");
    terminal.wait_for(" closed: ");
    terminal.press("/to b quiet\r");
    terminal.wait_for("paused, 1 message waits; Enter or /resume shows it\n");
    terminal.press("\r");
    terminal.wait_for("   two: quiet\n");
    assert!(!terminal.contents().contains("paused, "));
    assert_eq!(terminal.finish(), 0);
}

#[test]
fn a_connection_that_is_opened_during_a_pause_is_paused_as_well() {
    let (one, other) = (answering("one"), answering("two"));
    let third = scripted(|mut peer: Peer| {
        peer.expect("go");
        peer.send(Message::text("unseen"));
        peer.record()
    });
    let mut terminal = two(&one, &other, &[]);
    terminal.press("/pause\r");
    terminal.wait_for("paused; Enter");
    terminal.press(&format!("/connect c {}\r", third.url()));
    terminal.wait_for("/to c TEXT one message\n");
    terminal.press("/to c go\r");
    terminal.wait_for("paused, 1 message waits; ");
    assert!(!terminal.contents().contains("unseen"));
    terminal.press("\r");
    terminal.wait_for("   unseen\n");
    leave(terminal);
}

#[test]
fn every_command_works_on_the_connection_in_use() {
    let (one, other) = (answering("one"), answering("two"));
    let mut terminal = two(&one, &other, &[]);
    terminal.press("/set who alice\r/use b\r");
    terminal.press("hi {{who}}\r");
    terminal.wait_for("   two: hi alice\n");
    terminal.press("/ping\r");
    terminal.wait_for("\nb ← pong 0 B   (round trip ");
    terminal.press("/repeat 2 n{{n}}\r");
    terminal.wait_for("   two: n2\n");
    terminal.press("/pause\r");
    terminal.press("quiet\r");
    terminal.wait_for("paused, 1 message waits; Enter or /resume shows it\n");
    terminal.press("\r");
    terminal.wait_for("   two: quiet\n");
    leave(terminal);
    one.finish();
    let mut messages = other.finish().messages;
    messages.retain(|message| !message.is_ping());
    assert_eq!(
        messages,
        ["hi alice", "n1", "n2", "quiet"].map(Message::text)
    );
}

#[test]
fn a_recording_has_the_names_of_further_connections() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("both.jsonl");
    let path = file.to_str().expect("a path");
    let (one, other) = (answering("one"), answering("two"));
    let mut terminal = two(&one, &other, &["--record", path]);
    terminal.press("a\r");
    terminal.wait_for("   one: a\n");
    terminal.press("/to b b\r");
    terminal.wait_for("   two: b\n");
    leave(terminal);
    let text = fs::read_to_string(&file).expect("a recording");
    let mut found = Vec::new();
    for line in text.lines() {
        let line: serde_json::Value = serde_json::from_str(line).expect("JSON");
        let event = line["event"].as_str().expect("an event").to_owned();
        if matches!(&*event, "open" | "message" | "closed") {
            let name = line["connection_name"].as_str().unwrap_or("-").to_owned();
            found.push((event, name, line["n"].as_u64()));
        }
    }
    let row = |event: &str, name: &str, n| (event.to_owned(), name.to_owned(), n);
    let closed: Vec<_> = found.split_off(6);
    assert_eq!(
        found,
        [
            row("open", "-", None),
            row("open", "b", None),
            row("message", "-", Some(1)),
            row("message", "-", Some(2)),
            row("message", "b", Some(3)),
            row("message", "b", Some(4)),
        ]
    );
    assert_eq!(closed.len(), 2, "{closed:?}");
    one.finish();
    other.finish();
}

#[test]
fn further_connections_have_archives_of_their_own() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name).display().to_string();
    let messages = |name: &str| {
        let text = fs::read_to_string(path(name)).expect(name);
        let har: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        let entry = &har["log"]["entries"][0];
        let messages = entry["_webSocketMessages"].as_array().expect("messages");
        let texts = messages.iter().filter(|it| it["opcode"] == 1);
        let data = texts.map(|it| it["data"].as_str().unwrap().to_owned());
        data.collect::<Vec<_>>()
    };
    let (one, other) = (answering("one"), answering("two"));
    let mut terminal = two(&one, &other, &["--record", &path("first.har")]);
    terminal.wait_for(&format!("b * recording to {}\n", path("first.b.har")));
    terminal.press("a\r/to b b\r");
    terminal.wait_for("   two: b\n");
    terminal.press("/record stop\r");
    terminal.wait_for(&format!(
        "b * 2 messages recorded in {}\n",
        path("first.b.har")
    ));
    terminal.press(&format!("/record {}\r", path("later.har")));
    terminal.wait_for(&format!("b * recording to {}\n", path("later.b.har")));
    terminal.press("/to b c\r");
    terminal.wait_for("   two: c\n");
    leave(terminal);
    assert_eq!(messages("first.har"), ["a", "one: a"]);
    assert_eq!(messages("first.b.har"), ["b", "two: b"]);
    assert_eq!(messages("later.b.har"), ["c", "two: c"]);
    assert_eq!(messages("later.har"), Vec::<String>::new());
    one.finish();
    other.finish();
}

#[test]
fn tab_completes_the_flags_of_a_further_connection() {
    let (one, other) = (answering("one"), answering("two"));
    let mut terminal = two(&one, &other, &[]);
    terminal.press("/connect c ws://h --transp\t");
    terminal.wait_for_line("> /connect c ws://h --transport ");
    terminal.press("\x15");
    leave(terminal);
    one.finish();
    other.finish();
}

#[test]
fn the_list_shows_which_connections_are_closing() {
    // None of them answers a Close frame.
    let servers = [(); 2].map(|()| after_handshake(Wire::wait_for_end));
    let args = [servers[0].url(), "--close-timeout", "1m"];
    let mut terminal = terminal(&args).prompt();
    terminal.press(&format!(
        "/connect b {} --close-timeout 1m\r",
        servers[1].url()
    ));
    terminal.wait_for("* open; /use b sends on it");
    terminal.press("/use b\r");
    names(&terminal, "b");
    terminal.press("/close\r");
    lists(&mut terminal, ("  127.0.0.1", "open"), ("> b", "closing"));
    let first = servers[0].url().replace("ws://", "");
    terminal.press(&format!("/use {first}\r"));
    names(&terminal, &first);
    terminal.press("/close\r");
    lists(
        &mut terminal,
        ("> 127.0.0.1", "closing"),
        ("  b", "closing"),
    );
    drop(terminal);
    for server in servers {
        server.finish();
    }
}

/// Waits for a list of two connections, with the start of each row and the state in it.
#[track_caller]
fn lists(terminal: &mut Terminal, first: (&str, &str), second: (&str, &str)) {
    terminal.press("\x0c/list\r");
    terminal.wait("the list", |screen, _| {
        let contents = screen.contents();
        let has = |(start, state): (&str, &str)| {
            let state = format!(" {state} ");
            contents
                .lines()
                .any(|row| row.starts_with(start) && row.contains(&state))
        };
        has(first) && has(second)
    });
}
