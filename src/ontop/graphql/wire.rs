//! Messages on the wire, in the words of both protocols.

use serde_json::{Map, Value, json};

/// The subprotocol of the package graphql-ws.
pub const MODERN: &str = "graphql-transport-ws";
/// The subprotocol of the package subscriptions-transport-ws, which `AppSync` and others still speak.
pub const OLDER: &str = "graphql-ws";

/// Which of the two protocols is spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    Modern,
    Older,
}

impl Dialect {
    /// The message that starts an operation.
    pub(super) fn start(self, id: u64, payload: &Value) -> Value {
        let kind = match self {
            Self::Modern => "subscribe",
            Self::Older => "start",
        };
        json!({"id": id.to_string(), "type": kind, "payload": payload})
    }

    /// The message that stops one.
    pub(super) fn stop(self, id: u64) -> Value {
        let kind = match self {
            Self::Modern => "complete",
            Self::Older => "stop",
        };
        json!({"id": id.to_string(), "type": kind})
    }

    /// The type of a result.
    pub(super) fn result(self) -> &'static str {
        match self {
            Self::Modern => "next",
            Self::Older => "data",
        }
    }

    /// The type of a server's sign of life.
    pub(super) fn keepalive(self) -> &'static str {
        match self {
            Self::Modern => "ping",
            Self::Older => "ka",
        }
    }
}

/// A message of the server.
#[derive(Debug, PartialEq)]
pub enum Packet {
    Ack(Value),
    /// A result of an operation.
    Next(String, Value),
    /// The errors of an operation that did not run, or broke off.
    Error(String, Value),
    Complete(String),
    Ping(Option<Value>),
    Pong,
    /// The older protocol's sign of life.
    KeepAlive,
    /// The older protocol's refusal.
    Refused(Value),
    /// `AppSync` confirms that an operation runs.
    Started(String),
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    #[error("it is binary, and GraphQL's messages are text")]
    Binary,
    #[error("it is not JSON ({0})")]
    NotJson(String),
    #[error("it is no object with a type")]
    NoType,
    #[error("{0:?} is no type of a message that a server sends")]
    Type(String),
    #[error("{0:?} is no type of a message that a client sends")]
    TypeOfClient(String),
    #[error("{0} has no id")]
    NoId(&'static str),
    #[error("{0} has no payload")]
    NoPayload(&'static str),
}

/// A message of a client.
#[derive(Debug, PartialEq)]
pub(super) enum Asked {
    Init(Value),
    /// An operation is to run.
    Start(String, Value),
    Stop(String),
    Ping(Option<Value>),
    Pong,
    /// The older protocol's goodbye.
    Terminate,
}

/// Reads a message of a server; types of both protocols are understood.
pub fn decode(text: &str) -> Result<Packet, Fault> {
    let (kind, mut object) = typed(text)?;
    Ok(match kind.as_str() {
        "connection_ack" => Packet::Ack(object.remove("payload").unwrap_or_default()),
        "next" | "data" => Packet::Next(
            id(&mut object, "a result")?,
            payload(&mut object, "a result")?,
        ),
        "error" => Packet::Error(id(&mut object, "error")?, payload(&mut object, "error")?),
        "complete" => Packet::Complete(id(&mut object, "complete")?),
        "ping" => Packet::Ping(object.remove("payload")),
        "pong" => Packet::Pong,
        "ka" => Packet::KeepAlive,
        "connection_error" => Packet::Refused(object.remove("payload").unwrap_or_default()),
        "start_ack" => Packet::Started(id(&mut object, "start_ack")?),
        other => return Err(Fault::Type(other.to_owned())),
    })
}

/// Reads a message of a client; types of both protocols are understood.
pub(super) fn asked(text: &str) -> Result<Asked, Fault> {
    let (kind, mut object) = typed(text)?;
    Ok(match kind.as_str() {
        "connection_init" => Asked::Init(object.remove("payload").unwrap_or_default()),
        "subscribe" | "start" => Asked::Start(
            id(&mut object, "an operation")?,
            payload(&mut object, "an operation")?,
        ),
        "complete" | "stop" => Asked::Stop(id(&mut object, "complete")?),
        "ping" => Asked::Ping(object.remove("payload")),
        "pong" => Asked::Pong,
        "connection_terminate" => Asked::Terminate,
        other => return Err(Fault::TypeOfClient(other.to_owned())),
    })
}

/// The type of a message, and the rest of it.
fn typed(text: &str) -> Result<(String, Map<String, Value>), Fault> {
    let value: Value =
        serde_json::from_str(text).map_err(|error| Fault::NotJson(error.to_string()))?;
    let Value::Object(mut object) = value else {
        return Err(Fault::NoType);
    };
    match object.remove("type") {
        Some(Value::String(kind)) => Ok((kind, object)),
        _ => Err(Fault::NoType),
    }
}

fn id(object: &mut Map<String, Value>, of: &'static str) -> Result<String, Fault> {
    match object.remove("id") {
        Some(Value::String(id)) => Ok(id),
        Some(Value::Number(id)) => Ok(id.to_string()),
        _ => Err(Fault::NoId(of)),
    }
}

fn payload(object: &mut Map<String, Value>, of: &'static str) -> Result<Value, Fault> {
    object.remove("payload").ok_or(Fault::NoPayload(of))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_of_both_protocols_are_understood() {
        let id = || "1".to_owned();
        for (text, packet) in [
            (
                "{\"type\":\"connection_ack\",\"payload\":{\"a\":1}}",
                Packet::Ack(json!({"a": 1})),
            ),
            (
                "{\"type\":\"next\",\"id\":\"1\",\"payload\":{\"data\":null}}",
                Packet::Next(id(), json!({"data": null})),
            ),
            (
                "{\"type\":\"data\",\"id\":1,\"payload\":{}}",
                Packet::Next(id(), json!({})),
            ),
            (
                "{\"type\":\"complete\",\"id\":\"1\",\"payload\":null}",
                Packet::Complete(id()),
            ),
            ("{\"type\":\"ping\"}", Packet::Ping(None)),
            ("{\"type\":\"ka\"}", Packet::KeepAlive),
            (
                "{\"type\":\"connection_error\"}",
                Packet::Refused(Value::Null),
            ),
        ] {
            assert_eq!(decode(text), Ok(packet), "{text}");
        }
    }

    #[test]
    fn other_messages_have_a_named_fault() {
        let deep = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
        for (text, why) in [
            ("hello", "it is not JSON"),
            ("[]", "it is no object with a type"),
            ("{\"type\":1}", "it is no object with a type"),
            ("{\"type\":\"subscribe\"}", "\"subscribe\" is no type"),
            ("{\"type\":\"next\",\"payload\":{}}", "a result has no id"),
            (
                "{\"type\":\"next\",\"id\":\"1\"}",
                "a result has no payload",
            ),
            (
                "{\"type\":\"error\",\"id\":null,\"payload\":[]}",
                "error has no id",
            ),
            (deep.as_str(), "recursion limit"),
        ] {
            let fault = decode(text).expect_err(why).to_string();
            assert!(fault.contains(why), "{why}: {fault}");
        }
    }
}
