//! Commands about kept messages, executed by the thread that reads lines.

use std::sync::atomic::Ordering;

use tokio::sync::oneshot;

use super::Entry;
use super::draft::Draft;
use super::reader::Reader;
use crate::command::{self, Command, Outgoing, Recall, Spoken};
use crate::console::recall::{Notation, Outcome, is_long, page};
use crate::diagnostic::one_line;
use crate::render::Role;
use crate::render::escape::escape_line;
use crate::term::{self, terminal};

impl Reader {
    pub(super) fn recall(&mut self, line: String, recall: Recall) {
        match self.recaller.execute(recall, self.sent.as_ref()) {
            Err(error) => self.complain(&one_line(&error)),
            Ok(Outcome::Print(text)) if is_long(&text, self.recaller.lines.style) => {
                self.page(text);
            }
            Ok(Outcome::Print(text)) => self.screen.note(text),
            Ok(Outcome::Copy { sequence, note }) => {
                term::screen(&sequence);
                self.screen.note(note);
            }
            Ok(Outcome::Again(outgoing)) => self.report(Entry::Again(outgoing)),
            Ok(Outcome::Send(outgoing)) => {
                self.sent = Some(outgoing.clone());
                self.report(Entry::Line(line, Ok(Command::Outgoing(outgoing))));
            }
            Ok(Outcome::Edit {
                text,
                notation: Notation::Text,
            }) => self.edit(Some(text)),
            Ok(Outcome::Edit { text, notation }) => self.edit_notation(&text, notation),
            Ok(Outcome::View) => self.view(),
        }
    }

    pub(super) fn complain(&self, text: &str) {
        let style = self.style.within(terminal::width());
        self.screen
            .note(style.prose(Role::Error, &escape_line(text)) + "\n");
    }

    /// Shows a long text in the user's pager, or on the screen if there is none.
    fn page(&mut self, text: String) {
        let shown = self.lend(|this| this.loan.lend(|| page(&this.pager, &text)));
        if shown.is_err() {
            self.screen.note(text);
        }
    }

    /// Lets the user change bytes, written in hex, or JSON of a protocol on top.
    fn edit_notation(&mut self, text: &str, notation: Notation) {
        let written = self.lend(|this| this.loan.lend(|| Draft::write(&this.command, text)));
        let draft = match written {
            Ok(draft) => draft,
            Err(error) => return self.complain(&one_line(&error)),
        };
        match edited(&draft.text, notation) {
            Ok(outgoing) => self.report(Entry::Again(outgoing)),
            Err(why) => self.complain(&format!("{why}; {}", draft.keep())),
        }
    }

    /// Lets something else use the terminal, while the session goes on.
    pub(super) fn lend<T>(&mut self, borrow: impl FnOnce(&mut Self) -> T) -> T {
        self.screen.lent();
        // A flag, not an entry: a signal could overtake an entry.
        self.is_lent.store(true, Ordering::Relaxed);
        let result = borrow(self);
        let (taken, is_taken) = oneshot::channel();
        self.report(Entry::Returned(taken));
        self.screen.returned();
        // As after the user's editor, a signal must find the session's handler.
        let _ = is_taken.blocking_recv();
        result
    }
}

/// What the text that the user has changed sends, or why nothing.
pub(super) fn edited(text: &str, notation: Notation) -> Result<Outgoing, String> {
    match notation {
        Notation::Text => Ok(Outgoing::Text(text.to_owned())),
        Notation::Record => Ok(Outgoing::Spoken(Spoken::Record(text.to_owned()))),
        Notation::Hex => {
            let bytes = bytes(text).map_err(|why| format!("{why}; nothing was sent"))?;
            Ok(Outgoing::Binary(bytes))
        }
    }
}

/// Bytes that are written in hex, on any number of lines.
pub(super) fn bytes(hex: &str) -> Result<Vec<u8>, String> {
    match command::parse(&format!("/bin {}", hex.replace('\n', " "))) {
        Ok(Command::Outgoing(Outgoing::Binary(bytes))) => Ok(bytes),
        Ok(_) => Err("nothing was written".to_owned()),
        Err(error) => Err(one_line(&error)),
    }
}
