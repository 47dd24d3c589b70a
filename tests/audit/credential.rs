//! What credentials are good for.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::site::{FINE, Manners};
use super::{Row, finds};

const COOKIE: &[&str] = &["--only", "credential", "-b", "sid=s3cret"];

#[test]
fn credentials_that_nobody_asks_for_are_found() {
    finds(&[
        Row {
            manners: FINE,
            args: COOKIE,
            findings: &["low credential-none"],
        },
        Row {
            manners: Manners {
                answer: |it| if it.has_cookie() { 101 } else { 401 },
                ..FINE
            },
            args: COOKIE,
            findings: &[],
        },
        // Asked for in a first message, which does not come.
        Row {
            manners: Manners {
                cut: Some((Duration::from_millis(450), b"\x88\x02\x03\xf0")),
                ..FINE
            },
            args: &[
                "--only",
                "credential",
                "-b",
                "sid=s3cret",
                "--idle-budget",
                "1s",
            ],
            findings: &[],
        },
        Row {
            manners: FINE,
            args: &["--only", "credential"],
            findings: &[],
        },
    ]);
}

#[test]
fn credentials_that_are_only_in_the_url_are_found() {
    const TOKEN: Manners = Manners {
        answer: |it| {
            if it.asks_for("token=s3cret") {
                101
            } else {
                401
            }
        },
        ..FINE
    };
    finds(&[
        Row {
            manners: TOKEN,
            args: &["--only", "credential", "?token=s3cret"],
            findings: &["low credential-query"],
        },
        Row {
            manners: Manners {
                answer: |it| if it.has_cookie() { 101 } else { 401 },
                ..FINE
            },
            args: &["--only", "credential", "?token=s3cret", "-b", "sid=s3cret"],
            findings: &[],
        },
    ]);
}

#[test]
fn a_ticket_that_lets_in_once_is_right() {
    static USED: AtomicBool = AtomicBool::new(false);
    finds(&[Row {
        manners: Manners {
            answer: |it| {
                let is_first = it.asks_for("ticket=s3cret") && !USED.swap(true, Ordering::SeqCst);
                if is_first { 101 } else { 401 }
            },
            ..FINE
        },
        args: &["--skip", "transport-clear", "?ticket=s3cret"],
        findings: &[],
    }]);
}

#[test]
fn session_cookies_without_flags_are_found() {
    let setting = |fields| Manners { fields, ..FINE };
    finds(&[
        Row {
            manners: setting("Set-Cookie: connect.sid=x; Path=/\r\n"),
            args: &["--only", "credential"],
            findings: &["low credential-cookie"],
        },
        // Deleted ones.
        Row {
            manners: setting("Set-Cookie: PHPSESSID=deleted; Max-Age=0\r\n"),
            args: &["--only", "credential"],
            findings: &[],
        },
        Row {
            manners: setting(
                "Set-Cookie: connect.sid=x; Path=/; HttpOnly; SameSite=Lax\r\nSet-Cookie: sidebar=1\r\n",
            ),
            args: &["--only", "credential"],
            findings: &[],
        },
    ]);
}
