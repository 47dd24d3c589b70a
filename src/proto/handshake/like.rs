//! Requests of other clients, as they were recorded on 2026-11-29: Chromium 156 and Firefox 153 ESR from Debian 12,
//! libcurl 8.23.0, each on Linux. Over HTTP/2 the browsers opened a page first, and then the WebSocket in the same
//! connection; curl has no WebSocket over HTTP/2.

/// The client whose request is imitated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Client {
    /// Chromium, and browsers made of it.
    Chrome,
    /// Firefox.
    Firefox,
    /// curl, without options.
    Curl,
}

/// Whose request it is like, as far as the URL decides its fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Like {
    /// Who is imitated.
    pub client: Client,
    /// Whether the URL's scheme is `wss`.
    pub is_tls: bool,
    /// Whether the URL is potentially trustworthy (Secure Contexts §3.1): browsers send more there.
    pub is_trustworthy: bool,
}

/// What a client sends as the value of a field.
#[derive(Debug, Clone, Copy)]
enum Value {
    /// What wsee sends as well, if it does.
    Own,
    /// A text of its own.
    Is(&'static str),
    /// A text, where the URL is potentially trustworthy.
    Trustworthy(&'static str),
    /// The first text where the URL is potentially trustworthy, the second elsewhere.
    Either(&'static str, &'static str),
    /// How the URL relates to the origin, where it is potentially trustworthy (Fetch Metadata §2.3).
    Site,
    /// What an origin of another site sends, where the URL is potentially trustworthy.
    CrossSite(&'static str),
    /// The fields that have no row of their own.
    Others,
}

use Value::{CrossSite, Either, Is, Others, Own, Site, Trustworthy};

const ENCODINGS: Value = Either("gzip, deflate, br, zstd", "gzip, deflate");
const LANGUAGES: Value = Is("en-US,en;q=0.9");
const NO_CACHE: Value = Is("no-cache");

const CHROME: &[(&str, Value)] = &[
    ("Host", Own),
    ("Connection", Own),
    ("Pragma", NO_CACHE),
    ("Cache-Control", NO_CACHE),
    ("Authorization", Own),
    ("User-Agent", Own),
    ("Upgrade", Own),
    ("Origin", Own),
    ("Sec-WebSocket-Version", Own),
    ("Accept-Encoding", ENCODINGS),
    ("Accept-Language", LANGUAGES),
    ("Cookie", Own),
    ("Sec-WebSocket-Key", Own),
    ("Sec-WebSocket-Extensions", Own),
    ("Sec-WebSocket-Protocol", Own),
    ("", Others),
];

const FIREFOX: &[(&str, Value)] = &[
    ("Host", Own),
    ("User-Agent", Own),
    ("Accept", Is("*/*")),
    ("Accept-Language", LANGUAGES),
    ("Accept-Encoding", ENCODINGS),
    ("Sec-WebSocket-Version", Own),
    ("Origin", Own),
    ("Sec-WebSocket-Protocol", Own),
    ("Sec-WebSocket-Extensions", Own),
    ("Sec-WebSocket-Key", Own),
    ("Sec-Fetch-Storage-Access", CrossSite("none")),
    ("Connection", Own),
    ("Cookie", Own),
    ("Sec-Fetch-Dest", Trustworthy("empty")),
    ("Sec-Fetch-Mode", Trustworthy("websocket")),
    ("Sec-Fetch-Site", Site),
    ("Pragma", NO_CACHE),
    ("Cache-Control", NO_CACHE),
    ("Upgrade", Own),
    ("Authorization", Own),
    ("", Others),
];

const CURL: &[(&str, Value)] = &[
    ("Host", Own),
    ("Authorization", Own),
    ("User-Agent", Own),
    ("Accept", Is("*/*")),
    ("Upgrade", Own),
    ("Sec-WebSocket-Version", Own),
    ("Sec-WebSocket-Key", Own),
    ("Cookie", Own),
    ("", Others),
    ("Connection", Own),
];

/// What a client sends over HTTP/2 besides fields.
#[derive(Debug)]
pub struct Http2 {
    /// The identifiers and values of its SETTINGS, in order.
    pub settings: &'static [(u16, u32)],
    /// Its `WINDOW_UPDATE` of the connection.
    pub window: u32,
    /// Its `WINDOW_UPDATE` of a stream, right after the request.
    pub stream_window: Option<u32>,
    /// The dependency and the weight in its HEADERS (RFC 7540 §6.2).
    pub priority: [u8; 5],
    /// Pseudo-header fields, in order.
    pub pseudo: [&'static str; 5],
}

const CHROME_HTTP2: Http2 = Http2 {
    settings: &[(1, 65_536), (2, 0), (4, 6_291_456), (6, 262_144)],
    window: 15_663_105,
    stream_window: None,
    priority: [0x80, 0, 0, 0, 146],
    pseudo: [":method", ":authority", ":scheme", ":path", ":protocol"],
};

const FIREFOX_HTTP2: Http2 = Http2 {
    settings: &[(1, 65_536), (2, 0), (4, 131_072), (5, 16_384)],
    window: 12_517_377,
    stream_window: Some(12_451_840),
    priority: [0, 0, 0, 0, 21],
    pseudo: [":method", ":path", ":authority", ":scheme", ":protocol"],
};

impl Client {
    /// What it sends over HTTP/2, if it has WebSocket there.
    pub fn http2(self) -> Option<&'static Http2> {
        match self {
            Self::Chrome => Some(&CHROME_HTTP2),
            Self::Firefox => Some(&FIREFOX_HTTP2),
            Self::Curl => None,
        }
    }

    /// The value of its `User-Agent`.
    pub fn user_agent(self) -> &'static str {
        match self {
            Self::Chrome => {
                "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36"
            }
            Self::Firefox => {
                "Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0"
            }
            Self::Curl => "curl/8.23.0",
        }
    }

    /// Whether it is a browser, whose pages have an origin.
    pub fn is_browser(self) -> bool {
        self != Self::Curl
    }

    fn rows(self) -> &'static [(&'static str, Value)] {
        match self {
            Self::Chrome => CHROME,
            Self::Firefox => FIREFOX,
            Self::Curl => CURL,
        }
    }

