//! Events a session reports to its outputs.

mod evidence;
mod opening;
mod round_trip;

use std::time::Duration;

use serde::Serialize;

use crate::diagnostic::Diagnostic;
use crate::dial;
use crate::exit::Exit;
use crate::proto::connection::{self, End, Quiet, reported_code};
use crate::proto::deflate::Params;
use crate::proto::http1::Head;
use crate::proto::rules::Rule;
use crate::proto::traffic::Traffic;
use crate::secret::Login;
pub use crate::sys::Signal;
pub use evidence::{Evidence, Symptom};
pub use opening::{Opening, Phase, Span};
pub use round_trip::RoundTrips;

#[derive(Debug)]
pub enum Event<'a> {
    /// To this host.
    CredentialsInClear(&'a str),
    Step(&'a dial::Step),
    Request(&'a Head),
    Response(&'a Head),
    Redirected(&'a Redirected),
    Open(&'a Open),
    Connection(&'a connection::Event<'a>),
    Retry(&'a Retry<'a>),
    /// A connection is open again, this long after the last one was lost.
    Reconnected(Duration),
    /// There is no connection, and the user decides what follows.
    Offline(&'a Offline<'a>),
    /// A fault on purpose struck the connection.
    Fault(&'a str),
    Carried(&'a Carried),
}

/// What happens below a session that HTTP long polling carries, while it is open.
#[derive(Debug)]
pub enum Carried {
    Step(dial::Step),
    Request(Head),
    Response(Head),
    /// The server refused a request; the start of the response's body.
    Refused(Vec<u8>),
    /// Why it cannot continue; the text is not escaped yet.
    Failed {
        text: String,
        hint: Option<&'static str>,
        exit: Exit,
    },
    /// A WebSocket took over, this long after the session was opened.
    Upgraded(Duration),
    Note(String),
    Hint(String),
}

impl Carried {
    /// The event that it would be while a connection opens.
    pub fn in_opening(&self) -> Option<Event<'_>> {
        match self {
            Self::Step(step) => Some(Event::Step(step)),
            Self::Request(head) => Some(Event::Request(head)),
            Self::Response(head) => Some(Event::Response(head)),
            Self::Refused(_)
            | Self::Failed { .. }
            | Self::Upgraded(_)
            | Self::Note(_)
            | Self::Hint(_) => None,
        }
    }
}

impl Event<'_> {
    /// The request to the server or to a proxy.
    pub fn request(&self) -> Option<&Head> {
        match self {
            Self::Request(head) => Some(head),
            Self::Step(dial::Step::ProxyRequest(head)) | Self::Carried(Carried::Request(head)) => {
                Some(head)
            }
            _ => None,
        }
    }
}

#[derive(Debug, Clone, Copy)]
pub struct Offline<'a> {
    pub reason: DisconnectReason<'a>,
    /// What to do about a failed attempt.
    pub hint: Option<&'a str>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    Sent,
    Received,
}

/// An end of a connection, as seen from between both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    Client,
    Server,
}

impl Side {
    pub fn name(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Server => "server",
        }
    }

    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::Client => Self::Server,
            Self::Server => Self::Client,
        }
    }
}

#[derive(Debug, Clone, Copy)]
pub struct Retry<'a> {
    pub reason: DisconnectReason<'a>,
    /// The wait before the attempt; zero if the user asked for it.
    pub delay: Duration,
    /// The number of this attempt in a row, from 1.
    pub attempt: u32,
}

