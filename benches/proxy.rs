//! `wsee proxy` beside a direct connection and a plain TCP relay: throughput, latency and idle connections.
//!
//! `cargo bench --bench proxy` fails when messages of 64 bytes pass less than 0.4 times, or messages of 1 MiB less
//! than 0.6 times as fast as on a direct connection, when a round trip takes more than 1.3 times what the relay adds,
//! or when an idle connection costs more than 20 KiB. Where two processors make even the relay too slow for that, 0.8
//! of the relay's rate is enough. `cargo test --bench proxy` does the same with less, and fails only when something is
//! lost.

use std::error::Error;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, ExitCode, Stdio};
use std::thread;
use std::time::{Duration, Instant};

type Failure = Box<dyn Error + Send + Sync>;

/// How much is done; a bench does more than a test.
struct Size {
    small: u32,
    large: u32,
    round_trips: usize,
    idle: u32,
    rounds: usize,
    is_judged: bool,
}

const BENCH: Size = Size {
    small: 6_000_000,
    large: 1_500,
    round_trips: 5_000,
    idle: 400,
    rounds: 5,
    is_judged: true,
};
const TEST: Size = Size {
    small: 20_000,
    large: 5,
    round_trips: 100,
    idle: 20,
    rounds: 1,
    is_judged: false,
};

const REQUEST: &str = "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
const RESPONSE: &str = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

fn main() -> ExitCode {
    // `cargo bench` passes `--bench`, `cargo test` does not.
    let is_bench = std::env::args().any(|arg| arg == "--bench");
    let done = match std::env::var(RELAY) {
        Ok(server) => relay(&server),
        Err(_) => measure(if is_bench { &BENCH } else { &TEST }),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("proxy: {error}");
            ExitCode::FAILURE
        }
    }
}

fn measure(size: &Size) -> Result<(), Failure> {
    let server = serve()?;
    let relay = Between::relay(server)?;
    let proxy = Between::proxy(server)?;
    println!("| what | direct | relay | proxy | ratio | target |\n|---|--:|--:|--:|--:|--:|");
    let mut missed = Vec::new();
    for (name, len, count, least) in [
        ("64 B messages, million a second", 64, size.small, 0.4),
        (
            "1 MiB messages, thousand a second",
            1 << 20,
            size.large,
            0.6,
        ),
    ] {
        let rate = |address| median(size.rounds, || throughput(address, len, count));
        let unit = if len == 64 { 1e6 } else { 1e3 };
        let [direct, relayed, passed] = [server, relay.address, proxy.address].map(rate);
        let (direct, relayed, passed) = (direct? / unit, relayed? / unit, passed? / unit);
        let ratio = passed / direct;
        let least = f64::min(least, 0.8 * relayed / direct);
        println!(
            "| {name} | {direct:.2} | {relayed:.2} | {passed:.2} | {ratio:.2} | ≥ {least:.2} |"
        );
        if ratio < least {
            missed.push(name);
        }
    }
    // The fastest of some, which take turns: whether both ends are on one processor makes several times as much.
    let mut trips = [f64::INFINITY; 3];
    for _ in 0..size.rounds * 3 {
        for (best, address) in trips.iter_mut().zip([server, relay.address, proxy.address]) {
            *best = best.min(round_trip(address, size.round_trips)?);
        }
    }
    let [direct, relayed, passed] = trips;
    let ratio = (passed - direct) / (relayed - direct);
    println!("| round trip, µs | {direct:.1} | {relayed:.1} | {passed:.1} | {ratio:.2} | ≤ 1.3 |");
    if ratio > 1.3 {
        missed.push("round trip");
    }
    let idle = idle(&proxy, size.idle)?;
    println!("| an idle connection, KiB | | | {idle:.1} | | ≤ 20 |");
    if idle > 20.0 {
        missed.push("idle connection");
    }
    if size.is_judged && !missed.is_empty() {
        return Err(format!("missed: {}", missed.join(", ")).into());
    }
    Ok(())
}

fn median(rounds: usize, run: impl Fn() -> Result<f64, Failure>) -> Result<f64, Failure> {
    let mut results = (0..rounds).map(|_| run()).collect::<Result<Vec<_>, _>>()?;
    results.sort_by(f64::total_cmp);
    Ok(results[rounds / 2])
}

/// Accepts connections until the bench ends; the first message of each says what to do: the number of messages to count
/// before one answer, or 0 to answer each.
fn serve() -> Result<SocketAddr, Failure> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            thread::Builder::new()
                .stack_size(64 << 10)
                .spawn(move || serve_one(stream))
                .expect("a thread");
        }
    });
    Ok(address)
}

