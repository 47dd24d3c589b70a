//! `wsee proxy`, between a client and a server.

use crate::listen::{Listening, started};
use crate::support::run::wsee;

mod ending;
mod exact;
mod fault;
mod handshake;
mod record;
mod rule;
mod usage;

/// Starts a proxy in front of `upstream`.
#[track_caller]
pub fn proxying(upstream: &str, args: &[&str]) -> Listening {
    started(wsee(&[&["proxy", "127.0.0.1:0", upstream], args].concat()))
}
