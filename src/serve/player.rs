//! Plays the rules for one client.

use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use super::client::Client;
use super::hub::{Post, Seat, To};
use super::program::{Answer, Book, Program, Which};
use super::step::{StepError, outgoing};
use super::variable::Variables;
use crate::event::{Cause, Event};
use crate::matching::{Fill, capture};
use crate::outbox::{self, Outbox};
use crate::proto::connection::{self, Message};
use crate::proto::frame::{CloseCode, CloseFrame};
use crate::render::Role;
use crate::render::escape::escape_line;
use crate::scenario::rule::{Otherwise, Target};
use crate::scenario::{Action, Form};
use crate::session::{Mode, Stop, Turn};

#[derive(Debug)]
pub(super) struct Player {
    client: Client,
    seat: Seat,
    book: Book,
    program: Rc<Program>,
    values: Variables,
    outbox: Outbox,
    stop: Option<Stop>,
    /// Steps that wait.
    waiting: Vec<Waiting>,
    /// When each `every` is due.
    timers: Vec<Instant>,
    is_open: bool,
}

#[derive(Debug, Clone, Copy)]
struct Waiting {
    which: Which,
    /// The step that follows.
    next: usize,
    due: Instant,
}

/// From this many waiting rules on nothing is read: each message may begin one.
const MOST_WAITING: usize = 256;

impl Player {
    pub(super) fn new(client: Client, seat: Seat, book: Book, mut values: Variables) -> Self {
        // Both are short: a number, and a part of a head that was read.
        let _ = values.set("client", seat.number.to_string());
        let _ = values.set("path", seat.path());
        Self {
            client,
            seat,
            program: book.program(),
            book,
            values,
            outbox: Outbox::default(),
            stop: None,
            waiting: Vec::new(),
            timers: Vec::new(),
            is_open: false,
        }
    }

    /// The first time, and after the rules were read again.
    fn begin(&mut self, turn: &mut Turn<'_>) -> bool {
        let current = self.book.program();
        if !Rc::ptr_eq(&current, &self.program) {
            self.program = current;
            self.waiting.clear();
            self.start_timers(turn.now);
        }
        if std::mem::replace(&mut self.is_open, true) {
            return false;
        }
        self.start_timers(turn.now);
        self.run(Which::Open, 0, turn);
        true
    }

    fn start_timers(&mut self, now: Instant) {
        let every = self.program.rules.every.iter();
        self.timers = every.map(|(period, _)| now + *period).collect();
    }

    fn message(&mut self, message: &Message<'_>, turn: &mut Turn<'_>) {
        let program = Rc::clone(&self.program);
        for (index, (trigger, _)) in program.rules.messages.iter().enumerate() {
            if !program.matches(index, message.kind, message.payload, &self.values) {
                continue;
            }
            let mut captured = Vec::new();
            let has_all = trigger.captures.iter().all(|wanted| {
                let value = capture(wanted, message.payload, &self.values);
                value.is_ok_and(|value| {
                    captured.push((wanted.name.as_str(), value));
                    true
                })
            });
            if has_all {
                for (name, value) in captured {
                    if let Err(error) = self.values.set(name, value) {
                        self.warn(&format!("{{{{{name}}}}} is not captured: {error}"));
                        return;
                    }
                }
                return self.run(Which::Message(index), 0, turn);
            }
        }
        self.otherwise(message, turn);
    }

    fn otherwise(&mut self, message: &Message<'_>, turn: &mut Turn<'_>) {
        match self.program.rules.otherwise {
            Some(Otherwise::Echo) => {
                if let Some(answer) = outbox::echo(message, turn) {
                    self.client.log.sent(&answer, turn.now);
                }
            }
            Some(Otherwise::Close(code)) => {
                let close = CloseFrame::new(CloseCode(code), "");
                self.stop = Some(Stop::new(Cause::Close, Some(close)));
            }
            Some(Otherwise::Ignore) => {}
            None => self.client.log.note(Role::Fact, "* no rule matches it"),
        }
    }

