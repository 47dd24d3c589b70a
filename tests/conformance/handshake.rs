//! The opening handshake from both sides, its extensions in particular (RFC 6455 §4, §9.1; RFC 7692 §7.1).

use wsee::proto::deflate;
use wsee::proto::handshake::{client, server};

const REQUEST: &str = "GET /chat HTTP/1.1\r\nHost: example.com\r\nUpgrade: websocket\r\n\
    Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
    Sec-WebSocket-Version: 13\r\n\r\n";
const RESPONSE: &str = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\
    Connection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";
const END: &str = "\r\n\r\n";

/// What a server makes of a request: "open", with the extension that it selects, or the reason against it.
fn served(request: &str) -> String {
    let policy = server::Policy {
        compression: Some(deflate::Offer::default()),
        ..server::Policy::default()
    };
    let answer = match server::Handshake::default().read(request.as_bytes()) {
        Ok(Some((request, _))) => server::Upgrade::answer(request, &policy),
        Ok(None) => return "unfinished".to_owned(),
        Err(error) => return format!("{error:?}"),
    };
    match (
        answer.refused,
        answer.response.text("Sec-WebSocket-Extensions"),
    ) {
        (Some(refused), _) => format!("{refused:?}"),
        (None, Some(extensions)) => extensions,
        (None, None) => "open".to_owned(),
    }
}

/// What a client that offers `extensions` and the subprotocols a and b makes of a response: the same.
fn met(extensions: &str, response: &str) -> String {
    let set = |name: &str, value: &str| client::Edit::Set {
        name: name.to_owned(),
        value: value.to_owned(),
    };
    let offer = client::Offer {
        target: "/chat".to_owned(),
        host: "example.com".to_owned(),
        subprotocols: vec!["a".to_owned(), "b".to_owned()],
        require_subprotocol: false,
        compression: Vec::new(),
        lenient: false,
        user_agent: None,
        origin: None,
        fields: Vec::new(),
        edits: vec![set("Sec-WebSocket-Extensions", extensions)],
        relayed: None,
        like: None,
    };
    let mut handshake = client::Handshake::new(&offer, "dGhlIHNhbXBsZSBub25jZQ==");
    match handshake.read(response.as_bytes()) {
        Ok(Some((client::Outcome::Agreed(agreed), _))) => match agreed.deflate {
            Some(params) => params.to_string(),
            None => "open".to_owned(),
        },
        Ok(Some((client::Outcome::Refused(refusal), _))) => format!("status {}", refusal.status),
        Ok(None) => "unfinished".to_owned(),
        Err(error) => format!("{error:?}"),
    }
}

