//! The client's half: subscribes, calls actions, and watches the pings of the server.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::say::{self, Perform, To};
use super::wire::{self, Packet};
use crate::exit::Exit;
use crate::ontop::calls::Calls;
use crate::ontop::channels::Channels;
use crate::ontop::record::is_object;
use crate::ontop::{Actions, Answer, Name, Opening, Protocol, Refusal, SayError, SayResult, Seen};
use crate::proto::message::Kind;
use crate::render::quantity;

/// How long the welcome may take: as long as the answer to a subscription.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long a server that pings may be without a ping: five times the interval of Rails. The official client
/// gives up after two, which a person who debugs a slow server would not.
const SILENCE: Duration = Duration::from_secs(15);

#[derive(Debug, Default)]
pub struct Client {
    session: Session,
    subscriptions: Channels,
    calls: Calls,
    pings: u64,
}

#[derive(Debug, Default)]
enum Session {
    /// There was no connection yet.
    #[default]
    None,
    /// Until then the server has to send its welcome.
    Greeted(Instant),
    /// With the time of the last ping; without one, the server sends none.
    Open(Option<Instant>),
}

impl Client {
    fn is_open(&self) -> bool {
        matches!(self.session, Session::Open(_))
    }

    /// Subscribes to what is to be subscribed to by now.
    fn subscribe_due(&mut self, now: Instant, actions: &mut Actions) {
        if !self.is_open() {
            return;
        }
        while let Some(subscription) = self.subscriptions.due(now) {
            let identifier = subscription.name.clone();
            self.calls.begin(&identifier, "subscribe", now);
            command("subscribe", &identifier, None, actions);
        }
    }

    fn add(&mut self, args: &str, is_greeting: bool, now: Instant) -> SayResult {
        let identifier = say::identifier("subscribe", args)?;
        self.subscriptions.add(
            &identifier,
            &say::title(&identifier),
            Value::Null,
            is_greeting,
            now,
        );
        Ok(())
    }

    fn perform(&self, perform: &Perform, actions: &mut Actions) -> SayResult {
        const HINT: &str = "/subscribe CHANNEL [JSON] or --subscribe subscribes";
        let names = || self.subscriptions.joined();
        let (found, missing) = match &perform.to {
            To::Newest => (names().next_back(), "no channel is".to_owned()),
            To::Channel(channel) => {
                let is_of = |name: &&str| say::channel(name).as_ref() == Some(channel);
                (names().rfind(is_of), format!("{channel} is not"))
            }
            To::Identifier(identifier) => {
                let title = say::title(identifier);
                let found = names().find(|name| *name == identifier.as_str());
                (found, format!("{title} is not"))
            }
        };
        let identifier = found
            .ok_or_else(|| SayError::new(format!("{missing} subscribed to"), HINT))?
            .to_owned();
        command("message", &identifier, Some(&perform.data), actions);
        Ok(())
    }

    fn unsubscribe(&mut self, args: &str, actions: &mut Actions) -> SayResult {
        let identifier = say::identifier("unsubscribe", args)?;
        if self.subscriptions.remove(&identifier).is_none() {
            let text = format!("{} is not subscribed to", say::title(&identifier));
            return Err(SayError::new(text, "/status lists the subscriptions"));
        }
        command("unsubscribe", &identifier, None, actions);
        Ok(())
    }

    fn packet(&mut self, packet: Packet, now: Instant, actions: &mut Actions) {
        match packet {
            Packet::Welcome => {
                self.session = Session::Open(None);
                actions.see(seen("welcome", "welcome"));
                self.subscribe_due(now, actions);
            }
            Packet::Ping => {
                self.pings += 1;
                if let Session::Open(last) = &mut self.session {
                    *last = Some(now);
                }
                actions.see(Seen::keepalive(Name::ActionCable, "ping"));
            }
            Packet::Answer {
                identifier,
                is_confirmed,
            } => self.answer(&identifier, is_confirmed, now, actions),
            Packet::Disconnect { reason, reconnects } => disconnect(&reason, reconnects, actions),
            Packet::Message {
                identifier,
                message,
            } => {
                let title = say::title(&identifier);
                let unwrapped = say::unwrapped(&identifier);
                let print = json!({"identifier": unwrapped, "message": message});
                let mut seen = of("message", title, &identifier)
                    .with("message", message.clone())
                    .carrying(message.to_string())
                    .printing(print);
                if self.subscriptions.find(&identifier).is_none() {
                    seen = seen.noting("not subscribed to");
                }
                actions.see(seen);
            }
            Packet::Other(kind, value) => {
                let note = format!("{kind:?} is no type of Action Cable in Rails");
                let payload = value.to_string();
                let seen = seen("other", kind).with("message", value);
                actions.see(seen.carrying(payload).noting(note));
            }
        }
    }

