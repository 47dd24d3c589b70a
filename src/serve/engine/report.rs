//! What happens in a session, in the log.

use std::time::Instant;

use crate::acceptor::Log;
use crate::event::Direction;
use crate::ontop::socketio::engine::{Data, EnginePacket, Version, encode};
use crate::ontop::socketio::server::{Report, Service};
use crate::proto::message::Kind;
use crate::render::Role;
use crate::render::escape::escape_line;

/// Shows what `it` says: packets of Socket.IO in words, those of Engine.IO as they are with `-v`.
pub(super) fn report(log: &mut Log, it: &Report, version: Version, service: Service, now: Instant) {
    match it {
        Report::Received(packet) => raw(log, packet, Direction::Received, version, service, now),
        Report::Sent(packet) => raw(log, packet, Direction::Sent, version, service, now),
        Report::Understood(seen) => log.understood(Direction::Received, seen, now),
        Report::Answered(seen) => log.understood(Direction::Sent, seen, now),
        Report::Fact(text) => log.note(Role::Fact, &format!("* {}", escape_line(text))),
        Report::Warning(text) => log.note(Role::Warning, &format!("! {}", escape_line(text))),
    }
}

fn raw(
    log: &mut Log,
    packet: &EnginePacket<'_>,
    direction: Direction,
    version: Version,
    service: Service,
    now: Instant,
) {
    match packet {
        EnginePacket::Message(data) if service == Service::EngineIo && log.is_terse() => {
            let (kind, payload) = match data {
                Data::Text(text) => (Kind::Text, text.as_bytes()),
                Data::Binary(bytes) => (Kind::Binary, &bytes[..]),
            };
            log.message(direction, kind, payload, now);
        }
        _ if !log.is_terse() => {
            let (kind, payload) = encode(version, packet);
            log.message(direction, kind, &payload, now);
        }
        // Shown in words, and kept as it came.
        EnginePacket::Message(_) => {
            let (kind, payload) = encode(version, packet);
            log.keep(direction, kind, &payload, now);
        }
        _ => {}
    }
}
