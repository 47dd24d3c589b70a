//! The least of the protocol that a server and a client as fast as possible need, written by hand.

use std::io::{self, Read, Write};

use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

pub(crate) const TEXT: u8 = 1;
pub(crate) const BINARY: u8 = 2;
pub(crate) const CLOSE: u8 = 8;

/// An unmasked Close frame with status code 1000.
pub(crate) const CLOSE_NORMAL: [u8; 4] = [0x88, 0x02, 0x03, 0xe8];
/// Set in the first byte of a compressed message (RFC 7692 §6).
pub(crate) const RSV1: u8 = 0x40;

/// In the second byte: the length follows in two bytes, or in eight.
const LEN_16: u8 = 0x7e;
const LEN_64: u8 = 0x7f;
/// The most that is read at a time, in bytes.
const READ_SIZE: usize = 256 << 10;

/// The header of a message in one frame (RFC 6455 §5.2).
pub(crate) fn header(opcode: u8, len: usize, key: Option<[u8; 4]>) -> Vec<u8> {
    let mask = if key.is_some() { 0x80 } else { 0 };
    let mut header = vec![0x80 | opcode];
    match (u8::try_from(len), u16::try_from(len)) {
        (Ok(len @ ..=125), _) => header.push(mask | len),
        (_, Ok(len)) => {
            header.push(mask | LEN_16);
            header.extend(len.to_be_bytes());
        }
        _ => {
            header.push(mask | LEN_64);
            header.extend((len as u64).to_be_bytes());
        }
    }
    header.extend(key.into_iter().flatten());
    header
}

/// Masks or unmasks bytes that stand at `offset` in their payload.
pub(crate) fn unmask(bytes: &mut [u8], key: [u8; 4], offset: u64) {
    let key: [u8; 32] = std::array::from_fn(|i| key[(i + (offset % 4) as usize) % 4]);
    let (chunks, rest) = bytes.as_chunks_mut::<32>();
    for chunk in chunks {
        for i in 0..32 {
            chunk[i] ^= key[i];
        }
    }
    for (byte, mask) in rest.iter_mut().zip(key) {
        *byte ^= mask;
    }
}

/// What a frame's header says.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Head {
    pub(crate) opcode: u8,
    pub(crate) key: Option<[u8; 4]>,
    pub(crate) len: u64,
}

fn parse(bytes: &[u8]) -> Option<(Head, usize)> {
    let (&[first, second], rest) = bytes.split_first_chunk()?;
    let (len, rest) = match second & 0x7f {
        LEN_16 => {
            let (len, rest) = rest.split_first_chunk()?;
            (u16::from_be_bytes(*len).into(), rest)
        }
        LEN_64 => {
            let (len, rest) = rest.split_first_chunk()?;
            (u64::from_be_bytes(*len), rest)
        }
        len => (len.into(), rest),
    };
    let (key, rest) = if second & 0x80 == 0 {
        (None, rest)
    } else {
        let (key, rest) = rest.split_first_chunk()?;
        (Some(*key), rest)
    };
    let opcode = first & 0x0f;
    Some((Head { opcode, key, len }, bytes.len() - rest.len()))
}

/// Reads frames off a stream.
pub(crate) struct Reader<S> {
    pub(crate) stream: S,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
}

impl<S: Read> Reader<S> {
    pub(crate) fn new(stream: S) -> Self {
        Self {
            stream,
            buffer: vec![0; READ_SIZE],
            start: 0,
            end: 0,
        }
    }

    /// Whether the next call would have to read.
    pub(crate) fn is_empty(&self) -> bool {
        self.start == self.end
    }

    /// The next frame's header; `None` at the end of the stream.
    pub(crate) fn head(&mut self) -> io::Result<Option<Head>> {
        loop {
            if let Some((head, size)) = parse(&self.buffer[self.start..self.end]) {
                self.start += size;
                return Ok(Some(head));
            }
            if self.fill()? == 0 {
                return Ok(None);
            }
        }
    }

    /// The next piece of a payload of which `left` bytes are to come.
    pub(crate) fn piece(&mut self, left: &mut u64) -> io::Result<&mut [u8]> {
        if self.is_empty() && self.fill()? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let here = self.end - self.start;
        let size = usize::try_from(*left).map_or(here, |left| left.min(here));
        *left -= size as u64;
        self.start += size;
        Ok(&mut self.buffer[self.start - size..self.start])
    }

    fn fill(&mut self) -> io::Result<usize> {
        self.buffer.copy_within(self.start..self.end, 0);
        (self.start, self.end) = (0, self.end - self.start);
        let read = self.stream.read(&mut self.buffer[self.end..])?;
        self.end += read;
        Ok(read)
    }

    /// Reads an HTTP head.
    fn http(&mut self) -> io::Result<String> {
        loop {
            let filled = &self.buffer[self.start..self.end];
            if let Some(at) = memchr::memmem::find(filled, b"\r\n\r\n") {
                let head = String::from_utf8_lossy(&filled[..at]).into_owned();
                self.start += at + 4;
                return Ok(head);
            }
            if self.fill()? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
    }
}

impl<S: Read + Write> Reader<S> {
    /// The client's side of the opening handshake.
    pub(crate) fn upgrade(&mut self) -> io::Result<()> {
        self.stream.write_all(
            b"GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
              Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n",
        )?;
        self.stream.flush()?;
        self.http().map(drop)
    }

    /// The server's side, with an answer to the extensions it is offered.
    pub(crate) fn accept(&mut self, extensions: Option<&str>) -> io::Result<()> {
        let head = self.http()?;
        let key = head
            .lines()
            .filter_map(|line| line.split_once(':'))
            .find(|(name, _)| name.eq_ignore_ascii_case("sec-websocket-key"))
            .ok_or(io::ErrorKind::InvalidData)?;
        let accept = derive_accept_key(key.1.trim().as_bytes());
        let extensions = extensions
            .map(|answer| format!("Sec-WebSocket-Extensions: {answer}\r\n"))
            .unwrap_or_default();
        let answer = format!(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Accept: {accept}\r\n{extensions}\r\n"
        );
        self.stream.write_all(answer.as_bytes())?;
        self.stream.flush()
    }
}
