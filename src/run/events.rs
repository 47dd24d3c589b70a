//! `--jsonl` where there is no pipe: connections that did not open, and the tour.

use std::time::Instant;

use super::{complain, print};
use crate::config::{ConfigError, Connect, Environment, Mode};
use crate::diagnostic::Diagnostic;
use crate::event::NotOpen;
use crate::exit::Exit;
use crate::render::{Jsonl, Secrets};

/// The printer of events, if they are wanted.
pub(super) fn printer(connect: &Connect, environment: &Environment) -> Option<Jsonl> {
    let Mode::Pipe(options) = &connect.mode else {
        return None;
    };
    let display = connect.display;
    let frames = display.verbose >= 2;
    options.jsonl.then(|| {
        Jsonl::new(
            &connect.dialing.url,
            frames,
            display.secrets,
            environment.clock.clone(),
        )
    })
}

/// Prints the events of a connection that did not open; gives the exit status.
pub(super) fn not_open(jsonl: Option<Jsonl>, why: &NotOpen) -> Exit {
    let Some(mut jsonl) = jsonl else {
        return why.exit;
    };
    let mut lines = Vec::new();
    // A Vec takes all.
    let _ = jsonl.not_open(&mut lines, why, Instant::now());
    match print(&lines) {
        Exit::Done => why.exit,
        exit => exit,
    }
}

/// Says why no connection was tried, on stderr and as events.
pub(super) fn give_up(
    connect: &Connect,
    environment: &Environment,
    message: String,
    exit: Exit,
) -> Exit {
    complain(&message);
    not_open(printer(connect, environment), &NotOpen::new(message, exit))
}

/// Prints the events of a command line that cannot be obeyed.
pub(super) fn refused(url: &str, error: &ConfigError, environment: &Environment) {
    let jsonl = Jsonl::new(url, false, Secrets::Masked, environment.clock.clone());
    let why = NotOpen {
        hint: error.hint(),
        ..NotOpen::new(error.to_string(), error.exit())
    };
    not_open(Some(jsonl), &why);
}
