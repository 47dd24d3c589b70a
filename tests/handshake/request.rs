//! The request as the server sees it.

use std::io::Write;

use data_encoding::BASE64;

use crate::support::run::wsee;
use crate::support::wire::requested;

/// The lines of the request that a wsee with these arguments sends to `path`.
#[track_caller]
pub fn request_to(path: &str, args: &[&str]) -> Vec<String> {
    let server = requested();
    let url = format!("{}{path}", server.url());
    wsee(&[&[url.as_str()], args].concat()).run().exits(0);
    let request = server.finish();
    let head = request.strip_suffix("\r\n\r\n").expect("a whole head");
    head.split("\r\n").map(str::to_owned).collect()
}

#[track_caller]
fn request(args: &[&str]) -> Vec<String> {
    request_to("/", args)
}

/// The names of the fields in their order.
fn names(lines: &[String]) -> Vec<&str> {
    let name = |line: &'_ String| line.find(':').expect("a field");
    lines[1..].iter().map(|line| &line[..name(line)]).collect()
}

/// The values of the fields that are called exactly `name`.
fn values<'a>(lines: &'a [String], name: &str) -> Vec<&'a str> {
    let field = |line: &'a String| line.strip_prefix(name)?.strip_prefix(':').map(str::trim);
    lines.iter().filter_map(field).collect()
}

const DEFAULTS: [&str; 7] = [
    "Host",
    "Upgrade",
    "Connection",
    "Sec-WebSocket-Key",
    "Sec-WebSocket-Version",
    "Sec-WebSocket-Extensions",
    "User-Agent",
];

#[test]
fn has_the_default_fields_in_order() {
    let server = requested();
    let url = format!("{}/chat?room=1", server.url());
    wsee(&[&url]).run().exits(0);
    let port = server.port();
    let request = server.finish();
    let lines: Vec<String> = request.trim_end().lines().map(str::to_owned).collect();
    assert_eq!(lines[0], "GET /chat?room=1 HTTP/1.1");
    assert_eq!(names(&lines), DEFAULTS);
    assert_eq!(values(&lines, "Host"), [format!("127.0.0.1:{port}")]);
    assert_eq!(values(&lines, "Upgrade"), ["websocket"]);
    assert_eq!(values(&lines, "Connection"), ["Upgrade"]);
    assert_eq!(values(&lines, "Sec-WebSocket-Version"), ["13"]);
    let offer = "permessage-deflate; client_max_window_bits";
    assert_eq!(values(&lines, "Sec-WebSocket-Extensions"), [offer]);
    let version = concat!("wsee/", env!("CARGO_PKG_VERSION"));
    assert_eq!(values(&lines, "User-Agent"), [version]);
}

#[test]
fn the_query_goes_out_as_typed_and_the_path_if_asked_for() {
    let line = |path: &str, args: &[&str]| request_to(path, args)[0].clone();
    assert_eq!(line("/?q='a'", &[]), "GET /?q='a' HTTP/1.1");
    assert_eq!(line("/a/../b/%2e/c", &[]), "GET /b/c HTTP/1.1");
    let as_is = "GET /a/../b/%2e/c?d=.. HTTP/1.1";
    assert_eq!(line("/a/../b/%2e/c?d=..", &["--path-as-is"]), as_is);

    let server = requested();
    let url = format!("{}/a/../b", server.url());
    wsee(&["curl", &url, "--path-as-is"])
        .run()
        .exits(0)
        .never_says("no effect");
    assert!(server.finish().starts_with("GET /a/../b HTTP/1.1\r\n"));
}

#[test]
fn has_a_key_of_16_bytes_that_is_never_the_same() {
    let key = || {
        let lines = request(&[]);
        values(&lines, "Sec-WebSocket-Key")[0].to_owned()
    };
    let (one, other) = (key(), key());
    let decoded = BASE64.decode(one.as_bytes()).expect("base64");
    assert_eq!(decoded.len(), 16);
    assert_ne!(one, other);
}

#[test]
fn has_the_optional_fields_after_the_defaults() {
    let lines = request(&[
        "-H",
        "x-Trace: 1",
        "-b",
        "a=1",
        "--bearer",
        "token",
        "-s",
        "chat",
        "-o",
        "http://o.example",
    ]);
    let expected = [
        &DEFAULTS[..],
        &[
            "Origin",
            "Sec-WebSocket-Protocol",
            "Authorization",
            "Cookie",
            "x-Trace",
        ],
    ]
    .concat();
    let known = names(&lines);
    // The server selects no subprotocol, which is only a warning.
    assert_eq!(known, expected);
}

