//! All that a recording says about a session, whatever its format.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;

use crate::event::Direction;
use crate::proto::message::Kind;
use crate::proto::receiver::WireHeader;
use crate::record::event::Head;

#[derive(Debug)]
pub(super) struct Entry {
    pub(super) time: Option<Timestamp>,
    /// The name of a further connection.
    pub(super) connection: Option<String>,
    pub(super) what: What,
}

#[derive(Debug)]
pub(super) enum What {
    Open(Box<Open>),
    Message(Message),
    Control(Control),
    Frame(Frame),
    Problem(Box<Problem>),
    /// What wsee did next, such as connecting again.
    Note(String),
    Ended(Box<Ended>),
}

#[derive(Debug, Default)]
pub(super) struct Open {
    pub(super) url: Option<String>,
    pub(super) request: Option<Head>,
    pub(super) response: Option<Head>,
    pub(super) facts: Vec<(&'static str, String)>,
}

#[derive(Debug)]
pub(super) struct Message {
    /// As the recording numbers it.
    pub(super) number: Option<u64>,
    pub(super) direction: Direction,
    pub(super) kind: Kind,
    pub(super) payload: Vec<u8>,
    pub(super) deflated: Option<u64>,
    /// What a protocol on top made of it.
    pub(super) on_top: Option<Value>,
}

#[derive(Debug)]
pub(super) struct Control {
    pub(super) direction: Direction,
    pub(super) body: Body,
}

#[derive(Debug)]
pub(super) enum Body {
    Ping(Vec<u8>),
    /// An archive does not say what is in it.
    Pong(Option<Vec<u8>>, Option<Duration>),
    /// The code and the reason, as shown.
    Close(String),
}

#[derive(Debug)]
pub(super) struct Frame {
    pub(super) direction: Direction,
    /// One of several that a message consists of.
    pub(super) is_fragment: bool,
    /// Every bit of its header.
    pub(super) text: String,
    pub(super) header: Box<WireHeader>,
}

#[derive(Debug, Default)]
pub(super) struct Problem {
    pub(super) message: String,
    pub(super) hint: Option<String>,
    pub(super) is_fatal: bool,
    pub(super) open: Option<Open>,
    /// The start of a refusal's body.
    pub(super) body: Option<String>,
}

#[derive(Debug, Clone)]
pub(super) struct Ended {
    pub(super) message: String,
    pub(super) hint: Option<String>,
    pub(super) exit: Option<u8>,
}
