//! `--script`: the steps of a scenario, one after the other, seen from the server.

use std::collections::VecDeque;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use super::actor::Actor;
use super::client::Logged;
use super::step::StepError;
use crate::acceptor::Log;
use crate::event::{Cause, Event};
use crate::filter::Effort;
use crate::matching::{Fill, Matcher, capture};
use crate::proto::connection;
use crate::proto::frame::{CloseCode, CloseFrame};
use crate::proto::message::Kind;
use crate::render::Role;
use crate::render::quantity;
use crate::scenario::ast::{Expect, ExpectClose, Match, Reason};
use crate::scenario::rules::RuleStep;
use crate::scenario::{Action, Form};
use crate::session::{Mode, Stop, Turn};

#[derive(Debug)]
pub(super) struct Script {
    actor: Actor,
    steps: Rc<Vec<RuleStep>>,
    next: usize,
    /// The deadline of the step that waits.
    until: Option<Instant>,
    inbox: VecDeque<(Kind, Vec<u8>)>,
    bytes: usize,
    /// Pings and pongs that no step has consumed: whether it is a pong, and the payload.
    controls: VecDeque<(bool, Vec<u8>)>,
    is_over: bool,
}

/// How long a step waits without `within`: as long as one of wsee test.
const PATIENCE: Duration = Duration::from_secs(5);
/// Messages, and bytes of them, from which on nothing is read before a step takes some.
const MOST_MESSAGES: usize = 1_000;
const MOST_BYTES: usize = 1 << 20;
/// The most pings and pongs that are kept, oldest first.
const MOST_CONTROLS: usize = 100;

/// What became of a step.
enum Outcome {
    Done,
    Waits,
    /// In words.
    Failed(String),
}

impl Script {
    pub(super) fn new(actor: Actor, steps: Rc<Vec<RuleStep>>) -> Self {
        Self {
            actor,
            steps,
            next: 0,
            until: None,
            inbox: VecDeque::new(),
            bytes: 0,
            controls: VecDeque::new(),
            is_over: false,
        }
    }

    /// Runs steps up to one that waits; returns whether there was any.
    fn advance(&mut self, turn: &mut Turn<'_>) -> bool {
        let steps = Rc::clone(&self.steps);
        let before = self.next;
        while self.actor.stop.is_none() && !self.is_over && turn.has_room() {
            let Some(step) = steps.get(self.next) else {
                self.end(CloseCode::NORMAL, "");
                return true;
            };
            match self.step(&step.action, turn) {
                Ok(Outcome::Done) => {
                    self.next += 1;
                    self.until = None;
                }
                Ok(Outcome::Waits) => break,
                Ok(Outcome::Failed(why)) => {
                    self.fail(step, &why);
                    return true;
                }
                Err(error) => {
                    self.fail(step, &error.to_string());
                    return true;
                }
            }
        }
        self.next != before
    }

    fn fail(&mut self, step: &RuleStep, why: &str) {
        let text = format!("line {}: {why}", step.place);
        self.actor.warn("script", &text);
        self.end(CloseCode::INTERNAL, "the script failed");
    }

    fn end(&mut self, code: CloseCode, reason: &str) {
        self.is_over = true;
        let close = CloseFrame::new(code, reason);
        self.actor.stop = Some(Stop::new(Cause::Close, Some(close)));
    }

    fn step(&mut self, action: &Action, turn: &mut Turn<'_>) -> Result<Outcome, StepError> {
        match action {
            Action::Wait(time) => Ok(self.wait(*time, turn.now)),
            Action::Expect(expect) => self.expect(expect, turn.now),
            Action::ExpectControl {
                pong,
                payload,
                within,
            } => {
                let payload = payload.as_ref();
                let payload = payload
                    .map(|it| self.actor.values.fill(it, Form::Plain))
                    .transpose()?;
                Ok(self.control(*pong, payload.as_deref(), *within, turn.now))
            }
            Action::ExpectClose(close) => {
                let within = close.within.unwrap_or(PATIENCE);
                Ok(match self.wait(within, turn.now) {
                    Outcome::Done => Outcome::Failed(late("no Close frame came", within)),
                    waits => waits,
                })
            }
            Action::Ping { payload, within } => {
                if self.until.is_none() {
                    self.controls.clear();
                    self.actor.step(action, turn)?;
                }
                let payload = self.actor.values.fill(payload, Form::Plain)?;
                Ok(self.control(true, Some(&payload), *within, turn.now))
            }
            action => {
                self.actor.step(action, turn)?;
                Ok(Outcome::Done)
            }
        }
    }

    /// Done when the time is over.
    fn wait(&mut self, time: Duration, now: Instant) -> Outcome {
        let until = *self.until.get_or_insert(now + time);
        if until <= now {
            Outcome::Done
        } else {
            Outcome::Waits
        }
    }

