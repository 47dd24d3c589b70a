//! wsee over HTTP/2 (RFC 8441), with yawc in the stream and hyper below it.

use std::net::TcpStream;

use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::sync::mpsc;
use yawc::WebSocket;

use super::deflate::{MIB, block_on, converse, options, polled};
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
