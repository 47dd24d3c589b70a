//! `wsee view`: a recording in the full screen.

use std::path::{Path, PathBuf};

use super::complain;
use super::recording_report::unread;
use crate::cli::ViewFileArgs;
use crate::config::Environment;
use crate::diagnostic::one_line;
use crate::exit::Exit;
use crate::memory::view::{Action, Host, Pages, run, too_small};
use crate::memory::{Entry, Frames, Keep, Lines, Shared, copied, save};
use crate::record::{Recorded, ReportError, recognize, recorded};
use crate::render::{Decode, Secrets, Style, message};
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
    match show(&args.file, &memory, secrets, environment) {
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
    for recorded in recorded(path, format)? {
        is_empty = false;
        match recorded? {
            Recorded::Opened(heads) => {
                let [request, response] = *heads;
                memory.lock().opened(request, response);
            }
            Recorded::Message(message) => {
                // A file may hold several runs, or lines from anywhere: numbers only rise.
                let number = message.number.filter(|it| *it > last.0);
                last = (number.unwrap_or(last.0 + 1), message.time.unwrap_or(last.1));
                let entry = Entry {
                    number: last.0,
                    time: last.1,
                    direction: message.direction,
                    kind: message.kind,
                    payload: message.payload,
                    deflated: message.deflated,
                    label: None,
                };
                memory.lock().add(entry, Frames::default());
            }
        }
    }
    if is_empty {
        return Err(crate::record::ReadError::Empty(path.to_owned()).into());
    }
    Ok(memory)
}

fn show(
    path: &Path,
    memory: &Shared,
    secrets: Secrets,
    environment: &Environment,
) -> Result<(), String> {
    let lines = Lines {
        clock: environment.clock.clone(),
        style: Style::new(!environment.no_color),
        decode: Decode::Auto,
    };
    let failed = |error: std::io::Error| format!("cannot use the terminal: {error}");
    let terminal = Terminal::hold().map_err(failed)?;
    let loan = terminal.loan().map_err(failed)?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let mut pages = Pages::new(&name, memory, lines, secrets);
    let home = environment.home.clone();
    run(&mut pages, &mut Recording { loan, home })
}

/// A recording has no connection.
struct Recording {
    loan: Loan,
    home: Option<PathBuf>,
}

impl Host for Recording {
    fn act(&mut self, action: Action) -> Result<String, String> {
        match action {
            Action::Quit => {}
            Action::Resend(_) | Action::Edit(_) => {
                return Err("a recording has no connection; wsee replay sends it again".to_owned());
            }
            Action::Command(_) => {
                return Err("a recording has no prompt; / searches, f filters".to_owned());
            }
            Action::Copy(entry) => {
                let (sequence, note) = copied(&entry).map_err(|error| one_line(&error))?;
                term::screen(&sequence);
                return Ok(note);
            }
            Action::Save(entry, path) => {
                let path = PathBuf::from(path.trim());
                let path = match (path.strip_prefix("~"), &self.home) {
                    (Ok(rest), Some(home)) => home.join(rest),
                    _ => path,
                };
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
