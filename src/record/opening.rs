//! How a connection opened, kept for a recording that starts later.

use std::time::Instant;

use super::Recorder;
use crate::dial::Step;
use crate::event::{Event, Open, Redirected};
use crate::proto::http1::Head;

/// The events of an opening, with their times.
#[derive(Debug, Clone, Default)]
pub struct Opening(Vec<(Kept, Instant)>);

/// An event that is not lent.
#[derive(Debug, Clone)]
enum Kept {
    CredentialsInClear(String),
    Step(Step),
    Request(Head),
    Response(Head),
    Redirected(Redirected),
    Open(Open),
}

impl Opening {
    /// Takes an event of the opening.
    pub fn observe(&mut self, event: &Event<'_>, now: Instant) {
        let kept = match event {
            Event::CredentialsInClear(host) => Kept::CredentialsInClear((*host).to_owned()),
            Event::Step(step) => Kept::Step((*step).clone()),
            Event::Request(head) => Kept::Request((*head).clone()),
            Event::Response(head) => Kept::Response((*head).clone()),
            Event::Redirected(redirected) => {
                // What led to the next server is of no use any more.
                self.0.clear();
                Kept::Redirected((*redirected).clone())
            }
            Event::Open(open) => Kept::Open((*open).clone()),
            Event::Retry(_) | Event::Reconnected(_) | Event::Connection(_) => return,
        };
        self.0.push((kept, now));
    }

    /// Tells `recorder` all of it.
    pub fn tell(&self, recorder: &mut Recorder) {
        for (kept, at) in &self.0 {
            let event = match kept {
                Kept::CredentialsInClear(host) => Event::CredentialsInClear(host),
                Kept::Step(step) => Event::Step(step),
                Kept::Request(head) => Event::Request(head),
                Kept::Response(head) => Event::Response(head),
                Kept::Redirected(redirected) => Event::Redirected(redirected),
                Kept::Open(open) => Event::Open(open),
            };
            recorder.event(&event, *at);
        }
    }
}
