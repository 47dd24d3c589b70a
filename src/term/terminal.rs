//! The modes of the terminal: changed while the editor runs, given back at its end.

use std::io::{self, Write};
use std::os::fd::AsFd;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::{Errno, read};
use rustix::process::{Signal, getpid, kill_current_process_group, kill_process};
use rustix::stdio::{stderr, stdin, stdout};
use rustix::termios::{
    InputModes, LocalModes, OptionalActions, Termios, isatty, tcgetattr, tcgetwinsize, tcsetattr,
};

/// Ends a synchronized update and bracketed paste.
const RESET: &str = "\x1b[?2026l\x1b[?2004l";
const PASTE: &str = "\x1b[?2004h";
/// How long it takes at most until a process that was told to stop has stopped.
const STOPPING: Duration = Duration::from_millis(50);
/// How long a terminal may take for the last bytes.
const STALL: Duration = Duration::from_secs(1);

/// The terminal, which gets its modes back when this is dropped.
#[derive(Debug)]
pub struct Terminal {
    original: Termios,
    farewell: String,
}

impl Terminal {
    /// Stops the terminal from echoing keys and from making signals of them.
    ///
    /// rustyline does so itself while it reads a line, but restores the modes after each: what is
    /// typed between two lines would be echoed, and Ctrl-C would be a signal.
    pub fn hold() -> io::Result<Self> {
        let original = tcgetattr(stdin())?;
        let mut held = original.clone();
        held.input_modes -= InputModes::BRKINT | InputModes::ICRNL | InputModes::IXON;
        held.local_modes -=
            LocalModes::ECHO | LocalModes::ICANON | LocalModes::IEXTEN | LocalModes::ISIG;
        tcsetattr(stdin(), OptionalActions::Now, &held)?;
        let farewell = String::new();
        Ok(Self { original, farewell })
    }

    pub fn loan(&self) -> io::Result<Loan> {
        Ok(Loan {
            original: self.original.clone(),
            held: tcgetattr(stdin())?,
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
        let _ = tcsetattr(stdin(), OptionalActions::Now, &self.original);
    }
}

/// Stops the terminal from echoing keys until this is dropped; Ctrl-C remains a signal.
#[derive(Debug)]
pub struct Silent(Option<Termios>);

impl Silent {
    pub fn hold() -> Self {
        let Ok(original) = tcgetattr(stdin()) else {
            return Self(None);
        };
        let mut held = original.clone();
        held.local_modes -= LocalModes::ECHO;
        let held = tcsetattr(stdin(), OptionalActions::Now, &held);
        Self(held.is_ok().then_some(original))
    }
}

impl Drop for Silent {
    fn drop(&mut self) {
        if let Some(original) = &self.0 {
            let _ = tcsetattr(stdin(), OptionalActions::Now, original);
        }
    }
}

/// What it takes to lend the terminal to another program.
#[derive(Debug)]
pub struct Loan {
    original: Termios,
    held: Termios,
}

impl Loan {
    pub fn lend<T>(&self, borrower: impl FnOnce() -> T) -> T {
        let _ = tcsetattr(stdin(), OptionalActions::Now, &self.original);
        let returned = borrower();
        let _ = tcsetattr(stdin(), OptionalActions::Now, &self.held);
        returned
    }
}

impl Loan {
    /// Stops the process, as Ctrl-Z does elsewhere, until its shell continues it.
    pub fn suspend(&self) {
        let Ok(modes) = tcgetattr(stdin()) else {
            return;
        };
        super::screen(RESET);
        let _ = tcsetattr(stdin(), OptionalActions::Now, &self.original);
        let _ = kill_current_process_group(Signal::TSTP);
        // Any thread may be the one that takes the signal, and only then do all of them stop.
        thread::sleep(STOPPING);
        let _ = tcsetattr(stdin(), OptionalActions::Now, &modes);
        super::screen(PASTE);
        // The terminal may have another size by now.
        let _ = kill_process(getpid(), Signal::WINCH);
    }
}

/// Whether there will never be another key.
pub fn is_hung_up() -> bool {
    let input = stdin();
    let mut polled = [PollFd::new(&input, PollFlags::IN)];
    let _ = poll(&mut polled, Some(&Timespec::default()));
    polled[0].revents().contains(PollFlags::HUP) || !isatty(stdin())
}

/// Why a terminal does not say where its cursor is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unanswered {
    /// Keys that were pressed before the answer would be lost.
    KeysWaiting,
    Silent,
}

/// How long a terminal at the end of a slow line may take to answer.
const ANSWER: Duration = Duration::from_millis(500);
/// Longer than any answer, in bytes.
const LONGEST_ANSWER: usize = 32;

/// Asks the terminal for the column of the cursor, from 0; nobody else may read keys at the same time.
///
/// Text that is typed before the answer is appended to `typed`.
pub fn cursor_column(typed: &mut String) -> Result<usize, Unanswered> {
    if has_input(Duration::ZERO) {
        return Err(Unanswered::KeysWaiting);
    }
    super::screen("\x1b[6n");
    let mut answer = Vec::new();
    while answer.len() < LONGEST_ANSWER && !answer.ends_with(b"R") {
        let mut byte = [0];
        if !has_input(ANSWER) || !matches!(read(stdin(), &mut byte), Ok(1)) {
            return Err(Unanswered::Silent);
        }
        answer.extend(byte);
    }
    let start = answer.iter().rposition(|byte| *byte == b'\x1b');
    let (keys, answer) = answer.split_at(start.unwrap_or(answer.len()));
    let keys = String::from_utf8_lossy(keys);
    typed.extend(keys.chars().filter(|key| !key.is_control()));
    column_in(answer).ok_or(Unanswered::Silent)
}

/// The column in `ESC [ row ; column R`, which counts from 1.
fn column_in(answer: &[u8]) -> Option<usize> {
    let digits = answer
        .strip_suffix(b"R")?
        .rsplit(|byte| *byte == b';')
        .next()?;
    str::from_utf8(digits)
        .ok()?
        .parse::<usize>()
        .ok()?
        .checked_sub(1)
}

fn has_input(within: Duration) -> bool {
    let input = stdin();
    let mut polled = [PollFd::new(&input, PollFlags::IN)];
    let within = Timespec::try_from(within).unwrap_or_default();
    loop {
        match poll(&mut polled, Some(&within)) {
            // Another resize.
            Err(Errno::INTR) => {}
            ready => return ready.is_ok_and(|ready| ready > 0),
        }
    }
}

/// The columns of the terminal that standard error is; 80 when it does not tell.
pub fn columns() -> usize {
    columns_of(stderr())
}

/// The columns of the terminal that standard output is; 80 when it does not tell.
pub fn width() -> usize {
    columns_of(stdout())
}

fn columns_of(terminal: impl AsFd) -> usize {
    match tcgetwinsize(terminal) {
        Ok(size) if size.ws_col > 0 => size.ws_col.into(),
        _ => 80,
    }
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
