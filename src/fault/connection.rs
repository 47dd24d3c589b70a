//! The faults of one connection, shared by its stream and its server.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::dice::Dice;
use super::flap::Flap;
use super::kind::Kind;
use super::opening::Opening;
use super::outgoing::Outgoing;
use super::pace::Timing;
use super::spec::Fault;
use crate::duration::typed;
use crate::proto::connection::Message;
use crate::proto::handshake::server::Upgrade;
use crate::proto::http1::Head;
use crate::proto::http2::frame::ErrorCode;
use crate::proto::sender::Control;
use crate::session::mode::CloseMode;

/// The faults of one connection.
#[derive(Debug, Clone)]
pub struct Faults(Arc<Mutex<State>>);

/// What stream and server share. Both are polled by one task, so that nobody ever waits for the lock.
#[derive(Debug)]
pub(super) struct State {
    opening: Opening,
    pub outgoing: Outgoing,
    pub timing: Timing,
    /// The same for what comes.
    pub incoming: Timing,
    pub one_byte: bool,
    pub no_read: bool,
    /// The faults that last, as they are written: each is noted once.
    lasting: Vec<String>,
    pub is_open: bool,
    down: Option<(Instant, Flap)>,
    /// For jitter and for faults that are added.
    pub dice: Dice,
    added: u64,
}

impl Faults {
    /// The faults of connection `number`; `down` is when the server goes away.
    pub(super) fn new(
        number: u64,
        faults: &[&Fault],
        down: Option<(Instant, Flap)>,
        dice: Dice,
        now: Instant,
    ) -> Self {
        let mut state = State {
            opening: Opening::default(),
            outgoing: Outgoing::new(now),
            timing: Timing::default(),
            incoming: Timing::default(),
            one_byte: false,
            no_read: false,
            lasting: Vec::new(),
            is_open: false,
            down,
            dice,
            added: 0,
        };
        for fault in faults {
            let before = state.incoming;
            state.add(&fault.kind, number);
            if fault.side.is_some() {
                // What comes is the other direction.
                state.incoming = before;
            }
        }
        Self(Arc::new(Mutex::new(state)))
    }

    /// Whether nothing at all is said to the client.
    pub fn is_mute(&self) -> bool {
        self.lock().opening.is_mute
    }

    /// How much later the request is answered.
    pub fn late(&self) -> Option<Duration> {
        self.lock().opening.late
    }

    /// What is answered instead of an upgrade, and what is noted about it.
    pub fn refusal(&self) -> Option<(Head, String)> {
        self.lock().opening.refusal()
    }

    /// What extended CONNECT is answered instead, and what is noted about it.
    pub fn http2_refusal(&self) -> Option<(Head, String)> {
        self.lock().opening.http2_refusal()
    }

    /// What extended CONNECT is reset with, and what is noted about it.
    pub fn http2_reset(&self) -> Option<(ErrorCode, String)> {
        let code = self.lock().opening.http2_reset?;
        Some((code, Kind::Http2Reset(code).to_string()))
    }

    /// Whether a connection over HTTP/2 allows no stream.
    pub fn has_no_streams(&self) -> bool {
        self.lock().opening.has_no_streams
    }

    /// Spoils the answer to a client that is not refused; returns what is noted.
    pub fn spoil(&self, upgrade: &mut Upgrade) -> Vec<String> {
        self.lock().opening.spoil(upgrade)
    }

    /// Whether messages have to stay as they are: a compressed one needs those before it.
    pub fn declines_compression(&self) -> bool {
        self.lock().outgoing.needs_plain_messages()
    }

    /// Faults may be added while the connection is open.
    pub(super) fn may_grow(&self) {
        self.lock().outgoing.may_grow = true;
    }

    /// Whether pings stay without an answer.
    pub fn no_pong(&self) -> bool {
        self.lock().outgoing.wishes.no_pong
    }

    /// When the server goes away, and all connections with it.
    pub fn down(&self) -> Option<Instant> {
        self.lock().down.map(|(at, _)| at)
    }

    /// How much longer than without faults an opening may take.
    pub fn opening_takes(&self) -> Duration {
        let state = self.lock();
        let Timing {
            latency,
            jitter,
            rate,
        } = state.timing;
        // Request and response are a few hundred bytes each.
        let transfer = rate.map_or(0, |rate| 4096 / rate);
        let late = state.opening.late.unwrap_or_default();
        (latency + jitter) * 2 + late + Duration::from_secs(transfer)
    }

    /// How much later an answer comes that is delayed as a whole, rather than byte by byte.
    pub fn answer_takes(&self) -> Duration {
        self.opening_takes()
            .saturating_sub(self.late().unwrap_or_default())
    }

    /// The connection is open: moments are counted from now.
    pub fn open(&self, now: Instant) {
        let mut state = self.lock();
        state.is_open = true;
        state.note_lasting();
        state.outgoing.open(now);
        if let Some((at, flap)) = state.down {
            let note = format!("flap, down for {}", typed(flap.down));
            state.outgoing.end_at(at, note);
        }
    }

    /// Adds a fault to an open connection; one of the opening comes too late.
    pub fn add(&self, fault: &Kind, now: Instant) {
        let mut state = self.lock();
        state.add(fault, 0);
        state.note_lasting();
        state.outgoing.strike(now);
    }

    /// The peer's Close frame was received.
    pub fn closed_by_peer(&self) {
        self.lock().outgoing.is_closed_by_peer = true;
    }

    /// A ping was received that is not answered.
    pub fn ping(&self) {
        let mut state = self.lock();
        if state.outgoing.wishes.no_pong {
            state.outgoing.note("no-pong, a ping is not answered");
        }
    }

    /// Takes a message, or a piece of one, that the server wants to send; returns whether it can pass.
    pub fn announce(&self, message: &Message<'_>, now: Instant) -> bool {
        self.lock().outgoing.announce(message, now)
    }

    /// Whether a control frame that the server wants to send does not pass.
    pub fn withholds(&self, control: &Control) -> bool {
        let is_close = matches!(control, Control::Close(_));
        self.lock().outgoing.withholds(is_close)
    }

    /// The number of messages that did not pass any more.
    pub fn withheld(&self) -> u64 {
        self.lock().outgoing.withheld()
    }

    /// The connection is over: nothing more is sent.
    pub fn end(&self) {
        self.lock().outgoing.note_withheld();
    }

    /// What struck since the last call.
    pub fn take_notes(&self) -> Vec<String> {
        self.lock().outgoing.take_notes()
    }

    /// How to end the connection, if a fault has decided so since the last call.
    pub fn take_stop(&self) -> Option<CloseMode> {
        self.lock().outgoing.take_stop()
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn note_lasting(&mut self) {
        for text in std::mem::take(&mut self.lasting) {
            self.outgoing.note(text);
        }
    }

    fn add(&mut self, kind: &Kind, number: u64) {
        self.added += 1;
        let dice = self.dice.of(self.added);
        self.opening.add(kind, number);
        self.outgoing.add(kind, dice);
        let lasts = match *kind {
            Kind::Latency { latency, jitter } => {
                for timing in [&mut self.timing, &mut self.incoming] {
                    (timing.latency, timing.jitter) = (latency, jitter);
                }
                true
            }
            Kind::Bandwidth(rate) => {
                self.timing.rate = Some(rate);
                self.incoming.rate = Some(rate);
                true
            }
            Kind::OneByte => {
                self.one_byte = true;
                true
            }
            Kind::NoRead => {
                self.no_read = true;
                true
            }
            Kind::Fragments => true,
            _ => false,
        };
        if lasts {
            self.lasting.push(kind.to_string());
        }
    }
}
