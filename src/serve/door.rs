//! Which clients are let in, and what the others are told.

use std::borrow::Cow;

use super::variable::Variables;
use crate::matching::{Fill, glob};
use crate::proto::handshake::server::{Policy, Upgrade};
use crate::proto::http1::Head;
use crate::render::width::cut;
use crate::scenario::rule::Condition;
use crate::scenario::rules::Door;
use crate::scenario::{Form, Template};

/// Why the rules refuse a request; with the status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Refusal {
    #[error("the rules reject it with {0}")]
    Rule(u16),
    #[error("no accept line of the rules matches")]
    NotListed,
    #[error("/reject next {0}")]
    Typed(u16),
}

/// A response that refuses a client.
#[derive(Debug)]
pub(super) struct Response {
    pub(super) head: Head,
    pub(super) body: String,
}

impl Response {
    /// One without a body.
    pub(super) fn empty(head: Head) -> Self {
        Self {
            head,
            body: String::new(),
        }
    }

    pub(super) fn bytes(&self) -> Vec<u8> {
        [self.head.as_bytes(), self.body.as_bytes()].concat()
    }
}

/// The answer of the rules to a request.
#[derive(Debug)]
pub(super) enum Verdict {
    /// The policy, with what the rules add to it.
    Accept(Policy),
    Refuse {
        why: Refusal,
        response: Response,
    },
}

/// The first line that matches decides. Without one, a request is let in unless others are listed.
pub(super) fn judge(
    doors: &[Door],
    request: &Head,
    given: &Variables,
    mut policy: Policy,
) -> Verdict {
    let matching = doors.iter().find(|door| {
        let conditions = door.conditions.iter();
        conditions.into_iter().all(|it| holds(it, request, given))
    });
    let Some(door) = matching else {
        if doors.iter().any(|door| door.refusal.is_none()) {
            return refuse(Refusal::NotListed, 403, &[], "");
        }
        return Verdict::Accept(policy);
    };
    let fill = |template: &Template| given.fill(template, Form::Plain).unwrap_or_default();
    let fields = door.fields.iter();
    let fields: Vec<(String, String)> = fields
        .map(|(name, value)| (name.clone(), one_line(&fill(value)).into_owned()))
        .collect();
    if let Some(status) = door.refusal {
        let body = door.body.as_ref().map(fill).unwrap_or_default();
        return refuse(Refusal::Rule(status), status, &fields, &body);
    }
    for condition in &door.conditions {
        if let Condition::Subprotocol(name) = condition {
            // The client offers it, so it is the one that this line is about.
            policy.subprotocols = offered(request, &fill(name)).into_iter().collect();
        }
    }
    policy.fields.extend(fields);
    Verdict::Accept(policy)
}

/// The paths that accept lines name, each with nothing for its `*`.
pub(super) fn paths(doors: &[Door], given: &Variables) -> Vec<String> {
    let accepting = doors.iter().filter(|door| door.refusal.is_none());
    let conditions = accepting.flat_map(|door| &door.conditions);
    let paths = conditions.filter_map(|condition| match condition {
        Condition::Path(path) => given.fill(path, Form::Plain).ok(),
        _ => None,
    });
    paths.map(|path| path.replace('*', "")).collect()
}

/// Whether a client is let in that asks for this path, and sends nothing else that rules look at.
pub(super) fn lets_in(doors: &[Door], path: &str, given: &Variables) -> bool {
    if !path.starts_with('/') || !path.chars().all(|c| c.is_ascii_graphic()) {
        return false;
    }
    let request = Head::encode(&format!("GET {path} HTTP/1.1"), [("Host", "localhost")]);
    let verdict = judge(doors, &request, given, Policy::default());
    matches!(verdict, Verdict::Accept(_))
}

/// The answer to a client that is refused at the prompt.
pub(super) fn rejected(status: u16) -> Verdict {
    refuse(Refusal::Typed(status), status, &[], "")
}

fn refuse(why: Refusal, status: u16, fields: &[(String, String)], body: &str) -> Verdict {
    let head = Head::encode(
        &format!("HTTP/1.1 {status} {}", reason(status)),
        with_usual(fields, body)
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str())),
    );
    let body = body.to_owned();
    let response = Response { head, body };
    Verdict::Refuse { why, response }
}

