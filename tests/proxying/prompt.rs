//! `wsee proxy` at a terminal: a person stops, changes and adds messages.

use std::io::Read;
use std::net::TcpStream;

use rustix::process::Signal;
use tokio_tungstenite::tungstenite::client::client;

use crate::listen::{Listening, listening};
use crate::support::DEADLINE;
use crate::support::output::Output;
use crate::support::peer::{Message, Peer};
use crate::support::pty::{Setup, Terminal, terminal};
use crate::support::run::wsee;

/// A proxy at a prompt, in front of a server that echoes.
struct Prompted {
    terminal: Terminal,
    port: u16,
    server: Listening,
}

#[track_caller]
fn prompted(args: &[&str]) -> Prompted {
    prompted_with(args, |setup| setup)
}

#[track_caller]
fn prompted_with(args: &[&str], set: impl FnOnce(Setup) -> Setup) -> Prompted {
    let server = listening(&["-v"]);
    let url = server.url();
    let args = [&["proxy", "127.0.0.1:0", &url], args].concat();
    let terminal = set(terminal(&args)).prompt();
    let shown = terminal.contents();
    let port = shown
        .split("* ws://127.0.0.1:")
        .nth(1)
        .and_then(|rest| rest.split_once('/')?.0.parse().ok());
    let port = port.unwrap_or_else(|| panic!("no address in {shown}"));
    Prompted {
        terminal,
        port,
        server,
    }
}

impl Prompted {
    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(("127.0.0.1", self.port)).expect("wsee listens");
        stream.set_read_timeout(Some(DEADLINE)).expect("a socket");
        stream
    }

    fn open(&self) -> Peer {
        let url = format!("ws://127.0.0.1:{}/", self.port);
        let (socket, _) = client(url, self.connect()).expect("an opening handshake");
        Peer::new(socket)
    }

    /// Types a line, and waits for what it prints.
    #[track_caller]
    fn types(&mut self, line: &str, answer: &str) {
        self.terminal.press(&format!("{line}\r"));
        self.terminal.wait_for(answer);
    }

    /// Ends the proxy and the server; returns the log of the latter.
    #[track_caller]
    fn end(mut self) -> Output {
        self.terminal.leave();
        self.server.stop(Signal::INT)
    }
}

#[test]
fn held_messages_are_passed_and_discarded_and_order_is_kept() {
    let mut proxy = prompted(&[]);
    let mut client = proxy.open();
    proxy.types("/pass", "no message is held\n");
    proxy.types(
        "/hold client re \"^h\"",
        "messages from the client that match re \"^h\" are held; /hold off ends it\n",
    );
    for text in ["first", "held", "behind"] {
        client.send(Message::text(text));
    }
    // A ping does not wait.
    client.send(Message::Ping("p".into()));
    client.expect("first");
    assert_eq!(client.receive(), Message::Pong("p".into()));
    proxy
        .terminal
        .wait_for("@1 * #3 is held: /pass, /edit 3 or /discard 3\n");
    proxy
        .terminal
        .wait_for("held: #3 from the client of @1 for ");
    proxy.types("/pass", "#3 passes\n");
    client.expect("held");
    client.expect("behind");
    client.send(Message::text("hush"));
    proxy.terminal.wait_for("@1 * #7 is held");
    client.send(Message::text("hold too"));
    proxy.terminal.wait_for("and 1 more; /pass");
    proxy.types("/pass 8", "#8 leaves after #7, which is still held\n");
    client.send(Message::text("hush too"));
    proxy.terminal.wait_for("#9 is held as well");
    proxy.types(
        "/discard 9",
        "#9 is discarded after #7, which is still held\n",
    );
    proxy.types("/discard 7", "discarded, #7 from the client\n");
    client.expect("hold too");
    proxy.types("/discard 7", "#7 is not held\n");
    proxy.types(
        "/hold client re h(",
        "column 17: regular expression: unclosed group\n",
    );
    proxy.types("/hold client re ^h", "that match re ^h are held; ");
    client.send(Message::text("held again"));
    proxy.terminal.wait_for("#11 is held");
    proxy.types("/pass", "#11 passes\n");
    client.expect("held again");
    proxy.types("/hold off", "messages from both ends are no longer held\n");
    client.send(Message::text("heard"));
    client.expect("heard");
    client.close(1000, "");
    proxy.end().never_says("hush");
}

