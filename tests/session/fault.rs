//! A transport that fails, ends, delays or splits its n-th read, write or flush, for every n of a session.

use std::cell::RefCell;
use std::io::ErrorKind;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use rand::random;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream};
use tokio::time::timeout;
use tokio_rustls::{TlsAcceptor, TlsConnector};
use tokio_tungstenite::tungstenite::handshake::client::generate_key;
use wsee::dial::read_body;
use wsee::event::{Ending, Event};
use wsee::exit::Exit;
use wsee::proto::Role;
use wsee::proto::buffer::Buffer;
use wsee::proto::connection::{Config, Connection, End};
use wsee::proto::deflate::Offer as Compression;
use wsee::proto::handshake::client::Handshake;
use wsee::proto::handshake::{HandshakeError, Offer, Outcome};
use wsee::session::{OpenProblem, run, upgrade};

use super::fault_stream::{FAULTS, Fault, FaultStream, Plan, Seen, Side};
use super::harness::{Line, ScriptedMode, now, paused};
use super::server::{BODY, Response, frames, messages_in, serve};
use crate::support::tls::Authority;

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
        relayed: None,
        like: None,
    }
}

/// How a connection with a fault went.
struct Run {
    plan: Plan,
    seen: Rc<RefCell<Seen>>,
    went: Result<Session, OpenProblem>,
    /// The messages that reached the server.
    arrived: Vec<Vec<u8>>,
}

/// An open connection, from its opening to its end.
struct Session {
    ending: Ending,
    messages: Vec<Vec<u8>>,
    sent: Vec<Vec<u8>>,
}

/// Nothing takes longer, in virtual time.
const LONG: Duration = Duration::from_secs(20);

/// The opening handshake.
async fn open<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut S,
) -> Result<(Outcome, Buffer), OpenProblem> {
    let mut handshake = Handshake::new(&offer(), &generate_key());
    let mut observe = |_: Event<'_>| {};
    let mut received = 0;
    let opening = upgrade(stream, &mut handshake, &mut received, &mut observe);
    let opening = timeout(LONG, opening);
    opening.await.expect("an end of the opening handshake")
}

async fn client<S: AsyncRead + AsyncWrite + Unpin>(mut stream: S) -> Result<Session, OpenProblem> {
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
    let script = ScriptedMode::default();
    script.echo();
    script.send("hello");
    let opened = now();
    let mut mode = script.clone();
    let session = run(Line::new(stream), connection, opened, &mut mode);
    let ending = timeout(LONG, session).await.expect("an end");
    assert_eq!(script.ends(), 1);
    Ok(Session {
        ending,
        messages: script.messages(),
        sent: script.sent(),
    })
}

