//! `wsee listen` as a server: echoes beside those of tungstenite, a broadcast, and idle connections.
//!
//! `cargo bench --bench serve` measures 1 000 000 echoes, a broadcast to 1 000 clients and 10 000 idle connections. It
//! fails when wsee echoes less than 0.8 times as fast as tungstenite's server, or when an idle connection costs more
//! than 10 KiB. `cargo test --bench serve` does the same with less, and fails only when something is lost.

use std::error::Error;
use std::fs;
use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, TcpListener as StdListener};
use std::process::{Child, Command, ExitCode, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use futures_util::{SinkExt, StreamExt};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

type Failure = Box<dyn Error + Send + Sync>;

/// How much is done; a bench does more than a test.
struct Size {
    echoes: u32,
    listeners: u32,
    idle: u32,
    is_judged: bool,
}

const BENCH: Size = Size {
    echoes: 1_000_000,
    listeners: 1_000,
    idle: 10_000,
    is_judged: true,
};
const TEST: Size = Size {
    echoes: 5_000,
    listeners: 50,
    idle: 200,
    is_judged: false,
};

/// Payload of a message, in bytes: a small event in JSON.
const PAYLOAD: u8 = 100;
/// A frame of the server: 2 bytes of header.
const ANSWER: usize = PAYLOAD as usize + 2;
/// Messages of the broadcast.
const BROADCAST: u32 = 100;
/// How many echoes may be on their way: less than any buffer between the two ends.
const WINDOW: u32 = 200;
/// The least that counts as fast, as a part of what tungstenite's server does.
const LEAST_RATIO: f64 = 0.8;
/// The most that an idle connection may cost, in KiB.
const MOST_IDLE: f64 = 10.0;
/// How long one part may take.
const PATIENCE: Duration = Duration::from_mins(2);

fn main() -> ExitCode {
    // `cargo bench` passes `--bench`, `cargo test` does not.
    let is_bench = std::env::args().any(|arg| arg == "--bench");
    match measure(if is_bench { &BENCH } else { &TEST }) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("serve: {error}");
            ExitCode::FAILURE
        }
    }
}

fn measure(size: &Size) -> Result<(), Failure> {
    raise_limit(u64::from(size.idle) + 200)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let within = |part| async move { tokio::time::timeout(PATIENCE, part).await? };
    let other = runtime.block_on(within(Box::pin(echoes(tungstenite()?, size.echoes))
        as std::pin::Pin<Box<dyn Future<Output = Result<f64, Failure>>>>))?;
    let server = Server::start(&[])?;
    let own = runtime.block_on(within(Box::pin(echoes(server.address, size.echoes))))?;
    drop(server);
    let server = Server::start(&["--broadcast"])?;
    let broadcast =
        runtime.block_on(within(Box::pin(broadcast(server.address, size.listeners))))?;
    drop(server);
    let server = Server::start(&[])?;
    let idle = runtime.block_on(within(Box::pin(idle(&server, size.idle))))?;
    let ratio = own / other;
    println!("| what | result |\n|---|--:|");
    println!("| echoes a second, wsee | {own:.0} |");
    println!("| echoes a second, tungstenite | {other:.0} |");
    println!("| ratio | {ratio:.2} |");
    println!(
        "| broadcast to {}, messages delivered a second | {broadcast:.0} |",
        size.listeners
    );
    println!("| an idle connection of {}, KiB | {idle:.1} |", size.idle);
    if size.is_judged && ratio < LEAST_RATIO {
        return Err(format!("the ratio is below {LEAST_RATIO}").into());
    }
    if size.is_judged && idle > MOST_IDLE {
        return Err(format!("an idle connection costs more than {MOST_IDLE} KiB").into());
    }
    Ok(())
}

/// Both ends have a descriptor for each connection.
fn raise_limit(wanted: u64) -> Result<(), Failure> {
    let limit = getrlimit(Resource::Nofile);
    if limit.current.is_none_or(|current| current >= wanted) {
        return Ok(());
    }
    let maximum = limit.maximum;
    let current = Some(maximum.map_or(wanted, |most| most.min(wanted)));
    Ok(setrlimit(Resource::Nofile, Rlimit { current, maximum })?)
}

/// `wsee listen`, ended when it is dropped.
struct Server {
    process: Child,
    address: SocketAddr,
}

