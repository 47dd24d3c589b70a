//! What a person types.

use serde_json::Value;

use crate::ontop::verb::{usage, values, word};
use crate::ontop::{Lines, SayError, Verb};

pub const VERBS: &[Verb] = &[
    Verb {
        name: "subscribe",
        args: "CHANNEL [JSON]",
        help: "subscribe to a channel",
        example: "/subscribe news {\"recover\":true}",
        lines: Lines::Json,
        check: |args| named("subscribe", args).map(drop),
    },
    Verb {
        name: "unsubscribe",
        args: "CHANNEL",
        help: "end a subscription",
        example: "/unsubscribe news",
        lines: Lines::No,
        check: |args| channel(args).map(drop),
    },
    Verb {
        name: "publish",
        args: "CHANNEL JSON",
        help: "publish to a channel",
        example: "/publish news {\"text\":\"hi\"}",
        lines: Lines::Json,
        check: |args| publication(args).map(drop),
    },
    Verb {
        name: "rpc",
        args: "METHOD [JSON]",
        help: "call a method of the backend, and show its result",
        example: "/rpc getCurrentYear {}",
        lines: Lines::Json,
        check: |args| named("rpc", args).map(drop),
    },
];

/// A name, and an object.
pub(super) fn named(verb: &str, args: &str) -> Result<(String, Option<Value>), SayError> {
    let (name, rest) = word(args.trim());
    let mut values = values(rest)?.into_iter();
    match (values.next(), values.next()) {
        (value, None) if !name.is_empty() => match value {
            Some(Value::Object(_)) | None => Ok((name.to_owned(), value)),
            Some(value) if verb == "rpc" => Ok((name.to_owned(), Some(value))),
            Some(_) => Err(usage(VERBS, verb)),
        },
        _ => Err(usage(VERBS, verb)),
    }
}

pub(super) fn channel(args: &str) -> Result<&str, SayError> {
    match word(args.trim()) {
        (name, "") if !name.is_empty() => Ok(name),
        _ => Err(usage(VERBS, "unsubscribe")),
    }
}

pub(super) fn publication(args: &str) -> Result<(String, Value), SayError> {
    let (name, rest) = word(args.trim());
    let mut values = values(rest)?.into_iter();
    match (values.next(), values.next()) {
        (Some(data), None) if !name.is_empty() => Ok((name.to_owned(), data)),
        _ => Err(usage(VERBS, "publish")),
    }
}
