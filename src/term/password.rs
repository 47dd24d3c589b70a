//! Asks for a password at the terminal, without echo.

use std::fs::File;
use std::io::{self, ErrorKind, Read, Write};

use rustix::termios::{
    LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr,
};
use tokio::runtime::Builder;
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::spawn_blocking;

/// What Ctrl-C sends.
const CTRL_C: u8 = 0x03;

#[derive(Debug, thiserror::Error)]
pub enum PasswordError {
    #[error("interrupted at the prompt for the password")]
    Interrupted,
    #[error("ended by SIGTERM at the prompt for the password")]
    Terminated,
    #[error("ended by SIGHUP at the prompt for the password")]
    HungUp,
    /// [`ErrorKind::UnexpectedEof`] for Ctrl-D; the error of opening `/dev/tty` if there is no terminal.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// Asks on the process's terminal, whatever the standard streams are, and reads one line.
///
/// Runs a tokio runtime meanwhile, because a signal must not end the process before echo is restored.
pub fn password(prompt: &str) -> Result<String, PasswordError> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let line = runtime.block_on(ask(prompt));
    // The thread that reads the terminal may never return.
    runtime.shutdown_background();
    let not_utf8 = |_| io::Error::new(ErrorKind::InvalidData, "not UTF-8");
    Ok(String::from_utf8(line?).map_err(not_utf8)?)
}

async fn ask(prompt: &str) -> Result<Vec<u8>, PasswordError> {
    let mut terminated = signal(SignalKind::terminate())?;
    let mut hung_up = signal(SignalKind::hangup())?;
    let hidden = Hidden::new(File::options().read(true).write(true).open("/dev/tty")?)?;
    (&hidden.tty).write_all(prompt.as_bytes())?;
    let tty = hidden.tty.try_clone()?;
    let line = tokio::select! {
        line = spawn_blocking(move || read_line(&tty)) => line.map_err(io::Error::other)?,
        _ = terminated.recv() => Err(PasswordError::Terminated),
        _ = hung_up.recv() => return Err(PasswordError::HungUp),
    };
    // The typed line break was not echoed either.
    (&hidden.tty).write_all(b"\n")?;
    line
}

struct Hidden {
    tty: File,
    original: Termios,
}

impl Hidden {
    fn new(tty: File) -> io::Result<Self> {
        let original = tcgetattr(&tty)?;
        let mut modes = original.clone();
        // Ctrl-C ends the line instead: a signal would go to the whole pipeline, and its shell would read the terminal.
        modes.local_modes -= LocalModes::ECHO | LocalModes::ISIG;
        modes.special_codes[SpecialCodeIndex::VEOL] = CTRL_C;
        tcsetattr(&tty, OptionalActions::Flush, &modes)?;
        Ok(Self { tty, original })
    }
}

impl Drop for Hidden {
    fn drop(&mut self) {
        // Drain, not flush: text typed ahead is for whoever reads next.
        let _ = tcsetattr(&self.tty, OptionalActions::Drain, &self.original);
    }
}

/// Reads one line, which the kernel edits.
fn read_line(mut tty: &File) -> Result<Vec<u8>, PasswordError> {
    let mut line = Vec::new();
    let mut block = [0; 1 << 10];
    loop {
        match tty.read(&mut block)? {
            0 => return Err(io::Error::from(ErrorKind::UnexpectedEof).into()),
            n => line.extend_from_slice(&block[..n]),
        }
        match line.last() {
            Some(&CTRL_C) => return Err(PasswordError::Interrupted),
            Some(b'\n') => {
                line.pop();
                return Ok(line);
            }
            _ => {}
        }
    }
}
