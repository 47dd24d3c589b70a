//! `--jsonl` for connections that are never attempted.

use std::time::Instant;

use super::{complain, print};
use crate::config::{ConfigError, Connect, Environment, Mode};
use crate::diagnostic::Diagnostic;
use crate::event::{NotOpen, Opening};
use crate::exit::Exit;
use crate::render::{Jsonl, Secrets};

pub(super) fn writer(connect: &Connect, environment: &Environment) -> Option<Jsonl> {
    let Mode::Pipe(options) = &connect.mode else {
        return None;
    };
    let display = connect.display;
    let frames = display.verbose >= 2;
    options
        .jsonl
        .then(|| Jsonl::new(frames, display.secrets, environment.clock.clone()))
}

/// Reports why no connection is attempted, on stderr and as events.
pub(super) fn give_up(
    connect: &Connect,
    environment: &Environment,
    message: String,
    exit: Exit,
) -> Exit {
    complain(&message);
    let jsonl = writer(connect, environment);
    not_open(jsonl, &connect.dialing.url, &NotOpen::new(message, exit))
}

pub(super) fn refused(url: &str, error: &ConfigError, environment: &Environment) {
    let jsonl = Jsonl::new(false, Secrets::Masked, environment.clock.clone());
    let why = NotOpen {
        hint: error.hint(),
        ..NotOpen::new(error.to_string(), error.exit())
    };
    not_open(Some(jsonl), url, &why);
}

fn not_open(jsonl: Option<Jsonl>, url: &str, why: &NotOpen) -> Exit {
    let Some(jsonl) = jsonl else {
        return why.exit;
    };
    let (now, mut lines) = (Instant::now(), Vec::new());
    // Writing to a Vec cannot fail.
    let _ = jsonl.not_open(&mut lines, why, &Opening::new(url, now), now);
    match print(&lines) {
        Exit::Done => why.exit,
        exit => exit,
    }
}