    /// Runs the steps of a rule, up to one that waits.
    fn run(&mut self, which: Which, from: usize, turn: &mut Turn<'_>) {
        let program = Rc::clone(&self.program);
        for (at, step) in program.steps(which).iter().enumerate().skip(from) {
            if self.stop.is_some() {
                return;
            }
            if let Action::Wait(time) = &step.action {
                let (next, due) = (at + 1, turn.now + *time);
                return self.waiting.push(Waiting { which, next, due });
            }
            if let Err(error) = self.step(&step.action, turn) {
                self.warn(&format!("line {} is skipped: {error}", step.place));
            }
        }
    }

    fn step(&mut self, action: &Action, turn: &mut Turn<'_>) -> Result<(), StepError> {
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
        if self.seat.post(to, &post) && !turn.sender.is_closing() {
            self.deliver(&post, turn)?;
        }
        Ok(())
    }

    fn deliver(&mut self, post: &Post, turn: &mut Turn<'_>) -> Result<(), StepError> {
        let mut answer = Answer::new(&mut self.client.log, &mut self.stop);
        Ok(answer.deliver(post, &mut self.outbox, turn)?)
    }

    fn warn(&self, text: &str) {
        let text = format!("! rules: {}", escape_line(text));
        self.client.log.note(Role::Warning, &text);
    }

    /// Continues what has waited long enough; returns whether there was any.
    fn run_due(&mut self, turn: &mut Turn<'_>) -> bool {
        let mut moved = false;
        while turn.has_room()
            && let Some(index) = self.waiting.iter().position(|it| it.due <= turn.now)
        {
            moved = true;
            let Waiting { which, next, .. } = self.waiting.remove(index);
            self.run(which, next, turn);
        }
        for index in 0..self.timers.len() {
            if self.timers[index] > turn.now {
                continue;
            }
            let Some((period, _)) = self.program.rules.every.get(index) else {
                break;
            };
            self.timers[index] = next_time(self.timers[index], *period, turn.now);
            let which = Which::Every(index);
            // A time that comes while its steps still wait, or nothing can be sent, is skipped.
            if turn.has_room() && !self.waiting.iter().any(|it| it.which == which) {
                moved = true;
                self.run(which, 0, turn);
            }
        }
        moved
    }

    fn take_posts(&mut self, cx: &mut Context<'_>, turn: &mut Turn<'_>) -> bool {
        let mut moved = false;
        while turn.has_room()
            && let Some(post) = self.seat.poll(cx)
        {
            moved = true;
            if let Err(error) = self.deliver(&post, turn) {
                self.warn(&error.to_string());
            }
        }
        moved
    }
}

/// The next time of a timer; those that were missed are skipped.
fn next_time(due: Instant, period: Duration, now: Instant) -> Instant {
    let next = due + period;
    if next > now { next } else { now + period }
}

impl Mode for Player {
    fn event(&mut self, event: Event<'_>, turn: &mut Turn<'_>) {
        self.client.event(&event, turn.now);
        match event {
            // The steps of `on open` come first.
            Event::Connection(connection::Event::Message(message)) => {
                self.begin(turn);
                if self.stop.is_none() && !turn.sender.is_closing() {
                    self.message(message, turn);
                }
            }
            Event::Connection(connection::Event::Ended(_)) => {
                self.stop = None;
                self.run(Which::Close, 0, turn);
            }
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
        self.book.watch(self.seat.number, cx);
        let mut moved = self.begin(turn);
        moved |= self.run_due(turn);
        moved | self.take_posts(cx, turn)
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

    fn is_full(&self) -> bool {
        self.waiting.len() >= MOST_WAITING
    }

    fn deadline(&self) -> Option<Instant> {
        let waiting = self.waiting.iter().map(|it| it.due);
        let timers = self.timers.iter().copied();
        waiting.chain(timers).chain(self.client.deadline()).min()
    }

    fn wants_frames(&self) -> bool {
        self.client.log.wants_frames()
    }
}

impl Drop for Player {
    fn drop(&mut self) {
        self.book.forget(self.seat.number);
    }
}
