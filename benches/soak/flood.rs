//! A server that does not stop talking, and a client at a prompt: what it takes is what it may keep.

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use tokio_tungstenite::tungstenite::{self, Message, WebSocket};

use super::{Failure, PATIENCE, TICK, lock};

/// What the client may keep, in bytes: some 50,000 of the messages.
const KEEP: u64 = 16 << 20;
/// What the client may take besides it, in bytes: the blocks of its allocator, and the text of the screen.
const MAX_MORE: u64 = 8 << 20;
/// What a flood may write to the terminal, in bytes a second.
const MAX_RATE: u64 = 20_000;
/// The payload of a message, in bytes: that of a small event.
const PAYLOAD: u8 = 100;
/// Messages that are written at once.
const BLOCK: usize = 500;
/// How long a flood takes at least, in milliseconds: one of a second is a burst, which is shown.
const LASTS_MS: u64 = 5_000;
/// How long a flood may take.
const LONGEST: Duration = Duration::from_mins(10);

/// Half of the messages come to the prompt, and half of them while the full screen is open.
pub(super) fn soak(messages: u64) -> Result<(), Failure> {
    let blocks = messages.div_ceil(2 * BLOCK as u64);
    let half = blocks * BLOCK as u64;
    let server = Server::start(blocks)?;
    let mut client = Client::start(server.port)?;
    client.wait_for("/help lists the commands", 0)?;
    let idle = client.own()?;
    let closed = client.flood(&server, "go\r", "summed up")?;
    client.received(half)?;
    let start = client.press("/view\r")?;
    client.wait_for("\x1b[?1049h", start)?;
    let open = client.flood(&server, ":text go\r", "#")?;
    client.press("q")?;
    client.received(2 * half)?;
    let more = client.own()?.saturating_sub(idle);
    client.press("\x04")?;
    client.end()?;
    server.end()?;
    println!(
        "flood: {} messages, {} KiB more of {} kept; {closed} B/s to the prompt, {open} B/s to the full screen",
        2 * half,
        more >> 10,
        KEEP >> 10
    );
    if more > KEEP + MAX_MORE {
        return Err("the prompt takes more than it may keep".into());
    }
    if closed.max(open) > MAX_RATE {
        return Err("a flood fills the terminal".into());
    }
    Ok(())
}

/// Sends messages as fast as they are taken, each time that the client has said something.
struct Server {
    port: u16,
    /// All messages of a flood were sent.
    sent: Receiver<()>,
    thread: JoinHandle<Result<(), Failure>>,
}

impl Server {
    /// A server whose floods have this many blocks.
    fn start(blocks: u64) -> Result<Self, Failure> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let port = listener.local_addr()?.port();
        let (sender, sent) = mpsc::channel();
        let thread = thread::spawn(move || {
            let (stream, _) = listener.accept()?;
            let mut socket = tungstenite::accept(stream)?;
            loop {
                match socket.read()? {
                    Message::Text(_) => pour(&mut socket, blocks)?,
                    Message::Close(_) => {
                        // The client does not wait for the answer.
                        let _ = socket.flush();
                        return Ok(());
                    }
                    _ => continue,
                }
                sender.send(())?;
            }
        });
        Ok(Self { port, sent, thread })
    }

    fn end(self) -> Result<(), Failure> {
        self.thread.join().map_err(|_| "the server panicked")?
    }
}

fn pour(socket: &mut WebSocket<TcpStream>, blocks: u64) -> io::Result<()> {
    let mut frame = vec![0x81, PAYLOAD];
    frame.resize(2 + usize::from(PAYLOAD), b'x');
    let (block, started) = (frame.repeat(BLOCK), Instant::now());
    for number in 0..blocks {
        let due = LASTS_MS * number / blocks;
        thread::sleep(Duration::from_millis(due).saturating_sub(started.elapsed()));
        socket.get_mut().write_all(&block)?;
    }
    Ok(())
}

/// A wsee at a prompt.
struct Client {
    child: Box<dyn Child + Send + Sync>,
    keys: Box<dyn Write + Send>,
    /// All that it wrote to the terminal.
    written: Arc<Mutex<Vec<u8>>>,
    _terminal: Box<dyn MasterPty + Send>,
}

