//! What the server sends.

use std::time::{Duration, Instant};

use super::{Client, KEEP_ALIVE, Session};
use crate::ontop::mqtt::flight::Wait;
use crate::ontop::mqtt::packet::{self, Packet, Publish, Step};
use crate::ontop::mqtt::property::Properties;
use crate::ontop::mqtt::reason::{self, FAILURE, TAKEN_OVER, UNKNOWN_ID};
use crate::ontop::mqtt::see;
use crate::ontop::stage::Stage;
use crate::ontop::{Actions, Refusal};
use crate::render::quantity;

impl Client {
    pub(super) fn packet(&mut self, packet: Packet<'_>, now: Instant, actions: &mut Actions) {
        match packet {
            Packet::ConnAck {
                session_present,
                code,
                properties,
            } => self.acknowledged(session_present, code, &properties, now, actions),
            Packet::Publish(publish) => self.message(&publish, now, actions),
            Packet::Ack {
                kind: Step::Rel,
                id,
                ..
            } => {
                let code = if self.flight.release(id) {
                    0
                } else {
                    UNKNOWN_ID
                };
                actions.see(see::step(Step::Rel, id, 0));
                self.step(Step::Comp, id, code, now, actions);
            }
            Packet::Ack {
                kind,
                id,
                code,
                properties,
            } => self.delivered(kind, id, code, &properties, now, actions),
            Packet::Granted {
                is_end,
                id,
                codes,
                properties,
            } => self.granted(is_end, id, codes, &properties, now, actions),
            Packet::PingResp => {
                if let Some(session) = self.stage.session_mut()
                    && std::mem::take(&mut session.is_awaited)
                {
                    self.round_trip = Some(now.saturating_duration_since(session.last));
                }
                actions.see(see::keepalive("pingresp"));
            }
            Packet::Disconnect { code, properties } => {
                let why = reason::reason(code);
                let seen = see::seen("disconnect", "disconnect").with("code", code);
                let seen = seen.noting(noted(&why, &properties));
                actions.see(see::with_properties(seen, &properties));
                self.stage = Stage::Closed;
                let text = format!("the server ended the session: {}", noted(&why, &properties));
                let hint = (code == TAKEN_OVER)
                    .then_some("another client has the same name; --client-id ID takes another");
                actions.end(Refusal {
                    // Busy, shutting down, too slow, too much, ended by an administrator.
                    may_pass: matches!(
                        code,
                        0x88 | 0x89 | 0x8b | 0x8d | 0x93 | 0x96..=0x98 | 0x9f | 0xa0
                    ),
                    ..Refusal::refused(text, hint)
                });
            }
            Packet::Auth { code, properties } => {
                let seen = see::seen("auth", "auth").with("code", code);
                let seen = seen.noting("enhanced authentication, which wsee does not speak");
                actions.see(see::with_properties(seen, &properties));
            }
        }
    }

    fn acknowledged(
        &mut self,
        session_present: bool,
        code: u8,
        properties: &Properties,
        now: Instant,
        actions: &mut Actions,
    ) {
        let mut seen = see::seen("connack", "connack").with("code", code);
        seen = see::with_properties(seen, properties);
        if !self.stage.is_greeting() {
            return actions.see(seen.noting("nobody waits for it"));
        }
        if code > 0 {
            let why = noted(&reason::refusal(code), properties);
            actions.see(seen.noting(why.clone()));
            self.stage = Stage::Closed;
            let hint = reason::hint(code, self.options.version, self.has_login);
            let text = format!("the server refused the session: {why}");
            return actions.end(Refusal {
                may_pass: matches!(code, 3 | 0x88 | 0x89 | 0x9f),
                ..Refusal::refused(text, hint)
            });
        }
        let mut notes = vec!["accepted".to_owned()];
        if session_present {
            notes.push("session present".to_owned());
        }
        if !properties.is_empty() {
            notes.push(properties.note());
        }
        actions.see(seen.noting(notes.join(", ")));
        let assigned = properties.text("assigned_client_identifier");
        self.assigned = assigned.map(str::to_owned);
        let keep_alive = properties.number("server_keep_alive");
        let seconds = keep_alive.unwrap_or(KEEP_ALIVE.into());
        let room = properties.number("receive_maximum").unwrap_or(0xffff);
        self.stage = Stage::Open(Session {
            interval: Duration::from_secs(seconds) / 2,
            last: now,
            is_awaited: false,
            room: usize::try_from(room).unwrap_or(1).max(1),
        });
        for (subscription, is_required) in self.subscriptions.clone() {
            if let Err(error) = self.ask(&subscription, is_required, now, actions) {
                return actions.note(error.text);
            }
        }
    }

