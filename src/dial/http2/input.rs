//! Received bytes, on their way to the library.
//!
//! The library spends as much on a DATA frame of 70 bytes as on one of 16 KiB, and ends a connection that has too many
//! of the small ones unread. A server may send each message in a frame of its own: DATA frames that follow each other
//! are therefore joined, in place. To the stream and to both windows that is the same (RFC 9113 §6.1).

use std::ops::Range;

use crate::proto::http2::frame::{Frame, Reader};

/// Bytes that are read at once: half as much costs a tenth of the speed, twice as much gains nothing.
pub const MOST_IN_TURN: usize = 64 << 10;
const HEAD: usize = 9;
/// Of a frame that is joined: the most that a server may send without a setting that wsee does not send.
const LONGEST: usize = 16 << 10;
const DATA: u8 = 0;

#[derive(Debug)]
pub struct Input {
    bytes: Box<[u8]>,
    /// What the library has not taken yet.
    ready: Range<usize>,
    /// Everything up to here was received; between the end of `ready` and this is the start of a head.
    filled: usize,
    /// Bytes of the last frame's payload that are still to come.
    left: usize,
    /// The last frame, if what follows may lengthen its payload.
    last: Option<Last>,
    reader: Reader,
}

/// A DATA frame without flags.
#[derive(Debug, Clone, Copy)]
struct Last {
    head: usize,
    length: usize,
    stream: [u8; 4],
}

impl Default for Input {
    fn default() -> Self {
        Self {
            bytes: vec![0; MOST_IN_TURN].into_boxed_slice(),
            ready: 0..0,
            filled: 0,
            left: 0,
            last: None,
            reader: Reader::default(),
        }
    }
}

impl Input {
    /// What can be handed on.
    pub fn ready(&self) -> &[u8] {
        &self.bytes[self.ready.clone()]
    }

    pub fn take(&mut self, n: usize) {
        self.ready.start += n;
    }

    /// Where to receive to, once nothing is ready.
    pub fn room(&mut self) -> &mut [u8] {
        debug_assert!(self.ready.is_empty());
        self.bytes.copy_within(self.ready.end..self.filled, 0);
        self.filled -= self.ready.end;
        self.ready = 0..0;
        self.last = None;
        &mut self.bytes[self.filled..]
    }

    /// Makes the next `n` bytes ready, up to an incomplete head, and hands each frame that they complete to `seen`.
    pub fn received(&mut self, n: usize, seen: &mut dyn FnMut(Frame)) {
        self.filled += n;
        let (mut from, mut to) = (self.ready.end, self.ready.end);
        while from < self.filled {
            if self.left > 0 {
                let n = self.left.min(self.filled - from);
                if !self.is_data() {
                    self.reader.push(&self.bytes[from..from + n], seen);
                }
                self.copy(from..from + n, to);
                (from, to) = (from + n, to + n);
                self.left -= n;
                continue;
            }
            let Some(head) = self.bytes[from..self.filled].first_chunk::<HEAD>() else {
                break;
            };
            let head = *head;
            self.left = length(&head);
            if head[3] == DATA {
                seen(Frame::Data {
                    stream: u32::from_be_bytes(stream(&head)) & 0x7fff_ffff,
                    length: u32::try_from(self.left).unwrap_or(u32::MAX),
                    ends_stream: head[4] & 1 != 0,
                });
            } else {
                self.reader.push(&head, seen);
            }
            if !self.join(&head) {
                self.copy(from..from + HEAD, to);
                let may_grow = is_plain_data(&head) && self.left > 0;
                self.last = may_grow.then(|| Last {
                    head: to,
                    length: self.left,
                    stream: stream(&head),
                });
                to += HEAD;
            }
            from += HEAD;
        }
        self.copy(from..self.filled, to);
        self.filled -= from - to;
        self.ready.end = to;
    }

    /// Whether the frame under way is DATA, of which nothing is kept.
    fn is_data(&self) -> bool {
        self.reader.is_between_frames()
    }

    /// Makes a frame with this head the end of the last one, if it can be that.
    fn join(&mut self, head: &[u8; HEAD]) -> bool {
        let Some(last) = &mut self.last else {
            return false;
        };
        let joined = last.length + length(head);
        // An empty frame stays one: the library counts them.
        let can_be = is_plain_data(head)
            && length(head) > 0
            && stream(head) == last.stream
            && joined <= LONGEST;
        if can_be {
            last.length = joined;
            let length = u32::try_from(joined).unwrap_or(u32::MAX).to_be_bytes();
            self.bytes[last.head..last.head + 3].copy_from_slice(&length[1..]);
        }
        can_be
    }

