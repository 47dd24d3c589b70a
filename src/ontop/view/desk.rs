//! What the schemes share: requests that wait for an answer, subscriptions, what failed.

use std::fmt::Debug;
use std::time::Instant;

use serde_json::Value;

use crate::ontop::asked::Asked;
use crate::ontop::calls::{Answered, Calls};
use crate::ontop::channels::{Channel, Channels};
use crate::ontop::names::Names;
use crate::ontop::{Actions, Name, Opening, Refusal, SayError, SayResult, Seen};
use crate::proto::message::Kind;

/// A protocol, as far as it differs from the others.
pub(in crate::ontop) trait Scheme: Debug + Default {
    const NAME: Name;
    const TITLE: &'static str;
    /// What a plain line at the prompt is.
    const LINE: &'static str;
    /// Whether more than answers comes while there are subscriptions.
    const LASTS: bool = true;

    fn greet(&mut self, _opening: Opening<'_>, _turn: &mut Turn<'_>) {}

    /// The session is open already.
    fn adopt(&mut self, _now: Instant) {}

    fn is_ready(&self, desk: &Desk) -> bool {
        desk.is_open
    }

    /// Whether a pipe may send another message.
    fn has_room(&self, _desk: &Desk) -> bool {
        true
    }

    /// Understands a message, or says why it is none.
    fn hear(&mut self, text: &str, turn: &mut Turn<'_>) -> Result<(), String>;

    fn say(&mut self, verb: &str, args: &str, turn: &mut Turn<'_>) -> SayResult;

    fn line(&mut self, line: &str, turn: &mut Turn<'_>) -> SayResult;

    /// What to subscribe to, as number `id`.
    fn subscription(&self, _args: &str, _id: u64) -> Result<Subscription, SayError> {
        Err(SayError::new("there are no subscriptions", None))
    }

    /// The message that subscribes.
    fn request(channel: &Channel, id: u64) -> Request {
        Request {
            id: id.to_string(),
            message: channel.data.to_string(),
            seen: Seen::new(Self::NAME, "subscribe", "subscribe"),
        }
    }

    /// What its answer answers.
    fn asking(channel: &Channel) -> String {
        format!("subscribe {}", channel.title)
    }

    fn closing(&self, _code: u16) -> Option<Refusal> {
        None
    }

    fn farewell(&mut self, _turn: &mut Turn<'_>) {}

    fn deadline(&self) -> Option<Instant> {
        None
    }

    /// Why the session ends, if something is overdue.
    fn overdue(&mut self, _now: Instant) -> Option<Refusal> {
        None
    }

    /// For `/status`.
    fn notes(&self) -> Vec<String> {
        Vec::new()
    }
}

#[derive(Debug)]
pub(in crate::ontop) struct Subscription {
    pub(super) name: String,
    pub(super) title: String,
    pub(super) data: Value,
}

/// A message that has an answer.
#[derive(Debug)]
pub(in crate::ontop) struct Request {
    /// What the answer will have.
    pub(super) id: String,
    pub(super) message: String,
    pub(super) seen: Seen,
}

#[derive(Debug, Default)]
pub(in crate::ontop) struct Desk {
    pub(super) is_open: bool,
    pub(super) calls: Calls,
    pub(super) asked: Asked,
    pub(super) channels: Channels,
    /// Words to complete.
    pub(super) words: Names,
    /// The last identifier of a request, and the number of subscriptions.
    pub(super) last: u64,
    pub(super) subscribed: u64,
    pub(super) has_asked: bool,
    pub(super) failure: Option<String>,
}

impl Desk {
    pub(super) fn next_id(&mut self) -> u64 {
        self.last += 1;
        self.last
    }

    pub(super) fn turn<'a>(&'a mut self, now: Instant, actions: &'a mut Actions) -> Turn<'a> {
        Turn {
            desk: self,
            now,
            actions,
        }
    }
}

/// A chance to speak.
#[derive(Debug)]
pub(in crate::ontop) struct Turn<'a> {
    pub(super) desk: &'a mut Desk,
    pub(super) now: Instant,
    pub(super) actions: &'a mut Actions,
}

impl Turn<'_> {
    pub(super) fn see(&mut self, seen: Seen) {
        self.actions.see(seen);
    }

    pub(super) fn send(&mut self, message: impl Into<String>, seen: Seen) {
        let payload = message.into().into_bytes();
        self.actions.send(Kind::Text, payload, Some(seen));
    }

    /// Sends what has an answer.
    pub(super) fn ask(&mut self, request: Request, what: &str) {
        self.desk.calls.begin(&request.id, what, self.now);
        self.desk.has_asked = true;
        self.send(request.message, request.seen);
    }

    /// What the answer with this identifier answers.
    pub(super) fn answered(&mut self, id: &str) -> Option<Answered> {
        self.desk.calls.end(id, self.now)
    }

    /// The server has accepted the subscription that was asked for with this identifier.
    pub(super) fn confirmed(&mut self, id: &str) {
        if let Some(channel) = self.desk.channels.asked(id) {
            channel.confirmed();
        }
    }

    /// The server has refused it; returns whether it was one.
    pub(super) fn refused(&mut self, id: &str, why: &str, hint: &str) -> bool {
        let Some(channel) = self.desk.channels.asked(id) else {
            return false;
        };
        let text = format!(
            "the server refused to subscribe to {}: {why}",
            channel.title
        );
        channel.refused(text, hint, self.actions);
        true
    }

    /// Notes that something failed that was asked for.
    pub(super) fn fail(&mut self, why: String) {
        self.desk.failure.get_or_insert(why);
    }
}
