//! The end of a connection: how far it is, and which of several causes counts.

use std::time::Instant;

use super::mode::{CloseMode, Stop};
use crate::event::{Cause, Signal};
use crate::proto::connection::End;

#[derive(Debug, Default)]
pub(super) struct Lifecycle {
    cause: Option<Cause>,
    /// When to stop waiting for blocked output, once the connection has ended.
    give_up: Option<Instant>,
    /// As the engine reports it; output may still wait to be written.
    end: Option<End>,
    /// The user does not wait any longer.
    is_aborted: bool,
}

impl Lifecycle {
    /// Takes a reason to end; returns how to close if the closing handshake starts now or gets a new deadline.
    pub(super) fn stop(&mut self, stop: Stop, now: Instant) -> Option<CloseMode> {
        let Stop { cause, how } = stop;
        if self.is_aborted_by(&cause) {
            self.is_aborted = true;
            self.cause = Some(cause);
            return None;
        }
        if self.is_aborted {
            return None;
        }
        let is_limit = matches!(cause, Cause::MaxTime(_));
        let is_first = self.cause.is_none();
        if let CloseMode::Close { patience, .. } = how
            && self.end.is_none()
            && (is_limit || matches!(cause, Cause::Signal(_)))
        {
            let patience = patience.map(|patience| now + patience);
            self.give_up = [self.give_up, patience].into_iter().flatten().min();
        }
        // After the end only lost output is a new reason.
        let counts = match &self.cause {
            Some(first) => outranks(&cause, first),
            None => self.end.is_none() || matches!(cause, Cause::Write(_)),
        };
        if counts {
            self.cause = Some(cause);
        }
        // --max-time also limits the closing handshake.
        (self.end.is_none() && (is_first || is_limit)).then_some(how)
    }

    /// Whether `cause` ends the wait for a close that is already in progress.
    fn is_aborted_by(&self, cause: &Cause) -> bool {
        match cause {
            _ if self.cause.is_none() && self.end.is_none() => false,
            // A terminal that goes away also sends SIGHUP: the second hang-up is the same event.
            Cause::Signal(Signal::Hangup) => self.cause.as_ref() != Some(cause),
            Cause::Signal(_) => true,
            Cause::MaxTime(_) => self.end.is_some() && !self.is_aborted,
            _ => false,
        }
    }

    pub(super) fn end(&mut self, end: End) {
        self.end = Some(end);
    }

    /// Whether nothing is left to do; `flushed` is whether the mode's output is written.
    pub(super) fn is_over(&self, flushed: bool, now: Instant) -> bool {
        let may_end = || flushed || self.give_up.is_some_and(|at| at <= now);
        self.is_aborted || self.end.is_some() && may_end()
    }

    /// When [`is_over`](Self::is_over) may change by itself.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.give_up.filter(|_| self.end.is_some())
    }

    /// The reported end, if there is one, and this side's cause, if it ended the connection.
    pub(super) fn into_end(self) -> (Option<End>, Option<Cause>) {
        (self.end, self.cause)
    }
}

/// Whether a later reason to end replaces the first.
fn outranks(later: &Cause, first: &Cause) -> bool {
    match first {
        // A quit during a reconnect replaces the reconnect.
        Cause::Reconnect => true,
        // After a deliberate end, the closing handshake may take too long.
        Cause::Quit | Cause::EndOfInput => matches!(later, Cause::MaxTime(_) | Cause::Write(_)),
        // Lost output counts more than any other reason.
        _ => matches!(later, Cause::Write(_)),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn cause(lifecycle: Lifecycle) -> Option<Cause> {
        lifecycle.into_end().1
    }

    fn after(causes: impl IntoIterator<Item = Cause>) -> Lifecycle {
        let mut lifecycle = Lifecycle::default();
        for cause in causes {
            lifecycle.stop(Stop::promptly(cause, None), Instant::now());
        }
        lifecycle
    }

    #[test]
    fn the_first_cause_counts_unless_a_later_one_outranks_it() {
        use Cause::{Count, EndOfInput, MaxTime, Quit, Reconnect, Write};
        let write = || Write("disk full".to_owned());
        for (first, later, counts) in [
            (Count(1), Quit, Count(1)),
            (Count(1), MaxTime(SECOND), Count(1)),
            (EndOfInput, MaxTime(SECOND), MaxTime(SECOND)),
            (Quit, MaxTime(SECOND), MaxTime(SECOND)),
            (Reconnect, Quit, Quit),
            (Count(1), write(), write()),
        ] {
            assert_eq!(cause(after([first, later])), Some(counts));
        }
    }

    #[test]
    fn a_second_signal_aborts_and_a_second_hang_up_does_not() {
        let now = Instant::now();
        let signal = Cause::Signal;
        let twice = |one, two| after([signal(one), signal(two)]).is_over(false, now);
        assert!(twice(Signal::Interrupt, Signal::Interrupt));
        assert!(twice(Signal::Hangup, Signal::Interrupt));
        assert!(!twice(Signal::Hangup, Signal::Hangup));
    }

    #[test]
    fn blocked_output_delays_the_end_unless_a_signal_limits_it() {
        let start = Instant::now();
        for (cause, given_up) in [
            (Cause::EndOfInput, false),
            (Cause::Signal(Signal::Interrupt), true),
        ] {
            let mut lifecycle = Lifecycle::default();
            lifecycle.stop(Stop::promptly(cause, None), start);
            lifecycle.end(End::CloseTimeout);
            assert!(!lifecycle.is_over(false, start));
            assert_eq!(lifecycle.is_over(false, start + 2 * SECOND), given_up);
            assert!(lifecycle.is_over(true, start));
        }
    }
}
