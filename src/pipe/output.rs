//! Received messages on standard output.

use std::io;
use std::task::{Context, Poll, ready};

use data_encoding::BASE64;

use crate::proto::buffer::Buffer;
use crate::proto::connection::Message;
use crate::proto::message::Kind;
use crate::render::escape::{Escaper, Layout};
use crate::term::Stdout;

/// How messages are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Format {
    /// What follows a message.
    pub terminator: Terminator,
    /// Whether a terminal has to be protected from the payload.
    pub escaped: bool,
}

/// What follows a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Terminator {
    /// A newline.
    Newline,
    /// A NUL.
    Nul,
    /// Nothing: the payloads' exact bytes, as they come.
    None,
}

/// Standard output, and what waits to be written to it.
#[derive(Debug)]
pub struct Output {
    stdout: Stdout,
    format: Format,
    escaper: Escaper,
    /// The start of a group of base64 whose end has not come.
    carry: Vec<u8>,
    buffer: Buffer,
    /// How much waits before it is tried to write some of it while more is made.
    patience: usize,
}

/// The usual size of the buffer, in bytes.
const BUFFER: usize = 128 << 10;
/// Payloads from here on are worth a write of their own, in bytes.
const LARGE: usize = 64 << 10;

impl Output {
    /// Messages to `stdout`.
    pub fn new(stdout: Stdout, format: Format) -> Self {
        Self {
            stdout,
            format,
            escaper: Escaper::new(Layout::Payload),
            carry: Vec::new(),
            buffer: Buffer::with_capacity(BUFFER),
            patience: BUFFER,
        }
    }

    /// Takes a message or a piece of one.
    pub fn message(&mut self, message: &Message<'_>) {
        if message.kind == Kind::Binary && self.format.terminator != Terminator::None {
            self.base64(message);
        } else if self.format.escaped {
            self.escaped(message);
        } else {
            let written = self.write_at_once(message.payload);
            self.buffer.extend(&message.payload[written..]);
        }
        match self.format.terminator {
            Terminator::Newline if message.end => self.buffer.extend(b"\n"),
            Terminator::Nul if message.end => self.buffer.extend(b"\0"),
            _ => {}
        }
    }

    /// Takes a whole text.
    pub(super) fn text(&mut self, text: &[u8]) {
        self.message(&Message::whole(Kind::Text, text, None));
    }

    /// Takes bytes that need no change.
    pub(super) fn extend(&mut self, bytes: &[u8]) {
        self.buffer.extend(bytes);
        self.relieve();
    }

    /// Writes what standard output takes now, if much waits: what one message becomes may be six times as large.
    fn relieve(&mut self) {
        if self.buffer.len() < self.patience {
            return;
        }
        // What cannot be written is tried again with the rest, and told then.
        let written = self.stdout.try_write(self.buffer.filled()).unwrap_or(0);
        self.buffer.consume(written);
        self.patience = self.buffer.len() + BUFFER;
    }

    /// Writes what standard output takes now of a large payload, if nothing waits: that much needs no copy.
    fn write_at_once(&self, payload: &[u8]) -> usize {
        if payload.len() < LARGE || !self.buffer.is_empty() {
            return 0;
        }
        // What cannot be written is tried again with the rest, and told then.
        self.stdout.try_write(payload).unwrap_or(0)
    }

    /// Whether so much waits that no more should be taken.
    pub fn is_full(&self) -> bool {
        self.buffer.len() >= BUFFER
    }

    /// How many bytes wait to be written.
    pub fn unwritten(&self) -> usize {
        self.buffer.len()
    }

    /// Ready when everything is written.
    pub fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.buffer.is_empty() {
            let written = ready!(self.stdout.poll_write(cx, self.buffer.filled()))?;
            self.buffer.consume(written);
        }
        self.patience = BUFFER;
        Poll::Ready(Ok(()))
    }

    /// Ready when the reader is gone.
    pub fn poll_hang_up(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.stdout.poll_hang_up(cx)
    }

    /// The message that is coming in will not be completed; what came of it stays.
    pub fn cut(&mut self) {
        self.carry.clear();
        let mut text = String::new();
        self.escaper.finish(&mut text);
        self.buffer.extend(text.as_bytes());
    }

    /// Gives up what was not written.
    pub fn discard(&mut self) {
        self.buffer.consume(self.buffer.len());
    }

    /// Writes base64, whose groups of three bytes may lie across pieces.
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
