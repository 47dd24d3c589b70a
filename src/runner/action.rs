//! Steps that send or wait for time to pass.

use std::fs;
use std::io;
use std::time::Duration;

use super::case::{Runner, StepResult};
use super::connection::{SendError, WaitError};
use super::inbox::Inbox;
use super::log::Log;
use super::result::{Failure, Kind};
use crate::command::Outgoing;
use crate::exit::Exit;
use crate::matching::Fill;
use crate::proto::connection::{End, reported_code};
use crate::proto::frame::{CloseFrame, MAX_CONTROL};
use crate::render::close::close_text;
use crate::scenario::ast::Content;
use crate::scenario::typed::Typed;
use crate::scenario::{Action, Form, Problem, Template};
use crate::text;

impl Runner<'_> {
    pub(super) async fn action(&mut self, on: usize, action: &Action) -> StepResult<()> {
        match action {
            Action::Send(content) => {
                let outgoing = self.message(content)?;
                self.send(on, outgoing).await
            }
            Action::Expect(expect) => self.expect(on, expect).await,
            Action::ExpectClose(close) => self.expect_close(on, close).await,
            Action::ExpectControl {
                pong,
                payload,
                within,
            } => {
                let payload = payload.as_ref().map(|it| self.control(it)).transpose()?;
                let payload = payload.as_deref().map(str::as_bytes);
                self.expect_control(on, *pong, payload, *within).await
            }
            Action::Ping { payload, within } => self.ping(on, payload, *within).await,
            Action::Pong(payload) => {
                let outgoing = Outgoing::Pong(self.control(payload)?.into_bytes());
                self.send(on, outgoing).await
            }
            Action::Close {
                code,
                reason,
                within,
            } => {
                let (code, reason) = (*code, self.short(reason, CloseFrame::MAX_REASON)?);
                self.close(on, Outgoing::Close { code, reason }, *within)
                    .await
            }
            Action::Typed(typed) => {
                let outgoing = self.typed(typed)?;
                self.send(on, outgoing).await
            }
            Action::Say(say) => self.say(on, say).await,
            Action::Abandon { reset } => self.abandon(on, *reset).await,
            Action::Wait(time) => self.wait(*time).await,
            // A case with one of these is a mistake, which is found before the run.
            Action::To { .. }
            | Action::Join(_)
            | Action::Leave(_)
            | Action::State { .. }
            | Action::Fault(_) => Err(self.error(&Problem::OnlyInRules("this step"), Exit::Usage)),
        }
    }

    pub(super) fn fill(&self, template: &Template) -> StepResult<String> {
        let text = self.values.fill(template, Form::Plain);
        text.map_err(|error| self.error(&error, Exit::Usage))
    }

    fn control(&self, payload: &Template) -> StepResult<String> {
        self.short(payload, MAX_CONTROL)
    }

    fn short(&self, text: &Template, limit: usize) -> StepResult<String> {
        let text = self.fill(text)?;
        if text.len() > limit {
            let len = text.len();
            let problem = Problem::ControlPayload { len, limit };
            return Err(self.error(&problem, Exit::Usage));
        }
        Ok(text)
    }

    /// What a command sends; arguments with variables are parsed now.
    fn typed(&self, typed: &Typed) -> StepResult<Outgoing> {
        if let Some(outgoing) = &typed.value {
            return Ok(outgoing.clone());
        }
        let args = self.fill(&typed.args)?;
        let outgoing = typed.grammar.parse(&args);
        outgoing.map_err(|error| self.error(&Problem::of_command(&error).0, Exit::Usage))
    }

    async fn abandon(&mut self, on: usize, reset: bool) -> StepResult<()> {
        let outgoing = if reset {
            Outgoing::Reset
        } else {
            Outgoing::Drop
        };
        self.send(on, outgoing).await?;
        let until = self.until(None);
        // Only our own session has to end.
        let _ = self
            .connection(on)?
            .wait(until.deadline, |_| None::<()>)
            .await;
        self.connections[on] = None;
        Ok(())
    }

    fn message(&self, content: &Content) -> StepResult<Outgoing> {
        let (path, binary) = match content {
            Content::Text(text) => return Ok(Outgoing::Text(self.fill(text)?)),
            Content::Binary(bytes) => return Ok(Outgoing::Binary(bytes.clone())),
            Content::File { path, binary } => (self.fill(path)?, *binary),
        };
        let path = self.folder.join(path);
        let name = path.display();
        let bytes = fs::read(&path)
            .map_err(|error| self.error(&format!("cannot read {name}: {error}"), Exit::Input))?;
        if binary {
            return Ok(Outgoing::Binary(bytes));
        }
        text::decode(bytes).map(Outgoing::Text).map_err(|error| {
            let error = io::Error::from(error);
            let text = format!("{name}: {error}; to send it as binary, use >b @FILE");
            self.error(&text, Exit::Input)
        })
    }

    async fn send(&self, on: usize, outgoing: Outgoing) -> StepResult<()> {
        let deadline = self.until(None).deadline;
        let sent = self.connection(on)?.send(outgoing, deadline).await;
        sent.map_err(|error| self.not_sent(&error))
    }

    pub(super) fn not_sent(&self, error: &SendError) -> Box<Failure> {
        let message = self.safe(&error.to_string());
        Box::new(Failure::new(Kind::Failure, message, Exit::Expectation))
    }

    async fn ping(
        &self,
        on: usize,
        payload: &Template,
        within: Option<Duration>,
    ) -> StepResult<()> {
        let payload = self.control(payload)?.into_bytes();
        self.connection(on)?.inbox().forget_controls();
        self.send(on, Outgoing::Ping(payload.clone())).await?;
        self.expect_control(on, true, Some(&payload), within).await
    }

    /// Closes the connection, if the server has not.
    ///
    /// Where both do at about the same time, chance decides who is first, so only the server's code counts.
    async fn close(
        &mut self,
        on: usize,
        outgoing: Outgoing,
        within: Option<Duration>,
    ) -> StepResult<()> {
        let until = self.until(within);
        let connection = self.connection(on)?;
        let closed_before = connection.inbox().close.is_some();
        if !closed_before {
            let sent = connection.send(outgoing, until.deadline).await;
            sent.map_err(|error| self.not_sent(&error))?;
        }
        let end = |inbox: &mut Inbox| inbox.ending.as_ref().map(|it| it.end.clone());
        let ended = match connection.wait(until.deadline, end).await {
            Ok(End::CloseTimeout) => Err(WaitError::Late),
            Ok(end) => Ok(end),
            Err(missed) => Err(missed),
        };
        match ended {
            Ok(End::Closed {
                by_peer,
                sent,
                received,
            }) => {
                let code = reported_code(received.as_ref());
                if code.is_ok() || !by_peer && code == reported_code(sent.as_ref()) {
                    self.connections[on] = None;
                    return Ok(());
                }
                let message = format!("the server closed with {}", close_text(received.as_ref()));
                Err(Box::new(Failure::new(
                    Kind::Failure,
                    self.safe(&message),
                    Exit::Expectation,
                )))
            }
            Ok(_) => {
                let log = Log::new(until.since);
                Err(until.missed(
                    WaitError::Ended,
                    "the Close frame was not answered",
                    connection,
                    log,
                ))
            }
            Err(missed) => {
                let log = Log::new(until.since);
                Err(until.missed(missed, "the Close frame was not answered", connection, log))
            }
        }
    }

    async fn wait(&self, time: Duration) -> StepResult<()> {
        let until = self.until(Some(time));
        tokio::time::sleep_until(until.deadline.into()).await;
        if !until.is_of_case {
            return Ok(());
        }
        let limit = crate::render::quantity::duration(until.limit);
        let message = format!("--max-time ({limit}) ended the case");
        Err(Box::new(Failure::new(
            Kind::Failure,
            message,
            Exit::Timeout,
        )))
    }
}
