//! The tree of a scenario: its lines, and what each of them says.
//!
//! [`format`](mod@super::format) writes them back, a [`Case`](super::Case) runs them.

use std::time::Duration;

use super::template::Template;
use super::typed::Typed;

/// A scenario file, line by line.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct File {
    /// Its lines; what a line begins, such as a text of several lines, belongs to it.
    pub lines: Vec<Line>,
}

/// A line, and what it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Counted from 1.
    pub number: usize,
    /// The line as it is written; the first if there are several.
    pub source: String,
    pub statement: Statement,
}

/// What a line says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Statement {
    Blank,
    /// `# TEXT`, without the `#`.
    Comment(String),
    /// `### NAME`: a case begins.
    Case(String),
    /// `connect [NAME] URL`.
    Connect {
        name: Option<String>,
        url: Template,
    },
    /// `--NAME [VALUE]` below `connect`: a flag of the command line.
    Flag {
        name: String,
        value: Option<Template>,
    },
    /// `NAME: VALUE` below `connect`: a field of the request.
    RequestField {
        name: String,
        value: Template,
    },
    /// `101`: the expected status.
    Status(u16),
    /// `NAME: PATTERN` below the status: an expected field of the response.
    ///
    /// `*` in the value is any text. An empty value expects that the field is missing.
    ResponseField {
        name: String,
        value: Template,
    },
    /// `[NAME] ACTION`: something done on a connection.
    Action {
        /// The name of the connection, if one is written.
        on: Option<String>,
        action: Action,
    },
}

/// Something done on a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// `>` or `>b`: send a message.
    Send(Content),
    /// `<`, `<!` or `!<`: wait for a message.
    Expect(Expect),
    /// `< close`: wait for the peer's Close frame.
    ExpectClose(ExpectClose),
    /// `< ping` or `< pong`: wait for a control frame.
    ExpectControl {
        /// Whether it is a pong.
        pong: bool,
        /// Its payload, if that matters.
        payload: Option<Template>,
        within: Option<Duration>,
    },
    /// `ping`: send a ping, and wait for its pong.
    Ping {
        payload: Template,
        within: Option<Duration>,
    },
    /// `pong`: send a pong that answers nothing.
    Pong(Template),
    /// `close`: send a Close frame, and wait for its answer.
    Close {
        /// The code; without one the frame is empty.
        code: Option<u16>,
        reason: Template,
        within: Option<Duration>,
    },
    /// `frame`, `raw` or `fragment`: send as the command of the prompt does.
    Typed(Typed),
    /// `drop` or `reset`: end TCP without a Close frame.
    Abandon { reset: bool },
    /// `wait`: let time pass.
    Wait(Duration),
}

/// What a message is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// Text, on the line itself or between lines of `"""`.
    Text(Template),
    Binary(Vec<u8>),
    /// A file, whose path is relative to the folder of the scenario.
    File {
        path: Template,
        /// Whether it goes out as a binary message.
        binary: bool,
    },
}

/// Which message has to match.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Match {
    /// `<`: any; those before it are skipped.
    Eventually,
    /// `<!`: the very next one.
    Next,
    /// `!<`: none.
    Never,
}

/// An expected message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expect {
    pub matching: Match,
    pub pattern: Pattern,
    /// `within`: how long to wait; `for` with [`Match::Never`].
    pub within: Option<Duration>,
    /// `capture`: what to keep of it.
    pub captures: Vec<Capture>,
}

/// What a message is to be like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pattern {
    Text(Template),
    /// JSON with these values in it.
    Json(Template),
    /// Text that a regular expression finds itself in.
    Re(Template),
    /// JSON for which a jq filter gives a value that is neither false nor null.
    Jq(Template),
    Hex(Vec<u8>),
    Any,
}

/// A value to be kept of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Capture {
    pub name: String,
    pub with: Extract,
}

/// How a value is found in a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Extract {
    /// The first output of a jq filter.
    Jq(Template),
    /// The first group of a regular expression, or what all of it matches.
    Re(Template),
}

/// An expected Close frame.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ExpectClose {
    /// The codes it may have; all if there are none.
    pub codes: Vec<u16>,
    pub reason: Option<Reason>,
    pub within: Option<Duration>,
}

/// What the reason of a Close frame is to be like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    Text(Template),
    /// Text that a regular expression finds itself in.
    Re(Template),
}
