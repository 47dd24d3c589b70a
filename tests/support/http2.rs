//! An HTTP/2 connection frame by frame, as far as a WebSocket needs it: the server's end, and a client's.

use std::fmt::Debug;
use std::io::{self, Read, Write};
use std::net::TcpStream;

use tokio_tungstenite::tungstenite::WebSocket;
use tokio_tungstenite::tungstenite::protocol::Role;

use super::peer::Peer;
use super::server::Server;

/// Types of frames by RFC 9113 §6.
pub const DATA: u8 = 0;
pub const HEADERS: u8 = 1;
pub const RST_STREAM: u8 = 3;
pub const SETTINGS: u8 = 4;
pub const PING: u8 = 6;
pub const GOAWAY: u8 = 7;
pub const WINDOW_UPDATE: u8 = 8;
pub const CONTINUATION: u8 = 9;

/// Settings by RFC 9113 §6.5.2 and RFC 8441 §3.
pub const MAX_CONCURRENT_STREAMS: u16 = 3;
pub const INITIAL_WINDOW_SIZE: u16 = 4;
pub const ENABLE_CONNECT_PROTOCOL: u16 = 8;

/// What a server sends that allows extended CONNECT.
pub const ALLOWS: &[(u16, u32)] = &[(ENABLE_CONNECT_PROTOCOL, 1)];

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// The flag of an acknowledgement, and of the end of a stream.
const FLAG: u8 = 1;
const END_HEADERS: u8 = 4;

/// A frame as it came.
#[derive(Debug)]
pub struct Frame {
    pub kind: u8,
    pub flags: u8,
    pub stream: u32,
    pub payload: Vec<u8>,
}

impl Frame {
    /// Whether it is the last of its stream (DATA, HEADERS).
    pub fn ends_stream(&self) -> bool {
        matches!(self.kind, DATA | HEADERS) && self.flags & FLAG != 0
    }

    /// The code of an `RST_STREAM` or GOAWAY frame.
    pub fn code(&self) -> u32 {
        let start = if self.kind == GOAWAY { 4 } else { 0 };
        let bytes = self.payload[start..start + 4].try_into();
        u32::from_be_bytes(bytes.expect("a code"))
    }

    /// The status in a header block of this server, which begins with it.
    pub fn status(&self) -> Option<u16> {
        // RFC 7541 §6.1 and appendix A: indexed fields 8 to 14; §6.2: literals whose name is indexed.
        match self.payload[..] {
            [index @ 0x88..=0x8e, ..] => {
                Some([200, 204, 206, 304, 400, 404, 500][usize::from(index - 0x88)])
            }
            [0x48 | 0x08, 0x03, a, b, c, ..] => std::str::from_utf8(&[a, b, c]).ok()?.parse().ok(),
            [0x48 | 0x08, 0x82 | 0x83, ref digits @ ..] => huffman_status(digits),
            _ => None,
        }
    }
}

/// A status of three digits in Huffman code (RFC 7541 appendix B): 0 to 2 have 5 bits, 3 to 9 have 6.
fn huffman_status(digits: &[u8]) -> Option<u16> {
    let bytes = digits.iter().chain(&[0; 4]).take(4);
    let mut bits = bytes.fold(0, |bits: u32, byte| bits << 8 | u32::from(*byte));
    let mut status = 0;
    for _ in 0..3 {
        let (five, six) = (bits >> 27, bits >> 26);
        let digit = if five <= 2 {
            bits <<= 5;
            five
        } else {
            bits <<= 6;
            (six + 3).checked_sub(0x19).filter(|it| *it < 10)?
        };
        status = status * 10 + u16::try_from(digit).ok()?;
    }
    Some(status)
}

/// The header block of a request: literals that are not indexed (RFC 7541 §6.2.2).
pub fn block(fields: &[(&str, &str)]) -> Vec<u8> {
    let mut block = Vec::new();
    for (name, value) in fields {
        block.push(0);
        for text in [name, value] {
            let length = u8::try_from(text.len()).ok().filter(|it| *it < 0x7f);
            block.push(length.expect("a short text"));
            block.extend_from_slice(text.as_bytes());
        }
    }
    block
}

