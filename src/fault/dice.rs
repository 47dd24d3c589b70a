//! Numbers that look random and follow from a seed.

use super::kind::Chance;

/// Numbers for the events of one kind on one connection.
///
/// They depend on the number of the event only, not on how many were drawn before: timing cannot change them.
/// Steele, Lea and Flood's `SplitMix64` is enough for that; a generator of the `rand` crate may change with its version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Dice(u64);

/// The golden ratio in 64 bits, the increment of `SplitMix64`.
const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Dice for a part with this number, such as a connection.
    pub(super) fn of(self, part: u64) -> Self {
        Self(self.roll(part))
    }

    /// The number for event `event`.
    pub(super) fn roll(self, event: u64) -> u64 {
        let mut mixed = self
            .0
            .wrapping_add(event.wrapping_add(1).wrapping_mul(STEP));
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Whether event `event` happens.
    pub(super) fn happens(self, chance: Chance, event: u64) -> bool {
        self.below(u64::from(Chance::CERTAIN), event) < u64::from(chance.0)
    }

    /// A number below `end`, which is not 0, for event `event`.
    pub(super) fn below(self, end: u64, event: u64) -> u64 {
        // Lemire's product instead of a remainder: the bias is the same, and the high bits are the better ones.
        let product = u128::from(self.roll(event)) * u128::from(end);
        u64::try_from(product >> 64).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_of_splitmix64() {
        // The first outputs for the seed 1234567, as the reference implementation gives them.
        let dice = Dice::new(1_234_567);
        assert_eq!(dice.roll(0), 6_457_827_717_110_365_317);
        assert_eq!(dice.roll(1), 3_203_168_211_198_807_973);
    }

    #[test]
    fn a_chance_is_met_about_as_often_as_it_says() {
        let dice = Dice::new(7).of(3);
        let count = |millionths| {
            let events = 0..100_000;
            events
                .filter(|event| dice.happens(Chance(millionths), *event))
                .count()
        };
        assert!((4_700..5_300).contains(&count(50_000)), "{}", count(50_000));
        assert_eq!(count(Chance::CERTAIN), 100_000);
    }

    #[test]
    fn connections_have_numbers_of_their_own() {
        let dice = Dice::new(1);
        assert_ne!(dice.of(1).roll(0), dice.of(2).roll(0));
        assert_eq!(dice.of(1).roll(5), Dice::new(1).of(1).roll(5));
    }
}
