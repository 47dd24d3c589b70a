//! The frames of an HTTP/2 connection (RFC 9113 §4), read beside the library that answers them.

use std::fmt;

/// What of a frame says how the connection fares; payloads of DATA and HEADERS are not kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Frame {
    /// RFC 9113 §6.1.
    Data {
        /// The number of the stream.
        stream: u32,
        /// Of the payload in bytes, padding included.
        length: u32,
        /// `END_STREAM` is set.
        ends_stream: bool,
    },
    /// RFC 9113 §6.2.
    Headers {
        /// The number of the stream.
        stream: u32,
        /// `END_STREAM` is set.
        ends_stream: bool,
    },
    /// RFC 9113 §6.5.
    Settings(Vec<Setting>),
    /// The other end has applied the settings.
    SettingsAck,
    /// RFC 9113 §6.4.
    RstStream {
        /// The number of the stream.
        stream: u32,
        /// Why it ends.
        code: ErrorCode,
    },
    /// RFC 9113 §6.8.
    GoAway(GoAway),
    /// RFC 9113 §6.9.
    WindowUpdate {
        /// The number of the stream; 0 for the connection.
        stream: u32,
        /// In bytes.
        increment: u32,
    },
    /// RFC 9113 §6.7.
    Ping {
        /// It answers one.
        is_ack: bool,
    },
    /// Of another type.
    Other {
        /// The type.
        kind: u8,
        /// The number of the stream; 0 for the connection.
        stream: u32,
    },
}

/// The end of a connection (RFC 9113 §6.8).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GoAway {
    /// The last stream that may have been processed.
    pub last_stream: u32,
    /// Why the connection ends.
    pub code: ErrorCode,
    /// The start of it; not escaped.
    pub debug: Vec<u8>,
}

/// A setting, as a frame has it (RFC 9113 §6.5.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Setting {
    /// Which one.
    pub id: u16,
    /// What it is set to.
    pub value: u32,
}

impl Setting {
    /// RFC 8441 §3: whether extended CONNECT can be used.
    pub const ENABLE_CONNECT_PROTOCOL: u16 = 8;
    /// The memory for compressed fields, in bytes.
    pub const HEADER_TABLE_SIZE: u16 = 1;
    /// How many streams the other end may have open.
    pub const MAX_CONCURRENT_STREAMS: u16 = 3;
    /// The window of a new stream, in bytes.
    pub const INITIAL_WINDOW_SIZE: u16 = 4;
}

/// Its name without `SETTINGS_`, and its value.
impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // RFC 9113 §6.5.2, RFC 8441 §3, RFC 9218 §2.1.
        let name = match self.id {
            Self::HEADER_TABLE_SIZE => "HEADER_TABLE_SIZE",
            2 => "ENABLE_PUSH",
            Self::MAX_CONCURRENT_STREAMS => "MAX_CONCURRENT_STREAMS",
            Self::INITIAL_WINDOW_SIZE => "INITIAL_WINDOW_SIZE",
            5 => "MAX_FRAME_SIZE",
            6 => "MAX_HEADER_LIST_SIZE",
            Self::ENABLE_CONNECT_PROTOCOL => "ENABLE_CONNECT_PROTOCOL",
            9 => "NO_RFC7540_PRIORITIES",
            id => return write!(f, "0x{id:x} {}", self.value),
        };
        write!(f, "{name} {}", self.value)
    }
}

/// Why a stream or a connection ends (RFC 9113 §7).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ErrorCode(pub u32);

impl ErrorCode {
    /// It ends in order.
    pub const NO_ERROR: Self = Self(0);
    /// `CANCEL`: a stream is not needed any more, or a connection in its place was reset (RFC 8441 §5).
    pub const CANCEL: Self = Self(8);
    /// The other end breaks the protocol.
    pub const PROTOCOL_ERROR: Self = Self(1);
    /// Nothing was done for the stream.
    pub const REFUSED_STREAM: Self = Self(7);
    /// The request is to be made again with HTTP/1.1.
    pub const HTTP_1_1_REQUIRED: Self = Self(13);
}

