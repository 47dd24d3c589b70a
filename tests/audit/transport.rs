//! What carries the connection.

use jiff::{ToSpan, Zoned};
use rustls::ServerConfig;

use super::site::{FINE, Manners, Site};
use super::{Prints, SHORT, findings};
use crate::support::output::Output;
use crate::support::run::wsee;
use crate::support::tls::Authority;

fn audit_tls(config: ServerConfig, plain: bool, old: &'static [u8], args: &[&str]) -> Output {
    let site = Site::start_tls(FINE, config, plain, old);
    let url = format!("wss://localhost:{}/", site.port());
    let args = [&["audit", &url, "--only", "transport"], args, &SHORT].concat();
    wsee(&args).run().exits(0)
}

#[test]
fn a_server_with_tls_alone_has_no_finding() {
    let authority = Authority::new();
    let config = authority.issue(&["localhost"]).server_config();
    let output = audit_tls(
        config,
        false,
        &[],
        &["--cacert", authority.path(), "-b", "sid=s3cret"],
    );
    assert_eq!(findings(&output), [""; 0]);
    output
        .shows("0 findings, 6 passed")
        .never_shows("not tested: transport");
}

#[test]
fn a_host_that_was_redirected_is_not_asked_without_tls() {
    let authority = Authority::new();
    let config = authority.issue(&["app.example.com"]).server_config();
    let site = Site::start_tls(FINE, config, false, &[]);
    let to = format!("app.example.com:443:127.0.0.1:{}", site.port());
    let url = "wss://app.example.com/";
    let only = ["--only", "transport-plain", "--connect-to", &to];
    let args = [
        &["audit", url, "--cacert", authority.path()][..],
        &only,
        &SHORT,
    ]
    .concat();
    wsee(&args)
        .run()
        .exits(0)
        .shows("not tested: transport-plain (--connect-to leads to the server");
}

#[test]
fn the_certificate_of_a_server_that_refuses_is_judged() {
    let authority = Authority::new();
    let refusing = Manners {
        answer: |_| 404,
        ..FINE
    };
    let config = authority.issue(&["localhost"]).server_config();
    let site = Site::start_tls(refusing, config, false, &[]);
    let url = format!("wss://localhost:{}/", site.port());
    let only = [
        "--only",
        "transport-certificate",
        "--cacert",
        authority.path(),
    ];
    wsee(&[&["audit", &url][..], &only].concat())
        .run()
        .exits(22)
        .shows("passed: transport-certificate\n");
}

#[test]
fn compression_of_a_connection_with_credentials_is_a_note() {
    let authority = Authority::new();
    for (args, found) in [(&["-b", "sid=s3cret"][..], 1), (&[], 0)] {
        let deflating = Manners {
            fields: "Sec-WebSocket-Extensions: permessage-deflate\r\n",
            ..FINE
        };
        let config = authority.issue(&["localhost"]).server_config();
        let site = Site::start_tls(deflating, config, false, &[]);
        let url = format!("wss://localhost:{}/", site.port());
        let only = ["--only", "leak-compression", "--cacert", authority.path()];
        let output = wsee(&[&["audit", &url][..], &only, args].concat()).run();
        assert_eq!(
            findings(&output.exits(0)),
            ["info leak-compression"][..found]
        );
    }
}

#[test]
fn the_same_port_without_tls_and_old_versions_are_found() {
    let authority = Authority::new();
    let config = authority.issue(&["localhost"]).server_config();
    let output = audit_tls(config, true, &[2], &["--cacert", authority.path()]);
    assert_eq!(
        findings(&output),
        ["medium transport-plain", "medium transport-version"]
    );
    output.shows("a ServerHello of TLS 1.1\n");
}

#[test]
fn certificates_that_end_soon_or_are_not_trusted_are_found() {
    let authority = Authority::new();
    let soon = Zoned::now().date().checked_add(3.days()).expect("a date");
    let config = authority.issue_until(&["localhost"], soon).server_config();
    let output = audit_tls(config, false, &[], &["--cacert", authority.path()]);
    assert_eq!(findings(&output), ["low transport-expiry"]);
    let config = authority.issue(&["elsewhere.example"]).server_config();
    let output = audit_tls(
        config,
        false,
        &[],
        &["--cacert", authority.path(), "--insecure"],
    );
    // To loopback it is information.
    assert_eq!(findings(&output), ["info transport-certificate"]);
    output.shows("elsewhere.example");
}

#[test]
fn credentials_without_tls_to_this_machine_are_information() {
    let output = super::audit(FINE, &["--only", "transport", "-b", "sid=s3cret"]);
    assert_eq!(findings(&output), ["info transport-clear"]);
}
