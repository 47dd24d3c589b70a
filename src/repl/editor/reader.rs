//! The thread that reads lines.

use std::io::ErrorKind;
use std::sync::Arc;

use rustyline::error::ReadlineError;
use rustyline::history::FileHistory;
use tokio::sync::mpsc::Sender;

use super::Entry;
use super::helper::LineHelper;
use super::history::History;
use super::screen::Screen;
use crate::term::terminal::is_hung_up;

/// Reads lines until that is impossible.
pub(super) struct Reader {
    pub(super) editor: rustyline::Editor<LineHelper, FileHistory>,
    pub(super) prompt: String,
    pub(super) entries: Sender<Entry>,
    pub(super) screen: Arc<Screen>,
    pub(super) history: History,
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
        self.report(Entry::Line(line));
    }

    fn report(&self, entry: Entry) {
        let _ = self.entries.blocking_send(entry);
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
