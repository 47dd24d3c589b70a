//! The `wsee` binary: everything it does is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    wsee::run(std::env::args_os())
}
