//! What a person types and a program writes.

use serde_json::{Map, Value};

use crate::ontop::record::json;
use crate::ontop::verb::{usage, values, word};
use crate::ontop::{Lines, SayError, Verb};

pub const VERBS: &[Verb] = &[
    Verb {
        name: "call",
        args: "METHOD [JSON…]",
        help: "call a method, and show its result",
        example: "/call eth_getBalance [\"0x…\",\"latest\"]",
        lines: Lines::Json,
        check: |args| request("call", args).map(drop),
    },
    Verb {
        name: "notify",
        args: "METHOD [JSON…]",
        help: "send a notification, which has no answer",
        example: "/notify initialized {}",
        lines: Lines::Json,
        check: |args| request("notify", args).map(drop),
    },
    Verb {
        name: "answer",
        args: "ID JSON",
        help: "answer a request of the server",
        example: "/answer 7 {\"ok\":true}",
        lines: Lines::Json,
        check: |args| answer(args).map(drop),
    },
];

/// A method, and its parameters if there are any.
#[derive(Debug, PartialEq)]
pub(super) struct Request {
    pub method: String,
    pub params: Option<Value>,
}

/// `METHOD [JSON…]`: one array or object is the parameters, other values are an array of them.
pub(super) fn request(verb: &str, args: &str) -> Result<Request, SayError> {
    let (method, rest) = word(args.trim());
    if method.is_empty() {
        return Err(usage(VERBS, verb));
    }
    let mut values = values(rest)?;
    let params = match values.as_slice() {
        [] => None,
        [Value::Array(_) | Value::Object(_)] => values.pop(),
        _ => Some(values.into()),
    };
    let method = method.to_owned();
    Ok(Request { method, params })
}

/// An identifier as it is typed: a string needs quotes only where it would be another value without them.
pub(super) fn typed(id: &Value) -> String {
    match id {
        Value::String(text) if is_word(text) => text.clone(),
        other => other.to_string(),
    }
}

fn is_word(text: &str) -> bool {
    !text.contains(char::is_whitespace) && serde_json::from_str::<Value>(text).is_err()
}

/// `ID JSON`.
pub(super) fn answer(args: &str) -> Result<(Value, Value), SayError> {
    let (first, rest) = word(args.trim());
    if !rest.is_empty() && !first.starts_with(['"', '{', '[']) && is_word(first) {
        return answer(&format!("{} {rest}", Value::from(first)));
    }
    let mut values = values(args.trim())?.into_iter();
    match (values.next(), values.next(), values.next()) {
        (Some(id @ (Value::Number(_) | Value::String(_))), Some(result), None) => Ok((id, result)),
        _ => Err(usage(VERBS, "answer")),
    }
}

const FORMS: &str = "a call is {\"method\":\"NAME\",\"params\":[…]}, a batch an array of them";

/// The requests of a line or record in JSON, and whether they are a batch.
pub(super) fn record(text: &str) -> Result<(Vec<Map<String, Value>>, bool), SayError> {
    let value = json(text, FORMS)?;
    let (parts, is_batch) = match value {
        Value::Array(parts) => (parts, true),
        one => (vec![one], false),
    };
    if parts.is_empty() {
        return Err(SayError::new("an empty batch", FORMS));
    }
    let object = |part: Value| match part {
        Value::Object(object) => check(object),
        other => Err(SayError::new(format!("{other} is no request"), FORMS)),
    };
    let objects: Result<Vec<_>, SayError> = parts.into_iter().map(object).collect();
    Ok((objects?, is_batch))
}

fn check(object: Map<String, Value>) -> Result<Map<String, Value>, SayError> {
    let is_request = object.get("method").is_some_and(Value::is_string);
    let is_answer = object.contains_key("result") || object.contains_key("error");
    if is_request || is_answer && object.contains_key("id") {
        Ok(object)
    } else {
        Err(SayError::new("neither a method nor an answer", FORMS))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn parameters_are_an_array_or_an_object() {
        for (args, params) in [
            ("m", None),
            ("m [1]", Some(json!([1]))),
            ("m {\"a\":1}", Some(json!({"a": 1}))),
            ("m 1 \"x\"", Some(json!([1, "x"]))),
            ("m [1] [2]", Some(json!([[1], [2]]))),
        ] {
            let method = "m".to_owned();
            assert_eq!(request("call", args), Ok(Request { method, params }));
        }
    }

    #[test]
    fn what_is_no_request_says_why() {
        for (text, why) in [
            ("{}", "neither a method nor an answer"),
            ("[]", "an empty batch"),
            ("[1]", "1 is no request"),
            ("{\"method\":1}", "neither a method nor an answer"),
            ("x", "not JSON"),
        ] {
            let error = record(text).expect_err(text);
            assert!(error.text.contains(why), "{text}: {error:?}");
        }
        assert!(request("call", "m x").is_err());
        assert!(answer("7").is_err() && answer("q").is_err() && answer("[7] 1").is_err());
        for (typed, id) in [
            ("7", json!(7)),
            ("q-1", json!("q-1")),
            ("\"7\"", json!("7")),
            ("\"a b\"", json!("a b")),
        ] {
            assert_eq!(super::typed(&id), typed);
            assert_eq!(answer(&format!("{typed} {{}}")), Ok((id, json!({}))));
        }
    }
}