#[test]
fn an_edit_changes_exactly_one_message_of_a_compressed_connection() {
    let mut proxy = prompted_with(&["-v"], |setup| setup.env("EDITOR", "sed -i s/this/that/"));
    let url = format!("ws://127.0.0.1:{}/", proxy.port);
    let mut client = wsee(&[&url]).stdin_held_open().spawn();
    let mut say = |text: &str| client.send(format!("{text}\n"));
    say("a text that repeats a text");
    proxy.terminal.wait_for("@1 ← text 26 B (deflate ");
    proxy.types(
        "/hold client text edit this text",
        "that match text edit this text are held",
    );
    say("edit this text");
    say("a text that repeats a text");
    proxy.terminal.wait_for("@1 * #3 is held");
    proxy.types("/edit 3", " left in place of #3\n");
    proxy
        .terminal
        .wait_for("@1 * later compressed messages from the client leave uncompressed");
    client.wait_for_stdout(
        "a text that repeats a text\nedit that text\na text that repeats a text\n",
    );
    proxy.types("/show 3", "→ text 14 B, left as #5 (deflate ");
    proxy.types("/show 5", "→ text 14 B, left in place of #3\n");
    proxy.types("/find that", "left in place of #3   edit that text\n");
    client.end_stdin();
    client.wait().exits(0);
    proxy
        .end()
        .says("← text 26 B (deflate ")
        .says("← text 14 B   edit that text\n")
        .says("← text 26 B   a text that repeats a text\n")
        .never_says("edit this text");
}

#[test]
fn in_the_full_screen_a_held_message_is_edited_and_any_is_sent_again() {
    let mut proxy = prompted_with(&[], |setup| setup.env("EDITOR", "sed -i s/this/that/"));
    let mut client = proxy.open();
    client.send(Message::text("this passes"));
    client.expect("this passes");
    proxy.types("/hold client", "messages from the client are held");
    client.send(Message::text("this is held"));
    proxy.terminal.wait_for("#3 is held");
    proxy.types("/view", "> #3 ");
    for (keys, shown) in [
        ("ge", "#1 is not held; r sends it again as it is"),
        ("r", "resent #1, text 11 B as if from the client"),
        ("x:resend 2\r", "resent #2, text 11 B as if from the server"),
        ("xgjje", "left in place of #3"),
    ] {
        proxy.terminal.press(keys);
        proxy.terminal.wait_for(shown);
    }
    for text in ["this passes", "this passes", "that is held"] {
        client.expect(text);
    }
    proxy.terminal.press("xq");
    proxy
        .terminal
        .wait("the prompt", |screen, _| !screen.alternate_screen());
    client.close(1000, "");
    proxy.end().never_says("this is held");
}

#[test]
fn a_message_stays_held_when_the_editor_changes_nothing_or_fails() {
    let script = "if grep -q fail \"$1\"; then exit 3; fi; sed -i 's/00 *01/ff/; s/0001/ff/'";
    let editor = format!("f() {{ {script} \"$1\"; }}; f");
    let mut proxy = prompted_with(&[], |setup| setup.env("EDITOR", &editor));
    let mut client = proxy.open();
    proxy.types(
        "/hold client",
        "messages from the client are held; /hold off ends it\n",
    );
    client.send(Message::text("same"));
    client.send(Message::text("fail"));
    client.send(Message::binary(vec![0, 1]));
    proxy.terminal.wait_for("and 2 more; /pass");
    proxy.types(
        "/edit 1",
        "nothing was changed; nothing was sent; #1 is still held\n",
    );
    proxy.types(
        "/edit 2",
        "ended with exit status: 3; nothing was sent; #2 is still held\n",
    );
    proxy.types("/edit 3", "#3 leaves after #2, which is still held\n");
    proxy.types("/edit 9", "#9 is not held\n");
    proxy.types("/pass all", "2 held messages pass\n");
    client.expect("same");
    client.expect("fail");
    assert_eq!(client.receive(), Message::binary(vec![0xff]));
    client.close(1000, "");
    proxy.end();
}

