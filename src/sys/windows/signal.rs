//! Keys and events of the console that ask the process to end.

use std::fmt;
use std::io;
use std::task::{Context, Poll};

use tokio::signal::windows::{
    CtrlBreak, CtrlC, CtrlClose, CtrlLogoff, CtrlShutdown, ctrl_break, ctrl_c, ctrl_close,
    ctrl_logoff, ctrl_shutdown,
};

use crate::sys::Signal;

/// Waits for Ctrl-C, Ctrl-Break and the end of the console, which no longer end the process once this exists.
///
/// Windows ends the process some seconds after the last of them anyway.
#[derive(Debug)]
pub struct Signals {
    interrupt: CtrlC,
    terminate: CtrlBreak,
    close: CtrlClose,
    logoff: CtrlLogoff,
    shutdown: CtrlShutdown,
}

impl Signals {
    /// Needs a Tokio runtime.
    pub fn new() -> io::Result<Self> {
        Ok(Self {
            interrupt: ctrl_c()?,
            terminate: ctrl_break()?,
            close: ctrl_close()?,
            logoff: ctrl_logoff()?,
            shutdown: ctrl_shutdown()?,
        })
    }

    pub fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Signal> {
        let came = |polled: Poll<Option<()>>| polled == Poll::Ready(Some(()));
        if came(self.interrupt.poll_recv(cx)) {
            return Poll::Ready(Signal::Interrupt);
        }
        if came(self.terminate.poll_recv(cx)) {
            return Poll::Ready(Signal::Terminate);
        }
        if came(self.close.poll_recv(cx))
            || came(self.logoff.poll_recv(cx))
            || came(self.shutdown.poll_recv(cx))
        {
            return Poll::Ready(Signal::Hangup);
        }
        Poll::Pending
    }
}

impl fmt::Display for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Hangup => "the end of the console",
            Self::Interrupt => "Ctrl-C",
            Self::Terminate => "Ctrl-Break",
        })
    }
}
