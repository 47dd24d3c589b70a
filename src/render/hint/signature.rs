//! Rows for servers and proxies that say who they are.

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

/// What only one cause has: no token, however old, explains it better.
pub(super) const EXACT: &[Row] = &[
    // The wrong door.
    row(
        |it| it.symptom == Symptom::Refused && !it.is_tls && it.says(PLAIN_TO_TLS),
        "this is a TLS port (\"{quote}\")",
        "connect to {wss}",
    ),
    row(
        |it| it.refused_with(&[200, 400, 404]) && it.says(&["welcome to sockjs"]),
        "a SockJS endpoint",
        "connect to {sockjs}",
    ),
    row(
        |it| it.refused_with(&[500]) && it.says(&["host header is specified"]),
        "the browser takes an IP address or localhost as Host, and no other name",
        "use the address, or -H 'Host: localhost'",
    ),
    row(
        |it| is_answer(it) && it.says(&["unsupported protocol version"]),
        "Socket.IO does not speak this version of its protocol",
        "ask for EIO=4 in the query (EIO=3 for Socket.IO 2), or let {socket_io} do it",
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
        |it| it.refused_with(&[400]) && it.is_socket_io() && !it.target.contains("transport="),
        "Socket.IO wants its query",
        "{socket_io}",
    ),
    row(
        |it| {
            it.refused_with(&[400, 404])
                && it.says(&["connection id required", "no connection with that id"])
        },
        "SignalR wants the id of a negotiated connection",
        "--as signalr negotiates it, with http:// or https:// in the URL",
    ),
    row(
        |it| {
            it.refused_with(&[200, 400, 405])
                && it.says(&[
                    "get query missing",
                    "must provide query string",
                    "graphql operations must",
                ])
        },
        "a GraphQL endpoint for HTTP; its subscriptions may have a path of their own",
        "try {path}/ws or /subscriptions with -s graphql-transport-ws",
    ),
    row(
        |it| {
            is_aws(it) && it.says(&["missing authentication token"])
                || it.field_has("x-amzn-errortype", "missingauthentication")
        },
        "Amazon API Gateway answers so if stage or path is wrong, or if the request is not signed",
        "check wss://ID.execute-api.REGION.amazonaws.com/STAGE first",
    ),
    row(
        |it| it.field_has("cf-mitigated", "challenge"),
        "Cloudflare wants to see a browser (cf-mitigated: challenge)",
        "allow this path in its rules, or send the cookie cf_clearance and the User-Agent of a browser (-b, -A)",
    ),
    row(
        |it| {
            is_cloudflare(it)
                && it.refused_with(&[403, 429])
                && it.says(&[
                    "error code: 1020",
                    "error 1020",
                    "error code: 1015",
                    "error 1015",
                    "you have been blocked",
                    "attention required",
                ])
        },
        "a rule of Cloudflare blocks this client",
        "look for the Ray ID in its security events",
    ),
];

pub(super) const ROWS: &[Row] = &[
    row(
        |it| it.symptom == Symptom::Refused && it.other_address.is_some() && it.status >= 400,
        "{address} answered {status}, and another program listens at {other_address}, which is localhost too",
        "try {family}",
    ),
    // Gateways that say who they are.
    row(
        |it| is_aws(it) && it.refused_with(&[401, 403]) && !it.has_credentials(),
        "Amazon API Gateway refuses it ({status}): its authorizer wants a token, or the stage is wrong",
        "add --bearer TOKEN, or the token where the API expects it",
    ),
    row(
        |it| is_aws(it) && it.refused_with(&[401, 403]),
        "Amazon API Gateway refuses it ({status}): its authorizer does not accept {credentials}, or the stage is wrong",
        "renew them, then check the stage",
    ),
    row(
        |it| is_aws(it) && it.status >= 500,
        "Amazon API Gateway got no answer from its $connect integration",
        "look into the log of the function behind it",
    ),
    row(
        |it| it.refused_with(&[520]),
        "Cloudflare got no valid answer from the server behind it (520)",
        "look into that server's log",
    ),
    row(
        |it| it.refused_with(&[521]),
        "Cloudflare cannot connect to the server behind it (521)",
        "check that it runs and that its firewall lets Cloudflare in",
    ),
    row(
        |it| it.refused_with(&[522, 523]),
        "Cloudflare cannot reach the server behind it ({status})",
        "check its address in DNS, and that its firewall lets Cloudflare in",
    ),
    row(
        |it| it.refused_with(&[524]),
        "the server behind Cloudflare did not answer in time (524)",
        "look into that server's log",
    ),
    row(
        |it| it.refused_with(&[525, 526]),
        "Cloudflare cannot speak TLS with the server behind it ({status})",
        "check the certificate there, or the SSL mode of the zone",
    ),
    row(
        |it| it.refused_with(&[530]),
        "Cloudflare cannot find the server behind it (530)",
        "check its name in DNS, or that the tunnel runs",
    ),
    // Frameworks that saw an ordinary GET, or have another idea of a path.
    row(
        |it| it.refused_with(&[404]) && it.says(&["page not found at"]),
        "Django saw an ordinary GET for {path}: Channels is not installed there, or a proxy dropped the Upgrade header",
        "run it as ASGI (daphne, uvicorn), then check the proxy",
    ),
    row(
        |it| it.refused_with(&[500]) && it.field_has("server", "daphne"),
        "Channels has no route for {path}, or its consumer failed",
        "check the path in the URLRouter, and its log",
    ),
    row(
        |it| it.refused_with(&[404]) && it.says(&["cannot get /"]),
        "Express saw an ordinary GET for {path}: a wrong path, no WebSocket server on this http.Server, or a proxy that dropped the Upgrade header",
        "check the path, then where the server attaches ws",
    ),
    row(
        |it| it.refused_with(&[404]) && it.says(&["404 page not found"]),
        "404 for {path}: a wrong path or host (Go's mux and Traefik answer so)",
        "check the path, try {other_path}, and the routes there",
    ),
    row(
        |it| it.refused_with(&[403]) && it.field_has("server", "envoy"),
        "Envoy does not allow the upgrade, or a rule of it denies this client",
        "set upgrade_configs with websocket on its route, or check its RBAC",
    ),
    row(
        |it| it.refused_with(&[200]) && it.field_has("server", "caddy") && it.body.is_empty(),
        "Caddy has no site or route for {host}{path}",
        "check host and path in its Caddyfile",
    ),
    row(
        |it| it.refused_with(&[404, 426, 500, 501]) && it.field_has("server", "apache"),
        "{status} for {path}: a wrong path, or Apache does not pass WebSocket on",
        "check the path, then enable mod_proxy_wstunnel, or ProxyPass … upgrade=websocket",
    ),
    row(
        |it| {
            it.symptom == Symptom::Refused && it.status >= 400 && it.field("x-vercel-id").is_some()
        },
        "Vercel's functions take no WebSocket ({status})",
        "run the server elsewhere",
    ),
    row(
        |it| {
            it.refused_with(&[403])
                && (it.field("x-amz-cf-id").is_some() || it.field_has("server", "cloudfront"))
        },
        "CloudFront or its firewall refuses the request",
        "allow it there, with the Upgrade and Sec-WebSocket fields forwarded",
    ),
];

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
