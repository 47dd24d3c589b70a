//! A connection after its opening handshake: states, closing handshake and timers (RFC 6455 §5.5, §7).

mod config;
mod event;
mod timer;

use std::time::{Duration, Instant};

pub use super::message::Message;
pub use config::Config;
pub use event::{AutoPong, End, Event, Quiet, reported_code};

use super::Role;
use super::buffer::Buffer;
use super::frame::CloseFrame;
use super::receiver::{self, Part, Receiver};
use super::rules::Violation;
use super::sender::{self, Notice, Sender};
use super::traffic::Traffic;

/// The state of a connection, in the WebSocket API's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Messages can be sent and received.
    Open,
    /// A Close frame was sent or received.
    Closing,
    /// Nothing more is sent or received.
    Closed,
}

/// How long a peer may take to end the stream after both Close frames, or after it broke a rule.
///
/// Nothing more is expected then, so this only has to be longer than a round trip, and it keeps a command waiting.
const END_PATIENCE: Duration = Duration::from_secs(1);

/// One end of a WebSocket connection.
#[derive(Debug)]
pub struct Connection {
    config: Config,
    receiver: Receiver,
    sender: Sender,
    last_received: Instant,
    last_written: Instant,
    before_read: BeforeRead,
    quiet: Quiet,
    /// The peer closed in the middle of a fragmented message.
    is_cut: bool,
    last_ping: Instant,
    pings: u64,
    silence: Silence,
    peer: PeerSide,
    stream: StreamState,
}

/// The state of the peer's direction.
#[derive(Debug)]
enum PeerSide {
    Open,
    /// Its Close frame was received, before ours was sent if `first`.
    Closed {
        frame: Option<CloseFrame>,
        first: bool,
    },
    /// It broke a rule.
    Failed(Violation),
}

/// The state of the stream below.
#[derive(Debug)]
enum StreamState {
    Open,
    /// It ended, with the transport's error if there was one; earlier input is still delivered.
    Lost {
        error: Option<String>,
    },
    /// The connection is over; this is yet to be reported.
    Over(End),
    Reported,
}

/// The state of the receiving direction before the last read.
#[derive(Debug, Clone, Copy)]
struct BeforeRead {
    /// When the last read was.
    at: Instant,
    /// How long before it nothing had been received.
    gap: Duration,
    frames: u64,
    /// Whether a message was incomplete.
    is_partial: bool,
}

/// Whether the peer has been silent for the idle timeout.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Silence {
    Unnoticed,
    Noticed,
    Reported,
}

impl Connection {
    /// A connection that has just opened; `input` may hold bytes received after the handshake.
    ///
    /// `seed` feeds the masking keys and must be unpredictable (RFC 6455 §5.3).
    pub fn new(config: Config, input: Buffer, seed: [u8; 32], now: Instant) -> Self {
        let peer = match config.role {
            Role::Client => Role::Server,
            Role::Server => Role::Client,
        };
        let (deflater, inflater) = config.codecs();
        let receiving = receiver::Options {
            peer,
            delivery: config.delivery,
            observe_frames: config.observe_frames,
            lenient: config.lenient,
            inflater,
        };
        let sending = sender::Options {
            role: config.role,
            fragment: config.fragment,
            observe_frames: config.observe_frames,
            deflater,
        };
        Self {
            receiver: Receiver::new(receiving, input),
            sender: Sender::new(sending, seed),
            config,
            last_received: now,
            last_written: now,
            before_read: BeforeRead {
                at: now,
                gap: Duration::ZERO,
                frames: 0,
                is_partial: false,
            },
            quiet: Quiet::default(),
            is_cut: false,
            last_ping: now,
            pings: 0,
            silence: Silence::Unnoticed,
            peer: PeerSide::Open,
            stream: StreamState::Open,
        }
    }

    /// The sending half.
    pub fn sender(&mut self) -> &mut Sender {
        &mut self.sender
    }

    /// Room for received bytes; report their number with [`received`](Self::received).
    pub fn input(&mut self) -> &mut [u8] {
        self.receiver.spare()
    }

    /// Processes `n` bytes that were read into [`input`](Self::input).
    pub fn received(&mut self, n: usize, now: Instant) {
        self.before_read = BeforeRead {
            at: now,
            gap: now.saturating_duration_since(self.last_received),
            frames: self.receiver.received().frames,
            is_partial: self.receiver.partial().is_some(),
        };
        self.receiver.commit(n);
        self.last_received = now;
        self.extend_close_timeout(now);
    }

    /// Notes that the stream has ended, in order or with the transport's error.
    pub fn lost(&mut self, error: Option<String>) {
        if let StreamState::Open = self.stream {
            self.stream = StreamState::Lost { error };
        }
    }

