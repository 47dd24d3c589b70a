//! The URL as typed, resolved to the address to dial and the parts of the request.

mod error;
pub(super) mod zone;

use std::fmt;

use url::{Host, Position, Url};

use crate::dial::{self, is_localhost};

pub use error::{TargetError, TargetProblem};

#[derive(Clone, PartialEq, Eq)]
pub struct Target {
    /// The URL with its scheme mapped to `ws` or `wss`; it still holds the userinfo.
    pub url: Url,
    pub dial: dial::Target,
    /// Path and query, as the request line has them (RFC 6455 §3, "resource name"). Unlike those of
    /// `url`, they may be as typed.
    pub request_target: String,
    /// The value of the `Host` field: a default port is left out (RFC 6455 §4.1).
    pub host_header: String,
    /// User name and password of the userinfo, percent-decoded.
    pub credentials: Option<(String, String)>,
    pub assumed: Option<Assumption>,
    /// The scheme that was typed is http or https.
    pub is_http: bool,
}

impl Target {
    pub fn parse(input: &str) -> Result<Self, TargetError> {
        resolve(input).map_err(|problem| TargetError::new(input, problem))
    }

    /// Like [`parse`](Self::parse), but keeps the path as typed if `path_as_is`.
    pub(super) fn typed(input: &str, path_as_is: bool) -> Result<Self, TargetError> {
        let mut target = Self::parse(input)?;
        if path_as_is {
            target.request_target = request_target(typed_path(input), input);
        }
        Ok(target)
    }

    /// The URL with path and query as they are sent; it still holds the userinfo.
    pub(super) fn sent_url(&self) -> String {
        let start = &self.url[..Position::BeforePath];
        format!("{start}{}", self.request_target)
    }
}

/// Credentials stay out of logs and assertion messages.
impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Target")
            .field("dial", &self.dial)
            .field("assumed", &self.assumed)
            .finish_non_exhaustive()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Assumption {
    /// `ws`, because the host is this machine.
    Loopback,
    /// `ws`, because the address is private or link-local.
    Private,
    /// `wss`, because the host is anywhere else.
    Elsewhere,
}

impl Assumption {
    pub fn scheme(self) -> &'static str {
        match self {
            Self::Loopback | Self::Private => "ws",
            Self::Elsewhere => "wss",
        }
    }

    fn of(host: &Host<&str>) -> Self {
        let (loopback, private) = match host {
            Host::Domain(name) => (is_localhost(name), false),
            Host::Ipv4(address) => (
                address.is_loopback(),
                address.is_private() || address.is_link_local(),
            ),
            Host::Ipv6(address) => (
                address.is_loopback(),
                address.is_unique_local() || address.is_unicast_link_local(),
            ),
        };
        match (loopback, private) {
            (true, _) => Self::Loopback,
            (false, true) => Self::Private,
            (false, false) => Self::Elsewhere,
        }
    }
}

impl fmt::Display for Assumption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Loopback => "no scheme given, using ws:// because the host is this machine",
            Self::Private => "no scheme given, using ws:// because the address is private",
            Self::Elsewhere => "no scheme given, using wss:// because the host is not local",
        })
    }
}

fn resolve(input: &str) -> Result<Target, TargetProblem> {
    check_characters(input)?;
    let (scheme, rest) = split_scheme(input)?;
    let rest = match (scheme, rest) {
        (None, rest) => with_host(rest)?,
        (Some(_), rest) => rest.to_owned(),
    };
    let (rest, zone) = zone::split(&rest)?;
    check_authority(authority(&rest))?;
    if let Some(scheme) = scheme {
        let target = build(parse(scheme, &rest)?, &rest, zone.as_deref(), None)?;
        let is_http = input.to_ascii_lowercase().starts_with("http");
        return Ok(Target { is_http, ..target });
    }
    let assumed = Assumption::of(&parse("ws", &rest)?.host().ok_or(TargetProblem::NoHost)?);
    // Parsed again: `Url` has dropped the port if it was the default of the first scheme.
    let url = parse(assumed.scheme(), &rest)?;
    build(url, &rest, zone.as_deref(), Some(assumed))
}

