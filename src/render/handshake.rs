//! The opening of a connection: `*` for facts, `>` for the request, `<` for the response.

use std::fmt::Write;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use jiff::Timestamp;

use super::escape::escape_line;
use super::http2;
use super::mask::Secrets;
use super::quantity;
use super::style::{Role, Style};
use crate::dial::tls::{self, Sni};
use crate::dial::{Certificate, ClientAuth, Shown, Step};
use crate::event::{Direction, Event, Open, Redirected};
use crate::proto::http1::Head;

/// Names of a certificate to show: it may have thousands.
const NAMES: usize = 8;
/// Days before a certificate expires from which to warn: time to renew it, but no noise about 90-day ones.
const EXPIRES_SOON: i64 = 14;
/// The column of a phase's time.
const TIME_COLUMN: usize = 64;

/// Writes one step of the opening; `now` is for certificates.
pub fn step(out: &mut String, step: &Step, style: Style, secrets: Secrets, now: Timestamp) {
    match step {
        Step::Resolved {
            host,
            addresses,
            took,
            pinned,
        } => {
            let addresses: Vec<String> = addresses.iter().map(IpAddr::to_string).collect();
            let fact = format!("resolved {host} → {}", addresses.join(", "));
            if *pinned {
                self::fact(out, &format!("{fact} (--resolve)"), style);
            } else {
                timed_fact(out, &fact, *took, style);
            }
        }
        Step::ConnectTo(endpoint) => {
            fact(
                out,
                &format!("connecting to {endpoint} instead (--connect-to)"),
                style,
            );
        }
        Step::Proxy(proxy) => {
            let login = proxy.credentials.as_ref().map(|_| ", with credentials");
            let login = login.unwrap_or_default();
            fact(
                out,
                &format!("proxy {proxy} ({}){login}", proxy.source),
                style,
            );
        }
        Step::ProxyTls(session) => tls(out, TlsPeer::Proxy, session, style, now),
        Step::ProxyRequest(request) => head(out, request, Direction::Sent, style, secrets),
        Step::ProxyResponse(response) => head(out, response, Direction::Received, style, secrets),
        Step::Tunnel { endpoint, took } => {
            timed_fact(out, &format!("tunnel to {endpoint}"), *took, style);
        }
        Step::Failed(attempt) => {
            let fact = format!("{attempt} ({})", attempt.address);
            timed_fact(out, &fact, attempt.took, style);
        }
        Step::Connected { address, took, .. } => {
            timed_fact(
                out,
                &format!("connected to {}", shown(*address)),
                *took,
                style,
            );
        }
        Step::ConnectedUnix { path, took } => {
            let path = path.display().to_string();
            let fact = format!("connected to {}", escape_line(&path));
            timed_fact(out, &fact, *took, style);
        }
        Step::KeyLog { .. } => key_log(out, step, style),
        Step::Tls(session) => tls(out, TlsPeer::Server, session, style, now),
        Step::Http2(seen) => fact(out, &http2::seen(seen, None), style),
        Step::Http1(why) => {
            let text = format!(
                "{}; HTTP/1.1 instead, as browsers do",
                escape_line(&why.to_string())
            );
            fact(out, &text, style);
        }
    }
}

/// Writes a head line by line, verbatim except for secrets and control characters.
pub fn head(out: &mut String, head: &Head, direction: Direction, style: Style, secrets: Secrets) {
    let (mark, role) = match direction {
        Direction::Sent => ('>', Role::Request),
        Direction::Received => ('<', Role::Response),
    };
    let start = escape_line(head.start_line());
    let start = secrets.start_line(&start);
    line(out, style.paint(role, format_args!("{mark} {start}")));
    for (name, value) in head.fields() {
        let (name, value) = (escape_line(name), escape_line(value));
        let value = secrets.header_value(&name, &value);
        let colon = if value.is_empty() { ":" } else { ": " };
        line(
            out,
            style.paint(role, format_args!("{mark} {name}{colon}{value}")),
        );
    }
    line(out, style.paint(role, mark));
}

pub fn redirected(out: &mut String, redirected: &Redirected, style: Style, secrets: Secrets) {
    let to = secrets.url(&redirected.to);
    let (status, to) = (redirected.status, escape_line(&*to));
    let mut fact = match (&redirected.page, status) {
        (Some(page), _) => format!("* {}: {to}", escape_line(page)),
        (None, 200) => format!("* redirected by the negotiation to {to}"),
        (None, status) => format!("* redirected ({status}) to {to}"),
    };
    if redirected.credentials_dropped {
        fact += "; credentials and fields are not sent to another origin (--location-trusted)";
    }
    line(out, style.prose(Role::Fact, &fact));
}

