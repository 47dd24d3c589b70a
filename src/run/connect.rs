//! `wsee URL`: opens the connection, hands it to the REPL or the pipe, and says how it ended.

use std::future::poll_fn;
use std::io;
use std::time::Instant;

use super::cookie_jar::{self, JarFile};
use super::report::{Outcome, Reporter};
use super::{complain, events, failure, recording};
use crate::config::{Connect, Display, Environment, Mode};
use crate::event::{Ending, Event, NotOpen, Open};
use crate::exit::Exit;
use crate::pipe::{self, Input, Pipe};
use crate::prompt::{self, Facts, Prompt, Recording};
use crate::record::Opening;
use crate::render::close_summary::ending;
use crate::render::{Dialect, Human, Role, Show, Style, message};
use crate::session::{self, Backoff, Finish, Opened, Plan, Reconnecting, Signals};
use crate::term::{self, Stdin};

/// Runs `wsee URL`.
pub(super) async fn connect(connect: Connect, environment: &Environment) -> Exit {
    match connect.mode.clone() {
        Mode::Prompt(options) => Box::pin(run_prompt(&connect, *options, environment)).await,
        Mode::Pipe(options) => {
            let input = if options.echo || options.play.is_some() {
                None
            } else {
                match Stdin::open() {
                    Ok(stdin) => Some(Input::new(stdin, &[], options.split)),
                    Err(error) => {
                        let why = format!("cannot read stdin: {error}");
                        return events::give_up(&connect, environment, why, Exit::Input);
                    }
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
    let mut human = view(
        display,
        Show::pipe(display.verbose),
        environment.terminals.stderr,
        environment,
    );
    let mut signals = match Signals::new() {
        Ok(signals) => signals,
        Err(error) => return cannot("wait for signals", &error, Exit::Internal),
    };
    let mut report = Reporter::new(connect, environment);
    let view = (&mut human, term::stderr as fn(&str));
    let mut events = events::printer(connect, environment).map(pipe::Events::new);
    let mut recorder = match recording::start(connect, environment) {
        Ok(recorder) => recorder,
        Err(why) => {
            let exit = events::not_open(events.map(pipe::Events::into_jsonl), &why);
            return report.write_out(Outcome::not_open(&why, exit)).await;
        }
    };
    let observe = |event: &Event<'_>, now| {
        if let Some(recorder) = &mut recorder {
            recorder.event(event, now);
        }
        if let Some(events) = &mut events {
            events.opening(event, now);
        }
    };
    let opened = match open(&mut report, view, &mut signals, observe).await {
        Ok(opened) => opened,
        Err(why) => {
            recording::not_open(recorder, &why);
            let exit = events::not_open(events.map(pipe::Events::into_jsonl), &why);
            return report.write_out(Outcome::not_open(&why, exit)).await;
        }
    };
    let (style, shown) = (human.style(), human.show.handshake);
    let mut pipe = match Pipe::open(options, input, signals, human, events, opened.at) {
        Ok(pipe) => pipe,
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Exit::Done,
        Err(error) => return cannot("use stdout", &error, Exit::Write),
    };
    let terminals = environment.terminals;
    let is_seen = display.verbose > 0 || terminals.stdout && terminals.stderr;
    if is_seen && !display.quiet {
        pipe.set_dialect(dialect(connect, &opened.open, style, term::stderr));
    }
    if let Some(recorder) = recorder {
        pipe.record(recorder);
    }
    let finish = Box::pin(keep_up(&mut report, opened, &mut pipe)).await;
    let last = FinalLine::of_all(&finish, connect, style, shown);
    let written = pipe
        .finish(&finish.ending, &last.message, Instant::now())
        .await;
    let exit = say(&finish.ending, &last, style, &report).await;
    match written {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            cannot("write to stdout", &error, Exit::Write)
        }
        _ => exit,
    }
}

/// Runs a mode on the connection, and on every one that takes its place.
async fn keep_up(
    report: &mut Reporter<'_>,
    opened: Opened,
    mode: &mut impl Reconnecting,
) -> Finish {
    let connect = report.connect();
    let mut observe = |event: &Event<'_>, now: Instant| report.observe(event, now);
    let plan = Plan {
        open: &connect.dialing.open,
        // What is asked for at the prompt is tried until it is there.
        backoff: connect.backoff.clone().unwrap_or(Backoff::new(None)),
        is_lasting: connect.backoff.is_some(),
        observe: &mut observe,
    };
    let finish = session::keep_up(opened, plan, mode).await;
    report.ended(&finish.ending);
    finish
}

/// Opens the connection and runs the REPL on it.
async fn run_prompt(
    connect: &Connect,
    options: prompt::Options,
    environment: &Environment,
) -> Exit {
    let display = connect.display;
    let mut human = view(display, Show::prompt(display.verbose), true, environment);
    let style = human.style();
    let mut facts = Facts::new(&connect.dialing.url, display.secrets);
    let mut signals = match Signals::new() {
        Ok(signals) => signals,
        Err(error) => return cannot("wait for signals", &error, Exit::Internal),
    };
    let mut report = Reporter::new(connect, environment);
    let mut recorder = match recording::start(connect, environment) {
        Ok(recorder) => recorder,
        Err(why) => return report.write_out(Outcome::not_open(&why, why.exit)).await,
    };
    let mut opening = Opening::default();
    let observe = |event: &Event<'_>, now| {
        facts.observe(event);
        opening.observe(event, now);
        if let Some(recorder) = &mut recorder {
            recorder.event(event, now);
        }
    };
    let view = (&mut human, term::screen as fn(&str));
    let opened = match open(&mut report, view, &mut signals, observe).await {
        Ok(opened) => opened,
        Err(why) => {
            recording::not_open(recorder, &why);
            return report.write_out(Outcome::not_open(&why, why.exit)).await;
        }
    };
    let spoken = dialect(connect, &opened.open, style, term::screen);
    let clock = environment.clock.clone();
    let recording =
        Recording::new(opening, &connect.dialing.url, display.secrets, clock).with(recorder);
    let mut prompt = match Prompt::open(options, signals, human, facts, recording, opened.at) {
        Ok(prompt) => prompt,
        Err(error) => return cannot("use the terminal", &error, Exit::Internal),
    };
    prompt.set_dialect(spoken);
    let finish = keep_up(&mut report, opened, &mut prompt).await;
    let (end, last) = (
        &finish.ending,
        FinalLine::of_all(&finish, connect, style, true),
    );
    prompt.record_end(end, &last.message, Instant::now());
    prompt.finish(&(report.waterfall(style) + &last.text(end.exit(), style)));
    report.write_out(Outcome::of(end, &last.message)).await
}

/// Says which protocol the handshake tells of, or leaves that to the first message.
fn dialect(connect: &Connect, open: &Open, style: Style, write: fn(&str)) -> Dialect {
    let target = &connect.dialing.open.offer.target;
    let (dialect, hint) = Dialect::opened(target, open.subprotocol.as_deref());
    if let Some(hint) = hint {
        write(&message::hint(hint, style));
    }
    dialect
}

/// A view for a stream that is a terminal or not.
pub(super) fn view(
    display: Display,
    show: Show,
    terminal: bool,
    environment: &Environment,
) -> Human {
    let show = Show {
        time: display.timestamps,
        decode: display.decode,
        ..show
    };
    let clock = environment.clock.clone();
    Human::new(show, display.style(terminal), display.secrets, clock)
}

/// Opens the connection, shows how through `view`, and tells `observe`; why it did not open is said.
pub(super) async fn open(
    report: &mut Reporter<'_>,
    view: (&mut Human, fn(&str)),
    signals: &mut Signals,
    mut observe: impl FnMut(&Event<'_>, Instant),
) -> Result<Opened, NotOpen> {
    let (connect, (human, write)) = (report.connect(), view);
    let style = human.style();
    for note in connect
        .dialing
        .notes
        .iter()
        .filter(|_| !connect.display.quiet)
    {
        write(&format!(
            "{}\n",
            style.paint(Role::Fact, format_args!("* {note}"))
        ));
    }
    let jar = cookie_jar::prepare(connect)?;
    let mut is_answered = false;
    let mut show = |event: Event<'_>| {
        let now = Instant::now();
        report.observe(&event, now);
        is_answered |= matches!(event, Event::Response(_));
        let mut text = String::new();
        human.event(&mut text, &event, now);
        if !human.show.handshake && !connect.display.quiet {
            human.warning(&mut text, &event);
        }
        if !text.is_empty() {
            write(&text);
        }
        observe(&event, now);
    };
    let opened = tokio::select! {
        opened = Box::pin(session::open(&connect.dialing.open, &mut show)) => opened.map_err(|error| {
            let text = failure::failure(&error, connect, style, human.show.handshake);
            (failure::not_open(&error, connect), text)
        }),
        signal = poll_fn(|cx| signals.poll(cx)) => {
            let error = format!("ended by {signal} before the connection was open");
            let text = format!("wsee: {error}\n");
            Err((NotOpen::new(error, signal.exit()), text))
        }
    };
    let written = jar.filter(|_| is_answered).map(JarFile::write);
    let (why, text) = match (opened, written) {
        (Ok(opened), None | Some(Ok(()))) => return Ok(opened),
        (Ok(_), Some(Err(why))) => (why, String::new()),
        (Err(failed), _) => failed,
    };
    term::stderr(&(report.waterfall(style) + &text));
    Err(why)
}

/// Writes the last line to standard error, and all else that is told at the end.
pub(super) async fn say(
    end: &Ending,
    last: &FinalLine,
    style: Style,
    report: &Reporter<'_>,
) -> Exit {
    let exit = end.exit();
    let mut text = report.waterfall(style);
    if exit != Exit::Done || !report.connect().display.quiet {
        text.push_str(&last.text(exit, style));
        text.push('\n');
    }
    term::stderr(&text);
    report.write_out(Outcome::of(end, &last.message)).await
}

/// What is said of the end.
#[derive(Debug)]
pub(super) struct FinalLine {
    /// Why no other connection could be opened, in lines; empty if that is not what ended it.
    failure: String,
    /// The last line, which always says how it ended.
    line: String,
    /// All of it in one line, for programs.
    pub(super) message: String,
}

impl FinalLine {
    /// The end of the only connection.
    pub(super) fn of(end: &Ending) -> Self {
        let line = ending(end, "server");
        Self {
            failure: String::new(),
            message: line.clone(),
            line,
        }
    }

    /// The end of all connections; a response's head is left out when it was `shown`.
    fn of_all(finish: &Finish, connect: &Connect, style: Style, shown: bool) -> Self {
        let last = Self::of(&finish.ending);
        match &finish.failure {
            None => last,
            Some(error) => Self {
                failure: failure::failure(error, connect, style, shown),
                message: format!("{error}; {}", last.line),
                line: last.line,
            },
        }
    }

    fn text(&self, exit: Exit, style: Style) -> String {
        let role = if exit == Exit::Done {
            Role::Fact
        } else {
            Role::Error
        };
        format!("{}{}", self.failure, style.paint(role, &self.line))
    }
}

fn cannot(what: &str, error: &io::Error, exit: Exit) -> Exit {
    complain(&format!("cannot {what}: {error}"));
    exit
}
