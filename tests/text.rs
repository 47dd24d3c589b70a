//! Text as Windows writes it, with a byte order mark and carriage returns, or in UTF-16; and `~` in `@FILE`.

use crate::support::peer::{Message, Peer, echoing, recording, scripted};
use crate::support::run::{Run, wsee};
use crate::support::server::Untouched;
use crate::support::site::{site, values};

const MARK: &[u8] = b"\xef\xbb\xbf";

/// Text with a byte order mark.
fn marked(text: &str) -> Vec<u8> {
    [MARK, text.as_bytes()].concat()
}

/// Text in UTF-16, in both orders of bytes.
fn utf16(text: &str) -> [Vec<u8>; 2] {
    let units = || std::iter::once(0xfeff).chain(text.encode_utf16());
    [
        units().flat_map(u16::to_le_bytes).collect(),
        units().flat_map(u16::to_be_bytes).collect(),
    ]
}

/// Files in the home of a run.
fn with_files(run: Run, files: &[(&str, Vec<u8>)]) -> Run {
    for (name, bytes) in files {
        std::fs::write(run.home().join(name), bytes).expect("a file");
    }
    run
}

#[test]
fn a_byte_order_mark_of_stdin_is_not_sent_and_said_once() {
    for (stdin, args, expected) in [
        ("a\r\nb\r\n", &[][..], &["a", "b"][..]),
        ("a", &["--split", "none"], &["a"]),
        ("a\0", &["-0"], &["a"]),
        ("{}\r\n[1]\r\n", &["--split", "json"], &["{}", "[1]"]),
        (
            "{\"event\":\"message\",\"data\":\"hi\"}\r\n",
            &["--split", "events"],
            &["hi"],
        ),
        ("/text a\r\nb\r\n", &["--commands"], &["a", "b"]),
    ] {
        let server = recording();
        let output = wsee(&[&[server.url(), "--wait", "0"], args].concat())
            .stdin(marked(stdin))
            .run()
            .exits(0);
        let texts: Vec<Message> = expected.iter().map(|&it| Message::text(it)).collect();
        assert_eq!(server.finish().messages, texts, "{args:?}");
        assert_eq!(output.stderr.matches("byte order mark").count(), 1);
    }
    let server = recording();
    wsee(&[server.url(), "--wait", "0", "--binary"])
        .stdin(MARK)
        .run()
        .exits(0);
    assert_eq!(server.finish().messages, [Message::binary(MARK.to_vec())]);
}

