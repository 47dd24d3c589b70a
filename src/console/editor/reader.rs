use std::io::ErrorKind;
use std::mem;
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
use super::history::{History, HistoryError};
use super::late::{Pressed, Typed};
use super::message::{Message, Next};
use super::screen::Screen;
use super::waiting::Waiting;
use crate::command::{self, Command, Outgoing, PromptCommand};
use crate::console::recall::Recaller;
use crate::console::words::Words;
use crate::diagnostic::one_line;
use crate::render::escape::escape_line;
use crate::render::width::width;
use crate::render::{Role, Secrets, Style};
use crate::term::terminal::{self, Loan, is_hung_up};

pub(super) struct Reader {
    pub(super) editor: rustyline::Editor<LineHelper, FileHistory>,
    pub(super) entries: Sender<Entry>,
    pub(super) screen: Arc<Screen>,
    pub(super) history: History,
    pub(super) command: String,
    pub(super) loan: Loan,
    /// Another program has the terminal: its signals are not for the session.
    pub(super) is_lent: Arc<AtomicBool>,
    /// The last text message, for `/edit`.
    pub(super) last: String,
    /// The last message that was typed or edited, for `/save NAME`.
    pub(super) sent: Option<Outgoing>,
    pub(super) recaller: Recaller,
    pub(super) pager: String,
    pub(super) secrets: Secrets,
    pub(super) message: Message,
    pub(super) words: Words,
    pub(super) waiting: Option<Arc<dyn Waiting>>,
    /// What the next line begins with.
    pub(super) typed: Typed,
    pub(super) style: Style,
}

