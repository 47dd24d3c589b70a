//! `wsee proxy`, between a client and a server.

use std::time::Duration;

use crate::listen::{Listening, started};
use crate::support::DEADLINE;
use crate::support::run::wsee;

mod ending;
mod exact;
mod fault;
mod handshake;
mod http2;
mod prompt;
mod record;
mod rule;
mod usage;

/// Starts a proxy in front of `upstream`.
#[track_caller]
pub fn proxying(upstream: &str, args: &[&str]) -> Listening {
    proxying_for(DEADLINE, upstream, args)
}

/// The same, with more time than usual.
#[track_caller]
pub fn proxying_for(deadline: Duration, upstream: &str, args: &[&str]) -> Listening {
    started(wsee(&[&["proxy", "127.0.0.1:0", upstream], args].concat()).deadline(deadline))
}
