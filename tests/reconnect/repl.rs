//! A REPL whose server dies and comes back.

use std::net::TcpListener;
use std::time::Duration;

use crate::support::peer::{Peer, scripted, scripted_on};
use crate::support::pty::{Terminal, terminal};
use crate::support::server::Server;
use crate::support::wire::before_handshake_on;

/// A REPL whose server is gone, and that server's port.
#[track_caller]
fn orphan(args: &[&str]) -> (Terminal, u16) {
    let server = scripted(|mut peer: Peer| peer.expect("go"));
    let (port, url) = (server.port(), server.url().to_owned());
    let mut terminal = terminal(&[&[url.as_str(), "--reconnect"], args].concat()).prompt();
    terminal.press("go\r");
    server.serve();
    terminal.wait_for("reconnecting in ");
    (terminal, port)
}

#[test]
fn the_prompt_stays_usable_and_messages_are_kept() {
    let (mut terminal, port) = orphan(&[]);
    terminal.press("later\r");
    terminal.wait_for("* queued; it will be sent on the next connection");
    terminal.press("/ping\r");
    terminal.wait_for("there is no connection yet, and only messages are queued");
    terminal.press("/status\r");
    terminal.wait_for("CONNECTING (0): reconnecting ");
    let server = scripted_on(port, |mut peer: Peer| {
        peer.expect("later");
        peer.send("welcome back");
        peer.record()
    });
    terminal.wait_for("* reconnected after a gap of ");
    terminal.wait_for("← text 12 B   welcome back");
    terminal.press("/status\r");
    terminal.wait_for("OPEN (1)");
    terminal.wait_for("2 messages, 7 B");
    terminal.press("\x04");
    assert_eq!(terminal.finish(), 0);
    assert!(server.serve().is_closed);
    terminal.wait_for(" on 2 connections");
}

#[test]
fn a_half_typed_line_survives_a_reconnect() {
    let (mut terminal, port) = orphan(&[]);
    terminal.press("half");
    terminal.wait_for_line("> half");
    let server = scripted_on(port, |mut peer: Peer| {
        peer.expect("half typed");
        peer.close(1000, "")
    });
    terminal.wait_for("* reconnected after a gap of ");
    terminal.press(" typed\r");
    assert_eq!(terminal.finish(), 0);
    server.serve();
}

#[test]
fn a_long_wait_is_said_to_be_cut_short_once() {
    let (mut terminal, port) = orphan(&[]);
    terminal.wait_for("hint: /reconnect connects at once\n");
    terminal.press("/status\r");
    terminal.wait_for("\n  was open for    ");
    terminal.wait("one attempt more", |screen, _| {
        screen.contents().matches("reconnecting in ").count() >= 3
    });
    let said = terminal.contents();
    assert_eq!(said.matches("connects at once").count(), 1, "{said}");
    let server = scripted_on(port, |mut peer: Peer| drop(peer.receive()));
    terminal.press("/reconnect\r");
    terminal.wait_for("* reconnected after a gap of ");
    terminal.press("/status\r");
    terminal.wait_for("\n  open for        ");
    terminal.press("\x04");
    terminal.finish();
    server.serve();
}

#[test]
fn send_is_repeated() {
    let server = scripted(|mut peer: Peer| peer.expect("hello"));
    let port = server.port();
    let mut terminal = terminal(&[server.url(), "--reconnect", "--send", "hello"]).prompt();
    server.serve();
    terminal.wait_for("reconnecting in ");
    let server = scripted_on(port, |mut peer: Peer| {
        peer.expect("hello");
        peer.close(1000, "")
    });
    assert_eq!(terminal.finish(), 0);
    server.serve();
}

