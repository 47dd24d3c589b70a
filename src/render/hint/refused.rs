//! Rows for refused upgrades by status, where nothing says more.

use super::facts::Facts;
use super::row::{Row, row};
use crate::event::Symptom;

const EXTENSIONS: &[&str] = &[
    "window_bits",
    "permessage-deflate",
    "sec-websocket-extensions",
    "websocket extension",
    "websocket compression",
    "extension negotiation",
];
/// Words for a lost Upgrade or Connection field: Python websockets, gorilla, ws, Tornado, Jetty.
const NO_UPGRADE: &[&str] = &[
    "connection header",
    "upgrade header",
    "'upgrade' token",
    "can \"upgrade\" only",
    "not using the websocket protocol",
    "connection must be upgrade",
];
/// First words of paths at which people log in.
const LOGIN: [&str; 6] = ["login", "signin", "sign-in", "sign_in", "sso", "oauth"];
const HTTP_1_0: &[&str] = &["http/1.0", "unsupported http version"];

/// What the server names as wrong with the request.
pub(super) const NAMED: &[Row] = &[
    row(
        |it| it.refused_with(&[400, 426, 500]) && it.has_extensions && it.says(EXTENSIONS),
        "the server does not take the offer of compression (\"{quote}\")",
        "add --no-compress",
    ),
    row(
        |it| {
            it.refused_with(&[400, 403, 421])
                && it.says(&[
                    "invalid host",
                    "http_host",
                    "this host (",
                    "invalid hostname",
                    "host not allowed",
                ])
        },
        "the server does not know the host {host} (\"{quote}\")",
        "use the name it expects, or -H 'Host: NAME'",
    ),
    row(
        |it| it.refused_with(&[400, 403]) && it.judges_origin() && it.origin.is_none(),
        "the server wants an Origin that it allows (\"{quote}\")",
        "try that of its pages, such as --origin {origin}",
    ),
    row(
        |it| it.refused_with(&[400, 403]) && it.judges_origin(),
        "the server does not allow the Origin {sent_origin} (\"{quote}\")",
        "send the origin of a page that it serves",
    ),
    row(
        |it| it.refused_with(&[400, 403, 426]) && says_subprotocol(it) && it.subprotocol.is_none(),
        "the server wants a subprotocol (\"{quote}\")",
        "add -s NAME",
    ),
    row(
        |it| it.refused_with(&[400, 403, 426]) && says_subprotocol(it),
        "the server does not know the subprotocol {subprotocol} (\"{quote}\")",
        "offer one that it speaks",
    ),
    row(
        |it| it.refused_with(&[431]) || it.says(&["header or cookie too large"]),
        "the fields of the request are too long for the server",
        "send fewer cookies or shorter fields",
    ),
];

