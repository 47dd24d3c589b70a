//! Reconnecting: one connection after another, for a mode that outlives them.

use std::borrow::Cow;
use std::cell::RefCell;
use std::future::poll_fn;
use std::pin::pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::backoff::{Backoff, is_lost, retry_after};
use super::driver::drive;
use super::error::OpenError;
use super::mode::{Over, Reconnecting, Stop};
use super::open::{Opened, compared, open_once};
use super::options::Options;
use crate::diagnostic::Diagnostic;
use crate::event::{Cause, DisconnectReason, Ending, Event, GaveUp, Offline, Retry};

pub struct Plan<'a> {
    pub open: Cow<'a, Options>,
    pub backoff: Backoff,
    /// Whether to reconnect after a lost connection; a reconnect the user asks for always happens.
    pub is_lasting: bool,
}

#[derive(Debug)]
pub struct Finish {
    /// The end of the last connection, with the totals of all of them.
    pub ending: Ending,
    /// Why no other connection could be opened, if that ended the run.
    pub failure: Option<OpenError>,
}

struct Failure {
    error: OpenError,
    attempts: u32,
}

/// Opens the first connection of a run; with a `backoff`, it waits for a server that is not there yet.
pub async fn open_lasting(
    options: &Options,
    mut backoff: Option<Backoff>,
    observe: &mut dyn FnMut(Event<'_>),
) -> Result<Opened, OpenError> {
    loop {
        let error = match open_once(options, observe).await {
            Ok(opened) => return Ok(opened),
            Err(error) => error,
        };
        let least = retry_after(&error, Timestamp::now());
        let attempt = backoff
            .as_mut()
            .zip(least)
            .and_then(|(backoff, least)| backoff.next(least, rand::random()));
        let Some(attempt) = attempt else {
            return Err(compared(error, options).await);
        };
        observe(Event::Retry(&Retry {
            reason: DisconnectReason::Waiting(&error.to_string()),
            delay: attempt.delay,
            attempt: attempt.number,
        }));
        tokio::time::sleep(attempt.delay).await;
    }
}

/// Runs `mode` on `opened` and on every connection that replaces it.
pub async fn keep_up<M: Reconnecting>(opened: Opened, mut plan: Plan<'_>, mode: &mut M) -> Finish {
    let since = opened.at;
    let mut next = opened;
    let mut before: Option<Ending> = None;
    let (mut ending, failure) = loop {
        let mut ending = drive(next.stream, next.connection, next.at, mode).await;
        ending.evidence = next.evidence;
        ending.evidence.time = Timestamp::now();
        ending.ours.is_lasting = plan.is_lasting;
        mode.judge(&mut ending.ours);
        let reopened = Box::pin(plan.follow(&ending, mode)).await;
        if let Some(before) = &before {
            ending.add(before);
        }
        match reopened {
            Reopened::Open(opened) => next = *opened,
            // Ctrl-D during the wait is not the reason the connection ended.
            Reopened::Stopped(Cause::Quit, failure) | Reopened::Not(failure) => {
                ending.gave_up = failure.as_ref().map(Failure::gave_up);
                break (ending, failure.map(|failure| failure.error));
            }
            Reopened::Stopped(cause, _) => {
                ending.cause = Some(cause);
                break (ending, None);
            }
        }
        before = Some(ending);
    };
    if ending.connections > 1 {
        ending.lasted = Instant::now().saturating_duration_since(since);
    }
    mode.complete(&mut ending);
    Finish { ending, failure }
}

impl Failure {
    fn gave_up(&self) -> GaveUp {
        GaveUp {
            attempts: self.attempts,
            exit: self.error.exit(),
            hint: self.error.hint(),
        }
    }
}

enum Reopened {
    Open(Box<Opened>),
    /// With the last failure, if the user waited after it.
    Stopped(Cause, Option<Failure>),
    /// No connection, with the last failure if attempts were made.
    Not(Option<Failure>),
}

impl Plan<'_> {
    fn wants_reconnect(&self, ending: &Ending) -> bool {
        ending.cause == Some(Cause::Reconnect) || self.is_lasting && is_lost(ending)
    }

    /// Opens another connection if the end of the last one or the user asks for it.
    async fn follow<M: Reconnecting>(&mut self, ending: &Ending, mode: &mut M) -> Reopened {
        let lost = Instant::now();
        let other = mode.reoffer(Over::Ended(ending));
        let mut reopened = if other.is_some_and(|other| self.open.to_mut().offer_instead(other)) {
            self.reopen(ending, true, lost, mode).await
        } else if self.wants_reconnect(ending) && mode.wants_reconnect() {
            self.backoff.lost(ending.lasted);
            let is_asked = ending.cause == Some(Cause::Reconnect);
            self.reopen(ending, is_asked, lost, mode).await
        } else {
            Reopened::Not(None)
        };
        loop {
            reopened = match reopened {
                Reopened::Not(failure) if mode.stays(ending) => {
                    self.wait(ending, failure, lost, mode).await
                }
                reopened => return reopened,
            };
        }
    }

    /// Waits until the user asks for another connection, or leaves.
    async fn wait<M: Reconnecting>(
        &mut self,
        ending: &Ending,
        failure: Option<Failure>,
        lost: Instant,
        mode: &mut M,
    ) -> Reopened {
        let failed = failure.as_ref().map(|failure| {
            let error = &failure.error;
            (error.to_string(), error.hint())
        });
        let offline = match &failed {
            Some((text, hint)) => Offline {
                reason: DisconnectReason::Failed(text),
                hint: hint.as_deref(),
            },
            None => Offline {
                reason: DisconnectReason::Lost(ending),
                hint: None,
            },
        };
        mode.while_disconnected(&Event::Offline(&offline), Instant::now());
        let waited = while_disconnected(&RefCell::new(&mut *mode), Until::Asked).await;
        match waited {
            Some(stop) => Reopened::Stopped(stop.cause, failure),
            None => self.reopen(ending, true, lost, mode).await,
        }
    }

    /// Waits and tries until a connection is open or another attempt is pointless.
    async fn reopen<M: Reconnecting>(
        &mut self,
        ending: &Ending,
        mut is_asked: bool,
        lost: Instant,
        mode: &mut M,
    ) -> Reopened {
        let mode = RefCell::new(mode);
        let mut report = |event: Event<'_>| {
            let now = Instant::now();
            mode.borrow_mut().while_disconnected(&event, now);
        };
        let mut failure: Option<Failure> = None;
        let mut least = Some(Duration::ZERO);
        loop {
            let attempt = if std::mem::take(&mut is_asked) {
                Some(self.backoff.at_once())
            } else {
                least.and_then(|least| self.backoff.next(least, rand::random()))
            };
            let Some(attempt) = attempt else {
                return Reopened::Not(failure);
            };
            let text = failure.as_ref().map(|failure| failure.error.to_string());
            let retry = Retry {
                reason: text
                    .as_deref()
                    .map_or(DisconnectReason::Lost(ending), DisconnectReason::Failed),
                delay: attempt.delay,
                attempt: attempt.number,
            };
            report(Event::Retry(&retry));
            let until = Instant::now() + attempt.delay;
            if let Some(stop) = while_disconnected(&mode, Until::Time(until)).await {
                return Reopened::Stopped(stop.cause, None);
            }
            let options: &Options = &self.open;
            let opened = tokio::select! {
                biased;
                opened = open_once(options, &mut report) => opened,
                Some(stop) = while_disconnected(&mode, Until::Opened) => {
                    return Reopened::Stopped(stop.cause, None);
                }
            };
            match opened {
                Ok(opened) => {
                    report(Event::Reconnected(opened.at - lost));
                    return Reopened::Open(Box::new(opened));
                }
                Err(error) => {
                    let other = mode.borrow_mut().reoffer(Over::NotOpen(&error));
                    is_asked = other.is_some_and(|other| self.open.to_mut().offer_instead(other));
                    least = retry_after(&error, Timestamp::now());
                    let attempts = attempt.number;
                    failure = Some(Failure { error, attempts });
                }
            }
        }
    }
}