impl Server {
    fn start(args: &[&str]) -> Result<Self, Failure> {
        let port = StdListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        let mut process = Command::new(env!("CARGO_BIN_EXE_wsee"))
            .args(["listen", &address.to_string(), "--no-compress"])
            .args(args)
            .stderr(Stdio::piped())
            .spawn()?;
        let stderr = process.stderr.take().ok_or("no stderr")?;
        let mut lines = BufReader::new(stderr).lines();
        let server = Self { process, address };
        lines.next().ok_or("it does not listen")??;
        // What it says of its clients is read, as it would be by a file.
        thread::spawn(move || lines.count());
        Ok(server)
    }

    fn resident(&self) -> Result<f64, Failure> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.process.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let number = line.and_then(|line| line.split_whitespace().next());
        Ok(number.ok_or("no VmRSS")?.parse()?)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// An echo server of tungstenite's, in a thread of its own.
fn tungstenite() -> Result<SocketAddr, Failure> {
    let listener = StdListener::bind("127.0.0.1:0")?;
    listener.set_nonblocking(true)?;
    let address = listener.local_addr()?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    thread::spawn(move || {
        runtime.block_on(async move {
            let listener = TcpListener::from_std(listener)?;
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            let socket = tokio_tungstenite::accept_async(stream).await?;
            let (mut sink, mut messages) = socket.split();
            while let Some(message) = messages.next().await {
                let message = message?;
                if message.is_binary() || message.is_text() {
                    sink.send(message).await?;
                }
            }
            Ok::<(), Failure>(())
        })
    });
    Ok(address)
}

async fn connect(address: SocketAddr) -> Result<TcpStream, Failure> {
    let mut stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let request = format!(
        "GET / HTTP/1.1\r\nHost: {address}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await?;
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await?);
    }
    if !head.starts_with(b"HTTP/1.1 101 ") {
        return Err(String::from_utf8_lossy(&head).into_owned().into());
    }
    Ok(stream)
}

/// A masked binary message; the key is 0, which leaves the payload as it is.
fn message() -> Vec<u8> {
    let mut frame = vec![0x82, 0x80 | PAYLOAD, 0, 0, 0, 0];
    frame.extend([b'x'; PAYLOAD as usize]);
    frame
}

/// Echoes a second, with a window of them on their way.
async fn echoes(address: SocketAddr, count: u32) -> Result<f64, Failure> {
    let mut stream = connect(address).await?;
    let burst = message().repeat(WINDOW as usize);
    let mut answers = vec![0; ANSWER * WINDOW as usize];
    let start = Instant::now();
    for _ in 0..count / WINDOW {
        stream.write_all(&burst).await?;
        stream.read_exact(&mut answers).await?;
        if answers[..2] != [0x82, PAYLOAD] {
            return Err("another message came back".into());
        }
    }
    Ok(f64::from(count) / start.elapsed().as_secs_f64())
}

/// Messages delivered a second, of one client to all others.
async fn broadcast(address: SocketAddr, listeners: u32) -> Result<f64, Failure> {
    let mut clients = Vec::new();
    for _ in 0..listeners {
        clients.push(connect(address).await?);
    }
    let mut sender = connect(address).await?;
    let start = Instant::now();
    let frame = message();
    let send = async {
        for _ in 0..BROADCAST {
            sender.write_all(&frame).await?;
        }
        Ok::<(), Failure>(())
    };
    let receive = async {
        let mut messages = vec![0; ANSWER * BROADCAST as usize];
        for client in &mut clients {
            client.read_exact(&mut messages).await?;
        }
        Ok::<(), Failure>(())
    };
    tokio::try_join!(send, receive)?;
    Ok(f64::from(listeners * BROADCAST) / start.elapsed().as_secs_f64())
}

/// What a connection costs that has been used once, in KiB.
async fn idle(server: &Server, count: u32) -> Result<f64, Failure> {
    // What the first clients make the server load is not theirs.
    let first = connect(server.address).await?;
    let before = server.resident()?;
    let mut clients = Vec::new();
    for _ in 0..count {
        clients.push(connect(server.address).await?);
    }
    let after = server.resident()?;
    drop(first);
    Ok((after - before) / f64::from(count))
}
