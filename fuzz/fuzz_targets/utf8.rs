//! UTF-8 checked in pieces agrees with the standard library on the whole.

#![no_main]

use libfuzzer_sys::fuzz_target;
use wsee::proto::message::{InvalidUtf8, Utf8};

fuzz_target!(|input: (u8, &[u8])| {
    let (size, text) = input;
    let expected = str::from_utf8(text).map_err(|error| error.valid_up_to() as u64);
    let found = check(text, 1 + usize::from(size)).map_err(|error| error.at);
    assert_eq!(expected.map(drop), found);
});

fn check(text: &[u8], size: usize) -> Result<(), InvalidUtf8> {
    let mut utf8 = Utf8::default();
    for piece in text.chunks(size) {
        utf8.push(piece)?;
    }
    utf8.finish()
}
