//! Servers that want more memory or time than a client has to give, against the binary.

use crate::support::output::Output;

mod bomb;
mod controls;
mod cut;
mod flood;
mod slow;
mod table;

const MIB: u64 = 1 << 20;

/// Claims the largest resident set, in bytes.
#[track_caller]
fn stays_below(output: &Output, limit: u64) {
    let peak = output.peak_memory;
    assert!(peak > 0 || !cfg!(target_os = "linux"), "nothing measured");
    assert!(peak < limit, "{} KiB; {}", peak >> 10, output.stderr);
}

/// `large` with `WSEE_TEST_LARGE=1` in the environment, for a build that is fast; `small` otherwise.
pub fn size(small: usize, large: usize) -> usize {
    if std::env::var_os("WSEE_TEST_LARGE").is_some() {
        large
    } else {
        small
    }
}