    fn copy(&mut self, from: Range<usize>, to: usize) {
        if from.start != to {
            self.bytes.copy_within(from, to);
        }
    }
}

/// Whether it is DATA with neither an end of the stream nor padding.
fn is_plain_data(head: &[u8; HEAD]) -> bool {
    head[3] == DATA && head[4] == 0
}

fn length(head: &[u8; HEAD]) -> usize {
    usize::from(head[0]) << 16 | usize::from(head[1]) << 8 | usize::from(head[2])
}

fn stream(head: &[u8; HEAD]) -> [u8; 4] {
    [head[5], head[6], head[7], head[8]]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(kind: u8, flags: u8, stream: u8, payload: &[u8]) -> Vec<u8> {
        let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
        [&length[1..], &[kind, flags, 0, 0, 0, stream], payload].concat()
    }

    /// What the library gets of `bytes` that arrive in pieces, of which it takes `taken` at once.
    fn pass(bytes: &[u8], piece: usize, taken: usize) -> (Vec<u8>, Vec<Frame>) {
        let (mut input, mut passed, mut seen) = (Input::default(), Vec::new(), Vec::new());
        for piece in bytes.chunks(piece) {
            input.room()[..piece.len()].copy_from_slice(piece);
            input.received(piece.len(), &mut |frame| seen.push(frame));
            while !input.ready().is_empty() {
                let n = taken.min(input.ready().len());
                passed.extend_from_slice(&input.ready()[..n]);
                input.take(n);
            }
        }
        (passed, seen)
    }

    #[test]
    fn data_frames_in_a_row_become_one() {
        let bytes = [frame(0, 0, 1, b"one "), frame(0, 0, 1, b"two")].concat();
        let (passed, seen) = pass(&bytes, bytes.len(), 100);
        assert_eq!(passed, frame(0, 0, 1, b"one two"));
        assert_eq!(seen.len(), 2, "{seen:?}");
    }

    #[test]
    fn frames_that_differ_stay_apart() {
        let settings = frame(4, 0, 0, &[0, 8, 0, 0, 0, 1]);
        let large = vec![7; LONGEST];
        for (first, second) in [
            (frame(0, 0, 1, b"one"), frame(0, 1, 1, b"last")),
            (frame(0, 0, 1, b"one"), frame(0, 8, 1, b"\x01padded\0")),
            (frame(0, 0, 1, b"one"), frame(0, 0, 3, b"two")),
            (frame(0, 0, 1, b"one"), frame(0, 0, 1, b"")),
            (frame(0, 0, 1, b""), frame(0, 0, 1, b"two")),
            (frame(0, 0, 1, &large), frame(0, 0, 1, b"two")),
            (frame(0, 0, 1, b"one"), settings),
        ] {
            let bytes = [first, second].concat();
            assert_eq!(pass(&bytes, bytes.len(), bytes.len()).0, bytes);
        }
    }

    #[test]
    fn pieces_of_any_size_bring_the_same() {
        let large = vec![5; 3 * LONGEST + 5];
        let bytes = [
            frame(4, 0, 0, &[0, 8, 0, 0, 0, 1]),
            frame(1, 4, 1, b"block"),
            frame(0, 0, 1, b"one"),
            frame(0, 0, 1, b"two"),
            frame(6, 0, 0, b"12345678"),
            frame(0, 0, 1, &large[..LONGEST - 1]),
            frame(0, 0, 1, b"34"),
            frame(0, 1, 1, b""),
        ]
        .concat();
        let (_, all) = pass(&bytes, bytes.len(), 1000);
        for (piece, taken) in [(1, 1), (5, 100), (9, 3), (10, 100), (4000, 77)] {
            let (passed, seen) = pass(&bytes, piece, taken);
            assert_eq!(seen, all);
            assert_eq!(content(&passed), content(&bytes), "{piece} {taken}");
        }
    }

    /// Frames in their order, with DATA in a row as one.
    fn content(mut bytes: &[u8]) -> Vec<(u8, u8, Vec<u8>)> {
        let mut frames: Vec<(u8, u8, Vec<u8>)> = Vec::new();
        while let Some(head) = bytes.first_chunk::<HEAD>() {
            let (payload, rest) = bytes[HEAD..].split_at(length(head));
            match frames.last_mut() {
                Some((0, 0, all)) if is_plain_data(head) => all.extend_from_slice(payload),
                _ => frames.push((head[3], head[4], payload.to_vec())),
            }
            bytes = rest;
        }
        assert!(bytes.is_empty());
        frames
    }
}
