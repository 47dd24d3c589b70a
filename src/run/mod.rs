//! The commands: each resolves its command line, runs, and says how it ended.

mod connect;
mod demo;
mod events;
mod failure;
mod jar;
mod listen;
mod report;

use std::ffi::OsString;
use std::future::Future;
use std::time::Instant;

use crate::cli::{Cli, Command, generate};
use crate::config::{ConfigError, Connect, Environment, Listen};
use crate::exit::Exit;
use crate::render::escape::escape_line;
use crate::term;

/// Runs wsee with a command line, program name first.
pub(crate) fn run(args: impl IntoIterator<Item = OsString>) -> Exit {
    let started = Instant::now();
    let cli = match Cli::parse_args(args) {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version go to stdout with status 0, errors to stderr with 2.
            let _ = error.print();
            return if error.exit_code() == 0 {
                Exit::Done
            } else {
                Exit::Usage
            };
        }
    };
    let environment = Environment::read();
    match cli.command {
        None => match Connect::resolve(&cli.connect, &environment, started) {
            Ok(connect) => on_runtime(connect::connect(connect, &environment)),
            Err(error) => {
                if cli.connect.session.format.jsonl {
                    events::refused(cli.connect.url.as_deref().unwrap_or_default(), &error);
                }
                refuse(&error)
            }
        },
        Some(Command::Demo(args)) => on_runtime(demo::demo(&args, &environment, started)),
        Some(Command::Listen(args)) => match Listen::resolve(&args, &environment) {
            Ok(listen) => on_runtime(listen::listen(listen, &environment)),
            Err(error) => refuse(&error),
        },
        Some(Command::Completions { shell }) => print(&generate::completion(shell)),
        Some(Command::Man { command }) => print(&generate::man_page(command)),
    }
}

/// Says what is wrong with the command line; nothing was sent.
fn refuse(error: &ConfigError) -> Exit {
    complain(&error.to_string());
    error.exit()
}

/// Writes an error of wsee's own, in one line.
fn complain(text: &str) {
    term::stderr(&format!("wsee: {}\n", escape_line(text)));
}

fn print(bytes: &[u8]) -> Exit {
    match term::stdout(bytes) {
        Ok(()) => Exit::Done,
        // The reader has enough.
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Exit::Done,
        Err(error) => {
            complain(&format!("cannot write to stdout: {error}"));
            Exit::Write
        }
    }
}

/// Runs `command` on a runtime of this thread.
fn on_runtime(command: impl Future<Output = Exit>) -> Exit {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    match runtime {
        Ok(runtime) => {
            let exit = runtime.block_on(command);
            // A name that is still being resolved, or a file being read, is not waited for.
            runtime.shutdown_background();
            exit
        }
        Err(error) => {
            complain(&format!("cannot start the runtime: {error}"));
            Exit::Internal
        }
    }
}
