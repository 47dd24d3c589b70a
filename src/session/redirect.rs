//! Redirections, which RFC 6455 §4.1 lets a client follow: where they lead and what is sent there.

use url::Url;

use super::options::{Follow, Options, Place};
use crate::diagnostic::Diagnostic;
use crate::dial::tls::Sni;
use crate::proto::handshake::client::Edit;

/// Why a redirection was not followed; URLs are without their query.
#[derive(Debug, thiserror::Error)]
pub enum RedirectError {
    #[error("more than {limit} redirects, the next to {to}")]
    TooMany { limit: u16, to: String },
    #[error("redirect loop, back to {to}")]
    Circle { to: String },
    #[error("refused to follow a redirect from wss:// to {to}, which is not encrypted")]
    Downgrade { to: String },
    #[error("cannot follow a redirect to {0}:, which is not WebSocket")]
    Scheme(String),
    #[error("cannot follow a redirect: its Location is not a URL to connect to ({0})")]
    Location(String),
}

impl Diagnostic for RedirectError {
    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::TooMany { .. } => "--max-redirs allows more",
            Self::Circle { .. } => "the server may want a cookie (-b) or other credentials",
            Self::Downgrade { .. } => "if the server speaks TLS there, connect to it with wss://",
            Self::Scheme(_) => "check the URL's path",
            Self::Location(_) => return None,
        };
        Some(hint.to_owned())
    }
}

/// Whether a request to `place` leaves out something the user gave.
pub(super) fn withholds(first: &Options, place: &Options) -> bool {
    let is_trusted = first.follow.as_ref().is_some_and(|follow| follow.trusted);
    let (had, has) = (&first.credentials, &place.credentials);
    let is_left = had.authorization.is_some() && had.authorization != has.authorization
        || had.login.is_some() && has.login.is_none()
        || had.cookies.is_some() && has.cookies.is_none()
        || first.dial.tls.identity.is_some() && place.dial.tls.identity.is_none()
        || place.offer.edits.len() < first.offer.edits.len();
    is_left && !is_trusted
}

pub(super) struct Trail<'a> {
    first: &'a Options,
    /// URL and cookies of each: the same URL with another cookie may get another response.
    asked: Vec<(Url, Option<String>)>,
}

impl<'a> Trail<'a> {
    pub(super) fn new(first: &'a Options) -> Self {
        let asked = Vec::new();
        Self { first, asked }
    }

    /// Records a request, before its response sets other cookies.
    pub(super) fn record(&mut self, hop: &Options) {
        self.asked.push(asked(hop));
    }

    pub(super) fn next(
        &self,
        follow: &Follow,
        hop: &Options,
        location: &str,
    ) -> Result<Options, RedirectError> {
        let next = elsewhere(self.first, follow, hop, location)?;
        let to = || shown(&next.url);
        if self.asked.contains(&asked(&next)) {
            return Err(RedirectError::Circle { to: to() });
        }
        if self.asked.len() > usize::from(follow.limit) {
            let limit = follow.limit;
            return Err(RedirectError::TooMany { limit, to: to() });
        }
        Ok(next)
    }
}

/// The first request as it is made where `hop` leads to.
pub(super) fn elsewhere(
    first: &Options,
    follow: &Follow,
    hop: &Options,
    location: &str,
) -> Result<Options, RedirectError> {
    let url = resolve(&hop.url, location)?;
    let place = (follow.place)(&url).map_err(RedirectError::Location)?;
    if hop.target.tls && !place.target.tls {
        let to = shown(&place.url);
        return Err(RedirectError::Downgrade { to });
    }
    Ok(request(first, place, follow.trusted))
}

/// What identifies a request: two with the same URL and cookies are a loop.
fn asked(hop: &Options) -> (Url, Option<String>) {
    (hop.url.clone(), hop.credentials.cookie(&hop.url))
}

