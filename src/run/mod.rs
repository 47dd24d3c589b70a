//! The commands: each resolves its command line, runs, and reports how it ended.

mod audit;
mod authority;
mod browse;
mod connect;
mod cookie_jar;
mod curl;
mod demo;
mod document;
mod failure;
mod final_line;
mod fmt;
mod forwarding;
mod further;
mod jsonl;
mod lasting;
mod listen;
mod man;
mod on_top;
mod proxying;
mod recording_report;
mod recordings;
mod report;
mod rules;
mod runner;
mod serving;
mod session;
mod view;

use std::ffi::OsString;
use std::future::Future;
use std::io;
use std::time::Instant;

use jiff::Timestamp;

use crate::cli::{self, Command, ConnectArgs, ProxyingCommand, ReplayArgs, generate};
use crate::config::{
    Auditing, CommandLine, CommandLineError, ConfigError, Connect, Environment, Listen, Mode,
    Proxying, Test, profiles,
};
use crate::diagnostic::Diagnostic;
use crate::event::NotOpen;
use crate::exit::Exit;
use crate::render::clock::Clock;
use crate::render::escape::{escape_line, escape_payload};
use crate::render::{Style, message};
use crate::session::Signals;
use crate::term;
use curl::PasteError;

pub(crate) fn run(args: impl IntoIterator<Item = OsString>) -> Exit {
    let started = Instant::now();
    let args: Vec<OsString> = args.into_iter().collect();
    let environment = Environment::read(Clock::new(started, Timestamp::now()));
    match CommandLine::parse(&args, &environment) {
        Ok(line) => command(line, &environment, started),
        Err(error) => misunderstood(&error),
    }
}

fn command(line: CommandLine, environment: &Environment, started: Instant) -> Exit {
    for option in line.debug(environment) {
        term::stderr(&format!("* {}\n", escape_line(&option)));
    }
    match line.cli.command {
        None => url(&line.cli.connect, line.notes, environment, started),
        Some(Command::Demo(args)) => on_runtime(demo::demo(&args, environment, started)),
        Some(Command::Replay(args)) => replay(*args, environment, started),
        Some(Command::Curl(args)) => match curl::paste(&args, environment) {
            Ok(line) => command(line, environment, started),
            Err(PasteError::CommandLine(error)) => misunderstood(&error),
            Err(error @ PasteError::Stdin(_)) => {
                complain(&error.to_string());
                Exit::Input
            }
        },
        Some(Command::Listen(args)) => match Listen::resolve(&args, environment) {
            Ok(listen) => on_runtime(listen::listen(listen, environment)),
            Err(error) => refuse(&error),
        },
        Some(Command::Proxy(args)) if let Some(ProxyingCommand::Ca { quiet }) = args.command => {
            authority::show(quiet, environment)
        }
        Some(Command::Proxy(args)) => match Proxying::resolve(&args, environment) {
            Ok(proxying) => on_runtime(proxying::proxy(proxying, environment)),
            Err(error) => refuse(&error),
        },
        Some(Command::Test(args)) => match Test::resolve(&args, environment) {
            Ok(mut test) => {
                test.notes.extend(line.notes);
                on_runtime(runner::test(test, environment))
            }
            Err(error) => refuse(&error),
        },
        Some(Command::Audit(args)) if args.checks.list => audit::explain(environment),
        Some(Command::Audit(args)) => match Auditing::resolve(&args, environment) {
            Ok(mut auditing) => {
                auditing.notes.extend(line.notes);
                on_runtime(audit::audit(auditing, environment))
            }
            Err(error) => refuse(&error),
        },
        Some(Command::Report(args)) => recording_report::report(&args),
        Some(Command::View(args)) => browse::browse(&args, environment),
        Some(Command::Fmt(args)) => fmt::fmt(&args),
        Some(Command::Completions { shell, words }) if words.is_empty() => {
            print(&generate::completion(shell))
        }
        Some(Command::Completions { words, .. }) => complete(&words, environment),
        Some(Command::Man { command }) => man::man(command, environment),
        Some(Command::Schema { name }) => print(name.text().as_bytes()),
    }
}