#[derive(Debug, Clone, Copy)]
pub enum DisconnectReason<'a> {
    Lost(&'a Ending),
    Failed(&'a str),
    /// There has been no connection yet, for this reason.
    Waiting(&'a str),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redirected {
    /// 200 is that of a negotiation.
    pub status: u16,
    /// Secrets in this URL are not masked.
    pub to: String,
    /// Whether credentials or fields are left out, because the origin differs from the user's.
    pub credentials_dropped: bool,
    /// The page of a browser that was found there, in the place of a redirection; not escaped yet.
    pub page: Option<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Open {
    pub subprotocol: Option<String>,
    pub ignored_subprotocols: bool,
    pub deflate: Option<Params>,
    /// For the protocol on top: that of the user, unless a redirection led to another server.
    pub login: Option<Login>,
    /// Rules the response breaks, in words; only with `--lenient`.
    pub tolerated: Vec<String>,
    /// From the start of dialing to the 101.
    pub took: Duration,
    /// HTTP long polling carries the session.
    pub is_polled: bool,
    /// A browser has listed it as one of its pages.
    pub is_page: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cause {
    Quit,
    /// `/close`, `/drop` or `/reset`: the prompt stays.
    Close,
    Reconnect,
    /// All input was sent, and nothing arrived for the time of `--wait`.
    EndOfInput,
    Count(u64),
    OutputClosed,
    Signal(Signal),
    MaxTime(Duration),
    Idle(Duration),
    Input {
        problem: String,
        hint: Option<String>,
    },
    Write(String),
    /// The protocol on top ends the session; the text is not escaped yet.
    OnTop {
        text: String,
        hint: Option<String>,
        exit: Exit,
        /// Whether another session may last longer.
        may_pass: bool,
    },
}

impl Cause {
    /// Whether the protocol on top missed a sign of life.
    pub fn is_silence(&self) -> bool {
        matches!(
            self,
            Self::OnTop {
                exit: Exit::NoPong,
                ..
            }
        )
    }

    pub fn input(error: &dyn Diagnostic) -> Self {
        Self::Input {
            problem: error.to_string(),
            hint: error.hint(),
        }
    }
}

impl Signal {
    pub fn exit(self) -> Exit {
        match self {
            Self::Hangup => Exit::Hangup,
            Self::Interrupt => Exit::Interrupt,
            Self::Terminate => Exit::Terminate,
        }
    }
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Unsent {
    /// Messages read but not sent.
    pub messages: u64,
    /// Bytes of frames that were encoded but not written.
    pub bytes: usize,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotOpen {
    pub message: String,
    pub hint: Option<String>,
    /// The start of it, if the upgrade was refused.
    pub body: Option<Vec<u8>>,
    pub exit: Exit,
}

impl NotOpen {
    pub fn new(message: String, exit: Exit) -> Self {
        Self {
            message,
            hint: None,
            body: None,
            exit,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CountMissed {
    pub expected: u64,
    pub got: u64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ending {
    pub end: End,
    /// `None` if the peer or the network ended it.
    pub cause: Option<Cause>,
    pub lasted: Duration,
    pub sent: Traffic,
    pub received: Traffic,
    pub first_message: Option<Duration>,
    pub round_trips: RoundTrips,
    pub unsent: Unsent,
    /// Bytes of received messages that standard output did not accept.
    pub unwritten: usize,
    pub missed_count: Option<CountMissed>,
    pub quiet: Quiet,
    /// The peer closed in the middle of a fragmented message.
    pub is_cut: bool,
    /// How long the stream had not taken what was left to send.
    pub stuck: Option<Duration>,
    /// What was seen of the opening.
    pub evidence: Box<Evidence>,
    /// Sent messages that nothing received since confirms as delivered.
    pub at_risk: u64,
    pub connections: u32,
    pub gave_up: Option<GaveUp>,
    pub unrecorded: bool,
    pub compared: Option<Compared>,
    pub ours: Ours,
}

/// What this side did that bears on the end.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts")]
pub struct Ours {
    /// It connects again by itself, so that no hint advises it.
    pub is_lasting: bool,
    /// A protocol on top kept the session alive: silence is not why the peer closed.
    pub is_spoken: bool,
    /// The session of that protocol was not over, after which its clients connect again.
    pub is_unfinished: bool,
    /// A message was sent beside that protocol, which the peer may not understand.
    pub is_beside: bool,
    /// The peer ended the connection because of a frame that breaks the rules on purpose.
    pub is_provoked: bool,
    /// HTTP long polling carried the session to its end: there is no Close frame in it.
    pub is_polled: bool,
    /// It was a stream of HTTP/2, whose end is none of TCP.
    pub is_http2: bool,
}

impl Ending {
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
            quiet: Quiet::default(),
            is_cut: false,
            stuck: None,
            evidence: Box::default(),
            at_risk: 0,
            connections: 1,
            gave_up: None,
            unrecorded: false,
            compared: None,
            ours: Ours::default(),
        }
    }
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Compared {
    pub same: u64,
    pub different: u64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GaveUp {
    /// Attempts in a row.
    pub attempts: u32,
    pub exit: Exit,
    pub hint: Option<String>,
}

/// Shorter silences before a Close frame are no sign of an idle limit: common limits are longer.
const IDLE: Duration = Duration::from_secs(5);
/// A stream that takes nothing for a shorter time may only be slow.
const STUCK: Duration = Duration::from_secs(2);
/// Engine.IO sends a ping of its own and waits for the answer, so that a short silence is one.
const UNANSWERED: Duration = Duration::from_secs(1);
/// Words of a reason that speaks of an idle limit.
const IDLE_WORDS: [&str; 6] = [
    "idle",
    "timeout",
    "timed out",
    "inactiv",
    "heartbeat",
    "ping",
];

impl Ending {
    pub fn add(&mut self, before: &Self) {
        self.sent += before.sent;
        self.received += before.received;
        self.round_trips.add_all(before.round_trips);
        self.at_risk += before.at_risk;
        self.connections += before.connections;
    }

    pub fn exit(&self) -> Exit {
        if let Some(gave_up) = &self.gave_up {
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

    /// Whether the peer closed in order, but only because nothing had passed for some time.
    ///
    /// Heartbeats that were not sent end so (Phoenix after 60 s, Socket.IO after 20 s), and a script that listens
    /// would take it for the end of the data. A reason that speaks of something else is one.
    pub fn is_idle(&self) -> bool {
        let End::Closed {
            by_peer: true,
            received,
            ..
        } = &self.end
        else {
            return false;
        };
        let reason = received.as_ref().map_or("", |frame| &frame.reason);
        let reason = reason.to_ascii_lowercase();
        let is_silent = reason.is_empty() || IDLE_WORDS.iter().any(|word| reason.contains(word));
        let is_quiet = if self.evidence.target.contains("EIO=") {
            self.quiet.received >= UNANSWERED
        } else {
            self.quiet.both() >= IDLE
        };
        let is_ok = reported_code(received.as_ref()).is_ok();
        self.cause.is_none() && is_ok && is_silent && is_quiet && !self.ours.is_spoken
    }

    /// Whether input was lost because the peer ended the connection.
    pub fn is_unsent(&self) -> bool {
        let is_peer = matches!(
            self.cause,
            None | Some(Cause::OnTop {
                exit: Exit::Done,
                ..
            })
        );
        is_peer && self.unsent != Unsent::default()
    }

    /// Whether messages waited for a session on top that was not ready before the user or a limit ended it.
    pub fn is_held_back(&self) -> bool {
        let is_ours = matches!(self.cause, Some(Cause::Quit | Cause::MaxTime(_)));
        is_ours && self.ours.is_spoken && self.unsent.messages > 0
    }

    /// Whether the peer had stopped reading, so that our Close frame could not reach it.
    pub fn is_stuck(&self) -> bool {
        let is_unread = matches!(self.end, End::CloseTimeout | End::NotAwaited { .. });
        is_unread && self.stuck.is_some_and(|stuck| stuck >= STUCK)
    }

    fn cause_exit(&self) -> Option<Exit> {
        Some(match self.cause.as_ref()? {
            Cause::Quit | Cause::Close | Cause::Reconnect | Cause::EndOfInput => return None,
            Cause::Count(_) | Cause::OutputClosed => Exit::Done,
            Cause::Signal(signal) => signal.exit(),
            Cause::MaxTime(_) | Cause::Idle(_) => Exit::Timeout,
            Cause::Input { .. } => Exit::Input,
            Cause::Write(_) => Exit::Write,
            Cause::OnTop { exit, .. } => *exit,
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
                // A peer that echoes our code reports no error of its own.
                let echoed = !by_peer && code == reported_code(sent.as_ref());
                if (code.is_ok() || echoed) && !self.is_idle() && !self.is_cut {
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
