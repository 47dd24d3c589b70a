//! A server whose faults are chosen, for any number of connections.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rustls::{ServerConfig, ServerConnection, StreamOwned};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use crate::support::DEADLINE;

/// How often a connection is looked at.
const TICK: Duration = Duration::from_millis(20);

/// How a server behaves.
#[derive(Clone, Copy)]
pub struct Manners {
    /// The status of the answer to a request; 0 ends the connection without one.
    pub answer: fn(&Request<'_>) -> u16,
    /// Lines of the head of every answer, each with its line break.
    pub fields: &'static str,
    /// The body of refusals.
    pub body: &'static str,
    pub pongs: bool,
    /// What it needs before its first answer to a ping, …
    pub wakes: Duration,
    /// … and sends before each.
    pub chatter: &'static [u8],
    /// Answers a Close.
    pub closes: bool,
    /// Ends TCP after a Close.
    pub ends: bool,
    /// Sends this as soon as the connection is open.
    pub greeting: &'static [u8],
    /// Sends this, if it is not empty, and ends a connection that is that old.
    pub cut: Option<(Duration, &'static [u8])>,
    /// Sends this, and ends a connection with a message that has more bytes on the wire.
    pub longest: Option<(u64, &'static [u8])>,
    /// What it needs for each frame of data.
    pub pause: Duration,
}

/// A server without faults: it lets in who asks for an upgrade.
pub const FINE: Manners = Manners {
    answer: |request| if request.is_upgrade() { 101 } else { 400 },
    fields: "",
    body: "",
    pongs: true,
    wakes: Duration::ZERO,
    chatter: b"",
    closes: true,
    ends: true,
    greeting: b"",
    cut: None,
    longest: None,
    pause: Duration::ZERO,
};

/// The head of a request.
pub struct Request<'a>(&'a str);

impl Request<'_> {
    pub fn field(&self, name: &str) -> Option<&str> {
        let mut lines = self.0.lines();
        lines.find_map(|line| {
            let (other, value) = line.split_once(':')?;
            other.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn is_upgrade(&self) -> bool {
        self.field("Upgrade").is_some()
    }

    pub fn origin(&self) -> &str {
        self.field("Origin").unwrap_or_default()
    }

    /// Whether the request has the cookie of a user.
    pub fn has_cookie(&self) -> bool {
        self.field("Cookie")
            .is_some_and(|it| it.contains("sid=s3cret"))
    }

    /// Whether its first line contains `text`.
    pub fn asks_for(&self, text: &str) -> bool {
        self.0
            .lines()
            .next()
            .is_some_and(|line| line.contains(text))
    }
}

/// A running server; it ends with the test.
pub struct Site {
    address: SocketAddr,
    stop: Arc<AtomicBool>,
}

impl Site {
    pub fn start(manners: Manners) -> Self {
        Self::accept(move |stream| serve(stream, manners))
    }

    /// With manners of their own for each connection, the first of which is 0.
    pub fn each(manners: fn(usize) -> Manners) -> Self {
        let count = AtomicUsize::new(0);
        Self::accept(move |stream| serve(stream, manners(count.fetch_add(1, Ordering::SeqCst))))
    }

    /// The same over TLS; `plain` says whether it also speaks without, `old` which old versions it takes (1 or 2 for
    /// TLS 1.0 and 1.1).
    pub fn start_tls(
        manners: Manners,
        config: ServerConfig,
        plain: bool,
        old: &'static [u8],
    ) -> Self {
        let config = Arc::new(config);
        Self::accept(move |mut stream| {
            let mut start = [0; 11];
            let _ = stream.peek(&mut start);
            if start[0] != 22 {
                if plain {
                    serve(stream, manners);
                }
                return;
            }
            if start[10] != 3 {
                // A ServerHello of that version, or the alert protocol_version.
                let minor = start[10];
                let hello = [22, 3, minor, 0, 6, 2, 0, 0, 2, 3, minor];
                let alert = [21, 3, minor, 0, 2, 2, 70];
                let answer = if old.contains(&minor) {
                    &hello[..]
                } else {
                    &alert
                };
                let _ = stream.write_all(answer);
                return;
            }
            let connection = ServerConnection::new(Arc::clone(&config)).expect("a configuration");
            serve(StreamOwned::new(connection, stream), manners);
        })
    }

    /// Lets `serve` serve each connection in a thread.
    pub fn accept(serve: impl Fn(TcpStream) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address");
        let stop = Arc::new(AtomicBool::new(false));
        let (stopped, serve) = (Arc::clone(&stop), Arc::new(serve));
        thread::spawn(move || {
            for stream in listener.incoming() {
                if stopped.load(Ordering::SeqCst) {
                    return;
                }
                let Ok(stream) = stream else { continue };
                stream.set_read_timeout(Some(DEADLINE)).expect("a socket");
                let serve = Arc::clone(&serve);
                thread::spawn(move || serve(stream));
            }
        });
        Self { address, stop }
    }

    pub fn port(&self) -> u16 {
        self.address.port()
    }

    pub fn url(&self) -> String {
        format!("ws://{}/", self.address)
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        // Wakes the thread that accepts.
        let _ = TcpStream::connect(self.address);
    }
}

/// A stream whose socket can be reached.
trait Connection: Read + Write {
    fn socket(&self) -> &TcpStream;
}

impl Connection for TcpStream {
    fn socket(&self) -> &TcpStream {
        self
    }
}

impl Connection for StreamOwned<ServerConnection, TcpStream> {
    fn socket(&self) -> &TcpStream {
        &self.sock
    }
}

fn serve(mut stream: impl Connection, manners: Manners) {
    let mut first = [0];
    // A connection that is made and left, and nothing asked.
    if !matches!(stream.socket().peek(&mut first), Ok(1)) {
        return;
    }
    let Some(head) = read_request(&mut stream) else {
        return;
    };
    let request = Request(&head);
    let status = (manners.answer)(&request);
    if status == 0 {
        return;
    }
    let key = request.field("Sec-WebSocket-Key").unwrap_or_default();
    let rest = if status == 101 {
        let accept = derive_accept_key(key.as_bytes());
        format!(
            "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n\r\n"
        )
    } else {
        let (length, body) = (manners.body.len(), manners.body);
        format!("Content-Length: {length}\r\n\r\n{body}")
    };
    let answer = format!("HTTP/1.1 {status} Answer\r\n{}{rest}", manners.fields);
    if stream.write_all(answer.as_bytes()).is_ok() && status == 101 {
        converse(&mut stream, manners);
    }
}

/// The head of a request, after which a client waits; `None` if it does not end.
fn read_request(stream: &mut impl Read) -> Option<String> {
    let (mut head, mut block) = (Vec::new(), vec![0; 64 << 10]);
    while !head.ends_with(b"\r\n\r\n") {
        let n = stream.read(&mut block).ok().filter(|n| *n > 0)?;
        head.extend_from_slice(&block[..n]);
    }
    String::from_utf8(head).ok()
}

/// Serves a connection as a server without faults does.
pub fn serve_fine(stream: TcpStream) {
    serve(stream, FINE);
}

/// Reads frames, and answers those that it has manners for.
fn converse(stream: &mut impl Connection, manners: Manners) {
    let began = Instant::now();
    let (mut input, mut block) = (Vec::new(), vec![0; 64 << 10]);
    let mut length = 0;
    let mut wakes = manners.wakes;
    let timeout = stream.socket().set_read_timeout(Some(TICK));
    timeout.expect("a socket");
    let _ = stream.write_all(manners.greeting);
    loop {
        if let Some((longest, last)) = manners.longest
            && announced(&input).is_some_and(|more| length + more > longest)
        {
            let _ = stream.write_all(last);
            end(stream.socket());
            return;
        }
        while let Some((first, payload)) = take_frame(&mut input) {
            let opcode = first & 0x0f;
            if opcode < 8 {
                length = if first & 0x80 == 0 {
                    length + payload.len() as u64
                } else {
                    0
                };
                if !manners.pause.is_zero() {
                    thread::sleep(manners.pause);
                }
            }
            let answer = match opcode {
                8 if manners.closes => 0x88,
                9 if manners.pongs && payload.len() <= 125 => 0x8a,
                _ => 0,
            };
            if answer == 0x8a {
                thread::sleep(std::mem::take(&mut wakes));
            }
            if answer != 0 {
                let before = if answer == 0x8a { manners.chatter } else { b"" };
                let length = u8::try_from(payload.len()).expect("a control frame");
                let _ = stream.write_all(&[before, &[answer, length], &payload].concat());
            }
            if opcode == 8 && manners.ends {
                return;
            }
        }
        if let Some((age, last)) = manners.cut
            && began.elapsed() >= age
        {
            let _ = stream.write_all(last);
            return;
        }
        match stream.read(&mut block) {
            Ok(0) => return,
            Ok(n) => input.extend_from_slice(&block[..n]),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
            Err(_) => return,
        }
    }
}

/// Ends a connection so that what was sent arrives, whatever the client still sends.
fn end(mut socket: &TcpStream) {
    let _ = socket.shutdown(Shutdown::Write);
    let began = Instant::now();
    let mut block = [0; 4096];
    while began.elapsed() < DEADLINE {
        match socket.read(&mut block) {
            Ok(0) => return,
            Err(error) if !matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                return;
            }
            _ => {}
        }
    }
}

/// The length in the header of a frame of data.
fn announced(input: &[u8]) -> Option<u64> {
    let (first, second) = (*input.first()?, *input.get(1)?);
    let length = match second & 0x7f {
        126 => u16::from_be_bytes(*input.get(2..)?.first_chunk()?).into(),
        127 => u64::from_be_bytes(*input.get(2..)?.first_chunk()?),
        length => length.into(),
    };
    (first & 0x08 == 0).then_some(length)
}

/// The first byte and the payload of a whole frame, of whatever kind.
fn take_frame(input: &mut Vec<u8>) -> Option<(u8, Vec<u8>)> {
    let (start, second) = (*input.first()?, *input.get(1)?);
    let (length, mut at) = match second & 0x7f {
        126 => (
            usize::from(u16::from_be_bytes([*input.get(2)?, *input.get(3)?])),
            4,
        ),
        127 => (
            usize::try_from(u64::from_be_bytes(*input.get(2..)?.first_chunk()?)).ok()?,
            10,
        ),
        length => (usize::from(length), 2),
    };
    let mut key = [0; 4];
    if second & 0x80 != 0 {
        key.copy_from_slice(input.get(at..at + 4)?);
        at += 4;
    }
    let mut payload = input.get(at..at + length)?.to_vec();
    for (byte, key) in payload.iter_mut().zip(key.iter().cycle()) {
        *byte ^= key;
    }
    input.drain(..at + length);
    Some((start, payload))
}
