//! Masking (RFC 6455 §5.3): every payload byte XOR the key's byte at the same place modulo four.

/// How many bytes go through at once: wide enough for the compiler to use vector registers.
const LANE: usize = 32;

/// Writes `source` masked with `key` to `target`, which has the same length.
pub fn copy_masked(target: &mut [u8], source: &[u8], key: [u8; 4]) {
    let (target, source) = copy_lanes(target, source, lane::<LANE>(key, 0));
    // Short messages consist of little else than what is left of a lane.
    let (target, source) = copy_lanes(target, source, key);
    for ((to, from), mask) in target.iter_mut().zip(source).zip(key) {
        *to = from ^ mask;
    }
}

/// Writes the whole lanes of `source`, masked, to `target`, and returns the rest of both.
#[inline]
fn copy_lanes<'t, 's, const N: usize>(
    target: &'t mut [u8],
    source: &'s [u8],
    lane: [u8; N],
) -> (&'t mut [u8], &'s [u8]) {
    let (targets, target_rest) = target.as_chunks_mut::<N>();
    let (sources, source_rest) = source.as_chunks::<N>();
    for (to, from) in targets.iter_mut().zip(sources) {
        for i in 0..N {
            to[i] = from[i] ^ lane[i];
        }
    }
    (target_rest, source_rest)
}

/// Masks or unmasks `payload` in place; its first byte stands at `offset` in the frame's payload.
pub fn apply(payload: &mut [u8], key: [u8; 4], offset: u64) {
    let key: [u8; 4] = lane(key, offset);
    let rest = apply_lanes(payload, lane::<LANE>(key, 0));
    let rest = apply_lanes(rest, key);
    for (byte, mask) in rest.iter_mut().zip(key) {
        *byte ^= mask;
    }
}

/// Masks the whole lanes of `payload`, and returns the rest.
#[inline]
fn apply_lanes<const N: usize>(payload: &mut [u8], lane: [u8; N]) -> &mut [u8] {
    let (chunks, rest) = payload.as_chunks_mut::<N>();
    for chunk in chunks {
        for i in 0..N {
            chunk[i] ^= lane[i];
        }
    }
    rest
}

/// The key repeated over a lane, turned so that it starts at `offset`.
fn lane<const N: usize>(key: [u8; 4], offset: u64) -> [u8; N] {
    let turn = usize::from((offset % 4) as u8);
    std::array::from_fn(|i| key[(i + turn) % 4])
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