    fn expect(&mut self, expect: &Expect, now: Instant) -> Result<Outcome, StepError> {
        let matcher = Matcher::new(&expect.pattern, &self.actor.values)
            .map_err(|error| StepError::Send(error.to_string()))?
            .with(Effort::Shared);
        let within = expect.within.unwrap_or(PATIENCE);
        if expect.matching == Match::Never {
            let found = self
                .inbox
                .iter()
                .any(|(kind, it)| matcher.check(*kind, it).is_ok());
            return Ok(if found {
                Outcome::Failed("a message came that was not allowed".to_owned())
            } else {
                self.wait(within, now)
            });
        }
        while let Some((kind, payload)) = self.inbox.pop_front() {
            self.bytes -= payload.len();
            if matcher.check(kind, &payload).is_err() {
                if expect.matching == Match::Next {
                    let text = "the next message does not match".to_owned();
                    return Ok(Outcome::Failed(text));
                }
                continue;
            }
            for wanted in &expect.captures {
                let value = capture(wanted, &payload, &self.actor.values, Effort::Shared);
                let value = value.map_err(|error| StepError::Send(error.to_string()))?;
                let set = self.actor.values.set(&wanted.name, value);
                set.map_err(|error| StepError::Send(error.to_string()))?;
            }
            return Ok(Outcome::Done);
        }
        Ok(match self.wait(within, now) {
            Outcome::Done => Outcome::Failed(late("no message matched", within)),
            waits => waits,
        })
    }

    fn control(
        &mut self,
        pong: bool,
        payload: Option<&str>,
        within: Option<Duration>,
        now: Instant,
    ) -> Outcome {
        while let Some((is_pong, found)) = self.controls.pop_front() {
            if is_pong == pong && payload.is_none_or(|it| it.as_bytes() == found) {
                return Outcome::Done;
            }
        }
        let within = within.unwrap_or(PATIENCE);
        match self.wait(within, now) {
            Outcome::Done => {
                let what = if pong {
                    "no such pong came"
                } else {
                    "no such ping came"
                };
                Outcome::Failed(late(what, within))
            }
            waits => waits,
        }
    }

    fn keep_control(&mut self, pong: bool, payload: &[u8]) {
        if self.controls.len() < MOST_CONTROLS {
            self.controls.push_back((pong, payload.to_vec()));
        }
    }

    /// The client has closed: the step that waits for it passes, and any other is not reached.
    fn closed(&mut self, frame: Option<&CloseFrame>) {
        if std::mem::replace(&mut self.is_over, true) {
            return;
        }
        let steps = Rc::clone(&self.steps);
        let problem = match steps.get(self.next).map(|step| (step, &step.action)) {
            None => return,
            Some((step, Action::ExpectClose(wanted))) => match self.is_wanted(wanted, frame) {
                true if self.next + 1 == steps.len() => {
                    return self
                        .actor
                        .client
                        .log
                        .note(Role::Fact, "* the script is done");
                }
                true => format!(
                    "the client closed after line {}, before the last step",
                    step.place
                ),
                false => format!(
                    "line {}: the client closed with another code or reason",
                    step.place
                ),
            },
            Some((step, _)) => format!("line {} is not reached: the client closed", step.place),
        };
        self.actor.warn("script", &problem);
    }

    fn is_wanted(&self, wanted: &ExpectClose, frame: Option<&CloseFrame>) -> bool {
        let code = connection::reported_code(frame).0;
        let reason = frame.map_or("", |frame| &frame.reason);
        let is_code = wanted.codes.is_empty() || wanted.codes.contains(&code);
        let values = &self.actor.values;
        is_code
            && match &wanted.reason {
                None => true,
                Some(Reason::Text(text)) => {
                    values.fill(text, Form::Plain).is_ok_and(|it| it == reason)
                }
                Some(Reason::Re(text)) => values
                    .fill(text, Form::Regex)
                    .is_ok_and(|it| regex::Regex::new(&it).is_ok_and(|it| it.is_match(reason))),
            }
    }
}

fn late(what: &str, within: Duration) -> String {
    format!("{what} within {}", quantity::duration(within))
}

impl Logged for Script {
    fn log(&self) -> &Log {
        &self.actor.client.log
    }
}

impl Mode for Script {
    fn event(&mut self, event: Event<'_>, turn: &mut Turn<'_>) {
        self.actor.event(&event, turn.now);
        let Event::Connection(event) = event else {
            return;
        };
        match event {
            connection::Event::Message(message) => {
                self.bytes += message.payload.len();
                self.inbox
                    .push_back((message.kind, message.payload.to_vec()));
            }
            connection::Event::Ping { payload, .. } => self.keep_control(false, payload),
            connection::Event::Pong { payload, .. } => self.keep_control(true, payload),
            connection::Event::Close(frame) => {
                // Steps that what came before has completed.
                self.advance(turn);
                self.closed(frame.as_ref());
            }
            _ => {}
        }
    }

    fn poll_input(&mut self, cx: &mut Context<'_>, turn: &mut Turn<'_>) -> bool {
        if self.actor.is_over(turn) {
            return false;
        }
        self.advance(turn) | self.actor.take_posts(cx, turn)
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
        !self.is_over && (self.inbox.len() >= MOST_MESSAGES || self.bytes >= MOST_BYTES)
    }

    fn deadline(&self) -> Option<Instant> {
        let waits = self.until.filter(|_| !self.is_over);
        [waits, self.actor.client.deadline()]
            .into_iter()
            .flatten()
            .min()
    }

    fn wants_frames(&self) -> bool {
        self.actor.client.log.wants_frames()
    }
}
