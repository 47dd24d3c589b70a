//! Messages: from the client to all, and to the client, each with its exchange of acknowledgements.

use std::rc::Rc;

use serde_json::Value;

use super::{Mqtt, notice};
use crate::ontop::mqtt::flight::Wait;
use crate::ontop::mqtt::packet::{self, Publish, Step};
use crate::ontop::mqtt::reason::{BAD_TOPIC, FAILURE, QUOTA};
use crate::ontop::mqtt::say::{self, Message};
use crate::ontop::mqtt::see;
use crate::ontop::server::{Notice, Served};
use crate::proto::message::Kind;

impl Mqtt {
    /// Sends a message with a `QoS` of `granted` at most.
    pub(super) fn deliver(&mut self, said: &Value, granted: u64, retain: bool, to: &mut Served) {
        let Ok(message) = say::record(&said.to_string()) else {
            return;
        };
        let qos = u64::from(message.qos).min(granted);
        let wait = match qos {
            0 => None,
            1 => Some(Wait::Acknowledge),
            _ => Some(Wait::Receive),
        };
        let id = match wait.map(|wait| self.flight.begin(wait, &message.topic, to.now)) {
            None => 0,
            Some(Some(id)) => id,
            // It acknowledges nothing.
            Some(None) => return self.refuse(QUOTA, to),
        };
        let publish = Publish {
            topic: &message.topic,
            qos: u8::try_from(qos).unwrap_or_default(),
            retain,
            dup: false,
            id,
            properties: message.properties,
            payload: &message.payload,
        };
        let bytes = packet::publish_packet(self.version, &publish);
        to.send(Kind::Binary, bytes, see::publish("message", &publish));
    }

    /// Sends the retained messages of topics that `granted` has a `QoS` for.
    pub(super) fn deliver_kept(&mut self, granted: impl Fn(&str) -> Option<u64>, to: &mut Served) {
        let kept: Vec<(u64, Rc<Value>)> = to.hall.kept(granted);
        for (granted, said) in kept {
            if !to.has_room() {
                return;
            }
            self.deliver(&said, granted, true, to);
        }
    }

    pub(super) fn publish(&mut self, publish: &Publish<'_>, to: &mut Served) {
        let mut seen = see::publish("publish", publish);
        let is_new = publish.qos < 2 || self.flight.receive(publish.id);
        if !is_new {
            seen.note.push_str(", again");
        }
        to.see(seen);
        if say::topic(publish.topic).is_err() {
            return self.refuse(BAD_TOPIC, to);
        }
        if is_new {
            let notice = published(publish);
            keep(&notice, to);
            to.pass(notice, publish.topic.len() + publish.payload.len());
        }
        match publish.qos {
            0 => {}
            1 => self.step(Step::Ack, publish.id, 0, to),
            _ => self.step(Step::Rec, publish.id, 0, to),
        }
    }

    /// The client has taken a message, or refused it.
    pub(super) fn delivered(&mut self, kind: Step, id: u16, code: u8, to: &mut Served) {
        to.see(see::step(kind, id, code));
        if kind == Step::Rec && code < FAILURE && self.flight.advance(id) {
            return self.step(Step::Rel, id, 0, to);
        }
        let of = self.flight.end(id, |wait| match kind {
            Step::Ack => wait == Wait::Acknowledge,
            Step::Rec => wait == Wait::Receive,
            _ => wait == Wait::Complete,
        });
        if of.is_none() {
            to.note(format!("nobody waits for {} {id}", kind.name()));
        }
    }

    /// Answers within the exchange of a message.
    pub(super) fn step(&self, kind: Step, id: u16, code: u8, to: &mut Served) {
        let bytes = packet::ack(self.version, kind, id, code);
        to.send(Kind::Binary, bytes, see::step(kind, id, code));
    }
}

/// Retains what is to be retained: an empty message removes the one of its topic.
pub(super) fn keep(notice: &Notice, to: &mut Served) {
    if let Err(error) = to.hall.keep(notice) {
        to.note(format!(
            "the message is handed on, and not retained: {error}"
        ));
    }
}

/// A message of a client, for others.
pub(super) fn published(publish: &Publish<'_>) -> Notice {
    notice(&Message {
        topic: publish.topic.to_owned(),
        payload: publish.payload.to_vec(),
        qos: publish.qos,
        retain: publish.retain,
        properties: publish.properties.message_part(),
    })
}
