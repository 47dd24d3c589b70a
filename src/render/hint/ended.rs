//! Rows for connections that were open: how they ended.

use std::time::Duration;

use super::facts::Facts;
use super::row::{Row, row};
use crate::event::Symptom;

/// Real idle limits are at least this long.
const IDLE: Duration = Duration::from_secs(5);
/// Shorter silences are no sign of an idle limit at all.
const PAUSE: Duration = Duration::from_secs(2);
/// Words of a reason that are about who is asking.
const LOGIN: &[&str] = &[
    "invalid token",
    "token required",
    "missing token",
    "no token",
    "bad token",
    "authenti",
    "authoriz",
    "authoris",
    "auth failed",
    "auth required",
    "expired",
    "credential",
    "login",
    "logged in",
    "jwt",
    "invalid session",
    "forbidden",
    "denied",
    "permission",
];

pub(super) const ROWS: &[Row] = &[
    row(
        |it| it.symptom == Symptom::HttpAfterSwitch,
        "a proxy opened the connection and the server behind it refused it, or the server opens before it checks",
        "check path and query",
    ),
    // Nothing moved any more.
    row(
        |it| open(it) && it.end.stuck.is_some(),
        "the server has read nothing for {stuck}, so it hangs or is slower than the input",
        "look into its log, or send more slowly",
    ),
    row(
        |it| open(it) && it.end.no_pong,
        "the server hangs, or the network connection to it was lost",
        "look into the server's log{again}",
    ),
    row(
        |it| open(it) && it.end.no_close,
        "the server hangs, or does not answer Close frames",
        "look into its log, or wait longer with --close-timeout",
    ),
    row(
        // A protocol on top is not silent for long by itself.
        |it| open(it) && it.end.is_lost && it.end.quiet >= IDLE && !it.end.is_spoken,
        "an idle limit of a proxy or the server may have ended it, as nothing had passed for {quiet}",
        "try --ping-interval {ping}, and look into the server's log",
    ),
    row(
        |it| open(it) && it.end.is_lost && it.end.quiet >= PAUSE,
        "the server's process may have ended or crashed, or a proxy gave up",
        "look into its log; if every silence of {quiet} ends it so, try --ping-interval {ping}",
    ),
    row(
        |it| open(it) && it.end.is_lost && it.is_tls && it.end.received == 0 && it.end.sent == 0,
        "the server, or a proxy in front of it, gave up right after the opening",
        "look into its log",
    ),
    row(
        |it| open(it) && it.end.is_reset,
        "the server's process may have died",
        "look into its log{again}",
    ),
    row(
        |it| open(it) && it.end.is_lost,
        "the server's process may have ended or crashed, or a proxy gave up",
        "look into its log{again}",
    ),
    row(
        |it| open(it) && it.end.is_too_big,
        "the limit is wsee's own",
        "--max-message raises it",
    ),
    row(
        |it| open(it) && it.end.is_tolerable,
        "the server breaks the protocol here",
        "--lenient continues after it",
    ),
    // Who is asking.
    row(
        |it| is_denied(it) && it.token.is_some(),
        "{token}",
        "get a new one",
    ),
    row(
        |it| is_denied(it) && it.has_credentials(),
        "the server does not accept {credentials}, or a rule of its own",
        "check or renew them",
    ),
    row(
        is_denied,
        "the server wants credentials, or different ones",
        "add --bearer TOKEN or -u USER:PASS, or send them in a message if its protocol says so",
    ),
    row(
        |it| !it.end.is_idle && it.closed_with(&["idle", "inactiv"]),
        "its reason names an idle limit of the server",
        "try --ping-interval {ping}, or the heartbeat of its protocol with --every",
    ),
    row(
        |it| it.code == 1008,
        "a rule of the server, such as one for credentials, the Origin, or the size or number of messages",
        "look into its log",
    ),
    // graphql-ws gives its codes a meaning.
    row(
        |it| it.code == 4406 && it.subprotocol.is_none(),
        "graphql-ws closes so if its subprotocol is missing",
        "add -s graphql-transport-ws",
    ),
    row(
        |it| it.code == 4406,
        "graphql-ws does not speak the subprotocol {subprotocol}",
        "offer graphql-transport-ws or graphql-ws instead",
    ),
    row(
        |it| it.code == 4408,
        "graphql-ws waited for {\"type\":\"connection_init\"} in vain",
        "send it first, with --send",
    ),
    row(
        |it| it.code == 4400,
        "the server does not understand a message that was sent",
        "check its format; -v shows what was sent",
    ),
    row(
        |it| it.code == 4409 || it.code == 4429,
        "graphql-ws refuses what was sent twice ({code})",
        "use another id, and send connection_init once",
    ),
    row(
        |it| matches!(it.code, 1000 | 1005) && it.end.is_beside && it.target.contains("EIO="),
        "Socket.IO closes so after what is no packet, and a message was sent beside --as socket.io, as /text and /bin do",
        "a plain line or /emit sends an event",
    ),
    // Idle limits that close in order.
    row(
        |it| it.end.is_idle && it.target.contains("EIO="),
        "Socket.IO closes so {quiet} after a \"2\" that nobody answered, or without a \"40\" at first",
        "--as socket.io does both",
    ),
    row(
        |it| it.code == 1005 && it.target.contains("EIO=") && it.end.sent > 0 && !it.end.is_spoken,
        "Socket.IO closes so after a packet that it does not expect, such as one before its answer to \"40\", or to end a session",
        "--as socket.io waits for the answer",
    ),
    row(
        |it| it.end.is_idle && it.target.contains("vsn="),
        "nothing had passed for {quiet}: Phoenix closes so without heartbeats",
        "--every 30s '[null,\"1\",\"phoenix\",\"heartbeat\",{}]'",
    ),
    row(
        |it| it.end.is_idle,
        "nothing had passed for {quiet}: probably an idle limit of the server or a proxy",
        "try --ping-interval {ping}, or the heartbeat of its protocol with --every",
    ),
    // The other codes of RFC 6455 §7.4.1 and IANA.
    row(
        |it| it.code == 1001,
        "the server is shutting down or restarting",
        "try again later{or_again}",
    ),
    row(
        |it| it.code == 1002,
        "the server sees a broken rule of the protocol in what was sent",
        "-vv shows the frames; try --no-compress",
    ),
    row(
        |it| it.code == 1003,
        "the server does not take this type of message",
        "send binary instead of text (--binary), or the other way round",
    ),
    row(
        |it| it.code == 1007,
        "the server cannot read the content of a message",
        "check its encoding and format, or try --no-compress",
    ),
    row(
        |it| it.code == 1009,
        "a message is larger than the server takes",
        "send smaller ones, or raise its limit",
    ),
    row(
        |it| it.code == 1010,
        "the server misses an extension",
        "offer it with --compress or -H 'Sec-WebSocket-Extensions: …'",
    ),
    row(
        |it| it.code == 1011 && it.closed_with(&["ping timeout"]),
        "the server's pings were not answered in time",
        "check the network between, or raise the server's ping timeout",
    ),
    row(
        |it| it.code == 1011,
        "the server's code failed",
        "look into its log",
    ),
    row(
        |it| matches!(it.code, 1012 | 1013),
        "the server is restarting or overloaded",
        "try again later{or_again}",
    ),
    row(
        |it| it.code == 1014,
        "a gateway got no valid answer from the server behind it",
        "check that the server runs",
    ),
    row(
        |it| (3000..5000).contains(&it.code),
        "{code} has the meaning that the application gives it",
        "look it up in its documentation, or in the server's log",
    ),
];

fn open(it: &Facts) -> bool {
    it.symptom == Symptom::Ended
}

/// Whether the server closed because of who is asking: 3000 and 3003 are IANA's, 4401 and 4403 follow HTTP.
fn is_denied(it: &Facts) -> bool {
    let is_error = it.code == 1008 || (3000..5000).contains(&it.code);
    matches!(it.code, 3000 | 3003 | 4401 | 4403) || is_error && it.closed_with(LOGIN)
}
