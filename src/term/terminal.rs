//! The modes of the terminal: changed while the editor runs, given back at its end.

use std::io::{self, Write};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

pub use crate::sys::Unanswered;
use crate::sys::terminal::{self, Modes};
pub use crate::sys::terminal::{HAS_JOBS, interrupt, is_foreground, is_hung_up};

/// Ends a synchronized update and bracketed paste.
const RESET: &str = "\x1b[?2026l\x1b[?2004l";
const PASTE: &str = "\x1b[?2004h";
/// How long a terminal may take for the last bytes.
const STALL: Duration = Duration::from_secs(1);
/// The columns of a terminal that does not say how many it has.
const COLUMNS: usize = 80;
/// Its rows.
const ROWS: usize = 24;

/// The terminal, which gets its modes back when this is dropped.
#[derive(Debug)]
pub struct Terminal {
    original: Modes,
    farewell: String,
}

impl Terminal {
    /// Stops the terminal from echoing keys and from making signals of them.
    ///
    /// rustyline does so itself while it reads a line, but restores the modes after each: what is
    /// typed between two lines would be echoed, and Ctrl-C would be a signal.
    pub fn hold() -> io::Result<Self> {
        let original = Modes::get()?;
        original.held().set()?;
        let farewell = String::new();
        Ok(Self { original, farewell })
    }

    pub fn loan(&self) -> io::Result<Loan> {
        Ok(Loan {
            original: self.original.clone(),
            held: Modes::get()?,
        })
    }

    pub fn set_farewell(&mut self, text: String) {
        self.farewell = text;
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let text = std::mem::take(&mut self.farewell) + RESET;
        write_within(STALL, text);
        let _ = self.original.set();
    }
}

/// Stops the terminal from echoing keys until this is dropped; Ctrl-C remains a signal.
#[derive(Debug)]
pub struct Silent(Option<Modes>);

impl Silent {
    pub fn hold() -> Self {
        let Ok(original) = Modes::get() else {
            return Self(None);
        };
        let silent = original.silent().set();
        Self(silent.is_ok().then_some(original))
    }
}

impl Drop for Silent {
    fn drop(&mut self) {
        if let Some(original) = &self.0 {
            let _ = original.set();
        }
    }
}

/// What it takes to lend the terminal to another program.
#[derive(Debug)]
pub struct Loan {
    original: Modes,
    held: Modes,
}

impl Loan {
    pub fn lend<T>(&self, borrower: impl FnOnce() -> T) -> T {
        let _ = self.original.set();
        let returned = borrower();
        let _ = self.held.set();
        returned
    }

    /// Stops the process, as Ctrl-Z does elsewhere, until its shell continues it.
    pub fn suspend(&self) {
        let Ok(modes) = Modes::get() else {
            return;
        };
        super::screen(RESET);
        let _ = self.original.set();
        terminal::stop();
        let _ = modes.set();
        super::screen(PASTE);
        // The terminal may have another size by now.
        terminal::resized();
    }
}

/// Asks the terminal for the column of the cursor, from 0; nobody else may read keys at the same time.
///
/// Keys that are pressed before the answer are appended to `keys`.
pub fn cursor_column(keys: &mut Vec<u8>) -> Result<usize, Unanswered> {
    terminal::cursor_column(super::screen, keys)
}

/// The columns of the terminal that standard error is; 80 when it does not tell.
pub fn columns() -> usize {
    terminal::stderr_columns().unwrap_or(COLUMNS)
}

/// The rows of the terminal that standard output is; 24 when it does not tell.
pub fn rows() -> usize {
    terminal::stdout_rows().unwrap_or(ROWS)
}

/// The columns of the terminal that standard output is; 80 when it does not tell.
pub fn width() -> usize {
    terminal::stdout_columns().unwrap_or(COLUMNS)
}

fn write_within(limit: Duration, text: String) {
    let (done, is_done) = mpsc::channel();
    let write = move || {
        let mut stdout = io::stdout().lock();
        let _ = stdout.write_all(text.as_bytes());
        let _ = stdout.flush();
        let _ = done.send(());
    };
    if thread::Builder::new().spawn(write).is_ok() {
        let _ = is_done.recv_timeout(limit);
    }
}
