//! Where a request leads: the authority of CONNECT, or an absolute URL (RFC 9112 §3.2).

use std::net::IpAddr;

use url::{Host, Position, Url};

use crate::dial::tls::Sni;
use crate::dial::{Target, is_localhost};
use crate::proto::http1::Head;
use crate::session;

/// A server, as a client names it.
#[derive(Debug, Clone)]
pub(super) struct Goal {
    pub(super) target: Target,
    /// Host and port as in the `Host` field.
    host: String,
    /// The server's root.
    url: Url,
    /// The name that the client asks for in TLS, if it is another.
    pub(super) server_name: Option<String>,
}

/// The longest name of a host, in bytes (RFC 1035 §2.3.4), with the dot at its end.
const MAX_HOST: usize = 254;

/// What is wrong with a request; the text is for the client and the log.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum GoalError {
    #[error("CONNECT takes HOST:PORT")]
    Authority,
    #[error("the URL of the request has no valid host")]
    Host,
    #[error("a user name in the URL of a request is not supported (RFC 9110 §4.2.4)")]
    Userinfo,
    #[error("only http:// and ws:// URLs are asked for in a request; others need CONNECT")]
    Scheme,
    #[error(
        "this is a proxy, and the request names no host; make it the proxy of your program, or use wsee proxy UPSTREAM"
    )]
    NoProxyRequest,
}

impl Goal {
    /// Of CONNECT: TLS is expected, unless the port is that of HTTP.
    pub(super) fn of_authority(authority: &str) -> Result<Self, GoalError> {
        let port = authority.rsplit_once(':').map_or("", |(_, port)| port);
        if port.is_empty() || !port.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(GoalError::Authority);
        }
        let scheme = if port == "80" { "ws" } else { "wss" };
        Self::new(scheme, authority)
    }

    /// Of an absolute URL, and its path and query as they are.
    pub(super) fn of_url(url: &str) -> Result<(Self, String), GoalError> {
        let Some((scheme, rest)) = url.split_once("://") else {
            return Err(GoalError::NoProxyRequest);
        };
        if !scheme.eq_ignore_ascii_case("http") && !scheme.eq_ignore_ascii_case("ws") {
            return Err(GoalError::Scheme);
        }
        let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
        // RFC 9112 §3.2.2: a fragment is not part of it.
        let path = path.split('#').next().unwrap_or_default();
        let slash = if path.starts_with('/') { "" } else { "/" };
        Ok((Self::new("ws", authority)?, format!("{slash}{path}")))
    }

    fn new(scheme: &str, authority: &str) -> Result<Self, GoalError> {
        if authority.contains('@') {
            return Err(GoalError::Userinfo);
        }
        let is_plain = |c: char| c.is_ascii_graphic() && !matches!(c, '/' | '\\' | '?' | '#');
        let url = Url::parse(&format!("{scheme}://{authority}/"));
        let url = url.ok().filter(|_| authority.chars().all(is_plain));
        let url = url.ok_or(GoalError::Host)?;
        let host = match url.host() {
            Some(Host::Domain(name)) => name.to_owned(),
            Some(Host::Ipv4(address)) => address.to_string(),
            Some(Host::Ipv6(address)) => address.to_string(),
            None => return Err(GoalError::Host),
        };
        if host.len() > MAX_HOST {
            return Err(GoalError::Host);
        }
        let port = url.port_or_known_default().filter(|port| *port != 0);
        Ok(Self {
            target: Target {
                host,
                port: port.ok_or(GoalError::Host)?,
                tls: scheme == "wss",
            },
            host: url[Position::BeforeHost..Position::AfterPort].to_owned(),
            url,
            server_name: None,
        })
    }

    /// The same server, now that what the client speaks is known.
    pub(super) fn speaking(&self, tls: bool) -> Self {
        let mut goal = self.clone();
        let port = goal.target.port;
        // A port that is the default of neither scheme is part of both.
        let _ = goal.url.set_scheme(if tls { "wss" } else { "ws" });
        let _ = goal.url.set_port(Some(port));
        goal.target.tls = tls;
        url_host(&goal.url).clone_into(&mut goal.host);
        goal
    }

    /// The same server, of which the client's TLS asks for this name; what is known by its address alone has it as its
    /// host, and is still reached by its address.
    pub(super) fn named(mut self, name: String) -> Self {
        if self.is_address() && self.url.set_host(Some(&name)).is_ok() {
            url_host(&self.url).clone_into(&mut self.host);
        }
        self.server_name = Some(name);
        self
    }

    pub(super) fn is_address(&self) -> bool {
        self.target.host.parse::<IpAddr>().is_ok()
    }

    /// The host in the `Host` field of a request.
    pub(super) fn host(&self) -> &str {
        &self.host
    }

    /// Whether a request for this `Host` is one to it, with or without the usual port.
    pub(super) fn is_of(&self, host: &str) -> bool {
        let scheme = if self.target.tls { "wss" } else { "ws" };
        Self::new(scheme, host).is_ok_and(|other| other.target == self.target)
    }

    /// A URL on the server; secrets in it are not masked.
    pub(super) fn url_of(&self, target: &str) -> String {
        if target.contains("://") && !target.starts_with('/') {
            return target.to_owned();
        }
        let scheme = if self.target.tls { "https" } else { "http" };
        format!("{scheme}://{}{target}", self.host)
    }

    /// The connection to it, made like `template`.
    pub(super) fn upstream(&self, template: &session::Options) -> session::Options {
        let mut open = template.clone();
        open.url = self.url.clone();
        open.target = self.target.clone();
        open.offer.host.clone_from(&self.host);
        "/".clone_into(&mut open.offer.target);
        if let Some(name) = &self.server_name
            && open.dial.tls.sni == Sni::Host
        {
            open.dial.tls.sni = Sni::Relayed(name.clone());
        }
        open
    }

    /// The address of this machine's own, if it is one by its name alone.
    pub(super) fn is_loopback(&self) -> bool {
        let host = &self.target.host;
        host.parse::<IpAddr>().map_or_else(
            |_| is_localhost(host),
            |ip| ip.to_canonical().is_loopback() || ip.is_unspecified(),
        )
    }
}

