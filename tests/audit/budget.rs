//! What a run may use, and servers that are slow, busy or gone.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use rustix::process::Signal;

use super::site::{FINE, Manners, Site, serve_fine};
use super::{Prints, SHORT, audit};
use crate::support::run::wsee;

#[test]
fn the_budget_is_announced_and_kept() {
    let output = audit(FINE, &["--max-connections", "3"]);
    output
        .exits(0)
        .says(": at most 3 connections, 16.0 MiB and 32.0 s\n")
        .shows("(the run has used its 3 connections; raise --max-connections)\n")
        .shows(" left out; 3 connections, ");
}

#[test]
fn a_server_that_floods_ends_with_the_bytes_of_the_run() {
    const MANNERS: Manners = Manners {
        greeting: &[0x82; 20_000],
        ..FINE
    };
    audit(MANNERS, &["--max-bytes", "16k"])
        .exits(0)
        .says(", 16.0 KiB and ")
        .shows("(the run has used its 16.0 KiB; --max-bytes gives it more)\n");
}

#[test]
fn without_time_or_bytes_no_connection_is_made() {
    static SLOW: AtomicUsize = AtomicUsize::new(0);
    static FLOODS: AtomicUsize = AtomicUsize::new(0);
    const FLOOD: &[u8] = &[0x82; 20_000];
    let slow = Manners {
        answer: |_| {
            SLOW.fetch_add(1, Ordering::SeqCst);
            thread::sleep(Duration::from_millis(300));
            101
        },
        ..FINE
    };
    audit(slow, &["--probe", "-m", "1s"])
        .exits(0)
        .shows("(the run has used its 1.0 s; --max-time gives it more)\n");
    let used = SLOW.load(Ordering::SeqCst);
    assert!(used <= 4, "{used}");
    let floods = Manners {
        answer: |_| {
            FLOODS.fetch_add(1, Ordering::SeqCst);
            101
        },
        greeting: FLOOD,
        ..FINE
    };
    audit(floods, &["--probe", "--max-bytes", "16k"])
        .exits(0)
        .shows("(the run has used its 16.0 KiB; ");
    let used = FLOODS.load(Ordering::SeqCst);
    assert!(used <= 2, "{used}");
}

#[test]
fn a_run_that_was_cut_short_does_not_pass() {
    for (fail_on, status) in [(&[][..], 0), (&["--fail-on", "high"], 28)] {
        audit(FINE, &[fail_on, &["--max-connections", "3"]].concat())
            .exits(status)
            .ends_with_line(
                "wsee: the run was cut short: the run has used its 3 connections; raise --max-connections",
            );
    }
}

#[test]
fn a_run_ends_at_its_time_limit_and_says_what_was_not_tested() {
    let output = audit(FINE, &["--idle-budget", "20s", "-m", "1s"]);
    output
        .exits(0)
        .within(Duration::from_secs(10))
        .shows("(the run has used its 1.0 s; --max-time gives it more)\n");
}

#[test]
fn a_server_that_never_answers_does_not_outlast_the_run() {
    let site = Site::accept(|mut stream| {
        let _ = std::io::copy(&mut stream, &mut std::io::sink());
    });
    wsee(&["audit", &site.url(), "-m", "1s"])
        .run()
        .within(Duration::from_secs(5))
        .says("--max-time");
}

#[test]
fn a_server_that_limits_the_rate_is_left_alone() {
    static ASKED: AtomicUsize = AtomicUsize::new(0);
    let manners = Manners {
        answer: |_| {
            if ASKED.fetch_add(1, Ordering::SeqCst) == 0 {
                101
            } else {
                429
            }
        },
        fields: "Retry-After: 60\r\n",
        ..FINE
    };
    audit(manners, &[])
        .exits(0)
        .shows("(the server limits how often it is asked (429))\n")
        .shows("(left alone after 3 failures in a row: ");
    assert_eq!(ASKED.load(Ordering::SeqCst), 4);
    // Also where it is asked once more at the end.
    ASKED.store(0, Ordering::SeqCst);
    audit(
        manners,
        &["--probe", "--only", "frame", "--fail-on", "high"],
    )
    .exits(28)
    .shows("0 findings, 0 passed, ")
    .says("the run was cut short: left alone after 3 failures in a row: ");
}

#[test]
fn a_server_that_dies_is_not_passed() {
    let site = Site::accept({
        let count = AtomicUsize::new(0);
        move |stream| match count.fetch_add(1, Ordering::SeqCst) {
            0 => serve_fine(stream),
            _ => drop(stream),
        }
    });
    let url = site.url();
    let args = [&["audit", &url, "--only", "liveness"][..], &SHORT].concat();
    let output = wsee(&args).run().exits(0);
    assert_eq!(super::findings(&output), [""; 0]);
    output
        .shows("0 passed, ")
        .shows("refuses another connection: ");
}

