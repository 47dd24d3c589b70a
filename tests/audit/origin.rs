//! Who gets in from which page.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use super::site::{FINE, Manners, Request};
use super::{Prints, Row, audit, finds};

const COOKIE: &[&str] = &["--only", "origin", "-b", "sid=s3cret"];
const NAMED: &[&str] = &["NAME", "--only", "origin", "-b", "sid=s3cret"];

/// Lets pages of these origins in, if they have the cookie of a user.
const fn by_origin(answer: fn(&Request<'_>) -> u16) -> Manners {
    Manners { answer, ..FINE }
}

fn status(is_in: bool) -> u16 {
    if is_in { 101 } else { 403 }
}

/// The host of an origin.
fn host<'a>(request: &'a Request<'_>) -> &'a str {
    let origin = request.origin();
    let host = origin.split_once("://").map_or(origin, |(_, host)| host);
    host.split(':').next().unwrap_or_default()
}

fn is_own(request: &Request<'_>) -> bool {
    request
        .field("Host")
        .is_some_and(|host| request.origin() == format!("http://{host}"))
}

#[test]
fn a_foreign_origin_is_an_alarm_only_where_the_cookie_makes_the_difference() {
    finds(&[
        Row {
            manners: by_origin(|it| status(it.has_cookie())),
            args: COOKIE,
            findings: &["high origin-foreign"],
        },
        // Open to everybody.
        Row {
            manners: FINE,
            args: COOKIE,
            findings: &["info origin-open"],
        },
        // Nobody said whether there are credentials.
        Row {
            manners: FINE,
            args: &["--only", "origin"],
            findings: &["info origin-open"],
        },
        // A list of origins.
        Row {
            manners: by_origin(|it| status(it.has_cookie() && is_own(it))),
            args: NAMED,
            findings: &[],
        },
        // A token that no page elsewhere can send.
        Row {
            manners: by_origin(|it| status(it.field("Authorization") == Some("Bearer s3cret"))),
            args: &["--only", "origin", "--bearer", "s3cret"],
            findings: &[],
        },
        // A field that no page elsewhere can send.
        Row {
            manners: by_origin(|it| {
                status(it.has_cookie() && it.field("X-Requested-With").is_some())
            }),
            args: &[
                "--only",
                "origin",
                "-b",
                "sid=s3cret",
                "-H",
                "X-Requested-With: x",
            ],
            findings: &[],
        },
        // A token in the URL that a page elsewhere does not know.
        Row {
            manners: by_origin(|it| status(it.has_cookie() && it.asks_for("csrf_token=s3cret"))),
            args: &["--only", "origin", "-b", "sid=s3cret", "?csrf_token=s3cret"],
            findings: &[],
        },
    ]);
}

#[test]
fn lists_of_origins_that_compare_too_little_are_found() {
    finds(&[
        Row {
            manners: by_origin(|it| {
                status(it.has_cookie() && host(it).starts_with("app.example.com"))
            }),
            args: NAMED,
            findings: &["high origin-suffix", "info origin-port"],
        },
        Row {
            manners: by_origin(|it| status(it.has_cookie() && host(it).ends_with("example.com"))),
            args: NAMED,
            findings: &[
                "high origin-prefix",
                "info origin-port",
                "info origin-subdomain",
            ],
        },
        Row {
            manners: by_origin(|it| {
                status(it.has_cookie() && (is_own(it) || it.origin() == "null"))
            }),
            args: NAMED,
            findings: &["high origin-null"],
        },
        // The same without credentials.
        Row {
            manners: by_origin(|it| status(is_own(it) || it.origin() == "null")),
            args: &["NAME", "--only", "origin"],
            findings: &["medium origin-null"],
        },
        Row {
            manners: by_origin(|it| status(is_own(it) || it.origin().is_empty())),
            args: &["NAME", "--only", "origin"],
            findings: &["info origin-none"],
        },
    ]);
}

#[test]
fn a_refusal_after_the_upgrade_is_one() {
    let manners = Manners {
        greeting: b"\x88\x02\x03\xf0",
        ..FINE
    };
    // Every connection ends that way, which says nothing about origins.
    let output = audit(manners, &["--only", "origin"]);
    output.exits(0).shows("info    origin-open");
}

#[test]
fn what_a_foreign_page_may_not_know_is_no_alarm() {
    finds(&[
        Row {
            manners: by_origin(|it| {
                let names = it.field("Sec-WebSocket-Protocol").unwrap_or_default();
                status(it.has_cookie() && names.contains("csrf.8f3a"))
            }),
            args: &["--only", "origin", "-b", "sid=s3cret", "-s", "csrf.8f3a"],
            findings: &["info origin-foreign"],
        },
        Row {
            manners: by_origin(|it| status(it.has_cookie() && it.asks_for("nonce=8f3a"))),
            args: &["--only", "origin", "-b", "sid=s3cret", "?nonce=8f3a"],
            findings: &["info origin-foreign"],
        },
        // Asked for by nobody.
        Row {
            manners: by_origin(|it| status(it.has_cookie())),
            args: &["--only", "origin", "-b", "sid=s3cret", "?nonce=8f3a"],
            findings: &["high origin-foreign"],
        },
    ]);
}

#[test]
fn a_dropped_connection_is_no_refusal_unless_it_happens_again() {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    finds(&[
        Row {
            manners: by_origin(|_| match COUNT.fetch_add(1, Ordering::SeqCst) {
                1 => 0,
                _ => 101,
            }),
            args: &["--only", "origin"],
            findings: &["info origin-open"],
        },
        Row {
            manners: by_origin(|it| {
                if it.origin().is_empty() || is_own(it) {
                    101
                } else {
                    0
                }
            }),
            args: NAMED,
            findings: &["info origin-none"],
        },
    ]);
}

#[test]
fn a_server_that_closes_late_lets_nobody_in() {
    finds(&[Row {
        manners: Manners {
            cut: Some((Duration::from_millis(600), b"\x88\x02\x03\xf0")),
            ..FINE
        },
        args: &["--only", "origin"],
        findings: &[],
    }]);
}

#[test]
fn the_evidence_of_an_alarm_has_the_bytes_and_no_secrets() {
    let manners = by_origin(|it| status(it.has_cookie()));
    let output = audit(
        manners,
        &["--only", "origin-foreign", "-b", "sid=s3cret-value", "-v"],
    );
    output
        .exits(0)
        .shows("with the cookie: 101, without: 403; unless the cookie has SameSite=Lax or Strict, with which browsers keep it back")
        .shows("        > Cookie: ***\n")
        .shows("        > Origin: http://foreign.example:")
        .shows("        < HTTP/1.1 101 Answer\n")
        .shows("        < HTTP/1.1 403 Answer\n")
        .shows("        fix, nginx: ")
        .never_shows("s3cret");
}
