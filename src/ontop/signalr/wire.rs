//! Messages on the wire: records that end with the byte 1e, or have their length in front in `MessagePack`.

use serde_json::{Map, Value, json};

use crate::ontop::pack;
use crate::proto::message::Kind;

/// The end of a record in JSON, in which no string has it unescaped.
const END: u8 = 0x1e;
/// The most records of a message that are looked at: a message of 64 MiB holds millions, each of which would be
/// larger in memory. Servers join what waits in a buffer of 64 KiB.
const LOOKED_AT: usize = 10_000;

/// In what the records of a message are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Form {
    #[default]
    Json,
    /// JSON in a binary message, which the official client for browsers does not read.
    BinaryJson,
    MessagePack,
}

/// A record of a server.
#[derive(Debug, PartialEq)]
pub(super) enum Record {
    /// The answer to the handshake, with why it is refused.
    Handshake(Option<String>),
    Invocation {
        /// The server waits for a result with it.
        id: Option<String>,
        target: String,
        arguments: Value,
    },
    Item {
        id: String,
        item: Value,
    },
    Completion {
        id: String,
        outcome: Outcome,
    },
    Ping,
    Close {
        error: Option<String>,
        /// Whether the server accepts another connection.
        reconnects: bool,
    },
    /// One that only clients send, or that is newer.
    Other(u64, Value),
}

#[derive(Debug, PartialEq)]
pub(super) enum Outcome {
    Void,
    Result(Value),
    Error(String),
}

/// The records of a message, each with its bytes.
#[derive(Debug)]
pub(super) struct Decoded<'a> {
    pub form: Form,
    pub records: Vec<(&'a [u8], Result<Record, String>)>,
    /// How many more there are.
    pub more: usize,
}

pub(super) fn decode(kind: Kind, payload: &[u8]) -> Decoded<'_> {
    let is_json = payload.starts_with(b"{") && payload.ends_with(&[END]);
    match kind {
        Kind::Text => in_json(Form::Json, payload),
        Kind::Binary if is_json => in_json(Form::BinaryJson, payload),
        Kind::Binary => in_pack(payload),
    }
}

fn in_json(form: Form, payload: &[u8]) -> Decoded<'_> {
    let whole = payload.strip_suffix(&[END]);
    let is_cut = whole.is_none();
    let mut parts = whole.unwrap_or(payload).split(|&byte| byte == END);
    let mut records: Vec<_> = parts
        .by_ref()
        .take(LOOKED_AT)
        .map(|part| (part, json_record(part)))
        .collect();
    let more = parts.count();
    if is_cut
        && more == 0
        && let Some((_, last)) = records.last_mut()
    {
        *last = Err("the byte 1e at its end is missing".to_owned());
    }
    Decoded {
        form,
        records,
        more,
    }
}

fn json_record(bytes: &[u8]) -> Result<Record, String> {
    match serde_json::from_slice(bytes) {
        Ok(Value::Object(object)) => record(object),
        Ok(_) => Err("it is JSON, but no object".to_owned()),
        Err(error) => Err(format!("it is not JSON ({error})")),
    }
}

fn in_pack(payload: &[u8]) -> Decoded<'_> {
    let (mut records, mut rest) = (Vec::new(), payload);
    while records.len() < LOOKED_AT {
        let split = length(rest).and_then(|(length, after)| after.split_at_checked(length));
        let Some((bytes, next)) = split else {
            records.push((rest, Err(CUT.to_owned())));
            rest = &[];
            break;
        };
        let read = pack::read(bytes).and_then(unpacked).and_then(record);
        records.push((bytes, read));
        rest = next;
        if rest.is_empty() {
            break;
        }
    }
    // How many more there are is not known without reading them.
    let more = usize::from(!rest.is_empty());
    Decoded {
        form: Form::MessagePack,
        records,
        more,
    }
}

const CUT: &str = "it is neither JSON nor MessagePack with its length in front";

/// The most bytes of a length, in each of which seven bits count.
const LONGEST_LENGTH: usize = 5;

/// The length in front of a record in `MessagePack`, lowest bits first, and what follows it.
fn length(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let mut length = 0;
    for (at, &byte) in bytes.iter().take(LONGEST_LENGTH).enumerate() {
        length |= usize::from(byte & 0x7f) << (7 * at);
        if byte & 0x80 == 0 {
            return Some((length, &bytes[at + 1..]));
        }
    }
    None
}