#[test]
fn header_replaces_a_default_in_its_place() {
    let lines = request(&["-H", "uSER-agent: mine"]);
    assert_eq!(values(&lines, "uSER-agent"), ["mine"]);
    assert_eq!(values(&lines, "User-Agent"), [""; 0]);
    assert_eq!(names(&lines).len(), DEFAULTS.len());
}

#[test]
fn header_replaces_the_host() {
    let lines = request(&["-H", "Host: virtual.example"]);
    assert_eq!(values(&lines, "Host"), ["virtual.example"]);
}

#[test]
fn header_with_nothing_after_the_colon_removes_a_default() {
    let lines = request(&["-H", "user-agent:"]);
    assert_eq!(names(&lines), DEFAULTS[..6]);
}

#[test]
fn header_with_a_semicolon_is_sent_empty() {
    let lines = request(&["-H", "X-Empty;"]);
    assert_eq!(values(&lines, "X-Empty"), [""]);
}

#[test]
fn headers_are_added_as_given_and_in_order() {
    let lines = request(&["-H", "X-B: 2", "-H", "x-a:  1, 3", "-H", "X-B: 4"]);
    assert_eq!(names(&lines)[DEFAULTS.len()..], ["X-B", "x-a", "X-B"]);
    assert_eq!(values(&lines, "X-B"), ["2", "4"]);
    assert_eq!(values(&lines, "x-a"), ["1, 3"]);
}

#[test]
fn headers_are_read_from_a_file() {
    let mut file = tempfile::NamedTempFile::new().expect("a file");
    file.write_all(b"X-One: 1\r\nUser-Agent:\n\nX-Two: 2\n")
        .expect("a file");
    let lines = request(&["-H", &format!("@{}", file.path().display())]);
    assert_eq!(names(&lines)[6..], ["X-One", "X-Two"]);
}

#[test]
fn offers_all_subprotocols_in_one_field() {
    let lines = request(&["-s", "a", "-s", "b,c"]);
    assert_eq!(values(&lines, "Sec-WebSocket-Protocol"), ["a, b, c"]);
}

#[test]
fn user_is_sent_as_basic_authentication() {
    let basic = |pair: &str| format!("Basic {}", BASE64.encode(pair.as_bytes()));
    let lines = request(&["-u", "me:pa:ss"]);
    assert_eq!(values(&lines, "Authorization"), [basic("me:pa:ss")]);
    let lines = request(&["-u", "me:"]);
    assert_eq!(values(&lines, "Authorization"), [basic("me:")]);
}

#[test]
fn credentials_in_the_url_are_sent_as_basic_authentication() {
    let server = requested();
    let url = format!("ws://me:p%40ss@127.0.0.1:{}/", server.port());
    wsee(&[&url]).run().exits(0).never_says("p%40ss");
    let expected = format!("Authorization: Basic {}\r\n", BASE64.encode(b"me:p@ss"));
    let request = server.finish();
    assert!(request.contains(&expected), "{request}");
}

#[test]
fn bearer_is_sent_as_a_token() {
    let lines = request(&["--bearer", "t0ken"]);
    assert_eq!(values(&lines, "Authorization"), ["Bearer t0ken"]);
}

#[test]
fn cookies_are_joined() {
    let lines = request(&["-b", "a=1", "-b", "b=2; c=3"]);
    assert_eq!(values(&lines, "Cookie"), ["a=1; b=2; c=3"]);
}

#[test]
fn user_agent_and_origin_are_sent_as_given() {
    let lines = request(&["-A", "Mine/1", "-o", "https://Page.example"]);
    assert_eq!(values(&lines, "User-Agent"), ["Mine/1"]);
    assert_eq!(values(&lines, "Origin"), ["https://Page.example"]);
}

#[test]
fn urls_may_leave_out_what_is_plain() {
    for form in [
        "http://127.0.0.1:PORT/x",
        "127.0.0.1:PORT/x",
        "localhost:PORT/x",
        ":PORT/x",
    ] {
        let server = requested();
        let url = form.replace("PORT", &server.port().to_string());
        wsee(&[&url]).run().exits(0);
        assert!(server.finish().starts_with("GET /x HTTP/1.1\r\n"), "{form}");
    }
}

#[test]
fn an_assumed_scheme_is_said() {
    let server = requested();
    let url = format!("127.0.0.1:{}/x", server.port());
    wsee(&[&url]).run().exits(0).says("ws://");
}

#[test]
fn an_origin_without_a_scheme_is_said_to_be_no_file() {
    for (origin, is_noted) in [("out.txt", true), ("null", false), ("https://h", false)] {
        let server = requested();
        let output = wsee(&[server.url(), "-o", origin]).run().exits(0);
        assert_eq!(
            output.stderr.contains("-o FILE is > FILE"),
            is_noted,
            "{origin}"
        );
        assert!(server.finish().contains(&format!("Origin: {origin}\r\n")));
    }
}
