//! The upgrade request in its variants: with the user's credentials, with those that a browser adds by itself, or
//! with none.

use url::Url;

use crate::proto::handshake::Offer;
use crate::proto::handshake::client::Edit;
use crate::render::Secrets;
use crate::session;

/// Which credentials a request has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum With {
    /// All that were given.
    All,
    /// None; the rest of the request is as given.
    Nothing,
    /// Those that a browser adds to requests of any page: cookies, logins that it keeps, client certificates.
    Ambient,
    /// The same, without what of the query and the subprotocols may be a token.
    Public,
    /// None, as a page asks for somebody whom the server does not know.
    Stranger,
}

impl With {
    /// Whether the request is one that a script in any page can make.
    fn is_page(self) -> bool {
        matches!(self, Self::Ambient | Self::Public | Self::Stranger)
    }
}

/// Beginnings of fields that a browser sends by itself: a page can set no field of a handshake.
const OF_BROWSERS: [&str; 9] = [
    "accept",
    "cache-control",
    "dnt",
    "host",
    "pragma",
    "sec-fetch-",
    "sec-websocket-",
    "upgrade",
    "user-agent",
];

/// The schemes of logins that browsers keep (RFC 7617, 7616, 4559).
const KEPT_SCHEMES: [&str; 4] = ["basic", "digest", "negotiate", "ntlm"];

/// The same connection with other credentials.
pub(super) fn with(base: &session::Options, with: With) -> session::Options {
    let mut options = base.clone();
    if with == With::All {
        return options;
    }
    let keeps = matches!(with, With::Ambient | With::Public);
    let login = options.credentials.authorization.take();
    options.credentials.authorization =
        login.filter(|value| keeps && is_kept_by_browsers(value.expose()));
    if !keeps {
        options.credentials.cookies = None;
        options.credentials.jar = None;
        options.dial.tls.identity = None;
    }
    let offer = &mut options.offer;
    offer.edits.retain(|edit| match edit {
        Edit::Remove { .. } => true,
        Edit::Set { name, value } => {
            let is_ambient = name.eq_ignore_ascii_case("cookie")
                || name.eq_ignore_ascii_case("authorization") && is_kept_by_browsers(value);
            let is_open = !is_secret(name, value) && (!with.is_page() || is_of_browsers(name));
            is_open || keeps && is_ambient
        }
    });
    offer.target = without_secrets(&offer.target);
    remove_tokens(offer);
    if with == With::Public {
        offer.target = pairs_of(&offer.target, &|pair| is_public_pair(pair));
        offer.subprotocols.retain(|name| is_public_name(name));
    }
    options
}

/// Whether anything was given that a browser would add by itself.
pub(super) fn has_ambient(options: &session::Options) -> bool {
    !ambient(options).is_empty()
}

/// What was given that a browser would add by itself, in words.
pub(super) fn ambient(options: &session::Options) -> Vec<&'static str> {
    let mut words = Vec::new();
    let jar = options.credentials.jar.as_ref();
    let edits = &options.offer.edits;
    let sets_cookie = edits.iter().any(|edit| edit.sets("cookie"));
    let has_cookie = options.credentials.cookies.is_some()
        || jar.is_some_and(|jar| jar.header(&options.url).is_some());
    if has_cookie || sets_cookie {
        words.push("cookie");
    }
    let login = options.credentials.authorization.as_ref();
    let is_kept = |edit: &Edit| match edit {
        Edit::Set { name, value } => {
            name.eq_ignore_ascii_case("authorization") && is_kept_by_browsers(value)
        }
        Edit::Remove { .. } => false,
    };
    if login.is_some_and(|value| is_kept_by_browsers(value.expose())) || edits.iter().any(is_kept) {
        words.push("login");
    }
    if options.target.tls && options.dial.tls.identity.is_some() {
        words.push("client certificate");
    }
    words
}

/// Whether any credentials were given.
pub(super) fn has_credentials(options: &session::Options) -> bool {
    has_ambient(options) || has_bound(options) || in_query(options)
}

/// Whether the URL or the subprotocols may have a secret that a foreign page does not know, and that nothing marks.
pub(super) fn has_unknown(options: &session::Options) -> bool {
    let page = with(options, With::Ambient).offer;
    pairs_of(&page.target, &|pair| is_public_pair(pair)) != page.target
        || !page.subprotocols.iter().all(|name| is_public_name(name))
}