pub(super) const ROWS: &[Row] = &[
    // Proxies that lose the Upgrade.
    row(
        |it| it.symptom == Symptom::Refused && it.status >= 400 && it.field_has("via", "squid"),
        "the proxy of \"Via: {via}\" did not pass Upgrade on",
        "http_upgrade_request_protocols of Squid allows it",
    ),
    row(
        |it| it.refused_with(&[400, 426, 503, 505]) && it.field_has("via", "varnish"),
        "Varnish (\"Via: {via}\") did not pass Upgrade on",
        "return (pipe) for Upgrade in vcl_recv, with the field set in vcl_pipe",
    ),
    row(
        |it| it.refused_with(&[400, 426, 505]) && (it.status == 505 || it.says(HTTP_1_0)),
        "a proxy speaks HTTP/1.0 to the server",
        "nginx needs in its location: proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade",
    ),
    row(
        |it| it.refused_with(&[426]) && wants_other_version(it),
        "the server wants Sec-WebSocket-Version {version}, and wsee speaks 13 (RFC 6455)",
        "connect to a newer server",
    ),
    row(
        |it| it.refused_with(&[426]) && it.field("Via").is_some(),
        "the proxy of \"Via: {via}\" did not pass Upgrade on",
        "allow WebSocket there, or connect to the server behind it",
    ),
    row(
        |it| it.refused_with(&[426]) || it.refused_with(&[400]) && it.says(NO_UPGRADE),
        "a proxy on the way did not pass Upgrade on",
        "nginx needs in its location: proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade",
    ),
    // Redirections and pages.
    row(
        |it| is_status(it, 300..400) && it.field("Location").is_none(),
        "redirected, but no Location field says where to",
        "check the URL",
    ),
    row(
        |it| is_status(it, 300..400) && !it.leads_to_websocket(),
        "redirected to {location}, which is not a URL to connect to",
        "check the URL, and the server's configuration",
    ),
    row(
        |it| is_status(it, 300..400) && leads_to_login(it),
        "redirected to a login page, as the server does not accept {credentials}",
        "log in there, and send the cookie or token that it gives",
    ),
    row(
        |it| is_status(it, 300..400) && it.wants_tls() && it.is_followed(),
        "redirected to TLS: {location}",
        "connect there, or follow with -L",
    ),
    row(
        |it| is_status(it, 300..400) && it.is_followed(),
        "redirected to {location}",
        "connect there, or follow with -L",
    ),
    row(
        |it| is_status(it, 300..400),
        "redirected to {location}",
        "connect there",
    ),
    row(
        |it| is_status(it, 200..300),
        "{path} is an ordinary page, not a WebSocket endpoint, or a proxy dropped the Upgrade header",
        "check the path, try {other_path}; for Socket.IO: {socket_io}",
    ),
    // 401
    row(
        |it| it.refused_with(&[401]) && is_elsewhere(it) && it.login.is_none(),
        "the server wants {scheme} authentication, which wsee does not do",
        "log in with curl --digest, --ntlm or --negotiate and -c FILE, then -b FILE; or ask for Basic or a token",
    ),
    row(
        |it| it.refused_with(&[401]) && is_elsewhere(it),
        "the server wants {scheme} authentication, and {login} was sent",
        "log in with curl --digest, --ntlm or --negotiate and -c FILE, then -b FILE; or ask for Basic or a token",
    ),
    row(
        |it| {
            it.refused_with(&[401])
                && it.is_login("Basic")
                && it.challenged("Bearer")
                && !it.challenged("Basic")
        },
        "the server wants a bearer token, and a user and password were sent",
        "send --bearer TOKEN instead",
    ),
    row(
        |it| {
            it.refused_with(&[401])
                && it.is_login("Bearer")
                && it.challenged("Basic")
                && !it.challenged("Bearer")
        },
        "the server wants a user and password{realm}, and a bearer token was sent",
        "send -u USER:PASS instead",
    ),
    row(
        |it| it.refused_with(&[401]) && it.is_login("Basic"),
        "the server did not accept the user and password that were sent{realm}",
        "check them",
    ),
    row(
        |it| it.refused_with(&[401]) && it.has_credentials(),
        "the server did not accept {credentials}{denial}{realm}",
        "check for a typo, or log in again",
    ),
    row(
        |it| it.refused_with(&[401]) && it.challenged("Bearer"),
        "the server wants a bearer token{realm}",
        "add --bearer TOKEN",
    ),
    row(
        |it| it.refused_with(&[401]) && it.challenged("Basic"),
        "the server wants a user and password{realm}",
        "add -u USER:PASS",
    ),
    row(
        |it| it.refused_with(&[401]),
        "the server wants credentials",
        "add -u USER:PASS or --bearer TOKEN, or the cookie (-b) or the query that a login gives",
    ),
    row(
        // Its own page; what is behind it answers with another.
        |it| it.refused_with(&[403]) && it.says(&["<center>nginx"]),
        "nginx itself forbids {path}: a rule such as deny, or a folder without an index",
        "check the path and your address against its configuration, and look into its error log",
    ),
    row(
        |it| it.refused_with(&[403]) && it.target.contains("vsn="),
        "Phoenix refused the socket: its connect/3 returned :error, or check_origin or the vsn is wrong",
        "check what the query has for connect/3, then try --origin {origin} and vsn=2.0.0",
    ),
    // 403: the path first, as FastAPI and Starlette refuse unknown routes so.
    row(
        |it| it.refused_with(&[403]) && it.says(&["system:anonymous"]),
        "Kubernetes does not know who asks",
        "add --bearer TOKEN",
    ),
    row(
        |it| it.refused_with(&[403]) && it.has_credentials() && it.origin.is_some(),
        "403 at {path}: no such WebSocket route (FastAPI and Starlette answer so), or the server does not accept {credentials} or the Origin",
        "check the path first, then the credentials, then the Origin",
    ),
    row(
        |it| it.refused_with(&[403]) && it.has_credentials(),
        "403 at {path}: no such WebSocket route (FastAPI and Starlette answer so), or the server does not accept {credentials}, or it wants an Origin",
        "check the path first, then the credentials, then try --origin {origin}",
    ),
    row(
        |it| it.refused_with(&[403]) && it.origin.is_some(),
        "403 at {path}: no such WebSocket route (FastAPI and Starlette answer so), or the server wants a token, or it does not allow this Origin",
        "check the path first, then add -u or --bearer, then try another Origin",
    ),
    row(
        |it| it.refused_with(&[403]),
        "403 at {path}: no such WebSocket route (FastAPI and Starlette answer so), or the server wants -u, --bearer or --origin",
        "check the path first, then try --origin {origin}",
    ),
    // 404 and 405
    row(
        |it| {
            it.refused_with(&[404])
                && it.origin.is_none()
                && (it.path().ends_with("/cable") || it.says_only("page not found"))
        },
        "404 for {path}: a wrong path, or the Origin is not allowed (Rails answers so)",
        "check the path, then try --origin {origin}",
    ),
    row(
        |it| it.refused_with(&[404]) && it.origin.is_some() && it.path().ends_with("/cable"),
        "404 for {path}: a wrong path, or the Origin {sent_origin} is not allowed (Rails answers so)",
        "check the path, then config.action_cable.allowed_request_origins",
    ),
    row(
        |it| {
            it.refused_with(&[404])
                && it.target.contains("/websocket?")
                && it.target.contains("vsn=")
        },
        "404 for {path}: no socket of Phoenix is there",
        "check the path; it is that of socket in the endpoint, with /websocket after it",
    ),
    row(
        |it| it.refused_with(&[404]) && it.path().ends_with("/socket"),
        "404 for {path}: Phoenix listens below it",
        "try {path}/websocket",
    ),
    row(
        |it| it.refused_with(&[404]) && it.is_socket_io(),
        "404 for {path}: no Socket.IO server is there",
        "check the path, or the option path of the server",
    ),
    row(
        |it| it.refused_with(&[404]) && it.says(&["{\"detail\":\"not found\"}"]),
        "404 for {path}: a wrong path, or FastAPI saw an ordinary GET, as a proxy dropped the Upgrade header or uvicorn has no WebSocket support",
        "check the path; nginx: proxy_set_header Upgrade $http_upgrade in its location; else pip install 'uvicorn[standard]'",
    ),
    row(
        |it| it.refused_with(&[404]) && it.field_has("server", "nginx"),
        "404 for {path}: a wrong path, or nginx dropped the Upgrade header and the application saw an ordinary GET",
        "check the path, try {other_path}; in the location of nginx: proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade",
    ),
    row(
        |it| it.refused_with(&[404, 410]),
        "{status} for {path}: a wrong path, or the application saw an ordinary GET, as it has no WebSocket support or a proxy dropped the Upgrade header",
        "check the path, try {other_path}; for Socket.IO: {socket_io}",
    ),
    row(
        |it| it.refused_with(&[405, 501]),
        "{path} does not take this request ({status}), so it is no WebSocket endpoint, or a proxy dropped the Upgrade header",
        "check the path, try {other_path}",
    ),
    // 400: ws on Node answers a wrong path so.
    row(
        |it| it.refused_with(&[400]) && it.subprotocol.is_some(),
        "400 for {path}: a wrong path (ws on Node answers so), an unknown subprotocol {subprotocol}, or a proxy that dropped the Upgrade header",
        "check the path first, then the subprotocol",
    ),
    row(
        |it| it.refused_with(&[400]),
        "400 for {path}: a wrong path (ws on Node answers so), a missing subprotocol, or a proxy that dropped the Upgrade header",
        "check the path first, then try -s NAME",
    ),
    // Everything else.
    row(
        |it| it.refused_with(&[402]),
        "the server wants to be paid, or a quota is used up",
        "check the account",
    ),
    row(
        |it| it.refused_with(&[407]),
        "a proxy on the way wants credentials",
        "add -H 'Proxy-Authorization: …'",
    ),
    row(
        |it| it.refused_with(&[408]),
        "the server did not see the whole request in time",
        "check the network and the proxies between",
    ),
    row(
        |it| it.refused_with(&[421]),
        "the server does not serve {host} on this connection",
        "check the host name, --sni and --connect-to",
    ),
    row(
        |it| it.refused_with(&[429, 503]) && it.retry_after().is_some(),
        "the server takes no more requests for now ({status})",
        "try again {retry} (Retry-After)",
    ),
    row(
        |it| it.refused_with(&[429]),
        "too many requests, or too many connections of this client",
        "close some, or try again later",
    ),
    row(
        |it| it.refused_with(&[500]),
        "the server's code failed on this request",
        "look into its log",
    ),
    row(
        |it| it.refused_with(&[502]),
        "a proxy cannot reach the server behind it for {path}, or got no HTTP from it",
        "check that the server runs, and the proxy's route to it",
    ),
    row(
        |it| it.refused_with(&[503]),
        "a proxy has no server behind it that is up, or the server is overloaded (503)",
        "check that the server runs",
    ),
    row(
        |it| it.refused_with(&[504]),
        "the server behind a proxy did not answer in time for {path}",
        "check that the server runs, and look into its log",
    ),
];

