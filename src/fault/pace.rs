//! Bytes on their way in one direction: what is delayed keeps its order.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::dice::Dice;
use crate::proto::buffer::Buffer;
use crate::proto::frame::Header;

/// A direction of a connection with latency, jitter and bandwidth.
#[derive(Debug)]
pub(super) struct Pace {
    timing: Timing,
    dice: Dice,
    frames: Frames,
    /// How many delays were drawn.
    drawn: u64,
    delay: Duration,
    bytes: Buffer,
    /// When how many more of the bytes are due.
    marks: VecDeque<(Instant, usize)>,
    /// When the latest bytes are due: later ones never overtake them.
    last: Option<Instant>,
    /// When the bandwidth is free again.
    free: Option<Instant>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Timing {
    pub latency: Duration,
    pub jitter: Duration,
    /// In bytes per second.
    pub rate: Option<u64>,
}

impl Timing {
    pub(super) fn is_none(self) -> bool {
        self.latency.is_zero() && self.rate.is_none()
    }
}

/// How much may wait, in bytes: with a latency of 100 ms 40 MB/s still pass, and a client cannot fill the memory.
const MOST: usize = 4 << 20;
/// How much may wait for bandwidth, in bytes, if a second of it is less: whoever writes more has to notice.
const LEAST: u64 = 16 << 10;
/// Bytes pass in pieces of this much time, so that a rate is a stream and not a row of bursts.
const PIECES_PER_SECOND: u64 = 50;
/// The most pieces of what is sent in one go: each has a mark, and a message of 64 MiB must not have millions.
const MOST_PIECES: usize = 4096;

impl Pace {
    pub(super) fn new(timing: Timing, dice: Dice) -> Self {
        Self {
            timing,
            dice,
            frames: Frames::default(),
            drawn: 0,
            delay: timing.latency,
            bytes: Buffer::with_capacity(0),
            marks: VecDeque::new(),
            last: None,
            free: None,
        }
    }

    pub(super) fn set(&mut self, timing: Timing) {
        if timing != self.timing {
            self.timing = timing;
            self.delay = timing.latency;
        }
    }

    pub(super) fn is_none(&self) -> bool {
        self.timing.is_none() && self.bytes.is_empty()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    pub(super) fn is_full(&self) -> bool {
        let most = self.timing.rate.map_or(MOST, |rate| {
            usize::try_from(rate.max(LEAST)).map_or(MOST, |rate| rate.min(MOST))
        });
        self.bytes.len() >= most
    }

    /// Takes bytes that are sent now; with `framed` the jitter of all bytes of a frame is the same.
    pub(super) fn push(&mut self, mut bytes: &[u8], framed: bool, now: Instant) {
        if !framed || self.timing.jitter.is_zero() {
            return self.delay(bytes, now);
        }
        while !bytes.is_empty() {
            let (n, starts) = self.frames.part(bytes);
            if starts {
                self.delay = self.drawn_delay();
            }
            self.delay(&bytes[..n], now);
            bytes = &bytes[n..];
        }
    }

    /// The latency of the next frame: between latency - jitter and latency + jitter, each as likely.
    fn drawn_delay(&mut self) -> Duration {
        let Timing {
            latency, jitter, ..
        } = self.timing;
        let width = u64::try_from(jitter.as_nanos() * 2).unwrap_or(u64::MAX - 1);
        let drawn = self.dice.below(width + 1, self.drawn);
        self.drawn += 1;
        (latency + Duration::from_nanos(drawn)).saturating_sub(jitter)
    }

    fn delay(&mut self, bytes: &[u8], now: Instant) {
        self.bytes.extend(bytes);
        let Some(rate) = self.timing.rate else {
            return self.mark(now + self.delay, bytes.len());
        };
        let piece = usize::try_from(rate / PIECES_PER_SECOND).unwrap_or(usize::MAX);
        for piece in bytes.chunks(piece.max(bytes.len() / MOST_PIECES).max(1)) {
            let nanos = piece.len() as u128 * 1_000_000_000 / u128::from(rate);
            let takes = Duration::from_nanos_u128(nanos);
            let free = self.free.map_or(now, |free| free.max(now)) + takes;
            self.free = Some(free);
            self.mark(free + self.delay, piece.len());
        }
    }

    fn mark(&mut self, due: Instant, bytes: usize) {
        let due = self.last.map_or(due, |last| last.max(due));
        self.last = Some(due);
        match self.marks.back_mut() {
            Some((at, count)) if *at == due => *count += bytes,
            _ if bytes > 0 => self.marks.push_back((due, bytes)),
            _ => {}
        }
    }

    /// The bytes that are due.
    pub(super) fn due(&self, now: Instant) -> &[u8] {
        let due = self.marks.iter().take_while(|(at, _)| *at <= now);
        let count = due.map(|(_, count)| count).sum();
        &self.bytes.filled()[..count]
    }

    /// Removes `n` bytes that have passed.
    pub(super) fn consume(&mut self, mut n: usize) {
        self.bytes.consume(n);
        while let Some((_, count)) = self.marks.front_mut() {
            let passed = n.min(*count);
            *count -= passed;
            n -= passed;
            if *count > 0 {
                return;
            }
            self.marks.pop_front();
        }
    }

    /// When the next bytes are due.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.marks.front().map(|(at, _)| *at)
    }

