//! What the table of causes looks at: evidence, digested to plain values.

use std::time::Duration;

use super::token;
use crate::duration::shown;
use crate::event::{Cause, Ending, Evidence, Symptom};
use crate::proto::connection::{End, reported_code};
use crate::proto::http1::Head;
use crate::proto::rules::Rule;
use crate::render::escape::escape_line;
use crate::render::mask::Secrets;

/// Where a Socket.IO server listens, with the query it demands.
const SOCKET_IO: &str = "/socket.io/?EIO=4&transport=websocket";
/// The longest quotation of a page or a field, in characters: it has to fit into a line.
const QUOTE: usize = 80;

#[derive(Debug, Clone, Default)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts")]
pub(super) struct Facts {
    pub symptom: Symptom,
    /// The status of the response; 0 without one.
    pub status: u16,
    /// The code that the server closed with, 1005 without one; 0 if it did not close.
    pub code: u16,
    pub reason: String,
    pub url: String,
    pub host: String,
    pub target: String,
    pub is_tls: bool,
    /// The scheme of the Authorization that was sent.
    pub login: Option<String>,
    pub has_cookie: bool,
    pub has_query_token: bool,
    pub origin: Option<String>,
    pub subprotocol: Option<String>,
    pub has_extensions: bool,
    /// The fields of the response.
    pub fields: Vec<(String, String)>,
    /// The start of the response's body, or what arrived instead of a response.
    pub body: Vec<u8>,
    /// What is wrong with the time of a token that was sent.
    pub token: Option<String>,
    pub waited: Duration,
    pub address: Option<String>,
    pub other_address: Option<String>,
    pub credentials_dropped: bool,
    pub wants_certificate: bool,
    pub missed_bypass: Option<String>,
    pub in_scenario: bool,
    pub timeout_flag: &'static str,
    pub end: EndFacts,
}

/// What is known of the end of a connection that was open.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts")]
pub(super) struct EndFacts {
    /// The stream ended without a closing handshake.
    pub is_lost: bool,
    pub is_reset: bool,
    pub no_pong: bool,
    pub no_close: bool,
    /// A rule was broken that can be tolerated.
    pub is_tolerable: bool,
    pub is_too_big: bool,
    /// It looks as if an idle limit had ended it.
    pub is_idle: bool,
    /// For how long nothing had passed.
    pub quiet: Duration,
    /// For how long nothing had been received.
    pub silence: Duration,
    /// How long the stream had not taken what was sent.
    pub stuck: Option<Duration>,
    pub sent: u64,
    pub received: u64,
}

impl Facts {
    pub(super) fn of(evidence: &Evidence) -> Self {
        let request = evidence.request.as_ref();
        let sent = |name: &str| request.and_then(|head| head.text(name));
        let response = evidence.response.as_ref();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let fields = response.into_iter().flat_map(Head::fields);
        Self {
            symptom: evidence.symptom,
            status: response.and_then(Head::status).unwrap_or_default(),
            url: evidence.url.clone(),
            host: evidence.host.clone(),
            target: evidence.target.clone(),
            is_tls: evidence.is_tls,
            login: sent("Authorization").map(|value| scheme(&value).to_owned()),
            has_cookie: sent("Cookie").is_some(),
            has_query_token: Secrets::Masked.url(&evidence.target) != evidence.target,
            origin: sent("Origin"),
            subprotocol: sent("Sec-WebSocket-Protocol"),
            has_extensions: sent("Sec-WebSocket-Extensions").is_some(),
            fields: fields
                .map(|(name, value)| (text(name), text(value)))
                .collect(),
            body: evidence.body.clone(),
            token: request.and_then(|head| token::problem(head, evidence.time)),
            waited: evidence.waited,
            address: evidence.address.map(|it| it.to_string()),
            other_address: evidence.other_address.map(|it| it.to_string()),
            credentials_dropped: evidence.credentials_dropped,
            wants_certificate: evidence.wants_certificate,
            missed_bypass: evidence.missed_bypass.clone(),
            in_scenario: evidence.in_scenario,
            timeout_flag: evidence.timeout_flag,
            ..Self::default()
        }
    }

