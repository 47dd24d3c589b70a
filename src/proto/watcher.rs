//! What frames in passing say: messages are put together and inflated on a copy, and nothing stops at a fault.

use super::Role;
use super::buffer::Buffer;
use super::deflate::{Inflater, Params};
use super::frame::{CloseFrame, MAX_CONTROL, Opcode};
use super::message::{Kind, Utf8};
use super::passage::Piece;
use super::receiver::WireHeader;
use super::rules::{self, Context, Rule, Violation};
use super::traffic::Traffic;

/// Follows the frames of one direction.
#[derive(Debug)]
pub struct Watcher {
    sender: Role,
    /// Whether permessage-deflate was negotiated.
    compression: bool,
    inflater: Option<Inflater>,
    /// The most bytes of a message that are kept.
    limit: usize,
    /// The most bytes of a message that are inflated.
    max_inflated: u64,
    frame: Option<WireHeader>,
    control: Vec<u8>,
    message: Option<Incoming>,
    payload: Buffer,
    traffic: Traffic,
}

/// What was seen.
#[derive(Debug)]
pub enum Sight<'a> {
    /// A frame whose header has come.
    Frame(&'a WireHeader),
    /// A message whose end has come.
    Message(Watched<'a>),
    /// A ping with its payload.
    Ping(&'a [u8]),
    /// A pong with its payload.
    Pong(&'a [u8]),
    /// A Close frame; `None` for an empty body, or one that is not valid.
    Close(Option<CloseFrame>),
    /// A broken rule; the frame passes all the same.
    Broken(Violation),
    /// Compressed messages are not inflated any more, for this reason.
    Lost(&'static str),
}

/// A message that has passed.
#[derive(Debug, Clone, Copy)]
pub struct Watched<'a> {
    /// Text or binary.
    pub kind: Kind,
    /// Its bytes, or their start if it is larger than the limit.
    pub payload: &'a [u8],
    /// All of its bytes.
    pub size: u64,
    /// Its bytes on the wire, if it was compressed.
    pub deflated: Option<u64>,
    /// Whether the payload is what was meant: not of a compressed message that cannot be inflated.
    pub is_plain: bool,
}

impl Watched<'_> {
    /// Whether the payload is all of the message.
    pub fn is_whole(&self) -> bool {
        self.is_plain && self.payload.len() as u64 == self.size
    }
}

#[derive(Debug)]
struct Incoming {
    kind: Kind,
    is_compressed: bool,
    utf8: Option<Utf8>,
    size: u64,
    wire: u64,
}

/// What is reported by [`Sight::Lost`].
const BAD: &str = "one is not valid DEFLATE data";
const BOMB: &str = "one is larger than the limit when it is inflated";

impl Watcher {
    /// A watcher of what `sender` sends; of a message at most `limit` bytes are kept, and at most
    /// `max_inflated` are inflated.
    pub fn new(sender: Role, deflate: Option<Params>, limit: usize, max_inflated: u64) -> Self {
        let inflater = deflate.map(|params| {
            Inflater::new(match sender {
                Role::Client => !params.client_no_context_takeover,
                Role::Server => !params.server_no_context_takeover,
            })
        });
        Self {
            sender,
            compression: inflater.is_some(),
            inflater,
            limit,
            max_inflated,
            frame: None,
            control: Vec::new(),
            message: None,
            payload: Buffer::with_capacity(0),
            traffic: Traffic::default(),
        }
    }

    /// What has passed; without the bytes of headers.
    pub fn traffic(&self) -> Traffic {
        self.traffic
    }

    /// Whether a message has begun and not ended.
    pub fn is_within_message(&self) -> bool {
        self.message.is_some()
    }

    /// Looks at the next piece.
    pub fn see(&mut self, piece: &Piece<'_>, tell: &mut dyn FnMut(Sight<'_>)) {
        match piece {
            Piece::Header(header) => self.header(header, tell),
            Piece::Payload { bytes, end } => {
                let Some(frame) = self.frame else {
                    return;
                };
                if frame.header.opcode.is_control() {
                    self.control(&frame, bytes, *end, tell);
                } else {
                    self.data(&frame, bytes, *end, tell);
                }
            }
        }
    }

    fn header(&mut self, wire: &WireHeader, tell: &mut dyn FnMut(Sight<'_>)) {
        tell(Sight::Frame(wire));
        let header = &wire.header;
        let context = Context {
            sender: self.sender,
            unfinished: self.message.is_some(),
            compression: self.compression,
        };
        let broken = |rule| Violation::new(rule, &wire.bytes[..wire.size], wire.offset);
        let checked = rules::check(header, context, |rule| {
            tell(Sight::Broken(broken(rule)));
            Ok(())
        });
        if let Err(rule) = checked {
            tell(Sight::Broken(broken(rule)));
        }
        self.traffic.frames += 1;
        self.frame = Some(*wire);
        self.control.clear();
        if header.opcode.starts_message() {
            let kind = match header.opcode {
                Opcode::TEXT => Kind::Text,
                _ => Kind::Binary,
            };
            self.payload.consume(self.payload.len());
            self.message = Some(Incoming {
                kind,
                is_compressed: header.rsv1 && self.compression,
                utf8: (kind == Kind::Text).then(Utf8::default),
                size: 0,
                wire: 0,
            });
        }
    }

    fn control(
        &mut self,
        frame: &WireHeader,
        bytes: &[u8],
        end: bool,
        tell: &mut dyn FnMut(Sight<'_>),
    ) {
        // A longer payload breaks a rule, and only its start is shown.
        let room = MAX_CONTROL - self.control.len();
        self.control
            .extend_from_slice(&bytes[..bytes.len().min(room)]);
        if !end {
            return;
        }
        match frame.header.opcode {
            Opcode::PING => tell(Sight::Ping(&self.control)),
            Opcode::PONG => tell(Sight::Pong(&self.control)),
            Opcode::CLOSE => {
                let close = rules::parse_close(&self.control);
                if let Err(rule) = &close {
                    let offset = frame.offset + frame.size as u64;
                    tell(Sight::Broken(Violation::new(*rule, &self.control, offset)));
                }
                tell(Sight::Close(close.ok().flatten()));
            }
            _ => {}
        }
    }

    fn data(
        &mut self,
        frame: &WireHeader,
        bytes: &[u8],
        end: bool,
        tell: &mut dyn FnMut(Sight<'_>),
    ) {
        let Some(mut message) = self.message.take() else {
            return;
        };
        message.wire += bytes.len() as u64;
        let is_last = end && frame.header.fin;
        let mut broken = None;
        if message.is_compressed {
            if let Err(why) = self.inflate(&mut message, bytes, is_last) {
                // Later messages may refer to this one.
                self.inflater = None;
                tell(Sight::Lost(why));
            }
        } else {
            broken = self.keep(&mut message, bytes);
        }
        if is_last && broken.is_none() {
            broken = message
                .utf8
                .as_ref()
                .and_then(|it| it.finish().err().map(|it| it.at));
        }
        if let Some(at) = broken {
            message.utf8 = None;
            tell(Sight::Broken(self.not_utf8(frame, at)));
        }
        if is_last {
            self.end(&message, tell);
        } else {
            self.message = Some(message);
        }
    }

    fn not_utf8(&self, frame: &WireHeader, at: u64) -> Violation {
        let payload = self.payload.filled();
        let from = usize::try_from(at).map_or(payload.len(), |at| at.min(payload.len()));
        let offset = frame.offset + frame.size as u64;
        Violation::new(Rule::InvalidUtf8(at), &payload[from..], offset)
    }

    /// Keeps the start of a message; returns where it is not UTF-8.
    fn keep(&mut self, message: &mut Incoming, bytes: &[u8]) -> Option<u64> {
        let room = self.limit.saturating_sub(self.payload.len());
        self.payload.extend(&bytes[..bytes.len().min(room)]);
        message.size += bytes.len() as u64;
        let checked = message.utf8.as_mut()?.push(bytes);
        checked.err().map(|it| it.at)
    }

    fn inflate(
        &mut self,
        message: &mut Incoming,
        bytes: &[u8],
        end: bool,
    ) -> Result<(), &'static str> {
        let Some(inflater) = &mut self.inflater else {
            return Ok(());
        };
        let mut fresh = Buffer::with_capacity(0);
        let mut rest = bytes;
        let mut is_pushed = false;
        loop {
            let step = if is_pushed {
                inflater.finish(&mut fresh, INFLATED)
            } else {
                inflater.push(rest, &mut fresh, INFLATED)
            };
            let step = step.map_err(|_| BAD)?;
            if !is_pushed {
                rest = &rest[step.taken..];
            }
            let room = self.limit.saturating_sub(self.payload.len());
            let made = fresh.filled();
            self.payload.extend(&made[..made.len().min(room)]);
            message.size += made.len() as u64;
            if let Some(utf8) = &mut message.utf8
                && utf8.push(made).is_err()
            {
                message.utf8 = None;
            }
            fresh.consume(fresh.len());
            if message.size > self.max_inflated {
                return Err(BOMB);
            }
            if step.more {
                continue;
            }
            if is_pushed || !end {
                return Ok(());
            }
            is_pushed = true;
        }
    }

    fn end(&mut self, message: &Incoming, tell: &mut dyn FnMut(Sight<'_>)) {
        let is_plain = !message.is_compressed || self.inflater.is_some();
        let size = if is_plain { message.size } else { message.wire };
        self.traffic.messages += 1;
        self.traffic.payload += size;
        if message.is_compressed {
            self.traffic.deflated.wire += message.wire;
            self.traffic.deflated.plain += size;
        }
        tell(Sight::Message(Watched {
            kind: message.kind,
            payload: self.payload.filled(),
            size,
            deflated: message.is_compressed.then_some(message.wire),
            is_plain,
        }));
        self.payload.consume(self.payload.len());
    }
}

/// How much is inflated at a time, in bytes: what is not kept is thrown away before more comes.
const INFLATED: usize = 64 << 10;
