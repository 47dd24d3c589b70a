//! Lines written in pieces, so that a whole line is never in memory.

use std::io;
use std::time::Instant;

use data_encoding::BASE64;
use serde_json::Value;

use super::convert::whole;
use super::wire::{self, Payload};
use super::{Jsonl, inert};
use crate::event::Direction;
use crate::proto::connection::Message;
use crate::proto::message::Kind;

/// Bytes of payload per piece; a multiple of 3, so that no base64 group is split.
const PIECE: usize = 48 << 10;
const END: &[u8] = b"\"}\n";

#[derive(Debug)]
pub struct Pieces {
    at: usize,
    is_text: bool,
}

impl Jsonl {
    pub fn begin(
        &self,
        out: &mut impl io::Write,
        message: &Message<'_>,
        number: u64,
        on_top: Option<&Value>,
        now: Instant,
    ) -> io::Result<Pieces> {
        let is_text = message.kind == Kind::Text && str::from_utf8(message.payload).is_ok();
        let mut event = whole(Direction::Received, message, number, on_top);
        if let wire::Event::Message(event) = &mut event {
            event.payload = if is_text {
                Payload::Data("")
            } else {
                Payload::Base64(b"")
            };
        }
        let mut line = Vec::new();
        self.line(&mut line, event, now)?;
        out.write_all(line.strip_suffix(END).unwrap_or(&line))?;
        Ok(Pieces { at: 0, is_text })
    }
}

impl Pieces {
    /// Writes the next piece of `payload`; returns whether more is left.
    pub fn write(&mut self, out: &mut impl io::Write, payload: &[u8]) -> io::Result<bool> {
        let mut end = payload.len().min(self.at + PIECE);
        if self.is_text {
            let is_cut = |at: usize| payload.get(at).is_some_and(|byte| byte & 0xc0 == 0x80);
            while is_cut(end) {
                end -= 1;
            }
            let piece = String::from_utf8_lossy(&payload[self.at..end]);
            let mut literal = Vec::with_capacity(piece.len() + 2);
            inert(&piece, &mut literal)?;
            out.write_all(&literal[1..literal.len() - 1])?;
        } else {
            let piece = BASE64.encode(&payload[self.at..end]);
            out.write_all(piece.as_bytes())?;
        }
        self.at = end;
        if end < payload.len() {
            return Ok(true);
        }
        out.write_all(END)?;
        Ok(false)
    }

    pub fn left(&self, len: usize) -> usize {
        len - self.at
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::connection;
    use crate::render::Secrets;
    use crate::render::clock::Clock;

    #[test]
    fn the_pieces_are_the_line() {
        let now = Instant::now();
        let clock = Clock::new(now, jiff::Timestamp::UNIX_EPOCH);
        let jsonl = Jsonl::new(false, Secrets::Masked, clock);
        // Characters of every length, at all places where a piece may end.
        let texts = ["a", "\u{e9}", "\u{20ac}", "\u{1f600}", "\u{1b}"];
        let mut payloads: Vec<(Kind, Vec<u8>)> = Vec::new();
        for (text, start) in texts
            .iter()
            .flat_map(|text| (0..4).map(move |it| (text, it)))
        {
            let text = " ".repeat(start) + &text.repeat(PIECE);
            payloads.push((Kind::Binary, text.clone().into_bytes()));
            payloads.push((Kind::Text, text.into_bytes()));
        }
        payloads.push((Kind::Text, vec![0xff; PIECE]));
        payloads.push((Kind::Text, Vec::new()));
        for (kind, payload) in &payloads {
            let message = Message::whole(*kind, payload, Some(17));
            let mut line = Vec::new();
            let event = connection::Event::Message(message);
            jsonl.connection(&mut line, &event, 7, now).unwrap();
            let mut written = Vec::new();
            let mut pieces = jsonl.begin(&mut written, &message, 7, None, now).unwrap();
            while pieces.write(&mut written, payload).unwrap() {}
            assert!(
                line == written,
                "{}",
                String::from_utf8_lossy(&written[..200])
            );
        }
    }
}