    /// When the last bytes are due.
    pub(super) fn end(&self) -> Option<Instant> {
        self.marks.back().map(|(at, _)| *at)
    }
}

/// Where frames begin in a stream of bytes.
#[derive(Debug, Default)]
struct Frames {
    /// The start of a header whose end is missing.
    header: Vec<u8>,
    /// How much of the payload is missing.
    left: u64,
}

impl Frames {
    /// How many of `bytes` belong to the current frame, and whether it begins with them.
    fn part(&mut self, bytes: &[u8]) -> (usize, bool) {
        let starts = self.header.is_empty() && self.left == 0;
        let mut size = 0;
        if self.left == 0 {
            let before = self.header.len();
            self.header.extend(bytes.iter().take(Header::MAX - before));
            let Some((header, end)) = Header::decode(&self.header) else {
                return (bytes.len(), starts);
            };
            self.header.clear();
            self.left = header.payload_len;
            size = end - before;
        }
        let rest = bytes.len() - size;
        let payload = usize::try_from(self.left).map_or(rest, |left| left.min(rest));
        self.left -= payload as u64;
        (size + payload, starts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    fn jittery(seed: u64) -> Pace {
        let timing = Timing {
            latency: 100 * MS,
            jitter: 50 * MS,
            rate: None,
        };
        Pace::new(timing, Dice::new(seed))
    }

    /// When each byte is due.
    fn schedule(pace: &mut Pace, now: Instant) -> Vec<Duration> {
        let mut times = Vec::new();
        while let Some(due) = pace.deadline() {
            let n = pace.due(due).len();
            times.extend(std::iter::repeat_n(due - now, n));
            pace.consume(n);
        }
        times
    }

    #[test]
    fn jitter_stays_in_its_range_and_keeps_the_order() {
        let now = Instant::now();
        let mut pace = jittery(3);
        pace.push(&b"\x81\x01a".repeat(200), true, now);
        let times = schedule(&mut pace, now);
        assert_eq!(times.len(), 600);
        assert!(times.is_sorted());
        assert!(times[0] >= 50 * MS && times[599] <= 150 * MS, "{times:?}");
    }

    #[test]
    fn jitter_depends_on_the_seed_and_not_on_how_bytes_arrive() {
        let now = Instant::now();
        let bytes = [&b"\x81\x01a"[..], b"\x82\x7e\0\x7e", &[7; 126], b"\x89\0"].concat();
        let at_once = |seed| {
            let mut pace = jittery(seed);
            pace.push(&bytes, true, now);
            schedule(&mut pace, now)
        };
        let mut pace = jittery(3);
        for byte in &bytes {
            pace.push(&[*byte], true, now);
        }
        assert_eq!(schedule(&mut pace, now), at_once(3));
        assert_ne!(at_once(3), at_once(4));
    }

    #[test]
    fn bandwidth_spreads_bytes_over_time() {
        let now = Instant::now();
        let timing = Timing {
            rate: Some(1000),
            ..Timing::default()
        };
        let mut pace = Pace::new(timing, Dice::new(0));
        pace.push(&[0; 500], true, now);
        assert_eq!(pace.due(now + 100 * MS).len(), 100);
        let times = schedule(&mut pace, now);
        assert_eq!(times[499], 500 * MS);
        // What was sent later begins when it is sent, not when the last was through.
        pace.push(&[0; 20], true, now + 1000 * MS);
        assert_eq!(pace.deadline(), Some(now + 1020 * MS));
    }

    #[test]
    fn what_waits_is_bounded() {
        let mut pace = jittery(1);
        pace.push(&vec![0; MOST], false, Instant::now());
        assert!(pace.is_full());
    }
}
