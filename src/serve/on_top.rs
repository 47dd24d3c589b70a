//! `--as`: the server's half of a protocol on top, for all but Socket.IO.

use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Instant;

use super::client::{Client, Logged};
use super::door::{self, Response};
use super::engine::{self, new_sid};
use super::hub::{Content, Hub, Post, Seat, To};
use super::program::Answer;
use crate::acceptor::Log;
use crate::event::{Cause, Direction, Event};
use crate::ontop::server::{Credentials, Half, Hall, Hello, Keep, Notice, Order, Session};
use crate::ontop::{Action, SayError};
use crate::outbox::Outbox;
use crate::proto::connection::{self, Message};
use crate::proto::handshake::server::Upgrade;
use crate::proto::http1::Head;
use crate::render::escape::escape_line;
use crate::render::{Role, Secrets};
use crate::session::{Mode, Stop, Turn};

/// The protocol that is spoken to all clients; clones are the same.
#[derive(Debug, Clone)]
pub struct OnTop {
    pub half: &'static Half,
    hall: Hall,
}

impl OnTop {
    /// Serves clients that bring these credentials.
    pub fn new(half: &'static Half, credentials: Credentials) -> Self {
        Self {
            half,
            hall: Hall::new(credentials),
        }
    }

    /// What a plain line at the prompt is.
    pub(super) fn line_help(&self) -> String {
        let first = &self.half.verbs[0];
        format!("a line is /{} {}", first.name, first.args)
    }

    /// The session of a client that is let in.
    pub(super) fn session(&self, answer: &Upgrade, now: Instant) -> Box<Session> {
        let mut session = Session::new(self.half, self.hall.clone(), now);
        let hello = Hello {
            subprotocol: answer.subprotocol.as_deref(),
            target: &door::target(&answer.request),
            id: &new_sid(),
        };
        session.opened(&hello, now);
        Box::new(session)
    }

    /// The answer to a request that opens no WebSocket, if the protocol has such requests.
    pub(super) fn answer(&self, request: &Head) -> Option<Response> {
        let target = door::target(request);
        let body = (self.half.posted)(&target, &new_sid())?;
        let line = request.start_line();
        let response = if line.starts_with(b"POST ") {
            engine::Response::json(body)
        } else if line.starts_with(b"OPTIONS ") {
            engine::Response::preflight(request).last()
        } else {
            return None;
        };
        let (head, bytes) = response.encode(request);
        let body = String::from_utf8_lossy(&bytes[head.as_bytes().len()..]).into_owned();
        Some(Response { head, body })
    }

    /// Does what a line asks for, for those that are meant; returns what to say about it.
    pub(super) fn order(
        &self,
        line: &str,
        to: To<'_>,
        hub: &Hub,
    ) -> Result<Option<String>, SayError> {
        match self.half.order(line)? {
            Order::Say(notice) => self.say(notice, to, hub),
            Order::Refuse(None) => {
                let refused = self.hall.refused();
                let text = match refused.as_slice() {
                    [] => "nothing is refused".to_owned(),
                    topics => format!("refused: {}", topics.join(", ")),
                };
                Ok(Some(text))
            }
            Order::Refuse(Some(topic)) => {
                self.hall.refuse(&topic);
                hub.post(None, To::All, &typed(Notice::end(&topic)));
                Ok(Some(format!("{topic} is refused from now on")))
            }
            Order::Accept(topic) if self.hall.accept(&topic) => {
                Ok(Some(format!("{topic} is accepted again")))
            }
            Order::Accept(topic) => {
                let text = format!("{topic} is not refused");
                Err(SayError::new(text, "/refuse lists what is"))
            }
        }
    }

    fn say(&self, notice: Notice, to: To<'_>, hub: &Hub) -> Result<Option<String>, SayError> {
        if let To::Client(number) = to
            && !hub.has(number)
        {
            let text = format!("not sent: client {number} is not connected");
            return Err(SayError::new(text, "/clients lists the clients"));
        }
        let kept = self.hall.keep(&notice);
        kept.map_err(|error| SayError::new(format!("not sent: {error}"), None))?;
        if let Some(topic) = &notice.topic
            && !hub.has_topic(to, |wanted| self.half.covers(wanted, topic))
        {
            return match notice.keep {
                Keep::Yes => Ok(Some(format!(
                    "retained; nobody is subscribed to {topic} yet"
                ))),
                Keep::Drop => Ok(Some(format!("nothing is retained for {topic}"))),
                Keep::No => Err(not_sent(topic, to)),
            };
        }
        match hub.post(None, to, &typed(notice)) {
            (0, _) => Err(SayError::new("not sent: no such client is connected", None)),
            _ => Ok(None),
        }
    }
}

/// Why what is about `topic` is for none of those that are meant.
fn not_sent(topic: &str, to: To<'_>) -> SayError {
    let who = match to {
        To::Client(number) => format!("client {number} is not"),
        _ => "nobody is".to_owned(),
    };
    let text = format!("not sent: {who} subscribed to {topic}");
    SayError::new(text, "/clients lists the subscriptions")
}

/// What a person, or a program in their place, says.
fn typed(notice: Notice) -> Post {
    Post::from(Content::Notice(Rc::new(notice))).typed()
}