fn resolve(base: &Url, location: &str) -> Result<Url, RedirectError> {
    let mut url = base
        .join(location)
        .map_err(|error| RedirectError::Location(error.to_string()))?;
    let scheme = match url.scheme() {
        "http" | "ws" => "ws",
        "https" | "wss" => "wss",
        other => return Err(RedirectError::Scheme(other.to_owned())),
    };
    // Cannot fail between these schemes.
    let _ = url.set_scheme(scheme);
    url.set_fragment(None);
    Ok(url)
}

/// The first request, adapted to `place`: what the user gave is for the first origin, unless all are trusted.
fn request(first: &Options, place: Place, trusted: bool) -> Options {
    let mut next = first.clone();
    if first.url.origin() != place.url.origin() {
        let edits = &mut next.offer.edits;
        if let Sni::Name(_) | Sni::Relayed(_) = next.dial.tls.sni {
            next.dial.tls.sni = Sni::Host;
        }
        if trusted {
            // A host name set for one server is wrong for another.
            edits.retain(|edit| !edit.sets("Host"));
        } else {
            edits.retain(|edit| matches!(edit, Edit::Remove { .. }));
            if let Some(relayed) = &mut next.offer.relayed {
                relayed.remove("Authorization");
                relayed.remove("Cookie");
            }
            next.credentials.authorization = None;
            next.credentials.login = None;
            next.credentials.cookies = None;
            next.dial.tls.identity = None;
        }
    }
    let authorization = &mut next.credentials.authorization;
    *authorization = authorization.take().or(place.authorization);
    next.offer.host = place.host;
    next.offer.target = place.request_target;
    if let Some(like) = &mut next.offer.like {
        like.is_tls = place.target.tls;
        like.is_trustworthy = place.target.is_trustworthy();
    }
    next.target = place.target;
    next.url = place.url;
    next
}

/// How much of a URL is shown in an error, in bytes: two lines of a terminal, not a page.
const MAX_SHOWN: usize = 200;