/// Whether an Origin was given.
pub(super) fn has_origin(options: &session::Options) -> bool {
    let offer = &options.offer;
    offer.origin.is_some() || offer.edits.iter().any(|edit| edit.sets("origin"))
}

/// Whether the URL has a query.
pub(super) fn has_query(options: &session::Options) -> bool {
    options.offer.target.contains('?')
}

/// Parts of names of what only the own pages of a server know.
const TOKENS: [&str; 15] = [
    "auth", "code", "csrf", "hash", "jwt", "key", "nonce", "pass", "rand", "secret", "sess", "sig",
    "ticket", "token", "xsrf",
];

fn is_public_pair(pair: &str) -> bool {
    let (name, value) = pair.split_once('=').unwrap_or(("", pair));
    is_public_name(name) && is_public_name(value)
}

/// Whether a name is made of words and small numbers, as `v12.stomp` and `room`: no token looks like that.
fn is_public_name(name: &str) -> bool {
    let name_in_lower_case = name.to_ascii_lowercase();
    let parts = name.split(|c: char| !c.is_ascii_alphanumeric());
    let is_word = |part: &str| {
        let word = part.trim_end_matches(|c: char| c.is_ascii_digit());
        let digits = part.len() - word.len();
        word.len() <= 12 && digits <= 3 && word.bytes().all(|byte| byte.is_ascii_alphabetic())
    };
    let is_token = TOKENS.iter().any(|it| name_in_lower_case.contains(it));
    name.is_ascii() && !is_token && parts.into_iter().all(is_word)
}

/// Whether any were given, besides in the query, that a page elsewhere cannot send.
fn has_bound(options: &session::Options) -> bool {
    let offer = &options.offer;
    let names = offer.subprotocols.join(", ");
    let is_secret_edit = |edit: &Edit| match edit {
        Edit::Set { name, value } => is_secret(name, value),
        Edit::Remove { .. } => false,
    };
    options.credentials.authorization.is_some()
        || offer.edits.iter().any(is_secret_edit)
        || Secrets::Masked.subprotocols(&names) != names
}

/// Whether the URL itself has credentials.
pub(super) fn in_query(options: &session::Options) -> bool {
    let target = &options.offer.target;
    without_secrets(target) != *target
}

/// Whether the URL is the only place of credentials.
pub(super) fn only_in_query(options: &session::Options) -> bool {
    in_query(options) && !has_bound(options) && !has_ambient(options)
}

fn is_secret(name: &str, value: &str) -> bool {
    let is_login = name.eq_ignore_ascii_case("authorization");
    is_login || Secrets::Masked.header_value(name, value) != value
}

fn is_of_browsers(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    OF_BROWSERS.iter().any(|start| name.starts_with(start))
}

fn is_kept_by_browsers(value: &str) -> bool {
    let scheme = value.split(' ').next().unwrap_or_default();
    KEPT_SCHEMES.contains(&scheme.to_ascii_lowercase().as_str())
}

/// A request target without the pairs of its query that are secrets.
fn without_secrets(target: &str) -> String {
    pairs_of(target, &|pair| {
        let alone = format!("/?{pair}");
        Secrets::Masked.url(&alone) == alone
    })
}

/// A request target with these pairs of its query.
fn pairs_of(target: &str, keeps: &dyn Fn(&str) -> bool) -> String {
    let Some((path, query)) = target.split_once('?') else {
        return target.to_owned();
    };
    let pairs: Vec<&str> = query.split('&').filter(|pair| keeps(pair)).collect();
    match pairs.len() {
        0 => path.to_owned(),
        _ => format!("{path}?{}", pairs.join("&")),
    }
}

/// Removes subprotocols that are tokens.
fn remove_tokens(offer: &mut Offer) {
    let names = offer.subprotocols.join(",");
    let masked = Secrets::Masked.subprotocols(&names).into_owned();
    if masked != names {
        let is_open = masked.split(',').map(|name| !name.contains("***"));
        let pairs = offer.subprotocols.iter().zip(is_open);
        offer.subprotocols = pairs
            .filter(|(_, is_open)| *is_open)
            .map(|(name, _)| name.clone())
            .collect();
    }
}

