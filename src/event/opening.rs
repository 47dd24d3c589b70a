//! How a connection opened, collected once from its events.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use super::{Event, Open, Redirected};
use crate::dial::Step;
use crate::proto::http1::Head;

/// An opening has about a dozen events and is queried rarely, so one list is simpler than a set of
/// fields for each output that asks.
#[derive(Debug, Clone)]
pub struct Opening {
    url: String,
    started: Instant,
    events: Vec<(Kept, Instant)>,
    first_message: Option<Duration>,
    /// When the announced retry begins, which then replaces this opening.
    next: Option<Instant>,
}

#[derive(Debug, Clone)]
enum Kept {
    CredentialsInClear(String),
    Step(Step),
    Request(Head),
    Response(Head),
    Redirected(Redirected),
    Open(Open),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    Resolve,
    Tcp,
    Unix,
    ProxyTls,
    Tunnel,
    Tls,
    Upgrade,
    FirstMessage,
}

/// A completed phase, timed from the start of the opening.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    pub phase: Phase,
    pub start: Duration,
    pub end: Duration,
}

impl Opening {
    pub fn new(url: &str, started: Instant) -> Self {
        Self {
            url: url.to_owned(),
            started,
            events: Vec::new(),
            first_message: None,
            next: None,
        }
    }

    pub fn observe(&mut self, event: &Event<'_>, now: Instant) {
        if let Event::Retry(retry) = event {
            // Until then this attempt can still be queried.
            self.next = Some(now + retry.delay);
            return;
        }
        let Some(kept) = Kept::of(event) else {
            return;
        };
        if let Some(started) = self.next.take() {
            // The user may cut the delay short.
            self.started = started.min(now);
            self.events.clear();
            self.first_message = None;
        }
        self.events.push((kept, now));
    }

    pub fn first_message(&mut self, after: Duration) {
        self.first_message = Some(after);
    }

    /// The events since the last redirection; none while waiting for another attempt.
    pub fn replay(&self) -> impl Iterator<Item = (Event<'_>, Instant)> {
        let events = if self.next.is_none() { self.hop() } else { &[] };
        events.iter().map(|(kept, at)| (kept.lend(), *at))
    }

    /// The URL of the current hop; secrets in it are not masked.
    pub fn url(&self) -> &str {
        self.redirected_to().unwrap_or(&self.url)
    }

    pub fn redirected_to(&self) -> Option<&str> {
        self.redirections().last()
    }

    pub fn redirects(&self) -> u64 {
        let is_redirection =
            |kept: &&(Kept, Instant)| matches!(&kept.0, Kept::Redirected(it) if it.page.is_none());
        self.events.iter().filter(is_redirection).count() as u64
    }

    /// The remote and local address of the latest TCP connection, on any hop.
    pub fn addresses(&self) -> Option<(SocketAddr, SocketAddr)> {
        last(&self.events, |kept| match kept {
            Kept::Step(Step::Connected { address, local, .. }) => Some((*address, *local)),
            _ => None,
        })
    }

    /// The latest response to an upgrade request, on any hop.
    pub fn last_response(&self) -> Option<&Head> {
        last(&self.events, Kept::response)
    }

    pub fn proxy_status(&self) -> Option<u16> {
        last(&self.events, |kept| match kept {
            Kept::Step(Step::ProxyResponse(head)) => Some(head.status()),
            _ => None,
        })?
    }

    pub fn open(&self) -> Option<&Open> {
        match self.events.last() {
            Some((Kept::Open(open), _)) => Some(open),
            _ => None,
        }
    }

    pub fn opened(&self) -> Option<Duration> {
        let (_, at) = self.events.last().filter(|_| self.open().is_some())?;
        Some(at.saturating_duration_since(self.started))
    }

    pub fn request(&self) -> Option<&Head> {
        last(self.hop(), |kept| match kept {
            Kept::Request(head) => Some(head),
            _ => None,
        })
    }

    pub fn response(&self) -> Option<&Head> {
        last(self.hop(), Kept::response)
    }

    /// All requests, to proxies as well, on any hop.
    pub fn requests(&self) -> impl Iterator<Item = &Head> {
        self.events.iter().filter_map(|(kept, _)| kept.request())
    }

    /// The latest request and response: the proxy's until the tunnel is open.
    pub fn exchange(&self) -> (Option<&Head>, Option<&Head>) {
        let is_tunnel = |kept: &Kept| matches!(kept, Kept::Step(Step::Tunnel { .. }));
        let events = after(self.hop(), is_tunnel);
        let request = last(events, Kept::request);
        let response = last(events, |kept| match kept {
            Kept::Response(head) | Kept::Step(Step::ProxyResponse(head)) => Some(head),
            _ => None,
        });
        (request, response)
    }

