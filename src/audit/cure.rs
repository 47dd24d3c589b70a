//! What to do about a finding, in each kind of server: settings and calls by their names.

/// The fixes of a check, by server; a text is empty where the server has no setting for it.
#[derive(Debug, Clone, Copy)]
pub struct Cures {
    /// For every server.
    pub(super) any: &'static str,
    pub(super) nginx: &'static str,
    pub(super) node: &'static str,
    pub(super) python: &'static str,
    pub(super) spring: &'static str,
    pub(super) others: &'static [(&'static str, &'static str)],
}

impl Cures {
    /// Names of servers, each with its fix.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        let own = [
            ("any server", self.any),
            ("nginx", self.nginx),
            ("Node ws", self.node),
            ("Python websockets", self.python),
            ("Spring", self.spring),
        ];
        let others = self.others.iter().copied();
        own.into_iter()
            .chain(others)
            .filter(|(_, text)| !text.is_empty())
    }
}

const NONE: Cures = Cures {
    any: "",
    nginx: "",
    node: "",
    python: "",
    spring: "",
    others: &[],
};

pub(super) const ORIGINS: Cures = Cures {
    nginx: "map $http_origin $foreign { default 1; \"https://app.example.com\" 0; } and if ($foreign) { return 403; }",
    node: "compare request.headers.origin with a list in the upgrade event, and answer 403 before handleUpgrade",
    python: "serve(…, origins=[\"https://app.example.com\"])",
    spring: "registry.addHandler(…).setAllowedOrigins(\"https://app.example.com\")",
    ..NONE
};

pub(super) const WHOLE_ORIGINS: Cures = Cures {
    any: "compare the whole Origin, with scheme and port, with each entry of a list; no prefix, suffix or pattern",
    nginx: "whole origins in the map of $http_origin; a pattern with ~ begins with ^, escapes dots and ends with $",
    node: "new Set([\"https://app.example.com\"]).has(request.headers.origin); no startsWith, endsWith or includes",
    python: "origins= with whole strings; escape the dots of a pattern by re.compile()",
    spring: "setAllowedOrigins with whole origins; in setAllowedOriginPatterns no * that replaces a host or port",
    ..NONE
};

pub(super) const NULL_ORIGIN: Cures = Cures {
    nginx: "remove null from the map of $http_origin",
    node: "remove null from the list that request.headers.origin is compared with",
    python: "remove \"null\" from origins=; None, which allows requests without an Origin, is another entry",
    spring: "remove \"null\" from setAllowedOrigins, and * from setAllowedOriginPatterns",
    ..NONE
};

pub(super) const NO_ORIGIN: Cures = Cures {
    any: "ask every client for credentials; an Origin proves nothing outside a browser",
    ..NONE
};

pub(super) const LOGIN: Cures = Cures {
    nginx: "auth_request /auth; with a location /auth that answers 401 to requests without a login",
    node: "authenticate in the upgrade event, and answer 401 before handleUpgrade",
    python: "serve(…, process_request=basic_auth(…)), or a process_request that returns a response with 401",
    spring: "a HandshakeInterceptor whose beforeHandshake returns false, or authorizeHttpRequests of Spring Security",
    ..NONE
};

pub(super) const SECRET_IN_URL: Cures = Cures {
    any: "use a cookie, a first message, or a ticket in the URL that is valid once and for seconds",
    nginx: "log_format with $uri instead of $request, so that the query is not kept",
    node: "read request.headers.cookie or the first message instead of request.url",
    python: "read connection.request.headers in process_request, or the first recv(), instead of request.path",
    spring: "server.tomcat.accesslog.pattern with %m %U %H instead of %r, so that the query is not kept",
    ..NONE
};

pub(super) const COOKIE: Cures = Cures {
    any: "Set-Cookie: NAME=…; HttpOnly; Secure; SameSite=Lax",
    nginx: "proxy_cookie_flags ~ httponly secure samesite=lax;",
    node: "express-session: cookie: { httpOnly: true, secure: true, sameSite: \"lax\" }",
    python: "in process_response: response.headers[\"Set-Cookie\"] = \"NAME=…; HttpOnly; Secure; SameSite=Lax\"",
    spring: "server.servlet.session.cookie.http-only=true, .secure=true, .same-site=lax",
    ..NONE
};

