//! Speaks the protocol of `--as` for a mode: applies what the protocol wants done.
//!
//! A mode gives it the messages it receives and what the user says, and shows and sends through its own
//! observers; the rules of all modes are here, so that a protocol works the same everywhere.

mod options;
mod verdict;

use std::rc::Rc;
use std::time::Instant;

use crate::command::COMMANDS;
use crate::event::{Carried, Cause, Event, Open};
use crate::exit::Exit;
use crate::ontop::{
    self, Action, Actions, Name, Opening, Protocol, Refusal, Reoffer, Seen, Unsuited, Verb,
};
use crate::outbox::{SendError, SendObserver};
use crate::proto::connection::{self, End, Message, reported_code};
use crate::proto::frame::CloseFrame;
use crate::proto::message::Kind;
use crate::proto::rules::Rule;
use crate::session::{Over, Turn};
pub use options::{Auth, Options};

/// A mode's reactions to what is said and heard.
pub trait Listener: SendObserver {
    /// The next message that is sent or received is this; nothing at all if it is a part of one.
    fn annotate(&mut self, seen: Vec<Rc<Seen>>);

    /// This was received.
    fn heard(&mut self, seen: &Rc<Seen>, now: Instant);

    fn note(&mut self, text: &str);

    fn hint(&mut self, text: &str);
}

#[derive(Debug)]
pub struct Speaker {
    protocol: Box<dyn Protocol>,
    auth: Option<Auth>,
    /// What is still to be subscribed to; the protocol does so again on later connections.
    unsubscribed: Vec<String>,
    shows_secrets: bool,
    actions: Actions,
    /// How the connection was opened.
    agreed: Open,
    /// What to offer in the place of what the server has refused.
    reoffer: Option<Reoffer>,
    /// There is a connection.
    is_open: bool,
    /// Why the session is to end, and whether that was asked for already.
    refusal: Option<Refusal>,
    is_over: bool,
    /// When the last packet was sent that only keeps the session alive.
    kept_alive: Option<Instant>,
}

impl Speaker {
    pub fn new(options: &Options) -> Self {
        Self {
            protocol: options.protocol.client(),
            auth: options.auth.clone(),
            unsubscribed: options.subscribe.clone(),
            shows_secrets: options.shows_secrets,
            actions: Actions::default(),
            agreed: Open::default(),
            reoffer: None,
            is_open: false,
            refusal: None,
            is_over: false,
            kept_alive: None,
        }
    }

    /// The server has agreed to this, on a connection that is open in a moment.
    pub fn agree(&mut self, open: &Open) {
        self.agreed = open.clone();
    }

    /// What to offer on another connection, after one that ended or did not open like this.
    pub fn reoffer(&mut self, over: Over<'_>) -> Option<Reoffer> {
        match over {
            Over::Ended(ending) => self.reoffer.take().or_else(|| {
                let End::Closed { received, .. } = &ending.end else {
                    return None;
                };
                let code = received.as_ref()?.code.0;
                self.protocol.reoffer(Unsuited::Closed(code))
            }),
            Over::NotOpen(error) if error.refuses_version => {
                self.protocol.reoffer(Unsuited::Version)
            }
            Over::NotOpen(_) => None,
        }
    }

    /// How much of what was asked for is not answered yet, if the protocol has answers.
    pub fn pending(&self) -> Option<usize> {
        self.protocol.pending()
    }

    /// A connection is open, or open again.
    pub fn opened(&mut self, now: Instant) {
        self.actions = Actions::default();
        (self.is_open, self.is_over) = (true, false);
        (self.refusal, self.reoffer) = (None, None);
        let auth = self.auth.as_ref().map(Auth::read).transpose();
        match auth {
            Ok(auth) => {
                let Open {
                    subprotocol,
                    login,
                    is_polled,
                    is_page,
                    ..
                } = &self.agreed;
                let opening = Opening {
                    auth,
                    subprotocol: subprotocol.as_deref(),
                    login: login.as_ref(),
                    is_polled: *is_polled,
                    is_page: *is_page,
                };
                self.protocol.opened(opening, now, &mut self.actions);
            }
            Err(text) => {
                self.refusal = Some(Refusal {
                    text,
                    hint: None,
                    exit: Exit::Input,
                    may_pass: false,
                });
            }
        }
    }

    /// A protocol with its usual options, chosen while a program runs.
    pub fn of(name: Name) -> Self {
        Self::new(&Options {
            protocol: ontop::Options::usual(name),
            auth: None,
            subscribe: Vec::new(),
            shows_secrets: false,
        })
    }

    pub fn name(&self) -> Name {
        self.protocol.name()
    }

