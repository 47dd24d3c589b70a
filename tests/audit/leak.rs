//! What a server says about itself.

use super::site::{FINE, Manners};
use super::{Prints, Row, audit, findings, finds};

const ONLY: &[&str] = &["--only", "leak"];

#[test]
fn versions_are_found_and_names_are_not() {
    let naming = |fields| Manners { fields, ..FINE };
    finds(&[
        Row {
            manners: naming("Server: nginx/1.22.1\r\n"),
            args: ONLY,
            findings: &["info leak-version"],
        },
        Row {
            manners: naming("X-Powered-By: PHP/8.2\r\n"),
            args: ONLY,
            findings: &["info leak-version"],
        },
        // A machine, and the time that the request took.
        Row {
            manners: naming("Server: ECS (nyb/1D2E)\r\nX-Runtime: 0.002134\r\n"),
            args: ONLY,
            findings: &[],
        },
        Row {
            manners: naming("Server: nginx\r\nX-Powered-By: Express\r\n"),
            args: ONLY,
            findings: &[],
        },
    ]);
}

#[test]
fn the_refusal_of_the_upgrade_itself_is_looked_at() {
    const TRACE: &str = "Traceback (most recent call last):\n  File \"/app/a.py\"\n";
    let manners = Manners {
        answer: |_| 500,
        body: TRACE,
        ..FINE
    };
    let output = audit(manners, ONLY).exits(22);
    assert_eq!(findings(&output), ["low leak-trace"]);
    output
        .says("the server refuses the upgrade with 500")
        .shows("Traceback (most recent call last)");
}

#[test]
fn stack_traces_of_refusals_are_found_and_pages_are_not() {
    const TRACE: &str = "Error: no\n    at main (/app/a.js:1:2)\n    at next (/app/b.js:3:4)\n";
    let refusing = |body| Manners { body, ..FINE };
    finds(&[
        Row {
            manners: refusing(TRACE),
            args: ONLY,
            findings: &["low leak-trace"],
        },
        Row {
            manners: refusing("Upgrade Required\n"),
            args: ONLY,
            findings: &[],
        },
        // A page about stack traces is no refusal.
        Row {
            manners: Manners {
                answer: |it| if it.is_upgrade() { 101 } else { 200 },
                ..refusing(TRACE)
            },
            args: ONLY,
            findings: &[],
        },
    ]);
}
