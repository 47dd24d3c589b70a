//! Malformed handshakes and frames.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use rustix::process::Signal;
use tokio_tungstenite::tungstenite::accept;

use super::site::{FINE, Manners, Site, serve_fine};
use super::{Prints, Row, SHORT, findings, finds};
use crate::listen::listening;
use crate::support::run::wsee;

#[test]
fn answers_that_break_a_rule_are_found() {
    const ONLY: &[&str] = &["--only", "handshake"];
    let answering = |fields| Manners { fields, ..FINE };
    finds(&[
        Row {
            manners: FINE,
            args: ONLY,
            findings: &[],
        },
        Row {
            manners: answering("Sec-WebSocket-Protocol: chat\r\n"),
            args: ONLY,
            findings: &["medium handshake-answer", "medium handshake-subprotocol"],
        },
        Row {
            manners: answering(
                "Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=15\r\n",
            ),
            args: ONLY,
            findings: &["medium handshake-extension", "low handshake-deflate"],
        },
        Row {
            manners: answering("Sec-WebSocket-Protocol: chat\r\n"),
            args: &["--only", "handshake", "-s", "chat"],
            findings: &[],
        },
    ]);
}

#[test]
fn malformed_requests_that_get_in_are_found() {
    finds(&[
        Row {
            manners: FINE,
            args: &["--probe", "--only", "handshake"],
            findings: &[
                "low handshake-version",
                "low handshake-key-missing",
                "low handshake-key-short",
                "low handshake-key-wrong",
                "low handshake-key-twice",
                "low handshake-method",
                "info handshake-http10",
                "info handshake-connection",
            ],
        },
        Row {
            manners: Manners {
                answer: |_| 101,
                ..FINE
            },
            args: &["--probe", "--only", "handshake-upgrade"],
            findings: &["low handshake-upgrade"],
        },
        // Refused, without naming the version.
        Row {
            manners: Manners {
                answer: |it| {
                    if it.field("Sec-WebSocket-Version") == Some("13") {
                        101
                    } else {
                        400
                    }
                },
                ..FINE
            },
            args: &[
                "--probe",
                "--only",
                "handshake-version,handshake-version-name",
            ],
            findings: &["info handshake-version-name"],
        },
    ]);
}

#[test]
fn a_server_that_looks_at_no_frame_has_a_finding_for_each() {
    finds(&[Row {
        manners: FINE,
        args: &["--probe", "--only", "frame"],
        findings: &[
            "medium frame-unmasked",
            "low frame-rsv1",
            "low frame-rsv2",
            "low frame-rsv3",
            "low frame-opcode",
            "low frame-opcode-control",
            "low frame-fragmented-control",
            "low frame-long-control",
            "low frame-continuation",
            "low frame-interleaved",
            "low frame-close-short",
            "low frame-close-code",
            "low frame-close-range",
            "low frame-text-early",
            "low frame-text-late",
            "info frame-length",
        ],
    }]);
}

#[test]
fn broken_compression_that_is_accepted_and_a_wrong_code_are_found() {
    const BYE: &[u8] = b"\x88\x02\x03\xe8";
    finds(&[
        Row {
            manners: Manners {
                fields: "Sec-WebSocket-Extensions: permessage-deflate\r\n",
                ..FINE
            },
            args: &["--probe", "--only", "frame-deflate"],
            findings: &["low frame-deflate"],
        },
        Row {
            manners: Manners {
                longest: Some((0, BYE)),
                ..FINE
            },
            args: &["--probe", "--only", "frame-rsv2,frame-code"],
            findings: &["info frame-code"],
        },
        // It closes every connection then, whatever was sent.
        Row {
            manners: Manners {
                cut: Some((Duration::from_millis(600), BYE)),
                ..FINE
            },
            args: &["--probe", "--only", "frame-rsv2,frame-code"],
            findings: &[],
        },
    ]);
}

#[test]
fn a_server_that_closes_some_time_after_a_pong_did_not_accept_the_frame() {
    finds(&[Row {
        manners: Manners {
            cut: Some((Duration::from_millis(800), b"\x88\x02\x03\xea")),
            ..FINE
        },
        args: &[
            "--probe",
            "--only",
            "frame-unmasked,frame-rsv2",
            "--timeout",
            "2s",
        ],
        findings: &[],
    }]);
}

#[test]
fn a_server_that_looks_at_everything_has_no_finding() {
    let server = listening(&[]);
    let url = server.url();
    let args = [
        &["audit", &url, "--probe", "--skip", "origin,frame-length"][..],
        &SHORT,
    ]
    .concat();
    let output = wsee(&args).run().exits(0);
    assert_eq!(
        findings(&output),
        [""; 0],
        "{}",
        String::from_utf8_lossy(&output.stdout)
    );
    output
        .never_shows("not tested: frame")
        .never_shows("not tested: handshake");
    server.stop(Signal::INT);
}

#[test]
fn a_server_that_does_not_survive_is_an_alarm() {
    let count = AtomicUsize::new(0);
    let site = Site::accept(move |stream| {
        if count.fetch_add(1, Ordering::SeqCst) < 2 {
            serve_fine(stream);
        }
    });
    let url = site.url();
    let only = ["--probe", "--only", "frame-rsv2,frame-survives"];
    let args = [&["audit", &url][..], &only, &SHORT].concat();
    let output = wsee(&args).run().exits(0);
    assert_eq!(findings(&output), ["high frame-survives", "low frame-rsv2"]);
    output.shows("3 more connections after the broken frames: the server ");
}

#[test]
fn a_server_that_was_gone_before_is_no_alarm() {
    let count = AtomicUsize::new(0);
    let site = Site::accept(move |stream| {
        if count.fetch_add(1, Ordering::SeqCst) < 1 {
            serve_fine(stream);
        }
    });
    let url = site.url();
    let only =
        "handshake-key-missing,frame-rsv2,frame-survives,limit-handshake,limit-idle,limit-survives";
    let args = ["audit", &url, "--probe", "--stress", "--only", only, "-v"];
    let output = wsee(&[&args[..], &SHORT].concat()).run().exits(0);
    assert_eq!(findings(&output), [""; 0]);
    output
        .shows("not tested: frame-survives, limit-survives (nothing was sent before that could have ended the server)\n")
        .never_shows("passed  ");
}

#[test]
fn a_server_that_asks_for_a_pause_did_survive() {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let manners = Manners {
        answer: |_| {
            if COUNT.fetch_add(1, Ordering::SeqCst) < 2 {
                101
            } else {
                429
            }
        },
        fields: "Retry-After: 60\r\n",
        ..FINE
    };
    let output = super::audit(manners, &["--probe", "--only", "frame-rsv2,frame-survives"]);
    output
        .exits(0)
        .shows("not tested: frame-survives (the server limits how often it is asked (429))");
}

#[test]
fn a_server_by_tungstenite_has_nothing_above_information_in_its_frames() {
    let site = Site::accept(|stream| {
        let Ok(mut socket) = accept(stream) else {
            return;
        };
        while let Ok(message) = socket.read() {
            if message.is_text() || message.is_binary() {
                let _ = socket.send(message);
            }
        }
    });
    let url = site.url();
    let only = ["--probe", "--only", "liveness,frame", "--fail-on", "low"];
    let args = [&["audit", &url][..], &only, &SHORT].concat();
    wsee(&args)
        .run()
        .exits(0)
        .never_shows("not tested: frame-unmasked");
}
