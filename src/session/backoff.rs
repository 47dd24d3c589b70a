//! When to reconnect, and how long to wait first.

use std::time::Duration;

use jiff::Timestamp;
use jiff::fmt::rfc2822;

use super::error::{OpenError, OpenProblem};
use crate::dial::{self, ProxyProblem, SocksProblem, TlsProblem};
use crate::event::{Cause, Ending};
use crate::proto::connection::{End, reported_code};
use crate::proto::frame::CloseCode;
use crate::proto::handshake::HandshakeError;

/// The longest wait before the first attempt: a server that restarts is back within seconds.
const FIRST: Duration = Duration::from_secs(1);
/// The longest wait before any attempt: a person who fixed the network does not want to wait longer.
const LONGEST: Duration = Duration::from_secs(30);
/// The longest `Retry-After` that is honoured; a mistaken date must not stop a run for days.
const LONGEST_ASKED: Duration = Duration::from_hours(1);

/// Exponential backoff: each wait is up to twice as long as the one before, from 1 s to the longest one.
#[derive(Debug, Clone)]
pub struct Backoff {
    longest: Duration,
    /// The number of attempts in a row that may fail.
    limit: Option<u32>,
    /// Attempts in a row that led to no lasting connection.
    attempts: u32,
    waited: Duration,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Attempt {
    pub(super) number: u32,
    pub(super) delay: Duration,
}

impl Backoff {
    /// At most `limit` attempts in a row, and waits of at most 30 s unless `longest` is given.
    pub fn new(limit: Option<u32>, longest: Option<Duration>) -> Self {
        Self {
            longest: longest.unwrap_or(LONGEST),
            limit,
            attempts: 0,
            waited: Duration::ZERO,
        }
    }

    /// Notes that a connection has ended; one shorter than the wait before it counts as a failed attempt.
    pub(super) fn lost(&mut self, lasted: Duration) {
        if lasted >= self.waited {
            self.attempts = 0;
        }
    }

    /// An immediate attempt that the user asks for, the first in a row.
    pub(super) fn at_once(&mut self) -> Attempt {
        self.attempts = 1;
        self.waited = Duration::ZERO;
        Attempt {
            number: self.attempts,
            delay: self.waited,
        }
    }

