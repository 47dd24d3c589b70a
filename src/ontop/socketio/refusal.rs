//! Sessions that a server refuses: in HTTP, by a code, or for a namespace.

use std::time::Duration;

use serde_json::Value;

use super::engine::RefusalCode;
use super::see;
use crate::ontop::{Answer, Refusal};

/// Reads the code in the body of an HTTP response.
pub fn refusal_code(body: &str) -> Option<RefusalCode> {
    RefusalCode::of_body(body)
}

/// The refusal in the body of an HTTP response.
pub fn refusal(body: &str) -> Option<Refusal> {
    let code = refusal_code(body)?;
    let (number, says) = (code.number(), code.message());
    let explanation = code.explanation();
    let text =
        format!("the server refused the session with code {number}, {says:?}: {explanation}");
    Some(Refusal {
        // A server that was started again knows no session of before.
        may_pass: code == RefusalCode::SessionUnknown,
        ..Refusal::refused(text, advice(code).as_str())
    })
}

fn advice(code: RefusalCode) -> String {
    let hint = code.hint();
    match code {
        RefusalCode::Version => format!("{hint}, with --eio 3 or --eio 4"),
        RefusalCode::SessionUnknown => format!("{hint}; --transport websocket needs none"),
        RefusalCode::Forbidden => format!("{hint} (--bearer, --cookie, --origin)"),
        _ => hint.to_owned(),
    }
}

/// The refusal of a request in a session of this age, whose server forgets one that is silent for `timeout`.
pub(super) fn of_request(body: &str, age: Duration, timeout: Duration) -> Option<Refusal> {
    let mut refusal = refusal(body)?;
    let is_unknown = refusal_code(body) == Some(RefusalCode::SessionUnknown);
    if let Some(hint) = refusal
        .hint
        .as_mut()
        .filter(|_| is_unknown && age >= timeout)
    {
        hint.push_str("; or the session timed out");
    }
    Some(refusal)
}

/// The answer to a request to join a namespace, if an object is that.
pub fn joined(arguments: &str, object: &Value) -> Option<Answer> {
    let namespace = arguments.split_whitespace().next().unwrap_or_default();
    let is_it = object["ns"] == namespace;
    match object["type"].as_str() {
        Some("connect") if is_it => Some(Answer::Yes),
        Some("connect_error") if is_it => {
            let data = object.get("data").map(Value::to_string);
            let data = data.unwrap_or_default();
            let text = format!("the server refused namespace {namespace}: {data}");
            Some(Answer::Refused(text))
        }
        _ => None,
    }
}

/// The refusal of a namespace that was asked for with the greeting.
pub(super) fn of_namespace(name: &str, data: Option<&Value>, hint: &str) -> Refusal {
    let (message, data) = see::refusal(data);
    let mut said = Vec::new();
    if !message.is_empty() {
        said.push(format!("{message:?}"));
    }
    said.extend(data.map(Value::to_string));
    let mut text = format!("the server refused namespace {name}");
    if !said.is_empty() {
        text = format!("{text}: {}", said.join(" "));
    }
    Refusal::refused(text, hint)
}

/// How other credentials can be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// By the flag.
    Flag,
    /// By joining again.
    Join,
    /// By the flag, in a query that this connection lacks: all that the main namespace of version 3 sees.
    Query,
}

/// What to do about the refusal of a namespace.
pub(super) fn hint(data: Option<&Value>, name: &str, has_auth: bool, way: Way) -> String {
    let (message, _) = see::refusal(data);
    if message.to_ascii_lowercase().contains("invalid namespace") {
        let check = match way {
            Way::Join => "its name",
            Way::Flag | Way::Query => "--namespace",
        };
        return format!("the server has no namespace {name}; check {check}");
    }
    let advice = match (way, has_auth) {
        (Way::Join, true) => format!("/join {name} AUTH sends other credentials"),
        (Way::Join, false) => {
            format!("/join {name} AUTH sends credentials, such as {{\"token\":\"…\"}}")
        }
        (Way::Flag, true) => "check what --auth sends".to_owned(),
        (Way::Flag, false) => "--auth JSON sends credentials".to_owned(),
        (Way::Query, true) => "EIO 3 wants --auth in the query, where --eio 3 puts it".to_owned(),
        (Way::Query, false) => "--eio 3 with --auth JSON sends credentials in the query".to_owned(),
    };
    format!("a middleware of the server refused; {advice}")
}