/// The fields, and those that a response with this body needs and does not have.
fn with_usual(fields: &[(String, String)], body: &str) -> Vec<(String, String)> {
    let mut all = fields.to_vec();
    let length = body.len().to_string();
    let mut usual = vec![("Connection", "close"), ("Content-Length", length.as_str())];
    if !body.is_empty() {
        usual.push(("Content-Type", "text/plain; charset=utf-8"));
    }
    for (name, value) in usual {
        if !all
            .iter()
            .any(|(other, _)| other.eq_ignore_ascii_case(name))
        {
            all.push((name.to_owned(), value.to_owned()));
        }
    }
    all
}

/// A value from the environment or the command line must not begin another field.
fn one_line(value: &str) -> Cow<'_, str> {
    if value.contains(char::is_control) {
        Cow::Owned(value.replace(char::is_control, " "))
    } else {
        Cow::Borrowed(value)
    }
}

fn holds(condition: &Condition, request: &Head, given: &Variables) -> bool {
    let Ok(value) = given.fill(condition.value(), Form::Plain) else {
        return false;
    };
    match condition {
        Condition::Path(_) => glob(&value, &path(request)),
        Condition::Header { name, .. } => {
            let is_host = name.eq_ignore_ascii_case("Host");
            let host = request.host().filter(|_| is_host);
            let mut found = request.values(name);
            found.any(|it| glob(&value, &String::from_utf8_lossy(it)))
                || host.is_some_and(|it| glob(&value, &it))
        }
        Condition::Origin(_) => request.text("Origin").is_some_and(|it| glob(&value, &it)),
        Condition::Subprotocol(_) => offered(request, &value).is_some(),
        Condition::Basic(_) => {
            let login = data_encoding::BASE64.encode(value.as_bytes());
            is_authorized(request, "Basic", &login)
        }
        Condition::Bearer(_) => is_authorized(request, "Bearer", &value),
    }
}

fn offered(request: &Head, pattern: &str) -> Option<String> {
    let offered = request.list("Sec-WebSocket-Protocol");
    offered.into_iter().find(|name| glob(pattern, name))
}

/// RFC 9110 §11.1: the name of the scheme is case-insensitive, the credentials are not.
fn is_authorized(request: &Head, scheme: &str, credentials: &str) -> bool {
    request.text("Authorization").is_some_and(|value| {
        let found = value.split_once(' ');
        found
            .is_some_and(|(name, it)| name.eq_ignore_ascii_case(scheme) && it.trim() == credentials)
    })
}

/// The path of a request, without the query.
pub(super) fn path(request: &Head) -> String {
    let target = target(request);
    let end = target.find('?').unwrap_or(target.len());
    target[..end].to_owned()
}

/// Method and path of a request, for a line of the log; the query may hold secrets.
pub(super) fn asked(request: &Head) -> String {
    let line = String::from_utf8_lossy(request.start_line());
    let method = line.split(' ').next().unwrap_or_default();
    cut(&format!("{method} {}", path(request)), LONGEST_ASKED).into_owned()
}

/// The most of a request that a line of the log names, in columns.
const LONGEST_ASKED: usize = 120;

/// Path and query of a request.
pub(super) fn target(request: &Head) -> String {
    let line = String::from_utf8_lossy(request.start_line());
    line.split(' ').nth(1).unwrap_or_default().to_owned()
}

/// What a browser or curl gets that asks without an upgrade; a client needs `flag` to connect.
pub(super) fn plain_answer(upgrade: &Upgrade, scheme: &str, flag: &str) -> Response {
    let request = &upgrade.request;
    let host = request.host().unwrap_or_else(|| "HOST".to_owned());
    // The client chose the text of the host, and only sees it itself.
    let url = format!("{scheme}://{host}{}", target(request));
    let url: String = url.chars().filter(char::is_ascii_graphic).collect();
    let body = format!(
        "This is a WebSocket server (wsee listen); connect with a WebSocket client, such as: wsee{flag} {url}\n"
    );
    let length = body.len().to_string();
    let fields = [
        ("Connection", "close"),
        ("Upgrade", "websocket"),
        ("Content-Type", "text/plain; charset=utf-8"),
        ("Content-Length", length.as_str()),
    ];
    let head = Head::encode("HTTP/1.1 426 Upgrade Required", fields);
    Response { head, body }
}

