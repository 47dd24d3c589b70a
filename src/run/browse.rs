//! `wsee view`: recordings in the full screen.

use super::complain;
use super::recording_report::unread;
use super::recordings::{self, Recordings};
use crate::cli::ViewFileArgs;
use crate::command::{self, Command, PromptCommand};
use crate::config::Environment;
use crate::config::display::color;
use crate::console::recall::{Names, Outcome, Recaller};
use crate::console::roster::Roster;
use crate::diagnostic::one_line;
use crate::exit::Exit;
use crate::memory::view::{Action, Host, Pages, run, too_small};
use crate::memory::{Lines, copied, save};
use crate::render::{Decode, Secrets, Style, message};
use crate::term;
use crate::term::terminal::{Loan, Terminal};

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
    let recordings = match recordings::read(&args.files) {
        Ok(recordings) => recordings,
        Err(error) => return unread(&error, secrets),
    };
    if let Some(text) = too_small() {
        complain(&text);
        return Exit::Usage;
    }
    match show(args, &recordings, secrets, environment) {
        Ok(()) => Exit::Done,
        Err(error) => {
            complain(&error);
            Exit::Internal
        }
    }
}

fn show(
    args: &ViewFileArgs,
    recordings: &Recordings,
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
    let Recordings { name, memory } = recordings;
    let mut pages = Pages::new(name, memory, lines.clone(), secrets).recorded();
    let recaller = Recaller {
        memory: memory.clone(),
        lines,
        names: Names::default(),
        home: environment.home.clone(),
        roster: Roster::of_everything(),
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