async fn plain(plan: Plan) -> Run {
    let (near, far) = tokio::io::duplex(4 << 10);
    let server = tokio::spawn(serve(far, Response::Agrees));
    let (stream, seen) = FaultStream::new(near, plan);
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
/// `Err` when the TLS handshake failed, with whether the fault was injected.
async fn secured(plan: Plan, (client, server): &Configs) -> Result<(Run, usize), bool> {
    let (near, far): (DuplexStream, _) = tokio::io::duplex(16 << 10);
    let acceptor = TlsAcceptor::from(Arc::clone(server));
    let server = tokio::spawn(async move {
        match acceptor.accept(far).await {
            Ok(stream) => serve(stream, Response::Agrees).await,
            Err(_) => Vec::new(),
        }
    });
    let (stream, seen) = FaultStream::new(near, plan);
    let name = ServerName::try_from("localhost").expect("a name");
    let connector = TlsConnector::from(Arc::clone(client));
    let handshake = timeout(LONG, connector.connect(name, stream)).await;
    let Ok(stream) = handshake.expect("an end of the handshake") else {
        return Err(seen.borrow().injected);
    };
    let never = Plan {
        at: usize::MAX,
        ..plan
    };
    let (stream, above) = FaultStream::new(stream, never);
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
    for (frame, message) in frames() {
        end += frame.len();
        messages.extend(message.filter(|_| end <= read).map(<[u8]>::to_vec));
    }
    messages
}

impl Run {
    fn is_injected(&self) -> bool {
        self.seen.borrow().injected
    }

    /// Whether nothing was lost, only late.
    fn is_harmless(&self) -> bool {
        !self.is_injected() || matches!(self.plan.fault, Fault::Delay | Fault::Split)
    }

    /// Asserts that it reports what happened, when `read` bytes came from the server.
    fn is_true(&self, read: usize) {
        let whole = whole_in(read);
        match &self.went {
            Ok(session) => self.is_true_of(session, &whole),
            Err(error) => {
                assert!(!self.is_harmless(), "{:?}: {error}", self.plan);
                is_explained(error, self.plan);
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
            // What did not arrive is reported and is no success.
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
        let is_reported = matches!(end, End::Lost { error: Some(_), .. });
        let is_silent = plan.side == Side::Read && plan.fault == Fault::Error && !is_closed;
        assert!(
            is_reported || !is_silent,
            "{plan:?}: the error is not reported"
        );
    }
}

/// Asserts that the error of an opening handshake is what the fault makes of it.
fn is_explained(error: &OpenProblem, plan: Plan) {
    let kind = match error {
        OpenProblem::Stream(error) | OpenProblem::Cut { error, .. } => Some(error.kind()),
        OpenProblem::Handshake(HandshakeError::Truncated(_)) => None,
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

/// Injects each fault into each operation, `least` or more; `play` returns whether there was such an operation.
fn inject(least: usize, mut play: impl FnMut(Plan) -> bool) {
    for side in [Side::Read, Side::Write, Side::Flush] {
        for fault in FAULTS {
            if side == Side::Flush && !matches!(fault, Fault::Error | Fault::Delay) {
                continue;
            }
            let injected = (0..1000).position(|at| !play(Plan { side, at, fault }));
            let injected = injected.expect("an end of the operations");
            assert!(injected >= least, "{side:?}, {fault:?}: {injected}");
        }
    }
}

#[test]
fn every_fault_at_every_operation_is_survived_and_reported() {
    inject(5, |plan| {
        let run = paused(plain(plan));
        run.is_true(run.seen.borrow().read);
        run.is_injected()
    });
}

#[test]
fn every_fault_below_tls_is_survived_and_reported() {
    let configs = configs();
    inject(5, |plan| match paused(secured(plan, &configs)) {
        Ok((run, read)) => {
            run.is_true(read);
            run.is_injected()
        }
        Err(is_injected) => {
            let fails = matches!(plan.fault, Fault::Error | Fault::End);
            assert!(is_injected && fails, "{plan:?}: no TLS");
            is_injected
        }
    });
}

#[test]
fn every_fault_in_a_refusal_leaves_what_was_received_of_it() {
    let head = Response::Refuses.head("").len();
    inject(1, |plan| {
        let (refused, seen) = paused(refused(plan));
        let Seen { read, injected, .. } = *seen.borrow();
        let is_harmless = !injected || matches!(plan.fault, Fault::Delay | Fault::Split);
        match refused {
            Ok(body) => assert_eq!(body, BODY[..read - head], "{plan:?}"),
            Err(error) => {
                assert!(!is_harmless, "{plan:?}: {error}");
                is_explained(&error, plan);
            }
        }
        assert!(!is_harmless || read == head + BODY.len(), "{plan:?}");
        injected
    });
}

/// The body of a refusal, as far as it came.
async fn refused(plan: Plan) -> (Result<String, OpenProblem>, Rc<RefCell<Seen>>) {
    let (near, far) = tokio::io::duplex(4 << 10);
    tokio::spawn(serve(far, Response::Refuses));
    let (mut stream, seen) = FaultStream::new(near, plan);
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
