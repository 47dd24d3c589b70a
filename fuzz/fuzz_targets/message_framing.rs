//! HTTP messages that pass a proxy: where one ends does not depend on how the stream is split, and a message whose end
//! two readers could see differently is refused.

#![no_main]

use libfuzzer_sys::fuzz_target;
use wsee::proto::http1::head::{Message, Reader};
use wsee::proto::http1::{Body, Head};

fuzz_target!(|input: (u8, [u8; 4], &[u8])| {
    let (switches, cuts, stream) = input;
    let is_on = |bit: u8| switches & 1 << bit != 0;
    let message = if is_on(0) {
        Message::Request
    } else {
        Message::Response
    };
    let Ok(Some(head)) = Reader::new(message).read(stream) else {
        return;
    };
    let rest = &stream[head.as_bytes().len()..];
    let body = || match message {
        Message::Request => Body::of_request(&head, 64),
        Message::Response => Body::of_final_response(&head, is_on(1)),
    };
    let Some(mut whole) = body() else {
        return;
    };
    assert!(lengths(&head) < 2, "two lengths");
    let is_chunked = !whole.is_complete()
        && !whole.ends_with_stream()
        && head.values("Transfer-Encoding").next().is_some();
    let taken = whole.push(rest);
    let sizes = cuts.map(|cut| 1 + usize::from(cut % 8));
    let mut split = body().expect("the same head");
    let taken_split = push(&mut split, rest, &sizes);
    let state = |body: &Body| (body.is_complete(), body.is_malformed());
    assert_eq!(state(&split), state(&whole));
    assert_eq!(split.content(), whole.content());
    if whole.is_malformed() {
        // Nothing passes on from there.
        return;
    }
    assert_eq!(taken_split, taken);
    if is_chunked {
        assert_eq!(whole.is_complete().then_some(taken), end_of_chunks(rest));
    }
});

/// How many fields say how long the body is.
fn lengths(head: &Head) -> usize {
    head.values("Content-Length").count()
        + usize::from(head.values("Transfer-Encoding").next().is_some())
}

/// Feeds it in pieces, up to its end; returns how many bytes it took.
fn push(body: &mut Body, mut rest: &[u8], sizes: &[usize]) -> usize {
    let mut taken = 0;
    for size in sizes.iter().cycle() {
        let piece = &rest[..rest.len().min(*size)];
        let n = body.push(piece);
        taken += n;
        if n < piece.len() || piece.is_empty() {
            break;
        }
        rest = &rest[n..];
    }
    taken
}

/// Where a chunked body ends, by another reader, in the grammar of RFC 9112 §7.1; `None` if its end is missing.
fn end_of_chunks(bytes: &[u8]) -> Option<usize> {
    let mut at = 0;
    let line = |at: usize| {
        let end = bytes[at..].windows(2).position(|pair| pair == b"\r\n")?;
        Some((&bytes[at..at + end], at + end + 2))
    };
    loop {
        let (header, next) = line(at)?;
        let digits = header
            .iter()
            .take_while(|it| it.is_ascii_hexdigit())
            .count();
        let digits = std::str::from_utf8(&header[..digits]).ok()?;
        let size = usize::try_from(u64::from_str_radix(digits, 16).ok()?).ok()?;
        at = next;
        if size == 0 {
            break;
        }
        let end = at.checked_add(size)?;
        if bytes.get(end..end.checked_add(2)?)? != b"\r\n" {
            return None;
        }
        at = end + 2;
    }
    loop {
        let (field, next) = line(at)?;
        at = next;
        if field.is_empty() {
            return Some(at);
        }
    }
}
