use std::thread;
use std::time::Duration;

use super::{CONNECTED, OPEN, socket_io, text};
use crate::support::peer::{Message, Peer, scripted, scripted_on};
use crate::support::pty::terminal;

#[test]
fn events_and_acknowledgements_are_shown_in_their_own_words() {
    let server = socket_io(|peer| {
        peer.send("427[\"price\",{\"s\":\"EURUSD\"}]");
        let ack = text(peer);
        let event = text(peer);
        let asked = text(peer);
        peer.send("430[\"done\"]");
        (ack, event, asked)
    });
    let mut terminal = terminal(&["--as", "socket.io", server.url()]).prompt();
    terminal.wait_for("event \"price\"   { \"s\": \"EURUSD\" }   ack wanted: /ack 7");
    terminal.press("/ack 7 \"ok\"\r");
    terminal.wait_for("→ ack 7   \"ok\"");
    terminal.press("chat {\"text\":\"hi\"}\r");
    terminal.wait_for("→ event \"chat\"   { \"text\": \"hi\" }");
    terminal.press("/emit? save 1\r");
    terminal.wait_for("← ack 0   \"done\"   to \"save\" after ");
    terminal.press("\x04");
    assert_eq!(terminal.finish(), 0);
    let (ack, event, asked) = server.finish();
    assert_eq!(ack, "437[\"ok\"]");
    assert_eq!(event, "42[\"chat\",{\"text\":\"hi\"}]");
    assert_eq!(asked, "420[\"save\",1]");
}

#[test]
fn verbs_are_listed_and_completed_only_while_they_are_on() {
    let server = socket_io(|peer| peer.send("42[\"prices\",1]"));
    let mut terminal = terminal(&["--as", "socket.io", server.url()]).prompt();
    terminal.wait_for("event \"prices\"");
    terminal.press("/help\r");
    terminal.wait_for("/emit? [[/NS]] NAME [JSON…]");
    terminal.press("/help emit?\r");
    terminal.wait_for("example: /emit? save {\"id\":1}");
    terminal.press("/filter .[1]\r");
    terminal.wait_for("it sees [\"NAME\",JSON…]");
    terminal.press("/filter off\r");
    terminal.press("/help query\r");
    terminal.wait_for("run a query or a mutation (with --as graphql)");
    terminal.press("pri\t");
    terminal.wait_for("> prices");
    terminal.press("\x15/as raw\r");
    terminal.wait_for("spoken: raw");
    terminal.press("/emit x\r");
    terminal.wait_for("unknown command /emit");
    terminal.press("/as socket.io\r");
    terminal.wait_for("spoken: socket.io");
    terminal.press("/status\r");
    terminal.wait_for("/ (connected)");
    terminal.press("\x04");
    assert_eq!(terminal.finish(), 0);
}

#[test]
fn what_cannot_be_said_is_not_sent() {
    let server = socket_io(|_| ());
    let mut terminal = terminal(&["--as", "socket.io", server.url()]).prompt();
    terminal.wait_for("connect");
    for (line, why) in [
        ("/emit", "/emit needs [[/NS]] NAME [JSON…]"),
        (
            "chat hello",
            "argument \"hello\" is not JSON; a string needs quotes: \"hello\"",
        ),
        ("disconnect", "\"disconnect\" is reserved by Socket.IO"),
        (
            "/ack 3",
            "the server does not wait for ack 3; it waits for none",
        ),
        (
            "/leave /fx",
            "not connected to namespace /fx; /join /fx connects to it",
        ),
        ("/join fx", "/join needs /NS [AUTH]"),
    ] {
        terminal.press(&format!("{line}\r"));
        terminal.wait_for(why);
    }
    terminal.press("\x04");
    assert_eq!(terminal.finish(), 0);
}

