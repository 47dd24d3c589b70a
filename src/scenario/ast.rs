//! The tree of a scenario: its lines and the statement on each.
//!
//! [`format`](mod@super::format) writes them back, a [`Case`](super::Case) runs them.

use std::rc::Rc;
use std::time::Duration;

pub use super::pattern::{Capture, Extract, Pattern};
use super::rule::{Rule, Target};
use super::template::Template;
use super::typed::Typed;
use crate::fault::Fault;

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct File {
    /// A text of several lines belongs to the line that begins it.
    pub lines: Vec<Line>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The included file it is in; `None` for the file that was given.
    pub file: Option<Rc<str>>,
    /// Counted from 1.
    pub number: usize,
    /// The line as written; the first one of several.
    pub source: String,
    pub statement: Statement,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Statement {
    Blank,
    /// `# TEXT`, without the `#`.
    Comment(String),
    /// `### NAME`: a case begins.
    Case(String),
    /// `include FILE`: the steps of another file; its path is relative to the folder of this one.
    Include(String),
    /// `connect [NAME] [--as PROTOCOL] URL`.
    Connect {
        name: Option<String>,
        /// The protocol on top, as a flag of that name below would say.
        on_top: Option<String>,
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
    /// A rule of a server begins; what follows, up to the next one, belongs to it.
    Rule(Rule),
    /// `NAME: VALUE` below `accept` or `reject`: a field of the answer.
    AnswerField {
        name: String,
        value: Template,
    },
    /// `body TEXT` below `reject`.
    Body(Template),
    /// `[NAME] ACTION`: something done on a connection.
    Action {
        on: Option<String>,
        action: Action,
    },
}

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
        pong: bool,
        /// `None` for any payload.
        payload: Option<Template>,
        within: Option<Duration>,
    },
    /// `ping`: send a ping, and wait for its pong.
    Ping {
        payload: Template,
        within: Option<Duration>,
    },
    /// `pong`: send an unsolicited pong.
    Pong(Template),
    /// `close`: send a Close frame, and wait for its answer.
    Close {
        /// Without a code the frame is empty.
        code: Option<u16>,
        reason: Template,
        within: Option<Duration>,
    },
    /// `frame`, `raw` or `fragment`: send what the command of the prompt sends.
    Typed(Typed),
    /// `emit`, `ack`, `join` or `leave`: say something in the protocol on top.
    Say(Say),
    /// `drop` or `reset`: end TCP without a Close frame.
    Abandon { reset: bool },
    /// `wait`: let time pass.
    Wait(Duration),
    /// `to TARGET ACTION`: send to other clients; only in rules, like all below.
    To { target: Target, action: Box<Action> },
    /// `join ROOM`.
    Join(Template),
    /// `leave ROOM`.
    Leave(Template),
    /// `state NAME = VALUE`: set a variable of the connection.
    State { name: String, value: Template },
    /// `fault SPEC`: do something wrong to the client from now on.
    Fault(Fault),
}

/// A verb of the protocol on top.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Say {
    pub verb: &'static str,
    pub args: Template,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// Text, on the line itself or between lines of `"""`.
    Text(Template),
    Binary(Vec<u8>),
    /// A file, whose path is relative to the folder of the scenario.
    File {
        path: Template,
        binary: bool,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Match {
    /// `<`: any; those before it are skipped.
    Eventually,
    /// `<!`: the very next one.
    Next,
    /// `!<`: none.
    Never,
}

impl Match {
    pub fn arrow(self) -> &'static str {
        match self {
            Self::Eventually => "<",
            Self::Next => "<!",
            Self::Never => "!<",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expect {
    pub matching: Match,
    pub pattern: Pattern,
    /// `within`: how long to wait; `for` with [`Match::Never`].
    pub within: Option<Duration>,
    pub captures: Vec<Capture>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ExpectClose {
    /// Any of these; any code at all if empty.
    pub codes: Vec<u16>,
    pub reason: Option<Reason>,
    pub within: Option<Duration>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    Text(Template),
    /// A regular expression, which may match anywhere.
    Re(Template),
}
