//! Rows for refusals that are about who is asking.

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
                && it.says(&["ssl certificate was sent", "client certificate"])
        },
        "the server wants a client certificate (\"{quote}\")",
        "add --cert FILE and --key FILE, or check them",
    ),
    row(
        |it| it.refused_with(&[400, 401, 403]) && it.token.is_some(),
        "{token}",
        "get a new one",
    ),
];
