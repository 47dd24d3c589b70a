//! A pipe that speaks a protocol on top: JSON values in and out.

use std::rc::Rc;
use std::time::Instant;

use super::Pipe;
use super::send::InputError;
use crate::event::{Cause, Event};
use crate::ontop::Seen;
use crate::outbox::SendError;
use crate::proto::connection::Message;
use crate::session::Turn;
use crate::speaker::{Said, Speaker};

impl Pipe {
    /// Whether input may be sent.
    pub(super) fn is_ready(&self) -> bool {
        self.speaker.as_ref().is_none_or(Speaker::is_ready)
    }

    /// Whether another message may be sent now.
    pub(super) fn has_room(&self, turn: &Turn<'_>) -> bool {
        self.outbox.has_room(turn) && self.speaker.as_ref().is_none_or(Speaker::has_room)
    }

    /// The protocol says goodbye.
    pub(super) fn bid_farewell(&mut self, turn: &mut Turn<'_>) {
        if let Some(mut speaker) = self.speaker.take() {
            let (_, mut observer) = self.sending();
            speaker.farewell(turn, &mut observer);
            self.speaker = Some(speaker);
        }
    }

    /// Handles a message of the protocol on top; `event` is the same message.
    pub(super) fn hear(&mut self, message: &Message<'_>, event: &Event<'_>, turn: &mut Turn<'_>) {
        let Some(mut speaker) = self.speaker.take() else {
            return;
        };
        let (was_ready, open) = (speaker.is_ready(), speaker.pending());
        let seen = speaker.received(message, turn.now);
        self.note_foreign(&seen);
        let is_surplus = self.tally.has_enough();
        self.observers.annotate(seen);
        let lines = (!is_surplus).then_some(&mut self.printer.output);
        self.observers.event(event, lines, turn.now);
        let (_, mut observer) = self.sending();
        let acted = speaker.act(turn, &mut observer);
        let heard = std::mem::take(&mut observer.heard);
        self.take_back(speaker, &heard, acted, turn.now);
        // When the input starts, so does the wait for replies, and with each of them.
        if !was_ready && self.is_ready() || self.pending() < open {
            self.active = Some(turn.now);
        }
    }

    /// Without `-v` nothing else would show that the peer says something that is not printed.
    fn note_foreign(&mut self, seen: &[Rc<Seen>]) {
        if self.noted_foreign || self.observers.view.shows_messages() {
            return;
        }
        if let Some(foreign) = seen.iter().find(|it| it.is_foreign()) {
            self.noted_foreign = true;
            let Seen { label, note, .. } = &**foreign;
            let text = format!("a message is {label}: {note}; -v shows such messages");
            self.observers.view.note(&text);
        }
    }

    /// Does what is due; returns whether anything was.
    pub(super) fn tick(&mut self, turn: &mut Turn<'_>) -> bool {
        let Some(mut speaker) = self.speaker.take() else {
            return false;
        };
        let (_, mut observer) = self.sending();
        let ticked = speaker.tick(turn, &mut observer);
        let heard = std::mem::take(&mut observer.heard);
        let moved = matches!(ticked, Ok(true));
        self.take_back(speaker, &heard, ticked.map(drop), turn.now);
        moved
    }

    /// Sends what the user says.
    pub(super) fn say(&mut self, said: Said<'_>, turn: &mut Turn<'_>) -> Result<(), InputError> {
        let Some(mut speaker) = self.speaker.take() else {
            return Ok(());
        };
        let (_, mut observer) = self.sending();
        let result = speaker.say(said, turn, &mut observer);
        self.speaker = Some(speaker);
        Ok(result?)
    }

    /// Takes the speaker back after it acted, and prints what it heard.
    fn take_back(
        &mut self,
        speaker: Speaker,
        heard: &[Rc<Seen>],
        acted: Result<(), SendError>,
        now: Instant,
    ) {
        self.speaker = Some(speaker);
        // On a connection that is closing nothing can be sent, which is no mistake of the user.
        if let Err(error) = acted
            && !matches!(error, SendError::Closing(_))
        {
            self.cause = Some(Cause::input(&error));
        }
        for seen in heard {
            self.print(seen, now);
        }
        self.place_notes();
    }

    fn print(&mut self, seen: &Seen, now: Instant) {
        let Some(print) = seen.print.as_ref().filter(|_| !self.tally.has_enough()) else {
            return;
        };
        self.active = Some(now);
        let printed = self.printer.value(print, &mut self.observers.view);
        self.count(printed);
    }
}