fn serve_one(mut stream: TcpStream) -> Result<(), Failure> {
    stream.set_nodelay(true)?;
    head(&mut stream)?;
    stream.write_all(RESPONSE.as_bytes())?;
    let mut frames = Frames::new(stream.try_clone()?);
    let Some(order) = frames.next()? else {
        return Ok(());
    };
    let wanted = u64::from_be_bytes(order.try_into().map_err(|_| "a number")?);
    if wanted > 0 {
        for _ in 0..wanted {
            frames.next()?.ok_or("all messages")?;
        }
        stream.write_all(b"\x82\x00")?;
    } else {
        while let Some(payload) = frames.next()? {
            let mut frame = vec![0x82, u8::try_from(payload.len())?];
            frame.extend(payload);
            stream.write_all(&frame)?;
        }
    }
    Ok(())
}

/// The frames of a client, unmasked one by one.
struct Frames {
    stream: TcpStream,
    bytes: Vec<u8>,
    start: usize,
    end: usize,
}

impl Frames {
    fn new(stream: TcpStream) -> Self {
        let bytes = vec![0; 2 << 20];
        Self {
            stream,
            bytes,
            start: 0,
            end: 0,
        }
    }

    fn next(&mut self) -> Result<Option<Vec<u8>>, Failure> {
        let (size, len) = loop {
            if let Some((size, len)) = header(&self.bytes[self.start..self.end])
                && self.end - self.start >= size + len
            {
                break (size, len);
            }
            if self.start > 0 {
                self.bytes.copy_within(self.start..self.end, 0);
                (self.start, self.end) = (0, self.end - self.start);
            }
            match self.stream.read(&mut self.bytes[self.end..])? {
                0 => return Ok(None),
                n => self.end += n,
            }
        };
        let frame = &self.bytes[self.start..self.start + size + len];
        self.start += size + len;
        let mut payload = frame[size..].to_vec();
        apply(&mut payload, frame[size - 4..size].try_into()?);
        Ok(Some(payload))
    }
}

/// The size of a masked header, and of its payload.
fn header(bytes: &[u8]) -> Option<(usize, usize)> {
    match bytes.get(1)? & 0x7f {
        126 => Some((
            8,
            u16::from_be_bytes(*bytes.get(2..)?.first_chunk()?).into(),
        )),
        127 => {
            let len = u64::from_be_bytes(*bytes.get(2..)?.first_chunk()?);
            Some((14, usize::try_from(len).ok()?))
        }
        len => Some((6, len.into())),
    }
    .filter(|(size, _)| bytes.len() >= *size)
}

fn apply(payload: &mut [u8], key: [u8; 4]) {
    let (words, rest) = payload.as_chunks_mut::<4>();
    for word in words {
        *word = (u32::from_ne_bytes(*word) ^ u32::from_ne_bytes(key)).to_ne_bytes();
    }
    for (byte, mask) in rest.iter_mut().zip(key) {
        *byte ^= mask;
    }
}

/// Tells this program to be the relay, for this server.
const RELAY: &str = "WSEE_BENCH_RELAY";

/// A relay that looks at nothing, in a process of its own as the proxy is: threads of one process switch faster.
fn relay(server: &str) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let bound = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        println!("{}", bound.local_addr()?);
        loop {
            let (client, _) = bound.accept().await?;
            tokio::spawn(pass(client, server.to_owned()));
        }
    })
}

async fn pass(mut client: tokio::net::TcpStream, server: String) -> std::io::Result<()> {
    const BUFFER: usize = 128 << 10;
    client.set_nodelay(true)?;
    let mut upstream = tokio::net::TcpStream::connect(server).await?;
    upstream.set_nodelay(true)?;
    tokio::io::copy_bidirectional_with_sizes(&mut client, &mut upstream, BUFFER, BUFFER).await?;
    Ok(())
}

/// Another process between client and server, ended when it is dropped.
struct Between {
    process: Child,
    address: SocketAddr,
}

impl Between {
    fn relay(server: SocketAddr) -> Result<Self, Failure> {
        let mut process = Command::new(std::env::current_exe()?)
            .env(RELAY, server.to_string())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut line = String::new();
        let output = process.stdout.take().ok_or("a pipe")?;
        BufReader::new(output).read_line(&mut line)?;
        let address = line.trim().parse()?;
        Ok(Self { process, address })
    }

