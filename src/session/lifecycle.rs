//! The end of a connection: how far it is, and which of several causes counts.

use std::time::Instant;

use super::mode::{CloseMode, Stop};
use crate::event::{Cause, Signal};
use crate::proto::connection::End;

#[derive(Debug, Default)]
pub(super) enum Lifecycle {
    #[default]
    Running,
    /// This side has started the end and waits for the peer.
    Closing {
        cause: Cause,
        /// When to stop waiting for blocked output, once the connection has ended.
        give_up: Option<Instant>,
    },
    /// The engine has reported the end; output may still wait to be written.
    Ended {
        end: End,
        cause: Option<Cause>,
        give_up: Option<Instant>,
    },
    /// The user does not wait any longer.
    Aborted { cause: Cause, end: Option<End> },
}

impl Lifecycle {
    /// Takes a reason to end; returns how to close if the closing handshake starts now or gets a new deadline.
    pub(super) fn stop(&mut self, stop: Stop, now: Instant) -> Option<CloseMode> {
        let Stop { cause, how } = stop;
        if self.is_aborted_by(&cause) {
            let (end, _) = std::mem::take(self).into_end();
            *self = Self::Aborted { cause, end };
            return None;
        }
        let is_limit = matches!(cause, Cause::MaxTime(_));
        // Whoever quits does not wait for the handshake of an earlier /close.
        let is_left = matches!((&*self, &cause), (Self::Closing { .. }, Cause::Quit));
        let is_hurried = is_limit || is_left || matches!(cause, Cause::Signal(_));
        let patience = match how {
            CloseMode::Close { patience, .. } if is_hurried => {
                patience.map(|patience| now + patience)
            }
            _ => None,
        };
        match self {
            Self::Running => {
                let give_up = patience;
                *self = Self::Closing { cause, give_up };
                Some(how)
            }
            Self::Closing {
                cause: first,
                give_up,
            } => {
                if outranks(&cause, first) {
                    *first = cause;
                }
                *give_up = [*give_up, patience].into_iter().flatten().min();
                // Both also limit the closing handshake.
                (is_limit || is_left).then_some(how)
            }
            Self::Ended { cause: first, .. } => {
                match first {
                    Some(first) if outranks(&cause, first) => *first = cause,
                    None if matches!(cause, Cause::Write(_) | Cause::OnTop { .. }) => {
                        *first = Some(cause);
                    }
                    _ => {}
                }
                None
            }
            Self::Aborted { .. } => None,
        }
    }

    /// Whether `cause` ends the wait for a close that is already in progress.
    fn is_aborted_by(&self, cause: &Cause) -> bool {
        match (self, cause) {
            (Self::Running, _) => false,
            // A terminal that goes away also sends SIGHUP: the second hang-up is the same event.
            (_, Cause::Signal(Signal::Hangup)) => self.cause() != Some(cause),
            (Self::Ended { .. }, Cause::MaxTime(_)) | (_, Cause::Signal(_)) => true,
            _ => false,
        }
    }

    fn cause(&self) -> Option<&Cause> {
        match self {
            Self::Running => None,
            Self::Closing { cause, .. } | Self::Aborted { cause, .. } => Some(cause),
            Self::Ended { cause, .. } => cause.as_ref(),
        }
    }

    pub(super) fn end(&mut self, end: End) {
        *self = match std::mem::take(self) {
            Self::Closing { cause, give_up } => Self::Ended {
                end,
                cause: Some(cause),
                give_up,
            },
            Self::Running | Self::Ended { .. } => Self::Ended {
                end,
                cause: None,
                give_up: None,
            },
            Self::Aborted { cause, .. } => Self::Aborted {
                cause,
                end: Some(end),
            },
        }
    }

    /// Whether nothing is left to do; `flushed` is whether the mode's output is written.
    pub(super) fn is_over(&self, flushed: bool, now: Instant) -> bool {
        match self {
            Self::Running | Self::Closing { .. } => false,
            Self::Ended { give_up, .. } => flushed || give_up.is_some_and(|at| at <= now),
            Self::Aborted { .. } => true,
        }
    }

    /// When [`is_over`](Self::is_over) may change by itself.
    pub(super) fn deadline(&self) -> Option<Instant> {
        match self {
            Self::Ended { give_up, .. } => *give_up,
            _ => None,
        }
    }

    /// The reported end, if there is one, and this side's cause, if it ended the connection.
    pub(super) fn into_end(self) -> (Option<End>, Option<Cause>) {
        match self {
            Self::Running => (None, None),
            Self::Closing { cause, .. } => (None, Some(cause)),
            Self::Ended { end, cause, .. } => (Some(end), cause),
            Self::Aborted { cause, end } => (end, Some(cause)),
        }
    }
}

/// Whether a later reason to end replaces the first.
fn outranks(later: &Cause, first: &Cause) -> bool {
    match first {
        // A quit during a reconnect or a /close replaces that.
        Cause::Reconnect | Cause::Close => true,
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
        let mut lifecycle = Lifecycle::Running;
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
            let mut lifecycle = Lifecycle::Running;
            lifecycle.stop(Stop::promptly(cause, None), start);
            lifecycle.end(End::CloseTimeout);
            assert!(!lifecycle.is_over(false, start));
            assert_eq!(lifecycle.is_over(false, start + 2 * SECOND), given_up);
            assert!(lifecycle.is_over(true, start));
        }
    }

    #[test]
    fn whoever_quits_does_not_wait_for_an_earlier_close() {
        let mut lifecycle = Lifecycle::Running;
        let close = Stop::new(Cause::Close, None);
        assert!(lifecycle.stop(close, Instant::now()).is_some());
        let quit = Stop::promptly(Cause::Quit, None);
        let how = lifecycle.stop(quit, Instant::now());
        assert!(matches!(how, Some(CloseMode::Close { patience: Some(it), .. }) if it == SECOND));
    }
}