    /// The facts of a connection that ended.
    pub(super) fn ended(ending: &Ending) -> Self {
        let mut facts = Self {
            symptom: Symptom::Ended,
            end: EndFacts {
                is_idle: ending.is_idle(),
                quiet: ending.quiet.both(),
                silence: ending.quiet.received,
                stuck: ending.stuck.filter(|_| ending.is_stuck()),
                sent: ending.sent.messages,
                received: ending.received.messages,
                ..EndFacts::default()
            },
            ..Self::of(&ending.evidence)
        };
        let is_ours = ending.cause.is_some();
        match &ending.end {
            End::Closed {
                by_peer: true,
                received,
                ..
            } => {
                facts.code = reported_code(received.as_ref()).0;
                facts.reason = received
                    .as_ref()
                    .map(|it| it.reason.clone())
                    .unwrap_or_default();
            }
            End::Lost { error, closing, .. } if !closing => {
                facts.end.is_lost = true;
                facts.end.is_reset = error.as_deref() == Some("TCP reset");
            }
            End::NoPong(_) => facts.end.no_pong = true,
            End::CloseTimeout => facts.end.no_close = true,
            End::Failed(violation) if violation.rule == Rule::Http => {
                facts.symptom = Symptom::HttpAfterSwitch;
                facts.body.clone_from(&violation.bytes);
            }
            End::Failed(violation) if !is_ours => {
                facts.end.is_tolerable = violation.rule.is_tolerable();
                facts.end.is_too_big = matches!(violation.rule, Rule::MessageTooBig(_));
            }
            _ => {}
        }
        if let Some(Cause::Signal(_)) = ending.cause {
            facts.end.stuck = None;
        }
        facts
    }