/// `Url` silently drops tabs and newlines and turns backslashes to slashes, so they are checked
/// first.
fn check_characters(input: &str) -> Result<(), TargetProblem> {
    if input.is_empty() {
        return Err(TargetProblem::Empty);
    }
    let mut in_query = false;
    for (index, c) in input.chars().enumerate() {
        let position = index + 1;
        match c {
            '#' => return Err(TargetProblem::Fragment { position }),
            '?' => in_query = true,
            _ if c.is_whitespace() || c.is_control() || (c == '\\' && !in_query) => {
                return Err(TargetProblem::Character {
                    position,
                    found: c,
                    encoded: percent_encoded(c),
                });
            }
            _ => {}
        }
    }
    Ok(())
}

fn percent_encoded(c: char) -> String {
    use std::fmt::Write as _;
    let mut out = String::new();
    for byte in c.encode_utf8(&mut [0; 4]).bytes() {
        // Writing to a String cannot fail.
        let _ = write!(out, "%{byte:02X}");
    }
    out
}

/// The scheme, mapped to `ws` or `wss`, and what follows its `//`.
fn split_scheme(input: &str) -> Result<(Option<&'static str>, &str), TargetProblem> {
    let Some((scheme, rest)) = input.split_once("://").filter(|(s, _)| is_scheme(s)) else {
        return match input.split_once(':') {
            Some((scheme, rest)) if known_scheme(scheme).is_some() && !starts_with_port(rest) => {
                Err(TargetProblem::NoSlashes(format!("{scheme}:")))
            }
            _ => Ok((None, input)),
        };
    };
    let second = rest.split_once("://").map(|(second, _)| second);
    match known_scheme(scheme) {
        Some(_) if second.is_some_and(is_scheme) => Err(TargetProblem::TwoSchemes),
        Some(known) => Ok((Some(known), rest)),
        None => Err(TargetProblem::Scheme(scheme.to_owned())),
    }
}

fn known_scheme(scheme: &str) -> Option<&'static str> {
    match scheme.to_ascii_lowercase().as_str() {
        "ws" | "http" => Some("ws"),
        "wss" | "https" => Some("wss"),
        _ => None,
    }
}

/// RFC 3986 §3.1: scheme = ALPHA *( ALPHA / DIGIT / "+" / "-" / "." ).
fn is_scheme(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b))
}

fn starts_with_port(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_digit())
}

/// Completes `:8080/path` and `8080/path` to `localhost:8080/path`.
fn with_host(rest: &str) -> Result<String, TargetProblem> {
    if rest.starts_with(['/', '?']) {
        return Err(TargetProblem::PathOnly);
    }
    if rest.starts_with(':') && !rest.starts_with("::") {
        return Ok(format!("localhost{rest}"));
    }
    match authority(rest) {
        "." | ".." | "~" => Err(TargetProblem::FilePath),
        // As in `wsee listen 9001`; otherwise it would be the IPv4 address 0.0.35.41.
        digits if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
            Ok(format!("localhost:{rest}"))
        }
        _ => Ok(rest.to_owned()),
    }
}

fn authority(rest: &str) -> &str {
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    &rest[..end]
}

/// Refuses what `Url` would accept but nobody intends, and what it would report less clearly.
fn check_authority(authority: &str) -> Result<(), TargetProblem> {
    let endpoint = authority.rsplit_once('@').map_or(authority, |(_, e)| e);
    let (host, port) = split_port(endpoint)?;
    if host.is_empty() {
        return Err(TargetProblem::NoHost);
    }
    match port {
        Some(port) if !is_port(port) => Err(TargetProblem::Port(port.to_owned())),
        _ => Ok(()),
    }
}

