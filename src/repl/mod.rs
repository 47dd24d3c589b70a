//! The REPL.

pub mod command;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use crate::proto::frame::CloseFrame;

/// What a REPL is to do.
#[derive(Debug, Clone)]
pub struct Options {
    /// Text messages to send first.
    pub send: Vec<String>,
    /// Where the history is kept, if it is.
    pub history: Option<PathBuf>,
    /// What our Close frame says.
    pub close: Option<CloseFrame>,
    /// End after this time, of which the deadline is left.
    pub max_time: Option<(Duration, Instant)>,
}
