//! A transport that fails, ends, delays or splits its n-th read or write, for every n of a session.

use std::cell::RefCell;
use std::io::{self, ErrorKind};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use flate2::{Decompress, FlushDecompress};
use rand::random;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until, timeout};
use tokio_rustls::{TlsAcceptor, TlsConnector};
use tokio_tungstenite::tungstenite::handshake::client::generate_key;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use wsee::dial::read_body;
use wsee::event::{Ending, Event};
use wsee::exit::Exit;
use wsee::proto::Role;
use wsee::proto::buffer::Buffer;
use wsee::proto::connection::{Config, Connection, End};
use wsee::proto::deflate::Offer as Compression;
use wsee::proto::handshake::client::Handshake;
use wsee::proto::handshake::{HandshakeError, Offer, Outcome};
use wsee::session::{OpenError, run, upgrade};

use super::stage::{Line, Puppet, now, paused};
use crate::conformance::case::{binary, close, continuation, deflated, ping, text};
use crate::support::tls::Authority;

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    /// The operation fails with an error, and so do those after it.
    Error,
    /// Nothing more can be read, or written.
    End,
    /// The operation takes a while.
    Delay,
    /// The operation moves a single byte.
    Split,
}

const FAULTS: [Fault; 4] = [Fault::Error, Fault::End, Fault::Delay, Fault::Split];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Read,
    Write,
    Flush,
}

/// A fault, and the operation that it strikes, counted from 0.
#[derive(Debug, Clone, Copy)]
struct Plan {
    side: Side,
    at: usize,
    fault: Fault,
}

/// What a faulty stream saw.
#[derive(Debug, Default)]
struct Seen {
    reads: usize,
    writes: usize,
    flushes: usize,
    /// Bytes that were read.
    read: usize,
    struck: bool,
}

/// A stream with one fault.
#[derive(Debug)]
struct Faulty<S> {
    stream: S,
    plan: Plan,
    seen: Rc<RefCell<Seen>>,
    delay: Option<Pin<Box<Sleep>>>,
    is_broken: bool,
}

/// How long an operation is delayed.
const DELAY: Duration = Duration::from_millis(300);

impl<S> Faulty<S> {
    fn new(stream: S, plan: Plan) -> (Self, Rc<RefCell<Seen>>) {
        let seen = Rc::<RefCell<Seen>>::default();
        let faulty = Self {
            stream,
            plan,
            seen: Rc::clone(&seen),
            delay: None,
            is_broken: false,
        };
        (faulty, seen)
    }

