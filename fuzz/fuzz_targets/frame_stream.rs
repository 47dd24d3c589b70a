//! Streams of frames: what they mean does not depend on how they are cut, nor on who reads them.

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

/// The largest message that is taken, in bytes.
const LIMIT: usize = 1 << 20;

fuzz_target!(|input: (u8, [u8; 4], &[u8])| {
    let (switches, cuts, stream) = input;
    let is_on = |bit: u8| switches & 1 << bit != 0;
    let role = if is_on(0) { Role::Client } else { Role::Server };
    let config = Config {
        delivery: if is_on(1) {
            Delivery::Streamed
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
    // Nobody has to inflate more than this in a test; the limit holds for whole messages only.
    let stream = &stream[..stream.len().min(16 << 10)];
    let whole = told(&config, &[usize::MAX], stream);
    let sizes = cuts.map(|cut| 1 + usize::from(cut));
    assert_eq!(whole, told(&config, &sizes, stream), "{config:?}");
    assert_eq!(whole, told(&config, &[1], stream), "{config:?}");
    if is_on(3) || is_on(5) || is_on(1) || is_on(2) || whole.failed {
        return;
    }
    if let Some(theirs) = theirs(role, stream) {
        let closed = whole.told.last().is_some_and(|last| last.0 == "close");
        let is_equal = whole.told == theirs || closed && theirs.starts_with(&whole.told);
        assert!(is_equal, "{:?}, and theirs {theirs:?}", whole.told);
    }
});

/// What came of a stream.
#[derive(Debug, Default, PartialEq)]
struct Verdict {
    told: Vec<Told>,
    /// What came of a message that has not ended.
    partial: Vec<u8>,
    /// Rules whose violation was tolerated.
    tolerated: Vec<String>,
    failed: bool,
    /// What went back: pongs, a Close frame.
    answers: u64,
}

/// The name of an event, and its payload.
type Told = (&'static str, Vec<u8>);

fn told(config: &Config, sizes: &[usize], mut stream: &[u8]) -> Verdict {
    let now = Instant::now();
    let mut connection = Connection::new(config.clone(), Buffer::with_capacity(16), [7; 32], now);
    let mut verdict = Verdict::default();
    let mut sizes = sizes.iter().cycle();
    while !stream.is_empty() {
        let room = connection.input();
        let most = *sizes.next().unwrap_or(&1);
        let n = room.len().min(most).min(stream.len());
        room[..n].copy_from_slice(&stream[..n]);
        connection.received(n, now);
        stream = &stream[n..];
        while let Some((event, _)) = connection.poll_event(now) {
            take(&mut verdict, event);
        }
        let written = connection.sender().output().len();
        connection.written(written, now);
    }
    verdict.partial.clear();
    if config.deflate.is_some()
        && verdict.failed
        && let Some((_, rule)) = verdict.told.last_mut()
    {
        // Of the faults of a compressed text, the one that is met first depends on how much was inflated at once.
        rule.clear();
        verdict.tolerated.clear();
    }
    verdict.answers = connection.traffic().0.frames;
    verdict
}

fn take(verdict: &mut Verdict, event: Event<'_>) {
    let (name, payload) = match event {
        Event::Message(message) => {
            let name = match message.kind {
                Kind::Text => "text",
                Kind::Binary => "binary",
            };
            // Where the pieces of a streamed message are cut, and how many come before a violation, has no meaning.
            if message.start {
                verdict.partial.clear();
            }
            verdict.partial.extend_from_slice(message.payload);
            if !message.end {
                return;
            }
            (name, std::mem::take(&mut verdict.partial))
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
            // A whole message comes before what is wrong with it, one in pieces after.
            return verdict.tolerated.push(violation.rule.to_string());
        }
        Event::Violation(violation) => {
            verdict.failed = true;
            ("violation", violation.rule.to_string().into_bytes())
        }
        _ => return,
    };
    verdict.told.push((name, payload));
}

/// What tungstenite makes of it; `None` when it refuses the stream.
fn theirs(role: Role, stream: &[u8]) -> Option<Vec<Told>> {
    let role = match role {
        Role::Client => TheirRole::Client,
        Role::Server => TheirRole::Server,
    };
    let config = WebSocketConfig::default()
        .max_frame_size(Some(LIMIT))
        .max_message_size(Some(LIMIT));
    let memory = Memory(Cursor::new(stream));
    let mut socket = WebSocket::from_raw_socket(memory, role, Some(config));
    let mut told = Vec::new();
    loop {
        told.push(match socket.read() {
            Ok(Message::Text(text)) => ("text", text.as_bytes().to_vec()),
            Ok(Message::Binary(payload)) => ("binary", payload.to_vec()),
            Ok(Message::Ping(payload)) => ("ping", payload.to_vec()),
            Ok(Message::Pong(payload)) => ("pong", payload.to_vec()),
            Ok(Message::Close(frame)) => {
                let code = frame.map_or(1005, |frame| u16::from(frame.code));
                ("close", code.to_be_bytes().to_vec())
            }
            Ok(Message::Frame(_)) => unreachable!("never read"),
            Err(Error::Io(error)) if error.kind() == ErrorKind::WouldBlock => return Some(told),
            Err(Error::ConnectionClosed) => return Some(told),
            Err(_) => return None,
        });
    }
}

/// A stream in memory that would block at its end, and forgets what is written to it.
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
