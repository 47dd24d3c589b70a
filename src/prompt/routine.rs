//! `/every` and `/repeat`: messages that go out without being typed.

use std::time::Instant;

use super::{LineError, Prompt};
use crate::command::outgoing::WireError;
use crate::command::schedule::Every;
use crate::command::{Outgoing, Repetition, Timing};
use crate::proto::connection::Message;
use crate::proto::message::Kind;
use crate::proto::sender::Sender;
use crate::render::escape::escape_line;
use crate::render::{Role, quantity};

/// A `/repeat` that is under way.
#[derive(Debug)]
pub(super) struct Repeating {
    text: String,
    count: u64,
    sent: u64,
    bytes: u64,
    since: Instant,
}

/// Why a timer or a repetition is not to be had.
#[derive(Debug, thiserror::Error)]
pub(super) enum RoutineError {
    #[error("there is no timer {0}; /every lists them")]
    NoTimer(usize),
    #[error("{MAX_TIMERS} timers run already; /every stop N stops one")]
    TooManyTimers,
    #[error("another /repeat is under way; /repeat stop stops it")]
    Repeating,
    #[error("no /repeat is under way")]
    NotRepeating,
    #[error("there is no connection to repeat it on")]
    NoConnection,
}

const MAX_TIMERS: usize = 100;
/// Up to so many messages of a `/repeat` are shown one by one.
const SHOWN: u64 = 10;
/// Messages of a `/repeat` after which keys and the socket have their turn.
const BATCH: usize = 1000;

impl Prompt {
    pub(super) fn every(
        &mut self,
        timing: Timing,
        is_open: bool,
        now: Instant,
    ) -> Result<(), LineError> {
        match timing {
            Timing::List => self.list_timers(),
            Timing::Start { period, text } => {
                self.fill(&text, Some(1), now)?;
                if self.schedule.list().count() >= MAX_TIMERS {
                    return Err(RoutineError::TooManyTimers.into());
                }
                let every = Every {
                    period,
                    payload: text.into_bytes(),
                    template: true,
                };
                self.schedule.add(every, is_open.then_some(now));
            }
            Timing::Stop(Some(number)) => {
                let removed = self.schedule.remove(number - 1);
                let every = removed.ok_or(RoutineError::NoTimer(number))?;
                self.print(Role::Fact, &format!("stopped: {}", described(&every)));
            }
            Timing::Stop(None) => {
                let mut stopped = 0;
                while self.schedule.remove(0).is_some() {
                    stopped += 1;
                }
                let timers = quantity::plural(stopped, "timer");
                self.print(Role::Fact, &format!("stopped: {timers}"));
            }
        }
        Ok(())
    }

    fn list_timers(&mut self) {
        let listed = |(number, (every, sent)): (usize, (&Every, u64))| {
            format!("{number}  {} (sent {sent})", described(every))
        };
        let lines: Vec<String> = (1..).zip(self.schedule.list()).map(listed).collect();
        if lines.is_empty() {
            self.print(Role::Fact, "no timers; /every PERIOD TEXT starts one");
        }
        for line in lines {
            self.print(Role::Fact, &line);
        }
    }

    /// Sends what is due by `--every` and `/every`.
    pub(super) fn send_due(&mut self, sender: &mut Sender, now: Instant) -> bool {
        let has_room = !sender.is_closing() && self.has_room(sender);
        self.schedule.hold(!has_room);
        let mut moved = false;
        while let Some((every, number)) = self.schedule.next_numbered(now) {
            let text = String::from_utf8_lossy(&every.payload).into_owned();
            let filled = if every.template {
                self.fill(&text, Some(number), now).map(Into::into)
            } else {
                Ok(text.clone())
            };
            match filled {
                // The connection is open.
                Ok(text) => moved |= self.send(&Outgoing::Text(text), sender, now).is_ok(),
                Err(error) => self.print(Role::Error, &escape_line(&error.to_string())),
            }
        }
        moved
    }

    pub(super) fn repeat(
        &mut self,
        repetition: Repetition,
        is_open: bool,
        now: Instant,
    ) -> Result<(), LineError> {
        match repetition {
            Repetition::Start { .. } if self.repeating.is_some() => {
                Err(RoutineError::Repeating.into())
            }
            Repetition::Start { .. } if !is_open => Err(RoutineError::NoConnection.into()),
            Repetition::Start { count, text } => {
                self.fill(&text, Some(1), now)?;
                self.repeating = Some(Repeating {
                    text,
                    count,
                    sent: 0,
                    bytes: 0,
                    since: now,
                });
                Ok(())
            }
            Repetition::Stop if self.repeating.is_none() => Err(RoutineError::NotRepeating.into()),
            Repetition::Stop => {
                self.end_repeating(now);
                Ok(())
            }
        }
    }

    /// Sends the next messages of a `/repeat`, as many as there is room for.
    pub(super) fn send_repeated(&mut self, sender: &mut Sender, now: Instant) -> bool {
        let Some(mut run) = self.repeating.take() else {
            return false;
        };
        let (before, is_shown) = (run.sent, run.count <= SHOWN);
        for _ in 0..BATCH {
            if run.sent == run.count || !self.has_room(sender) {
                break;
            }
            match self.send_one(&run, is_shown, sender, now) {
                Ok(bytes) => {
                    run.bytes += bytes;
                    run.sent += 1;
                }
                Err(error) => {
                    self.print(Role::Error, &escape_line(&error.to_string()));
                    self.repeating = Some(run);
                    self.end_repeating(now);
                    return true;
                }
            }
        }
        let (moved, is_over) = (run.sent > before, run.sent == run.count);
        self.repeating = Some(run);
        if is_over {
            self.end_repeating(now);
        }
        moved
    }

    /// Sends one message of a `/repeat`; its bytes.
    fn send_one(
        &mut self,
        run: &Repeating,
        is_shown: bool,
        sender: &mut Sender,
        now: Instant,
    ) -> Result<u64, LineError> {
        let text = self.fill(&run.text, Some(run.sent + 1), now)?.into_owned();
        let bytes = text.len() as u64;
        if is_shown {
            self.send(&Outgoing::Text(text), sender, now)?;
        } else {
            let deflated = sender
                .message(Kind::Text, text.as_bytes())
                .map_err(WireError::from)?;
            let message = Message::whole(Kind::Text, text.as_bytes(), deflated);
            self.sent(&message, now);
        }
        Ok(bytes)
    }

    /// Tells what a `/repeat` has sent, if one is under way; nothing more of it is sent.
    pub(super) fn end_repeating(&mut self, now: Instant) {
        let Some(run) = self.repeating.take() else {
            return;
        };
        if run.count <= SHOWN && run.sent == run.count {
            return;
        }
        let of = if run.sent < run.count {
            format!(" of {}", run.count)
        } else {
            String::new()
        };
        let text = format!(
            "* /repeat sent {}{of}, {} in {}",
            quantity::plural(run.sent, "message"),
            quantity::size(run.bytes),
            quantity::duration(now.saturating_duration_since(run.since)),
        );
        self.print(Role::Fact, &text);
    }
}

fn described(every: &Every) -> String {
    let text = String::from_utf8_lossy(&every.payload);
    let period = quantity::duration(every.period);
    format!("every {period}: {}", escape_line(&*text))
}
