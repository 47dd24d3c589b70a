//! How long a session lasts: over reconnects, and within `--max-time`.

use std::borrow::Cow;
use std::time::Duration;

use crate::config::{Connect, Mode};
use crate::session::{self, Finish, Opened, Plan, Reconnecting};

pub(super) async fn keep_up(
    connect: &Connect,
    options: &session::Options,
    opened: Opened,
    mode: &mut impl Reconnecting,
) -> Finish {
    let plan = Plan {
        open: Cow::Borrowed(options),
        // `/reconnect` retries without limit.
        backoff: connect
            .backoff
            .clone()
            .unwrap_or_else(|| connect.waits(None)),
        is_lasting: connect.backoff.is_some(),
    };
    session::keep_up(opened, plan, mode).await
}

/// Waits for the end of `--max-time`, which limits all attempts of `--reconnect` together.
pub(super) async fn time_is_up(connect: &Connect) -> Duration {
    let max_time = match &connect.mode {
        Mode::Prompt(options) => options.max_time,
        Mode::Pipe(options) => options.max_time,
    };
    match max_time.filter(|_| connect.backoff.is_some()) {
        Some((limit, deadline)) => {
            tokio::time::sleep_until(deadline.into()).await;
            limit
        }
        None => std::future::pending().await,
    }
}