#[test]
fn a_server_that_bans_after_some_connections_is_left_alone() {
    let count = Arc::new(AtomicUsize::new(0));
    let counting = Arc::clone(&count);
    let site = Site::accept(move |stream| {
        if counting.fetch_add(1, Ordering::SeqCst) < 2 {
            serve_fine(stream);
        }
    });
    let url = site.url();
    let only = ["--probe", "--only", "handshake,frame", "--fail-on", "high"];
    let args = [&["audit", &url][..], &only, &SHORT].concat();
    wsee(&args).run().exits(28).says(
        "the run was cut short: left alone after 3 failures in a row: the server refuses another connection: ",
    );
    let used = count.load(Ordering::SeqCst);
    assert!(used <= 14, "{used}");
}

#[test]
fn without_a_server_the_exit_status_is_that_of_a_connection() {
    let site = Site::start(FINE);
    let url = site.url();
    drop(site);
    // The port was free a moment ago.
    thread::sleep(Duration::from_millis(50));
    wsee(&["audit", &url]).run().exits(7).prints("");
    let refused = audit(
        Manners {
            answer: |_| 403,
            ..FINE
        },
        &[],
    );
    refused
        .exits(22)
        .says("hint: give a user's credentials with -b, -u or -H, ")
        .shows("(the server refuses the upgrade with 403)\n");
}

#[test]
fn an_interrupt_ends_the_run_with_a_report() {
    let site = Site::start(FINE);
    let url = site.url();
    let running = wsee(&[
        "audit",
        &url,
        "--idle-budget",
        "15s",
        "--only",
        "liveness-idle",
    ])
    .spawn();
    running.wait_for_stderr("auditing ");
    thread::sleep(Duration::from_millis(700));
    running.signal(Signal::INT);
    let output = running.wait().exits(130).within(Duration::from_secs(10));
    output
        .shows("not tested: liveness-idle (the run was interrupted)\n")
        .shows("; ended by Ctrl-C (SIGINT)\n");
}

#[test]
fn unknown_checks_are_named() {
    wsee(&["audit", ":1", "--only", "origin-nul"])
        .run()
        .exits(2)
        .says("--only origin-nul: no such check or group; did you mean origin-null?");
}

#[test]
fn what_only_leaves_out_is_counted_and_what_lacks_a_flag_is_named() {
    audit(FINE, &["--only", "leak-version", "-v"])
        .exits(0)
        .shows("0 findings, 1 passed, 0 not tested, 67 left out; ")
        .never_shows("left out by --only");
    audit(FINE, &["--only", "leak-version"])
        .exits(0)
        .never_shows("-v names");
    audit(FINE, &["--skip", "origin,credential,liveness"])
        .exits(0)
        .shows("-v names the checks that were left out, and the flag of each\n");
}

#[test]
fn a_check_that_is_asked_for_and_needs_a_flag_is_not_tested() {
    audit(FINE, &["--only", "limit-url,leak-version"])
        .exits(0)
        .shows("not tested: limit-url (needs --stress)\n");
    wsee(&["audit", "--bomb", "ws://localhost:1"])
        .run()
        .exits(2)
        .says("required arguments were not provided:\n  --stress");
}

#[test]
fn flags_that_an_audit_does_not_use_are_none_of_its_flags() {
    for flag in [
        "--cookie-jar=jar.txt",
        "--http=2",
        "--ping-interval=1s",
        "--decode=hex",
    ] {
        let name = flag.split('=').next().unwrap_or(flag);
        wsee(&["audit", "ws://localhost:1", flag])
            .run()
            .exits(2)
            .says(&format!("unexpected argument '{name}'"));
    }
}

#[test]
fn flags_of_a_profile_that_an_audit_does_not_use_are_left_out() {
    let config =
        "[profile.p]\nurl = \"ws://127.0.0.1:1\"\nping-interval = \"1s\"\nhttp = \"auto\"\n";
    wsee(&["audit", "@p"]).config(config).run().exits(7);
}

#[test]
fn the_list_explains_every_check_and_connects_to_nothing() {
    let output = wsee(&["audit", "--list"]).run().exits(0);
    output
        .shows("origin-foreign  high  polite\n    A page of any origin connects as the user.\n")
        .shows("\n    Rule: RFC 6455 §10.2, CWE-1385, WSTG-CLNT-10\n")
        .shows("\nleak-trace  low  polite\n");
}
