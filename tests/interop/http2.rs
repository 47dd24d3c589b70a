//! wsee over HTTP/2 (RFC 8441), with yawc in the stream and hyper below it.

use std::net::TcpStream;

use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustix::process::Signal;
use tokio::sync::mpsc;
use yawc::WebSocket;
use yawc::http2::handshake as http2_client;

use super::deflate::{MIB, block_on, converse, options, polled};
use crate::listen::listening;
use crate::proxying::proxying;
use crate::support::http2::{ALLOWS, Http2};
use crate::support::run::wsee;
use crate::support::server::Server;

/// Serves one connection, whose WebSocket sends messages and expects them back.
fn serve(stream: TcpStream) {
    block_on(async {
        let (opened, mut sockets) = mpsc::unbounded_channel();
        let service = service_fn(move |request: Request<Incoming>| {
            let opened = opened.clone();
            async move {
                let (response, socket) = WebSocket::upgrade_with_options(request, options())?;
                // What the other end of the channel does without is not asked for.
                let _ = opened.send(socket);
                Ok::<_, yawc::WebSocketError>(response)
            }
        });
        let mut server = http2::Builder::new(TokioExecutor::new());
        let server = server.enable_connect_protocol();
        let connection = server.serve_connection(TokioIo::new(polled(stream)), service);
        let conversation = async {
            let socket = sockets.recv().await.expect("a WebSocket");
            converse(socket.await.expect("a stream"), MIB).await;
        };
        let (ended, ()) = tokio::join!(connection, conversation);
        ended.expect("an orderly end");
    });
}

#[test]
fn messages_of_all_kinds_are_echoed_compressed_over_http2() {
    let server = Server::start(serve);
    let args = [server.url(), "--http2-prior-knowledge", "--echo", "-v"];
    let output = wsee(&args).run();
    server.finish();
    output
        .exits(0)
        .says("< HTTP/2 200")
        .says("* open: permessage-deflate")
        .says("; compressed to ");
}

#[test]
fn a_client_over_http2_is_passed_on_to_both_versions() {
    let server = listening(&["--http2"]);
    for over in [&[][..], &["--http2-prior-knowledge"]] {
        let proxy = proxying(&server.url(), &[&["--http2", "-v"], over].concat());
        block_on(async {
            let url = proxy.url().parse().expect("a URL");
            let stream = polled(proxy.connect());
            let opened = http2_client(url, stream, options(), Request::builder()).await;
            converse(opened.expect("an opening handshake"), MIB).await;
        });
        proxy
            .running
            .wait_for_stderr("@1 * closed by client: 1000 normal closure after ");
        proxy
            .stop(Signal::INT)
            .says("← text 4 B (deflate ")
            .never_says("passed on");
    }
    server.stop(Signal::INT);
}

#[test]
fn a_server_over_http2_gets_clients_of_both_versions() {
    for client in [&[][..], &["--http2-prior-knowledge"]] {
        // In the first connection of a client over HTTP/2 the proxy looks at the SETTINGS.
        let looks = client.len();
        let server = Server::start_many(looks + 1, move |index, stream| {
            if index < looks {
                let mut http2 = Http2::begun(stream);
                http2.settings(ALLOWS);
                http2.read_to_end();
            } else {
                serve(stream);
            }
        });
        let args = ["--http2", "--http2-prior-knowledge"];
        let proxy = proxying(server.url(), &args);
        let url = proxy.url();
        let output = wsee(&[&[&*url, "--echo", "-v"], client].concat()).run();
        server.finish();
        output
            .exits(0)
            .says("* open: permessage-deflate")
            .says("; compressed to ");
        proxy.stop(Signal::INT).never_says("passed on");
    }
}