pub(super) const TLS: Cures = Cures {
    any: "offer wss:// and use it; a reverse proxy can end TLS",
    nginx: "listen 443 ssl; with ssl_certificate and ssl_certificate_key",
    node: "new WebSocketServer({ server: https.createServer({ key, cert }) })",
    python: "serve(…, ssl=context), after context.load_cert_chain(…)",
    spring: "server.ssl.certificate and server.ssl.certificate-private-key",
    ..NONE
};

pub(super) const TLS_ONLY: Cures = Cures {
    any: "listen for TLS only, and send Strict-Transport-Security",
    nginx: "on port 80: return 301 https://$host$request_uri;",
    node: "give WebSocketServer the server of https.createServer; the one of http.createServer only redirects",
    python: "no serve() without ssl=",
    spring: "http.redirectToHttps(withDefaults()); before Spring Security 6.5: requiresChannel",
    ..NONE
};

pub(super) const TLS_VERSIONS: Cures = Cures {
    nginx: "ssl_protocols TLSv1.2 TLSv1.3;",
    node: "https.createServer({ minVersion: \"TLSv1.2\" }), which is the default",
    python: "context.minimum_version = ssl.TLSVersion.TLSv1_2",
    spring: "server.ssl.enabled-protocols=TLSv1.2,TLSv1.3",
    ..NONE
};

pub(super) const CERTIFICATE: Cures = Cures {
    any: "serve the whole chain of a certificate for this name from an issuer that clients know",
    nginx: "ssl_certificate with the certificate first, then those of the issuers",
    node: "cert of https.createServer with the certificate first, then those of the issuers",
    python: "context.load_cert_chain(\"fullchain.pem\", \"key.pem\")",
    spring: "server.ssl.certificate with the certificate first, then those of the issuers",
    ..NONE
};

pub(super) const RENEWAL: Cures = Cures {
    any: "renew it, and check what should have done that",
    nginx: "nginx -s reload after each renewal",
    node: "server.setSecureContext({ key, cert }) after each renewal",
    python: "context.load_cert_chain(…) again after each renewal",
    spring: "spring.ssl.bundle.pem.NAME.reload-on-update=true, and server.ssl.bundle=NAME",
    ..NONE
};

pub(super) const HTTP2: Cures = Cures {
    any: "let what answers for HTTP/2 forward extended CONNECT, or stop offering it (SETTINGS_ENABLE_CONNECT_PROTOCOL)",
    nginx: "it does not offer extended CONNECT; look at what is in front of it, or set http2 off for this server",
    node: "no enableConnectProtocol in the settings of http2.createSecureServer, as ws speaks HTTP/1.1 only",
    python: "it speaks HTTP/1.1 only; look at what is in front of it",
    spring: "server.http2.enabled=false",
    others: &[
        (
            "HAProxy",
            "in global: h2-workaround-bogus-websocket-clients",
        ),
        (
            "Apache",
            "ProxyPass with upgrade=websocket, or H2WebSockets off",
        ),
        (
            "Envoy",
            "upgrade_configs with upgrade_type websocket on the route, or no allow_connect on the listener",
        ),
        (
            "CDN",
            "switch WebSocket on for the host, or HTTP/2 to the client off",
        ),
    ],
};

/// The library answers the upgrade as it should, unless somebody writes the answer by hand.
const LIBRARY: Cures = Cures {
    any: "leave the handshake to a WebSocket library, and update it",
    node: "use handleUpgrade of ws, and write no 101 by hand",
    python: "use serve() of websockets, and write no 101 by hand",
    spring: "register the handler with a DefaultHandshakeHandler, and write no 101 by hand",
    ..NONE
};

pub(super) const ANSWER: Cures = Cures {
    nginx: "no add_header and no proxy_hide_header for Upgrade, Connection and Sec-WebSocket-*",
    ..LIBRARY
};

pub(super) const SUBPROTOCOL: Cures = Cures {
    any: "choose one of the subprotocols that were offered, or none",
    nginx: "no add_header Sec-WebSocket-Protocol",
    node: "handleProtocols returns a member of its set, or false",
    python: "serve(…, subprotocols=[…]); a select_subprotocol returns one that was offered, or None",
    spring: "setSupportedProtocols of DefaultHandshakeHandler, and no Sec-WebSocket-Protocol by hand",
    ..NONE
};

