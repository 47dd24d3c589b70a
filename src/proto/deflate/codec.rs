//! Compressing and inflating messages (RFC 7692 §7.2).

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};

use crate::proto::buffer::Buffer;

/// The end of a flushed block, which is removed at the end of a message (RFC 7692 §7.2.1).
const TAIL: [u8; 4] = [0x00, 0x00, 0xff, 0xff];
/// The least room made for output at a time, in bytes: small messages need no more.
const LEAST_ROOM: usize = 1 << 10;
/// The most room requested for output at a time, in bytes: two windows, so that a bomb cannot allocate much.
const MOST_ROOM: usize = 64 << 10;
/// The smallest window of zlib's compressor, in bits.
const LEAST_BITS: u8 = 9;
/// The size of a window of 8 bits, in bytes.
const SMALL_WINDOW: usize = 256;
/// The size of a window of 15 bits, in bytes.
const LARGE_WINDOW: usize = 32 << 10;

/// Compresses messages.
#[derive(Debug)]
pub struct Deflater {
    /// Created with the first message, as it takes more memory than all the rest of a connection.
    deflate: Option<Compress>,
    window_bits: u8,
    context_takeover: bool,
}

impl Deflater {
    /// A compressor with a window of `window_bits` (8 to 15).
    pub fn new(window_bits: u8, context_takeover: bool) -> Self {
        Self {
            deflate: None,
            window_bits,
            context_takeover,
        }
    }

    /// Compresses a piece of a message and appends it to `out`; `end` marks the last piece.
    pub fn push(&mut self, piece: &[u8], end: bool, out: &mut Vec<u8>) {
        let start = out.len();
        if self.window_bits < LEAST_BITS {
            // zlib has no window of 256 bytes; a full flush every 256 bytes keeps references within them.
            for chunk in piece.chunks(SMALL_WINDOW) {
                self.flush(chunk, FlushCompress::Full, out);
            }
        } else if !piece.is_empty() {
            self.flush(piece, FlushCompress::Sync, out);
        }
        if !end {
            return;
        }
        if out.len() > start && out.ends_with(&TAIL) {
            out.truncate(out.len() - TAIL.len());
        } else {
            // RFC 7692 §7.2.3.6: an empty block, without its tail.
            out.push(0x00);
        }
        if let Some(deflate) = self.deflate.as_mut().filter(|_| !self.context_takeover) {
            deflate.reset();
        }
    }

    /// Whether it holds a window.
    pub fn is_warm(&self) -> bool {
        self.deflate.is_some()
    }

    /// Gives its memory back between two messages; the next one refers to none before it.
    pub fn rest(&mut self) {
        self.deflate = None;
    }

    fn flush(&mut self, mut piece: &[u8], flush: FlushCompress, out: &mut Vec<u8>) {
        let bits = self.window_bits.clamp(LEAST_BITS, 15);
        let deflate = self.deflate.get_or_insert_with(|| {
            Compress::new_with_window_bits(Compression::default(), false, bits)
        });
        loop {
            out.reserve(piece.len() / 2 + 64);
            let before = deflate.total_in();
            // The only error is a call in the wrong state.
            let _ = deflate.compress_vec(piece, out, flush);
            let taken = usize::try_from(deflate.total_in() - before).unwrap_or(0);
            piece = &piece[taken..];
            if piece.is_empty() && out.len() < out.capacity() {
                return;
            }
        }
    }
}

/// Inflates messages.
#[derive(Debug)]
pub struct Inflater {
    /// Created with the first message, as the compressor is.
    decompress: Option<Decompress>,
    context_takeover: bool,
    /// The window and what precedes it, in case the peer ends a stream and its next one refers to the window.
    history: Vec<u8>,
    /// A new stream has begun that was not given the window yet.
    lacks_window: bool,
    /// The stream ended with the last byte consumed (BFINAL, RFC 7692 §7.2.3.4).
    ended: bool,
    /// How many bytes of [`TAIL`] were inflated at the end of the message.
    tail: usize,
    /// Bytes of the window that were copied or moved.
    #[cfg(test)]
    copied: usize,
}

/// Data that is not a DEFLATE stream (RFC 1951).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a DEFLATE stream")]
pub struct InflateError;

/// The progress of inflation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Inflated {
    /// The number of bytes of the input that were consumed.
    pub taken: usize,
    /// Whether output remains that did not fit.
    pub more: bool,
}