/// Serves one client.
#[derive(Debug)]
pub(super) struct Attendant {
    client: Client,
    seat: Seat,
    session: Box<Session>,
    outbox: Outbox,
    stop: Option<Stop>,
    /// Nothing is sent any more.
    is_over: bool,
}

impl Attendant {
    pub(super) fn new(client: Client, seat: Seat, session: Box<Session>) -> Self {
        Self {
            client,
            seat,
            session,
            outbox: Outbox::default(),
            stop: None,
            is_over: false,
        }
    }

    fn message(&mut self, message: &Message<'_>, turn: &mut Turn<'_>) {
        let (kind, payload) = (message.kind, message.payload);
        let seen = self.session.received(kind, payload, turn.now);
        let log = &mut self.client.log;
        let shown = match log.secrets() {
            Secrets::Masked => self.session.secrets().bytes(payload),
            Secrets::Shown => payload.into(),
        };
        let message = Message {
            payload: &shown,
            ..*message
        };
        log.on_top(Direction::Received, &message, &seen, turn.now);
        self.act(turn);
    }

    /// Does what the protocol wants done.
    fn act(&mut self, turn: &mut Turn<'_>) {
        loop {
            let (actions, passed) = self.session.take();
            if actions.is_empty() && passed.is_empty() {
                break;
            }
            for action in actions {
                self.action(action, turn);
            }
            for notice in passed {
                let notice = Rc::new(notice);
                self.seat
                    .post(To::Others, &Content::Notice(Rc::clone(&notice)).into());
                self.session.deliver_own(&notice, turn.now);
            }
        }
        if let Some(topics) = self.session.new_topics() {
            self.seat.subscribed(topics);
        }
        if self.session.is_flooded() {
            self.stop.get_or_insert_with(Client::too_slow);
        }
        if let Some(frame) = self.session.take_close() {
            let close = Stop::promptly(Cause::Close, Some(frame));
            self.stop.get_or_insert(close);
        }
    }

    fn action(&mut self, action: Action, turn: &mut Turn<'_>) {
        match action {
            Action::Send {
                kind,
                payload,
                seen,
                ..
            } => {
                // On a connection that is closing nothing can be sent.
                if let Ok(deflated) = turn.sender.message(kind, &payload) {
                    let message = Message::whole(kind, &payload, deflated);
                    let seen: Vec<_> = seen.into_iter().collect();
                    let log = &mut self.client.log;
                    log.on_top(Direction::Sent, &message, &seen, turn.now);
                }
            }
            Action::Note(text) | Action::Hint(text) => {
                let text = format!("* {}", escape_line(&text));
                self.client.log.note(Role::Fact, &text);
            }
            // It was shown with its message; a server has no refusal of its peer.
            Action::See(_) | Action::End(_) | Action::Reoffer(_) => {}
        }
    }

    fn post(&mut self, post: &Post, turn: &mut Turn<'_>) {
        match &post.content {
            Content::Notice(notice) => {
                self.session.deliver(notice, turn.now);
                self.client.log.set_answering(post.is_typed);
                self.act(turn);
                self.client.log.set_answering(false);
            }
            Content::Message(_) | Content::Other(_) => {
                let mut answer = Answer::new(&mut self.client.log, &mut self.stop);
                // It fails only on a connection that is closing.
                let _ = answer.deliver(post, &mut self.outbox, turn);
            }
        }
    }
}

impl Logged for Attendant {
    fn log(&self) -> &Log {
        &self.client.log
    }
}

impl Mode for Attendant {
    fn event(&mut self, event: Event<'_>, turn: &mut Turn<'_>) {
        if let Event::Connection(connection::Event::Message(message)) = event {
            return self.message(message, turn);
        }
        self.client.event(&event, turn.now);
        if let Event::Connection(connection::Event::Ended(_)) = event {
            self.session.lost(turn.now);
            self.act(turn);
        }
    }

    fn poll_input(&mut self, cx: &mut Context<'_>, turn: &mut Turn<'_>) -> bool {
        self.client.observe_output(turn);
        self.is_over = self.stop.is_some() || turn.sender.is_closing();
        if self.is_over {
            return false;
        }
        if self.seat.is_full() {
            self.stop = Some(Client::too_slow());
            return false;
        }
        let mut moved = self.session.tick(turn.now);
        self.act(turn);
        while turn.has_room()
            && self.stop.is_none()
            && let Some(post) = self.seat.poll(cx)
        {
            moved = true;
            self.post(&post, turn);
        }
        moved
    }

    fn poll_output(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.client.poll_output(cx)
    }

    fn poll_stop(&mut self, cx: &mut Context<'_>, now: Instant) -> Poll<Stop> {
        match self.stop.take() {
            Some(stop) => Poll::Ready(stop),
            None => self.client.poll_stop(cx, now),
        }
    }

    fn answers(&self) -> bool {
        true
    }

    fn farewell(&mut self, turn: &mut Turn<'_>) {
        self.session.leave(turn.now);
        self.act(turn);
    }

    fn note_activity(&mut self, now: Instant) {
        self.session.pause(now);
    }

    fn deadline(&self) -> Option<Instant> {
        let session = self.session.deadline().filter(|_| !self.is_over);
        let deadlines = [session, self.client.deadline()];
        deadlines.into_iter().flatten().min()
    }

    fn wants_frames(&self) -> bool {
        self.client.log.wants_frames()
    }
}
