//! The step that opens a connection and checks the response.

use std::borrow::Cow;
use std::time::Duration;

use super::case::{Runner, StepResult};
use super::connection::ScriptedConnection;
use super::dial::{Dial, Endpoint, Request};
use super::result::{Failure, Kind, LONGEST_LINE, cut};
use crate::diagnostic::Diagnostic;
use crate::dial;
use crate::event::Event;
use crate::exit::Exit;
use crate::matching::glob;
use crate::ontop::Reoffer;
use crate::proto::http1::Head;
use crate::render::quantity;
use crate::scenario::{Statement, Step, Template};
use crate::session::{self, OpenError, OpenProblem, Opened, Refused};
use crate::speaker::Speaker;
use crate::term;

/// The longest part of a refusal's body in a report, in bytes: enough for an error in JSON or text.
const BODY: usize = 1 << 10;
const SWITCHING: u16 = 101;

/// Why a connection or its session did not open.
struct Unmet {
    failure: Box<Failure>,
    /// What another connection is to offer.
    reoffer: Option<Reoffer>,
}

impl From<Box<Failure>> for Unmet {
    fn from(failure: Box<Failure>) -> Self {
        let reoffer = None;
        Self { failure, reoffer }
    }
}

impl Runner<'_> {
    pub(super) async fn connect(
        &mut self,
        step: &Step,
        url: &Template,
        dial: &dyn Dial,
    ) -> StepResult<()> {
        let request = Request::new(url, &step.below, |template| self.fill(template))?;
        let endpoint = dial.endpoint(&request).map_err(|unresolved| {
            let mut failure = self.error(&unresolved.message, unresolved.exit);
            failure.hint = unresolved.hint.map(|hint| self.safe(&hint));
            failure
        })?;
        let mut options = Cow::Borrowed(&endpoint.open);
        let mut met = self.attempt(step, &endpoint, &options).await;
        if let Err(unmet) = &mut met
            && let Some(reoffer) = unmet.reoffer.take()
            && options.to_mut().offer_instead(reoffer)
        {
            self.start_clock();
            met = self.attempt(step, &endpoint, &options).await;
        }
        met.map_err(|unmet| unmet.failure)
    }

    async fn attempt(
        &mut self,
        step: &Step,
        endpoint: &Endpoint,
        options: &session::Options,
    ) -> Result<(), Unmet> {
        let status = step.status();
        let (result, head) = self.open(options, status).await?;
        let head = head.as_ref();
        match result {
            Ok(opened) if status == SWITCHING => {
                self.came = head.map(|head| self.status_line(head));
                self.check(step, head)?;
                self.start(step.on, opened, endpoint, &options.offer.target)
                    .await
            }
            Ok(opened) => {
                // Dropped without a closing handshake, as the case ends here.
                drop(opened);
                let opening = match head {
                    Some(head) if head.is_http2() => "200, which is written as 101",
                    _ => "101",
                };
                let message =
                    format!("expected status {status}, but the connection opened ({opening})");
                Err(self.unlike_head(&message, head, Exit::Expectation).into())
            }
            Err(error) => {
                let mut failure = match &error.problem {
                    OpenProblem::Refused(refused) if refused.refusal.status == status => {
                        self.came = Some(self.status_line(&refused.refusal.response));
                        return Ok(self.check(step, Some(&refused.refusal.response))?);
                    }
                    OpenProblem::Refused(refused) => self.refused(status, refused),
                    OpenProblem::Handshake(_) => {
                        self.unlike_head(&error.to_string(), head, error.exit())
                    }
                    _ => self.error(&error, error.exit()),
                };
                failure.hint = error.hint().map(|hint| self.safe(&hint));
                let on_top = endpoint.on_top.as_ref().filter(|_| status == SWITCHING);
                let reoffer = on_top.and_then(|it| it.reoffer(&error, &options.offer.target));
                Err(Unmet { failure, reoffer })
            }
        }
    }

    /// Starts the connection, and waits for the session of the protocol on top.
    async fn start(
        &mut self,
        on: usize,
        opened: Opened,
        endpoint: &Endpoint,
        target: &str,
    ) -> Result<(), Unmet> {
        let mut human = self.context.human.clone();
        opened.evidence.requests().for_each(|it| human.learn(it));
        let on_top = endpoint.on_top.as_ref().map(|it| {
            let mut speaker = Speaker::new(&it.on(target));
            speaker.agree(&opened.open);
            speaker
        });
        let is_spoken = on_top.is_some();
        let connection = ScriptedConnection::start(opened, human, on_top);
        self.connections[on] = Some(connection);
        if !is_spoken {
            return Ok(());
        }
        let Err(failure) = self.greet(on).await else {
            return Ok(());
        };
        let reoffer = self.connection(on)?.inbox().reoffer.take();
        Err(Unmet { failure, reoffer })
    }

    async fn open(
        &mut self,
        options: &session::Options,
        status: u16,
    ) -> StepResult<(Result<Opened, OpenError>, Option<Head>)> {
        let context = self.context;
        let mut retries = context.options.retries;
        loop {
            let (result, head) = self.open_once(options).await?;
            let is_up = !matches!(&result, Err(error) if is_starting(error, status));
            if is_up {
                context.down.borrow_mut().retain(|it| *it != options.target);
                return Ok((result, head));
            }
            if context.down.borrow().contains(&options.target) {
                return Ok((result, head));
            }
            if retries == 0 {
                context.down.borrow_mut().push(options.target.clone());
                return Ok((result, head));
            }
            retries -= 1;
            tokio::time::sleep(context.options.retry_delay).await;
            self.start_clock();
        }
    }

    async fn open_once(
        &mut self,
        options: &session::Options,
    ) -> StepResult<(Result<Opened, OpenError>, Option<Head>)> {
        let mut human = self.context.human.clone();
        let mut head = None;
        let values = &mut self.values;
        let mut observe = |event: Event<'_>| {
            let mut text = String::new();
            human.event(&mut text, &event, std::time::Instant::now());
            if !text.is_empty() {
                term::stderr(&text);
            }
            if let Some(request) = event.request() {
                values.learn(request);
            }
            if let Event::Response(response) = event {
                head = Some(response.clone());
            }
        };
        let opening = session::open(options, &mut observe);
        let (deadline, limit) = match self.deadline {
            Some((deadline, limit)) => (Some(deadline), limit),
            None => (None, Duration::ZERO),
        };
        let result = match deadline {
            None => opening.await,
            Some(deadline) => {
                if let Ok(result) = tokio::time::timeout_at(deadline.into(), opening).await {
                    result
                } else {
                    let limit = quantity::duration(limit);
                    let text = format!("no connection before --max-time ({limit}) ended the case");
                    return Err(self.error(&text, Exit::Timeout));
                }
            }
        };
        Ok((result, head))
    }

    fn status_line(&self, head: &Head) -> String {
        let line = String::from_utf8_lossy(head.start_line());
        cut(&self.safe(&line), LONGEST_LINE)
    }

    fn check(&self, step: &Step, head: Option<&Head>) -> StepResult<()> {
        let Some(head) = head else {
            return Ok(());
        };
        for line in &step.below {
            let Statement::ResponseField { name, value } = &line.statement else {
                continue;
            };
            let expected = self.fill(value)?;
            if let Some(problem) = field_problem(head, name, &expected) {
                let mut failure = self.unlike_head(&problem, Some(head), Exit::Expectation);
                // The line of the field says more than that of `connect`.
                failure.line = Some(line.number);
                failure.step = self.values.line(&line.source);
                return Err(failure);
            }
        }
        Ok(())
    }

    fn refused(&self, expected: u16, refused: &Refused) -> Box<Failure> {
        let response = &refused.refusal.response;
        let line = String::from_utf8_lossy(response.start_line()).into_owned();
        let message = format!("expected status {expected}, the server answered {line}");
        let exit = match expected {
            SWITCHING => Exit::Refused,
            _ => Exit::Expectation,
        };
        let mut failure = self.unlike_head(&message, Some(response), exit);
        let body = String::from_utf8_lossy(refused.body.content());
        // Cut after masking, as half a secret would not be masked.
        let body = self.values.mask(&body);
        let body = &body[..body.floor_char_boundary(BODY)];
        let lines = body.trim_end().lines().map(|line| self.safe(line));
        failure.notes.extend(lines);
        failure
    }

    fn unlike_head(&self, message: &str, head: Option<&Head>, exit: Exit) -> Box<Failure> {
        let mut failure = Failure::new(Kind::Failure, self.safe(message), exit);
        if let Some(head) = head {
            failure
                .notes
                .push(self.safe(&String::from_utf8_lossy(head.start_line())));
            for (name, value) in head.fields() {
                let (name, value) = (
                    String::from_utf8_lossy(name),
                    String::from_utf8_lossy(value),
                );
                let value = self.context.secrets.header_value(&name, &value);
                failure.notes.push(self.safe(&format!("{name}: {value}")));
            }
        }
        Box::new(failure)
    }
}

fn is_starting(error: &OpenError, status: u16) -> bool {
    match &error.problem {
        OpenProblem::Dial(dial::Error::Connect { .. } | dial::Error::Dns { .. })
        | OpenProblem::Stream(_)
        | OpenProblem::Cut { .. }
        | OpenProblem::NoAnswer { .. }
        | OpenProblem::Timeout { .. } => true,
        // A proxy's answer while its server is down.
        OpenProblem::Refused(refused) => {
            let found = refused.refusal.status;
            found != status && matches!(found, 502..=504)
        }
        _ => false,
    }
}

fn field_problem(head: &Head, name: &str, expected: &str) -> Option<String> {
    let found: Vec<String> = head
        .values(name)
        .map(|value| String::from_utf8_lossy(value).into_owned())
        .collect();
    match (expected, found.as_slice()) {
        ("", []) => None,
        ("", [value, ..]) => Some(format!("expected no {name}, found {value:?}")),
        (expected, []) => Some(format!(
            "expected {name}: {expected}, but the field is missing"
        )),
        (expected, values) if values.iter().any(|value| glob(expected, value)) => None,
        (expected, values) => {
            let values = values.join(", ");
            Some(format!("expected {name}: {expected}, found {values}"))
        }
    }
}
