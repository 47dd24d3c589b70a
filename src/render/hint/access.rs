//! Rows for refusals that are about who is asking.

use super::facts::Facts;
use super::row::{Row, row};

pub(super) const ROWS: &[Row] = &[
    // Who is asking.
    row(
        |it| it.refused_with(&[401, 403]) && it.credentials_dropped,
        "credentials and -H fields were not sent to {host}, as a redirect led there",
        "connect to it directly, or trust it with --location-trusted",
    ),
    row(
        |it| it.refused_with(&[400, 401, 403]) && it.wants_certificate,
        "the server asked for a client certificate, and there is none",
        "add --cert FILE and --key FILE",
    ),
    row(
        |it| {
            it.refused_with(&[400, 403])
                && it.says(&[
                    "ssl certificate was sent",
                    "ssl certificate error",
                    "client certificate",
                ])
        },
        "the server wants a client certificate (\"{quote}\")",
        "add --cert FILE and --key FILE, or check them",
    ),
    row(
        |it| it.token.is_some() && (it.refused_with(&[401, 403]) || is_about_token(it)),
        "{token}",
        "get a new one",
    ),
];

/// Whether a 400 is about who is asking (RFC 6750 §3.1): most are about something else.
fn is_about_token(it: &Facts) -> bool {
    let words = ["jwt", "expired", "invalid token", "invalid_token"];
    it.refused_with(&[400]) && (it.challenged("Bearer") || it.says(&words))
}
