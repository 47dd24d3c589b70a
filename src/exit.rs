//! The exit status of every way a run can end.

use std::process::ExitCode;

/// How a run ended, as the process's exit status.
///
/// Where curl has the same failure the number is curl's; wsee's own outcomes are 110 and up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Exit {
    Done = 0,
    Expectation = 1,
    Usage = 2,
    Url = 3,
    ProxyDns = 5,
    Dns = 6,
    Connect = 7,
    Refused = 22,
    Write = 23,
    Input = 26,
    Timeout = 28,
    Tls = 35,
    Redirect = 47,
    ClientCertificate = 58,
    Certificate = 60,
    Limit = 63,
    Internal = 70,
    Proxy = 97,
    Abnormal = 110,
    /// The peer closed with an error code, after a silence or within a message, or input was left unsent or unanswered.
    ClosedWithError = 111,
    /// The server answered 101, but not as RFC 6455 §4.1 demands.
    BadHandshake = 112,
    Protocol = 113,
    NoPong = 114,
    /// The protocol on top of WebSocket refused the session.
    RefusedOnTop = 115,
    Hangup = 129,
    Interrupt = 130,
    Terminate = 143,
}

impl Exit {
    pub fn status(self) -> u8 {
        self as u8
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.status())
    }
}
