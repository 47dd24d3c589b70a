//! --sni: the name that a server is asked for.

use super::{distrusted, trusted};
use crate::support::peer::Peer;
use crate::support::run::wsee;
use crate::support::server::Untouched;
use crate::support::tls::{self, Authority};

/// The name that a server with a certificate for `name` is asked for.
#[track_caller]
fn asked(name: &str, args: &[&str]) -> Option<String> {
    let authority = Authority::new();
    let server = tls::serving(authority.issue(&[name]), |mut stream| {
        stream.conn.complete_io(&mut stream.sock).expect("TLS");
        let name = stream.conn.server_name().map(ToOwned::to_owned);
        Peer::accept(stream).echo();
        name
    });
    let url = tls::url(&server);
    wsee(&[&[url.as_str(), "-1", "--cacert", authority.path()], args].concat())
        .stdin("hello\n")
        .run()
        .exits(0)
        .prints("hello\n");
    server.finish()
}

#[test]
fn a_server_is_asked_for_the_host_of_the_url() {
    assert_eq!(asked("localhost", &[]).as_deref(), Some("localhost"));
}

#[test]
fn another_name_is_asked_for_and_verified() {
    let args = ["--sni", "Other.example"];
    assert_eq!(
        asked("other.example", &args).as_deref(),
        Some("other.example")
    );

    let authority = Authority::new();
    let args = ["--cacert", authority.path(), "--sni", "other.example"];
    distrusted(authority.issue(&["localhost"]), &args)
        .says("not for other.example but for localhost")
        .says("--sni");
}

#[test]
fn no_name_is_asked_for_and_the_host_is_verified() {
    assert_eq!(asked("localhost", &["--sni", ""]), None);
    let authority = Authority::new();
    let args = ["--cacert", authority.path(), "--sni", ""];
    distrusted(authority.issue(&["other.example"]), &args).says("not for localhost");
}

#[test]
fn an_address_is_verified_and_not_sent() {
    assert_eq!(asked("192.0.2.1", &["--sni", "192.0.2.1"]), None);
    assert_eq!(asked("::1", &["--sni", "::1"]), None);
}

#[test]
fn the_requested_server_name_is_shown() {
    let identity = tls::self_signed(&["localhost"]);
    trusted(identity, &["-k", "-v", "--sni", "other.example"]).says("*   SNI other.example");
    let identity = tls::self_signed(&["localhost"]);
    trusted(identity, &["-k", "-v", "--sni", ""]).says("*   no SNI (--sni)");
}

#[test]
fn an_invalid_server_name_is_a_usage_error() {
    let server = Untouched::start();
    let url = format!("wss://localhost:{}", server.port());
    for name in ["a b", "a..b", "[::1"] {
        wsee(&[&url, "--sni", name]).run().exits(2).says("--sni");
    }
}
