//! Frames that pass from one connection to another as they came, except for their masks.
//!
//! The stream is followed byte by byte: a byte may leave before the next has come, and no frame is ever
//! waited for. Only masking keys are replaced, as RFC 6455 §5.3 wants a fresh one for each frame; a frame
//! that wrongly lacks or has a mask passes as it came.

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::frame::{Header, mask};
use super::receiver::{Partial, WireHeader};

/// One direction of two connections, each the continuation of the other.
#[derive(Debug)]
pub struct Passage {
    /// For the direction from a client, whose frames get other masks.
    keys: Option<StdRng>,
    /// The bytes of a header whose end is missing, as they came.
    head: [u8; Header::MAX],
    head_len: usize,
    /// The key of the frame on the other side; the same as `came` for one that passes as it came.
    went: [u8; 4],
    /// The key that it came with; zero for none.
    came: [u8; 4],
    /// Payload bytes of the frame that are missing.
    left: u64,
    /// Payload bytes of the frame that have passed.
    taken: u64,
    bytes: u64,
    frames: u64,
}

/// A part of what passes, for those that look on.
#[derive(Debug)]
pub enum Piece<'a> {
    /// The header of a frame, as it came.
    Header(&'a WireHeader),
    /// The next bytes of the frame's payload, without the mask; the last ones if `end`.
    Payload {
        /// The bytes.
        bytes: &'a [u8],
        /// Whether the frame is complete.
        end: bool,
    },
}

/// Takes what passes.
pub type Watch<'a, 'w> = &'a mut (dyn FnMut(Piece<'_>) + 'w);

impl Passage {
    /// The direction from a client; `seed` feeds the masking keys and must be unpredictable (RFC 6455 §5.3).
    pub fn from_client(seed: [u8; 32]) -> Self {
        Self::new(Some(StdRng::from_seed(seed)))
    }

    /// The direction from a server, whose frames have no masks.
    pub fn from_server() -> Self {
        Self::new(None)
    }

    fn new(keys: Option<StdRng>) -> Self {
        Self {
            keys,
            head: [0; Header::MAX],
            head_len: 0,
            went: [0; 4],
            came: [0; 4],
            left: 0,
            taken: 0,
            bytes: 0,
            frames: 0,
        }
    }

    /// Turns bytes that came into those that leave, in place.
    pub fn pass(&mut self, mut bytes: &mut [u8], mut watch: Option<Watch<'_, '_>>) {
        while !bytes.is_empty() {
            let n = if self.left > 0 {
                self.payload(bytes, watch.as_deref_mut())
            } else {
                self.header(bytes, watch.as_deref_mut())
            };
            bytes = &mut bytes[n..];
        }
    }

    /// Whether the last byte that passed was the last of a frame.
    pub fn is_between_frames(&self) -> bool {
        self.head_len == 0 && self.left == 0
    }

    /// How much of an unfinished frame has passed.
    pub fn partial(&self) -> Option<Partial> {
        if self.head_len > 0 {
            let received = self.head_len;
            return Some(Partial::Header { received });
        }
        (self.left > 0).then_some(Partial::Payload {
            received: self.taken,
            expected: self.taken.saturating_add(self.left),
        })
    }

    /// The start of a header whose end is missing, as it came.
    pub fn unfinished_header(&self) -> &[u8] {
        &self.head[..self.head_len]
    }

    /// The number of bytes that have passed.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The number of frames whose header has passed.
    pub fn frames(&self) -> u64 {
        self.frames
    }

    /// A key that nobody can predict, for a frame of this side's own.
    pub fn masking_key(&mut self) -> Option<[u8; 4]> {
        let keys = self.keys.as_mut()?;
        Some(keys.next_u32().to_ne_bytes())
    }

    /// Passes bytes of a header; returns how many.
    #[inline]
    fn header(&mut self, bytes: &mut [u8], watch: Option<Watch<'_, '_>>) -> usize {
        if self.head_len > 0 {
            return self.header_in_pieces(bytes, watch);
        }
        let Some((header, size)) = Header::decode(bytes) else {
            return self.header_in_pieces(bytes, watch);
        };
        let wire = watch
            .is_some()
            .then(|| WireHeader::new(header, &bytes[..size], self.bytes));
        if header.masking_key.is_some()
            && let Some(key) = self.masking_key()
        {
            bytes[size - 4..size].copy_from_slice(&key);
            self.went = key;
        } else {
            self.went = header.masking_key.unwrap_or_default();
        }
        self.bytes += size as u64;
        self.begin(&header, wire.as_ref(), watch);
        size
    }

