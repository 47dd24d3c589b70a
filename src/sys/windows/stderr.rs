//! Standard error, which never blocks a session: a reader that does not read loses lines.

use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::thread;
use std::time::Duration;

use winapi_util::HandleRef;
use winapi_util::file::typ;

/// How long to wait, once, for a reader that has stopped reading: long enough for a pager, short for a session.
const PATIENCE: Duration = Duration::from_secs(1);

/// A thread that writes to the pipe, which cannot be asked whether it has room.
struct Writer {
    texts: Sender<String>,
    written: Receiver<()>,
}

static WRITER: OnceLock<Mutex<Writer>> = OnceLock::new();

/// The reader did not read in time; until it does, there is no more waiting for it.
static STUCK: AtomicBool = AtomicBool::new(false);

/// Writes `text`, which must have passed the escaper, to standard error.
///
/// Errors are ignored, as there is nowhere to report them.
pub fn stderr(text: &str) {
    if !typ(HandleRef::stderr()).is_ok_and(|kind| kind.is_pipe()) {
        let _ = io::stderr().lock().write_all(text.as_bytes());
        return;
    }
    let writer = WRITER.get_or_init(|| Mutex::new(start()));
    let writer = writer.lock().unwrap_or_else(PoisonError::into_inner);
    if STUCK.load(Ordering::Relaxed) && writer.written.try_recv().is_err() {
        return;
    }
    let is_written =
        writer.texts.send(text.to_owned()).is_ok() && writer.written.recv_timeout(PATIENCE).is_ok();
    STUCK.store(!is_written, Ordering::Relaxed);
}

fn start() -> Writer {
    let (texts, next) = channel::<String>();
    let (report, written) = channel();
    thread::spawn(move || {
        while let Ok(text) = next.recv() {
            let _ = io::stderr().lock().write_all(text.as_bytes());
            if report.send(()).is_err() {
                return;
            }
        }
    });
    Writer { texts, written }
}
