//! Plays the rules for one client.

use std::collections::BTreeSet;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use super::actor::Actor;
use super::client::Logged;
use super::program::{Book, Program, Which};
use crate::acceptor::Log;
use crate::event::{Cause, Event};
use crate::filter::Effort;
use crate::matching::capture;
use crate::outbox;
use crate::proto::connection::{self, Message};
use crate::proto::frame::{CloseCode, CloseFrame};
use crate::render::Role;
use crate::scenario::Action;
use crate::scenario::rule::Otherwise;
use crate::session::{Mode, Stop, Turn};

#[derive(Debug)]
pub(super) struct Player {
    actor: Actor,
    book: Book,
    program: Rc<Program>,
    /// Steps that wait.
    waiting: Vec<Waiting>,
    /// When each `every` is due.
    timers: Vec<Instant>,
    is_open: bool,
    /// Patterns whose filter did not come to an end on a message of this client.
    given_up: BTreeSet<usize>,
    /// Until others had their turn, no more messages are taken.
    is_tired: bool,
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
/// How long the messages of one client are handled before others have their turn.
const TURN: Duration = Duration::from_millis(10);

impl Player {
    pub(super) fn new(actor: Actor, book: Book) -> Self {
        Self {
            actor,
            program: book.program(),
            book,
            waiting: Vec::new(),
            timers: Vec::new(),
            is_open: false,
            given_up: BTreeSet::new(),
            is_tired: false,
        }
    }

    /// The first time, and after the rules were read again.
    fn begin(&mut self, turn: &mut Turn<'_>) -> bool {
        let current = self.book.program();
        if !Rc::ptr_eq(&current, &self.program) {
            self.program = current;
            self.waiting.clear();
            self.given_up.clear();
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
            if self.given_up.contains(&index) {
                continue;
            }
            let (kind, payload) = (message.kind, message.payload);
            match program.matches(index, kind, payload, &self.actor.values) {
                Ok(true) => {}
                Ok(false) => continue,
                Err(error) => {
                    let nth = index + 1;
                    self.given_up.insert(index);
                    self.warn(&format!(
                        "pattern {nth} is given up for this client: {error}"
                    ));
                    continue;
                }
            }
            let mut captured = Vec::new();
            let has_all = trigger.captures.iter().all(|wanted| {
                let values = &self.actor.values;
                let value = capture(wanted, message.payload, values, Effort::Shared);
                value.is_ok_and(|value| {
                    captured.push((wanted.name.as_str(), value));
                    true
                })
            });
            if has_all {
                for (name, value) in captured {
                    if let Err(error) = self.actor.values.set(name, value) {
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
                    self.actor.client.log.sent(&answer, turn.now);
                }
            }
            Some(Otherwise::Close(code)) => {
                let close = CloseFrame::new(CloseCode(code), "");
                self.actor.stop = Some(Stop::new(Cause::Close, Some(close)));
            }
            Some(Otherwise::Ignore) => {}
            None => self
                .actor
                .client
                .log
                .note(Role::Fact, "* no rule matches it"),
        }
    }

    /// Runs the steps of a rule, up to one that waits.
    fn run(&mut self, which: Which, from: usize, turn: &mut Turn<'_>) {
        let program = Rc::clone(&self.program);
        for (at, step) in program.steps(which).iter().enumerate().skip(from) {
            if self.actor.stop.is_some() {
                return;
            }
            if let Action::Wait(time) = &step.action {
                let (next, due) = (at + 1, turn.now + *time);
                return self.waiting.push(Waiting { which, next, due });
            }
            if let Err(error) = self.actor.step(&step.action, turn) {
                self.warn(&format!("line {} is skipped: {error}", step.place));
            }
        }
    }

    fn warn(&self, text: &str) {
        self.actor.warn("rules", text);
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
}

/// The next time of a timer; those that were missed are skipped.
fn next_time(due: Instant, period: Duration, now: Instant) -> Instant {
    let next = due + period;
    if next > now { next } else { now + period }
}

impl Logged for Player {
    fn log(&self) -> &Log {
        &self.actor.client.log
    }
}

impl Mode for Player {
    fn event(&mut self, event: Event<'_>, turn: &mut Turn<'_>) {
        self.actor.event(&event, turn.now);
        match event {
            // The steps of `on open` come first.
            Event::Connection(connection::Event::Message(message)) => {
                self.begin(turn);
                if self.actor.stop.is_none() && !turn.sender.is_closing() {
                    self.message(message, turn);
                    self.is_tired = turn.now.elapsed() >= TURN;
                }
            }
            Event::Connection(connection::Event::Ended(_)) => {
                self.actor.stop = None;
                self.actor.has_left = true;
                self.run(Which::Close, 0, turn);
            }
            _ => {}
        }
    }

    fn poll_input(&mut self, cx: &mut Context<'_>, turn: &mut Turn<'_>) -> bool {
        if self.actor.is_over(turn) {
            return false;
        }
        self.book.watch(self.actor.seat.number, cx);
        let mut moved = self.begin(turn);
        moved |= self.run_due(turn);
        moved | self.actor.take_posts(cx, turn)
    }

    fn poll_output(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.actor.client.poll_output(cx)
    }

    fn poll_stop(&mut self, cx: &mut Context<'_>, now: Instant) -> Poll<Stop> {
        self.actor.poll_stop(cx, now)
    }

    fn answers(&self) -> bool {
        true
    }

    fn is_full(&self) -> bool {
        self.is_tired || self.waiting.len() >= MOST_WAITING
    }

    fn take_break(&mut self) -> bool {
        std::mem::take(&mut self.is_tired)
    }

    fn deadline(&self) -> Option<Instant> {
        let waiting = self.waiting.iter().map(|it| it.due);
        let timers = self.timers.iter().copied();
        waiting
            .chain(timers)
            .chain(self.actor.client.deadline())
            .min()
    }

    fn wants_frames(&self) -> bool {
        self.actor.client.log.wants_frames()
    }
}

impl Drop for Player {
    fn drop(&mut self) {
        self.book.forget(self.actor.seat.number);
    }
}
