//! Ends that pass, and which side began.

use std::io::{ErrorKind, Read, Write};
use std::net::Shutdown;

use rustix::net::sockopt::set_socket_linger;
use rustix::process::Signal;

use super::exact::{raw, read};
use super::proxying;
use crate::listen::{exchange, listening, request};
use crate::support::peer::{Message, scripted};
use crate::support::server::Server;
use crate::support::wire::read_head;

#[test]
fn the_log_says_who_closed_and_what_the_other_answered() {
    let server = scripted(|mut peer| {
        peer.receive();
        peer.close(4001, "over")
    });
    let proxy = proxying(server.url(), &[]);
    let mut client = proxy.open();
    client.send(Message::text("go"));
    let received = client.record();
    assert_eq!(received.close, Some((4001, "over".to_owned())));
    server.finish();
    let ending = "@1 * closed by server: 4001 private use \"over\" after ";
    proxy.running.wait_for_stderr(ending);
    proxy
        .stop(Signal::INT)
        .exits(130)
        .says("(client: 1 message, ")
        .says("← close 4001 private use \"over\"\n");
}

#[test]
fn a_half_closed_side_is_half_closed_on_the_other() {
    let server = raw("", |mut stream| {
        let mut all = Vec::new();
        stream.read_to_end(&mut all).expect("an orderly end");
        // The other direction still passes.
        stream.write_all(b"\x81\x04late").expect("a connection");
        all.len()
    });
    let proxy = proxying(server.url(), &[]);
    let mut client = proxy.connect();
    exchange(&mut client, request(""));
    client.write_all(b"\x81\x85abcd12").expect("a connection");
    client.shutdown(Shutdown::Write).expect("a connection");
    let mut got = Vec::new();
    client.read_to_end(&mut got).expect("an orderly end");
    assert_eq!(got, b"\x81\x04late");
    assert_eq!(server.finish(), 8);
    let text = "@1 * the client ended TCP without a Close frame in the middle of a frame (2 of 5 bytes) after ";
    proxy.running.wait_for_stderr(text);
}

#[test]
fn a_reset_in_the_middle_of_a_frame_is_a_reset_on_the_other_side() {
    let server = raw("", |mut stream| {
        read(&mut stream, 8);
        stream.read(&mut [0]).map_err(|error| error.kind())
    });
    let proxy = proxying(server.url(), &[]);
    let mut client = proxy.connect();
    exchange(&mut client, request(""));
    client.write_all(b"\x81\x85abcd12").expect("a connection");
    proxy.running.wait_for_stderr("@1 <\n");
    std::thread::sleep(std::time::Duration::from_millis(100));
    set_socket_linger(&client, Some(std::time::Duration::ZERO)).expect("a socket");
    drop(client);
    assert_eq!(server.finish(), Err(ErrorKind::ConnectionReset));
    let text = "@1 * lost the client: TCP reset in the middle of a frame (2 of 5 bytes) after ";
    proxy.running.wait_for_stderr(text);
}

#[test]
fn a_server_that_resets_resets_the_client() {
    let server = raw("", |stream| {
        set_socket_linger(&stream, Some(std::time::Duration::ZERO)).expect("a socket");
    });
    let proxy = proxying(server.url(), &[]);
    let mut client = proxy.connect();
    exchange(&mut client, request(""));
    let end = client.read(&mut [0]).map_err(|error| error.kind());
    assert_eq!(end, Err(ErrorKind::ConnectionReset));
    server.finish();
    proxy
        .running
        .wait_for_stderr("@1 * lost the server: TCP reset after ");
}

#[test]
fn a_server_that_does_not_read_holds_the_client_back() {
    let server = raw("", |mut stream| {
        // Until the client is stuck.
        assert_eq!(read(&mut stream, 1), b"\x82");
        let mut all = Vec::new();
        stream.read_to_end(&mut all).expect("an orderly end");
        all.len() + 1
    });
    let proxy = proxying(server.url(), &[]);
    let mut client = proxy.connect();
    exchange(&mut client, request(""));
    client
        .set_write_timeout(Some(std::time::Duration::from_millis(500)))
        .expect("a socket");
    let mut sent = client
        .write(&[&b"\x82\xff\0\0\0\x10\0\0\0\0abcd"[..], &vec![0; 1 << 20]].concat())
        .expect("room");
    while let Ok(n) = client.write(&vec![0; 1 << 16]) {
        sent += n;
        if sent > 64 << 20 {
            break;
        }
    }
    client.shutdown(Shutdown::Write).expect("a connection");
    assert_eq!(server.finish(), sent);
}

#[test]
fn an_interrupt_closes_both_ends_with_1001() {
    let server = listening(&[]);
    let proxy = proxying(&server.url(), &[]);
    let mut client = proxy.open();
    client.send(Message::text("a"));
    client.expect("a");
    proxy.running.signal(Signal::INT);
    assert_eq!(client.record().close, Some((1001, String::new())));
    server
        .running
        .wait_for_stderr("@1 * closed by client: 1001 going away");
    let output = proxy.running.wait().exits(130);
    output.says("@1 * closed by the proxy: 1001 going away, Ctrl-C (SIGINT), after ");
    server.stop(Signal::INT);
}

#[test]
fn a_client_that_leaves_before_the_answer_ends_the_connection_to_the_server() {
    let server = Server::start(|mut stream| {
        read_head(&mut stream);
        stream.read(&mut [0]).expect("the end")
    });
    let proxy = proxying(server.url(), &["--connect-timeout", "0"]);
    let mut client = proxy.connect();
    client
        .write_all(request("").as_bytes())
        .expect("a connection");
    proxy.running.wait_for_stderr("> GET /chat HTTP/1.1");
    drop(client);
    proxy
        .running
        .wait_for_stderr("wsee: the client left before the server answered");
    assert_eq!(server.finish(), 0);
}