    fn answer(
        &mut self,
        identifier: &str,
        is_confirmed: bool,
        now: Instant,
        actions: &mut Actions,
    ) {
        let answered = self.calls.end(identifier, now);
        let (kind, label) = if is_confirmed {
            ("confirm", "subscribed to")
        } else {
            ("reject", "rejected")
        };
        let label = format!("{label} {}", say::title(identifier));
        actions.see(of(kind, label, identifier).answering(answered.as_ref()));
        let Some(subscription) = self.subscriptions.find(identifier) else {
            return;
        };
        if is_confirmed {
            return subscription.confirmed();
        }
        let hint = "the channel's subscribed method rejects it; check its parameters and the cookie of the login";
        subscription.refused(rejected(identifier), hint, actions);
    }
}

fn rejected(identifier: &str) -> String {
    let title = say::title(identifier);
    format!("the server rejected the subscription to {title}")
}

/// The server closes after this message.
fn disconnect(reason: &str, reconnects: bool, actions: &mut Actions) {
    let seen = seen("disconnect", format!("disconnect {reason}"))
        .with("reason", reason)
        .with("reconnect", reconnects);
    let (note, hint) = match reason {
        "unauthorized" => (
            "the connection's connect method refuses",
            Some(
                "log in with --cookie, or with what else the server reads, such as ?token=… in the URL",
            ),
        ),
        "invalid_request" => (
            "the server does not accept the request",
            Some("Rails checks the Origin; --origin sets it"),
        ),
        "server_restart" => ("the server is restarting", None),
        "remote" => ("the server ends the connections of this user", None),
        _ => ("", None),
    };
    actions.see(seen.noting(note));
    if reconnects {
        return;
    }
    let reason = if reason.is_empty() {
        "no reason"
    } else {
        reason
    };
    let text = format!("the server disconnects for good: {reason}");
    actions.end(Refusal::refused(text, hint));
}

fn command(command: &str, identifier: &str, data: Option<&Value>, actions: &mut Actions) {
    let title = say::title(identifier);
    let mut seen = match data {
        Some(_) => of("perform", format!("perform {title}"), identifier),
        None => of(command, format!("{command} {title}"), identifier),
    };
    if let Some(data) = data {
        seen = seen.with("data", data.clone()).carrying(data.to_string());
    }
    let payload = wire::encode(command, identifier, data);
    actions.send(Kind::Text, payload, Some(seen));
}

fn seen(kind: &str, label: impl Into<String>) -> Seen {
    Seen::new(Name::ActionCable, kind, label)
}

/// A message about a subscription.
fn of(kind: &str, label: String, identifier: &str) -> Seen {
    seen(kind, label).with("identifier", say::unwrapped(identifier))
}

/// The answer to a subscription, if an object is that.
pub fn confirmed(arguments: &str, object: &Value) -> Option<Answer> {
    let identifier = say::identifier("subscribe", arguments).ok()?;
    if object["identifier"] != say::unwrapped(&identifier) {
        return None;
    }
    match object["type"].as_str() {
        Some("confirm") => Some(Answer::Yes),
        Some("reject") => Some(Answer::Refused(rejected(&identifier))),
        _ => None,
    }
}

impl Protocol for Client {
    fn name(&self) -> Name {
        Name::ActionCable
    }

