//! A pipe between two connections.

use std::time::Instant;

use super::Pipe;
use crate::event::{Event, Ours};
use crate::ontop::Reoffer;
use crate::session::{Over, Reconnecting};
use crate::speaker::Speaker;

impl Reconnecting for Pipe {
    fn wants_reconnect(&self) -> bool {
        self.cause.is_none() && self.stop.is_none() && !self.tally.has_enough()
    }

    fn judge(&self, ours: &mut Ours) {
        ours.is_spoken = self.speaker.is_some();
        ours.is_unfinished = self.speaker.as_ref().is_some_and(Speaker::is_unfinished);
        ours.is_provoked = self.observers.reaction.is_end();
    }

    fn reoffer(&mut self, over: Over<'_>) -> Option<Reoffer> {
        let may_reconnect = self.wants_reconnect();
        let speaker = self.speaker.as_mut().filter(|_| may_reconnect);
        let other = speaker?.reoffer(over)?;
        self.observers.view.note(&other.to_string());
        Some(other)
    }

    fn while_disconnected(&mut self, event: &Event<'_>, now: Instant) {
        match event {
            Event::Retry(_) => self.disconnected(),
            Event::Open(open) => {
                if let Some(speaker) = &mut self.speaker {
                    speaker.agree(open);
                }
            }
            Event::Reconnected(_) => self.reconnected(now),
            _ => {}
        }
        self.observers
            .event(event, Some(&mut self.printer.output), now);
        self.place_notes();
    }
}

impl Pipe {
    fn disconnected(&mut self) {
        self.active = None;
        if let Some(missing) = self.speaker.as_mut().and_then(Speaker::closed) {
            self.observers.view.note(&missing);
        }
        if let Some(upload) = self.outbox.stop() {
            let path = upload.path().display();
            let text = format!("{path} was not sent completely, and is not sent again");
            self.observers.view.note(&text);
        }
        self.printer.output.cut();
    }

    /// Starts over, except for input that was already sent.
    fn reconnected(&mut self, now: Instant) {
        self.outbox.start(now);
        if let Some(speaker) = &mut self.speaker {
            speaker.opened(now);
        }
        self.active = Some(now);
    }
}
