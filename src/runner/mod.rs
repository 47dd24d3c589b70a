//! Runs scenarios against a server, and reports the results.
//!
//! [`suite`] runs files of cases, and [`case`](mod@case) runs one case. Each [`connection`] of a case
//! has a session of its own. Results are values, and reports are made of these values alone.

mod action;
pub mod case;
mod connect;
pub mod connection;
mod dial;
mod expect;
mod inbox;
mod log;
mod on_top;
pub mod report;
pub mod result;
mod sent;

pub mod suite;

use std::time::Duration;

pub use crate::matching::Given;
pub use case::Context;
pub use dial::{Dial, Endpoint, Flags, Prepared, Request, Unresolved, flags};
pub use result::{CaseResult, Failure, Kind, Outcome, Run};
pub use suite::{Group, Suite};

#[derive(Debug, Clone)]
pub struct Options {
    /// For expectations without `within`.
    pub timeout: Duration,
    pub max_time: Option<Duration>,
    pub retries: u32,
    pub retry_delay: Duration,
    pub jobs: usize,
    pub fail_fast: bool,
}
