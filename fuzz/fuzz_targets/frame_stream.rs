//! Streams of frames: their meaning does not depend on how they are split, and tungstenite agrees on it.

#![no_main]

use std::io::{self, Cursor, ErrorKind, Read, Write};
use std::time::Instant;

use libfuzzer_sys::fuzz_target;
use tokio_tungstenite::tungstenite::protocol::{Role as TheirRole, WebSocket, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message};
use wsee::proto::Role;
use wsee::proto::buffer::Buffer;
use wsee::proto::connection::{Config, Connection, Event};
use wsee::proto::deflate::Params;
use wsee::proto::message::Kind;
use wsee::proto::receiver::Delivery;

/// The message size limit, in bytes.
const LIMIT: usize = 1 << 20;

fuzz_target!(|input: (u8, [u8; 4], &[u8])| {
    let (switches, cuts, stream) = input;
    let is_on = |bit: u8| switches & 1 << bit != 0;
    let role = if is_on(0) { Role::Client } else { Role::Server };
    let config = Config {
        delivery: if is_on(1) {
            Delivery::UNLIMITED
        } else {
            Delivery::Whole {
                max_message: LIMIT as u64,
            }
        },
        observe_frames: is_on(2),
        deflate: is_on(3).then_some(Params {
            client_no_context_takeover: is_on(4),
            server_no_context_takeover: is_on(4),
            client_max_window_bits: 15,
            server_max_window_bits: 15,
        }),
        lenient: is_on(5),
        ..Config::new(role)
    };
    // Bounds what a streamed bomb inflates to, as the limit holds for whole messages only.
    let stream = &stream[..stream.len().min(16 << 10)];
    let whole = receive(&config, &[usize::MAX], stream);
    let sizes = cuts.map(|cut| 1 + usize::from(cut));
    assert_eq!(whole, receive(&config, &sizes, stream), "{config:?}");
    assert_eq!(whole, receive(&config, &[1], stream), "{config:?}");
    if is_on(3) || is_on(5) || is_on(1) || is_on(2) || whole.failed {
        return;
    }
    if let Some(theirs) = tungstenite(role, stream) {
        let closed = whole.items.last().is_some_and(|last| last.0 == "close");
        let is_equal = whole.items == theirs || closed && theirs.starts_with(&whole.items);
        assert!(is_equal, "{:?}, and theirs {theirs:?}", whole.items);
    }
});

/// Everything that a stream leads to.
#[derive(Debug, Default, PartialEq)]
struct Received {
    items: Vec<Item>,
    /// The payload of an incomplete message.
    partial: Vec<u8>,
    /// Tolerated violations.
    tolerated: Vec<String>,
    failed: bool,
    /// The number of frames sent in return: pongs and a Close frame.
    answers: u64,
}

/// The name of an event, and its payload.
type Item = (&'static str, Vec<u8>);

fn receive(config: &Config, sizes: &[usize], mut stream: &[u8]) -> Received {
    let now = Instant::now();
    let mut connection = Connection::new(config.clone(), Buffer::with_capacity(16), [7; 32], now);
    let mut received = Received::default();
    let mut sizes = sizes.iter().cycle();
    while !stream.is_empty() {
        let room = connection.input();
        let most = *sizes.next().unwrap_or(&1);
        let n = room.len().min(most).min(stream.len());
        room[..n].copy_from_slice(&stream[..n]);
        connection.received(n, now);
        stream = &stream[n..];
        while let Some((event, _)) = connection.poll_event(now) {
            take(&mut received, event);
        }
        let written = connection.sender().output().len();
        connection.written(written, now);
    }
    received.partial.clear();
    if config.deflate.is_some()
        && received.failed
        && let Some((_, rule)) = received.items.last_mut()
    {
        // Which fault of a compressed text is found first depends on how much is inflated at once.
        rule.clear();
        received.tolerated.clear();
    }
    received.answers = connection.traffic().0.frames;
    received
}

fn take(received: &mut Received, event: Event<'_>) {
    let (name, payload) = match event {
        Event::Message(message) => {
            let name = match message.kind {
                Kind::Text => "text",
                Kind::Binary => "binary",
            };
            // Where a streamed message is split, and how many pieces precede a violation, has no meaning.
            if message.start {
                received.partial.clear();
            }
            received.partial.extend_from_slice(message.payload);
            if !message.end {
                return;
            }
            (name, std::mem::take(&mut received.partial))
        }
        Event::Ping { payload, .. } => ("ping", payload.to_vec()),
        Event::Pong { payload, .. } => ("pong", payload.to_vec()),
        Event::Close(frame) => {
            let code = frame.map_or(1005, |frame| frame.code.0);
            ("close", code.to_be_bytes().to_vec())
        }
        Event::FrameReceived(header) => {
            let bytes = header.bytes[..header.size].to_vec();
            ("frame", bytes)
        }
        Event::Tolerated(violation) => {
            // Kept apart, as a whole message precedes its fault, and one in pieces follows it.
            return received.tolerated.push(violation.rule.to_string());
        }
        Event::Violation(violation) => {
            received.failed = true;
            ("violation", violation.rule.to_string().into_bytes())
        }
        _ => return,
    };
    received.items.push((name, payload));
}

/// The same, as tungstenite reads it; `None` when it refuses the stream.
fn tungstenite(role: Role, stream: &[u8]) -> Option<Vec<Item>> {
    let role = match role {
        Role::Client => TheirRole::Client,
        Role::Server => TheirRole::Server,
    };
    let config = WebSocketConfig::default()
        .max_frame_size(Some(LIMIT))
        .max_message_size(Some(LIMIT));
    let memory = Memory(Cursor::new(stream));
    let mut socket = WebSocket::from_raw_socket(memory, role, Some(config));
    let mut items = Vec::new();
    loop {
        items.push(match socket.read() {
            Ok(Message::Text(text)) => ("text", text.as_bytes().to_vec()),
            Ok(Message::Binary(payload)) => ("binary", payload.to_vec()),
            Ok(Message::Ping(payload)) => ("ping", payload.to_vec()),
            Ok(Message::Pong(payload)) => ("pong", payload.to_vec()),
            Ok(Message::Close(frame)) => {
                let code = frame.map_or(1005, |frame| u16::from(frame.code));
                ("close", code.to_be_bytes().to_vec())
            }
            Ok(Message::Frame(_)) => unreachable!("never read"),
            Err(Error::Io(error)) if error.kind() == ErrorKind::WouldBlock => return Some(items),
            Err(Error::ConnectionClosed) => return Some(items),
            Err(_) => return None,
        });
    }
}

/// A stream in memory that blocks at its end and discards what is written to it.
struct Memory<'a>(Cursor<&'a [u8]>);

impl Read for Memory<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.0.read(buffer)? {
            0 => Err(ErrorKind::WouldBlock.into()),
            n => Ok(n),
        }
    }
}

impl Write for Memory<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
