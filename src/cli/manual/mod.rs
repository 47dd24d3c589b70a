//! Help and manual page: examples and exit statuses.

pub(super) mod findings;
pub(super) mod page;
pub(super) mod text;

use std::fmt::Write as _;

use crate::exit::Exit;

pub(super) const EXAMPLES: &[(&str, &str)] = &[
    (
        "wsee wss://example.com/chat",
        "connect, watch the handshake, type messages",
    ),
    (
        "echo '{\"op\":\"hi\"}' | wsee -1 example.com/api",
        "send one message, print one reply",
    ),
    (
        "wsee test :8080/ws --send hi --expect hi",
        "smoke-test a server in CI",
    ),
];

pub(super) const EXIT_STATUS: &[(Exit, &str)] = &[
    (Exit::Done, "done"),
    (
        Exit::Expectation,
        "--count was not reached, a test failed, or answers differ from the recording",
    ),
    (Exit::Usage, "usage error, or a mistake in a scenario"),
    (Exit::Url, "bad URL"),
    (Exit::ProxyDns, "could not resolve the proxy"),
    (Exit::Dns, "could not resolve the host"),
    (Exit::Connect, "the connection could not be made"),
    (Exit::Refused, "the server refused the upgrade"),
    (Exit::Write, "output could not be written"),
    (
        Exit::Input,
        "input could not be read, or is not valid UTF-8",
    ),
    (Exit::Timeout, "a time limit ran out"),
    (Exit::Tls, "the TLS handshake failed"),
    (
        Exit::Redirect,
        "redirect error: too many, a loop, or not allowed",
    ),
    (
        Exit::ClientCertificate,
        "the client certificate cannot be used, or the server rejects it",
    ),
    (Exit::Certificate, "the server's certificate is not trusted"),
    (Exit::Limit, "a size limit was exceeded"),
    (Exit::Internal, "internal error"),
    (Exit::Proxy, "the proxy refused or broke the tunnel"),
    (Exit::Abnormal, "closed without a closing handshake (1006)"),
    (
        Exit::ClosedWithError,
        "closed with an error (not 1000, 1001, 1005), idle or mid-message; input unsent or unanswered",
    ),
    (Exit::BadHandshake, "bad handshake response"),
    (Exit::Protocol, "the peer broke RFC 6455"),
    (Exit::NoPong, "the peer did not answer a ping"),
    (
        Exit::RefusedOnTop,
        "the protocol on top (--as) refused the session",
    ),
    (Exit::Hangup, "SIGHUP"),
    (Exit::Interrupt, "SIGINT (Ctrl-C)"),
    (Exit::Terminate, "SIGTERM"),
];

/// The text after the flags of `-h`.
pub(super) fn short_help_end() -> String {
    format!(
        "{}\nThese are the most used flags; --help explains all of them.",
        examples()
    )
}

/// The text after the flags of `--help`.
pub(super) fn long_help_end() -> String {
    let mut text = examples();
    text.push_str("\nExit status:\n");
    for (exit, meaning) in EXIT_STATUS {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "  {:>3}  {meaning}", exit.status());
    }
    text
}

fn examples() -> String {
    let width = EXAMPLES
        .iter()
        .map(|(line, _)| line.len())
        .max()
        .unwrap_or(0);
    let mut text = "Examples:\n".to_owned();
    for (line, meaning) in EXAMPLES {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "  {line:width$}  {meaning}");
    }
    text
}
