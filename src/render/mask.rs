//! Masks secrets wherever headers or URLs are shown.

use std::borrow::Cow;

pub const MASK: &str = "***";

/// Headers whose entire value is secret.
const SECRET_HEADERS: [&str; 6] = [
    "cookie",
    "set-cookie",
    "api-key",
    "apikey",
    "x-apikey",
    "token",
];
/// Headers whose scheme is shown.
const LOGIN_HEADERS: [&str; 2] = ["authorization", "proxy-authorization"];
/// Schemes of those: any other first word may be a secret.
const SCHEMES: [&str; 10] = [
    "apikey",
    "aws4-hmac-sha256",
    "basic",
    "bearer",
    "digest",
    "jwt",
    "negotiate",
    "ntlm",
    "scram-sha-256",
    "token",
];
/// Suffixes of secret headers, whoever defines them, such as GitLab's `Private-Token`.
const SECRET_ENDINGS: [&str; 3] = ["-token", "-secret", "-password"];
/// The list of subprotocols, in which browsers send tokens, as they can set no other header.
const SUBPROTOCOLS: &str = "sec-websocket-protocol";
/// Subprotocols that announce a token as the next one.
const TOKEN_FOLLOWS: [&str; 7] = [
    "access_token",
    "auth",
    "authorization",
    "bearer",
    "jwt",
    "realtime",
    "token",
];
/// A subprotocol from this length on, in bytes, with letters and digits mixed, is a token: names are shorter.
const LONG: usize = 32;
/// Suffixes of an application's secret headers, after `X-`.
const SECRET_HEADER_ENDINGS: [&str; 2] = ["-key", "-signature"];
const URL_HEADERS: [&str; 3] = ["location", "content-location", "referer"];
const SECRET_KEYS: [&str; 16] = [
    "api_key",
    "apikey",
    "auth",
    "authorization",
    "code",
    "jsessionid",
    "jwt",
    "key",
    "passwd",
    "phpsessid",
    "pwd",
    "session",
    "session_id",
    "sessionid",
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
        } else if self == Self::Masked && LOGIN_HEADERS.contains(&name.as_str()) {
            mask_login(value)
        } else if name == SUBPROTOCOLS {
            self.subprotocols(value)
        } else if URL_HEADERS.contains(&name.as_str()) {
            self.url(value)
        } else {
            Cow::Borrowed(value)
        }
    }

    /// A comma list of subprotocols; the list that is shown has as many elements.
    pub fn subprotocols(self, list: &str) -> Cow<'_, str> {
        match self {
            Self::Masked => mask_subprotocols(list),
            Self::Shown => Cow::Borrowed(list),
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
        || SECRET_ENDINGS.iter().any(|end| name.ends_with(end))
        || name.starts_with("x-") && SECRET_HEADER_ENDINGS.iter().any(|end| name.ends_with(end))
}

/// The scheme of an Authorization; `None` for another first word, which may be a secret.
pub fn login_scheme(value: &str) -> Option<&str> {
    let scheme = value.split(' ').next()?;
    let is_known = SCHEMES.contains(&scheme.to_ascii_lowercase().as_str());
    is_known.then_some(scheme)
}

/// Masks all but the scheme, which says what was sent and whether anything was.
fn mask_login(value: &str) -> Cow<'_, str> {
    match login_scheme(value) {
        Some(scheme) if value[scheme.len()..].trim().is_empty() => Cow::Borrowed(value),
        Some(scheme) => Cow::Owned(format!("{scheme} {MASK}")),
        None => Cow::Borrowed(MASK),
    }
}

/// Masks the subprotocols that are tokens.
fn mask_subprotocols(value: &str) -> Cow<'_, str> {
    let mut follows = false;
    let shown: Vec<Cow<'_, str>> = value
        .split(',')
        .map(|element| {
            let name = element.trim();
            let lower = name.to_ascii_lowercase();
            let secret = secret_part(name)
                .filter(|_| !follows)
                .or(follows.then_some(name));
            follows = TOKEN_FOLLOWS.contains(&lower.as_str());
            match secret {
                Some(secret) if !secret.is_empty() => Cow::Owned(element.replace(secret, MASK)),
                _ => Cow::Borrowed(element),
            }
        })
        .collect();
    if shown
        .iter()
        .all(|element| matches!(element, Cow::Borrowed(_)))
    {
        return Cow::Borrowed(value);
    }
    Cow::Owned(shown.join(","))
}

/// The part of a subprotocol that is a token.
fn secret_part(name: &str) -> Option<&str> {
    // Kubernetes: base64url.bearer.authorization.k8s.io.TOKEN
    if let Some((_, token)) = name.split_once("authorization.k8s.io.") {
        return Some(token);
    }
    let is_jwt = name.starts_with("eyJ") && name.split('.').count() == 3;
    let has = |is: fn(&char) -> bool| name.chars().any(|c| is(&c));
    let is_long = name.len() >= LONG && has(char::is_ascii_digit) && has(char::is_ascii_alphabetic);
    (is_jwt || is_long).then_some(name)
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
            "Private-Token",
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
    fn shows_the_scheme_of_a_login_and_whether_it_is_empty() {
        for (value, shown) in [
            ("Bearer s3cret", "Bearer ***"),
            ("basic czNjcmV0", "basic ***"),
            ("Bearer", "Bearer"),
            ("Bearer ", "Bearer "),
            ("s3cret", "***"),
            ("my s3cret", "***"),
        ] {
            for name in ["Authorization", "PROXY-AUTHORIZATION"] {
                assert_eq!(Secrets::Masked.header_value(name, value), shown);
                assert_eq!(Secrets::Shown.header_value(name, value), value);
            }
        }
    }

    #[test]
    fn masks_tokens_among_subprotocols() {
        let jwt = "eyJhbGciOiJub25lIn0.e30.";
        let long = "A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6";
        for (value, shown) in [
            (format!("chat, {jwt}"), "chat, ***"),
            (format!("chat,{long}"), "chat,***"),
            ("Bearer, s3cret, chat".to_owned(), "Bearer, ***, chat"),
            (
                "base64url.bearer.authorization.k8s.io.czNjcmV0, base64.binary.k8s.io".to_owned(),
                "base64url.bearer.authorization.k8s.io.***, base64.binary.k8s.io",
            ),
            (
                "graphql-transport-ws, v12.stomp, soap".to_owned(),
                "graphql-transport-ws, v12.stomp, soap",
            ),
        ] {
            let name = "Sec-WebSocket-Protocol";
            assert_eq!(Secrets::Masked.header_value(name, &value), shown);
            assert_eq!(Secrets::Shown.header_value(name, &value), value);
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
            ("/cb?code=a&sessionid=b", "/cb?code=***&sessionid=***"),
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
