//! The hosts that are opened.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use url::Host;

use super::goal::Goal;

/// A host, as typed after `--intercept`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Intercept {
    names: Names,
    /// `None` is every port.
    port: Option<u16>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Names {
    All,
    /// Every name below this one, at any depth; the name itself is not one of them.
    Below(String),
    One(String),
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InterceptError {
    #[error("a URL; write its host, such as example.com or example.com:8443")]
    Url,
    #[error("* is a number of whole labels at the start; write *.example.com, or * for every host")]
    Wildcard,
    #[error("{0:?} is not a port from 1 to 65535")]
    Port(String),
    #[error("not a host; write HOST, HOST:PORT, *.HOST or [IPV6]:PORT")]
    Host,
}

impl FromStr for Intercept {
    type Err = InterceptError;

    fn from_str(text: &str) -> Result<Self, InterceptError> {
        if text.contains('/') {
            return Err(InterceptError::Url);
        }
        let (host, port) = match text.rsplit_once(':') {
            Some((host, port)) if !port.contains(']') => {
                let number = port.parse().ok().filter(|port| *port != 0);
                let is_digits = port.bytes().all(|byte| byte.is_ascii_digit());
                let bad = || InterceptError::Port(port.to_owned());
                (host, Some(number.filter(|_| is_digits).ok_or_else(bad)?))
            }
            _ => (text, None),
        };
        let names = match host.strip_prefix("*.") {
            _ if host == "*" => Names::All,
            Some(domain) => match name(domain)? {
                (domain, true) => Names::Below(domain),
                (_, false) => return Err(InterceptError::Wildcard),
            },
            None => Names::One(name(host)?.0),
        };
        Ok(Self { names, port })
    }
}

/// A host as it is compared, and whether it is a name rather than an address.
fn name(host: &str) -> Result<(String, bool), InterceptError> {
    if host.contains('*') {
        return Err(InterceptError::Wildcard);
    }
    match Host::parse(host) {
        Ok(Host::Domain(name)) if !name.is_empty() => {
            let name = name.strip_suffix('.').unwrap_or(&name);
            Ok((name.to_owned(), true))
        }
        Ok(Host::Ipv4(address)) => Ok((address.to_string(), false)),
        Ok(Host::Ipv6(address)) => Ok((address.to_string(), false)),
        _ => Err(InterceptError::Host),
    }
}

impl Intercept {
    /// Whether it is every host.
    pub(super) fn is_any(&self) -> bool {
        self.names == Names::All
    }

    pub(super) fn names(&self, goal: &Goal) -> bool {
        self.is(&goal.target.host, goal.target.port)
    }

    /// Whether it is this host, by its name or address as compared, and port.
    pub(super) fn is(&self, host: &str, port: u16) -> bool {
        let host = host.strip_suffix('.').unwrap_or(host);
        let is_named = match &self.names {
            Names::All => true,
            Names::One(name) => name == host,
            Names::Below(domain) => host
                .strip_suffix(domain)
                .is_some_and(|front| front.ends_with('.')),
        };
        is_named && self.has_port(port)
    }

    /// Whether it is a host by its name, which a tunnel to an address may lead to.
    pub(super) fn is_by_name(&self, port: u16) -> bool {
        let is_address = |name: &String| name.parse::<IpAddr>().is_ok();
        let is_by_name = match &self.names {
            Names::All => false,
            Names::One(name) => !is_address(name),
            Names::Below(_) => true,
        };
        is_by_name && self.has_port(port)
    }

    fn has_port(&self, port: u16) -> bool {
        self.port.is_none_or(|it| it == port)
    }
}

/// As it may be typed.
impl fmt::Display for Intercept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.names {
            Names::All => f.write_str("*")?,
            Names::Below(domain) => write!(f, "*.{domain}")?,
            Names::One(name) if name.contains(':') => write!(f, "[{name}]")?,
            Names::One(name) => f.write_str(name)?,
        }
        self.port.map_or(Ok(()), |port| write!(f, ":{port}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_named_in_any_case_and_a_wildcard_is_every_name_below() {
        let opens = |intercept: &str, authority: &str| {
            let intercept: Intercept = intercept.parse().expect(intercept);
            intercept.names(&Goal::of_authority(authority).expect(authority))
        };
        for (intercept, authority, is_named) in [
            ("example.com", "EXAMPLE.com.:443", true),
            ("example.com", "api.example.com:443", false),
            ("example.com:8443", "example.com:443", false),
            ("example.com:8443", "example.com:8443", true),
            ("*.example.com", "api.example.com:443", true),
            ("*.example.com", "a.b.example.com:443", true),
            ("*.example.com", "example.com:443", false),
            ("*.example.com", "badexample.com:443", false),
            ("*:443", "a.example:443", true),
            ("*", "[::1]:80", true),
            ("bücher.example", "xn--bcher-kva.example:443", true),
            ("[::1]:80", "[0:0::1]:80", true),
            ("127.0.0.1", "127.0.0.1:9", true),
        ] {
            assert_eq!(
                opens(intercept, authority),
                is_named,
                "{intercept} {authority}"
            );
        }
    }

    #[test]
    fn what_is_no_host_says_what_to_write() {
        for (text, error) in [
            ("wss://example.com/", InterceptError::Url),
            ("a*.example.com", InterceptError::Wildcard),
            ("*.127.0.0.1", InterceptError::Wildcard),
            ("example.com:0", InterceptError::Port("0".to_owned())),
            ("example.com:+1", InterceptError::Port("+1".to_owned())),
            ("", InterceptError::Host),
            ("a b", InterceptError::Host),
            ("::1", InterceptError::Host),
        ] {
            assert_eq!(text.parse::<Intercept>(), Err(error), "{text}");
        }
    }

    #[test]
    fn is_shown_as_it_may_be_typed() {
        for text in ["*", "*.example.com:1", "[::1]:80", "example.com"] {
            assert_eq!(
                text.parse::<Intercept>().map(|it| it.to_string()),
                Ok(text.to_owned())
            );
        }
    }
}
