//! What became of a message on its way through a proxy.

use std::fmt;

/// Where a message is that could not pass as it came, or what became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It waits until the user decides.
    Held,
    /// It waits for one before it.
    Waits,
    NeverLeft,
    /// The message with this number left in its place.
    LeftAs(u64),
    /// It left in place of the message with this number.
    InPlaceOf(u64),
}

impl fmt::Display for Fate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Held => f.write_str("held"),
            Self::Waits => f.write_str("waits"),
            Self::NeverLeft => f.write_str("never left"),
            Self::LeftAs(number) => write!(f, "left as #{number}"),
            Self::InPlaceOf(number) => write!(f, "left in place of #{number}"),
        }
    }
}
