//! What only a file of rules has: the scenario seen from the server (`wsee listen --rules`).

use std::time::Duration;

use super::pattern::{Capture, Pattern};
use super::template::Template;

/// A line that begins a rule; its steps are indented below it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rule {
    /// `accept CONDITION…`: a client is let in.
    Accept(Vec<Condition>),
    /// `reject STATUS CONDITION…`: a client is refused.
    Reject {
        status: u16,
        conditions: Vec<Condition>,
    },
    /// `on open`.
    Open,
    /// `on close`.
    Close,
    /// `on PATTERN capture NAME = …`.
    Message(Trigger),
    /// `every TIME`; the first time is one TIME after the opening.
    Every(Duration),
    /// `otherwise`: for messages that no rule matches.
    Otherwise(Otherwise),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trigger {
    pub pattern: Pattern,
    pub captures: Vec<Capture>,
}

/// Something about a request; `*` in a value is any text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    Path(Template),
    Header {
        name: String,
        value: Template,
    },
    Origin(Template),
    Subprotocol(Template),
    /// `USER:PASSWORD`.
    Basic(Template),
    Bearer(Template),
}

impl Condition {
    pub fn word(&self) -> &'static str {
        match self {
            Self::Path(_) => "path",
            Self::Header { .. } => "header",
            Self::Origin(_) => "origin",
            Self::Subprotocol(_) => "subprotocol",
            Self::Basic(_) => "basic",
            Self::Bearer(_) => "bearer",
        }
    }

    pub fn value(&self) -> &Template {
        match self {
            Self::Path(value)
            | Self::Header { value, .. }
            | Self::Origin(value)
            | Self::Subprotocol(value)
            | Self::Basic(value)
            | Self::Bearer(value) => value,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Otherwise {
    Echo,
    Ignore,
    Close(u16),
}

/// Who gets what is sent after `to`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    All,
    /// All but the client itself.
    Others,
    /// The clients that asked for this path.
    Path(Template),
    Room(Template),
}

/// How a path begins, and a room never does.
pub const PATH: char = '/';
