//! `--http`: the WebSocket in a stream of HTTP/2.

mod choice;
mod ending;
mod hostile;
mod opening;

use crate::support::output::Output;
use crate::support::run::{Run, wsee};
use crate::support::server::Server;

/// The flag for a server without TLS.
const CLEAR: &str = "--http2-prior-knowledge";

/// wsee at `server` with these arguments, which sends a line and expects it back.
fn echo<T: Send + 'static>(server: &Server<T>, args: &[&str]) -> Run {
    wsee(&[&[server.url(), CLEAR, "-n", "1"], args].concat()).stdin("hello\n")
}

/// Runs wsee at `server` with these arguments up to its end.
#[track_caller]
fn run<T: Send + 'static>(server: &Server<T>, args: &[&str]) -> Output {
    wsee(&[&[server.url(), CLEAR], args].concat())
        .stdin("hello\n")
        .run()
}
