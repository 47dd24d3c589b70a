//! What servers take before they refuse, and for how long they wait.

use std::io::Read;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use rustix::process::Signal;

use super::site::{FINE, Manners, Site, serve_fine};
use super::{Prints, Row, audit, findings, finds};
use crate::listen::listening;
use crate::support::run::wsee;

/// The Close of a message that is too long.
const TOO_LONG: &[u8] = b"\x88\x02\x03\xf1";

/// Unfinished requests and frames are watched for five and a half times as long.
const IDLE: [&str; 2] = ["--idle-budget", "60ms"];

#[test]
fn a_server_without_limits_is_found_only_where_that_is_a_fault() {
    // A debug build on a busy machine needs some time for 16 MiB.
    let slow = ["--timeout", "3s"];
    let args = [&["--stress", "--only", "limit"][..], &IDLE, &slow].concat();
    let output = audit(FINE, &args).exits(0);
    assert_eq!(
        findings(&output),
        ["low limit-url", "low limit-header", "low limit-length"],
        "{}",
        String::from_utf8_lossy(&output.stdout)
    );
    output
        .shows("2.0 MiB more get in, which is the most that is sent\n")
        .shows("limit-message (accepts at least 16.0 MiB, the most that is sent; its limit is not reached)\n")
        .shows("limit-idle (accepts at least 20 idle connections of one address; --idle-connections N tries more)\n")
        .shows("limit-handshake (half a request: open after 330.0 ms; one byte by byte: open after 330.0 ms; --cut-within TIME watches for longer)\n")
        .never_shows("passed: limit-message");
}

#[test]
fn a_server_with_limits_has_no_finding() {
    const KEPT: Manners = Manners {
        answer: |request| match request.len() {
            0..16_000 => 101,
            _ => 431,
        },
        longest: Some((40_000, TOO_LONG)),
        ..FINE
    };
    let output = audit(
        KEPT,
        &["--stress", "--only", "limit", "-v", IDLE[0], IDLE[1]],
    )
    .exits(0);
    assert_eq!(findings(&output), [""; 0]);
    output
        .shows("passed  limit-url  answered with 431 at 16.0 KiB; 8.0 KiB get in\n")
        .shows("passed  limit-message  closed with 1009 at 64.0 KiB; 32.0 KiB are accepted\n")
        .shows("passed  limit-length  closed with 1009\n")
        .shows("not tested: limit-inflate (needs --stress --bomb)\n");
    let server = listening(&[]);
    let url = server.url();
    let args = [
        "--stress",
        "--bomb",
        "--only",
        "limit",
        "--timeout",
        "700ms",
    ];
    let output = wsee(&[&["audit", &url][..], &args, &IDLE].concat()).run();
    let output = output.exits(0);
    assert_eq!(
        findings(&output),
        [""; 0],
        "{}",
        String::from_utf8_lossy(&output.stdout)
    );
    server.stop(Signal::INT);
}

#[test]
fn a_message_that_is_too_long_should_end_with_a_code() {
    const ONLY: &[&str] = &["--stress", "--only", "limit-message,limit-length"];
    let dropping = |last| Manners {
        longest: Some((100_000, last)),
        ..FINE
    };
    finds(&[
        Row {
            manners: dropping(b""),
            args: ONLY,
            findings: &["info limit-message"],
        },
        Row {
            manners: dropping(TOO_LONG),
            args: ONLY,
            findings: &[],
        },
    ]);
    audit(dropping(b""), ONLY)
        .exits(0)
        .shows("twice; unless the server limits the bytes of a connection\n        likely; ");
}

#[test]
fn a_limit_that_does_not_count_inflated_bytes_is_found() {
    const ONLY: &[&str] = &[
        "--stress",
        "--bomb",
        "--only",
        "limit-message,limit-inflate",
    ];
    const DEFLATE: &str = "Sec-WebSocket-Extensions: permessage-deflate\r\n";
    let limited = |longest| Manners {
        fields: DEFLATE,
        longest: Some((longest, TOO_LONG)),
        ..FINE
    };
    finds(&[
        Row {
            manners: limited(70_000),
            args: ONLY,
            findings: &["medium limit-inflate"],
        },
        // So small that the bomb is too long as well.
        Row {
            manners: limited(20),
            args: ONLY,
            findings: &[],
        },
    ]);
}

#[test]
fn fragments_that_keep_a_server_busy_are_found() {
    finds(&[Row {
        manners: Manners {
            pause: Duration::from_millis(1),
            ..FINE
        },
        args: &[
            "--stress",
            "--only",
            "limit-fragments",
            "--timeout",
            "500ms",
        ],
        findings: &["medium limit-fragments"],
    }]);
}

