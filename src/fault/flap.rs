//! A server that comes and goes.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use crate::duration::{self, typed};

/// For how long a server is up, and then down, again and again from its start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Flap {
    pub up: Duration,
    pub down: Duration,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FlapError {
    #[error("not two times; write UP/DOWN, such as 10s/3s")]
    NoSlash,
    #[error("{0:?} is not a time; write UP/DOWN, such as 10s/3s")]
    NotTime(String),
    #[error("{0:?} is no time at all; a server is up and down for at least 1ms")]
    Zero(String),
}

/// The shortest phase: shorter ones are lost in the granularity of timers.
const SHORTEST: Duration = Duration::from_millis(1);

impl Flap {
    /// Whether the server is up this long after its start, and when after it that changes.
    pub fn phase(self, elapsed: Duration) -> (bool, Duration) {
        let period = (self.up + self.down).as_nanos();
        let rounds = elapsed.as_nanos() / period;
        let start = nanos(rounds * period);
        let down = start.saturating_add(self.up);
        if elapsed < down {
            (true, down)
        } else {
            (false, down.saturating_add(self.down))
        }
    }
}

fn nanos(nanos: u128) -> Duration {
    Duration::from_nanos_u128(nanos)
}

impl FromStr for Flap {
    type Err = FlapError;

    fn from_str(text: &str) -> Result<Self, FlapError> {
        let (up, down) = text.split_once('/').ok_or(FlapError::NoSlash)?;
        let time = |text: &str| match duration::parse(text) {
            Ok(time) if time < SHORTEST => Err(FlapError::Zero(text.to_owned())),
            Ok(time) => Ok(time),
            Err(_) => Err(FlapError::NotTime(text.to_owned())),
        };
        Ok(Self {
            up: time(up)?,
            down: time(down)?,
        })
    }
}

impl fmt::Display for Flap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", typed(self.up), typed(self.down))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phases_follow_each_other_from_the_start() {
        let flap: Flap = "10s/3s".parse().unwrap();
        let phase = |secs| {
            let (is_up, change) = flap.phase(Duration::from_secs(secs));
            (is_up, change.as_secs())
        };
        assert_eq!(phase(0), (true, 10));
        assert_eq!(phase(9), (true, 10));
        assert_eq!(phase(10), (false, 13));
        assert_eq!(phase(12), (false, 13));
        assert_eq!(phase(13), (true, 23));
        assert_eq!(phase(1_300_010), (false, 1_300_013));
    }

    #[test]
    fn mistakes_say_what_to_write() {
        for (text, message) in [
            ("10s", "not two times; write UP/DOWN, such as 10s/3s"),
            (
                "10s/x",
                "\"x\" is not a time; write UP/DOWN, such as 10s/3s",
            ),
            (
                "0/3s",
                "\"0\" is no time at all; a server is up and down for at least 1ms",
            ),
        ] {
            assert_eq!(text.parse::<Flap>().unwrap_err().to_string(), message);
        }
        assert_eq!(
            "300ms/100ms".parse::<Flap>().unwrap().to_string(),
            "300ms/100ms"
        );
    }
}
