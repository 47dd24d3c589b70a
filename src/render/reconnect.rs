use std::time::Duration;

use super::close_summary::{ending, hint, loss};
use super::escape::escape_line;
use super::style::{Role, Style};
use super::{message, quantity};
use crate::event::{DisconnectReason, Offline, Retry};
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
