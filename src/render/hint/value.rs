//! What a template's names stand for.

use std::time::Duration;

use super::facts::{Facts, scheme};
use crate::duration::shown;
use crate::render::escape::escape_line;
use crate::render::mask::Secrets;

/// The longest quotation of a page or a field, in characters: it has to fit into a line.
const QUOTE: usize = 100;
/// Nobody waits for longer than 30 days: a server that says so has made a mistake.
const LONGEST_RETRY: u64 = 30 * 24 * 60 * 60;

impl Facts {
    /// The value of a name in braces; unescaped, with secrets masked.
    pub(super) fn value(&self, name: &str) -> Option<String> {
        Some(match name {
            "path" => self.path().to_owned(),
            "other_path" => other_path(self.path()),
            "host" => self.host.clone(),
            "origin" => format!(
                "{}://{}",
                if self.is_tls { "https" } else { "http" },
                self.host
            ),
            "sent_origin" => self.origin.clone()?,
            "ws" => quoted(&self.with_scheme("ws")),
            "wss" => quoted(&self.with_scheme("wss")),
            "socket_io" => {
                let origin = self.value("origin")?;
                format!("wsee --as socket.io {}", quoted(&origin))
            }
            "sockjs" => {
                quoted(&self.url_of(&format!("{}/websocket", self.path().trim_end_matches('/'))))
            }
            "login" if self.login.as_deref()?.is_empty() => "another Authorization".to_owned(),
            "login" => self.login.clone()?,
            "credentials" => self.credentials().to_owned(),
            "subprotocol" => cut(&Secrets::Masked
                .header_value("Sec-WebSocket-Protocol", self.subprotocol.as_deref()?)),
            "server" => cut(self.field("Server").unwrap_or("the server")),
            "via" => cut(self.field("Via")?),
            "challenge" => cut(self.field("WWW-Authenticate")?),
            "scheme" => cut(scheme(self.field("WWW-Authenticate")?)),
            "realm" => parameter(self.field("WWW-Authenticate")?, "realm")
                .map_or_else(String::new, |realm| format!(" (realm \"{}\")", cut(&realm))),
            "denial" => self.denial(),
            "quote" => self.quote(),
            "location" => self.location()?,
            "version" => cut(self.field("Sec-WebSocket-Version")?),
            "retry" => self.retry_after()?,
            "token" => self.token.clone()?,
            "waited" => shown(self.waited),
            "quiet" => shown(self.end.quiet),
            "ping" => interval(self.end.quiet),
            "stuck" => shown(self.end.stuck?),
            "address" => self.address.clone()?,
            "other_address" => self.other_address.clone()?,
            "family" => if self.other_address.as_deref()?.starts_with('[') {
                "-6"
            } else {
                "-4"
            }
            .to_owned(),
            "missed_bypass" => cut(self.missed_bypass.as_deref()?),
            "bypass" => self
                .missed_bypass
                .as_deref()?
                .trim_start_matches('*')
                .to_owned(),
            "name" => self.host.split(':').next().unwrap_or_default().to_owned(),
            "again" | "or_again" if self.in_scenario || self.end.is_lasting => String::new(),
            "again" => "; --reconnect connects again".to_owned(),
            "or_again" => ", or use --reconnect".to_owned(),
            "flag" => self.timeout_flag.to_owned(),
            "status" => self.status.to_string(),
            "code" => self.code.to_string(),
            _ => return None,
        })
    }

    /// The URL with another path and query.
    fn url_of(&self, target: &str) -> String {
        let scheme = if self.is_tls { "wss" } else { "ws" };
        format!("{scheme}://{}{target}", self.host)
    }

    fn with_scheme(&self, scheme: &str) -> String {
        let url = Secrets::Masked.url(&self.url);
        let rest = url.split_once("://").map_or(&*url, |(_, rest)| rest);
        format!("{scheme}://{rest}")
    }

