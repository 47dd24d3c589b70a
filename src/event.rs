//! What happens in a session, as its outputs are told.

mod opening;
mod round_trip;

use std::fmt;
use std::time::Duration;

use crate::dial;
use crate::exit::Exit;
use crate::proto::connection::{self, End, reported_code};
use crate::proto::deflate::Params;
use crate::proto::http1::Head;
use crate::proto::rules::Rule;
use crate::proto::traffic::Traffic;
pub use opening::{Opening, Phase, Span, Timings};
pub use round_trip::RoundTrips;

/// One thing that happened; what it holds is lent.
#[derive(Debug)]
pub enum Event<'a> {
    /// The request to this host will tell who asks, and everybody on the way can read it.
    CredentialsInClear(&'a str),
    /// On the way to the server.
    Step(&'a dial::Step),
    /// The upgrade request went out.
    Request(&'a Head),
    /// The response to it came in.
    Response(&'a Head),
    /// The response sends the client elsewhere, and it goes there.
    Redirected(&'a Redirected),
    /// The connection is open.
    Open(&'a Open),
    /// On the open connection.
    Connection(&'a connection::Event<'a>),
    /// There is no connection, and another is to be made.
    Retry(&'a Retry<'a>),
    /// Another connection is open, so long after the one before was lost.
    Reconnected(Duration),
}

/// A connection that is to be made anew.
#[derive(Debug, Clone, Copy)]
pub struct Retry<'a> {
    /// Why there is none.
    pub gone: DisconnectReason<'a>,
    /// How long it is waited for first; not at all if the user asked for it.
    pub delay: Duration,
    /// The number of attempts in a row, this one included.
    pub attempt: u32,
}

/// Why there is no connection.
#[derive(Debug, Clone, Copy)]
pub enum DisconnectReason<'a> {
    /// The one there was has ended.
    Lost(&'a Ending),
    /// None could be made, for this reason.
    Failed(&'a str),
}

/// A redirection that is followed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redirected {
    /// The status of the response.
    pub status: u16,
    /// The URL it leads to; secrets in it are not masked.
    pub to: String,
    /// Whether credentials or fields stay behind, as that is another origin than the user's.
    pub credentials_dropped: bool,
}

/// An open connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Open {
    /// The subprotocol that the server selected.
    pub subprotocol: Option<String>,
    /// The server selected no subprotocol though some were offered.
    pub ignored_subprotocols: bool,
    /// The parameters of permessage-deflate, if it was agreed on.
    pub deflate: Option<Params>,
    /// Rules that the response breaks, in words; only with `--lenient`.
    pub tolerated: Vec<String>,
    /// From the start of dialling to the 101.
    pub took: Duration,
}

/// Why this side ended the connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cause {
    /// The user said so in the REPL.
    Quit,
    /// The user wants another connection in its place.
    Reconnect,
    /// All input was sent, and nothing came for the time given with `--wait`.
    EndOfInput,
    /// So many messages came as `--count` asked for.
    Count(u64),
    /// The reader of standard output is gone.
    OutputClosed,
    /// A signal came.
    Signal(Signal),
    /// `--max-time` ran out.
    MaxTime(Duration),
    /// Nothing came for `--idle-timeout`.
    Idle(Duration),
    /// Input is not what it was said to be, or cannot be read.
    Input(String),
    /// Standard output cannot be written to.
    Write(String),
}

/// A signal that ends a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// SIGHUP.
    Hangup,
    /// SIGINT, or Ctrl-C in the REPL.
    Interrupt,
    /// SIGTERM.
    Terminate,
}

impl Signal {
    /// The exit status that tells it.
    pub fn exit(self) -> Exit {
        match self {
            Self::Hangup => Exit::Hangup,
            Self::Interrupt => Exit::Interrupt,
            Self::Terminate => Exit::Terminate,
        }
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

/// Input that did not reach the peer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Unsent {
    /// Messages that were read and not sent.
    pub messages: u64,
    /// Bytes of frames that were made and not written.
    pub bytes: usize,
}

/// Why a run ended without a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotOpen {
    /// In words.
    pub message: String,
    /// What to do next.
    pub hint: Option<String>,
    /// The start of the body of a response that refused the upgrade.
    pub body: Option<Vec<u8>>,
    /// The exit status that tells it.
    pub exit: Exit,
}

impl NotOpen {
    /// A reason without a response.
    pub fn new(message: String, exit: Exit) -> Self {
        Self {
            message,
            hint: None,
            body: None,
            exit,
        }
    }
}

/// Fewer messages than were to be counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CountMissed {
    /// How many were to come.
    pub expected: u64,
    /// How many came and counted.
    pub got: u64,
}

