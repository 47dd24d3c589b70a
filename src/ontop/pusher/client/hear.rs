//! What the server says.

use std::time::{Duration, Instant};

use serde_json::json;

use super::{ACTIVITY, Client};
use crate::ontop::pusher::signature::is_socket_id;
use crate::ontop::pusher::wire::Packet;
use crate::ontop::pusher::{code, see, wire};
use crate::ontop::{Actions, Refusal, Seen};
use crate::proto::message::Kind;
use crate::text::cut;

/// The shortest silence before a ping, whatever the server asks for.
const SHORTEST: Duration = Duration::from_secs(1);
/// How much of the text of an error the last line quotes, in bytes.
const QUOTED: usize = 300;

impl Client {
    pub(super) fn packet(&mut self, packet: &Packet, now: Instant, actions: &mut Actions) {
        match packet.event.as_str() {
            "pusher:connection_established" => self.welcome(packet, now, actions),
            "pusher:error" => self.error(packet, actions),
            "pusher:ping" => {
                self.pings[1] += 1;
                actions.see(see::keepalive("ping"));
                let pong = wire::encode("pusher:pong", None, &json!({}));
                actions.send(Kind::Text, pong, Some(see::keepalive("pong")));
            }
            "pusher:pong" => actions.see(see::keepalive("pong")),
            "pusher_internal:subscription_succeeded" => self.answer(packet, true, now, actions),
            "pusher:subscription_error" => self.answer(packet, false, now, actions),
            _ => self.event(packet, actions),
        }
    }

    fn welcome(&mut self, packet: &Packet, now: Instant, actions: &mut Actions) {
        let id = packet.data["socket_id"].as_str().unwrap_or_default();
        let seen = see::received("connected", packet);
        let seen = Seen {
            label: "session open".to_owned(),
            payload: String::new(),
            note: format!("socket id {id}"),
            ..seen
        };
        if self.is_open() {
            return actions.see(seen.noting("a second time"));
        }
        actions.see(seen);
        if !is_socket_id(id) {
            if self.options.secret.is_some() {
                let text = "the socket id of the server is no pair of numbers";
                let hint = "a signature of another text could be used elsewhere; without --pusher-secret it is accepted";
                return actions.end(Refusal::refused(text.to_owned(), hint));
            }
            actions.note("the socket id of the server is no pair of numbers");
        }
        self.socket_id = cut(id, QUOTED);
        let asked = packet.data["activity_timeout"].as_u64();
        let asked = asked.map_or(ACTIVITY, Duration::from_secs);
        self.activity = asked.clamp(SHORTEST, ACTIVITY);
        self.open(now);
        self.subscribe_due(now, actions);
    }

    fn error(&mut self, packet: &Packet, actions: &mut Actions) {
        let code = packet.data["code"].as_u64();
        let message = cut(&see::reason(&packet.data), QUOTED);
        let mut seen = see::received("error", packet);
        seen.label = match code {
            Some(code) => format!("error {code}"),
            None => "error".to_owned(),
        };
        seen.payload.clone_from(&message);
        if let Some(meaning) = code.and_then(code::explained) {
            seen = seen.noting(meaning);
        }
        actions.see(seen);
        // It names no request: what waits for an answer gets none.
        let is_greeting = !self.is_open() || !self.channels.are_settled();
        if !is_greeting {
            return;
        }
        let refusal = if let Some(code) = code {
            code::refusal(code, &message)
        } else {
            let hint = "check the key in the URL, the secret, and the name of the channel";
            Refusal::refused(format!("the server refused: {message}"), hint)
        };
        actions.end(refusal);
    }

    fn answer(&mut self, packet: &Packet, is_yes: bool, now: Instant, actions: &mut Actions) {
        let name = packet.channel.as_deref().unwrap_or_default();
        let answered = self.calls.end(name, now);
        let (kind, label) = if is_yes {
            ("subscribed", "subscribed to")
        } else {
            ("refused", "refused")
        };
        let mut seen = see::received(kind, packet).answering(answered.as_ref());
        seen.label = format!("{label} {name}");
        actions.see(seen);
        let Some(channel) = self.channels.find(name) else {
            return;
        };
        if is_yes {
            return channel.confirmed();
        }
        let hint = "check the secret, and that the key in the URL is of the same app";
        let reason = cut(&see::reason(&packet.data), QUOTED);
        channel.refused(see::refused(name, &reason), hint, actions);
    }

    fn event(&mut self, packet: &Packet, actions: &mut Actions) {
        let kind = match packet.event.as_str() {
            "pusher_internal:member_added" => "member_added",
            "pusher_internal:member_removed" => "member_removed",
            _ => "event",
        };
        let mut seen = see::received(kind, packet);
        if let Some(channel) = &packet.channel {
            seen = seen.printing(see::printed(packet));
            if self.channels.find(channel).is_none() {
                seen = seen.noting("not subscribed to");
            }
        }
        actions.see(seen);
    }
}
