//! SSLKEYLOGFILE.

use std::fs;

use rustls::version::{TLS12, TLS13};

use super::echo;
use crate::support::peer::{Peer, echoing};
use crate::support::run::wsee;
use crate::support::tls::{self, Terms};

#[test]
fn secrets_go_to_the_file_and_that_is_said() {
    let cases = [
        (&TLS12, &["CLIENT_RANDOM"][..]),
        (
            &TLS13,
            &[
                "CLIENT_HANDSHAKE_TRAFFIC_SECRET",
                "SERVER_HANDSHAKE_TRAFFIC_SECRET",
                "CLIENT_TRAFFIC_SECRET_0",
                "SERVER_TRAFFIC_SECRET_0",
            ],
        ),
    ];
    let folder = tempfile::tempdir().expect("a folder");
    for (version, labels) in cases {
        let file = folder.path().join(labels[0]);
        let path = file.to_str().expect("UTF-8");
        let terms = Terms::of(tls::self_signed(&["localhost"])).only(version);
        let server = tls::serving_as(terms, |stream| Peer::accept(stream).echo());
        echo(&server, &["-k"])
            .env("SSLKEYLOGFILE", path)
            .run()
            .exits(0)
            .says(&format!(
                "* TLS secrets are written to {path} (SSLKEYLOGFILE)"
            ));
        let log = fs::read_to_string(&file).expect("a key log");
        for label in labels {
            let line = log
                .lines()
                .find(|line| line.starts_with(&format!("{label} ")));
            let fields: Vec<_> = line.expect("a line").split(' ').collect();
            let [_, random, secret] = fields[..] else {
                panic!("{log}");
            };
            assert_eq!(random.len(), 64, "{log}");
            assert!(secret.len() >= 64, "{log}");
        }
    }
}

#[test]
fn an_unwritable_key_log_is_reported_and_the_connection_continues() {
    let server = tls::serving(tls::self_signed(&["localhost"]), |stream| {
        Peer::accept(stream).echo()
    });
    echo(&server, &["-k"])
        .env("SSLKEYLOGFILE", "/nonexistent/keys")
        .run()
        .exits(0)
        .prints("hello\n")
        .says("cannot write TLS secrets to /nonexistent/keys (SSLKEYLOGFILE): No such file");
}

#[test]
fn a_connection_without_tls_has_no_secrets() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("keys");
    let server = echoing();
    wsee(&[server.url(), "-1"])
        .env("SSLKEYLOGFILE", file.to_str().expect("UTF-8"))
        .stdin("a\n")
        .run()
        .exits(0)
        .never_says("SSLKEYLOGFILE");
    assert!(!file.exists());
}
