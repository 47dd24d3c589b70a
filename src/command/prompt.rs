//! Commands that only the prompt executes.

use std::path::PathBuf;
use std::time::Duration;

use super::message::Recall;
use super::outgoing::Outgoing;
use super::usage::Usage;
use crate::ontop::Name;
use crate::render::{Decode, Timestamps};

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PromptCommand {
    Help(HelpTopic),
    Status,
    /// The states of all connections.
    StatusOfAll,
    /// Closes all connections.
    CloseAll(Outgoing),
    /// Opens another connection besides those there are.
    Connect(Further),
    /// Makes a connection the one that lines and commands are about.
    Use(String),
    /// Sends a line on a connection that need not be in use.
    To {
        name: String,
        text: String,
    },
    /// Lists the connections.
    List,
    Headers,
    Show(Option<Setting>),
    Filter(Filtering),
    /// Lists the last lines typed; all of them without a number.
    History(Option<usize>),
    Set(Assignment),
    Capture(Capture),
    Every(Timing),
    Repeat(Repetition),
    /// Opens the user's editor with this text, or with the last message.
    Edit(Option<String>),
    Stats,
    Record(Record),
    As(OnTop),
    Reconnect,
    /// Stops showing what passes by.
    Pause,
    Resume,
    /// Commands about messages that were sent or received.
    Recall(Recall),
}

/// A connection to open: the rest of the line is a command line without `wsee`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Further {
    pub name: String,
    pub words: String,
}

/// What `/as` does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnTop {
    Show,
    Raw,
    Protocol(Name),
}

/// What `/help` explains.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HelpTopic {
    Commands,
    Command(&'static Usage),
    /// The command of this name that some protocol on top has.
    Verb(&'static str),
    Keys,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Assignment {
    List,
    Show(String),
    Set { name: String, value: String },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Capture {
    pub name: String,
    pub source: String,
    pub column: usize,
}

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

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Repetition {
    Start {
        /// At least 1.
        count: u64,
        text: String,
    },
    Stop,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Filtering {
    Show,
    Off,
    By { source: String, column: usize },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Setting {
    Switch(Topic, bool),
    Time(Timestamps),
    Decode(Decode),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Record {
    State,
    Stop,
    Start(PathBuf),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Topic {
    Ping,
    Pong,
    Frames,
    /// Messages beneath a protocol on top.
    Raw,
    Time,
    Json,
    /// One row per message.
    Compact,
    /// Binary messages, as a hexdump.
    Hex,
    Decode,
}

impl Topic {
    /// In the order they are listed.
    pub const ALL: [Self; 9] = [
        Self::Ping,
        Self::Pong,
        Self::Frames,
        Self::Raw,
        Self::Time,
        Self::Json,
        Self::Compact,
        Self::Hex,
        Self::Decode,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::Ping => "ping",
            Self::Pong => "pong",
            Self::Frames => "frames",
            Self::Raw => "raw",
            Self::Time => "time",
            Self::Json => "json",
            Self::Compact => "compact",
            Self::Hex => "hex",
            Self::Decode => "decode",
        }
    }
}
