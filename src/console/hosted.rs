//! A server and its prompt: both run until the user or a signal ends them.

use std::future::poll_fn;
use std::pin::pin;
use std::task::{Context, Poll};
use std::time::Instant;

use tokio::sync::watch;

use super::editor::{Draft, Entry};
use super::host::{Host, Row};
use crate::command::{Command, CommandError, Outgoing};
use crate::event::{Cause, Signal};

/// A prompt of what lets clients in.
pub trait Hosted {
    fn parts(&mut self) -> (&mut Host, &mut dyn Row);
    fn into_host(self) -> Host;
    /// Notices what has changed since the last call, and is called with `cx` when there is more.
    fn follow(&mut self, cx: &mut Context<'_>);
    /// Executes a line; returns why the server is to end.
    fn line(
        &mut self,
        line: &str,
        command: Result<Command, CommandError>,
        now: Instant,
    ) -> Option<Cause>;
    /// Sends what the user has chosen elsewhere, such as among kept messages.
    fn send_again(&mut self, outgoing: Outgoing, now: Instant);
    /// Takes what the user has written in an editor.
    fn take_draft(&mut self, draft: Draft, now: Instant);
    /// What the user would lose at the end, and how to save it, for a question.
    fn at_stake(&self) -> Option<[String; 2]> {
        None
    }
}

/// Runs `serving`, which ends by `end`, and its prompt, which gets the time from `clock`; returns why they ended.
pub async fn attend(
    mut prompt: impl Hosted,
    serving: impl Future<Output = ()>,
    end: watch::Sender<Option<Cause>>,
    clock: fn() -> Instant,
) -> Cause {
    let mut serving = pin!(serving);
    let cause = tokio::select! {
        // It ends by what is sent below only.
        () = &mut serving => Cause::Quit,
        cause = poll_fn(|cx| poll(&mut prompt, cx, clock())) => cause,
    };
    let _ = end.send(Some(cause.clone()));
    poll_fn(|cx| match serving.as_mut().poll(cx) {
        Poll::Ready(()) => Poll::Ready(()),
        Poll::Pending => {
            let (host, row) = prompt.parts();
            host.poll_closing(cx, row, clock())
        }
    })
    .await;
    prompt.into_host().finish();
    cause
}

/// Ready when the server is to end, with the reason.
fn poll(prompt: &mut impl Hosted, cx: &mut Context<'_>, now: Instant) -> Poll<Cause> {
    if let Poll::Ready(cause) = prompt.parts().0.poll_signal(cx, now) {
        return Poll::Ready(cause);
    }
    while let Poll::Ready(entry) = prompt.parts().0.editor.poll_entry(cx) {
        if let Some(cause) = handle(prompt, entry, now) {
            return Poll::Ready(cause);
        }
    }
    prompt.follow(cx);
    let (host, row) = prompt.parts();
    host.print(cx, row, now);
    Poll::Pending
}

/// Handles an action of the user; returns why the server is to end.
fn handle(prompt: &mut impl Hosted, entry: Entry, now: Instant) -> Option<Cause> {
    let stake = prompt.at_stake();
    let host = prompt.parts().0;
    let is_warned = host.begin(now);
    match (entry, stake) {
        (Entry::Interrupt, stake) if !is_warned => {
            let [loss, _] = stake.unwrap_or_default();
            host.warn("Ctrl-C again, or Ctrl-D,", &loss);
        }
        (Entry::End, Some([loss, rescue])) if !is_warned => {
            host.warn("Ctrl-D again", &format!("{rescue}{loss}"));
        }
        (Entry::Interrupt | Entry::Interrupted, _) => {
            return Some(Cause::Signal(Signal::Interrupt));
        }
        (Entry::HungUp, _) => return Some(Cause::Signal(Signal::Hangup)),
        (Entry::End, _) => return Some(Cause::Quit),
        (Entry::Failed(problem), _) => {
            let hint = None;
            return Some(Cause::Input { problem, hint });
        }
        (Entry::Line(line, command), _) => return prompt.line(&line, command, now),
        (Entry::Again(outgoing), _) => prompt.send_again(outgoing, now),
        (Entry::Sync(taken), _) => drop(taken),
        (Entry::Returned(taken), _) => {
            host.returned(now);
            drop(taken);
        }
        (Entry::Edited(written, taken), _) => {
            host.returned(now);
            match written {
                Ok(draft) => prompt.take_draft(draft, now),
                Err(why) => host.complain(&why),
            }
            drop(taken);
        }
    }
    None
}
