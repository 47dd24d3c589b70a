//! The console: its modes, its size, its keys.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read, Write};
use std::time::Duration;

use winapi_util::console::{mode, screen_buffer_info, set_mode};
use winapi_util::file::information;
use winapi_util::{AsHandleRef, HandleRef};

use crate::sys::Unanswered;

/// Makes Ctrl-C an event instead of a key.
const ENABLE_PROCESSED_INPUT: u32 = 0x1;
const ENABLE_LINE_INPUT: u32 = 0x2;
const ENABLE_ECHO_INPUT: u32 = 0x4;
const ENABLE_VIRTUAL_TERMINAL_PROCESSING: u32 = 0x4;

/// Whether a shell can continue a process that stops itself.
pub const HAS_JOBS: bool = false;

/// Whether the process may use the terminal that standard input is.
pub fn is_foreground() -> bool {
    true
}

/// Whether the console understands escape sequences, which it is asked to; `name` is the value of `TERM`.
pub fn understands_escapes(name: Option<&OsStr>) -> bool {
    if name.is_some_and(|name| name == "dumb") {
        return false;
    }
    let enabled = [HandleRef::stdout(), HandleRef::stderr()].map(|stream| {
        let mode = mode(&stream).ok()?;
        Some(set_mode(&stream, mode | ENABLE_VIRTUAL_TERMINAL_PROCESSING).is_ok())
    });
    !enabled.contains(&Some(false))
}

/// The modes of the console that standard input is.
#[derive(Debug, Clone)]
pub struct Modes(u32);

impl Modes {
    pub fn get() -> io::Result<Self> {
        Ok(Self(mode(HandleRef::stdin())?))
    }

    /// The same, but keys are neither echoed nor made into signals.
    #[must_use]
    pub fn held(&self) -> Self {
        Self(self.0 & !(ENABLE_PROCESSED_INPUT | ENABLE_LINE_INPUT | ENABLE_ECHO_INPUT))
    }

    /// The same, but keys are not echoed.
    #[must_use]
    pub fn silent(&self) -> Self {
        Self(self.0 & !ENABLE_ECHO_INPUT)
    }

    pub fn set(&self) -> io::Result<()> {
        set_mode(HandleRef::stdin(), self.0)
    }
}

/// There are no jobs, so there is nothing to do.
pub fn stop() {}

/// The size is asked for whenever it is needed.
pub fn resized() {}

/// No key is taken from rustyline, as no question is asked.
pub fn interrupt() {}

/// Whether there will never be another key.
pub fn is_hung_up() -> bool {
    Modes::get().is_err()
}

/// The column of the cursor, from 0; the console knows it without a question.
pub fn cursor_column(_ask: impl FnOnce(&str), _keys: &mut Vec<u8>) -> Result<usize, Unanswered> {
    let info = screen_buffer_info(HandleRef::stdout());
    let info = info.map_err(|_| Unanswered::Silent)?;
    usize::try_from(info.cursor_position().0).map_err(|_| Unanswered::Silent)
}

/// The columns of the console that standard error is.
pub fn stderr_columns() -> Option<usize> {
    columns(HandleRef::stderr())
}

/// The columns of the console that standard output is.
pub fn stdout_columns() -> Option<usize> {
    columns(HandleRef::stdout())
}

/// The rows of the console that standard output is.
pub fn stdout_rows() -> Option<usize> {
    let window = screen_buffer_info(HandleRef::stdout()).ok()?.window_rect();
    let rows = i32::from(window.bottom) - i32::from(window.top) + 1;
    usize::try_from(rows).ok().filter(|rows| *rows > 0)
}

/// Keys one by one are read by the line editor only.
///
/// # Errors
///
/// Always: the console has events of keys instead of bytes.
pub fn read_keys(_keys: &mut Vec<u8>, _within: Duration) -> io::Result<bool> {
    Err(io::ErrorKind::Unsupported.into())
}

fn columns(console: impl AsHandleRef) -> Option<usize> {
    let window = screen_buffer_info(console).ok()?.window_rect();
    let columns = i32::from(window.right) - i32::from(window.left) + 1;
    usize::try_from(columns).ok().filter(|columns| *columns > 0)
}

/// Whether standard output and error lead to the same place, as far as Windows can tell: pipes have no identity.
pub fn is_joined() -> bool {
    let (stdout, stderr) = (HandleRef::stdout(), HandleRef::stderr());
    if mode(&stdout).is_ok() && mode(&stderr).is_ok() {
        return true;
    }
    let place = |stream| {
        let found = information(stream).ok()?;
        Some((found.volume_serial_number(), found.file_index()))
    };
    let stdout = place(stdout);
    stdout.is_some() && stdout == place(stderr)
}

/// The console of the process, whatever the standard streams are, without echo until this is dropped.
#[derive(Debug)]
pub struct Hidden {
    keys: File,
    screen: File,
    original: u32,
}

impl Hidden {
    pub fn open() -> io::Result<Self> {
        let mut options = File::options();
        let options = options.read(true).write(true);
        let (keys, screen) = (options.open("CONIN$")?, options.open("CONOUT$")?);
        let original = mode(HandleRef::from_file(&keys))?;
        let hidden = original & !ENABLE_ECHO_INPUT | ENABLE_LINE_INPUT | ENABLE_PROCESSED_INPUT;
        set_mode(HandleRef::from_file(&keys), hidden)?;
        Ok(Self {
            keys,
            screen,
            original,
        })
    }

    pub fn write(&self, text: &str) -> io::Result<()> {
        (&self.screen).write_all(text.as_bytes())
    }

    /// The keys, of which the system makes lines.
    pub fn keys(&self) -> io::Result<impl Read + Send + use<>> {
        self.keys.try_clone()
    }
}

impl Drop for Hidden {
    fn drop(&mut self) {
        let _ = set_mode(HandleRef::from_file(&self.keys), self.original);
    }
}
