//! Servers that repeat what they were sent: a secret is masked there as well.

use data_encoding::BASE64;

use crate::support::run::wsee;
use crate::support::server::Server;
use crate::support::wire::{Wire, before_handshake, response_to};

const TOKEN: &str = "S3CRET-TOKEN-of-more-than-twelve";
const TARGET: &str = "/ws?token=S3CRET%2DQUERY&room=lobby";
const ARGS: [&str; 4] = ["--bearer", TOKEN, "-b", "theme=dark; sid=S3CRET-COOKIE"];

/// Refuses with the request in status line, fields and body.
fn refusing() -> Server<()> {
    before_handshake(|mut wire: Wire| {
        let request = wire.request().to_owned();
        let line = request.lines().next().unwrap_or_default();
        let body = format!("{request}\nroom S3CRET-QUERY is closed, theme=dark\n");
        wire.write(format!(
            "HTTP/1.1 403 no {TOKEN}\r\nX-Echo: {line} {TOKEN}\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        ));
        wire.wait_for_end();
    })
}

/// Opens, and closes with a reason that has the start of the token in it.
fn closing() -> Server<()> {
    before_handshake(|mut wire: Wire| {
        let response = response_to(wire.request());
        let head = response.trim_end();
        wire.write(format!("{head}\r\nX-Echo: {TOKEN}\r\n\r\n"));
        let reason = format!("bad {}", &TOKEN[..20]);
        let len = u8::try_from(reason.len() + 2).expect("a short reason");
        wire.write([&[0x88, len, 0x03, 0xf0], reason.as_bytes()].concat());
        wire.read_to_close();
    })
}

#[test]
fn a_refusal_that_repeats_the_request_is_shown_without_its_secrets() {
    for flags in [
        &["-v"][..],
        &["-q"],
        &["--jsonl"],
        &["-w", "%header{x-echo} %{errormsg}"],
    ] {
        let server = refusing();
        let url = format!("{}{TARGET}", server.url());
        let output = wsee(&[&[url.as_str()], &ARGS[..], flags].concat());
        let output = output.run().exits(22).never_says("S3CRET");
        assert!(!String::from_utf8_lossy(&output.stdout).contains("S3CRET"));
        output.says("room *** is closed, theme=dark");
    }
}

#[test]
fn a_response_and_a_close_that_repeat_a_token_are_shown_without_it() {
    for flags in [
        &["-v"][..],
        &[],
        &["--jsonl"],
        &["-w", "%header{x-echo} %{close_reason} %{errormsg}"],
    ] {
        let server = closing();
        let output = wsee(&[&[server.url()], &ARGS[..], flags].concat());
        let output = output.stdin("").run().exits(111).never_says("S3CRET");
        assert!(!String::from_utf8_lossy(&output.stdout).contains("S3CRET"));
        output.says("bad ***");
    }
}

#[test]
fn show_secrets_shows_what_a_refusal_repeats() {
    let server = refusing();
    let url = format!("{}{TARGET}", server.url());
    let args = [&[url.as_str(), "--show-secrets"], &ARGS[..]].concat();
    wsee(&args).run().exits(22).says(TOKEN).says("S3CRET-QUERY");
}

#[test]
fn a_password_is_masked_where_it_is_repeated_alone() {
    let server = before_handshake(|mut wire: Wire| {
        let body = format!("wrong: hunter2, {}", BASE64.encode(b"ada:hunter2"));
        wire.write(format!(
            "HTTP/1.1 401 No\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        ));
        wire.wait_for_end();
    });
    let output = wsee(&[server.url(), "-u", "ada:hunter2"]).run().exits(22);
    output.never_says("hunter2").says("wrong: ***, ***");
}

#[test]
fn a_recording_has_no_secret_that_a_server_repeats() {
    let folder = tempfile::tempdir().expect("a directory");
    for (name, server, exit) in [
        ("refused.har", refusing(), 22),
        ("refused.jsonl", refusing(), 22),
        ("refused.wsee", refusing(), 22),
        ("closed.har", closing(), 111),
        ("closed.jsonl", closing(), 111),
        ("closed.wsee", closing(), 111),
    ] {
        let file = folder.path().join(name);
        let path = file.to_str().expect("UTF-8");
        let url = format!("{}{TARGET}", server.url());
        let args = [&[&url, "--record", path], &ARGS[..]].concat();
        wsee(&args).stdin("").run().exits(exit);
        let text = std::fs::read_to_string(&file).expect("a recording");
        assert!(!text.contains("S3CRET"), "{name}: {text}");
    }
}

#[test]
fn a_report_of_a_scenario_has_no_secret_that_a_server_repeats() {
    for server in [refusing(), closing()] {
        let folder = tempfile::tempdir().expect("a directory");
        let file = folder.path().join("a.wsee");
        let url = format!("{}{TARGET}", server.url());
        let text = format!(
            "connect {url}\n--bearer {TOKEN}\n--cookie sid=S3CRET-COOKIE\n\n< text hello\n"
        );
        std::fs::write(&file, text).expect("a file");
        let report = folder.path().join("report.json");
        let args = ["test", file.to_str().expect("UTF-8"), "-v", "--report-json"];
        let args = [&args[..], &[report.to_str().expect("UTF-8")]].concat();
        wsee(&args).run().never_says("S3CRET");
        let text = std::fs::read_to_string(&report).expect("a report");
        assert!(!text.contains("S3CRET") && text.contains("***"), "{text}");
    }
}
