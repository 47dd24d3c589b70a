//! Messages that come back.

use rustix::process::Signal;

use super::{exchange, listening, request};
use crate::support::peer::Message;
use crate::support::run::peak_memory_of;

#[test]
fn fifty_clients_at_once_get_their_own_messages() {
    let server = listening(&[]);
    let mut clients: Vec<_> = (0..50).map(|_| server.open()).collect();
    let messages = |number| {
        let binary = vec![u8::try_from(number).expect("a small number"); 70_000];
        [
            Message::text(format!("client {number}")),
            Message::binary(binary),
        ]
    };
    for (number, client) in clients.iter_mut().enumerate() {
        for message in messages(number) {
            client.send(message);
        }
    }
    for (number, client) in clients.iter_mut().enumerate() {
        for message in messages(number) {
            assert!(client.receive() == message, "another message came back");
        }
    }
    for client in clients {
        assert_eq!(client.close(1000, "").close, Some((1000, String::new())));
    }
    for number in 1..=50 {
        let ending = format!("@{number} * closed by client: 1000 normal closure after ");
        server.running.wait_for_stderr(&ending);
    }
    let output = server.stop(Signal::INT).exits(130).prints("");
    for number in 1..=50 {
        assert!(
            output
                .stderr
                .contains(&format!("@{number} * connected from 127.0.0.1:"))
        );
    }
}

#[test]
fn shows_messages_and_control_frames_on_stderr() {
    let server = listening(&[]);
    let mut client = server.open();
    client.send(Message::text("{\"a\":1}"));
    client.receive();
    client.send(Message::binary(&b"\x00\xff"[..]));
    client.receive();
    client.send(Message::Ping(b"abc"[..].into()));
    client.receive();
    client.close(4001, "over");
    let ending = "@1 * closed by client: 4001 private use \"over\" after ";
    server.running.wait_for_stderr(ending);
    let output = server.stop(Signal::INT).exits(130).prints("");
    output
        .says("← text 7 B   { \"a\": 1 }\n")
        .says("→ text 7 B   { \"a\": 1 }\n")
        .says("← binary 2 B\n@1   00000000  00 ff ")
        .says("← ping 3 B \"abc\"   (pong sent)\n")
        .says("← close 4001 private use \"over\"\n")
        .never_says("frame FIN");
}

#[test]
fn vv_shows_every_frame() {
    let server = listening(&["-vv"]);
    let mut client = server.open();
    client.send("hi");
    client.expect("hi");
    client.close(1000, "");
    let output = server.stop(Signal::INT).exits(130).prints("");
    output
        .says("← frame FIN text, mask ")
        .says("→ frame FIN text, no mask, 2 B (7-bit), header 81 02 at ");
}

#[test]
fn a_large_message_comes_back_whole() {
    let server = listening(&[]);
    let mut client = server.open();
    let message = Message::text("0123456789abcde\n".repeat(256 << 10));
    client.send(message.clone());
    assert!(client.receive() == message, "another message came back");
}

#[test]
fn pings_of_its_own_are_sent_if_asked_for() {
    let server = listening(&["--ping-interval", "50ms"]);
    let mut client = server.open();
    assert!(matches!(client.receive(), Message::Ping(_)));
    assert!(matches!(client.receive(), Message::Ping(_)));
    drop(client);
    server.running.wait_for_stderr("(round trip ");
}

/// npm's ws needs 9 KiB. Buffers, the inflater and the task's future were 261 KiB once.
#[cfg(target_os = "linux")]
#[test]
fn an_idle_connection_costs_a_few_kib() {
    const CONNECTIONS: u64 = 300;
    let server = listening(&[]);
    let open = || {
        let mut stream = server.connect();
        exchange(
            &mut stream,
            request("Sec-WebSocket-Extensions: permessage-deflate\r\n"),
        );
        stream
    };
    let first: Vec<_> = (0..10).map(|_| open()).collect();
    let before = peak_memory_of(server.running.id());
    let idle: Vec<_> = (0..CONNECTIONS).map(|_| open()).collect();
    let each = (peak_memory_of(server.running.id()) - before) / CONNECTIONS;
    assert!(each < 16 << 10, "{each} bytes");
    drop((first, idle));
    server.stop(Signal::INT).exits(130);
}
