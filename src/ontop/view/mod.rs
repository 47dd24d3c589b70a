//! Protocols that are little more than names for JSON: one client for all, and a scheme for each.

pub mod centrifugo;
mod desk;
mod form;
pub mod nostr;
pub mod ocpp;
pub mod sockjs;
pub mod wamp;

use std::time::Instant;

pub(super) use centrifugo::Centrifugo;
pub(super) use nostr::Nostr;
pub(super) use ocpp::Ocpp;
pub(super) use sockjs::SockJs;
pub(super) use wamp::Wamp;

use super::asked::Asked;
use super::{Actions, Name, Opening, Protocol, Refusal, SayError, SayResult, Seen, listed, text};
use crate::proto::message::Kind;
use desk::{Desk, Scheme};

/// The client's half of a scheme.
#[derive(Debug, Default)]
pub(super) struct Client<S> {
    scheme: S,
    desk: Desk,
}

impl<S: Scheme> Client<S> {
    /// Subscribes to what is to be subscribed to by now.
    fn subscribe_due(&mut self, now: Instant, actions: &mut Actions) {
        while self.scheme.is_ready(&self.desk)
            && let Some(channel) = self.desk.channels.due(now)
        {
            self.desk.last += 1;
            let id = self.desk.last;
            let request = S::request(channel, id);
            let what = S::asking(channel);
            channel.request.clone_from(&request.id);
            self.desk.turn(now, actions).ask(request, &what);
        }
    }

    fn add(&mut self, args: &str, is_greeting: bool, now: Instant) -> SayResult {
        let asked = self.scheme.subscription(args, self.desk.subscribed + 1)?;
        let channels = &mut self.desk.channels;
        if channels.joined().any(|it| it == asked.name) {
            let text = format!("{} is subscribed to already", asked.title);
            return Err(SayError::new(text, "/unsubscribe it first"));
        }
        self.desk.subscribed += 1;
        channels.add(&asked.name, &asked.title, asked.data, is_greeting, now);
        Ok(())
    }
}

impl<S: Scheme> Protocol for Client<S> {
    fn name(&self) -> Name {
        S::NAME
    }

    fn opened(&mut self, opening: Opening<'_>, now: Instant, actions: &mut Actions) {
        self.desk.calls.restart(actions);
        self.desk.asked = Asked::default();
        self.desk.channels.restart(now);
        self.desk.is_open = true;
        let mut turn = self.desk.turn(now, actions);
        self.scheme.greet(opening, &mut turn);
        self.subscribe_due(now, actions);
    }

    fn adopt(&mut self, now: Instant, _: &mut Actions) {
        self.desk.is_open = true;
        self.scheme.adopt(now);
    }

    fn is_ready(&self) -> bool {
        self.scheme.is_ready(&self.desk) && self.desk.channels.are_settled()
    }

    fn has_room(&self) -> bool {
        self.is_ready() && self.scheme.has_room(&self.desk)
    }

    fn received(&mut self, kind: Kind, payload: &[u8], now: Instant, actions: &mut Actions) {
        let mut turn = self.desk.turn(now, actions);
        let heard = text(kind, payload, S::TITLE);
        let heard = heard.and_then(|text| self.scheme.hear(text, &mut turn));
        if let Err(reason) = heard {
            actions.see(Seen::unreadable(S::NAME, S::TITLE, &reason, payload));
        }
        self.subscribe_due(now, actions);
    }

    fn line_help(&self) -> &'static str {
        S::LINE
    }

    fn pending(&self) -> Option<usize> {
        let Desk {
            calls,
            has_asked,
            channels,
            ..
        } = &self.desk;
        let lasts = S::LASTS && channels.names().next().is_some();
        (*has_asked && !lasts).then(|| calls.len())
    }

    fn unanswered(&self) -> Option<String> {
        self.desk.calls.oldest()
    }

    fn failure(&self) -> Option<&str> {
        self.desk.failure.as_deref()
    }

    fn closing(&mut self, code: u16, _: &str) -> Option<Refusal> {
        // The last line has the reason.
        self.scheme.closing(code)
    }

    fn forget(&mut self, args: &str) -> bool {
        self.desk.channels.remove(args).is_some()
    }

    fn subscribe(&mut self, args: &str, now: Instant, actions: &mut Actions) -> SayResult {
        self.add(args, true, now)?;
        self.subscribe_due(now, actions);
        Ok(())
    }

    fn say(&mut self, verb: &str, args: &str, now: Instant, actions: &mut Actions) -> SayResult {
        if verb == "subscribe" {
            self.add(args, false, now)?;
            self.subscribe_due(now, actions);
            return Ok(());
        }
        let mut turn = self.desk.turn(now, actions);
        self.scheme.say(verb, args, &mut turn)
    }

    fn line(&mut self, line: &str, now: Instant, actions: &mut Actions) -> SayResult {
        self.scheme.line(line, &mut self.desk.turn(now, actions))?;
        self.subscribe_due(now, actions);
        Ok(())
    }

    fn farewell(&mut self, now: Instant, actions: &mut Actions) {
        self.scheme.farewell(&mut self.desk.turn(now, actions));
    }

    fn deadline(&self) -> Option<Instant> {
        let deadlines = [self.scheme.deadline(), self.desk.channels.deadline()];
        let is_ready = self.scheme.is_ready(&self.desk);
        // Nothing is asked for before the session is open.
        let used = if is_ready {
            &deadlines[..]
        } else {
            &deadlines[..1]
        };
        used.iter().copied().flatten().min()
    }

    fn tick(&mut self, now: Instant, actions: &mut Actions) {
        if let Some(refusal) = self.scheme.overdue(now) {
            return actions.end(refusal);
        }
        self.subscribe_due(now, actions);
        self.desk.channels.end_overdue(now, actions);
    }

    fn names(&self, verb: &str) -> Vec<String> {
        match verb {
            "unsubscribe" => self.desk.channels.names().map(str::to_owned).collect(),
            "answer" => self.desk.asked.list(),
            _ => self.desk.words.list(),
        }
    }

    fn status(&self, now: Instant) -> Vec<(&'static str, String)> {
        let mut rows = vec![("on top", S::TITLE.to_owned())];
        let notes = self.scheme.notes();
        if !notes.is_empty() {
            rows.push(("session", listed(notes.into_iter())));
        }
        if S::NAME.verbs().iter().any(|verb| verb.name == "subscribe") {
            rows.push(("subscriptions", self.desk.channels.status()));
        }
        rows.push(("requests open", self.desk.calls.status(now)));
        rows
    }
}
