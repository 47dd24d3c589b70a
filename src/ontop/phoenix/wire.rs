//! Messages on the wire.

use serde_json::{Map, Value, json};

use crate::ontop::binary as base64;
use crate::proto::message::Kind;

/// The serialisation, which the parameter `vsn` of the URL names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Version {
    /// Objects.
    V1,
    /// Arrays, and binary payloads.
    #[default]
    V2,
}

impl Version {
    pub fn number(self) -> &'static str {
        match self {
            Self::V1 => "1.0.0",
            Self::V2 => "2.0.0",
        }
    }
}

/// A message in either direction; a binary payload is `{"$base64": "…"}`.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Packet {
    pub join_ref: Option<String>,
    pub reference: Option<String>,
    pub topic: String,
    pub event: String,
    pub payload: Value,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Fault {
    #[error("it is not JSON ({0})")]
    NotJson(String),
    #[error("it is no array of five and no object with a topic and an event")]
    Shape,
    #[error("the binary message is shorter than its header says")]
    Short,
    #[error("{0} is no kind of a binary message that a server sends")]
    Kind(u8),
    #[error("{0} is no kind of a binary message that a client sends")]
    KindOfClient(u8),
    #[error("a name in the binary message is not UTF-8")]
    Name,
}

/// Reads a message of a server, in whichever version it is.
pub(super) fn decode(kind: Kind, payload: &[u8]) -> Result<(Version, Packet), Fault> {
    if kind == Kind::Binary {
        return Ok((Version::V2, binary(payload)?));
    }
    text_form(payload)
}

/// Reads a message of a client, in whichever version it is.
pub(super) fn asked(kind: Kind, payload: &[u8]) -> Result<(Version, Packet), Fault> {
    if kind == Kind::Binary {
        return Ok((Version::V2, push(payload)?));
    }
    text_form(payload)
}

fn text_form(payload: &[u8]) -> Result<(Version, Packet), Fault> {
    let value = serde_json::from_slice(payload).map_err(|it| Fault::NotJson(it.to_string()))?;
    match value {
        Value::Array(parts) => Ok((Version::V2, array(parts)?)),
        Value::Object(object) => Ok((Version::V1, object_form(object)?)),
        _ => Err(Fault::Shape),
    }
}

fn array(parts: Vec<Value>) -> Result<Packet, Fault> {
    let parts: [Value; 5] = parts.try_into().map_err(|_| Fault::Shape)?;
    let [join_ref, reference, topic, event, payload] = parts;
    let (Value::String(topic), Value::String(event)) = (topic, event) else {
        return Err(Fault::Shape);
    };
    Ok(Packet {
        join_ref: text(join_ref),
        reference: text(reference),
        topic,
        event,
        payload,
    })
}

fn object_form(mut object: Map<String, Value>) -> Result<Packet, Fault> {
    let mut take = |key: &str| object.remove(key).unwrap_or_default();
    let (Value::String(topic), Value::String(event)) = (take("topic"), take("event")) else {
        return Err(Fault::Shape);
    };
    Ok(Packet {
        join_ref: text(take("join_ref")),
        reference: text(take("ref")),
        topic,
        event,
        payload: take("payload"),
    })
}