    fn credentials(&self) -> &'static str {
        match self
            .login
            .as_deref()
            .map(str::to_ascii_lowercase)
            .as_deref()
        {
            Some("basic") => "the user and password that were sent",
            Some("bearer") => "the token that was sent",
            Some(_) => "the Authorization that was sent",
            None if self.has_cookie => "the cookie that was sent",
            None if self.has_query_token => "the token in the query",
            None => "the request without credentials",
        }
    }

    /// RFC 6750 §3: what the server says about the token.
    fn denial(&self) -> String {
        let value = self.field("WWW-Authenticate").unwrap_or_default();
        let error = parameter(value, "error");
        let description = parameter(value, "error_description");
        match (error, description) {
            (Some(error), Some(text)) => format!(": {} \"{}\"", cut(&error), cut(&text)),
            (Some(error), None) => format!(": {}", cut(&error)),
            _ => String::new(),
        }
    }

    /// The title of a page, or the first line of another body.
    fn quote(&self) -> String {
        let body = String::from_utf8_lossy(&self.body);
        let lower = body.to_ascii_lowercase();
        let title = lower.find("<title>").map(|at| at + "<title>".len());
        let title = title.and_then(|from| {
            let to = lower[from..].find("</title>")? + from;
            body.get(from..to)
        });
        let first = || {
            body.lines()
                .map(str::trim)
                .find(|line| !line.is_empty() && !line.starts_with('<'))
        };
        cut(title.map(str::trim).or_else(first).unwrap_or(&self.phrase))
    }

    /// RFC 9110 §10.2.3: Retry-After is a number of seconds or a date; anything else says nothing.
    pub(super) fn retry_after(&self) -> Option<String> {
        let time = self.field("Retry-After")?.trim();
        match time.parse() {
            Ok(seconds @ 0..=LONGEST_RETRY) => Some(format!("in {seconds} s")),
            Ok(_) => None,
            Err(_) => jiff::fmt::rfc2822::parse(time)
                .is_ok()
                .then(|| format!("after {}", cut(time))),
        }
    }

    /// Where a redirection leads, as a URL that can be typed.
    pub(super) fn location(&self) -> Option<String> {
        let location = self.field("Location")?;
        let base = url::Url::parse(&self.url).ok();
        let url = match base.and_then(|base| base.join(location).ok()) {
            Some(mut url) => {
                let scheme = match url.scheme() {
                    "http" => "ws",
                    "https" => "wss",
                    other => other,
                }
                .to_owned();
                // Cannot fail between these schemes.
                let _ = url.set_scheme(&scheme);
                String::from(url)
            }
            None => location.to_owned(),
        };
        Some(Secrets::Masked.url(&url).into_owned())
    }
}

/// A parameter of a challenge (RFC 9110 §11.6.1), quoted or not.
fn parameter(value: &str, name: &str) -> Option<String> {
    let lower = value.to_ascii_lowercase();
    let start = lower.match_indices(&format!("{name}=")).find(|(at, _)| {
        let before = lower[..*at].chars().next_back();
        before.is_none_or(|before| matches!(before, ' ' | ',' | '\t'))
    });
    let rest = &value[start?.0 + name.len() + 1..];
    let value = match rest.strip_prefix('"') {
        Some(quoted) => quoted.split('"').next(),
        None => rest.split([',', ' ']).next(),
    };
    value.map(str::to_owned)
}

fn other_path(path: &str) -> String {
    match path.strip_suffix('/') {
        Some("") => "/ws".to_owned(),
        Some(without) => without.to_owned(),
        None => format!("{path}/"),
    }
}

/// Pings at half the time that the connection survived without any.
fn interval(quiet: Duration) -> String {
    let half = (quiet / 2).as_secs().clamp(1, 25);
    format!("{half}s")
}

/// A URL that a shell takes as one word.
fn quoted(url: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-._~:/@%+,=".contains(c);
    if url.chars().all(is_plain) {
        url.to_owned()
    } else {
        format!("'{}'", url.replace('\'', "%27"))
    }
}

fn cut(text: &str) -> String {
    let text = escape_line(text);
    match text.char_indices().nth(QUOTE) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.into_owned(),
    }
}