/// A record in `MessagePack`, an array, as the object that it is in JSON.
fn unpacked(value: Value) -> Result<Map<String, Value>, String> {
    let Value::Array(parts) = value else {
        return Err("it is MessagePack, but no array".to_owned());
    };
    let kind = parts.first().cloned().unwrap_or_default();
    let part = |at: usize| parts.get(at).cloned().unwrap_or_default();
    let mut object = Map::new();
    let mut put = |key: &str, value: Value| object.insert(key.to_owned(), value);
    match kind.as_u64() {
        Some(1 | 4) => {
            put("invocationId", part(2));
            put("target", part(3));
            put("arguments", part(4));
        }
        Some(2) => {
            put("invocationId", part(2));
            put("item", part(3));
        }
        Some(3) => {
            put("invocationId", part(2));
            match part(3).as_u64() {
                Some(1) => put("error", part(4)),
                Some(2) => None,
                Some(3) => put("result", part(4)),
                _ => return Err("its completion has no result kind from 1 to 3".to_owned()),
            };
        }
        Some(7) => {
            put("error", part(1));
            put("allowReconnect", part(2));
        }
        Some(5) => drop(put("invocationId", part(2))),
        Some(8 | 9) => drop(put("sequenceId", part(1))),
        _ => {}
    }
    object.insert("type".to_owned(), kind);
    Ok(object)
}

fn record(mut object: Map<String, Value>) -> Result<Record, String> {
    let error = text(&mut object, "error");
    let kind = match object.get("type") {
        None => return Ok(Record::Handshake(error)),
        Some(kind) => kind.as_u64().ok_or("its type is no number")?,
    };
    Ok(match kind {
        1 => {
            let id = text(&mut object, "invocationId");
            let Some(target) = text(&mut object, "target") else {
                return Err("it is an invocation without a target".to_owned());
            };
            let arguments = object.remove("arguments").unwrap_or_else(|| json!([]));
            if !arguments.is_array() {
                return Err("its arguments are no array".to_owned());
            }
            Record::Invocation {
                id,
                target,
                arguments,
            }
        }
        2 => Record::Item {
            id: id(&mut object)?,
            item: object.remove("item").unwrap_or_default(),
        },
        3 => Record::Completion {
            id: id(&mut object)?,
            outcome: match (error, object.remove("result")) {
                (Some(error), _) => Outcome::Error(error),
                (None, Some(result)) => Outcome::Result(result),
                (None, None) => Outcome::Void,
            },
        },
        6 => Record::Ping,
        7 => Record::Close {
            error,
            reconnects: object.get("allowReconnect").is_some_and(|it| *it == true),
        },
        kind => Record::Other(kind, object.into()),
    })
}

fn id(object: &mut Map<String, Value>) -> Result<String, String> {
    let id = text(object, "invocationId");
    id.ok_or_else(|| "it has no invocationId".to_owned())
}

/// A member that is a text; another value is its JSON.
fn text(object: &mut Map<String, Value>, key: &str) -> Option<String> {
    match object.remove(key)? {
        Value::Null => None,
        Value::String(text) => Some(text),
        other => Some(other.to_string()),
    }
}

/// A record in JSON.
pub(super) fn encode(record: &Value) -> Vec<u8> {
    let mut bytes = record.to_string().into_bytes();
    bytes.push(END);
    bytes
}

/// A ping in `MessagePack`: its length, and an array of the type.
pub(super) const PACKED_PING: [u8; 3] = [0x02, 0x91, 0x06];

#[cfg(test)]
mod tests {
    use super::*;

    fn one(kind: Kind, payload: &[u8]) -> Result<Record, String> {
        let mut records = decode(kind, payload).records;
        assert_eq!(records.len(), 1, "{records:?}");
        records.remove(0).1
    }

    fn invocation(id: Option<&str>) -> Record {
        Record::Invocation {
            id: id.map(str::to_owned),
            target: "t".to_owned(),
            arguments: json!([1]),
        }
    }

    fn completion(outcome: Outcome) -> Record {
        let id = "7".to_owned();
        Record::Completion { id, outcome }
    }

