//! What is shown, and how.

use super::decode::Decode;

/// What is shown; the REPL's `/show` switches most of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "independent switches")]
pub struct Show {
    /// The way to the open connection.
    pub handshake: bool,
    /// Messages in both directions.
    pub messages: bool,
    /// Pings.
    pub ping: bool,
    /// Pongs.
    pub pong: bool,
    /// Close frames.
    pub close: bool,
    /// One line per frame.
    pub frames: bool,
    /// What stands in front of every line.
    pub time: Timestamps,
    /// JSON laid out.
    pub json: bool,
    /// Binary messages as hexdumps, if they are not shown decoded.
    pub hex: bool,
    /// Binary messages decoded.
    pub decode: Decode,
}

impl Show {
    /// Everything but frames: the REPL's view.
    pub const REPL: Self = Self {
        handshake: true,
        messages: true,
        ping: true,
        pong: true,
        close: true,
        frames: false,
        time: Timestamps::Time,
        json: true,
        hex: true,
        decode: Decode::Auto,
    };

    /// What the REPL and `listen` show when `-v` was given so many times.
    pub fn prompt(verbose: u8) -> Self {
        Self {
            frames: verbose >= 2,
            ..Self::REPL
        }
    }

    /// What a pipe shows on standard error when `-v` was given so many times.
    pub fn pipe(verbose: u8) -> Self {
        let (once, twice) = (verbose >= 1, verbose >= 2);
        Self {
            handshake: once,
            messages: twice,
            ping: once,
            pong: once,
            close: once,
            frames: twice,
            ..Self::REPL
        }
    }
}

/// The time in front of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Timestamps {
    /// None.
    None,
    /// The local time of day.
    Time,
    /// Date and time in UTC.
    Iso,
    /// Seconds since the clock's start.
    Rel,
    /// Seconds since the line before.
    Delta,
}

impl Timestamps {
    /// All of them, in the order they are listed.
    pub const ALL: [Self; 5] = [Self::None, Self::Time, Self::Iso, Self::Rel, Self::Delta];

    /// The word for it, on the command line and in `/show time`.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Time => "time",
            Self::Iso => "iso",
            Self::Rel => "rel",
            Self::Delta => "delta",
        }
    }
}
