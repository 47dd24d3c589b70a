//! Masking keys (RFC 6455 §5.3).

use std::collections::HashSet;

use crate::support::run::wsee;
use crate::support::wire::{CLOSE, after_handshake};

#[test]
fn ten_thousand_frames_have_as_many_keys() {
    let server = after_handshake(|mut wire| {
        let mut keys = Vec::new();
        loop {
            let (frame, key) = wire.read_masked_frame();
            keys.push(key);
            if frame.opcode == CLOSE {
                wire.write_hex("8802 03e8");
                return keys;
            }
        }
    });
    wsee(&[server.url(), "--commands", "--wait", "0"])
        .stdin("text\n/ping p\n/pong q\n/bin 00\n/fragment 2 ab\n".repeat(1667))
        .run()
        .exits(0);
    let keys = server.finish();
    assert_eq!(keys.len(), 1667 * 6 + 1);
    // Two of 10 000 random keys are equal in one run of a hundred.
    let different: HashSet<_> = keys.iter().collect();
    assert!(keys.len() - different.len() <= 3, "keys come again");
    // No byte of a key is always the same, nor does one key tell the next.
    for place in 0..4 {
        let bytes: HashSet<_> = keys.iter().map(|key| key[place]).collect();
        assert_eq!(bytes.len(), 256, "byte {place}");
    }
    let steps = keys.windows(2).map(|pair| {
        let [a, b] = [pair[0], pair[1]].map(u32::from_be_bytes);
        b.wrapping_sub(a)
    });
    let steps: HashSet<_> = steps.collect();
    assert!(steps.len() > keys.len() - 10, "keys are counted up");
}
