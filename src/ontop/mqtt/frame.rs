//! Packets in a stream of messages: one may hold several, and one may span several (MQTT 5 §6).

use super::wire::{Fault, variable};

/// One packet: its first byte, and all that follows the remaining length.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Frame<'b> {
    pub first: u8,
    pub body: &'b [u8],
}

/// The most packets of a message that are looked at: one of 64 MiB holds millions, each of which is larger in memory.
pub(super) const LOOKED_AT: usize = 20_000;

/// Puts packets together.
#[derive(Debug)]
pub(super) struct Assembler {
    /// The start of a packet.
    held: Vec<u8>,
    /// How much of a packet that is too long is still to come.
    skipped: usize,
    /// The largest packet, in bytes.
    limit: usize,
}

/// What the start of a stream holds.
enum Start {
    Packet { header: usize, len: usize },
    Incomplete,
}

impl Assembler {
    pub(super) fn new(limit: usize) -> Self {
        Self {
            held: Vec::new(),
            skipped: 0,
            limit,
        }
    }

    /// Takes the bytes of a message, and hands out the packets that are complete.
    ///
    /// Where the length of a packet cannot be read, the rest of the message is lost; the next one is taken for the
    /// start of a packet.
    pub(super) fn feed(&mut self, message: &[u8], mut take: impl FnMut(Result<Frame<'_>, Fault>)) {
        let skipped = self.skipped.min(message.len());
        self.skipped -= skipped;
        let message = &message[skipped..];
        if self.held.is_empty() {
            let used = self.split(message, &mut take);
            self.held.extend(&message[used..]);
            return;
        }
        let mut held = std::mem::take(&mut self.held);
        held.extend(message);
        let used = self.split(&held, &mut take);
        held.drain(..used);
        // What was as large as a packet is not kept for the next one.
        held.shrink_to(2 * held.len());
        self.held = held;
    }

    /// Hands out the packets at the start of `bytes`, and returns how many bytes are done with.
    fn split(&mut self, bytes: &[u8], take: &mut impl FnMut(Result<Frame<'_>, Fault>)) -> usize {
        let mut used = 0;
        while used < bytes.len() {
            let rest = &bytes[used..];
            match self.start(rest) {
                Ok(Start::Packet { header, len }) if rest.len() >= header + len => {
                    take(Ok(Frame {
                        first: rest[0],
                        body: &rest[header..header + len],
                    }));
                    used += header + len;
                }
                Ok(_) => return used,
                Err(Fault::TooLong(len, limit)) => {
                    take(Err(Fault::TooLong(len, limit)));
                    let header = rest.len().min(5);
                    let total = variable(&rest[1..header])
                        .ok()
                        .flatten()
                        .map_or(len, |(_, size)| 1 + size + len);
                    let here = total.min(rest.len());
                    self.skipped = total - here;
                    used += here;
                }
                Err(fault) => {
                    take(Err(fault));
                    return bytes.len();
                }
            }
        }
        used
    }

    fn start(&self, bytes: &[u8]) -> Result<Start, Fault> {
        match variable(&bytes[1..])? {
            Some((len, _)) if len > self.limit => Err(Fault::TooLong(len, self.limit)),
            Some((len, size)) => Ok(Start::Packet {
                header: 1 + size,
                len,
            }),
            None => Ok(Start::Incomplete),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(assembler: &mut Assembler, message: &[u8]) -> Vec<Result<(u8, Vec<u8>), Fault>> {
        let mut found = Vec::new();
        assembler.feed(message, |it| {
            found.push(it.map(|it| (it.first, it.body.to_vec())));
        });
        found
    }

    #[test]
    fn one_byte_at_a_time_equals_all_at_once() {
        let stream = b"\x20\x02\x00\x00\xd0\x00\x30\x04\x00\x01aX";
        let whole = all(&mut Assembler::new(100), stream);
        assert_eq!(whole.len(), 3);
        let mut assembler = Assembler::new(100);
        let parts: Vec<_> = stream
            .chunks(1)
            .flat_map(|byte| all(&mut assembler, byte))
            .collect();
        assert_eq!(parts, whole);
        assert_eq!(assembler.held.len(), 0);
    }

    #[test]
    fn a_packet_that_is_too_long_is_skipped_and_not_kept() {
        let mut assembler = Assembler::new(100);
        let too_long = Err(Fault::TooLong(268_435_455, 100));
        assert_eq!(all(&mut assembler, b"\x30\xff\xff\xff\x7fabc"), [too_long]);
        assert_eq!(assembler.held.len(), 0);
        let mut rest = 268_435_455 - 3;
        while rest > 0 {
            let part = rest.min(1 << 20);
            assert_eq!(all(&mut assembler, &vec![0xff; part]), []);
            rest -= part;
        }
        assert_eq!(all(&mut assembler, b"\xd0\x00"), [Ok((0xd0, Vec::new()))]);
    }

    #[test]
    fn a_length_without_an_end_costs_the_message() {
        let mut assembler = Assembler::new(100);
        let stream = b"\xd0\x00\x30\xff\xff\xff\xff\x7f";
        let found = all(&mut assembler, stream);
        assert_eq!(found, [Ok((0xd0, Vec::new())), Err(Fault::Length)]);
        assert_eq!(all(&mut assembler, b"\xd0\x00"), [Ok((0xd0, Vec::new()))]);
    }
}
