//! What a person types and a program writes.

use serde_json::{Map, Value, json};

use super::property::Properties;
use crate::ontop::binary::text_or_binary;
use crate::ontop::record::{Record, is_object};
use crate::ontop::verb::{is_option, unknown_option, usage, word};
use crate::ontop::{Lines, SayError, Verb};

pub const VERBS: &[Verb] = &[
    Verb {
        name: "publish",
        args: "[-q QOS] [-r] TOPIC [PAYLOAD]",
        help: "send a message to a topic, with -r to be retained",
        example: "/publish -q 1 sensors/a {\"t\":21}",
        lines: Lines::No,
        check: |args| publish(args).map(drop),
    },
    Verb {
        name: "subscribe",
        args: "TOPIC [QOS]",
        help: "receive the messages of a topic, or of all that + and # stand for",
        example: "/subscribe sensors/# 1",
        lines: Lines::No,
        check: |args| subscription(args).map(drop),
    },
    Verb {
        name: "unsubscribe",
        args: "TOPIC",
        help: "end a subscription",
        example: "/unsubscribe sensors/#",
        lines: Lines::No,
        check: |args| unsubscribe(args).map(drop),
    },
];

/// A message to send.
#[derive(Debug, PartialEq)]
pub(super) struct Message {
    pub topic: String,
    pub payload: Vec<u8>,
    pub qos: u8,
    pub retain: bool,
    pub properties: Properties,
}

/// The topics that one subscription is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Subscription {
    pub filter: String,
    /// The highest `QoS` of its messages.
    pub qos: u8,
}

/// `[-q QOS] [-r] TOPIC [PAYLOAD]`; the payload is the rest of the line.
pub(super) fn publish(args: &str) -> Result<Message, SayError> {
    let (mut quality, mut retain) = (0, false);
    let mut rest = args.trim_start();
    loop {
        let (flag, after) = word(rest);
        match flag {
            "-q" => {
                let (value, after) = word(after);
                quality = qos(value)?;
                rest = after;
            }
            "-r" => {
                retain = true;
                rest = after;
            }
            "" => return Err(usage(VERBS, "publish")),
            _ if is_option(flag) => {
                let known = "-q QOS and -r, which retains the message";
                return Err(unknown_option(flag, known));
            }
            _ => break,
        }
    }
    let (name, payload) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
    Ok(Message {
        topic: topic(name)?,
        payload: payload.as_bytes().to_vec(),
        qos: quality,
        retain,
        properties: Properties::default(),
    })
}

/// `TOPIC PAYLOAD`: a single word is rather a slip than an empty message, which removes a retained one.
pub(super) fn line(text: &str) -> Result<Message, SayError> {
    let message = publish(text)?;
    if message.payload.is_empty() && !message.retain {
        let topic = json!({"topic": message.topic});
        let hint = format!("a line is TOPIC PAYLOAD; {topic} publishes an empty message");
        return Err(SayError::new("the message has no payload", hint.as_str()));
    }
    Ok(message)
}

/// A message in words, or as JSON.
pub(super) fn said(text: &str) -> Result<Message, SayError> {
    if is_object(text) {
        record(text)
    } else {
        line(text)
    }
}

/// `TOPIC [QOS]`.
pub(super) fn subscription(args: &str) -> Result<Subscription, SayError> {
    let mut words = args.split_whitespace();
    let (name, quality, surplus) = (words.next(), words.next(), words.next());
    let Some(name) = name.filter(|_| surplus.is_none()) else {
        return Err(usage(VERBS, "subscribe"));
    };
    Ok(Subscription {
        filter: filter(name)?,
        qos: quality.map_or(Ok(0), qos)?,
    })
}

pub(super) fn unsubscribe(args: &str) -> Result<String, SayError> {
    match word(args.trim()) {
        (name, "") if !name.is_empty() => filter(name),
        _ => Err(usage(VERBS, "unsubscribe")),
    }
}

const FORM: &str = "a message is {\"topic\":\"NAME\",\"payload\":\"TEXT\"}, with qos, retain and properties if there are any";

/// A message as a pipe reads it.
pub(super) fn record(text: &str) -> Result<Message, SayError> {
    let mut record = Record::parse(text, FORM)?;
    let name = record.text("topic")?;
    let payload = record.bytes("payload");
    let qos = match record.take("qos") {
        None => 0,
        Some(value) => self::qos(&value.to_string())?,
    };
    let retain = record.flag("retain")?;
    let properties = record.take("properties");
    let properties = properties.as_ref().map(Properties::of_message).transpose();
    let properties = properties.map_err(|problem| record.wrong(&problem))?;
    record.finish()?;
    Ok(Message {
        topic: topic(&name)?,
        payload,
        qos,
        retain,
        properties: properties.unwrap_or_default(),
    })
}

/// A message as a pipe prints it.
pub(super) fn printed(
    topic: &str,
    payload: &[u8],
    qos: u8,
    retain: bool,
    properties: &Properties,
) -> Value {
    let mut object = Map::new();
    object.insert("topic".to_owned(), topic.into());
    object.insert("payload".to_owned(), text_or_binary(payload));
    if qos > 0 {
        object.insert("qos".to_owned(), qos.into());
    }
    if retain {
        object.insert("retain".to_owned(), json!(true));
    }
    if !properties.is_empty() {
        object.insert("properties".to_owned(), properties.object());
    }
    object.into()
}

