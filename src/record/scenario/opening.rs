//! The opening in a scenario: `connect`, request fields, and the server's answer.

use std::fmt::Write as _;

use url::Url;

use super::is_clean;
use crate::event::Opening;
use crate::proto::http1::Head;
use crate::render::Secrets;
use crate::render::escape::{Layout, escape_line};
use crate::scenario::Template;
use crate::scenario::ast::Statement;
use crate::scenario::format::write_all;
use crate::scenario::template::Variable;
use crate::secret::MASK;

/// Fields that every connection sets itself.
const OWN: [&str; 5] = [
    "Upgrade",
    "Connection",
    "Sec-WebSocket-Key",
    "Sec-WebSocket-Version",
    "Sec-WebSocket-Extensions",
];
const USER_AGENT: &str = concat!("wsee/", env!("CARGO_PKG_VERSION"));
const SUBPROTOCOL: &str = "Sec-WebSocket-Protocol";

/// The status of the response, if it is valid in HTTP; one that opens a WebSocket is 101 in every version.
pub(super) fn status(opening: &Opening) -> Option<u16> {
    let response = opening.response()?;
    match response.status()? {
        // RFC 8441 §5.
        200..=299 if response.is_http2() => Some(101),
        status => Some(status).filter(|status| (100..=599).contains(status)),
    }
}

pub(super) fn subprotocol(opening: &Opening) -> Option<String> {
    let name = opening.response()?.text(SUBPROTOCOL)?;
    is_clean(&name, Layout::Line).then_some(name)
}

pub(super) fn write(opening: &Opening, secrets: Secrets) -> String {
    let masker = Masker(secrets);
    let url = masker.address(opening.url());
    let mut statements = vec![Statement::Connect {
        name: None,
        on_top: None,
        url,
    }];
    statements.extend(version(opening));
    statements.extend(masker.fields(opening));
    statements.extend(status(opening).map(Statement::Status));
    statements.extend(subprotocol(opening).map(|value| Statement::ResponseField {
        name: SUBPROTOCOL.to_owned(),
        value: Template::literal(&value),
    }));
    let mut text = note_on_secrets(&statements);
    text.push_str(&write_all(statements.iter()));
    text
}

/// The flag for HTTP/2, if that was spoken.
fn version(opening: &Opening) -> Option<Statement> {
    let request = opening.request().filter(|request| request.is_http2())?;
    let (name, value) = if request.text(":scheme").as_deref() == Some("http") {
        ("http2-prior-knowledge", None)
    } else {
        ("http", Some(Template::literal("2")))
    };
    let name = name.to_owned();
    Some(Statement::Flag { name, value })
}

/// Writes environment variables in place of secrets.
struct Masker(Secrets);

impl Masker {
    /// The URL without name and password, which the request has in a field.
    fn address(&self, url: &str) -> Template {
        let Ok(mut url) = Url::parse(url) else {
            return self.masked(url);
        };
        // Only a URL without a host refuses, and it has no userinfo.
        let _ = url.set_username("");
        let _ = url.set_password(None);
        self.masked(url.as_str())
    }

    fn masked(&self, url: &str) -> Template {
        let masked = self.0.url(url);
        if masked == url {
            return Template::literal(url);
        }
        let mut text = String::new();
        for pair in masked.split_inclusive(['?', '#', '&', ';', '/']) {
            let (pair, end) = match pair.char_indices().last() {
                Some((at, '?' | '#' | '&' | ';' | '/')) => pair.split_at(at),
                _ => (pair, ""),
            };
            let secret = pair.strip_suffix(MASK);
            match secret.and_then(|pair| pair.strip_suffix('=')) {
                Some(name) => {
                    let name = Template::literal(name).to_string();
                    // Writing to a String cannot fail.
                    let _ = write!(text, "{name}={{{{{}}}}}", environment(&name));
                }
                None => text.push_str(&Template::literal(pair).to_string()),
            }
            text.push_str(end);
        }
        Template::parse(&text).unwrap_or_else(|_| Template::literal(&masked))
    }

    /// The request fields that the user asked for.
    fn fields(&self, opening: &Opening) -> Vec<Statement> {
        let host = host(opening.url());
        let fields = opening.request().into_iter().flat_map(Head::fields);
        let fields = fields.map(|(name, value)| match name {
            // RFC 9113 §8.3.1.
            b":authority" => ("Host".to_owned(), text(value)),
            name => (text(name), text(value)),
        });
        let asked = fields.filter(|(name, value)| {
            let is = |own: &str| name.eq_ignore_ascii_case(own);
            !OWN.into_iter().any(is)
                && !name.starts_with(':')
                && (!is("Host") || host.as_ref() != Some(value))
                && (!is("User-Agent") || value != USER_AGENT)
        });
        let mut together: Vec<(String, String)> = Vec::new();
        for (name, value) in asked {
            let is_cookie = |it: &&mut (String, String)| {
                it.0.eq_ignore_ascii_case("Cookie") && it.0.eq_ignore_ascii_case(&name)
            };
            // RFC 9113 §8.2.3: cookies that have a field each are one variable.
            match together.iter_mut().find(is_cookie) {
                Some((_, cookies)) => cookies.extend(["; ", &value]),
                None => together.push((name, value)),
            }
        }
        let fields = together.into_iter();
        fields
            .map(|(name, value)| self.field(name, &value))
            .collect()
    }

    fn field(&self, name: String, value: &str) -> Statement {
        let shown = self.0.header_value(&name, value);
        if !is_clean(value, Layout::Line) {
            let shown = escape_line(&*shown);
            return Statement::Comment(format!("not written exactly: {name}: {shown}"));
        }
        let value = match &*shown {
            shown if shown == value => Template::literal(value),
            MASK => Template::parse(&format!("{{{{{}}}}}", environment(&name)))
                .unwrap_or_else(|_| Template::literal(MASK)),
            shown if !shown.contains("://") => {
                let parts = shown
                    .split(MASK)
                    .map(|part| Template::literal(part).to_string());
                let parts: Vec<String> = parts.collect();
                Template::parse(&parts.join(&format!("{{{{{}}}}}", environment(&name))))
                    .unwrap_or_else(|_| Template::literal(shown))
            }
            _ => self.masked(value),
        };
        Statement::RequestField { name, value }
    }
}

fn host(url: &str) -> Option<String> {
    let url = Url::parse(url).ok()?;
    let host = url.host_str()?;
    Some(match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    })
}

/// A comment that lists the environment variables; empty if there are none.
fn note_on_secrets(statements: &[Statement]) -> String {
    let templates = statements.iter().filter_map(|statement| match statement {
        Statement::Connect { url: it, .. } | Statement::RequestField { value: it, .. } => Some(it),
        _ => None,
    });
    let flags = templates
        .flat_map(Template::variables)
        .filter_map(|variable| match variable {
            Variable::Env(name) => Some(format!(" --allow-env {name}")),
            _ => None,
        });
    let flags: String = flags.collect();
    if flags.is_empty() {
        return flags;
    }
    format!("# Secrets are not recorded; they come from the environment with{flags}\n")
}

fn environment(name: &str) -> Variable {
    let is_word = |c: char| c.is_ascii_alphanumeric();
    let word = |c: char| {
        if is_word(c) {
            c.to_ascii_uppercase()
        } else {
            '_'
        }
    };
    let name: String = name.chars().map(word).collect();
    let is_name = name.starts_with(|c: char| !c.is_ascii_digit());
    Variable::Env(if is_name { name } else { format!("_{name}") })
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
