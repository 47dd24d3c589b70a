//! What the table of causes looks at: evidence, digested to plain values.

use std::time::Duration;

use memchr::memmem;

use super::token;
use crate::event::{Cause, Ending, Evidence, Symptom};
use crate::proto::connection::{End, reported_code};
use crate::proto::http1::Head;
use crate::proto::rules::Rule;
use crate::render::mask::{Secrets, login_scheme};

/// Words that say that an Origin is missing or wrong, if they are close to it.
const VERDICTS: &[&str] = &[
    "allow",
    "disallow",
    "accept",
    "authorized",
    "bad",
    "denied",
    "forbidden",
    "invalid",
    "mismatch",
    "missing",
    "permitted",
    "reject",
    "required",
    "unauthorized",
    "unknown",
    "check",
];
/// The text around name and value of a repeated field: as in HTTP, JSON, and the languages of servers.
const ECHOES: [[&str; 3]; 5] = [
    ["", ": ", ""],
    ["\"", "\":\"", "\""],
    ["\"", "\": \"", "\""],
    ["'", "': '", "'"],
    ["\"", "\"=>\"", "\""],
];
/// Within how many words they are close, as in `Origin "http://a" is not authorized`.
const NEAR: usize = 5;

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
    /// The scheme of the Authorization that was sent; empty for one that is not known, as it may be a secret.
    pub login: Option<String>,
    pub has_cookie: bool,
    pub has_query_token: bool,
    pub origin: Option<String>,
    pub subprotocol: Option<String>,
    pub has_extensions: bool,
    /// What the status line of the response says.
    pub phrase: String,
    /// The fields of the response.
    pub fields: Vec<(String, String)>,
    /// The start of the response's body, or what arrived instead of a response.
    pub body: Vec<u8>,
    /// What is wrong with the time of a token that was sent.
    pub token: Option<String>,
    /// Bytes of a response that is not complete.
    pub arrived: usize,
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
    /// A protocol on top was spoken.
    pub is_spoken: bool,
    /// A message was sent beside it.
    pub is_beside: bool,
    /// Another connection follows a lost one.
    pub is_lasting: bool,
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
        let redactor = Secrets::Masked.redactor(evidence.requests());
        let text = |bytes: &[u8]| redactor.text(&text(bytes)).into_owned();
        let body = request.map_or_else(
            || evidence.body.clone(),
            |request| without_echo(&evidence.body, request),
        );
        Self {
            symptom: evidence.symptom,
            status: response.and_then(Head::status).unwrap_or_default(),
            url: evidence.url.clone(),
            host: evidence.host.clone(),
            target: evidence.target.clone(),
            is_tls: evidence.is_tls,
            login: sent("Authorization")
                .map(|value| login_scheme(&value).unwrap_or_default().to_owned()),
            has_cookie: sent("Cookie").is_some(),
            has_query_token: Secrets::Masked.url(&evidence.target) != evidence.target,
            origin: sent("Origin"),
            subprotocol: sent("Sec-WebSocket-Protocol"),
            has_extensions: sent("Sec-WebSocket-Extensions").is_some(),
            phrase: redactor
                .text(&response.map(phrase).unwrap_or_default())
                .into_owned(),
            fields: fields
                .map(|(name, value)| (text(name), text(value)))
                .collect(),
            body: redactor.bytes(&body).into_owned(),
            token: request.and_then(|head| token::problem(head, evidence.time)),
            arrived: evidence.arrived,
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
                is_spoken: ending.ours.is_spoken,
                is_beside: ending.ours.is_beside,
                is_lasting: ending.ours.is_lasting,
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
                let reason = received.as_ref().map_or("", |frame| &frame.reason);
                let redactor = Secrets::Masked.redactor(ending.evidence.requests());
                facts.reason = redactor.text(reason).into_owned();
            }
            End::Lost { error, closing, .. } if !closing => {
                facts.end.is_lost = true;
                facts.end.is_reset = error.as_deref() == Some("TCP reset");
            }
            End::NoPong(_) => facts.end.no_pong = true,
            // Another limit than that of the closing handshake ended the wait.
            End::CloseTimeout if is_limited(ending.cause.as_ref()) => {}
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

    /// The status line and the body, in lower case.
    fn said(&self) -> String {
        let body = String::from_utf8_lossy(&self.body);
        format!("{}\n{body}", self.phrase).to_ascii_lowercase()
    }

    /// Whether the status line or the body has one of these texts in it, which are in lower case.
    pub(super) fn says(&self, texts: &[&str]) -> bool {
        let said = self.said();
        texts.iter().any(|text| said.contains(text))
    }

    /// Whether the status line or the body says that the Origin is missing or wrong: the word alone may be a claim,
    /// and "original" is another.
    pub(super) fn judges_origin(&self) -> bool {
        let body = String::from_utf8_lossy(&self.body);
        [&*self.phrase, &*body].into_iter().any(judges_origin)
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
        // The query is what clients add wherever the path is.
        path.starts_with("/socket.io")
            || path.starts_with("/engine.io")
            || self.target.contains("EIO=") && self.target.contains("transport=")
    }

    /// Whether the redirection leads to a URL that wsee can connect to.
    pub(super) fn leads_to_websocket(&self) -> bool {
        let url = self.location().and_then(|it| url::Url::parse(&it).ok());
        url.is_some_and(|url| matches!(url.scheme(), "ws" | "wss"))
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

fn judges_origin(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    // A URL is one word.
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && !":/.".contains(c));
    let words = words.map(|word| word.trim_matches([':', '/', '.']));
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    let is_origin = |word: &&str| matches!(*word, "origin" | "origins");
    let is_verdict = |word: &&str| VERDICTS.iter().any(|verdict| word.starts_with(verdict));
    let mut spans = words.windows(NEAR.min(words.len()).max(1));
    spans.any(|span| span.iter().any(is_origin) && span.iter().any(is_verdict))
}

fn is_limited(cause: Option<&Cause>) -> bool {
    matches!(
        cause,
        Some(
            Cause::MaxTime(_)
                | Cause::Idle(_)
                | Cause::Signal(_)
                | Cause::Count(_)
                | Cause::OutputClosed
                | Cause::Write(_)
                | Cause::Reconnect
        )
    )
}

/// A body without the fields of the request that it repeats, as pages for debugging do: what wsee said is no evidence.
fn without_echo(body: &[u8], request: &Head) -> Vec<u8> {
    let mut rest = body.to_vec();
    for (name, value) in request.fields() {
        for [before, between, after] in ECHOES {
            let parts = [
                before.as_bytes(),
                name,
                between.as_bytes(),
                value,
                after.as_bytes(),
            ];
            rest = without(&rest, &parts.concat());
        }
    }
    rest
}

/// `bytes` without each occurrence of `part` in any case.
fn without(bytes: &[u8], part: &[u8]) -> Vec<u8> {
    let (lower, part) = (bytes.to_ascii_lowercase(), part.to_ascii_lowercase());
    let mut rest = Vec::with_capacity(bytes.len());
    let mut from = 0;
    for at in memmem::find_iter(&lower, &part) {
        rest.extend_from_slice(&bytes[from..at]);
        from = at + part.len();
    }
    rest.extend_from_slice(&bytes[from..]);
    rest
}

/// The reason phrase of a response.
fn phrase(response: &Head) -> String {
    let line = String::from_utf8_lossy(response.start_line());
    let phrase = line.splitn(3, ' ').nth(2);
    phrase.unwrap_or_default().to_owned()
}

/// The scheme of a challenge.
pub(super) fn scheme(challenge: &str) -> &str {
    challenge.split([' ', ',']).next().unwrap_or_default()
}
