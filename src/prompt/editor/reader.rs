//! The thread that reads lines.

use std::io::ErrorKind;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rustyline::error::ReadlineError;
use rustyline::history::FileHistory;
use tokio::sync::mpsc::Sender;
use tokio::sync::mpsc::error::SendError;
use tokio::sync::oneshot;

use super::Entry;
use super::draft::Draft;
use super::helper::LineHelper;
use super::history::History;
use super::screen::Screen;
use crate::command::{self, Command, Outgoing};
use crate::render::escape::escape_line;
use crate::term::terminal::{Loan, is_hung_up};

/// Reads lines until that is impossible.
pub(super) struct Reader {
    pub(super) editor: rustyline::Editor<LineHelper, FileHistory>,
    pub(super) prompt: String,
    pub(super) entries: Sender<Entry>,
    pub(super) screen: Arc<Screen>,
    pub(super) history: History,
    /// The command of the user's editor.
    pub(super) command: String,
    pub(super) loan: Loan,
    /// Another program has the terminal: a signal from there is not for the session.
    pub(super) is_lent: Arc<AtomicBool>,
    /// The last text message, for `/edit`.
    pub(super) last: String,
}

impl Reader {
    /// Reads on when the session no longer listens: only inside `readline` is anything printed.
    pub(super) fn run(mut self) {
        let leaving = Leaving(Arc::clone(&self.screen));
        let loaded = self.history.load(&mut self.editor);
        self.note_failure(loaded);
        let last = loop {
            match self.editor.readline(&self.prompt) {
                Ok(line) => self.line(line),
                Err(error) => match outcome(&error) {
                    Outcome::Report(entry) => self.report(entry),
                    Outcome::Again => {}
                    Outcome::Stop(entry) => break entry,
                },
            }
        };
        drop(leaving);
        self.report(last);
    }

    fn line(&mut self, line: String) {
        let kept = self.history.add(&mut self.editor, &line);
        self.note_failure(kept);
        let command = match command::parse(&line) {
            Ok(Command::Edit(text)) => return self.edit(text),
            command => command,
        };
        if let Ok(Command::Outgoing(Outgoing::Text(text))) = &command {
            self.last.clone_from(text);
        }
        self.report(Entry::Line(line, command));
    }

    /// Lets the user write a message; here, as no other line is read meanwhile.
    fn edit(&mut self, text: Option<String>) {
        self.screen.lent();
        // No entry says so: a signal may overtake it.
        self.is_lent.store(true, Ordering::Relaxed);
        let text = text.unwrap_or_else(|| self.last.clone());
        let written = self.loan.lend(|| Draft::write(&self.command, &text));
        if let Ok(draft) = &written {
            self.last.clone_from(&draft.text);
            self.remember(&draft.text);
        }
        let (taken, is_taken) = oneshot::channel();
        let written = written.map_err(|error| error.to_string());
        self.report(Entry::Edited(written, taken));
        self.screen.returned();
        // A signal from the editor may not have reached the session's thread: it must find the session's
        // handler there, not rustyline's. The sender is only dropped.
        let _ = is_taken.blocking_recv();
    }

    /// Makes a text a line that sends it.
    fn remember(&mut self, text: &str) {
        let slash = if text.starts_with('/') { "/" } else { "" };
        let kept = self
            .history
            .add(&mut self.editor, &format!("{slash}{text}"));
        self.note_failure(kept);
    }

    fn report(&self, entry: Entry) {
        // Without a receiver the session has ended.
        if let Err(SendError(Entry::Edited(Ok(draft), _))) = self.entries.blocking_send(entry) {
            let kept = escape_line(&draft.keep()).into_owned();
            self.screen
                .note(format!("not sent, the connection is closed; {kept}\n"));
        }
    }

    fn note_failure<E: std::fmt::Display>(&self, result: Result<(), E>) {
        if let Err(error) = result {
            self.screen.note(format!("* {error}\n"));
        }
    }
}

/// Lets the printer go on without a reader, also when that panics.
struct Leaving(Arc<Screen>);

impl Drop for Leaving {
    fn drop(&mut self) {
        self.0.reader_is_gone();
    }
}

enum Outcome {
    Report(Entry),
    Again,
    Stop(Entry),
}

fn outcome(error: &ReadlineError) -> Outcome {
    match error {
        // Ctrl-C and Ctrl-D are bound; here they come as a signal, or from keys set with stty.
        ReadlineError::Interrupted => Outcome::Report(Entry::Interrupt),
        // Ctrl-D is a key here, so that only a terminal that is gone has an end.
        ReadlineError::Eof => Outcome::Stop(Entry::HungUp),
        // A resize at the wrong moment, or a key that is not UTF-8: only the line is lost.
        ReadlineError::Signal(_) => Outcome::Again,
        ReadlineError::Io(error) if error.kind() == ErrorKind::InvalidData => Outcome::Again,
        _ if is_hung_up() => Outcome::Stop(Entry::HungUp),
        error => {
            let reason = format!("cannot read from the terminal: {error}");
            Outcome::Stop(Entry::Failed(reason))
        }
    }
}