fn url(
    args: &ConnectArgs,
    notes: Vec<String>,
    environment: &Environment,
    started: Instant,
) -> Exit {
    match Connect::resolve(args, environment, started) {
        Ok(mut connect) => {
            connect.dialing.notes.extend(notes);
            if args.session.config.debug {
                resolved(&connect);
            }
            on_runtime(connect::connect(connect, environment))
        }
        Err(error) => {
            if args.session.format.print.jsonl {
                let url = args.url.as_deref().unwrap_or_default();
                jsonl::refused(url, &error, environment);
            }
            refuse(&error)
        }
    }
}

fn replay(args: ReplayArgs, environment: &Environment, started: Instant) -> Exit {
    let (jsonl, url) = (args.format.print.jsonl, args.url.clone());
    match Connect::replay(args, environment, started) {
        Ok(connect) => on_runtime(connect::connect(connect, environment)),
        Err(error) => {
            if jsonl {
                jsonl::refused(url.as_deref().unwrap_or_default(), &error, environment);
            }
            refuse(&error)
        }
    }
}

/// Prints the candidates for the last of `words`.
fn complete(words: &[OsString], environment: &Environment) -> Exit {
    let words: Vec<String> = words
        .iter()
        .map(|word| word.to_string_lossy().into_owned())
        .collect();
    let completion = cli::complete(&words, &profiles(environment));
    print(completion.to_string().as_bytes())
}

fn resolved(connect: &Connect) {
    let url = connect.display.secrets.url(&connect.dialing.url);
    let target = &connect.dialing.open.target;
    let tls = if target.tls { ", TLS" } else { "" };
    let mode = match connect.mode {
        Mode::Prompt(_) => "prompt",
        Mode::Pipe(_) => "pipe",
    };
    let facts = format!("url {url} ({} port {}{tls})", target.host, target.port);
    term::stderr(&format!("* {}\n* mode {mode}\n", escape_line(&facts)));
}

fn misunderstood(error: &CommandLineError) -> Exit {
    match error {
        CommandLineError::Usage(error) => {
            let text = error.render().to_string();
            // Help and version go to stdout with status 0, errors to stderr with 2.
            if error.exit_code() == 0 {
                return printed(error.print().and_then(|()| term::stdout(b"")));
            }
            if escape_payload(&text) == text && !quotes_controls(error) {
                let _ = error.print();
            } else {
                term::stderr(&escape_payload(&text));
            }
            Exit::Usage
        }
        CommandLineError::Config(error) => refuse(error),
    }
}

/// Whether a quoted argument, which may have been pasted from anywhere, could act on a terminal.
fn quotes_controls(error: &clap::Error) -> bool {
    error.context().any(|(_, value)| {
        let value = value.to_string();
        escape_payload(&value) != value
    })
}

fn refuse(error: &ConfigError) -> Exit {
    complain(&error.to_string());
    // The hint follows, as clap's tips do: nothing ran whose end a last line could report.
    if let Some(hint) = error.hint() {
        term::stderr(&message::hint(&hint, Style::PLAIN));
    }
    error.exit()
}

/// To be called before anything that a signal ends; reports why it is impossible.
fn signals() -> Result<Signals, Exit> {
    Signals::new().map_err(|error| {
        complain(&format!("cannot wait for signals: {error}"));
        Exit::Internal
    })
}

fn complain(text: &str) {
    term::stderr(&message::problem(text, Style::PLAIN));
}

/// Says why nothing was connected; the hint comes first, as the last line says how it ended.
fn say_why(why: &NotOpen) {
    if let Some(hint) = &why.hint {
        term::stderr(&message::hint(hint, Style::PLAIN));
    }
    complain(&why.message);
}

fn print(bytes: &[u8]) -> Exit {
    printed(term::stdout(bytes))
}

fn printed(written: io::Result<()>) -> Exit {
    match written {
        Ok(()) => Exit::Done,
        // The reader has enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Exit::Done,
        Err(error) => {
            complain(&format!("cannot write to stdout: {error}"));
            Exit::Write
        }
    }
}

fn on_runtime(command: impl Future<Output = Exit>) -> Exit {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    match runtime {
        Ok(runtime) => {
            let exit = runtime.block_on(command);
            // Do not wait for a name being resolved or a file being read.
            runtime.shutdown_background();
            exit
        }
        Err(error) => {
            complain(&format!("cannot start the runtime: {error}"));
            Exit::Internal
        }
    }
}
