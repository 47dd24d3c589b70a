//! Messages on the wire.

use serde_json::{Map, Value, json};

use crate::ontop;
use crate::proto::message::Kind;

/// A message of a server.
#[derive(Debug, PartialEq)]
pub(super) struct Packet {
    pub event: String,
    pub channel: Option<String>,
    /// JSON in a string is unwrapped.
    pub data: Value,
    /// Who has triggered it, on a presence channel.
    pub user_id: Option<Value>,
}

pub(super) fn decode(kind: Kind, payload: &[u8]) -> Result<Packet, String> {
    let text = ontop::text(kind, payload, "Pusher")?;
    let value: Value =
        serde_json::from_str(text).map_err(|error| format!("it is not JSON ({error})"))?;
    let Value::Object(mut object) = value else {
        return Err("it is JSON, but no object".to_owned());
    };
    let Some(Value::String(event)) = object.remove("event") else {
        return Err("it has no event".to_owned());
    };
    let channel = match object.remove("channel") {
        None | Some(Value::Null) => None,
        Some(Value::String(channel)) => Some(channel),
        Some(_) => return Err("its channel is no string".to_owned()),
    };
    Ok(Packet {
        event,
        channel,
        data: unwrapped(object.remove("data")),
        user_id: object.remove("user_id").filter(|it| !it.is_null()),
    })
}

/// Data as the official clients hand it on: a string that is JSON is that.
fn unwrapped(data: Option<Value>) -> Value {
    match data {
        Some(Value::String(text)) => serde_json::from_str(&text).unwrap_or(Value::String(text)),
        data => data.unwrap_or_default(),
    }
}

pub(super) fn encode(event: &str, channel: Option<&str>, data: &Value) -> Vec<u8> {
    let mut message = Map::new();
    message.insert("event".to_owned(), event.into());
    if let Some(channel) = channel {
        message.insert("channel".to_owned(), channel.into());
    }
    message.insert("data".to_owned(), data.clone());
    json!(message).to_string().into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_is_unwrapped_if_it_is_json() {
        let data = |data: &str| {
            let text = format!("{{\"event\":\"e\",\"channel\":\"c\",\"data\":{data}}}");
            decode(Kind::Text, text.as_bytes()).expect("a message").data
        };
        assert_eq!(data("\"{\\\"a\\\":[1]}\""), json!({"a": [1]}));
        assert_eq!(data("\"hello\""), json!("hello"));
        assert_eq!(data("{\"a\":\"{}\"}"), json!({"a": "{}"}));
    }

    #[test]
    fn other_messages_have_a_reason() {
        for (text, reason) in [
            ("", "it is not JSON"),
            ("[]", "no object"),
            ("{}", "no event"),
            ("{\"event\":7}", "no event"),
            ("{\"event\":\"e\",\"channel\":7}", "no string"),
        ] {
            let fault = decode(Kind::Text, text.as_bytes()).expect_err(text);
            assert!(fault.contains(reason), "{text}: {fault}");
        }
        assert!(decode(Kind::Binary, b"{}").is_err());
    }
}
