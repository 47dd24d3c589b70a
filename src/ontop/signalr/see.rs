//! Messages as people and programs see them.

use std::fmt::Write;

use serde_json::{Value, json};

use super::say::Expected;
use super::wire::Outcome;
use crate::ontop::calls::Answered;
use crate::ontop::{Name, Seen};

pub(super) fn seen(kind: &str, label: impl Into<String>) -> Seen {
    Seen::new(Name::SignalR, kind, label)
}

pub(super) fn unreadable(reason: &str, payload: &[u8]) -> Seen {
    Seen::unreadable(Name::SignalR, "SignalR", reason, payload)
}

/// Arguments as they are typed: without the brackets around them.
fn shown(arguments: &Value) -> String {
    let arguments = arguments.as_array().map(Vec::as_slice).unwrap_or_default();
    let mut shown = String::new();
    for (at, argument) in arguments.iter().enumerate() {
        let space = if at == 0 { "" } else { " " };
        let _ = write!(shown, "{space}{argument}");
    }
    shown
}

/// A call of this side.
pub(super) fn call(target: &str, arguments: &Value, id: Option<&str>, expected: Expected) -> Seen {
    let kind = match expected {
        Expected::Result => "invoke",
        Expected::Items => "stream",
        Expected::Nothing => "send",
    };
    let label = match id {
        Some(id) => format!("{kind} {id} {target}"),
        None => format!("{kind} {target}"),
    };
    with_id(seen(kind, label), id)
        .with("target", target)
        .with("arguments", arguments.clone())
        .carrying(shown(arguments))
}

fn with_id(seen: Seen, id: Option<&str>) -> Seen {
    match id {
        Some(id) => seen.with("invocationId", id),
        None => seen,
    }
}

/// An invocation of the server; its arguments may be large.
pub(super) fn invocation(id: Option<&str>, target: &str, arguments: Value) -> Seen {
    let mut print = json!({"target": target});
    print["arguments"] = arguments.clone();
    let mut seen = with_id(seen("invocation", format!("invocation {target}")), id)
        .with("target", target)
        .carrying(shown(&arguments))
        .with("arguments", arguments);
    if let Some(id) = id {
        print["invocationId"] = id.into();
        seen = seen.noting(format!("result wanted: /result {id} JSON"));
    }
    seen.printing(print)
}

/// An item of a stream: the `count`th of those of `target`, if that is known.
pub(super) fn item(id: &str, item: Value, of: Option<(&str, u64)>) -> Seen {
    let mut print = json!({"invocationId": id});
    let mut seen = seen("item", format!("item of stream {id}"))
        .with("invocationId", id)
        .carrying(item.to_string());
    if let Some((target, count)) = of {
        print["target"] = target.into();
        seen.label = format!("item {count} of stream {id}");
        seen = seen
            .with("target", target)
            .with("count", count)
            .noting(format!("of {target}"));
    } else {
        seen = seen.noting("nobody waits for it");
    }
    print["item"] = item.clone();
    seen.with("item", item).printing(print)
}

/// The end of a call of this side; of a stream with this number of items.
pub(super) fn completion(
    id: &str,
    outcome: &Outcome,
    of: Option<&Answered>,
    items: Option<u64>,
) -> Seen {
    let (kind, value) = match outcome {
        Outcome::Error(error) => ("error", Some(("error", error.as_str().into()))),
        Outcome::Result(value) => ("result", Some(("result", value.clone()))),
        Outcome::Void if items.is_some() => ("end", None),
        Outcome::Void => ("result", None),
    };
    let label = match (kind, items) {
        ("end", _) => format!("end of stream {id}"),
        (kind, Some(_)) => format!("{kind} of stream {id}"),
        (kind, None) => format!("{kind} {id}"),
    };
    let mut seen = seen(kind, label).with("invocationId", id).answering(of);
    let mut print = json!({"invocationId": id});
    if let Some(Answered { what: target, .. }) = of {
        seen = seen.with("target", target.as_str());
        print["target"] = target.as_str().into();
    }
    if let Some(items) = items {
        seen = seen.with("count", items);
    }
    if let Outcome::Error(error) = outcome
        && let Some(meaning) = meaning(error)
    {
        seen.note = format!("{}: {meaning}", seen.note);
    }
    match value {
        Some((key, value)) => {
            print[key] = value.clone();
            let payload = match &value {
                Value::String(text) if key == "error" => text.clone(),
                value => value.to_string(),
            };
            seen.with(key, value).carrying(payload).printing(print)
        }
        // That a method without a result is over is what its caller waits for.
        None if items.is_none() => {
            print["result"] = Value::Null;
            seen.printing(print)
        }
        None => seen,
    }
}

/// What an error of ASP.NET Core's dispatcher means.
fn meaning(error: &str) -> Option<&'static str> {
    [
        (
            "Method does not exist",
            "the hub has no public method of this name",
        ),
        (
            "because user is unauthorized",
            "the method wants a login: --bearer or ?access_token= in the URL",
        ),
        (
            "An unexpected error occurred",
            "the server hides the reason unless EnableDetailedErrors is set",
        ),
    ]
    .into_iter()
    .find_map(|(part, meaning)| error.contains(part).then_some(meaning))
}
