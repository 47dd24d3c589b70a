//! What carries the connection.

use jiff::{ToSpan, Zoned};
use rustls::ServerConfig;

use super::site::{FINE, Manners, Request, Site};
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
    let config = authority.issue(&["elsewhere.example"]).server_config();
    let output = audit_named(
        FINE,
        config,
        "transport-certificate",
        &["--cacert", authority.path(), "--insecure"],
    );
    assert_eq!(findings(&output), ["medium transport-certificate"]);
}

/// Audits a server with TLS under a name that is none of this machine.
fn audit_named(manners: Manners, config: ServerConfig, only: &str, args: &[&str]) -> Output {
    let site = Site::start_tls(manners, config, false, &[]);
    let port = site.port();
    let url = format!("wss://app.example.com:{port}/");
    let resolve = format!("--resolve=app.example.com:{port}:127.0.0.1");
    let args = [&["audit", &url, &resolve, "--only", only], args, &SHORT].concat();
    wsee(&args).run().exits(0)
}

#[test]
fn a_list_of_origins_that_does_not_look_at_the_scheme_is_found() {
    let authority = Authority::new();
    let by_origin = |answer| Manners { answer, ..FINE };
    let lists = [
        (
            by_origin(|it| {
                if is_own(it, "https") || is_own(it, "http") {
                    101
                } else {
                    403
                }
            }),
            &["low origin-scheme"][..],
        ),
        (
            by_origin(|it| if is_own(it, "https") { 101 } else { 403 }),
            &[],
        ),
    ];
    for (manners, expected) in lists {
        let config = authority.issue(&["app.example.com"]).server_config();
        let ca = ["--cacert", authority.path()];
        let output = audit_named(manners, config, "origin", &ca);
        assert_eq!(findings(&output), expected);
    }
}

fn is_own(request: &Request<'_>, scheme: &str) -> bool {
    let host = request.field("Host").unwrap_or_default();
    request.origin() == format!("{scheme}://{host}")
}

#[test]
fn credentials_without_tls_to_this_machine_are_information() {
    let only = ["--only", "transport", "-b", "sid=s3cret"];
    let output = super::audit(FINE, &only);
    assert_eq!(findings(&output), ["info transport-clear"]);
    let output = super::audit(FINE, &[&["NAME"][..], &only].concat());
    assert_eq!(findings(&output), ["medium transport-clear"]);
}

#[test]
fn a_server_that_lets_in_only_its_own_pages_with_a_login_passes_who_gets_in_and_how() {
    let authority = Authority::new();
    let config = authority.issue(&["app.example.com"]).server_config();
    let manners = Manners {
        answer: |it| {
            if it.has_cookie() && is_own(it, "https") {
                101
            } else {
                403
            }
        },
        fields: "Set-Cookie: sid=x; HttpOnly; Secure; SameSite=Lax\r\n",
        ..FINE
    };
    let args = ["--cacert", authority.path(), "-b", "sid=s3cret"];
    let output = audit_named(manners, config, "origin,credential,transport", &args);
    output.shows("0 findings, 18 passed, 0 not tested, ");
}
