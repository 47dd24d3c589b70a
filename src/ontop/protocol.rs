//! What every protocol on top can do.

use std::fmt::Debug;
use std::time::Instant;

use super::{Actions, Name, Opening, Refusal, Reoffer, SayResult, Unsuited};
use crate::proto::message::Kind;

/// One end of a protocol on top of WebSocket.
///
/// Everything it wants done goes to `actions`, in order; nothing is sent before it is asked for
/// something, and every call may be followed by [`deadline`](Self::deadline) and [`tick`](Self::tick).
pub trait Protocol: Debug {
    fn name(&self) -> Name;

    /// A connection is open, or open again: greets.
    fn opened(&mut self, opening: Opening<'_>, now: Instant, actions: &mut Actions);

    /// A person is at a prompt: what they can mend there does not end the session.
    fn attend(&mut self) {}

    /// A connection that is open already is spoken on from now on: what came before was not seen.
    fn adopt(&mut self, now: Instant, actions: &mut Actions) {
        self.opened(Opening::default(), now, actions);
    }

    /// Whether the greeting is over, so that input may be sent.
    fn is_ready(&self) -> bool;

    /// Whether another message may be sent now: the peer may limit how many it has not acknowledged.
    fn has_room(&self) -> bool {
        self.is_ready()
    }

    fn received(&mut self, kind: Kind, payload: &[u8], now: Instant, actions: &mut Actions);

    /// What a plain line at the prompt is, for its help.
    fn line_help(&self) -> &'static str;

    /// What filters and captures see of a message, if there is more to say than that.
    fn shape(&self) -> Option<&'static str> {
        None
    }

    /// A WebSocket carries the session from now on, in the place of HTTP long polling.
    fn upgraded(&mut self) {}

    /// What to offer in the place of what did not suit the server, if that may help; it is spoken from then
    /// on.
    fn reoffer(&mut self, _unsuited: Unsuited) -> Option<Reoffer> {
        None
    }

    /// The connection is over; returns what cannot come any more, which is not escaped yet.
    fn closed(&mut self) -> Option<String> {
        None
    }

    /// Whether a session is open that nobody has ended: its clients connect again if the server closes in order.
    fn is_unfinished(&self) -> bool {
        false
    }

    /// What it means that the server closes with this code, if the protocol defines it.
    fn closing(&mut self, _code: u16, _reason: &str) -> Option<Refusal> {
        None
    }

    /// The refusal of a session that is open, in the body of an HTTP response.
    fn refused(&self, body: &str, _now: Instant) -> Option<Refusal> {
        self.name().refusal(body)
    }

    /// How much of what was asked for is not answered yet, if the protocol has answers.
    fn pending(&self) -> Option<usize> {
        None
    }

    /// What has waited longest for its answer, if anything does; not escaped yet.
    fn unanswered(&self) -> Option<String> {
        None
    }

    /// What failed of what was asked for, which is the end of a pipe; not escaped yet.
    fn failure(&self) -> Option<&str> {
        None
    }

    /// Drops a subscription while there is no connection, so that the next one does not begin with it; returns whether
    /// there was one. It may be why the server ended the session.
    fn forget(&mut self, _args: &str) -> bool {
        false
    }

    /// Executes the verb that subscribes to something, as a part of the greeting: a refusal ends the session.
    fn subscribe(&mut self, args: &str, now: Instant, actions: &mut Actions) -> SayResult {
        self.say("subscribe", args, now, actions)
    }

    /// Executes a verb.
    fn say(&mut self, verb: &str, args: &str, now: Instant, actions: &mut Actions) -> SayResult;

    /// Sends what a plain line at the prompt stands for.
    fn line(&mut self, line: &str, now: Instant, actions: &mut Actions) -> SayResult;

    /// Sends what a record of a pipe stands for.
    fn value(&mut self, json: &[u8], now: Instant, actions: &mut Actions) -> SayResult {
        let text = String::from_utf8_lossy(json);
        if text.trim().is_empty() {
            return Ok(());
        }
        self.line(&text, now, actions)
    }

    /// Says goodbye: a Close frame of this side follows.
    fn farewell(&mut self, _now: Instant, _actions: &mut Actions) {}

    /// When [`tick`](Self::tick) has something to do at the latest.
    fn deadline(&self) -> Option<Instant> {
        None
    }

    fn tick(&mut self, _now: Instant, _actions: &mut Actions) {}

    /// Notes that nothing could be received until now, so that the time is no silence of the peer.
    fn pause(&mut self, _now: Instant) {}

    /// Words seen so far that may follow `verb`, for completion.
    fn names(&self, _verb: &str) -> Vec<String> {
        Vec::new()
    }

    /// The state in rows of a name and a value, for `/status`.
    fn status(&self, now: Instant) -> Vec<(&'static str, String)>;
}
