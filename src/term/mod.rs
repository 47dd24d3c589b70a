//! Standard input, output and error, and the terminal; no other module touches them.

pub mod fullscreen;
mod password;
pub mod stdout;
pub mod terminal;

use std::io::{self, IsTerminal, Write};

pub use password::{PasswordError, password};
pub use stdout::Stdout;

use crate::sys;
pub use crate::sys::stderr::stderr;
pub use crate::sys::stdin::{self, Stdin};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts")]
pub struct Terminals {
    pub stdin: bool,
    pub stdout: bool,
    pub stderr: bool,
    /// Standard output and error lead to the same place: a terminal, a pipe or a file.
    pub joined: bool,
}

impl Terminals {
    pub fn detect() -> Self {
        Self {
            stdin: io::stdin().is_terminal() && stdin::is_readable(),
            stdout: io::stdout().is_terminal(),
            stderr: io::stderr().is_terminal(),
            joined: sys::terminal::is_joined(),
        }
    }
}

/// Writes `text`, which must have passed the escaper, to standard output, which is a terminal.
pub fn screen(text: &str) {
    // If the terminal is gone, SIGHUP ends the process.
    let _ = stdout(text.as_bytes());
}

/// Writes `bytes` to standard output in one piece.
pub fn stdout(bytes: &[u8]) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(bytes)?;
    stdout.flush()
}
