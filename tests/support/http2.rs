//! The server's end of an HTTP/2 connection frame by frame, with one stream, as far as a WebSocket needs it.

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
    pub payload: Vec<u8>,
}

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
        let length = u32::try_from(payload.len()).expect("a frame").to_be_bytes();
        let head = [&length[1..], &[kind, flags], &stream.to_be_bytes()].concat();
        self.stream.write_all(&[&head, payload].concat())
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
            payload,
        })
    }

    /// Reads until the client ends the connection; gives back the types of frames that it sent.
    pub fn read_to_end(mut self) -> Vec<u8> {
        std::iter::from_fn(|| Some(self.read_frame().ok()?.kind)).collect()
    }

    fn answer(&mut self, frame: &Frame) {
        if matches!(frame.kind, SETTINGS | PING) && frame.flags & FLAG == 0 {
            let payload = if frame.kind == PING {
                &frame.payload[..]
            } else {
                &[]
            };
            self.write_frame(frame.kind, FLAG, 0, payload);
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