pub(super) const EXTENSION: Cures = Cures {
    any: "choose only extensions that were offered, with parameters that fit the offer; update the library",
    nginx: "no add_header Sec-WebSocket-Extensions; proxy_set_header Sec-WebSocket-Extensions \"\"; declines all",
    node: "update ws, or perMessageDeflate: false; no Sec-WebSocket-Extensions in the headers event",
    python: "update websockets, or serve(…, compression=None); no Sec-WebSocket-Extensions in process_response",
    spring: "filterRequestedExtensions of DefaultHandshakeHandler returns none; update Tomcat or Jetty",
    ..NONE
};

pub(super) const VERSION: Cures = Cures {
    any: "answer other versions with 426 and Sec-WebSocket-Version: 13",
    nginx: "if ($http_sec_websocket_version != 13) { return 426; }",
    ..LIBRARY
};

pub(super) const KEY: Cures = Cures {
    any: "refuse all but one key of 22 characters of base64 and ==",
    nginx: "if ($http_sec_websocket_key !~ \"^[+/0-9A-Za-z]{22}==$\") { return 400; }, since nginx 1.23 also for two keys",
    spring: "a HandshakeInterceptor that answers 400 unless there is one key, which decodes to 16 bytes",
    ..LIBRARY
};

pub(super) const METHOD: Cures = Cures {
    any: "answer 405 to an upgrade with another method than GET",
    nginx: "limit_except GET { deny all; }",
    ..LIBRARY
};

pub(super) const OLD_HTTP: Cures = Cures {
    any: "refuse an upgrade in HTTP/1.0",
    nginx: "if ($server_protocol = HTTP/1.0) { return 505; }",
    node: "look at request.httpVersion in the upgrade event",
    ..NONE
};

pub(super) const TOKENS: Cures = Cures {
    any: "refuse an upgrade without Upgrade: websocket, or without the token Upgrade in Connection",
    nginx: "proxy_set_header Upgrade $http_upgrade; and Connection $http_connection; pass what the client sent",
    ..LIBRARY
};

pub(super) const PING: Cures = Cures {
    any: "leave pings to a WebSocket library, and do not stop reading from the socket",
    node: "autoPong: true, which is the default; do not block the event loop, and resume() what you pause()",
    python: "read on in the handler, as a full max_queue stops pongs; asyncio.to_thread() for what takes long",
    spring: "do not block in handleMessage; ConcurrentWebSocketSessionDecorator for sending",
    ..NONE
};

pub(super) const CLOSE: Cures = Cures {
    any: "leave the closing handshake to a WebSocket library, and do not stop reading from the socket",
    node: "leave the answer to ws: close() instead of terminate(); closeTimeout is the time until it gives up",
    python: "read on in the handler, or return from it; close_timeout=10, the default, is the time until it gives up",
    spring: "do not block in handleMessage and afterConnectionClosed; update Tomcat or Jetty",
    ..NONE
};

pub(super) const IDLE: Cures = Cures {
    nginx: "proxy_read_timeout 1h; and pings from the server",
    node: "call socket.ping() every 30 seconds, and terminate sockets without a pong",
    python: "serve(…, ping_interval=20, ping_timeout=20), which is the default",
    spring: "a scheduled PingMessage; setMaxSessionIdleTimeout of ServletServerContainerFactoryBean",
    ..NONE
};

pub(super) const SERVER_NAME: Cures = Cures {
    nginx: "server_tokens off; and proxy_hide_header X-Powered-By;",
    node: "Express: app.disable(\"x-powered-by\")",
    python: "serve(…, server_header=None)",
    spring: "server.server-header= (empty)",
    ..NONE
};

pub(super) const TRACE: Cures = Cures {
    any: "switch debugging off, and answer errors with a fixed text",
    nginx: "proxy_intercept_errors on; and error_page 500 502 503 504 /error.html;",
    node: "NODE_ENV=production, for Express",
    python: "return a response with a fixed text from process_request; Django: DEBUG = False",
    spring: "spring.web.error.include-stacktrace=never; before Spring Boot 4: server.error.include-stacktrace",
    ..NONE
};

pub(super) const COMPRESSION: Cures = Cures {
    any: "send secrets in messages of their own, uncompressed",
    nginx: "proxy_set_header Sec-WebSocket-Extensions \"\";",
    node: "perMessageDeflate: false, which is the default",
    python: "serve(…, compression=None)",
    spring: "filterRequestedExtensions of DefaultHandshakeHandler returns none",
    ..NONE
};

