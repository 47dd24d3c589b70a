//! The server's half: answers pushes with their payload, and broadcasts them to the topic.

use std::time::Duration;

use serde_json::{Value, json};

use super::say::{self, HEARTBEAT, JOIN, LEAVE, Push, SYSTEM};
use super::see;
use super::wire::{self, Packet, Version};
use crate::ontop::record::is_json;
use crate::ontop::server::{Half, Hello, Notice, Pace, Served, Server, Topic, Why, nothing, same};
use crate::ontop::{Lines, Name, SayError, Seen, Verb};
use crate::proto::message::Kind;

pub static SERVER: Half = Half {
    name: Name::Phoenix,
    title: "Phoenix",
    description: "Phoenix channels, 1.0.0 and 2.0.0",
    path: "/",
    subprotocols: &[],
    verbs: VERBS,
    read,
    covers: same,
    pace: Pace {
        greeting: None,
        ping: None,
        // The timeout of Phoenix's own transport.
        silence: Some(Duration::from_mins(1)),
    },
    posted: nothing,
    serve: || Box::new(Phoenix::default()),
};

const VERBS: &[Verb] = &[Verb {
    name: "push",
    args: "TOPIC EVENT [JSON]",
    help: "send an event to those that have joined a topic",
    example: "/push room:lobby new_msg {\"body\":\"hi\"}",
    lines: Lines::Json,
    check: |args| read("push", args).map(drop),
}];

fn read(_: &str, args: &str) -> Result<Notice, SayError> {
    let Push {
        topic,
        event,
        payload,
    } = if is_json(args) {
        say::record(args)?
    } else {
        say::push(args)?
    };
    Ok(notice(&topic, &event, &payload))
}

fn notice(topic: &str, event: &str, payload: &Value) -> Notice {
    let said = json!({"event": event, "payload": payload});
    Notice::about(topic, "push", said)
}

#[derive(Debug, Default)]
struct Phoenix {
    version: Version,
}

impl Server for Phoenix {
    fn open(&mut self, _: &Hello<'_>, to: &mut Served) {
        to.open();
    }

    fn hear(&mut self, kind: Kind, payload: &[u8], to: &mut Served) {
        match wire::asked(kind, payload) {
            Ok((version, packet)) => {
                self.version = version;
                self.packet(&packet, to);
            }
            Err(fault) => {
                to.see_foreign(&fault.to_string(), payload);
                to.close(1003, &fault.to_string());
            }
        }
    }

    fn hand(&mut self, notice: &Notice, topics: &[Topic], to: &mut Served) {
        let (_, said) = notice.said();
        for topic in topics {
            let packet = Packet {
                join_ref: None,
                reference: None,
                topic: topic.name.clone(),
                event: said["event"].as_str().unwrap_or_default().to_owned(),
                payload: said["payload"].clone(),
            };
            self.send(&packet, see::received(&packet, "event", ""), to);
        }
    }

    fn end(&mut self, topic: &Topic, to: &mut Served) {
        self.closed(topic, to);
    }

    fn part(&mut self, why: Why, to: &mut Served) {
        if why == Why::Silent {
            to.close(1000, "no heartbeat for 60 s");
        }
    }
}

impl Phoenix {
    fn packet(&self, packet: &Packet, to: &mut Served) {
        let is_beat = packet.topic == SYSTEM && packet.event == HEARTBEAT;
        if is_beat {
            to.see(Seen::keepalive(Name::Phoenix, HEARTBEAT));
            let seen = Seen::keepalive(Name::Phoenix, "heartbeat answered");
            return self.reply(packet, "ok", &json!({}), Some(seen), to);
        }
        match packet.event.as_str() {
            JOIN => {
                to.see(see::sent("join", packet));
                self.join(packet, to);
            }
            LEAVE => {
                to.see(see::sent("leave", packet));
                let topic = to.unsubscribe(&packet.topic);
                self.reply(packet, "ok", &json!({}), None, to);
                if let Some(topic) = topic {
                    self.closed(&topic, to);
                }
            }
            _ => {
                to.see(see::sent("push", packet));
                if to.topics.find(&packet.topic).is_none() {
                    let response = json!({"reason": "unmatched topic"});
                    return self.reply(packet, "error", &response, None, to);
                }
                let payload = &packet.payload;
                self.reply(packet, "ok", payload, None, to);
                let size = payload.to_string().len();
                to.pass(notice(&packet.topic, &packet.event, payload), size);
            }
        }
    }

    fn join(&self, packet: &Packet, to: &mut Served) {
        // Phoenix ends the earlier join of a topic that is joined again.
        if let Some(topic) = to.unsubscribe(&packet.topic) {
            self.closed(&topic, to);
        }
        if !to.hall.credentials.admit(&packet.payload) {
            let response = json!({"reason": "unauthorized"});
            return self.reply(packet, "error", &response, None, to);
        }
        let join_ref = packet.join_ref.as_ref().or(packet.reference.as_ref());
        let data = join_ref.map_or(Value::Null, |it| it.as_str().into());
        match to.subscribe(&packet.topic, &packet.topic, data) {
            Ok(_) => self.reply(packet, "ok", &json!({}), None, to),
            Err(error) => {
                let response = json!({"reason": error.to_string()});
                self.reply(packet, "error", &response, None, to);
            }
        }
    }

    /// Answers a message that wants an answer.
    fn reply(
        &self,
        to_what: &Packet,
        status: &str,
        response: &Value,
        seen: Option<Seen>,
        to: &mut Served,
    ) {
        if to_what.reference.is_none() {
            return;
        }
        let seen = seen.unwrap_or_else(|| {
            Seen::new(Name::Phoenix, "reply", format!("reply {status}"))
                .with("topic", to_what.topic.as_str())
                .with("event", to_what.event.as_str())
                .with("status", status)
                .with("response", response.clone())
                .carrying(see::shown(response))
                .noting(format!("to {} of {}", to_what.event, to_what.topic))
        });
        let packet = Packet {
            event: "phx_reply".to_owned(),
            payload: json!({"status": status, "response": response}),
            ..to_what.clone()
        };
        self.send(&packet, seen, to);
    }

    /// The client has the topic no more.
    fn closed(&self, topic: &Topic, to: &mut Served) {
        let join_ref = topic.data.as_str().map(str::to_owned);
        let packet = Packet {
            reference: join_ref.clone(),
            join_ref,
            topic: topic.name.clone(),
            event: "phx_close".to_owned(),
            payload: json!({}),
        };
        self.send(&packet, see::received(&packet, "close", ""), to);
    }

    fn send(&self, packet: &Packet, seen: Seen, to: &mut Served) {
        let (kind, payload) = wire::serve(self.version, packet);
        to.send(kind, payload, seen);
    }
}