    fn proxy(server: SocketAddr) -> Result<Self, Failure> {
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        let upstream = format!("ws://{server}/");
        let process = Command::new(env!("CARGO_BIN_EXE_wsee"))
            .args(["proxy", &address.to_string(), &upstream, "-q"])
            .stdin(Stdio::null())
            .spawn()?;
        let proxy = Self { process, address };
        let end = Instant::now() + Duration::from_secs(10);
        while TcpStream::connect(address).is_err() {
            if Instant::now() > end {
                return Err("the proxy does not listen".into());
            }
            thread::sleep(Duration::from_millis(10));
        }
        Ok(proxy)
    }

    /// The memory of its own, in KiB.
    fn memory(&self) -> Result<f64, Failure> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.process.id()))?;
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("RssAnon:"));
        let number = line
            .and_then(|line| line.split_whitespace().next())
            .ok_or("no RssAnon")?;
        Ok(number.parse()?)
    }
}

impl Drop for Between {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn open(address: SocketAddr) -> Result<TcpStream, Failure> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    stream.write_all(REQUEST.as_bytes())?;
    let response = head(&mut stream)?;
    if response.starts_with("HTTP/1.1 101 ") {
        Ok(stream)
    } else {
        Err(response.into())
    }
}

fn head(stream: &mut TcpStream) -> Result<String, Failure> {
    let mut lines = BufReader::with_capacity(1, stream).lines();
    let mut head = String::new();
    while let Some(line) = lines.next().transpose()? {
        if line.is_empty() {
            return Ok(head);
        }
        head += &line;
        head.push('\n');
    }
    Err("the end instead of a head".into())
}

fn push_frame(out: &mut Vec<u8>, payload: &[u8], key: [u8; 4]) {
    out.push(0x82);
    match u16::try_from(payload.len()) {
        Ok(len @ 0..126) => out.push(0x80 | u8::try_from(len).unwrap_or_default()),
        Ok(len) => {
            out.push(0xfe);
            out.extend(len.to_be_bytes());
        }
        Err(_) => {
            out.push(0xff);
            out.extend((payload.len() as u64).to_be_bytes());
        }
    }
    out.extend(key);
    let start = out.len();
    out.extend_from_slice(payload);
    apply(&mut out[start..], key);
}

/// Messages a second of this size.
fn throughput(address: SocketAddr, len: usize, count: u32) -> Result<f64, Failure> {
    let mut stream = open(address)?;
    let mut out = Vec::with_capacity((len + 14) * 2 + (128 << 10));
    push_frame(&mut out, &u64::from(count).to_be_bytes(), [1, 2, 3, 4]);
    let payload = vec![7; len];
    let started = Instant::now();
    for number in 0..count {
        // Each frame has a key of its own, as RFC 6455 wants.
        let key = number.wrapping_mul(0x9e37_79b9).to_ne_bytes();
        push_frame(&mut out, &payload, key);
        if out.len() >= 128 << 10 {
            stream.write_all(&out)?;
            out.clear();
        }
    }
    stream.write_all(&out)?;
    let mut answer = [0; 2];
    stream.read_exact(&mut answer)?;
    Ok(f64::from(count) / started.elapsed().as_secs_f64())
}

/// The median of a round trip in microseconds.
fn round_trip(address: SocketAddr, count: usize) -> Result<f64, Failure> {
    let mut stream = open(address)?;
    let mut out = Vec::new();
    push_frame(&mut out, &0_u64.to_be_bytes(), [1, 2, 3, 4]);
    stream.write_all(&out)?;
    let mut times = Vec::with_capacity(count);
    let payload = [7; 64];
    let mut answer = [0; 66];
    for _ in 0..count {
        out.clear();
        push_frame(&mut out, &payload, [1, 2, 3, 4]);
        let started = Instant::now();
        stream.write_all(&out)?;
        stream.read_exact(&mut answer)?;
        times.push(started.elapsed());
    }
    if answer[2..] != payload {
        return Err("another answer".into());
    }
    times.sort();
    Ok(times[count / 2].as_secs_f64() * 1e6)
}

/// What an idle connection costs, in KiB.
fn idle(proxy: &Between, count: u32) -> Result<f64, Failure> {
    let mut all = Vec::new();
    let mut open_one = || -> Result<(), Failure> {
        let mut stream = open(proxy.address)?;
        let mut out = Vec::new();
        push_frame(&mut out, &0_u64.to_be_bytes(), [1, 2, 3, 4]);
        push_frame(&mut out, b"hello", [1, 2, 3, 4]);
        stream.write_all(&out)?;
        stream.read_exact(&mut [0; 7])?;
        all.push(stream);
        Ok(())
    };
    for _ in 0..10 {
        open_one()?;
    }
    let before = proxy.memory()?;
    for _ in 0..count {
        open_one()?;
    }
    Ok((proxy.memory()? - before) / f64::from(count))
}
