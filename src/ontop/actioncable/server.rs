//! The server's half: broadcasts what is performed to the subscriptions of the same channel and parameters.

use std::time::Duration;

use serde_json::{Value, json};

use super::say;
use super::{OFFERED, wire};
use crate::ontop::server::{Half, Hello, Notice, Pace, Served, Server, Topic, Why, nothing};
use crate::ontop::verb::{usage, values, word};
use crate::ontop::{Lines, Name, SayError, Seen, Verb};
use crate::proto::message::Kind;

pub static SERVER: Half = Half {
    name: Name::ActionCable,
    title: "Action Cable",
    description: "Action Cable",
    path: "/",
    subprotocols: &[OFFERED[0]],
    verbs: VERBS,
    read,
    covers,
    pace: Pace {
        greeting: None,
        // The interval of Rails.
        ping: Some(Duration::from_secs(3)),
        silence: None,
    },
    posted: nothing,
    serve: || Box::new(ActionCable { pings: 0 }),
};

const VERBS: &[Verb] = &[Verb {
    name: "broadcast",
    args: "CHANNEL JSON",
    help: "send a message to the subscriptions to CHANNEL, whatever their parameters",
    example: "/broadcast ChatChannel {\"said\":\"hi\"}",
    lines: Lines::Json,
    check: |args| read("broadcast", args).map(drop),
}];

fn read(_: &str, args: &str) -> Result<Notice, SayError> {
    let (channel, rest) = word(args.trim());
    let mut said = values(rest)?.into_iter();
    match (said.next(), said.next()) {
        (Some(said), None) if !channel.is_empty() => Ok(Notice::about(channel, "broadcast", said)),
        _ => Err(usage(VERBS, "broadcast")),
    }
}

/// Subscriptions are named as `ChatChannel {"room":1}`; the channel alone is all of them.
fn covers(wanted: &str, topic: &str) -> bool {
    wanted == topic || word(wanted).0 == topic
}

#[derive(Debug)]
struct ActionCable {
    pings: u64,
}

impl Server for ActionCable {
    fn open(&mut self, hello: &Hello<'_>, to: &mut Served) {
        if hello.subprotocol.is_none() {
            return disconnect("invalid_request", false, to);
        }
        to.open();
        send(&json!({"type": "welcome"}), seen("welcome", "welcome"), to);
    }

    fn hear(&mut self, kind: Kind, payload: &[u8], to: &mut Served) {
        match wire::asked(kind, payload) {
            Ok(command) => perform(&command, payload.len(), to),
            // Rails writes it to its log, and continues.
            Err(reason) => to.see_foreign(&reason, payload),
        }
    }

    fn hand(&mut self, notice: &Notice, topics: &[Topic], to: &mut Served) {
        let (_, message) = notice.said();
        for topic in topics {
            let seen = seen("message", format!("message {}", topic.name));
            let seen = seen
                .with("identifier", say::unwrapped(&topic.id))
                .with("message", message.clone())
                .carrying(message.to_string());
            send(
                &json!({"identifier": topic.id, "message": message}),
                seen,
                to,
            );
        }
    }

    fn end(&mut self, topic: &Topic, to: &mut Served) {
        answer("reject_subscription", &topic.id, "", to);
    }

    fn ping(&mut self, to: &mut Served) {
        self.pings += 1;
        let message = json!({"type": "ping", "message": self.pings});
        send(&message, Seen::keepalive(Name::ActionCable, "ping"), to);
    }

    fn part(&mut self, why: Why, to: &mut Served) {
        if why == Why::Leaving && to.is_open() {
            disconnect("server_restart", true, to);
        }
    }
}

fn perform(command: &wire::Command, size: usize, to: &mut Served) {
    let identifier = command.identifier.as_str();
    let title = say::title(identifier);
    let kind = command.name.as_str();
    let mut shown =
        seen(kind, format!("{kind} {title}")).with("identifier", say::unwrapped(identifier));
    if let Some(data) = &command.data {
        shown = shown.with("data", data.clone()).carrying(data.to_string());
    }
    to.see(shown);
    match (kind, &command.data) {
        ("subscribe", _) => match to.subscribe(identifier, &title, Value::Null) {
            Ok(_) => answer("confirm_subscription", identifier, "", to),
            Err(error) => {
                answer("reject_subscription", identifier, &error.to_string(), to);
            }
        },
        ("unsubscribe", _) => {
            if to.unsubscribe(identifier).is_none() {
                to.note(format!("there is no subscription to {title}"));
            }
        }
        ("message", Some(data)) if to.topics.find(identifier).is_some() => {
            to.pass(Notice::about(&title, "broadcast", data.clone()), size);
        }
        ("message", Some(_)) => to.note(format!("not passed on: no subscription to {title}")),
        _ => to.note(format!("{kind} does nothing")),
    }
}

fn answer(kind: &str, identifier: &str, note: &str, to: &mut Served) {
    let title = say::title(identifier);
    let seen = seen(kind, format!("{kind} {title}"));
    let seen = seen.with("identifier", say::unwrapped(identifier));
    send(
        &json!({"identifier": identifier, "type": kind}),
        seen.noting(note),
        to,
    );
}

fn disconnect(reason: &str, reconnects: bool, to: &mut Served) {
    let message = json!({"type": "disconnect", "reason": reason, "reconnect": reconnects});
    let seen = seen("disconnect", "disconnect").with("reason", reason);
    send(&message, seen.noting(reason), to);
    to.close(1000, reason);
}

fn send(message: &Value, seen: Seen, to: &mut Served) {
    to.send_json(message, seen);
}

fn seen(kind: &str, label: impl Into<String>) -> Seen {
    Seen::new(Name::ActionCable, kind, label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_channel_stands_for_its_subscriptions_with_any_parameters() {
        assert!(covers("Chat {\"room\":1}", "Chat"));
        assert!(covers("Chat {\"room\":1}", "Chat {\"room\":1}"));
        assert!(!covers("Chat {\"room\":1}", "Chat {\"room\":2}"));
        assert!(!covers("Chatter", "Chat"));
    }
}
