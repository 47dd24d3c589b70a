//! Channels that a client is subscribed to, and asks for again on every connection.

use std::time::{Duration, Instant};

use serde_json::Value;

use super::{Actions, Refusal, listed};
use crate::render::quantity;

/// How long the server may take to answer a request to subscribe: the limit of Phoenix's own client.
const PATIENCE: Duration = Duration::from_secs(10);

/// What to do about a request without an answer: Rails gives none for a channel that it does not have.
const UNANSWERED: &str = "check its name, and the server's log";

/// Only the user adds to them.
#[derive(Debug, Default)]
pub(super) struct Channels(Vec<Channel>);

#[derive(Debug)]
pub(super) struct Channel {
    /// What names it on the wire.
    pub name: String,
    /// What names it for people.
    pub title: String,
    /// What is sent with the request.
    pub data: Value,
    /// The request that was sent last, where requests have a number.
    pub request: String,
    pub state: State,
    /// Whether the session is of no use without it.
    pub is_greeting: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// To be asked for at this time.
    Wanted(Instant),
    /// Asked for, with an answer until then.
    Asked(Instant),
    Joined,
    Out,
}

impl Channels {
    /// Adds a channel that is to be asked for, in the place of one of the same name.
    pub(super) fn add(
        &mut self,
        name: &str,
        title: &str,
        data: Value,
        is_greeting: bool,
        now: Instant,
    ) {
        self.remove(name);
        self.0.push(Channel {
            name: name.to_owned(),
            title: title.to_owned(),
            data,
            request: String::new(),
            state: State::Wanted(now),
            is_greeting,
        });
    }

    pub(super) fn find(&mut self, name: &str) -> Option<&mut Channel> {
        self.0.iter_mut().find(|it| it.name == name)
    }

    /// The one that was asked for with this request.
    pub(super) fn asked(&mut self, request: &str) -> Option<&mut Channel> {
        self.0.iter_mut().find(|it| it.request == request)
    }

    pub(super) fn remove(&mut self, name: &str) -> Option<Channel> {
        let at = self.0.iter().position(|it| it.name == name)?;
        Some(self.0.remove(at))
    }

    /// Those of a connection that is new, where all that were subscribed to are asked for again.
    pub(super) fn restart(&mut self, now: Instant) {
        for channel in &mut self.0 {
            if channel.state != State::Out {
                channel.state = State::Wanted(now);
            }
        }
    }

    /// The next one that is to be asked for.
    pub(super) fn due(&mut self, now: Instant) -> Option<&mut Channel> {
        let is_due = |it: &Channel| matches!(it.state, State::Wanted(at) if at <= now);
        let channel = self.0.iter_mut().find(|it| is_due(it))?;
        channel.state = State::Asked(now + PATIENCE);
        Some(channel)
    }

    /// Notes the answers that are overdue; a session that is of no use without one ends.
    pub(super) fn end_overdue(&mut self, now: Instant, actions: &mut Actions) {
        while let Some(overdue) = self.overdue(now) {
            if overdue.is_greeting {
                actions.end(Refusal::silent(overdue.text, UNANSWERED));
            } else {
                actions.note(overdue.text);
                actions.hint(UNANSWERED);
            }
        }
    }

    /// The next one whose answer is overdue; it counts as not subscribed to.
    fn overdue(&mut self, now: Instant) -> Option<Overdue> {
        let is_overdue = |it: &Channel| matches!(it.state, State::Asked(until) if until <= now);
        let channel = self.0.iter_mut().find(|it| is_overdue(it))?;
        channel.state = State::Out;
        let patience = quantity::duration(PATIENCE);
        Some(Overdue {
            text: format!(
                "no answer came to the request for {} within {patience}",
                channel.title
            ),
            is_greeting: channel.is_greeting,
        })
    }

    /// Whether what the session is of no use without has its answers.
    pub(super) fn are_settled(&self) -> bool {
        let is_open =
            |it: &Channel| it.is_greeting && matches!(it.state, State::Wanted(_) | State::Asked(_));
        !self.0.iter().any(is_open)
    }

    /// The request that has waited longest for its answer.
    pub(super) fn unanswered(&self) -> Option<String> {
        let asked = self.0.iter().filter_map(|it| match it.state {
            State::Asked(until) => Some((until, &it.title)),
            State::Wanted(_) | State::Joined | State::Out => None,
        });
        let (_, title) = asked.min()?;
        Some(format!("the request for {title}"))
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        let deadlines = self.0.iter().filter_map(|it| match it.state {
            State::Wanted(at) | State::Asked(at) => Some(at),
            State::Joined | State::Out => None,
        });
        deadlines.min()
    }

    /// The names of those that messages can go to, newest last.
    pub(super) fn joined(&self) -> impl DoubleEndedIterator<Item = &str> {
        let is_in = |it: &&Channel| matches!(it.state, State::Joined | State::Asked(_));
        self.0.iter().filter(is_in).map(|it| it.name.as_str())
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|it| it.name.as_str())
    }

    pub(super) fn status(&self) -> String {
        listed(self.0.iter().map(|it| {
            let state = match it.state {
                State::Wanted(_) => "not asked for yet",
                State::Asked(_) => "no answer yet",
                State::Joined => "subscribed",
                State::Out => "not subscribed",
            };
            format!("{} ({state})", it.title)
        }))
    }
}

impl Channel {
    pub(super) fn confirmed(&mut self) {
        self.state = State::Joined;
    }

    /// The server refuses it with `text`: that ends a session that is of no use without it.
    pub(super) fn refused(&mut self, text: String, hint: &str, actions: &mut Actions) {
        self.state = State::Out;
        if self.is_greeting {
            actions.end(Refusal::refused(text, hint));
        } else {
            actions.hint(hint);
        }
    }
}

#[derive(Debug)]
struct Overdue {
    text: String,
    is_greeting: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_channel_is_asked_for_once_and_again_on_the_next_connection() {
        let (mut channels, now) = (Channels::default(), Instant::now());
        channels.add("a", "a", Value::Null, true, now);
        assert!(!channels.are_settled());
        assert!(channels.due(now).is_some());
        assert!(channels.due(now).is_none());
        assert_eq!(channels.deadline(), Some(now + PATIENCE));
        assert!(channels.overdue(now + PATIENCE).is_some());
        assert!(channels.are_settled());
        channels.restart(now);
        assert!(channels.due(now).is_none(), "an unanswered one is left out");
        channels.add("a", "a", Value::Null, false, now);
        channels.due(now).expect("a").state = State::Joined;
        channels.restart(now);
        assert!(channels.due(now).is_some());
        assert_eq!(channels.status(), "a (no answer yet)");
    }
}
