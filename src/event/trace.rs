//! What an opening told of itself: when each phase was done, who answered, and what.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use super::Event;
use crate::dial::Step;
use crate::proto::http1::Head;

/// A part of the way to the first message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// The name was resolved.
    Resolve,
    /// A TCP connection was made, to the server or to a proxy.
    Tcp,
    /// A connection to a Unix socket was made.
    Unix,
    /// The TLS handshake with the proxy was done.
    ProxyTls,
    /// The proxy connected to the server.
    Tunnel,
    /// The TLS handshake was done.
    Tls,
    /// The response to the upgrade came.
    Upgrade,
    /// The first message came.
    FirstMessage,
}

/// A phase and its place on the clock of its [`Trace`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// What was done.
    pub phase: Phase,
    /// When it began, which is when the phase before it was done.
    pub start: Duration,
    /// When it was done.
    pub end: Duration,
}

/// Collected from the events of one opening, the latest.
#[derive(Debug, Clone)]
pub struct Trace {
    started: Instant,
    spans: Vec<Span>,
    /// The peer's end and this end of the TCP connection.
    pub addresses: Option<(SocketAddr, SocketAddr)>,
    /// The latest response.
    pub response: Option<Head>,
    /// The status of the proxy's answer to CONNECT.
    pub proxy_status: Option<u16>,
    /// The subprotocol that the server selected.
    pub subprotocol: Option<String>,
    /// When the connection opened.
    pub opened: Option<Duration>,
    /// How many redirections were followed.
    pub redirects: u32,
    /// Where the last of them led to; secrets in it are not masked.
    pub redirected_to: Option<String>,
}

impl Trace {
    /// A trace of an opening that begins at `started`.
    pub fn new(started: Instant) -> Self {
        Self {
            started,
            spans: Vec::new(),
            addresses: None,
            response: None,
            proxy_status: None,
            subprotocol: None,
            opened: None,
            redirects: 0,
            redirected_to: None,
        }
    }

    /// Takes an event of the opening, which happened at `now`.
    pub fn observe(&mut self, event: &Event<'_>, now: Instant) {
        let at = now.saturating_duration_since(self.started);
        match event {
            Event::Step(Step::Resolved { .. }) => self.done(Phase::Resolve, at),
            Event::Step(Step::Connected { address, local, .. }) => {
                self.addresses = Some((*address, *local));
                self.done(Phase::Tcp, at);
            }
            Event::Step(Step::ConnectedUnix { .. }) => self.done(Phase::Unix, at),
            Event::Step(Step::ProxyTls(_)) => self.done(Phase::ProxyTls, at),
            Event::Step(Step::Tunnel { .. }) => self.done(Phase::Tunnel, at),
            Event::Step(Step::Tls(_)) => self.done(Phase::Tls, at),
            Event::Response(head) => {
                self.response = Some((*head).clone());
                self.done(Phase::Upgrade, at);
            }
            Event::Open(open) => {
                self.subprotocol.clone_from(&open.subprotocol);
                self.opened = Some(at);
            }
            Event::Redirected(redirected) => {
                self.redirects += 1;
                self.redirected_to = Some(redirected.to.clone());
            }
            Event::Retry(retry) => *self = Self::new(now + retry.delay),
            Event::Step(Step::ProxyResponse(head)) => self.proxy_status = head.status(),
            Event::Step(
                Step::Failed(_)
                | Step::ConnectTo(_)
                | Step::Proxy(_)
                | Step::ProxyRequest(_)
                | Step::KeyLog { .. },
            )
            | Event::Request(_)
            | Event::CredentialsInClear(_)
            | Event::Connection(_)
            | Event::Reconnected(_) => {}
        }
    }

    /// Takes the first message, which came so long after the opening.
    pub fn first_message(&mut self, after: Duration) {
        if let Some(opened) = self.opened {
            self.done(Phase::FirstMessage, opened + after);
        }
    }

    /// The phases that were done, in order.
    pub fn spans(&self) -> &[Span] {
        &self.spans
    }

    /// When `phase` was done for the last time, counted from the start.
    pub fn end_of(&self, phase: Phase) -> Option<Duration> {
        let mut spans = self.spans.iter().rev();
        spans.find(|span| span.phase == phase).map(|span| span.end)
    }

    /// The time from the start to `now`.
    pub fn total(&self, now: Instant) -> Duration {
        now.saturating_duration_since(self.started)
    }

    fn done(&mut self, phase: Phase, end: Duration) {
        let start = self.spans.last().map_or(Duration::ZERO, |span| span.end);
        self.spans.push(Span { phase, start, end });
    }
}

/// The times from pings to their pongs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RoundTrips {
    /// How many were measured.
    pub count: u32,
    /// The latest.
    pub last: Duration,
    /// The shortest.
    pub least: Duration,
    /// The longest.
    pub most: Duration,
    total: Duration,
}

impl RoundTrips {
    /// Takes one more.
    pub fn add(&mut self, rtt: Duration) {
        self.least = if self.count == 0 {
            rtt
        } else {
            self.least.min(rtt)
        };
        self.last = rtt;
        self.most = self.most.max(rtt);
        self.total = self.total.saturating_add(rtt);
        self.count = self.count.saturating_add(1);
    }

    /// Takes those that were measured before.
    pub fn add_all(&mut self, before: Self) {
        if before.count == 0 {
            return;
        }
        if self.count == 0 {
            *self = before;
            return;
        }
        self.least = self.least.min(before.least);
        self.most = self.most.max(before.most);
        self.total = self.total.saturating_add(before.total);
        self.count = self.count.saturating_add(before.count);
    }

    /// Their mean; `None` when none was measured.
    pub fn mean(&self) -> Option<Duration> {
        self.total.checked_div(self.count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(count: u64) -> Duration {
        Duration::from_millis(count)
    }

    #[test]
    fn a_phase_begins_where_the_one_before_it_ended() {
        let start = Instant::now();
        let mut trace = Trace::new(start);
        let address = "127.0.0.1:9".parse().unwrap();
        let (host, addresses) = ("h".to_owned(), Vec::new());
        let resolved = Step::Resolved {
            host,
            addresses,
            took: ms(1),
            pinned: false,
        };
        let connected = Step::Connected {
            address,
            local: address,
            took: ms(1),
        };
        trace.observe(&Event::Step(&resolved), start + ms(2));
        trace.observe(&Event::Step(&connected), start + ms(5));
        let spans: Vec<_> = trace
            .spans()
            .iter()
            .map(|span| (span.phase, span.start, span.end))
            .collect();
        assert_eq!(
            spans,
            [(Phase::Resolve, ms(0), ms(2)), (Phase::Tcp, ms(2), ms(5))]
        );
        assert_eq!(trace.end_of(Phase::Tcp), Some(ms(5)));
        assert_eq!(trace.end_of(Phase::Tls), None);
    }

    #[test]
    fn no_first_message_before_the_opening() {
        let mut trace = Trace::new(Instant::now());
        trace.first_message(ms(1));
        assert!(trace.spans().is_empty());
    }

    #[test]
    fn round_trips_have_a_mean_once_there_are_any() {
        let mut trips = RoundTrips::default();
        assert_eq!(trips.mean(), None);
        trips.add(ms(4));
        trips.add(ms(2));
        assert_eq!(
            (trips.mean(), trips.least, trips.most, trips.last),
            (Some(ms(3)), ms(2), ms(4), ms(2))
        );
    }
}
