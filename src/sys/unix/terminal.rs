//! The terminal: its modes, its size, its keys.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::thread;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::{Errno, read};
use rustix::process::{Signal, getpgrp, getpid, kill_current_process_group, kill_process};
use rustix::stdio::{stderr, stdin, stdout};
use rustix::termios::{
    InputModes, LocalModes, OptionalActions, SpecialCodeIndex, Termios, isatty, tcgetattr,
    tcgetpgrp, tcgetwinsize, tcsetattr,
};

use crate::sys::Unanswered;

/// Whether a shell can continue a process that stops itself.
pub const HAS_JOBS: bool = true;

/// Whether the terminal understands escape sequences; `name` is the value of `TERM`.
pub fn understands_escapes(name: Option<&OsStr>) -> bool {
    name.is_some_and(|name| name != "dumb")
}

/// The modes of the terminal that standard input is.
#[derive(Debug, Clone)]
pub struct Modes(Termios);

impl Modes {
    pub fn get() -> io::Result<Self> {
        Ok(Self(tcgetattr(stdin())?))
    }

    /// The same, but keys are neither echoed nor made into signals.
    #[must_use]
    pub fn held(&self) -> Self {
        let mut held = self.0.clone();
        held.input_modes -= InputModes::BRKINT | InputModes::ICRNL | InputModes::IXON;
        held.local_modes -=
            LocalModes::ECHO | LocalModes::ICANON | LocalModes::IEXTEN | LocalModes::ISIG;
        Self(held)
    }

    /// The same, but keys are not echoed.
    #[must_use]
    pub fn silent(&self) -> Self {
        let mut silent = self.0.clone();
        silent.local_modes -= LocalModes::ECHO;
        Self(silent)
    }

    pub fn set(&self) -> io::Result<()> {
        Ok(tcsetattr(stdin(), OptionalActions::Now, &self.0)?)
    }
}

/// Whether the process may use the terminal that standard input is: one that runs in the background is stopped.
pub fn is_foreground() -> bool {
    tcgetpgrp(stdin()).is_ok_and(|group| group == getpgrp())
}

/// How long it takes at most until a process that was told to stop has stopped.
const STOPPING: Duration = Duration::from_millis(50);

/// Stops the process until its shell continues it.
pub fn stop() {
    let _ = kill_current_process_group(Signal::TSTP);
    // Any thread may be the one that takes the signal, and only then do all of them stop.
    thread::sleep(STOPPING);
}

/// Has the size of the terminal asked for again.
pub fn resized() {
    let _ = kill_process(getpid(), Signal::WINCH);
}

/// Ends the line that rustyline reads, as SIGINT does; called while it reads, when the signal is its own.
pub fn interrupt() {
    let _ = kill_process(getpid(), Signal::INT);
}

/// Whether there will never be another key.
pub fn is_hung_up() -> bool {
    let input = stdin();
    let mut polled = [PollFd::new(&input, PollFlags::IN)];
    let _ = poll(&mut polled, Some(&Timespec::default()));
    polled[0].revents().contains(PollFlags::HUP) || !isatty(stdin())
}

/// How long a terminal at the end of a slow line may take to answer.
const ANSWER: Duration = Duration::from_millis(500);
/// The most that may be typed before the answer, in bytes; nobody types as much in the time, but somebody may paste.
const LONGEST_ANSWER: usize = 4 << 10;

/// The column of the cursor, from 0; nobody else may read keys at the same time.
///
/// `ask` sends a question to the terminal. Keys that are pressed before the answer are appended to `keys`.
pub fn cursor_column(ask: impl FnOnce(&str), keys: &mut Vec<u8>) -> Result<usize, Unanswered> {
    if has_input(Duration::ZERO) {
        return Err(Unanswered::KeysWaiting);
    }
    ask("\x1b[6n");
    let start = keys.len();
    while keys.len() - start < LONGEST_ANSWER {
        let mut byte = [0];
        if !has_input(ANSWER) || !matches!(read(stdin(), &mut byte), Ok(1)) {
            return Err(Unanswered::Silent);
        }
        keys.extend(byte);
        if let Some((at, column)) = answer_in(&keys[start..]) {
            keys.truncate(start + at);
            return Ok(column);
        }
    }
    Err(Unanswered::Silent)
}

