//! What a message looks like, and what is taken from it.

use super::template::Template;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pattern {
    Text(Template),
    /// JSON that contains these values.
    Json(Template),
    /// A regular expression, which may match anywhere.
    Re(Template),
    /// A jq filter whose first output must be neither false nor null.
    Jq(Template),
    Hex(Vec<u8>),
    Any,
    /// What the protocol on top makes of a message contains these values.
    OnTop(Template),
    /// An event of the protocol on top: its name, and then its arguments.
    Event(Template),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Capture {
    pub name: String,
    pub with: Extract,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Extract {
    /// The first output of a jq filter.
    Jq(Template),
    /// The first group of a regular expression, or the whole match without one.
    Re(Template),
}
