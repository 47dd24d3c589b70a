//! How stdin and `--send` become messages.

use std::io::Write;

use crate::support::peer::{Message, recording};
use crate::support::run::wsee;
use crate::support::server::Untouched;
use crate::support::wire::{CONTINUATION, TEXT, after_handshake};

/// What a server receives from a wsee that is given `stdin`.
#[track_caller]
fn sent(stdin: impl Into<Vec<u8>>, args: &[&str]) -> Vec<Message> {
    let server = recording();
    let args = [&[server.url(), "--wait", "0"], args].concat();
    wsee(&args).stdin(stdin).run().exits(0);
    server.finish().messages
}

fn texts(texts: &[&str]) -> Vec<Message> {
    texts.iter().map(|&text| Message::text(text)).collect()
}

fn binaries(payloads: &[&[u8]]) -> Vec<Message> {
    let message = |payload: &&[u8]| Message::binary(payload.to_vec());
    payloads.iter().map(message).collect()
}

#[test]
fn sends_each_line_as_a_text_message() {
    assert_eq!(sent("a\nb\n", &[]), texts(&["a", "b"]));
}

#[test]
fn sends_a_last_line_without_newline() {
    assert_eq!(sent("a\nb", &[]), texts(&["a", "b"]));
}

#[test]
fn removes_one_carriage_return_at_the_end_of_a_line() {
    assert_eq!(sent("a\r\nb\r\r\nc\rd", &[]), texts(&["a", "b\r", "c\rd"]));
}

#[test]
fn sends_empty_lines_as_empty_messages() {
    assert_eq!(sent("\n\na\n\n", &[]), texts(&["", "", "a", ""]));
}

#[test]
fn takes_nul_for_data() {
    assert_eq!(sent("a\0b\n", &[]), texts(&["a\0b"]));
}

#[test]
fn null_makes_nul_the_separator() {
    let expected = texts(&["a\nb", "", "c\r"]);
    assert_eq!(sent("a\nb\0\0c\r", &["-0"]), expected);
    assert_eq!(sent("a\nb\0\0c\r", &["--split", "nul"]), expected);
}

#[test]
fn takes_no_line_for_a_command() {
    assert_eq!(sent("/quit\n//x\n", &[]), texts(&["/quit", "//x"]));
}

#[test]
fn sends_a_long_line_as_one_message() {
    let line = "0123456789abcdef".repeat(640 << 10);
    let messages = sent(format!("{line}\n"), &[]);
    assert!(messages == texts(&[&line]), "{} messages", messages.len());
}

#[test]
fn binary_sends_lines_as_binary_messages() {
    let stdin = b"a\n\xff\r\n\nb".to_vec();
    let expected = binaries(&[b"a", b"\xff", b"", b"b"]);
    assert_eq!(sent(stdin, &["--binary"]), expected);
}

#[test]
fn hex_lines_become_binary_messages() {
    let expected = binaries(&[b"\xde\xad", b"\xbe\xef"]);
    assert_eq!(sent("de ad\nBEEF\n", &["--hex"]), expected);
}

#[test]
fn base64_lines_become_binary_messages() {
    let expected = binaries(&[b"\xde\xad\xbe\xef"]);
    assert_eq!(sent("3q2+7w==\n", &["--base64"]), expected);
}

#[test]
fn split_none_sends_all_input_as_one_message() {
    assert_eq!(sent("a\nb\n", &["--split", "none"]), texts(&["a\nb\n"]));
}

#[test]
fn split_size_sends_chunks() {
    let chunks = binaries(&[b"ab\nd", b"efgh", b"ij"]);
    assert_eq!(sent("ab\ndefghij", &["--split", "4", "--binary"]), chunks);
}

#[test]
fn sends_the_arguments_of_send_before_stdin() {
    let mut file = tempfile::NamedTempFile::new().expect("a file");
    file.write_all(b"from\na file").expect("a file");
    let file = format!("@{}", file.path().display());
    let args = ["--send", "one", "--send", &file, "--send", "@@three"];
    let expected = texts(&["one", "from\na file", "@three", "four"]);
    assert_eq!(sent("four\n", &args), expected);
}

#[test]
fn a_missing_file_to_send_is_an_input_error() {
    let server = Untouched::start();
    let url = format!("ws://127.0.0.1:{}", server.port());
    wsee(&[&url, "--send", "@/nonexistent/file"])
        .run()
        .exits(26)
        .says("/nonexistent/file");
}

#[test]
fn fragment_splits_a_message_into_frames() {
    let server = after_handshake(|mut wire| {
        let frames = wire.read_to_close();
        wire.write_hex("8802 03e8");
        wire.end();
        frames
    });
    wsee(&[server.url(), "--fragment", "4", "--wait", "0"])
        .stdin("0123456789\nabcd\n")
        .run()
        .exits(0);
    let mut frames = server.finish();
    frames.pop();
    let seen: Vec<_> = frames
        .iter()
        .map(|frame| (frame.fin, frame.opcode, frame.payload.as_slice()))
        .collect();
    let expected: [(bool, u8, &[u8]); 4] = [
        (false, TEXT, b"0123"),
        (false, CONTINUATION, b"4567"),
        (true, CONTINUATION, b"89"),
        (true, TEXT, b"abcd"),
    ];
    assert_eq!(seen, expected);
}

#[test]
fn text_that_is_not_utf8_ends_the_run_at_its_line_and_byte() {
    let server = recording();
    wsee(&[server.url()])
        .stdin(b"good\nbad \xff\nmore\n".to_vec())
        .run()
        .exits(26)
        .says("line 2, byte 5")
        .says("--binary");
    assert_eq!(server.finish().messages, texts(&["good"]));
}

#[test]
fn lines_that_are_not_hex_or_base64_end_the_run() {
    for (flag, line) in [("--hex", "0g"), ("--base64", "3q2")] {
        let server = recording();
        wsee(&[server.url(), flag])
            .stdin(format!("{line}\n"))
            .run()
            .exits(26)
            .says("line 1");
        assert_eq!(server.finish().messages, []);
    }
}

#[test]
fn a_first_line_inside_a_json_value_gets_one_note() {
    let note = "line 1 is an incomplete JSON value; --split json sends each value as one message";
    let run = |stdin: &str, args: &[&str]| {
        let server = recording();
        let args = [&[server.url(), "--wait", "0"], args].concat();
        wsee(&args).stdin(stdin).run().exits(0)
    };
    let output = run("{\n\"a\":[\n1]}\n", &["--send", "first"]).says(note);
    assert_eq!(output.stderr.matches("incomplete").count(), 1);
    run("{\n}\n", &["-q"]).never_says("incomplete");
    run("{\n}\n", &["--split", "json"]).never_says("incomplete");
    run("{}\n{\n}\n", &[]).never_says("incomplete");
}
