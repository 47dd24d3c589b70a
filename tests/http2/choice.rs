//! What `--http` makes of what a server offers over TLS.

use std::sync::Arc;

use rustls::{ServerConnection, StreamOwned};

use crate::support::http2::Http2;
use crate::support::output::Output;
use crate::support::peer::Peer;
use crate::support::run::wsee;
use crate::support::server::Server;
use crate::support::tls::{self, Authority, Terms, TlsStream};

/// Runs wsee at a server that offers these protocols, and serves as many connections.
#[track_caller]
fn visit(
    alpn: &'static [&'static str],
    connections: usize,
    http: &str,
    serve: fn(usize, TlsStream),
) -> Output {
    visit_with(&["--http", http], alpn, connections, serve)
}

#[track_caller]
fn visit_with(
    args: &[&str],
    alpn: &'static [&'static str],
    connections: usize,
    serve: fn(usize, TlsStream),
) -> Output {
    let authority = Authority::new();
    let server = server(&authority, alpn, connections, serve);
    let url = tls::url(&server);
    let own = [url.as_str(), "--cacert", authority.path(), "-v", "-n", "1"];
    let output = wsee(&[&own[..], args].concat()).stdin("hello\n").run();
    server.finish();
    output
}

fn server(
    authority: &Authority,
    alpn: &[&str],
    connections: usize,
    serve: fn(usize, TlsStream),
) -> Server<Vec<()>> {
    let mut config = Terms::of(authority.issue(&["localhost"])).config();
    config.alpn_protocols = alpn.iter().map(|name| name.as_bytes().to_vec()).collect();
    let config = Arc::new(config);
    Server::start_many(connections, move |index, stream| {
        let connection = ServerConnection::new(Arc::clone(&config)).expect("a configuration");
        serve(index, StreamOwned::new(connection, stream));
    })
}

const BOTH: &[&str] = &["h2", "http/1.1"];

fn over_http2(_: usize, stream: TlsStream) {
    let mut http2 = Http2::asked(stream);
    http2.respond("200");
    http2.websocket().echo();
}

fn over_http1(_: usize, stream: TlsStream) {
    Peer::accept(stream).echo();
}

/// HTTP/2 without the setting, then HTTP/1.1.
fn lacks_the_setting(index: usize, stream: TlsStream) {
    if index == 1 {
        return over_http1(index, stream);
    }
    let mut http2 = Http2::begun(stream);
    http2.settings(&[]);
    http2.read_to_end();
}

#[track_caller]
fn echoes(output: Output) -> Output {
    output.exits(0).prints("hello\n")
}

#[test]
fn auto_takes_http2_where_the_server_allows_it() {
    echoes(visit(BOTH, 1, "auto", over_http2))
        .says(", ALPN h2")
        .says("> :scheme: https");
}

#[test]
fn auto_takes_http1_where_the_server_selects_it() {
    echoes(visit(&["http/1.1"], 1, "auto", over_http1))
        .says("it selected \"http/1.1\" (ALPN); HTTP/1.1 instead, as browsers do");
    echoes(visit(&[], 1, "auto", over_http1)).says("HTTP/1.1 instead");
}

#[test]
fn auto_makes_a_second_connection_where_the_setting_is_missing() {
    echoes(visit(BOTH, 2, "auto", lacks_the_setting))
        .says("its SETTINGS lack ENABLE_CONNECT_PROTOCOL (RFC 8441 §3); HTTP/1.1 instead")
        .says("> GET / HTTP/1.1");
}

#[test]
fn a_second_connection_repeats_no_warning() {
    let server = server(&Authority::new(), BOTH, 2, lacks_the_setting);
    let args = [&tls::url(&server), "-k", "--http", "auto", "-n", "1"];
    let output = echoes(wsee(&args).stdin("hello\n").run());
    server.finish();
    assert_eq!(output.stderr.matches("! not verified (-k)").count(), 1);
}

#[test]
fn a_server_that_offers_http2_and_breaks_it_is_compared_with_http1() {
    fn breaks(index: usize, stream: TlsStream) {
        if index == 1 {
            Peer::accept(stream).record();
            return;
        }
        let mut http2 = Http2::asked(stream);
        http2.respond("502");
        http2.end_stream();
        http2.read_to_end();
    }
    for http in ["auto", "2"] {
        visit(BOTH, 2, http, breaks)
            .exits(22)
            .says("browsers that use it (Firefox) fail here; --http 1.1 works")
            .ends_with_line("wsee: the server refused the upgrade with status 502");
    }
}

#[test]
fn attempts_that_are_repeated_are_compared_once_at_the_end() {
    fn breaks_twice(index: usize, stream: TlsStream) {
        if index == 2 {
            Peer::accept(stream).record();
            return;
        }
        let mut http2 = Http2::asked(stream);
        http2.respond("503");
        http2.end_stream();
        http2.read_to_end();
    }
    let args = ["--http", "auto", "--reconnect=1"];
    visit_with(&args, BOTH, 3, breaks_twice)
        .exits(22)
        .says("--http 1.1 works");
}

#[test]
fn auto_takes_http1_where_the_server_requires_it() {
    // RFC 9113 §7.
    const HTTP_1_1_REQUIRED: u32 = 13;
    fn resets(index: usize, stream: TlsStream) {
        requires_http1(index, stream, |it| it.reset(HTTP_1_1_REQUIRED));
    }
    fn goes_away(index: usize, stream: TlsStream) {
        requires_http1(index, stream, |it| it.go_away(HTTP_1_1_REQUIRED, ""));
    }
    fn requires_http1(index: usize, stream: TlsStream, says: fn(&mut Http2<TlsStream>)) {
        if index == 1 {
            return over_http1(index, stream);
        }
        let mut http2 = Http2::asked(stream);
        says(&mut http2);
        http2.read_to_end();
    }
    echoes(visit(BOTH, 2, "auto", resets))
        .says("with HTTP_1_1_REQUIRED (RST_STREAM); HTTP/1.1 instead, as browsers do")
        .says("> GET / HTTP/1.1");
    echoes(visit(BOTH, 2, "auto", goes_away))
        .says("GOAWAY HTTP_1_1_REQUIRED, before it answered; HTTP/1.1 instead, as browsers do");
    // No browser fails there, so that HTTP/1.1 is not tried for comparison.
    visit(BOTH, 1, "2", resets)
        .exits(22)
        .says("hint: --http auto falls back to HTTP/1.1, as browsers do\n")
        .never_says("browsers that use it");
}

#[test]
fn http2_alone_is_offered_alone() {
    echoes(visit(BOTH, 1, "2", over_http2));
    visit(BOTH, 1, "2", lacks_the_setting).exits(22);
    let fails =
        |_, mut stream: TlsStream| assert!(stream.conn.complete_io(&mut stream.sock).is_err());
    visit(&["http/1.1"], 1, "2", fails)
        .exits(35)
        .says("it does not offer h2 (ALPN)")
        .says("--http auto");
}

#[test]
fn a_server_with_http2_alone_names_the_flag() {
    let fails =
        |_, mut stream: TlsStream| assert!(stream.conn.complete_io(&mut stream.sock).is_err());
    visit(&["h2"], 1, "1.1", fails).exits(35).says("--http 2");
}
