//! Steps of a protocol on top.

use serde_json::Value;

use super::case::{Runner, StepResult};
use super::inbox::Inbox;
use super::log::Log;
use super::result::{Failure, Kind};
use crate::event::Cause;
use crate::exit::Exit;
use crate::ontop::Answer;
use crate::ontop::socketio::ANSWER;
use crate::scenario::ast::Say;

impl Runner<'_> {
    /// Waits until the session is open.
    pub(super) async fn greet(&self, on: usize) -> StepResult<()> {
        let (connection, until) = (self.connection(on)?, self.until(None));
        let look = |inbox: &mut Inbox| inbox.is_ready.then_some(());
        let Err(missed) = connection.wait(until.deadline, look).await else {
            return Ok(());
        };
        let cause = connection
            .inbox()
            .ending
            .as_ref()
            .and_then(|it| it.cause.clone());
        let Some(Cause::OnTop {
            text, hint, exit, ..
        }) = cause
        else {
            let what = "the session of the protocol on top did not open";
            return Err(until.missed(missed, what, connection, Log::new(until.since)));
        };
        let mut failure = Failure::new(Kind::Failure, self.safe(&text), exit);
        failure.hint = hint.map(|hint| self.safe(&hint));
        Err(Box::new(failure))
    }

    pub(super) async fn say(&self, on: usize, say: &Say) -> StepResult<()> {
        let args = self.fill(&say.args)?;
        // In a scenario, `ack` has no number: it answers the oldest event that waits.
        let verb = if say.verb == "ack" { ANSWER } else { say.verb };
        let deadline = self.until(None).deadline;
        let connection = self.connection(on)?;
        let said = connection.say(verb, args.clone(), deadline).await;
        said.map_err(|error| self.not_sent(&error))?;
        match connection.on_top.and_then(|name| name.answer(say.verb)) {
            Some(find) => {
                self.answered(on, say.verb, |object| find(&args, object))
                    .await
            }
            None => Ok(()),
        }
    }

    /// Waits for the answer to a verb.
    async fn answered(
        &self,
        on: usize,
        verb: &str,
        find: impl Fn(&Value) -> Option<Answer>,
    ) -> StepResult<()> {
        let (connection, until) = (self.connection(on)?, self.until(None));
        let look = |inbox: &mut Inbox| inbox.take_first(&find);
        match connection.wait(until.deadline, look).await {
            Ok(Answer::Yes) => Ok(()),
            Ok(Answer::Refused(text)) => {
                let message = self.safe(&text);
                let failure = Failure::new(Kind::Failure, message, Exit::RefusedOnTop);
                Err(Box::new(failure))
            }
            Err(missed) => {
                let what = format!("the server did not answer the request to {verb}");
                Err(until.missed(missed, &what, connection, Log::new(until.since)))
            }
        }
    }
}
