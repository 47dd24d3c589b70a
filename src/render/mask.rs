//! Masks secrets wherever headers or URLs are shown.

use std::borrow::Cow;

use url::form_urlencoded;

use crate::secret::MASK;

/// Headers whose entire value is secret, besides those that are named as a secret key.
const SECRET_HEADERS: [&str; 3] = ["cookie", "set-cookie", "x-auth"];
/// Headers whose scheme is shown.
pub(super) const LOGIN_HEADERS: [&str; 3] =
    ["authorization", "proxy-authorization", "x-authorization"];
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
/// The list of subprotocols, in which browsers send tokens, as they can set no other header.
pub(super) const SUBPROTOCOLS: &str = "sec-websocket-protocol";
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
/// First parts of a subprotocol whose rest is a token, as in `bearer.TOKEN` and `ticket-TOKEN`.
const TOKEN_PREFIXES: [&str; 9] = [
    "access_token",
    "apikey",
    "auth",
    "authorization",
    "bearer",
    "jwt",
    "openai-insecure-api-key",
    "ticket",
    "token",
];
/// A subprotocol from this length on, in bytes, with letters and digits mixed, is a token: names are shorter.
const LONG: usize = 32;
/// Suffixes of an application's secret headers, after `X-`.
const SECRET_HEADER_ENDINGS: [&str; 2] = ["-key", "-signature"];
const URL_HEADERS: [&str; 4] = [":path", "location", "content-location", "referer"];
/// Keys of a query, a path or a header, in lower case and without punctuation.
const SECRET_KEYS: [&str; 13] = [
    "auth",
    "authorization",
    "bearer",
    "code",
    "jwt",
    "key",
    "pass",
    "passphrase",
    "passwd",
    "pwd",
    "session",
    "sig",
    "ticket",
];
/// Suffixes of such keys, as in `access_token`, `accessToken` and GitLab's `Private-Token`.
const SECRET_KEY_ENDINGS: [&str; 11] = [
    "accesskey",
    "apikey",
    "password",
    "privatekey",
    "secret",
    "secretkey",
    "sessid",
    "sessionid",
    "signature",
    "subscriptionkey",
    "token",
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Secrets {
    /// Secrets appear as `***`.
    Masked,
    Shown,
}

impl Secrets {
    pub fn header_value<'a>(self, name: &str, value: &'a str) -> Cow<'a, str> {
        let name = name.to_ascii_lowercase();
        if self == Self::Masked && LOGIN_HEADERS.contains(&name.as_str()) {
            mask_login(value)
        } else if self == Self::Masked && is_secret_header(&name) {
            Cow::Borrowed(MASK)
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

    /// A URL or request target with its userinfo and secrets in its path and query masked.
    ///
    /// It need not be valid: errors show what was typed or received.
    pub fn url(self, url: &str) -> Cow<'_, str> {
        if self == Self::Shown {
            return Cow::Borrowed(url);
        }
        let (base, query) = url.split_at(url.find(['?', '#']).unwrap_or(url.len()));
        let base = mask_userinfo(base);
        let path = mask_pairs(&base, [';', '/', '\\']);
        // A fragment has pairs, too, where OAuth puts them.
        let query = mask_pairs(query, ['&', '#']);
        match (&base, &path, &query) {
            (Cow::Borrowed(_), Cow::Borrowed(_), Cow::Borrowed(_)) => Cow::Borrowed(url),
            _ => Cow::Owned(path.into_owned() + &query),
        }
    }
}

pub(super) fn is_secret_header(name: &str) -> bool {
    SECRET_HEADERS.contains(&name)
        || is_secret_key(name)
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
    if subprotocols(value).all(|(_, secret)| secret.is_none()) {
        return Cow::Borrowed(value);
    }
    let shown = subprotocols(value).map(|(element, secret)| match secret {
        Some(secret) => Cow::Owned(element.replace(secret, MASK)),
        None => Cow::Borrowed(element),
    });
    Cow::Owned(shown.collect::<Vec<_>>().join(","))
}

/// The elements of a list of subprotocols, each with the token in it.
pub(super) fn subprotocols(list: &str) -> impl Iterator<Item = (&str, Option<&str>)> {
    let mut follows = false;
    list.split(',').map(move |element| {
        let name = element.trim();
        let secret = if follows {
            Some(name)
        } else {
            secret_part(name)
        };
        follows = TOKEN_FOLLOWS.contains(&name.to_ascii_lowercase().as_str());
        (element, secret.filter(|secret| !secret.is_empty()))
    })
}

