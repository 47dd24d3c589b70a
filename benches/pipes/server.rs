//! A server for one connection: takes in, pours out or echoes as fast as it can, and checks what it takes in.

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use flate2::Decompress;
use rustix::event::{PollFd, PollFlags, Timespec};

use crate::http2::Http2;
use crate::record::{Blocks, Check};
use crate::sample::Failure;
use crate::stream::{Duplex, Identity};
use crate::wire::{self, Reader};
use crate::work::{Layer, Task, Work};
use crate::zlib;

/// A server in a thread of its own.
pub(crate) struct Server {
    pub(crate) port: u16,
    /// When the connection opened; then, when everything had been taken in.
    pub(crate) reports: mpsc::Receiver<Instant>,
    released: Arc<AtomicBool>,
    thread: JoinHandle<Result<(), Failure>>,
}

/// How long a client may take to connect, in seconds.
const PATIENCE: i64 = 10;
/// How often a server that has nothing to read looks whether it is released.
const TICK: Duration = Duration::from_millis(10);
/// How many ticks a client may take to end.
const LAST_TICKS: usize = 500;
/// Output from which on it is written, in bytes.
const FULL: usize = 256 << 10;

impl Server {
    pub(crate) fn start(work: &Work, identity: &Arc<Identity>, thorough: bool) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let port = listener.local_addr()?.port();
        let (sender, reports) = mpsc::channel();
        let released = Arc::new(AtomicBool::new(false));
        let service = Service {
            work: *work,
            identity: identity.clone(),
            thorough,
            reports: sender,
            released: released.clone(),
        };
        let thread = std::thread::spawn(move || service.serve(&listener));
        Ok(Self {
            port,
            reports,
            released,
            thread,
        })
    }

    /// Lets the server close the connection; what had been wrong comes out here.
    pub(crate) fn release(self) -> Result<(), Failure> {
        self.released.store(true, Ordering::Relaxed);
        self.thread.join().map_err(|_| "the server panicked")?
    }
}

struct Service {
    work: Work,
    identity: Arc<Identity>,
    thorough: bool,
    reports: mpsc::Sender<Instant>,
    released: Arc<AtomicBool>,
}

impl Service {
    fn serve(self, listener: &TcpListener) -> Result<(), Failure> {
        let (source, extensions) = match (self.work.layer, self.work.task) {
            (Layer::Deflate, Task::Receive) => (self.deflated(), Some("permessage-deflate")),
            (Layer::Deflate, _) => (Vec::new(), Some("permessage-deflate")),
            _ => (Vec::new(), None),
        };
        let (stream, is_open) = self.accept(listener)?;
        let mut reader = Reader::new(Patient {
            stream,
            released: self.released.clone(),
        });
        if !is_open {
            reader.accept(extensions)?;
        }
        self.reports.send(Instant::now())?;
        match self.work.task {
            Task::SendLines | Task::SendBinary => self.sink(&mut reader)?,
            Task::Receive if self.work.layer == Layer::Deflate => {
                reader.stream.write_all(&source)?;
            }
            Task::Receive => self.pour(&mut reader.stream)?,
            Task::Echo | Task::RoundTrips | Task::Start => return echo(&mut reader),
        }
        while reader
            .head()?
            .is_some_and(|head| head.opcode != wire::CLOSE)
        {}
        reader.stream.close()
    }

