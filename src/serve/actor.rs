//! What the steps of rules and scripts do for one client.

use std::task::{Context, Poll};
use std::time::Instant;

use super::client::Client;
use super::hub::{Post, Seat, To};
use super::program::Answer;
use super::step::{StepError, outgoing};
use super::variable::Variables;
use crate::event::Event;
use crate::matching::Fill;
use crate::outbox::Outbox;
use crate::render::Role;
use crate::render::escape::escape_line;
use crate::scenario::rule::Target;
use crate::scenario::{Action, Form};
use crate::session::{Stop, Turn};

#[derive(Debug)]
pub(super) struct Actor {
    pub(super) client: Client,
    pub(super) seat: Seat,
    pub(super) values: Variables,
    pub(super) stop: Option<Stop>,
    /// The connection is over: what is sent to all is not sent to this client.
    pub(super) has_left: bool,
    outbox: Outbox,
}

impl Actor {
    pub(super) fn new(client: Client, seat: Seat, mut values: Variables) -> Self {
        // Both are short: a number, and a part of a head that was read.
        let _ = values.set("client", seat.number.to_string());
        let _ = values.set("path", seat.path());
        Self {
            client,
            seat,
            values,
            stop: None,
            has_left: false,
            outbox: Outbox::default(),
        }
    }

    pub(super) fn event(&mut self, event: &Event<'_>, now: Instant) {
        self.client.event(event, now);
    }

    /// Whether nothing more can be sent; called before everything else in a round.
    pub(super) fn is_over(&mut self, turn: &mut Turn<'_>) -> bool {
        self.client.observe_output(turn);
        if self.stop.is_none() && self.seat.is_full() {
            self.stop = Some(Client::too_slow());
        }
        self.stop.is_some() || turn.sender.is_closing()
    }

    pub(super) fn step(&mut self, action: &Action, turn: &mut Turn<'_>) -> Result<(), StepError> {
        match action {
            Action::To { target, action } => self.send_to(target, action, turn),
            Action::Join(room) => {
                let room = self.values.fill(room, Form::Plain)?;
                let joined = self.seat.join(&room);
                joined.map_err(|error| StepError::Send(error.to_string()))
            }
            Action::Leave(room) => {
                self.seat.leave(&self.values.fill(room, Form::Plain)?);
                Ok(())
            }
            Action::State { name, value } => {
                let value = self.values.fill(value, Form::Plain)?;
                let set = self.values.set(name, value);
                set.map_err(|error| StepError::Send(error.to_string()))
            }
            Action::Fault(fault) => {
                let added = self.client.add_fault(&fault.kind, turn.now);
                added.map_err(|problem| StepError::Send(problem.to_owned()))
            }
            action => match outgoing(action, &self.values)? {
                Some(outgoing) => {
                    let mut answer = Answer::new(&mut self.client.log, &mut self.stop);
                    Ok(self.outbox.send(&outgoing, turn, &mut answer)?)
                }
                None => Ok(()),
            },
        }
    }

    fn send_to(
        &mut self,
        target: &Target,
        action: &Action,
        turn: &mut Turn<'_>,
    ) -> Result<(), StepError> {
        let Some(outgoing) = outgoing(action, &self.values)? else {
            return Ok(());
        };
        let name = match target {
            Target::All | Target::Others => String::new(),
            Target::Path(name) | Target::Room(name) => self.values.fill(name, Form::Plain)?,
        };
        let to = match target {
            Target::All => To::All,
            Target::Others => To::Others,
            Target::Path(_) => To::Path(&name),
            Target::Room(_) => To::Room(&name),
        };
        let post = Post::new(outgoing);
        // In order with what else the rule sends to the client itself.
        let is_meant = self.seat.post(to, &post);
        if is_meant && !self.has_left && !turn.sender.is_closing() {
            self.deliver(&post, turn)?;
        }
        Ok(())
    }

    fn deliver(&mut self, post: &Post, turn: &mut Turn<'_>) -> Result<(), StepError> {
        let mut answer = Answer::new(&mut self.client.log, &mut self.stop);
        Ok(answer.deliver(post, &mut self.outbox, turn)?)
    }

    pub(super) fn warn(&self, what: &str, text: &str) {
        let text = format!("! {what}: {}", escape_line(text));
        self.client.log.note(Role::Warning, &text);
    }

    /// Sends what others left for the client; returns whether there was anything.
    pub(super) fn take_posts(&mut self, cx: &mut Context<'_>, turn: &mut Turn<'_>) -> bool {
        let mut moved = false;
        while turn.has_room()
            && let Some(post) = self.seat.poll(cx)
        {
            moved = true;
            if let Err(error) = self.deliver(&post, turn) {
                self.warn("rules", &error.to_string());
            }
        }
        moved
    }

    pub(super) fn poll_stop(&mut self, cx: &mut Context<'_>, now: Instant) -> Poll<Stop> {
        match self.stop.take() {
            Some(stop) => Poll::Ready(stop),
            None => self.client.poll_stop(cx, now),
        }
    }
}
