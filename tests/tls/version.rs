//! --tls-min and --tls-max.

use rustls::version::{TLS12, TLS13};

use super::{echoed, refused};
use crate::support::run::wsee;
use crate::support::tls::{self, Terms};

fn terms() -> Terms {
    Terms::of(tls::self_signed(&["localhost"]))
}

#[test]
fn the_highest_version_of_both_is_spoken() {
    echoed(terms(), &["-k", "-v"]).says("* TLS 1.3, ");
    echoed(terms().only(&TLS12), &["-k", "-v"]).says("* TLS 1.2, ");
    echoed(terms(), &["-k", "-v", "--tls-max", "1.2"]).says("* TLS 1.2, ");
    echoed(terms(), &["-k", "-v", "--tls-min", "1.3"]).says("* TLS 1.3, ");
}

#[test]
fn a_server_with_only_an_older_version_exits_35_and_the_flag_is_named() {
    refused(terms().only(&TLS12), &["-k", "--tls-min", "1.3"])
        .exits(35)
        .says("--tls-min 1.2");
}

#[test]
fn a_server_with_only_a_newer_version_exits_35_and_the_flag_is_named() {
    refused(terms().only(&TLS13), &["-k", "--tls-max", "1.2"])
        .exits(35)
        .says("--tls-max 1.3");
}

#[test]
fn limits_that_leave_no_version_are_a_usage_error() {
    wsee(&["wss://localhost:1", "--tls-min", "1.3", "--tls-max", "1.2"])
        .run()
        .exits(2)
        .says("--tls-min 1.3 and --tls-max 1.2");
    wsee(&["wss://localhost:1", "--tls-max", "1.1"])
        .run()
        .exits(2);
}
