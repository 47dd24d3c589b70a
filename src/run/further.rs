//! `/connect`: the script of a further connection at a prompt that is open.

use std::future::poll_fn;
use std::rc::Rc;
use std::time::Instant;

use super::final_line::FinalLine;
use super::lasting::{keep_up, time_is_up};
use super::view::view;
use super::{failure, on_top, profiles};
use crate::cli;
use crate::config::{CommandLine, CommandLineError, Connect, Display, Environment, Mode};
use crate::console::words::{Arguments, Candidates};
use crate::diagnostic::one_line;
use crate::event::Opening;
use crate::exit::Exit;
use crate::observe::{NO_LINES, Observers, Outlet, View};
use crate::prompt::{Connector, Prompt, Run, Seat};
use crate::render::message;
use crate::render::{Show, quantity};
use crate::session::{self, Opened};
use crate::speaker::Speaker;

pub(super) fn connector(environment: &Environment) -> Connector {
    let profiles = profiles(environment);
    let arguments = Arguments::new(move |words| {
        let completion = cli::complete_further(words, &profiles);
        Candidates {
            words: completion.values(),
            files_after: completion.files_after,
        }
    });
    let environment = environment.clone();
    let connect = move |words: &str, seat| -> Result<Run, String> {
        let connect = resolve(words, &environment)?;
        let environment = environment.clone();
        Ok(Box::pin(async move {
            Box::pin(run(&connect, &seat, &environment)).await
        }))
    };
    Connector::new(connect, arguments)
}

/// The mistake in a command line, as one line.
fn resolve(words: &str, environment: &Environment) -> Result<Connect, String> {
    let line = CommandLine::further(words, environment);
    let line = line.map_err(|error| match error {
        CommandLineError::Usage(error) => usage(&error),
        CommandLineError::Config(error) => one_line(&error),
    })?;
    let resolved = Connect::further(&line, environment, Instant::now());
    let mut connect = resolved.map_err(|error| one_line(&error))?;
    connect.dialing.notes.extend(line.notes);
    Ok(connect)
}

/// The first paragraph of clap's error, and its tips.
fn usage(error: &clap::Error) -> String {
    let text = error.render().to_string();
    let text = text.split("\n\nUsage:").next().unwrap_or_default();
    let text = text.strip_prefix("error: ").unwrap_or(text);
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.collect::<Vec<_>>().join("; ")
}

async fn run(connect: &Connect, seat: &Rc<Seat>, environment: &Environment) -> Exit {
    let Mode::Prompt(prompt) = &connect.mode else {
        return Exit::Internal;
    };
    let (display, show) = shown(connect.display, seat.show());
    let human = view(display, show, true, environment);
    let mut observers = seat.observers(
        View::new(human, Outlet::Editor, false),
        Opening::new(&connect.dialing.url, Instant::now()),
    );
    observers.view.show().numbers = observers.memory.is_some();
    for note in &connect.dialing.notes {
        observers.view.note(note);
    }
    let mut options = connect.dialing.open.clone();
    let opened = match open(connect, &mut options, &mut observers, seat).await {
        Ok(opened) => opened,
        Err(exit) => {
            observers.flush();
            seat.print(observers.view.text());
            return exit;
        }
    };
    let name = seat.label().text();
    observers.view.note(&format!(
        "open; /use {name} sends on it, /to {name} TEXT one message"
    ));
    seat.print(observers.view.text());
    let target = &options.offer.target;
    let on_top = connect.dialing.on_top.as_ref();
    let speaker = on_top.map(|on_top| {
        let mut speaker = Speaker::new(&on_top.on(target));
        speaker.agree(&opened.open);
        speaker
    });
    if speaker.is_none() {
        observers.find_dialect(target);
    }
    let prompt = prompt.as_ref().clone();
    let mut prompt = Prompt::seated(prompt, speaker, Rc::clone(seat), observers, opened.at);
    let finish = keep_up(connect, &options, opened, &mut prompt).await;
    let observers = prompt.observers();
    let style = observers.view.style();
    let mut last = FinalLine::of(&finish, connect, style);
    observers.closed(&finish.ending, &last.message, NO_LINES, Instant::now());
    if let Some(shown) = prompt.shown_end() {
        last.leave_out(shown);
    }
    let exit = finish.ending.exit();
    let label = seat.label();
    let text = label.before(&last.text(exit, label.beside(style)), style);
    prompt.finish(&text);
    exit
}

/// What is shown of the connection: the same as of the first one, unless its own flags want something else.
fn shown(mut display: Display, first: Show) -> (Display, Show) {
    let usual = Show::prompt(0);
    if display.timestamps == usual.time {
        display.timestamps = first.time;
    }
    if display.decode == usual.decode {
        display.decode = first.decode;
    }
    let show = match display.verbose {
        0 => first,
        verbose => Show::prompt(verbose),
    };
    // The first connection shows how it works; of the others the result is enough.
    let handshake = display.verbose > 0;
    (display, Show { handshake, ..show })
}

/// Opens the connection, unless it is given up; says why it did not open.
async fn open(
    connect: &Connect,
    options: &mut session::Options,
    observers: &mut Observers,
    seat: &Seat,
) -> Result<Opened, Exit> {
    let style = seat.label().beside(observers.view.style());
    let shown = observers.view.shows_handshake();
    loop {
        let mut observe = |event: crate::event::Event<'_>| {
            observers.opening(&event, &mut Vec::new(), Instant::now());
            seat.print(observers.view.text());
        };
        let backoff = connect.backoff.clone();
        let (text, why) = tokio::select! {
            opened = Box::pin(session::open_lasting(options, backoff, &mut observe)) => match opened {
                Ok(opened) => return Ok(opened),
                Err(error) => {
                    if let Some(note) = on_top::other_version(&error, connect, options) {
                        observers.view.note(&note);
                        continue;
                    }
                    let text = failure::failure(&error, connect, style, shown);
                    (text, failure::not_open(&error, connect))
                }
            },
            () = poll_fn(|_| seat.poll_given_up()) => {
                observers.view.note("given up before it opened");
                return Err(Exit::Done);
            }
            limit = time_is_up(connect) => {
                let limit = quantity::duration(limit);
                let text = format!("no connection within --max-time ({limit})");
                let why = crate::event::NotOpen::new(text.clone(), Exit::Timeout);
                (message::problem(&text, style), why)
            }
        };
        observers.not_open(&why, &mut Vec::new(), Instant::now());
        let text = observers.view.labelled(text);
        observers.view.text().push_str(&text);
        return Err(why.exit);
    }
}