/// Clients number with strings, and some servers repeat numbers.
fn text(value: Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

const PUSH: u8 = 0;
const REPLY: u8 = 1;
const BROADCAST: u8 = 2;

/// A kind, the sizes of the names, the names, and the payload.
fn binary(bytes: &[u8]) -> Result<Packet, Fault> {
    let (&kind, bytes) = bytes.split_first().ok_or(Fault::Short)?;
    let count = match kind {
        PUSH => 3,
        REPLY => 4,
        BROADCAST => 2,
        other => return Err(Fault::Kind(other)),
    };
    let (names, payload) = split(bytes, count)?;
    let mut names = names.into_iter();
    let mut next = || names.next().unwrap_or_default();
    Ok(match kind {
        PUSH => Packet {
            join_ref: Some(next()),
            reference: None,
            topic: next(),
            event: next(),
            payload,
        },
        REPLY => Packet {
            join_ref: Some(next()),
            reference: Some(next()),
            topic: next(),
            payload: json!({"status": next(), "response": payload}),
            event: "phx_reply".to_owned(),
        },
        _ => Packet {
            join_ref: None,
            reference: None,
            topic: next(),
            event: next(),
            payload,
        },
    })
}

/// A push of a client, which has a reference as well.
fn push(bytes: &[u8]) -> Result<Packet, Fault> {
    let (&kind, bytes) = bytes.split_first().ok_or(Fault::Short)?;
    if kind != PUSH {
        return Err(Fault::KindOfClient(kind));
    }
    let (names, payload) = split(bytes, 4)?;
    let mut names = names.into_iter();
    let mut next = || names.next().unwrap_or_default();
    Ok(Packet {
        join_ref: Some(next()),
        reference: Some(next()),
        topic: next(),
        event: next(),
        payload,
    })
}

/// The names at the start, whose sizes come first, and the payload.
fn split(bytes: &[u8], count: usize) -> Result<(Vec<String>, Value), Fault> {
    let (sizes, mut rest) = bytes.split_at_checked(count).ok_or(Fault::Short)?;
    let mut names = Vec::new();
    for &size in sizes {
        let (name, after) = rest.split_at_checked(size.into()).ok_or(Fault::Short)?;
        let name = std::str::from_utf8(name).map_err(|_| Fault::Name)?;
        names.push(name.to_owned());
        rest = after;
    }
    Ok((names, base64::binary_value(rest)))
}

/// The longest name in a binary message, in bytes: its size is one byte.
pub(super) const LONGEST_NAME: usize = 255;

pub(super) fn encode(version: Version, packet: &Packet) -> (Kind, Vec<u8>) {
    let Packet {
        join_ref,
        reference,
        topic,
        event,
        payload,
    } = packet;
    if version == Version::V1 {
        let mut object =
            json!({"topic": topic, "event": event, "payload": payload, "ref": reference});
        if let Some(join_ref) = join_ref {
            object["join_ref"] = join_ref.as_str().into();
        }
        return (Kind::Text, object.to_string().into_bytes());
    }
    let Some(data) = base64::binary(payload) else {
        let array = json!([join_ref, reference, topic, event, payload]);
        return (Kind::Text, array.to_string().into_bytes());
    };
    let (join_ref, reference) = (join_ref.as_deref(), reference.as_deref());
    let names = [
        join_ref.unwrap_or_default(),
        reference.unwrap_or_default(),
        topic,
        event,
    ];
    (Kind::Binary, joined(PUSH, &names, &data))
}

/// The message of a server: a reply, or an event for all that have joined the topic.
pub(super) fn serve(version: Version, packet: &Packet) -> (Kind, Vec<u8>) {
    let (join_ref, reference) = (packet.join_ref.as_deref(), packet.reference.as_deref());
    let status = packet.payload["status"].as_str();
    let status = status.filter(|_| packet.event == "phx_reply");
    let binary = if let Some(status) = status {
        let data = base64::binary(&packet.payload["response"]);
        let names = [
            join_ref.unwrap_or_default(),
            reference.unwrap_or_default(),
            &packet.topic,
            status,
        ];
        data.map(|data| joined(REPLY, &names, &data))
    } else {
        let data = base64::binary(&packet.payload);
        data.map(|data| joined(BROADCAST, &[&packet.topic, &packet.event], &data))
    };
    match binary.filter(|_| version == Version::V2) {
        Some(message) => (Kind::Binary, message),
        None => encode(version, packet),
    }
}

/// A binary message; longer names than its sizes can say are refused before.
fn joined(kind: u8, names: &[&str], data: &[u8]) -> Vec<u8> {
    let mut message = vec![kind];
    let size = |name: &&str| u8::try_from(name.len()).unwrap_or(u8::MAX);
    message.extend(names.iter().map(size));
    message.extend(names.iter().flat_map(|name| name.bytes()));
    message.extend(data);
    message
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_versions_and_all_binary_messages_are_read() {
        let packet =
            |join_ref: Option<&str>, reference: Option<&str>, event: &str, payload| Packet {
                join_ref: join_ref.map(str::to_owned),
                reference: reference.map(str::to_owned),
                topic: "t".to_owned(),
                event: event.to_owned(),
                payload,
            };
        let text = |text: &str| decode(Kind::Text, text.as_bytes());
        assert_eq!(
            text("[\"1\",\"2\",\"t\",\"e\",{}]"),
            Ok((Version::V2, packet(Some("1"), Some("2"), "e", json!({}))))
        );
        assert_eq!(
            text("{\"topic\":\"t\",\"event\":\"e\",\"payload\":1,\"ref\":null}"),
            Ok((Version::V1, packet(None, None, "e", json!(1))))
        );
        let binary = |bytes: &[u8]| decode(Kind::Binary, bytes).map(|it| it.1);
        let data = json!({"$base64": "/w=="});
        assert_eq!(
            binary(b"\x00\x01\x01\x01\x31te\xff"),
            Ok(packet(Some("1"), None, "e", data.clone()))
        );
        assert_eq!(
            binary(b"\x01\x01\x01\x01\x02\x31\x32tok\xff"),
            Ok(packet(
                Some("1"),
                Some("2"),
                "phx_reply",
                json!({"status": "ok", "response": data})
            ))
        );
        assert_eq!(
            binary(b"\x02\x01\x01te\xff"),
            Ok(packet(None, None, "e", data))
        );
    }

    #[test]
    fn a_binary_payload_makes_a_binary_message() {
        let packet = Packet {
            join_ref: Some("1".to_owned()),
            reference: Some("22".to_owned()),
            topic: "t".to_owned(),
            event: "e".to_owned(),
            payload: json!({"$base64": "AQI="}),
        };
        let (kind, bytes) = encode(Version::V2, &packet);
        assert_eq!(kind, Kind::Binary);
        assert_eq!(bytes, b"\x00\x01\x02\x01\x01\x31\x32\x32te\x01\x02");
    }

    #[test]
    fn what_a_server_sends_is_what_a_client_reads() {
        let packet =
            |join_ref: Option<&str>, reference: Option<&str>, event: &str, payload| Packet {
                join_ref: join_ref.map(str::to_owned),
                reference: reference.map(str::to_owned),
                topic: "t".to_owned(),
                event: event.to_owned(),
                payload,
            };
        let data = || json!({"$base64": "AQI="});
        let reply = json!({"status": "ok", "response": data()});
        for (packet, kind) in [
            (packet(None, None, "e", json!({"a": 1})), Kind::Text),
            (packet(None, None, "e", data()), Kind::Binary),
            (
                packet(Some("1"), Some("2"), "phx_reply", reply),
                Kind::Binary,
            ),
        ] {
            let (found, bytes) = serve(Version::V2, &packet);
            assert_eq!(found, kind);
            assert_eq!(decode(kind, &bytes), Ok((Version::V2, packet)));
        }
        let pushed = packet(Some("1"), Some("2"), "e", data());
        let (kind, bytes) = encode(Version::V2, &pushed);
        assert_eq!(asked(kind, &bytes), Ok((Version::V2, pushed)));
        let fault = asked(Kind::Binary, &[BROADCAST, 0, 0]);
        assert_eq!(fault, Err(Fault::KindOfClient(BROADCAST)));
    }

    #[test]
    fn other_messages_have_a_named_fault() {
        for text in [
            "[]",
            "[1,2,3,4,5]",
            "{}",
            "7",
            "{\"topic\":1,\"event\":\"a\"}",
        ] {
            assert_eq!(
                decode(Kind::Text, text.as_bytes()),
                Err(Fault::Shape),
                "{text}"
            );
        }
        assert!(matches!(decode(Kind::Text, b"x"), Err(Fault::NotJson(_))));
        for (bytes, fault) in [
            (&b""[..], Fault::Short),
            (b"\x00\x01", Fault::Short),
            (b"\x02\xff\x00a", Fault::Short),
            (b"\x07", Fault::Kind(7)),
            (b"\x02\x01\x00\xff", Fault::Name),
        ] {
            assert_eq!(decode(Kind::Binary, bytes), Err(fault), "{bytes:?}");
        }
    }
}