/// A URL for an error, without its query, which may hold secrets.
pub(super) fn shown(url: &Url) -> String {
    let (base, query) = match url.as_str().split_once('?') {
        Some((base, _)) => (base, "?…"),
        None => (url.as_str(), ""),
    };
    match base.get(..MAX_SHOWN) {
        Some(start) => format!("{start}…"),
        None => format!("{base}{query}"),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::cookie::Jar;
    use crate::dial;
    use crate::proto::Role;
    use crate::proto::connection::Config;
    use crate::proto::handshake::Offer;
    use crate::secret::{Login, Secret};
    use crate::session::Credentials;

    const FIRST: &str = "ws://a.example/chat";

    fn url(text: &str) -> Url {
        Url::parse(text).expect("a URL")
    }

    fn secret(text: &str) -> Secret<String> {
        Secret::new(text.to_owned())
    }

    fn set(name: &str) -> Edit {
        Edit::Set {
            name: name.to_owned(),
            value: "mine".to_owned(),
        }
    }

    /// What the tests need of the resolution that belongs to the command line.
    fn place(url: &Url) -> Result<Place, String> {
        if url.port() == Some(1) {
            return Err("no such port".to_owned());
        }
        let mut plain = url.clone();
        plain.set_username("").expect("a host");
        Ok(Place {
            target: dial::Target {
                host: url.host_str().unwrap_or_default().to_owned(),
                port: url.port_or_known_default().unwrap_or(0),
                tls: url.scheme() == "wss",
            },
            host: url.host_str().unwrap_or_default().to_owned(),
            request_target: url.path().to_owned(),
            authorization: (!url.username().is_empty()).then(|| secret(url.username())),
            url: plain,
        })
    }

    fn follow(trusted: bool) -> Follow {
        let limit = 3;
        Follow {
            limit,
            trusted,
            place,
        }
    }

    fn options(first: &str, trusted: bool) -> Options {
        let place = place(&url(first)).expect("a place");
        let remove = Edit::Remove {
            name: "User-Agent".to_owned(),
        };
        Options {
            url: place.url,
            target: place.target,
            dial: dial::Options::default(),
            offer: Offer {
                target: place.request_target,
                host: place.host,
                subprotocols: Vec::new(),
                require_subprotocol: false,
                compression: Vec::new(),
                lenient: false,
                user_agent: None,
                origin: None,
                fields: Vec::new(),
                edits: vec![set("Host"), set("X-Key"), remove],
                relayed: None,
                like: None,
            },
            credentials: Credentials {
                authorization: Some(secret("Basic a")),
                login: Some(Login {
                    user: "a".to_owned(),
                    password: secret("b"),
                }),
                cookies: Some(secret("typed=1")),
                jar: Some(Jar::default()),
            },
            follow: Some(follow(trusted)),
            connection: Config::new(Role::Client),
            connect_timeout: Duration::MAX,
            timeout_flag: "--connect-timeout",
            on_top: None,
            polling: None,
            negotiation: None,
            browser: None,
        }
    }

    /// The request after a redirection from `first` to `location`.
    fn after(first: &str, location: &str, trusted: bool) -> Result<Options, RedirectError> {
        let first = options(first, trusted);
        let mut trail = Trail::new(&first);
        trail.record(&first);
        trail.next(&follow(trusted), &first, location)
    }

    #[test]
    fn user_supplied_fields_stay_with_their_origin() {
        let cases = [
            (FIRST, "/other?q", true),
            (FIRST, "//a.example:80/x", true),
            (FIRST, "HTTP://A.Example/x", true),
            ("wss://a.example/", "https://a.example:443/x", true),
            ("ws://a.example:8080/", "x", true),
            ("ws://[::1]/", "http://[0:0::1]:80/x", true),
            // Another scheme, another port, another host.
            (FIRST, "wss://a.example/chat", false),
            (FIRST, "https://a.example:80/chat", false),
            (FIRST, "ws://a.example:81/chat", false),
            ("ws://a.example:8080/", "ws://a.example/", false),
            (FIRST, "ws://b.example/chat", false),
            (FIRST, "ws://sub.a.example/chat", false),
            (FIRST, "ws://a.example./chat", false),
            (FIRST, "ws://a.example.evil.example/chat", false),
            (FIRST, "ws://a.example@evil.example/chat", false),
            (FIRST, "\\\\evil.example\\chat", false),
            ("ws://127.0.0.1/", "ws://localhost/", false),
        ];
        for (first, location, is_own) in cases {
            let next = after(first, location, false).expect(location);
            let sent = &next.credentials;
            let authorization = sent.authorization.as_ref().map(|it| it.expose().as_str());
            assert_eq!(
                authorization == Some("Basic a"),
                is_own,
                "{first} {location}"
            );
            assert_eq!(sent.login.is_some(), is_own, "{first} {location}");
            assert_eq!(sent.cookies.is_some(), is_own, "{first} {location}");
            assert_eq!(
                next.offer.edits.len(),
                if is_own { 3 } else { 1 },
                "{location}"
            );
            assert_eq!(
                withholds(&options(first, false), &next),
                !is_own,
                "{location}"
            );
        }
    }

    #[test]
    fn removed_fields_stay_removed_at_every_origin() {
        let next = after(FIRST, "ws://b.example/", false).expect("a place");
        let [Edit::Remove { name }] = &next.offer.edits[..] else {
            panic!("{:?}", next.offer.edits);
        };
        assert_eq!(name, "User-Agent");
    }

    #[test]
    fn trusted_servers_get_everything_except_the_host_field() {
        let next = after(FIRST, "ws://b.example/x", true).expect("a place");
        assert_eq!(next.credentials.authorization, Some(secret("Basic a")));
        assert_eq!(next.credentials.cookies, Some(secret("typed=1")));
        assert!(!next.offer.edits.iter().any(|edit| edit.sets("Host")));
        assert!(next.offer.edits.iter().any(|edit| edit.sets("X-Key")));
        assert!(!withholds(&options(FIRST, true), &next));
        let next = after(FIRST, "/x", true).expect("a place");
        assert!(next.offer.edits.iter().any(|edit| edit.sets("Host")));
    }

    #[test]
    fn userinfo_in_a_location_is_for_that_url_only() {
        let next = after(FIRST, "ws://you@b.example/", false).expect("a place");
        assert_eq!(next.credentials.authorization, Some(secret("you")));
        assert!(withholds(&options(FIRST, false), &next));
        let next = after(FIRST, "ws://you@a.example/", false).expect("a place");
        assert_eq!(next.credentials.authorization, Some(secret("Basic a")));
    }

    #[test]
    fn the_jar_decides_which_cookies_another_origin_gets() {
        let first = options(FIRST, false);
        let jar = first.credentials.jar.clone().expect("a jar");
        let cookie = [&b"n=v; Domain=a.example"[..]];
        jar.store(cookie.into_iter(), &url(FIRST));
        let cookie = |location: &str| {
            let next = Trail::new(&first).next(&follow(false), &first, location);
            let next = next.expect("a place");
            next.credentials.cookie(&next.url)
        };
        assert_eq!(cookie("/x").as_deref(), Some("n=v; typed=1"));
        assert_eq!(cookie("wss://b.a.example/").as_deref(), Some("n=v"));
        assert_eq!(cookie("ws://b.example/"), None);
    }

    #[test]
    fn locations_are_resolved_and_mapped() {
        let cases = [
            ("/b?q#f", "ws://a.example/b?q"),
            ("b", "ws://a.example/b"),
            ("../b", "ws://a.example/b"),
            ("?q", "ws://a.example/chat?q"),
            ("//b.example", "ws://b.example/"),
            ("http://b.example:80", "ws://b.example/"),
            ("https://b.example:80/", "wss://b.example:80/"),
            ("wss://b.example:443/ä", "wss://b.example/%C3%A4"),
            (" ws://b.example/\t", "ws://b.example/"),
        ];
        for (location, expected) in cases {
            let next = after(FIRST, location, false).expect(location);
            assert_eq!(next.url.as_str(), expected);
            assert_eq!(next.target.tls, expected.starts_with("wss"));
        }
    }

    #[test]
    fn says_why_a_location_is_not_followed() {
        let error = |first, location| {
            let error = after(first, location, true).expect_err(location);
            error.to_string()
        };
        let text = error("wss://a.example/", "http://a.example/?token=s3cret");
        assert!(text.contains("from wss:// to ws://a.example/?…"), "{text}");
        let long = format!("http://a.example/{}", "a".repeat(1 << 15));
        assert!(error("wss://a.example/", &long).len() < 500);
        assert!(error(FIRST, "ftp://a.example/").contains("ftp:"));
        assert!(error(FIRST, "javascript:alert(1)").contains("javascript:"));
        assert!(error(FIRST, "ws://[::1/").contains("not a URL"));
        assert!(error(FIRST, "ws://a.example:1/").contains("no such port"));
    }

    #[test]
    fn a_redirect_loop_is_found_unless_cookies_changed() {
        let first = options(FIRST, false);
        let mut trail = Trail::new(&first);
        trail.record(&first);
        let next = trail.next(&follow(false), &first, "/b#1").expect("a place");
        trail.record(&next);
        let circle = trail.next(&follow(false), &next, "/chat");
        assert!(matches!(circle, Err(RedirectError::Circle { .. })));
        let circle = trail.next(&follow(false), &next, "b#2");
        assert!(matches!(circle, Err(RedirectError::Circle { .. })));
        let jar = first.credentials.jar.as_ref().expect("a jar");
        jar.store([&b"n=v; Path=/"[..]].into_iter(), &first.url);
        assert!(trail.next(&follow(false), &next, "/chat").is_ok());
    }

    #[test]
    fn more_redirections_than_the_limit_are_an_error() {
        let first = options(FIRST, false);
        let mut trail = Trail::new(&first);
        let mut hop = first.clone();
        trail.record(&hop);
        for location in ["/1", "/2", "/3"] {
            hop = trail.next(&follow(false), &hop, location).expect(location);
            trail.record(&hop);
        }
        let error = trail.next(&follow(false), &hop, "/4");
        assert!(matches!(
            error,
            Err(RedirectError::TooMany { limit: 3, .. })
        ));
    }
}
