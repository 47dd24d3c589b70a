//! The script of every session: open, observe, run a mode, last line, `--write-out`.

use std::future::poll_fn;
use std::io;
use std::time::Instant;

use super::cookie_jar::{self, JarFile};
use super::final_line::FinalLine;
use super::lasting::{keep_up, time_is_up};
use super::report::{Outcome, Reporter};
use super::view::view;
use super::{complain, failure, further, jsonl, on_top, print, say_why, signals};
use crate::config::{Connect, Environment, Mode};
use crate::diagnostic::Diagnostic;
use crate::dial::Step;
use crate::event::{Event, NotOpen, Opening};
use crate::exit::Exit;
use crate::memory::{Feed, Keep, Shared};
use crate::observe::{NO_LINES, Observers, Outlet, Recording, View};
use crate::pipe::{self, Input, Pipe};
use crate::prompt::{self, Prompt};
use crate::render::{Role, Show, Style, message, quantity};
use crate::session::{self, Opened, Signals};
use crate::speaker::Speaker;
use crate::term::{self, terminal::Silent};

/// Keys are kept for the prompt, which cannot show them yet.
const WAITING: &str =
    "* waiting for the server; the prompt opens with the connection, Ctrl-C ends the wait";
/// For a terminal whose output goes elsewhere: nothing else says that wsee waits for lines.
const TYPED: &str = "connected; each line you type is a message, Ctrl-D ends the input";

pub(super) enum Task {
    Prompt(Box<prompt::Options>),
    Pipe {
        options: Box<pipe::Options>,
        input: Option<Input>,
        show: Show,
    },
}

pub(super) async fn run(connect: &Connect, task: Task, environment: &Environment) -> Exit {
    let mut signals = match signals() {
        Ok(signals) => signals,
        Err(exit) => return exit,
    };
    let report = Reporter::new(connect, environment);
    let mut lines = Vec::new();
    let (mut observers, recording) = observers(connect, &task, environment);
    let mut options = connect.dialing.open.clone();
    let opened = match recording {
        Ok(()) => {
            open(
                &report,
                &mut options,
                &mut observers,
                &mut lines,
                &mut signals,
            )
            .await
        }
        Err(why) => Err(why),
    };
    let opened = match opened {
        Ok(opened) => opened,
        Err(why) => {
            observers.not_open(&why, &mut lines, Instant::now());
            let exit = match print(&lines) {
                Exit::Done => why.exit,
                exit => exit,
            };
            let outcome = Outcome::not_open(&why, exit);
            return report.write_out(outcome, &observers.opening).await;
        }
    };
    let target = &options.offer.target;
    let on_top = connect.dialing.on_top.as_ref();
    let speaker = on_top.map(|on_top| {
        let mut speaker = Speaker::new(&on_top.on(target));
        speaker.agree(&opened.open);
        speaker
    });
    match task {
        Task::Prompt(prompt) => {
            if speaker.is_none() {
                observers.find_dialect(target);
            }
            let connector = further::connector(environment);
            let prompt = Prompt::open(*prompt, speaker, signals, observers, opened.at, connector);
            Box::pin(run_prompt(&report, &options, opened, prompt)).await
        }
        Task::Pipe {
            options: pipe,
            input,
            ..
        } => {
            let terminals = environment.terminals;
            let is_seen = connect.display.verbose > 0 || terminals.stdout && terminals.stderr;
            let is_seen = is_seen && speaker.is_none();
            let is_typed = input.is_some() && terminals.stdin && !terminals.stdout;
            let at = opened.at;
            let mut pipe = Pipe::open(*pipe, input, speaker, signals, observers, &lines, at);
            if let Ok(pipe) = &mut pipe
                && !connect.display.quiet
            {
                let observers = pipe.observers();
                if is_typed {
                    observers.view.note(TYPED);
                }
                if is_seen {
                    observers.find_dialect(target);
                }
            }
            Box::pin(run_pipe(&report, &options, opened, pipe)).await
        }
    }
}

async fn run_prompt(
    report: &Reporter<'_>,
    options: &session::Options,
    opened: Opened,
    prompt: io::Result<Prompt>,
) -> Exit {
    let mut prompt = match prompt {
        Ok(prompt) => prompt,
        Err(error) => return cannot("use the terminal", &error, Exit::Internal),
    };
    let style = prompt.observers().view.style();
    let finish = keep_up(report.connect(), options, opened, &mut prompt).await;
    let (end, mut last) = (
        &finish.ending,
        FinalLine::of(&finish, report.connect(), style),
    );
    prompt
        .observers()
        .closed(end, &last.message, NO_LINES, Instant::now());
    if let Some(shown) = prompt.shown_end() {
        last.leave_out(shown);
    }
    prompt.leave().await;
    let in_use = prompt.exit_in_use();
    let view = &prompt.observers().view;
    let beside = view.label().map_or(style, |label| label.beside(style));
    let last_line = view.labelled(last.text(end.exit(), beside));
    let text = report.waterfall(&prompt.observers().opening, style) + &last_line;
    let observers = prompt.finish(&text);
    let outcome = Outcome::of(end, &last.message);
    let exit = report.write_out(outcome, &observers.opening).await;
    in_use.unwrap_or(exit)
}