/// The reason phrase of a status (RFC 9110 §15, RFC 6585).
fn reason(status: u16) -> &'static str {
    match status {
        301 => "Moved Permanently",
        302 => "Found",
        303 => "See Other",
        307 => "Temporary Redirect",
        308 => "Permanent Redirect",
        400 => "Bad Request",
        401 => "Unauthorized",
        402 => "Payment Required",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        406 => "Not Acceptable",
        407 => "Proxy Authentication Required",
        408 => "Request Timeout",
        409 => "Conflict",
        410 => "Gone",
        413 => "Content Too Large",
        418 => "I'm a teapot",
        421 => "Misdirected Request",
        422 => "Unprocessable Content",
        423 => "Locked",
        425 => "Too Early",
        426 => "Upgrade Required",
        428 => "Precondition Required",
        429 => "Too Many Requests",
        431 => "Request Header Fields Too Large",
        451 => "Unavailable For Legal Reasons",
        500 => "Internal Server Error",
        501 => "Not Implemented",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        505 => "HTTP Version Not Supported",
        511 => "Network Authentication Required",
        status if status < 400 => "Redirection",
        status if status < 500 => "Client Error",
        _ => "Server Error",
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::scenario::{Known, parse, rules};

    fn request(fields: &str) -> Head {
        let text = format!("GET /chat?x=1 HTTP/1.1\r\nHost: h\r\n{fields}\r\n");
        let mut reader =
            crate::proto::http1::head::Reader::new(crate::proto::http1::head::Message::Request);
        reader
            .read(text.as_bytes())
            .expect("a head")
            .expect("whole")
    }

    fn verdict(text: &str, request: &Head) -> Verdict {
        let file = parse(text).expect("rules");
        let rules = rules(file, Path::new(""), &Known::default()).expect("rules");
        judge(
            &rules.doors,
            request,
            &Variables::default(),
            Policy::default(),
        )
    }

    fn is_accepted(text: &str, fields: &str) -> bool {
        matches!(verdict(text, &request(fields)), Verdict::Accept(_))
    }

    #[test]
    fn all_conditions_of_a_line_must_hold() {
        for (rules, fields, accepted) in [
            ("accept path /chat", "", true),
            ("accept path /ch*", "", true),
            ("accept path /other", "", false),
            ("accept bearer t", "Authorization: bearer t\r\n", true),
            ("accept bearer t", "Authorization: Bearer T\r\n", false),
            ("accept basic u:p", "Authorization: Basic dTpw\r\n", true),
            ("accept basic u:p", "", false),
            ("accept origin https://*.h", "Origin: https://a.h\r\n", true),
            ("accept header X-A: b*", "X-A: a\r\nX-A: bc\r\n", true),
            ("accept path /chat header X-A: b", "", false),
            ("reject 401 path /admin", "", true),
            ("reject 401 path /chat\naccept", "", false),
            ("accept path /chat\nreject 401", "", true),
            ("on open\n  > a", "", true),
        ] {
            assert_eq!(is_accepted(rules, fields), accepted, "{rules}");
        }
    }

    #[test]
    fn a_subprotocol_of_the_line_is_the_one_selected() {
        let request = request("Sec-WebSocket-Protocol: v1, v2.b\r\n");
        let Verdict::Accept(policy) = verdict("accept subprotocol v2*", &request) else {
            panic!("refused");
        };
        assert_eq!(policy.subprotocols, ["v2.b"]);
    }

    #[test]
    fn a_refusal_has_the_fields_and_the_body_of_its_line() {
        let rules = "reject 401\n  WWW-Authenticate: Basic\n  body no\n";
        let Verdict::Refuse { response, .. } = verdict(rules, &request("")) else {
            panic!("accepted");
        };
        assert_eq!(
            String::from_utf8_lossy(&response.bytes()),
            "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic\r\nConnection: close\r\n\
             Content-Length: 2\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nno"
        );
    }
}
