//! Runs one case, step by step, on real connections.

use std::cell::RefCell;
use std::path::Path;
use std::time::{Duration, Instant};

use super::Options;
use super::connection::{ScriptedConnection, WaitError};
use super::dial::{Dial, Prepared};
use super::log::{Log, safe};
use super::result::{Failure, Kind, LONGEST_LINE, Outcome, StepRun, cut};
use super::sent::Sent;
use crate::dial;
use crate::event::Ending;
use crate::exit::Exit;
use crate::matching::{Given, Values};
use crate::proto::connection::End;
use crate::render::close::close_text;
use crate::render::close_summary::ending;
use crate::render::escape::escape_line;
use crate::render::hint::table;
use crate::render::quantity;
use crate::render::{Human, Secrets};
use crate::scenario::{Case, Line, Statement, Step};

pub struct Context<'a> {
    pub options: &'a Options,
    pub given: &'a Given,
    /// Shows events of the connections on standard error.
    pub human: &'a Human,
    pub secrets: Secrets,
    /// Servers for which all retries were in vain: later cases do not wait for them again.
    pub down: RefCell<Vec<dial::Target>>,
}

/// Runs a case; paths in it are relative to `folder`. Must be called on a `LocalSet`.
///
/// `begins` is called with the index of each step. Returns the steps that ran, too.
pub async fn run(
    prepared: &Prepared,
    folder: &Path,
    context: &Context<'_>,
    begins: &dyn Fn(usize),
) -> (Outcome, Vec<StepRun>) {
    let Prepared { case, dials } = prepared;
    let mut runner = Runner::new(case, folder, context);
    let mut outcome = Outcome::Passed;
    let mut steps = Vec::new();
    for (index, (step, dial)) in case.steps.iter().zip(dials).enumerate() {
        begins(index);
        let began = Instant::now();
        let result = runner.step(step, dial.as_deref()).await;
        steps.push(runner.ran(step, began.elapsed()));
        if let Err(failure) = result {
            outcome = Outcome::Failed(Box::new(runner.place(*failure, step)));
            break;
        }
    }
    runner.finish().await;
    // Not before: when the end of TCP is noticed is chance.
    if let (Outcome::Passed, Some(step)) = (&outcome, case.steps.last())
        && let Some(failure) = runner.lost()
    {
        outcome = Outcome::Failed(Box::new(runner.place(failure, step)));
    }
    (outcome, steps)
}

// Boxed: a failure is large and rare.
pub(super) type StepResult<T> = Result<T, Box<Failure>>;

pub(super) struct Runner<'a> {
    pub context: &'a Context<'a>,
    pub folder: &'a Path,
    pub values: Values<'a>,
    /// The open connections, by their index in the case.
    pub connections: Vec<Option<ScriptedConnection>>,
    pub deadline: Option<(Instant, Duration)>,
    sent: Sent,
    /// The beginning of what the current step waited for.
    pub came: Option<String>,
}

impl<'a> Runner<'a> {
    fn new(case: &Case, folder: &'a Path, context: &'a Context<'a>) -> Self {
        let mut runner = Self {
            context,
            folder,
            values: Values::new(context.given, jiff::Timestamp::now()),
            connections: case.connections.iter().map(|_| None).collect(),
            deadline: None,
            sent: Sent::default(),
            came: None,
        };
        runner.start_clock();
        runner
    }

    /// Starts `--max-time` now; retries until a server is up do not count.
    pub(super) fn start_clock(&mut self) {
        let limit = self.context.options.max_time;
        self.deadline = limit.map(|limit| (Instant::now() + limit, limit));
    }

    async fn step(&mut self, step: &Step, dial: Option<&dyn Dial>) -> StepResult<()> {
        match (&step.line.statement, dial) {
            (Statement::Connect { url, .. }, Some(dial)) => self.connect(step, url, dial).await,
            (Statement::Action { on, action }, _) => {
                self.action(step.on, action).await?;
                self.sent.add(on.as_deref(), action, &self.values);
                Ok(())
            }
            // Other statements belong to a `connect`.
            _ => Ok(()),
        }
    }

    fn ran(&mut self, step: &Step, took: Duration) -> StepRun {
        let Line { number, source, .. } = &step.line;
        StepRun {
            line: (*number > 0).then_some(*number),
            text: cut(&self.values.line(source), LONGEST_LINE),
            took,
            came: self.came.take(),
        }
    }

    fn place(&self, failure: Failure, step: &Step) -> Failure {
        let line = failure.line.unwrap_or(step.line.number);
        let shown = if failure.step.is_empty() {
            self.values.line(&step.line.source)
        } else {
            failure.step
        };
        let open = self.connections.get(step.on).and_then(Option::as_ref);
        let connection = failure.connection.or_else(|| open.map(state));
        let connection = connection.map(|text| self.values.mask(&text).into_owned());
        let failure = Failure {
            file: step.line.file.as_deref().map(str::to_owned),
            sent: self.sent.shown(|text| self.safe(text)),
            line: (line > 0).then_some(line),
            step: shown,
            connection,
            ..failure
        };
        failure.cut()
    }