#[test]
fn a_close_lets_the_queue_out_first() {
    let mut proxy = prompted(&[]);
    let mut client = proxy.open();
    proxy.types("/hold client any", "that match any are held");
    client.send(Message::text("last words"));
    proxy.terminal.wait_for("#1 is held");
    let received = client.close(4000, "bye");
    assert_eq!(received.messages, [Message::text("last words")]);
    proxy
        .terminal
        .wait_for("@1 * the client closes: 1 held message passes first\n");
    proxy.terminal.wait_for("closed by client: 4000");
    proxy.end().says("← text 10 B   last words\n");
}

#[test]
fn a_message_is_shown_with_its_own_frames() {
    let mut proxy = prompted(&[]);
    let mut client = proxy.open();
    for text in ["a", "bbb"] {
        client.send(Message::text(text));
        client.expect(text);
    }
    proxy.types("/show 1 frames", ", header 81 81 ");
    proxy.types("/show 3 frames", ", header 81 83 ");
    client.close(1000, "");
    proxy.end();
}

#[test]
fn an_injected_ping_is_shown_and_its_pong_answers_it() {
    let mut proxy = prompted(&[]);
    let mut client = proxy.open();
    proxy.types("/inject client /ping hi", "→ ping");
    proxy
        .terminal
        .wait_for("* injected, a ping as if from the client\n");
    assert_eq!(client.receive(), Message::Pong("hi".into()));
    proxy.terminal.wait_for("← pong");
    assert!(!proxy.terminal.contents().contains("unsolicited"));
    proxy.types("/hold client foo", "write: /hold client text foo\n");
    client.close(1000, "");
    proxy.end();
}

#[test]
fn messages_that_wait_for_a_held_one_say_so() {
    let mut proxy = prompted(&[]);
    let mut client = proxy.open();
    proxy.types("/hold client text h", "that match text h are held");
    for text in ["h", "other", "h"] {
        client.send(Message::text(text));
    }
    proxy.terminal.wait_for("#1 is held: /pass");
    proxy.terminal.wait_for("#2 waits for #1, which is held\n");
    proxy.terminal.wait_for("#3 is held as well, behind #1\n");
    proxy
        .terminal
        .wait_for(" s, and 1 more, 1 waits behind; /pass, /edit 1");
    proxy.types(
        "/conns",
        "held from the client: #1, and 1 more, 1 waits behind\n",
    );
    proxy.types(
        "/held",
        "held from the client: messages that match text h\n",
    );
    proxy.terminal.wait_for("held from the server: nothing\n");
    proxy.terminal.wait_for("  #3 from the client of @1 for ");
    proxy.types("/show 1", "→ text 1 B, held\n");
    proxy.types("/show 2", "→ text 5 B, waits\n");
    // Only what is held can be discarded, and Tab completes it.
    proxy.terminal.press("/discard 1\t\r");
    proxy.terminal.wait_for("discarded, #1 from the client\n");
    proxy.types("/show 1", "→ text 1 B, never left\n");
    proxy.types("/show 2", "→ text 5 B\n");
    proxy.types("/pass all", "1 held message passes\n");
    for text in ["other", "h"] {
        client.expect(text);
    }
    client.close(1000, "");
    proxy.end();
}