    pub fn shape(&self) -> Option<&'static str> {
        self.protocol.shape()
    }

    pub fn line_help(&self) -> &'static str {
        self.protocol.line_help()
    }

    /// A person is at a prompt.
    pub fn attend(&mut self) {
        self.protocol.attend();
    }

    /// Speaks on a connection that is open already.
    pub fn adopt(&mut self, now: Instant) {
        self.is_open = true;
        self.protocol.adopt(now, &mut self.actions);
    }

    /// Whether a connection that the server closes now is lost.
    pub fn is_unfinished(&self) -> bool {
        self.protocol.is_unfinished()
    }

    /// The connection is over; returns what cannot come any more.
    pub fn closed(&mut self) -> Option<String> {
        let was_open = std::mem::replace(&mut self.is_open, false);
        self.protocol.closed().filter(|_| was_open)
    }

    /// Whether HTTP long polling carries the session, in which there are messages and no frames.
    pub fn is_polled(&self) -> bool {
        self.is_open && self.agreed.is_polled
    }

    /// Whether input may be sent.
    pub fn is_ready(&self) -> bool {
        self.is_running() && self.protocol.is_ready() && self.unsubscribed.is_empty()
    }

    /// Whether another message may be sent now.
    pub fn has_room(&self) -> bool {
        self.is_running() && self.protocol.has_room()
    }

    fn is_running(&self) -> bool {
        self.is_open && !self.is_over && self.refusal.is_none()
    }

    pub fn verbs(&self) -> &'static [Verb] {
        self.protocol.name().verbs()
    }

    /// The verb and its arguments, if `line` is one of them.
    pub fn verb<'l>(&self, line: &'l str) -> Option<(&'static str, &'l str)> {
        let protocol = self.protocol.name();
        if let Some(verb) = protocol.path_verb(line) {
            return Some((verb, line));
        }
        let (name, arguments) = split(line.strip_prefix('/')?);
        let verb = protocol.verb(name)?;
        is_meant(name, arguments).then_some((verb.name, arguments))
    }

    /// Drops a subscription while there is no connection, if the verb does so and there is such a subscription.
    pub fn forgets(&mut self, verb: &str, arguments: &str) -> bool {
        verb == self.protocol.name().unsubscribe_verb() && self.protocol.forget(arguments.trim())
    }

    pub fn names(&self, verb: &str) -> Vec<String> {
        self.protocol.names(verb)
    }

    pub fn status(&self, now: Instant) -> Vec<(&'static str, String)> {
        self.protocol.status(now)
    }

    /// Understands a message, and returns what it is; [`act`](Self::act) follows.
    pub fn received(&mut self, message: &Message<'_>, now: Instant) -> Vec<Rc<Seen>> {
        let (kind, payload) = (message.kind, message.payload);
        self.protocol
            .received(kind, payload, now, &mut self.actions);
        let seen = self.actions.list.iter().filter_map(|action| match action {
            Action::See(seen) => Some(Rc::clone(seen)),
            _ => None,
        });
        seen.collect()
    }

    /// Notes the server's Close frame: the protocol may know what its code means.
    pub fn closing(&mut self, frame: Option<&CloseFrame>) {
        if self.is_running() {
            let reason = frame.map_or("", |frame| &frame.reason);
            let refusal = self.protocol.closing(reported_code(frame).0, reason);
            self.refusal = refusal;
        }
    }

    /// Notes what may be a refusal: HTTP in the place of a frame, or the answer to a poll.
    pub fn observe(&mut self, event: &Event<'_>, now: Instant) {
        let body = match event {
            Event::Connection(connection::Event::Violation(violation))
                if violation.rule == Rule::Http =>
            {
                let response = String::from_utf8_lossy(&violation.bytes);
                response
                    .split_once("\r\n\r\n")
                    .map(|(_, body)| body.to_owned())
            }
            Event::Connection(connection::Event::Close(frame)) => {
                return self.closing(frame.as_ref());
            }
            Event::Carried(Carried::Upgraded(_)) => {
                self.agreed.is_polled = false;
                return self.protocol.upgraded();
            }
            Event::Carried(Carried::Refused(body)) => {
                Some(String::from_utf8_lossy(body).into_owned())
            }
            Event::Carried(Carried::Failed { text, hint, exit }) => {
                self.refusal.get_or_insert_with(|| Refusal {
                    text: text.clone(),
                    hint: hint.map(str::to_owned),
                    exit: *exit,
                    may_pass: *exit == Exit::Abnormal,
                });
                return;
            }
            _ => return,
        };
        let Some(body) = body else {
            return;
        };
        let name = self.protocol.name();
        if name.refuses_version(&body) {
            self.reoffer = self.protocol.reoffer(Unsuited::Version);
        }
        if self.reoffer.is_none() {
            self.refusal = self
                .refusal
                .take()
                .or_else(|| self.protocol.refused(&body, now));
        }
    }

    /// Says what a verb, a line or a record stands for.
    pub fn say(
        &mut self,
        said: Said<'_>,
        turn: &mut Turn<'_>,
        listener: &mut impl Listener,
    ) -> Result<(), SendError> {
        let (protocol, actions, now) = (&mut self.protocol, &mut self.actions, turn.now);
        match said {
            Said::Verb(verb, arguments) => protocol.say(verb, arguments, now, actions)?,
            Said::Line(line) => protocol.line(line, now, actions)?,
            Said::Record(json) => protocol.value(json, now, actions)?,
        }
        self.act(turn, listener)
    }

    /// Does what the protocol wants done, and what is due.
    pub fn act(
        &mut self,
        turn: &mut Turn<'_>,
        listener: &mut impl Listener,
    ) -> Result<(), SendError> {
        self.subscribe(turn.now)?;
        for action in std::mem::take(&mut self.actions.list) {
            match action {
                Action::See(seen) => listener.heard(&seen, turn.now),
                Action::Note(text) => listener.note(&text),
                Action::Hint(text) => listener.hint(&text),
                Action::Reoffer(reoffer) => self.reoffer = Some(reoffer),
                Action::End(refusal) => drop(self.refusal.get_or_insert(refusal)),
                Action::Send {
                    kind,
                    payload,
                    masked,
                    seen,
                } => {
                    let is_keepalive = seen.as_ref().is_some_and(|seen| seen.is_keepalive);
                    self.kept_alive = is_keepalive.then_some(turn.now);
                    listener.annotate(seen.into_iter().collect());
                    let masked = masked.filter(|_| !self.shows_secrets);
                    send(kind, &payload, masked.as_deref(), turn, listener)?;
                }
            }
        }
        Ok(())
    }

    /// Subscribes to what the options ask for, once the greeting is over.
    fn subscribe(&mut self, now: Instant) -> Result<(), SendError> {
        if self.is_running() && self.protocol.is_ready() {
            for arguments in std::mem::take(&mut self.unsubscribed) {
                self.protocol
                    .subscribe(&arguments, now, &mut self.actions)?;
            }
        }
        Ok(())
    }

    pub fn deadline(&self) -> Option<Instant> {
        let deadline = self.protocol.deadline();
        deadline.filter(|_| self.is_running())
    }

    /// Does what is due; returns whether anything was.
    pub fn tick(
        &mut self,
        turn: &mut Turn<'_>,
        listener: &mut impl Listener,
    ) -> Result<bool, SendError> {
        let is_due = self.deadline().is_some_and(|deadline| deadline <= turn.now);
        if is_due {
            self.protocol.tick(turn.now, &mut self.actions);
        }
        let subscribes = !self.unsubscribed.is_empty() && self.protocol.is_ready();
        let moved = is_due || subscribes || !self.actions.list.is_empty();
        self.act(turn, listener)?;
        Ok(moved)
    }

    /// Says goodbye: a Close frame of this side follows.
    pub fn farewell(&mut self, turn: &mut Turn<'_>, listener: &mut impl Listener) {
        if self.is_running() {
            self.protocol.farewell(turn.now, &mut self.actions);
            // On a connection that is closing already nothing can be said.
            let _ = self.act(turn, listener);
        }
    }

    /// Notes that nothing could be received until now.
    pub fn pause(&mut self, now: Instant) {
        self.protocol.pause(now);
    }

    /// Whether what was sent last only keeps the session alive, and was sent now.
    pub fn kept_alive(&self, now: Instant) -> bool {
        self.kept_alive == Some(now)
    }

    /// Why the protocol ends the session, once.
    pub fn take_end(&mut self) -> Option<Cause> {
        let refusal = self.refusal.take()?;
        self.is_over = true;
        Some(Cause::OnTop {
            text: refusal.text,
            hint: refusal.hint,
            exit: refusal.exit,
            may_pass: refusal.may_pass,
        })
    }
}