    /// The same for a header that comes in pieces: each byte leaves at once.
    #[cold]
    fn header_in_pieces(&mut self, bytes: &mut [u8], watch: Option<Watch<'_, '_>>) -> usize {
        for (at, byte) in bytes.iter_mut().enumerate() {
            let place = self.head_len;
            self.head[place] = *byte;
            self.head_len += 1;
            let is_masked = place > 0 && self.head[1] & 0x80 != 0;
            if place == 1 && is_masked {
                self.went = self.masking_key().unwrap_or_default();
            }
            if is_masked && self.keys.is_some() {
                // The key is the last part of a header.
                if let Some(part) = place.checked_sub(unmasked_size(self.head[1])) {
                    *byte = self.went[part];
                }
            }
            if let Some((header, size)) = Header::decode(&self.head[..self.head_len]) {
                let offset = self.bytes + at as u64 + 1 - size as u64;
                let wire = WireHeader::new(header, &self.head[..size], offset);
                if self.keys.is_none() || !is_masked {
                    self.went = header.masking_key.unwrap_or_default();
                }
                self.head_len = 0;
                self.bytes += at as u64 + 1;
                self.begin(&header, Some(&wire), watch);
                return at + 1;
            }
        }
        self.bytes += bytes.len() as u64;
        bytes.len()
    }

    #[inline]
    fn begin(&mut self, header: &Header, wire: Option<&WireHeader>, watch: Option<Watch<'_, '_>>) {
        self.frames += 1;
        self.came = header.masking_key.unwrap_or_default();
        (self.left, self.taken) = (header.payload_len, 0);
        let (Some(wire), Some(watch)) = (wire, watch) else {
            return;
        };
        watch(Piece::Header(wire));
        if self.left == 0 {
            watch(Piece::Payload {
                bytes: &[],
                end: true,
            });
        }
    }

    /// Passes bytes of a payload; returns how many.
    #[inline]
    fn payload(&mut self, bytes: &mut [u8], watch: Option<Watch<'_, '_>>) -> usize {
        let n = usize::try_from(self.left).map_or(bytes.len(), |left| left.min(bytes.len()));
        let payload = &mut bytes[..n];
        let offset = self.taken;
        self.taken += n as u64;
        self.left -= n as u64;
        self.bytes += n as u64;
        match watch {
            None if self.came == self.went => {}
            None => {
                // Both masks at once.
                let key = std::array::from_fn(|i| self.came[i] ^ self.went[i]);
                mask::apply(payload, key, offset);
            }
            Some(watch) => {
                if self.came != [0; 4] {
                    mask::apply(payload, self.came, offset);
                }
                watch(Piece::Payload {
                    bytes: payload,
                    end: self.left == 0,
                });
                if self.went != [0; 4] {
                    mask::apply(payload, self.went, offset);
                }
            }
        }
        n
    }
}

/// The size of a header without its key, by its second byte.
fn unmasked_size(second: u8) -> usize {
    match second & 0x7f {
        126 => 4,
        127 => 10,
        _ => 2,
    }
}

#[cfg(test)]
mod tests {
    use rand::RngExt;

    use super::*;
    use crate::proto::frame::{LengthForm, Opcode};

    /// A frame with anything in its header that a header can have, and a payload.
    fn frame(dice: &mut StdRng, is_masked: bool) -> (Header, Vec<u8>) {
        let len = match dice.random_range(0..10) {
            0 => 0,
            1 => dice.random_range(120..130),
            2 => dice.random_range(65_530..65_540),
            _ => dice.random_range(1..100),
        };
        let key = is_masked.then(|| dice.random());
        let header = Header {
            fin: dice.random(),
            rsv1: dice.random(),
            rsv2: dice.random(),
            rsv3: dice.random(),
            length_form: match LengthForm::minimal(len) {
                LengthForm::Bits64 => LengthForm::Bits64,
                // Not the shortest form, which breaks a rule.
                _ if dice.random_bool(0.1) => LengthForm::Bits64,
                form => form,
            },
            ..Header::new(true, Opcode::from_bits(dice.random()), key, len)
        };
        let payload = (0..len).map(|_| dice.random()).collect();
        (header, payload)
    }

    fn encode(header: &Header, payload: &[u8]) -> Vec<u8> {
        let mut bytes = vec![0; Header::MAX];
        let size = header.encode(&mut bytes);
        bytes.truncate(size);
        let start = bytes.len();
        bytes.extend_from_slice(payload);
        mask::apply(
            &mut bytes[start..],
            header.masking_key.unwrap_or_default(),
            0,
        );
        bytes
    }

    /// All frames of a stream with their payload, and the incomplete rest.
    fn decode(mut bytes: &[u8]) -> (Vec<(Header, Vec<u8>)>, Vec<u8>) {
        let mut frames = Vec::new();
        while let Some((header, size)) = Header::decode(bytes) {
            let Some(payload) = usize::try_from(header.payload_len)
                .ok()
                .and_then(|len| bytes.get(size..size.checked_add(len)?))
            else {
                break;
            };
            let mut payload = payload.to_vec();
            bytes = &bytes[size + payload.len()..];
            mask::apply(&mut payload, header.masking_key.unwrap_or_default(), 0);
            frames.push((header, payload));
        }
        (frames, bytes.to_vec())
    }