#[test]
fn held_numbers_are_completed() {
    let mut proxy = prompted(&[]);
    let mut client = proxy.open();
    for text in ["a", "b", "c"] {
        client.send(Message::text(text));
        client.expect(text);
    }
    proxy.types("/hold client", "messages from the client are held");
    client.send(Message::text("d"));
    proxy.terminal.wait_for("#7 is held");
    proxy.terminal.press("/discard \t\r");
    proxy.terminal.wait_for("discarded, #7 from the client\n");
    client.close(1000, "");
    proxy.end();
}

#[test]
fn a_recording_has_what_left_and_the_fault_what_came() {
    let folder = tempfile::tempdir().expect("a folder");
    let dir = folder.path().to_str().expect("UTF-8");
    let args = ["--record", dir, "--on", "client text drop=drop"];
    let mut proxy = prompted_with(&args, |setup| setup.env("EDITOR", "sed -i s/this/that/"));
    let mut client = proxy.open();
    proxy.types("/hold client re \"t|gone\"", "that match re ");
    for text in ["drop", "this", "gone", "text"] {
        client.send(Message::text(text));
    }
    proxy.terminal.wait_for("and 2 more; /pass");
    proxy.types("/edit 2", " left in place of #2\n");
    proxy.types("/discard 3", "discarded, #3 from the client\n");
    // The Close lets out what is held, and is recorded after it.
    let received = client.close(1000, "");
    assert_eq!(received.messages, ["that", "text"].map(Message::text));
    proxy.terminal.wait_for("closed by client: 1000");
    proxy.end();
    let files = std::fs::read_dir(folder.path()).expect("a folder");
    let files: Vec<_> = files.map(|it| it.expect("a file").path()).collect();
    let text = std::fs::read_to_string(&files[0]).expect("a recording");
    let events: Vec<serde_json::Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    let sent = events.iter().filter(|it| it["direction"] == "sent");
    let sent = sent.filter(|it| it["event"] == "message" || it["event"] == "close");
    let sent: Vec<&str> = sent
        .map(|it| it["data"].as_str().unwrap_or("close"))
        .collect();
    assert_eq!(sent, ["that", "text", "close"], "{text}");
    let before = "edit, the message above was this";
    assert!(events.iter().any(|it| it["message"] == before), "{text}");
}

#[test]
fn control_frames_are_held_when_asked() {
    let mut proxy = prompted(&[]);
    let mut client = proxy.open();
    proxy.types("/hold client ping", "pings from the client are held");
    client.send(Message::Ping("x".into()));
    proxy
        .terminal
        .wait_for("@1 * the ping from the client is #1\n");
    proxy
        .terminal
        .wait_for("@1 * #1 is held: /pass or /discard 1\n");
    client.send(Message::text("behind"));
    proxy.types(
        "/edit 1",
        "#1 is a ping, which can be passed or discarded only\n",
    );
    proxy.types("/pass 1", "#1 passes\n");
    assert_eq!(client.receive(), Message::Pong("x".into()));
    client.expect("behind");
    client.close(1000, "");
    proxy.end();
}

#[test]
fn messages_are_injected_from_either_end_and_sent_again() {
    let mut proxy = prompted(&[]);
    proxy.types("/inject client x", "no connection is open\n");
    proxy.types(
        "plain",
        "not sent: /inject client TEXT sends it to the server",
    );
    let mut one = proxy.open();
    proxy.types("/inject server hello", "@1 ← text 5 B   hello\n");
    proxy
        .terminal
        .wait_for("* injected, text 5 B as if from the server\n");
    one.expect("hello");
    proxy.types("/inject client /bin 00ff", "@1 → binary 2 B");
    assert_eq!(one.receive(), Message::binary(vec![0, 0xff]));
    proxy.types("/resend 1", "* resent #1, text 5 B as if from the server\n");
    one.expect("hello");
    let mut two = proxy.open();
    proxy.types(
        "/inject client x",
        "2 connections are open; name one, as in /inject @1 client TEXT\n",
    );
    proxy.types("/inject @2 client to two", "@2 → text 6 B   to two\n");
    two.expect("to two");
    proxy.types(
        "/inject @9 client x",
        "@9 is not open; /conns lists the connections\n",
    );
    proxy.types("/conns", "@2  127.0.0.1:");
    drop((one, two));
    proxy.end();
}

