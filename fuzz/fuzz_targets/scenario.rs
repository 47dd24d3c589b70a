//! Scenario files: nothing panics, and formatting is idempotent.

#![no_main]

use libfuzzer_sys::fuzz_target;
use wsee::scenario::{format, parse};

fuzz_target!(|text: &str| {
    let Ok(file) = parse(text) else {
        return;
    };
    let canonical = format(&file);
    match parse(&canonical) {
        Ok(again) => assert_eq!(format(&again), canonical),
        Err(mistakes) => panic!("{canonical:?} cannot be read: {mistakes:?}"),
    }
});
