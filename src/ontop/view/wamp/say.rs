//! What a person types.

use serde_json::{Map, Value, json};

use crate::ontop::verb::{usage, values, word};
use crate::ontop::{Lines, SayError, Verb};

pub const VERBS: &[Verb] = &[
    Verb {
        name: "hello",
        args: "REALM [JSON]",
        help: "join a realm; the JSON is added to the details",
        example: "/hello realm1",
        lines: Lines::Json,
        check: |args| hello(args).map(drop),
    },
    Verb {
        name: "call",
        args: "PROCEDURE [JSON…]",
        help: "call a procedure, and show its result",
        example: "/call com.example.add 2 3",
        lines: Lines::Json,
        check: |args| arguments("call", args).map(drop),
    },
    Verb {
        name: "subscribe",
        args: "TOPIC",
        help: "receive the events of a topic",
        example: "/subscribe com.example.news",
        lines: Lines::No,
        check: |args| topic("subscribe", args).map(drop),
    },
    Verb {
        name: "unsubscribe",
        args: "TOPIC",
        help: "end a subscription",
        example: "/unsubscribe com.example.news",
        lines: Lines::No,
        check: |args| topic("unsubscribe", args).map(drop),
    },
    Verb {
        name: "publish",
        args: "TOPIC [JSON…]",
        help: "publish an event, and show that it was taken",
        example: "/publish com.example.news \"hi\"",
        lines: Lines::Json,
        check: |args| arguments("publish", args).map(drop),
    },
];

/// `REALM [JSON]`.
pub(super) fn hello(args: &str) -> Result<(String, Map<String, Value>), SayError> {
    let (realm, rest) = word(args.trim());
    let mut values = values(rest)?.into_iter();
    let details = match (values.next(), values.next()) {
        (None, _) => Map::new(),
        (Some(Value::Object(details)), None) => details,
        _ => return Err(usage(VERBS, "hello")),
    };
    if realm.is_empty() {
        return Err(usage(VERBS, "hello"));
    }
    Ok((realm.to_owned(), details))
}

pub(super) fn topic<'a>(verb: &str, args: &'a str) -> Result<&'a str, SayError> {
    match word(args.trim()) {
        (topic, "") if !topic.is_empty() => Ok(topic),
        _ => Err(usage(VERBS, verb)),
    }
}

/// `NAME [JSON…]`: one array is the arguments, one object those with names, other values an array of them.
pub(super) fn arguments(verb: &str, args: &str) -> Result<(String, Vec<Value>), SayError> {
    let (name, rest) = word(args.trim());
    if name.is_empty() {
        return Err(usage(VERBS, verb));
    }
    let mut values = values(rest)?;
    let parts = match values.as_slice() {
        [] => Vec::new(),
        [Value::Array(_)] => values,
        [Value::Object(_)] => vec![json!([]), values.remove(0)],
        _ => vec![Value::Array(values)],
    };
    Ok((name.to_owned(), parts))
}
