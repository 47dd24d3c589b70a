//! Reports at the end of a run: `--timing` and `--write-out`.

use std::io;
use std::time::{Duration, Instant};

use super::complain;
use crate::config::{Connect, Environment};
use crate::event::{Ending, NotOpen, Opening};
use crate::exit::Exit;
use crate::render::Style;
use crate::render::waterfall::{Canvas, waterfall};
use crate::render::write_out::{Report, Stream};
use crate::term::{self, Terminals};

/// How long to wait for a stuck reader of standard output.
const PATIENCE: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub(super) struct Reporter<'a> {
    connect: &'a Connect,
    terminals: Terminals,
    started: Instant,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Outcome<'a> {
    /// `None` if the connection never opened.
    pub(super) ending: Option<&'a Ending>,
    /// The last line, if that is an error.
    pub(super) error: &'a str,
    pub(super) exit: Exit,
}

impl<'a> Outcome<'a> {
    pub(super) fn of(ending: &'a Ending, last: &'a str) -> Self {
        let exit = ending.exit();
        Self {
            ending: Some(ending),
            error: if exit == Exit::Done { "" } else { last },
            exit,
        }
    }

    /// No connection; `exit` may reflect a later error than `why`.
    pub(super) fn not_open(why: &'a NotOpen, exit: Exit) -> Self {
        Self {
            ending: None,
            error: &why.message,
            exit,
        }
    }
}

impl<'a> Reporter<'a> {
    pub(super) fn new(connect: &'a Connect, environment: &Environment) -> Self {
        Self {
            connect,
            terminals: environment.terminals,
            started: Instant::now(),
        }
    }

    pub(super) fn connect(&self) -> &'a Connect {
        self.connect
    }

    pub(super) fn waterfall(&self, opening: &Opening, style: Style) -> String {
        let mut out = String::new();
        if self.connect.timing.waterfall {
            let columns = self.terminals.stderr.then(term::terminal::columns);
            let canvas = Canvas { columns, style };
            waterfall(&mut out, opening, opening.total(Instant::now()), canvas);
        }
        out
    }

    /// Prints the text of `--write-out`; returns the exit status of the run.
    pub(super) async fn write_out(&self, outcome: Outcome<'_>, opening: &Opening) -> Exit {
        let Some(template) = &self.connect.timing.write_out else {
            return outcome.exit;
        };
        let report = Report {
            opening,
            ending: outcome.ending,
            exit: outcome.exit,
            error: outcome.error,
            url: &self.connect.dialing.url,
            total: self.started.elapsed(),
            secrets: self.connect.display.secrets,
        };
        let is_escaped = |stream| stream == Stream::Stderr || self.terminals.stdout;
        // A reader that did not accept the payload accepts no more.
        let is_stuck = outcome.ending.is_some_and(|ending| ending.unwritten > 0);
        for (stream, text) in template.fill(&report, is_escaped) {
            match stream {
                Stream::Stderr => term::stderr(&text),
                Stream::Stdout if is_stuck => {}
                Stream::Stdout => match term::stdout::write_within(PATIENCE, text.as_bytes()).await
                {
                    Ok(()) => {}
                    Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {}
                    Err(error) => {
                        complain(&format!("--write-out: cannot write to stdout: {error}"));
                        return match outcome.exit {
                            Exit::Done => Exit::Write,
                            exit => exit,
                        };
                    }
                },
            }
        }
        outcome.exit
    }
}
