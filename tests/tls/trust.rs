//! Which roots are trusted, and what is said of a chain.

use jiff::ToSpan;

use super::{distrusted, echo, trusted};
use crate::support::output::Output;
use crate::support::peer::Peer;
use crate::support::run::wsee;
use crate::support::server::Server;
use crate::support::tls::{self, Authority, Identity};

/// Runs wsee with an environment against an echo server that shows `identity`.
#[track_caller]
fn with_env(identity: Identity, args: &[&str], env: (&str, &str)) -> Output {
    let server = tls::serving(identity, |stream| Peer::accept(stream).echo());
    echo(&server, args)
        .env(env.0, env.1)
        .run()
        .prints("hello\n")
}

/// Runs wsee with an environment against a server that it does not trust.
#[track_caller]
fn distrusted_with_env(identity: Identity, args: &[&str], env: (&str, &str)) -> Output {
    let server: Server<()> = tls::serving(identity, super::fails);
    let url = tls::url(&server);
    wsee(&[&[url.as_str()], args].concat())
        .env(env.0, env.1)
        .run()
        .exits(60)
}

#[test]
fn a_chain_with_an_intermediate_leads_to_its_root() {
    let authority = Authority::new();
    let identity = authority.intermediate().issue(&["localhost"]);
    trusted(identity, &["--cacert", authority.path(), "-v"])
        .says("certificate CN=wsee test server, issuer CN=wsee test intermediate, ")
        .says("*   for localhost\n");
}

#[test]
fn a_chain_without_its_intermediate_exits_60() {
    let authority = Authority::new();
    let identity = authority.intermediate().issue(&["localhost"]).alone();
    distrusted(identity, &["--cacert", authority.path()])
        .says("the issuer of the certificate is unknown (CN=wsee test intermediate)");
}

#[test]
fn a_certificate_that_is_not_valid_yet_exits_60() {
    let authority = Authority::new();
    let identity = authority.issue_early(&["localhost"]);
    distrusted(identity, &["--cacert", authority.path()])
        .says("not valid before 2999-01-01")
        .says("clock");
}

#[test]
fn a_certificate_for_clients_exits_60() {
    let authority = Authority::new();
    let identity = authority.issue_client("localhost");
    distrusted(identity, &["--cacert", authority.path()]).says("not one for servers");
}

#[test]
fn a_certificate_that_expires_soon_is_warned_of() {
    let authority = Authority::new();
    let today = jiff::Timestamp::now()
        .to_zoned(jiff::tz::TimeZone::UTC)
        .date();
    let until =
        |days: i64| authority.issue_until(&["localhost"], today.saturating_add(days.days()));
    let ca = ["--cacert", authority.path()];
    trusted(until(5), &ca).says("! the server's certificate expires in 4 days, on ");
    trusted(until(1), &ca).says("! the server's certificate expires in less than a day, on ");
    trusted(until(14), &ca).says("! the server's certificate expires in 13 days, on ");
    trusted(until(16), &ca).never_says("expires in");
    trusted(until(5), &["--cacert", authority.path(), "-q"]).never_says("expires in");
}

#[test]
fn the_environment_says_where_the_systems_roots_are() {
    let authority = Authority::new();
    let issue = || authority.issue(&["localhost"]);
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::copy(authority.path(), folder.path().join("ca.pem")).expect("a copy");
    let folders = format!("/nonexistent:{}", folder.path().display());
    let file = ("SSL_CERT_FILE", authority.path());
    for roots in [&[][..], &["--roots", "native"], &["--roots", "both"]] {
        with_env(issue(), roots, file).exits(0);
        with_env(issue(), roots, ("SSL_CERT_DIR", &folders)).exits(0);
    }
    distrusted_with_env(issue(), &["--roots", "webpki"], file).says("issuer");
}

#[test]
fn roots_that_cannot_be_read_are_named() {
    let identity = Authority::new().issue(&["localhost"]);
    distrusted_with_env(identity, &[], ("SSL_CERT_FILE", "/nonexistent/roots.pem"))
        .says("the issuer of the certificate is unknown (CN=wsee test CA)")
        .says("/nonexistent/roots.pem")
        .says("check SSL_CERT_FILE");
}
