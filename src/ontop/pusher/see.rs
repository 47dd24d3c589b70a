//! Messages as people and programs see them.

use serde_json::{Value, json};

use super::say;
use super::wire::Packet;
use crate::ontop::{Answer, Name, Seen};

pub(super) fn seen(kind: &str, label: impl Into<String>) -> Seen {
    Seen::new(Name::Pusher, kind, label)
}

pub(super) fn keepalive(kind: &str) -> Seen {
    Seen::keepalive(Name::Pusher, kind)
}

/// An empty object says nothing.
fn shown(data: &Value) -> String {
    match data {
        Value::Null => String::new(),
        Value::Object(object) if object.is_empty() => String::new(),
        Value::String(text) => text.clone(),
        data => data.to_string(),
    }
}

/// A message of the server.
pub(super) fn received(kind: &str, packet: &Packet) -> Seen {
    let Packet {
        event,
        channel,
        data,
        user_id,
    } = packet;
    let label = match channel {
        Some(channel) => format!("{channel} {event}"),
        None => event.clone(),
    };
    let mut seen = seen(kind, label)
        .with("event", event.as_str())
        .with("data", data.clone())
        .carrying(shown(data));
    if let Some(channel) = channel {
        seen = seen.with("channel", channel.as_str());
    }
    if let Some(user) = user_id {
        seen = seen
            .with("user_id", user.clone())
            .noting(format!("from user {user}"));
    }
    seen
}

/// What a pipe prints of a message.
pub(super) fn printed(packet: &Packet) -> Value {
    let mut print = json!({"channel": packet.channel, "event": packet.event, "data": packet.data});
    if let Some(user) = &packet.user_id {
        print["user_id"] = user.clone();
    }
    print
}

pub(super) fn refused(channel: &str, reason: &str) -> String {
    format!("the server refused channel {channel}: {reason}")
}

/// Why a subscription is refused, in the data of the error.
pub(super) fn reason(data: &Value) -> String {
    let mut keys = ["error", "message"].into_iter();
    let text = keys.find_map(|key| data[key].as_str());
    text.map_or_else(|| data.to_string(), str::to_owned)
}

/// The answer to a request for a channel, if an object is that.
pub fn subscribed(arguments: &str, object: &Value) -> Option<Answer> {
    let subscription = say::subscription(arguments).ok()?;
    if object["type"] == "error" {
        // It names no channel, and follows the request.
        return Some(Answer::Refused(refused(
            &subscription.channel,
            &reason(&object["data"]),
        )));
    }
    if object["channel"] != subscription.channel.as_str() {
        return None;
    }
    match object["type"].as_str() {
        Some("subscribed") => Some(Answer::Yes),
        Some("refused") => {
            let text = refused(&subscription.channel, &reason(&object["data"]));
            Some(Answer::Refused(text))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_matched_by_its_channel() {
        let yes = json!({"type": "subscribed", "channel": "a"});
        assert_eq!(subscribed("a", &yes), Some(Answer::Yes));
        assert_eq!(subscribed("b", &yes), None);
        let no = json!({"type": "refused", "channel": "a", "data": {"error": "no"}});
        let text = "the server refused channel a: no".to_owned();
        assert_eq!(subscribed("a", &no), Some(Answer::Refused(text)));
    }
}