fn qos(text: &str) -> Result<u8, SayError> {
    match text {
        "0" => Ok(0),
        "1" => Ok(1),
        "2" => Ok(2),
        _ => Err(SayError::new(
            format!("{text:?} is no QoS"),
            "it is 0 (at most once), 1 (at least once) or 2 (exactly once)",
        )),
    }
}

/// §4.7.1, §4.7.3: a topic of a message has no wildcards.
pub(super) fn topic(name: &str) -> Result<String, SayError> {
    if name.contains(['+', '#']) {
        let hint = "+ and # are for subscriptions";
        return Err(SayError::new(
            format!("the topic {name:?} has a wildcard"),
            hint,
        ));
    }
    checked("topic", name)
}

/// §4.7.1: a wildcard is a whole level, and # the last one.
pub(super) fn filter(name: &str) -> Result<String, SayError> {
    let levels = name.split('/').count();
    let is_wrong = name.split('/').enumerate().any(|(at, level)| match level {
        "+" => false,
        "#" => at + 1 < levels,
        other => other.contains(['+', '#']),
    });
    if is_wrong {
        return Err(SayError::new(
            format!("the topic filter {name:?} is not valid"),
            "+ and # are whole levels, as in a/+/b, and # is the last one, as in a/#",
        ));
    }
    checked("topic filter", name)
}

fn checked(what: &str, name: &str) -> Result<String, SayError> {
    if name.is_empty() || name.contains('\0') {
        let problem = if name.is_empty() {
            "is empty"
        } else {
            "has a NUL"
        };
        return Err(SayError::new(format!("the {what} {problem}"), None));
    }
    if u16::try_from(name.len()).is_err() {
        return Err(SayError::new(
            format!("the {what} is longer than 65535 bytes"),
            None,
        ));
    }
    Ok(name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_typed_with_its_flags_in_front() {
        for (args, topic, payload, qos, retain) in [
            ("a b c ", "a", "b c ", 0, false),
            ("-q 2 -r a/b {\"t\": 1}", "a/b", "{\"t\": 1}", 2, true),
            ("-r a", "a", "", 0, true),
            ("a -r", "a", "-r", 0, false),
            ("a  x", "a", " x", 0, false),
        ] {
            let message = publish(args).expect(args);
            let text = String::from_utf8(message.payload).expect("text");
            assert_eq!(
                (
                    message.topic.as_str(),
                    text.as_str(),
                    message.qos,
                    message.retain
                ),
                (topic, payload, qos, retain)
            );
        }
    }

    #[test]
    fn a_line_without_a_payload_is_a_slip() {
        for text in ["hello", "hello ", "-q 1 hello"] {
            let error = line(text).expect_err(text);
            assert_eq!(error.text, "the message has no payload");
            let hint = error.hint.unwrap_or_default();
            assert!(hint.contains("{\"topic\":\"hello\"}"), "{hint}");
        }
        assert!(line("a b").is_ok() && line("-r a").is_ok() && publish("a").is_ok());
    }

    #[test]
    fn what_is_printed_is_the_same_message_when_it_is_sent() {
        let properties = Properties::of_message(&json!({"content_type": "x"})).expect("known");
        for payload in [b"text".as_slice(), b"", b"\xff\0", b"{\"a\": 1}"] {
            for (qos, retain) in [(0, false), (2, true)] {
                let record_of = printed("a", payload, qos, retain, &properties).to_string();
                let message = record(&record_of).expect("a record");
                assert_eq!(message.payload, payload);
                assert_eq!((message.qos, message.retain), (qos, retain));
                assert_eq!(message.properties, properties);
            }
        }
    }

    #[test]
    fn what_cannot_be_said_says_why() {
        for (text, why) in [
            ("x", "not JSON"),
            ("[]", "no JSON object"),
            ("{\"payload\":1}", "no topic"),
            ("{\"topic\":\"a\",\"qos\":3}", "\"3\" is no QoS"),
            ("{\"topic\":\"a\",\"retain\":1}", "retain is neither"),
            ("{\"topic\":\"a\",\"x\":1}", "no member \"x\""),
            ("{\"topic\":\"a/#\"}", "has a wildcard"),
            ("{\"topic\":\"\"}", "is empty"),
            ("{\"topic\":\"a\\u0000\"}", "has a NUL"),
            (
                "{\"topic\":\"a\",\"properties\":{\"y\":1}}",
                "\"y\" is unknown",
            ),
        ] {
            let error = record(text).expect_err(text);
            assert!(error.text.contains(why), "{text}: {error:?}");
        }
        for args in ["", "a b c", "a 3", "a#", "#/a", "a/b+"] {
            assert!(subscription(args).is_err(), "{args}");
        }
        assert!(publish("-q").is_err() && publish("-r").is_err() && unsubscribe("a b").is_err());
        assert!(subscription("$share/g/a/+ 1").is_ok() && subscription("#").is_ok());
    }
}
