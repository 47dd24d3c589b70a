//! Why a connection did not open, and what to do next.

use std::fmt::Write;

use crate::config::Connect;
use crate::event::NotOpen;
use crate::proto::http1::Head;
use crate::render::escape::{escape_line, escape_payload};
use crate::render::handshake::{Direction, head};
use crate::render::{Role, Style, hint};
use crate::session::OpenError;
use crate::session::open::Refused;

/// Why the connection did not open, for events.
pub(super) fn not_open(error: &OpenError, connect: &Connect) -> NotOpen {
    let why = NotOpen::new(error.to_string(), error.exit());
    match error {
        OpenError::Refused(refused) => NotOpen {
            hint: refusal_hint(refused, connect),
            body: Some(refused.body.content().to_vec()),
            ..why
        },
        _ => why,
    }
}

/// The text for standard error; the response's head is left out when it was `shown`.
pub(super) fn failure(error: &OpenError, connect: &Connect, style: Style, shown: bool) -> String {
    let mut out = String::new();
    if let OpenError::Refused(refused) = error {
        refusal(&mut out, refused, connect, style, shown);
    }
    let text = error.to_string();
    let text = format!("wsee: {}", escape_line(&text));
    let _ = writeln!(out, "{}", style.paint(Role::Error, text));
    if let OpenError::Refused(refused) = error
        && let Some(hint) = refusal_hint(refused, connect)
    {
        let hint = format!("hint: {}", escape_line(&hint));
        let _ = writeln!(out, "{}", style.paint(Role::Hint, hint));
    }
    out
}

/// Status line, headers and body of the response.
fn refusal(out: &mut String, refused: &Refused, connect: &Connect, style: Style, shown: bool) {
    if !shown {
        let response = &refused.refusal.response;
        head(
            out,
            response,
            Direction::Received,
            style,
            connect.display.secrets,
        );
    }
    let body = escape_payload(refused.body.content());
    for line in body.trim_end().lines() {
        // Indented, so that it cannot pass for a line of wsee's own.
        let line = line.strip_suffix("\\r").unwrap_or(line);
        let _ = writeln!(out, "  {line}");
    }
    if refused.body.is_truncated() {
        let _ = writeln!(out, "{}", style.paint(Role::Fact, "  … the body goes on"));
    }
}

fn refusal_hint(refused: &Refused, connect: &Connect) -> Option<String> {
    let (offer, asked) = (&connect.open.offer, &refused.asked);
    let edited = |name: &str| offer.edits.iter().any(|edit| edit.sets(name));
    let request = hint::Refusal {
        status: refused.refusal.status,
        host: &asked.host,
        target: &asked.target,
        is_tls: asked.tls,
        has_origin: offer.origin.is_some() || edited("Origin"),
        has_subprotocol: !offer.subprotocols.is_empty() || edited("Sec-WebSocket-Protocol"),
        withheld: asked.withheld,
    };
    let response: &Head = &refused.refusal.response;
    hint::refused(
        &request,
        |name| response.text(name),
        connect.display.secrets,
    )
}