/// Where `ESC [ row ; column R` starts, at the end of what was read, and the column, which counts from 1.
fn answer_in(read: &[u8]) -> Option<(usize, usize)> {
    let text = read.strip_suffix(b"R")?;
    let start = text.iter().rposition(|byte| *byte == b'\x1b')?;
    let numbers = str::from_utf8(text[start..].strip_prefix(b"\x1b[")?).ok()?;
    let (row, column) = numbers.split_once(';')?;
    row.parse::<usize>().ok()?;
    Some((start, column.parse::<usize>().ok()?.checked_sub(1)?))
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

/// The columns of the terminal that standard error is.
pub fn stderr_columns() -> Option<usize> {
    columns(stderr())
}

/// The columns of the terminal that standard output is.
pub fn stdout_columns() -> Option<usize> {
    columns(stdout())
}

/// The rows of the terminal that standard output is.
pub fn stdout_rows() -> Option<usize> {
    let size = tcgetwinsize(stdout()).ok()?;
    Some(size.ws_row.into()).filter(|rows| *rows > 0)
}

/// Appends the keys that are pressed `within` this time; `false` if there are none.
///
/// # Errors
///
/// If there will never be another key.
pub fn read_keys(keys: &mut Vec<u8>, within: Duration) -> io::Result<bool> {
    if !has_input(within) {
        return Ok(false);
    }
    let mut block = [0; 1 << 10];
    match read(stdin(), &mut block) {
        Ok(0) => Err(io::ErrorKind::UnexpectedEof.into()),
        Ok(n) => {
            keys.extend_from_slice(&block[..n]);
            Ok(true)
        }
        Err(Errno::INTR | Errno::AGAIN) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

fn columns(terminal: impl AsFd) -> Option<usize> {
    let size = tcgetwinsize(terminal).ok()?;
    Some(size.ws_col.into()).filter(|columns| *columns > 0)
}

/// Whether standard output and error lead to the same place.
pub fn is_joined() -> bool {
    let place = |stat: rustix::fs::Stat| (stat.st_dev, stat.st_ino);
    let stdout = rustix::fs::fstat(stdout()).map(place);
    let stderr = rustix::fs::fstat(stderr()).map(place);
    stdout.is_ok() && stdout == stderr
}

/// What Ctrl-C sends.
const CTRL_C: u8 = 0x03;

/// The terminal of the process, whatever the standard streams are, without echo until this is dropped.
///
/// Ctrl-C ends a line instead of being a signal, which would go to the whole pipeline, and its shell would read the
/// terminal.
#[derive(Debug)]
pub struct Hidden {
    tty: File,
    original: Termios,
}

impl Hidden {
    pub fn open() -> io::Result<Self> {
        let tty = File::options().read(true).write(true).open("/dev/tty")?;
        let original = tcgetattr(&tty)?;
        let mut modes = original.clone();
        modes.local_modes -= LocalModes::ECHO | LocalModes::ISIG;
        modes.special_codes[SpecialCodeIndex::VEOL] = CTRL_C;
        tcsetattr(&tty, OptionalActions::Flush, &modes)?;
        Ok(Self { tty, original })
    }

    pub fn write(&self, text: &str) -> io::Result<()> {
        (&self.tty).write_all(text.as_bytes())
    }

    /// The keys, of which the system makes lines.
    pub fn keys(&self) -> io::Result<impl Read + Send + use<>> {
        self.tty.try_clone()
    }
}

impl Drop for Hidden {
    fn drop(&mut self) {
        // Drain, not flush: text typed ahead is for whoever reads next.
        let _ = tcsetattr(&self.tty, OptionalActions::Drain, &self.original);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_ends_the_keys_before_it() {
        assert_eq!(answer_in(b"\x1b[12;28R"), Some((0, 27)));
        assert_eq!(answer_in(b"aR\r\x1b[A\x1b[1;1R"), Some((6, 0)));
        for keys in [
            &b"R"[..],
            b"\x1b[12;28",
            b"\x1bR",
            b"\x1b[1;0R",
            b"\x1b[;R",
            b"",
        ] {
            assert_eq!(answer_in(keys), None);
        }
    }
}