pub(super) fn split_port(endpoint: &str) -> Result<(&str, Option<&str>), TargetProblem> {
    if endpoint.starts_with('[') {
        let end = endpoint.find(']').map_or(endpoint.len(), |end| end + 1);
        let (host, port) = endpoint.split_at(end);
        return Ok((
            host,
            (!port.is_empty()).then(|| port.trim_start_matches(':')),
        ));
    }
    match endpoint.rsplit_once(':') {
        Some((host, _)) if host.contains(':') => {
            Err(TargetProblem::Unbracketed(endpoint.to_owned()))
        }
        Some((host, port)) => Ok((host, Some(port))),
        None => Ok((endpoint, None)),
    }
}

pub(super) fn is_port(port: &str) -> bool {
    port.bytes().all(|b| b.is_ascii_digit()) && port.parse::<u16>().is_ok_and(|port| port != 0)
}

fn parse(scheme: &str, rest: &str) -> Result<Url, TargetProblem> {
    use url::ParseError as E;
    Url::parse(&format!("{scheme}://{rest}")).map_err(|error| match error {
        E::EmptyHost => TargetProblem::NoHost,
        E::IdnaError
        | E::InvalidIpv4Address
        | E::InvalidIpv6Address
        | E::InvalidDomainCharacter => {
            let authority = authority(rest);
            let endpoint = authority.rsplit_once('@').map_or(authority, |(_, e)| e);
            TargetProblem::Host {
                host: split_port(endpoint)
                    .map_or(endpoint, |(host, _)| host)
                    .to_owned(),
                reason: error.to_string(),
            }
        }
        other => TargetProblem::Other(other.to_string()),
    })
}

fn build(
    url: Url,
    typed: &str,
    zone: Option<&str>,
    assumed: Option<Assumption>,
) -> Result<Target, TargetProblem> {
    let host = url.host().ok_or(TargetProblem::NoHost)?;
    let literal = host.to_string();
    let host = match host {
        Host::Ipv6(address) => zone::join(address, zone),
        other => other.to_string(),
    };
    let tls = url.scheme() == "wss";
    let request_target = request_target(url.path(), typed);
    let host_header = match url.port() {
        Some(port) => format!("{literal}:{port}"),
        None => literal,
    };
    Ok(Target {
        dial: dial::Target {
            host,
            port: url.port().unwrap_or(if tls { 443 } else { 80 }),
            tls,
        },
        request_target,
        host_header,
        credentials: credentials(&url)?,
        assumed,
        is_http: false,
        url,
    })
}

/// `path`, and the query of `typed`. `Url` would percent-encode "'" in it, which servers then see.
fn request_target(path: &str, typed: &str) -> String {
    let mut target = String::new();
    push_encoded(&mut target, path, "");
    if let Some((_, query)) = typed.split_once('?') {
        target.push('?');
        push_encoded(&mut target, query, "\"<>");
    }
    target
}

/// Percent-encodes what is not ASCII, and the characters in `special`.
fn push_encoded(out: &mut String, text: &str, special: &str) {
    for c in text.chars() {
        if c.is_ascii() && !special.contains(c) {
            out.push(c);
        } else {
            out.push_str(&percent_encoded(c));
        }
    }
}

/// The path of a URL that was accepted.
fn typed_path(input: &str) -> &str {
    let before_query = input.split('?').next().unwrap_or_default();
    let authority = before_query.find("://").map_or(0, |at| at + "://".len());
    let path = before_query[authority..].find('/');
    path.map_or("/", |at| &before_query[authority + at..])
}

fn credentials(url: &Url) -> Result<Option<(String, String)>, TargetProblem> {
    if url.username().is_empty() && url.password().is_none() {
        return Ok(None);
    }
    let user = percent_decoded(url.username())?;
    let password = percent_decoded(url.password().unwrap_or_default())?;
    // RFC 7617 §2: a user-id must not contain a colon, which separates it from the password.
    if user.contains(':') {
        return Err(TargetProblem::Userinfo("has a ':' (%3A) in the user name"));
    }
    if user.chars().chain(password.chars()).any(char::is_control) {
        return Err(TargetProblem::Userinfo("contains a control character"));
    }
    Ok(Some((user, password)))
}