#[test]
fn an_event_that_waits_for_a_session_which_never_opens_is_reported() {
    let server = scripted(Peer::record);
    let mut terminal = terminal(&["--as", "socket.io", server.url()]).prompt();
    terminal.press("chat 1\r");
    terminal.wait_for("queued; it will be sent when the session is ready");
    terminal.wait_for("no Engine.IO open packet came within 3");
    terminal.wait_for("is this a Socket.IO server?");
    terminal.press("/quit\r");
    terminal.wait_for("1 message of input not sent");
    assert_eq!(terminal.finish(), 0);
}

#[test]
fn without_a_connection_a_verb_names_the_way_to_another() {
    let server = scripted(|mut peer| {
        peer.send(OPEN);
        peer.expect("40");
        peer.send(CONNECTED);
        peer.close(1000, "");
    });
    let mut terminal = terminal(&["--as", "socket.io", server.url()]).prompt();
    terminal.wait_for("/reconnect or Ctrl-D");
    terminal.press("/emit? x 1\r");
    terminal.wait_for("not sent: there is no connection; /reconnect opens another");
    terminal.press("\x04");
    assert_eq!(terminal.finish(), 0);
}

#[test]
fn a_close_after_a_raw_message_does_not_advise_the_protocol_that_is_spoken() {
    let server = scripted(|mut peer| {
        peer.send(OPEN);
        peer.expect("40");
        peer.send(CONNECTED);
        peer.expect("hi");
        peer.close(1000, "");
    });
    let mut terminal = terminal(&["--as", "socket.io", server.url()]).prompt();
    terminal.wait_for("connect");
    terminal.press("/text hi\r");
    terminal.wait_for("/reconnect or Ctrl-D");
    terminal.wait_for("a message was sent beside --as socket.io");
    terminal.press("\x04");
    terminal.finish();
}

#[test]
fn what_is_kept_has_the_words_of_the_protocol_and_the_raw_message_below_them() {
    let server = socket_io(|peer| {
        peer.send("42[\"price\",{\"s\":\"EURUSD\",\"bid\":1.5}]");
        peer.expect("42[\"chat\",\"hi\",{\"to\":1}]");
        peer.send("451-[\"file\",{\"_placeholder\":true,\"num\":0}]");
        peer.send(Message::binary(b"\x01\x02\x03".to_vec()));
        peer.send("2");
        peer.expect("3");
        peer.send("42[\"price\",{\"s\":\"EURUSD\",\"bid\":1.75}]");
        peer.send("427[\"ask\",{\"id\":8}]");
        peer.expect("42[\"chat\",\"hi\",{\"to\":1}]");
        peer.expect("451-[\"file\",{\"_placeholder\":true,\"num\":0}]");
        assert_eq!(peer.receive(), Message::binary(b"\x01\x02\x03".to_vec()));
        peer.expect("420[\"ask\",{\"id\":9}]");
    });
    let args = ["--as", "socket.io", server.url(), "--timestamps", "none"];
    let mut terminal = terminal(&args)
        .env("PAGER", "cat")
        .env("EDITOR", "sed -i s/8/9/")
        .prompt();
    terminal.wait_for("event \"price\"");
    terminal.press("chat \"hi\" {\"to\":1}\r");
    terminal.wait_for("ack wanted: /ack 7");
    for (line, answers) in [
        ("/find 42\\[", &["no match in 11 messages"][..]),
        ("/find event .(price|chat)", &["3 matches in 11 messages"]),
        (
            "/find jq .[1].bid > 1.6",
            &["#10 ", "1 match in 11 messages"],
        ),
        (
            "/find jq .[1] == \"hi\"",
            &["#5 ", "1 match in 11 messages"],
        ),
        ("/find jq .event[1].id", &["#11 ", "   8\n1 match in 11"]),
        (
            "/find jq .. | .\"$base64\"? // empty",
            &["\"AQID\"\n1 match in 11"],
        ),
        (
            "/last 4",
            &[
                "#5 ",
                "event \"chat\"   \"hi\" {\"to\":1}\n#7 ",
                "#10 ",
                "#11 ",
            ],
        ),
        (
            "/show $-2",
            &[
                "#7 ",
                "binary 3 B\ndecoded\n  event \"file\"",
                "01 02 03",
                "AQID",
            ],
        ),
        (
            "/show $",
            &[
                "ack wanted: /ack 7\ntext\n  427[\"ask\",{",
                "\njson\n  { \"event\": [\"ask\", {",
            ],
        ),
        ("/show 8", &["\n  ping\ntext\n  2\n"]),
        ("/diff 4 10", &["[1].bid: first 1.5, second 1.75"]),
        ("/capture id .event[1].id", &["id = 8"]),
    ] {
        terminal.press(&format!("\x0c{line}\r"));
        for answer in answers {
            terminal.wait_for(answer);
        }
    }
    // What is sent again is said again: a packet would lack its attachments, or have the number of another one.
    for (line, answer) in [
        ("/resend 5", "→ event \"chat\"   \"hi\" {\"to\":1}"),
        ("/resend 7", "→ event \"file\"   { \"$base64\": \"AQID\" }"),
        (
            "/resend 11 edit",
            "→ event \"ask\"   { \"id\": 9 }   asks for ack 0",
        ),
    ] {
        terminal.press(&format!("\x0c{line}\r"));
        terminal.wait_for(answer);
    }
    terminal.leave();
    server.finish();
}

