//! The server's end of a connection byte by byte, to say what no library would.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use rustix::net::sockopt::set_socket_linger;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use super::server::Server;

/// A connection whose request was read.
#[derive(Debug)]
pub struct Wire {
    stream: TcpStream,
    request: String,
}

/// A frame that the client sent, unmasked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// Whether it is the last of its message.
    pub fin: bool,
    /// The opcode's number.
    pub opcode: u8,
    /// The payload.
    pub payload: Vec<u8>,
}

/// Opcodes by RFC 6455 §5.2.
pub const CONTINUATION: u8 = 0;
pub const TEXT: u8 = 1;
pub const CLOSE: u8 = 8;
pub const PING: u8 = 9;
pub const PONG: u8 = 10;

impl Frame {
    /// The status code of a Close frame.
    pub fn close_code(&self) -> Option<u16> {
        let code = self.payload.first_chunk::<2>()?;
        (self.opcode == CLOSE).then(|| u16::from_be_bytes(*code))
    }
}

/// Starts a server that reads the request, and leaves the rest to `script`.
pub fn before_handshake<T: Send + 'static>(
    script: impl FnOnce(Wire) -> T + Send + 'static,
) -> Server<T> {
    Server::start(|stream| script(Wire::read_request(stream)))
}

/// The same on a port where another server was before.
pub fn before_handshake_on<T: Send + 'static>(
    port: u16,
    script: impl FnOnce(Wire) -> T + Send + 'static,
) -> Server<T> {
    Server::start_on(port, |stream| script(Wire::read_request(stream)))
}

/// Starts a server that answers the opening handshake, and leaves the rest to `script`.
pub fn after_handshake<T: Send + 'static>(
    script: impl FnOnce(Wire) -> T + Send + 'static,
) -> Server<T> {
    before_handshake(|mut wire| {
        let response = wire.response();
        wire.write(response);
        script(wire)
    })
}

/// Starts a server that opens a connection, closes it, and gives back the request.
pub fn requested() -> Server<String> {
    after_handshake(|mut wire| {
        wire.write_hex("8802 03e8");
        wire.read_to_close();
        wire.request().to_owned()
    })
}

/// The same as [`after_handshake`], but permessage-deflate is selected without parameters (RFC 7692).
pub fn after_deflating_handshake<T: Send + 'static>(
    script: impl FnOnce(Wire) -> T + Send + 'static,
) -> Server<T> {
    before_handshake(|mut wire| {
        let extensions = "\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n";
        let response = wire.response().replace("\r\n\r\n", extensions);
        wire.write(response);
        script(wire)
    })
}

/// The server's end of a connection that was accepted, with the request read.
pub fn serve(stream: TcpStream) -> Wire {
    Wire::read_request(stream)
}

/// Reads the head of a request or a response, with the empty line at its end, and nothing behind it.
#[track_caller]
pub fn read_head(stream: &mut impl Read) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).expect("a head");
        head.push(byte[0]);
    }
    String::from_utf8(head).expect("a head in UTF-8")
}

/// The response that opens the connection which `request` asks for.
pub fn response_to(request: &str) -> String {
    let accept = accept_key(request);
    format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: {accept}\r\n\r\n"
    )
}

/// The Sec-WebSocket-Accept that `request` demands.
fn accept_key(request: &str) -> String {
    let name = "Sec-WebSocket-Key: ";
    let key = request.lines().find_map(|line| line.strip_prefix(name));
    derive_accept_key(key.expect("a Sec-WebSocket-Key").as_bytes())
}

impl Wire {
    fn read_request(mut stream: TcpStream) -> Self {
        let request = read_head(&mut stream);
        Self { stream, request }
    }

    /// The request's head, with the empty line at its end.
    pub fn request(&self) -> &str {
        &self.request
    }

    /// The response that opens the connection.
    pub fn response(&self) -> String {
        response_to(&self.request)
    }

