//! Standard output, written without blocking.

use std::fs::File;
use std::io::{self, Write};
use std::os::windows::io::AsHandle;
use std::sync::mpsc as blocking;
use std::task::{Context, Poll, ready};

use tokio::sync::mpsc;
use winapi_util::HandleRef;
use winapi_util::file::typ;

#[derive(Debug)]
pub struct Stdout(Sink);

#[derive(Debug)]
enum Sink {
    /// The console or a file, which takes everything in a short time.
    Direct,
    Pipe(Pipe),
}

impl Stdout {
    /// The process's standard output.
    pub fn open() -> io::Result<Self> {
        let is_pipe = typ(HandleRef::stdout()).is_ok_and(|kind| kind.is_pipe());
        Ok(Self(if is_pipe {
            Sink::Pipe(Pipe::start()?)
        } else {
            Sink::Direct
        }))
    }

    pub fn poll_write(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match &mut self.0 {
            Sink::Direct => Poll::Ready(write_now(bytes)),
            Sink::Pipe(pipe) => pipe.poll_write(cx, bytes),
        }
    }

    pub fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        match &self.0 {
            Sink::Direct => write_now(bytes),
            Sink::Pipe(_) => Err(io::ErrorKind::WouldBlock.into()),
        }
    }

    /// Never ready: only a write finds out that the reader of a pipe is gone.
    pub fn poll_hang_up(&mut self, _: &mut Context<'_>) -> Poll<()> {
        Poll::Pending
    }
}

fn write_now(bytes: &[u8]) -> io::Result<usize> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(bytes)?;
    stdout.flush()?;
    Ok(bytes.len())
}

/// A pipe written by a thread, one block at a time: what is reported as written is in the pipe.
#[derive(Debug)]
struct Pipe {
    blocks: blocking::Sender<Vec<u8>>,
    written: mpsc::Receiver<(Vec<u8>, io::Result<()>)>,
    /// The memory of the last block; `None` while the thread has it.
    idle: Option<Vec<u8>>,
}

/// Bytes given to the thread at once.
const BLOCK: usize = 256 << 10;

impl Pipe {
    fn start() -> io::Result<Self> {
        let (blocks, next) = blocking::channel::<Vec<u8>>();
        let (report, written) = mpsc::channel(1);
        let mut stdout = File::from(io::stdout().as_handle().try_clone_to_owned()?);
        std::thread::spawn(move || {
            while let Ok(block) = next.recv() {
                let result = stdout.write_all(&block);
                if report.blocking_send((block, result)).is_err() {
                    return;
                }
            }
        });
        Ok(Self {
            blocks,
            written,
            idle: Some(Vec::new()),
        })
    }

    /// `bytes` begin as in the last call, if that was pending.
    fn poll_write(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if let Some(mut block) = self.idle.take() {
            block.clear();
            block.extend_from_slice(&bytes[..bytes.len().min(BLOCK)]);
            // A thread that has ended shows as a closed channel below.
            let _ = self.blocks.send(block);
        }
        let Some((block, result)) = ready!(self.written.poll_recv(cx)) else {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        };
        let written = block.len().min(bytes.len());
        self.idle = Some(block);
        Poll::Ready(result.map(|()| written).map_err(closed))
    }
}

/// "No process is on the other end of the pipe", one of three errors of a pipe whose reader is gone.
const ERROR_PIPE_NOT_CONNECTED: i32 = 233;

/// The error under the kind that it has elsewhere; std knows the other two.
fn closed(error: io::Error) -> io::Error {
    match error.raw_os_error() {
        Some(ERROR_PIPE_NOT_CONNECTED) => io::ErrorKind::BrokenPipe.into(),
        _ => error,
    }
}
