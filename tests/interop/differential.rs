//! The engine and tungstenite read the same streams: valid ones, and valid ones that were damaged.
//!
//! Where they differ on a damaged stream, the table of [`Difference`]s says why the engine is right.

use std::collections::BTreeSet;
use std::io::{self, Cursor, ErrorKind, Read, Write};
use std::time::Instant;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tokio_tungstenite::tungstenite::protocol::{Role as TheirRole, WebSocket, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message};
use wsee::proto::Role;
use wsee::proto::buffer::Buffer;
use wsee::proto::connection::{Config, Connection, Event};
use wsee::proto::message::Kind;
use wsee::proto::rules::Rule;

use crate::conformance::case::{Frame, Told, binary, close, continuation, ping, pong, text};

/// What came of a stream that has not ended.
#[derive(Debug, PartialEq)]
struct Verdict<F> {
    told: Vec<Told>,
    /// Why the connection was failed, if it was.
    failed: Option<F>,
}

/// Why the engine's verdict is another than tungstenite's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Difference {
    /// RFC 6455 §5.2: "the minimal number of bytes MUST be used to encode the length".
    NonMinimalLength,
    /// RFC 6455 §7.4.1, §7.4.2: tungstenite tells another code than the one that came.
    ForbiddenCloseCode,
    /// RFC 6455 §8.1: the sequence cannot become UTF-8; tungstenite waits for the frame's end.
    Utf8AtOnce,
    /// RFC 6455 §5: a header that breaks a rule; tungstenite waits for the payload.
    HeaderAtOnce,
    /// RFC 6455 §1.4, §5.5.1: after a Close frame "any further data" is discarded; tungstenite judges it.
    AfterClose,
}

const ALL: [Difference; 5] = [
    Difference::NonMinimalLength,
    Difference::ForbiddenCloseCode,
    Difference::Utf8AtOnce,
    Difference::HeaderAtOnce,
    Difference::AfterClose,
];

impl Difference {
    /// The difference in the table that explains these verdicts, if one does.
    fn of(ours: &Verdict<Rule>, theirs: &Verdict<String>) -> Option<Self> {
        let is_prefix = theirs.told.starts_with(&ours.told);
        let Some(rule) = ours.failed else {
            let is_closed = matches!(ours.told.last(), Some(Told::Close(_)));
            return (is_closed && is_prefix).then_some(Self::AfterClose);
        };
        let are_equal = theirs.told == ours.told;
        Some(match rule {
            Rule::NonMinimalLength(_) if is_prefix => Self::NonMinimalLength,
            Rule::ForbiddenCloseCode(_) if is_prefix => Self::ForbiddenCloseCode,
            Rule::InvalidUtf8(_) if are_equal => Self::Utf8AtOnce,
            Rule::CloseBodyOfOneByte | Rule::CloseReasonNotUtf8 | Rule::NotDeflate => return None,
            _ if are_equal && theirs.failed.is_none() => Self::HeaderAtOnce,
            _ => return None,
        })
    }
}

