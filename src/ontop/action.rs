//! What a protocol wants done.

use std::rc::Rc;
use std::time::Duration;

use serde_json::{Value, json};

use super::{Name, Reoffer};
use crate::exit::Exit;
use crate::proto::message::Kind;
use crate::render::quantity;

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
    /// What another connection is to offer, once this one has ended.
    Reoffer(Reoffer),
    End(Refusal),
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

    pub fn reoffer(&mut self, reoffer: Reoffer) {
        self.list.push(Action::Reoffer(reoffer));
    }

    pub fn end(&mut self, refusal: Refusal) {
        self.list.push(Action::End(refusal));
    }
}

/// What an answer answers.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Answered {
    /// Such as the name of the method.
    pub what: String,
    pub after: Duration,
}

/// The type of a message, in the object `as`, that is not of the protocol.
const FOREIGN: &str = "unreadable";

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
    /// What a pipe prints, if it is received.
    pub print: Option<Value>,
    /// Whether it only keeps the session alive: it is not shown, but counted.
    pub is_keepalive: bool,
}

impl Seen {
    /// A message of this type, with nothing in it yet.
    pub(super) fn new(protocol: Name, kind: &str, label: impl Into<String>) -> Self {
        Self {
            label: label.into(),
            payload: String::new(),
            note: String::new(),
            object: json!({"protocol": protocol.as_str(), "type": kind}),
            print: None,
            is_keepalive: false,
        }
    }

    /// Adds a member to the object of `--jsonl`.
    #[must_use]
    pub(super) fn with(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.object[key] = value.into();
        self
    }

    #[must_use]
    pub(super) fn carrying(self, payload: impl Into<String>) -> Self {
        let payload = payload.into();
        Self { payload, ..self }
    }

    #[must_use]
    pub(super) fn noting(self, note: impl Into<String>) -> Self {
        let note = note.into();
        Self { note, ..self }
    }

    /// Adds to the note.
    #[must_use]
    pub(super) fn noting_also(self, note: &str) -> Self {
        let notes = [self.note.as_str(), note]
            .into_iter()
            .filter(|it| !it.is_empty());
        let note = notes.collect::<Vec<_>>().join(", ");
        Self { note, ..self }
    }

    #[must_use]
    pub(super) fn printing(self, value: Value) -> Self {
        let print = Some(value);
        Self { print, ..self }
    }

    /// Adds what the message answers, and the time that took.
    #[must_use]
    pub(super) fn answering(self, of: Option<&Answered>) -> Self {
        let Some(Answered { what, after }) = of else {
            return self.noting("nobody waits for it");
        };
        let millis = after.as_secs_f64() * 1000.0;
        self.with("after_ms", millis)
            .noting(format!("to {what} after {}", quantity::duration(*after)))
    }

    /// A message that only keeps the session alive.
    pub(super) fn keepalive(protocol: Name, kind: &str) -> Self {
        let is_keepalive = true;
        Self {
            is_keepalive,
            ..Self::new(protocol, kind, kind)
        }
    }

    /// A message that is not of the protocol, for this reason.
    pub(super) fn unreadable(protocol: Name, title: &str, reason: &str, payload: &[u8]) -> Self {
        Self::new(protocol, FOREIGN, format!("not {title}"))
            .with("reason", reason)
            .carrying(String::from_utf8_lossy(payload))
            .noting(reason)
    }

    /// What filters, searches and captures see, as JSON: what a pipe prints.
    pub fn value(&self) -> Option<String> {
        self.print.as_ref().map(Value::to_string)
    }

    /// Whether the message is not of the protocol.
    pub fn is_foreign(&self) -> bool {
        self.object["type"] == FOREIGN
    }
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

impl Refusal {
    /// The server refuses what the session needs.
    pub(super) fn refused<'a>(text: String, hint: impl Into<Option<&'a str>>) -> Self {
        Self {
            text,
            hint: hint.into().map(str::to_owned),
            exit: Exit::RefusedOnTop,
            may_pass: false,
        }
    }

    /// The server does not say in time what the session needs.
    pub(super) fn silent<'a>(text: String, hint: impl Into<Option<&'a str>>) -> Self {
        Self {
            exit: Exit::Timeout,
            may_pass: true,
            ..Self::refused(text, hint)
        }
    }
}
