//! Rows for refused upgrades: the evidence of the response first, then one list for each status.

use super::facts::Facts;
use super::row::{Row, row};
use crate::event::Symptom;

/// Words for a plain request that came to a TLS port: nginx, Go, Apache, Tomcat.
const PLAIN_TO_TLS: &[&str] = &[
    "https port",
    "https server",
    "ssl-enabled server port",
    "requires tls",
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
const HTTP_1_0: &[&str] = &["http/1.0", "unsupported http version"];
const EXTENSIONS: &[&str] = &["window_bits", "extension", "deflate", "compression"];

pub(super) const ROWS: &[Row] = &[
    // Who is asking.
    row(
        |it| has(it, &[401, 403]) && it.credentials_dropped,
        "credentials and -H fields were not sent to {host}, as a redirect led there",
        "connect to it directly, or trust it with --location-trusted",
    ),
    row(
        |it| has(it, &[400, 401, 403]) && it.wants_certificate,
        "the server asked for a client certificate, and there is none",
        "add --cert FILE and --key FILE",
    ),
    row(
        |it| has(it, &[400, 403]) && it.says(&["ssl certificate was sent", "client certificate"]),
        "the server wants a client certificate (\"{quote}\")",
        "add --cert FILE and --key FILE, or check them",
    ),
    row(
        |it| has(it, &[400, 401, 403]) && it.token.is_some(),
        "{token}",
        "get a new one",
    ),
    // The wrong door.
    row(
        |it| it.symptom == Symptom::Refused && !it.is_tls && it.says(PLAIN_TO_TLS),
        "this is a TLS port (\"{quote}\")",
        "connect to {wss}",
    ),
    row(
        |it| it.symptom == Symptom::Refused && it.other_address.is_some() && it.status >= 400,
        "{address} answered {status}, and another program listens at {other_address}, which is localhost too",
        "try {family}",
    ),
    row(
        |it| has(it, &[200, 400, 404]) && it.says(&["welcome to sockjs"]),
        "a SockJS endpoint",
        "connect to {sockjs}",
    ),
    row(
        |it| is_answer(it) && it.says(&["unsupported protocol version"]),
        "Socket.IO does not speak this version of its protocol",
        "ask for EIO=4 in the query (EIO=3 for Socket.IO 2): {socket_io}",
    ),
    row(
        |it| {
            is_answer(it)
                && it.says(&[
                    "transport unknown",
                    "session id unknown",
                    "bad handshake method",
                ])
        },
        "Socket.IO wants its own query, without a sid",
        "{socket_io}",
    ),
    row(
        |it| has(it, &[400]) && it.is_socket_io() && !it.target.contains("transport=websocket"),
        "Socket.IO wants its query",
        "{socket_io}",
    ),
    row(
        |it| has(it, &[400, 404]) && it.says(&["connection id required", "connection id"]),
        "SignalR wants the id of a negotiated connection",
        "POST to {path}/negotiate?negotiateVersion=1, then add ?id= with its connectionToken",
    ),
    row(
        |it| {
            has(it, &[200, 400, 405])
                && it.says(&["get query missing", "must provide query", "query string"])
        },
        "a GraphQL endpoint for HTTP; its subscriptions may have a path of their own",
        "try {path}/ws or /subscriptions with -s graphql-transport-ws",
    ),
    // Gateways that say who they are.
    row(
        |it| {
            is_aws(it) && it.says(&["missing authentication token"])
                || it.field_has("x-amzn-errortype", "missingauthentication")
        },
        "Amazon API Gateway answers so if stage or path is wrong, or if the request is not signed",
        "check wss://ID.execute-api.REGION.amazonaws.com/STAGE first",
    ),
    row(
        |it| is_aws(it) && has(it, &[401, 403]) && !it.has_credentials(),
        "Amazon API Gateway refuses it ({status}): its authorizer wants a token, or the stage is wrong",
        "add --bearer TOKEN, or the token where the API expects it",
    ),
    row(
        |it| is_aws(it) && has(it, &[401, 403]),
        "Amazon API Gateway refuses it ({status}): its authorizer does not accept {credentials}, or the stage is wrong",
        "renew them, then check the stage",
    ),
    row(
        |it| is_aws(it) && it.status >= 500,
        "Amazon API Gateway got no answer from its $connect integration",
        "look into the log of the function behind it",
    ),
    row(
        |it| it.field_has("cf-mitigated", "challenge"),
        "Cloudflare wants to see a browser (cf-mitigated: challenge)",
        "allow this path in its rules, or send the cookie cf_clearance and the User-Agent of a browser (-b, -A)",
    ),
    row(
        |it| {
            is_cloudflare(it)
                && has(it, &[403, 429])
                && it.says(&["1020", "1015", "blocked", "attention required"])
        },
        "a rule of Cloudflare blocks this client",
        "look for the Ray ID in its security events",
    ),
    row(
        |it| has(it, &[520]),
        "Cloudflare got no valid answer from the server behind it (520)",
        "look into that server's log",
    ),
    row(
        |it| has(it, &[521]),
        "Cloudflare cannot connect to the server behind it (521)",
        "check that it runs and that its firewall lets Cloudflare in",
    ),
    row(
        |it| has(it, &[522, 523]),
        "Cloudflare cannot reach the server behind it ({status})",
        "check its address in DNS, and that its firewall lets Cloudflare in",
    ),
    row(
        |it| has(it, &[524]),
        "the server behind Cloudflare did not answer in time (524)",
        "look into that server's log",
    ),
    row(
        |it| has(it, &[525, 526]),
        "Cloudflare cannot speak TLS with the server behind it ({status})",
        "check the certificate there, or the SSL mode of the zone",
    ),
    row(
        |it| has(it, &[530]),
        "Cloudflare cannot find the server behind it (530)",
        "check its name in DNS, or that the tunnel runs",
    ),
    // What the request has, or lacks.
    row(
        |it| has(it, &[400, 426, 500]) && it.has_extensions && it.says(EXTENSIONS),
        "the server does not take the offer of compression (\"{quote}\")",
        "add --no-compress",
    ),
    row(
        |it| {
            has(it, &[400, 403, 421])
                && it.says(&[
                    "invalid host",
                    "http_host",
                    "this host",
                    "invalid hostname",
                    "host not allowed",
                ])
        },
        "the server does not know the host {host} (\"{quote}\")",
        "use the name it expects, or -H 'Host: NAME'",
    ),
    row(
        |it| has(it, &[400, 401, 403]) && it.says(&["origin"]) && it.origin.is_none(),
        "the server wants an Origin that it allows (\"{quote}\")",
        "try --origin {origin}",
    ),
    row(
        |it| has(it, &[400, 401, 403]) && it.says(&["origin"]),
        "the server does not allow the Origin {sent_origin} (\"{quote}\")",
        "send the origin of a page that it serves",
    ),
    row(
        |it| has(it, &[400, 403, 426]) && says_subprotocol(it) && it.subprotocol.is_none(),
        "the server wants a subprotocol (\"{quote}\")",
        "add -s NAME",
    ),
    row(
        |it| has(it, &[400, 403, 426]) && says_subprotocol(it),
        "the server does not know the subprotocol {subprotocol} (\"{quote}\")",
        "offer one that it speaks",
    ),
    row(
        |it| has(it, &[431]) || it.says(&["header or cookie too large"]),
        "the fields of the request are too long for the server",
        "send fewer cookies or shorter fields",
    ),
    // Proxies that lose the Upgrade.
    row(
        |it| it.symptom == Symptom::Refused && it.status >= 400 && it.field_has("via", "squid"),
        "the proxy of \"Via: {via}\" did not pass Upgrade on",
        "http_upgrade_request_protocols of Squid allows it",
    ),
    row(
        |it| has(it, &[400, 426, 505]) && (it.status == 505 || it.says(HTTP_1_0)),
        "a proxy speaks HTTP/1.0 to the server",
        "nginx needs in its location: proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade",
    ),
    row(
        |it| has(it, &[426]) && wants_other_version(it),
        "the server wants Sec-WebSocket-Version {version}, and wsee speaks 13 (RFC 6455)",
        "connect to a newer server",
    ),
    row(
        |it| has(it, &[426]) || has(it, &[400]) && it.says(NO_UPGRADE),
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
        |it| has(it, &[401]) && is_elsewhere(it) && it.login.is_none(),
        "the server wants {scheme} authentication, which wsee does not do",
        "log in with curl --digest, --ntlm or --negotiate and -c FILE, then -b FILE; or ask for Basic or a token",
    ),
    row(
        |it| has(it, &[401]) && is_elsewhere(it),
        "the server wants {scheme} authentication, and {login} was sent",
        "log in with curl --digest, --ntlm or --negotiate and -c FILE, then -b FILE; or ask for Basic or a token",
    ),
    row(
        |it| {
            has(it, &[401])
                && it.is_login("Basic")
                && it.challenged("Bearer")
                && !it.challenged("Basic")
        },
        "the server wants a bearer token, and a user and password were sent",
        "send --bearer TOKEN instead",
    ),
    row(
        |it| {
            has(it, &[401])
                && it.is_login("Bearer")
                && it.challenged("Basic")
                && !it.challenged("Bearer")
        },
        "the server wants a user and password{realm}, and a bearer token was sent",
        "send -u USER:PASS instead",
    ),
    row(
        |it| has(it, &[401]) && it.is_login("Basic"),
        "the server did not accept the user and password that were sent{realm}",
        "check them",
    ),
    row(
        |it| has(it, &[401]) && it.has_credentials(),
        "the server did not accept {credentials}{denial}{realm}",
        "check them, or get new ones",
    ),
    row(
        |it| has(it, &[401]) && it.challenged("Bearer"),
        "the server wants a bearer token{realm}",
        "add --bearer TOKEN",
    ),
    row(
        |it| has(it, &[401]) && it.challenged("Basic"),
        "the server wants a user and password{realm}",
        "add -u USER:PASS",
    ),
    row(
        |it| has(it, &[401]),
        "the server wants credentials",
        "add -u USER:PASS or --bearer TOKEN, or the cookie (-b) or the query that a login gives",
    ),
    // 403: the path first, as FastAPI and Starlette refuse unknown routes so.
    row(
        |it| has(it, &[403]) && it.says(&["system:anonymous"]),
        "Kubernetes does not know who asks",
        "add --bearer TOKEN",
    ),
    row(
        |it| has(it, &[403]) && it.has_credentials() && it.origin.is_some(),
        "403 at {path}: no such WebSocket route (FastAPI and Starlette answer so), or the server does not accept {credentials} or the Origin",
        "check the path first, then the credentials, then the Origin",
    ),
    row(
        |it| has(it, &[403]) && it.has_credentials(),
        "403 at {path}: no such WebSocket route (FastAPI and Starlette answer so), or the server does not accept {credentials}, or it wants an Origin",
        "check the path first, then the credentials, then try --origin {origin}",
    ),
    row(
        |it| has(it, &[403]) && it.origin.is_some(),
        "403 at {path}: no such WebSocket route (FastAPI and Starlette answer so), or the server wants a token, or it does not allow this Origin",
        "check the path first, then add -u or --bearer, then try another Origin",
    ),
    row(
        |it| has(it, &[403]),
        "403 at {path}: no such WebSocket route (FastAPI and Starlette answer so), or the server wants -u, --bearer or --origin",
        "check the path first, then try --origin {origin}",
    ),
    // 404 and 405
    row(
        |it| {
            has(it, &[404])
                && it.origin.is_none()
                && (it.path().ends_with("/cable") || it.says(&["page not found"]))
        },
        "404 for {path}: a wrong path, or the Origin is not allowed (Rails answers so)",
        "check the path, then try --origin {origin}",
    ),
    row(
        |it| has(it, &[404]) && it.origin.is_some() && it.path().ends_with("/cable"),
        "404 for {path}: a wrong path, or the Origin {sent_origin} is not allowed (Rails answers so)",
        "check the path, then config.action_cable.allowed_request_origins",
    ),
    row(
        |it| has(it, &[404]) && it.path().ends_with("/socket"),
        "404 for {path}: Phoenix listens below it",
        "try {path}/websocket",
    ),
    row(
        |it| has(it, &[404]) && it.is_socket_io(),
        "404 for {path}: no Socket.IO server is there",
        "check the path, or the option path of the server",
    ),
    row(
        |it| has(it, &[404]) && it.says(&["{\"detail\":\"not found\"}"]),
        "404 for {path}: a wrong path, or FastAPI saw an ordinary GET, as a proxy dropped the Upgrade header or uvicorn has no WebSocket support",
        "check the path; nginx: proxy_set_header Upgrade $http_upgrade in its location; else pip install 'uvicorn[standard]'",
    ),
    row(
        |it| has(it, &[404]) && it.field_has("server", "nginx"),
        "404 for {path}: a wrong path, or nginx dropped the Upgrade header and the application saw an ordinary GET",
        "check the path, try {other_path}; in the location of nginx: proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade",
    ),
    row(
        |it| has(it, &[404, 410]),
        "{status} for {path}: a wrong path, or the application saw an ordinary GET, as it has no WebSocket support or a proxy dropped the Upgrade header",
        "check the path, try {other_path}; for Socket.IO: {socket_io}",
    ),
    row(
        |it| has(it, &[405, 501]),
        "{path} does not take this request ({status}), so it is no WebSocket endpoint, or a proxy dropped the Upgrade header",
        "check the path, try {other_path}",
    ),
    // 400: ws on Node answers a wrong path so.
    row(
        |it| has(it, &[400]) && it.subprotocol.is_some(),
        "400 for {path}: a wrong path (ws on Node answers so), an unknown subprotocol {subprotocol}, or a proxy that dropped the Upgrade header",
        "check the path first, then the subprotocol",
    ),
    row(
        |it| has(it, &[400]),
        "400 for {path}: a wrong path (ws on Node answers so), a missing subprotocol, or a proxy that dropped the Upgrade header",
        "check the path first, then try -s NAME",
    ),
    // Everything else.
    row(
        |it| has(it, &[402]),
        "the server wants to be paid, or a quota is used up",
        "check the account",
    ),
    row(
        |it| has(it, &[407]),
        "a proxy on the way wants credentials",
        "add -H 'Proxy-Authorization: …'",
    ),
    row(
        |it| has(it, &[408]),
        "the server did not see the whole request in time",
        "check the network and the proxies between",
    ),
    row(
        |it| has(it, &[421]),
        "the server does not serve {host} on this connection",
        "check the host name, --sni and --connect-to",
    ),
    row(
        |it| has(it, &[429, 503]) && it.field("Retry-After").is_some(),
        "the server takes no more requests for now ({status})",
        "try again {retry} (Retry-After)",
    ),
    row(
        |it| has(it, &[429]),
        "too many requests, or too many connections of this client",
        "close some, or try again later",
    ),
    row(
        |it| has(it, &[500]),
        "the server's code failed on this request",
        "look into its log",
    ),
    row(
        |it| has(it, &[502]),
        "a proxy cannot reach the server behind it for {path}, or got no HTTP from it",
        "check that the server runs, and the proxy's route to it",
    ),
    row(
        |it| has(it, &[503]),
        "a proxy has no server behind it that is up, or the server is overloaded (503 without Retry-After)",
        "check that the server runs",
    ),
    row(
        |it| has(it, &[504]),
        "the server behind a proxy did not answer in time for {path}",
        "check that the server runs, and look into its log",
    ),
];

fn has(it: &Facts, statuses: &[u16]) -> bool {
    it.symptom == Symptom::Refused && statuses.contains(&it.status)
}

fn is_status(it: &Facts, statuses: std::ops::Range<u16>) -> bool {
    it.symptom == Symptom::Refused && statuses.contains(&it.status)
}

/// An answer in HTTP, whether to the upgrade or after it.
fn is_answer(it: &Facts) -> bool {
    matches!(it.symptom, Symptom::Refused | Symptom::HttpAfterSwitch)
}

fn is_aws(it: &Facts) -> bool {
    it.symptom == Symptom::Refused
        && (it.field("x-amzn-ErrorType").is_some()
            || it.field("x-amz-apigw-id").is_some()
            || it.says(&["missing authentication token"]))
}

fn is_cloudflare(it: &Facts) -> bool {
    it.field_has("server", "cloudflare")
}

fn says_subprotocol(it: &Facts) -> bool {
    it.says(&["subprotocol", "sub-protocol", "sec-websocket-protocol"])
}

/// RFC 6455 §4.2.2: 426 names the versions that the server is willing to use.
fn wants_other_version(it: &Facts) -> bool {
    let versions = it.field("Sec-WebSocket-Version");
    versions.is_some_and(|list| !list.split(',').any(|version| version.trim() == "13"))
}

/// Whether only schemes are offered that wsee does not do.
fn is_elsewhere(it: &Facts) -> bool {
    let other = ["Digest", "NTLM", "Negotiate"];
    other.iter().any(|scheme| it.challenged(scheme))
        && !it.challenged("Basic")
        && !it.challenged("Bearer")
}
