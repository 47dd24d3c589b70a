//! An independent model of how a session has to end, written in other terms than the engine.

use wsee::exit::Exit;

/// What can happen to a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// The server sends a text message.
    Text,
    /// The server sends a ping.
    Ping,
    /// The server answers the last ping.
    Pong,
    /// The server sends a Close frame with this code.
    Close(u16),
    /// The server sends a frame with a reserved opcode.
    Violation,
    /// The server ends its sending direction.
    Fin,
    /// The connection is reset.
    Reset,
    /// A line of input.
    Input,
    /// The end of input.
    EndOfInput,
    /// Ctrl-C.
    Interrupt,
    /// The end of `--max-time`.
    MaxTime,
    /// A second passes.
    Second,
    /// Five seconds pass.
    Seconds,
}

/// All of them.
pub const ACTS: [Act; 14] = [
    Act::Text,
    Act::Ping,
    Act::Pong,
    Act::Close(1000),
    Act::Close(1011),
    Act::Violation,
    Act::Fin,
    Act::Reset,
    Act::Input,
    Act::EndOfInput,
    Act::Interrupt,
    Act::MaxTime,
    Act::Second,
    Act::Seconds,
];

/// Seconds that the engine's timers are set to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Timers {
    /// The close timeout.
    pub close: i64,
    /// From ping to ping.
    pub ping: Option<i64>,
    /// From ping to pong.
    pub pong: Option<i64>,
    /// Of silence.
    pub idle: Option<i64>,
}

/// Seconds the closing handshake may take when the user does not want to wait.
const HURRY: i64 = 1;
/// Seconds of silence from which a Close frame is that of an idle limit.
const IDLE: i64 = 5;
/// Seconds that a peer has for the end of TCP.
const END: i64 = 1;

/// What makes this side end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Cause {
    /// The exit status depends on how the connection ended.
    Undecided,
    /// This is the exit status, however the connection ends.
    Decisive(Exit),
}

/// How a connection ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Ended {
    /// After both Close frames: whether the peer's came first, and its code.
    Closed { by_peer: bool, code: u16 },
    /// The peer broke a rule.
    Failed,
    /// The stream ended or was reset.
    Lost,
    /// The peer did not answer a Close frame.
    CloseTimeout,
    /// The peer did not answer a ping.
    NoPong,
    /// The user waits for nothing any more.
    Abandoned,
}

/// A session as it should be.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent facts about a session"
)]
pub struct Oracle {
    timers: Timers,
    now: i64,
    /// The code of the Close frame that was sent.
    pub sent_close: Option<u16>,
    /// The code of the Close frame that came, and whether it came first.
    received_close: Option<(u16, bool)>,
    failed: bool,
    /// What made this side end.
    cause: Option<Cause>,
    /// When the wait for the peer ends.
    deadline: Option<i64>,
    /// Whether every sign of life prolongs that wait.
    patient: bool,
    last_received: i64,
    /// In either direction.
    last_passed: i64,
    /// The peer closed after a silence.
    closed_idle: bool,
    last_ping: i64,
    unanswered: Option<i64>,
    idle_reported: bool,
    /// How many messages were handed on.
    pub messages: usize,
    /// The exit status, once it is over.
    pub exit: Option<Exit>,
    /// How the connection ended, then.
    pub ended: Option<Ended>,
    /// Whether the mode learns of it.
    pub is_reported: bool,
}

impl Oracle {
    /// A session that has just opened.
    pub fn new(timers: Timers) -> Self {
        Self {
            timers,
            now: 0,
            sent_close: None,
            received_close: None,
            failed: false,
            cause: None,
            deadline: None,
            patient: false,
            last_received: 0,
            last_passed: 0,
            closed_idle: false,
            last_ping: 0,
            unanswered: None,
            idle_reported: false,
            messages: 0,
            exit: None,
            ended: None,
            is_reported: true,
        }
    }

    /// Everything that determines its future: equal for two pasts that differ only in what does not matter.
    pub fn state(&self) -> Self {
        let counts = self.timers.pong.is_some() || self.timers.idle.is_some();
        let since = |at: i64| at - self.now;
        Self {
            now: 0,
            deadline: self.deadline.map(since),
            last_received: if counts { since(self.last_received) } else { 0 },
            last_passed: if self.is_open() {
                since(self.last_passed).max(-IDLE)
            } else {
                0
            },
            last_ping: self.timers.ping.map_or(0, |_| since(self.last_ping)),
            unanswered: self.unanswered.map(since),
            messages: 0,
            ..self.clone()
        }
    }

