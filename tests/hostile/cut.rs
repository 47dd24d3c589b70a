//! A session that is cut off at every place, in order (FIN) and by a reset (RST).

use std::io::{self, Write};
use std::net::Shutdown;

use super::{MIB, stays_below};
use crate::support::output::Output;
use crate::support::run::wsee;
use crate::support::tls::{self, self_signed};
use crate::support::wire::{Wire, before_handshake, read_head, response_to};

/// The frames of a session, each with the output that is complete behind it.
const FRAMES: [(&str, &str); 6] = [
    ("8103 6f6e65", "one\n"),
    ("0102 7477", ""),
    ("8901 70", ""),
    ("8001 6f", "two\n"),
    ("8105 7468726565", "three\n"),
    ("8805 03e8 627965", ""),
];

/// Bytes of the response between two places where it is cut.
const STEP: usize = 16;

fn bytes() -> Vec<u8> {
    let decode = |(frame, _): &(&str, &str)| hex::decode(frame.replace(' ', ""));
    let frames = FRAMES.iter().map(|frame| decode(frame).expect("digits"));
    frames.flatten().collect()
}

/// The output that is complete in the first `len` bytes of the frames.
fn complete_in(len: usize) -> String {
    let mut end = 0;
    let mut output = String::new();
    for (frame, text) in FRAMES {
        end += frame.replace(' ', "").len() / 2;
        if end <= len {
            output.push_str(text);
        }
    }
    output
}

/// Runs wsee against a server that writes so many bytes of the response and its frames, and ends by `end`.
fn cut_after(len: usize, end: fn(Wire)) -> Output {
    let server = before_handshake(move |mut wire| {
        let mut all = wire.response().into_bytes();
        all.extend(bytes());
        wire.write(&all[..len]);
        end(wire);
    });
    let output = wsee(&[server.url()]).run();
    server.finish();
    stays_small(&output);
    output
}

/// A run of some milliseconds may be over before anybody looks at its memory.
fn stays_small(output: &Output) {
    if output.peak_memory > 0 {
        stays_below(output, 32 * MIB);
    }
}

/// The length of the response, which does not depend on the key.
fn response_len() -> usize {
    let server = before_handshake(|mut wire| {
        let response = wire.response();
        wire.write(&response);
        wire.write_hex("8802 03e8");
        wire.wait_for_end();
        response.len()
    });
    wsee(&[server.url()]).run().exits(0);
    server.finish()
}

#[test]
fn an_end_at_every_byte_is_reported_and_loses_nothing_before_it() {
    let response = response_len();
    for len in (0..response).step_by(STEP) {
        let output = cut_after(len, Wire::end).exits(112).prints("");
        output.ends_with_line("wsee: ");
    }
    let frames = bytes().len();
    for len in 0..frames {
        cut_after(response + len, Wire::end)
            .exits(110)
            .prints(complete_in(len))
            .ends_with_line("abnormal closure (1006");
    }
    cut_after(response + frames, Wire::end)
        .exits(0)
        .prints(complete_in(frames))
        .ends_with_line("closed by server: 1000 normal closure \"bye\"");
}

#[test]
fn a_reset_at_every_byte_is_reported() {
    let response = response_len();
    let frames = bytes().len();
    let places = (0..response)
        .step_by(STEP)
        .chain(response..=response + frames);
    for len in places {
        let output = cut_after(len, Wire::reset);
        let complete = complete_in(len.saturating_sub(response));
        let printed = String::from_utf8_lossy(&output.stdout).into_owned();
        // A reset takes with it what has not been read.
        assert!(complete.starts_with(&printed), "{len}: {printed:?}");
        let is_told = match output.status {
            112 => printed.is_empty() && output.last_line().starts_with("wsee: "),
            110 => output.last_line().starts_with("abnormal closure (1006"),
            0 => len == response + frames && printed == complete,
            _ => false,
        };
        assert!(is_told, "{len}: {}, {}", output.status, output.stderr);
    }
}

/// Runs wsee against a server that writes so many bytes inside TLS, and ends TCP without `close_notify`.
fn cut_in_tls_after(len: usize) -> Output {
    let server = tls::serving(self_signed(&["localhost"]), move |mut stream| {
        let response = response_to(&read_head(&mut stream));
        let all = [response.into_bytes(), bytes()].concat();
        stream.write_all(&all[..len]).expect("a client that reads");
        stream.flush().expect("a client that reads");
        // RFC 8446 §6.1: the alert that tells the end from a cut is missing.
        let _ = stream.sock.shutdown(Shutdown::Write);
        let _ = io::copy(&mut stream.sock, &mut io::sink());
    });
    let output = wsee(&[&tls::url(&server), "--insecure"]).run();
    server.finish();
    stays_small(&output);
    output
}

#[test]
fn an_end_of_tls_without_close_notify_is_not_orderly() {
    let response = response_len();
    for len in [0, 1, response / 2, response - 1] {
        let output = cut_in_tls_after(len).exits(112).prints("");
        output.ends_with_line("wsee: ");
    }
    let frames = bytes().len();
    for len in 0..frames {
        cut_in_tls_after(response + len)
            .exits(110)
            .prints(complete_in(len))
            .ends_with_line("abnormal closure (1006")
            .says("TLS ended without close_notify");
    }
    // What was said is complete with both Close frames.
    cut_in_tls_after(response + frames)
        .exits(0)
        .prints(complete_in(frames))
        .ends_with_line("closed by server: 1000 normal closure \"bye\"");
}