    pub fn step<'a, T>(&'a self, pick: impl Fn(&'a Step) -> Option<T>) -> Option<T> {
        last(self.hop(), |kept| match kept {
            Kept::Step(step) => pick(step),
            _ => None,
        })
    }

    /// The address or socket path that was connected to, which is the proxy's if there is one.
    pub fn address(&self) -> Option<String> {
        self.step(|step| match step {
            Step::Connected { address, .. } => Some(address.to_string()),
            Step::ConnectedUnix { path, .. } => Some(path.display().to_string()),
            _ => None,
        })
    }

    pub fn hop_started(&self) -> Option<Instant> {
        self.hop().iter().find_map(|(kept, at)| match kept {
            Kept::Request(_) => Some(*at),
            Kept::Step(step) => at.checked_sub(took(step)?),
            _ => None,
        })
    }

    /// How long `phase` alone took on the current hop; for the upgrade, from request to response.
    pub fn took(&self, phase: Phase) -> Option<Duration> {
        let mut events = self.hop().iter().rev();
        let (kept, at) = events.find(|(kept, _)| kept.phase() == Some(phase))?;
        match kept {
            Kept::Step(step) => took(step),
            _ => events.find_map(|(kept, requested)| match kept {
                Kept::Request(_) => Some(*at - *requested),
                _ => None,
            }),
        }
    }

    pub fn spans(&self) -> Vec<Span> {
        let done = self.events.iter().filter_map(|(kept, at)| {
            let end = at.saturating_duration_since(self.started);
            Some((kept.phase()?, end))
        });
        let first_message = self.opened().zip(self.first_message);
        let first_message =
            first_message.map(|(opened, after)| (Phase::FirstMessage, opened + after));
        let mut start = Duration::ZERO;
        let spans = done.chain(first_message).map(|(phase, end)| Span {
            phase,
            start: std::mem::replace(&mut start, end),
            end,
        });
        spans.collect()
    }

    pub fn end_of(&self, phase: Phase) -> Option<Duration> {
        let spans = self.spans();
        let mut spans = spans.iter().rev();
        spans.find(|span| span.phase == phase).map(|span| span.end)
    }

    pub fn total(&self, now: Instant) -> Duration {
        now.saturating_duration_since(self.started)
    }

    fn redirections(&self) -> impl Iterator<Item = &str> {
        self.events.iter().filter_map(|(kept, _)| match kept {
            Kept::Redirected(redirected) => Some(redirected.to.as_str()),
            _ => None,
        })
    }

    /// The events since the last redirection.
    fn hop(&self) -> &[(Kept, Instant)] {
        after(&self.events, |kept| matches!(kept, Kept::Redirected(_)))
    }
}

impl Kept {
    fn of(event: &Event<'_>) -> Option<Self> {
        Some(match event {
            Event::CredentialsInClear(host) => Self::CredentialsInClear((*host).to_owned()),
            Event::Step(step) => Self::Step((*step).clone()),
            Event::Request(head) => Self::Request((*head).clone()),
            Event::Response(head) => Self::Response((*head).clone()),
            Event::Redirected(redirected) => Self::Redirected((*redirected).clone()),
            Event::Open(open) => Self::Open((*open).clone()),
            Event::Retry(_)
            | Event::Reconnected(_)
            | Event::Offline(_)
            | Event::Fault(_)
            | Event::Carried(_)
            | Event::Connection(_) => {
                return None;
            }
        })
    }

    fn lend(&self) -> Event<'_> {
        match self {
            Self::CredentialsInClear(host) => Event::CredentialsInClear(host),
            Self::Step(step) => Event::Step(step),
            Self::Request(head) => Event::Request(head),
            Self::Response(head) => Event::Response(head),
            Self::Redirected(redirected) => Event::Redirected(redirected),
            Self::Open(open) => Event::Open(open),
        }
    }

    fn request(&self) -> Option<&Head> {
        match self {
            Self::Request(head) | Self::Step(Step::ProxyRequest(head)) => Some(head),
            _ => None,
        }
    }

    fn response(&self) -> Option<&Head> {
        match self {
            Self::Response(head) => Some(head),
            _ => None,
        }
    }

    fn phase(&self) -> Option<Phase> {
        Some(match self {
            Self::Step(Step::Resolved { .. }) => Phase::Resolve,
            Self::Step(Step::Connected { .. }) => Phase::Tcp,
            Self::Step(Step::ConnectedUnix { .. }) => Phase::Unix,
            Self::Step(Step::ProxyTls(_)) => Phase::ProxyTls,
            Self::Step(Step::Tunnel { .. }) => Phase::Tunnel,
            Self::Step(Step::Tls(_)) => Phase::Tls,
            Self::Response(_) => Phase::Upgrade,
            _ => return None,
        })
    }
}

