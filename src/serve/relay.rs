//! `--broadcast` and `--chat`: what one client sends, all others get. Without both, clients get what stdin says.

use std::task::{Context, Poll};
use std::time::Instant;

use super::client::{Client, Logged};
use super::hub::{Post, Seat, To};
use super::program::Answer;
use crate::acceptor::Log;
use crate::event::Event;
use crate::outbox::{self, Outbox};
use crate::proto::connection::{self, Message};
use crate::proto::message::Kind;
use crate::render::escape::is_unsafe;
use crate::session::{Mode, Stop, Turn};

/// The longest name in a chat, in characters.
const LONGEST_NAME: usize = 40;

/// The name that a request asks for with `?name=`.
pub(super) fn name(target: &str) -> Option<String> {
    let (_, query) = target.split_once('?')?;
    let mut pairs = url::form_urlencoded::parse(query.as_bytes());
    let (_, name) = pairs.find(|(key, _)| key == "name")?;
    // Other clients see it, and may show it on a terminal.
    let name: String = name
        .chars()
        .filter(|it| !is_unsafe(*it))
        .take(LONGEST_NAME)
        .collect();
    Some(name.trim().to_owned()).filter(|name| !name.is_empty())
}

/// What becomes of the messages of a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Passing {
    ToOthers,
    Echo,
    Nowhere,
}

#[derive(Debug)]
pub(super) struct Relay {
    passing: Passing,
    client: Client,
    seat: Seat,
    /// In a chat; it precedes each text.
    name: Option<String>,
    outbox: Outbox,
    stop: Option<Stop>,
    is_open: bool,
}

impl Relay {
    pub(super) fn new(client: Client, seat: Seat, passing: Passing) -> Self {
        Self {
            passing,
            client,
            name: seat.name(),
            seat,
            outbox: Outbox::default(),
            stop: None,
            is_open: false,
        }
    }

    fn message(&mut self, message: &Message<'_>, turn: &mut Turn<'_>) {
        match self.passing {
            Passing::ToOthers => self.pass_on(message),
            Passing::Echo => {
                if let Some(answer) = outbox::echo(message, turn) {
                    self.client.log.sent(&answer, turn.now);
                }
            }
            Passing::Nowhere => {}
        }
    }

    fn pass_on(&self, message: &Message<'_>) {
        let post = match (&self.name, message.kind) {
            (Some(name), Kind::Text) => {
                let mut text = format!("{name}: ").into_bytes();
                text.extend_from_slice(message.payload);
                Post::message(Kind::Text, &text)
            }
            _ => Post::message(message.kind, message.payload),
        };
        self.seat.post(To::Others, &post);
    }

    /// Tells the others of a chat that somebody comes or goes.
    fn announce(&self, what: &str) {
        if let Some(name) = &self.name {
            let text = format!("* {name} {what}");
            let post = Post::message(Kind::Text, text.as_bytes());
            self.seat.post(To::Others, &post);
        }
    }
}

impl Logged for Relay {
    fn log(&self) -> &Log {
        &self.client.log
    }
}

impl Mode for Relay {
    fn event(&mut self, event: Event<'_>, turn: &mut Turn<'_>) {
        self.client.event(&event, turn.now);
        match event {
            Event::Connection(connection::Event::Message(message)) => self.message(message, turn),
            Event::Connection(connection::Event::Ended(_)) => self.announce("left"),
            _ => {}
        }
    }

    fn poll_input(&mut self, cx: &mut Context<'_>, turn: &mut Turn<'_>) -> bool {
        self.client.observe_output(turn);
        if self.stop.is_some() || turn.sender.is_closing() {
            return false;
        }
        if self.seat.is_full() {
            self.stop = Some(Client::too_slow());
            return false;
        }
        if !std::mem::replace(&mut self.is_open, true) {
            self.announce("joined");
        }
        let mut moved = false;
        while turn.has_room()
            && let Some(post) = self.seat.poll(cx)
        {
            moved = true;
            let mut answer = Answer::new(&mut self.client.log, &mut self.stop);
            // It fails only on a connection that is closing.
            let _ = answer.deliver(&post, &mut self.outbox, turn);
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
        self.passing == Passing::Echo
    }

    fn deadline(&self) -> Option<Instant> {
        self.client.deadline()
    }

    fn wants_frames(&self) -> bool {
        self.client.log.wants_frames()
    }
}
