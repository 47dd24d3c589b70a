use std::fmt;
use std::net::IpAddr;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// A name in ASCII (IDNA) form or an IP address; IPv6 without brackets.
    pub host: String,
    pub port: u16,
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&authority(&self.host, self.port))
    }
}

pub(super) fn authority(host: &str, port: u16) -> String {
    if host.contains(':') {
        format!("[{host}]:{port}")
    } else {
        format!("{host}:{port}")
    }
}

/// The IP address that `host` is, and its zone if it has one (RFC 4007 §11).
pub(super) fn literal(host: &str) -> Option<(IpAddr, Option<&str>)> {
    let (address, zone) = match host.split_once('%') {
        Some((address, zone)) => (address, Some(zone)),
        None => (host, None),
    };
    Some((address.parse().ok()?, zone))
}

pub(super) fn is_same_host(a: &str, b: &str) -> bool {
    let bare = |host| str::strip_suffix(host, ".").unwrap_or(host);
    bare(a).eq_ignore_ascii_case(bare(b))
}
