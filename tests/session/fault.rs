//! A transport that fails, ends, delays or splits its n-th read or write, for every n of a session.

use std::cell::RefCell;
use std::io;
use std::ops::Range;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use rand::random;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until, timeout};
use tokio_rustls::{TlsAcceptor, TlsConnector};
use wsee::event::Ending;
use wsee::exit::Exit;
use wsee::proto::Role;
use wsee::proto::buffer::Buffer;
use wsee::proto::connection::{Config, Connection, End};
use wsee::proto::deflate::Params;
use wsee::session::run;

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
            Some(Fault::Error) => return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into())),
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
            Some(Fault::Error) => return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into())),
            Some(Fault::End) => return Poll::Ready(Ok(0)),
            Some(Fault::Split) => 1,
            Some(Fault::Delay) | None => bytes.len(),
        };
        let n = ready!(Pin::new(&mut self.stream).poll_write(cx, &bytes[..most.min(bytes.len())]))?;
        self.seen.borrow_mut().writes += 1;
        Poll::Ready(Ok(n))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
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

/// Plays the script in small pieces, and ends the stream when the client has, or does not want to.
async fn serve<S: AsyncRead + AsyncWrite + Unpin>(mut stream: S) {
    let bytes: Vec<u8> = script().into_iter().flat_map(|(frame, _)| frame).collect();
    for chunk in bytes.chunks(CHUNK) {
        if stream.write_all(chunk).await.is_err() || stream.flush().await.is_err() {
            return;
        }
        // Time passes, so that the client reads each piece by itself.
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    // A client whose writing is broken says nothing more.
    let mut rest = Vec::new();
    let _ = timeout(Duration::from_millis(500), stream.read_to_end(&mut rest)).await;
    let _ = stream.shutdown().await;
}

fn connection() -> Connection {
    let config = Config {
        deflate: Some(Params {
            client_max_window_bits: 15,
            server_max_window_bits: 15,
            client_no_context_takeover: false,
            server_no_context_takeover: false,
        }),
        ..Config::new(Role::Client)
    };
    Connection::new(config, Buffer::with_capacity(256), random(), now())
}

/// How a session with a fault went.
struct Run {
    plan: Plan,
    ending: Ending,
    messages: Vec<Vec<u8>>,
    seen: Rc<RefCell<Seen>>,
}

/// No session takes longer, in the time that is virtual.
const LONG: Duration = Duration::from_secs(20);

async fn client<S: AsyncRead + AsyncWrite + Unpin>(stream: S) -> (Ending, Vec<Vec<u8>>) {
    let puppet = Puppet::default();
    puppet.echo();
    puppet.send("hello");
    let opened = now();
    let mut mode = puppet.clone();
    let ending = timeout(
        LONG,
        run(Line::new(stream), connection(), opened, &mut mode),
    )
    .await;
    assert_eq!(puppet.ends(), 1);
    (ending.expect("an end"), puppet.messages())
}

async fn plain(plan: Plan) -> Run {
    let (near, far) = tokio::io::duplex(4 << 10);
    tokio::spawn(serve(far));
    let (stream, seen) = Faulty::new(near, plan);
    let (ending, messages) = client(stream).await;
    Run {
        plan,
        ending,
        messages,
        seen,
    }
}

/// The same inside TLS, with the fault below it; `None` when the TLS handshake failed.
async fn secured(plan: Plan, (client_config, server_config): &Configs) -> (Option<Run>, bool) {
    let (near, far): (DuplexStream, _) = tokio::io::duplex(16 << 10);
    let acceptor = TlsAcceptor::from(Arc::clone(server_config));
    tokio::spawn(async move {
        if let Ok(stream) = acceptor.accept(far).await {
            serve(stream).await;
        }
    });
    let (stream, seen) = Faulty::new(near, plan);
    let name = ServerName::try_from("localhost").expect("a name");
    let connector = TlsConnector::from(Arc::clone(client_config));
    let handshake = timeout(LONG, connector.connect(name, stream)).await;
    let Ok(stream) = handshake.expect("an end of the handshake") else {
        let struck = seen.borrow().struck;
        return (None, struck);
    };
    let (ending, messages) = client(stream).await;
    let struck = seen.borrow().struck;
    let run = Run {
        plan,
        ending,
        messages,
        seen,
    };
    (Some(run), struck)
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

/// All messages that are whole in the first `read` bytes.
fn whole_in(read: usize) -> Vec<Vec<u8>> {
    let mut end = 0;
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

    /// Claims that the ending says what happened, given what must have come and what may have.
    fn is_true(&self, must: &[Vec<u8>], may: &[Vec<u8>]) {
        let (plan, end, exit) = (self.plan, &self.ending.end, self.ending.exit());
        assert!(
            self.messages.starts_with(must),
            "{plan:?}: {:?}",
            self.messages
        );
        assert!(
            may.starts_with(&self.messages),
            "{plan:?}: {:?}",
            self.messages
        );
        let is_closed = matches!(end, End::Closed { by_peer: true, .. });
        if self.is_harmless() || plan.side == Side::Write {
            assert!(is_closed, "{plan:?}: {end:?}");
        }
        if is_closed {
            // What could not be written is said, and is no success.
            let unsent = self.ending.unsent.bytes > 0;
            let expected = if unsent {
                Exit::ClosedWithError
            } else {
                Exit::Done
            };
            assert_eq!(exit, expected, "{plan:?}");
            assert!(!unsent || !self.is_harmless(), "{plan:?}");
        } else {
            assert!(matches!(end, End::Lost { .. }), "{plan:?}: {end:?}");
            assert_eq!(exit, Exit::Abnormal, "{plan:?}");
        }
        let told = matches!(end, End::Lost { error: Some(_), .. });
        let is_silent = plan.side == Side::Read && plan.fault == Fault::Error && !is_closed;
        assert!(told || !is_silent, "{plan:?}: the error is not told");
    }
}

fn plans(fault: Fault) -> impl Iterator<Item = Vec<Plan>> {
    const ALL: Range<usize> = 0..1000;
    [Side::Read, Side::Write]
        .into_iter()
        .map(move |side| ALL.map(|at| Plan { side, at, fault }).collect())
}

#[test]
fn every_fault_at_every_operation_is_survived_and_told() {
    let all = whole_in(usize::MAX);
    for fault in FAULTS {
        for plans in plans(fault) {
            let mut struck = 0;
            for plan in plans {
                let run = paused(plain(plan));
                let read = run.seen.borrow().read;
                run.is_true(&whole_in(read), &whole_in(read));
                if run.is_harmless() {
                    assert_eq!(run.messages, all, "{plan:?}");
                }
                if !run.is_struck() {
                    break;
                }
                struck += 1;
            }
            assert!(
                (5..999).contains(&struck),
                "{fault:?} struck {struck} times"
            );
        }
    }
}

#[test]
fn every_fault_below_tls_is_survived_and_told() {
    let configs = configs();
    let all = whole_in(usize::MAX);
    for fault in FAULTS {
        for plans in plans(fault) {
            let mut struck = 0;
            for plan in plans {
                let (run, is_struck) = paused(secured(plan, &configs));
                if let Some(run) = &run {
                    // Below TLS nobody can tell how much of the payload came.
                    run.is_true(if run.is_harmless() { &all } else { &[] }, &all);
                } else {
                    let fails = matches!(fault, Fault::Error | Fault::End);
                    assert!(is_struck && fails, "{plan:?}: no TLS");
                }
                if !is_struck {
                    break;
                }
                struck += 1;
            }
            assert!(
                (5..999).contains(&struck),
                "{fault:?} struck {struck} times"
            );
        }
    }
}
