//! Commands that only the prompt executes.

use std::path::PathBuf;
use std::time::Duration;

use super::usage::Usage;
use crate::render::{Decode, Timestamps};

/// A command that does more than send something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PromptCommand {
    /// Lists the commands, or explains one.
    Help(Option<&'static Usage>),
    Status,
    Headers,
    /// Lists what is shown, or changes it.
    Show(Option<Setting>),
    /// Shows the filter of received messages, or changes it.
    Filter(Filtering),
    /// Lists the last lines typed; all of them without a number.
    History(Option<usize>),
    /// Lists the variables, or sets one.
    Set(Assignment),
    /// Sets a variable from the last JSON message.
    Capture(Capture),
    /// Lists the timers, or starts or stops one.
    Every(Timing),
    /// Sends a message several times, or stops that.
    Repeat(Repetition),
    /// Opens the user's editor with this text, or with the last message.
    Edit(Option<String>),
    /// Shows counts, rates and round trips.
    Stats,
    Record(Record),
    /// Closes the connection and opens another.
    Reconnect,
}

/// What `/set` does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Assignment {
    List,
    Show(String),
    Set { name: String, value: String },
}

/// A variable whose value is taken from the last JSON message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Capture {
    pub name: String,
    pub source: String,
    /// The column where the filter starts.
    pub column: usize,
}

/// What `/every` does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Timing {
    List,
    /// Sends a text at once, and then periodically.
    Start {
        /// Not zero.
        period: Duration,
        text: String,
    },
    /// Stops the timer with this number in the list, or all.
    Stop(Option<usize>),
}

/// What `/repeat` does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Repetition {
    Start {
        /// At least 1.
        count: u64,
        text: String,
    },
    Stop,
}

/// What `/filter` does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Filtering {
    /// Shows the filter, and leaves it as it is.
    Show,
    Off,
    By {
        source: String,
        column: usize,
    },
}

/// What `/show` changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Setting {
    Switch(Topic, bool),
    /// The time at the start of every line.
    Time(Timestamps),
    Decode(Decode),
}

/// What `/record` does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Record {
    /// Shows whether there is a recording.
    State,
    Stop,
    Start(PathBuf),
}

/// Something that `/show` turns on or off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Topic {
    Ping,
    Pong,
    Frames,
    /// The time at the start of every line.
    Time,
    Json,
    /// Binary messages, as a hexdump.
    Hex,
    Decode,
}

impl Topic {
    /// In the order they are listed.
    pub const ALL: [Self; 7] = [
        Self::Ping,
        Self::Pong,
        Self::Frames,
        Self::Time,
        Self::Json,
        Self::Hex,
        Self::Decode,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::Ping => "ping",
            Self::Pong => "pong",
            Self::Frames => "frames",
            Self::Time => "time",
            Self::Json => "json",
            Self::Hex => "hex",
            Self::Decode => "decode",
        }
    }
}