pub fn exposed(out: &mut String, host: &str, style: Style) {
    let text =
        format!("! credentials for {host} are sent unencrypted (ws://); wss:// protects them");
    line(out, style.prose(Role::Warning, &text));
}

pub fn open(out: &mut String, open: &Open, style: Style, secrets: Secrets) {
    let subprotocol = open.subprotocol.as_ref();
    let agreed = [
        subprotocol.map(|name| {
            let name = secrets.header_value("Sec-WebSocket-Protocol", name);
            format!("subprotocol {}", escape_line(&*name))
        }),
        open.deflate.map(|params| params.to_string()),
    ];
    let agreed: Vec<String> = agreed.into_iter().flatten().collect();
    let colon = if agreed.is_empty() { "" } else { ": " };
    timed_fact(
        out,
        &format!("open{colon}{}", agreed.join(", ")),
        open.took,
        style,
    );
    doubts(out, open, style);
}

/// Writes only the warnings that appear even if nothing else does; `now` is for certificates.
pub fn warning(out: &mut String, event: &Event<'_>, style: Style, now: Timestamp) {
    match event {
        Event::CredentialsInClear(host) => exposed(out, host, style),
        Event::Step(step @ Step::KeyLog { .. }) => key_log(out, step, style),
        Event::Step(Step::Tls(session)) => tls_doubts(out, TlsPeer::Server, session, style, now),
        Event::Step(Step::ProxyTls(session)) => {
            tls_doubts(out, TlsPeer::Proxy, session, style, now);
        }
        Event::Open(open) => doubts(out, open, style),
        _ => {}
    }
}

fn doubts(out: &mut String, open: &Open, style: Style) {
    for tolerated in &open.tolerated {
        let text = format!("! tolerated (--lenient): {}", escape_line(tolerated));
        line(out, style.prose(Role::Warning, &text));
    }
    if open.ignored_subprotocols {
        let text = "! the server selected none of the offered subprotocols; --require-subprotocol refuses that";
        line(out, style.prose(Role::Warning, text));
    }
}

#[derive(Debug, Clone, Copy)]
enum TlsPeer {
    Server,
    Proxy,
}

fn key_log(out: &mut String, step: &Step, style: Style) {
    let Step::KeyLog { file, error } = step else {
        return;
    };
    let file = file.display().to_string();
    let file = escape_line(&file);
    match error {
        None => {
            let text = format!(
                "* TLS secrets are written to {file} (SSLKEYLOGFILE); \
                     anyone with it can decrypt this connection"
            );
            line(out, style.prose(Role::Fact, &text));
        }
        Some(error) => {
            let text = format!("! cannot write TLS secrets to {file} (SSLKEYLOGFILE): {error}");
            line(out, style.prose(Role::Warning, &text));
        }
    }
}

fn tls(out: &mut String, peer: TlsPeer, session: &tls::Session, style: Style, now: Timestamp) {
    let with = match peer {
        TlsPeer::Server => "",
        TlsPeer::Proxy => "with the proxy: ",
    };
    let mut fact = format!("{with}{}, {}", session.version, session.cipher_suite);
    if let Some(group) = &session.key_exchange {
        let _ = write!(fact, ", {group}");
    }
    if let Some(alpn) = &session.alpn {
        let _ = write!(fact, ", ALPN {}", escape_line(alpn));
    }
    timed_fact(out, &fact, session.took, style);
    let mut fact = |text: String| line(out, style.prose(Role::Fact, &format!("*   {text}")));
    match &session.sni {
        Sni::Host => {}
        Sni::Name(name) => fact(format!("SNI {} (--sni)", escape_line(name))),
        Sni::Relayed(name) => fact(format!("SNI {}, as from the client", escape_line(name))),
        Sni::Off => fact("no SNI (--sni)".to_owned()),
    }
    if let Some(certificate) = &session.certificate {
        certificate_texts(certificate, now).for_each(&mut fact);
    }
    if let Some(asked) = &session.client_auth {
        fact(client_auth_text(asked));
    }
    tls_doubts(out, peer, session, style, now);
}

fn tls_doubts(
    out: &mut String,
    peer: TlsPeer,
    session: &tls::Session,
    style: Style,
    now: Timestamp,
) {
    let (peer, flag) = match peer {
        TlsPeer::Server => ("server", "-k"),
        TlsPeer::Proxy => ("proxy", "--proxy-insecure"),
    };
    if let Some(distrust) = &session.distrust {
        let text = format!("! not verified ({flag}): {}", escape_line(distrust));
        line(out, style.prose(Role::Error, &text));
    }
    let Some(certificate) = &session.certificate else {
        return;
    };
    if let Some(days @ 0..EXPIRES_SOON) = days_left(certificate, now) {
        let date = certificate.not_after.strftime("%Y-%m-%d %H:%M UTC");
        let days = days_text(days);
        let text = format!("! the {peer}'s certificate expires in {days}, on {date}");
        line(out, style.prose(Role::Warning, &text));
    }
}

