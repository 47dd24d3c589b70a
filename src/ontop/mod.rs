//! Protocols on top of WebSocket, one file or folder each, without I/O.
//!
//! A protocol sees whole messages and the time, and returns what to do: messages to send, lines to
//! show, an end. It is chosen with `--as`; without it, [`Dialect`] only names what it recognises.

mod action;
pub mod recognise;
pub mod socketio;

use std::fmt::Debug;
use std::time::Instant;

use serde_json::Value;

pub use action::{Action, Actions, Refusal, Seen};
pub use recognise::Dialect;

use crate::proto::message::Kind;

/// A protocol that `--as` names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Name {
    SocketIo,
}

/// What `--as` takes for no protocol at all.
pub const RAW: &str = "raw";

impl Name {
    pub const ALL: [Self; 1] = [Self::SocketIo];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::SocketIo => "socket.io",
        }
    }
}

/// A command of a protocol, such as `/emit`.
#[derive(Debug, PartialEq, Eq)]
pub struct Verb {
    /// The name, without `/`.
    pub name: &'static str,
    /// The arguments; optional ones in brackets.
    pub args: &'static str,
    pub help: &'static str,
    pub example: &'static str,
}

/// One end of a protocol on top of WebSocket.
///
/// Everything it wants done goes to `actions`, in order; nothing is sent before it is asked for
/// something, and every call may be followed by [`deadline`](Self::deadline) and [`tick`](Self::tick).
pub trait Protocol: Debug {
    fn name(&self) -> Name;

    fn verbs(&self) -> &'static [Verb];

    /// A connection is open, or open again: greets, with these credentials.
    fn opened(&mut self, auth: Option<Value>, now: Instant, actions: &mut Actions);

    /// A connection that is open already is spoken on from now on: what came before was not seen.
    fn adopt(&mut self, now: Instant, actions: &mut Actions);

    /// Whether the greeting is over, so that input may be sent.
    fn is_ready(&self) -> bool;

    fn received(&mut self, kind: Kind, payload: &[u8], now: Instant, actions: &mut Actions);

    /// What a plain line at the prompt is, for its help.
    fn line_help(&self) -> &'static str;

    /// The refusal in an HTTP response that came in the place of a frame.
    fn refusal(&self, response: &str) -> Option<Refusal>;

    /// Executes a verb.
    fn say(
        &mut self,
        verb: &str,
        arguments: &str,
        now: Instant,
        actions: &mut Actions,
    ) -> Result<(), SayError>;

    /// Sends what a plain line at the prompt stands for.
    fn line(&mut self, line: &str, now: Instant, actions: &mut Actions) -> Result<(), SayError>;

    /// Sends what a record of a pipe stands for.
    fn value(&mut self, json: &[u8], now: Instant, actions: &mut Actions) -> Result<(), SayError>;

    /// When [`tick`](Self::tick) has something to do at the latest.
    fn deadline(&self) -> Option<Instant>;

    fn tick(&mut self, now: Instant, actions: &mut Actions);

    /// Notes that nothing could be received until now, so that the time is no silence of the peer.
    fn pause(&mut self, now: Instant);

    /// Words seen so far that may follow `verb`, for completion.
    fn names(&self, verb: &str) -> Vec<String>;

    /// The state in rows of a name and a value, for `/status`.
    fn status(&self, now: Instant) -> Vec<(&'static str, String)>;
}

/// Why something cannot be said.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub struct SayError {
    pub text: String,
    pub hint: Option<String>,
}
