use super::{CONNECTED, OPEN, socket_io, text};
use crate::support::peer::{Peer, scripted};
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
