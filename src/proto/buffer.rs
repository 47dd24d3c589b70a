//! Bytes between a socket and the engine.

use std::ops::Range;

/// A growing byte queue: filled at the end, consumed at the front.
///
/// All of its storage is initialised, so that a read goes straight into it without `unsafe`.
#[derive(Debug)]
pub struct Buffer {
    bytes: Vec<u8>,
    start: usize,
    end: usize,
}

/// Storage above this is freed once the buffer is empty, in bytes.
///
/// One large message must not stay resident, but a stream of messages of 1 MiB, a common limit of servers, must not
/// allocate for each: a buffer that grows by half holds one of them within 2 MiB.
const IDLE_STORAGE: usize = 4 << 20;

impl Buffer {
    /// An empty buffer with room for `capacity` bytes.
    pub fn with_capacity(capacity: usize) -> Self {
        Self {
            bytes: vec![0; capacity],
            start: 0,
            end: 0,
        }
    }

    /// The number of bytes in it.
    pub fn len(&self) -> usize {
        self.end - self.start
    }

    /// The size of its storage in bytes.
    pub fn capacity(&self) -> usize {
        self.bytes.len()
    }

    /// Whether it is empty.
    pub fn is_empty(&self) -> bool {
        self.start == self.end
    }

    /// Its bytes, oldest first.
    pub fn filled(&self) -> &[u8] {
        &self.bytes[self.start..self.end]
    }

    /// Its bytes, to be changed in place.
    pub fn filled_mut(&mut self) -> &mut [u8] {
        &mut self.bytes[self.start..self.end]
    }

    /// Room at the end for at least `least` bytes; bytes written there count after [`commit`](Self::commit).
    #[inline]
    pub fn spare(&mut self, least: usize) -> &mut [u8] {
        if self.bytes.len() - self.end < least {
            self.make_room(least, usize::MAX);
        }
        &mut self.bytes[self.end..]
    }

    /// Room at the end for at least `least` bytes; the buffer does not grow beyond room for `most`.
    pub fn spare_for(&mut self, least: usize, most: usize) -> &mut [u8] {
        if self.is_empty() {
            self.rewind();
        }
        if self.bytes.len() - self.end < least {
            self.make_room(least, most.max(least));
        }
        &mut self.bytes[self.end..]
    }

    /// Counts `n` bytes at the front of [`spare`](Self::spare) as filled.
    ///
    /// # Panics
    ///
    /// When `n` is more than the spare room.
    #[inline]
    pub fn commit(&mut self, n: usize) {
        assert!(
            n <= self.bytes.len() - self.end,
            "commit beyond the spare room"
        );
        self.end += n;
    }

    /// Consumes the `n` oldest bytes.
    ///
    /// # Panics
    ///
    /// When fewer than `n` bytes are filled.
    #[inline]
    pub fn consume(&mut self, n: usize) {
        self.lend(n);
        if self.is_empty() {
            self.rewind();
        }
    }

    /// Consumes the `n` oldest bytes; returns their place, which stays valid until room is requested.
    ///
    /// # Panics
    ///
    /// When fewer than `n` bytes are filled.
    #[inline]
    pub fn lend(&mut self, n: usize) -> Range<usize> {
        assert!(n <= self.len(), "more than is filled");
        let from = self.start;
        self.start += n;
        from..self.start
    }

    /// The bytes at a place that [`lend`](Self::lend) returned.
    #[inline]
    pub fn lent(&self, place: Range<usize>) -> &[u8] {
        &self.bytes[place]
    }

    /// Appends `bytes`.
    #[inline]
    pub fn extend(&mut self, bytes: &[u8]) {
        copy(&mut self.spare(bytes.len())[..bytes.len()], bytes);
        self.end += bytes.len();
    }

    /// Frees all storage of an empty buffer, which is made again when room is requested.
    pub fn release(&mut self) {
        if self.is_empty() {
            *self = Self::with_capacity(0);
        }
    }

    /// Starts at the front again, once the buffer is empty.
    #[inline]
    fn rewind(&mut self) {
        self.start = 0;
        self.end = 0;
        if self.bytes.len() > IDLE_STORAGE {
            self.bytes = vec![0; IDLE_STORAGE];
        }
    }

    /// Moves the filled bytes to the front, and grows by half if that is not enough.
    #[cold]
    fn make_room(&mut self, least: usize, most: usize) {
        self.bytes.copy_within(self.start..self.end, 0);
        self.end -= self.start;
        self.start = 0;
        if self.bytes.len() - self.end < least {
            let enough = self.end.saturating_add(most);
            let size = (self.bytes.len() * 3 / 2).clamp(self.end + least, enough);
            // For large blocks the allocator remaps pages (mremap) instead of copying them, so that they are
            // never in memory twice.
            self.bytes.reserve_exact(size - self.bytes.len());
            self.bytes.resize(size, 0);
        }
    }
}

/// Copies `source` to `target`, which has the same length.
///
/// As most messages are short, this is done by two copies of a known size that may overlap: a few instructions, where
/// a call of `memcpy` takes 30, and with musl as long as 100.
#[inline]
pub(super) fn copy(target: &mut [u8], source: &[u8]) {
    match source.len() {
        4..=8 => copy_ends::<4>(target, source),
        9..=16 => copy_ends::<8>(target, source),
        17..=32 => copy_ends::<16>(target, source),
        33..=64 => copy_ends::<32>(target, source),
        65..=128 => copy_ends::<64>(target, source),
        _ => target.copy_from_slice(source),
    }
}

/// Copies the first and the last `N` bytes of `source`.
#[inline]
fn copy_ends<const N: usize>(target: &mut [u8], source: &[u8]) {
    if let (Some(to), Some(from)) = (target.first_chunk_mut::<N>(), source.first_chunk()) {
        *to = *from;
    }
    if let (Some(to), Some(from)) = (target.last_chunk_mut::<N>(), source.last_chunk()) {
        *to = *from;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_every_length() {
        let source: Vec<u8> = (0..200).collect();
        for len in 0..=source.len() {
            let mut target = vec![0xff; len];
            copy(&mut target, &source[..len]);
            assert_eq!(target, source[..len], "{len} bytes");
        }
    }

    #[test]
    fn returns_bytes_in_order() {
        let mut buffer = Buffer::with_capacity(4);
        buffer.extend(b"abc");
        buffer.consume(2);
        buffer.extend(b"defgh");
        assert_eq!(buffer.filled(), b"cdefgh");
    }

    #[test]
    fn makes_room_by_moving_before_growing() {
        let mut buffer = Buffer::with_capacity(8);
        buffer.extend(b"12345678");
        buffer.consume(7);
        assert_eq!(buffer.spare(7).len(), 7);
        assert_eq!(buffer.filled(), b"8");
    }

    #[test]
    fn gives_large_storage_back_when_empty() {
        let mut buffer = Buffer::with_capacity(16);
        buffer.extend(&vec![1; IDLE_STORAGE * 2]);
        buffer.consume(IDLE_STORAGE * 2);
        assert_eq!(buffer.bytes.len(), IDLE_STORAGE);
    }
}
