//! `wsee view`: a recording in the full screen.

use std::path::Path;

use super::complain;
use super::recording_report::unread;
use crate::cli::ViewFileArgs;
use crate::command::{self, Command, PromptCommand};
use crate::config::Environment;
use crate::config::display::color;
use crate::console::recall::{Names, Outcome, Recaller};
use crate::console::roster::Roster;
use crate::diagnostic::one_line;
use crate::event::Direction;
use crate::exit::Exit;
use crate::memory::view::{Action, Host, Pages, run, too_small};
use crate::memory::{Keep, Lines, Meaning, Memory, Shared, copied, save};
use crate::proto::connection::Message;
use crate::record::{Recorded, ReportError, recognize, recorded};
use crate::render::escape::escape_line;
use crate::render::{Decode, Label, Secrets, Style, message};
use crate::term;
use crate::term::terminal::{Loan, Terminal};

/// What is kept of a recording, in bytes: the end of a longer one.
const KEPT: usize = 1 << 30;

pub(super) fn browse(args: &ViewFileArgs, environment: &Environment) -> Exit {
    let terminals = environment.terminals;
    if !(terminals.stdin && terminals.stdout) || environment.dumb {
        complain("wsee view needs a terminal that can move its cursor");
        let hint = "wsee report writes a recording as an HTML page";
        term::stderr(&message::hint(hint, Style::PLAIN));
        return Exit::Usage;
    }
    let secrets = if args.show_secrets {
        Secrets::Shown
    } else {
        Secrets::Masked
    };
    let memory = match read(&args.file) {
        Ok(memory) => memory,
        Err(error) => return unread(&error, secrets),
    };
    if let Some(text) = too_small() {
        complain(&text);
        return Exit::Usage;
    }
    match show(args, &memory, secrets, environment) {
        Ok(()) => Exit::Done,
        Err(error) => {
            complain(&error);
            Exit::Internal
        }
    }
}

fn read(path: &Path) -> Result<Shared, ReportError> {
    let format = recognize(path)?;
    let memory = Shared::new(Keep {
        messages: usize::MAX,
        bytes: KEPT,
    });
    let mut last = (0, jiff::Timestamp::UNIX_EPOCH);
    let mut is_empty = true;
    let mut labels: Vec<Label> = Vec::new();
    for recorded in recorded(path, format)? {
        is_empty = false;
        match recorded? {
            Recorded::Opened(name, heads) => {
                let [request, response] = *heads;
                let mut memory = memory.lock();
                of(&mut memory, &mut labels, name.as_deref()).opened(request, response);
            }
            Recorded::Frame(frame) => {
                let mut memory = memory.lock();
                let memory = of(&mut memory, &mut labels, frame.connection.as_deref());
                match frame.direction {
                    Direction::Received => memory.frame_received(&frame.header),
                    Direction::Sent => memory.frame_sent(&frame.header),
                }
            }
            Recorded::Message(message) => {
                // A file may hold several runs, or lines from anywhere: numbers only rise.
                let number = message.number.filter(|it| *it > last.0);
                last = (number.unwrap_or(last.0 + 1), message.time.unwrap_or(last.1));
                let whole = Message::whole(message.kind, &message.payload, message.deflated);
                let mut memory = memory.lock();
                let memory = of(&mut memory, &mut labels, message.connection.as_deref());
                let memory = memory.meaning(message.on_top.as_ref().map(Meaning::recorded));
                match message.direction {
                    Direction::Received => memory.received(&whole, last.0, last.1),
                    Direction::Sent => memory.sent(&whole, last.0, last.1),
                }
            }
        }
    }
    if is_empty {
        return Err(crate::record::ReadError::Empty(path.to_owned()).into());
    }
    Ok(memory)
}

/// The memory, for what is of the connection with this name.
fn of<'m>(memory: &'m mut Memory, known: &mut Vec<Label>, name: Option<&str>) -> &'m mut Memory {
    match name {
        Some(name) => {
            let (number, label) = label(known, name);
            memory.of(number, &label)
        }
        None => memory.of_first(),
    }
}

/// The number and the label of the connection with this name; each has a colour of its own.
fn label(known: &mut Vec<Label>, name: &str) -> (u64, Label) {
    let name = escape_line(name);
    let at = known.iter().position(|label| label.text() == name);
    let at = at.unwrap_or(known.len());
    let number = at as u64 + 1;
    let label = Label::new(&name, number);
    // A recording may hold any number of names; the first ones are kept apart.
    if at == known.len() && at < MAX_LABELS {
        known.push(label.clone());
    }
    (number, label)
}

/// Connections of a recording that have a colour of their own; there are fewer colours.
const MAX_LABELS: usize = 100;

fn show(
    args: &ViewFileArgs,
    memory: &Shared,
    secrets: Secrets,
    environment: &Environment,
) -> Result<(), String> {
    let lines = Lines {
        first: None,
        clock: environment.clock.clone(),
        style: Style::new(color(args.color, environment).unwrap_or(true)),
        decode: Decode::Auto,
    };
    let failed = |error: std::io::Error| format!("cannot use the terminal: {error}");
    let terminal = Terminal::hold().map_err(failed)?;
    let loan = terminal.loan().map_err(failed)?;
    let name = args.file.file_name().unwrap_or_default().to_string_lossy();
    let mut pages = Pages::new(&name, memory, lines.clone(), secrets);
    let recaller = Recaller {
        memory: memory.clone(),
        lines,
        names: Names::default(),
        home: environment.home.clone(),
        roster: Roster::new(&name),
    };
    run(&mut pages, &mut Recording { loan, recaller }).map(drop)
}

/// A recording has no connection.
struct Recording {
    loan: Loan,
    recaller: Recaller,
}

const NO_CONNECTION: &str = "a recording has no connection; wsee replay sends it again";

impl Host for Recording {
    fn act(&mut self, action: Action) -> Result<String, String> {
        match action {
            Action::Quit => {}
            Action::Resend(_) | Action::Edit(_) => {
                return Err(NO_CONNECTION.to_owned());
            }
            Action::Command(line) => return self.command(&line),
            Action::Copy(entry) => {
                let (sequence, note) = copied(&entry).map_err(|error| one_line(&error))?;
                term::screen(&sequence);
                return Ok(note);
            }
            Action::Save(entry, path) => {
                let path = self.recaller.at_home(path.trim().as_ref());
                return save(&entry, &path).map_err(|error| one_line(&error));
            }
            Action::Suspend => self.loan.suspend(),
        }
        Ok(String::new())
    }

    fn output(&mut self) -> String {
        String::new()
    }

    fn is_over(&self) -> bool {
        false
    }
}

impl Recording {
    /// Executes a command of the prompt that is about kept messages.
    fn command(&mut self, line: &str) -> Result<String, String> {
        let command = command::parse(&format!("/{line}")).map_err(|error| one_line(&error))?;
        let Command::Prompt(PromptCommand::Recall(recall)) = command else {
            let works = "find, last, show, save, diff and copy work on a recording";
            return Err(works.to_owned());
        };
        let done = self.recaller.execute(recall, None);
        match done.map_err(|error| one_line(&error))? {
            Outcome::Print(text) => Ok(text),
            Outcome::Copy { sequence, note } => {
                term::screen(&sequence);
                Ok(note)
            }
            Outcome::View => Ok(String::new()),
            Outcome::Again(_) | Outcome::Send(_) | Outcome::Edit { .. } => {
                Err(NO_CONNECTION.to_owned())
            }
        }
    }
}