    #[test]
    fn several_records_of_a_message_are_read() {
        let text = "{}\x1e{\"type\":6}\x1e{\"type\":1,\"target\":\"t\",\"arguments\":[1]}\x1e";
        for kind in [Kind::Text, Kind::Binary] {
            let decoded = decode(kind, text.as_bytes());
            let records: Vec<_> = decoded.records.into_iter().map(|it| it.1).collect();
            let expected = [Record::Handshake(None), Record::Ping, invocation(None)];
            assert_eq!(records, expected.map(Ok));
            assert_eq!(decoded.form == Form::Json, kind == Kind::Text);
        }
    }

    #[test]
    fn both_forms_have_the_same_records() {
        let pack = |bytes: &[u8]| {
            let mut message = vec![u8::try_from(bytes.len()).expect("a short one")];
            message.extend(bytes);
            message
        };
        for (text, bytes, expected) in [
            (
                "{\"type\":1,\"invocationId\":\"7\",\"target\":\"t\",\"arguments\":[1]}",
                &b"\x96\x01\x80\xa17\xa1t\x91\x01\x90"[..],
                invocation(Some("7")),
            ),
            (
                "{\"type\":2,\"invocationId\":\"7\",\"item\":[1]}",
                b"\x94\x02\x80\xa17\x91\x01",
                Record::Item {
                    id: "7".to_owned(),
                    item: json!([1]),
                },
            ),
            (
                "{\"type\":3,\"invocationId\":\"7\",\"result\":null}",
                b"\x95\x03\x80\xa17\x03\xc0",
                completion(Outcome::Result(Value::Null)),
            ),
            (
                "{\"type\":3,\"invocationId\":\"7\"}",
                b"\x94\x03\x80\xa17\x02",
                completion(Outcome::Void),
            ),
            (
                "{\"type\":3,\"invocationId\":\"7\",\"error\":\"no\"}",
                b"\x95\x03\x80\xa17\x01\xa2no",
                completion(Outcome::Error("no".to_owned())),
            ),
            ("{\"type\":6}", b"\x91\x06", Record::Ping),
            (
                "{\"type\":7,\"error\":\"no\",\"allowReconnect\":true}",
                b"\x93\x07\xa2no\xc3",
                Record::Close {
                    error: Some("no".to_owned()),
                    reconnects: true,
                },
            ),
        ] {
            let message = [text.as_bytes(), b"\x1e"].concat();
            assert_eq!(one(Kind::Text, &message).as_ref(), Ok(&expected), "{text}");
            assert_eq!(one(Kind::Binary, &pack(bytes)), Ok(expected), "{text}");
        }
        assert_eq!(one(Kind::Binary, &PACKED_PING), Ok(Record::Ping));
    }

    #[test]
    fn other_messages_have_a_reason() {
        for (text, reason) in [
            ("", "the byte 1e at its end is missing"),
            ("{}", "the byte 1e at its end is missing"),
            ("x\x1e", "it is not JSON"),
            ("[]\x1e", "no object"),
            ("{\"type\":\"1\"}\x1e", "its type is no number"),
            ("{\"type\":1}\x1e", "without a target"),
            (
                "{\"type\":1,\"target\":\"t\",\"arguments\":{}}\x1e",
                "no array",
            ),
            ("{\"type\":3}\x1e", "no invocationId"),
        ] {
            let fault = one(Kind::Text, text.as_bytes()).expect_err(text);
            assert!(fault.contains(reason), "{text}: {fault}");
        }
        for bytes in [
            &b""[..],
            b"\xff",
            b"\xff\xff\xff\xff\xff\xff",
            b"\xff\xff\xff\xff\x0f",
            b"\x01\x06",
            b"\x02\x91",
            b"\x01\x90",
            b"\x06\x94\x03\x80\xa17\x09",
        ] {
            assert!(one(Kind::Binary, bytes).is_err(), "{bytes:02x?}");
        }
    }

    #[test]
    fn a_message_of_many_records_is_read_in_part() {
        let text = "{\"type\":6}\x1e".repeat(LOOKED_AT + 2);
        let decoded = decode(Kind::Text, text.as_bytes());
        assert_eq!((decoded.records.len(), decoded.more), (LOOKED_AT, 2));
        let bytes = PACKED_PING.repeat(LOOKED_AT + 2);
        let decoded = decode(Kind::Binary, &bytes);
        assert_eq!((decoded.records.len(), decoded.more), (LOOKED_AT, 1));
    }
}