#[test]
fn before_the_first_connection_each_attempt_is_a_line_and_keys_wait_for_the_prompt() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("a port").port();
    drop(listener);
    let url = format!("ws://127.0.0.1:{port}/");
    let mut terminal = terminal(&[&url, "--reconnect"]).start();
    terminal.wait_for(" refused; next attempt in ");
    terminal.wait_for("Ctrl-C ends the wait");
    terminal.press("typed");
    terminal.wait("another attempt", |screen, _| {
        screen.contents().matches("; next attempt in ").count() == 2
    });
    let screen = terminal.contents();
    assert!(!screen.contains("typed"), "{screen}");
    assert!(!screen.contains("reconnecting"), "{screen}");
    assert_eq!(screen.matches(" refused (").count(), 1, "{screen}");
    let server = scripted_on(port, |mut peer: Peer| {
        peer.expect("typed");
        peer.close(1000, "")
    });
    terminal.wait_for_line("> typed");
    terminal.press("\r");
    assert_eq!(terminal.finish(), 0);
    server.serve();
}

#[test]
fn ctrl_c_ends_the_wait() {
    let (mut terminal, _) = orphan(&[]);
    terminal.press("\x03");
    terminal.wait_for("* press Ctrl-C again, or Ctrl-D, to leave\n");
    terminal.press("\x03");
    assert_eq!(terminal.finish_within(Duration::from_secs(3)), 130);
    terminal.wait_for("\ninterrupted; abnormal closure (1006");
}

#[test]
fn ctrl_d_ends_the_wait_and_reports_queued_messages() {
    let (mut terminal, _) = orphan(&[]);
    terminal.press("later\r");
    terminal.wait_for("* queued");
    terminal.press("\x04");
    assert_eq!(terminal.finish_within(Duration::from_secs(3)), 110);
    terminal.wait_for("1 message of input not sent");
}

#[test]
fn reconnect_closes_and_keeps_what_the_prompt_holds() {
    let server = scripted(Peer::record);
    let (port, url) = (server.port(), server.url().to_owned());
    let mut terminal = terminal(&[&url, "--send", "hi"]).prompt();
    terminal.press("/set name value\r/filter .a\r/show time off\r/every 1h beat {{n}}\r");
    terminal.wait_for("→ text 6 B   beat 1\n");
    terminal.press("/reconnect\r");
    let first = server.finish();
    assert_eq!(first.close, Some((1000, String::new())));
    let server = scripted_on(port, |mut peer: Peer| {
        for text in ["hi", "beat 2", "value"] {
            peer.expect(text);
        }
        peer.send("{\"a\":7}");
        peer.record()
    });
    terminal.wait_for("; reconnecting");
    terminal.wait_for("* reconnected after a gap of ");
    terminal.press("{{name}}\r");
    terminal.wait_for("← text 7 B   7\n");
    terminal.press("\x04");
    assert_eq!(terminal.finish(), 0);
    server.serve();
    terminal.wait_for(" on 2 connections");
}

#[test]
fn reconnect_is_tried_until_the_server_is_back() {
    let server = scripted(Peer::record);
    let port = server.port();
    let mut terminal = terminal(&[server.url()]).prompt();
    terminal.press("/reconnect\r");
    assert!(server.finish().is_closed);
    terminal.wait_for("reconnecting in ");
    terminal.press("later\r");
    terminal.wait_for("* queued; it will be sent on the next connection");
    let server = scripted_on(port, |mut peer: Peer| {
        peer.expect("later");
        peer.close(1000, "")
    });
    // It need not wait as long as it would.
    terminal.press("/reconnect\r");
    assert_eq!(terminal.finish(), 0);
    server.serve();
}

#[test]
fn quit_ends_a_reconnect() {
    let server = scripted(Peer::record);
    let mut terminal = terminal(&[server.url()]).prompt();
    terminal.press("/reconnect\r");
    server.finish();
    terminal.wait_for("reconnecting in ");
    terminal.press("/quit\r");
    assert_eq!(terminal.finish_within(Duration::from_secs(3)), 0);
}

#[test]
fn the_last_attempt_decides() {
    let server = scripted(|mut peer: Peer| peer.expect("go"));
    let mut terminal = terminal(&[server.url(), "--reconnect=1"]).prompt();
    terminal.press("go\r");
    server.serve();
    assert_eq!(terminal.finish(), 7);
    terminal.wait_for("gave up after 1 attempt; ");
}

