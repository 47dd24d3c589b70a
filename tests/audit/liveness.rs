//! Whether a server takes part.

use std::time::Duration;

use super::site::{FINE, Manners, Site};
use super::{Prints, Row, SHORT, audit, findings, finds};
use crate::support::run::wsee;

const ONLY: &[&str] = &["--only", "liveness"];

#[test]
fn servers_that_do_not_answer_are_found() {
    finds(&[
        Row {
            manners: FINE,
            args: ONLY,
            findings: &[],
        },
        Row {
            manners: Manners {
                pongs: false,
                ..FINE
            },
            args: ONLY,
            findings: &["medium liveness-ping"],
        },
        Row {
            manners: Manners {
                closes: false,
                ..FINE
            },
            args: ONLY,
            findings: &["low liveness-close"],
        },
        Row {
            manners: Manners {
                ends: false,
                ..FINE
            },
            args: ONLY,
            findings: &["low liveness-tcp"],
        },
    ]);
}

#[test]
fn a_close_that_is_not_answered_once_is_not_judged() {
    // The first connection of the run is the one before them.
    let site = Site::each(|number| match number {
        1 => Manners {
            closes: false,
            ..FINE
        },
        3 => Manners {
            ends: false,
            ..FINE
        },
        _ => FINE,
    });
    let url = site.url();
    let only = ["--only", "liveness-close,liveness-tcp"];
    let output = wsee(&[&["audit", &url][..], &only, &SHORT].concat()).run();
    let output = output.exits(0);
    assert_eq!(findings(&output), [""; 0]);
    output
        .shows("liveness-close (a Close 1000: the server closed the connection without a Close; the second time, within 1.4 s: answered with 1000)\n")
        .shows("liveness-tcp (both Close frames: TCP is open 700.0 ms later; the second time, within 1.4 s: closed)\n");
}

#[test]
fn a_pong_that_is_late_once_or_comes_after_a_flood_is_an_answer() {
    const ONLY: &[&str] = &["--only", "liveness-ping", "-v"];
    let wakes = Duration::from_secs(1);
    audit(Manners { wakes, ..FINE }, ONLY)
        .exits(0)
        .shows("passed  liveness-ping  the first pong comes after 1");
    let chatter = b"\x81\x01x\x89\x02hb".repeat(300).leak();
    audit(Manners { chatter, ..FINE }, ONLY)
        .exits(0)
        .shows("passed  liveness-ping\n");
}

#[test]
fn a_cut_of_a_silent_connection_is_found_and_an_end_on_purpose_is_none() {
    const OLD: Duration = Duration::from_millis(600);
    const ONLY: &[&str] = &["--only", "liveness-idle", "--idle-budget", "1500ms"];
    let cut = |greeting, last| Manners {
        greeting,
        cut: Some((OLD, last)),
        ..FINE
    };
    finds(&[
        Row {
            manners: cut(b"", b""),
            args: ONLY,
            findings: &["info liveness-idle"],
        },
        Row {
            manners: cut(b"", b"\x88\x02\x03\xe9"),
            args: ONLY,
            findings: &["info liveness-idle"],
        },
        Row {
            manners: cut(b"\x89\x00", b""),
            args: ONLY,
            findings: &[],
        },
        Row {
            manners: cut(b"", b"\x88\x02\x03\xe8"),
            args: ONLY,
            findings: &[],
        },
        Row {
            manners: cut(b"", b"\x88\x02\x11\x38"),
            args: ONLY,
            findings: &[],
        },
    ]);
}

#[test]
fn a_heartbeat_of_another_protocol_that_got_no_answer_is_no_silence() {
    finds(&[Row {
        manners: Manners {
            cut: Some((Duration::from_millis(1300), b"\x81\x012")),
            ..FINE
        },
        args: &["--only", "liveness-idle", "--idle-budget", "2s"],
        findings: &[],
    }]);
}

#[test]
fn a_server_that_ends_every_connection_is_not_judged_by_that() {
    let manners = Manners {
        greeting: b"\x81\x02hi\x88\x02\x03\xe8",
        ..FINE
    };
    audit(manners, ONLY).exits(0).shows(
        "not tested: liveness-ping, liveness-close, liveness-tcp, liveness-idle (the server ends every connection soon)",
    );
}
