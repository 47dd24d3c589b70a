//! The clients that are compared, each through the command line one would type for a pipe.

use std::env;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::limit;
use crate::work::{Layer, Task, Work};

/// A program that can be a pipe between standard streams and a WebSocket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Client {
    Limit,
    /// zlib-rs alone, the limit of compressed work; no process.
    Zlib,
    Wsee,
    /// wsee over HTTP/1.1, beside wsee over HTTP/2.
    Http1,
    Websocat,
    Wscat,
    Curl,
    Websockets,
}

impl Client {
    pub(crate) const PEERS: [Self; 4] = [Self::Websocat, Self::Wscat, Self::Curl, Self::Websockets];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Limit => "limit",
            Self::Zlib => "zlib-rs",
            Self::Wsee => "wsee",
            Self::Http1 => "HTTP/1.1",
            Self::Websocat => "websocat",
            Self::Wscat => "wscat",
            Self::Curl => "curl",
            Self::Websockets => "websockets",
        }
    }

    /// Whether it is installed, and knows WebSocket.
    pub(crate) fn is_found(self) -> bool {
        let found = env::var_os("PATH").is_some_and(|path| {
            env::split_paths(&path).any(|folder| folder.join(self.name()).is_file())
        });
        found && (self != Self::Curl || curl_knows_websocket())
    }

    /// Whether it can do `work` as a pipe.
    pub(crate) fn can(self, work: &Work) -> bool {
        let plain = work.layer == Layer::Plain;
        match self {
            Self::Limit => matches!(work.layer, Layer::Plain | Layer::Tls),
            Self::Zlib => work.layer == Layer::Deflate,
            Self::Wsee => true,
            Self::Http1 => matches!(work.layer, Layer::Http2 { .. }),
            // It has text or binary by the line, not by size.
            Self::Websocat | Self::Wscat => plain && work.task != Task::SendBinary,
            Self::Curl => plain && work.task == Task::Receive,
            // It is for people: what it receives is decorated, so only sending can be checked.
            Self::Websockets => plain && work.task == Task::SendLines,
        }
    }

    /// What it writes after a message.
    pub(crate) fn terminator(self) -> &'static [u8] {
        if self == Self::Curl { b"" } else { b"\n" }
    }

    /// Its command line for `work` against the server on `port`.
    pub(crate) fn command(self, work: &Work, port: u16, certificate: &Path) -> io::Result<Command> {
        let secure = work.layer == Layer::Tls;
        let scheme = if secure { "wss" } else { "ws" };
        let host = if secure { "localhost" } else { "127.0.0.1" };
        let url = format!("{scheme}://{host}:{port}/");
        let mut command = Command::new(match self {
            Self::Limit | Self::Zlib => env::current_exe()?,
            // Another one, such as a static one, is compared with `WSEE_BIN`.
            Self::Wsee | Self::Http1 => env::var_os("WSEE_BIN")
                .unwrap_or_else(|| env!("CARGO_BIN_EXE_wsee").into())
                .into(),
            _ => PathBuf::from(self.name()),
        });
        match self {
            Self::Limit | Self::Zlib => command.args(
                limit::Options {
                    task: work.task,
                    port,
                    size: work.series.size,
                    certificate: secure.then(|| certificate.to_owned()),
                }
                .to_args(),
            ),
            Self::Wsee | Self::Http1 => {
                if self == Self::Wsee && matches!(work.layer, Layer::Http2 { .. }) {
                    command.arg("--http2-prior-knowledge");
                }
                wsee(&mut command, work, certificate).arg(url)
            }
            Self::Websocat => command.args(["-n", "-B", "2000000"]).arg(url),
            Self::Wscat => command.args(["--no-color", "-c"]).arg(url),
            Self::Curl => command.args(["-s", "-N"]).arg(url),
            Self::Websockets => command.arg(url),
        };
        Ok(command)
    }
}

fn wsee<'a>(command: &'a mut Command, work: &Work, certificate: &Path) -> &'a mut Command {
    if work.layer == Layer::Tls {
        command.arg("--cacert").arg(certificate);
    }
    if work.task == Task::SendBinary {
        let size = work.series.size.to_string();
        command.args(["--binary", "--split", &size]);
    }
    command
}

fn curl_knows_websocket() -> bool {
    let version = Command::new("curl").arg("--version").output();
    version.is_ok_and(|version| {
        let text = String::from_utf8_lossy(&version.stdout).into_owned();
        text.split_whitespace().any(|word| word == "ws")
    })
}

/// A client that runs; it ends with this value, and after [`PATIENCE`] at the latest.
pub(crate) struct Process {
    pub(crate) child: Child,
    /// Dropped to call the watchdog off.
    _alive: mpsc::Sender<()>,
}

/// How long a client may take for anything.
const PATIENCE: Duration = Duration::from_secs(40);
/// How long it may take to end when there is nothing left to do.
const END_PATIENCE: Duration = Duration::from_secs(5);

/// What a process used until it was looked at.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Usage {
    /// Processor time.
    pub(crate) cpu: Duration,
    pub(crate) memory: Memory,
}

/// Peaks, in bytes; 0 where nothing was measured.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Memory {
    /// What the process took for itself (`RssAnon`): heap, stacks, what it wrote to its data.
    pub(crate) own: u64,
    /// With the pages of the binary and its libraries, which are shared and can be dropped at any time.
    pub(crate) resident: u64,
}

impl Memory {
    /// Reads `/proc/PID/status`, which knows the peak of everything, but only the present size of each part.
    fn parse(status: &str) -> Self {
        let field = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
            kib.unwrap_or(0) << 10
        };
        let resident = field("VmHWM:");
        // Files stay mapped: what they take now is about what they took at the peak.
        let own = resident.saturating_sub(field("RssFile:") + field("RssShmem:"));
        Self {
            own: own.max(field("RssAnon:")),
            resident,
        }
    }

    pub(crate) fn max(self, other: Self) -> Self {
        Self {
            own: self.own.max(other.own),
            resident: self.resident.max(other.resident),
        }
    }
}

impl Process {
    pub(crate) fn spawn(mut command: Command) -> io::Result<Self> {
        let child = command.spawn()?;
        let pid = Pid::from_child(&child);
        let (alive, dead) = mpsc::channel();
        std::thread::spawn(move || {
            if dead.recv_timeout(PATIENCE) == Err(mpsc::RecvTimeoutError::Timeout) {
                // It may be gone by now.
                let _ = kill_process(pid, Signal::KILL);
            }
        });
        Ok(Self {
            child,
            _alive: alive,
        })
    }

    /// What it has used so far.
    pub(crate) fn usage(&self) -> io::Result<Usage> {
        let folder = PathBuf::from(format!("/proc/{}", self.child.id()));
        let status = fs::read_to_string(folder.join("status"))?;
        let mut nanoseconds = 0;
        for thread in fs::read_dir(folder.join("task"))? {
            let times = fs::read_to_string(thread?.path().join("schedstat"))?;
            let first = times.split_whitespace().next();
            nanoseconds += first.and_then(|first| first.parse().ok()).unwrap_or(0);
        }
        Ok(Usage {
            cpu: Duration::from_nanos(nanoseconds),
            memory: Memory::parse(&status),
        })
    }

    /// Waits for it to end by itself; `None` when it does not.
    pub(crate) fn end(&mut self) -> io::Result<Option<ExitStatus>> {
        drop(self.child.stdin.take());
        let deadline = Instant::now() + END_PATIENCE;
        while Instant::now() < deadline {
            if let Some(status) = self.child.try_wait()? {
                return Ok(Some(status));
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        Ok(None)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It has ended already, unless something went wrong.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
