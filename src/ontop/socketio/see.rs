//! Packets as people and programs see them.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::acks::Acknowledged;
use super::packet::{MAIN, Packet, PacketType};
use crate::ontop::Seen;
use crate::render::quantity;

/// The object `as` of `--jsonl` starts with this name.
const PROTOCOL: &str = "socket.io";

/// An event, received or sent; `ack` is the number of its acknowledgement.
pub(super) fn event(namespace: &str, data: &[Value], ack: Option<u64>) -> Seen {
    let (name, arguments) = data.split_first().map_or((&Value::Null, data), |it| it);
    let mut object = object("event", Some(namespace));
    object.insert("event".to_owned(), data.into());
    if let Some(id) = ack {
        object.insert("ack".to_owned(), id.into());
    }
    Seen {
        payload: texts(arguments),
        ..seen(labelled("event", &name.to_string(), namespace), object)
    }
}

/// An acknowledgement, received or sent.
pub(super) fn ack(namespace: &str, id: u64, data: &[Value], of: Option<&Acknowledged>) -> Seen {
    let mut object = object("ack", Some(namespace));
    object.insert("ack".to_owned(), id.into());
    object.insert("data".to_owned(), data.into());
    if let Some(acknowledged) = of {
        object.insert("of".to_owned(), acknowledged.event.as_str().into());
        let millis = acknowledged.after.as_secs_f64() * 1000.0;
        object.insert("after_ms".to_owned(), json!(millis));
    }
    Seen {
        payload: texts(data),
        ..seen(labelled("ack", &id.to_string(), namespace), object)
    }
}

/// The answer to an event of ours, which waited for it.
pub(super) fn answer(namespace: &str, id: u64, data: &[Value], of: Option<&Acknowledged>) -> Seen {
    let note = match of {
        Some(Acknowledged { event, after }) => {
            format!("to {event:?} after {}", quantity::duration(*after))
        }
        None => "nobody waits for it".to_owned(),
    };
    Seen {
        note,
        ..ack(namespace, id, data, of)
    }
}

/// A whole packet, for the log of a server.
pub(super) fn whole(it: &Packet) -> Seen {
    let namespace = &it.namespace;
    let items = it.data.as_ref().and_then(Value::as_array);
    match (it.kind, items, it.id) {
        (PacketType::Event, Some(items), id) => Seen {
            note: id.map(|id| format!("wants ack {id}")).unwrap_or_default(),
            ..event(namespace, items, id)
        },
        (PacketType::Ack, Some(items), Some(id)) => ack(namespace, id, items, None),
        (kind, ..) => packet(kind.name(), namespace, it.data.as_ref()),
    }
}

/// What a pipe prints of an event.
pub(super) fn print_event(namespace: Option<&str>, data: &[Value], ack: Option<u64>) -> Value {
    if namespace.is_none() && ack.is_none() {
        return data.into();
    }
    let mut object = Map::new();
    if let Some(namespace) = namespace {
        object.insert("ns".to_owned(), namespace.into());
    }
    object.insert("event".to_owned(), data.into());
    if let Some(id) = ack {
        object.insert("ack".to_owned(), id.into());
    }
    object.into()
}

/// What a pipe prints of an acknowledgement.
pub(super) fn print_ack(namespace: Option<&str>, id: u64, data: &[Value]) -> Value {
    let mut object = Map::new();
    if let Some(namespace) = namespace {
        object.insert("ns".to_owned(), namespace.into());
    }
    object.insert("ack".to_owned(), id.into());
    object.insert("data".to_owned(), data.into());
    object.into()
}

/// A packet of another type that concerns a namespace.
pub(super) fn packet(kind: &'static str, namespace: &str, data: Option<&Value>) -> Seen {
    let mut object = object(kind, Some(namespace));
    if let Some(data) = data {
        object.insert("data".to_owned(), data.clone());
    }
    Seen {
        payload: data.map(Value::to_string).unwrap_or_default(),
        ..seen(labelled(kind, "", namespace), object)
    }
}

/// A packet of Engine.IO.
pub(super) fn engine(kind: &'static str, payload: &str) -> Seen {
    let mut object = object(kind, None);
    if !payload.is_empty() {
        object.insert("data".to_owned(), payload.into());
    }
    Seen {
        payload: payload.to_owned(),
        ..seen(kind.to_owned(), object)
    }
}

/// A packet that only keeps the session alive.
pub(super) fn keepalive(kind: &'static str) -> Seen {
    Seen {
        is_keepalive: true,
        ..engine(kind, "")
    }
}

/// A message that is not of the protocol, for this reason.
pub(super) fn unreadable(reason: &str, payload: &[u8]) -> Seen {
    let mut object = object("unreadable", None);
    object.insert("reason".to_owned(), reason.into());
    Seen {
        payload: String::from_utf8_lossy(payload).into_owned(),
        note: reason.to_owned(),
        ..seen("not Socket.IO".to_owned(), object)
    }
}

fn seen(label: String, object: Map<String, Value>) -> Seen {
    Seen {
        label,
        payload: String::new(),
        note: String::new(),
        object: object.into(),
        print: None,
        is_keepalive: false,
    }
}

fn object(kind: &'static str, namespace: Option<&str>) -> Map<String, Value> {
    let mut object = Map::new();
    object.insert("protocol".to_owned(), PROTOCOL.into());
    object.insert("type".to_owned(), kind.into());
    if let Some(namespace) = namespace {
        object.insert("ns".to_owned(), namespace.into());
    }
    object
}

/// The main namespace is left out, as in packets.
fn labelled(kind: &str, name: &str, namespace: &str) -> String {
    let mut label = kind.to_owned();
    if !name.is_empty() {
        label = format!("{label} {name}");
    }
    if namespace != MAIN {
        label = format!("{label} [{namespace}]");
    }
    label
}

/// Values as they are typed after the name of an event.
fn texts(values: &[Value]) -> String {
    let texts: Vec<String> = values.iter().map(Value::to_string).collect();
    texts.join(" ")
}

/// The refusal of a namespace: its message, and the data beside it.
pub(super) fn refusal(data: Option<&Value>) -> (String, Option<&Value>) {
    match data {
        Some(Value::String(text)) => (text.clone(), None),
        Some(Value::Object(object)) => {
            match object.get("message").and_then(Value::as_str) {
                Some(message) => (message.to_owned(), object.get("data")),
                // Version 2 sends the data of an error in the place of its message.
                None => (String::new(), data),
            }
        }
        _ => (String::new(), data),
    }
}

/// By how much a ping was late.
pub(super) fn late(by: Duration) -> String {
    let by = quantity::duration(by);
    format!("the server's ping came {by} later than it announced")
}
