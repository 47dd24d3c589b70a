//! What a person types and a program writes.

use serde_json::{Value, json};

use crate::ontop::record::json as parsed;
use crate::ontop::verb::{usage, values, word};
use crate::ontop::{Lines, SayError, Verb};

pub const VERBS: &[Verb] = &[
    Verb {
        name: "subscribe",
        args: "CHANNEL [JSON]",
        help: "subscribe to a channel, as this user of a presence channel",
        example: "/subscribe presence-room {\"user_id\":\"7\"}",
        lines: Lines::Json,
        check: |args| subscription(args).map(drop),
    },
    Verb {
        name: "trigger",
        args: "CHANNEL client-EVENT [JSON]",
        help: "send an event to the other members of a private or presence channel",
        example: "/trigger private-room client-typing {\"on\":true}",
        lines: Lines::Json,
        check: |args| trigger(args).map(drop),
    },
    Verb {
        name: "unsubscribe",
        args: "CHANNEL",
        help: "end a subscription",
        example: "/unsubscribe news",
        lines: Lines::No,
        check: |args| unsubscription(args).map(drop),
    },
];

/// A channel, and what the request for it has: data of a user, or a signature from elsewhere.
#[derive(Debug, PartialEq)]
pub(super) struct Subscription {
    pub channel: String,
    pub data: Value,
}

impl Subscription {
    pub(super) fn is_signed(&self) -> bool {
        self.data.get("auth").is_some()
    }
}

/// Whether the channel wants a signature.
pub(super) fn is_private(channel: &str) -> bool {
    channel.starts_with("private-") || is_presence(channel)
}

pub(super) fn is_presence(channel: &str) -> bool {
    channel.starts_with("presence-")
}

/// `CHANNEL [JSON]`.
pub(super) fn subscription(args: &str) -> Result<Subscription, SayError> {
    let (channel, rest) = word(args.trim());
    if channel.is_empty() {
        return Err(usage(VERBS, "subscribe"));
    }
    let mut values = values(rest)?.into_iter();
    let data = match (values.next(), values.next()) {
        (None, _) => Value::Null,
        (Some(data @ Value::Object(_)), None) => data,
        _ => return Err(usage(VERBS, "subscribe")),
    };
    let subscription = Subscription {
        channel: channel.to_owned(),
        data,
    };
    if is_presence(channel)
        && !subscription.is_signed()
        && !subscription.data.is_null()
        && subscription.data.get("user_id").is_none()
    {
        let text = "the user of a presence channel has no user_id";
        return Err(SayError::new(
            text,
            "for example {\"user_id\":\"7\",\"user_info\":{}}",
        ));
    }
    Ok(subscription)
}

/// Whether it can be subscribed to, with a secret to sign with or without one.
pub fn check(args: &str, has_secret: bool) -> Result<(), SayError> {
    let subscription = subscription(args)?;
    if !is_private(&subscription.channel) || has_secret || subscription.is_signed() {
        return Ok(());
    }
    let text = format!("{} wants a signature", subscription.channel);
    let hint =
        "--pusher-secret env:NAME signs it, or {\"auth\":\"KEY:SIGNATURE\"} after the channel";
    Err(SayError::new(text, hint))
}

/// `CHANNEL`.
pub(super) fn unsubscription(args: &str) -> Result<&str, SayError> {
    match word(args.trim()) {
        (channel, "") if !channel.is_empty() => Ok(channel),
        _ => Err(usage(VERBS, "unsubscribe")),
    }
}

/// A message to send.
#[derive(Debug, PartialEq)]
pub(super) struct Trigger {
    pub channel: Option<String>,
    pub event: String,
    pub data: Value,
}

/// `CHANNEL client-EVENT [JSON]`.
pub(super) fn trigger(args: &str) -> Result<Trigger, SayError> {
    let (channel, rest) = word(args.trim());
    let (event, rest) = word(rest);
    if event.is_empty() {
        return Err(usage(VERBS, "trigger"));
    }
    let mut values = values(rest)?.into_iter();
    let data = match (values.next(), values.next()) {
        (data, None) => data.unwrap_or_else(|| json!({})),
        _ => return Err(usage(VERBS, "trigger")),
    };
    checked(Trigger {
        channel: Some(channel.to_owned()),
        event: event.to_owned(),
        data,
    })
}

const FORMS: &str = "a message is {\"channel\":\"private-…\",\"event\":\"client-…\",\"data\":{…}}";

/// A line or record in JSON; events of the protocol itself are sent as they are.
pub(super) fn record(text: &str) -> Result<Trigger, SayError> {
    let value = parsed(text, FORMS)?;
    let Some(event) = value["event"].as_str() else {
        return Err(SayError::new("no event", FORMS));
    };
    let trigger = Trigger {
        channel: value["channel"].as_str().map(str::to_owned),
        event: event.to_owned(),
        data: value.get("data").cloned().unwrap_or_else(|| json!({})),
    };
    if trigger.is_internal() {
        return Ok(trigger);
    }
    if trigger.channel.is_none() {
        return Err(SayError::new("no channel", FORMS));
    }
    checked(trigger)
}

impl Trigger {
    /// Whether it is an event of the protocol.
    pub(super) fn is_internal(&self) -> bool {
        self.event.starts_with("pusher:")
    }
}

fn checked(trigger: Trigger) -> Result<Trigger, SayError> {
    if !trigger.event.starts_with("client-") {
        let text = format!("{:?} is no event of a client", trigger.event);
        return Err(SayError::new(
            text,
            "servers accept events that begin with client-",
        ));
    }
    let channel = trigger.channel.as_deref().unwrap_or_default();
    if !is_private(channel) {
        let text = format!("{channel} takes no events of clients");
        return Err(SayError::new(text, "private-… and presence-… do"));
    }
    Ok(trigger)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_of_a_client_has_its_prefix_and_a_private_channel() {
        let expected = Trigger {
            channel: Some("private-a".to_owned()),
            event: "client-e".to_owned(),
            data: json!([1]),
        };
        assert_eq!(trigger("private-a client-e [1]").as_ref(), Ok(&expected));
        assert_eq!(
            record("{\"channel\":\"private-a\",\"event\":\"client-e\",\"data\":[1]}"),
            Ok(expected)
        );
        assert!(record("{\"event\":\"pusher:signin\"}").is_ok());
        for args in [
            "",
            "private-a",
            "private-a e",
            "a client-e",
            "private-a client-e x",
        ] {
            assert!(trigger(args).is_err(), "{args}");
        }
        for text in ["[]", "{}", "7", "{\"event\":\"client-e\"}"] {
            assert!(record(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_private_channel_wants_a_signature() {
        for (args, has_secret, is_fine) in [
            ("news", false, true),
            ("private-a", false, false),
            ("private-a", true, true),
            ("private-a {\"auth\":\"k:s\"}", false, true),
            ("presence-a {\"user_id\":1}", true, true),
            ("presence-a {\"name\":1}", true, false),
            ("news 7", false, false),
            ("", false, false),
        ] {
            assert_eq!(check(args, has_secret).is_ok(), is_fine, "{args}");
        }
    }
}
