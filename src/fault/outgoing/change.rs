//! A whole message, and what can be done to it.

use crate::fault::dice::Dice;
use crate::fault::kind::Change;
use crate::proto::frame::{Header, Opcode, mask};

/// A message with its frames as they were sent.
#[derive(Debug, Default)]
pub(super) struct Whole {
    /// The header of the first frame.
    first: Option<Header>,
    frames: Vec<u8>,
    payload: Vec<u8>,
    /// The payload is not that of the frames any more.
    is_changed: bool,
}

/// The number of fragments: the least with one that neither begins nor ends the message.
const FRAGMENTS: usize = 3;

impl Whole {
    pub(super) fn push(&mut self, header: &Header, size: usize, frame: &[u8]) {
        self.first.get_or_insert(*header);
        self.frames.extend_from_slice(frame);
        let payload = &frame[size..];
        match header.masking_key {
            None => self.payload.extend_from_slice(payload),
            Some(key) => {
                let start = self.payload.len();
                self.payload.resize(start + payload.len(), 0);
                mask::copy_masked(&mut self.payload[start..], payload, key);
            }
        }
    }

    /// Changes the payload; returns what was done, or `None` if there was nothing to do it to.
    pub(super) fn change(&mut self, change: Change, place: Dice, number: u64) -> Option<String> {
        let is_text = self.first.is_some_and(|it| it.opcode == Opcode::TEXT);
        let len = self.payload.len();
        let at = usize::try_from(place.below(len as u64, 0)).unwrap_or(0);
        let note = match change {
            Change::Corrupt if len > 0 => {
                let (at, bit) = if is_text {
                    (end_of_char(&self.payload, at), 0)
                } else {
                    (at, place.below(8, 1))
                };
                self.payload[at] ^= 1 << bit;
                format!("corrupt message {number} at byte {}", at + 1)
            }
            Change::Truncate if len > 0 => {
                let end = if is_text {
                    start_of_char(&self.payload, at)
                } else {
                    at
                };
                self.payload.truncate(end);
                format!("truncate message {number} to {end} of {len} bytes")
            }
            Change::BadUtf8 if is_text => {
                // 0xff is nowhere in UTF-8.
                if len == 0 {
                    self.payload.push(0xff);
                } else {
                    self.payload[at] = 0xff;
                }
                format!("bad-utf8 in message {number} at byte {}", at + 1)
            }
            _ => return None,
        };
        self.is_changed = true;
        Some(note)
    }

    /// Its frames as they were sent, or one frame if it was changed.
    pub(super) fn frames(&self) -> Vec<u8> {
        if !self.is_changed {
            return self.frames.clone();
        }
        let mut out = Vec::new();
        self.fragment(&mut out, &self.payload, true, true);
        out
    }

    /// The message in fragments, with a ping between two of them (RFC 6455 §5.4).
    pub(super) fn fragments(&self) -> Vec<u8> {
        let mut out = Vec::new();
        let len = self.payload.len();
        for number in 0..FRAGMENTS {
            let piece = &self.payload[len * number / FRAGMENTS..len * (number + 1) / FRAGMENTS];
            if number > 0 {
                let ping = Header::new(true, Opcode::PING, self.masking_key(), 0);
                frame(&mut out, &ping, &[]);
            }
            self.fragment(&mut out, piece, number == 0, number + 1 == FRAGMENTS);
        }
        out
    }

    fn fragment(&self, out: &mut Vec<u8>, payload: &[u8], start: bool, end: bool) {
        let opcode = match self.first {
            Some(first) if start => first.opcode,
            _ => Opcode::CONTINUATION,
        };
        let mut header = Header::new(end, opcode, self.masking_key(), payload.len() as u64);
        // RFC 7692 §6.1: RSV1 on the first frame of a compressed message only.
        header.rsv1 = start && self.first.is_some_and(|first| first.rsv1);
        frame(out, &header, payload);
    }

    fn masking_key(&self) -> Option<[u8; 4]> {
        self.first.and_then(|first| first.masking_key)
    }
}

fn frame(out: &mut Vec<u8>, header: &Header, payload: &[u8]) {
    let mut room = [0; Header::MAX];
    let size = header.encode(&mut room);
    out.extend_from_slice(&room[..size]);
    let start = out.len();
    out.extend_from_slice(payload);
    if let Some(key) = header.masking_key {
        mask::copy_masked(&mut out[start..], payload, key);
    }
}

/// The last byte of the character at `at`: with its lowest bit flipped the text is another, and still UTF-8.
fn end_of_char(text: &[u8], at: usize) -> usize {
    let continues = |byte: &u8| byte & 0xc0 == 0x80;
    at + text[at + 1..]
        .iter()
        .take_while(|byte| continues(byte))
        .count()
}

fn start_of_char(text: &[u8], at: usize) -> usize {
    let continues = |at: &usize| text[*at] & 0xc0 == 0x80;
    (0..=at).rev().find(|at| !continues(at)).unwrap_or(0)
}
