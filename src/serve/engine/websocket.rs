//! A session over WebSocket, from its start or after an upgrade from long polling.

use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use super::shared::Shared;
use crate::event::{Cause, Event};
use crate::ontop::socketio::engine::{EnginePacket, decode, encode};
use crate::ontop::socketio::server::Session;
use crate::proto::connection;
use crate::proto::frame::{CloseCode, CloseFrame};
use crate::proto::message::Kind;
use crate::serve::client::Client;
use crate::session::{Mode, Stop, Turn};

/// How long a client may take to upgrade once its WebSocket is open: the reference server's limit.
const UPGRADE: Duration = Duration::from_secs(10);
/// From how much output on nothing more is read, in bytes: as much as fits into the sender's buffer.
const HELD: usize = 128 << 10;

#[derive(Debug)]
pub(super) struct Socket {
    client: Client,
    shared: Rc<Shared>,
    stage: Stage,
    /// Whether the session runs over this WebSocket.
    is_own: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// The client must upgrade until then.
    Probing(Instant),
    Open,
    /// The close frame is queued, for this reason.
    Closing(&'static str),
    Closed,
}

impl Socket {
    /// A WebSocket that opens a session.
    pub(super) fn opening(client: Client, shared: Rc<Shared>) -> Self {
        Self {
            client,
            shared,
            stage: Stage::Open,
            is_own: true,
        }
    }

    /// A WebSocket for a session that polls; it is closed at once if there already is one.
    pub(super) fn probing(client: Client, shared: Rc<Shared>, now: Instant) -> Self {
        let stage = if shared.change(now, Session::probe) {
            Stage::Probing(now + UPGRADE)
        } else {
            Stage::Closing("the session has a WebSocket")
        };
        Self {
            client,
            shared,
            stage,
            is_own: false,
        }
    }

    /// The connection is over.
    pub(super) fn ended(self, now: Instant) {
        if self.is_own {
            self.shared.change(now, Session::lost);
        } else if let Stage::Probing(_) = self.stage {
            self.shared.change(now, Session::give_up_probe);
        }
    }

    fn message(&mut self, kind: Kind, payload: &[u8], turn: &mut Turn<'_>) {
        let version = self.shared.peek(Session::version);
        let packet = match decode(version, kind, payload) {
            Ok(packet) => packet,
            Err(fault) => {
                let end = |session: &mut Session| session.end(&fault.to_string());
                return self.shared.change(turn.now, end);
            }
        };
        match (self.stage, packet) {
            (Stage::Open, packet) => {
                let received = |session: &mut Session| session.received(packet, turn.now);
                self.shared.change(turn.now, received);
            }
            (Stage::Probing(_), EnginePacket::Ping(data)) => {
                let (kind, payload) = encode(version, &EnginePacket::Pong(data));
                // On a connection that is closing the answer is not missed.
                let _ = turn.sender.message(kind, &payload);
                self.shared.change(turn.now, Session::probed);
            }
            (Stage::Probing(_), EnginePacket::Upgrade) => {
                self.stage = Stage::Open;
                self.is_own = true;
                self.shared.change(turn.now, Session::upgrade);
            }
            (Stage::Probing(_), _) => {
                self.shared.change(turn.now, Session::give_up_probe);
                self.stage = Stage::Closing("neither a probe nor an upgrade");
            }
            (Stage::Closing(_) | Stage::Closed, _) => {}
        }
    }
}

impl Mode for Socket {
    fn event(&mut self, event: Event<'_>, turn: &mut Turn<'_>) {
        match event {
            Event::Connection(connection::Event::Message(message)) => {
                self.message(message.kind, message.payload, turn);
            }
            other => self.client.event(&other, turn.now),
        }
    }

    fn poll_input(&mut self, _: &mut Context<'_>, turn: &mut Turn<'_>) -> bool {
        self.client.observe_output(turn);
        let mut moved = false;
        while self.stage == Stage::Open && turn.has_room() {
            let Some(packet) = self.shared.next_packet(turn.now) else {
                break;
            };
            let version = self.shared.peek(Session::version);
            let (kind, payload) = encode(version, &packet);
            moved |= turn.sender.message(kind, &payload).is_ok();
        }
        moved
    }

    fn poll_output(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.client.poll_output(cx)
    }

    fn poll_stop(&mut self, cx: &mut Context<'_>, now: Instant) -> Poll<Stop> {
        let close = |reason: &'static str| {
            let close = CloseFrame::new(CloseCode::NORMAL, reason);
            Poll::Ready(Stop::promptly(Cause::Close, Some(close)))
        };
        match self.stage {
            Stage::Closing(reason) => {
                self.stage = Stage::Closed;
                return close(reason);
            }
            Stage::Probing(by) if by <= now => {
                self.shared.change(now, Session::give_up_probe);
                self.stage = Stage::Closed;
                return close("no upgrade in time");
            }
            Stage::Open => {
                // What fits into the output is already there; a client that does not read loses the rest.
                let over = |session: &Session| session.has_ended().then_some(());
                if self.shared.poll(cx, over).is_ready() {
                    self.stage = Stage::Closed;
                    return close("");
                }
            }
            Stage::Probing(_) | Stage::Closed => {}
        }
        self.client.poll_stop(cx, now)
    }

    fn answers(&self) -> bool {
        true
    }

    fn is_full(&self) -> bool {
        self.stage == Stage::Open && self.shared.peek(Session::held) > HELD
    }

    fn deadline(&self) -> Option<Instant> {
        let upgrade = match self.stage {
            Stage::Probing(by) => Some(by),
            _ => None,
        };
        let deadlines = [upgrade, self.client.deadline()];
        deadlines.into_iter().flatten().min()
    }

    fn wants_frames(&self) -> bool {
        self.client.log.wants_frames()
    }
}
