//! Options of the views.

use super::decode::Decode;

/// What to show; `/show` switches most of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "independent switches")]
pub struct Show {
    /// The opening handshake and the steps before it.
    pub handshake: bool,
    /// The requests of long polling, which are many.
    pub polls: bool,
    pub messages: bool,
    /// The numbers of messages.
    pub numbers: bool,
    /// What the protocol on top makes of messages.
    pub on_top: bool,
    /// Messages as they are on the wire, even if a protocol on top explains them.
    pub raw: bool,
    pub ping: bool,
    pub pong: bool,
    pub close: bool,
    pub frames: bool,
    pub time: Timestamps,
    pub json: bool,
    /// One row per message, cut at the width of the terminal.
    pub compact: bool,
    /// The sizes of messages after compression.
    pub deflated: bool,
    pub hex: bool,
    pub decode: Decode,
}

impl Show {
    /// Everything except frames: the view of the prompt.
    pub const REPL: Self = Self {
        handshake: true,
        polls: false,
        messages: true,
        numbers: false,
        on_top: true,
        raw: false,
        ping: true,
        pong: true,
        close: true,
        frames: false,
        time: Timestamps::Time,
        json: true,
        compact: false,
        deflated: false,
        hex: true,
        decode: Decode::Auto,
    };

    /// What the prompt and `listen` show with this many `-v`.
    pub fn prompt(verbose: u8) -> Self {
        Self {
            polls: verbose >= 1,
            frames: verbose >= 2,
            raw: verbose >= 1,
            deflated: verbose >= 1,
            ..Self::REPL
        }
    }

    /// What a pipe shows on standard error with this many `-v`.
    pub fn pipe(verbose: u8) -> Self {
        let (once, twice) = (verbose >= 1, verbose >= 2);
        Self {
            handshake: once,
            polls: once,
            messages: twice,
            on_top: once,
            raw: twice,
            ping: once,
            pong: once,
            close: once,
            frames: twice,
            deflated: once,
            ..Self::REPL
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Timestamps {
    None,
    /// Local time of day.
    Time,
    /// Date and time in UTC.
    Iso,
    /// Seconds since the clock's start.
    Rel,
    /// Seconds since the previous line.
    Delta,
}

impl Timestamps {
    pub const ALL: [Self; 5] = [Self::None, Self::Time, Self::Iso, Self::Rel, Self::Delta];

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