fn url_host(url: &Url) -> &str {
    &url[Position::BeforeHost..Position::AfterPort]
}

/// A request in absolute form as its server expects it, with the server's `Host` (RFC 9112 §3.2.2), and without what
/// is for the proxy alone (RFC 9110 §7.6.1).
pub(super) fn in_origin_form(request: &Head, goal: &Goal, target: &str) -> Head {
    let line = String::from_utf8_lossy(request.start_line());
    let mut words = line.split(' ');
    let (method, version) = (words.next().unwrap_or_default(), words.nth(1));
    let line = format!("{method} {target} {}", version.unwrap_or("HTTP/1.1"));
    let named = request.list("Connection");
    let is_ours = |name: &[u8]| {
        let is = |it: &&str| it.as_bytes().eq_ignore_ascii_case(name);
        OURS.iter().any(&is) || named.iter().any(|it| is(&it.as_str())) && !THEIRS.iter().any(is)
    };
    // A server that closes, or changes the protocol, does so for the proxy as well.
    let kept = |it: &&String| KEPT.iter().any(|kept| kept.eq_ignore_ascii_case(it));
    let kept: Vec<&str> = named.iter().filter(kept).map(String::as_str).collect();
    let is_kept = kept.len() == named.len();
    let connection = kept.join(", ");
    let fields = request.fields().filter_map(|(name, value)| {
        if !name.eq_ignore_ascii_case(b"Connection") {
            return (!is_ours(name)).then_some((name, value));
        }
        match (is_kept, connection.as_bytes()) {
            (true, _) => Some((name, value)),
            (false, b"") => None,
            (false, kept) => Some((name, kept)),
        }
    });
    let host: (&[u8], &[u8]) = (b"Host", goal.host.as_bytes());
    Head::encode_bytes(line.as_bytes(), std::iter::once(host).chain(fields))
}

