//! `/status`: where the connection stands, in the words of the WebSocket API.

use std::fmt::Write;
use std::time::{Duration, Instant};

use super::Facts;
use crate::event::RoundTrips;
use crate::proto::connection::Message;
use crate::proto::receiver::Deflated;
use crate::proto::sender::Sender;
use crate::render::ending::ratio;
use crate::render::escape::escape_line;
use crate::render::{Role, Style, quantity};

/// Counters that only the REPL keeps.
#[derive(Debug)]
pub(super) struct Status {
    opened: Instant,
    messages: u64,
    bytes: u64,
    deflated: Deflated,
    round_trips: RoundTrips,
}

impl Status {
    pub(super) fn new(opened: Instant) -> Self {
        Self {
            opened,
            messages: 0,
            bytes: 0,
            deflated: Deflated::default(),
            round_trips: RoundTrips::default(),
        }
    }

    pub(super) fn received(&mut self, message: &Message<'_>) {
        self.bytes += message.payload.len() as u64;
        self.messages += u64::from(message.end);
        if let Some(wire) = message.deflated {
            self.deflated.wire += wire;
            self.deflated.plain += message.payload.len() as u64;
        }
    }

    pub(super) fn round_trip(&mut self, rtt: Duration) {
        self.round_trips.add(rtt);
    }

    pub(super) fn print(
        &self,
        out: &mut String,
        facts: &Facts,
        sender: &Sender,
        style: Style,
        now: Instant,
    ) {
        let sent = sender.sent();
        let traffic = |messages: u64, bytes: u64, deflated: Deflated| {
            let (messages, bytes) = (quantity::plural(messages, "message"), quantity::size(bytes));
            let ratio = ratio(deflated).map(|ratio| format!(", deflated to {ratio}"));
            format!("{messages}, {bytes}{}", ratio.unwrap_or_default())
        };
        let state = if sender.is_closing() {
            "CLOSING (2)"
        } else {
            "OPEN (1)"
        };
        let none = || "none".to_owned();
        let rows = [
            ("url", facts.url.clone()),
            ("readyState", state.to_owned()),
            ("protocol", facts.subprotocol.clone().unwrap_or_else(none)),
            ("extensions", facts.deflate.clone().unwrap_or_else(none)),
            (
                "bufferedAmount",
                quantity::size(sender.output().len() as u64),
            ),
            ("peer", facts.peer.clone().unwrap_or_else(none)),
            ("TLS", facts.tls.clone().unwrap_or_else(none)),
            ("open for", quantity::duration(now - self.opened)),
            ("sent", traffic(sent.messages, sent.payload, sent.deflated)),
            (
                "received",
                traffic(self.messages, self.bytes, self.deflated),
            ),
            ("round trip", self.round_trip_text()),
        ];
        for (name, value) in rows {
            let name = style.paint(Role::Fact, name);
            let _ = writeln!(out, "  {name:<15} {}", escape_line(&value));
        }
    }

    fn round_trip_text(&self) -> String {
        let trips = self.round_trips;
        if trips.count == 0 {
            return "not measured yet; /ping measures it".to_owned();
        }
        format!(
            "last {}, least {}, most {} ({})",
            quantity::duration(trips.last),
            quantity::duration(trips.least),
            quantity::duration(trips.most),
            quantity::plural(trips.count.into(), "pong")
        )
    }
}