fn ours(role: Role, mut bytes: &[u8]) -> Verdict<Rule> {
    let now = Instant::now();
    let mut connection =
        Connection::new(Config::new(role), Buffer::with_capacity(16), [7; 32], now);
    let mut verdict = Verdict {
        told: Vec::new(),
        failed: None,
    };
    while !bytes.is_empty() {
        let room = connection.input();
        let n = room.len().min(bytes.len());
        room[..n].copy_from_slice(&bytes[..n]);
        connection.received(n, now);
        bytes = &bytes[n..];
        while let Some((event, _)) = connection.poll_event(now) {
            verdict.told.extend(match event {
                Event::Message(message) if message.kind == Kind::Text => {
                    Some(Told::Text(message.payload.to_vec()))
                }
                Event::Message(message) => Some(Told::Binary(message.payload.to_vec())),
                Event::Ping { payload, .. } => Some(Told::Ping(payload.to_vec())),
                Event::Pong { payload, .. } => Some(Told::Pong(payload.to_vec())),
                Event::Close(frame) => Some(Told::Close(frame.map(|frame| frame.code.0))),
                Event::Violation(violation) => {
                    verdict.failed = Some(violation.rule);
                    None
                }
                _ => None,
            });
        }
    }
    verdict
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

fn theirs(role: Role, bytes: &[u8]) -> Verdict<String> {
    let role = match role {
        Role::Client => TheirRole::Client,
        Role::Server => TheirRole::Server,
    };
    let config = WebSocketConfig::default().max_frame_size(Some(64 << 20));
    let stream = Memory(Cursor::new(bytes));
    let mut socket = WebSocket::from_raw_socket(stream, role, Some(config));
    let mut told = Vec::new();
    let failed = loop {
        told.push(match socket.read() {
            Ok(Message::Text(text)) => Told::Text(text.as_bytes().to_vec()),
            Ok(Message::Binary(payload)) => Told::Binary(payload.to_vec()),
            Ok(Message::Ping(payload)) => Told::Ping(payload.to_vec()),
            Ok(Message::Pong(payload)) => Told::Pong(payload.to_vec()),
            Ok(Message::Close(frame)) => Told::Close(frame.map(|frame| frame.code.into())),
            Ok(Message::Frame(_)) => unreachable!("never read"),
            Err(Error::Io(error)) if error.kind() == ErrorKind::WouldBlock => break None,
            Err(Error::ConnectionClosed) => break None,
            Err(error) => break Some(error.to_string()),
        });
    };
    Verdict { told, failed }
}

fn random_payload(random: &mut StdRng) -> Vec<u8> {
    let most = [0, 5, 130, 300][random.random_range(0..4)];
    let len = random.random_range(0..=most);
    (0..len).map(|_| random.random()).collect()
}

fn random_text(random: &mut StdRng) -> Vec<u8> {
    let payload = random_payload(random);
    let characters = ['a', 'ä', '€', '😀'];
    let text: String = payload
        .iter()
        .map(|byte| characters[usize::from(byte % 4)])
        .collect();
    text.into_bytes()
}

fn random_control(random: &mut StdRng) -> Frame {
    let len = random.random_range(0..=125);
    let payload: Vec<u8> = (0..len).map(|_| random.random()).collect();
    if random.random() {
        ping(payload)
    } else {
        pong(payload)
    }
}

/// A message in up to four frames, with control frames in between.
fn random_message(random: &mut StdRng, frames: &mut Vec<Frame>) {
    let is_text: bool = random.random();
    let payload = if is_text {
        random_text(random)
    } else {
        random_payload(random)
    };
    let pieces = random.random_range(1..=4);
    for i in 0..pieces {
        let piece = &payload[payload.len() * i / pieces..payload.len() * (i + 1) / pieces];
        let frame = match (i, is_text) {
            (0, true) => text(piece),
            (0, false) => binary(piece),
            _ => continuation(piece),
        };
        frames.push(if i + 1 == pieces { frame } else { frame.more() });
        if random.random_range(0..4) == 0 {
            frames.push(random_control(random));
        }
    }
}

fn random_stream(random: &mut StdRng, sender: Role) -> Vec<u8> {
    let mut frames = Vec::new();
    for _ in 0..random.random_range(0..6) {
        random_message(random, &mut frames);
    }
    if random.random() {
        frames.push(close(1000 + random.random_range(0..4), "the end"));
    }
    frames
        .iter()
        .flat_map(|frame| frame.key(random.random()).encode(sender))
        .collect()
}

/// Damages a stream in one to three places.
fn damage(random: &mut StdRng, bytes: &mut Vec<u8>) {
    for _ in 0..random.random_range(1..=3) {
        if bytes.is_empty() {
            return;
        }
        let at = random.random_range(0..bytes.len());
        match random.random_range(0..5) {
            0 => bytes[at] ^= 1 << random.random_range(0..8),
            1 => bytes[at] = random.random(),
            2 => bytes.insert(at, random.random()),
            3 => drop(bytes.remove(at)),
            _ => bytes.truncate(at + 1),
        }
    }
}

fn roles() -> [(Role, Role); 2] {
    [(Role::Client, Role::Server), (Role::Server, Role::Client)]
}

#[test]
fn valid_streams_mean_the_same_to_both() {
    let mut random = StdRng::seed_from_u64(6455);
    for _ in 0..500 {
        for (receiver, sender) in roles() {
            let bytes = random_stream(&mut random, sender);
            let (ours, theirs) = (ours(receiver, &bytes), theirs(receiver, &bytes));
            let hex = hex::encode(&bytes);
            assert_eq!(
                (ours.failed, &theirs.failed),
                (None, &None),
                "{receiver:?} {hex}"
            );
            assert_eq!(ours.told, theirs.told, "{receiver:?} {hex}");
        }
    }
}

#[test]
fn damaged_streams_mean_the_same_but_for_known_differences() {
    let mut random = StdRng::seed_from_u64(7692);
    let mut met = BTreeSet::new();
    for _ in 0..4000 {
        for (receiver, sender) in roles() {
            let mut bytes = random_stream(&mut random, sender);
            damage(&mut random, &mut bytes);
            let (ours, theirs) = (ours(receiver, &bytes), theirs(receiver, &bytes));
            if ours.told == theirs.told && ours.failed.is_some() == theirs.failed.is_some() {
                continue;
            }
            let difference = Difference::of(&ours, &theirs);
            assert!(
                difference.is_some(),
                "{receiver:?} {}\nours   {ours:?}\ntheirs {theirs:?}",
                hex::encode(&bytes)
            );
            met.extend(difference);
        }
    }
    assert_eq!(
        met,
        BTreeSet::from(ALL),
        "a difference that is listed and not met"
    );
}