impl Inflater {
    /// An inflater for a peer with or without context takeover, and with any window.
    pub fn new(context_takeover: bool) -> Self {
        Self {
            decompress: None,
            context_takeover,
            history: Vec::new(),
            lacks_window: false,
            ended: false,
            tail: 0,
            #[cfg(test)]
            copied: 0,
        }
    }

    /// Whether it holds more than what the next message may refer to.
    pub fn is_warm(&self) -> bool {
        self.decompress.is_some()
    }

    /// Gives memory back between two messages, except what the next one may refer to.
    pub fn rest(&mut self) {
        self.decompress = None;
        let excess = self.history.len().saturating_sub(LARGE_WINDOW);
        self.history.drain(..excess);
        self.history.shrink_to_fit();
        self.lacks_window = !self.history.is_empty();
    }

    #[inline]
    fn decompress(&mut self) -> &mut Decompress {
        self.decompress
            .get_or_insert_with(|| Decompress::new(false))
    }

    /// Inflates `input` and appends it to `out`, until `out` has `full` bytes.
    pub fn push(
        &mut self,
        input: &[u8],
        out: &mut Buffer,
        full: usize,
    ) -> Result<Inflated, InflateError> {
        self.inflate(input, out, full, false)
    }

    fn inflate(
        &mut self,
        input: &[u8],
        out: &mut Buffer,
        full: usize,
        is_tail: bool,
    ) -> Result<Inflated, InflateError> {
        let mut remembered = out.len();
        let mut taken = 0;
        let least = (input.len() * 4).clamp(LEAST_ROOM, MOST_ROOM);
        let more = loop {
            if out.len() >= full {
                break true;
            }
            let left = full - out.len();
            let room = out.spare_for(least.min(left), left);
            // Without room, zlib stops before the first byte of output, which may need the window.
            let most = if self.lacks_window {
                0
            } else {
                room.len().min(left)
            };
            let (status, used, made) = self.step(&input[taken..], &mut room[..most])?;
            out.commit(made);
            taken += used;
            match status {
                Status::StreamEnd => {
                    self.remember(&out.filled()[remembered..]);
                    remembered = out.len();
                    self.restart();
                    if is_tail {
                        // The rest of the tail is ours, not the start of another stream of the peer.
                        taken = input.len();
                        break false;
                    }
                }
                Status::Ok | Status::BufError if self.lacks_window => {
                    if taken == input.len() {
                        break false;
                    }
                    self.give_window()?;
                }
                Status::Ok | Status::BufError => {
                    if made < most && (taken == input.len() || used == 0) {
                        break false;
                    }
                }
            }
        };
        self.remember(&out.filled()[remembered..]);
        Ok(Inflated { taken, more })
    }

    /// Inflates once into `room`; returns the status, the bytes consumed and the bytes produced.
    fn step(
        &mut self,
        input: &[u8],
        room: &mut [u8],
    ) -> Result<(Status, usize, usize), InflateError> {
        let decompress = self.decompress();
        let before = (decompress.total_in(), decompress.total_out());
        let status = decompress.decompress(input, room, FlushDecompress::None);
        let used = usize::try_from(decompress.total_in() - before.0).unwrap_or(0);
        let made = usize::try_from(decompress.total_out() - before.1).unwrap_or(0);
        self.ended &= used == 0;
        Ok((status.map_err(|_| InflateError)?, used, made))
    }

    /// Ends the message; to be repeated while [`Inflated::more`] is true.
    pub fn finish(&mut self, out: &mut Buffer, full: usize) -> Result<Inflated, InflateError> {
        let rest = if self.ended {
            &[][..]
        } else {
            &TAIL[self.tail..]
        };
        let inflated = self.inflate(rest, out, full, true)?;
        self.tail += inflated.taken;
        if !inflated.more {
            self.tail = 0;
            if !self.context_takeover {
                self.decompress().reset(false);
            }
        }
        Ok(inflated)
    }

    /// Starts a new stream after the peer ended one, whose references may reach into the old one.
    fn restart(&mut self) {
        self.decompress().reset(false);
        self.ended = true;
        self.lacks_window = self.context_takeover;
    }

    /// Gives the new stream the window.
    fn give_window(&mut self) -> Result<(), InflateError> {
        self.lacks_window = false;
        let start = self.history.len().saturating_sub(LARGE_WINDOW);
        let window = &self.history[start..];
        #[cfg(test)]
        {
            self.copied += window.len();
        }
        let decompress = self
            .decompress
            .get_or_insert_with(|| Decompress::new(false));
        let given = decompress.set_dictionary(window);
        given.map(drop).map_err(|_| InflateError)
    }

