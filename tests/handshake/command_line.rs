//! Command lines that are refused before anything is sent.

use crate::support::output::Output;
use crate::support::run::wsee;
use crate::support::server::Untouched;

/// Runs wsee with arguments in which PORT is a port that must not be connected to.
#[track_caller]
fn refused(status: i32, args: &[&str]) -> Output {
    let server = Untouched::start();
    let port = server.port().to_string();
    let args: Vec<String> = args.iter().map(|arg| arg.replace("PORT", &port)).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    wsee(&args)
        .stdin("never sent\n")
        .run()
        .exits(status)
        .prints("")
}

#[track_caller]
fn refused_option(args: &[&str]) -> Output {
    refused(2, &[&["ws://127.0.0.1:PORT/"], args].concat())
}

#[test]
fn bad_urls_exit_3() {
    refused(3, &["ws://127.0.0.1:PORT/#top"]).says("RFC 6455 §3");
    refused(3, &["ftp://127.0.0.1:PORT/"]).says("ftp");
    refused(3, &["ws://127.0.0.1:99999/"]).says("99999");
    refused(3, &["ws://127.0.0.1:PORT/a b"]);
    refused(3, &["ws://127.0.0.1:PORT/\r\nX:"]);
    refused(3, &["ws://"]);
}

#[test]
fn a_bad_url_is_one_line_with_its_escapes_shown() {
    let output = refused(3, &["ws://127.0.0.1:PORT/\x1b[31m"]).never_says("\x1b");
    assert_eq!(output.stderr.lines().count(), 1, "{}", output.stderr);
}

#[test]
fn bad_headers_exit_2() {
    refused_option(&["-H", "X: a\r\nEvil: b"]);
    refused_option(&["-H", "X: a\x01b"]);
    refused_option(&["-H", "Bad Name: x"]).says("Bad Name");
    refused_option(&["-H", "no colon"]);
    refused_option(&["-o", "http://a\nb"]);
    refused_option(&["-A", "a\rb"]);
    refused_option(&["-b", "a=\nb"]);
    refused_option(&["--bearer", "a\nb"]);
}

#[test]
fn bad_subprotocols_exit_2() {
    refused_option(&["-s", "a b"]).says("a subprotocol may not have");
    refused_option(&["-s", "a,b", "-s", "a"]);
    refused_option(&["-s", ""]);
}

#[test]
fn bad_close_frames_exit_2() {
    for code in ["999", "1004", "1005", "1006", "1015", "2999", "5000", "x"] {
        refused_option(&["--close-code", code]).says(code);
    }
    let reason = "é".repeat(62);
    refused_option(&["--close-reason", &reason]).says("123");
}

#[test]
fn bad_values_exit_2() {
    refused_option(&["--wait", "banana"]).says("banana");
    refused_option(&["--max-time", "-1s"]);
    refused_option(&["--max-message", "12XB"]).says("12XB");
    refused_option(&["-n", "0"]);
    refused_option(&["-w", "5"]).says("no %{…} in it; wscat's -w TIME is --wait TIME here");
    refused_option(&["--split", "4"]).says("--binary");
    refused_option(&["--no-such-flag"]).says("--no-such-flag");
}

#[test]
fn no_url_exits_2_with_the_help() {
    wsee(&[]).run().exits(2).prints("").says("Usage: wsee");
}

#[test]
fn help_and_version_go_to_stdout() {
    for flag in ["-h", "--help", "--version"] {
        let output = wsee(&[flag]).run().exits(0);
        assert!(output.stdout.starts_with(b"wsee") || flag != "--version");
        assert!(!output.stdout.is_empty(), "{flag}");
        assert_eq!(output.stderr, "");
    }
}

#[test]
fn a_bare_word_close_to_a_command_never_reaches_dns() {
    for line in [
        ["liste", "--send=x"],
        ["tset", ":PORT"],
        ["-v", "demo2"],
        ["Listen", "PORT"],
    ] {
        refused(2, &line)
            .says("did you mean wsee")
            .never_says("resolve");
    }
    refused(2, &["chat.wsee"]).says("run wsee test chat.wsee");
    refused(3, &["./foo"]).says("the path of a file");
}

#[test]
fn a_message_for_wscats_x_never_reaches_dns() {
    refused(2, &["-x", "hello", "ws://127.0.0.1:PORT/"])
        .says("wscat's -x is --send")
        .never_says("resolve");
}

#[test]
fn auth_without_a_protocol_names_the_flag_that_logs_in() {
    refused(2, &["--auth", "u:p", "ws://127.0.0.1:PORT/"])
        .says("to log in over HTTP write -u USER:PASS")
        .never_says("--as <NAME>");
}

#[test]
fn help_and_version_are_words_too() {
    for (line, start) in [
        (&["help"][..], "A WebSocket client and debugging tool"),
        (&["help", "test"], "Test a server"),
        (&["version"], "wsee 0."),
    ] {
        let output = wsee(line).run().exits(0);
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(text.starts_with(start), "{line:?}: {text}");
    }
}

#[test]
fn digits_alone_are_a_port() {
    let server = crate::support::peer::echoing();
    let port = server.url().rsplit(':').next().unwrap_or_default();
    let port = port.trim_end_matches('/').to_owned();
    wsee(&[&port, "-1", "--send", "hi"])
        .run()
        .exits(0)
        .prints("hi\n");
}
