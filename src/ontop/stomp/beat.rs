//! Heart-beats, as both sides agree on them.

use std::time::Duration;

use super::frame::Headers;

/// How often this side can send a heart-beat and wants one, in milliseconds: the interval of the usual clients.
pub(super) const BEAT: u64 = 10_000;

/// How often a peer can send a heart-beat, and how often it wants one, in milliseconds.
pub(super) fn beats(headers: &Headers) -> (u64, u64) {
    let value = headers.get("heart-beat").unwrap_or_default();
    let (theirs, wanted) = value.split_once(',').unwrap_or_default();
    let number = |text: &str| u64::from(text.trim().parse::<u32>().unwrap_or_default());
    (number(theirs), number(wanted))
}

/// How often this side sends at least, and the longest silence of the other one; zero for no limit.
pub(super) fn agreed(ours: (u64, u64), theirs: (u64, u64)) -> (Duration, Duration) {
    // "Heart-beating": the slower of both sides counts, and zero is never.
    let rate = |own: u64, other: u64| match (own, other) {
        (0, _) | (_, 0) => Duration::ZERO,
        (own, other) => Duration::from_millis(own.max(other)),
    };
    // A beat that is on its way when the time is over is late; two of the other side may be late or lost.
    (rate(ours.0, theirs.1) * 9 / 10, rate(ours.1, theirs.0) * 3)
}
