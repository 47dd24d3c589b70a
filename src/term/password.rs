//! Asks for a password at the terminal, without echo.

use std::future::poll_fn;
use std::io::{self, ErrorKind, Read};

use tokio::runtime::Builder;
use tokio::task::spawn_blocking;

use crate::sys::Signal;
use crate::sys::signal::Signals;
use crate::sys::terminal::Hidden;

/// What Ctrl-C sends.
const CTRL_C: u8 = 0x03;

#[derive(Debug, thiserror::Error)]
pub enum PasswordError {
    #[error("interrupted at the prompt for the password")]
    Interrupted,
    #[error("ended by {0} at the prompt for the password")]
    Ended(Signal),
    /// [`ErrorKind::UnexpectedEof`] for Ctrl-D; the error of opening the terminal if there is none.
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
    let mut signals = Signals::new()?;
    let hidden = Hidden::open()?;
    hidden.write(prompt)?;
    let keys = hidden.keys()?;
    let line = tokio::select! {
        line = spawn_blocking(move || read_line(keys)) => line.map_err(io::Error::other)?,
        signal = poll_fn(|cx| signals.poll(cx)) => match signal {
            Signal::Hangup => return Err(PasswordError::Ended(signal)),
            Signal::Interrupt => Err(PasswordError::Interrupted),
            Signal::Terminate => Err(PasswordError::Ended(signal)),
        },
    };
    // The typed line break was not echoed either.
    hidden.write("\n")?;
    line
}

/// Reads one line, which the system edits.
fn read_line(mut keys: impl Read) -> Result<Vec<u8>, PasswordError> {
    let mut line = Vec::new();
    let mut block = [0; 1 << 10];
    loop {
        match keys.read(&mut block)? {
            0 => return Err(io::Error::from(ErrorKind::UnexpectedEof).into()),
            n => line.extend_from_slice(&block[..n]),
        }
        match line.last() {
            Some(&CTRL_C) => return Err(PasswordError::Interrupted),
            Some(b'\n') => {
                line.pop();
                if line.ends_with(b"\r") {
                    line.pop();
                }
                return Ok(line);
            }
            _ => {}
        }
    }
}
