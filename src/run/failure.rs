//! Why a connection did not open, and how to fix it.

use std::fmt::Write;

use crate::config::Connect;
use crate::diagnostic::Diagnostic;
use crate::dial::{self, ProxyProblem, TunnelRefusal};
use crate::event::{Direction, NotOpen};
use crate::proto::http1::{Body, Head};
use crate::render::escape::escape_payload;
use crate::render::handshake::head;
use crate::render::message;
use crate::render::{Role, Style};
use crate::secret::Redactor;
use crate::session::{OpenError, OpenProblem};

pub(super) fn not_open(error: &OpenError, connect: &Connect) -> NotOpen {
    let redactor = connect.display.secrets.redactor(error.evidence.requests());
    NotOpen {
        hint: error.hint(),
        body: answer(error).map(|(_, body)| redactor.bytes(body.content()).into_owned()),
        ..NotOpen::new(error.to_string(), error.exit())
    }
}

/// The text for standard error, without the response's head if that was already `shown`.
pub(super) fn failure(error: &OpenError, connect: &Connect, style: Style, shown: bool) -> String {
    let mut out = String::new();
    if let Some((response, body)) = answer(error) {
        let secrets = connect.display.secrets;
        // Servers for debugging answer with the request.
        let redactor = secrets.redactor(error.evidence.requests());
        if !shown {
            let mut text = String::new();
            head(&mut text, response, Direction::Received, style, secrets);
            out.push_str(&redactor.text(&text));
        }
        content(&mut out, body, &redactor, style);
    }
    // The last line says how it ended, so the hint goes before.
    let why = not_open(error, connect);
    if let Some(hint) = why.hint {
        out.push_str(&message::hint(&hint, style));
    }
    out.push_str(&message::problem(&why.message, style));
    out
}

fn answer(error: &OpenError) -> Option<(&Head, &Body)> {
    match &error.problem {
        OpenProblem::Refused(refused) => Some((&refused.refusal.response, &refused.body)),
        _ => tunnel_refusal(error).map(|refusal| (&refusal.response, &refusal.body)),
    }
}

fn content(out: &mut String, body: &Body, redactor: &Redactor, style: Style) {
    let content = redactor.bytes(body.content());
    let content = escape_payload(&*content);
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
    match &error.problem {
        OpenProblem::Dial(dial::Error::Proxy(error)) => match &error.problem {
            ProxyProblem::Refused(refusal) => Some(refusal),
            _ => None,
        },
        _ => None,
    }
}
