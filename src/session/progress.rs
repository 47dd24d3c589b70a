//! The phase of an opening in progress, reported when time runs out.

use super::options::Options;
use crate::dial::Step;
use crate::dial::proxy::Kind;
use crate::event::Phase;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Progress {
    phase: Phase,
    proxy: Option<Kind>,
}

impl Progress {
    pub(super) fn start(options: &Options) -> Self {
        let phase = if options.dial.route.unix_socket.is_some() {
            Phase::Unix
        } else if options.target.is_address() {
            Phase::Tcp
        } else {
            Phase::Resolve
        };
        Self { phase, proxy: None }
    }

    pub(super) fn advance(&mut self, step: &Step, tls: bool) {
        self.phase = match (self.phase, step) {
            (_, Step::Proxy(proxy)) => {
                self.proxy = Some(proxy.kind);
                Phase::Tcp
            }
            (_, Step::Connected { .. }) if self.proxy == Some(Kind::Https) => Phase::ProxyTls,
            (_, Step::Connected { .. }) if self.proxy.is_some() => Phase::Tunnel,
            (_, Step::ProxyTls(_)) => Phase::Tunnel,
            (Phase::Resolve, Step::Resolved { .. } | Step::Failed(_)) => Phase::Tcp,
            (_, Step::Connected { .. } | Step::ConnectedUnix { .. } | Step::Tunnel { .. }) => {
                if tls { Phase::Tls } else { Phase::Upgrade }
            }
            (_, Step::Tls(_)) => Phase::Upgrade,
            (phase, _) => phase,
        };
    }

    pub(super) fn name(self) -> &'static str {
        match self.phase {
            Phase::Resolve => "resolving the host's name",
            Phase::Tcp | Phase::Unix if self.proxy.is_some() => "connecting to the proxy",
            Phase::Tcp | Phase::Unix => "connecting",
            Phase::ProxyTls => "the TLS handshake with the proxy",
            Phase::Tunnel => "waiting for the proxy's answer",
            Phase::Tls => "the TLS handshake",
            Phase::Upgrade | Phase::FirstMessage => {
                "waiting for the server's answer to the upgrade"
            }
        }
    }
}
