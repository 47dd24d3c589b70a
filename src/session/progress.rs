//! How far an opening has come, and what was seen of it.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::options::Options;
use crate::dial::proxy::Kind;
use crate::dial::{Step, is_localhost};
use crate::duration::shown;
use crate::event::{Evidence, Phase, Symptom};
use crate::proto::http1::Head;
use crate::proto::http2::frame::Frame;

/// The phase in progress, and the proxy that it leads to.
#[derive(Debug)]
pub(super) struct Progress {
    phase: Phase,
    since: Instant,
    proxy: Option<Kind>,
    /// The host and port to connect to.
    endpoint: String,
    /// All addresses of localhost, if that is the host.
    loopback: Vec<SocketAddr>,
    port: u16,
    /// HTTP/2 has begun, and the server's SETTINGS are missing.
    awaits_settings: bool,
    pub(super) evidence: Evidence,
}

impl Progress {
    pub(super) fn start(options: &Options) -> Self {
        let target = &options.target;
        let phase = if options.dial.route.unix_socket.is_some() {
            Phase::Unix
        } else if target.is_address() {
            Phase::Tcp
        } else {
            Phase::Resolve
        };
        let bypass = &options.dial.proxies.bypass;
        let evidence = Evidence {
            url: options.url.to_string(),
            host: options.offer.host.clone(),
            target: options.offer.target.clone(),
            is_tls: target.tls,
            missed_bypass: bypass.near_miss(&target.host, target.port),
            timeout_flag: options.timeout_flag,
            ..Evidence::default()
        };
        Self {
            phase,
            since: Instant::now(),
            proxy: None,
            endpoint: target.to_string(),
            loopback: Vec::new(),
            port: target.port,
            awaits_settings: false,
            evidence,
        }
    }

    /// Continues after `step`.
    pub(super) fn advance(&mut self, step: &Step) {
        self.note(step);
        let phase = match (self.phase, step) {
            (_, Step::Proxy(proxy)) => {
                self.proxy = Some(proxy.kind);
                Phase::Tcp
            }
            (_, Step::Connected { .. }) if self.proxy == Some(Kind::Https) => Phase::ProxyTls,
            (_, Step::Connected { .. }) if self.proxy.is_some() => Phase::Tunnel,
            (_, Step::ProxyTls(_)) => Phase::Tunnel,
            (Phase::Resolve, Step::Resolved { .. } | Step::Failed(_)) => Phase::Tcp,
            (_, Step::Connected { .. } | Step::ConnectedUnix { .. } | Step::Tunnel { .. }) => {
                if self.evidence.is_tls {
                    Phase::Tls
                } else {
                    Phase::Upgrade
                }
            }
            (_, Step::Tls(_)) => Phase::Upgrade,
            (phase, _) => phase,
        };
        if phase != self.phase {
            self.phase = phase;
            self.since = Instant::now();
        }
    }

    fn note(&mut self, step: &Step) {
        match step {
            Step::Resolved {
                host, addresses, ..
            } if is_localhost(host) && self.proxy.is_none() => {
                let at = |address: &_| SocketAddr::new(*address, self.port);
                self.loopback = addresses.iter().map(at).collect();
            }
            Step::Connected { address, .. } if self.proxy.is_none() => {
                self.evidence.address = Some(*address);
            }
            Step::Http2(seen) => {
                let is_sent = seen.is_sent && matches!(seen.frame, Frame::Settings(_));
                self.awaits_settings = self.awaits_settings && seen.is_sent || is_sent;
            }
            Step::ProxyRequest(head) => self.evidence.proxy_request = Some(head.clone()),
            Step::Tls(session) => {
                let asked = session.client_auth.as_ref();
                self.evidence.wants_certificate = asked.is_some_and(|it| !it.is_answered());
            }
            _ => {}
        }
    }

    /// The request is about to be sent.
    pub(super) fn request(&mut self, head: &Head) {
        self.evidence.request = Some(head.clone());
        self.since = Instant::now();
    }

    /// How long the phase has lasted.
    pub(super) fn waited(&self) -> Duration {
        self.since.elapsed()
    }

    /// The problem when the phase outlasts the limit of the opening.
    pub(super) fn timed_out(&self) -> (Symptom, String) {
        let (to, waited) = (&self.endpoint, shown(self.waited()));
        match self.phase {
            Phase::Resolve => (
                Symptom::NoResolver,
                format!("the resolver did not answer for {to} within {waited}"),
            ),
            Phase::Tcp | Phase::Unix if self.proxy.is_some() => (
                Symptom::NoProxy,
                format!("no answer from the proxy within {waited}"),
            ),
            Phase::Tcp | Phase::Unix => (
                Symptom::NoConnection,
                format!("no answer from {to} within {waited}"),
            ),
            Phase::ProxyTls => (
                Symptom::NoProxy,
                format!("the proxy did not complete the TLS handshake for {waited}"),
            ),
            Phase::Tunnel => (
                Symptom::NoProxy,
                format!("the proxy did not answer CONNECT for {waited}"),
            ),
            Phase::Tls => (
                Symptom::NoTls,
                format!(
                    "the server accepted the connection and did not complete the TLS handshake for {waited}"
                ),
            ),
            Phase::Upgrade if self.awaits_settings => (
                Symptom::NoResponse,
                format!("the server did not send the SETTINGS of HTTP/2 for {waited}"),
            ),
            Phase::Upgrade | Phase::FirstMessage => (
                Symptom::NoResponse,
                match self.evidence.arrived {
                    0 => format!(
                        "the server accepted the connection and did not answer for {waited}"
                    ),
                    bytes => format!("the answer is not complete after {waited} and {bytes} bytes"),
                },
            ),
        }
    }

    /// All that was seen of a failure.
    pub(super) async fn into_evidence(self) -> Evidence {
        let other_address = match self.evidence.address {
            Some(address) => other_program(address, &self.loopback).await,
            None => None,
        };
        Evidence {
            waited: self.waited(),
            time: Timestamp::now(),
            other_address,
            ..self.evidence
        }
    }
}

/// How long a port on this machine may take to accept.
const PATIENCE: Duration = Duration::from_millis(100);

/// Another of localhost's addresses where another program than at `used` listens.
///
/// A program that listens at the unspecified address answers at every address of 127.0.0.0/8, and at
/// `::1` as well: then both addresses lead to it.
async fn other_program(used: SocketAddr, all: &[SocketAddr]) -> Option<SocketAddr> {
    let other = *all.iter().find(|it| it.is_ipv4() != used.is_ipv4())?;
    let everywhere = SocketAddr::from(([127, 0, 0, 2], used.port()));
    let is_open = accepts(other).await && !accepts(everywhere).await;
    is_open.then_some(other)
}

async fn accepts(address: SocketAddr) -> bool {
    let connect = tokio::net::TcpStream::connect(address);
    matches!(tokio::time::timeout(PATIENCE, connect).await, Ok(Ok(_)))
}