/// The bytes of a frame.
pub fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).expect("a frame").to_be_bytes();
    let head = [&length[1..], &[kind, flags], &stream.to_be_bytes()].concat();
    [&head, payload].concat()
}

/// A request for a WebSocket by extended CONNECT.
pub const CONNECT: &[(&str, &str)] = &[
    (":method", "CONNECT"),
    (":scheme", "http"),
    (":authority", "localhost"),
    (":path", "/chat"),
    (":protocol", "websocket"),
    ("sec-websocket-version", "13"),
];

/// A connection; reading and writing it is reading and writing DATA of stream 1.
#[derive(Debug)]
pub struct Http2<S = TcpStream> {
    stream: S,
    unread: Vec<u8>,
}

/// Starts a server without TLS whose client has sent its request, and leaves the rest to `script`.
pub fn asked<T: Send + 'static>(script: impl FnOnce(Http2) -> T + Send + 'static) -> Server<T> {
    Server::start(|stream| script(Http2::asked(stream)))
}

/// Starts a server without TLS whose WebSocket is open, and leaves the rest to `script`.
pub fn opened<T: Send + 'static>(script: impl FnOnce(Http2) -> T + Send + 'static) -> Server<T> {
    asked(|mut http2| {
        http2.respond("200");
        script(http2)
    })
}

impl<S: Read + Write + Debug> Http2<S> {
    /// A connection of which only the client's preface was read.
    pub fn begun(mut stream: S) -> Self {
        let mut preface = [0; PREFACE.len()];
        stream.read_exact(&mut preface).expect("a preface");
        assert_eq!(preface, PREFACE);
        Self {
            stream,
            unread: Vec::new(),
        }
    }

    /// A connection that allows extended CONNECT, and whose request was read.
    pub fn asked(stream: S) -> Self {
        let mut http2 = Self::begun(stream);
        http2.settings(ALLOWS);
        http2.read_request();
        http2
    }

    /// A client's connection, whose SETTINGS are sent.
    pub fn calling(mut stream: S, settings: &[(u16, u32)]) -> Self {
        stream.write_all(PREFACE).expect("a server that reads");
        let mut http2 = Self {
            stream,
            unread: Vec::new(),
        };
        http2.settings(settings);
        http2
    }

    /// Asks for something on a stream, which stays open.
    pub fn request(&mut self, stream: u32, fields: &[(&str, &str)]) {
        self.write_frame(HEADERS, END_HEADERS, stream, &block(fields));
    }

    /// The next frame on a stream; what is of the connection is answered, and windows are passed over.
    pub fn read_on_stream(&mut self) -> io::Result<Frame> {
        loop {
            let frame = self.read_frame()?;
            match frame.kind {
                WINDOW_UPDATE => {}
                GOAWAY => return Ok(frame),
                _ if frame.stream > 0 => return Ok(frame),
                _ => self.answer(&frame),
            }
        }
    }

    /// The status of the next response.
    #[track_caller]
    pub fn read_status(&mut self) -> Option<u16> {
        let frame = self.read_on_stream().expect("a response");
        assert_eq!(frame.kind, HEADERS, "{frame:?}");
        frame.status()
    }

    pub fn settings(&mut self, settings: &[(u16, u32)]) {
        let bytes = settings.iter();
        let bytes: Vec<u8> = bytes
            .flat_map(|(id, value)| [&id.to_be_bytes()[..], &value.to_be_bytes()].concat())
            .collect();
        self.write_frame(SETTINGS, 0, 0, &bytes);
    }

    /// Reads up to the header block of a request, which it gives back.
    pub fn read_request(&mut self) -> Vec<u8> {
        loop {
            let frame = self.read_frame().expect("a request");
            match frame.kind {
                HEADERS => return frame.payload,
                _ => self.answer(&frame),
            }
        }
    }

