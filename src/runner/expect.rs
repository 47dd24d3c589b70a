//! Steps that wait for messages, control frames and the end.

use std::time::Duration;

use super::case::{Runner, StepResult, Until, exit};
use super::connection::{ScriptedConnection, WaitError};
use super::inbox::{Inbox, Message};
use super::log::{Log, SHOWN_OF_MATCH, preview};
use super::result::{Failure, Kind};
use crate::exit::Exit;
use crate::filter::Effort;
use crate::matching::{CaptureError, Fill, Matcher, MatcherError, Miss, capture};
use crate::proto::connection::End;
use crate::proto::frame::CloseCode;
use crate::render::close::close_text;
use crate::scenario::Form;
use crate::scenario::ast::{Expect, ExpectClose, Match, Reason};

impl Runner<'_> {
    pub(super) async fn expect(&mut self, on: usize, expect: &Expect) -> StepResult<()> {
        let matcher = Matcher::new(&expect.pattern, &self.values)
            .map_err(|error| self.error(&error, Exit::Usage))?;
        let message = match expect.matching {
            Match::Eventually => self.expect_eventually(on, &matcher, expect.within).await?,
            Match::Next => self.expect_next(on, &matcher, expect.within).await?,
            Match::Never => return self.expect_never(on, &matcher, expect.within).await,
        };
        self.came = Some(preview(&message, SHOWN_OF_MATCH, &self.values));
        for wanted in &expect.captures {
            let find = |bytes: &[u8]| capture(wanted, bytes, &self.values, Effort::Alone);
            let value = find(&message.payload)
                .or_else(|error| {
                    let mut values = message.values.iter();
                    let found = values.find_map(|value| find(value.as_bytes()).ok());
                    found.ok_or(error)
                })
                .map_err(|error| self.not_captured(&wanted.name, &error))?;
            self.values.capture(&wanted.name, value);
        }
        Ok(())
    }

    fn not_captured(&self, name: &str, error: &CaptureError) -> Box<Failure> {
        let kind = match error {
            CaptureError::Nothing(_) => Kind::Failure,
            CaptureError::Matcher(_) => Kind::Error,
        };
        let message = self.safe(&format!("cannot capture {name}: {error}"));
        Box::new(Failure::new(kind, message, Exit::Expectation))
    }

    /// Removes messages until one matches.
    async fn expect_eventually(
        &self,
        on: usize,
        matcher: &Matcher,
        within: Option<Duration>,
    ) -> StepResult<Message> {
        let (connection, until) = (self.connection(on)?, self.until(within));
        let mut log = Log::new(until.since);
        let look = |inbox: &mut Inbox| {
            while let Some(message) = inbox.take() {
                match check(matcher, &message) {
                    Ok(()) => return Some(message),
                    Err(miss) => log.add(&message, &miss, &self.values),
                }
            }
            None
        };
        let found = connection.wait(until.deadline, look).await;
        found.map_err(|missed| no_message(until, missed, connection, log))
    }

    async fn expect_next(
        &self,
        on: usize,
        matcher: &Matcher,
        within: Option<Duration>,
    ) -> StepResult<Message> {
        let (connection, until) = (self.connection(on)?, self.until(within));
        let message = connection
            .wait(until.deadline, Inbox::take)
            .await
            .map_err(|missed| no_message(until, missed, connection, Log::new(until.since)))?;
        match check(matcher, &message) {
            Ok(()) => Ok(message),
            Err(miss) => {
                let text = "the next message does not match";
                Err(self.unlike(text, &message, miss, until))
            }
        }
    }

    /// Leaves the messages in the inbox, for later steps.
    async fn expect_never(
        &self,
        on: usize,
        matcher: &Matcher,
        within: Option<Duration>,
    ) -> StepResult<()> {
        let (connection, until) = (self.connection(on)?, self.until(within));
        let mut seen = 0;
        let look = |inbox: &mut Inbox| {
            let new = inbox.messages.iter().skip(seen);
            let found = new.clone().find(|message| check(matcher, message).is_ok());
            seen = inbox.messages.len();
            found.cloned()
        };
        match connection.wait(until.deadline, look).await {
            Ok(message) => {
                let miss = Miss {
                    score: 1,
                    difference: Vec::new(),
                };
                let text = "received a message that was not allowed";
                Err(self.unlike(text, &message, miss, until))
            }
            Err(WaitError::Late) if !until.is_of_case => Ok(()),
            Err(WaitError::Ended) if is_closed(&connection.inbox()) => Ok(()),
            Err(missed) => {
                let what = "no such message came";
                Err(until.missed(missed, what, connection, Log::new(until.since)))
            }
        }
    }

    fn unlike(&self, text: &str, message: &Message, miss: Miss, until: Until) -> Box<Failure> {
        let mut failure = Failure::new(Kind::Failure, text.to_owned(), Exit::Expectation);
        let mut log = Log::new(until.since);
        let miss = Miss {
            score: miss.score.max(1),
            ..miss
        };
        log.add(message, &miss, &self.values);
        failure.waited = Some(until.since.elapsed());
        let (_, _, closest) = log.into_closest();
        failure.closest = closest;
        Box::new(failure)
    }

    pub(super) async fn expect_control(
        &self,
        on: usize,
        pong: bool,
        payload: Option<&[u8]>,
        within: Option<Duration>,
    ) -> StepResult<()> {
        let (connection, until) = (self.connection(on)?, self.until(within));
        let look = |inbox: &mut Inbox| {
            while let Some(control) = inbox.take_control() {
                if control.pong == pong && payload.is_none_or(|it| *it == control.payload) {
                    return Some(());
                }
            }
            None
        };
        let found = connection.wait(until.deadline, look).await;
        found.map_err(|missed| {
            let what = match (pong, payload) {
                (false, None) => "no ping came",
                (false, Some(_)) => "no ping with this payload came",
                (true, None) => "no pong came",
                (true, Some(_)) => "no pong with this payload came",
            };
            until.missed(missed, what, connection, Log::new(until.since))
        })
    }

    pub(super) async fn expect_close(&mut self, on: usize, close: &ExpectClose) -> StepResult<()> {
        let reason = self.reason(close.reason.as_ref())?;
        let (connection, until) = (self.connection(on)?, self.until(close.within));
        let mut log = Log::new(until.since);
        let look = |inbox: &mut Inbox| {
            while let Some(message) = inbox.take() {
                log.add(&message, &Miss::default(), &self.values);
            }
            inbox.ending.as_ref().map(|ending| ending.end.clone())
        };
        let end = connection.wait(until.deadline, look).await;
        let end =
            end.map_err(|missed| until.missed(missed, "no Close frame came", connection, log))?;
        let (code, text) = match &end {
            End::Closed {
                by_peer: true,
                received,
                ..
            } => {
                let code = received.as_ref().map_or(CloseCode::NO_STATUS, |it| it.code);
                let text = received.as_ref().map_or("", |frame| &frame.reason);
                (code, text)
            }
            End::Lost { .. } => (CloseCode(1006), ""),
            _ => (CloseCode(0), ""),
        };
        let is_code = match close.codes.as_slice() {
            [] => code.0 != 0 && code.0 != 1006,
            codes => codes.contains(&code.0),
        };
        if !is_code || !reason.is_none_or(|reason| reason.is_match(text)) {
            let message = match &end {
                End::Closed { received, .. } => {
                    let found = self.safe(&close_text(received.as_ref()));
                    format!("the connection closed with {found} instead")
                }
                _ => "the connection ended without a Close frame instead".to_owned(),
            };
            let exit = connection
                .inbox()
                .ending
                .as_ref()
                .map_or(Exit::Expectation, exit);
            let mut failure = Failure::new(Kind::Failure, message, exit);
            failure.connection = Some(super::case::state(connection));
            failure.waited = Some(until.since.elapsed());
            return Err(Box::new(failure));
        }
        self.came = match &end {
            End::Closed { received, .. } => Some(self.safe(&close_text(received.as_ref()))),
            _ => None,
        };
        self.connections[on] = None;
        Ok(())
    }

    fn reason(&self, reason: Option<&Reason>) -> StepResult<Option<regex::Regex>> {
        let text = match reason {
            None => return Ok(None),
            Some(Reason::Text(text)) => {
                let text = self.values.fill(text, Form::Plain);
                text.map(|text| format!("^(?:{})$", regex::escape(&text)))
            }
            Some(Reason::Re(text)) => self.values.fill(text, Form::Regex),
        };
        let text = text.map_err(|error| self.error(&error, Exit::Usage))?;
        let regex = regex::Regex::new(&text).map_err(MatcherError::from);
        regex
            .map(Some)
            .map_err(|error| self.error(&error, Exit::Usage))
    }
}

fn check(matcher: &Matcher, message: &Message) -> Result<(), Miss> {
    matcher.check_with(message.kind, &message.payload, &message.on_top)
}

fn no_message(
    until: Until,
    missed: WaitError,
    connection: &ScriptedConnection,
    log: Log,
) -> Box<Failure> {
    if !log.shown.is_empty() {
        return until.missed(missed, "no message matched", connection, log);
    }
    let mut failure = until.missed(missed, "no message came", connection, log);
    if connection.inbox().received > 0 {
        let text = "earlier messages were consumed by previous steps";
        failure.notes.push(text.to_owned());
    }
    failure
}

fn is_closed(inbox: &Inbox) -> bool {
    let end = inbox.ending.as_ref().map(|ending| &ending.end);
    matches!(end, Some(End::Closed { .. }))
}
