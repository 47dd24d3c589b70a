//! The exit status of every way a run can end.

use std::process::ExitCode;

/// How a run ended, as the process's exit status.
///
/// Where curl has the same failure the number is curl's; wsee's own outcomes are 110 and up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Exit {
    Done = 0,
    /// An expectation failed, or `--count` was not reached.
    Expectation = 1,
    Usage = 2,
    Url = 3,
    /// The proxy's name has no address.
    ProxyDns = 5,
    /// The host's name has no address.
    Dns = 6,
    /// No address of the host could be connected to.
    Connect = 7,
    /// The server answered the upgrade with a status other than 101.
    Refused = 22,
    /// Output could not be written.
    Write = 23,
    /// Input could not be read, or is not in the expected encoding.
    Input = 26,
    Timeout = 28,
    Tls = 35,
    /// Redirects could not be followed.
    Redirect = 47,
    /// The client certificate cannot be used, or the server refused it.
    ClientCertificate = 58,
    /// The server's certificate is not trusted.
    Certificate = 60,
    Limit = 63,
    Internal = 70,
    /// The proxy did not open a tunnel.
    Proxy = 97,
    /// The connection ended without a closing handshake.
    Abnormal = 110,
    /// The peer closed with an error code, or input was left unsent.
    ClosedWithError = 111,
    /// The server answered 101, but not as RFC 6455 §4.1 demands.
    BadHandshake = 112,
    /// The peer broke a rule of RFC 6455.
    Protocol = 113,
    /// The peer did not answer a ping.
    NoPong = 114,
    Hangup = 129,
    /// Ended by SIGINT (Ctrl-C).
    Interrupt = 130,
    Terminate = 143,
}

impl Exit {
    /// The number the process exits with.
    pub fn status(self) -> u8 {
        self as u8
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.status())
    }
}
