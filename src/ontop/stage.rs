//! How far a session is whose greeting the server answers.

use std::time::{Duration, Instant};

use super::Refusal;
use super::verb::{SayError, SayResult};
use crate::render::quantity;

/// How long the answer may take: servers have some seconds for a greeting themselves, and a login may have to be
/// checked elsewhere.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);

#[derive(Debug)]
pub(super) enum Stage<Session> {
    Closed,
    /// Waits for the answer until then.
    Greeting(Instant),
    Open(Session),
}

impl<Session> Stage<Session> {
    pub(super) fn greeting(now: Instant) -> Self {
        Self::Greeting(now + PATIENCE)
    }

    pub(super) fn is_greeting(&self) -> bool {
        matches!(self, Self::Greeting(_))
    }

    pub(super) fn is_open(&self) -> bool {
        matches!(self, Self::Open(_))
    }

    pub(super) fn session(&self) -> Option<&Session> {
        match self {
            Self::Open(session) => Some(session),
            _ => None,
        }
    }

    pub(super) fn session_mut(&mut self) -> Option<&mut Session> {
        match self {
            Self::Open(session) => Some(session),
            _ => None,
        }
    }

    /// Refuses to say anything before the server has answered `greeting`.
    pub(super) fn check(&self, greeting: &str) -> SayResult {
        if self.is_open() {
            return Ok(());
        }
        let hint = format!("the server answers {greeting} first");
        Err(SayError::new("the session is not open yet", hint.as_str()))
    }

    pub(super) fn deadline(&self, of: impl Fn(&Session) -> Option<Instant>) -> Option<Instant> {
        match self {
            Self::Closed => None,
            Self::Greeting(until) => Some(*until),
            Self::Open(session) => of(session),
        }
    }

    /// Closes the session if the answer to `greeting` is overdue, and says so.
    pub(super) fn overdue(&mut self, greeting: &str, hint: &str, now: Instant) -> Option<Refusal> {
        if !matches!(self, Self::Greeting(until) if *until <= now) {
            return None;
        }
        *self = Self::Closed;
        let patience = quantity::duration(PATIENCE);
        let text = format!("no answer came to {greeting} within {patience}");
        Some(Refusal::silent(text, hint))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_to_the_greeting_is_overdue_once() {
        let now = Instant::now();
        let mut stage = Stage::<()>::greeting(now);
        assert!(stage.check("CONNECT").is_err());
        assert_eq!(stage.deadline(|()| None), Some(now + PATIENCE));
        assert_eq!(stage.overdue("CONNECT", "look", now), None);
        let refusal = stage
            .overdue("CONNECT", "look", now + PATIENCE)
            .expect("overdue");
        assert_eq!(refusal.text, "no answer came to CONNECT within 20.0 s");
        assert_eq!(stage.overdue("CONNECT", "look", now + PATIENCE), None);
        assert_eq!(stage.deadline(|()| None), None);
    }
}
