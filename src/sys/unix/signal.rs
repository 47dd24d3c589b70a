//! Signals that ask the process to end.

use std::fmt;
use std::io;
use std::task::{Context, Poll};

use tokio::signal::unix::{Signal as Stream, SignalKind, signal};

use crate::sys::Signal;

/// Waits for SIGHUP, SIGINT and SIGTERM, which no longer end the process once this exists.
#[derive(Debug)]
pub struct Signals([(Signal, Stream); 3]);

impl Signals {
    /// Needs a Tokio runtime with I/O enabled.
    pub fn new() -> io::Result<Self> {
        Ok(Self([
            (Signal::Interrupt, signal(SignalKind::interrupt())?),
            (Signal::Terminate, signal(SignalKind::terminate())?),
            (Signal::Hangup, signal(SignalKind::hangup())?),
        ]))
    }

    pub fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Signal> {
        for (kind, stream) in &mut self.0 {
            if stream.poll_recv(cx) == Poll::Ready(Some(())) {
                return Poll::Ready(*kind);
            }
        }
        Poll::Pending
    }
}

impl fmt::Display for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Hangup => "SIGHUP",
            Self::Interrupt => "Ctrl-C (SIGINT)",
            Self::Terminate => "SIGTERM",
        })
    }
}
