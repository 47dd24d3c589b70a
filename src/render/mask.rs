//! Masks secrets wherever headers or URLs are shown.

use std::borrow::Cow;

pub const MASK: &str = "***";

/// Headers whose entire value is secret.
const SECRET_HEADERS: [&str; 7] = [
    "authorization",
    "proxy-authorization",
    "cookie",
    "set-cookie",
    "api-key",
    "apikey",
    "x-apikey",
];
/// Suffixes of an application's secret headers, after `X-`.
const SECRET_HEADER_ENDINGS: [&str; 5] = ["-token", "-key", "-secret", "-password", "-signature"];
const URL_HEADERS: [&str; 3] = ["location", "content-location", "referer"];
const SECRET_KEYS: [&str; 10] = [
    "api_key",
    "apikey",
    "auth",
    "authorization",
    "jwt",
    "key",
    "passwd",
    "pwd",
    "sig",
    "ticket",
];
/// Suffixes of secret keys, such as `access_token` and `accessToken`.
const SECRET_KEY_ENDINGS: [&str; 5] = ["token", "secret", "password", "signature", "api_key"];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Secrets {
    /// Secrets appear as `***`.
    Masked,
    Shown,
}

impl Secrets {
    pub fn header_value<'a>(self, name: &str, value: &'a str) -> Cow<'a, str> {
        let name = name.to_ascii_lowercase();
        if self == Self::Masked && is_secret_header(&name) {
            Cow::Borrowed(MASK)
        } else if URL_HEADERS.contains(&name.as_str()) {
            self.url(value)
        } else {
            Cow::Borrowed(value)
        }
    }

    /// A request line or status line, with secrets in its URL masked.
    pub fn start_line(self, line: &str) -> String {
        let words: Vec<_> = line.split(' ').map(|word| self.url(word)).collect();
        words.join(" ")
    }

    /// A URL or request target with its userinfo and secrets in its query masked.
    ///
    /// It need not be valid: errors show what was typed or received.
    pub fn url(self, url: &str) -> Cow<'_, str> {
        if self == Self::Shown {
            return Cow::Borrowed(url);
        }
        let (base, query) = url.split_at(url.find(['?', '#']).unwrap_or(url.len()));
        match (mask_userinfo(base), mask_query(query)) {
            (Cow::Borrowed(_), Cow::Borrowed(_)) => Cow::Borrowed(url),
            (base, query) => Cow::Owned(base.into_owned() + &query),
        }
    }
}

fn is_secret_header(name: &str) -> bool {
    SECRET_HEADERS.contains(&name)
        || name.starts_with("x-") && SECRET_HEADER_ENDINGS.iter().any(|end| name.ends_with(end))
}

/// Masks the userinfo, which ends at the last `@` of the authority (URL Standard).
fn mask_userinfo(base: &str) -> Cow<'_, str> {
    let Some(start) = authority_start(base) else {
        return Cow::Borrowed(base);
    };
    let end = base[start..]
        .find(['/', '\\'])
        .map_or(base.len(), |at| start + at);
    match base[start..end].rfind('@') {
        Some(at) => Cow::Owned(format!("{}{MASK}{}", &base[..start], &base[start + at..])),
        None => Cow::Borrowed(base),
    }
}

/// Where the authority starts: after `scheme://` or `//`, or at the start of `host/path`.
///
/// `None` for a path alone.
fn authority_start(base: &str) -> Option<usize> {
    let is_slash = |c: char| matches!(c, '/' | '\\');
    let is_scheme = |text: &str| {
        text.trim_start()
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b))
    };
    let scheme_len = match base.split_once(':') {
        Some((scheme, rest)) if is_scheme(scheme) && rest.starts_with(is_slash) => scheme.len() + 1,
        _ => 0,
    };
    let rest = &base[scheme_len..];
    let slashes = rest.len() - rest.trim_start_matches(is_slash).len();
    let is_path = scheme_len == 0 && slashes == 1;
    (!is_path).then_some(scheme_len + slashes)
}

/// Masks secrets in `?a=1&token=x` and in a fragment, where OAuth puts them.
fn mask_query(query: &str) -> Cow<'_, str> {
    if pairs(query).all(|pair| secret_value(pair).is_none()) {
        return Cow::Borrowed(query);
    }
    Cow::Owned(pairs(query).map(mask_pair).collect())
}

