//! Why a connection did not open, and how to fix it.

use std::fmt::Write;

use crate::config::Connect;
use crate::diagnostic::Diagnostic;
use crate::dial::{self, ProxyProblem, TunnelRefusal};
use crate::event::{Direction, NotOpen};
use crate::proto::http1::{Body, Head};
use crate::render::escape::escape_payload;
use crate::render::handshake::head;
use crate::render::hint::refusal;
use crate::render::message;
use crate::render::{Role, Style};
use crate::session::OpenError;
use crate::session::Refused;

pub(super) fn not_open(error: &OpenError, connect: &Connect) -> NotOpen {
    NotOpen {
        hint: hint(error, connect),
        body: answer(error).map(|(_, body)| body.content().to_vec()),
        ..NotOpen::new(error.to_string(), error.exit())
    }
}

/// The text for standard error, without the response's head if that was already `shown`.
pub(super) fn failure(error: &OpenError, connect: &Connect, style: Style, shown: bool) -> String {
    let mut out = String::new();
    if let Some((response, body)) = answer(error) {
        if !shown {
            let secrets = connect.display.secrets;
            head(&mut out, response, Direction::Received, style, secrets);
        }
        content(&mut out, body, style);
    }
    // The last line says how it ended, so the hint goes before.
    if let Some(hint) = hint(error, connect) {
        out.push_str(&message::hint(&hint, style));
    }
    out.push_str(&message::problem(&error.to_string(), style));
    out
}

fn answer(error: &OpenError) -> Option<(&Head, &Body)> {
    match error {
        OpenError::Refused(refused) => Some((&refused.refusal.response, &refused.body)),
        _ => tunnel_refusal(error).map(|refusal| (&refusal.response, &refusal.body)),
    }
}

fn hint(error: &OpenError, connect: &Connect) -> Option<String> {
    match error {
        OpenError::Refused(refused) => refusal_hint(refused, connect),
        _ => error.hint(),
    }
}

fn content(out: &mut String, body: &Body, style: Style) {
    let content = escape_payload(body.content());
    for line in content.trim_end().lines() {
        // Indented, so that it cannot be mistaken for a line of wsee's own.
        let line = line.strip_suffix("\\r").unwrap_or(line);
        let _ = writeln!(out, "  {line}");
    }
    if body.is_truncated() {
        let _ = writeln!(out, "{}", style.paint(Role::Fact, "  … the body continues"));
    }
}

fn tunnel_refusal(error: &OpenError) -> Option<&TunnelRefusal> {
    match error {
        OpenError::Dial(dial::Error::Proxy(error)) => match &error.problem {
            ProxyProblem::Refused(refusal) => Some(refusal),
            _ => None,
        },
        _ => None,
    }
}

fn refusal_hint(refused: &Refused, connect: &Connect) -> Option<String> {
    let (offer, asked) = (&connect.dialing.open.offer, &refused.asked);
    let edited = |name: &str| offer.edits.iter().any(|edit| edit.sets(name));
    let request = refusal::Refusal {
        status: refused.refusal.status,
        host: &asked.host,
        target: &asked.target,
        is_tls: asked.tls,
        has_origin: offer.origin.is_some() || edited("Origin"),
        has_subprotocol: !offer.subprotocols.is_empty() || edited("Sec-WebSocket-Protocol"),
        credentials_dropped: asked.credentials_dropped,
        wants_certificate: asked.wants_certificate,
    };
    let response: &Head = &refused.refusal.response;
    refusal::refused(
        &request,
        |name| response.text(name),
        connect.display.secrets,
    )
}
