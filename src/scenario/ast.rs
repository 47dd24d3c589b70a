//! A scenario as it is written.

use std::time::Duration;

use super::template::Template;

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
    /// What it says.
    pub statement: Statement,
}

/// What a line says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Statement {
    /// Nothing.
    Blank,
    /// `# TEXT`, without the `#`.
    Comment(String),
    /// `### NAME`: a case begins.
    Case(String),
    /// `connect [NAME] URL`.
    Connect {
        /// The name of the connection, if there are several.
        name: Option<String>,
        /// Where to.
        url: Template,
    },
    /// `--FLAG [VALUE]` below `connect`: a flag of the command line.
    Flag {
        /// The name, without `--`.
        name: String,
        /// The value, if one is written.
        value: Option<Template>,
    },
    /// `NAME: VALUE` below `connect`: a field of the request.
    Field {
        /// The name, as it will be sent.
        name: String,
        /// The value.
        value: Template,
    },
    /// `101`: the expected status.
    Status(u16),
    /// `NAME: PATTERN` below the status: an expected field of the response.
    Answer {
        /// The name.
        name: String,
        /// The value, in which `*` is any text; none at all if the field must not be there.
        value: Template,
    },
    /// Something to be done on a connection.
    Step(Step),
}

/// Something to be done on a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The name of the connection, if one is written.
    pub on: Option<String>,
    /// What is to be done.
    pub action: Action,
}

/// What is to be done.
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
        /// How long to wait.
        within: Option<Duration>,
    },
    /// `ping`: send a ping, and wait for its pong.
    Ping {
        /// The payload.
        payload: Template,
        /// How long to wait.
        within: Option<Duration>,
    },
    /// `pong`: send a pong that answers nothing.
    Pong(Template),
    /// `close`: send a Close frame, and wait for its answer.
    Close {
        /// The code; without one the frame is empty.
        code: Option<u16>,
        /// The reason.
        reason: Template,
        /// How long to wait.
        within: Option<Duration>,
    },
    /// `frame`, `raw`, `fragment`, `drop` or `reset`: the command of the prompt.
    Command {
        /// The name of the command.
        name: &'static str,
        /// What follows it.
        args: Template,
    },
    /// `wait`: let time pass.
    Wait(Duration),
}

/// What a message is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// Text, on the line itself or between lines of `"""`.
    Text(Template),
    /// Bytes.
    Binary(Vec<u8>),
    /// A file, whose path is relative to the folder of the scenario.
    File {
        /// The path.
        path: Template,
        /// Whether it goes out as a binary message.
        binary: bool,
    },
}

/// How messages that do not match are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mood {
    /// `<`: they are skipped.
    Some,
    /// `<!`: the very next message must match.
    Next,
    /// `!<`: no message may match.
    None,
}

/// An expected message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expect {
    /// How messages that do not match are taken.
    pub mood: Mood,
    /// What it is to be like.
    pub pattern: Pattern,
    /// `within`: how long to wait; `for` with [`Mood::None`].
    pub within: Option<Duration>,
    /// `capture`: what to keep of it.
    pub captures: Vec<Capture>,
}

/// What a message is to be like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pattern {
    /// This text.
    Text(Template),
    /// JSON with these values in it.
    Json(Template),
    /// Text that a regular expression finds itself in.
    Re(Template),
    /// JSON for which a jq filter gives a value that is neither false nor null.
    Jq(Template),
    /// These bytes.
    Hex(Vec<u8>),
    /// Any message.
    Any,
}

/// A value to be kept of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Capture {
    /// The variable.
    pub name: String,
    /// How the value is found.
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
    /// The reason.
    pub reason: Option<Reason>,
    /// How long to wait.
    pub within: Option<Duration>,
}

/// What the reason of a Close frame is to be like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// This text.
    Text(Template),
    /// Text that a regular expression finds itself in.
    Re(Template),
}
