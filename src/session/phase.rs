//! The current phase of opening a connection, reported when time runs out.

use super::options::Options;
use crate::dial::Step;
use crate::dial::proxy::Kind;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    Resolve,
    Connect,
    ProxyConnect(Kind),
    ProxyTls,
    Tunnel,
    Tls,
    Upgrade,
}

impl Phase {
    /// The first phase.
    pub(super) fn start(options: &Options) -> Self {
        let is_unix = options.dial.route.unix_socket.is_some();
        if is_unix || options.target.is_address() {
            Self::Connect
        } else {
            Self::Resolve
        }
    }

    /// The phase after `step`; `tls` is whether the server is reached over TLS.
    pub(super) fn after(self, step: &Step, tls: bool) -> Self {
        let with_server = || if tls { Self::Tls } else { Self::Upgrade };
        match (self, step) {
            (_, Step::Proxy(proxy)) => Self::ProxyConnect(proxy.kind),
            (Self::ProxyConnect(Kind::Https), Step::Connected { .. }) => Self::ProxyTls,
            (Self::ProxyConnect(_), Step::Connected { .. }) | (_, Step::ProxyTls(_)) => {
                Self::Tunnel
            }
            (Self::Resolve, Step::Resolved { .. } | Step::Failed(_)) => Self::Connect,
            (_, Step::Connected { .. } | Step::ConnectedUnix { .. } | Step::Tunnel { .. }) => {
                with_server()
            }
            (_, Step::Tls(_)) => Self::Upgrade,
            (phase, _) => phase,
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Resolve => "resolving the host's name",
            Self::Connect => "connecting",
            Self::ProxyConnect(_) => "connecting to the proxy",
            Self::ProxyTls => "the TLS handshake with the proxy",
            Self::Tunnel => "waiting for the proxy's answer",
            Self::Tls => "the TLS handshake",
            Self::Upgrade => "waiting for the server's answer to the upgrade",
        }
    }
}
