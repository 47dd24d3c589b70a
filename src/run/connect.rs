//! `wsee URL`: opens the connection, hands it to the REPL or the pipe, and says how it ended.

use std::io;
use std::time::Instant;

use super::{complain, failure};
use crate::config::{Connect, Display, Environment, Use};
use crate::event::{Ending, Event};
use crate::exit::Exit;
use crate::pipe::{self, Input, Pipe};
use crate::render::clock::Clock;
use crate::render::ending::ending;
use crate::render::{Human, Role, Show};
use crate::session::{self, Opened};
use crate::term::{self, Stdin};

/// Runs `wsee URL`.
pub(super) async fn connect(connect: Connect, environment: &Environment) -> Exit {
    let (show, terminal) = match &connect.usage {
        Use::Pipe(_) => (
            Show::pipe(connect.display.verbose),
            environment.terminals.stderr,
        ),
        Use::Repl(_) => (Show::repl(connect.display.verbose), true),
    };
    let human = view(&connect.display, show, terminal);
    note(&connect, &human);
    let opened = match open(&connect, &human).await {
        Ok(opened) => opened,
        Err(exit) => return exit,
    };
    match &connect.usage {
        Use::Pipe(options) => {
            let options = options.as_ref().clone();
            let input = if options.echo {
                None
            } else {
                match Stdin::open() {
                    Ok(stdin) => Some(Input::new(stdin, &[], options.split)),
                    Err(error) => return cannot("read stdin", &error, Exit::Input),
                }
            };
            pipe(opened, options, input, human, &connect.display).await
        }
        Use::Repl(_) => Exit::Internal,
    }
}

/// Writes for `display` to a stream that is a terminal or not.
pub(super) fn view(display: &Display, show: Show, terminal: bool) -> Human {
    let clock = Clock::new(Instant::now(), jiff::Zoned::now());
    Human::new(show, display.style(terminal), display.secrets, clock)
}

/// Opens the connection and shows how; an error is said.
pub(super) async fn open(connect: &Connect, human: &Human) -> Result<Opened, Exit> {
    let mut observe = |event: Event<'_>| {
        let mut text = String::new();
        human.event(&mut text, &event, Instant::now());
        term::stderr(&text);
    };
    session::open(&connect.open, &mut observe)
        .await
        .map_err(|error| {
            let shown = human.show.handshake;
            term::stderr(&failure::failure(&error, connect, human.style(), shown));
            error.exit()
        })
}

/// Runs the pipe to its end.
pub(super) async fn pipe(
    opened: Opened,
    options: pipe::Options,
    input: Option<Input>,
    human: Human,
    display: &Display,
) -> Exit {
    let style = human.style();
    let mut pipe = match Pipe::open(options, input, human, opened.at) {
        Ok(pipe) => pipe,
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Exit::Done,
        Err(error) => return cannot("use stdout", &error, Exit::Write),
    };
    let end = session::run(opened.stream, opened.connection, opened.at, &mut pipe).await;
    say(&end, style, display)
}

/// Writes the last line, which always says how it ended.
pub(super) fn say(end: &Ending, style: crate::render::Style, display: &Display) -> Exit {
    let exit = end.exit();
    let role = if exit == Exit::Done {
        Role::Fact
    } else {
        Role::Error
    };
    if exit != Exit::Done || !display.quiet {
        term::stderr(&format!("{}\n", style.paint(role, ending(end, "server"))));
    }
    exit
}

/// Says what was assumed.
fn note(connect: &Connect, human: &Human) {
    if connect.display.quiet {
        return;
    }
    for note in &connect.notes {
        let text = format!("* {note}");
        term::stderr(&format!("{}\n", human.style().paint(Role::Fact, text)));
    }
}

fn cannot(what: &str, error: &io::Error, exit: Exit) -> Exit {
    complain(&format!("cannot {what}: {error}"));
    exit
}
