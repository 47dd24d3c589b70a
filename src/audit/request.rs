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
    /// None, as a page asks for somebody whom the server does not know.
    Stranger,
}

impl With {
    /// Whether the request is one that a script in any page can make.
    fn is_page(self) -> bool {
        matches!(self, Self::Ambient | Self::Stranger)
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
    let keeps = with == With::Ambient;
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

/// Whether the URL has a query that may be a secret under a name that does not say so.
pub(super) fn has_query(options: &session::Options) -> bool {
    without_secrets(&options.offer.target).contains('?')
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
    let Some((path, query)) = target.split_once('?') else {
        return target.to_owned();
    };
    let is_open = |pair: &&str| {
        let alone = format!("/?{pair}");
        Secrets::Masked.url(&alone) == alone
    };
    let pairs: Vec<&str> = query.split('&').filter(is_open).collect();
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
        let labels: Vec<&str> = self.host.split('.').collect();
        let [.., second, last] = labels[..] else {
            return None;
        };
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
        ] {
            assert_eq!(place(url).prefixed().as_deref(), origin);
        }
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
