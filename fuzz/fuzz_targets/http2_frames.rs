//! Frames of HTTP/2, read beside the library: they do not depend on how the bytes are split, and cost little.

#![no_main]

use libfuzzer_sys::fuzz_target;
use wsee::dial::http2::frame::{Frame, Reader};

fuzz_target!(|input: (u8, &[u8])| {
    let (size, bytes) = input;
    let whole = read(bytes, bytes.len().max(1));
    let pieces = read(bytes, 1 + usize::from(size));
    assert_eq!(whole, pieces);
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
