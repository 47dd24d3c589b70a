//! What is told of a run when it is over, besides how it ended: `--timing` and `--write-out`.

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

/// How long a reader of standard output that takes nothing is waited for.
const PATIENCE: Duration = Duration::from_secs(1);

/// Collects what is told at the end of a run.
#[derive(Debug)]
pub(super) struct Reporter<'a> {
    connect: &'a Connect,
    terminals: Terminals,
    started: Instant,
}

/// How a run ended.
#[derive(Debug, Clone, Copy)]
pub(super) struct Outcome<'a> {
    /// How the connection ended; `None` when it never opened.
    pub(super) ending: Option<&'a Ending>,
    /// What stands in the last line, if that is an error.
    pub(super) error: &'a str,
    pub(super) exit: Exit,
}

impl<'a> Outcome<'a> {
    /// A connection that ended, as `last` says.
    pub(super) fn of(ending: &'a Ending, last: &'a str) -> Self {
        let exit = ending.exit();
        Self {
            ending: Some(ending),
            error: if exit == Exit::Done { "" } else { last },
            exit,
        }
    }

    /// No connection; `exit` may tell of more than `why` does.
    pub(super) fn not_open(why: &'a NotOpen, exit: Exit) -> Self {
        Self {
            ending: None,
            error: &why.message,
            exit,
        }
    }
}

impl<'a> Reporter<'a> {
    /// Begins with the run.
    pub(super) fn new(connect: &'a Connect, environment: &Environment) -> Self {
        Self {
            connect,
            terminals: environment.terminals,
            started: Instant::now(),
        }
    }

    /// What the run was asked for.
    pub(super) fn connect(&self) -> &'a Connect {
        self.connect
    }

    /// What stands above the last line; empty unless `--timing` was given.
    pub(super) fn waterfall(&self, opening: &Opening, style: Style) -> String {
        let mut out = String::new();
        if self.connect.timing.waterfall {
            let columns = self.terminals.stderr.then(term::terminal::columns);
            let canvas = Canvas { columns, style };
            waterfall(&mut out, opening, opening.total(Instant::now()), canvas);
        }
        out
    }

    /// Prints what `--write-out` asks for; the exit status of it all.
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
        // A reader that left payload untaken takes no more than that.
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
