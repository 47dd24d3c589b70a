//! `Sec-WebSocket-Extensions`: what is read is what is written, and what is agreed on is in range.

#![no_main]

use libfuzzer_sys::fuzz_target;
use wsee::proto::deflate::{NAME, Offer, Params};
use wsee::proto::extension::parse;

fuzz_target!(|value: &str| {
    let Ok(extensions) = parse(value) else {
        return;
    };
    let written: Vec<String> = extensions.iter().map(ToString::to_string).collect();
    assert_eq!(parse(&written.join(", ")), Ok(extensions.clone()));
    for extension in extensions.iter().filter(|extension| extension.name == NAME) {
        if let Ok(offer) = Offer::parse(extension) {
            assert_eq!(Offer::parse(&offer.to_extension()), Ok(offer));
        }
        if let Ok(params) = Params::agree(&[Offer::BROWSER], extension) {
            for bits in [params.client_max_window_bits, params.server_max_window_bits] {
                assert!((8..=15).contains(&bits), "{params:?}");
            }
        }
    }
});