/// As RFC 9113 §7 spells them, from 0 on.
const CODES: [&str; 14] = [
    "NO_ERROR",
    "PROTOCOL_ERROR",
    "INTERNAL_ERROR",
    "FLOW_CONTROL_ERROR",
    "SETTINGS_TIMEOUT",
    "STREAM_CLOSED",
    "FRAME_SIZE_ERROR",
    "REFUSED_STREAM",
    "CANCEL",
    "COMPRESSION_ERROR",
    "CONNECT_ERROR",
    "ENHANCE_YOUR_CALM",
    "INADEQUATE_SECURITY",
    "HTTP_1_1_REQUIRED",
];

impl ErrorCode {
    /// The code of this name.
    pub fn named(name: &str) -> Option<Self> {
        let at = CODES.iter().position(|it| *it == name)?;
        u32::try_from(at).ok().map(Self)
    }
}

/// Its name.
impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match usize::try_from(self.0).ok().and_then(|at| CODES.get(at)) {
            Some(name) => f.write_str(name),
            None => write!(f, "error 0x{:x}", self.0),
        }
    }
}

/// The bytes of a payload to keep: 32 settings, more than there are, or as much of a GOAWAY's debug data.
const KEPT: usize = 192;
const HEAD: usize = 9;

/// Reads one direction of a connection in pieces of any size, in bounded memory.
#[derive(Debug, Default)]
pub struct Reader {
    /// The head, then the start of the payload.
    kept: Vec<u8>,
    /// Bytes of the payload that are still to come.
    left: usize,
}

impl Reader {
    /// Hands every frame to `seen` that the next bytes complete.
    pub fn push(&mut self, mut bytes: &[u8], seen: &mut dyn FnMut(Frame)) {
        while !bytes.is_empty() {
            if self.kept.len() < HEAD {
                let n = bytes.len().min(HEAD - self.kept.len());
                self.kept.extend_from_slice(&bytes[..n]);
                bytes = &bytes[n..];
                if self.kept.len() < HEAD {
                    return;
                }
                self.left = length(&self.kept);
            } else {
                let n = bytes.len().min(self.left);
                let room = (HEAD + KEPT).saturating_sub(self.kept.len());
                if keeps(self.kept[3]) {
                    self.kept.extend_from_slice(&bytes[..n.min(room)]);
                }
                bytes = &bytes[n..];
                self.left -= n;
            }
            if self.left == 0 {
                seen(frame(&self.kept));
                self.kept.clear();
            }
        }
    }

    /// Whether the next byte begins a frame.
    pub fn is_between_frames(&self) -> bool {
        self.kept.is_empty()
    }
}

fn length(head: &[u8]) -> usize {
    usize::from(head[0]) << 16 | usize::from(head[1]) << 8 | usize::from(head[2])
}

/// Whether the payload of a frame of this type is looked at.
fn keeps(kind: u8) -> bool {
    !matches!(kind, 0 | 1 | 9)
}

/// The frame with this head and start of a payload, which may be shorter than its type demands.
fn frame(kept: &[u8]) -> Frame {
    let (head, payload) = kept.split_at(HEAD);
    let (kind, flags) = (head[3], head[4]);
    let stream = number(&head[5..]) & 0x7fff_ffff;
    let ends_stream = flags & 1 != 0;
    match kind {
        0 => Frame::Data {
            stream,
            length: u32::try_from(length(head)).unwrap_or(u32::MAX),
            ends_stream,
        },
        1 => Frame::Headers {
            stream,
            ends_stream,
        },
        3 => Frame::RstStream {
            stream,
            code: ErrorCode(number(payload)),
        },
        4 if flags & 1 != 0 => Frame::SettingsAck,
        4 => Frame::Settings(payload.chunks_exact(6).map(setting).collect()),
        6 => Frame::Ping {
            is_ack: flags & 1 != 0,
        },
        7 => Frame::GoAway(GoAway {
            last_stream: number(payload) & 0x7fff_ffff,
            code: ErrorCode(number(payload.get(4..).unwrap_or_default())),
            debug: payload.get(8..).unwrap_or_default().to_vec(),
        }),
        8 => Frame::WindowUpdate {
            stream,
            increment: number(payload) & 0x7fff_ffff,
        },
        kind => Frame::Other { kind, stream },
    }
}

