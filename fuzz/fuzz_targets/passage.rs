//! Hostile bytes on their way through a proxy: they leave as they came, except for the keys of masks, however they are
//! split, and whoever looks on.

#![no_main]

use libfuzzer_sys::fuzz_target;
use wsee::proto::Role;
use wsee::proto::deflate::Params;
use wsee::proto::frame::{Header, mask};
use wsee::proto::passage::{Passage, Piece, Watch};
use wsee::proto::watcher::{Sight, Watcher};

/// The most bytes of a message that are kept, and that are inflated.
const LIMIT: usize = 1 << 10;

fuzz_target!(|input: (u8, [u8; 4], &[u8])| {
    let (switches, cuts, stream) = input;
    let is_on = |bit: u8| switches & 1 << bit != 0;
    let sender = if is_on(0) { Role::Client } else { Role::Server };
    let deflate = is_on(1).then_some(Params {
        client_no_context_takeover: is_on(2),
        server_no_context_takeover: is_on(2),
        client_max_window_bits: 15,
        server_max_window_bits: 15,
    });
    let whole = pass(sender, &[usize::MAX], stream, None);
    let sizes = cuts.map(|cut| 1 + usize::from(cut));
    let mut watcher = Watcher::new(sender, deflate, LIMIT, LIMIT as u64);
    assert_eq!(whole, pass(sender, &sizes, stream, Some(&mut watcher)));
    assert_eq!(whole, pass(sender, &[1], stream, None));
    match sender {
        Role::Server => assert_eq!(whole, stream),
        Role::Client => same_but_for_keys(stream, &whole),
    }
});

/// What leaves of a stream that comes in pieces of these sizes.
fn pass(
    sender: Role,
    sizes: &[usize],
    stream: &[u8],
    mut watcher: Option<&mut Watcher>,
) -> Vec<u8> {
    let mut passage = match sender {
        Role::Client => Passage::from_client([7; 32]),
        Role::Server => Passage::from_server(),
    };
    let mut left = stream.to_vec();
    let mut rest = &mut left[..];
    for size in sizes.iter().cycle() {
        if rest.is_empty() {
            break;
        }
        let (now, later) = rest.split_at_mut((*size).min(rest.len()));
        match &mut watcher {
            None => passage.pass(now, None),
            Some(watcher) => {
                let mut look = |piece: Piece<'_>| {
                    watcher.see(&piece, &mut |sight| {
                        if let Sight::Message(message) = sight {
                            assert!(message.payload.len() <= LIMIT);
                        }
                    });
                };
                passage.pass(now, Some(&mut look as Watch<'_, '_>));
            }
        }
        rest = later;
    }
    assert_eq!(passage.bytes(), stream.len() as u64);
    left
}

/// Claims that both are the same frames with the same payloads.
fn same_but_for_keys(mut came: &[u8], mut went: &[u8]) {
    assert_eq!(came.len(), went.len());
    while let Some((header, size)) = Header::decode(came) {
        let (other, other_size) = Header::decode(went).expect("a header");
        let masking_key = header.masking_key;
        assert_eq!(
            (
                Header {
                    masking_key,
                    ..other
                },
                other_size
            ),
            (header, size)
        );
        assert_eq!(masking_key.is_some(), other.masking_key.is_some());
        let rest = came.len() - size;
        let len = usize::try_from(header.payload_len).map_or(rest, |len| len.min(rest));
        let payload = |bytes: &[u8], key: Option<[u8; 4]>| {
            let mut payload = bytes[size..size + len].to_vec();
            mask::apply(&mut payload, key.unwrap_or_default(), 0);
            payload
        };
        assert_eq!(payload(came, masking_key), payload(went, other.masking_key));
        (came, went) = (&came[size + len..], &went[size + len..]);
    }
}