#[test]
fn what_is_never_finished_must_be_cut_only_where_somebody_says_so() {
    const ONLY: &[&str] = &[
        "--stress",
        "--only",
        "limit-handshake,limit-frame",
        "--cut-within",
        "400ms",
    ];
    let output = audit(FINE, ONLY).exits(0);
    assert_eq!(
        findings(&output),
        ["low limit-handshake", "low limit-frame"]
    );
    output.shows("half a frame: open after 400.0 ms\n");
    let cutting = Manners {
        cut: Some((Duration::from_millis(600), b"\x88\x02\x03\xe9")),
        ..FINE
    };
    let args = [
        "--stress",
        "--only",
        "limit-frame",
        "--cut-within",
        "5s",
        "-v",
    ];
    audit(cutting, &args)
        .exits(0)
        .shows("passed  limit-frame  half a frame: closed with 1001 after ");
    // One that ends a request with anything else in its last line than the field that grows.
    let site = Site::accept(|stream| {
        let mut head = [0; 2000];
        for _ in 0..100 {
            let Ok(n @ 1..) = stream.peek(&mut head) else {
                return;
            };
            if head[..n].ends_with(b"\r\n\r\n") {
                return serve_fine(stream);
            }
            let text = String::from_utf8_lossy(&head[..n]);
            let line = text.lines().last().unwrap_or_default();
            if line.trim_end_matches('a') != "X-Wsee-Audit: " {
                return;
            }
            thread::sleep(Duration::from_millis(20));
        }
    });
    let url = site.url();
    let args = [&["audit", &url][..], ONLY, &["--skip", "limit-frame"]].concat();
    let output = wsee(&args).run().exits(0);
    assert_eq!(findings(&output), ["low limit-handshake"]);
    output.shows("half a request: open after 400.0 ms; one byte by byte: open after 400.0 ms\n");
    // One that answers everybody in time, finished or not.
    let site = Site::accept(|stream| {
        let mut start = [0; 2000];
        thread::sleep(Duration::from_millis(100));
        if stream
            .peek(&mut start)
            .is_ok_and(|n| start[..n].ends_with(b"\r\n\r\n"))
        {
            let ending = stream.try_clone().expect("a socket");
            thread::spawn(move || {
                thread::sleep(Duration::from_millis(250));
                let _ = ending.shutdown(std::net::Shutdown::Both);
            });
            serve_fine(stream);
        }
    });
    let url = site.url();
    let args = [&["audit", &url][..], ONLY, &["--skip", "limit-frame"]].concat();
    let output = wsee(&args).run().exits(0);
    assert_eq!(findings(&output), [""; 0]);
    output.shows("passed: limit-handshake\n");
}

/// A server that serves only so many connections at once; the others wait.
fn with_slots(slots: usize) -> Site {
    let count = AtomicUsize::new(0);
    Site::accept(move |stream| {
        let mut end = [0; 1];
        loop {
            let taken = count.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |count| {
                (count < slots).then_some(count + 1)
            });
            if taken.is_ok() {
                break;
            }
            thread::sleep(Duration::from_millis(20));
        }
        // One that gave up waiting.
        if stream.peek(&mut end).is_ok_and(|n| n > 0) {
            serve_fine(stream);
        }
        count.fetch_sub(1, Ordering::SeqCst);
    })
}

#[test]
fn idle_connections_that_keep_others_out_are_found_and_a_refusal_is_right() {
    static OPEN: AtomicUsize = AtomicUsize::new(0);
    let only = ["--stress", "--only", "limit-idle", "--timeout", "500ms"];
    let site = with_slots(5);
    let url = site.url();
    let output = wsee(&[&["audit", &url][..], &only].concat()).run().exits(0);
    assert_eq!(findings(&output), ["medium limit-idle"]);
    output.shows("with 5 idle connections: the server does not answer within 500.0 ms, twice, and it does without them; ");
    let manners = Manners {
        answer: |_| {
            if OPEN.fetch_add(1, Ordering::SeqCst) < 8 {
                101
            } else {
                503
            }
        },
        ..FINE
    };
    audit(manners, &[&only[..], &["-v"]].concat())
        .exits(0)
        .shows("passed  limit-idle  with 7 idle connections, the next is refused: 503\n");
}

#[test]
fn a_refusal_by_chance_is_no_limit_of_idle_connections() {
    static ASKED: AtomicUsize = AtomicUsize::new(0);
    let manners = Manners {
        answer: |_| match ASKED.fetch_add(1, Ordering::SeqCst) {
            5 => 503,
            _ => 101,
        },
        ..FINE
    };
    audit(manners, &["--stress", "--only", "limit-idle"])
        .exits(0)
        .shows("limit-idle (with 4 idle connections, the next is refused (503), and one after it is not)\n");
}

#[test]
fn what_the_run_will_use_is_that_of_the_chosen_checks() {
    for (args, announced) in [
        (
            &["--only", "liveness-ping"][..],
            "at most 3 connections, 16.0 MiB and 32.0 s",
        ),
        (
            &["--only", "transport,leak-version"],
            "at most 3 connections, ",
        ),
        (
            &[
                "--stress",
                "--only",
                "limit-idle",
                "--idle-connections",
                "7",
            ],
            "at most 12 connections, 64.0 MiB and ",
        ),
    ] {
        audit(FINE, args).exits(0).says(announced);
    }
}

#[test]
fn a_server_that_ends_when_it_runs_out_of_something_is_an_alarm() {
    let count = AtomicUsize::new(0);
    let site = Site::accept(move |mut stream| {
        let number = count.fetch_add(1, Ordering::SeqCst);
        if number < 2 {
            serve_fine(stream);
        } else {
            let _ = stream.read(&mut [0; 100]);
        }
    });
    let url = site.url();
    let only = [
        "--stress",
        "--only",
        "limit-length,limit-survives",
        "--timeout",
        "300ms",
    ];
    let output = wsee(&[&["audit", &url][..], &only].concat()).run().exits(0);
    assert_eq!(
        findings(&output),
        ["high limit-survives", "low limit-length"]
    );
    output.shows("3 more connections after what the limits were tried with: the server ");
}
