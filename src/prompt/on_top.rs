//! A protocol on top at the prompt: its messages, its verbs, and `/as`.

use std::rc::Rc;
use std::time::Instant;

use super::Prompt;
use super::error::LineError;
use super::seat::Place;
use crate::command::{OnTop, Outgoing, Spoken};
use crate::console::words::Words;
use crate::event::Event;
use crate::observe::NO_LINES;
use crate::ontop::{RAW, Seen};
use crate::outbox::SendError;
use crate::proto::connection::Message;
use crate::proto::message::Kind;
use crate::render::Role;
use crate::render::escape::escape_line;
use crate::session::Turn;
use crate::speaker::Speaker;

/// The protocol on top, and its words for the editor.
#[derive(Debug)]
pub(super) struct Voice {
    /// `None` without a protocol.
    pub(super) speaker: Option<Speaker>,
    /// The one that `/as raw` has silenced.
    pub(super) silent: Option<Speaker>,
    pub(super) words: Words,
    /// The words have changed since they were handed to the editor.
    pub(super) has_new_words: bool,
    /// Messages were sent beside the protocol.
    pub(super) is_beside: bool,
}

impl Voice {
    pub(super) fn new(speaker: Option<Speaker>) -> Self {
        Self {
            speaker,
            silent: None,
            words: Words::default(),
            has_new_words: true,
            is_beside: false,
        }
    }
}

impl Prompt {
    /// Whether lines may be sent.
    pub(super) fn is_ready(&self) -> bool {
        self.voice.speaker.as_ref().is_none_or(Speaker::is_ready)
    }

    /// Whether HTTP long polling carries the session.
    pub(super) fn is_polled(&self) -> bool {
        self.voice.speaker.as_ref().is_some_and(Speaker::is_polled)
    }

    /// The protocol says goodbye.
    pub(super) fn bid_farewell(&mut self, turn: &mut Turn<'_>) {
        if let Some(mut speaker) = self.voice.speaker.take() {
            let (_, mut observer) = self.sending();
            speaker.farewell(turn, &mut observer);
            self.voice.speaker = Some(speaker);
        }
    }

    /// Handles a message of the protocol on top; `event` is the same message.
    pub(super) fn hear(&mut self, message: &Message<'_>, event: &Event<'_>, turn: &mut Turn<'_>) {
        let Some(mut speaker) = self.voice.speaker.take() else {
            return;
        };
        let seen = speaker.received(message, turn.now);
        self.remember(&seen);
        self.observers.annotate(seen);
        self.observers.event(event, NO_LINES, turn.now);
        let (_, mut observer) = self.sending();
        let acted = speaker.act(turn, &mut observer);
        self.voice.speaker = Some(speaker);
        self.spoke(acted);
    }

    /// Keeps what the message is for `/capture`.
    fn remember(&mut self, seen: &[Rc<Seen>]) {
        for json in seen.iter().filter_map(|seen| seen.value()) {
            let message = Message::whole(Kind::Text, json.as_bytes(), None);
            self.variables.received(&message);
        }
    }

    /// Does what is due; returns whether anything was.
    pub(super) fn tick(&mut self, turn: &mut Turn<'_>) -> bool {
        let Some(mut speaker) = self.voice.speaker.take() else {
            return false;
        };
        let (_, mut observer) = self.sending();
        let ticked = speaker.tick(turn, &mut observer);
        self.voice.speaker = Some(speaker);
        let moved = matches!(ticked, Ok(true));
        self.spoke(ticked.map(drop));
        moved
    }

    /// After the speaker has acted: its words have changed, or sending failed.
    fn spoke(&mut self, acted: Result<(), SendError>) {
        self.voice.has_new_words = true;
        // On a connection that is closing nothing can be sent, which is no mistake of the user.
        if let Err(error) = acted
            && !matches!(error, SendError::Closing(_))
        {
            self.complain(&crate::diagnostic::one_line(&error));
        }
    }

    /// Hands the words to complete to the editor.
    pub(super) fn update_words(&mut self) {
        let is_in_use = match &self.place {
            Place::Terminal(_) => self.further.is_first_in_use(),
            Place::Seat(seat) => seat.is_in_use(),
        };
        if is_in_use && std::mem::take(&mut self.voice.has_new_words) {
            self.voice.words.update(self.voice.speaker.as_ref());
        }
    }

    /// Sends what a verb of the protocol means, or keeps it until the session is open; `None` if the line is none.
    pub(super) fn verb(
        &mut self,
        line: &str,
        turn: Option<&mut Turn<'_>>,
        now: Instant,
    ) -> Option<Result<(), LineError>> {
        let (name, arguments) = self.voice.speaker.as_ref()?.verb(line)?;
        self.voice.has_new_words = true;
        let time = self.observers.view.time_at(now);
        let arguments = match self.variables.fill(arguments, None, time) {
            Ok(arguments) => arguments.into_owned(),
            Err(error) => return Some(Err(error.into())),
        };
        let name = name.to_owned();
        if turn.is_none() && self.forget(&name, &arguments) {
            return Some(Ok(()));
        }
        let verb = Spoken::Verb { name, arguments };
        Some(self.send(Outgoing::Spoken(verb), turn))
    }

    /// Ends a subscription without a connection, so that the next one begins without it.
    fn forget(&mut self, name: &str, arguments: &str) -> bool {
        let speaker = self.voice.speaker.as_mut();
        let is_dropped = speaker.is_some_and(|it| it.forgets(name, arguments));
        if is_dropped {
            let text = format!("* /{name} {arguments}: the next connection begins without it");
            self.print(Role::Fact, &escape_line(&text));
        }
        is_dropped
    }

    /// `/as`: shows or changes the protocol on top.
    pub(super) fn speak(&mut self, on_top: OnTop, is_open: bool, now: Instant) {
        match on_top {
            OnTop::Show => {}
            OnTop::Raw => {
                if let Some(speaker) = self.voice.speaker.take() {
                    self.voice.silent = Some(speaker);
                }
            }
            OnTop::Protocol(name) => {
                let is_other = self.voice.speaker.is_none();
                if is_other {
                    let mut speaker = self.voice.silent.take().unwrap_or_else(|| {
                        let mut speaker = Speaker::of(name);
                        speaker.attend();
                        if is_open {
                            speaker.adopt(now);
                        }
                        speaker
                    });
                    speaker.pause(now);
                    self.observers.forget_dialect();
                    self.voice.speaker = Some(speaker);
                }
            }
        }
        self.voice.has_new_words = true;
        let text = match &self.voice.speaker {
            Some(speaker) => {
                let (name, help) = (speaker.name().as_str(), speaker.line_help());
                format!("spoken: {name}; {help}")
            }
            None => format!("spoken: {RAW}; a line is sent as a text message"),
        };
        self.print(Role::Fact, &text);
    }
}
