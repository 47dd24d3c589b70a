//! The prompt has the `WebSockets` of hosts that are opened, as in front of one server.

use std::io::Write;
use std::net::TcpStream;

use rustix::process::Signal;
use tokio_tungstenite::tungstenite::client::client;

use crate::listen::listening;
use crate::support::DEADLINE;
use crate::support::peer::{Message, Peer};
use crate::support::pty::terminal;
use crate::support::wire::read_head;

#[test]
fn messages_inside_a_tunnel_are_held_edited_and_added() {
    let server = listening(&["-v"]);
    let args = [
        "proxy",
        "--forward",
        "127.0.0.1:0",
        "--intercept",
        "127.0.0.1",
    ];
    let setup = terminal(&args).env("EDITOR", "sed -i s/this/that/");
    let mut terminal = setup.prompt();
    let shown = terminal.contents();
    let port = shown.split("://127.0.0.1:").nth(1).and_then(|rest| {
        let port = rest.split(|c: char| !c.is_ascii_digit()).next()?;
        port.parse::<u16>().ok()
    });
    let port = port.unwrap_or_else(|| panic!("no address in {shown}"));
    let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("wsee listens");
    stream.set_read_timeout(Some(DEADLINE)).expect("a socket");
    let goal = format!("127.0.0.1:{}", server.port);
    write!(stream, "CONNECT {goal} HTTP/1.1\r\n\r\n").expect("a connection");
    assert!(read_head(&mut stream).starts_with("HTTP/1.1 200 "));
    let (socket, _) = client(format!("ws://{goal}/chat"), stream).expect("an opening handshake");
    let mut client = Peer::new(socket);
    let mut types = |line: &str, answer: &str| {
        terminal.press(&format!("{line}\r"));
        terminal.wait_for(answer);
    };
    types("/hold client", "messages from the client are held");
    client.send(Message::text("this"));
    types("", "@1 * #1 is held: /pass, /edit 1 or /discard 1\n");
    types("/conns", "@1 ");
    types("/conns", &format!("{goal}/chat"));
    types("/edit 1", " left in place of #1\n");
    client.expect("that");
    types("/hold off", "are no longer held\n");
    types("/inject client hello", "hello");
    client.expect("hello");
    client.close(1000, "");
    terminal.leave();
    server.stop(Signal::INT).never_says("   this");
}
