//! WebSocket over HTTP/2, where HTTP/1.1 works.

use std::sync::Arc;

use rustls::{ServerConnection, StreamOwned};

use super::{Prints, SHORT, findings};
use crate::support::http2::{Http2, MAX_CONCURRENT_STREAMS, RST_STREAM};
use crate::support::output::Output;
use crate::support::peer::Peer;
use crate::support::run::wsee;
use crate::support::server::Server;
use crate::support::tls::{self, Authority, TlsStream};

const ONLY: [&str; 3] = ["--only", "transport-http2", "-v"];

/// What is done with a connection over HTTP/2.
type Script = fn(TlsStream);

/// Audits a server whose HTTP/1.1 works and whose HTTP/2 is `script`.
#[track_caller]
fn audit(protocols: &[&str], script: Script) -> Output {
    let authority = Authority::new();
    let mut config = authority.issue(&["localhost"]).server_config();
    config.alpn_protocols = protocols.iter().map(|it| it.as_bytes().to_vec()).collect();
    let config = Arc::new(config);
    let server = Server::start_many(2, move |index, stream| {
        let connection = ServerConnection::new(Arc::clone(&config)).expect("a configuration");
        let stream = StreamOwned::new(connection, stream);
        match index {
            0 => drop(Peer::accept(stream).record()),
            _ => script(stream),
        }
    });
    let url = tls::url(&server);
    let own = ["audit", &url, "--cacert", authority.path()];
    let output = wsee(&[&own[..], &ONLY, &SHORT].concat()).run().exits(0);
    server.finish();
    output
}

const BOTH: &[&str] = &["h2", "http/1.1"];

fn asked(stream: TlsStream, script: impl FnOnce(&mut Http2<TlsStream>)) {
    let mut http2 = Http2::asked(stream);
    script(&mut http2);
    http2.read_to_end();
}

#[test]
fn extended_connect_that_is_offered_and_broken_is_found() {
    let broken: [(Script, &str); 4] = [
        (
            |stream| asked(stream, |it| it.respond("502")),
            "offers extended CONNECT and answers 502; HTTP/1.1 works",
        ),
        (
            |stream| asked(stream, |it| it.reset(1)),
            "with PROTOCOL_ERROR (RST_STREAM); HTTP/1.1 works",
        ),
        (
            |stream| asked(stream, |_| ()),
            "does not answer the CONNECT within 700.0 ms",
        ),
        (
            |stream| {
                let mut http2 = Http2::begun(stream);
                http2.settings(&[(8, 1), (MAX_CONCURRENT_STREAMS, 0)]);
                http2.read_to_end();
            },
            "MAX_CONCURRENT_STREAMS 0; HTTP/1.1 works",
        ),
    ];
    for (script, evidence) in broken {
        let output = audit(BOTH, script);
        assert_eq!(findings(&output), ["medium transport-http2"]);
        output
            .shows(evidence)
            .shows("h2-workaround-bogus-websocket-clients");
    }
}

#[test]
fn what_works_and_what_is_not_offered_is_no_finding() {
    let fine: [(&[&str], Script, &str); 4] = [
        (
            BOTH,
            |stream| asked(stream, |it| it.respond("200")),
            "over HTTP/2 as well",
        ),
        (
            BOTH,
            |stream| {
                let mut http2 = Http2::begun(stream);
                http2.settings(&[]);
                http2.read_to_end();
            },
            "lack ENABLE_CONNECT_PROTOCOL",
        ),
        (
            BOTH,
            |stream| {
                asked(stream, |it| {
                    // RFC 9113 §7: HTTP_1_1_REQUIRED.
                    it.write_frame(RST_STREAM, 0, 1, &[0, 0, 0, 13]);
                });
            },
            "HTTP_1_1_REQUIRED",
        ),
        (
            &["http/1.1"],
            |mut stream| assert!(stream.conn.complete_io(&mut stream.sock).is_err()),
            "does not speak HTTP/2 here",
        ),
    ];
    for (protocols, script, remark) in fine {
        let output = audit(protocols, script);
        assert_eq!(findings(&output), [""; 0]);
        output.shows("1 passed, 0 not tested").shows(remark);
    }
}