impl Reader {
    /// Keeps reading when the session no longer listens, as text is printed only inside `readline`.
    pub(super) fn run(mut self) {
        let leaving = Leaving(Arc::clone(&self.screen));
        let loaded = self.history.load(&mut self.editor);
        self.note_failure(loaded);
        let last = loop {
            match self.read() {
                Ok(line) => self.typed(line),
                Err(ReadlineError::Interrupted)
                    if let Some((left, right)) = self.screen.take_view_request() =>
                {
                    self.typed = Typed { left, right };
                    self.view();
                }
                Err(ReadlineError::Interrupted)
                    if let Some((keys, typed)) = self.screen.take_late() =>
                {
                    self.typed = typed;
                    self.press(&keys);
                }
                Err(ReadlineError::Interrupted) if self.message.take().is_some() => {
                    self.screen.continues(None);
                    self.note("* dropped; nothing was sent");
                }
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

    fn read(&mut self) -> rustyline::Result<String> {
        let Typed { left, right } = mem::take(&mut self.typed);
        let prompt = self.prompt();
        self.editor.readline_with_initial(&prompt, (&left, &right))
    }

    /// Handles keys that rustyline did not read.
    pub(super) fn press(&mut self, keys: &[u8]) {
        for pressed in self.typed.press(keys) {
            match pressed {
                Pressed::Line(line) => self.typed(line),
                Pressed::Interrupt => self.report(Entry::Interrupt),
                Pressed::End => self.report(Entry::End),
            }
        }
    }

    /// The name only where it leaves most of the row to what is typed.
    fn prompt(&self) -> String {
        if self.message.lines().is_some() {
            return "… ".to_owned();
        }
        let label = self.recaller.roster.in_use();
        let name = label.text();
        if 3 * width(name) <= terminal::width() {
            format!("{name}> ")
        } else {
            "> ".to_owned()
        }
    }

    fn typed(&mut self, line: String) {
        let next = {
            let place = self.words.brackets(&line);
            self.message.next(line, place)
        };
        self.screen.continues(self.message.lines());
        match next {
            Next::Line(line) => self.line(line),
            Next::More(None) => {}
            Next::More(Some(note)) => self.note(&note),
        }
    }

    fn note(&self, text: &str) {
        let style = self.style.within(terminal::width());
        self.screen.note(style.prose(Role::Fact, text) + "\n");
    }

    fn line(&mut self, line: String) {
        let kept = self.history.add(&mut self.editor, &line);
        self.note_failure(kept);
        let waiting = self.waiting.clone();
        let command = match command::parse(&line) {
            Ok(Command::Prompt(PromptCommand::Edit(_))) if let Some(waiting) = waiting => {
                return self.edit_waiting(&line, &*waiting);
            }
            // The session knows where it came from.
            command if waiting.is_some() && line.starts_with("/resend") => command,
            // The session executes it, also if its name is that of a command here.
            command if self.words.is_verb(&line) => command,
            Ok(Command::Prompt(PromptCommand::Edit(text))) => return self.edit(text),
            Ok(Command::Prompt(PromptCommand::Recall(recall))) => return self.recall(line, recall),
            command => command,
        };
        if let Ok(Command::Outgoing(Outgoing::Line(text) | Outgoing::Text(text))) = &command {
            self.last.clone_from(text);
        }
        if let Ok(Command::Outgoing(outgoing)) = &command
            && outgoing.is_message()
        {
            self.sent = Some(outgoing.clone());
        }
        if let Ok(Command::Outgoing(Outgoing::Close { .. })) = &command {
            self.abandon();
        }
        let names = matches!(
            &command,
            Ok(Command::Prompt(
                PromptCommand::Connect(_) | PromptCommand::Use(_)
            ))
        );
        self.report(Entry::Line(line, command));
        if names {
            self.sync();
        }
    }

    /// Waits until what was reported is handled: the prompt names the connection in use.
    fn sync(&self) {
        let (taken, is_taken) = oneshot::channel();
        self.report(Entry::Sync(taken));
        // The sender is only ever dropped.
        let _ = is_taken.blocking_recv();
    }

    /// Gives up a message that is not complete, as its connection ends; it stays in the history.
    fn abandon(&mut self) {
        let Some(lines) = self.message.take() else {
            return;
        };
        self.screen.continues(None);
        let kept = self.history.add(&mut self.editor, &lines);
        self.note_failure(kept);
        self.note(&format!(
            "* not sent (Up recalls it): {}",
            escape_line(&lines)
        ));
    }

    /// Lets the user write a message; this thread does it, since it must not read lines at the same time.
    pub(super) fn edit(&mut self, text: Option<String>) {
        self.screen.lent();
        // A flag, not an entry: a signal could overtake an entry.
        self.is_lent.store(true, Ordering::Relaxed);
        let text = text.unwrap_or_else(|| self.last.clone());
        let written = self.loan.lend(|| Draft::write(&self.command, &text));
        if let Ok(draft) = &written {
            self.last.clone_from(&draft.text);
            self.sent = Some(Outgoing::Line(draft.text.clone()));
            self.remember(&draft.text);
        }
        let (taken, is_taken) = oneshot::channel();
        let written = written.map_err(|error| one_line(&error));
        self.report(Entry::Edited(written, taken));
        self.screen.returned();
        // A signal from the editor may still be on its way to the session's thread, and must find the
        // session's handler there, not rustyline's. The sender is only ever dropped.
        let _ = is_taken.blocking_recv();
    }

    /// Adds a line to the history that sends this text.
    fn remember(&mut self, text: &str) {
        let slash = if text.starts_with('/') { "/" } else { "" };
        let kept = self
            .history
            .add(&mut self.editor, &format!("{slash}{text}"));
        self.note_failure(kept);
    }

    pub(super) fn report(&self, entry: Entry) {
        // Without a receiver the session has ended.
        if let Err(SendError(Entry::Edited(Ok(draft), _))) = self.entries.blocking_send(entry) {
            let kept = escape_line(&draft.keep()).into_owned();
            self.screen
                .note(format!("not sent, the connection is closed; {kept}\n"));
        }
    }

    fn note_failure(&self, result: Result<(), HistoryError>) {
        if let Err(error) = result {
            self.note(&format!("* {}", one_line(&error)));
        }
    }
}

/// Lets the printer continue without a reader, even if that panics.
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
        // Ctrl-C and Ctrl-D are bound: these come from a signal, or from keys set with stty.
        ReadlineError::Interrupted => Outcome::Report(Entry::Interrupted),
        // Ctrl-D is bound to a key, so end of file means that the terminal is gone.
        ReadlineError::Eof => Outcome::Stop(Entry::HungUp),
        // A resize at the wrong moment, or a key that is not UTF-8: only this line is lost.
        ReadlineError::Signal(_) => Outcome::Again,
        ReadlineError::Io(error) if error.kind() == ErrorKind::InvalidData => Outcome::Again,
        _ if is_hung_up() => Outcome::Stop(Entry::HungUp),
        error => {
            let reason = format!("cannot read from the terminal: {error}");
            Outcome::Stop(Entry::Failed(reason))
        }
    }
}
