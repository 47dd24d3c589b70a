//! Hosts that need no proxy: `no_proxy` as curl reads it.

use std::net::IpAddr;

use ipnet::IpNet;

/// curl's rules, plus ports, as other programs have them. `*` alone is every host; `example.com` and
/// `.example.com` are that host and all below it; an IP address or a network in CIDR notation matches
/// addresses, for which names are not resolved; `:PORT` after any of these limits it to that port.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Bypass {
    all: bool,
    entries: Vec<Entry>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Entry {
    text: String,
    hosts: Hosts,
    port: Option<u16>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Hosts {
    /// In lower case, without dots at its ends; includes all names below it.
    Name(String),
    Address(IpAddr),
    Network(IpNet),
}

impl Bypass {
    /// Parses a list separated by commas or blanks; an invalid entry matches nothing.
    pub fn parse(list: &str) -> Self {
        let entries = list.split([',', ' ', '\t']).filter(|it| !it.is_empty());
        Self {
            all: list.trim() == "*",
            entries: entries.map(Entry::parse).collect(),
        }
    }

    /// Whether `host`, IPv6 without brackets, and `port` need no proxy.
    pub fn contains(&self, host: &str, port: u16) -> bool {
        self.all
            || self
                .entries
                .iter()
                .filter(|entry| entry.port.is_none_or(|own| own == port))
                .any(|entry| entry.hosts.contains(host))
    }

    /// An entry with a wildcard or a scheme, which do not count here, that would match without it.
    pub fn near_miss(&self, host: &str, port: u16) -> Option<String> {
        let bare = |entry: &Entry| {
            let (_, hosts) = entry.text.split_once("://").unwrap_or(("", &entry.text));
            Entry::parse(hosts.trim_start_matches("*.").trim_end_matches('/'))
        };
        let is_missed = |entry: &&Entry| {
            let bare = bare(entry);
            let fits = bare.port.is_none_or(|own| own == port) && bare.hosts.contains(host);
            let starts = entry.text.split_once('*').is_some_and(|(start, rest)| {
                !start.is_empty()
                    && rest.trim_start_matches(['.', '*']).is_empty()
                    && host.starts_with(start)
            });
            fits || starts
        };
        let missed = self.entries.iter().find(is_missed);
        let missed = missed.map(|entry| entry.text.clone());
        missed.filter(|_| !self.contains(host, port))
    }
}

impl Entry {
    fn parse(text: &str) -> Self {
        let whole = |hosts: &str| Self {
            text: text.to_owned(),
            hosts: Hosts::parse(hosts),
            port: None,
        };
        // An IPv6 address is full of colons: only brackets show where its port begins.
        if text.parse::<IpAddr>().is_ok() || text.parse::<IpNet>().is_ok() {
            return whole(text);
        }
        let Some((hosts, port)) = text.rsplit_once(':') else {
            return whole(text);
        };
        match port.parse() {
            Ok(port) => Self {
                text: text.to_owned(),
                hosts: Hosts::parse(hosts),
                port: Some(port),
            },
            Err(_) => whole(text),
        }
    }
}

impl Hosts {
    fn parse(text: &str) -> Self {
        let bare = text
            .strip_prefix('[')
            .and_then(|text| text.strip_suffix(']'))
            .unwrap_or(text);
        if let Ok(address) = bare.parse() {
            return Self::Address(address);
        }
        if let Ok(network) = bare.parse() {
            return Self::Network(network);
        }
        let name = text.strip_suffix('.').unwrap_or(text);
        let name = name.strip_prefix('.').unwrap_or(name);
        Self::Name(name.to_ascii_lowercase())
    }

    fn contains(&self, host: &str) -> bool {
        let (host, _zone) = host.split_once('%').unwrap_or((host, ""));
        match (self, host.parse::<IpAddr>()) {
            (Self::Address(own), Ok(address)) => *own == address,
            (Self::Network(network), Ok(address)) => network.contains(&address),
            (Self::Name(name), Err(_)) => is_at_or_below(host, name),
            _ => false,
        }
    }
}

fn is_at_or_below(host: &str, name: &str) -> bool {
    let host = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
    match host.strip_suffix(name) {
        Some(above) => !name.is_empty() && (above.is_empty() || above.ends_with('.')),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_that_only_look_as_if_they_matched_are_found() {
        for (list, host, missed) in [
            (
                "a.b, *.example.com",
                "www.example.com",
                Some("*.example.com"),
            ),
            (
                "http://example.com",
                "example.com",
                Some("http://example.com"),
            ),
            ("10.1.*", "10.1.2.3", Some("10.1.*")),
            ("*,x", "example.com", None),
            ("*.example.com, .example.com", "www.example.com", None),
            ("*.example.com", "example.org", None),
        ] {
            let found = Bypass::parse(list).near_miss(host, 80);
            assert_eq!(found.as_deref(), missed, "{list}");
        }
    }

    #[test]
    fn reads_lists_as_curl_does() {
        for (list, host, port, bypassed) in [
            ("", "example.com", 80, false),
            ("*", "example.com", 80, true),
            (" * ", "127.0.0.1", 80, true),
            ("*,other", "example.com", 80, false),
            ("*.example.com", "www.example.com", 80, false),
            ("example.com", "example.com", 80, true),
            ("EXAMPLE.com.", "www.Example.COM", 443, true),
            ("example.com", "example.com.", 80, true),
            ("example.com", "www.example.com", 80, true),
            ("example.com", "nonexample.com", 80, false),
            ("www.example.com", "example.com", 80, false),
            (".example.com", "example.com", 80, true),
            (".example.com", "www.example.com", 80, true),
            (".", "example.com", 80, false),
            ("a, b\tc,,d", "c", 80, true),
            ("a, b\tc,,d", "d", 80, true),
            ("localhost", "127.0.0.1", 80, false),
            ("127.0.0.1", "127.0.0.1", 80, true),
            ("0.0.1", "127.0.0.1", 80, false),
            ("127.0.0.0/8", "127.9.9.9", 80, true),
            ("127.0.0.0/8", "128.0.0.1", 80, false),
            ("192.168.0.0/33", "192.168.0.1", 80, false),
            ("::1", "::1", 80, true),
            ("[::1]", "0:0:0:0:0:0:0:1", 80, true),
            ("fe80::/10", "fe80::1%eth0", 80, true),
            ("::1", "127.0.0.1", 80, false),
            ("example.com:8080", "example.com", 8080, true),
            ("example.com:8080", "www.example.com", 80, false),
            ("127.0.0.1:80", "127.0.0.1", 80, true),
            ("[::1]:80", "::1", 80, true),
            ("[::1]:80", "::1", 81, false),
        ] {
            let bypass = Bypass::parse(list);
            assert_eq!(
                bypass.contains(host, port),
                bypassed,
                "{host}:{port} in {list:?}"
            );
        }
    }
}
