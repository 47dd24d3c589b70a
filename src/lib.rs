//! wsee ("WebSocket, seen"): a command-line WebSocket client and debugging tool.
//!
//! The binary is thin; this library holds everything, so that tests, benches and fuzz targets
//! import the same code. A layer imports only from layers below it:
//!
//! ```text
//! main.rs      the binary
//! run/         the commands, each from its command line to its exit status
//! config/      arguments, configuration file and environment, resolved to options; the only reader of the environment
//! cli/         arguments as typed (clap), completions, man pages
//!
//! prompt/      a client that is typed at                   ─┐
//! pipe/        standard input to messages, and back          │ modes: none imports another
//! serve/       a server that echoes, or plays a recording    │
//! proxy/       between a client and a server: exact frames, faults       │
//! runner/      scenarios against a server, reports           │
//! audit/       checks of a server, with evidence            ─┘
//!
//! console/     the line editor and what every prompt has: memory's commands, variables, switches
//!
//! speaker/     the protocol of `--as`, for all modes
//!
//! acceptor/    what accepts connections: listener, TLS, the log of clients
//! matching/    messages held against patterns, the values of variables
//! outbox/      the one place that sends: queue, timers, a recording, a file
//! observe/     the one fan-out of events: view, `--jsonl`, recording, the opening
//!
//! memory/      the last messages of a run, numbered; find, compare, look at them
//! record/      events to files, and from them
//! scenario/    the language of test files
//! command/     the grammar of a typed line
//! fault/       faults on purpose: of an opening, of a stream, of messages
//! session/     the only socket loop: dials, opens, runs a mode
//! ontop/       protocols on top of WebSocket: recognise, greet, keep alive, say, see
//! render/      events as text for people and programs; the one escaper
//! event.rs     the events of a session
//! dial/        target to connected stream: DNS, happy eyeballs, proxies, TLS
//! proto/       the protocol without I/O: handshake, frames, messages, closing, timers; HTTP/1.1 and frames of HTTP/2
//!
//! atomic_file.rs  atomic file replacement
//! diagnostic.rs   errors with hints
//! filter/      jq filters
//! home.rs      `~` in paths
//! term/        standard input, output and error, the terminal; the same on every system
//! secret.rs    values that are not shown
//! cookie.rs    cookie jar (RFC 6265), Netscape cookie files
//! duration.rs  durations as people write them
//! size.rs      sizes as people write them
//! text.rs      text files and streams: byte order marks, UTF-16
//! exit.rs      every exit status
//!
//! sys/         what differs between systems: a folder for Unix and one for Windows, with the same interface
//! ```
//!
//! `render` never sees `session`; `session` never sees `render`, `config` or `cli`; `proto` sees
//! nothing but itself. `tests/layers.rs` holds these rules.

pub mod acceptor;
pub mod atomic_file;
pub mod audit;
pub mod cli;
pub mod command;
pub mod config;
pub mod console;
pub mod cookie;
pub mod diagnostic;
pub mod dial;
pub mod duration;
pub mod event;
pub mod exit;
pub mod fault;
pub mod filter;
pub mod home;
pub mod matching;
pub mod memory;
pub mod observe;
pub mod ontop;
pub mod outbox;
pub mod pipe;
pub mod prompt;
pub mod proto;
pub mod proxy;
pub mod record;
pub mod render;
mod run;
pub mod runner;
pub mod scenario;
pub mod secret;
pub mod serve;
pub mod session;
pub mod size;
pub mod speaker;
pub mod sys;
pub mod term;
pub mod text;

use std::ffi::OsString;
use std::panic::AssertUnwindSafe;
use std::process::ExitCode;

/// Runs wsee with a command line, program name first, and returns the process's exit status.
pub fn run(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    // What went wrong stands on stderr already, and the terminal was given back while unwinding.
    let exit = std::panic::catch_unwind(AssertUnwindSafe(|| run::run(args)));
    exit.unwrap_or(exit::Exit::Internal).into()
}
