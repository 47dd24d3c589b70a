//! Tests of a server: scenarios are run, and what came of them is told.
//!
//! [`suite`] runs files of cases, [`case`](mod@case) one case over real connections, each of which
//! is a [`connection`] to a session of its own. What came of a case is a value; the reports are made of
//! these values alone.

mod action;
pub mod case;
mod connect;
pub mod connection;
mod dial;
mod expect;
mod inbox;
mod log;
pub mod matcher;
pub mod report;
pub mod result;

pub mod suite;
pub mod variable;

use std::time::Duration;

pub use case::Context;
pub use dial::{Dial, Flags, Prepared, Request, Unresolved, flags};
pub use result::{CaseResult, Failure, Kind, Outcome, Run};
pub use suite::{Group, Suite};
pub use variable::Given;

/// How cases are run.
#[derive(Debug, Clone)]
pub struct Options {
    /// How long an expectation is waited for that does not say it itself.
    pub timeout: Duration,
    /// How long a case may take.
    pub max_time: Option<Duration>,
    /// How often a server that is not up yet is tried again.
    pub retries: u32,
    /// How long to wait before that.
    pub retry_delay: Duration,
    /// How many files are run at the same time.
    pub jobs: usize,
    /// Start no more cases when one has failed.
    pub fail_fast: bool,
}
