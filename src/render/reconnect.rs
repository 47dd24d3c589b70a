use std::time::Duration;

use super::close_summary::{ending, hint, loss};
use super::escape::escape_line;
use super::style::{Role, Style};
use super::{message, quantity};
use crate::event::{Cause, DisconnectReason, Offline, Retry};
use crate::exit::Exit;

pub fn retry(retry: &Retry<'_>) -> String {
    let gone = match retry.reason {
        DisconnectReason::Lost(ending) => loss(ending),
        DisconnectReason::Failed(text) => escape_line(text).into_owned(),
        DisconnectReason::Waiting(text) => {
            let (problem, delay) = (escape_line(text), in_seconds(retry.delay));
            return format!("{problem}; next attempt in {delay}");
        }
    };
    if retry.delay.is_zero() {
        return format!("{gone}; reconnecting");
    }
    format!(
        "{gone}; reconnecting in {} (attempt {})",
        in_seconds(retry.delay),
        retry.attempt
    )
}

/// What to do about a session on top that ended, as the next one may end the same way; empty if that was the
/// `last` one shown.
pub(super) fn retry_hint(retry: &Retry<'_>, last: &mut Option<String>, style: Style) -> String {
    let found = match retry.reason {
        DisconnectReason::Lost(ending) if matches!(ending.cause, Some(Cause::OnTop { .. })) => {
            hint(ending)
        }
        _ => None,
    };
    match found {
        Some(found) if last.as_ref() != Some(&found) => {
            let line = message::hint(&found, style);
            *last = Some(found);
            line
        }
        _ => String::new(),
    }
}

/// Half of a wait is random: more digits would say nothing.
fn in_seconds(span: Duration) -> String {
    if span < Duration::from_mins(1) {
        format!("{:.1} s", span.as_secs_f64())
    } else {
        quantity::duration(span)
    }
}

pub fn reconnected(gap: Duration) -> String {
    format!("reconnected after a gap of {}", in_seconds(gap))
}

/// Writes why there is no connection, and how to get another.
pub(super) fn offline(out: &mut String, offline: &Offline<'_>, style: Style) {
    let (gone, hint, is_well) = match offline.reason {
        DisconnectReason::Lost(end) => (ending(end, "server"), hint(end), end.exit() == Exit::Done),
        DisconnectReason::Failed(text) | DisconnectReason::Waiting(text) => {
            let hint = offline.hint.map(str::to_owned);
            (escape_line(text).into_owned(), hint, false)
        }
    };
    if let Some(hint) = hint {
        // The table names flags; at the prompt a command does the same at once.
        let hint = hint.replace("--reconnect", "/reconnect");
        out.push_str(&message::hint(&hint, style));
    }
    let role = if is_well { Role::Fact } else { Role::Error };
    out.push_str(&style.prose(role, &format!("{gone}; /reconnect or Ctrl-D")));
    out.push('\n');
}
