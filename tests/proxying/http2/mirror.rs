//! Whether clients are offered extended CONNECT, which follows the server.

use std::thread;

use rustix::process::Signal;

use super::{Version, calling, proxy_for};
use crate::listen::{Listening, listening};
use crate::proxying::proxying;
use crate::support::http2::{
    ALLOWS, CONNECT, ENABLE_CONNECT_PROTOCOL, Http2, MAX_CONCURRENT_STREAMS, RST_STREAM, SETTINGS,
};
use crate::support::run::wsee;
use crate::support::server::Server;

/// The value of the setting in the first frame of a proxy.
#[track_caller]
fn offered(proxy: &Listening) -> Option<u32> {
    announced(&mut calling(proxy), ENABLE_CONNECT_PROTOCOL)
}

/// The value of a setting in the first frame of a server.
#[track_caller]
fn announced(server: &mut Http2, id: u16) -> Option<u32> {
    let frame = server.read_frame().expect("a frame");
    assert_eq!(frame.kind, SETTINGS);
    let (settings, _) = frame.payload.as_chunks::<6>();
    let mut settings = settings.iter();
    settings.find_map(|&[a, b, c, d, e, f]| {
        let is_it = u16::from_be_bytes([a, b]) == id;
        is_it.then(|| u32::from_be_bytes([c, d, e, f]))
    })
}

/// A server of as many connections, each with these SETTINGS.
fn settled(settings: &'static [&'static [(u16, u32)]]) -> Server<Vec<()>> {
    Server::start_many(settings.len(), |index, stream| {
        let mut http2 = Http2::begun(stream);
        http2.settings(settings[index]);
        http2.read_to_end();
    })
}

#[test]
fn a_gateway_offers_what_the_server_does_not_have() {
    let proxy = proxy_for("ws://127.0.0.1:1", Version::Http1, &[]);
    assert_eq!(offered(&proxy), Some(1));
    proxy.stop(Signal::INT).never_says("extended CONNECT is");
}

#[test]
fn the_setting_follows_that_of_the_server() {
    let server = settled(&[&[], &[(ENABLE_CONNECT_PROTOCOL, 0)], ALLOWS]);
    let proxy = proxy_for(server.url(), Version::Http2, &[]);
    // A server that lacks it is asked again, and one that has it is not.
    let found: Vec<_> = (0..5).map(|_| offered(&proxy)).collect();
    assert_eq!(found, [None, None, Some(1), Some(1), Some(1)]);
    server.finish();
    let lacks = "! HTTP/2: extended CONNECT is not offered, as the server's SETTINGS lack it\n";
    let has = "* HTTP/2: extended CONNECT is offered, as by the server\n";
    proxy
        .stop(Signal::INT)
        .says(&format!("@1 {lacks}"))
        .says("@2 * HTTP/2 from the server: SETTINGS ENABLE_CONNECT_PROTOCOL 0\n")
        .says(&format!("@2 {lacks}"))
        .says(&format!("@5 {has}"));
}

#[test]
fn a_client_that_asks_although_it_is_not_offered_is_reset() {
    let server = settled(&[&[]]);
    let proxy = proxy_for(server.url(), Version::Http2, &[]);
    let mut client = calling(&proxy);
    client.request(1, CONNECT);
    let frame = client.read_on_stream().expect("a frame");
    assert_eq!((frame.kind, frame.code()), (RST_STREAM, 1));
    server.finish();
    proxy.stop(Signal::INT).says(
        "stream 1 reset with PROTOCOL_ERROR: malformed, or an extended CONNECT that was not offered\n",
    );
}

#[test]
fn a_server_that_lost_the_setting_is_noticed_by_the_next_client() {
    let server = settled(&[ALLOWS, &[], &[]]);
    let proxy = proxy_for(server.url(), Version::Http2, &[]);
    assert_eq!(offered(&proxy), Some(1));
    let mut client = calling(&proxy);
    client.request(1, CONNECT);
    assert_eq!(client.read_status(), Some(502));
    assert_eq!(offered(&proxy), None);
    server.finish();
    proxy
        .stop(Signal::INT)
        .says("wsee: the server speaks HTTP/2 without WebSocket: its SETTINGS lack ENABLE_CONNECT_PROTOCOL");
}