    fn remember(&mut self, fresh: &[u8]) {
        if !self.context_takeover {
            return;
        }
        let fresh = &fresh[fresh.len().saturating_sub(LARGE_WINDOW)..];
        // We compact only after discarding at least as much, so each byte moves at most once.
        if self.history.len() + fresh.len() > 2 * LARGE_WINDOW {
            let kept = LARGE_WINDOW - fresh.len();
            self.history.drain(..self.history.len() - kept);
            #[cfg(test)]
            {
                self.copied += kept;
            }
        }
        self.history.extend_from_slice(fresh);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deflated(deflater: &mut Deflater, message: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        deflater.push(message, true, &mut out);
        out
    }

    fn inflated(
        inflater: &mut Inflater,
        data: &[u8],
        full: usize,
    ) -> Result<Vec<u8>, InflateError> {
        let mut all = Vec::new();
        let mut rest = data;
        loop {
            let mut out = Buffer::with_capacity(0);
            let step = inflater.push(rest, &mut out, full)?;
            rest = &rest[step.taken..];
            all.extend_from_slice(out.filled());
            if !step.more {
                break;
            }
        }
        loop {
            let mut out = Buffer::with_capacity(0);
            let step = inflater.finish(&mut out, full)?;
            all.extend_from_slice(out.filled());
            if !step.more {
                return Ok(all);
            }
        }
    }

    fn hex(text: &str) -> Vec<u8> {
        hex::decode(text.replace(' ', "")).unwrap()
    }

    #[test]
    fn writes_the_examples_of_rfc7692_section_7_2_3() {
        let mut deflater = Deflater::new(15, true);
        assert_eq!(
            deflated(&mut deflater, b"Hello"),
            hex("f2 48 cd c9 c9 07 00")
        );
        assert_eq!(deflated(&mut deflater, b"Hello"), hex("f2 00 11 00 00"));
        assert_eq!(deflated(&mut deflater, b""), hex("00"));
        let mut fresh = Deflater::new(15, false);
        for _ in 0..2 {
            assert_eq!(deflated(&mut fresh, b"Hello"), hex("f2 48 cd c9 c9 07 00"));
        }
    }

    #[test]
    fn reads_the_examples_of_rfc7692_section_7_2_3() {
        let mut inflater = Inflater::new(true);
        for data in [
            "f2 48 cd c9 c9 07 00",
            "f2 00 11 00 00",
            // §7.2.3.3: a block without compression.
            "00 05 00 fa ff 48 65 6c 6c 6f 00",
            // §7.2.3.4: a block with BFINAL, and then references to what was before it.
            "f3 48 cd c9 c9 07 00 00",
            "f2 00 11 00 00",
            // §7.2.3.5: two blocks.
            "f2 48 05 00 00 00 ff ff ca c9 c9 07 00",
        ] {
            assert_eq!(
                inflated(&mut inflater, &hex(data), 1 << 20),
                Ok(b"Hello".to_vec()),
                "{data}"
            );
        }
        assert_eq!(inflated(&mut inflater, &hex("00"), 1 << 20), Ok(Vec::new()));
    }

    #[test]
    fn every_window_survives_the_round_trip_and_keeps_its_size() {
        let text: Vec<u8> = (0..20_000u32)
            .flat_map(|i| (i * i % 977).to_string().into_bytes())
            .collect();
        for bits in 8..=15 {
            for takeover in [true, false] {
                let mut deflater = Deflater::new(bits, takeover);
                let mut inflater = Inflater::new(takeover);
                for message in [&text[..], b"", &text[..1000], b"x"] {
                    let data = deflated(&mut deflater, message);
                    let back = inflated(&mut inflater, &data, 1000);
                    assert_eq!(back.as_deref(), Ok(message), "{bits} bits");
                }
            }
        }
    }

    #[test]
    fn pieces_join_to_the_message() {
        let mut deflater = Deflater::new(15, true);
        let mut inflater = Inflater::new(true);
        for pieces in [
            &[&b"one "[..], b"two ", b"three"][..],
            &[b"only", b""],
            &[b"", b""],
        ] {
            let mut out = Vec::new();
            for (i, piece) in pieces.iter().enumerate() {
                deflater.push(piece, i + 1 == pieces.len(), &mut out);
            }
            assert_eq!(inflated(&mut inflater, &out, 1 << 20), Ok(pieces.concat()));
        }
    }

    #[test]
    fn inflation_of_a_bomb_stops_at_the_limit() {
        let mut deflater = Deflater::new(15, true);
        let bomb = deflated(&mut deflater, &vec![0; 10 << 20]);
        let mut out = Buffer::with_capacity(0);
        let step = Inflater::new(true).push(&bomb, &mut out, 100_000).unwrap();
        assert!(step.more);
        assert_eq!(out.len(), 100_000);
    }

    #[test]
    fn a_stream_may_end_within_the_removed_tail() {
        for full in [1, 1 << 20] {
            let mut inflater = Inflater::new(false);
            // The last two bits of the end of the block are missing, and "Hello" without its last byte.
            for (data, expected) in [("03", ""), ("f3 48 cd c9 c9 07", "Hello")] {
                let found = inflated(&mut inflater, &hex(data), full);
                assert_eq!(found.as_deref(), Ok(expected.as_bytes()), "{data}");
            }
            let found = inflated(&mut inflater, &hex("f2 48 cd c9 c9 07 00"), full);
            assert_eq!(found, Ok(b"Hello".to_vec()));
        }
    }

    /// Text of so many bytes in which hardly anything repeats.
    fn text(len: usize) -> Vec<u8> {
        let digits = (0..).flat_map(|i: u64| (i * i * 7919 % 999_983).to_string().into_bytes());
        digits.take(len).collect()
    }

    #[test]
    fn streams_that_end_without_output_do_not_copy_the_window() {
        let (mut deflater, mut inflater) = (Deflater::new(15, true), Inflater::new(true));
        let text = text(LARGE_WINDOW);
        let first = deflated(&mut deflater, &text);
        assert_eq!(inflated(&mut inflater, &first, 1 << 20).as_ref(), Ok(&text));
        inflater.copied = 0;
        // A final block with fixed codes, one without compression, and one after another that is not final.
        for ends in ["03 00", "01 00 00 ff ff", "02 0c 00"] {
            let flood = hex(ends).repeat(2000);
            assert_eq!(inflated(&mut inflater, &flood, 1 << 20), Ok(Vec::new()));
            for byte in hex(ends).repeat(200) {
                let mut out = Buffer::with_capacity(0);
                let step = inflater.push(&[byte], &mut out, 1 << 20).unwrap();
                assert_eq!((step.taken, step.more, out.len()), (1, false, 0));
            }
        }
        assert_eq!(inflater.copied, 0, "bytes of a window nobody refers to");
        let half = &text[LARGE_WINDOW / 2..];
        let again = deflated(&mut deflater, half);
        assert!(again.len() < first.len() / 10, "references into the window");
        let back = inflated(&mut inflater, &again, 1 << 20);
        assert_eq!(back.as_deref(), Ok(half));
        assert!(inflater.copied <= 3 * LARGE_WINDOW);
    }

    #[test]
    fn the_first_byte_after_any_split_may_refer_to_the_window() {
        let (mut deflater, mut inflater) = (Deflater::new(15, true), Inflater::new(true));
        let text = text(3000);
        let first = deflated(&mut deflater, &text);
        assert_eq!(inflated(&mut inflater, &first, 1 << 20).as_ref(), Ok(&text));
        for size in 1..8 {
            let message = [hex("03 00"), deflated(&mut deflater, &text)].concat();
            let mut out = Buffer::with_capacity(0);
            for piece in message.chunks(size) {
                let step = inflater.push(piece, &mut out, 1 << 20).unwrap();
                assert_eq!((step.taken, step.more), (piece.len(), false));
            }
            inflater.finish(&mut out, 1 << 20).unwrap();
            assert!(out.filled() == text, "in pieces of {size}");
        }
    }

    #[test]
    fn history_of_small_messages_copies_each_byte_at_most_once() {
        let (mut deflater, mut inflater) = (Deflater::new(15, true), Inflater::new(true));
        let text = text(20);
        for _ in 0..6000 {
            let data = deflated(&mut deflater, &text);
            assert_eq!(inflated(&mut inflater, &data, 1 << 20).as_ref(), Ok(&text));
        }
        let made = 6000 * text.len();
        assert!(inflater.copied <= made, "{} of {made}", inflater.copied);
    }

    #[test]
    fn refuses_invalid_deflate_data() {
        assert_eq!(
            inflated(&mut Inflater::new(true), b"\x07\xff\xff", 1 << 20),
            Err(InflateError)
        );
    }
}
