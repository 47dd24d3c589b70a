//! A long run of `wsee listen` and a client, to see that neither grows.
//!
//! `cargo bench --bench soak -- 30` runs for 30 minutes over TLS with compression, at 1 000 messages a second each
//! way. Each minute ends with the connection cut, and the client makes it anew. It fails when a message is lost,
//! changed or out of order, when one of the two grows by 1 MiB or more, or when it gains more than one
//! descriptor. `cargo test --bench soak` does the same with seconds for minutes.
//!
//! Then clients connect again and again to a `wsee listen --flap`: 20 of them for ten seconds, or as many and for as
//! many minutes as said: `cargo bench --bench soak -- flap 200 10` does nothing else.
//!
//! Last, a server floods a client at a prompt, which may take no more memory than `--keep` says, and write less than
//! 20 KB a second to the terminal: 100,000 messages, or as many as said: `cargo bench --bench soak -- flood 10000000`.

mod flap;
mod flood;

use std::error::Error;
use std::io::{self, BufRead, BufReader, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitCode, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// Messages per second.
const RATE: u64 = 1000;
/// How often messages are sent; those that are due go out in one go.
const TICK: Duration = Duration::from_millis(10);
/// How long an answer may take: the client waits up to a second before it connects again.
const PATIENCE: Duration = Duration::from_secs(20);
/// The rounds before the one that others are compared with: the first is before any cut.
const WARM_UP: usize = 2;
/// How much more than in the round after the warm-up may be resident, in KiB.
const MAX_DRIFT: u64 = 1024;
/// How many more descriptors than then: stdout is registered once, when it first has to wait for its reader. A leak
/// of one per connection is above it after two more rounds.
const MAX_NEW_DESCRIPTORS: usize = 1;

/// Clients of the server that comes and goes, and for how long.
const CLIENTS: u64 = 20;
const FLAPPING: Duration = Duration::from_secs(10);
/// Messages that flood a prompt.
const FLOOD: u64 = 100_000;

type Failure = Box<dyn Error + Send + Sync>;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    // `cargo bench` passes `--bench`, `cargo test` does not.
    let (round, unit) = if args.iter().any(|arg| arg == "--bench") {
        (Duration::from_mins(1), "minute")
    } else {
        (Duration::from_secs(1), "second")
    };
    let numbers: Vec<u64> = args.iter().filter_map(|arg| arg.parse().ok()).collect();
    let number = |at: usize, usual| numbers.get(at).copied().unwrap_or(usual);
    let is_only = |part: &str| args.iter().any(|arg| arg == part);
    if is_only("flap") {
        let time = Duration::from_secs(number(1, 10) * 60);
        return report(flap::soak(number(0, 200), time));
    }
    if is_only("flood") {
        return report(flood::soak(number(0, 10_000_000)));
    }
    let result = soak(number(0, 5), round, unit)
        .and_then(|()| flap::soak(CLIENTS, FLAPPING))
        .and_then(|()| flood::soak(FLOOD));
    report(result)
}

fn report(result: Result<(), Failure>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("soak: {error}");
            ExitCode::FAILURE
        }
    }
}

fn soak(rounds: u64, round: Duration, unit: &str) -> Result<(), Failure> {
    let (server, port) = listen(&["--tls"])?;
    let relay = Relay::start(port)?;
    let mut client = Client::start(relay.port)?;
    println!("| {unit} | messages | listen, KiB | descriptors | client, KiB | descriptors |");
    println!("|--:|--:|--:|--:|--:|--:|");
    let mut samples = Vec::new();
    for number in 1..=rounds {
        client.converse(round)?;
        // Everything has come back: nothing is lost by the cut.
        let sample = [Usage::of(&server.0)?, Usage::of(&client.process.0)?];
        let [listen, own] = &sample;
        println!(
            "| {number} | {} | {} | {} | {} | {} |",
            client.received(),
            listen.resident,
            listen.descriptors,
            own.resident,
            own.descriptors
        );
        samples.push(sample);
        if number < rounds {
            relay.cut();
        }
    }
    client.end()?;
    judge(&samples)
}

/// Compares the rounds after the warm-up.
fn judge(samples: &[[Usage; 2]]) -> Result<(), Failure> {
    let Some((first, rest)) = samples.get(WARM_UP..).and_then(<[_]>::split_first) else {
        return Err(format!("{} rounds are the least", WARM_UP + 1).into());
    };
    for (index, name) in ["listen", "client"].into_iter().enumerate() {
        let most = rest.iter().map(|sample| sample[index].resident).max();
        let drift = most.unwrap_or(0).saturating_sub(first[index].resident);
        println!("{name} grew by {drift} KiB at most");
        if drift >= MAX_DRIFT {
            return Err(format!("{name} grows").into());
        }
        let most = first[index].descriptors + MAX_NEW_DESCRIPTORS;
        if rest.iter().any(|sample| sample[index].descriptors > most) {
            return Err(format!("{name} loses descriptors").into());
        }
    }
    Ok(())
}

/// A wsee, killed when dropped.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn wsee(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wsee"));
    command.args(args);
    command
}