    /// A connection, and whether it carries frames already.
    fn accept(&self, listener: &TcpListener) -> Result<(Box<dyn Duplex>, bool), Failure> {
        let mut poll = [PollFd::new(listener, PollFlags::IN)];
        let patience = Timespec {
            tv_sec: PATIENCE,
            tv_nsec: 0,
        };
        if rustix::event::poll(&mut poll, Some(&patience))? == 0 {
            return Err("no client connected".into());
        }
        let (stream, _): (TcpStream, _) = listener.accept()?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(TICK))?;
        Ok(match self.work.layer {
            Layer::Tls => (self.identity.accept(stream)?, false),
            Layer::Http2 { piece } if Http2::is_spoken(&stream)? => {
                (Box::new(Http2::accept(stream, piece)?), true)
            }
            _ => (Box::new(stream), false),
        })
    }

    /// Takes in the whole series.
    fn sink(&self, reader: &mut Reader<Patient>) -> Result<(), Failure> {
        let series = self.work.series;
        let mut check = Check::new(series, &[], self.thorough);
        let mut inflate = Decompress::new(false);
        let (mut message, mut plain) = (Vec::new(), Vec::with_capacity(series.size + 1));
        while !check.is_complete() {
            let Some(head) = reader.head()? else {
                return Err("the stream ended before the last message".into());
            };
            let (key, mut left) = (head.key.ok_or("a frame that is not masked")?, head.len);
            let deflated = self.work.layer == Layer::Deflate;
            if !deflated && head.len != series.size as u64 {
                return Err(format!("a message of {} bytes", head.len).into());
            }
            message.clear();
            while left > 0 {
                let at = head.len - left;
                let piece = reader.piece(&mut left)?;
                // What is not looked at need not be unmasked.
                let looked_at = if self.thorough || deflated {
                    piece.len()
                } else {
                    8
                };
                let end = piece.len().min(looked_at);
                wire::unmask(&mut piece[..end], key, at);
                if deflated {
                    message.extend_from_slice(piece);
                } else {
                    check.push(piece)?;
                }
            }
            if deflated {
                zlib::inflate_message(&mut inflate, &message, &mut plain)?;
                check.push(&plain)?;
            }
        }
        Ok(self.reports.send(Instant::now())?)
    }

    fn pour(&self, stream: &mut Patient) -> Result<(), Failure> {
        let header = wire::header(wire::TEXT, self.work.series.size, None);
        let mut blocks = Blocks::new(self.work.series, &header, &[]);
        while let Some(block) = blocks.next() {
            stream.write_all(block)?;
        }
        Ok(stream.flush()?)
    }

    /// The series as compressed frames.
    fn deflated(&self) -> Vec<u8> {
        let mut frames = Vec::new();
        for message in zlib::deflate_all(self.work.series) {
            frames.extend(wire::header(wire::RSV1 | wire::TEXT, message.len(), None));
            frames.extend(message);
        }
        frames
    }
}

/// Sends back every message until the server is released.
fn echo(reader: &mut Reader<Patient>) -> Result<(), Failure> {
    let mut out = Vec::with_capacity(2 * FULL);
    while let Some(head) = reader.head()? {
        if head.opcode == wire::CLOSE {
            break;
        }
        let len = usize::try_from(head.len)?;
        out.extend(wire::header(head.opcode, len, None));
        let mut left = head.len;
        while left > 0 {
            let at = head.len - left;
            let piece = reader.piece(&mut left)?;
            wire::unmask(piece, head.key.unwrap_or_default(), at);
            out.extend_from_slice(piece);
        }
        if reader.is_empty() || out.len() >= FULL {
            reader.stream.write_all(&out)?;
            reader.stream.flush()?;
            out.clear();
        }
    }
    reader.stream.close()
}

/// A stream whose end is also that the server is released.
struct Patient {
    stream: Box<dyn Duplex>,
    released: Arc<AtomicBool>,
}

impl Patient {
    /// Closes the connection and waits for the client to do the same.
    fn close(&mut self) -> Result<(), Failure> {
        let closed = self.stream.write_all(&wire::CLOSE_NORMAL);
        if closed.and_then(|()| self.stream.end()).is_err() {
            // It was faster.
            return Ok(());
        }
        let mut rest = [0; 4 << 10];
        for _ in 0..LAST_TICKS {
            match self.stream.read(&mut rest) {
                Ok(1..) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Ok(0) | Err(_) => return Ok(()),
            }
        }
        Err("the client did not end".into())
    }
}

impl Read for Patient {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.stream.read(buffer) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    if self.released.load(Ordering::Relaxed) {
                        return Ok(0);
                    }
                }
                result => return result,
            }
        }
    }
}

impl Write for Patient {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.stream.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}
