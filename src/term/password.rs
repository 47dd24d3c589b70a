//! A password typed at the terminal, which does not show it.

use std::fs::File;
use std::io::{self, ErrorKind, Read, Write};

use rustix::termios::{
    LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr,
};

/// What Ctrl-C sends.
const CTRL_C: u8 = 0x03;

/// Asks on the process's terminal, whatever the standard streams are, and reads one line.
///
/// # Errors
///
/// [`ErrorKind::Interrupted`] for Ctrl-C, [`ErrorKind::UnexpectedEof`] for Ctrl-D; whatever opening
/// `/dev/tty` says if there is no terminal.
pub fn password(prompt: &str) -> io::Result<String> {
    let hidden = Hidden::new(File::options().read(true).write(true).open("/dev/tty")?)?;
    (&hidden.tty).write_all(prompt.as_bytes())?;
    let line = read_line(&hidden.tty);
    // The typed line break was not shown either.
    (&hidden.tty).write_all(b"\n")?;
    String::from_utf8(line?).map_err(|_| io::Error::new(ErrorKind::InvalidData, "not UTF-8"))
}

/// A terminal that does not echo, until this is dropped.
struct Hidden {
    tty: File,
    original: Termios,
}

impl Hidden {
    fn new(tty: File) -> io::Result<Self> {
        let original = tcgetattr(&tty)?;
        let mut modes = original.clone();
        // A signal would end the process before it gives the terminal its echo back, so Ctrl-C ends the line instead.
        modes.local_modes -= LocalModes::ECHO | LocalModes::ISIG;
        modes.special_codes[SpecialCodeIndex::VEOL] = CTRL_C;
        tcsetattr(&tty, OptionalActions::Flush, &modes)?;
        Ok(Self { tty, original })
    }
}

impl Drop for Hidden {
    fn drop(&mut self) {
        // Drain: what is typed ahead is not for the password.
        let _ = tcsetattr(&self.tty, OptionalActions::Drain, &self.original);
    }
}

/// Reads up to the end of the line, which the kernel edits.
fn read_line(mut tty: &File) -> io::Result<Vec<u8>> {
    let mut line = Vec::new();
    let mut block = [0; 1 << 10];
    loop {
        match tty.read(&mut block)? {
            0 => return Err(ErrorKind::UnexpectedEof.into()),
            n => line.extend_from_slice(&block[..n]),
        }
        match line.last() {
            Some(&CTRL_C) => return Err(ErrorKind::Interrupted.into()),
            Some(b'\n') => {
                line.pop();
                return Ok(line);
            }
            _ => {}
        }
    }
}