fn is_status(it: &Facts, statuses: std::ops::Range<u16>) -> bool {
    it.symptom == Symptom::Refused && statuses.contains(&it.status)
}

fn says_subprotocol(it: &Facts) -> bool {
    it.says(&["subprotocol", "sub-protocol", "sec-websocket-protocol"])
}

/// Whether only schemes are offered that wsee does not do.
fn is_elsewhere(it: &Facts) -> bool {
    let other = ["Digest", "NTLM", "Negotiate"];
    other.iter().any(|scheme| it.challenged(scheme))
        && !it.challenged("Basic")
        && !it.challenged("Bearer")
}

/// RFC 6455 §4.2.2: 426 names the versions that the server is willing to use.
fn wants_other_version(it: &Facts) -> bool {
    let versions = it.field("Sec-WebSocket-Version");
    versions.is_some_and(|list| !list.split(',').any(|version| version.trim() == "13"))
}

/// Whether a part of the path that a redirection leads to is about logging in.
fn leads_to_login(it: &Facts) -> bool {
    let location = it.location().unwrap_or_default().to_ascii_lowercase();
    let path = location.split(['?', '#']).next().unwrap_or_default();
    let mut parts = path.split('/').skip(3);
    parts.any(|part| LOGIN.iter().any(|word| part.starts_with(word)))
}
