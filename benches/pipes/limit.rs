//! The `limit` client: what wsee does, without a rule checked, an event shown or a choice offered.
//!
//! Sizes are known beforehand, the header and its masking key are made once, blocking calls move as much as there
//! is. What it takes is what the kernel and the peer take.

use std::error::Error;
use std::fs::File;
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::sync::mpsc;

use crate::stream::{self, Duplex};
use crate::wire::{self, Reader};
use crate::work::Task;

/// The arguments of a limit client.
pub(crate) struct Options {
    pub(crate) task: Task,
    pub(crate) port: u16,
    /// The size of every record in bytes.
    pub(crate) size: usize,
    /// The certificate to trust, under TLS.
    pub(crate) certificate: Option<PathBuf>,
}

/// The first argument of a process that runs as a limit client.
pub(crate) const COMMAND: &str = "limit";
/// Any key: nothing here is hidden from proxies.
const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];
/// The most that is moved at a time, in bytes.
const BLOCK: usize = 256 << 10;
/// Pieces of at least this size are written without a copy, in bytes: a system call costs less than copying them.
const WRITTEN_DIRECTLY: usize = 16 << 10;

impl Options {
    const TASKS: [(&str, Task); 6] = [
        ("send-lines", Task::SendLines),
        ("send-binary", Task::SendBinary),
        ("receive", Task::Receive),
        ("echo", Task::Echo),
        ("round-trips", Task::RoundTrips),
        ("start", Task::Start),
    ];

    /// The command line that stands for these options.
    pub(crate) fn to_args(&self) -> Vec<String> {
        let task = Self::TASKS.iter().find(|(_, task)| *task == self.task);
        let certificate = self.certificate.as_deref().and_then(Path::to_str);
        [COMMAND, task.map_or("", |(name, _)| name)]
            .into_iter()
            .map(str::to_owned)
            .chain([self.port.to_string(), self.size.to_string()])
            .chain(certificate.map(str::to_owned))
            .collect()
    }

    fn parse(args: &[String]) -> Option<Self> {
        let [task, port, size, certificate @ ..] = args else {
            return None;
        };
        Some(Self {
            task: Self::TASKS.iter().find(|(name, _)| name == task)?.1,
            port: port.parse().ok()?,
            size: size.parse().ok()?,
            certificate: certificate.first().map(PathBuf::from),
        })
    }
}

/// Runs as the client that `args`, after [`COMMAND`], describe.
pub(crate) fn run(args: &[String]) -> Result<(), Box<dyn Error>> {
    let options = Options::parse(args).ok_or("limit TASK PORT SIZE [CERTIFICATE]")?;
    let tcp = TcpStream::connect(("127.0.0.1", options.port))?;
    tcp.set_nodelay(true)?;
    let second = tcp.try_clone()?;
    let mut reader = Reader::new(stream::connect(tcp, options.certificate.as_deref())?);
    reader.upgrade()?;
    let mut stdin = File::from(io::stdin().as_fd().try_clone_to_owned()?);
    let mut stdout = File::from(io::stdout().as_fd().try_clone_to_owned()?);
    let mut framer = Framer::new(&options);
    match options.task {
        Task::SendLines | Task::SendBinary => {
            framer.pump(&mut stdin, &mut reader.stream)?;
            receive(&mut reader, &mut stdout)?;
        }
        Task::Receive => receive(&mut reader, &mut stdout)?,
        Task::Echo => {
            let (receiving, received) = mpsc::channel::<()>();
            let sending = std::thread::spawn(move || {
                let pumped = framer.pump(&mut stdin, &mut { second });
                // The processor time of a thread that has ended is not seen.
                let _ = received.recv();
                pumped
            });
            receive(&mut reader, &mut stdout)?;
            drop(receiving);
            sending.join().map_err(|_| "sending panicked")??;
        }
        Task::RoundTrips | Task::Start => {
            while framer.step(&mut stdin, &mut reader.stream)? {
                let head = reader.head()?.ok_or("the server ended")?;
                answer(&mut reader, head.len, &mut stdout)?;
            }
        }
    }
    Ok(())
}

/// Cuts its input into records and makes a frame of each.
struct Framer {
    header: Vec<u8>,
    size: usize,
    /// The size with what separates records.
    stride: usize,
    at: usize,
    input: Vec<u8>,
    output: Vec<u8>,
}

impl Framer {
    fn new(options: &Options) -> Self {
        let (opcode, separator) = match options.task {
            Task::SendBinary => (wire::BINARY, 0),
            _ => (wire::TEXT, 1),
        };
        Self {
            header: wire::header(opcode, options.size, Some(KEY)),
            size: options.size,
            stride: options.size + separator,
            at: 0,
            input: vec![0; BLOCK],
            output: Vec::with_capacity(2 * BLOCK),
        }
    }

    /// Sends all of the input.
    fn pump(&mut self, input: &mut impl Read, stream: &mut impl Write) -> io::Result<()> {
        while self.step(input, stream)? {}
        Ok(())
    }

    /// Reads once and sends what came; `false` at the end.
    fn step(&mut self, input: &mut impl Read, stream: &mut impl Write) -> io::Result<bool> {
        let read = input.read(&mut self.input)?;
        let mut rest = 0..read;
        self.output.clear();
        while !rest.is_empty() {
            if self.at == 0 {
                self.output.extend_from_slice(&self.header);
            }
            let piece = rest.len().min(self.stride - self.at);
            let payload = piece.min(self.size.saturating_sub(self.at));
            let start = self.output.len();
            self.output
                .extend_from_slice(&self.input[rest.start..][..payload]);
            wire::unmask(&mut self.output[start..], KEY, self.at as u64);
            self.at = (self.at + piece) % self.stride;
            rest.start += piece;
        }
        stream.write_all(&self.output)?;
        stream.flush()?;
        Ok(read > 0)
    }
}

/// Prints every message as a line, until the server closes.
fn receive(reader: &mut Reader<Box<dyn Duplex>>, stdout: &mut File) -> io::Result<()> {
    let mut output = Vec::with_capacity(2 * BLOCK);
    while let Some(head) = reader.head()?.filter(|head| head.opcode != wire::CLOSE) {
        let mut left = head.len;
        while left > 0 {
            let piece = reader.piece(&mut left)?;
            if piece.len() >= WRITTEN_DIRECTLY {
                stdout.write_all(&output)?;
                output.clear();
                stdout.write_all(piece)?;
            } else {
                output.extend_from_slice(piece);
            }
        }
        output.push(b'\n');
        if reader.is_empty() || output.len() >= BLOCK {
            stdout.write_all(&output)?;
            output.clear();
        }
    }
    stdout.write_all(&output)?;
    reader.stream.end()
}

/// Prints one message as a line.
fn answer(reader: &mut Reader<Box<dyn Duplex>>, len: u64, stdout: &mut File) -> io::Result<()> {
    let (mut line, mut left) = (Vec::new(), len);
    while left > 0 {
        line.extend_from_slice(reader.piece(&mut left)?);
    }
    line.push(b'\n');
    stdout.write_all(&line)
}