#[test]
fn what_is_said_at_the_start_is_wrapped_at_words() {
    let mut proxy = prompted_with(&[], |setup| setup.sized(24, 60));
    let shown = proxy.terminal.contents();
    // A row that the terminal has wrapped is one line here.
    assert!(shown.lines().all(|line| line.len() < 60), "{shown}");
    proxy.terminal.leave();
}

#[test]
fn messages_behind_a_held_one_are_not_noted_while_the_view_is_paused() {
    let mut proxy = prompted(&[]);
    let mut client = proxy.open();
    proxy.types("/hold client", "/hold off ends it\n");
    proxy.types("/pause", "paused; Enter or /resume continues");
    for text in ["one", "two", "three"] {
        client.send(Message::text(text));
    }
    proxy.terminal.wait_for("@1 * #1 is held: /pass,");
    proxy.terminal.wait_for("paused, 3 messages wait; Enter");
    proxy.types("", "held: #1 from the client of @1 for ");
    assert!(!proxy.terminal.contents().contains("held as well"));
    client.send(Message::text("four"));
    proxy.terminal.wait_for("@1 * #4 is held as well");
    proxy.types("/pass all", "4 held messages pass\n");
    for text in ["one", "two", "three", "four"] {
        client.expect(text);
    }
    proxy.end();
}

#[test]
fn what_is_injected_is_shown_while_the_view_is_paused() {
    let mut proxy = prompted(&[]);
    let mut client = proxy.open();
    proxy.types("/pause", "paused; Enter or /resume continues");
    proxy.types("/inject server by hand", "← text 7 B   by hand");
    client.expect("by hand");
    client.send(Message::text("unseen"));
    client.expect("unseen");
    proxy.terminal.wait_for("paused, 2 messages wait; Enter");
    assert!(!proxy.terminal.contents().contains("unseen"));
    proxy.types("/resend 1", "* resent #1, text 7 B as if from the server\n");
    client.expect("by hand");
    proxy.types("", "← text 6 B   unseen");
    proxy.end();
}

#[test]
fn connections_are_killed() {
    let mut proxy = prompted(&[]);
    let one = proxy.open();
    proxy.types(
        "/kill 1 1011",
        "closed by /kill: 1011 internal error after ",
    );
    assert_eq!(one.record().close.map(|it| it.0), Some(1011));
    let url = format!("ws://127.0.0.1:{}/", proxy.port);
    let (mut two, _) = client(url, proxy.connect()).expect("an opening handshake");
    proxy.types("/hold client", "messages from the client are held");
    two.send(Message::text("lost")).expect("a connection");
    proxy.terminal.wait_for("#1 is held");
    proxy.types(
        "/kill 2",
        "@2 ! 1 held message from the client never left\n",
    );
    let error = two.get_mut().read(&mut [0]).expect_err("a reset");
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
    proxy.end().never_says("lost");
}

#[test]
fn the_end_asks_while_messages_are_held() {
    let mut proxy = prompted(&[]);
    let mut client = proxy.open();
    proxy.types("/hold", "messages from both ends are held");
    client.send(Message::text("held"));
    proxy.terminal.wait_for("#1 is held");
    proxy.terminal.press("\x04");
    proxy.terminal.wait_for(
        "press Ctrl-D again to end the proxy, or type /pass all; 1 held message would be thrown away",
    );
    proxy.end().never_says("text 4 B");
    assert_eq!(client.record().close.map(|it| it.0), Some(1001));
}
