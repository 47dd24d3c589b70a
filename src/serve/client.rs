//! What every client has in common: its log, and when the server ends its connection.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use super::hub::MOST_WAITING;
use super::patience::Patience;
use crate::acceptor::{Log, Stopped};
use crate::event::{Cause, Event};
use crate::fault::{Faults, Kind};
use crate::proto::connection;
use crate::proto::frame::{CloseCode, CloseFrame};
use crate::session::{Mode, Stop, Turn};

pub(super) struct Client {
    pub(super) log: Log,
    ended: Option<Stopped>,
    idle: Option<Duration>,
    patience: Patience,
    faults: Option<Faults>,
}

impl Client {
    pub(super) fn new(log: Log, ended: Stopped, faults: Option<Faults>) -> Self {
        Self {
            log: log.with_faults(faults.clone()),
            ended: Some(ended),
            idle: None,
            patience: Patience::default(),
            faults,
        }
    }

    pub(super) fn event(&mut self, event: &Event<'_>, now: Instant) {
        if let (Event::Connection(connection::Event::Sent(control)), Some(faults)) =
            (event, &self.faults)
            && faults.withholds(control)
        {
            return;
        }
        self.log.event(event, now);
        let Event::Connection(event) = event else {
            return;
        };
        match (event, &self.faults) {
            (connection::Event::Idle(limit), _) => self.idle = Some(*limit),
            (connection::Event::Close(_), Some(faults)) => faults.closed_by_peer(),
            (connection::Event::Ping { .. }, Some(faults)) => faults.ping(),
            _ => {}
        }
    }

    /// Does something wrong from now on.
    pub(super) fn add_fault(&mut self, fault: &Kind, now: Instant) -> Result<(), &'static str> {
        let Some(faults) = &self.faults else {
            return Err("the rules had no faults when this client connected");
        };
        faults.add(fault, now);
        Ok(())
    }

    /// Notes what the client has not read yet; called in every round.
    pub(super) fn observe_output(&mut self, turn: &Turn<'_>) {
        self.patience.observe(turn.sender, turn.now);
    }

    /// The end of a client for which too much waits.
    pub(super) fn too_slow() -> Stop {
        let waiting = MOST_WAITING >> 20;
        cut(&format!("the client leaves more than {waiting} MiB unread"))
    }

    /// Ready while the log takes more.
    pub(super) fn poll_output(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.log.poll_room(cx)
    }

    /// When [`poll_stop`](Self::poll_stop) has to be called at the latest.
    pub(super) fn deadline(&self) -> Option<Instant> {
        let deadlines = [self.patience.deadline(), self.log.deadline()];
        deadlines.into_iter().flatten().min()
    }

    /// Ready when the client was silent or did not read for too long, a fault wants it, or the server ends.
    pub(super) fn poll_stop(&mut self, cx: &mut Context<'_>, now: Instant) -> Poll<Stop> {
        self.log.tick(now);
        if let Some(stop) = self.fault(now) {
            return Poll::Ready(stop);
        }
        if self.patience.is_over(now) {
            self.patience.end();
            return Poll::Ready(cut("the client has read nothing for 10 s"));
        }
        if let Some(limit) = self.idle.take() {
            let close = CloseFrame::new(CloseCode::NORMAL, "idle");
            return Poll::Ready(Stop::promptly(Cause::Idle(limit), Some(close)));
        }
        let Some(ended) = &mut self.ended else {
            return Poll::Pending;
        };
        let cause = ready!(ended.as_mut().poll(cx));
        self.ended = None;
        // RFC 6455 §7.4.1: 1001, such as a server going down.
        let close = CloseFrame::new(CloseCode::GOING_AWAY, "");
        Poll::Ready(Stop::promptly(cause, Some(close)))
    }

    /// Shows the faults that struck; returns how one of them ends the connection.
    fn fault(&mut self, now: Instant) -> Option<Stop> {
        let faults = self.faults.as_ref()?;
        for note in faults.take_notes() {
            self.log.event(&Event::Fault(&note), now);
        }
        let how = faults.take_stop()?;
        let cause = Cause::Close;
        Some(Stop { cause, how })
    }
}

/// The end of a client is shown where its messages were.
pub(super) trait Logged: Mode {
    fn log(&self) -> &Log;
    /// What is left to do once the client is gone.
    fn left_behind(&mut self) -> Option<Serving<'static>> {
        None
    }
}

/// A client that is served until it is gone.
pub(super) type Serving<'s> = Pin<Box<dyn Future<Output = ()> + 's>>;

/// Ends a connection without a Close frame, which the client would not read either.
fn cut(why: &str) -> Stop {
    let cause = Cause::Input {
        problem: why.to_owned(),
        hint: None,
    };
    Stop::abandon(cause, true)
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("log", &self.log)
            .finish_non_exhaustive()
    }
}
