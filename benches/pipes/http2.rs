//! The server's end of an HTTP/2 connection with one stream (RFC 8441), written by hand.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};

use crate::stream::Duplex;

const PREFACE: usize = 24;
const HEAD: usize = 9;
/// The most that is read or written at a time, in bytes.
const BLOCK: usize = 256 << 10;
/// The largest frame that a client has to take, in bytes.
const LARGEST: usize = 16 << 10;

/// SETTINGS with `INITIAL_WINDOW_SIZE` 2^31-1 and `ENABLE_CONNECT_PROTOCOL` 1, and as much for the connection.
const OPENING: &[u8] = b"\0\0\x0c\x04\0\0\0\0\0\0\x04\x7f\xff\xff\xff\0\x08\0\0\0\x01\
    \0\0\x04\x08\0\0\0\0\0\x7f\xff\0\0";
/// HEADERS of stream 1 with `:status` 200.
const ANSWER: &[u8] = b"\0\0\x01\x01\x04\0\0\0\x01\x88";

/// Reads and writes the DATA of stream 1.
pub(crate) struct Http2 {
    stream: TcpStream,
    input: Vec<u8>,
    start: usize,
    end: usize,
    /// Bytes of a DATA frame that are still to come.
    left: usize,
    is_asked: bool,
    is_ended: bool,
    /// What the client takes: the stream's window, and the connection's.
    windows: [i64; 2],
    /// The size of a frame, in bytes.
    piece: usize,
    output: Vec<u8>,
}

impl Http2 {
    /// Whether a client begins with HTTP/2.
    pub(crate) fn is_spoken(stream: &TcpStream) -> io::Result<bool> {
        let mut start = [0; 3];
        loop {
            match stream.peek(&mut start) {
                Ok(3) => return Ok(&start == b"PRI"),
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Opens the stream that the client asks for; what is sent in it is cut into frames of `piece` bytes, if that is given.
    pub(crate) fn accept(mut stream: TcpStream, piece: Option<usize>) -> io::Result<Self> {
        stream.write_all(OPENING)?;
        let mut http2 = Self {
            stream,
            input: vec![0; BLOCK],
            start: 0,
            end: 0,
            left: 0,
            is_asked: false,
            is_ended: false,
            windows: [65_535; 2],
            piece: piece.unwrap_or(LARGEST),
            output: Vec::with_capacity(2 * BLOCK),
        };
        while http2.end < PREFACE {
            http2.wait()?;
        }
        http2.start = PREFACE;
        while !http2.is_asked {
            if !http2.frame()? {
                http2.wait()?;
            }
        }
        http2.stream.write_all(ANSWER)?;
        Ok(http2)
    }

    /// Takes in the next frame up to its payload if that is DATA; `false` where more has to be read first.
    fn frame(&mut self) -> io::Result<bool> {
        let bytes = &self.input[self.start..self.end];
        let Some(head) = bytes.first_chunk::<HEAD>() else {
            return Ok(false);
        };
        let length = number(&[0, head[0], head[1], head[2]]);
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        let (kind, flags) = (head[3], head[4]);
        let of_stream = number(&head[5..]) != 0;
        if kind == 0 {
            self.start += HEAD;
            self.left = length;
            self.is_ended |= flags & 1 != 0;
            return Ok(true);
        }
        let Some(payload) = bytes.get(HEAD..HEAD + length) else {
            return Ok(false);
        };
        match kind {
            1 => self.is_asked = true,
            4 if flags == 0 => {
                for setting in payload.chunks_exact(6) {
                    if setting[..2] == [0, 4] {
                        self.windows[0] += number(&setting[2..]) - 65_535;
                    }
                }
                self.stream.write_all(b"\0\0\0\x04\x01\0\0\0\0")?;
            }
            8 => self.windows[usize::from(!of_stream)] += number(payload),
            _ => {}
        }
        self.start += HEAD + length;
        Ok(true)
    }

    fn fill(&mut self) -> io::Result<usize> {
        self.input.copy_within(self.start..self.end, 0);
        (self.start, self.end) = (0, self.end - self.start);
        let read = self.stream.read(&mut self.input[self.end..])?;
        self.end += read;
        Ok(read)
    }

    /// The same, however long it takes.
    fn wait(&mut self) -> io::Result<()> {
        loop {
            match self.fill() {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(_) => return Ok(()),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// How much the client takes, once it takes anything.
    fn room(&mut self) -> io::Result<usize> {
        loop {
            let window = self.windows[0].min(self.windows[1]);
            if window > 0 {
                return Ok(usize::try_from(window).unwrap_or(usize::MAX));
            }
            if self.left > 0 {
                return Err(io::Error::other("both ends wait for each other"));
            }
            if !self.frame()? {
                self.wait()?;
            }
        }
    }
}

fn number(bytes: &[u8]) -> i64 {
    let four = bytes.iter().take(4);
    four.fold(0, |number, byte| number << 8 | i64::from(*byte)) & 0x7fff_ffff
}

impl Read for Http2 {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut filled = 0;
        loop {
            let n = (self.end - self.start)
                .min(self.left)
                .min(buffer.len() - filled);
            buffer[filled..filled + n].copy_from_slice(&self.input[self.start..self.start + n]);
            (self.start, self.left, filled) = (self.start + n, self.left - n, filled + n);
            if filled == buffer.len() || self.left == 0 && self.is_ended {
                return Ok(filled);
            }
            if self.left == 0 && self.frame()? {
                continue;
            }
            if filled > 0 {
                return Ok(filled);
            }
            if self.fill()? == 0 {
                return Ok(0);
            }
        }
    }
}

impl Write for Http2 {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let n = self.room()?.min(bytes.len()).min(BLOCK);
        self.output.clear();
        for piece in bytes[..n].chunks(self.piece) {
            let length = u32::try_from(piece.len()).unwrap_or(u32::MAX).to_be_bytes();
            self.output.extend_from_slice(&length[1..]);
            self.output.extend_from_slice(&[0, 0, 0, 0, 0, 1]);
            self.output.extend_from_slice(piece);
        }
        self.stream.write_all(&self.output)?;
        for window in &mut self.windows {
            *window -= i64::try_from(n).unwrap_or(i64::MAX);
        }
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

impl Duplex for Http2 {
    fn end(&mut self) -> io::Result<()> {
        self.stream.write_all(b"\0\0\0\0\x01\0\0\0\x01")?;
        self.stream.shutdown(Shutdown::Write)
    }
}