    fn lost(&self) -> Option<Failure> {
        self.connections.iter().flatten().find_map(|connection| {
            let inbox = connection.inbox();
            let ended = inbox.ending.as_ref()?;
            let exit = match &ended.end {
                End::Closed { .. }
                | End::CloseTimeout
                | End::NotAwaited { .. }
                | End::Abandoned { .. } => return None,
                End::Lost { .. } | End::Failed(_) | End::NoPong(_) => exit(ended),
            };
            let message = format!("after the last step: {}", ending(ended, "server"));
            let message = self.values.mask(&message).into_owned();
            let mut failure = Failure::new(Kind::Failure, message, exit);
            failure.connection = Some("over".to_owned());
            failure.hint = hint(ended);
            Some(failure)
        })
    }

    async fn finish(&mut self) {
        for connection in self.connections.iter().flatten() {
            connection.finish().await;
        }
    }

    pub(super) fn connection(&self, on: usize) -> StepResult<&ScriptedConnection> {
        self.connections
            .get(on)
            .and_then(Option::as_ref)
            .ok_or_else(|| {
                let message = "the connection is not open".to_owned();
                Box::new(Failure::new(Kind::Error, message, Exit::Expectation))
            })
    }

    /// The end of a step that waits for `within`, or for `--timeout`.
    pub(super) fn until(&self, within: Option<Duration>) -> Until {
        let limit = within.unwrap_or(self.context.options.timeout);
        let now = Instant::now();
        match self.deadline {
            Some((deadline, max_time)) if deadline < now + limit => Until {
                since: now,
                deadline,
                limit: max_time,
                is_of_case: true,
            },
            _ => Until {
                since: now,
                deadline: now + limit,
                limit,
                is_of_case: false,
            },
        }
    }

    /// Masks and escapes a text from the peer or the scenario.
    pub(super) fn safe(&self, text: &str) -> String {
        safe(text, &self.values)
    }

    pub(super) fn error(&self, error: &impl ToString, exit: Exit) -> Box<Failure> {
        Box::new(Failure::new(
            Kind::Error,
            self.safe(&error.to_string()),
            exit,
        ))
    }
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Until {
    pub since: Instant,
    pub deadline: Instant,
    pub limit: Duration,
    /// `--max-time` ends it, not the limit of the step.
    pub is_of_case: bool,
}

impl Until {
    /// The failure of a step that waited in vain; `what` says for what, as in "no pong came".
    pub(super) fn missed(
        self,
        missed: WaitError,
        what: &str,
        connection: &ScriptedConnection,
        log: Log,
    ) -> Box<Failure> {
        let limit = quantity::duration(self.limit);
        let (message, exit) = match missed {
            WaitError::Late if self.is_of_case => (
                format!("{what} before --max-time ({limit}) ended the case"),
                Exit::Timeout,
            ),
            WaitError::Late => (format!("{what} within {limit}"), Exit::Expectation),
            WaitError::Ended => (
                format!(
                    "{what} before the connection ended, {} into this step",
                    quantity::duration(self.since.elapsed())
                ),
                connection
                    .inbox()
                    .ending
                    .as_ref()
                    .map_or(Exit::Expectation, exit),
            ),
            WaitError::Overflow => (
                format!("{what}; more messages arrived than wsee keeps (64 MiB or 100000)"),
                Exit::Limit,
            ),
        };
        let mut failure = Failure::new(Kind::Failure, message, exit);
        failure.waited = Some(self.since.elapsed());
        failure.connection = Some(state(connection));
        failure.hint = connection.inbox().ending.as_ref().and_then(hint);
        (failure.received, failure.more, failure.closest) = log.into_closest();
        Box::new(failure)
    }
}

pub(super) fn exit(ending: &Ending) -> Exit {
    match &ending.end {
        End::Failed(_) | End::NoPong(_) => ending.exit(),
        _ => Exit::Expectation,
    }
}

/// What to do about the end of a connection.
fn hint(ending: &Ending) -> Option<String> {
    let hint = table::of_ending(ending)?;
    Some(escape_line(&hint).into_owned())
}

pub(super) fn state(connection: &ScriptedConnection) -> String {
    let inbox = connection.inbox();
    if let Some(ended) = &inbox.ending {
        ending(ended, "server")
    } else {
        let received = quantity::plural(inbox.received, "message");
        let state = match &inbox.close {
            Some((frame, _)) => format!("closing, the server sent {}", close_text(frame.as_ref())),
            None => "open".to_owned(),
        };
        format!("{state}, {received} received")
    }
}
