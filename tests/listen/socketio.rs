//! `--as socket.io`, with requests and frames as the specifications of both protocols have them.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::thread;

use rustix::process::Signal;
use tokio_tungstenite::tungstenite::client::client;

use super::{Listening, listening};
use crate::support::peer::{Message, Peer};
use crate::support::run::wsee;

mod hostile;
mod polling;
mod websocket;

/// A response of HTTP, read to its end.
#[derive(Debug)]
struct Response {
    status: u16,
    head: String,
    body: Vec<u8>,
}

fn serving(args: &[&str]) -> Listening {
    listening(&[&["--as", "socket.io"], args].concat())
}

impl Listening {
    /// Sends a request on a connection of its own, without waiting for the response.
    fn ask(&self, method: &str, target: &str, fields: &str, body: &[u8]) -> TcpStream {
        let length = body.len();
        let mut stream = self.connect();
        let head = format!(
            "{method} {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
             Content-Length: {length}\r\n{fields}\r\n"
        );
        stream.write_all(head.as_bytes()).expect("a connection");
        // A server may refuse a body before it is sent.
        let _ = stream.write_all(body);
        stream
    }

    fn get(&self, target: &str) -> Response {
        answer(self.ask("GET", target, "", b""))
    }

    fn post(&self, target: &str, body: impl AsRef<[u8]>) -> Response {
        answer(self.ask("POST", target, "", body.as_ref()))
    }

    /// Opens a session that polls; its target with the `sid`.
    fn session(&self, path: &str) -> String {
        let target = format!("{path}?EIO=4&transport=polling");
        let text = self.get(&target).text();
        format!("{target}&sid={}", sid(&text))
    }

