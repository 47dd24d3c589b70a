//! What a person types and a program writes.

use serde_json::{Map, Value, json};

use crate::ontop::record::{is_object, json};
use crate::ontop::verb::{usage, values, word};
use crate::ontop::{Lines, SayError, Verb};

pub const VERBS: &[Verb] = &[
    Verb {
        name: "subscribe",
        args: "CHANNEL [JSON]",
        help: "subscribe to a channel, with these parameters",
        example: "/subscribe ChatChannel {\"room\":1}",
        lines: Lines::Json,
        check: |args| identifier("subscribe", args).map(drop),
    },
    Verb {
        name: "perform",
        args: "[[CHANNEL]] ACTION [JSON]",
        help: "call an action of the newest subscription, or of the one to CHANNEL",
        example: "/perform speak {\"body\":\"hi\"}",
        lines: Lines::Json,
        check: |args| perform(args).map(drop),
    },
    Verb {
        name: "unsubscribe",
        args: "CHANNEL [JSON]",
        help: "end a subscription",
        example: "/unsubscribe ChatChannel {\"room\":1}",
        lines: Lines::Json,
        check: |args| identifier("unsubscribe", args).map(drop),
    },
];

/// The identifier of a subscription: its channel and its parameters, as they are on the wire.
pub(super) fn identifier(verb: &str, args: &str) -> Result<String, SayError> {
    let (channel, rest) = word(args.trim());
    if channel.is_empty() {
        return Err(usage(VERBS, verb));
    }
    let mut identifier = Map::new();
    identifier.insert("channel".to_owned(), channel.into());
    identifier.extend(object(verb, rest)?);
    Ok(Value::from(identifier).to_string())
}

/// Data for a subscription.
#[derive(Debug, PartialEq)]
pub(super) struct Perform {
    pub to: To,
    pub data: Value,
}

#[derive(Debug, PartialEq)]
pub(super) enum To {
    Newest,
    /// The newest one to this channel.
    Channel(String),
    /// With this identifier.
    Identifier(String),
}

/// `[[CHANNEL]] ACTION [JSON]`.
pub(super) fn perform(args: &str) -> Result<Perform, SayError> {
    let args = args.trim();
    let (to, rest) = match args.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((channel, rest)) => (To::Channel(channel.to_owned()), rest.trim_start()),
        None => (To::Newest, args),
    };
    let (action, rest) = word(rest);
    if action.is_empty() {
        return Err(usage(VERBS, "perform"));
    }
    let mut data = Map::new();
    data.insert("action".to_owned(), action.into());
    data.extend(object("perform", rest)?);
    let data = data.into();
    Ok(Perform { to, data })
}

fn object(verb: &str, text: &str) -> Result<Map<String, Value>, SayError> {
    if !text.is_empty() && !is_object(text) {
        return Err(no_object(text));
    }
    let mut values = values(text)?.into_iter();
    match (values.next(), values.next()) {
        (None, _) => Ok(Map::new()),
        (Some(Value::Object(object)), None) => Ok(object),
        (Some(value), None) => Err(no_object(&value.to_string())),
        _ => Err(usage(VERBS, verb)),
    }
}

fn no_object(argument: &str) -> SayError {
    let text = format!("the argument {argument} is no object");
    SayError::new(text, "parameters are {\"name\":value}")
}

const FORMS: &str = "a message is {\"identifier\":{\"channel\":\"…\"},\"data\":{\"action\":\"…\"}}";

/// A line or record in JSON.
pub(super) fn record(text: &str) -> Result<Perform, SayError> {
    let value = json(text, FORMS)?;
    let to = match &value["identifier"] {
        Value::Null => To::Newest,
        Value::String(identifier) => To::Identifier(identifier.clone()),
        identifier => To::Identifier(identifier.to_string()),
    };
    match value.get("data") {
        Some(data @ Value::Object(_)) => Ok(Perform {
            to,
            data: data.clone(),
        }),
        _ => Err(SayError::new("no object in the member data", FORMS)),
    }
}

/// What names a subscription for people: `ChatChannel {"room":1}`.
pub(super) fn title(identifier: &str) -> String {
    match serde_json::from_str(identifier) {
        Ok(Value::Object(mut object)) => match object.shift_remove("channel") {
            Some(Value::String(channel)) if object.is_empty() => channel,
            Some(Value::String(channel)) => format!("{channel} {}", Value::from(object)),
            _ => identifier.to_owned(),
        },
        _ => identifier.to_owned(),
    }
}

/// The channel of an identifier.
pub(super) fn channel(identifier: &str) -> Option<String> {
    let value: Value = serde_json::from_str(identifier).ok()?;
    value["channel"].as_str().map(str::to_owned)
}

/// An identifier as JSON, if it is that.
pub(super) fn unwrapped(identifier: &str) -> Value {
    serde_json::from_str(identifier).unwrap_or_else(|_| json!(identifier))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identifier_is_the_channel_and_its_parameters_in_this_order() {
        let text = identifier("subscribe", " Chat {\"b\":1,\"a\":2} ").expect("an identifier");
        assert_eq!(text, "{\"channel\":\"Chat\",\"b\":1,\"a\":2}");
        assert_eq!(title(&text), "Chat {\"b\":1,\"a\":2}");
        assert_eq!(title("{\"channel\":\"Chat\"}"), "Chat");
        for other in ["x", "7", "{}", "{\"channel\":7}"] {
            assert_eq!(title(other), other);
        }
        for args in ["", "Chat 7", "Chat {} {}", "Chat {"] {
            assert!(identifier("subscribe", args).is_err(), "{args}");
        }
    }

    #[test]
    fn an_action_goes_to_the_newest_subscription_or_to_the_named_one() {
        let expected = |to| Perform {
            to,
            data: json!({"action": "speak", "n": 1}),
        };
        assert_eq!(perform("speak {\"n\":1}"), Ok(expected(To::Newest)));
        assert_eq!(
            perform("[Chat] speak {\"n\":1}"),
            Ok(expected(To::Channel("Chat".to_owned())))
        );
        let to = To::Identifier("{\"channel\":\"Chat\"}".to_owned());
        let text =
            "{\"identifier\":{\"channel\":\"Chat\"},\"data\":{\"action\":\"speak\",\"n\":1}}";
        assert_eq!(record(text), Ok(expected(to)));
        for args in ["", "[Chat]", "speak 7", "speak x"] {
            assert!(perform(args).is_err(), "{args}");
        }
        for text in ["{}", "7", "[]", "{\"data\":1}", "{"] {
            assert!(record(text).is_err(), "{text}");
        }
    }
}