/// The part of a subprotocol that is a token.
fn secret_part(name: &str) -> Option<&str> {
    // Kubernetes: base64url.bearer.authorization.k8s.io.TOKEN
    if let Some((_, token)) = name.split_once("authorization.k8s.io.") {
        return Some(token);
    }
    if let Some(token) = after_prefix(name) {
        return Some(token);
    }
    let has = |is: fn(&char) -> bool| name.chars().any(|c| is(&c));
    let is_long = name.len() >= LONG && has(char::is_ascii_digit) && has(char::is_ascii_alphabetic);
    (is_jwt(name) || is_long).then_some(name)
}

/// The rest of a subprotocol such as `bearer.TOKEN`; that of `auth.v1` is a version.
fn after_prefix(name: &str) -> Option<&str> {
    let mut rest = name;
    while let Some(after) = TOKEN_PREFIXES.iter().find_map(|first| {
        let (start, after) = rest.split_at_checked(first.len())?;
        let is_first = start.eq_ignore_ascii_case(first);
        is_first.then(|| after.strip_prefix(['.', '-']))?
    }) {
        rest = after;
    }
    let version = rest.strip_prefix('v').unwrap_or(rest);
    let is_version = version.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    (rest.len() < name.len() && !is_version).then_some(rest)
}

/// RFC 7515 §3.1 and RFC 7516 §3.1: a header in JSON, then two or four parts.
fn is_jwt(text: &str) -> bool {
    text.starts_with("eyJ") && matches!(text.split('.').count(), 3 | 5)
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

/// Masks secrets in `?a=1&token=x` or in `/a;token=x`, where pairs begin with a delimiter.
fn mask_pairs<const N: usize>(text: &str, delimiters: [char; N]) -> Cow<'_, str> {
    if pairs(text, delimiters).all(|pair| secret_value(pair).is_none()) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(pairs(text, delimiters).map(mask_pair).collect())
}

/// The pairs, each with its leading delimiter.
pub(super) fn pairs<const N: usize>(
    text: &str,
    delimiters: [char; N],
) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let delimiter = rest.chars().next()?.len_utf8();
        let len = rest[delimiter..]
            .find(delimiters)
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

pub(super) fn secret_value(pair: &str) -> Option<&str> {
    let (key, value) = pair.split_once('=')?;
    let has = |text: &str, is: fn(&str) -> bool| {
        form_urlencoded::parse(text.as_bytes())
            .next()
            .is_some_and(|(text, _)| is(&text))
    };
    let is_secret = has(
        key.trim_start_matches(['?', '#', '&', ';', '/', '\\']),
        is_secret_key,
    ) || has(value, |value| value.split(' ').any(is_jwt));
    (is_secret && !value.is_empty()).then_some(value)
}

/// Whether a key, or a part of one such as `user[password]`, names a secret.
fn is_secret_key(key: &str) -> bool {
    let lower = key.to_ascii_lowercase();
    lower.split(['[', ']']).any(|part| {
        let word: String = part.chars().filter(char::is_ascii_alphanumeric).collect();
        SECRET_KEYS.contains(&word.as_str())
            || SECRET_KEY_ENDINGS.iter().any(|end| word.ends_with(end))
    })
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
            "Ocp-Apim-Subscription-Key",
            "X-Auth",
            "Access-Key",
            "Api-Key",
            "X-Session-Id",
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
            for name in ["Authorization", "PROXY-AUTHORIZATION", "X-Authorization"] {
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
            ("bearer.s3cret, chat".to_owned(), "bearer.***, chat"),
            ("access_token.s3cret".to_owned(), "access_token.***"),
            (
                "Authorization.bearer.s3.cret".to_owned(),
                "Authorization.bearer.***",
            ),
            (
                "auth-s3cret, ticket-s3cret, Ticket.x".to_owned(),
                "auth-***, ticket-***, Ticket.***",
            ),
            (
                "graphql-transport-ws, v12.stomp, soap, auth.v1, auth-v2, authors-x".to_owned(),
                "graphql-transport-ws, v12.stomp, soap, auth.v1, auth-v2, authors-x",
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
            (
                "/?secret_key=a&access_key=b&subscription-key=c&pass=d&private_key=e&bearer=f",
                "/?secret_key=***&access_key=***&subscription-key=***&pass=***&private_key=***&bearer=***",
            ),
            (
                "/?%74oken=a&token[]=b&token%5B%5D=c&user[password]=d&accessKey=e",
                "/?%74oken=***&token[]=***&token%5B%5D=***&user[password]=***&accessKey=***",
            ),
            (
                "/?x=eyJhbGciOiJub25lIn0.e30.&y=Bearer%20eyJhbGciOiJub25lIn0.e30.&z=1.2.3",
                "/?x=***&y=***&z=1.2.3",
            ),
            (
                "ws://h/a;jsessionid=4F/b;v=1;JSESSIONID=2?c=1",
                "ws://h/a;jsessionid=***/b;v=1;JSESSIONID=***?c=1",
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
