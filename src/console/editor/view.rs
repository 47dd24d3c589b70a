//! `/view` and F2: the full screen on the messages of the session.

use super::Entry;
use super::draft::Draft;
use super::reader::Reader;
use super::recall::edited;
use crate::command::{self, Command, PromptCommand, Recall};
use crate::console::recall::{Outcome, draft, outgoing};
use crate::diagnostic::one_line;
use crate::memory::view::{Action, Host, Pages, run, too_small};
use crate::memory::{self, copied};
use crate::term;

impl Reader {
    pub(super) fn view(&mut self) {
        if let Some(text) = too_small() {
            return self.complain(&text);
        }
        self.recaller.lines.first = self.recaller.roster.first_of_several();
        let (memory, lines) = (self.recaller.memory.clone(), self.recaller.lines.clone());
        let name = self.recaller.roster.title();
        let mut pages = Pages::new(&name, &memory, lines, self.secrets);
        let result = self.lend(|reader| {
            let printed = reader.screen.waiting();
            let mut host = Session { reader, printed };
            run(&mut pages, &mut host)
        });
        match result {
            Ok(keys) => self.press(&keys),
            Err(error) => self.complain(&error),
        }
    }
}

/// The session, which goes on behind the full screen.
struct Session<'r> {
    reader: &'r mut Reader,
    /// What waited to be printed before, in bytes: it is for the prompt.
    printed: usize,
}

impl Host for Session<'_> {
    fn act(&mut self, action: Action) -> Result<String, String> {
        match action {
            Action::Quit => {}
            // What passes through is sent again by a command, which knows its connection.
            Action::Resend(entry) if self.reader.waiting.is_some() => {
                return self.command(&format!("resend {}", entry.number));
            }
            Action::Resend(entry) => {
                let outgoing = outgoing(&entry).map_err(|error| one_line(&error))?;
                self.reader.report(Entry::Again(outgoing));
                return Ok(format!("#{} is sent again", entry.number));
            }
            Action::Edit(entry) => return self.edit(&entry),
            Action::Copy(entry) => {
                let (sequence, note) = copied(&entry).map_err(|error| one_line(&error))?;
                term::screen(&sequence);
                return Ok(note);
            }
            Action::Save(entry, path) => {
                let path = self.reader.recaller.at_home(path.trim().as_ref());
                return memory::save(&entry, &path).map_err(|error| one_line(&error));
            }
            Action::Command(line) => return self.command(&line),
            Action::Suspend => self.reader.loan.suspend(),
        }
        Ok(String::new())
    }

    fn output(&mut self) -> String {
        self.reader.screen.take_waiting(self.printed)
    }

    fn is_over(&self) -> bool {
        self.reader.screen.is_recalled()
    }
}

/// Why a command that opens the user's editor is not executed.
const EDIT: &str = "e edits the message that is selected";

impl Session<'_> {
    fn edit(&mut self, entry: &memory::Entry) -> Result<String, String> {
        if let Some(waiting) = self.reader.waiting.clone() {
            let number = entry.number;
            let found = waiting.find(&format!("/edit {number}"));
            let editing = found.map_err(|why| format!("{why}; r sends it again as it is"))?;
            let draft = self.reader.change(editing)?;
            self.reader.changed(draft);
            return Ok(String::new());
        }
        let outgoing = outgoing(entry).map_err(|error| one_line(&error))?;
        let (text, notation) = draft(&outgoing);
        let reader = &self.reader;
        let written = reader.loan.lend(|| Draft::write(&reader.command, &text));
        let written = written.map_err(|error| one_line(&error))?;
        match edited(&written.text, notation) {
            Ok(outgoing) => reader.report(Entry::Again(outgoing)),
            Err(why) => return Err(format!("{why}; {}", written.keep())),
        }
        Ok(format!("#{} is sent with changes", entry.number))
    }

    fn command(&mut self, line: &str) -> Result<String, String> {
        let line = format!("/{line}");
        let reader = &mut *self.reader;
        let is_for_session = reader.waiting.is_some() && line.starts_with("/resend");
        if is_for_session || reader.words.is_verb(&line) {
            let command = command::parse(&line);
            reader.report(Entry::Line(line, command));
            return Ok(String::new());
        }
        match command::parse(&line).map_err(|error| one_line(&error))? {
            Command::Prompt(PromptCommand::Edit(_)) => Err(EDIT.to_owned()),
            Command::Prompt(PromptCommand::Recall(recall)) => self.recall(line, recall),
            command => {
                reader.report(Entry::Line(line, Ok(command)));
                Ok(String::new())
            }
        }
    }

    fn recall(&mut self, line: String, recall: Recall) -> Result<String, String> {
        let reader = &mut *self.reader;
        let done = reader.recaller.execute(recall, reader.sent.as_ref());
        match done.map_err(|error| one_line(&error))? {
            Outcome::Print(text) => Ok(text),
            Outcome::Copy { sequence, note } => {
                term::screen(&sequence);
                Ok(note)
            }
            Outcome::Again(outgoing) => {
                reader.report(Entry::Again(outgoing));
                Ok("sent again".to_owned())
            }
            Outcome::Send(outgoing) => {
                reader.report(Entry::Line(line, Ok(Command::Outgoing(outgoing))));
                Ok("sent".to_owned())
            }
            Outcome::Edit { .. } => Err(EDIT.to_owned()),
            Outcome::View => Ok(String::new()),
        }
    }
}
