//! Compressed messages: the result does not depend on how they are split, and stays within its limit.

#![no_main]

use libfuzzer_sys::fuzz_target;
use wsee::proto::buffer::Buffer;
use wsee::proto::deflate::{Deflater, InflateError, Inflater};

/// The most that is inflated, in bytes.
const LIMIT: usize = 1 << 18;

fuzz_target!(|input: (u8, u8, &[u8], &[u8])| {
    let (cut, bits, first, second) = input;
    let takeover = cut & 1 == 0;
    let size = 1 + usize::from(cut);
    let mut whole = Inflater::new(takeover);
    let mut pieces = Inflater::new(takeover);
    for message in [first, second] {
        let expected = inflate(&mut whole, message, usize::MAX, LIMIT);
        let found = inflate(&mut pieces, message, size, 1 + 7 * size);
        assert_eq!(expected, found);
        if expected.is_err() || expected.is_ok_and(|out| out.len() >= LIMIT) {
            break;
        }
    }
    round_trip(8 + bits % 8, takeover, size, [first, second]);
});

/// Inflates a message, given in pieces of `size`, through a window of `full` bytes of output.
fn inflate(
    inflater: &mut Inflater,
    message: &[u8],
    size: usize,
    full: usize,
) -> Result<Vec<u8>, InflateError> {
    let mut out = Vec::new();
    let mut buffer = Buffer::with_capacity(0);
    for piece in message.chunks(size) {
        let mut rest = piece;
        loop {
            let inflated = inflater.push(rest, &mut buffer, full)?;
            rest = &rest[inflated.taken..];
            if drain(&mut buffer, full, &mut out) {
                return Ok(out);
            }
            if !inflated.more {
                assert!(rest.is_empty(), "{} bytes are left", rest.len());
                break;
            }
        }
    }
    while inflater.finish(&mut buffer, full)?.more {
        if drain(&mut buffer, full, &mut out) {
            return Ok(out);
        }
    }
    drain(&mut buffer, full, &mut out);
    Ok(out)
}

/// Moves inflated bytes to `out`; returns whether that reached the limit.
fn drain(buffer: &mut Buffer, full: usize, out: &mut Vec<u8>) -> bool {
    assert!(buffer.len() <= full, "{} of {full} bytes", buffer.len());
    let left = LIMIT - out.len();
    out.extend(buffer.filled().iter().take(left));
    buffer.consume(buffer.len());
    out.len() == LIMIT
}

/// Compresses messages and inflates them again.
fn round_trip(bits: u8, takeover: bool, size: usize, messages: [&[u8]; 2]) {
    let mut deflater = Deflater::new(bits, takeover);
    let mut inflater = Inflater::new(takeover);
    for message in messages {
        let mut wire = Vec::new();
        let mut pieces = message.chunks(size).peekable();
        if pieces.peek().is_none() {
            deflater.push(b"", true, &mut wire);
        }
        while let Some(piece) = pieces.next() {
            deflater.push(piece, pieces.peek().is_none(), &mut wire);
        }
        let found = inflate(&mut inflater, &wire, size, LIMIT);
        let expected = &message[..message.len().min(LIMIT)];
        assert_eq!(found.as_deref(), Ok(expected), "{bits} bits");
    }
}