#[test]
fn a_reconnect_is_one_line_unless_the_server_answers_differently() {
    let (terminal, port) = orphan(&[]);
    let server = scripted_on(port, |mut peer: Peer| peer.expect("again"));
    terminal.wait_for("* reconnected after a gap of ");
    assert_eq!(terminal.contents().matches("GET / HTTP/1.1").count(), 1);
    let mut terminal = terminal;
    terminal.press("again\r");
    server.serve();
    terminal.wait("another loss", |screen, _| {
        screen.contents().matches("; reconnecting in ").count() == 2
    });
    let server: Server<()> = before_handshake_on(port, |mut wire| {
        let response = wire
            .response()
            .replace("\r\n\r\n", "\r\nServer: another\r\n\r\n");
        wire.write(response);
        wire.wait_for_end();
    });
    terminal.wait_for("* the server answered differently this time:\n< HTTP/1.1 101 ");
    terminal.wait_for("\n< Server: another\n");
    terminal.press("\x04");
    terminal.finish();
    server.serve();
}

#[test]
fn the_prompt_stays_with_all_it_has_until_ctrl_d() {
    let server = scripted(|mut peer: Peer| {
        peer.expect("beat");
        peer.expect("go");
        peer.close(4001, "expired")
    });
    let port = server.port();
    let mut terminal = terminal(&[server.url()]).prompt();
    terminal.press("/set name value\r/every 1h beat\r");
    terminal.wait_for("→ text 4 B   beat\n");
    terminal.press("go\r");
    server.serve();
    terminal.wait_for("closed by server: 4001 private use \"expired\" after ");
    terminal.wait_for("; /reconnect");
    terminal.press("{{name}}\r");
    terminal.wait_for("not sent: there is no connection; /reconnect opens another\n");
    terminal.press("/status\r");
    terminal.wait_for("CLOSED (3)");
    let server = scripted_on(port, |mut peer: Peer| {
        peer.expect("beat");
        peer.expect("value");
        peer.close(4002, "")
    });
    terminal.press("/reconnect\r");
    terminal.wait_for("* reconnected after a gap of ");
    terminal.press("{{name}}\r");
    server.serve();
    terminal.wait_for("closed by server: 4002 ");
    assert_eq!(terminal.finish(), 111);
}

/// A REPL whose connection a server ended that restarts, and that was left with `keys`.
#[track_caller]
fn left_after_1012(keys: &str) -> String {
    let server = scripted(|mut peer: Peer| {
        peer.expect("go");
        peer.close(1012, "")
    });
    let mut terminal = terminal(&[server.url()]).prompt();
    terminal.press("go\r");
    server.serve();
    terminal.wait_for("; /reconnect or Ctrl-D");
    terminal.press(keys);
    terminal.finish();
    terminal.contents()
}

#[test]
fn an_end_that_is_shown_is_not_shown_again() {
    let screen = left_after_1012("\x04");
    assert_eq!(screen.matches("hint: ").count(), 1, "{screen}");
    assert!(screen.contains("/reconnect"), "{screen}");
    assert!(!screen.contains("--reconnect"), "{screen}");
    assert_eq!(screen.matches("closed by server: ").count(), 1, "{screen}");
    let last = screen.trim_end().lines().last();
    assert!(
        last.is_some_and(|line| line.ends_with("; /reconnect or Ctrl-D")),
        "{screen}"
    );
}

#[test]
fn an_interrupt_after_an_end_that_is_shown_is_named() {
    let screen = left_after_1012("\x03\x03");
    assert_eq!(screen.matches("hint: ").count(), 1, "{screen}");
    assert!(
        screen.contains("\ninterrupted; closed by server: "),
        "{screen}"
    );
}

#[test]
fn exit_on_close_leaves_at_once() {
    let server = scripted(|mut peer: Peer| {
        peer.expect("go");
        peer.close(4001, "")
    });
    let mut terminal = terminal(&[server.url(), "--exit-on-close"]).prompt();
    terminal.press("go\r");
    assert_eq!(terminal.finish(), 111);
    assert!(!terminal.contents().contains("/reconnect"));
    server.serve();
}
