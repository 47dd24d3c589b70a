//! Clients that come: their handshake, and whether they are let in.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use super::Log;
use crate::acceptor::events::Events;
use crate::acceptor::recording::Recording;
use crate::dial::Step;
use crate::dial::http2::Seen;
use crate::event::{Direction, Event, NotOpen, Open, Opening};
use crate::exit::Exit;
use crate::proto::handshake::server::Upgrade;
use crate::proto::http1::Head;
use crate::render::escape::escape_line;
use crate::render::handshake::head;
use crate::render::{Role, message};

impl Log {
    /// A connection that passes through is open.
    pub fn open_event(&mut self, event: &Event<'_>, opening: &Opening, now: Instant) {
        if let Some(events) = &mut self.events {
            let Events { jsonl, lines, .. } = &**events;
            lines.write(|out| jsonl.event(out, event, opening, 0, now));
            events.opening = Some(opening.clone());
        }
    }

    /// A connection that did not open, with why.
    pub fn not_open(&self, why: &NotOpen, opening: &Opening, now: Instant) {
        if let Some(events) = &self.events {
            let Events { jsonl, lines, .. } = &**events;
            lines.write(|out| jsonl.not_open(out, why, opening, now));
        }
        if let Some(view) = &self.view {
            let hint = why.hint.as_deref();
            let hint = hint.map(|hint| message::hint(hint, view.style()));
            let problem = message::problem(&why.message, view.style());
            self.print(&(hint.unwrap_or_default() + &problem));
        }
    }

    /// The client is let in.
    pub fn opened(&mut self, url: &str, answer: &Upgrade, now: Instant) {
        if let Some(events) = &mut self.events {
            let open = Open {
                subprotocol: answer.subprotocol.clone(),
                ignored_subprotocols: false,
                deflate: answer.deflate,
                login: None,
                tolerated: Vec::new(),
                took: Duration::ZERO,
                is_polled: false,
                is_page: false,
            };
            let mut opening = Events::opening(url, &answer.request, &answer.response, now);
            let event = Event::Open(&open);
            opening.observe(&event, now);
            let Events { jsonl, lines, .. } = &**events;
            lines.write(|out| jsonl.event(out, &event, &opening, 0, now));
            events.opening = Some(opening);
        }
        self.record(url, &answer.request, &answer.response, |recording| {
            recording.opened(answer, now);
        });
        if self.is_brief {
            let url = self.secrets.url(url);
            self.note(Role::Fact, &format!("* opened {}", escape_line(&*url)));
        }
    }

    /// The client is refused.
    pub fn refused(&self, url: &str, request: &Head, response: &Head, why: &str) {
        let now = Instant::now();
        let why = NotOpen::new(why.to_owned(), Exit::Refused);
        self.clone().record(url, request, response, |recording| {
            recording.refused(&why, now);
        });
        if let Some(events) = &self.events {
            let opening = Events::opening(url, request, response, now);
            let Events { jsonl, lines, .. } = &**events;
            lines.write(|out| jsonl.not_open(out, &why, &opening, now));
        }
    }

    /// Begins the recording of the client.
    fn record(
        &mut self,
        url: &str,
        request: &Head,
        response: &Head,
        begin: impl FnOnce(&mut Recording),
    ) {
        let Some(recorded) = &self.recorded else {
            return;
        };
        let opening = Events::opening(url, request, response, Instant::now());
        match Recording::create(recorded, self.client, opening) {
            Ok(mut recording) => {
                begin(&mut recording);
                self.recording = Some(Rc::new(RefCell::new(recording)));
            }
            Err(why) => self.note(Role::Error, &format!("! {}", escape_line(&why))),
        }
    }

    /// A frame that says how the connection of a client fares.
    pub fn frame(&mut self, seen: Seen, now: Instant) {
        if !self.is_brief {
            self.event(&Event::Step(&Step::Http2(seen)), now);
        }
    }

    pub fn head(&self, text: &Head, direction: Direction) {
        let secrets = self.secrets;
        if self.is_terse || self.is_brief {
            return;
        }
        self.write(|out, view| head(out, text, direction, view.style(), secrets));
    }
}