pub(super) fn percent_decoded(text: &str) -> Result<String, TargetProblem> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let (byte, after) = escaped_byte(rest).unwrap_or((*first, tail));
        out.push(byte);
        rest = after;
    }
    String::from_utf8(out).map_err(|_| TargetProblem::Userinfo("is not UTF-8"))
}

/// The byte of a `%XX` at the start of `bytes`, and the rest.
fn escaped_byte(bytes: &[u8]) -> Option<(u8, &[u8])> {
    let [b'%', high, low, rest @ ..] = bytes else {
        return None;
    };
    let nibble = |b: u8| {
        char::from(b)
            .to_digit(16)
            .and_then(|d| u8::try_from(d).ok())
    };
    Some((nibble(*high)? << 4 | nibble(*low)?, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(input: &str) -> Target {
        Target::parse(input).unwrap_or_else(|error| panic!("{error}"))
    }

    fn problem(input: &str) -> TargetProblem {
        match Target::parse(input) {
            Ok(target) => panic!("{input} was accepted as {target:?}"),
            Err(error) => error.problem,
        }
    }

    #[test]
    fn takes_ws_and_wss_as_they_are() {
        let plain = target("ws://example.com/chat?room=1");
        assert_eq!(
            (plain.dial.host.as_str(), plain.dial.port, plain.dial.tls),
            ("example.com", 80, false)
        );
        assert_eq!(plain.request_target, "/chat?room=1");
        assert_eq!(plain.host_header, "example.com");
        assert_eq!(plain.assumed, None);

        let secure = target("WSS://Example.COM:8443");
        assert_eq!(
            (secure.dial.host.as_str(), secure.dial.port, secure.dial.tls),
            ("example.com", 8443, true)
        );
        assert_eq!(secure.request_target, "/");
        assert_eq!(secure.host_header, "example.com:8443");
    }

    #[test]
    fn maps_http_and_https() {
        assert_eq!(target("http://a.test/x").url.as_str(), "ws://a.test/x");
        assert_eq!(target("https://a.test/x").url.as_str(), "wss://a.test/x");
    }

    #[test]
    fn assumes_ws_for_loopback_and_private_hosts_only() {
        use Assumption::{Elsewhere, Loopback, Private};
        for (input, assumed) in [
            ("localhost", Loopback),
            ("localhost.:1", Loopback),
            ("app.localhost:3000/x", Loopback),
            ("127.1.2.3", Loopback),
            ("[::1]:80", Loopback),
            ("10.0.0.1", Private),
            ("172.16.0.1", Private),
            ("172.31.255.255", Private),
            ("192.168.1.1:8080", Private),
            ("169.254.1.1", Private),
            ("[fd00::1]", Private),
            ("[fe80::1]", Private),
            ("172.32.0.1", Elsewhere),
            ("8.8.8.8", Elsewhere),
            ("[2001:db8::1]", Elsewhere),
            ("example.com", Elsewhere),
            ("notlocalhost", Elsewhere),
        ] {
            let target = target(input);
            assert_eq!(target.assumed, Some(assumed), "{input}");
            assert_eq!(target.dial.tls, assumed == Elsewhere, "{input}");
        }
    }

    #[test]
    fn keeps_a_port_that_is_the_default_of_the_other_scheme() {
        assert_eq!(target("localhost:443").dial.port, 443);
        assert_eq!(target("localhost:443").host_header, "localhost:443");
        assert_eq!(target("example.com:80").dial.port, 80);
        assert_eq!(target("example.com:80").host_header, "example.com:80");
        assert_eq!(target("example.com:443").host_header, "example.com");
    }

    #[test]
    fn completes_a_bare_port_with_localhost() {
        let target = target(":8080/path");
        assert_eq!(target.url.as_str(), "ws://localhost:8080/path");
        assert_eq!(target.assumed, Some(Assumption::Loopback));
    }

    #[test]
    fn digits_alone_are_a_port_of_this_machine() {
        assert_eq!(target("9001").url.as_str(), "ws://localhost:9001/");
        assert_eq!(target("8080/chat?a=1").request_target, "/chat?a=1");
        assert_eq!(problem("99999"), TargetProblem::Port("99999".into()));
        assert_eq!(problem("0"), TargetProblem::Port("0".into()));
        assert_eq!(target("ws://9001").dial.host, "0.0.35.41");
    }

    #[test]
    fn a_path_of_a_file_has_no_host() {
        for path in ["./foo", "../foo.json", "~/chat/", "."] {
            assert_eq!(problem(path), TargetProblem::FilePath, "{path}");
        }
    }

    #[test]
    fn a_second_scheme_is_named_as_that() {
        for url in ["ws://ws://h", "wss://http://h:1/x", "ws://ftp://h"] {
            assert_eq!(problem(url), TargetProblem::TwoSchemes, "{url}");
        }
        for url in ["ws://ws/://x", "ws://h/ws://h", "ws://h?u=ws://h"] {
            target(url);
        }
    }

    #[test]
    fn a_url_inside_the_query_is_not_the_scheme() {
        assert_eq!(
            target("localhost:1/x?next=ftp://a").request_target,
            "/x?next=ftp://a"
        );
    }

    #[test]
    fn the_query_goes_out_as_typed() {
        for query in ["q='a'", "a=%2e&b=..", "x=[1]&y={2}|3^4`\\"] {
            let target = target(&format!("ws://h/?{query}"));
            assert_eq!(target.request_target, format!("/?{query}"));
            assert_eq!(target.sent_url(), format!("ws://h/?{query}"));
        }
        assert_eq!(target("ws://h?é=\"<").request_target, "/?%C3%A9=%22%3C");
    }

    #[test]
    fn the_path_goes_out_as_typed_if_asked_for() {
        for (input, as_is, usual) in [
            ("ws://h/a/../b/./c", "/a/../b/./c", "/b/c"),
            (
                "ws://u:p@h:1/%2e%2E/x?y=/../",
                "/%2e%2E/x?y=/../",
                "/x?y=/../",
            ),
            (":1//a/..", "//a/..", "//"),
            ("ws://h", "/", "/"),
            ("ws://h?x", "/?x", "/?x"),
            ("ws://h/{é}", "/{%C3%A9}", "/%7B%C3%A9%7D"),
        ] {
            let typed = Target::typed(input, true).unwrap();
            assert_eq!(typed.request_target, as_is, "{input}");
            assert!(typed.sent_url().ends_with(as_is), "{input}");
            assert_eq!(target(input).request_target, usual, "{input}");
        }
    }

    #[test]
    fn brackets_ipv6_in_the_host_field_only() {
        let target = target("ws://[::1]:9001/");
        assert_eq!(target.dial.host, "::1");
        assert_eq!(target.host_header, "[::1]:9001");
    }

    #[test]
    fn the_zone_of_an_address_is_dialled_and_not_sent() {
        for input in ["ws://[fe80::1%25eth0]:9001/", "[fe80::1%eth0]:9001"] {
            let target = target(input);
            assert_eq!(target.dial.host, "fe80::1%eth0");
            assert_eq!(target.host_header, "[fe80::1]:9001");
            assert!(!target.dial.tls);
        }
        assert!(matches!(
            problem("ws://[fe80::1%]/"),
            TargetProblem::Zone(_)
        ));
    }

    #[test]
    fn encodes_international_names_and_paths() {
        let target = target("wss://bücher.example/straße?q=ü");
        assert_eq!(target.dial.host, "xn--bcher-kva.example");
        assert_eq!(target.request_target, "/stra%C3%9Fe?q=%C3%BC");
    }

    #[test]
    fn decodes_the_userinfo() {
        let pair = |user: &str, password: &str| Some((user.to_owned(), password.to_owned()));
        assert_eq!(target("ws://a.test").credentials, None);
        assert_eq!(
            target("ws://me:p%40ss@a.test").credentials,
            pair("me", "p@ss")
        );
        assert_eq!(target("ws://me@a.test").credentials, pair("me", ""));
        assert_eq!(target("me:100%@a.test").credentials, pair("me", "100%"));
        assert_eq!(target("ws://me:x@a.test").host_header, "a.test");
    }

    #[test]
    fn refuses_userinfo_that_basic_authentication_cannot_carry() {
        for input in ["ws://a%3Ab:c@h", "ws://a:%0A@h", "ws://a:%FF@h"] {
            assert!(
                matches!(problem(input), TargetProblem::Userinfo(_)),
                "{input}"
            );
        }
    }

    #[test]
    fn refuses_fragments_and_names_the_section() {
        assert_eq!(
            problem("ws://h/a#b"),
            TargetProblem::Fragment { position: 9 }
        );
        assert!(problem("h#").to_string().contains("RFC 6455 §3"));
    }

    #[test]
    fn refuses_characters_the_url_parser_would_swallow() {
        for (input, position, encoded) in [
            ("ws://h/a b", 9, "%20"),
            (" ws://h", 1, "%20"),
            ("ws://h/\r\nX: y", 8, "%0D"),
            ("ws://h/\0", 8, "%00"),
            ("ws://h\\x", 7, "%5C"),
            ("ws://h/\u{2028}", 8, "%E2%80%A8"),
        ] {
            let found = input.chars().nth(position - 1).expect("within the input");
            let encoded = encoded.to_owned();
            let expected = TargetProblem::Character {
                position,
                found,
                encoded,
            };
            assert_eq!(problem(input), expected, "{input:?}");
        }
    }

    #[test]
    fn refuses_what_has_no_host() {
        assert_eq!(problem(""), TargetProblem::Empty);
        assert_eq!(problem("/path"), TargetProblem::PathOnly);
        assert_eq!(problem("//host/path"), TargetProblem::PathOnly);
        assert_eq!(problem("?x"), TargetProblem::PathOnly);
        assert_eq!(problem("ws://"), TargetProblem::NoHost);
        assert_eq!(problem("ws:///path"), TargetProblem::NoHost);
        assert_eq!(problem("ws://:80/"), TargetProblem::NoHost);
        assert_eq!(problem("ws://me@/"), TargetProblem::NoHost);
    }

    #[test]
    fn refuses_other_schemes_and_schemes_without_slashes() {
        assert_eq!(problem("ftp://h"), TargetProblem::Scheme("ftp".into()));
        assert_eq!(
            problem("file:///etc/passwd"),
            TargetProblem::Scheme("file".into())
        );
        assert_eq!(problem("wss:h/x"), TargetProblem::NoSlashes("wss:".into()));
        assert_eq!(problem("ws:/h"), TargetProblem::NoSlashes("ws:".into()));
    }

    #[test]
    fn refuses_bad_ports() {
        for (input, port) in [
            ("ws://h:/", ""),
            ("ws://h:x", "x"),
            ("ws://h:0", "0"),
            ("ws://h:65536", "65536"),
            ("ws://h:+1", "+1"),
            ("ws://[::1]x", "x"),
            (":/path", ""),
        ] {
            assert_eq!(problem(input), TargetProblem::Port(port.into()), "{input}");
        }
    }

    #[test]
    fn refuses_bad_hosts() {
        assert_eq!(problem("::1"), TargetProblem::Unbracketed("::1".into()));
        assert_eq!(
            problem("ws://::1:80/"),
            TargetProblem::Unbracketed("::1:80".into())
        );
        for input in ["ws://[::g]", "ws://[::1", "ws://256.1.1.1", "ws://a<b"] {
            assert!(
                matches!(problem(input), TargetProblem::Host { .. }),
                "{input}"
            );
        }
    }

    #[test]
    fn an_error_is_one_line_without_secrets() {
        let error = Target::parse("wss://me:hunter2@h:x/p?token=abc\u{1b}[2J").expect_err("escape");
        let text = error.to_string();
        assert!(!text.contains("hunter2") && !text.contains("abc"), "{text}");
        assert!(!text.chars().any(char::is_control), "{text:?}");
        assert!(
            text.starts_with("bad URL \"wss://***@h:x/p?…\": character 33"),
            "{text}"
        );
    }
}
