//! What is changed in the handshake on its way through.

use url::{Position, Url};

use crate::proto::handshake::Relayed;
use crate::proto::http1::Head;
use crate::session;

/// What is changed on purpose; everything else stays as it came.
#[derive(Debug, Clone, Default)]
pub struct Rewriting {
    /// `Host` is that of the client.
    pub keeps_host: bool,
    /// `Origin` is that of the client.
    pub keeps_origin: bool,
    /// Cookies that the server sets fit the proxy's address.
    pub loosens_cookies: bool,
    /// Another `Origin`, even if the client has none.
    pub origin: Option<String>,
    pub user_agent: Option<String>,
    /// Other subprotocols than those that the client offers.
    pub subprotocols: Vec<String>,
    pub extensions: Extensions,
}

/// What the server is offered.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Extensions {
    #[default]
    AsOffered,
    /// No compression.
    None,
    These(String),
}

/// Whether it is a request to upgrade to WebSocket; everything else about it is for the server to judge.
pub(super) fn is_upgrade(request: &Head) -> bool {
    if request.is_http2() {
        return request.text(":protocol").as_deref() == Some("websocket");
    }
    let line = request.start_line();
    let upgrade = request.list("Upgrade");
    line.starts_with(b"GET ")
        && upgrade
            .iter()
            .any(|it| it.eq_ignore_ascii_case("websocket"))
}

/// Path and query of a request.
pub(super) fn target(request: &Head) -> String {
    let line = String::from_utf8_lossy(request.start_line());
    let target = line.split(' ').nth(1).unwrap_or_default().to_owned();
    // RFC 9112 §3.2.2: a server must accept the absolute form as well.
    match Url::parse(&target) {
        Ok(url) if target.contains("://") => {
            url[Position::BeforePath..Position::AfterQuery].to_owned()
        }
        _ => target,
    }
}

/// The connection to the server for a client with this request.
pub(super) fn upstream(
    request: &Head,
    base: &session::Options,
    rewriting: &Rewriting,
    compresses: bool,
) -> session::Options {
    let mut open = base.clone();
    open.offer.target = joined(&base.offer.target, &target(request));
    open.url = within(&base.url, &open.offer.target);
    let mut relayed = Relayed::of(request, rewriting.keeps_host);
    let has_origin = request.values("Origin").next().is_some();
    if let Some(origin) = &rewriting.origin {
        relayed.set("Origin", origin.as_bytes());
    } else if has_origin && !rewriting.keeps_origin {
        relayed.set("Origin", origin(base).as_bytes());
    }
    if let Some(agent) = &rewriting.user_agent {
        relayed.set("User-Agent", agent.as_bytes());
    }
    if !rewriting.subprotocols.is_empty() {
        let names = rewriting.subprotocols.join(", ");
        relayed.set("Sec-WebSocket-Protocol", names.as_bytes());
    }
    match &rewriting.extensions {
        _ if !compresses => relayed.remove("Sec-WebSocket-Extensions"),
        Extensions::AsOffered => {}
        Extensions::None => relayed.remove("Sec-WebSocket-Extensions"),
        Extensions::These(offers) => relayed.set("Sec-WebSocket-Extensions", offers.as_bytes()),
    }
    open.offer.relayed = Some(relayed);
    open
}

/// The origin of pages on the server itself (RFC 6454 §4).
fn origin(base: &session::Options) -> String {
    let scheme = if base.target.tls { "https" } else { "http" };
    format!("{scheme}://{}", base.offer.host)
}

/// The path of the upstream takes the place of `/`, and goes before any other path; queries are joined.
fn joined(base: &str, target: &str) -> String {
    let (base, base_query) = base.split_once('?').unwrap_or((base, ""));
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let path = match (base.trim_end_matches('/'), path) {
        ("", path) => path.to_owned(),
        (_, "/") => base.to_owned(),
        (prefix, path) => format!("{prefix}{path}"),
    };
    let queries = [base_query, query].into_iter().filter(|it| !it.is_empty());
    let query = queries.collect::<Vec<_>>().join("&");
    if query.is_empty() {
        path
    } else {
        format!("{path}?{query}")
    }
}

fn within(base: &Url, target: &str) -> Url {
    let mut url = base.clone();
    let (path, query) = target
        .split_once('?')
        .map_or((target, None), |(path, query)| (path, Some(query)));
    url.set_path(path);
    url.set_query(query);
    url
}

/// The response with cookies that fit the proxy's address: for its host, and without `Secure`.
pub(super) fn loosen_cookies(response: &Head) -> Head {
    let fields = response.fields().map(|(name, value)| {
        if name.eq_ignore_ascii_case(b"Set-Cookie") {
            (name, loosened(value))
        } else {
            (name, value.to_vec())
        }
    });
    let fields: Vec<_> = fields.collect();
    let fields = fields.iter().map(|(name, value)| (*name, value.as_slice()));
    Head::encode_bytes(response.start_line(), fields)
}

fn loosened(cookie: &[u8]) -> Vec<u8> {
    let kept = cookie
        .split(|byte| *byte == b';')
        .enumerate()
        .filter(|(at, part)| {
            let part = part.trim_ascii().to_ascii_lowercase();
            // Browsers take SameSite=None only together with Secure.
            let is_strict =
                part.starts_with(b"domain=") || part == b"secure" || part == b"samesite=none";
            *at == 0 || !is_strict
        });
    let parts: Vec<&[u8]> = kept.map(|(_, part)| part).collect();
    parts.join(&b';')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_of_the_upstream_goes_before_that_of_the_client() {
        for (base, target, result) in [
            ("/", "/", "/"),
            ("/", "/chat?a=1", "/chat?a=1"),
            ("/api", "/", "/api"),
            ("/api/", "/", "/api/"),
            ("/api", "/?a=1", "/api?a=1"),
            ("/api", "/chat", "/api/chat"),
            ("/api/", "/chat?a=1", "/api/chat?a=1"),
            ("/api?k=v", "/chat?a=1", "/api/chat?k=v&a=1"),
            ("/?k=v", "/chat", "/chat?k=v"),
        ] {
            assert_eq!(joined(base, target), result, "{base} {target}");
        }
    }

    #[test]
    fn cookies_lose_what_ties_them_to_the_server() {
        for (cookie, result) in [
            (
                "a=b; Domain=x.example; Path=/; Secure; HttpOnly",
                "a=b; Path=/; HttpOnly",
            ),
            ("secure; SameSite=None", "secure"),
            ("a=b; samesite=lax", "a=b; samesite=lax"),
        ] {
            assert_eq!(loosened(cookie.as_bytes()), result.as_bytes());
        }
    }
}