fn last<'a, T>(events: &'a [(Kept, Instant)], pick: impl Fn(&'a Kept) -> Option<T>) -> Option<T> {
    events.iter().rev().find_map(|(kept, _)| pick(kept))
}

fn after(events: &[(Kept, Instant)], is_mark: impl Fn(&Kept) -> bool) -> &[(Kept, Instant)] {
    let mark = events.iter().rposition(|(kept, _)| is_mark(kept));
    &events[mark.map_or(0, |at| at + 1)..]
}

fn took(step: &Step) -> Option<Duration> {
    match step {
        Step::Resolved { took, .. }
        | Step::Connected { took, .. }
        | Step::ConnectedUnix { took, .. }
        | Step::Tunnel { took, .. } => Some(*took),
        Step::Tls(session) | Step::ProxyTls(session) => Some(session.took),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{DisconnectReason, Retry};

    const fn ms(count: u64) -> Duration {
        Duration::from_millis(count)
    }

    fn connected(took: Duration) -> Step {
        let address = "127.0.0.1:9".parse().unwrap();
        Step::Connected {
            address,
            local: address,
            took,
        }
    }

    fn resolved() -> Step {
        let (host, addresses) = ("h".to_owned(), Vec::new());
        Step::Resolved {
            host,
            addresses,
            took: ms(1),
            pinned: false,
        }
    }

    #[test]
    fn a_phase_begins_where_the_one_before_it_ended() {
        let start = Instant::now();
        let mut opening = Opening::new("ws://h/", start);
        opening.observe(&Event::Step(&resolved()), start + ms(2));
        opening.observe(&Event::Step(&connected(ms(1))), start + ms(5));
        let spans = opening.spans();
        let spans: Vec<_> = spans
            .iter()
            .map(|it| (it.phase, it.start, it.end))
            .collect();
        assert_eq!(
            spans,
            [(Phase::Resolve, ms(0), ms(2)), (Phase::Tcp, ms(2), ms(5))]
        );
        assert_eq!(opening.end_of(Phase::Tcp), Some(ms(5)));
        assert_eq!(opening.end_of(Phase::Tls), None);
    }

    #[test]
    fn there_is_no_first_message_before_the_connection_opens() {
        let mut opening = Opening::new("ws://h/", Instant::now());
        opening.first_message(ms(1));
        assert!(opening.spans().is_empty());
    }

    #[test]
    fn a_redirection_starts_a_new_way_of_the_same_opening() {
        let start = Instant::now();
        let mut opening = Opening::new("ws://a/", start);
        opening.observe(&Event::Step(&resolved()), start);
        opening.observe(&Event::Step(&connected(ms(1))), start);
        let redirected = Redirected {
            status: 302,
            to: "ws://b/".to_owned(),
            credentials_dropped: false,
            page: None,
        };
        opening.observe(&Event::Redirected(&redirected), start);
        opening.observe(&Event::Step(&connected(ms(7))), start + ms(9));
        assert_eq!((opening.url(), opening.redirects()), ("ws://b/", 1));
        assert_eq!(opening.took(Phase::Resolve), None);
        assert_eq!(opening.took(Phase::Tcp), Some(ms(7)));
        assert_eq!(opening.hop_started(), Some(start + ms(2)));
        assert_eq!(opening.spans().len(), 3);
    }

    #[test]
    fn a_failed_attempt_is_known_until_the_next_one_begins() {
        let start = Instant::now();
        let mut opening = Opening::new("ws://h/", start);
        opening.observe(&Event::Step(&connected(ms(1))), start);
        let retry = Retry {
            reason: DisconnectReason::Failed("why"),
            delay: ms(100),
            attempt: 1,
        };
        opening.observe(&Event::Retry(&retry), start);
        assert!(opening.address().is_some());
        assert_eq!(opening.replay().count(), 0);
        opening.observe(&Event::Step(&resolved()), start + ms(103));
        assert_eq!(opening.address(), None);
        assert_eq!(opening.end_of(Phase::Resolve), Some(ms(3)));
    }
}