    /// Starts the closing handshake; the peer has `patience` for its answer, or the configured close timeout.
    ///
    /// The close timeout counts from the last byte that was written or received; `patience` counts from now.
    pub fn close(&mut self, frame: Option<CloseFrame>, patience: Option<Duration>, now: Instant) {
        // Even with a timeout of 0 the Close frame has to be written.
        let usual = self.config.close_timeout.max(END_PATIENCE);
        let deadline = now + patience.unwrap_or(usual);
        if self.sender.is_closing() {
            self.sender.end_by(deadline);
        } else {
            self.sender.close_with(frame, deadline, patience.is_none());
        }
    }

    /// Consumes `n` bytes of the output that were written to the stream.
    pub fn written(&mut self, n: usize, now: Instant) {
        self.sender.written(n);
        self.last_written = now;
        self.extend_close_timeout(now);
    }

    /// Restarts the close timeout, which limits how long the peer may do nothing.
    fn extend_close_timeout(&mut self, now: Instant) {
        if self.sender.is_patient() && self.peer_is_open() {
            self.sender.wait_until(now + self.config.close_timeout);
        }
    }

    /// Drops the stream without a closing handshake.
    pub fn abandon(&mut self, reset: bool) {
        self.end_as(End::Abandoned { reset });
    }

    /// Discards what was received and not handed on.
    pub fn discard(&mut self) {
        self.receiver.discard();
    }

    /// Notes that the caller does not read because its output is full: silence until `now` does not count.
    pub fn pause_reading(&mut self, now: Instant) {
        self.last_received = now;
        self.extend_close_timeout(now);
    }

    /// Whether a message is incomplete.
    pub fn has_partial_message(&self) -> bool {
        self.receiver.partial().is_some()
    }

    /// For how long nothing had passed when the peer closed or the stream ended.
    pub fn quiet(&self) -> Quiet {
        self.quiet
    }

    /// Whether the peer closed in the middle of a fragmented message, which nothing can complete (RFC 6455 §5.5.1).
    pub fn is_cut(&self) -> bool {
        self.is_cut
    }

    /// For how long the stream has not taken what is to be sent.
    pub fn stuck(&self, now: Instant) -> Duration {
        now.saturating_duration_since(self.last_written)
    }

    /// Turns events for frame headers on or off.
    pub fn observe_frames(&mut self, on: bool) {
        self.receiver.set_observe_frames(on);
        self.sender.set_observe_frames(on);
    }

    /// What was sent so far, and what was received.
    pub fn traffic(&self) -> (Traffic, Traffic) {
        (self.sender.sent(), self.receiver.received())
    }

    /// The connection's state.
    pub fn state(&self) -> State {
        match self.stream {
            StreamState::Open if self.is_closing() => State::Closing,
            StreamState::Open => State::Open,
            _ => State::Closed,
        }
    }

    /// Whether a Close frame was sent or received.
    fn is_closing(&self) -> bool {
        self.sender.is_closing() || matches!(self.peer, PeerSide::Closed { .. })
    }

    fn peer_is_open(&self) -> bool {
        matches!(self.peer, PeerSide::Open)
    }

    /// Whether nothing more comes but the end, and perhaps input before it.
    pub fn is_over(&self) -> bool {
        matches!(self.stream, StreamState::Over(_) | StreamState::Reported)
    }

    /// Ends the connection like this, unless it is already over.
    fn end_as(&mut self, end: End) {
        if !self.is_over() {
            self.stream = StreamState::Over(end);
        }
    }

    /// Whether to shut down the stream's sending direction now.
    pub fn wants_shutdown(&self) -> bool {
        let is_ours = match &self.peer {
            PeerSide::Open => false,
            PeerSide::Closed { .. } => self.config.first_to_end == self.config.role,
            PeerSide::Failed(_) => true,
        };
        is_ours && self.sender.output().is_empty()
    }

    /// The next event, with the sending half to react to it; `None` when more bytes or time are needed.
    pub fn poll_event(&mut self, now: Instant) -> Option<(Event<'_>, &mut Sender)> {
        if let Some(notice) = self.sender.take_notice() {
            let event = match notice {
                Notice::Frame(header) => Event::FrameSent(header),
                Notice::Control(control) => Event::Sent(control),
            };
            return Some((event, &mut self.sender));
        }
        if !self.peer_is_open() {
            // RFC 6455 §5.5.1: after a Close frame, any further data is discarded.
            self.receiver.discard();
        } else if let Some(part) = self.receiver.poll() {
            if let Part::Message { end } = part {
                return Some(self.message(end));
            }
            return Some(self.react(part, now));
        }
        let event = self.poll_end(now)?;
        Some((event, &mut self.sender))
    }