    /// Where the field is in its request.
    fn place(self, name: &str) -> usize {
        let rows = self.rows();
        let own = rows
            .iter()
            .position(|(other, _)| other.eq_ignore_ascii_case(name));
        let others = || rows.iter().position(|(_, value)| matches!(value, Others));
        own.or_else(others).unwrap_or(rows.len())
    }
}

impl Like {
    /// What the client sends of its own, for a page of `origin` and a server at `host`.
    pub(super) fn further(self, origin: Option<&str>, host: &str) -> Vec<(String, String)> {
        let site = self.site(origin, host);
        let rows = self.client.rows().iter();
        let value = |value| match value {
            Either(text, _) | Trustworthy(text) if self.is_trustworthy => Some(text),
            Is(text) | Either(_, text) => Some(text),
            Site if self.is_trustworthy => Some(site),
            CrossSite(text) if self.is_trustworthy && site == CROSS_SITE => Some(text),
            Own | Others | Trustworthy(_) | Site | CrossSite(_) => None,
        };
        rows.filter_map(|&(name, row)| Some((name.to_owned(), value(row)?.to_owned())))
            .collect()
    }

    /// Whether the client sends this field once, so that an edit replaces it.
    pub(super) fn has(self, name: &str) -> bool {
        let rows = self.client.rows();
        rows.iter().any(|(own, _)| own.eq_ignore_ascii_case(name))
    }

    /// Puts the fields into the client's order.
    pub(super) fn arrange(self, fields: &mut [(String, String)]) {
        fields.sort_by_key(|(name, _)| self.client.place(name));
    }

    /// How the URL relates to the page's origin.
    fn site(self, origin: Option<&str>, host: &str) -> &'static str {
        let scheme = if self.is_tls { "https" } else { "http" };
        let Some((other_scheme, other)) = origin.and_then(|it| it.split_once("://")) else {
            return CROSS_SITE;
        };
        if !other_scheme.eq_ignore_ascii_case(scheme) {
            CROSS_SITE
        } else if other.eq_ignore_ascii_case(host) {
            "same-origin"
        } else if is_kin(without_port(host), without_port(other)) {
            "same-site"
        } else {
            CROSS_SITE
        }
    }
}

const CROSS_SITE: &str = "cross-site";

fn without_port(authority: &str) -> &str {
    match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|it| it.is_ascii_digit()) => host,
        _ => authority,
    }
}

/// Whether two hosts are of one site: the same, or one below the other.
///
/// Two hosts below a third one count as two sites, as the list of public suffixes is not known here.
fn is_kin(one: &str, other: &str) -> bool {
    let [one, other] = [one, other].map(str::to_ascii_lowercase);
    let is_below = |below: &str, above: &str| {
        let rest = below.strip_suffix(above);
        above.contains('.') && rest.is_some_and(|it| it.ends_with('.'))
    };
    one == other || is_below(&one, &other) || is_below(&other, &one)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn like(is_tls: bool, is_trustworthy: bool) -> Like {
        Like {
            client: Client::Firefox,
            is_tls,
            is_trustworthy,
        }
    }

    fn site(origin: &str, host: &str) -> &'static str {
        like(true, true).site(Some(origin), host)
    }

    #[test]
    fn the_site_follows_from_scheme_host_and_port() {
        assert_eq!(site("https://a.example", "a.example"), "same-origin");
        assert_eq!(site("https://A.example", "a.example"), "same-origin");
        assert_eq!(site("https://a.example:8443", "a.example"), "same-site");
        assert_eq!(site("https://a.example", "api.a.example"), "same-site");
        assert_eq!(site("https://b.a.example", "a.example"), "same-site");
        assert_eq!(site("http://a.example", "a.example"), "cross-site");
        assert_eq!(site("https://a.example", "ba.example"), "cross-site");
        assert_eq!(site("https://example", "a.example"), "cross-site");
        assert_eq!(site("null", "a.example"), "cross-site");
        assert_eq!(site("https://[::1]:8443", "[::1]:9001"), "same-site");
        assert_eq!(like(true, true).site(None, "a.example"), "cross-site");
    }

    #[test]
    fn firefox_describes_the_fetch_to_trustworthy_urls_only() {
        let names = |like: Like, origin| {
            let fields = like.further(Some(origin), "a.example").into_iter();
            let names = fields.map(|(name, _)| name);
            names.filter(|it| it.starts_with("Sec-Fetch")).count()
        };
        assert_eq!(names(like(true, true), "https://a.example"), 3);
        assert_eq!(names(like(true, true), "https://b.example"), 4);
        assert_eq!(names(like(false, false), "http://a.example"), 0);
    }
}