    /// Writes bytes.
    pub fn write(&mut self, bytes: impl AsRef<[u8]>) {
        self.stream
            .write_all(bytes.as_ref())
            .expect("a client that reads");
    }

    /// Writes bytes until the client does not want any more.
    pub fn flood(&mut self, bytes: &[u8]) {
        while self.stream.write_all(bytes).is_ok() {}
    }

    /// Writes bytes again and again for this long, as far as the client takes them.
    pub fn flood_for(&mut self, bytes: &[u8], time: Duration) {
        let end = Instant::now() + time;
        self.stream.set_write_timeout(Some(time)).expect("a socket");
        while Instant::now() < end && self.stream.write_all(bytes).is_ok() {}
    }

    /// Writes one byte every `interval` until the client does not want any more.
    pub fn dribble(&mut self, interval: Duration) {
        while self.stream.write_all(b"x").is_ok() {
            thread::sleep(interval);
        }
    }

    /// Writes bytes that are given in hexadecimal; blanks do not count.
    pub fn write_hex(&mut self, hex: &str) {
        self.write(hex::decode(hex.replace(' ', "")).expect("hexadecimal digits"));
    }

    /// Reads the next frame; claims that it is masked (RFC 6455 §5.1).
    #[track_caller]
    pub fn read_frame(&mut self) -> Frame {
        self.read_masked_frame().0
    }

    /// The same, with the masking key.
    #[track_caller]
    pub fn read_masked_frame(&mut self) -> (Frame, [u8; 4]) {
        let [start, len] = self.read();
        assert!(len & 0x80 != 0, "an unmasked frame");
        let len = match len & 0x7f {
            126 => u64::from(u16::from_be_bytes(self.read())),
            127 => u64::from_be_bytes(self.read()),
            len => u64::from(len),
        };
        let key: [u8; 4] = self.read();
        let mut payload = vec![0; usize::try_from(len).expect("a length")];
        self.stream.read_exact(&mut payload).expect("a whole frame");
        for (byte, key) in payload.iter_mut().zip(key.iter().cycle()) {
            *byte ^= key;
        }
        let frame = Frame {
            fin: start & 0x80 != 0,
            opcode: start & 0x0f,
            payload,
        };
        (frame, key)
    }

    /// Reads frames up to the Close frame, which is the last of them.
    #[track_caller]
    pub fn read_to_close(&mut self) -> Vec<Frame> {
        let mut frames = Vec::new();
        loop {
            frames.push(self.read_frame());
            if frames.last().is_some_and(|frame| frame.opcode == CLOSE) {
                return frames;
            }
        }
    }

    /// Reads `len` bytes as they are.
    #[track_caller]
    pub fn read_bytes(&mut self, len: usize) -> Vec<u8> {
        let mut bytes = vec![0; len];
        self.stream.read_exact(&mut bytes).expect("so many bytes");
        bytes
    }

    /// Reads all bytes up to the end of the stream; an error is a reset.
    pub fn read_to_end(&mut self) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.stream.read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    #[track_caller]
    fn read<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        self.stream.read_exact(&mut bytes).expect("a frame");
        bytes
    }

    /// Waits until the client has ended the connection, or the deadline.
    pub fn wait_for_end(mut self) {
        let mut block = [0; 4 << 10];
        while matches!(self.stream.read(&mut block), Ok(1..)) {}
    }

    /// The connection itself, for somebody else to go on with.
    pub fn into_stream(self) -> TcpStream {
        self.stream
    }

    /// Ends the sending direction in order, with a FIN.
    pub fn end(self) {
        // An error means that the client has ended before.
        let _ = self.stream.shutdown(Shutdown::Write);
        self.wait_for_end();
    }

    /// Ends the connection with a TCP reset.
    pub fn reset(self) {
        set_socket_linger(&self.stream, Some(Duration::ZERO)).expect("a socket");
    }
}