/// Claims that each of the texts `made` of cases starts as it is expected to.
#[track_caller]
fn hold<'a>(cases: impl IntoIterator<Item = (String, String, &'a str)>) {
    let failures: Vec<String> = cases
        .into_iter()
        .filter(|(_, made, expected)| !made.starts_with(expected))
        .map(|(case, made, expected)| format!("{case:?}: {made}, expected {expected}"))
        .collect();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// Changes to the valid request, each with what a server makes of it.
const REQUESTS: &[(&str, &str, &str)] = &[
    ("", "", "open"),
    // RFC 6455 §4.2.1, item 1: GET, HTTP/1.1 or higher.
    ("GET", "POST", "Method"),
    ("GET", "get", "Method"),
    ("HTTP/1.1", "HTTP/1.0", "Method"),
    ("/chat", "/chat?a=b", "open"),
    ("/chat", "http://example.com/chat", "open"),
    // Item 2: Host; RFC 9112 §3.2: exactly one.
    ("Host: example.com\r\n", "", "Host"),
    ("Host: example.com", "Host: a\r\nHost: b", "Host"),
    // Item 3: Upgrade contains websocket, in any case.
    ("Upgrade: websocket\r\n", "", "NoUpgrade"),
    ("websocket", "WebSocket", "open"),
    ("websocket", "h2c, websocket", "open"),
    ("websocket", "websocket2", "NoUpgrade"),
    ("websocket", "h2c", "NoUpgrade"),
    // Item 4: Connection contains Upgrade, in any case.
    ("Connection: Upgrade\r\n", "", "NoUpgrade"),
    (": Upgrade", ": keep-alive, Upgrade", "open"),
    (": Upgrade", ": UPGRADE", "open"),
    (": Upgrade", ": keep-alive\r\nConnection: upgrade", "open"),
    (": Upgrade", ": close", "NoUpgrade"),
    (": Upgrade", ": Upgraded", "NoUpgrade"),
    // Item 5: a key that decodes to 16 bytes; §11.3.1: exactly one.
    ("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n", "", "Key"),
    ("dGhlIHNhbXBsZSBub25jZQ==", "", "Key"),
    ("dGhlIHNhbXBsZSBub25jZQ==", "dGhlIHNhbXBsZSBub25jZQ", "Key"),
    ("dGhlIHNhbXBsZSBub25jZQ==", "dGhlIHNhbXBsZSBub25j", "Key"),
    (
        "dGhlIHNhbXBsZSBub25jZQ==",
        "dGhlIHNhbXBsZSBub25jZSE=",
        "Key",
    ),
    (
        "dGhlIHNhbXBsZSBub25jZQ==",
        "!!!!IHNhbXBsZSBub25jZQ==",
        "Key",
    ),
    (
        END,
        "\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n",
        "Key",
    ),
    // Item 6: version 13; §11.3.5: exactly one.
    ("Sec-WebSocket-Version: 13\r\n", "", "Version"),
    ("Version: 13", "Version: 8", "Version"),
    ("Version: 13", "Version: 130", "Version"),
    ("Version: 13", "Version: 13, 8", "Version"),
    (
        "Version: 13",
        "Version: 13\r\nSec-WebSocket-Version: 8",
        "Version",
    ),
    // What else may stand there.
    (END, "\r\nX-Other: a\r\nX-Other: b\r\n\r\n", "open"),
    (END, "\r\nOrigin: https://example.com\r\n\r\n", "open"),
    (END, "\r\nSec-WebSocket-Protocol: a, b\r\n\r\n", "open"),
    // RFC 9112 §2.2, §5: what is not HTTP.
    ("Host: ", "Host : ", "Malformed"),
    (
        "Host: example.com\r\n",
        "Host: example.com\n",
        "BareLineFeed",
    ),
    ("Host", " Host", "Malformed"),
    ("GET /chat HTTP/1.1", "\x16\x03\x01\x02", "NotHttp"),
    (END, "\r\n", "unfinished"),
];

#[test]
fn a_server_checks_the_request_in_full() {
    hold(REQUESTS.iter().map(|(from, to, expected)| {
        (
            format!("{from} → {to}"),
            served(&REQUEST.replacen(from, to, 1)),
            *expected,
        )
    }));
}

/// Offers in a request, each with what a server makes of them.
const OFFERS: &[(&str, &str)] = &[
    ("permessage-deflate", "permessage-deflate"),
    (
        "permessage-deflate; client_max_window_bits",
        "permessage-deflate",
    ),
    (
        "permessage-deflate; client_max_window_bits=10",
        "permessage-deflate; client_max_window_bits=10",
    ),
    (
        "permessage-deflate; server_max_window_bits=8",
        "permessage-deflate; server_max_window_bits=8",
    ),
    (
        "permessage-deflate; server_max_window_bits=\"10\"",
        "permessage-deflate; server_max_window_bits=10",
    ),
    (
        "permessage-deflate; server_no_context_takeover",
        "permessage-deflate; server_no_context_takeover",
    ),
    (
        "permessage-deflate; client_no_context_takeover",
        "permessage-deflate; client_no_context_takeover",
    ),
    // RFC 6455 §9.1: an unknown extension is not selected; lists may have empty elements.
    ("x-webkit-deflate-frame", "open"),
    ("x-other; a=1, permessage-deflate", "permessage-deflate"),
    (", ,permessage-deflate,", "permessage-deflate"),
    (
        "permessage-deflate\t;\tclient_max_window_bits",
        "permessage-deflate",
    ),
    // RFC 7692 §7: a server declines an offer with a parameter that it does not know or accept …
    ("permessage-deflate; unknown", "open"),
    ("permessage-deflate; server_no_context_takeover=1", "open"),
    (
        "permessage-deflate; client_no_context_takeover; client_no_context_takeover",
        "open",
    ),
    ("permessage-deflate; server_max_window_bits", "open"),
    ("permessage-deflate; server_max_window_bits=7", "open"),
    ("permessage-deflate; server_max_window_bits=16", "open"),
    ("permessage-deflate; server_max_window_bits=010", "open"),
    ("permessage-deflate; server_max_window_bits=+10", "open"),
    ("permessage-deflate; client_max_window_bits=7", "open"),
    (
        "permessage-deflate; client_max_window_bits=99999999999",
        "open",
    ),
    // … and goes on to the next.
    (
        "permessage-deflate; unknown, permessage-deflate; server_max_window_bits=9",
        "permessage-deflate; server_max_window_bits=9",
    ),
    // RFC 6455 §9.1: what is not a list of extensions fails the connection.
    ("permessage-deflate; =", "Extension"),
    (
        "permessage-deflate; server_max_window_bits=\"10",
        "Extension",
    ),
    ("permessage-deflate permessage-deflate", "Extension"),
    (";", "Extension"),
];

#[test]
fn a_server_selects_from_the_extensions_that_are_offered() {
    hold(OFFERS.iter().map(|(offer, expected)| {
        let field = format!("\r\nSec-WebSocket-Extensions: {offer}\r\n\r\n");
        (
            (*offer).to_owned(),
            served(&REQUEST.replacen(END, &field, 1)),
            *expected,
        )
    }));
}

/// Changes to the valid response, each with what a client makes of it.
const RESPONSES: &[(&str, &str, &str)] = &[
    ("", "", "open"),
    // RFC 6455 §4.1, item 1: any other status is HTTP's matter.
    ("101 Switching Protocols", "200 OK", "status 200"),
    ("101 Switching Protocols", "301 Moved", "status 301"),
    ("101 Switching Protocols", "101", "open"),
    ("101 Switching Protocols", "101 \u{e4}", "open"),
    ("HTTP/1.1 101", "HTTP/1.0 101", "HttpVersion"),
    ("HTTP/1.1 101", "HTTP/2 101", "Head(Malformed"),
    ("HTTP/1.1 101", "HTTP/1.1 1x1", "Head(Malformed"),
    ("HTTP/1.1 101", "ICY 200", "Head(NotHttp"),
    // Items 2 and 3.
    ("Upgrade: websocket\r\n", "", "Upgrade(None"),
    ("Upgrade: websocket", "Upgrade: WEBSOCKET", "open"),
    (
        "Upgrade: websocket",
        "Upgrade: websocket, h2c",
        "Upgrade(Some",
    ),
    ("Upgrade: websocket", "Upgrade: h2c", "Upgrade(Some"),
    (
        "Upgrade: websocket",
        "Upgrade: websocket\r\nUpgrade: websocket",
        "Upgrade(Some",
    ),
    ("Connection: Upgrade\r\n", "", "Connection(None"),
    (
        "Connection: Upgrade",
        "Connection: keep-alive, upgrade",
        "open",
    ),
    (
        "Connection: Upgrade",
        "Connection: keep-alive\r\nConnection: upgrade",
        "open",
    ),
    (
        "Connection: Upgrade",
        "Connection: close",
        "Connection(Some",
    ),
    // Item 4: the value is compared as it is, but for blanks around it.
    (
        "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n",
        "",
        "Accept",
    ),
    ("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", "", "Accept"),
    (
        "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=",
        "s3ppLMBiTxaQ9kYGzzhZRbK+xOo=",
        "Accept",
    ),
    (
        "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=",
        "s3pPLMBiTxaQ9kYGzzhZRbK+xOo",
        "Accept",
    ),
    (
        "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=",
        " \t s3pPLMBiTxaQ9kYGzzhZRbK+xOo= \t",
        "open",
    ),
    (
        END,
        "\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n",
        "Accept",
    ),
    // Item 6: one subprotocol that was offered, as it was written.
    (END, "\r\nSec-WebSocket-Protocol: b\r\n\r\n", "open"),
    (END, "\r\nSec-WebSocket-Protocol: c\r\n\r\n", "Subprotocol"),
    (END, "\r\nSec-WebSocket-Protocol: B\r\n\r\n", "Subprotocol"),
    (
        END,
        "\r\nSec-WebSocket-Protocol: a, b\r\n\r\n",
        "Subprotocol",
    ),
    (
        END,
        "\r\nSec-WebSocket-Protocol:\r\n\r\n",
        "EmptySubprotocol",
    ),
    (
        END,
        "\r\nSec-WebSocket-Protocol: a\r\nSec-WebSocket-Protocol: a\r\n\r\n",
        "ManySubprotocols",
    ),
    // RFC 9112.
    (
        "Upgrade: websocket",
        "Upgrade : websocket",
        "Head(Malformed",
    ),
    (
        "Upgrade: websocket\r\n",
        "Upgrade: websocket\n",
        "Head(BareLineFeed",
    ),
    (END, "\r\n folded\r\n\r\n", "Head(Malformed"),
    (END, "\r\n", "unfinished"),
    (
        "HTTP/1.1 101",
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 101",
        "open",
    ),
];

#[test]
fn a_client_checks_the_response_in_full() {
    hold(RESPONSES.iter().map(|(from, to, expected)| {
        let response = RESPONSE.replacen(from, to, 1);
        (
            format!("{from} → {to}"),
            met("permessage-deflate", &response),
            *expected,
        )
    }));
}

const DEFLATE: &str = "permessage-deflate";

/// What was offered, what the server selects, and what the client makes of it.
const SELECTIONS: &[(&str, &str, &str)] = &[
    (DEFLATE, "permessage-deflate", "permessage-deflate"),
    (
        "permessage-deflate; client_max_window_bits",
        DEFLATE,
        DEFLATE,
    ),
    (
        "permessage-deflate; client_max_window_bits",
        "permessage-deflate; client_max_window_bits=8",
        "permessage-deflate (client_max_window_bits=8)",
    ),
    (
        "permessage-deflate; server_max_window_bits=10",
        "permessage-deflate; server_max_window_bits=9",
        "permessage-deflate (server_max_window_bits=9)",
    ),
    // RFC 7692 §7.1.1.1, §7.1.1.2, §7.1.2.1: a server may limit itself, or ask the client to, unasked.
    (
        DEFLATE,
        "permessage-deflate; server_no_context_takeover",
        DEFLATE,
    ),
    (
        DEFLATE,
        "permessage-deflate; client_no_context_takeover",
        DEFLATE,
    ),
    (
        DEFLATE,
        "permessage-deflate; server_max_window_bits=8",
        DEFLATE,
    ),
    (
        DEFLATE,
        "permessage-deflate; server_max_window_bits=\"10\"",
        DEFLATE,
    ),
    // RFC 7692 §7.1: what the response has to keep to.
    (
        "permessage-deflate; server_no_context_takeover",
        DEFLATE,
        "Deflate(NotOffered",
    ),
    (
        "permessage-deflate; client_no_context_takeover",
        DEFLATE,
        DEFLATE,
    ),
    (
        "permessage-deflate; server_max_window_bits=10",
        DEFLATE,
        "Deflate(NotOffered",
    ),
    (
        "permessage-deflate; server_max_window_bits=10",
        "permessage-deflate; server_max_window_bits=11",
        "Deflate(NotOffered",
    ),
    (
        DEFLATE,
        "permessage-deflate; client_max_window_bits=10",
        "Deflate(NotOffered",
    ),
    (
        "permessage-deflate; client_max_window_bits=10",
        "permessage-deflate; client_max_window_bits=11",
        "Deflate(NotOffered",
    ),
    // Any of several offers is answered.
    (
        "permessage-deflate; server_max_window_bits=10, permessage-deflate",
        DEFLATE,
        DEFLATE,
    ),
    // RFC 7692 §7: parameters that are unknown, invalid or there twice.
    (DEFLATE, "permessage-deflate; unknown", "Deflate(Unknown"),
    (
        DEFLATE,
        "permessage-deflate; server_no_context_takeover=1",
        "Deflate(UnexpectedValue",
    ),
    (
        DEFLATE,
        "permessage-deflate; client_no_context_takeover=\"\"",
        "ExtensionSyntax",
    ),
    (
        DEFLATE,
        "permessage-deflate; server_no_context_takeover; server_no_context_takeover",
        "Deflate(Duplicate",
    ),
    (
        DEFLATE,
        "permessage-deflate; server_max_window_bits",
        "Deflate(WindowBits",
    ),
    (
        DEFLATE,
        "permessage-deflate; server_max_window_bits=7",
        "Deflate(WindowBits",
    ),
    (
        DEFLATE,
        "permessage-deflate; server_max_window_bits=16",
        "Deflate(WindowBits",
    ),
    (
        DEFLATE,
        "permessage-deflate; server_max_window_bits=08",
        "Deflate(WindowBits",
    ),
    (
        DEFLATE,
        "permessage-deflate; server_max_window_bits=ten",
        "Deflate(WindowBits",
    ),
    (
        "permessage-deflate; client_max_window_bits",
        "permessage-deflate; client_max_window_bits",
        "Deflate(WindowBits",
    ),
    (
        "permessage-deflate; client_max_window_bits",
        "permessage-deflate; client_max_window_bits=300",
        "Deflate(WindowBits",
    ),
    // RFC 7692 §5: one per-message compression at most.
    (
        DEFLATE,
        "permessage-deflate, permessage-deflate",
        "ManyDeflates",
    ),
    // RFC 6455 §4.1, item 5: nothing that was not offered.
    (DEFLATE, "x-snappy", "Extension("),
    (DEFLATE, "permessage-deflate, x-snappy", "Extension("),
    ("x-other", DEFLATE, "Extension("),
    ("x-other", "x-other; a=b", "open"),
    // RFC 6455 §9.1: what is not a list of extensions.
    (DEFLATE, "permessage-deflate;", "ExtensionSyntax"),
    (DEFLATE, "permessage-deflate; =10", "ExtensionSyntax"),
    (DEFLATE, "permessage-deflate; a=\"b", "ExtensionSyntax"),
    (DEFLATE, "permessage deflate", "ExtensionSyntax"),
    (DEFLATE, "permessage-deflate; a=\"b c\"", "ExtensionSyntax"),
];

#[test]
fn a_client_checks_the_extensions_that_are_selected() {
    hold(SELECTIONS.iter().map(|(offer, selected, expected)| {
        let field = format!("\r\nSec-WebSocket-Extensions: {selected}\r\n\r\n");
        let made = met(offer, &RESPONSE.replacen(END, &field, 1));
        (format!("{offer} → {selected}"), made, *expected)
    }));
}

#[test]
fn heads_mean_the_same_however_they_arrive() {
    let mut server = server::Handshake::default();
    for end in 0..REQUEST.len() {
        assert!(
            server
                .read(&REQUEST.as_bytes()[..end])
                .expect("no error")
                .is_none()
        );
    }
    let (request, used) = server
        .read(REQUEST.as_bytes())
        .expect("no error")
        .expect("a request");
    let answer = server::Upgrade::answer(request, &server::Policy::default());
    assert_eq!((answer.refused, used), (None, REQUEST.len()));
}