#[test]
fn a_server_without_streams_leaves_its_clients_without() {
    const CLOSED: &[(u16, u32)] = &[(ENABLE_CONNECT_PROTOCOL, 1), (MAX_CONCURRENT_STREAMS, 0)];
    let server = settled(&[CLOSED, CLOSED, ALLOWS]);
    let proxy = proxy_for(server.url(), Version::Http2, &[]);
    let mut client = calling(&proxy);
    assert_eq!(announced(&mut client, MAX_CONCURRENT_STREAMS), Some(0));
    client.request(1, CONNECT);
    let frame = client.read_on_stream().expect("a frame");
    assert_eq!((frame.kind, frame.code()), (RST_STREAM, 7));
    assert_eq!(offered(&proxy), Some(1));
    // It is asked again.
    let found = announced(&mut calling(&proxy), MAX_CONCURRENT_STREAMS);
    assert_eq!(found, Some(256));
    server.finish();
    let closed = "! HTTP/2: clients may open no stream, as the server's SETTINGS have MAX_CONCURRENT_STREAMS 0\n";
    proxy
        .stop(Signal::INT)
        .says(&format!("@1 {closed}"))
        .says(&format!("@2 {closed}"))
        .says(
            "stream 1 reset with REFUSED_STREAM: more streams than MAX_CONCURRENT_STREAMS allows\n",
        )
        .says("@3 * HTTP/2: extended CONNECT is offered, as by the server\n");
}

#[test]
fn a_server_with_one_stream_is_none_with_one_client() {
    const ONE: &[(u16, u32)] = &[(ENABLE_CONNECT_PROTOCOL, 1), (MAX_CONCURRENT_STREAMS, 1)];
    // The first one is for the SETTINGS alone; the others are open at the same time.
    let server = Server::start_many(3, |index, stream| {
        thread::spawn(move || {
            let mut http2 = Http2::begun(stream);
            http2.settings(ONE);
            if index > 0 {
                http2.read_request();
                http2.respond("200");
            }
            http2.read_to_end()
        })
    });
    let proxy = proxy_for(server.url(), Version::Http2, &[]);
    let mut client = calling(&proxy);
    for stream in [1, 3] {
        client.request(stream, CONNECT);
        assert_eq!(client.read_status(), Some(200), "{stream}");
    }
    proxy.stop(Signal::INT);
    for connection in server.finish() {
        connection.join().expect("an end");
    }
}

#[test]
fn auto_offers_nothing_where_the_server_speaks_http1_only() {
    let server = listening(&["--tls"]);
    let url = format!("wss://127.0.0.1:{}/", server.port);
    for (http, status) in [("auto", 22), ("2", 22)] {
        let proxy = proxying(&url, &["--http2", "--tls", "-k", "--http", http]);
        let front = format!("wss://127.0.0.1:{}/", proxy.port);
        let run = wsee(&[&front, "-k", "--http", "2"]).stdin("").run();
        let run = run.exits(status);
        if http == "2" {
            run.says("502")
                .says("the server does not speak HTTP/2 here");
            continue;
        }
        run.says("its SETTINGS lack ENABLE_CONNECT_PROTOCOL");
        // As a browser does it.
        wsee(&[
            &front,
            "-k",
            "--http",
            "auto",
            "-1",
            "-w",
            "%{http_version}",
        ])
        .stdin("a\n")
        .run()
        .exits(0)
        .prints("a\n1.1");
        proxy.stop(Signal::INT).says(
            "! HTTP/2: extended CONNECT is not offered, as the server speaks HTTP/1.1 only\n",
        );
    }
    server.stop(Signal::INT);
}