/// Subject, issuer and end of validity of a certificate.
fn certificate_texts(certificate: &Certificate, now: Timestamp) -> impl Iterator<Item = String> {
    let names = names_text(&certificate.names);
    let (subject, names) = match certificate.subject.as_str() {
        "" => (
            names.unwrap_or_else(|| "without a subject".to_owned()),
            None,
        ),
        subject => (escape_line(subject).into_owned(), names),
    };
    let issuer = if certificate.is_self_issued() {
        "self-signed".to_owned()
    } else {
        format!("issuer {}", escape_line(&certificate.issuer))
    };
    let expiry = match days_left(certificate, now) {
        None => "never expires".to_owned(),
        Some(days @ ..0) => format!("expired {} ago", days_text(days)),
        Some(days) => format!("expires in {}", days_text(days)),
    };
    let first = format!("certificate {subject}, {issuer}, {expiry}");
    let names = names.map(|names| format!("for {names}"));
    std::iter::once(first).chain(names)
}

fn names_text(names: &[String]) -> Option<String> {
    let shown: Vec<_> = names.iter().take(NAMES).map(|it| escape_line(it)).collect();
    match names.len() - shown.len() {
        _ if shown.is_empty() => None,
        0 => Some(shown.join(", ")),
        more => Some(format!("{} and {more} more", shown.join(", "))),
    }
}

/// Whole days until it expires, negative afterwards; `None` if it never does (RFC 5280 §4.1.2.5).
fn days_left(certificate: &Certificate, now: Timestamp) -> Option<i64> {
    if certificate.not_after == Timestamp::MAX {
        return None;
    }
    let left = certificate.not_after.duration_since(now);
    Some(left.as_secs().div_euclid(24 * 60 * 60))
}

fn days_text(days: i64) -> String {
    match days {
        0 => "less than a day".to_owned(),
        days => quantity::plural(days.unsigned_abs(), "day"),
    }
}

fn client_auth_text(asked: &ClientAuth) -> String {
    let issuers = asked.to_string();
    let question = format!("it asks for a client certificate{}", escape_line(&issuers));
    match &asked.shown {
        Shown::Nothing => format!("{question}: none sent (--cert)"),
        Shown::Unsuitable => {
            format!("{question}: none sent, as the key of --cert has another type")
        }
        Shown::Certificate(subject) => format!("{question}: sent {}", escape_line(subject)),
    }
}

pub(super) fn fact(out: &mut String, fact: &str, style: Style) {
    line(out, style.prose(Role::Fact, &format!("* {fact}")));
}

fn timed_fact(out: &mut String, fact: &str, took: Duration, style: Style) {
    let took = quantity::duration(took);
    let text = format!("* {fact}");
    let room = style.columns().unwrap_or(usize::MAX);
    let column = TIME_COLUMN.min(room.saturating_sub(1 + took.len()));
    line(
        out,
        style.prose(Role::Fact, &format!("{text:<column$} {took}")),
    );
}

/// An IPv4 address mapped to IPv6 only confuses.
fn shown(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}

fn line(out: &mut String, text: impl std::fmt::Display) {
    let _ = writeln!(out, "{text}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_are_verbatim_but_for_secrets_and_escapes() {
        let fields = [
            ("aUTHORIZATION", "Basic Zm9v"),
            ("X-Y", "a\x1b[2Jb"),
            ("Empty", ""),
        ];
        let request = Head::encode("GET /chat?token=1 HTTP/1.1", fields);
        let mut out = String::new();
        head(
            &mut out,
            &request,
            Direction::Sent,
            Style::new(false),
            Secrets::Masked,
        );
        assert_eq!(
            out,
            "> GET /chat?token=*** HTTP/1.1\n> aUTHORIZATION: Basic ***\n> X-Y: a\\x1b[2Jb\n> Empty:\n>\n"
        );
    }

    #[test]
    fn phases_show_their_times_in_one_column() {
        let mut out = String::new();
        let step_ = Step::Connected {
            address: "127.0.0.1:9001".parse().unwrap(),
            local: "127.0.0.1:5".parse().unwrap(),
            took: Duration::from_micros(120),
        };
        let style = Style::new(false);
        step(
            &mut out,
            &step_,
            style,
            Secrets::Masked,
            Timestamp::UNIX_EPOCH,
        );
        assert_eq!(
            out.trim_end(),
            format!("{:<64} 0.1 ms", "* connected to 127.0.0.1:9001")
        );
    }
}
