//! Pages of a browser, which it lists over HTTP.

use std::io::Write;
use std::net::TcpStream;

use crate::support::peer::Peer;
use crate::support::run::wsee;
use crate::support::server::Server;
use crate::support::wire::read_head;

/// Answers a request, and returns its first line.
fn answer(mut stream: TcpStream, status: &str, body: &str) -> String {
    let head = read_head(&mut stream);
    let length = body.len();
    let answer = format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\n\r\n{body}");
    stream.write_all(answer.as_bytes()).expect("a client");
    head.lines().next().unwrap_or_default().to_owned()
}

/// Accepts a handshake with this target, and answers a call that has no version.
fn page(stream: TcpStream) -> String {
    let mut peer = Peer::accept(stream);
    peer.expect("{\"id\":1,\"method\":\"Page.enable\"}");
    peer.send("{\"id\":1,\"result\":{}}");
    peer.record();
    String::new()
}

/// Accepts a handshake, and answers a call that has a version.
fn node(stream: TcpStream) -> String {
    let mut peer = Peer::accept(stream);
    peer.expect("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"a\"}");
    peer.send("{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":1}");
    peer.record();
    String::new()
}

const PAGES: &str = "[{\"type\":\"worker\",\"title\":\"W\",\"webSocketDebuggerUrl\":\"ws://elsewhere:1/w\"},\
    {\"type\":\"page\",\"title\":\"Mail\",\"webSocketDebuggerUrl\":\"ws://elsewhere:1/devtools/page/A\"},\
    {\"type\":\"page\",\"title\":\"News\",\"webSocketDebuggerUrl\":\"ws://elsewhere:1/devtools/page/B\"}]";

#[test]
fn the_first_page_of_a_browser_is_found_and_named() {
    let server = Server::start_many(2, |index, stream| match index {
        0 => answer(stream, "200 OK", PAGES),
        _ => page(stream),
    });
    let url = format!("http://127.0.0.1:{}", server.port());
    let run = wsee(&["--as", "jsonrpc", &url, "-v"]).stdin("Page.enable");
    run.run()
        .exits(0)
        .says("> GET /json/list HTTP/1.1")
        .says(&format!(
            "* page 1 of 2, \"Mail\": ws://127.0.0.1:{}/devtools/page/A",
            server.port()
        ))
        .says("> GET /devtools/page/A HTTP/1.1");
    assert_eq!(server.finish()[0], "GET /json/list HTTP/1.1");
}

#[test]
fn a_browser_without_a_page_is_spoken_to_itself() {
    let version =
        "{\"Browser\":\"Chrome/1\",\"webSocketDebuggerUrl\":\"ws://x/devtools/browser/C\"}";
    let server = Server::start_many(3, move |index, stream| match index {
        0 => answer(stream, "200 OK", "[]"),
        1 => answer(stream, "200 OK", version),
        _ => page(stream),
    });
    let url = format!("http://127.0.0.1:{}", server.port());
    let run = wsee(&["--as", "jsonrpc", &url, "-v"]).stdin("Page.enable");
    run.run().exits(0).says("* the browser itself, Chrome/1: ");
    assert_eq!(server.finish()[1], "GET /json/version HTTP/1.1");
}

#[test]
fn a_server_that_is_no_browser_is_asked_for_a_websocket_at_once() {
    let server = Server::start_many(2, |index, stream| match index {
        0 => answer(stream, "404 Not Found", "no"),
        _ => node(stream),
    });
    let url = format!("http://127.0.0.1:{}", server.port());
    let run = wsee(&["--as", "jsonrpc", &url]).stdin("a").run();
    run.exits(0)
        .prints("{\"id\":1,\"method\":\"a\",\"result\":1}\n");
}

#[test]
fn a_name_that_a_browser_refuses_as_host_is_explained() {
    let body = "Host header is specified and is not an IP address or localhost.";
    let server = Server::start_many(1, move |_, stream| {
        answer(stream, "500 Internal Server Error", body)
    });
    let url = format!("http://127.0.0.1:{}", server.port());
    let args = ["--as", "jsonrpc", &url, "-H", "Host: desk"];
    let run = wsee(&args).stdin("a").run().exits(22);
    run.says("hint: ").says("-H 'Host: localhost'");
}
