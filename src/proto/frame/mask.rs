//! Masking (RFC 6455 §5.3): payload byte `i` XOR byte `i` modulo four of the key.

/// Writes `source`, masked with `key`, to `target`, which has the same length.
pub fn copy_masked(target: &mut [u8], source: &[u8], key: [u8; 4]) {
    let (targets, target_rest) = target.as_chunks_mut();
    let (sources, source_rest) = source.as_chunks();
    // Word by word, which the compiler vectorises.
    for (to, from) in targets.iter_mut().zip(sources) {
        *to = masked(*from, key);
    }
    for ((to, from), mask) in target_rest.iter_mut().zip(source_rest).zip(key) {
        *to = from ^ mask;
    }
}

/// Masks or unmasks `payload` in place; `offset` is that of its first byte in the frame's payload.
pub fn apply(payload: &mut [u8], key: [u8; 4], offset: u64) {
    let turn = usize::from((offset % 4) as u8);
    let key = std::array::from_fn(|i| key[(i + turn) % 4]);
    let (words, rest) = payload.as_chunks_mut();
    for word in words {
        *word = masked(*word, key);
    }
    for (byte, mask) in rest.iter_mut().zip(key) {
        *byte ^= mask;
    }
}

fn masked(word: [u8; 4], key: [u8; 4]) -> [u8; 4] {
    (u32::from_ne_bytes(word) ^ u32::from_ne_bytes(key)).to_ne_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_the_hello_of_rfc6455_section_5_7() {
        let mut masked = [0; 5];
        copy_masked(&mut masked, b"Hello", [0x37, 0xfa, 0x21, 0x3d]);
        assert_eq!(masked, [0x7f, 0x9f, 0x4d, 0x51, 0x58]);
    }

    #[test]
    fn agrees_with_the_definition_at_every_length_and_offset() {
        let key = [0xa1, 0x02, 0x73, 0xf4];
        let plain: Vec<u8> = (0..=255).collect();
        for len in 0..100 {
            for offset in 0..8u8 {
                let expected: Vec<u8> = (0..len)
                    .map(|i| plain[i] ^ key[(i + usize::from(offset)) % 4])
                    .collect();
                let mut masked = plain[..len].to_vec();
                apply(&mut masked, key, u64::from(offset));
                assert_eq!(masked, expected);
            }
        }
    }

    #[test]
    fn copying_and_in_place_masking_agree() {
        let plain: Vec<u8> = (0..200).collect();
        let mut copied = vec![0; 200];
        copy_masked(&mut copied, &plain, [9, 8, 7, 6]);
        let mut in_place = plain;
        apply(&mut in_place, [9, 8, 7, 6], 0);
        assert_eq!(copied, in_place);
    }
}
