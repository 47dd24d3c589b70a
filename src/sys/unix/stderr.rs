//! Standard error, which never blocks a session: a reader that does not read loses lines.

use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::fs::FileType;

/// How long to wait, once, for a reader that has stopped reading: long enough for a pager, short for a session.
const PATIENCE: Timespec = Timespec {
    tv_sec: 1,
    tv_nsec: 0,
};
/// What a pipe that polls as writable takes without blocking (Linux: `PIPE_BUF`).
const PIPE_BUF: usize = 4096;

/// The reader did not read in time; until it does, there is no more waiting for it.
static STUCK: AtomicBool = AtomicBool::new(false);

/// Writes `text`, which must have passed the escaper, to standard error.
///
/// Errors are ignored, as there is nowhere to report them.
pub fn stderr(text: &str) {
    if !is_pipe() {
        let _ = io::stderr().lock().write_all(text.as_bytes());
        return;
    }
    for piece in text.as_bytes().chunks(PIPE_BUF) {
        if !is_ready() || io::stderr().lock().write_all(piece).is_err() {
            return;
        }
    }
}

/// Whether a reader on the other side can block writes.
fn is_pipe() -> bool {
    let kind = rustix::fs::fstat(rustix::stdio::stderr());
    kind.is_ok_and(|stat| {
        matches!(
            FileType::from_raw_mode(stat.st_mode),
            FileType::Fifo | FileType::Socket
        )
    })
}

fn is_ready() -> bool {
    let stuck = STUCK.load(Ordering::Relaxed);
    let patience = if stuck { Timespec::default() } else { PATIENCE };
    let stderr = rustix::stdio::stderr();
    let mut asked = [PollFd::new(&stderr, PollFlags::OUT)];
    let ready = rustix::event::poll(&mut asked, Some(&patience)).is_ok_and(|ready| ready > 0);
    STUCK.store(!ready, Ordering::Relaxed);
    ready
}