/// The name of a command without its `/`, and its arguments.
pub fn split(command: &str) -> (&str, &str) {
    command
        .split_once(char::is_whitespace)
        .unwrap_or((command, ""))
}

/// Whether this is the verb, and not the prompt's command of the same name, whose one argument is a name at most.
pub fn is_meant(name: &str, arguments: &str) -> bool {
    let is_shared = COMMANDS.iter().any(|command| command.name == name);
    let has_second = arguments.split_whitespace().nth(1).is_some();
    // A destination begins with a slash, which no name has.
    !is_shared || has_second || arguments.trim_start().starts_with('/')
}

/// What the user says, in the forms of the modes.
#[derive(Debug, Clone, Copy)]
pub enum Said<'a> {
    /// A command, without its `/`, and its arguments.
    Verb(&'a str, &'a str),
    Line(&'a str),
    /// JSON.
    Record(&'a [u8]),
}

/// Sends a message, and reports it with its credentials masked.
fn send(
    kind: Kind,
    payload: &[u8],
    masked: Option<&[u8]>,
    turn: &mut Turn<'_>,
    listener: &mut impl Listener,
) -> Result<(), SendError> {
    let deflated = turn.sender.message(kind, payload)?;
    let shown = Message::whole(kind, masked.unwrap_or(payload), deflated);
    listener.sent(&shown, turn.now);
    Ok(())
}
