//! Upgrades that are refused with a status.

use super::{SetUp, answering};
use crate::support::run::wsee;
use crate::support::wire::{Wire, before_handshake};

const NGINX: &str = "proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade";
const SOCKET_IO: &str = "wsee --as socket.io http://127.0.0.1:";

macro_rules! refusals {
    ($($name:literal, $target:literal, [$($arg:literal),*], $head:literal, $body:literal => [$($says:expr),*] but [$($never:literal),*];)*) => {
        &[$((
            SetUp {
                name: $name,
                target: $target,
                args: &[$($arg),*],
                exit: 22,
                says: &[$($says),*],
                never: &[$($never),*],
            },
            $head,
            $body,
        )),*]
    };
}

const REFUSALS: &[(SetUp, &str, &str)] = refusals! {
    "FastAPI, wrong path", "/caht", [], "403 Forbidden", "" => ["403 at /caht", "check the path first", "--origin http://127.0.0.1:"] but [];
    "FastAPI, wrong token in the query", "/chat?token=abc", [], "403 Forbidden", "" => ["check the path first", "the token in the query"] but ["-u", "--bearer", "abc"];
    "403 with a token and an Origin", "/chat", ["--bearer", "t", "-o", "http://x"], "403 Forbidden", "" => ["check the path first", "the token that was sent"] but ["--origin", "--bearer", "-u"];
    "403 with an Origin", "/chat", ["-o", "http://x"], "403 Forbidden", "" => ["check the path first", "--bearer"] but ["--origin"];
    "gorilla, Origin", "/ws", [], "403 Forbidden", "websocket: request origin not allowed by Upgrader.CheckOrigin" => ["such as --origin http://127.0.0.1:"] but ["path"];
    "gorilla, another Origin", "/ws", ["-o", "http://x"], "403 Forbidden", "websocket: request origin not allowed" => ["does not allow the Origin http://x"] but ["--origin"];
    "uvicorn without a WebSocket library", "/ws", [], "404 Not Found", "{\"detail\":\"Not Found\"}" => ["a wrong path", "uvicorn[standard]", "Upgrade header"] but ["does not exist"];
    "nginx without Upgrade, FastAPI behind it", "/ws", [], "404 Not Found\r\nServer: nginx/1.22.1", "gone" => ["a wrong path", "nginx dropped the Upgrade header", "proxy_set_header Upgrade $http_upgrade"] but [];
    "404 of an unknown server", "/chat", [], "404 Not Found", "" => ["404 for /chat: a wrong path", "try /chat/", SOCKET_IO] but [];
    "Socket.IO is not there", "/socket.io/?EIO=4&transport=websocket", [], "404 Not Found", "" => ["no Socket.IO server is there"] but [];
    "Socket.IO is not there, at a path of its own", "/chat/?EIO=4&transport=polling", [], "404 Not Found", "" => ["no Socket.IO server is there"] but ["--as socket.io", "Upgrade header"];
    "Rails without Origin", "/cable", [], "404 Not Found", "Page not found" => ["the Origin is not allowed (Rails", "try --origin"] but [];
    "Rails with an Origin", "/cable", ["-o", "http://x"], "404 Not Found", "Page not found" => ["allowed_request_origins"] but ["--origin"];
    "Phoenix, refused", "/socket/websocket?token=abc&vsn=2.0.0", [], "403 Forbidden", "" => ["its connect/3 returned :error", "--origin http://127.0.0.1:"] but ["FastAPI", "abc"];
    "Phoenix, wrong path", "/sock/websocket?vsn=2.0.0", [], "404 Not Found", "" => ["404 for /sock/websocket: no socket of Phoenix"] but ["Socket.IO"];
    "Phoenix without /websocket", "/socket", [], "404 Not Found", "" => ["try /socket/websocket"] but [];
    "SockJS", "/echo", [], "200 OK", "Welcome to SockJS!\n" => ["a SockJS endpoint; connect to ws://127.0.0.1:", "/echo/websocket"] but [];
    "an ordinary page", "/", [], "200 OK", "<html><title>Hi</title></html>" => ["an ordinary page", "try /ws"] but [];
    "Socket.IO, EIO=3", "/socket.io/?EIO=3&transport=websocket", [], "400 Bad Request", "{\"code\":5,\"message\":\"Unsupported protocol version\"}" => ["EIO=4"] but ["subprotocol"];
    "Socket.IO, no transport", "/socket.io/", [], "400 Bad Request", "{\"code\":0,\"message\":\"Transport unknown\"}" => [SOCKET_IO] but ["subprotocol"];
    "SignalR without negotiate", "/hub", [], "400 Bad Request", "Connection ID required" => ["--as signalr negotiates it"] but ["subprotocol"];
    "ws on Node, wrong path", "/grapql", [], "400 Bad Request", "Bad Request" => ["400 for /grapql: a wrong path (ws on Node", "check the path first, then try -s NAME"] but [];
    "ws on Node, wrong path with a subprotocol", "/grapql", ["-s", "chat"], "400 Bad Request", "Bad Request" => ["a wrong path", "subprotocol chat"] but ["-s NAME"];
    "a subprotocol is missing", "/", [], "400 Bad Request", "Sec-WebSocket-Protocol required" => ["wants a subprotocol", "add -s NAME"] but ["path"];
    "an unknown subprotocol", "/", ["-s", "chat"], "400 Bad Request", "unsupported subprotocol" => ["does not know the subprotocol chat"] but ["-s NAME"];
    "compression is refused", "/", [], "400 Bad Request", "Invalid or unacceptable Sec-WebSocket-Extensions: client_max_window_bits" => ["add --no-compress"] but ["path"];
    "an https port of nginx", "/", [], "400 Bad Request\r\nServer: nginx", "<html><head><title>400 The plain HTTP request was sent to HTTPS port</title></head></html>" => ["this is a TLS port (\"400 The plain HTTP request was sent to HTTPS port\")", "connect to wss://127.0.0.1:"] but ["subprotocol"];
    "an https port of Go", "/", [], "400 Bad Request", "Client sent an HTTP request to an HTTPS server.\n" => ["this is a TLS port", "wss://"] but ["subprotocol"];
    "a client certificate is refused", "/", [], "400 Bad Request\r\nServer: nginx/1.22.1", "<title>400 The SSL certificate error</title>" => ["\"400 The SSL certificate error\"", "--cert FILE and --key FILE, or check them"] but ["-s NAME", "path"];
    "a rule of nginx", "/ws", [], "403 Forbidden\r\nServer: nginx/1.22.1", "<html><h1>403 Forbidden</h1><hr><center>nginx/1.22.1</center></html>" => ["nginx itself forbids /ws", "a rule such as deny", "error log"] but ["FastAPI", "--origin", "--bearer"];
    "a login page", "/ws", [], "302 Found\r\nLocation: /users/sign_in?next=/ws", "" => ["redirected to a login page, as the server does not accept the request without credentials", "send the cookie or token"] but ["connect there", "-L"];
    "a client certificate is missing", "/", [], "400 Bad Request", "<title>400 No required SSL certificate was sent</title>" => ["--cert FILE and --key FILE"] but ["subprotocol"];
    "an unknown host", "/", [], "400 Bad Request", "Invalid HTTP_HOST header" => ["does not know the host 127.0.0.1:", "-H 'Host: NAME'"] but [];
    "nginx without Upgrade, Python behind it", "/", [], "426 Upgrade Required\r\nServer: nginx/1.22.1", "Failed to open a WebSocket connection: invalid Connection header: close." => [NGINX] but [];
    "nginx with HTTP/1.0", "/", [], "505 HTTP Version Not Supported", "Failed to open a WebSocket connection: unsupported HTTP version: HTTP/1.0." => ["a proxy speaks HTTP/1.0", NGINX] but [];
    "Squid as a reverse proxy", "/", [], "426 Upgrade Required\r\nVia: 1.1 proxy.example.test (squid/5.7)", "invalid Connection header" => ["\"Via: 1.1 proxy.example.test (squid/5.7)\"", "http_upgrade_request_protocols"] but [];
    "gorilla behind a proxy", "/", [], "400 Bad Request", "websocket: the client is not using the websocket protocol: 'upgrade' token not found in 'Connection' header" => ["did not pass Upgrade on", NGINX] but ["subprotocol"];
    "an old version", "/", [], "426 Upgrade Required\r\nSec-WebSocket-Version: 8, 7", "" => ["wants Sec-WebSocket-Version 8, 7"] but ["proxy"];
    "a wrong password", "/", ["-u", "ada:wrong"], "401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"Staging\"", "" => ["did not accept the user and password", "(realm \"Staging\")", "check them"] but ["add -u", "--bearer"];
    "an expired token", "/ws", ["--bearer", "eyJhbGciOi.old"], "401 Unauthorized\r\nWWW-Authenticate: Bearer error=\"invalid_token\", error_description=\"The access token expired\"", "" => ["did not accept the token", "invalid_token \"The access token expired\"", "log in again"] but ["add", "--bearer"];
    "no credentials", "/", [], "401 Unauthorized", "" => ["add -u USER:PASS or --bearer TOKEN"] but [];
    "no token", "/", [], "401 Unauthorized\r\nWWW-Authenticate: Bearer realm=\"api\"", "" => ["wants a bearer token (realm \"api\")", "add --bearer TOKEN"] but ["-u"];
    "no password", "/", [], "401 Unauthorized\r\nWWW-Authenticate: Basic", "" => ["add -u USER:PASS"] but ["--bearer"];
    "a password for a token", "/", ["-u", "a:b"], "401 Unauthorized\r\nWWW-Authenticate: Bearer", "" => ["wants a bearer token", "--bearer TOKEN instead"] but [];
    "Digest", "/", ["-u", "a:b"], "401 Unauthorized\r\nWWW-Authenticate: Digest realm=\"x\", nonce=\"y\"", "" => ["wants Digest authentication", "curl --digest"] but ["-u"];
    "Digest and a password without a scheme", "/", ["-H", "Authorization: hunter2pw"], "401 Unauthorized\r\nWWW-Authenticate: Digest", "" => ["and another Authorization was sent"] but ["hunter2pw"];
    "Digest and a token in place of the scheme", "/", ["-H", "Authorization: S3CRETLONGTOKEN12345 x"], "401 Unauthorized\r\nWWW-Authenticate: Digest", "" => ["and another Authorization was sent"] but ["S3CRET"];
    "Negotiate", "/", [], "401 Unauthorized\r\nWWW-Authenticate: Negotiate\r\nWWW-Authenticate: NTLM", "" => ["wants Negotiate authentication", "which wsee does not do"] but ["add -u"];
    "a cookie is refused", "/", ["-b", "id=1"], "401 Unauthorized", "" => ["did not accept the cookie"] but ["add"];
    "API Gateway, wrong stage", "/chat", [], "403 Forbidden\r\nx-amzn-ErrorType: MissingAuthenticationTokenException", "{\"message\":\"Missing Authentication Token\"}" => ["Amazon API Gateway", "stage or path is wrong", "not signed"] but ["--origin"];
    "API Gateway, authorizer", "/prod", ["--bearer", "t"], "403 Forbidden\r\nx-amzn-ErrorType: ForbiddenException", "{\"message\":\"Forbidden\"}" => ["its authorizer does not accept the token"] but ["--bearer", "--origin"];
    "Cloudflare, challenge", "/", [], "403 Forbidden\r\nServer: cloudflare\r\ncf-mitigated: challenge", "<title>Just a moment...</title>" => ["Cloudflare wants to see a browser", "cf_clearance"] but ["--origin"];
    "Cloudflare, origin down", "/ws", [], "521 \r\nServer: cloudflare", "error code: 521" => ["cannot connect to the server behind it (521)", "firewall lets Cloudflare in"] but [];
    "Cloudflare, origin silent", "/ws", [], "524 \r\nServer: cloudflare", "error code: 524" => ["did not answer in time (524)"] but [];
    "HAProxy without a server", "/", [], "503 Service Unavailable", "<html><body><h1>503 Service Unavailable</h1>\nNo server is available to handle this request.\n</body></html>" => ["no server behind it that is up", "check that the server runs"] but ["later"];
    "a busy server", "/", [], "503 Service Unavailable\r\nRetry-After: 17", "" => ["try again in 17 s (Retry-After)"] but [];
    "too many requests", "/", [], "429 Too Many Requests\r\nRetry-After: Fri, 07 Nov 2031 23:59:59 GMT", "" => ["try again after Fri, 07 Nov 2031"] but [];
    "a gateway without an answer", "/ws", [], "502 Bad Gateway\r\nServer: nginx", "" => ["cannot reach the server behind it for /ws", "check that the server runs"] but [];
    "the code of the server fails", "/ws", [], "500 Internal Server Error", "" => ["look into its log"] but [];
    "POST only", "/api", [], "405 Method Not Allowed", "" => ["/api does not take this request (405)", "try /api/"] but [];
    "Express without a WebSocket server", "/ws", [], "404 Not Found", "<pre>Cannot GET /ws</pre>" => ["Express saw an ordinary GET for /ws"] but ["Rails"];
    "Django without Channels", "/ws/", [], "404 Not Found", "<title>Page not found at /ws/</title>" => ["Django saw an ordinary GET for /ws/", "ASGI"] but ["Rails"];
    "Go's mux", "/ws", [], "404 Not Found", "404 page not found\n" => ["Go's mux and Traefik", "try /ws/"] but ["Rails"];
    "Envoy without upgrade_configs", "/ws", [], "403 Forbidden\r\nserver: envoy", "" => ["Envoy does not allow the upgrade", "upgrade_configs"] but ["--origin"];
    "Apache without wstunnel", "/ws", [], "426 Upgrade Required\r\nServer: Apache/2.4.58", "" => ["Apache does not pass WebSocket on", "mod_proxy_wstunnel"] but ["nginx"];
    "another proxy that says who it is", "/ws", [], "426 Upgrade Required\r\nVia: 1.1 google", "" => ["\"Via: 1.1 google\" did not pass Upgrade on"] but ["nginx"];
    "a claim named origin", "/ws", [], "403 Forbidden", "{\"error\":\"forbidden\",\"message\":\"token has no claim: origin\"}" => ["check the path first"] but ["wants an Origin"];
    "a login about an origin", "/ws", [], "401 Unauthorized", "origin not allowed for this token" => ["the server wants credentials"] but ["Origin"];
    "nhooyr, Origin", "/ws", ["-o", "http://x"], "403 Forbidden", "request Origin \"http://x\" is not authorized for Host \"h\"" => ["does not allow the Origin http://x"] but [];
    "Python websockets, Origin", "/ws", [], "403 Forbidden", "Failed to open a WebSocket connection: missing Origin header.\n" => ["wants an Origin"] but ["path"];
    "a parameter of the query", "/ws", [], "400 Bad Request", "missing parameter token in query string" => ["400 for /ws"] but ["GraphQL"];
    "the extension of a file", "/ws", [], "400 Bad Request", "file extension not allowed" => ["400 for /ws"] but ["compression"];
    "a page about the original", "/ws", [], "403 Forbidden", "The original page" => ["check the path first"] but ["wants an Origin"];
    "Retry-After without a time", "/ws", [], "503 Service Unavailable\r\nRetry-After: ", "" => ["no server behind it that is up"] but ["try again"];
    "an absurd Retry-After", "/ws", [], "429 Too Many Requests\r\nRetry-After: 99999999999999999999", "" => ["try again later"] but ["99999"];
    "a date in Retry-After", "/ws", [], "503 Service Unavailable\r\nRetry-After: Wed, 21 Oct 2026 07:28:00 GMT", "" => ["try again after Wed, 21 Oct 2026 07:28:00 GMT"] but [];
    "a redirect to a script", "/ws", [], "302 Found\r\nLocation: javascript:alert(1)", "" => ["is not a URL to connect to"] but ["-L"];
    "a redirect to no host", "/ws", [], "302 Found\r\nLocation: ws://[::::]/", "" => ["is not a URL to connect to"] but ["-L"];
    "a relative redirect", "/a/b", [], "302 Found\r\nLocation: ../room?next=x", "" => ["redirected to ws://127.0.0.1:", "/room?next=x; connect there, or follow with -L"] but [];
    "a redirect to TLS", "/ws", [], "301 Moved Permanently\r\nLocation: https://127.0.0.1/ws", "" => ["redirected to TLS: wss://127.0.0.1/ws"] but [];
};

