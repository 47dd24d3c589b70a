use std::time::Duration;

use super::close_summary::loss;
use super::escape::escape_line;
use super::quantity;
use crate::event::{DisconnectReason, Retry};

pub fn retry(retry: &Retry<'_>) -> String {
    let gone = match retry.reason {
        DisconnectReason::Lost(ending) => loss(ending),
        DisconnectReason::Failed(text) => escape_line(text).into_owned(),
    };
    if retry.delay.is_zero() {
        return format!("{gone}; reconnecting");
    }
    let delay = quantity::duration(retry.delay);
    format!(
        "{gone}; reconnecting in {delay} (attempt {})",
        retry.attempt
    )
}

pub fn reconnected(gap: Duration) -> String {
    format!("reconnected after a gap of {}", quantity::duration(gap))
}
