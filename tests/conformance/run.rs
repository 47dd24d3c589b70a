//! Runs cases on the engine.

use std::io::Cursor;
use std::time::Instant;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tokio_tungstenite::tungstenite::protocol::frame::FrameHeader;
use wsee::proto::Role;
use wsee::proto::buffer::Buffer;
use wsee::proto::connection::{self, Config, Connection, Event, Message};
use wsee::proto::message::Kind;
use wsee::proto::receiver::Delivery;

use super::case::{Case, End, Told};
use super::echo;

/// What a connection told and wrote until its end.
#[derive(Debug, PartialEq)]
struct Seen {
    told: Vec<Told>,
    /// The violation that was told before the stream ended.
    violation: Option<Broken>,
    pongs: Vec<Vec<u8>>,
    end: End,
}

/// The section of the rule that was broken; a limit of wsee's own has none.
#[derive(Debug, PartialEq)]
struct Broken(Option<&'static str>);

/// The status code of a Close frame that was written.
#[derive(Debug, PartialEq)]
struct Close(Option<u16>);

/// Claims that every case comes out as it says, however its bytes arrive.
#[track_caller]
pub fn hold(cases: impl IntoIterator<Item = Case>) {
    let cases: Vec<Case> = cases.into_iter().collect();
    let mut failures = Vec::new();
    for case in &cases {
        for role in [Role::Client, Role::Server] {
            failures.extend(check(case, role));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    echo::hold(&cases);
}

fn check(case: &Case, role: Role) -> Option<String> {
    let bytes = case.encode(peer_of(role));
    let expected = expected(case);
    for cuts in [
        Cuts::None,
        Cuts::Everywhere,
        Cuts::Random(1),
        Cuts::Random(2),
    ] {
        for is_streamed in [false, true] {
            if is_streamed && case.section.is_none() {
                continue;
            }
            let seen = run(case, role, is_streamed, &cuts.cut(&bytes));
            if seen != expected {
                let (name, start) = (&case.name, &bytes[..bytes.len().min(32)]);
                return Some(format!(
                    "{name} ({:?}), received by the {role:?}, cuts {cuts:?}, streamed {is_streamed}, bytes {}:\n  \
                     expected {expected:?}\n  seen     {seen:?}",
                    case.section,
                    hex::encode(start),
                ));
            }
        }
    }
    None
}

fn expected(case: &Case) -> Seen {
    let pongs = case.tells.iter().filter_map(|told| match told {
        Told::Ping(payload) => Some(payload.clone()),
        _ => None,
    });
    Seen {
        told: case.tells.clone(),
        violation: matches!(case.end, End::Failed(_)).then_some(Broken(case.section)),
        pongs: pongs.collect(),
        end: case.end,
    }
}

/// From here on not every byte is a read of its own, in bytes.
const LARGE: usize = 4 << 10;

/// Where the bytes are cut into reads.
#[derive(Debug)]
enum Cuts {
    None,
    Everywhere,
    Random(u64),
}

impl Cuts {
    fn cut<'a>(&self, bytes: &'a [u8]) -> Vec<&'a [u8]> {
        let mut random = match self {
            Self::None => return vec![bytes],
            // In large frames there is nothing new to find at every byte.
            Self::Everywhere if bytes.len() > LARGE => return bytes.chunks(61).collect(),
            Self::Everywhere => return bytes.chunks(1).collect(),
            Self::Random(seed) => StdRng::seed_from_u64(*seed),
        };
        let (mut pieces, mut rest) = (Vec::new(), bytes);
        while !rest.is_empty() {
            let most = rest
                .len()
                .min([2, 7, 200, 70_000][random.random_range(0..4)]);
            let (piece, others) = rest.split_at(random.random_range(1..=most));
            pieces.push(piece);
            rest = others;
        }
        pieces
    }
}

fn run(case: &Case, role: Role, is_streamed: bool, pieces: &[&[u8]]) -> Seen {
    let mut config = Config::new(role);
    config.deflate = case.deflate;
    config.delivery = if is_streamed {
        Delivery::UNLIMITED
    } else {
        Delivery::Whole {
            max_message: case.max_message,
        }
    };
    let mut run = Run::new(config);
    for piece in pieces {
        run.feed(piece);
    }
    run.finish(role)
}

pub fn peer_of(role: Role) -> Role {
    match role {
        Role::Client => Role::Server,
        Role::Server => Role::Client,
    }
}

/// A connection that is fed.
struct Run {
    connection: Connection,
    now: Instant,
    /// The pieces of a message that came so far.
    partial: Vec<u8>,
    told: Vec<Told>,
    violation: Option<(Option<&'static str>, u16)>,
    end: Option<connection::End>,
    written: Vec<u8>,
}

impl Run {
    fn new(config: Config) -> Self {
        let now = Instant::now();
        Self {
            connection: Connection::new(config, Buffer::with_capacity(16), [7; 32], now),
            now,
            partial: Vec::new(),
            told: Vec::new(),
            violation: None,
            end: None,
            written: Vec::new(),
        }
    }

    fn feed(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let room = self.connection.input();
            let n = room.len().min(bytes.len());
            room[..n].copy_from_slice(&bytes[..n]);
            self.connection.received(n, self.now);
            bytes = &bytes[n..];
            self.poll();
        }
    }

    fn poll(&mut self) {
        while let Some((event, _)) = self.connection.poll_event(self.now) {
            match event {
                Event::Message(message) => {
                    let told = whole(&mut self.partial, message);
                    self.told.extend(told);
                }
                Event::Ping { payload, .. } => self.told.push(Told::Ping(payload.to_vec())),
                Event::Pong { payload, .. } => self.told.push(Told::Pong(payload.to_vec())),
                Event::Close(frame) => {
                    self.told.push(Told::Close(frame.map(|frame| frame.code.0)));
                }
                Event::Violation(violation) => {
                    let rule = violation.rule;
                    self.violation = Some((rule.section(), rule.close_code().0));
                }
                Event::Ended(end) => self.end = Some(*end),
                _ => {}
            }
        }
        let output = self.connection.sender().output();
        self.written.extend_from_slice(output);
        let len = output.len();
        self.connection.sender().written(len);
    }

    /// Ends the stream.
    fn finish(mut self, role: Role) -> Seen {
        assert_eq!(self.end, None, "an end before the stream's");
        let violation = self.violation.map(|(section, _)| Broken(section));
        self.connection.lost(None);
        self.poll();
        let (pongs, close) = written(&self.written, role);
        let end = match (self.end.expect("an end"), close, self.violation) {
            (connection::End::Lost { .. }, None, None) => End::Lost,
            (connection::End::Closed { by_peer: true, .. }, Some(Close(code)), None) => {
                End::Closed(code)
            }
            (connection::End::Failed(_), Some(Close(Some(code))), Some((_, named)))
                if code == named =>
            {
                End::Failed(code)
            }
            other => panic!("an end that contradicts itself: {other:?}"),
        };
        Seen {
            told: self.told,
            violation,
            pongs,
            end,
        }
    }
}

/// The message of which `message` is the last piece.
fn whole(partial: &mut Vec<u8>, message: Message<'_>) -> Option<Told> {
    assert_eq!(
        message.start,
        partial.is_empty() && message.start,
        "a second start"
    );
    partial.extend_from_slice(message.payload);
    let payload = message.end.then(|| std::mem::take(partial))?;
    Some(match message.kind {
        Kind::Text => Told::Text(payload),
        Kind::Binary => Told::Binary(payload),
    })
}

/// The payloads of all pongs and, with its code, the Close frame that was written.
///
/// Claims what holds for all that an endpoint writes: frames that are masked by a client only, and
/// nothing after a Close frame (RFC 6455 §5.1, §5.5.1).
fn written(mut bytes: &[u8], role: Role) -> (Vec<Vec<u8>>, Option<Close>) {
    let (mut pongs, mut close) = (Vec::new(), None);
    while !bytes.is_empty() {
        assert_eq!(close, None, "bytes after a Close frame");
        let mut cursor = Cursor::new(bytes);
        let (header, len) = FrameHeader::parse(&mut cursor)
            .expect("a frame")
            .expect("a whole header");
        let start = usize::try_from(cursor.position()).expect("a position");
        let len = usize::try_from(len).expect("a length");
        assert_eq!(header.mask.is_some(), role == Role::Client, "mask");
        let mut payload = bytes[start..start + len].to_vec();
        for (byte, key) in payload
            .iter_mut()
            .zip(header.mask.unwrap_or_default().iter().cycle())
        {
            *byte ^= key;
        }
        match u8::from(header.opcode) {
            8 => {
                let code = payload.first_chunk();
                close = Some(Close(code.map(|code| u16::from_be_bytes(*code))));
            }
            10 => pongs.push(payload),
            other => panic!("a frame with opcode {other} out of nothing"),
        }
        bytes = &bytes[start + len..];
    }
    (pongs, close)
}
