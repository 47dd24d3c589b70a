//! Why a pipe fails whose connection ended in order: what was asked for failed, or has no answer.

use std::time::Duration;

use super::Speaker;
use crate::event::Cause;
use crate::exit::Exit;
use crate::render::quantity;

impl Speaker {
    /// Why a pipe fails of which something failed that was asked for.
    pub fn verdict(&self) -> Option<Cause> {
        let text = self.protocol.failure()?.to_owned();
        Some(failure(text, None, Exit::Expectation))
    }

    /// Why a pipe fails that has waited this long and lacks answers.
    pub fn unanswered(&self, wait: Duration) -> Option<Cause> {
        self.pending().filter(|open| *open > 0)?;
        let what = self.lacking()?;
        let wait = quantity::duration(wait);
        let text = format!("no answer came to {what} within {wait}");
        let hint = "--wait 60s waits longer, and --wait 0 for nothing";
        Some(failure(text, Some(hint), Exit::Timeout))
    }

    /// Why a pipe fails whose server ended the connection in order, though something failed that was asked for, or
    /// lacks its answer.
    pub fn cut_short(&self) -> Option<Cause> {
        self.verdict().or_else(|| {
            let text = format!("the server closed before it answered {}", self.lacking()?);
            Some(failure(text, None, Exit::ClosedWithError))
        })
    }

    /// What lacks its answer, in words.
    fn lacking(&self) -> Option<String> {
        let what = self.protocol.unanswered()?;
        Some(match self.pending() {
            None | Some(0 | 1) => what,
            Some(open) => format!("{what} and {} more", open - 1),
        })
    }
}

fn failure(text: String, hint: Option<&str>, exit: Exit) -> Cause {
    Cause::OnTop {
        text,
        hint: hint.map(str::to_owned),
        exit,
        may_pass: false,
    }
}
