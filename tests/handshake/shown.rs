//! What `-v` shows of the handshake.

use crate::support::output::Output;
use crate::support::run::wsee;
use crate::support::server::Server;
use crate::support::wire::{after_handshake, before_handshake};

const SECRETS: &[&str] = &[
    "--bearer",
    "s3cret",
    "-b",
    "id=s3cret",
    "-H",
    "Proxy-Authorization: s3cret",
];

/// Runs wsee with `-v`; gives back the request and the response too.
#[track_caller]
fn shown(args: &[&str]) -> (Output, String, String) {
    let server = before_handshake(|mut wire| {
        let fields = "x-oDd: Value\r\nSet-Cookie: id=s3cret\r\n\r\n";
        let response = wire.response().replace("\r\n\r\n", "\r\n") + fields;
        wire.write(&response);
        wire.write_hex("8802 03e8");
        wire.read_to_close();
        (wire.request().to_owned(), response)
    });
    let url = format!("{}/?token=s3cret&a=1", server.url());
    let args = [&[url.as_str(), "-v"], SECRETS, args].concat();
    let output = wsee(&args).run().exits(0).prints("");
    let (request, response) = server.finish();
    (output, request, response)
}

/// Starts a server that closes as soon as the connection is open.
fn closing_server() -> Server<()> {
    after_handshake(|mut wire| {
        wire.write_hex("8802 03e8");
        wire.read_to_close();
    })
}

/// Claims that each line of `head` is a line of stderr, behind `mark`.
#[track_caller]
fn shows(mut output: Output, mark: &str, head: &str) -> Output {
    for line in head.trim_end().lines() {
        output = output.says(&format!("{mark} {line}\n"));
    }
    output
}

#[test]
fn shows_secrets_verbatim_when_asked_to() {
    let (output, request, response) = shown(&["--show-secrets"]);
    let output = shows(output, ">", &request);
    shows(output, "<", &response);
}

#[test]
fn masks_secrets_and_shows_the_rest_verbatim() {
    let (output, request, response) = shown(&[]);
    let is_open = |line: &&str| !line.contains("s3cret");
    let open = |head: &str| head.lines().filter(is_open).collect::<Vec<_>>().join("\n");
    let output = shows(output, ">", &open(&request));
    shows(output, "<", &open(&response))
        .never_says("s3cret")
        .says("> GET /?token=***&a=1 HTTP/1.1\n")
        .says("> Authorization: Bearer ***\n")
        .says("> Proxy-Authorization: ***\n")
        .says("> Cookie: ***\n")
        .says("< Set-Cookie: ***\n");
}

#[test]
fn shows_the_steps_and_the_open_phase() {
    let (output, ..) = shown(&[]);
    output.says("* connected to 127.0.0.1:").says("* open");
}

#[test]
fn escapes_what_the_server_says() {
    let server = before_handshake(|mut wire| {
        let response = wire.response();
        wire.write(response.replace("\r\n\r\n", "\r\nX-Evil: \x1b]0;pwned\x07\u{9b}31m\r\n\r\n"));
        wire.wait_for_end();
    });
    let output = wsee(&[server.url(), "-v", "--max-time", "500ms"]).run();
    assert!(
        !output.stderr.contains(['\x1b', '\u{9b}', '\x07']),
        "{:?}",
        output.stderr
    );
}

#[test]
fn colour_is_for_terminals_unless_forced() {
    let (output, ..) = shown(&[]);
    output.never_says("\x1b");
    let (output, ..) = shown(&["--color", "always"]);
    output.says("\x1b[");
    let server = closing_server();
    wsee(&[server.url(), "-v"])
        .env("CLICOLOR_FORCE", "1")
        .run()
        .exits(0)
        .says("\x1b[");
}

#[test]
fn shows_nothing_of_it_by_default() {
    let server = closing_server();
    let output = wsee(&[server.url()]).run().exits(0);
    assert_eq!(output.stderr.lines().count(), 1, "{}", output.stderr);
}
