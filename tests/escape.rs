//! No code point and no byte of a peer's steers a terminal, in whatever output it stands.

mod output;

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use wsee::event::{Cause, Ending, Event};
use wsee::proto::Role;
use wsee::proto::buffer::Buffer;
use wsee::proto::connection::{self, AutoPong, Config, Connection, End, Message};
use wsee::proto::frame::{CloseCode, CloseFrame};
use wsee::proto::http1::Reader;
use wsee::proto::http1::head;
use wsee::proto::message::Kind;
use wsee::proto::sender::Control;
use wsee::render::clock::Clock;
use wsee::render::close_summary::ending;
use wsee::render::{Human, Secrets, Show, Style};

use crate::session::harness::{Harness, now, paused};
use crate::support::run::wsee;
use crate::support::tls;
use crate::support::wire::{after_handshake, before_handshake};

/// Code points that are shown together.
const TOGETHER: u32 = 64;

/// Claims that `text` holds nothing that a terminal acts on but newlines and tabs; says where it stood.
#[track_caller]
pub fn is_safe(text: &str, place: &str) {
    for c in text.chars() {
        let is_control = matches!(c, '\0'..='\x1f' | '\x7f'..='\u{9f}') && !"\n\t".contains(c);
        let is_bidi = matches!(c,
            '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        let is_line_break = matches!(c, '\u{2028}' | '\u{2029}');
        assert!(
            !is_control && !is_bidi && !is_line_break,
            "{c:?} got through in {place}: {text:?}"
        );
    }
}

fn view() -> Human {
    let clock = Clock::new(Instant::now(), jiff::Timestamp::now());
    Human::new(Show::prompt(2), Style::new(false), Secrets::Shown, clock)
}

/// All code points, some at a time.
fn texts() -> impl Iterator<Item = String> {
    let starts = (0..=u32::from(char::MAX)).step_by(TOGETHER as usize);
    starts.map(|start| {
        let codes = start..start + TOGETHER;
        codes.filter_map(char::from_u32).collect()
    })
}

/// Bytes as a text of CBOR, of `MessagePack`, and of a protobuf field: the views of binary messages.
fn binaries(bytes: &[u8]) -> [Vec<u8>; 4] {
    let len = u16::try_from(bytes.len()).expect("a short text");
    let cbor = [&[0x79], &len.to_be_bytes()[..], bytes].concat();
    let msgpack = [&[0xda], &len.to_be_bytes()[..], bytes].concat();
    let varint = [
        (len & 0x7f | 0x80).to_le_bytes()[0],
        (len >> 7).to_le_bytes()[0],
    ];
    let protobuf = [&[0x0a], &varint[..], bytes].concat();
    [cbor, msgpack, protobuf, bytes.to_vec()]
}

/// Shows `bytes` wherever a connection can bring them.
fn is_shown_safely(human: &mut Human, any: &Ending, bytes: &[u8]) {
    use connection::Event::{Close, Message as Data, Ping, Pong, Sent};
    let now = Instant::now();
    let text = String::from_utf8_lossy(bytes);
    let json = serde_json::json!({ &*text: [&*text] }).to_string();
    let (answer, rtt) = (AutoPong::Sent, None);
    let frame = Some(CloseFrame::new(CloseCode(1008), text.as_ref()));
    let mut events = vec![
        Data(Message::whole(Kind::Text, bytes, None)),
        Data(Message::whole(Kind::Text, json.as_bytes(), None)),
        Ping {
            payload: bytes,
            answer,
        },
        Pong {
            payload: bytes,
            rtt,
        },
        Close(frame.clone()),
        Sent(Control::Close(frame)),
        Sent(Control::Ping(bytes.to_vec())),
    ];
    let binaries = binaries(bytes);
    for binary in &binaries {
        events.push(Data(Message::whole(Kind::Binary, binary, None)));
    }
    for event in events {
        let place = format!("{event:?}");
        let mut out = String::new();
        human.event(&mut out, &Event::Connection(&event), now);
        assert!(!out.is_empty(), "{place} is not shown");
        is_safe(&out, &place);
    }
    let end = End::Closed {
        by_peer: true,
        sent: None,
        received: Some(CloseFrame::new(CloseCode(1008), text.as_ref())),
    };
    is_safe(
        &last_line(
            any,
            end,
            Cause::Input {
                problem: text.clone().into_owned(),
                hint: None,
            },
        ),
        "the last line",
    );
    let end = End::Lost {
        error: Some(text.clone().into_owned()),
        partial: None,
        silence: Duration::ZERO,
        closing: false,
    };
    is_safe(
        &last_line(any, end, Cause::Write(text.into_owned())),
        "the last line",
    );
}

fn last_line(any: &Ending, end: End, cause: Cause) -> String {
    let cause = Some(cause);
    let ended = Ending {
        end,
        cause,
        ..any.clone()
    };
    ending(&ended, "server")
}

/// How some session ended.
fn some_ending() -> Ending {
    paused(async {
        let config = Config::new(Role::Client);
        let connection = Connection::new(config, Buffer::with_capacity(16), [7; 32], now());
        let mut harness = Harness::new(connection);
        harness.peer_ends();
        harness.ending.expect("an end")
    })
}

#[test]
fn no_code_point_gets_through_in_any_view() {
    let (mut human, any) = (view(), some_ending());
    for text in texts() {
        is_shown_safely(&mut human, &any, text.as_bytes());
    }
}

#[test]
fn no_random_bytes_get_through_in_any_view() {
    let (mut human, any) = (view(), some_ending());
    let mut random = StdRng::seed_from_u64(21743);
    for _ in 0..4000 {
        let mut bytes = [0; 40];
        random.fill_bytes(&mut bytes);
        is_shown_safely(&mut human, &any, &bytes);
    }
}

#[test]
fn no_byte_of_a_response_gets_through() {
    let human = view();
    let mut shown = 0;
    for byte in 0..=u8::MAX {
        for response in [
            [b"HTTP/1.1 403 a", &[byte][..], b"b\r\n\r\n"].concat(),
            [b"HTTP/1.1 403 No\r\nX-A: a", &[byte][..], b"b\r\n\r\n"].concat(),
            [b"HTTP/1.1 403 No\r\nX", &[byte][..], b"A: b\r\n\r\n"].concat(),
            [
                b"HTTP/1.1 403 No\r\nX-A: \xe2\x80",
                &[byte][..],
                b"b\r\n\r\n",
            ]
            .concat(),
            [b"HTTP/1.1 403 No\r\nX-A: \xc2", &[byte][..], b"b\r\n\r\n"].concat(),
        ] {
            let mut out = String::new();
            match Reader::new(head::Message::Response).read(&response) {
                Ok(Some(head)) => human.response(&mut out, &head),
                Ok(None) => panic!("a head without an end"),
                Err(error) => out.push_str(&error.to_string()),
            }
            shown += usize::from(!out.is_empty());
            // What is no head is escaped with the line that says so.
            is_safe(&wsee::render::escape::escape_payload(&out), "a response");
            if out.contains("403") {
                is_safe(&out, "a response");
            }
        }
    }
    assert_eq!(shown, 5 * 256);
}

/// Text that steers terminals as far as a line of a head can hold it.
const LINE: &str = "\u{9b}31m\u{9d}0;owned\u{9c}\u{202e}evil\u{2066}\u{2028}\u{200f}";
/// The same, and what a line cannot hold.
const TEXT: &str =
    "\x1b]0;owned\x07\x1b[2J\x1bc\u{9b}31m\u{202e}evil\u{2066}\rOVER\x08\x7f\u{2028}";

#[test]
fn a_refusal_reaches_stderr_escaped() {
    for arg in ["-v", "--timing"] {
        let server = before_handshake(|mut wire| {
            let body = TEXT.repeat(3);
            let mut head = format!("HTTP/1.1 403 {LINE}\r\n");
            for name in [
                "Server",
                "WWW-Authenticate",
                "Location",
                "Set-Cookie",
                "Retry-After",
            ] {
                let _ = write!(head, "{name}: {LINE}\r\n");
            }
            wire.write(format!(
                "{head}Content-Length: {}\r\n\r\n{body}",
                body.len()
            ));
            wire.wait_for_end();
        });
        let output = wsee(&[server.url(), arg]).run().exits(22).says("evil");
        is_safe(&output.stderr, arg);
    }
}

#[test]
fn a_wrong_response_reaches_stderr_escaped() {
    for response in [
        format!("SSH-2.0-{TEXT}\r\n"),
        format!("HTTP/1.1 101 {LINE}\r\nUpgrade: {LINE}\r\nConnection: Upgrade\r\n\r\n"),
        format!(
            "HTTP/1.1 101 Yes\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Accept: {LINE}\r\n\r\n"
        ),
        format!("HTTP/1.1 101 Yes\r\nUpgrade: websocket\r\nConnection: {LINE}\r\n\r\n"),
        format!("HTTP/1.1 101 Yes\r\nX: {TEXT}\r\n\r\n"),
        format!("HTTP/1.1 {TEXT}\r\n\r\n"),
    ] {
        let server = before_handshake(move |mut wire| {
            wire.write(response);
            wire.wait_for_end();
        });
        let output = wsee(&[server.url(), "-v"]).run().exits(112);
        is_safe(&output.stderr, "a wrong response");
    }
}

#[test]
fn a_wrong_choice_reaches_stderr_escaped() {
    for field in ["Sec-WebSocket-Protocol", "Sec-WebSocket-Extensions"] {
        for value in [LINE.to_owned(), format!("permessage-deflate; a=\"{LINE}\"")] {
            let server = before_handshake(move |mut wire| {
                let field = format!("\r\n{field}: {value}\r\n\r\n");
                let response = wire.response().replace("\r\n\r\n", &field);
                wire.write(response);
                wire.wait_for_end();
            });
            let output = wsee(&[server.url(), "-v", "-s", "chat"]).run().exits(112);
            is_safe(&output.stderr, field);
        }
    }
}

#[test]
fn received_text_reaches_stderr_escaped() {
    let server = after_handshake(|mut wire| {
        let frame = |start: u8, payload: &str| {
            let len = u8::try_from(payload.len()).expect("a short payload");
            [&[start, len], payload.as_bytes()].concat()
        };
        wire.write(frame(0x81, TEXT));
        wire.write(frame(0x82, TEXT));
        wire.write(frame(0x89, TEXT));
        wire.write(frame(0x8a, TEXT));
        // The code is 4000.
        wire.write(
            [
                &[0x88, 2 + TEXT.len().to_le_bytes()[0], 0x0f, 0xa0],
                TEXT.as_bytes(),
            ]
            .concat(),
        );
        wire.wait_for_end();
    });
    let output = wsee(&[server.url(), "-vv"]).run();
    is_safe(&output.stderr, "-vv");
    output.says("evil").says("\\x1b]0;owned");
}

#[test]
fn the_names_of_a_certificate_reach_stderr_escaped() {
    for arg in ["--insecure", "-v"] {
        let identity = tls::named(TEXT, &["localhost"]);
        let server = tls::serving(identity, |mut stream| {
            let _ = std::io::Read::read(&mut stream, &mut [0; 1024]);
        });
        let url = tls::url(&server);
        let output = wsee(&[&url, arg, "-v"]).run();
        is_safe(&output.stderr, arg);
        output.says("evil");
        drop(server);
    }
}

#[test]
fn the_notes_of_a_pasted_curl_command_are_escaped() {
    let option = format!("--no-such-{TEXT}");
    for args in [
        vec!["curl", "--", "curl", "http://127.0.0.1:1/", &option],
        vec!["curl", "--", "curl", "http://127.0.0.1:1/", "-X", TEXT],
        vec![
            "curl",
            "--",
            "curl",
            "http://127.0.0.1:1/",
            "--max-redirs",
            TEXT,
        ],
        vec!["curl", "--", "curl", TEXT],
        vec!["--debug", TEXT],
        vec!["ws://127.0.0.1:1/", "-H", TEXT],
        vec!["ws://127.0.0.1:1/", "-s", TEXT],
        vec!["ws://127.0.0.1:1/", "--jq", TEXT],
        vec!["ws://127.0.0.1:1/", "--proxy", TEXT],
        vec!["ws://127.0.0.1:1/", "--no-such", TEXT],
        vec!["ws://127.0.0.1:1/", &option],
    ] {
        let output = wsee(&args).run();
        assert_ne!(output.status, 0, "{args:?}");
        is_safe(&output.stderr, &format!("{args:?}"));
    }
}