    /// Opens a session that polls and has joined the main namespace.
    fn joined(&self) -> String {
        let target = self.session("/socket.io/");
        assert_eq!(self.post(&target, "40").text(), "ok");
        let connected = self.get(&target).text();
        assert!(connected.starts_with("40{\"sid\":"), "{connected}");
        // On a busy machine both come at once, and a poll would wait.
        if !connected.ends_with("\u{1e}42[\"auth\",{}]") {
            assert_eq!(self.get(&target).text(), r#"42["auth",{}]"#);
        }
        target
    }

    fn socket(&self, target: &str) -> Peer {
        let url = format!("ws://127.0.0.1:{}{target}", self.port);
        let opened = client(url, self.connect());
        Peer::new(opened.expect("an opening handshake").0)
    }

    /// Opens a WebSocket that has joined the main namespace.
    fn joined_socket(&self) -> Peer {
        let mut socket = self.socket("/socket.io/?EIO=4&transport=websocket");
        assert!(text(&socket.receive()).starts_with("0{\"sid\":"));
        socket.send("40");
        assert!(text(&socket.receive()).starts_with("40{\"sid\":"));
        socket.expect(r#"42["auth",{}]"#);
        socket
    }
}

impl Response {
    #[track_caller]
    fn text(self) -> String {
        assert_eq!(self.status, 200, "{}", self.head);
        String::from_utf8(self.body).expect("UTF-8")
    }

    #[track_caller]
    fn refuses(self, status: u16, body: &str) {
        assert_eq!(self.status, status, "{}", self.head);
        assert_eq!(String::from_utf8_lossy(&self.body), body);
    }
}

fn answer(mut stream: TcpStream) -> Response {
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).expect("a response");
    let end = bytes.windows(4).position(|it| it == b"\r\n\r\n");
    let end = end.unwrap_or_else(|| panic!("no head in {:?}", String::from_utf8_lossy(&bytes)));
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let status = head.get(9..12).and_then(|it| it.parse().ok());
    Response {
        status: status.expect("a status"),
        head,
        body: bytes[end + 4..].to_vec(),
    }
}

/// The identifier in an opening packet.
#[track_caller]
fn sid(open: &str) -> &str {
    let (_, rest) = open.split_once("\"sid\":\"").expect("an opening packet");
    rest.split_once('"').expect("an identifier").0
}

#[track_caller]
fn text(message: &Message) -> &str {
    message.to_text().expect("a text message")
}

const UNKNOWN: &str = r#"{"code":1,"message":"Session ID unknown"}"#;

#[test]
fn says_what_it_is_and_how_to_connect() {
    let server = serving(&[]);
    let line = server.running.wait_for_stderr("\n");
    let url = format!("http://127.0.0.1:{}/", server.port);
    let expected = format!("* listening on {url} (Socket.IO 2 to 4, echo); connect with: ");
    assert!(line.starts_with(&expected), "{line}");
    assert!(
        line.ends_with(&format!("wsee --as socket.io {url}\n")),
        "{line}"
    );
}

#[test]
fn events_are_shown_in_words_and_packets_only_with_v() {
    for args in [&[][..], &["-v"]] {
        let server = serving(args);
        let target = server.joined();
        server.post(&target, r#"427["price",{"a":1}]"#);
        assert_eq!(server.get(&target).text(), r#"437[{"a":1}]"#);
        let log = server
            .stop(Signal::INT)
            .exits(130)
            .says("← event \"price\"   { \"a\": 1 }");
        let log = log.says("wants ack 7").says("→ ack 7   { \"a\": 1 }");
        let is_verbose = !args.is_empty();
        let raw = "← text 20 B   427[\"price\",{\"a\":1}]";
        assert_eq!(log.stderr.contains(raw), is_verbose, "{}", log.stderr);
        assert_eq!(log.stderr.contains("< POST /socket.io/"), is_verbose);
        assert_eq!(log.stderr.contains("> HTTP/1.1 200 OK"), is_verbose);
    }
}

#[test]
fn control_characters_in_names_are_escaped() {
    let server = serving(&[]);
    let target = server.joined();
    server.post(&target, "42[\"a\\u001b[31m\"]\x1e40/\x1b[31m,");
    let log = server.stop(Signal::INT).exits(130);
    assert!(!log.stderr.contains('\x1b'), "{:?}", log.stderr);
    log.says("\\u001b[31m");
}

#[test]
fn a_signal_ends_polls_in_order() {
    let server = serving(&["-v"]);
    let target = server.joined();
    let poll = server.ask("GET", &format!("{target}&t=last"), "", b"");
    server.running.wait_for_stderr("&t=last HTTP/1.1");
    let poll = thread::scope(|scope| {
        let poll = scope.spawn(|| answer(poll));
        server.stop(Signal::TERM).exits(143);
        poll.join().expect("a poll")
    });
    assert_eq!(poll.text(), "1");
}

#[test]
fn flags_that_do_not_fit_are_usage_errors() {
    for (args, message) in [
        (&["--namespace", "/a"][..], "--as <NAME>"),
        (
            &["--as", "raw", "--namespace", "/a"],
            "--namespace needs --as socket.io",
        ),
        (
            &["--as", "socket.io", "--namespace", "a"],
            "--namespace \"a\" does not start with a slash; write /a",
        ),
        (
            &["--as", "socket.io", "--ping-interval", "0"],
            "--ping-interval 0 would turn the pings of Engine.IO off",
        ),
        (
            &["--as", "mqtt", "--namespace", "/a"],
            "--namespace needs --as socket.io",
        ),
        (&["--as", "socket.io", "--replay", "x.jsonl"], "--replay"),
    ] {
        let run = wsee(&[&["listen", "0"], args].concat()).run();
        run.exits(2).prints("").says(message);
    }
}

#[test]
fn a_client_with_another_parser_is_answered_in_it() {
    let server = serving(&[]);
    let mut socket = server.socket("/socket.io/?EIO=4&transport=websocket");
    text(&socket.receive());
    socket.send(b"\x82\xa4type\x00\xa3nsp\xa1/".to_vec());
    let connected = socket.receive().into_data();
    let begins = b"\x83\xa4type\x00\xa3nsp\xa1/\xa4data\x81\xa3sid";
    assert!(connected.starts_with(begins), "{connected:02x?}");
    let event = b"\x83\xa4type\x02\xa3nsp\xa1/\xa4data\x92\xa1x\xc4\x01\x07";
    socket.send(event.to_vec());
    let auth = b"\x83\xa4type\x02\xa3nsp\xa1/\xa4data\x92\xa4auth\x80";
    assert_eq!(socket.receive().into_data(), auth.as_slice());
    assert_eq!(socket.receive().into_data(), event.as_slice());
}