/// Of frames, which nginx passes as they come.
pub(super) const PROTOCOL: Cures = Cures {
    any: "leave frames to a WebSocket library, update it, or report this there with the bytes",
    node: "use ws, which closes with 1002, and update it",
    python: "use websockets, which closes with 1002, and update it",
    spring: "update Tomcat or Jetty, which read the frames",
    ..NONE
};

pub(super) const TEXT: Cures = Cures {
    node: "skipUTF8Validation: false, which is the default",
    python: "no recv(decode=False), which takes text for bytes and does not look at it",
    ..PROTOCOL
};

/// Of a server that is gone.
pub(super) const CRASH: Cures = Cures {
    any: "find in the logs of the server what ended it; update the library, or set the limit that is missing",
    nginx: "more than one server in the upstream, so that the service outlives each",
    node: "socket.on(\"error\", …) on every socket, as an error that nobody hears ends the process; maxPayload",
    python: "update websockets; max_size and max_queue as they are; Restart=on-failure in the systemd unit",
    spring: "update Tomcat or Jetty; the limits of ServletServerContainerFactoryBean, and a heap that has room for them",
    ..NONE
};

pub(super) const HEAD: Cures = Cures {
    nginx: "large_client_header_buffers 4 8k;",
    node: "http.createServer({ maxHeaderSize: 16384 }), which is the default",
    python: "leave WEBSOCKETS_MAX_LINE_LENGTH and WEBSOCKETS_MAX_NUM_HEADERS as they are",
    spring: "server.max-http-request-header-size=8KB",
    ..NONE
};

pub(super) const SIZE: Cures = Cures {
    nginx: "passes messages of any size, so that the server has to limit them",
    node: "new WebSocketServer({ maxPayload: 65536 }); the default is 100 MiB",
    python: "serve(…, max_size=65536); the default is 1 MiB",
    spring: "setMaxTextMessageBufferSize and setMaxBinaryMessageBufferSize of ServletServerContainerFactoryBean",
    ..NONE
};

pub(super) const FRAGMENTS: Cures = Cures {
    any: "limit the fragments of a message, and append them instead of copying all for each; update the library",
    node: "maxFragments and maxBufferedChunks of WebSocketServer, since ws 8.21",
    python: "WEBSOCKETS_MAX_FRAGMENTS, which is 4096 by default; update websockets",
    spring: "setMaxTextMessageBufferSize, and supportsPartialMessages that returns false",
    ..NONE
};

pub(super) const BOMB: Cures = Cures {
    any: "count the bytes while they are inflated, or do without permessage-deflate",
    nginx: "proxy_set_header Sec-WebSocket-Extensions \"\";",
    node: "maxPayload of ws counts inflated bytes; update ws",
    python: "max_size of websockets counts inflated bytes; update websockets",
    spring: "filterRequestedExtensions of DefaultHandshakeHandler returns none; update Tomcat or Jetty",
    ..NONE
};

pub(super) const UNFINISHED_HEAD: Cures = Cures {
    nginx: "client_header_timeout 10s;",
    node: "http.createServer({ headersTimeout: 10_000, connectionsCheckingInterval: 5_000 })",
    python: "serve(…, open_timeout=10), which is the default",
    spring: "server.tomcat.connection-timeout=10s",
    ..NONE
};

pub(super) const UNFINISHED_FRAME: Cures = Cures {
    nginx: "proxy_read_timeout 60s; and pings from the server",
    node: "call socket.ping() every 30 seconds, and terminate sockets without a pong",
    python: "serve(…, ping_interval=20, ping_timeout=20), which is the default",
    spring: "a scheduled PingMessage, and setMaxSessionIdleTimeout of ServletServerContainerFactoryBean",
    ..NONE
};

pub(super) const CROWD: Cures = Cures {
    nginx: "limit_conn_zone $binary_remote_addr zone=ws:10m; and limit_conn ws 20;",
    node: "count the open sockets of each address in the upgrade event, and answer 503",
    python: "use an asynchronous server or more workers, as one with threads keeps one for each connection",
    spring: "server.tomcat.max-connections, and a limit for each address in a HandshakeInterceptor",
    ..NONE
};
