//! Servers that break RFC 6455.

use crate::support::output::Output;
use crate::support::run::wsee;
use crate::support::wire::after_handshake;

/// Runs wsee against a server that sends the message "ok" and then `hex`.
///
/// Claims that wsee prints "ok", names `section`, and fails the connection with `close_code`.
#[track_caller]
fn violation(hex: &str, section: &str, close_code: u16) -> Output {
    let hex = format!("8102 6f6b {hex}");
    let server = after_handshake(move |mut wire| {
        wire.write_hex(&hex);
        wire.read_to_close()
    });
    let output = wsee(&[server.url()]).stdin_held_open().run();
    let frames = server.finish();
    assert_eq!(
        frames[0].close_code(),
        Some(close_code),
        "{}",
        output.stderr
    );
    output
        .exits(113)
        .prints("ok\n")
        .says(&format!("RFC 6455 {section}"))
        .says(&close_code.to_string())
}

#[test]
fn a_masked_frame_is_a_violation() {
    violation("8182 00000000 6869", "§5.1", 1002).says("mask");
}

#[test]
fn a_reserved_bit_is_a_violation() {
    violation("c102 6869", "§5.2", 1002).says("RSV1");
    violation("a102 6869", "§5.2", 1002).says("RSV2");
    violation("9102 6869", "§5.2", 1002).says("RSV3");
}

#[test]
fn a_reserved_opcode_is_a_violation() {
    violation("8300", "§5.2", 1002).says("opcode");
    violation("8b00", "§5.2", 1002).says("opcode");
}

#[test]
fn the_offending_bytes_are_shown() {
    violation("8b00", "§5.2", 1002).says("8b 00");
}

#[test]
fn the_top_bit_of_a_length_is_a_violation() {
    violation("827f 8000000000000000", "§5.2", 1002).says("length");
}

#[test]
fn a_fragmented_control_frame_is_a_violation() {
    violation("0900", "§5.5", 1002).says("fragment");
}

#[test]
fn a_ping_of_126_bytes_is_a_violation() {
    let payload = "00".repeat(126);
    violation(&format!("897e 007e {payload}"), "§5.5", 1002).says("125");
}

#[test]
fn a_length_that_is_not_minimal_is_a_violation() {
    violation("817e 0002 6869", "§5.2", 1002);
    violation("817f 0000000000000002 6869", "§5.2", 1002);
}

#[test]
fn a_continuation_of_nothing_is_a_violation() {
    violation("8002 6869", "§5.4", 1002).says("continuation");
}

#[test]
fn a_message_inside_a_fragmented_message_is_a_violation() {
    violation("0101 61 8101 62", "§5.4", 1002);
}

#[test]
fn text_that_is_not_utf8_is_a_violation() {
    violation("8102 c328", "§8.1", 1007).says("UTF-8");
    violation("0101 c3 8001 28", "§8.1", 1007).says("UTF-8");
    violation("8101 c3", "§8.1", 1007).says("UTF-8");
}

#[test]
fn a_close_body_of_one_byte_is_a_violation() {
    violation("8801 03", "§5.5.1", 1002);
}

#[test]
fn close_codes_that_must_not_be_sent_are_violations() {
    violation("8802 03e7", "§7.4", 1002).says("999");
    violation("8802 03ec", "§7.4", 1002).says("1004");
    violation("8802 03ed", "§7.4", 1002).says("1005");
    violation("8802 03ee", "§7.4", 1002).says("1006");
    violation("8802 03f7", "§7.4", 1002).says("1015");
}

#[test]
fn a_close_reason_that_is_not_utf8_is_a_violation() {
    violation("8804 03e8 c328", "§8.1", 1007).says("UTF-8");
}
