//! What a connection does for the user, or for the first connection.

use std::time::Instant;

use super::Prompt;
use super::seat::{Order, Place};
use crate::console::show;
use crate::diagnostic::one_line;
use crate::event::Cause;
use crate::session::Turn;

impl Prompt {
    pub(super) fn order(&mut self, order: Order, turn: Option<&mut Turn<'_>>, now: Instant) {
        // What is printed behind the full screen is shown there.
        let is_lent = self.place.is_lent();
        self.observers.view.set_answering(!is_lent);
        self.carry_out(order, turn, now);
        self.observers.view.set_answering(false);
    }

    fn carry_out(&mut self, order: Order, turn: Option<&mut Turn<'_>>, now: Instant) {
        match order {
            Order::Entry(entry) if matches!(self.place, Place::Terminal(_)) => {
                self.route(entry, turn, now);
            }
            Order::Entry(entry) => self.entry(entry, turn, now),
            Order::Draft(draft) => self.draft(draft, turn, now),
            Order::Send(outgoing) => {
                if let Err(error) = self.fill_and_send(outgoing, turn, now) {
                    self.complain(&one_line(&error));
                }
            }
            Order::Status => self.status_with_name(turn.as_deref(), now),
            Order::Show(setting) => show::set(setting, self.observers.view.show()),
            Order::Record(first) => {
                let opening = &self.observers.opening;
                match self.observers.recording.follow(&first, opening) {
                    None => {}
                    Some(Ok(text)) => self.observers.view.note(&text),
                    Some(Err(problem)) => self.complain(&problem),
                }
            }
            Order::Pause => drop(self.observers.view.pause(false)),
            Order::Resume(is_returned) => drop(self.observers.view.resume(is_returned)),
            Order::Returned => {
                self.stopping.editor_ended(now);
                self.observers.view.resume(true);
            }
            Order::Used => self.voice.has_new_words = true,
            Order::Leave => self.stopping.promptly(Cause::Quit),
        }
    }
}