    /// Answers the request with fields of none but this status.
    pub fn respond(&mut self, status: &str) {
        // RFC 7541 §6.2.2: a literal whose name is number 8 of the static table, `:status`.
        let block = [&[0x08, 0x03], status.as_bytes()].concat();
        self.write_frame(HEADERS, END_HEADERS, 1, &block);
    }

    /// The WebSocket in the stream that is open.
    pub fn websocket(self) -> Peer<Self> {
        Peer::new(WebSocket::from_raw_socket(self, Role::Server, None))
    }

    pub fn reset(&mut self, code: u32) {
        self.write_frame(RST_STREAM, 0, 1, &code.to_be_bytes());
    }

    pub fn go_away(&mut self, code: u32, debug: &str) {
        let payload = [
            &1_u32.to_be_bytes()[..],
            &code.to_be_bytes(),
            debug.as_bytes(),
        ]
        .concat();
        self.write_frame(GOAWAY, 0, 0, &payload);
    }

    pub fn end_stream(&mut self) {
        self.write_frame(DATA, FLAG, 1, b"");
    }

    pub fn write_frame(&mut self, kind: u8, flags: u8, stream: u32, payload: &[u8]) {
        self.try_write_frame(kind, flags, stream, payload)
            .expect("a client that reads");
    }

    pub fn try_write_frame(
        &mut self,
        kind: u8,
        flags: u8,
        stream: u32,
        payload: &[u8],
    ) -> io::Result<()> {
        self.stream.write_all(&frame(kind, flags, stream, payload))
    }

    pub fn write_raw(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).expect("a client that reads");
    }

    /// The next frame, whatever it is.
    pub fn read_frame(&mut self) -> io::Result<Frame> {
        let mut head = [0; 9];
        self.stream.read_exact(&mut head)?;
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
        let mut payload = vec![0; usize::try_from(length).expect("a length")];
        self.stream.read_exact(&mut payload)?;
        Ok(Frame {
            kind: head[3],
            flags: head[4],
            stream: u32::from_be_bytes([head[5] & 0x7f, head[6], head[7], head[8]]),
            payload,
        })
    }

    /// Reads until the client ends the connection; gives back the types of frames that it sent.
    pub fn read_to_end(mut self) -> Vec<u8> {
        std::iter::from_fn(|| Some(self.read_frame().ok()?.kind)).collect()
    }

    /// Acknowledges SETTINGS and PING frames.
    pub fn answer(&mut self, frame: &Frame) {
        if matches!(frame.kind, SETTINGS | PING) && frame.flags & FLAG == 0 {
            let payload = if frame.kind == PING {
                &frame.payload[..]
            } else {
                &[]
            };
            // A peer that has left shows at the next read.
            let _ = self.try_write_frame(frame.kind, FLAG, 0, payload);
        }
    }
}

impl<S: Read + Write + Debug> Read for Http2<S> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.unread.is_empty() {
            let frame = self.read_frame()?;
            match frame.kind {
                DATA if frame.payload.is_empty() => return Ok(0),
                DATA => {
                    let size = u32::try_from(frame.payload.len())
                        .expect("a frame")
                        .to_be_bytes();
                    self.try_write_frame(WINDOW_UPDATE, 0, 0, &size)?;
                    self.try_write_frame(WINDOW_UPDATE, 0, 1, &size)?;
                    self.unread = frame.payload;
                }
                RST_STREAM => return Err(io::ErrorKind::ConnectionReset.into()),
                _ => self.answer(&frame),
            }
        }
        let n = buffer.len().min(self.unread.len());
        buffer[..n].copy_from_slice(&self.unread[..n]);
        self.unread.drain(..n);
        Ok(n)
    }
}

impl<S: Read + Write + Debug> Write for Http2<S> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let piece = &bytes[..bytes.len().min(16 << 10)];
        self.try_write_frame(DATA, 0, 1, piece)?;
        Ok(piece.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}