/// Starts the server with these flags; its port.
fn listen(flags: &[&str]) -> Result<(Process, u16), Failure> {
    let mut command = wsee(&[&["listen", "127.0.0.1:0"], flags].concat());
    let mut process = Process(
        command
            .stdin(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()?,
    );
    let mut log = BufReader::new(process.0.stderr.take().ok_or("no stderr")?);
    let mut line = String::new();
    log.read_line(&mut line)?;
    let port = line.split("://127.0.0.1:").nth(1);
    let port = port.and_then(|rest| rest.split('/').next()?.parse().ok());
    // It shows every message: that is part of what it does.
    thread::spawn(move || io::copy(&mut log, &mut io::sink()));
    Ok((process, port.ok_or_else(|| format!("no port in {line:?}"))?))
}

/// What a process holds.
struct Usage {
    /// In KiB.
    resident: u64,
    descriptors: usize,
}

impl Usage {
    fn of(process: &Child) -> Result<Self, Failure> {
        let folder = format!("/proc/{}", process.id());
        let status = std::fs::read_to_string(format!("{folder}/status"))?;
        let resident = status.lines().find_map(|line| {
            let size = line.strip_prefix("VmRSS:")?.trim();
            size.strip_suffix(" kB")?.parse().ok()
        });
        Ok(Self {
            resident: resident.ok_or("no VmRSS")?,
            descriptors: std::fs::read_dir(format!("{folder}/fd"))?.count(),
        })
    }
}

/// Passes bytes on to the server until the connection is cut.
struct Relay {
    port: u16,
    streams: Arc<Mutex<Vec<TcpStream>>>,
}

impl Relay {
    fn start(server: u16) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let port = listener.local_addr()?.port();
        let streams = Arc::default();
        let open = Arc::clone(&streams);
        thread::spawn(move || {
            for client in listener.incoming() {
                pass_on(client?, TcpStream::connect(("127.0.0.1", server))?, &open)?;
            }
            io::Result::Ok(())
        });
        Ok(Self { port, streams })
    }

    fn cut(&self) {
        for stream in lock(&self.streams).drain(..) {
            // It may have ended already.
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}

fn pass_on(a: TcpStream, b: TcpStream, open: &Mutex<Vec<TcpStream>>) -> io::Result<()> {
    for stream in [&a, &b] {
        stream.set_nodelay(true)?;
        lock(open).push(stream.try_clone()?);
    }
    for (mut from, mut to) in [(a.try_clone()?, b.try_clone()?), (b, a)] {
        thread::spawn(move || {
            let copied = io::copy(&mut from, &mut to);
            let _ = to.shutdown(Shutdown::Write);
            copied
        });
    }
    Ok(())
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A wsee in a pipe, and what was given to it.
struct Client {
    process: Process,
    input: ChildStdin,
    sent: u64,
    received: Arc<AtomicU64>,
    reader: JoinHandle<Result<(), Failure>>,
}

impl Client {
    fn start(port: u16) -> Result<Self, Failure> {
        let url = format!("wss://127.0.0.1:{port}/");
        let mut command = wsee(&[&url, "--no-config", "--insecure", "--reconnect", "--quiet"]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = Process(command.spawn()?);
        let output = process.0.stdout.take().ok_or("no stdout")?;
        let received = Arc::<AtomicU64>::default();
        let counter = Arc::clone(&received);
        Ok(Self {
            input: process.0.stdin.take().ok_or("no stdin")?,
            process,
            sent: 0,
            received,
            reader: thread::spawn(move || check(output, &counter)),
        })
    }

    /// Sends what is due for all of `time`, and waits until it has come back.
    fn converse(&mut self, time: Duration) -> Result<(), Failure> {
        let (started, before) = (Instant::now(), self.sent);
        let mut elapsed = Duration::ZERO;
        while elapsed < time {
            thread::sleep(TICK);
            elapsed = started.elapsed().min(time);
            while self.sent < before + due(elapsed) {
                self.input.write_all(message(self.sent).as_bytes())?;
                self.sent += 1;
            }
        }
        let end = Instant::now() + PATIENCE;
        while self.received() < self.sent {
            if self.reader.is_finished() || Instant::now() > end {
                return Err(format!("{} of {} came back", self.received(), self.sent).into());
            }
            thread::sleep(TICK);
        }
        Ok(())
    }

    fn received(&self) -> u64 {
        self.received.load(Ordering::Acquire)
    }

    /// Ends its input, and waits for its end.
    fn end(mut self) -> Result<(), Failure> {
        drop(self.input);
        self.reader.join().map_err(|_| "reading panicked")??;
        let status = self.process.0.wait()?;
        if status.success() {
            Ok(())
        } else {
            Err(format!("the client ended with {status}").into())
        }
    }
}

/// How many messages are due after `elapsed`.
fn due(elapsed: Duration) -> u64 {
    let millis = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
    millis.saturating_mul(RATE) / 1000
}

/// The message with a number, as a line: mostly small, now and then 64 KiB.
fn message(number: u64) -> String {
    let is_large = number.is_multiple_of(RATE);
    let words = if is_large { 10_000 } else { number % 30 };
    let padding: String = (0..words).map(|_| "soaked ").collect();
    format!("{number} {padding}\n")
}

/// Reads messages to the end, and counts them.
fn check(output: ChildStdout, count: &AtomicU64) -> Result<(), Failure> {
    let mut output = BufReader::new(output);
    let mut line = String::new();
    while output.read_line(&mut line)? > 0 {
        let number = count.load(Ordering::Acquire);
        if line != message(number) {
            return Err(format!("after {number} messages came {line:.40?}").into());
        }
        count.store(number + 1, Ordering::Release);
        line.clear();
    }
    Ok(())
}