    /// The event of an idle timeout or of the end.
    #[inline(never)]
    fn poll_end(&mut self, now: Instant) -> Option<Event<'static>> {
        if let (Silence::Noticed, Some(limit)) = (self.silence, self.config.idle_timeout) {
            self.silence = Silence::Reported;
            return Some(Event::Idle(limit));
        }
        if let StreamState::Lost { error } = &mut self.stream {
            let error = error.take();
            let end = self.end_of_stream(error, now);
            self.stream = StreamState::Over(end);
        }
        let StreamState::Over(_) = self.stream else {
            return None;
        };
        match std::mem::replace(&mut self.stream, StreamState::Reported) {
            StreamState::Over(end) => Some(Event::Ended(Box::new(end))),
            _ => None,
        }
    }

    /// The event of a message or of a piece of one.
    #[inline]
    fn message(&mut self, end: bool) -> (Event<'_>, &mut Sender) {
        let message = self.receiver.message(end);
        (Event::Message(message), &mut self.sender)
    }

    /// The payload of the last event; empty if it had none or if bytes were read since.
    pub fn lent(&self) -> &[u8] {
        self.receiver.lent()
    }

    /// Reacts to `part` as the RFC demands; returns its event.
    #[inline(never)]
    fn react(&mut self, part: Part, now: Instant) -> (Event<'_>, &mut Sender) {
        let event = match part {
            Part::Message { end } => return self.message(end),
            Part::Frame(header) => Event::FrameReceived(header),
            Part::Tolerated(violation) => Event::Tolerated(violation),
            Part::Ping => {
                let answer = self.answer_ping();
                let payload = self.receiver.lent();
                Event::Ping { payload, answer }
            }
            Part::Pong => {
                let payload = self.receiver.lent();
                let rtt = self.sender.answered(payload, now);
                Event::Pong { payload, rtt }
            }
            Part::Close(frame) => {
                self.answer_close(Option::clone(&frame), now);
                Event::Close(*frame)
            }
            Part::Violation(violation) => {
                self.fail(Violation::clone(&violation), now);
                Event::Violation(violation)
            }
        };
        (event, &mut self.sender)
    }

    fn answer_ping(&mut self) -> AutoPong {
        let payload = self.receiver.lent();
        match self.config.auto_pong && !self.sender.is_closing() {
            true if self.sender.answer_ping(payload) => AutoPong::Sent,
            true => AutoPong::Queued,
            false => AutoPong::None,
        }
    }

    fn answer_close(&mut self, frame: Option<CloseFrame>, now: Instant) {
        // What came in the same read as the Close frame ended the silence.
        let read = self.before_read;
        if !read.is_partial && self.receiver.received().frames <= read.frames + 1 {
            self.note_quiet(read.gap, read.at);
        }
        let first = !self.sender.is_closing();
        self.is_cut = first && self.receiver.is_within_message();
        self.peer = PeerSide::Closed {
            frame: frame.clone(),
            first,
        };
        // RFC 6455 §5.5.1: the endpoint typically echos the status code it received.
        let echo = frame.map(|frame| CloseFrame::new(frame.code, ""));
        let deadline = now + END_PATIENCE.min(self.config.close_timeout);
        self.sender.close(echo, deadline);
        self.sender.end_by(deadline);
    }

    fn note_quiet(&mut self, received: Duration, at: Instant) {
        let sent = at.saturating_duration_since(self.last_written);
        self.quiet = Quiet { received, sent };
    }

    /// Fails the connection: sends a Close frame with the reason and discards further input (RFC 6455 §7.1.7).
    fn fail(&mut self, violation: Violation, now: Instant) {
        let reason = violation.rule.to_string();
        let frame = CloseFrame::new(violation.rule.close_code(), reason);
        self.sender.close(Some(frame), now + END_PATIENCE);
        // An earlier Close frame may have a later deadline.
        self.sender.end_by(now + END_PATIENCE);
        self.peer = PeerSide::Failed(violation);
    }

    /// The end that the end of the stream leads to.
    fn end_of_stream(&mut self, error: Option<String>, now: Instant) -> End {
        if !self.peer_is_open() {
            return self.end_now();
        }
        let silence = now.saturating_duration_since(self.last_received);
        self.note_quiet(silence, now);
        End::Lost {
            error,
            partial: self.receiver.partial(),
            silence: now.saturating_duration_since(self.last_received),
            closing: self.sender.is_closing(),
        }
    }

    /// Ends the connection because the wait for the peer is over.
    fn end_wait(&mut self) {
        let is_awaited = !self.sender.is_patient() || !self.config.close_timeout.is_zero();
        let end = match self.end_now() {
            End::NotAwaited { .. } if is_awaited => End::CloseTimeout,
            end => end,
        };
        self.end_as(end);
    }

    /// The end if nothing more is waited for after a Close frame was sent.
    pub fn end_now(&self) -> End {
        let sent = self
            .sender
            .closed_with()
            .and_then(|close| close.frame.clone());
        match &self.peer {
            PeerSide::Failed(violation) => End::Failed(violation.clone()),
            PeerSide::Closed { frame, first } => End::Closed {
                by_peer: *first,
                sent,
                received: frame.clone(),
            },
            PeerSide::Open => End::NotAwaited { sent },
        }
    }
}

#[cfg(test)]
mod tests;
