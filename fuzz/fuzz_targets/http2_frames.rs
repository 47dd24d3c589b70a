//! Frames of HTTP/2, read beside the library: they do not depend on how the bytes are split, and cost little. Those
//! that are joined on the way to the library say the same.

#![no_main]

use libfuzzer_sys::fuzz_target;
use wsee::dial::http2::input::Input;
use wsee::proto::http2::frame::{Frame, Reader};

fuzz_target!(|input: (u8, &[u8])| {
    let (size, bytes) = input;
    let whole = read(bytes, bytes.len().max(1));
    let pieces = read(bytes, 1 + usize::from(size));
    assert_eq!(whole, pieces);
    let (seen, joined) = join(bytes, 1 + usize::from(size));
    assert_eq!(seen, join(bytes, bytes.len().max(1)).0);
    assert_eq!(content(&joined), content(bytes));
    for frame in whole {
        match frame {
            Frame::Settings(settings) => assert!(settings.len() <= 32),
            Frame::GoAway(go_away) => {
                assert!(go_away.debug.len() <= 192);
                assert!(!go_away.code.to_string().is_empty());
            }
            _ => {}
        }
    }
});

fn read(bytes: &[u8], size: usize) -> Vec<Frame> {
    let (mut reader, mut frames) = (Reader::default(), Vec::new());
    for piece in bytes.chunks(size) {
        reader.push(piece, &mut |frame| frames.push(frame));
    }
    frames
}

/// The frames that are seen, and the bytes that the library gets.
fn join(bytes: &[u8], size: usize) -> (Vec<Frame>, Vec<u8>) {
    let (mut input, mut seen, mut joined) = (Input::default(), Vec::new(), Vec::new());
    for piece in bytes.chunks(size) {
        input.room()[..piece.len()].copy_from_slice(piece);
        input.received(piece.len(), &mut |frame| seen.push(frame));
        joined.extend_from_slice(input.ready());
        input.take(input.ready().len());
    }
    (seen, joined)
}

/// Heads without their lengths and payloads, with plain DATA of a stream in a row as one.
fn content(mut bytes: &[u8]) -> Vec<(Vec<u8>, Vec<u8>)> {
    let mut frames: Vec<(Vec<u8>, Vec<u8>)> = Vec::new();
    while bytes.len() >= 9 {
        let (head, rest) = bytes.split_at(9);
        let length = usize::from(head[0]) << 16 | usize::from(head[1]) << 8 | usize::from(head[2]);
        let (payload, rest) = rest.split_at(length.min(rest.len()));
        let is_plain_data = head[3..5] == [0, 0];
        match frames.last_mut() {
            Some((last, all)) if is_plain_data && *last == head[3..] => all.extend(payload),
            _ => frames.push((head[3..].to_vec(), payload.to_vec())),
        }
        bytes = rest;
    }
    frames
}
