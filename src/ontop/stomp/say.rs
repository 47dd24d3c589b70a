//! What a person types and a program writes.

use serde_json::{Map, Value, json};

use super::frame::Headers;
use crate::ontop::binary::text_or_binary;
use crate::ontop::record::{Record, is_object};
use crate::ontop::verb::{is_option, unknown_option, usage, word};
use crate::ontop::{Lines, SayError, Verb};

pub const VERBS: &[Verb] = &[
    Verb {
        name: "send",
        args: "[-r] [-h NAME:VALUE]… DESTINATION BODY",
        help: "send a message, with -r to get a receipt, with -h to add headers",
        example: "/send /queue/a {\"n\":1}",
        lines: Lines::No,
        check: |args| message(args).map(drop),
    },
    Verb {
        name: "subscribe",
        args: "DESTINATION [auto|client|client-individual]",
        help: "receive the messages of a destination, acknowledged by wsee or by /ack",
        example: "/subscribe /topic/a",
        lines: Lines::No,
        check: |args| subscription(args).map(drop),
    },
    Verb {
        name: "unsubscribe",
        args: "DESTINATION",
        help: "end a subscription",
        example: "/unsubscribe /topic/a",
        lines: Lines::No,
        check: |args| one("unsubscribe", args).map(drop),
    },
    Verb {
        name: "ack",
        args: "ID",
        help: "acknowledge a message that wants it",
        example: "/ack 7",
        lines: Lines::No,
        check: |args| one("ack", args).map(drop),
    },
    Verb {
        name: "nack",
        args: "ID",
        help: "refuse a message that wants an acknowledgement",
        example: "/nack 7",
        lines: Lines::No,
        check: |args| one("nack", args).map(drop),
    },
];

/// A message to send.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Message {
    pub destination: String,
    /// Those that the user adds.
    pub headers: Headers,
    pub body: Vec<u8>,
    pub wants_receipt: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Subscription {
    pub destination: String,
    pub ack: String,
}

/// Headers that wsee writes itself, or that belong to one delivery.
const OWN: [&str; 9] = [
    "ack",
    "content-length",
    "destination",
    "id",
    "message-id",
    "receipt",
    "redelivered",
    "subscription",
    "transaction",
];

pub(super) fn is_own(name: &str) -> bool {
    OWN.contains(&name)
}

/// `[-r] [-h NAME:VALUE]… DESTINATION BODY`; the body is the rest of the line.
pub(super) fn message(args: &str) -> Result<Message, SayError> {
    let mut message = Message::default();
    let mut rest = args.trim_start();
    loop {
        let (flag, after) = word(rest);
        match flag {
            "-r" => {
                message.wants_receipt = true;
                rest = after;
            }
            "-h" => {
                let (header, after) = word(after);
                let Some((name, value)) = header.split_once(':') else {
                    let text = format!("the header {header:?} has no colon");
                    return Err(SayError::new(text, "for example -h priority:9"));
                };
                add(&mut message.headers, name, value)?;
                rest = after;
            }
            "" => return Err(usage(VERBS, "send")),
            _ if is_option(flag) => {
                let known = "-r for a receipt and -h NAME:VALUE for a header";
                return Err(unknown_option(flag, known));
            }
            _ => break,
        }
    }
    let (name, body) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
    if body.is_empty() {
        // A single word is rather a slip than an empty message.
        let record = json!({"destination": name});
        let hint = format!("it follows the destination; {record} sends an empty message");
        return Err(SayError::new("the message has no body", hint.as_str()));
    }
    name.clone_into(&mut message.destination);
    message.body = body.as_bytes().to_vec();
    Ok(message)
}

/// A message in words, or as JSON.
pub(super) fn said(line: &str) -> Result<Message, SayError> {
    if is_object(line) {
        record(line)
    } else {
        message(line)
    }
}

fn add(headers: &mut Headers, name: &str, value: &str) -> Result<(), SayError> {
    if name.is_empty() || is_own(name) {
        let text = format!("the header {name:?} cannot be given");
        return Err(SayError::new(
            text,
            "wsee writes it itself where it is needed",
        ));
    }
    if name.contains('\0') || value.contains('\0') {
        return Err(SayError::new(
            format!("the header {name:?} has a NUL"),
            None,
        ));
    }
    headers.add(name, value);
    Ok(())
}