/// Top-level domains in which nobody can register a name (RFC 6761, RFC 6762, RFC 7686, ICANN), and customary ones.
const RESERVED: [&str; 13] = [
    "arpa",
    "corp",
    "example",
    "home",
    "internal",
    "intranet",
    "invalid",
    "lan",
    "local",
    "localdomain",
    "localhost",
    "onion",
    "test",
];

/// An origin in its parts (RFC 6454 §4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) scheme: String,
    pub(super) host: String,
    pub(super) port: Option<u16>,
}

impl Place {
    /// The origin of the pages that belong to the server.
    pub(super) fn own(url: &Url, origin: Option<&str>) -> Option<Self> {
        let given = origin.and_then(|origin| Url::parse(origin).ok());
        let url = given.as_ref().unwrap_or(url);
        let scheme = match url.scheme() {
            "ws" => "http",
            "wss" => "https",
            scheme => scheme,
        };
        let default = if scheme == "https" { 443 } else { 80 };
        Some(Self {
            scheme: scheme.to_owned(),
            host: url.host_str()?.to_owned(),
            port: url.port().filter(|port| *port != default),
        })
    }

    pub(super) fn is_address(&self) -> bool {
        self.host.starts_with('[') || self.host.parse::<std::net::IpAddr>().is_ok()
    }

    pub(super) fn text(&self) -> String {
        let port = self.port.map(|port| format!(":{port}"));
        format!(
            "{}://{}{}",
            self.scheme,
            self.host,
            port.unwrap_or_default()
        )
    }

    pub(super) fn with_host(&self, host: String) -> String {
        Self {
            host,
            ..self.clone()
        }
        .text()
    }

    /// Another domain that ends with that of the server, and that anybody could register.
    pub(super) fn prefixed(&self) -> Option<String> {
        let labels: Vec<&str> = self.host.trim_end_matches('.').split('.').collect();
        let [.., second, last] = labels[..] else {
            return None;
        };
        if RESERVED.contains(&last) {
            return None;
        }
        // co.uk and the like: a guess is enough, as a wrong one is a foreign origin as well.
        let is_short = last.len() == 2 && second.len() <= 3 && labels.len() > 2;
        let taken = if is_short { 3 } else { 2 };
        let domain = labels[labels.len() - taken..].join(".");
        Some(self.with_host(format!("foreign{domain}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(url: &str) -> Place {
        Place::own(&Url::parse(url).expect("a URL"), None).expect("an origin")
    }

    #[test]
    fn the_own_origin_is_that_of_the_pages_of_the_server() {
        for (url, origin) in [
            ("ws://localhost:9001/a", "http://localhost:9001"),
            ("wss://app.example.com/", "https://app.example.com"),
            ("ws://app.example.com:80/", "http://app.example.com"),
        ] {
            assert_eq!(place(url).text(), origin);
        }
    }

    #[test]
    fn the_prefixed_domain_can_be_registered_by_anybody() {
        for (url, origin) in [
            ("wss://example.com/", Some("https://foreignexample.com")),
            ("wss://a.b.example.com/", Some("https://foreignexample.com")),
            (
                "wss://a.example.co.uk/",
                Some("https://foreignexample.co.uk"),
            ),
            ("wss://localhost/", None),
            ("wss://app.localhost/", None),
            ("wss://app.corp.internal/", None),
        ] {
            assert_eq!(place(url).prefixed().as_deref(), origin);
        }
    }

    #[test]
    fn words_are_public_and_what_may_be_a_token_is_not() {
        for name in ["chat", "v12.stomp", "graphql-transport-ws", "wamp.2.json"] {
            assert!(is_public_name(name), "{name}");
        }
        for pair in ["room=1", "EIO=4", "transport=websocket", "lang=en"] {
            assert!(is_public_pair(pair), "{pair}");
        }
        for name in [
            "csrf.8f3a",
            "auth-x",
            "ticket-x",
            "8f3a",
            "aGVsbG8gd29ybGQhIQ",
        ] {
            assert!(!is_public_name(name), "{name}");
        }
        assert!(!is_public_pair("nonce=1"));
    }

    #[test]
    fn secrets_leave_the_query_and_the_rest_stays() {
        for (target, rest) in [
            ("/a?room=1&token=s3cret&x=2", "/a?room=1&x=2"),
            ("/a?token=s3cret", "/a"),
            ("/a?room=1", "/a?room=1"),
        ] {
            assert_eq!(without_secrets(target), rest);
        }
    }
}
