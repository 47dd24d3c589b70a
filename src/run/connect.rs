//! `wsee URL`: opens the connection, hands it to the REPL or the pipe, and says how it ended.

use std::future::poll_fn;
use std::io;
use std::time::Instant;

use super::{complain, failure};
use crate::config::{Connect, Display, Environment, Use};
use crate::event::{Ending, Event};
use crate::exit::Exit;
use crate::pipe::{self, Input, Pipe};
use crate::render::clock::Clock;
use crate::render::ending::ending;
use crate::render::handshake;
use crate::render::{Human, Role, Show, Style};
use crate::repl::{self, Facts, Repl};
use crate::session::{self, Opened, Signals};
use crate::term::{self, Stdin};

/// Runs `wsee URL`.
pub(super) async fn connect(connect: Connect, environment: &Environment) -> Exit {
    match connect.usage.clone() {
        Use::Repl(options) => run_repl(&connect, *options).await,
        Use::Pipe(options) => {
            let input = if options.echo {
                None
            } else {
                match Stdin::open() {
                    Ok(stdin) => Some(Input::new(stdin, &[], options.split)),
                    Err(error) => return cannot("read stdin", &error, Exit::Input),
                }
            };
            run_pipe(&connect, *options, input, environment).await
        }
    }
}

/// Opens the connection and runs a pipe on it.
pub(super) async fn run_pipe(
    connect: &Connect,
    options: pipe::Options,
    input: Option<Input>,
    environment: &Environment,
) -> Exit {
    let display = connect.display;
    let human = view(
        display,
        Show::pipe(display.verbose),
        environment.terminals.stderr,
    );
    let mut signals = match Signals::new() {
        Ok(signals) => signals,
        Err(error) => return cannot("wait for signals", &error, Exit::Internal),
    };
    let opened = match open(connect, &human, term::stderr, &mut signals, |_| {}).await {
        Ok(opened) => opened,
        Err(exit) => return exit,
    };
    let style = human.style();
    let mut pipe = match Pipe::open(options, input, signals, human, opened.at) {
        Ok(pipe) => pipe,
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Exit::Done,
        Err(error) => return cannot("use stdout", &error, Exit::Write),
    };
    let end = session::run(opened.stream, opened.connection, opened.at, &mut pipe).await;
    say(&end, style, display)
}

/// Opens the connection and runs the REPL on it.
async fn run_repl(connect: &Connect, options: repl::Options) -> Exit {
    let display = connect.display;
    let human = view(display, Show::repl(display.verbose), true);
    let style = human.style();
    let mut facts = Facts::new(display.secrets.url(&connect.url).into_owned());
    let mut signals = match Signals::new() {
        Ok(signals) => signals,
        Err(error) => return cannot("wait for signals", &error, Exit::Internal),
    };
    let observe = |event: &Event<'_>| facts.observe(event);
    let opened = match open(connect, &human, term::screen, &mut signals, observe).await {
        Ok(opened) => opened,
        Err(exit) => return exit,
    };
    let mut repl = match Repl::open(options, signals, human, facts, opened.at) {
        Ok(repl) => repl,
        Err(error) => return cannot("use the terminal", &error, Exit::Internal),
    };
    let end = session::run(opened.stream, opened.connection, opened.at, &mut repl).await;
    repl.finish(&last_line(&end, style));
    end.exit()
}

/// A view for a stream that is a terminal or not.
pub(super) fn view(display: Display, show: Show, terminal: bool) -> Human {
    let clock = Clock::new(Instant::now(), jiff::Timestamp::now());
    Human::new(show, display.style(terminal), display.secrets, clock)
}

/// Opens the connection, shows how through `write`, and tells `observe`; what goes wrong is said.
pub(super) async fn open(
    connect: &Connect,
    human: &Human,
    write: fn(&str),
    signals: &mut Signals,
    mut observe: impl FnMut(&Event<'_>),
) -> Result<Opened, Exit> {
    let style = human.style();
    for note in connect.notes.iter().filter(|_| !connect.display.quiet) {
        write(&format!(
            "{}\n",
            style.paint(Role::Fact, format_args!("* {note}"))
        ));
    }
    let mut show = |event: Event<'_>| {
        let mut text = String::new();
        human.event(&mut text, &event, Instant::now());
        if !human.show.handshake && !connect.display.quiet {
            handshake::warning(&mut text, &event, style);
        }
        if !text.is_empty() {
            write(&text);
        }
        observe(&event);
    };
    tokio::select! {
        opened = session::open(&connect.open, &mut show) => opened.map_err(|error| {
            let shown = human.show.handshake;
            term::stderr(&failure::failure(&error, connect, style, shown));
            error.exit()
        }),
        signal = poll_fn(|cx| signals.poll(cx)) => {
            complain(&format!("ended by {signal} before the connection was open"));
            Err(signal.exit())
        }
    }
}

/// Writes the last line to standard error.
pub(super) fn say(end: &Ending, style: Style, display: Display) -> Exit {
    let exit = end.exit();
    if exit != Exit::Done || !display.quiet {
        term::stderr(&format!("{}\n", last_line(end, style)));
    }
    exit
}

/// The last line, which always says how it ended.
fn last_line(end: &Ending, style: Style) -> String {
    let role = if end.exit() == Exit::Done {
        Role::Fact
    } else {
        Role::Error
    };
    style.paint(role, ending(end, "server")).to_string()
}

fn cannot(what: &str, error: &io::Error, exit: Exit) -> Exit {
    complain(&format!("cannot {what}: {error}"));
    exit
}