    pub(super) fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or(&self.target)
    }

    pub(super) fn field(&self, name: &str) -> Option<&str> {
        let mut fields = self.fields.iter();
        let found = fields.find(|(other, _)| other.eq_ignore_ascii_case(name))?;
        Some(&found.1)
    }

    /// Whether the field has this text in it, in any case.
    pub(super) fn field_has(&self, name: &str, text: &str) -> bool {
        let value = self.field(name).unwrap_or_default();
        value.to_ascii_lowercase().contains(text)
    }

    /// Whether the body has one of these texts in it, which are in lower case.
    pub(super) fn says(&self, texts: &[&str]) -> bool {
        let body = String::from_utf8_lossy(&self.body).to_ascii_lowercase();
        texts.iter().any(|text| body.contains(text))
    }

    /// Whether the body has this word in it, which is in lower case: "original" is another than "origin".
    pub(super) fn says_word(&self, word: &str) -> bool {
        let body = String::from_utf8_lossy(&self.body).to_ascii_lowercase();
        let mut words = body.split(|c: char| !c.is_ascii_alphanumeric());
        words.any(|other| other == word)
    }

    /// Whether the body is this text, which is in lower case, and nothing else.
    pub(super) fn says_only(&self, text: &str) -> bool {
        self.body.trim_ascii().eq_ignore_ascii_case(text.as_bytes())
    }

    /// Whether the upgrade was refused with one of these statuses.
    pub(super) fn refused_with(&self, statuses: &[u16]) -> bool {
        self.symptom == Symptom::Refused && statuses.contains(&self.status)
    }

    /// Whether the reason of the close has one of these texts in it, which are in lower case.
    pub(super) fn closed_with(&self, texts: &[&str]) -> bool {
        let reason = self.reason.to_ascii_lowercase();
        texts.iter().any(|text| reason.contains(text))
    }

    /// Whether what arrived starts with one of these bytes.
    pub(super) fn starts(&self, starts: &[&[u8]]) -> bool {
        starts.iter().any(|start| self.body.starts_with(start))
    }

    /// The schemes that WWW-Authenticate names, in lower case.
    pub(super) fn challenged(&self, scheme: &str) -> bool {
        let fields = self.fields.iter();
        let mut values = fields.filter(|(name, _)| name.eq_ignore_ascii_case("WWW-Authenticate"));
        values.any(|(_, value)| {
            let mut parts = value.split(',').map(|part| self::scheme(part.trim()));
            parts.any(|it| it.eq_ignore_ascii_case(scheme))
        })
    }

    pub(super) fn is_login(&self, scheme: &str) -> bool {
        let login = self.login.as_deref().unwrap_or_default();
        login.eq_ignore_ascii_case(scheme)
    }

    /// Whether anything was sent that says who this is.
    pub(super) fn has_credentials(&self) -> bool {
        self.login.is_some() || self.has_cookie || self.has_query_token
    }

    pub(super) fn is_socket_io(&self) -> bool {
        let path = self.path();
        path.starts_with("/socket.io") || path.starts_with("/engine.io")
    }

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
            "socket_io" => format!("wsee {}", quoted(&self.url_of(SOCKET_IO))),
            "sockjs" => {
                quoted(&self.url_of(&format!("{}/websocket", self.path().trim_end_matches('/'))))
            }
            "login" => self.login.clone()?,
            "credentials" => self.credentials().to_owned(),
            "subprotocol" => cut(&Secrets::Masked
                .header_value("Sec-WebSocket-Protocol", self.subprotocol.as_deref()?)),
            "server" => cut(self.field("Server").unwrap_or("the server")),
            "via" => cut(self.field("Via")?),
            "challenge" => cut(self.field("WWW-Authenticate")?),
            "scheme" => scheme(self.field("WWW-Authenticate")?).to_owned(),
            "realm" => parameter(self.field("WWW-Authenticate")?, "realm")
                .map_or_else(String::new, |realm| format!(" (realm \"{}\")", cut(&realm))),
            "denial" => self.denial(),
            "quote" => self.quote(),
            "location" => self.location()?,
            "version" => cut(self.field("Sec-WebSocket-Version")?),
            "retry" => retry(self.field("Retry-After")?),
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
            "again" if self.in_scenario => String::new(),
            "again" => "; --reconnect connects again".to_owned(),
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
        cut(title.map(str::trim).or_else(first).unwrap_or_default())
    }

    /// Where a redirection leads, as a URL that can be typed.
    fn location(&self) -> Option<String> {
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

    /// Whether `-L` would follow the redirection.
    pub(super) fn is_followed(&self) -> bool {
        let location = self.location().unwrap_or_default();
        let is_downgrade = self.is_tls && location.starts_with("ws:");
        matches!(self.status, 301..=303 | 307 | 308) && !is_downgrade
    }

    /// Whether the redirection leads to the same place over TLS.
    pub(super) fn wants_tls(&self) -> bool {
        let name = |authority: &str| {
            authority
                .split(':')
                .next()
                .unwrap_or_default()
                .to_ascii_lowercase()
        };
        let location = self.location().unwrap_or_default();
        let host = location
            .strip_prefix("wss://")
            .and_then(|rest| rest.split('/').next());
        !self.is_tls && host.is_some_and(|host| name(host) == name(&self.host))
    }
}

fn scheme(value: &str) -> &str {
    let scheme = value.split([' ', ',']).next().unwrap_or_default();
    // A token without a scheme must not be shown.
    if scheme.len() == value.len() && scheme.len() > 16 {
        ""
    } else {
        scheme
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

/// RFC 9110 §10.2.3: Retry-After is a number of seconds or a date.
fn retry(time: &str) -> String {
    if time.bytes().all(|byte| byte.is_ascii_digit()) {
        format!("in {time} s")
    } else {
        format!("after {}", cut(time))
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