#[test]
fn a_flood_of_events_is_summed_up_and_a_pause_holds_them() {
    let server = socket_io(|peer| {
        text(peer);
        // The second of the first ones is over when the others come.
        for (count, pause) in [(300, 1_200), (100, 0)] {
            for number in 0..count {
                peer.send(format!("42[\"tick\",{number}]"));
            }
            thread::sleep(Duration::from_millis(pause));
        }
        text(peer);
        peer.send("42[\"held\",1]");
    });
    let mut terminal = terminal(&["--as", "socket.io", server.url()]).prompt();
    terminal.wait_for("connect");
    terminal.press("go\r");
    terminal.wait_for("* more than 200 messages a second: ");
    terminal.wait_for("* every message is shown again; ");
    terminal.press("\x0c/pause\r");
    terminal.wait_for("paused; Enter");
    terminal.press("stop\r");
    terminal.wait_for("paused, 1 message waits; Enter or /resume shows it\n");
    assert!(!terminal.contents().contains("held"));
    terminal.press("\r");
    terminal.wait_for("← event \"held\"   1");
    terminal.leave();
    server.finish();
}

#[test]
fn verbs_wait_for_the_next_connection_as_lines_do() {
    let first = socket_io(|peer| drop(text(peer)));
    let (port, url) = (first.port(), first.url().to_owned());
    let mut terminal = terminal(&["--as", "socket.io", &url, "--reconnect"]).prompt();
    terminal.wait_for("connect");
    terminal.press("bye\r");
    first.serve();
    terminal.wait_for("reconnecting in ");
    for line in ["chat 1", "/emit? save 2", "/ack 9 \"late\""] {
        terminal.press(&format!("\x0c{line}\r"));
        terminal.wait_for("* queued; it will be sent on the next connection");
    }
    thread::sleep(Duration::from_millis(300));
    let second = scripted_on(port, |mut peer: Peer| {
        peer.send(OPEN);
        peer.expect("40");
        peer.send(CONNECTED);
        peer.expect("42[\"chat\",1]");
        peer.expect("420[\"save\",2]");
        peer.send("430[\"done\"]");
        peer.record()
    });
    terminal.wait_for("the server does not wait for ack 9");
    terminal.wait_for("← ack 0   \"done\"   to \"save\" after ");
    // From sending: the wait for the connection does not count.
    let screen = terminal.contents();
    let after = screen
        .split("to \"save\" after ")
        .nth(1)
        .unwrap_or_default();
    assert!(after.contains(" ms") || after.contains(" µs"), "{screen}");
    terminal.leave();
    second.finish();
}
