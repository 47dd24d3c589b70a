//! Rows for connections without a response: closed, reset, silent, or not HTTP.

use std::time::Duration;

use super::facts::Facts;
use super::row::{Row, row};
use crate::event::Symptom;

/// Socket.IO ends upgrades at other paths after a second (`destroyUpgradeTimeout`).
const SOCKET_IO: std::ops::Range<Duration> =
    Duration::from_millis(800)..Duration::from_millis(1500);

pub(super) const ROWS: &[Row] = &[
    // A proxy that somebody meant to go past.
    row(
        |it| it.symptom == Symptom::Proxy && it.missed_bypass.is_some(),
        "no_proxy has {missed_bypass}, which does not match {name}",
        "write {bypass} there, or bypass the proxy with --noproxy {name}",
    ),
    // Time ran out.
    row(
        |it| it.symptom == Symptom::NoResolver,
        "the resolver hangs, or the network or a VPN is off",
        "check /etc/resolv.conf; {flag} allows more time",
    ),
    row(
        |it| it.symptom == Symptom::NoProxy,
        "the proxy hangs, speaks another protocol, or cannot reach the server",
        "check its address and its log, or bypass it with --noproxy {name}; {flag} allows more time",
    ),
    row(
        |it| it.symptom == Symptom::NoConnection,
        "a firewall that drops packets, a wrong address, or a VPN that is off",
        "check the address and the way to it",
    ),
    row(
        |it| it.symptom == Symptom::NoTls,
        "the port may not speak TLS, or the server hangs",
        "try {ws}, then look into the server's log",
    ),
    row(
        |it| it.symptom == Symptom::NoResponse && it.arrived > 0,
        "the server or a proxy in front of it is slow, or stopped in the middle of its answer",
        "look into the server's log; {flag} allows more time",
    ),
    row(
        |it| it.symptom == Symptom::NoResponse && !it.is_tls,
        "the application hangs, or the port speaks TLS or no HTTP at all",
        "look into the server's log, or try {wss}; {flag} allows more time",
    ),
    row(
        |it| it.symptom == Symptom::NoResponse,
        "the application hangs, or a proxy in front of it waits for it",
        "look into the server's log; {flag} allows more time",
    ),
    // Another protocol.
    row(
        |it| is_foreign(it) && (it.starts(&[b"\x15\x03", b"\x16\x03"])),
        "the port speaks TLS",
        "connect to {wss}",
    ),
    row(
        |it| is_http2(it) && it.is_tls,
        "the server speaks HTTP/2 alone, as gRPC does, and may have WebSocket there",
        "try --http 2, or another port of the server",
    ),
    row(
        is_http2,
        "the server speaks HTTP/2 alone, as gRPC does, and may have WebSocket there",
        "try --http2-prior-knowledge, or another port of the server",
    ),
    row(
        |it| is_foreign(it) && it.starts(&[b"SSH-"]),
        "an SSH server listens on this port",
        "check the port",
    ),
    row(
        |it| is_foreign(it) && it.starts(&[b"220", b"+OK", b"* OK"]),
        "a mail or FTP server listens on this port",
        "check the port",
    ),
    row(
        |it| is_foreign(it) && it.starts(&[b"-ERR", b"-DENIED"]),
        "a Redis server listens on this port",
        "check the port",
    ),
    row(
        |it| is_foreign(it) && it.body.get(4) == Some(&0x0a) && it.body.get(3) == Some(&0),
        "a MySQL server may listen on this port",
        "check the port",
    ),
    row(
        is_foreign,
        "another service than a web server listens on this port",
        "check the port",
    ),
    // Ended instead of an answer.
    row(
        |it| is_cut(it) && it.other_address.is_some(),
        "{address} answered, and another program listens at {other_address}, which is localhost too",
        "try {family}",
    ),
    row(
        |it| is_cut(it) && it.is_socket_io(),
        "no Socket.IO server may be at this path, or a proxy does not pass WebSocket on",
        "check the path, then the proxy",
    ),
    row(
        |it| is_cut(it) && SOCKET_IO.contains(&it.waited),
        "a wrong path? Socket.IO does this after 1 s everywhere but at its own path",
        "check the path; for Socket.IO: {socket_io}",
    ),
    row(
        |it| is_cut(it) && !it.is_tls,
        "the port may speak TLS, or the path is wrong (Node's servers close so)",
        "try {wss}, or another path; for Socket.IO: {socket_io}",
    ),
    row(
        is_cut,
        "the path may be wrong (Node's servers close so), or the server does not speak WebSocket",
        "check the path; for Socket.IO: {socket_io}",
    ),
];

fn is_foreign(it: &Facts) -> bool {
    it.symptom == Symptom::NotHttp
}

fn is_http2(it: &Facts) -> bool {
    // A SETTINGS frame on stream 0, after its length of 3 bytes (RFC 9113 §6.5).
    is_foreign(it) && matches!(it.body[..], [_, _, _, 4, _, 0, 0, 0, 0, ..])
}

fn is_cut(it: &Facts) -> bool {
    matches!(it.symptom, Symptom::Closed | Symptom::Reset)
}
