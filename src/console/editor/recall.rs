//! Commands about kept messages, executed by the thread that reads lines.

use std::sync::atomic::Ordering;

use tokio::sync::oneshot;

use super::Entry;
use super::draft::Draft;
use super::reader::Reader;
use crate::command::{self, Command, Outgoing, Recall};
use crate::console::recall::{Outcome, is_long, page};
use crate::diagnostic::one_line;
use crate::proto::message::Kind;
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
                kind: Kind::Text,
            }) => self.edit(Some(text)),
            Ok(Outcome::Edit { text, .. }) => self.edit_bytes(&text),
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

    /// Lets the user change bytes, written in hex.
    fn edit_bytes(&mut self, hex: &str) {
        let written = self.lend(|this| this.loan.lend(|| Draft::write(&this.command, hex)));
        let draft = match written {
            Ok(draft) => draft,
            Err(error) => return self.complain(&one_line(&error)),
        };
        let line = format!("/bin {}", draft.text.replace('\n', " "));
        match command::parse(&line) {
            Ok(Command::Outgoing(outgoing @ Outgoing::Binary(_))) => {
                self.report(Entry::Again(outgoing));
            }
            Ok(_) => self.complain("nothing was written; nothing was sent"),
            Err(error) => {
                let text = format!("{}; nothing was sent; {}", one_line(&error), draft.keep());
                self.complain(&text);
            }
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
