//! What the server says.

use std::time::Instant;

use super::{Client, name};
use crate::exit::Exit;
use crate::ontop::signalr::say::{Call, Expected};
use crate::ontop::signalr::see;
use crate::ontop::signalr::wire::{Outcome, Record};
use crate::ontop::{Actions, Name, Refusal, Seen};
use crate::text::cut;

/// The most invocations of the server whose results are waited for; it names them.
const WANTED: usize = 1000;
/// The longest of their ids, in bytes: those of ASP.NET Core have some digits.
const LONGEST_ID: usize = 200;
/// How much of the text of an error the last line quotes, in bytes; all of it is on stdout.
const QUOTED: usize = 300;

impl Client {
    pub(super) fn record(&mut self, record: Record, now: Instant, actions: &mut Actions) {
        match record {
            Record::Handshake(error) => self.handshake(error, now, actions),
            Record::Ping => {
                self.pings[1] += 1;
                actions.see(Seen::keepalive(Name::SignalR, "ping"));
            }
            Record::Invocation {
                id,
                target,
                arguments,
            } => {
                let mut seen = see::invocation(id.as_deref(), &target, arguments);
                if let Some(id) = id {
                    if self.wanted.len() < WANTED && id.len() <= LONGEST_ID {
                        self.wanted.push_back(id);
                    } else {
                        seen = seen.noting("a result is wanted, and too many are waited for");
                    }
                }
                actions.see(seen);
            }
            Record::Item { id, item } => {
                let of = self.calls.find(&id).zip(self.streams.get_mut(&id));
                let of = of.map(|(target, count)| {
                    *count += 1;
                    (target, *count)
                });
                actions.see(see::item(&id, item, of));
            }
            Record::Completion { id, outcome } => self.completed(&id, &outcome, now, actions),
            Record::Close { error, reconnects } => close(error.as_deref(), reconnects, actions),
            Record::Other(kind, value) => {
                let note = match name(kind) {
                    Some(name) => format!("{name}, which only a client sends or asks for"),
                    None => format!("{kind} is no type of the hub protocol"),
                };
                let seen = see::seen("other", format!("record of type {kind}"));
                let payload = value.to_string();
                actions.see(seen.with("record", value).carrying(payload).noting(note));
            }
        }
    }

    fn handshake(&mut self, error: Option<String>, now: Instant, actions: &mut Actions) {
        if let Some(error) = error {
            let seen = see::seen("handshake", "handshake refused").with("error", error.as_str());
            actions.see(seen.carrying(error.clone()));
            let text = format!("the server refused the handshake: {}", cut(&error, QUOTED));
            let hint =
                "wsee asks for the protocol json, version 1, which a hub may have switched off";
            return actions.end(Refusal::refused(text, hint));
        }
        let seen = see::seen("handshake", "session open");
        if self.stage.is_open() {
            return actions.see(seen.noting("a second time"));
        }
        self.open(now);
        actions.see(seen);
        for call in self.subscribed.clone() {
            self.need(call, now, actions);
        }
    }

    /// Starts a stream that the session is of no use without.
    pub(super) fn need(&mut self, call: Call, now: Instant, actions: &mut Actions) {
        let id = self.call(call, Expected::Items, now, actions);
        self.needed.extend(id);
    }

    fn completed(&mut self, id: &str, outcome: &Outcome, now: Instant, actions: &mut Actions) {
        let of = self.calls.end(id, now);
        let items = self.streams.remove(id);
        actions.see(see::completion(id, outcome, of.as_ref(), items));
        let is_needed = self.needed.remove(id);
        let (Some(of), Outcome::Error(error)) = (of, outcome) else {
            return;
        };
        let error = cut(error, QUOTED);
        let failure = format!("{} failed with {error:?}", of.what);
        if is_needed && !self.is_attended {
            let hint = "check the name of the method and its arguments";
            actions.end(Refusal::refused(failure.clone(), hint));
        }
        self.failure.get_or_insert(failure);
    }
}

/// The server closes after this record.
fn close(error: Option<&str>, reconnects: bool, actions: &mut Actions) {
    let mut seen = see::seen("close", "close").with("allowReconnect", reconnects);
    if let Some(error) = error {
        seen = seen.with("error", error).carrying(error);
    }
    if reconnects {
        seen = seen.noting("another connection is welcome");
    }
    actions.see(seen);
    let text = match (error, reconnects) {
        (None, false) => return,
        (None, true) => "the server ended the session and accepts another one".to_owned(),
        (Some(error), _) => {
            let error = cut(error, QUOTED);
            format!("the server ended the session: {error}")
        }
    };
    let refusal = if reconnects {
        Refusal {
            text,
            hint: None,
            exit: Exit::ClosedWithError,
            may_pass: true,
        }
    } else {
        let hint = "the server's log has the reason; a hub that aborts in OnConnectedAsync may want a login";
        Refusal::refused(text, hint)
    };
    actions.end(refusal);
}