async fn run_pipe(
    report: &Reporter<'_>,
    options: &session::Options,
    opened: Opened,
    pipe: io::Result<Pipe>,
) -> Exit {
    let mut pipe = match pipe {
        Ok(pipe) => pipe,
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Exit::Done,
        Err(error) => return cannot("use stdout", &error, Exit::Write),
    };
    let style = pipe.observers().view.style();
    let finish = keep_up(report.connect(), options, opened, &mut pipe).await;
    let (end, last) = (
        &finish.ending,
        FinalLine::of(&finish, report.connect(), style),
    );
    let written = pipe.finish(end, &last.message, Instant::now()).await;
    let opening = &pipe.observers().opening;
    say(report, opening, &last, end.exit(), style);
    let outcome = Outcome::of(end, &last.message);
    let exit = report.write_out(outcome, opening).await;
    match written {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            cannot("write to stdout", &error, Exit::Write)
        }
        _ => exit,
    }
}

fn say(report: &Reporter<'_>, opening: &Opening, last: &FinalLine, exit: Exit, style: Style) {
    let mut text = report.waterfall(opening, style);
    if exit != Exit::Done || !report.connect().display.quiet {
        text.push_str(&last.text(exit, style));
    }
    term::stderr(&text);
}

fn observers(
    connect: &Connect,
    task: &Task,
    environment: &Environment,
) -> (Observers, Result<(), NotOpen>) {
    let display = connect.display;
    let (show, terminal, outlet, is_quiet) = match task {
        Task::Prompt(options) => {
            let numbers = options.keep != Keep::NOTHING;
            let show = Show {
                numbers,
                ..Show::prompt(display.verbose)
            };
            (show, true, Outlet::Screen, false)
        }
        Task::Pipe { show, .. } => {
            let terminal = environment.terminals.stderr;
            (*show, terminal, Outlet::Stderr, display.quiet)
        }
    };
    let view = View::new(view(display, show, terminal, environment), outlet, is_quiet);
    let clock = &environment.clock;
    let recording = Recording::new(connect.record.as_ref(), display.secrets, clock.clone());
    let (recording, result) = match recording {
        Ok(recording) => (recording, Ok(())),
        Err(error) => {
            let why = NotOpen {
                hint: error.hint(),
                ..NotOpen::new(format!("--record: {error}"), Exit::Write)
            };
            say_why(&why);
            let recording = Recording::off(display.secrets, clock.clone());
            (recording, Err(why))
        }
    };
    let writer = jsonl::writer(connect, environment);
    let opening = Opening::new(&connect.dialing.url, Instant::now());
    let mut observers = Observers::new(view, writer, recording, opening);
    if let Task::Prompt(options) = task
        && options.keep != Keep::NOTHING
    {
        observers.memory = Some(Feed::new(Shared::new(options.keep), None));
    }
    (observers, result)
}

async fn open(
    report: &Reporter<'_>,
    options: &mut session::Options,
    observers: &mut Observers,
    lines: &mut Vec<u8>,
    signals: &mut Signals,
) -> Result<Opened, NotOpen> {
    let (connect, style) = (report.connect(), observers.view.style());
    let shown = observers.view.shows_handshake();
    // Another version of a protocol on top asks for another target.
    let is_first = options.offer.target == connect.dialing.open.offer.target;
    for note in connect
        .dialing
        .notes
        .iter()
        .filter(|_| !connect.display.quiet && is_first)
    {
        observers.view.print(Role::Fact, &format!("* {note}"));
    }
    let jar = cookie_jar::prepare(connect)?;
    let is_prompt = matches!(connect.mode, Mode::Prompt(_));
    // The prompt shows what is typed before it appears.
    let _silent = is_prompt.then(Silent::hold);
    let is_brief = is_prompt && connect.display.verbose == 0;
    let mut is_waiting = false;
    let mut observe = |event: Event<'_>| {
        let begins_to_wait = !is_waiting && matches!(event, Event::Retry(_));
        is_waiting |= begins_to_wait;
        // The line of a failed attempt says the same.
        let is_step = matches!(event, Event::Step(Step::Resolved { .. } | Step::Failed(_)));
        let is_repeated = is_brief && is_waiting && is_step;
        observers.view.show().handshake = shown && !is_repeated;
        observers.opening(&event, lines, Instant::now());
        if begins_to_wait && is_prompt {
            observers.view.print(Role::Fact, WAITING);
        }
    };
    let mut refused = None;
    let opened = tokio::select! {
        opened = Box::pin(session::open_lasting(options, connect.backoff.clone(), &mut observe)) => opened.map_err(|error| {
            let text = failure::failure(&error, connect, style, shown);
            let why = failure::not_open(&error, connect);
            refused = Some(error);
            (why, text)
        }),
        signal = poll_fn(|cx| signals.poll(cx)) => {
            let error = format!("stopped by {signal} before the connection opened");
            let text = message::problem(&error, style);
            Err((NotOpen::new(error, signal.exit()), text))
        }
        limit = time_is_up(connect) => {
            let error = format!("no connection within --max-time ({})", quantity::duration(limit));
            let text = message::problem(&error, style);
            Err((NotOpen::new(error, Exit::Timeout), text))
        }
    };
    let other = refused.and_then(|error| on_top::other_version(&error, connect, options));
    if let Some(note) = other {
        observers.view.note(&note);
        return Box::pin(open(report, options, observers, lines, signals)).await;
    }
    let is_answered = observers.opening.last_response().is_some();
    let written = jar.filter(|_| is_answered).map(JarFile::write);
    let (why, text) = match (opened, written) {
        (Ok(opened), None | Some(Ok(()))) => return Ok(opened),
        (Ok(_), Some(Err(why))) => (why, String::new()),
        (Err(failed), _) => failed,
    };
    term::stderr(&(report.waterfall(&observers.opening, style) + &text));
    Err(why)
}

fn cannot(what: &str, error: &io::Error, exit: Exit) -> Exit {
    complain(&format!("cannot {what}: {error}"));
    exit
}
