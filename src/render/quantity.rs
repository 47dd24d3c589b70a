//! Sizes, durations and counts as people read them.

pub use crate::duration::shown as duration;
use crate::duration::{decimal, round_div};

const UNITS: [&str; 6] = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];

/// A number of bytes: `14 B`, `1.2 KiB`, `3.0 MiB`.
pub fn size(bytes: u64) -> String {
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    let in_unit = |unit: usize| round_div(u128::from(bytes) * 10, 1024 << (10 * unit));
    let mut unit = 0;
    while in_unit(unit) >= 10_240 {
        unit += 1;
    }
    format!("{} {}", decimal(in_unit(unit)), UNITS[unit])
}

/// A count with its noun: `1 message`, `4 messages`.
pub fn plural(count: u64, noun: &str) -> String {
    let ending = if count == 1 { "" } else { "s" };
    format!("{count} {noun}{ending}")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn size_has_one_decimal_from_kib() {
        let cases = [
            (0, "0 B"),
            (14, "14 B"),
            (1023, "1023 B"),
            (1024, "1.0 KiB"),
            (1229, "1.2 KiB"),
            (3 << 20, "3.0 MiB"),
            (1 << 30, "1.0 GiB"),
            (u64::MAX, "16.0 EiB"),
        ];
        for (bytes, shown) in cases {
            assert_eq!(size(bytes), shown);
        }
    }

    #[test]
    fn size_rounds_up_to_the_next_unit() {
        assert_eq!(size((1 << 20) - 1), "1.0 MiB");
        assert_eq!(size((1 << 30) - 1), "1.0 GiB");
    }

    #[test]
    fn duration_picks_the_unit() {
        let cases = [
            (0, "0 ms"),
            (2, "0.01 ms"),
            (50, "0.05 ms"),
            (99, "0.10 ms"),
            (300, "0.3 ms"),
            (999_949, "999.9 ms"),
            (999_950, "1.0 s"),
            (12_300_000, "12.3 s"),
            (59_960_000, "1 min 0 s"),
            (125_000_000, "2 min 5 s"),
            (11_520_000_000, "3 h 12 min"),
            (187_200_000_000, "2 d 4 h"),
        ];
        for (micros, shown) in cases {
            assert_eq!(duration(Duration::from_micros(micros)), shown);
        }
    }

    #[test]
    fn the_longest_duration_is_shown() {
        assert!(duration(Duration::MAX).ends_with(" h"));
    }

    #[test]
    fn plural_of_one_is_singular() {
        assert_eq!(plural(0, "message"), "0 messages");
        assert_eq!(plural(1, "message"), "1 message");
        assert_eq!(plural(4, "message"), "4 messages");
    }
}
