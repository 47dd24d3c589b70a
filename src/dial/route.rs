//! How to reach a target other than directly.

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use super::Target;
use super::bar::Bars;
use super::endpoint::{Endpoint, is_same_host};
use super::family::Family;
use super::interface::Interface;

#[derive(Debug, Clone, Default)]
pub struct Route {
    pub overrides: Vec<ResolveOverride>,
    pub connect_to: Vec<ConnectTo>,
    /// Connects here, whatever the target.
    pub unix_socket: Option<PathBuf>,
    pub family: Option<Family>,
    pub interface: Option<Interface>,
    /// The silence before the first TCP keepalive probe, and the time between probes.
    pub keepalive: Option<Duration>,
    /// How long sent bytes may remain unacknowledged (RFC 5482).
    pub user_timeout: Option<Duration>,
    /// Of those that connect for others.
    pub bars: Option<Bars>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResolveOverride {
    /// `None` is every host.
    pub host: Option<String>,
    pub port: u16,
    pub addresses: Vec<IpAddr>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectTo {
    /// The host it replaces; `None` is every host.
    pub host: Option<String>,
    pub port: Option<u16>,
    /// `None` keeps the host.
    pub to_host: Option<String>,
    pub to_port: Option<u16>,
}

impl Route {
    /// Whether connections for `target` lead to another host or port.
    pub fn is_redirected(&self, target: &Target) -> bool {
        let endpoint = self.endpoint(target);
        (endpoint.host, endpoint.port) != (target.host.clone(), target.port)
    }

    /// Where to connect for `target`; the first match decides.
    pub(super) fn endpoint(&self, target: &Target) -> Endpoint {
        let fits = |other: &&ConnectTo| {
            let host = other.host.as_deref();
            host.is_none_or(|host| is_same_host(host, &target.host))
                && other.port.is_none_or(|port| port == target.port)
        };
        let other = self.connect_to.iter().find(fits);
        Endpoint {
            host: other
                .and_then(|other| other.to_host.clone())
                .unwrap_or_else(|| target.host.clone()),
            port: other.and_then(|other| other.to_port).unwrap_or(target.port),
        }
    }

    pub(super) fn pinned(&self, endpoint: &Endpoint) -> Option<&[IpAddr]> {
        let fits = |pin: &&ResolveOverride| {
            let host = pin.host.as_deref();
            host.is_none_or(|host| is_same_host(host, &endpoint.host)) && pin.port == endpoint.port
        };
        // As in curl, an entry for the host takes precedence over one for all hosts.
        let own = self.overrides.iter().rev().filter(|pin| pin.host.is_some());
        let all = self.overrides.iter().rev().filter(|pin| pin.host.is_none());
        let pin = own.chain(all).find(fits)?;
        Some(&pin.addresses)
    }

    /// The only family of addresses that can be used, if there is one.
    pub(super) fn family(&self) -> Option<Family> {
        let bound = match self.interface {
            Some(Interface::Address(address)) => Some(Family::of(address)),
            _ => None,
        };
        self.family.or(bound)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn other(
        host: Option<&str>,
        port: Option<u16>,
        to_host: Option<&str>,
        to_port: Option<u16>,
    ) -> ConnectTo {
        ConnectTo {
            host: host.map(str::to_owned),
            port,
            to_host: to_host.map(str::to_owned),
            to_port,
        }
    }

    fn end(route: &Route, host: &str, port: u16) -> (String, u16) {
        let target = Target {
            host: host.to_owned(),
            port,
            tls: false,
        };
        let Endpoint { host, port } = route.endpoint(&target);
        (host, port)
    }

    #[test]
    fn the_first_match_decides_and_empty_parts_match_all() {
        let route = Route {
            connect_to: vec![
                other(Some("a.example"), Some(80), Some("b.example"), Some(81)),
                other(Some("a.example"), None, None, Some(82)),
                other(None, Some(443), Some("::1"), None),
            ],
            ..Route::default()
        };
        assert_eq!(end(&route, "A.example.", 80), ("b.example".to_owned(), 81));
        assert_eq!(end(&route, "a.example", 8080), ("a.example".to_owned(), 82));
        assert_eq!(end(&route, "c.example", 443), ("::1".to_owned(), 443));
        assert_eq!(end(&route, "c.example", 80), ("c.example".to_owned(), 80));
    }

    #[test]
    fn a_pin_of_a_host_comes_before_one_of_all_hosts_and_the_last_one_counts() {
        let pin = |host: Option<&str>, address: &str| ResolveOverride {
            host: host.map(str::to_owned),
            port: 80,
            addresses: vec![address.parse().unwrap()],
        };
        let route = Route {
            overrides: vec![
                pin(Some("a.example"), "192.0.2.1"),
                pin(Some("a.example"), "192.0.2.2"),
                pin(None, "192.0.2.3"),
            ],
            ..Route::default()
        };
        let pinned = |host: &str, port| {
            let host = host.to_owned();
            let addresses = route.pinned(&Endpoint { host, port })?;
            Some(addresses[0].to_string())
        };
        assert_eq!(pinned("a.example", 80).as_deref(), Some("192.0.2.2"));
        assert_eq!(pinned("b.example", 80).as_deref(), Some("192.0.2.3"));
        assert_eq!(pinned("a.example", 81), None);
    }
}