    /// Lets it happen.
    pub fn act(&mut self, act: Act) {
        match act {
            Act::Seconds => (0..5).for_each(|_| self.second()),
            Act::Second => self.second(),
            Act::Interrupt => self.interrupt(),
            Act::MaxTime => self.max_time(),
            Act::EndOfInput => self.end(Cause::Undecided, 1000, None),
            // Input has no say in how it ends, but it breaks the silence.
            Act::Input => self.last_passed = self.now,
            Act::Fin | Act::Reset => self.stream_ends(Ended::Lost),
            Act::Text | Act::Ping | Act::Pong | Act::Close(_) | Act::Violation => {
                self.receive(act);
            }
        }
    }

    fn is_open(&self) -> bool {
        self.sent_close.is_none() && self.exit.is_none()
    }

    fn receive(&mut self, act: Act) {
        self.last_received = self.now;
        let quiet = self.now - std::mem::replace(&mut self.last_passed, self.now);
        if self.received_close.is_some() || self.failed {
            return;
        }
        if self.patient {
            self.deadline = Some(self.now + self.timers.close);
        }
        match act {
            Act::Text => self.messages += 1,
            Act::Pong => self.unanswered = None,
            Act::Close(code) => {
                self.received_close = Some((code, self.sent_close.is_none()));
                self.closed_idle = self.sent_close.is_none() && quiet >= IDLE;
                self.close(code, END);
            }
            Act::Violation => {
                self.failed = true;
                self.close(1002, END);
            }
            _ => {}
        }
    }

    /// A Close frame goes out unless one did before; the peer has at most this many seconds left.
    fn close(&mut self, code: u16, patience: i64) {
        self.sent_close.get_or_insert(code);
        let deadline = self.now + patience;
        self.deadline = Some(self.deadline.map_or(deadline, |old| old.min(deadline)));
    }

    /// This side wants to end; `None` for the usual patience.
    fn end(&mut self, cause: Cause, code: u16, patience: Option<i64>) {
        if self.cause.is_some() {
            return;
        }
        self.cause = Some(cause);
        if self.is_open() {
            self.patient = patience.is_none();
            self.close(code, patience.unwrap_or(self.timers.close));
        }
    }

    fn interrupt(&mut self) {
        if self.cause.is_some() {
            // A second reason to end does not wait for anything.
            self.exit = Some(Exit::Interrupt);
            self.ended = Some(self.ended_by(Ended::Abandoned));
            self.is_reported = false;
        }
        self.end(Cause::Decisive(Exit::Interrupt), 1000, Some(HURRY));
    }

    fn max_time(&mut self) {
        match self.cause {
            // What was waited for takes too long.
            Some(Cause::Undecided) => {
                self.cause = Some(Cause::Decisive(Exit::Timeout));
                self.patient = false;
                self.close(1000, HURRY);
            }
            Some(Cause::Decisive(_)) => {}
            None => self.end(Cause::Decisive(Exit::Timeout), 1000, Some(HURRY)),
        }
    }

    fn second(&mut self) {
        self.now += 1;
        if self.exit.is_some() {
            return;
        }
        if self.deadline.is_some_and(|deadline| deadline <= self.now) {
            self.stream_ends(Ended::CloseTimeout);
        }
        if !self.is_open() {
            return;
        }
        if let Some(interval) = self.timers.ping
            && self.last_ping + interval <= self.now
        {
            self.last_ping = self.now;
            self.last_passed = self.now;
            self.unanswered.get_or_insert(self.now);
        }
        if let (Some(asked), Some(timeout)) = (self.unanswered, self.timers.pong)
            && asked.max(self.last_received) + timeout <= self.now
        {
            self.exit = Some(Exit::NoPong);
            self.ended = Some(Ended::NoPong);
        }
        if let Some(idle) = self.timers.idle
            && self.exit.is_none()
            && !self.idle_reported
            && self.last_received + idle <= self.now
        {
            self.idle_reported = true;
            self.end(Cause::Decisive(Exit::Timeout), 1005, Some(HURRY));
        }
    }

    /// How it ends, in this way if there was no closing handshake.
    fn ended_by(&self, lost: Ended) -> Ended {
        match (self.failed, self.received_close) {
            (true, _) => Ended::Failed,
            (false, Some((code, by_peer))) => Ended::Closed { by_peer, code },
            (false, None) => lost,
        }
    }

    /// Nothing comes any more, for this reason if there was no closing handshake.
    fn stream_ends(&mut self, lost: Ended) {
        let ended = self.ended_by(lost);
        let exit = match ended {
            Ended::Failed => Exit::Protocol,
            Ended::Closed { code: 1000, .. } if self.closed_idle && self.cause.is_none() => {
                Exit::ClosedWithError
            }
            Ended::Closed { code: 1000, .. } => Exit::Done,
            Ended::Closed { .. } => Exit::ClosedWithError,
            _ => Exit::Abnormal,
        };
        self.ended = Some(ended);
        self.exit = Some(match self.cause {
            Some(Cause::Decisive(exit)) => exit,
            Some(Cause::Undecided) | None => exit,
        });
    }
}
