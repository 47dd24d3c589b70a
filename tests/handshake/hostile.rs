//! Servers that answer the request with anything but a response.

use std::time::Duration;

use crate::support::output::Output;
use crate::support::run::wsee;
use crate::support::wire::{Wire, before_handshake};

/// Runs wsee against a server that reads the request and goes on by `script`.
#[track_caller]
fn against(script: impl FnOnce(Wire) + Send + 'static, args: &[&str]) -> Output {
    let server = before_handshake(script);
    let output = wsee(&[&[server.url()], args].concat()).run();
    server.finish();
    output.prints("").within(Duration::from_secs(4))
}

#[test]
fn an_end_without_an_answer_is_said() {
    against(Wire::end, &[]).exits(112).says("without an answer");
}

#[test]
fn an_end_in_the_middle_of_the_head_is_said() {
    let script = |mut wire: Wire| {
        wire.write("HTTP/1.1 101 Swi");
        wire.end();
    };
    against(script, &[]).exits(112).says("16 bytes");
}

#[test]
fn another_protocol_is_recognised_at_its_first_line() {
    let script = |mut wire: Wire| {
        wire.write("SSH-2.0-OpenSSH_9.6\r\n");
        wire.wait_for_end();
    };
    against(script, &[]).exits(112).says("SSH-2.0-OpenSSH_9.6");
}

#[test]
fn an_endless_header_is_cut_off() {
    let script = |mut wire: Wire| {
        wire.write("HTTP/1.1 101 Switching Protocols\r\nX: ");
        wire.flood(&[b'x'; 8 << 10]);
    };
    against(script, &[]).exits(112).says("64 KiB");
}

#[test]
fn endless_interim_responses_are_cut_off() {
    let script = |mut wire: Wire| wire.flood(b"HTTP/1.1 100 Continue\r\n\r\n");
    against(script, &[]).exits(112);
}

#[test]
fn too_many_fields_are_refused() {
    let script = |mut wire: Wire| {
        let fields = "X: y\r\n".repeat(200);
        wire.write(format!("HTTP/1.1 101 Switching Protocols\r\n{fields}\r\n"));
        wire.wait_for_end();
    };
    against(script, &[]).exits(112).says("128");
}

#[test]
fn an_answer_that_never_comes_is_a_timeout() {
    against(Wire::wait_for_end, &["--connect-timeout", "300ms"])
        .exits(28)
        .says("--connect-timeout");
}

#[test]
fn a_dribbled_answer_does_not_stretch_the_timeout() {
    let script = |mut wire: Wire| {
        wire.write("HTTP/1.1 101 Switching Protocols\r\nX: ");
        wire.dribble(Duration::from_millis(20));
    };
    against(script, &["--connect-timeout", "300ms"]).exits(28);
}