/// How a session ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ending {
    /// How the connection ended.
    pub end: End,
    /// Why this side ended it, if it did.
    pub cause: Option<Cause>,
    /// From the opening of the connection to its end.
    pub lasted: Duration,
    /// What was sent.
    pub sent: Traffic,
    /// What was received.
    pub received: Traffic,
    /// From the opening of the connection to the first message.
    pub first_message: Option<Duration>,
    /// From pings to their pongs.
    pub round_trips: RoundTrips,
    /// What was not sent.
    pub unsent: Unsent,
    /// Bytes of received messages that standard output did not take.
    pub unwritten: usize,
    /// `--count`, when fewer messages came.
    pub missed_count: Option<CountMissed>,
    /// Messages of which no later sign of life of the peer shows that they have arrived.
    pub at_risk: u64,
    /// How many connections there were, one after the other.
    pub connections: u32,
    /// No other could be opened, and that is what ended it.
    pub gave_up: Option<GaveUp>,
    /// A part of the session is not in its recording.
    pub unrecorded: bool,
    /// What came of the comparison with a recording.
    pub compared: Option<Compared>,
}

impl Ending {
    /// The end of one connection, on which nothing was sent or received.
    pub fn new(end: End, cause: Option<Cause>, lasted: Duration) -> Self {
        Self {
            end,
            cause,
            lasted,
            sent: Traffic::default(),
            received: Traffic::default(),
            first_message: None,
            round_trips: RoundTrips::default(),
            unsent: Unsent::default(),
            unwritten: 0,
            missed_count: None,
            at_risk: 0,
            connections: 1,
            gave_up: None,
            unrecorded: false,
            compared: None,
        }
    }
}

/// The answers of a server, compared with recorded ones.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Compared {
    /// Those that are as recorded.
    pub same: u64,
    /// Those that are not, are missing, or came in addition.
    pub different: u64,
}

/// The end of all attempts at another connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GaveUp {
    /// How many there were in a row.
    pub attempts: u32,
    /// The exit status that tells why the last one failed.
    pub exit: Exit,
}

impl Ending {
    /// Adds what happened on the connections before.
    pub fn add(&mut self, before: &Self) {
        self.sent += before.sent;
        self.received += before.received;
        self.round_trips.add_all(before.round_trips);
        self.at_risk += before.at_risk;
        self.connections += before.connections;
    }

    /// The exit status that tells it.
    pub fn exit(&self) -> Exit {
        if let Some(gave_up) = self.gave_up {
            return gave_up.exit;
        }
        let exit = self.cause_exit().unwrap_or_else(|| self.end_exit());
        let differs = self.compared.is_some_and(|it| it.different > 0);
        match exit {
            Exit::Done | Exit::ClosedWithError if differs => Exit::Expectation,
            Exit::Done if self.missed_count.is_some() => Exit::Expectation,
            Exit::Done if self.is_unsent() => Exit::ClosedWithError,
            Exit::Done if self.unrecorded => Exit::Write,
            exit => exit,
        }
    }

    /// Whether input was lost because the peer ended the connection.
    pub fn is_unsent(&self) -> bool {
        self.cause.is_none() && self.unsent != Unsent::default()
    }

    /// The status of a cause that decides alone.
    fn cause_exit(&self) -> Option<Exit> {
        Some(match self.cause.as_ref()? {
            Cause::Quit | Cause::Reconnect | Cause::EndOfInput => return None,
            Cause::Count(_) | Cause::OutputClosed => Exit::Done,
            Cause::Signal(signal) => signal.exit(),
            Cause::MaxTime(_) | Cause::Idle(_) => Exit::Timeout,
            Cause::Input(_) => Exit::Input,
            Cause::Write(_) => Exit::Write,
        })
    }

    fn end_exit(&self) -> Exit {
        match &self.end {
            End::Closed {
                by_peer,
                sent,
                received,
            } => {
                let code = reported_code(received.as_ref());
                // A peer that echoes the code it was sent reports no error of its own.
                let echoed = !by_peer && code == reported_code(sent.as_ref());
                if code.is_ok() || echoed {
                    Exit::Done
                } else {
                    Exit::ClosedWithError
                }
            }
            End::Failed(violation) if matches!(violation.rule, Rule::MessageTooBig(_)) => {
                Exit::Limit
            }
            End::Failed(_) => Exit::Protocol,
            End::Abandoned { .. } | End::NotAwaited { .. } => Exit::Done,
            End::Lost { .. } | End::CloseTimeout => Exit::Abnormal,
            End::NoPong(_) => Exit::NoPong,
        }
    }
}
