//! What the server sends.

use std::time::Instant;

use super::{Client, Session, UNACKNOWLEDGED};
use crate::ontop::stage::Stage;
use crate::ontop::stomp::beat::{agreed, beats};
use crate::ontop::stomp::frame::{Fault, Frame, LOOKED_AT, Piece, Version};
use crate::ontop::stomp::see;
use crate::ontop::{Actions, Name, Refusal, Seen};
use crate::text::cut;

/// How much of an error the last line quotes, in bytes.
const QUOTED: usize = 300;

impl Client {
    pub(super) fn hear(&mut self, payload: &[u8], now: Instant, actions: &mut Actions) {
        if let Some(session) = self.stage.session_mut() {
            session.heard = now;
        }
        let mut rest = payload;
        for _ in 0..LOOKED_AT {
            match self.assembler.next(&mut rest) {
                None => return,
                Some(Ok(Piece::Beat)) => actions.see(Seen::keepalive(Name::Stomp, "heart-beat")),
                Some(Ok(Piece::Frame(frame))) => self.frame(&frame, now, actions),
                Some(Err(fault)) => actions.see(unreadable(&fault, payload)),
            }
        }
        if !rest.is_empty() {
            actions.note("further frames of the message are not looked at");
        }
    }

    fn frame(&mut self, frame: &Frame, now: Instant, actions: &mut Actions) {
        match frame.command.as_str() {
            "CONNECTED" => self.connected(frame, now, actions),
            "MESSAGE" => self.message(frame, actions),
            "RECEIPT" => {
                let id = frame.headers.get("receipt-id").unwrap_or_default();
                let of = self.receipts.end(id, now);
                let seen = see::frame("receipt", format!("receipt {id}"), frame);
                actions.see(seen.answering(of.as_ref()));
            }
            "ERROR" => self.error(frame, now, actions),
            command => {
                let seen = see::frame("unknown", command.to_owned(), frame);
                actions.see(seen.noting("no frame that a server sends"));
            }
        }
    }

    fn connected(&mut self, frame: &Frame, now: Instant, actions: &mut Actions) {
        let seen = see::frame("connected", "connected".to_owned(), frame);
        if !self.stage.is_greeting() {
            return actions.see(seen.noting("nobody waits for it"));
        }
        let name = frame.headers.get("version").unwrap_or("1.0");
        let note = see::note(frame);
        actions.see(seen.noting(note.unwrap_or_default()));
        let Some(version) = Version::find(name) else {
            self.stage = Stage::Closed;
            let text = format!("the server chose version {name:?}, which was not offered");
            return actions.end(Refusal::refused(text, None));
        };
        self.version = version;
        self.assembler.set_version(version);
        let (sending, silence) = agreed(self.offered, beats(&frame.headers));
        self.stage = Stage::Open(Session {
            sending,
            sent: now,
            silence,
            heard: now,
        });
        for (subscription, id) in self.subscriptions.clone() {
            self.ask(&subscription, id, now, actions);
        }
    }

    fn message(&mut self, frame: &Frame, actions: &mut Actions) {
        let headers = &frame.headers;
        let destination = headers.get("destination").unwrap_or_default();
        self.destinations.remember(destination);
        let subscription = headers.get("subscription");
        let mut all = self.subscriptions.iter();
        let of = all.find(|(it, id)| match subscription {
            Some(subscription) => subscription == id.to_string(),
            None => it.destination == destination,
        });
        let mut notes: Vec<String> = see::note(frame).into_iter().collect();
        if of.is_none() {
            notes.push("nobody subscribed to it".to_owned());
        }
        if of.is_some_and(|(it, _)| it.ack != "auto") {
            let id = if self.version == Version::V12 {
                headers.get("ack")
            } else {
                headers.get("message-id")
            };
            if let Some(id) = id {
                notes.push(format!("ack wanted: /ack {id}"));
                if self.unacknowledged.len() >= UNACKNOWLEDGED {
                    self.unacknowledged.pop_front();
                }
                let subscription = subscription.unwrap_or_default().to_owned();
                self.unacknowledged.push_back((id.to_owned(), subscription));
            }
        }
        actions.see(see::message("message", frame).noting(notes.join(", ")));
    }

    /// The server reports an error, and closes the connection after it.
    fn error(&mut self, frame: &Frame, now: Instant, actions: &mut Actions) {
        let body = String::from_utf8_lossy(&frame.body);
        let first = body.trim().lines().next().unwrap_or_default();
        let said = match frame.headers.get("message") {
            Some(message) if first.is_empty() || message == first => message.to_owned(),
            Some(message) => format!("{message}: {first}"),
            None => body.trim().to_owned(),
        };
        let said = cut(&said, QUOTED);
        let receipt = frame.headers.get("receipt-id");
        let of = receipt.and_then(|id| self.receipts.end(id, now));
        let mut seen = see::frame("error", "error".to_owned(), frame).noting(said.as_str());
        if of.is_some() {
            seen = seen.answering(of.as_ref());
        }
        actions.see(seen);
        let is_greeting = self.stage.is_greeting();
        let what = if is_greeting {
            "the server refused the session"
        } else {
            "the server ended the session"
        };
        let hint = match (is_greeting, self.has_login) {
            (true, true) => Some("check the user and password of -u, or --auth"),
            (true, false) => Some("-u USER:PASS logs in, and --auth JSON adds headers to CONNECT"),
            (false, _) => None,
        };
        self.stage = Stage::Closed;
        actions.end(Refusal::refused(format!("{what}: {said:?}"), hint));
    }
}

fn unreadable(fault: &Fault, payload: &[u8]) -> Seen {
    Seen::unreadable(Name::Stomp, "STOMP", &fault.to_string(), payload)
}