fn setting(bytes: &[u8]) -> Setting {
    Setting {
        id: u16::from_be_bytes([bytes[0], bytes[1]]),
        value: number(&bytes[2..]),
    }
}

/// The number in the first four bytes, or in as many as there are.
fn number(bytes: &[u8]) -> u32 {
    let four = bytes.iter().take(4);
    four.fold(0, |number, byte| number << 8 | u32::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8], piece: usize) -> Vec<Frame> {
        let (mut reader, mut frames) = (Reader::default(), Vec::new());
        for piece in bytes.chunks(piece) {
            reader.push(piece, &mut |frame| frames.push(frame));
        }
        frames
    }

    fn bytes(kind: u8, flags: u8, stream: u8, payload: &[u8]) -> Vec<u8> {
        let length = u8::try_from(payload.len()).unwrap();
        [&[0, 0, length, kind, flags, 0, 0, 0, stream], payload].concat()
    }

    #[test]
    fn one_byte_at_a_time_equals_all_at_once() {
        let all = [
            bytes(4, 0, 0, &[0, 8, 0, 0, 0, 1, 0, 3, 0, 0, 0, 100]),
            bytes(4, 1, 0, &[]),
            bytes(1, 4, 1, b"header block"),
            bytes(0, 1, 1, b"data"),
            bytes(8, 0, 0, &[0x80, 0, 0, 9]),
            bytes(3, 0, 1, &[0, 0, 0, 2]),
            bytes(6, 1, 0, &[0; 8]),
            bytes(7, 0, 0, b"\0\0\0\x01\0\0\0\x0btoo many"),
            bytes(99, 0, 0, &[]),
        ]
        .concat();
        let setting = |id, value| Setting { id, value };
        let expected = [
            Frame::Settings(vec![setting(8, 1), setting(3, 100)]),
            Frame::SettingsAck,
            Frame::Headers {
                stream: 1,
                ends_stream: false,
            },
            Frame::Data {
                stream: 1,
                length: 4,
                ends_stream: true,
            },
            Frame::WindowUpdate {
                stream: 0,
                increment: 9,
            },
            Frame::RstStream {
                stream: 1,
                code: ErrorCode(2),
            },
            Frame::Ping { is_ack: true },
            Frame::GoAway(GoAway {
                last_stream: 1,
                code: ErrorCode(11),
                debug: b"too many".to_vec(),
            }),
            Frame::Other {
                kind: 99,
                stream: 0,
            },
        ];
        assert_eq!(read(&all, all.len()), expected);
        assert_eq!(read(&all, 1), expected);
    }

    #[test]
    fn a_long_payload_is_kept_to_its_start() {
        let settings: Vec<u8> = [0, 8, 0, 0, 0, 1].repeat(1000);
        let mut head = vec![0, 0x17, 0x70, 4, 0, 0, 0, 0, 0];
        head.extend(settings);
        let frames = read(&head, 100);
        let [Frame::Settings(settings)] = &frames[..] else {
            panic!("{frames:?}");
        };
        assert_eq!(settings.len(), KEPT / 6);
    }

    #[test]
    fn payloads_shorter_than_their_type_demands_are_read() {
        for kind in 0..12 {
            for payload in [&[][..], &[1], &[1, 2, 3, 4, 5]] {
                assert_eq!(read(&bytes(kind, 0, 0, payload), 4).len(), 1);
            }
        }
    }

    #[test]
    fn names_are_those_of_the_rfc_and_unknown_ones_are_numbers() {
        let setting = |id| Setting { id, value: 7 }.to_string();
        assert_eq!(setting(8), "ENABLE_CONNECT_PROTOCOL 7");
        assert_eq!(setting(0x4d44), "0x4d44 7");
        assert_eq!(ErrorCode(13).to_string(), "HTTP_1_1_REQUIRED");
        assert_eq!(ErrorCode(14).to_string(), "error 0xe");
        assert_eq!(ErrorCode::named("CANCEL"), Some(ErrorCode(8)));
    }
}
