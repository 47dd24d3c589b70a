//! What the codes of servers mean.

use super::packet::Version;

/// Codes from here on are failures (MQTT 5 §2.4).
pub(super) const FAILURE: u8 = 0x80;
/// Another client has connected with the same name.
pub(super) const TAKEN_OVER: u8 = 0x8e;
/// No exchange has this packet identifier.
pub(super) const UNKNOWN_ID: u8 = 0x92;

// Those that a server gives.
/// Nothing was subscribed to by this name.
pub(super) const NO_SUBSCRIPTION: u8 = 0x11;
pub(super) const MALFORMED: u8 = 0x81;
pub(super) const PROTOCOL_ERROR: u8 = 0x82;
pub(super) const BAD_LOGIN: u8 = 0x86;
pub(super) const NOT_ALLOWED: u8 = 0x87;
/// The client gave no sign of life.
pub(super) const SILENT: u8 = 0x8d;
pub(super) const BAD_FILTER: u8 = 0x8f;
pub(super) const BAD_TOPIC: u8 = 0x90;
pub(super) const QUOTA: u8 = 0x97;
/// Administrative action: somebody closes the session, or ends the server.
pub(super) const BY_HAND: u8 = 0x98;
pub(super) const SHARED: u8 = 0x9e;

/// The reason codes of MQTT 5 (§2.4), in the words of the specification.
const REASONS: [(u8, &str); 40] = [
    (0x04, "disconnect with will message"),
    (0x10, "no matching subscribers"),
    (0x11, "no subscription existed"),
    (0x18, "continue authentication"),
    (0x19, "re-authenticate"),
    (0x80, "unspecified error"),
    (0x81, "malformed packet"),
    (0x82, "protocol error"),
    (0x83, "implementation specific error"),
    (0x84, "unsupported protocol version"),
    (0x85, "client identifier not valid"),
    (0x86, "bad user name or password"),
    (0x87, "not authorized"),
    (0x88, "server unavailable"),
    (0x89, "server busy"),
    (0x8a, "banned"),
    (0x8b, "server shutting down"),
    (0x8c, "bad authentication method"),
    (0x8d, "keep alive timeout"),
    (0x8e, "session taken over"),
    (0x8f, "topic filter invalid"),
    (0x90, "topic name invalid"),
    (0x91, "packet identifier in use"),
    (0x92, "packet identifier not found"),
    (0x93, "receive maximum exceeded"),
    (0x94, "topic alias invalid"),
    (0x95, "packet too large"),
    (0x96, "message rate too high"),
    (0x97, "quota exceeded"),
    (0x98, "administrative action"),
    (0x99, "payload format invalid"),
    (0x9a, "retain not supported"),
    (0x9b, "QoS not supported"),
    (0x9c, "use another server"),
    (0x9d, "server moved"),
    (0x9e, "shared subscriptions not supported"),
    (0x9f, "connection rate exceeded"),
    (0xa0, "maximum connect time"),
    (0xa1, "subscription identifiers not supported"),
    (0xa2, "wildcard subscriptions not supported"),
];

/// The return codes of CONNACK in MQTT 3.1.1 (§3.2.2.3).
const RETURN_CODES: [(u8, &str); 5] = [
    (1, "unacceptable protocol version"),
    (2, "client identifier rejected"),
    (3, "server unavailable"),
    (4, "bad user name or password"),
    (5, "not authorized"),
];

/// What a reason code means: `not authorized (135)`.
pub(super) fn reason(code: u8) -> String {
    named(&REASONS, code)
}

/// What the code of a CONNACK means. Servers that do not know version 5 answer with codes of version 3.1.1.
pub(super) fn refusal(code: u8) -> String {
    let codes: &[(u8, &str)] = if code < FAILURE {
        &RETURN_CODES
    } else {
        &REASONS
    };
    named(codes, code)
}

fn named(codes: &[(u8, &str)], code: u8) -> String {
    let known = codes.iter().find(|(known, _)| *known == code);
    match known {
        Some((_, name)) => format!("{name} ({code})"),
        None => format!("unknown reason {code}"),
    }
}

/// What to do about a refused CONNECT.
pub(super) fn hint(code: u8, version: Version, has_login: bool) -> Option<&'static str> {
    Some(match (code, version) {
        (1 | 0x84, Version::V5) => "the server may speak 3.1.1; add --mqtt-version 3.1.1",
        (1 | 0x84, Version::V3) => "the server may speak 5 alone; add --mqtt-version 5",
        (2 | 0x85, _) => "--client-id ID names the client",
        (4 | 5 | 0x86 | 0x87 | 0x8c, _) if has_login => "check the user and password of -u",
        (4 | 5 | 0x86 | 0x87 | 0x8c, _) => "-u USER:PASS logs in",
        _ => return None,
    })
}