/// `DESTINATION [ACK]`.
pub(super) fn subscription(args: &str) -> Result<Subscription, SayError> {
    let mut words = args.split_whitespace();
    let (destination, ack, surplus) = (words.next(), words.next(), words.next());
    let Some(destination) = destination.filter(|_| surplus.is_none()) else {
        return Err(usage(VERBS, "subscribe"));
    };
    let ack = ack.unwrap_or("auto");
    if !["auto", "client", "client-individual"].contains(&ack) {
        let text = format!("{ack:?} is no way to acknowledge");
        let hint = "there are auto, client (with all before it) and client-individual";
        return Err(SayError::new(text, hint));
    }
    Ok(Subscription {
        destination: destination.to_owned(),
        ack: ack.to_owned(),
    })
}

/// The one argument of a verb.
pub(super) fn one(verb: &str, args: &str) -> Result<String, SayError> {
    match word(args.trim()) {
        (name, "") if !name.is_empty() => Ok(name.to_owned()),
        _ => Err(usage(VERBS, verb)),
    }
}

const FORM: &str = "a message is {\"destination\":\"NAME\",\"body\":\"TEXT\"}, with headers and receipt if there are any";

/// A message as a pipe reads it.
pub(super) fn record(text: &str) -> Result<Message, SayError> {
    let mut record = Record::parse(text, FORM)?;
    let destination = record.text("destination")?;
    if destination.is_empty() || destination.contains('\0') {
        return Err(record.wrong("the destination is empty or has a NUL"));
    }
    let body = record.bytes("body");
    let mut headers = Headers::default();
    match record.take("headers") {
        None => {}
        Some(Value::Object(given)) => {
            for (name, value) in &given {
                let text = value.as_str();
                let text = text.ok_or_else(|| record.wrong("a header is no string"))?;
                add(&mut headers, name, text)?;
            }
        }
        Some(_) => return Err(record.wrong("headers is no object")),
    }
    let wants_receipt = record.flag("receipt")?;
    record.finish()?;
    Ok(Message {
        destination,
        headers,
        body,
        wants_receipt,
    })
}

/// A message as a pipe prints it.
pub(super) fn printed(destination: &str, headers: &Headers, body: &[u8]) -> Value {
    let mut object = Map::new();
    object.insert("destination".to_owned(), destination.into());
    object.insert("body".to_owned(), text_or_binary(body));
    let headers = headers.only(|name| !name.is_empty() && !is_own(name));
    if !headers.0.is_empty() {
        object.insert("headers".to_owned(), headers.object());
    }
    object.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_printed_is_the_same_message_when_it_is_sent() {
        let mut headers = Headers::default();
        headers.add("message-id", "7");
        headers.add("priority", "9");
        headers.add("priority", "1");
        for body in [b"text".as_slice(), b"", b"\xff\0", b"{\"a\": 1}"] {
            let message = record(&printed("/q", &headers, body).to_string()).expect("a record");
            assert_eq!((message.destination.as_str(), &*message.body), ("/q", body));
            assert_eq!(message.headers.0, [("priority".to_owned(), "9".to_owned())]);
        }
    }

    #[test]
    fn what_cannot_be_said_says_why() {
        for (text, why) in [
            ("x", "not JSON"),
            ("[]", "no JSON object"),
            ("{\"body\":1}", "no destination"),
            ("{\"destination\":\"\"}", "is empty"),
            (
                "{\"destination\":\"a\",\"receipt\":1}",
                "receipt is neither",
            ),
            ("{\"destination\":\"a\",\"x\":1}", "no member \"x\""),
            (
                "{\"destination\":\"a\",\"headers\":{\"id\":\"1\"}}",
                "\"id\" cannot",
            ),
            (
                "{\"destination\":\"a\",\"headers\":{\"b\":1}}",
                "is no string",
            ),
        ] {
            let error = record(text).expect_err(text);
            assert!(error.text.contains(why), "{text}: {error:?}");
        }
        for args in ["", "-r", "-h a b c", "-h id:1 b c", "-x /q a", "/q", "/q "] {
            assert!(message(args).is_err(), "{args}");
        }
        assert!(subscription("a b").is_err() && subscription("a client b").is_err());
        let sent = message("-r -h a:b:c /q x  y").expect("a message");
        assert_eq!(
            (sent.destination.as_str(), &*sent.body),
            ("/q", b"x  y".as_slice())
        );
        assert_eq!(sent.headers.get("a"), Some("b:c"));
    }
}
