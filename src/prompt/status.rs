//! `/status`: the state of the connection, in the words of the WebSocket API.

use std::time::{Duration, Instant};

use crate::dial::Step;
use crate::event::{DisconnectReason, Offline, Opening, Retry, RoundTrips};
use crate::memory::Memory;
use crate::observe::View;
use crate::proto::connection::Message;
use crate::proto::http1::Head;
use crate::proto::sender::Sender;
use crate::proto::traffic::{Deflated, Traffic};
use crate::render::close_summary::ratio;
use crate::render::escape::escape_line;
use crate::render::quantity;

#[derive(Debug)]
pub(super) struct Status {
    opened: Instant,
    /// The number of the current attempt to reconnect, and when it begins.
    retry: Option<(u32, Instant)>,
    /// How long the connection was open that has ended, and whose traffic is counted.
    closed: Option<Duration>,
    /// How the last connection ended, if that is shown and nothing has happened since.
    pub(super) shown_end: Option<String>,
    /// On earlier connections.
    sent: Traffic,
    messages: u64,
    bytes: u64,
    deflated: Deflated,
    round_trips: RoundTrips,
    /// HTTP long polling carries the session, so that there are no pings.
    pub(super) is_polled: bool,
}

impl Status {
    pub(super) fn new(opened: Instant) -> Self {
        Self {
            opened,
            retry: None,
            closed: None,
            shown_end: None,
            sent: Traffic::default(),
            messages: 0,
            bytes: 0,
            deflated: Deflated::default(),
            round_trips: RoundTrips::default(),
            is_polled: false,
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

    pub(super) fn disconnected(&mut self, retry: &Retry<'_>, now: Instant) {
        self.retry = Some((retry.attempt, now + retry.delay));
        self.ended(retry.reason);
    }

    /// There is no connection until the user asks for one.
    pub(super) fn offline(&mut self, offline: &Offline<'_>) {
        self.retry = None;
        self.ended(offline.reason);
    }

    /// Whether the user has to ask for another connection.
    pub(super) fn is_offline(&self) -> bool {
        self.closed.is_some() && self.retry.is_none()
    }

    fn ended(&mut self, reason: DisconnectReason<'_>) {
        if let DisconnectReason::Lost(ending) = reason
            && self.closed.replace(ending.lasted).is_none()
        {
            self.sent += ending.sent;
        }
    }

    pub(super) fn is_connecting(&self, now: Instant) -> bool {
        self.retry.is_some_and(|(_, at)| at <= now)
    }

    pub(super) fn hasten(&mut self, now: Instant) {
        if let Some((_, at)) = &mut self.retry {
            *at = now;
        }
    }

    pub(super) fn reconnected(&mut self, now: Instant) {
        (self.retry, self.closed) = (None, None);
        self.opened = now;
    }

    /// Prints the status; without a sender there is no connection.
    pub(super) fn print(
        &self,
        view: &mut View,
        opening: &Opening,
        sender: Option<&Sender>,
        now: Instant,
    ) {
        let buffered = sender.map_or(0, |sender| sender.output().len() as u64);
        let (sent, received) = self.traffic(sender);
        let (was, lasted) = match self.closed {
            Some(lasted) => ("was open for", lasted),
            None => ("open for", now.saturating_duration_since(self.opened)),
        };
        let lasted = quantity::duration(lasted);
        let none = || "none".to_owned();
        let open = opening.open();
        let (protocol, deflate) = (
            open.and_then(|open| open.subprotocol.clone()),
            open.and_then(|open| open.deflate),
        );
        let tls = opening.step(|step| match step {
            Step::Tls(session) => Some(format!("{}, {}", session.version, session.cipher_suite)),
            _ => None,
        });
        let version = opening.response().and_then(Head::version);
        let url = view.secrets().url(opening.url()).into_owned();
        let rows = [
            ("url", url),
            ("HTTP", version.unwrap_or_else(none)),
            ("readyState", self.state(sender, now)),
            ("protocol", protocol.unwrap_or_else(none)),
            ("extensions", deflate.map_or_else(none, |it| it.to_string())),
            ("bufferedAmount", quantity::size(buffered)),
            ("peer", peer(opening).unwrap_or_else(none)),
            ("TLS", tls.unwrap_or_else(none)),
            (was, lasted),
            ("sent", sent),
            ("received", received),
            ("round trip", self.round_trip_text()),
        ];
        for (name, value) in rows {
            view.row(name, &escape_line(&value));
        }
    }

    pub(super) fn traffic(&self, sender: Option<&Sender>) -> (String, String) {
        let mut sent = self.sent;
        sent += sender.map(Sender::sent).unwrap_or_default();
        let text = |messages: u64, bytes: u64, deflated: Deflated| {
            let (messages, bytes) = (quantity::plural(messages, "message"), quantity::size(bytes));
            let ratio = ratio(deflated).map(|ratio| {
                let wire = quantity::size(deflated.wire);
                format!(", deflated to {wire} ({ratio})")
            });
            format!("{messages}, {bytes}{}", ratio.unwrap_or_default())
        };
        (
            text(sent.messages, sent.payload, sent.deflated),
            text(self.messages, self.bytes, self.deflated),
        )
    }

    /// Whether another connection is on its way.
    pub(super) fn is_reconnecting(&self) -> bool {
        self.retry.is_some()
    }

    fn state(&self, sender: Option<&Sender>, now: Instant) -> String {
        match (self.retry, sender) {
            (Some((attempt, at)), _) if at > now => {
                let left = quantity::duration(at - now);
                format!("CONNECTING (0): reconnecting in {left} (attempt {attempt})")
            }
            (Some((attempt, _)), _) => {
                format!("CONNECTING (0): reconnecting now (attempt {attempt})")
            }
            (None, Some(sender)) if !sender.is_closing() => "OPEN (1)".to_owned(),
            (None, Some(_)) => "CLOSING (2)".to_owned(),
            (None, None) => "CLOSED (3); /reconnect opens another connection".to_owned(),
        }
    }

    fn round_trip_text(&self) -> String {
        let trips = self.round_trips;
        if trips.count == 0 && self.is_polled {
            return "not measured, as long polling has no ping frames".to_owned();
        }
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

/// What is kept of the messages of all connections, and how much may be.
pub(super) fn kept(memory: &Memory, view: &View) -> String {
    let keep = memory.keep();
    let (len, size) = (memory.len() as u64, memory.payload() as u64);
    let messages = match keep.messages {
        usize::MAX => quantity::plural(len, "message"),
        most => format!("{len} of {}", quantity::plural(most as u64, "message")),
    };
    let bytes = match keep.bytes {
        usize::MAX => quantity::size(size),
        most => format!(
            "{} of {}",
            quantity::size(size),
            quantity::size(most as u64)
        ),
    };
    let oldest = memory.range().and_then(|(oldest, _)| memory.get(oldest));
    let since = oldest.map(|oldest| format!(", since {}", view.clock_time(oldest.time)));
    format!("{messages}, {bytes} (--keep){}", since.unwrap_or_default())
}

fn peer(opening: &Opening) -> Option<String> {
    let address = opening.address()?;
    let endpoint = opening.step(|step| match step {
        Step::Tunnel { endpoint, .. } => Some(endpoint),
        _ => None,
    });
    Some(match endpoint {
        Some(endpoint) => format!("{endpoint} through the proxy at {address}"),
        None => address,
    })
}