#[test]
fn a_refusal_is_explained_by_its_evidence() {
    for (set_up, head, body) in REFUSALS {
        let length = body.len();
        let head =
            format!("HTTP/1.1 {head}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n");
        set_up.meets(&answering(head + body));
    }
}

/// {"alg":"none"} and {"exp":1000000000}
const EXPIRED: &str = "eyJhbGciOiJub25lIn0.eyJleHAiOjEwMDAwMDAwMDB9.c2ln";

#[test]
fn a_token_that_expired_says_since_when() {
    let token = EXPIRED;
    for status in ["401 Unauthorized", "403 Forbidden"] {
        let server = answering(format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n"));
        wsee(&[server.url(), "--bearer", token])
            .run()
            .exits(22)
            .says("hint: the token of Authorization (a JWT) expired ")
            .says("on 2001-09-09 01:46:40 UTC; get a new one")
            .never_says(token);
    }
}

#[test]
fn a_token_that_expired_is_not_blamed_for_what_the_server_names() {
    for (status, body, cause) in [
        (
            "400 Bad Request",
            "The plain HTTP request was sent to HTTPS port",
            "this is a TLS port",
        ),
        ("400 Bad Request", "unknown room", "400 for /: a wrong path"),
        ("403 Forbidden", "Origin not allowed", "wants an Origin"),
    ] {
        let head = format!("HTTP/1.1 {status}\r\nContent-Length: {}", body.len());
        let server = answering(format!("{head}\r\n\r\n{body}"));
        wsee(&[server.url(), "-b", &format!("theme={EXPIRED}")])
            .run()
            .exits(22)
            .says(cause)
            .never_says("a cookie (a JWT)");
    }
    let body = "jwt expired";
    let server = answering(format!(
        "HTTP/1.1 400 Bad Request\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    ));
    wsee(&[server.url(), "--bearer", EXPIRED])
        .run()
        .exits(22)
        .says("the token of Authorization (a JWT) expired ");
}

#[test]
fn a_test_and_json_lines_give_the_same_hint() {
    let forbidden = "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n";
    let hint = "403 at /chat: no such WebSocket route";
    let server = answering(forbidden);
    let url = format!("{}/chat", server.url());
    let output = wsee(&["test", &url, "--expect", "x", "--report-json", "-"])
        .run()
        .exits(22);
    assert!(
        String::from_utf8_lossy(&output.stdout).contains(hint),
        "{output:?}"
    );
    assert!(
        output.stderr.contains(&format!("hint: {hint}")),
        "{output:?}"
    );

    let server = answering(forbidden);
    let url = format!("{}/chat", server.url());
    let output = wsee(&[&url, "--jsonl"]).run().exits(22);
    assert!(
        String::from_utf8_lossy(&output.stdout).contains(hint),
        "{output:?}"
    );
}

#[test]
fn localhost_has_another_address_where_another_program_listens() {
    let Ok(other) = std::net::TcpListener::bind("[::1]:0") else {
        return;
    };
    let port = other.local_addr().expect("an address").port();
    let server = crate::support::wire::before_handshake_on(port, |mut wire| {
        wire.write("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
        wire.wait_for_end();
    });
    // The name's addresses are given, as not every machine has both of them.
    let url = format!("ws://localhost:{port}/");
    let pinned = format!("localhost:{port}:127.0.0.1,::1");
    wsee(&[&url, "--resolve", &pinned])
        .run()
        .exits(22)
        .says(&format!("127.0.0.1:{port} answered 404"))
        .says(&format!("another program listens at [::1]:{port}"))
        .says("try -6");
    drop(server);
}

#[test]
fn what_wsee_said_is_no_evidence_where_a_page_repeats_it() {
    for layout in ["{n}: {v}\n", "\"{n}\":\"{v}\",", "'{n}': '{v}',"] {
        let server = before_handshake(move |mut wire: Wire| {
            let fields = wire
                .request()
                .lines()
                .filter_map(|line| line.split_once(": "));
            let fields =
                fields.map(|(name, value)| layout.replace("{n}", name).replace("{v}", value));
            let body: String = fields.collect();
            wire.write(format!(
                "HTTP/1.1 400 Bad Request\r\nContent-Length: {}\r\n\r\n{body}",
                body.len()
            ));
            wire.wait_for_end();
        });
        wsee(&[server.url()])
            .run()
            .exits(22)
            .never_says("--no-compress");
    }
}
