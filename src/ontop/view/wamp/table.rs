//! The messages: their numbers, names and parts.

use crate::ontop::view::form::{Form, form};

/// All messages (WAMP v2 §3.3), in the order of their numbers.
pub(super) const FORMS: &[Form] = &[
    form(Some(1), "HELLO", 2, &["realm", "details"]),
    form(Some(2), "WELCOME", 1, &["session", "details"]),
    form(Some(3), "ABORT", 2, &["details", "reason"]),
    form(Some(4), "CHALLENGE", 1, &["method", "extra"]),
    form(Some(5), "AUTHENTICATE", 1, &["signature", "extra"]),
    form(Some(6), "GOODBYE", 2, &["details", "reason"]),
    form(
        Some(8),
        "ERROR",
        4,
        &["of", "request", "details", "error", "args", "kwargs"],
    ),
    form(
        Some(16),
        "PUBLISH",
        3,
        &["request", "options", "topic", "args", "kwargs"],
    ),
    form(Some(17), "PUBLISHED", 1, &["request", "publication"]),
    form(Some(32), "SUBSCRIBE", 3, &["request", "options", "topic"]),
    form(Some(33), "SUBSCRIBED", 2, &["request", "subscription"]),
    form(Some(34), "UNSUBSCRIBE", 2, &["request", "subscription"]),
    form(Some(35), "UNSUBSCRIBED", 1, &["request", "details"]),
    form(
        Some(36),
        "EVENT",
        3,
        &["subscription", "publication", "details", "args", "kwargs"],
    ),
    form(
        Some(48),
        "CALL",
        3,
        &["request", "options", "procedure", "args", "kwargs"],
    ),
    form(Some(49), "CANCEL", 1, &["request", "options"]),
    form(
        Some(50),
        "RESULT",
        2,
        &["request", "details", "args", "kwargs"],
    ),
    form(
        Some(64),
        "REGISTER",
        3,
        &["request", "options", "procedure"],
    ),
    form(Some(65), "REGISTERED", 2, &["request", "registration"]),
    form(Some(66), "UNREGISTER", 2, &["request", "registration"]),
    form(Some(67), "UNREGISTERED", 1, &["request", "details"]),
    form(
        Some(68),
        "INVOCATION",
        3,
        &["request", "registration", "details", "args", "kwargs"],
    ),
    form(Some(69), "INTERRUPT", 1, &["request", "options"]),
    form(
        Some(70),
        "YIELD",
        2,
        &["request", "options", "args", "kwargs"],
    ),
];

/// Messages of ours that have an answer.
pub(super) const ASKING: [&str; 6] = [
    "CALL",
    "PUBLISH",
    "SUBSCRIBE",
    "UNSUBSCRIBE",
    "REGISTER",
    "UNREGISTER",
];