/// The pairs of a query and of the fragment after it, each with its leading delimiter.
fn pairs(query: &str) -> impl Iterator<Item = &str> {
    let mut rest = query;
    std::iter::from_fn(move || {
        let delimiter = rest.chars().next()?.len_utf8();
        let len = rest[delimiter..]
            .find(['&', '#'])
            .map_or(rest.len(), |at| delimiter + at);
        let (pair, after) = rest.split_at(len);
        rest = after;
        Some(pair)
    })
}

fn mask_pair(pair: &str) -> Cow<'_, str> {
    match secret_value(pair) {
        Some(value) => Cow::Owned(format!("{}{MASK}", &pair[..pair.len() - value.len()])),
        None => Cow::Borrowed(pair),
    }
}

fn secret_value(pair: &str) -> Option<&str> {
    let (key, value) = pair.split_once('=')?;
    let key = key
        .trim_start_matches(['?', '#', '&'])
        .to_ascii_lowercase()
        .replace('-', "_");
    let is_secret = SECRET_KEYS.contains(&key.as_str())
        || SECRET_KEY_ENDINGS.iter().any(|end| key.ends_with(end));
    (is_secret && !value.is_empty()).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_secret_headers_in_any_case() {
        for name in [
            "Authorization",
            "PROXY-AUTHORIZATION",
            "cookie",
            "Set-Cookie",
            "X-Api-Key",
            "X-Auth-Token",
            "X-Hub-Secret",
        ] {
            assert_eq!(
                Secrets::Masked.header_value(name, "s3cret"),
                "***",
                "{name}"
            );
            assert_eq!(
                Secrets::Shown.header_value(name, "s3cret"),
                "s3cret",
                "{name}"
            );
        }
    }

    #[test]
    fn shows_the_headers_of_the_handshake() {
        for name in [
            "Sec-WebSocket-Key",
            "Sec-WebSocket-Accept",
            "Host",
            "X-Request-Id",
        ] {
            assert_eq!(
                Secrets::Masked.header_value(name, "dGhlIHNhbXBsZQ=="),
                "dGhlIHNhbXBsZQ=="
            );
        }
    }

    #[test]
    fn masks_the_url_in_location_and_referer() {
        for name in ["Location", "referer"] {
            let shown = Secrets::Masked.header_value(name, "https://u:p@h/?token=x");
            assert_eq!(shown, "https://***@h/?token=***");
        }
    }

    #[test]
    fn masks_userinfo_wherever_an_authority_can_appear() {
        let cases = [
            ("wss://user:pass@host/chat", "wss://***@host/chat"),
            ("wss://us@er:p@ss@host", "wss://***@host"),
            ("user:pass@host:9001/chat", "***@host:9001/chat"),
            ("//user@host/", "//***@host/"),
            ("http:/user:pass@host", "http:/***@host"),
            (" ws:\\\\user:pass@host\\a@b", " ws:\\\\***@host\\a@b"),
            ("ws://user:pass@host?a@b", "ws://***@host?a@b"),
        ];
        for (url, shown) in cases {
            assert_eq!(Secrets::Masked.url(url), shown);
        }
    }

    #[test]
    fn masks_secret_values_of_a_query() {
        let cases = [
            ("/chat?token=abc&room=1", "/chat?token=***&room=1"),
            ("/?room=1&API-Key=a=b?c", "/?room=1&API-Key=***"),
            (
                "ws://h/?accessToken=x#id_token=y",
                "ws://h/?accessToken=***#id_token=***",
            ),
            (
                "/?X-Amz-Signature=ab&key=k&sig=s",
                "/?X-Amz-Signature=***&key=***&sig=***",
            ),
            (
                "?password=é&auth=1&ticket=2&secret=3",
                "?password=***&auth=***&ticket=***&secret=***",
            ),
        ];
        for (url, shown) in cases {
            assert_eq!(Secrets::Masked.url(url), shown);
            assert_eq!(Secrets::Shown.url(url), url);
        }
    }

    #[test]
    fn borrows_a_url_without_secrets() {
        for url in [
            "ws://127.0.0.1:9001/a@b?keyboard=us&token=",
            "/socket.io/?EIO=4",
            "/",
            "",
        ] {
            assert!(matches!(Secrets::Masked.url(url), Cow::Borrowed(shown) if shown == url));
        }
    }
}
