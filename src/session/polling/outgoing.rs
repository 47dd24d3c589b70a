//! Frames that the driver wrote, as messages for requests.

use std::task::{Context, Poll, Waker};

use crate::proto::buffer::Buffer;
use crate::proto::frame::{Header, Opcode, mask};
use crate::proto::message::Kind;
use crate::proto::receiver::small_input_buffer;

/// Unsent frames at which the driver has to wait, in bytes.
const FULL: usize = 256 << 10;

#[derive(Debug)]
pub(super) struct Outgoing {
    /// Starts with the first frame of a message, or with a control frame.
    raw: Buffer,
    /// The first message is incomplete, so that more is needed however much there is.
    is_incomplete: bool,
    writer: Option<Waker>,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Written {
    Message(Kind, Vec<u8>),
    /// The payload of a Close frame.
    Close(Vec<u8>),
}

impl Outgoing {
    pub(super) fn new() -> Self {
        Self {
            raw: small_input_buffer(),
            is_incomplete: false,
            writer: None,
        }
    }

    pub(super) fn poll_write(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<usize> {
        if self.raw.len() >= FULL && !self.is_incomplete {
            self.writer = Some(cx.waker().clone());
            return Poll::Pending;
        }
        self.raw.extend(bytes);
        Poll::Ready(bytes.len())
    }

    /// The next message; a ping or pong has no meaning in long polling and is left out.
    ///
    /// The frames are our own engine's, so that they are valid.
    pub(super) fn next(&mut self) -> Option<Written> {
        let written = loop {
            let Some((frame, end)) = self.parse() else {
                break None;
            };
            self.raw.consume(end);
            if frame.is_some() {
                break frame;
            }
        };
        self.is_incomplete = written.is_none();
        if self.raw.len() < FULL || self.is_incomplete {
            self.writer.take().into_iter().for_each(Waker::wake);
        }
        written
    }

    /// What is at the front, and where it ends.
    fn parse(&self) -> Option<(Option<Written>, usize)> {
        let (mut at, mut kind, mut message) = (0, Kind::Text, Vec::new());
        loop {
            let rest = &self.raw.filled()[at..];
            let (header, size) = Header::decode(rest)?;
            let length = usize::try_from(header.payload_len).ok()?;
            let payload = rest.get(size..size + length)?;
            at += size + length;
            let start = message.len();
            match header.opcode {
                Opcode::CLOSE => message.clear(),
                opcode if opcode.is_control() => {
                    // Between the frames of a message it is left out together with them.
                    if start == 0 {
                        return Some((None, at));
                    }
                    continue;
                }
                Opcode::BINARY => kind = Kind::Binary,
                _ => {}
            }
            let start = start.min(message.len());
            message.extend_from_slice(payload);
            if let Some(key) = header.masking_key {
                mask::apply(&mut message[start..], key, 0);
            }
            if header.opcode == Opcode::CLOSE {
                return Some((Some(Written::Close(message)), at));
            }
            if header.fin {
                return Some((Some(Written::Message(kind, message)), at));
            }
        }
    }

    /// Everything that is not sent yet; nothing follows.
    pub(super) fn rest(&mut self) -> Vec<u8> {
        self.writer.take().into_iter().for_each(Waker::wake);
        self.raw.filled().to_vec()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;
    use crate::proto::Role;
    use crate::proto::connection::{Config, Connection};
    use crate::proto::frame::{CloseCode, CloseFrame};
    use crate::proto::receiver::input_buffer;

    /// What the client's engine writes, with fragments of two bytes.
    fn wire(write: impl FnOnce(&mut Connection)) -> Vec<u8> {
        let config = Config {
            fragment: Some(2),
            ..Config::new(Role::Client)
        };
        let mut connection = Connection::new(config, input_buffer(), [7; 32], Instant::now());
        write(&mut connection);
        connection.sender().output().to_vec()
    }

    #[test]
    fn messages_come_out_of_frames_that_arrive_byte_by_byte() {
        let bytes = wire(|connection| {
            let (sender, now) = (connection.sender(), Instant::now());
            sender.message(Kind::Text, b"4hello").expect("open");
            sender.ping(b"now", now).expect("open");
            sender.message(Kind::Binary, b"\x01\x02\x03").expect("open");
            let close = CloseFrame::new(CloseCode::NORMAL, "bye");
            connection.close(Some(close), None, now);
        });
        let mut outgoing = Outgoing::new();
        let mut found = Vec::new();
        let mut cx = Context::from_waker(Waker::noop());
        for byte in bytes {
            assert_eq!(outgoing.poll_write(&mut cx, &[byte]), Poll::Ready(1));
            found.extend(std::iter::from_fn(|| outgoing.next()));
        }
        let expected = [
            Written::Message(Kind::Text, b"4hello".to_vec()),
            Written::Message(Kind::Binary, b"\x01\x02\x03".to_vec()),
            Written::Close(b"\x03\xe8bye".to_vec()),
        ];
        assert_eq!(found, expected);
        assert!(outgoing.rest().is_empty());
    }

    #[test]
    fn a_writer_waits_only_behind_a_whole_message() {
        let large = vec![b'x'; 2 * FULL];
        let bytes = wire(|connection| {
            for _ in 0..2 {
                let sent = connection.sender().message(Kind::Text, &large);
                sent.expect("open");
            }
        });
        let mut outgoing = Outgoing::new();
        let mut cx = Context::from_waker(Waker::noop());
        let (mut at, mut messages) = (0, 0);
        while messages < 2 {
            let end = bytes.len().min(at + 1000);
            match outgoing.poll_write(&mut cx, &bytes[at..end]) {
                Poll::Ready(n) if n > 0 => at += n,
                _ if outgoing.next().is_some() => messages += 1,
                _ => assert!(outgoing.is_incomplete, "nothing to send and no room"),
            }
        }
        assert!(at == bytes.len() && outgoing.raw.is_empty());
    }
}