    /// Passes a stream in pieces of random sizes; returns what left and what a watcher saw.
    fn pass(
        passage: &mut Passage,
        bytes: &[u8],
        dice: &mut StdRng,
        is_watched: bool,
    ) -> (Vec<u8>, Vec<(Header, Vec<u8>)>) {
        let mut left = bytes.to_vec();
        let mut seen: Vec<(Header, Vec<u8>)> = Vec::new();
        let most = [1, 2, 7, 100, 1 << 17][dice.random_range(0..5)];
        let mut watch = |piece: Piece<'_>| match piece {
            Piece::Header(header) => seen.push((header.header, Vec::new())),
            Piece::Payload { bytes, .. } => seen.last_mut().unwrap().1.extend_from_slice(bytes),
        };
        let mut rest = &mut left[..];
        while !rest.is_empty() {
            let n = dice.random_range(1..=most).min(rest.len());
            let (now, later) = rest.split_at_mut(n);
            passage.pass(now, is_watched.then_some(&mut watch as Watch<'_, '_>));
            rest = later;
        }
        (left, seen)
    }

    #[test]
    fn whatever_comes_leaves_the_same_but_for_masks() {
        for seed in 0..400 {
            let dice = &mut StdRng::seed_from_u64(seed);
            let (is_client, is_watched) = (dice.random(), dice.random());
            let mut bytes = Vec::new();
            let mut sent = Vec::new();
            for _ in 0..dice.random_range(0..20) {
                // One in ten has or lacks a mask wrongly.
                let is_masked = is_client != dice.random_bool(0.1);
                let (header, payload) = frame(dice, is_masked);
                bytes.extend(encode(&header, &payload));
                sent.push((header, payload));
            }
            // The stream may end anywhere, or go on with what is no frame.
            if dice.random() {
                bytes.truncate(dice.random_range(0..=bytes.len()));
            } else {
                bytes.extend((0..dice.random_range(0..40)).map(|_| dice.random::<u8>()));
            }
            let mut passage = if is_client {
                Passage::from_client(dice.random())
            } else {
                Passage::from_server()
            };
            let (left, seen) = pass(&mut passage, &bytes, dice, is_watched);
            assert_eq!(
                (left.len(), passage.bytes()),
                (bytes.len(), bytes.len() as u64)
            );
            if !is_client {
                assert!(left == bytes, "a server's bytes never change (seed {seed})");
            }
            let ((came, came_rest), (went, went_rest)) = (decode(&bytes), decode(&left));
            assert_eq!(came.len(), went.len(), "seed {seed}");
            for ((came, payload), (went, passed)) in came.iter().zip(&went) {
                assert!(payload == passed, "seed {seed}");
                let is_same_key = came.masking_key == went.masking_key;
                assert_eq!(is_same_key, !is_client || came.masking_key.is_none());
                let key = came.masking_key;
                assert_eq!(
                    Header {
                        masking_key: key,
                        ..*went
                    },
                    *came,
                    "seed {seed}"
                );
            }
            assert_eq!(came_rest.len(), went_rest.len());
            assert_eq!(
                passage.is_between_frames(),
                came_rest.is_empty(),
                "seed {seed}"
            );
            if is_watched {
                let whole = seen.iter().take(came.len());
                assert!(whole.eq(came.iter()), "seed {seed}");
            }
        }
    }

    #[test]
    fn every_byte_leaves_before_the_next_has_come() {
        let header = Header::new(true, Opcode::BINARY, Some([1, 2, 3, 4]), 70_000);
        let mut bytes = encode(&header, &vec![5; 70_000]);
        let mut passage = Passage::from_client([7; 32]);
        for byte in bytes.chunks_mut(1) {
            passage.pass(byte, None);
        }
        let (frames, rest) = decode(&bytes);
        assert!(rest.is_empty() && frames.len() == 1 && frames[0].1 == vec![5; 70_000]);
        assert_ne!(frames[0].0.masking_key, header.masking_key);
    }

    #[test]
    fn says_where_in_a_frame_the_stream_is() {
        let mut passage = Passage::from_server();
        passage.pass(&mut [0x82], None);
        assert_eq!(passage.partial(), Some(Partial::Header { received: 1 }));
        passage.pass(&mut [5, 1, 2], None);
        let partial = Partial::Payload {
            received: 2,
            expected: 5,
        };
        assert_eq!(passage.partial(), Some(partial));
        passage.pass(&mut [3, 4, 5], None);
        assert_eq!((passage.partial(), passage.frames()), (None, 1));
    }
}
