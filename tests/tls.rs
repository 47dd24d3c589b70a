//! wss: which certificates are trusted, and what is said of those that are not.

mod client;
mod key_log;
mod pin;
mod sni;
mod trust;
mod version;

use std::io::{Read, Write};
use std::time::Duration;

use crate::support::output::Output;
use crate::support::peer::{Peer, Received, scripted};
use crate::support::run::{Run, wsee};
use crate::support::server::{Server, Untouched};
use crate::support::tls::{self, Authority, Identity, Terms, TlsStream, self_signed};
use crate::support::wire::{read_head, response_to};

/// Runs wsee against a server that shows `identity` and expects to be turned away.
#[track_caller]
fn distrusted(identity: Identity, args: &[&str]) -> Output {
    refused(Terms::of(identity), args).exits(60)
}

/// Runs wsee against a server that speaks TLS on these terms and gets nothing from it.
#[track_caller]
fn refused(terms: Terms, args: &[&str]) -> Output {
    let server = tls::serving_as(terms, fails);
    wsee(&[&[tls::url(&server).as_str()], args].concat())
        .stdin("never sent\n")
        .run()
        .prints("")
}

fn fails(mut stream: TlsStream) {
    assert!(
        stream.read(&mut [0]).is_err(),
        "a client that sends a request"
    );
}

/// Runs wsee against an echo server that shows `identity`.
#[track_caller]
fn trusted(identity: Identity, args: &[&str]) -> Output {
    echoed(Terms::of(identity), args)
}

/// Runs wsee against an echo server that speaks TLS on these terms.
#[track_caller]
fn echoed(terms: Terms, args: &[&str]) -> Output {
    let server = tls::serving_as(terms, |stream| Peer::accept(stream).echo());
    echo(&server, args).run().exits(0).prints("hello\n")
}

/// Sends a message, to get it back.
fn echo(server: &Server<Received>, args: &[&str]) -> Run {
    let url = tls::url(server);
    wsee(&[&[url.as_str(), "-n", "1"], args].concat()).stdin("hello\n")
}

#[test]
fn a_certificate_of_a_given_authority_is_trusted() {
    let authority = Authority::new();
    let identity = authority.issue(&["localhost"]);
    trusted(identity, &["--cacert", authority.path(), "-v"])
        .says("* TLS 1.3")
        .says("certificate CN=wsee test server");
}

#[test]
fn a_certificate_of_an_unknown_authority_exits_60() {
    distrusted(Authority::new().issue(&["localhost"]), &[])
        .says("wsee test CA")
        .says("--cacert")
        .says("-k");
}

#[test]
fn a_certificate_of_another_authority_exits_60() {
    let identity = Authority::new().issue(&["localhost"]);
    distrusted(identity, &["--cacert", Authority::new().path()]).says("--cacert");
}

#[test]
fn an_expired_certificate_exits_60() {
    let authority = Authority::new();
    let identity = authority.issue_expired(&["localhost"]);
    distrusted(identity, &["--cacert", authority.path()])
        .says("expired on 2020-12-31")
        .says("renew");
}

#[test]
fn a_self_signed_certificate_exits_60() {
    distrusted(tls::self_signed(&["localhost"]), &[])
        .says("self-signed")
        .says("--cacert");
}

#[test]
fn a_certificate_for_another_name_exits_60_and_its_names_are_listed() {
    let authority = Authority::new();
    let identity = authority.issue(&["other.example", "another.example"]);
    distrusted(identity, &["--cacert", authority.path()])
        .says("localhost")
        .says("other.example, another.example");
}

#[test]
fn insecure_connects_and_shows_the_certificate_problem() {
    trusted(tls::self_signed(&["localhost"]), &["-k"]).says("self-signed");
    trusted(tls::self_signed(&["other.example"]), &["-k"]);
    let expired = Authority::new().issue_expired(&["localhost"]);
    trusted(expired, &["-k"]);
}

#[test]
fn a_server_without_tls_exits_35_and_ws_is_offered() {
    let server = Server::start(|mut stream| {
        stream.read_exact(&mut [0; 64]).expect("a ClientHello");
        stream
            .write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            .expect("a client");
    });
    wsee(&[&tls::url(&server)])
        .run()
        .exits(35)
        .prints("")
        .says("ws://");
}

#[test]
fn a_tls_server_asked_for_ws_exits_112_and_wss_is_offered() {
    let server = tls::serving(tls::self_signed(&["localhost"]), |mut stream| {
        // The alert that answers the plain request goes out before the error comes back.
        assert!(stream.read(&mut [0]).is_err());
        let _ = stream.flush();
    });
    wsee(&[server.url()])
        .run()
        .exits(112)
        .prints("")
        .says("wss://")
        .within(Duration::from_secs(4));
}

#[test]
fn a_missing_file_of_authorities_is_a_usage_error() {
    let server = Untouched::start();
    let url = format!("wss://localhost:{}", server.port());
    wsee(&[&url, "--cacert", "/nonexistent/ca.pem"])
        .run()
        .exits(2)
        .says("/nonexistent/ca.pem");
}

#[test]
fn a_plain_server_is_not_taken_for_tls() {
    let server = scripted(|mut peer| {
        peer.send("plain");
        peer.close(1000, "")
    });
    wsee(&[server.url(), "-v"]).run().exits(0).never_says("TLS");
}

#[test]
fn a_close_over_tls_is_followed_by_close_notify() {
    for is_ended_first in [false, true] {
        let server = tls::serving(self_signed(&["localhost"]), move |mut stream| {
            let response = response_to(&read_head(&mut stream));
            // With a message and a Close frame.
            let bytes = [response.as_bytes(), b"\x81\x01a\x88\x02\x03\xe8"].concat();
            stream.write_all(&bytes).expect("a client that reads");
            stream.flush().expect("a client that reads");
            stream.read_exact(&mut [0; 8]).expect("a Close frame");
            if is_ended_first {
                stream.conn.send_close_notify();
                stream.flush().expect("a client that reads");
            }
            // An end of TCP alone is an error.
            stream.read_to_end(&mut Vec::new())
        });
        wsee(&[&tls::url(&server), "--insecure"])
            .run()
            .exits(0)
            .prints("a\n");
        assert_eq!(server.finish().map_err(|it| it.to_string()), Ok(0));
    }
}

#[test]
fn an_end_of_tls_without_a_close_frame_is_abnormal() {
    let authority = Authority::new();
    let server = tls::serving(authority.issue(&["localhost"]), |stream| {
        Peer::accept(stream).send("hi");
    });
    wsee(&[&tls::url(&server), "--cacert", authority.path()])
        .run()
        .exits(110)
        .prints("hi\n")
        .ends_with_line("abnormal closure (1006");
}
