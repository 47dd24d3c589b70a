//! `/every`: messages sent by the clock.

use std::time::Instant;

use crate::command::Timing;
use crate::diagnostic::Diagnostic;
use crate::duration;
use crate::outbox::{Every, Schedule};
use crate::proto::message::Kind;
use crate::render::escape::escape_line;
use crate::render::quantity;

#[derive(Debug, thiserror::Error)]
pub(super) enum TimerError {
    #[error("there is no timer {0}")]
    NoTimer(usize),
    #[error("{MAX_TIMERS} timers are running already")]
    TooMany,
}

impl Diagnostic for TimerError {
    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::NoTimer(_) => "/every lists them".to_owned(),
            Self::TooMany => "/every stop N stops one".to_owned(),
        })
    }
}

/// A guard against a pasted text that starts thousands of them.
const MAX_TIMERS: usize = 100;

/// Executes `/every` and returns the lines to print; without `opened`, timers start with the next connection.
pub(super) fn every(
    schedule: &mut Schedule,
    timing: Timing,
    is_template: bool,
    opened: Option<Instant>,
) -> Result<Vec<String>, TimerError> {
    Ok(match timing {
        Timing::List => list(schedule),
        Timing::Start { period, text } => {
            if schedule.list().count() >= MAX_TIMERS {
                return Err(TimerError::TooMany);
            }
            let every = Every {
                period,
                kind: Kind::Text,
                payload: text.into_bytes(),
                is_template,
            };
            schedule.add(every, opened);
            let number = schedule.list().count();
            match opened {
                Some(_) => Vec::new(),
                None => vec![format!("timer {number} starts when connected")],
            }
        }
        Timing::Stop(Some(number)) => {
            let every = schedule.remove(number - 1);
            let every = every.ok_or(TimerError::NoTimer(number))?;
            vec![format!("stopped: {}", described(&every))]
        }
        Timing::Stop(None) => {
            let mut stopped = 0;
            while schedule.remove(0).is_some() {
                stopped += 1;
            }
            vec![format!("stopped: {}", quantity::plural(stopped, "timer"))]
        }
    })
}

fn list(schedule: &Schedule) -> Vec<String> {
    let listed = |(number, (every, sent)): (usize, (&Every, u64))| {
        format!("{number}  {} (sent {sent})", described(every))
    };
    let mut lines: Vec<String> = (1..).zip(schedule.list()).map(listed).collect();
    if lines.is_empty() {
        lines.push("no timers; /every PERIOD TEXT starts one".to_owned());
    }
    lines
}

fn described(every: &Every) -> String {
    let text = String::from_utf8_lossy(&every.payload);
    let period = duration::typed(every.period);
    format!("every {period}: {}", escape_line(&*text))
}
