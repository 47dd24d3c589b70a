//! Received messages on standard output.

use std::io;
use std::task::{Context, Poll, ready};

use data_encoding::BASE64;

use crate::proto::buffer::Buffer;
use crate::proto::connection::Message;
use crate::proto::message::Kind;
use crate::render::escape::{Escaper, Layout, partial_len};
use crate::term::Stdout;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Format {
    pub terminator: Terminator,
    pub escaped: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Terminator {
    Newline,
    Nul,
    /// Nothing: the exact bytes of the payloads.
    None,
}

#[derive(Debug)]
pub struct Output {
    stdout: Stdout,
    format: Format,
    escaper: Escaper,
    /// The incomplete base64 group, or character, at the end of a piece.
    carry: Vec<u8>,
    /// A message is printed up to a piece that is not its last.
    is_open: bool,
    buffer: Buffer,
    /// Buffered bytes at which to write before encoding more.
    patience: usize,
}

/// Bytes: one write for many small messages, and still little memory.
const BUFFER: usize = 128 << 10;
/// Payload size in bytes that is worth its own write.
const LARGE: usize = 64 << 10;

impl Output {
    pub fn new(stdout: Stdout, format: Format) -> Self {
        Self {
            stdout,
            format,
            escaper: Escaper::new(Layout::Payload),
            carry: Vec::new(),
            is_open: false,
            buffer: Buffer::with_capacity(BUFFER),
            patience: BUFFER,
        }
    }

    pub fn message(&mut self, message: &Message<'_>) {
        if message.kind == Kind::Binary && self.format.terminator != Terminator::None {
            self.base64(message);
        } else if self.format.escaped {
            self.escaped(message);
        } else {
            let payload = if message.start && message.end {
                message.payload
            } else {
                self.whole_characters(message)
            };
            let written = self.write_at_once(payload);
            self.buffer.extend(&payload[written..]);
        }
        if message.end {
            self.terminate();
        }
        self.is_open = !message.end;
    }

    #[inline]
    fn terminate(&mut self) {
        match self.format.terminator {
            Terminator::Newline => self.buffer.extend(b"\n"),
            Terminator::Nul => self.buffer.extend(b"\0"),
            Terminator::None => {}
        }
    }

    /// A piece up to its last whole character, if it is text, as the rest of a character may turn out invalid.
    #[inline(never)]
    fn whole_characters<'m>(&mut self, message: &Message<'m>) -> &'m [u8] {
        if message.kind == Kind::Binary {
            return message.payload;
        }
        let carried = std::mem::take(&mut self.carry);
        self.buffer.extend(&carried);
        let partial = if message.end {
            0
        } else {
            partial_len(message.payload)
        };
        let (whole, rest) = message.payload.split_at(message.payload.len() - partial);
        self.carry.extend_from_slice(rest);
        whole
    }

    pub(super) fn text(&mut self, text: &[u8]) {
        self.message(&Message::whole(Kind::Text, text, None));
    }

    pub(super) fn extend(&mut self, bytes: &[u8]) {
        self.buffer.extend(bytes);
        self.relieve();
    }

    /// Writes early when the buffer is large, as escaping can make a message six times as long.
    fn relieve(&mut self) {
        if self.buffer.len() < self.patience {
            return;
        }
        // An error shows again, and is reported, when the rest is flushed.
        let written = self.stdout.try_write(self.buffer.filled()).unwrap_or(0);
        self.buffer.consume(written);
        self.patience = self.buffer.len() + BUFFER;
    }

    /// Writes a large payload directly if the buffer is empty, which saves a copy.
    fn write_at_once(&self, payload: &[u8]) -> usize {
        if payload.len() < LARGE || !self.buffer.is_empty() {
            return 0;
        }
        // An error shows again, and is reported, when the rest is flushed.
        self.stdout.try_write(payload).unwrap_or(0)
    }

    pub fn is_full(&self) -> bool {
        self.buffer.len() >= BUFFER
    }

    pub fn unwritten(&self) -> usize {
        self.buffer.len()
    }

    pub fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.buffer.is_empty() {
            let written = ready!(self.stdout.poll_write(cx, self.buffer.filled()))?;
            self.buffer.consume(written);
        }
        self.patience = BUFFER;
        Poll::Ready(Ok(()))
    }

    pub fn poll_hang_up(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.stdout.poll_hang_up(cx)
    }

    /// Ends an incomplete message after a lost connection; what was printed of it stays.
    pub fn cut(&mut self) {
        self.carry.clear();
        let mut text = String::new();
        self.escaper.finish(&mut text);
        self.buffer.extend(text.as_bytes());
        if std::mem::take(&mut self.is_open) {
            self.terminate();
        }
    }

    pub fn discard(&mut self) {
        self.buffer.consume(self.buffer.len());
    }

    /// Writes base64, whose groups of three bytes may span pieces.
    #[inline(never)]
    fn base64(&mut self, message: &Message<'_>) {
        for piece in message.payload.chunks(LARGE) {
            self.carry.extend_from_slice(piece);
            let whole = self.carry.len() - self.carry.len() % 3;
            self.base64_of_carry(whole);
        }
        if message.end {
            self.base64_of_carry(self.carry.len());
        }
    }

    fn base64_of_carry(&mut self, len: usize) {
        let text = BASE64.encode(&self.carry[..len]);
        self.carry.drain(..len);
        self.extend(text.as_bytes());
    }

    #[inline(never)]
    fn escaped(&mut self, message: &Message<'_>) {
        let mut text = String::new();
        for piece in message.payload.chunks(LARGE) {
            self.escaper.push(piece, &mut text);
            self.extend(text.as_bytes());
            text.clear();
        }
        if message.end {
            self.escaper.finish(&mut text);
            self.extend(text.as_bytes());
        }
    }
}

impl io::Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