impl Drop for Client {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Client {
    fn start(port: u16) -> Result<Self, Failure> {
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_wsee"));
        command.arg(format!("ws://127.0.0.1:{port}/"));
        command.args(["--no-config", "--no-history", "--color", "never"]);
        command.args(["--keep", &format!("{}MiB", KEEP >> 20)]);
        // The server reads nothing while it sends.
        command.args(["--ping-interval", "1h"]);
        command.env("TERM", "xterm-256color");
        let pair = native_pty_system().openpty(PtySize {
            rows: 40,
            cols: 100,
            ..PtySize::default()
        })?;
        let child = pair.slave.spawn_command(command)?;
        let mut output = pair.master.try_clone_reader()?;
        let written = Arc::<Mutex<Vec<u8>>>::default();
        let collected = Arc::clone(&written);
        thread::spawn(move || {
            let mut block = [0; 4 << 10];
            while let Ok(n @ 1..) = output.read(&mut block) {
                lock(&collected).extend_from_slice(&block[..n]);
            }
        });
        Ok(Self {
            child,
            keys: pair.master.take_writer()?,
            written,
            _terminal: pair.master,
        })
    }

    /// Presses keys; returns how much was written before.
    fn press(&mut self, keys: &str) -> Result<usize, Failure> {
        let before = self.len();
        self.keys.write_all(keys.as_bytes())?;
        self.keys.flush()?;
        Ok(before)
    }

    fn len(&self) -> usize {
        lock(&self.written).len()
    }

    /// Waits until `text` is written after the first `start` bytes.
    fn wait_for(&self, text: &str, start: usize) -> Result<(), Failure> {
        let end = Instant::now() + PATIENCE;
        loop {
            let written = String::from_utf8_lossy(&lock(&self.written)[start..]).into_owned();
            if written.contains(text) {
                return Ok(());
            }
            if Instant::now() > end {
                let tail = written.chars().rev().take(500).collect::<Vec<_>>();
                let tail: String = tail.into_iter().rev().collect();
                return Err(format!("{text:?} never came; written: {tail:?}").into());
            }
            thread::sleep(TICK);
        }
    }

    /// Has the server flood the client; returns what that writes after `sign`, in bytes a second.
    fn flood(&mut self, server: &Server, keys: &str, sign: &str) -> Result<u64, Failure> {
        let start = self.press(keys)?;
        self.wait_for(sign, start)?;
        let (before, started) = (self.len(), Instant::now());
        server.sent.recv_timeout(LONGEST)?;
        let millis = u64::try_from(started.elapsed().as_millis())?;
        Ok((self.len() - before) as u64 * 1000 / millis.max(1))
    }

    /// Claims that it has received this many messages.
    fn received(&mut self, messages: u64) -> Result<(), Failure> {
        let end = Instant::now() + PATIENCE;
        loop {
            let start = self.press("/status\r")?;
            self.wait_for("  round trip ", start)?;
            let text = String::from_utf8_lossy(&lock(&self.written)[start..]).into_owned();
            if text.contains(&format!(" {messages} messages, ")) {
                return Ok(());
            }
            if Instant::now() > end {
                return Err(format!("{messages} messages never came; {text}").into());
            }
        }
    }

    /// The most memory that it took for itself so far, in bytes.
    fn own(&self) -> Result<u64, Failure> {
        let id = self.child.process_id().ok_or("no process")?;
        let status = std::fs::read_to_string(format!("/proc/{id}/status"))?;
        let field = |name| {
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            line.and_then(|line: &str| line.trim().strip_suffix(" kB")?.parse::<u64>().ok())
        };
        let most = field("VmHWM:").ok_or("no VmHWM")?;
        Ok(most.saturating_sub(field("RssFile:").unwrap_or(0)) << 10)
    }

    fn end(mut self) -> Result<(), Failure> {
        let status = self.child.wait()?;
        if status.success() {
            Ok(())
        } else {
            Err(format!("the client ended with {status}").into())
        }
    }
}
