//! What a person types and a program writes.

use serde_json::{Map, Value, json};

use crate::ontop::record::json as parsed;
use crate::ontop::verb::{usage, values, word};
use crate::ontop::{Lines, SayError, Verb};

pub const VERBS: &[Verb] = &[
    Verb {
        name: "invoke",
        args: "TARGET [JSON…]",
        help: "call a method of the hub, and show its result",
        example: "/invoke Add 1 2",
        lines: Lines::Json,
        check: |args| call("invoke", args).map(drop),
    },
    Verb {
        name: "send",
        args: "TARGET JSON…",
        help: "call a method of the hub without waiting for anything",
        example: "/send SendMessage \"me\" \"hello\"",
        lines: Lines::Json,
        check: |args| call("send", args).map(drop),
    },
    Verb {
        name: "stream",
        args: "TARGET [JSON…]",
        help: "call a method of the hub that streams, and show its items",
        example: "/stream Counter 10 500",
        lines: Lines::Json,
        check: |args| call("stream", args).map(drop),
    },
    Verb {
        name: "cancel",
        args: "[ID]",
        help: "cancel a stream, or the newest",
        example: "/cancel 2",
        lines: Lines::No,
        check: |args| cancel(args).map(drop),
    },
    Verb {
        name: "result",
        args: "ID [JSON]",
        help: "return a result to a server that waits for it",
        example: "/result 7 {\"ok\":true}",
        lines: Lines::Json,
        check: |args| result(args).map(drop),
    },
];

/// A method of the hub, and what it gets.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Call {
    pub target: String,
    pub arguments: Vec<Value>,
}

/// What is expected of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Expected {
    Result,
    Items,
    Nothing,
}

/// `TARGET [JSON…]`: each value is an argument.
pub(super) fn call(verb: &str, args: &str) -> Result<Call, SayError> {
    let (target, rest) = word(args.trim());
    if target.is_empty() {
        return Err(usage(VERBS, verb));
    }
    Ok(Call {
        target: target.to_owned(),
        arguments: values(rest)?,
    })
}

/// `[ID]`.
pub(super) fn cancel(args: &str) -> Result<Option<&str>, SayError> {
    match word(args.trim()) {
        ("", _) => Ok(None),
        (id, "") => Ok(Some(id)),
        _ => Err(usage(VERBS, "cancel")),
    }
}

/// `ID [JSON]`.
pub(super) fn result(args: &str) -> Result<Completion, SayError> {
    let (id, rest) = word(args.trim());
    let mut values = values(rest)?.into_iter();
    match (values.next(), values.next()) {
        (value, None) if !id.is_empty() => Ok(Completion {
            id: id.to_owned(),
            outcome: Some(("result", value.unwrap_or_default())),
        }),
        _ => Err(usage(VERBS, "result")),
    }
}

/// The end of an invocation of the server, or of a stream of this side.
#[derive(Debug, PartialEq)]
pub(super) struct Completion {
    pub id: String,
    /// `result` or `error`, and its value.
    pub outcome: Option<(&'static str, Value)>,
}

const FORMS: &str = "a call is [\"TARGET\",…] or {\"target\":\"…\",\"arguments\":[…]}, with \
    \"stream\":true or \"send\":true for the other kinds";

/// A line or record in JSON.
#[derive(Debug, PartialEq)]
pub(super) enum Said {
    Call(Call, Expected),
    Completion(Completion),
    /// As the hub protocol writes it, with a type, or a handshake.
    Raw(Map<String, Value>),
}

pub(super) fn record(text: &str) -> Result<Said, SayError> {
    match parsed(text, FORMS)? {
        Value::Array(parts) => {
            let mut parts = parts.into_iter();
            let Some(Value::String(target)) = parts.next() else {
                return Err(SayError::new("the first item is no target", FORMS));
            };
            let arguments = parts.collect();
            Ok(Said::Call(Call { target, arguments }, Expected::Result))
        }
        Value::Object(object) => of_object(object),
        _ => Err(SayError::new("neither an array nor an object", FORMS)),
    }
}

fn of_object(mut object: Map<String, Value>) -> Result<Said, SayError> {
    if object.get("type").is_some_and(Value::is_u64) || object.contains_key("protocol") {
        return Ok(Said::Raw(object));
    }
    let is = |key: &str| object.get(key).is_some_and(|it| *it == true);
    let expected = match (is("stream"), is("send")) {
        (true, _) => Expected::Items,
        (_, true) => Expected::Nothing,
        _ => Expected::Result,
    };
    let target = object.remove("target");
    let arguments = object.remove("arguments").unwrap_or_else(|| json!([]));
    match (target, arguments) {
        (Some(Value::String(target)), Value::Array(arguments)) => {
            return Ok(Said::Call(Call { target, arguments }, expected));
        }
        (Some(Value::String(_)), _) => {
            return Err(SayError::new("its arguments are no array", FORMS));
        }
        _ => {}
    }
    let Some(Value::String(id)) = object.remove("invocationId") else {
        return Err(SayError::new("no target", FORMS));
    };
    let outcome = ["error", "result"]
        .into_iter()
        .find_map(|key| Some((key, object.remove(key)?)));
    match outcome {
        Some(_) => Ok(Said::Completion(Completion { id, outcome })),
        None => Err(SayError::new("no target, result or error", FORMS)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn add() -> Call {
        Call {
            target: "Add".to_owned(),
            arguments: vec![json!(1), json!([2])],
        }
    }

    #[test]
    fn a_call_is_words_an_array_or_an_object() {
        assert_eq!(call("invoke", " Add 1 [2] "), Ok(add()));
        for (text, expected) in [
            ("[\"Add\",1,[2]]", Expected::Result),
            (
                "{\"target\":\"Add\",\"arguments\":[1,[2]]}",
                Expected::Result,
            ),
            (
                "{\"stream\":true,\"target\":\"Add\",\"arguments\":[1,[2]]}",
                Expected::Items,
            ),
            (
                "{\"send\":true,\"target\":\"Add\",\"arguments\":[1,[2]]}",
                Expected::Nothing,
            ),
        ] {
            assert_eq!(record(text), Ok(Said::Call(add(), expected)), "{text}");
        }
        for text in [
            "",
            "7",
            "[]",
            "[1]",
            "{}",
            "{\"target\":1}",
            "{\"target\":\"t\",\"arguments\":1}",
            "{\"invocationId\":\"7\"}",
        ] {
            assert!(record(text).is_err(), "{text}");
        }
        for args in ["", "Add x", "Add {"] {
            assert!(call("invoke", args).is_err(), "{args}");
        }
    }

    #[test]
    fn a_result_is_a_value_or_null() {
        let completion = |key, value| Completion {
            id: "7".to_owned(),
            outcome: Some((key, value)),
        };
        assert_eq!(result("7 [1]"), Ok(completion("result", json!([1]))));
        assert_eq!(result("7"), Ok(completion("result", Value::Null)));
        assert_eq!(
            record("{\"invocationId\":\"7\",\"error\":\"no\"}"),
            Ok(Said::Completion(completion("error", json!("no"))))
        );
        for args in ["", "7 1 2", "7 x"] {
            assert!(result(args).is_err(), "{args}");
        }
        assert_eq!(cancel(" 7 "), Ok(Some("7")));
        assert!(cancel("7 8").is_err());
    }
}