#[test]
fn a_byte_order_mark_may_come_byte_by_byte() {
    let server = scripted(|mut peer: Peer| {
        peer.send("ready");
        peer.expect("{}");
        peer.record()
    });
    let mut run = wsee(&[server.url(), "--split", "json"])
        .stdin_held_open()
        .spawn();
    run.wait_for_stdout("ready");
    for byte in MARK {
        run.send([*byte]);
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    run.send("{}");
    run.end_stdin();
    run.wait().exits(0);
}

#[test]
fn utf_16_on_stdin_is_an_input_error_that_names_what_converts_it() {
    for stdin in utf16("hello\n") {
        let server = recording();
        wsee(&[server.url()])
            .stdin(stdin)
            .run()
            .exits(26)
            .says("stdin is UTF-16")
            .says("hint: iconv -f UTF-16 -t UTF-8");
        assert_eq!(server.finish().messages, []);
    }
}

#[test]
fn files_for_the_request_are_found_at_home_and_read_without_their_mark() {
    let server = site(&["101"]);
    let (url, host) = (format!("{}/", server.url()), "127.0.0.1");
    let run = wsee(&[
        &url,
        "-H",
        "@~/fields",
        "-b",
        "@~/jar",
        "--bearer",
        "@~/token",
        "-w",
        "@~/format",
    ]);
    let jar = format!("{host}\tFALSE\t/\tFALSE\t0\tsid\t42\r\n");
    let files = [
        ("fields", marked("X-One: 1\r\nX-Two: 2\r\n")),
        ("jar", marked(&jar)),
        ("token", marked("s3cret\r\n")),
        ("format", marked("[%{\r\nhttp_code}]\r\n")),
    ];
    with_files(run, &files).run().exits(0).prints("[101]");
    let request = server.finish().remove(0);
    for (name, value) in [
        ("X-One", "1"),
        ("X-Two", "2"),
        ("Cookie", "sid=42"),
        ("Authorization", "Bearer s3cret"),
    ] {
        assert_eq!(values(&request, name), [value], "{name}");
    }
}

#[test]
fn netrc_and_configuration_files_may_have_a_mark() {
    let server = site(&["101"]);
    let url = format!("{}/", server.url());
    let run = wsee(&[url.as_str(), "--netrc"]).config("\u{feff}header = [\"X-One: 1\"]\r\n");
    let netrc = marked("machine 127.0.0.1\r\nlogin me\r\npassword p\r\n");
    with_files(run, &[(".netrc", netrc)]).run().exits(0);
    let request = server.finish().remove(0);
    assert_eq!(values(&request, "X-One"), ["1"]);
    assert_eq!(values(&request, "Authorization"), ["Basic bWU6cA=="]);
}

#[test]
fn messages_from_files_have_no_mark_unless_they_are_binary() {
    let send = ["--send", "@~/m", "--wait", "0"];
    let every = ["--every", "1h", "@~/m", "-m", "300ms"];
    let commands = ["--commands", "--wait", "0"];
    for (args, stdin, status) in [
        (&send[..], "", 0),
        (&every, "", 28),
        (&commands, "/file m text", 0),
    ] {
        let server = recording();
        let run = with_files(
            wsee(&[&[server.url()], args].concat()),
            &[("m", marked("{}"))],
        );
        let home = run.home().to_owned();
        run.current_dir(&home).stdin(stdin).run().exits(status);
        assert_eq!(server.finish().messages, [Message::text("{}")], "{args:?}");
    }
    let server = recording();
    let run = wsee(&[&[server.url(), "--binary"], &send[..]].concat());
    with_files(run, &[("m", MARK.to_vec())]).run().exits(0);
    assert_eq!(server.finish().messages, [Message::binary(MARK.to_vec())]);
}

#[test]
fn recordings_may_have_a_mark() {
    let line = "{\"event\":\"message\",\"direction\":\"sent\",\"data\":\"hi\"}\r\n";
    let har = "{\"log\":{\"entries\":[{\"request\":{\"url\":\"ws://h/\"},\"_webSocketMessages\":\
               [{\"type\":\"send\",\"time\":1,\"opcode\":1,\"data\":\"hi\"}]}]}}";
    for (name, contents) in [("a.jsonl", line), ("a.har", har)] {
        let server = echoing();
        let run = wsee(&["replay", name, server.url(), "--wait", "300ms"]);
        let run = with_files(run, &[(name, marked(contents))]);
        let home = run.home().to_owned();
        run.current_dir(&home).run().exits(0).prints("hi\n");
    }
}

#[test]
fn variables_and_scenarios_may_have_a_mark() {
    let server = recording();
    let host = &server.url()["ws://".len()..];
    let run = wsee(&["test", "a.wsee", "--var-file", "~/vars"]);
    let files = [
        (
            "a.wsee",
            marked("connect ws://{{host}}/\r\n\r\n> {{text}}\r\n"),
        ),
        ("vars", marked(&format!("host={host}\r\ntext=hi\r\n"))),
    ];
    let run = with_files(run, &files);
    let home = run.home().to_owned();
    run.current_dir(&home).run().exits(0);
    assert_eq!(server.finish().messages, [Message::text("hi")]);
}

#[test]
fn a_pasted_curl_command_may_have_a_mark() {
    let server = scripted(|peer: Peer| peer.close(1000, ""));
    let command = format!("curl '{}' \\\r\n  -H 'X: y'\r\n", server.url());
    wsee(&["curl", "-"]).stdin(marked(&command)).run().exits(0);
    server.finish();
}

#[test]
fn utf_16_in_a_file_names_what_converts_it() {
    let server = Untouched::start();
    let url = format!("ws://127.0.0.1:{}/", server.port());
    for bytes in utf16("X: y\n") {
        for (args, status) in [
            (&["-H", "@f"][..], 2),
            (&["--bearer", "@f"], 2),
            (&["-b", "@f"], 2),
            (&["--netrc-file", "f"], 2),
            (&["-w", "@f"], 2),
            (&["--send", "@f"], 26),
            (&["--every", "1s", "@f"], 26),
        ] {
            let run = wsee(&[&[url.as_str()], args].concat());
            refused(run, "f", &bytes, status);
        }
        for (args, name, status) in [
            (&["replay", "f.jsonl"][..], "f.jsonl", 26),
            (&["replay", "f.har"], "f.har", 26),
            (&["test", "f.wsee"], "f.wsee", 26),
            (&["fmt", "f.wsee"], "f.wsee", 2),
            (&["test", "ws://h", "--var-file", "f"], "f", 26),
        ] {
            refused(wsee(args), name, &bytes, status);
        }
    }
}

#[track_caller]
fn refused(run: Run, name: &str, bytes: &[u8], status: i32) {
    let run = with_files(run, &[(name, bytes.to_vec())]);
    let home = run.home().to_owned();
    run.current_dir(&home)
        .run()
        .exits(status)
        .says("UTF-16")
        .says("iconv");
}