/// When a mode without a connection gets another chance.
#[derive(Debug, Clone, Copy)]
enum Until {
    /// At this time, or as soon as the user asks.
    Time(Instant),
    Asked,
    /// When an attempt that is running elsewhere succeeds or fails.
    Opened,
}

/// Runs a mode without a connection until then, or until it wants to end.
async fn while_disconnected<M: Reconnecting>(mode: &RefCell<&mut M>, until: Until) -> Option<Stop> {
    let time = match until {
        Until::Time(time) => Some(time),
        Until::Asked | Until::Opened => None,
    };
    let mut sleep = pin!(tokio::time::sleep(Duration::ZERO));
    poll_fn(|cx| {
        loop {
            let now = Instant::now();
            if let Poll::Ready(stop) = poll_while_disconnected(&mut **mode.borrow_mut(), cx, now) {
                return Poll::Ready(Some(stop));
            }
            let is_asked =
                !matches!(until, Until::Opened) && mode.borrow_mut().take_reconnect_now();
            if is_asked || time.is_some_and(|time| time <= now) {
                return Poll::Ready(None);
            }
            let deadline = [time, mode.borrow().deadline()].into_iter().flatten().min();
            let Some(deadline) = deadline else {
                return Poll::Pending;
            };
            sleep.as_mut().reset(deadline.into());
            if sleep.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
        }
    })
    .await
}

fn poll_while_disconnected<M: Reconnecting>(
    mode: &mut M,
    cx: &mut Context<'_>,
    now: Instant,
) -> Poll<Stop> {
    loop {
        let moved = mode.poll_while_disconnected(cx, now);
        // Output that is blocked now is written once there is a connection again.
        let _ = mode.poll_output(cx);
        if let Poll::Ready(stop) = mode.poll_stop(cx, now) {
            return Poll::Ready(stop);
        }
        if !moved {
            return Poll::Pending;
        }
    }
}