    fn opened(&mut self, _opening: Opening<'_>, now: Instant, actions: &mut Actions) {
        self.session = Session::Greeted(now + PATIENCE);
        self.calls.restart(actions);
        self.subscriptions.restart(now);
    }

    fn adopt(&mut self, _now: Instant, _actions: &mut Actions) {
        self.session = Session::Open(None);
    }

    fn is_ready(&self) -> bool {
        self.is_open() && self.subscriptions.are_settled()
    }

    fn is_unfinished(&self) -> bool {
        self.is_open()
    }

    fn received(&mut self, kind: Kind, payload: &[u8], now: Instant, actions: &mut Actions) {
        match wire::decode(kind, payload) {
            Ok(packet) => self.packet(packet, now, actions),
            Err(reason) => {
                let name = Name::ActionCable;
                actions.see(Seen::unreadable(name, "Action Cable", &reason, payload));
            }
        }
    }

    fn unanswered(&self) -> Option<String> {
        self.subscriptions.unanswered()
    }

    fn line_help(&self) -> &'static str {
        "a line ACTION [JSON] is performed on the newest subscription"
    }

    fn subscribe(&mut self, args: &str, now: Instant, actions: &mut Actions) -> SayResult {
        self.add(args, true, now)?;
        self.subscribe_due(now, actions);
        Ok(())
    }

    fn forget(&mut self, args: &str) -> bool {
        let identifier = say::identifier("unsubscribe", args);
        identifier.is_ok_and(|it| self.subscriptions.remove(&it).is_some())
    }

    fn say(&mut self, verb: &str, args: &str, now: Instant, actions: &mut Actions) -> SayResult {
        match verb {
            "subscribe" => self.add(args, false, now)?,
            "unsubscribe" => return self.unsubscribe(args, actions),
            _ => return self.perform(&say::perform(args)?, actions),
        }
        self.subscribe_due(now, actions);
        Ok(())
    }

    fn line(&mut self, line: &str, _now: Instant, actions: &mut Actions) -> SayResult {
        let perform = if is_object(line) {
            say::record(line)?
        } else {
            say::perform(line)?
        };
        self.perform(&perform, actions)
    }

    fn deadline(&self) -> Option<Instant> {
        match self.session {
            Session::None => None,
            Session::Greeted(until) => Some(until),
            Session::Open(last) => {
                let silence = last.map(|last| last + SILENCE);
                let deadlines = [silence, self.subscriptions.deadline()];
                deadlines.into_iter().flatten().min()
            }
        }
    }

    fn tick(&mut self, now: Instant, actions: &mut Actions) {
        match self.session {
            Session::Greeted(until) if until <= now => {
                let patience = quantity::duration(PATIENCE);
                let text = format!("the server sent no welcome within {patience}");
                let hint = "check that it is Action Cable, whose path is /cable by default";
                return actions.end(Refusal::silent(text, hint));
            }
            Session::Open(Some(last)) if last + SILENCE <= now => {
                let silence = quantity::duration(SILENCE);
                return actions.end(Refusal {
                    text: format!("the server sent no ping for {silence}"),
                    hint: None,
                    exit: Exit::NoPong,
                    may_pass: true,
                });
            }
            _ => {}
        }
        self.subscribe_due(now, actions);
        self.subscriptions.end_overdue(now, actions);
    }

    fn pause(&mut self, now: Instant) {
        if let Session::Open(Some(last)) = &mut self.session {
            *last = (*last).max(now);
        }
    }

    fn names(&self, verb: &str) -> Vec<String> {
        let titles = self.subscriptions.names().map(say::title);
        match verb {
            "unsubscribe" => titles.collect(),
            _ => Vec::new(),
        }
    }

    fn status(&self, now: Instant) -> Vec<(&'static str, String)> {
        let pings = match self.session {
            Session::Open(Some(last)) => {
                let since = quantity::duration(now.saturating_duration_since(last));
                format!("{}, the last {since} ago", self.pings)
            }
            _ => self.pings.to_string(),
        };
        vec![
            ("on top", "Action Cable".to_owned()),
            ("pings", pings),
            ("subscriptions", self.subscriptions.status()),
        ]
    }
}