/// Fields of the hop to the proxy.
const OURS: [&str; 5] = [
    "Host",
    "Proxy-Connection",
    "Proxy-Authorization",
    "Keep-Alive",
    "TE",
];
/// Fields that frame the message, whatever `Connection` names.
const THEIRS: [&str; 3] = ["Content-Length", "Transfer-Encoding", "Upgrade"];
/// What `Connection` says to the server as well.
const KEPT: [&str; 3] = ["close", "keep-alive", "upgrade"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connect_names_a_host_and_a_port() {
        for (authority, host, port, field, tls) in [
            ("Example.com:443", "example.com", 443, "example.com", true),
            ("h:8443", "h", 8443, "h:8443", true),
            ("[::1]:80", "::1", 80, "[::1]", false),
        ] {
            let goal = Goal::of_authority(authority).expect(authority);
            let target = &goal.target;
            assert_eq!((target.host.as_str(), target.port), (host, port));
            assert_eq!((goal.host(), target.tls), (field, tls), "{authority}");
        }
        for authority in [
            "h", "h:", ":443", "h:0", "h:65536", "h:1/", "u@h:1", "h:+1", "a b:1", "[::1:1",
        ] {
            assert!(Goal::of_authority(authority).is_err(), "{authority}");
        }
    }

    #[test]
    fn the_protocol_in_the_tunnel_decides_about_the_scheme() {
        let goal = Goal::of_authority("h:8080").unwrap().speaking(false);
        assert_eq!((goal.url.as_str(), goal.host()), ("ws://h:8080/", "h:8080"));
        let goal = Goal::of_authority("h:443").unwrap().speaking(false);
        assert_eq!((goal.url.as_str(), goal.host()), ("ws://h:443/", "h:443"));
        let goal = Goal::of_authority("h:80").unwrap().speaking(true);
        assert_eq!((goal.url.as_str(), goal.host()), ("wss://h:80/", "h:80"));
    }

    #[test]
    fn a_name_in_tls_is_the_host_of_an_address_and_no_other_place() {
        let goal = Goal::of_authority("10.0.0.1:8443").unwrap().speaking(true);
        let goal = goal.named("h.example".to_owned());
        assert_eq!(goal.host(), "h.example:8443");
        assert_eq!(goal.url.as_str(), "wss://h.example:8443/");
        assert_eq!(goal.target.host, "10.0.0.1");
        let goal = Goal::of_authority("a.example:443").unwrap();
        let goal = goal.speaking(true).named("b.example".to_owned());
        assert_eq!(
            (goal.host(), goal.target.host.as_str()),
            ("a.example", "a.example")
        );
        assert_eq!(goal.server_name.as_deref(), Some("b.example"));
    }

    #[test]
    fn an_absolute_url_keeps_its_path_as_it_is() {
        for (url, host, path) in [
            ("http://h/a/../b?c", "h", "/a/../b?c"),
            ("HTTP://h:80", "h", "/"),
            ("ws://h:81?x", "h:81", "/?x"),
            ("http://h/a#b", "h", "/a"),
            ("http://h#b", "h", "/"),
        ] {
            let (goal, rest) = Goal::of_url(url).expect(url);
            assert_eq!((goal.host(), rest.as_str()), (host, path), "{url}");
        }
        let long = format!("http://{}/", "a.".repeat(200));
        for (url, error) in [
            (long.as_str(), GoalError::Host),
            ("/chat", GoalError::NoProxyRequest),
            ("*", GoalError::NoProxyRequest),
            ("https://h/", GoalError::Scheme),
            ("http://u:p@h/", GoalError::Userinfo),
            ("http:///", GoalError::Host),
        ] {
            assert_eq!(Goal::of_url(url).err(), Some(error), "{url}");
        }
    }

    #[test]
    fn a_request_to_the_server_has_its_host_and_nothing_of_the_proxys() {
        let fields = [
            ("Proxy-Authorization", "x"),
            ("Host", "other"),
            ("A", "b"),
            ("proxy-connection", "close"),
        ];
        let request = Head::encode("GET http://h:81/a HTTP/1.0", fields);
        let (goal, target) = Goal::of_url("http://h:81/a").unwrap();
        let head = in_origin_form(&request, &goal, &target);
        assert_eq!(
            head.as_bytes(),
            b"GET /a HTTP/1.0\r\nHost: h:81\r\nA: b\r\n\r\n"
        );
    }

    #[test]
    fn fields_for_the_proxy_alone_end_at_it() {
        for (connection, fields, expected) in [
            (
                "close, X-Internal",
                &[("X-Internal", "1"), ("Keep-Alive", "5"), ("TE", "trailers")][..],
                "Connection: close\r\n",
            ),
            ("x-internal", &[("X-Internal", "1"), ("A", "b")], "A: b\r\n"),
            (
                "Content-Length, Upgrade",
                &[("Upgrade", "websocket"), ("Content-Length", "0")],
                "Connection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: 0\r\n",
            ),
            (
                "keep-alive, Upgrade",
                &[("Upgrade", "websocket")],
                "Connection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n",
            ),
        ] {
            let fields = [("Connection", connection)]
                .into_iter()
                .chain(fields.iter().copied());
            let request = Head::encode("GET http://h/ HTTP/1.1", fields);
            let (goal, target) = Goal::of_url("http://h/").unwrap();
            let head = in_origin_form(&request, &goal, &target);
            let expected = format!("GET / HTTP/1.1\r\nHost: h\r\n{expected}\r\n");
            assert_eq!(String::from_utf8_lossy(head.as_bytes()), expected);
        }
    }

    #[test]
    fn a_url_in_a_tunnel_is_shown_once() {
        let goal = Goal::of_authority("h:80").unwrap();
        assert_eq!(goal.url_of("/a?u=http://x"), "http://h/a?u=http://x");
        assert_eq!(goal.url_of("http://other/a"), "http://other/a");
    }
}