    /// The next attempt, if there may be one, not before `least`; `jitter` is from 0 to 1.
    ///
    /// Half of the wait is random, so that the clients of a server do not all reconnect at once.
    pub(super) fn next(&mut self, least: Duration, jitter: f64) -> Option<Attempt> {
        if self.limit.is_some_and(|limit| self.attempts >= limit) {
            return None;
        }
        let doubled = FIRST.saturating_mul(1 << self.attempts.min(8));
        let share = 0.5 + jitter.clamp(0.0, 1.0) / 2.0;
        self.waited = doubled.min(self.longest).mul_f64(share).max(least);
        self.attempts = self.attempts.saturating_add(1);
        Some(Attempt {
            number: self.attempts,
            delay: self.waited,
        })
    }
}

/// Whether a connection that ended like this was lost, rather than ended on purpose.
pub(super) fn is_lost(ending: &Ending) -> bool {
    if let Some(cause) = &ending.cause {
        return match cause {
            Cause::Idle(_) => true,
            Cause::OnTop { may_pass, .. } => *may_pass,
            _ => false,
        };
    }
    match &ending.end {
        End::Lost { .. } | End::NoPong(_) => true,
        End::Closed { received, .. } => match reported_code(received.as_ref()) {
            // RFC 6455 §7.4.1 and IANA: going away, internal error, restart, try again later, bad gateway.
            CloseCode(1001 | 1011..=1014) => true,
            code => code.is_ok() && ending.ours.is_unfinished,
        },
        _ => false,
    }
}

/// The shortest wait after a failure; `None` when another attempt is pointless.
pub(super) fn retry_after(error: &OpenError, now: Timestamp) -> Option<Duration> {
    match &error.problem {
        OpenProblem::Dial(error) if may_pass(error) => Some(Duration::ZERO),
        OpenProblem::Handshake(HandshakeError::Truncated(_))
        | OpenProblem::Stream(_)
        | OpenProblem::Cut { .. }
        | OpenProblem::NoAnswer { .. }
        | OpenProblem::Timeout { .. } => Some(Duration::ZERO),
        OpenProblem::Refused(refused) if matches!(refused.refusal.status, 429 | 500..=599) => {
            let asked = refused.refusal.response.text("Retry-After");
            let asked = asked.and_then(|text| asked_for(&text, now));
            Some(asked.unwrap_or_default().min(LONGEST_ASKED))
        }
        _ => None,
    }
}

fn may_pass(error: &dial::Error) -> bool {
    match error {
        dial::Error::Dns { .. } | dial::Error::Connect { .. } | dial::Error::Unix { .. } => true,
        dial::Error::Tls(failure) => matches!(failure.problem, TlsProblem::Handshake(_)),
        dial::Error::Proxy(error) => match &error.problem {
            ProxyProblem::Unreachable(error) => may_pass(error),
            ProxyProblem::Refused(refusal) => matches!(refusal.status, 429 | 500..=599),
            ProxyProblem::Socks(problem) => matches!(problem, SocksProblem::Refused { .. }),
            ProxyProblem::Closed(_) | ProxyProblem::Io(_) => true,
            ProxyProblem::Head(_) | ProxyProblem::TooManyInterim => false,
        },
        _ => false,
    }
}

/// RFC 9110 §10.2.3: `Retry-After` is a number of seconds or a date.
fn asked_for(text: &str, now: Timestamp) -> Option<Duration> {
    let text = text.trim();
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        // A number beyond 64 bits is cut to the longest wait by the caller.
        return Some(Duration::from_secs(text.parse().unwrap_or(u64::MAX)));
    }
    let date = rfc2822::DateTimeParser::new().parse_timestamp(text).ok()?;
    Some(Duration::try_from(date.duration_since(now)).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Signal;
    use crate::proto::frame::CloseFrame;

    const fn secs(count: u64) -> Duration {
        Duration::from_secs(count)
    }

    fn delays(backoff: &mut Backoff, jitter: f64, count: usize) -> Vec<Duration> {
        let mut next = || backoff.next(Duration::ZERO, jitter);
        (0..count)
            .filter_map(|_| next().map(|attempt| attempt.delay))
            .collect()
    }

    #[test]
    fn waits_grow_from_one_to_thirty_seconds() {
        let longest = delays(&mut Backoff::new(None, None), 1.0, 7);
        assert_eq!(longest, [1, 2, 4, 8, 16, 30, 30].map(secs));
        let shortest = delays(&mut Backoff::new(None, None), 0.0, 7);
        let halved = longest.iter().map(|delay| *delay / 2);
        assert_eq!(shortest, halved.collect::<Vec<_>>());
    }

    #[test]
    fn the_longest_wait_may_be_another() {
        let mut backoff = Backoff::new(None, Some(secs(5)));
        assert_eq!(delays(&mut backoff, 1.0, 4), [1, 2, 4, 5].map(secs));
    }

    #[test]
    fn attempts_are_counted_without_overflow() {
        let mut backoff = Backoff::new(None, None);
        backoff.attempts = u32::MAX - 1;
        assert_eq!(delays(&mut backoff, 1.0, 3), [secs(30); 3]);
    }

    #[test]
    fn attempts_are_limited_in_a_row() {
        let mut backoff = Backoff::new(Some(2), None);
        assert_eq!(delays(&mut backoff, 0.0, 5).len(), 2);
        backoff.lost(secs(5));
        let attempt = backoff.next(Duration::ZERO, 1.0);
        let (number, delay) = (1, secs(1));
        assert_eq!(attempt, Some(Attempt { number, delay }));
    }

    #[test]
    fn a_connection_shorter_than_the_wait_for_it_counts_as_failed() {
        let mut backoff = Backoff::new(None, None);
        backoff.lost(Duration::ZERO);
        assert_eq!(delays(&mut backoff, 1.0, 2), [secs(1), secs(2)]);
        backoff.lost(Duration::from_millis(1_999));
        assert_eq!(delays(&mut backoff, 1.0, 1), [secs(4)]);
        backoff.lost(secs(4));
        assert_eq!(delays(&mut backoff, 1.0, 1), [secs(1)]);
    }

    #[test]
    fn retry_after_can_lengthen_a_wait_but_not_shorten_it() {
        let mut backoff = Backoff::new(None, None);
        let delay = |attempt: Option<Attempt>| attempt.map(|attempt| attempt.delay);
        assert_eq!(delay(backoff.next(secs(70), 1.0)), Some(secs(70)));
        assert_eq!(delay(backoff.next(Duration::ZERO, 1.0)), Some(secs(2)));
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now: Timestamp = "2026-11-21T10:00:00Z".parse().unwrap();
        assert_eq!(asked_for("120", now), Some(secs(120)));
        let in_a_minute = asked_for("Sat, 21 Nov 2026 10:01:00 GMT", now);
        assert_eq!(in_a_minute, Some(secs(60)));
        let long_ago = asked_for("Sun, 06 Nov 1994 08:49:37 GMT", now);
        assert_eq!(long_ago, Some(Duration::ZERO));
        assert_eq!(asked_for("soon", now), None);
        let endless = asked_for("99999999999999999999999", now);
        assert_eq!(endless, Some(secs(u64::MAX)));
    }

    fn ending(end: End, cause: Option<Cause>) -> Ending {
        Ending::new(end, cause, secs(1))
    }

    fn closed(code: Option<u16>) -> End {
        let frame = code.map(|code| CloseFrame::new(CloseCode(code), ""));
        End::Closed {
            by_peer: true,
            sent: frame.clone(),
            received: frame,
        }
    }

    fn broken() -> End {
        End::Lost {
            error: None,
            partial: None,
            silence: Duration::ZERO,
            closing: false,
        }
    }

    #[test]
    fn temporary_failures_are_retried() {
        let ends = [1001, 1011, 1012, 1013, 1014].map(|code| closed(Some(code)));
        for end in ends.into_iter().chain([broken(), End::NoPong(secs(1))]) {
            assert!(is_lost(&ending(end.clone(), None)), "{end:?}");
        }
        assert!(is_lost(&ending(broken(), Some(Cause::Idle(secs(1))))));
    }

    #[test]
    fn deliberate_endings_are_not_retried() {
        for code in [None, Some(1000), Some(1002), Some(1008), Some(4000)] {
            assert!(!is_lost(&ending(closed(code), None)), "{code:?}");
        }
        let causes = [
            Cause::Quit,
            Cause::EndOfInput,
            Cause::Count(1),
            Cause::Signal(Signal::Interrupt),
            Cause::MaxTime(secs(1)),
            Cause::OutputClosed,
        ];
        for cause in causes {
            assert!(
                !is_lost(&ending(broken(), Some(cause.clone()))),
                "{cause:?}"
            );
        }
    }
}
