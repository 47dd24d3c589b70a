//! --pinnedpubkey.

use super::{distrusted, trusted};
use crate::support::run::wsee;
use crate::support::server::Untouched;
use crate::support::tls::{self, Authority};

#[test]
fn a_pinned_key_is_let_pass() {
    let authority = Authority::new();
    let identity = authority.issue(&["localhost"]);
    let pins = format!("{};{}", tls::self_signed(&["a"]).pin(), identity.pin());
    trusted(
        identity,
        &["--cacert", authority.path(), "--pinnedpubkey", &pins],
    );
}

#[test]
fn another_key_exits_60_and_is_named() {
    let authority = Authority::new();
    let identity = authority.issue(&["localhost"]);
    let (own, other) = (identity.pin(), tls::self_signed(&["a"]).pin());
    let args = ["--cacert", authority.path(), "--pinnedpubkey", &other];
    distrusted(identity, &args)
        .says(&format!("its public key {own} is not pinned\n"))
        .says("--pinnedpubkey");
}

#[test]
fn insecure_does_not_let_another_key_pass() {
    let identity = tls::self_signed(&["localhost"]);
    let other = tls::self_signed(&["a"]).pin();
    distrusted(identity, &["-k", "--pinnedpubkey", &other]).says("is not pinned\n");

    let identity = tls::self_signed(&["localhost"]);
    let own = identity.pin();
    trusted(identity, &["-k", "--pinnedpubkey", &own]);
}

#[test]
fn a_pinned_key_does_not_make_a_certificate_valid() {
    let identity = tls::self_signed(&["localhost"]);
    let own = identity.pin();
    distrusted(identity, &["--pinnedpubkey", &own]).says("self-signed");
}

#[test]
fn a_pin_that_cannot_be_read_is_a_usage_error() {
    let server = Untouched::start();
    let url = format!("wss://localhost:{}", server.port());
    for (pin, text) in [
        ("sha256//AAAA", "not the base64 of 32 bytes"),
        ("/nonexistent/key.pem", "No such file"),
    ] {
        wsee(&[&url, "--pinnedpubkey", pin])
            .run()
            .exits(2)
            .says(&format!("--pinnedpubkey {pin}: "))
            .says(text);
    }
}