    /// The fault of this operation, once a delay is over.
    fn fault(&mut self, side: Side, cx: &mut Context<'_>) -> Poll<Option<Fault>> {
        if side != self.plan.side {
            return Poll::Ready(None);
        }
        let mut seen = self.seen.borrow_mut();
        let done = match side {
            Side::Read => seen.reads,
            Side::Write => seen.writes,
            Side::Flush => seen.flushes,
        };
        if done != self.plan.at && !self.is_broken {
            return Poll::Ready(None);
        }
        seen.struck = true;
        self.is_broken = matches!(self.plan.fault, Fault::Error | Fault::End);
        if self.plan.fault == Fault::Delay {
            let deadline = Instant::now() + DELAY;
            let delay = self.delay.get_or_insert(Box::pin(sleep_until(deadline)));
            ready!(delay.as_mut().poll(cx));
        }
        Poll::Ready(Some(self.plan.fault))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Faulty<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let fault = ready!(self.fault(Side::Read, cx));
        let most = match fault {
            Some(Fault::Error) => return Poll::Ready(Err(ErrorKind::ConnectionReset.into())),
            Some(Fault::End) => return Poll::Ready(Ok(())),
            Some(Fault::Split) => 1,
            Some(Fault::Delay) | None => buffer.remaining(),
        };
        let mut part = buffer.take(most);
        ready!(Pin::new(&mut self.stream).poll_read(cx, &mut part))?;
        let n = part.filled().len();
        // They are in their place already; only unsafe code could just say so.
        let bytes = part.filled().to_vec();
        buffer.put_slice(&bytes);
        let mut seen = self.seen.borrow_mut();
        seen.reads += 1;
        seen.read += n;
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Faulty<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let fault = ready!(self.fault(Side::Write, cx));
        let most = match fault {
            Some(Fault::Error) => return Poll::Ready(Err(ErrorKind::BrokenPipe.into())),
            Some(Fault::End) => return Poll::Ready(Ok(0)),
            Some(Fault::Split) => 1,
            Some(Fault::Delay) | None => bytes.len(),
        };
        let n = ready!(Pin::new(&mut self.stream).poll_write(cx, &bytes[..most.min(bytes.len())]))?;
        self.seen.borrow_mut().writes += 1;
        Poll::Ready(Ok(n))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if ready!(self.fault(Side::Flush, cx)) == Some(Fault::Error) {
            return Poll::Ready(Err(ErrorKind::BrokenPipe.into()));
        }
        ready!(Pin::new(&mut self.stream).poll_flush(cx))?;
        self.seen.borrow_mut().flushes += 1;
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

/// What the server sends; each with the message that is whole with it.
fn script() -> Vec<(Vec<u8>, Option<&'static [u8]>)> {
    let frames = [
        (text("one"), Some(&b"one"[..])),
        (text("tw").more(), None),
        (ping("p"), None),
        (continuation("o"), Some(b"two")),
        // RFC 7692 §7.2.3.1: "Hello".
        (deflated("f248 cdc9 c907 00"), Some(b"Hello")),
        (binary([7; 300]), Some(&[7; 300])),
        (close(1000, "bye"), None),
    ];
    let encode = |(frame, message): (crate::conformance::case::Frame, _)| {
        (frame.encode(Role::Server), message)
    };
    frames.into_iter().map(encode).collect()
}

/// Bytes that the server writes at once.
const CHUNK: usize = 9;

/// What the server answers the opening handshake with.
#[derive(Debug, Clone, Copy)]
enum Response {
    Agrees,
    Refuses,
}

/// The body of a refusal.
const BODY: &str = "no such chat";

impl Response {
    /// Its head, to a request with this `Sec-WebSocket-Key`: of the same length for all.
    fn head(self, key: &str) -> String {
        match self {
            Self::Agrees => format!(
                "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                 Sec-WebSocket-Extensions: permessage-deflate\r\nSec-WebSocket-Accept: {}\r\n\r\n",
                derive_accept_key(key.as_bytes())
            ),
            Self::Refuses => format!(
                "HTTP/1.1 404 Not Found\r\nContent-Length: {}\r\n\r\n",
                BODY.len()
            ),
        }
    }

    fn bytes(self, key: &str) -> Vec<u8> {
        let rest = match self {
            Self::Agrees => script().into_iter().flat_map(|(frame, _)| frame).collect(),
            Self::Refuses => BODY.as_bytes().to_vec(),
        };
        [self.head(key).into_bytes(), rest].concat()
    }
}

/// Reads a request's head, and returns its `Sec-WebSocket-Key`; `None` when it does not come.
async fn request(stream: &mut (impl AsyncRead + Unpin)) -> Option<String> {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        request.push(stream.read_u8().await.ok()?);
    }
    let request = String::from_utf8(request).ok()?;
    let key = |line: &str| line.strip_prefix("Sec-WebSocket-Key: ").map(str::to_owned);
    request.lines().find_map(key)
}

/// Plays its part in small pieces, and ends the stream when the client has, or does not want to; returns what came.
async fn serve<S: AsyncRead + AsyncWrite + Unpin>(mut stream: S, response: Response) -> Vec<u8> {
    let mut rest = Vec::new();
    let Some(key) = request(&mut stream).await else {
        return rest;
    };
    for chunk in response.bytes(&key).chunks(CHUNK) {
        if stream.write_all(chunk).await.is_err() || stream.flush().await.is_err() {
            break;
        }
        // Time passes, so that the client reads each piece by itself.
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    // A client whose writing is broken says nothing more.
    let _ = timeout(Duration::from_millis(500), stream.read_to_end(&mut rest)).await;
    let _ = stream.shutdown().await;
    rest
}

/// The messages of a client's frames, each a frame of its own; one that is torn is none.
fn messages_in(mut bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut inflater = Decompress::new(false);
    let mut messages = Vec::new();
    while let Some((first, payload, rest)) = frame_in(bytes) {
        match (first & 0x0f, first & 0x40) {
            (1 | 2, 0) => messages.push(payload),
            (1 | 2, _) => {
                // RFC 7692 §7.2.2: the tail that was left out.
                let payload = [&payload[..], &[0, 0, 0xff, 0xff]].concat();
                let mut message = Vec::with_capacity(1 << 10);
                inflater
                    .decompress_vec(&payload, &mut message, FlushDecompress::Sync)
                    .expect("a compressed message");
                messages.push(message);
            }
            _ => {}
        }
        bytes = rest;
    }
    messages
}

/// The first byte of the first frame, its payload without the mask, and what follows it.
fn frame_in(bytes: &[u8]) -> Option<(u8, Vec<u8>, &[u8])> {
    let (&[first, second], rest) = bytes.split_first_chunk()?;
    let (len, rest) = match second & 0x7f {
        126 => {
            let (len, rest) = rest.split_first_chunk()?;
            (u16::from_be_bytes(*len), rest)
        }
        len => (u16::from(len), rest),
    };
    let (key, rest) = rest.split_first_chunk::<4>()?;
    let (payload, rest) = rest.split_at_checked(usize::from(len))?;
    let payload = payload.iter().zip(key.iter().cycle());
    Some((first, payload.map(|(byte, key)| byte ^ key).collect(), rest))
}

fn offer() -> Offer {
    Offer {
        target: "/chat".to_owned(),
        host: "localhost".to_owned(),
        subprotocols: Vec::new(),
        require_subprotocol: false,
        compression: vec![Compression::default()],
        lenient: false,
        user_agent: None,
        origin: None,
        fields: Vec::new(),
        edits: Vec::new(),
    }
}

/// How a connection with a fault went.
struct Run {
    plan: Plan,
    seen: Rc<RefCell<Seen>>,
    went: Result<Session, OpenError>,
    /// The messages that reached the server.
    arrived: Vec<Vec<u8>>,
}

/// An open connection, from its opening to its end.
struct Session {
    ending: Ending,
    messages: Vec<Vec<u8>>,
    sent: Vec<Vec<u8>>,
}

/// Nothing takes longer, in the time that is virtual.
const LONG: Duration = Duration::from_secs(20);

/// The opening handshake.
async fn open<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut S,
) -> Result<(Outcome, Buffer), OpenError> {
    let mut handshake = Handshake::new(&offer(), &generate_key());
    let mut observe = |_: Event<'_>| {};
    let opening = timeout(LONG, upgrade(stream, &mut handshake, &mut observe));
    opening.await.expect("an end of the opening handshake")
}

async fn client<S: AsyncRead + AsyncWrite + Unpin>(mut stream: S) -> Result<Session, OpenError> {
    let (outcome, input) = open(&mut stream).await?;
    let Outcome::Agreed(agreed) = outcome else {
        panic!("{outcome:?}");
    };
    assert!(agreed.deflate.is_some());
    let config = Config {
        deflate: agreed.deflate,
        ..Config::new(Role::Client)
    };
    let connection = Connection::new(config, input, random(), now());
    let puppet = Puppet::default();
    puppet.echo();
    puppet.send("hello");
    let opened = now();
    let mut mode = puppet.clone();
    let session = run(Line::new(stream), connection, opened, &mut mode);
    let ending = timeout(LONG, session).await.expect("an end");
    assert_eq!(puppet.ends(), 1);
    Ok(Session {
        ending,
        messages: puppet.messages(),
        sent: puppet.sent(),
    })
}

async fn plain(plan: Plan) -> Run {
    let (near, far) = tokio::io::duplex(4 << 10);
    let server = tokio::spawn(serve(far, Response::Agrees));
    let (stream, seen) = Faulty::new(near, plan);
    let went = client(stream).await;
    let arrived = messages_in(&server.await.expect("what came"));
    Run {
        plan,
        seen,
        went,
        arrived,
    }
}

/// The same inside TLS, with the fault below it: the run, and how much came out of TLS.
///
/// `Err` when the TLS handshake failed, and whether it was struck.
async fn secured(plan: Plan, (client, server): &Configs) -> Result<(Run, usize), bool> {
    let (near, far): (DuplexStream, _) = tokio::io::duplex(16 << 10);
    let acceptor = TlsAcceptor::from(Arc::clone(server));
    let server = tokio::spawn(async move {
        match acceptor.accept(far).await {
            Ok(stream) => serve(stream, Response::Agrees).await,
            Err(_) => Vec::new(),
        }
    });
    let (stream, seen) = Faulty::new(near, plan);
    let name = ServerName::try_from("localhost").expect("a name");
    let connector = TlsConnector::from(Arc::clone(client));
    let handshake = timeout(LONG, connector.connect(name, stream)).await;
    let Ok(stream) = handshake.expect("an end of the handshake") else {
        return Err(seen.borrow().struck);
    };
    let never = Plan {
        at: usize::MAX,
        ..plan
    };
    let (stream, above) = Faulty::new(stream, never);
    let went = self::client(stream).await;
    let arrived = messages_in(&server.await.expect("what came"));
    let run = Run {
        plan,
        seen,
        went,
        arrived,
    };
    let read = above.borrow().read;
    Ok((run, read))
}

type Configs = (Arc<ClientConfig>, Arc<ServerConfig>);

fn configs() -> Configs {
    let authority = Authority::new();
    let server = authority.issue(&["localhost"]).server_config();
    let mut roots = RootCertStore::empty();
    let certificate = CertificateDer::from_pem_file(authority.path()).expect("a certificate");
    roots.add(certificate).expect("a root");
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let client = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("protocol versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    (Arc::new(client), Arc::new(server))
}

/// All messages that are whole in the first `read` bytes of what the server sends.
fn whole_in(read: usize) -> Vec<Vec<u8>> {
    let mut end = Response::Agrees.head("").len();
    let mut messages = Vec::new();
    for (frame, message) in script() {
        end += frame.len();
        messages.extend(message.filter(|_| end <= read).map(<[u8]>::to_vec));
    }
    messages
}

impl Run {
    fn is_struck(&self) -> bool {
        self.seen.borrow().struck
    }

    /// Whether nothing was lost, only late.
    fn is_harmless(&self) -> bool {
        !self.is_struck() || matches!(self.plan.fault, Fault::Delay | Fault::Split)
    }

    /// Claims that it says what happened, when `read` bytes came from the server.
    fn is_true(&self, read: usize) {
        let whole = whole_in(read);
        match &self.went {
            Ok(session) => self.is_true_of(session, &whole),
            Err(error) => {
                assert!(!self.is_harmless(), "{:?}: {error}", self.plan);
                tells(error, self.plan);
                assert!(whole.is_empty(), "{:?}: {error}", self.plan);
            }
        }
        if self.is_harmless() {
            assert_eq!(whole, whole_in(usize::MAX), "{:?}", self.plan);
        }
    }

    /// The same, of a connection that opened, on which these messages came.
    fn is_true_of(&self, session: &Session, whole: &[Vec<u8>]) {
        let Session {
            ending,
            messages,
            sent,
        } = session;
        let (plan, end, exit) = (self.plan, &ending.end, ending.exit());
        assert_eq!(messages, whole, "{plan:?}");
        let is_closed = matches!(end, End::Closed { by_peer: true, .. });
        if self.is_harmless() || plan.side != Side::Read {
            assert!(is_closed, "{plan:?}: {end:?}");
        }
        if is_closed {
            // What did not arrive is said, and is no success.
            match exit {
                Exit::Done => assert_eq!(&self.arrived, sent, "{plan:?}"),
                exit => {
                    assert_eq!(exit, Exit::ClosedWithError, "{plan:?}");
                    assert!(ending.unsent.bytes > 0, "{plan:?}");
                    assert!(!self.is_harmless(), "{plan:?}");
                    assert!(sent.starts_with(&self.arrived), "{plan:?}");
                }
            }
        } else {
            assert!(matches!(end, End::Lost { .. }), "{plan:?}: {end:?}");
            assert_eq!(exit, Exit::Abnormal, "{plan:?}");
        }
        let told = matches!(end, End::Lost { error: Some(_), .. });
        let is_silent = plan.side == Side::Read && plan.fault == Fault::Error && !is_closed;
        assert!(told || !is_silent, "{plan:?}: the error is not told");
    }
}

/// Claims that the error of an opening handshake is what the fault makes of it.
fn tells(error: &OpenError, plan: Plan) {
    let kind = match error {
        OpenError::Stream(error) => Some(error.kind()),
        OpenError::Handshake(HandshakeError::Truncated(_)) => None,
        other => panic!("{plan:?}: {other:?}"),
    };
    let is_it = match (plan.side, plan.fault) {
        // Inside TLS an end without close_notify is an error.
        (Side::Read, Fault::End) => matches!(kind, None | Some(ErrorKind::UnexpectedEof)),
        (Side::Read, _) => kind == Some(ErrorKind::ConnectionReset),
        (Side::Write, Fault::End) => kind == Some(ErrorKind::WriteZero),
        (Side::Write | Side::Flush, _) => kind == Some(ErrorKind::BrokenPipe),
    };
    assert!(is_it, "{plan:?}: {error:?}");
    assert_eq!(error.exit(), Exit::BadHandshake, "{plan:?}");
}

/// Strikes each operation, `least` or more, with each fault; `play` tells whether there was one to strike.
fn strike(least: usize, mut play: impl FnMut(Plan) -> bool) {
    for side in [Side::Read, Side::Write, Side::Flush] {
        for fault in FAULTS {
            if side == Side::Flush && !matches!(fault, Fault::Error | Fault::Delay) {
                continue;
            }
            let struck = (0..1000).position(|at| !play(Plan { side, at, fault }));
            let struck = struck.expect("an end of the operations");
            assert!(struck >= least, "{side:?}, {fault:?}: {struck}");
        }
    }
}

#[test]
fn every_fault_at_every_operation_is_survived_and_told() {
    strike(5, |plan| {
        let run = paused(plain(plan));
        run.is_true(run.seen.borrow().read);
        run.is_struck()
    });
}

#[test]
fn every_fault_below_tls_is_survived_and_told() {
    let configs = configs();
    strike(5, |plan| match paused(secured(plan, &configs)) {
        Ok((run, read)) => {
            run.is_true(read);
            run.is_struck()
        }
        Err(is_struck) => {
            let fails = matches!(plan.fault, Fault::Error | Fault::End);
            assert!(is_struck && fails, "{plan:?}: no TLS");
            is_struck
        }
    });
}

#[test]
fn every_fault_in_a_refusal_leaves_what_came_of_it() {
    let head = Response::Refuses.head("").len();
    strike(1, |plan| {
        let (refused, seen) = paused(refused(plan));
        let Seen { read, struck, .. } = *seen.borrow();
        let is_harmless = !struck || matches!(plan.fault, Fault::Delay | Fault::Split);
        match refused {
            Ok(body) => assert_eq!(body, BODY[..read - head], "{plan:?}"),
            Err(error) => {
                assert!(!is_harmless, "{plan:?}: {error}");
                tells(&error, plan);
            }
        }
        assert!(!is_harmless || read == head + BODY.len(), "{plan:?}");
        struck
    });
}

/// The body of a refusal, as far as it came.
async fn refused(plan: Plan) -> (Result<String, OpenError>, Rc<RefCell<Seen>>) {
    let (near, far) = tokio::io::duplex(4 << 10);
    tokio::spawn(serve(far, Response::Refuses));
    let (mut stream, seen) = Faulty::new(near, plan);
    let body = match open(&mut stream).await {
        Ok((Outcome::Refused(refusal), input)) => {
            let body = read_body(&mut stream, &refusal.response, input.filled()).await;
            Ok(String::from_utf8_lossy(body.content()).into_owned())
        }
        Ok((other, _)) => panic!("{other:?}"),
        Err(error) => Err(error),
    };
    (body, seen)
}
