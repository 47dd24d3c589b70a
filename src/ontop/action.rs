//! What a protocol wants done.

use std::rc::Rc;

use serde_json::Value;

use crate::exit::Exit;
use crate::proto::message::Kind;

/// What to do, in this order.
#[derive(Debug, Default)]
pub struct Actions {
    pub list: Vec<Action>,
}

#[derive(Debug)]
pub enum Action {
    /// Sends a message; `seen` explains it, and one without is shown with the raw messages only.
    Send {
        kind: Kind,
        payload: Vec<u8>,
        /// What is shown and recorded in its place, unless secrets are shown.
        masked: Option<Vec<u8>>,
        seen: Option<Rc<Seen>>,
    },
    /// The received message, or a part of it.
    See(Rc<Seen>),
    /// A fact about the session, on a line of its own.
    Note(String),
    /// What the user could do.
    Hint(String),
    End(Refusal),
    /// What was asked for failed: the end of a pipe, and no more than that elsewhere.
    Fail(Refusal),
}

impl Actions {
    pub fn send(&mut self, kind: Kind, payload: Vec<u8>, seen: Option<Seen>) {
        self.send_masked(kind, payload, None, seen);
    }

    pub fn send_masked(
        &mut self,
        kind: Kind,
        payload: Vec<u8>,
        masked: Option<Vec<u8>>,
        seen: Option<Seen>,
    ) {
        self.list.push(Action::Send {
            kind,
            payload,
            masked,
            seen: seen.map(Rc::new),
        });
    }

    pub fn see(&mut self, seen: Seen) {
        self.list.push(Action::See(Rc::new(seen)));
    }

    pub fn note(&mut self, text: impl Into<String>) {
        self.list.push(Action::Note(text.into()));
    }

    pub fn hint(&mut self, text: impl Into<String>) {
        self.list.push(Action::Hint(text.into()));
    }

    pub fn end(&mut self, refusal: Refusal) {
        self.list.push(Action::End(refusal));
    }

    pub fn fail(&mut self, refusal: Refusal) {
        self.list.push(Action::Fail(refusal));
    }
}

/// A message as its protocol understands it; nothing of it is escaped yet.
#[derive(Debug, Clone, PartialEq)]
pub struct Seen {
    /// What it is, such as `event "price"`.
    pub label: String,
    /// What it carries: JSON is laid out.
    pub payload: String,
    /// What follows from it, such as `ack wanted: /ack 7`.
    pub note: String,
    /// The object `as` of `--jsonl`, which scenarios match.
    pub object: Value,
    /// What a pipe prints.
    pub print: Option<Value>,
    /// Whether it only keeps the session alive: it is not shown, but counted.
    pub is_keepalive: bool,
}

/// Why the protocol ends the session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The last line; not escaped yet.
    pub text: String,
    pub hint: Option<String>,
    pub exit: Exit,
    /// Whether another session may last longer.
    pub may_pass: bool,
}