    fn message(&mut self, publish: &Publish<'_>, now: Instant, actions: &mut Actions) {
        self.topics.remember(publish.topic);
        let mut seen = see::publish("message", publish);
        if publish.qos == 2 && !self.flight.receive(publish.id) {
            seen.print = None;
            seen.note.push_str(", again");
        }
        actions.see(seen);
        match publish.qos {
            0 => {}
            1 => self.step(Step::Ack, publish.id, 0, now, actions),
            _ => self.step(Step::Rec, publish.id, 0, now, actions),
        }
    }

    /// Answers within the exchange of a message.
    fn step(&mut self, kind: Step, id: u16, code: u8, now: Instant, actions: &mut Actions) {
        let bytes = packet::ack(self.options.version, kind, id, code);
        self.send(bytes, see::step(kind, id, code), now, actions);
    }

    /// The server has taken a message of ours, or refused it.
    fn delivered(
        &mut self,
        kind: Step,
        id: u16,
        code: u8,
        properties: &Properties,
        now: Instant,
        actions: &mut Actions,
    ) {
        let is_refused = code >= FAILURE;
        if kind == Step::Rec && !is_refused && self.flight.advance(id) {
            actions.see(see::step(kind, id, code));
            return self.step(Step::Rel, id, 0, now, actions);
        }
        let waiting = self.flight.end(id, |wait| match kind {
            // RabbitMQ takes QoS 2 as QoS 1, and answers with PUBACK.
            Step::Ack => matches!(wait, Wait::Acknowledge | Wait::Receive),
            Step::Rec => wait == Wait::Receive,
            _ => wait == Wait::Complete,
        });
        let label = format!("{} {id}", kind.name());
        let Some(waiting) = waiting else {
            let notes = vec!["nobody waits for it".to_owned()];
            actions.see(see::answer(kind.name(), label, id, code, notes, properties));
            // §4.3.3: the exchange ends here as well, or the server would keep the identifier.
            if kind == Step::Rec && !is_refused {
                self.step(Step::Rel, id, UNKNOWN_ID, now, actions);
            }
            return;
        };
        let after = quantity::duration(waiting.after(now));
        let mut notes = vec![format!("to {} after {after}", waiting.topic)];
        if kind == Step::Ack && waiting.wait == Wait::Receive {
            notes.push("the server takes QoS 2 as QoS 1".to_owned());
        }
        if is_refused {
            self.fail(format!(
                "the server refused a message to {}: {}",
                waiting.topic,
                reason::reason(code)
            ));
        }
        let seen = see::answer(kind.name(), label, id, code, notes, properties);
        actions.see(seen.with("topic", waiting.topic));
    }

    /// The answer to SUBSCRIBE or UNSUBSCRIBE.
    fn granted(
        &mut self,
        is_end: bool,
        id: u16,
        codes: &[u8],
        properties: &Properties,
        now: Instant,
        actions: &mut Actions,
    ) {
        let kind = if is_end { "unsuback" } else { "suback" };
        // Each SUBSCRIBE has one topic; UNSUBACK has no code in version 3.1.1.
        let code = codes.first().copied().unwrap_or_default();
        let waiting = self.flight.end(id, |wait| match wait {
            Wait::Subscribe { .. } => !is_end,
            Wait::Unsubscribe => is_end,
            _ => false,
        });
        let Some(waiting) = waiting else {
            let notes = vec!["nobody waits for it".to_owned()];
            let label = format!("{kind} {id}");
            return actions.see(see::answer(kind, label, id, code, notes, properties));
        };
        let topic = waiting.topic.as_str();
        let after = format!("after {}", quantity::duration(waiting.after(now)));
        if code >= FAILURE {
            let why = noted(&reason::reason(code), properties);
            let seen = see::answer(
                kind,
                format!("{kind} {topic}"),
                id,
                code,
                vec![after],
                properties,
            );
            actions.see(seen.with("topic", topic));
            let text = format!("the server refused the subscription to {topic}: {why}");
            self.subscriptions.retain(|(it, _)| it.filter != topic);
            if waiting.wait == (Wait::Subscribe { is_required: true }) {
                let hint = "check the rights of the user, and the topic";
                return actions.end(Refusal::refused(text, hint));
            }
            return self.fail(text);
        }
        let seen = if is_end {
            see::answer(
                kind,
                format!("{kind} {topic}"),
                id,
                code,
                vec![after],
                properties,
            )
        } else {
            let notes = vec![format!("QoS {code}"), after];
            let label = format!("{kind} {topic}");
            see::answer(kind, label, id, 0, notes, properties).with("qos", code)
        };
        actions.see(seen.with("topic", topic));
    }
}

/// A reason, and what the server adds to it.
fn noted(why: &str, properties: &Properties) -> String {
    let added = ["reason_string", "server_reference"];
    let added = added.iter().filter_map(|name| properties.text(name));
    let added: Vec<String> = added.map(|text| format!(", {text:?}")).collect();
    format!("{why}{}", added.concat())
}
