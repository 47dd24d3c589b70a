//! A WebSocket server for debugging clients: it echoes messages, plays a recorded server or speaks Socket.IO,
//! and shows what its clients do.

mod actor;
mod behaviour;
mod client;
mod command;
mod door;
mod echo;
mod engine;
mod faulty;
mod http2;
mod hub;
mod input;
mod on_top;
mod opening;
mod patience;
mod player;
mod process;
mod program;
mod prompt;
mod relay;
mod replay;
mod script;
mod step;
mod variable;

use std::cell::RefCell;
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::LocalSet;

pub use behaviour::Behaviour;
use behaviour::{AnyStream, Partner, Started, behave};
use client::Serving;
pub use engine::{Engine, new_sid};
pub use hub::{About, Hub, Post, To};
pub use on_top::OnTop;
pub use process::Commands;
pub use program::Book;
pub use prompt::{PromptOptions, Reload};
use prompt::{ServerPrompt, Subject};

use crate::acceptor::{
    self, Admission, Arrival, Identity, Lines, Listener, Log, Reception, Refusing, wait,
};
use crate::console::hosted::attend;
use crate::event::Cause;
use crate::fault::{Faults, Plan};
use crate::matching::Given;
use crate::proto::buffer::Buffer;
use crate::proto::connection::{Config, Connection};
use crate::proto::handshake::server::{Policy, Upgrade};
use crate::proto::http1::Head;
use crate::render::Role;
use crate::render::escape::escape_line;
use crate::session;

#[derive(Debug, Clone)]
pub struct Options {
    pub policy: Policy,
    pub identity: Option<Identity>,
    /// Clients may use HTTP/2 as well.
    pub http2: bool,
    pub connection: Config,
    pub behaviour: Behaviour,
    /// Values of the variables in rules and scripts.
    pub given: Rc<Given>,
    pub max_clients: Option<usize>,
    /// Of connections from now on.
    pub faults: Rc<RefCell<Plan>>,
    pub log: Log,
    pub hub: Hub,
    /// Events on stdin say what to send.
    pub reads_events: bool,
}

/// How long a client may take for its opening handshake: more than any client needs, even by hand.
const OPENING: Duration = Duration::from_secs(10);
/// Who answers, for clients that are not served.
const NAME: &str = "wsee listen";
/// How long clients may take for the closing handshake when the server ends; the user is waiting.
const CLOSING: Duration = Duration::from_secs(2);

/// Serves clients until `signals` has a signal, then closes their connections.
///
/// # Errors
///
/// If events cannot be written to stdout, which ends the server as well.
pub async fn serve(listener: TcpListener, options: Options, signals: Signals) -> io::Result<()> {
    let lines = options.log.lines();
    if options.reads_events {
        // A thread of its own is not needed: stdin is read when readiness says so.
        let on_top = options.behaviour.on_top().cloned();
        let input = input::follow(options.hub.clone(), on_top, options.log.clone());
        let serving = serve_with(listener, options, signals, lines);
        tokio::pin!(serving);
        tokio::select! {
            served = &mut serving => return served,
            // The end of stdin is not that of the server.
            () = input => {}
        }
        return serving.await;
    }
    serve_with(listener, options, signals, lines).await
}

/// Serves clients, and a person at the terminal, until that one or a signal ends it; returns why it ended.
///
/// # Errors
///
/// If the terminal cannot be used.
pub async fn serve_at_prompt(
    listener: TcpListener,
    options: Options,
    prompt: PromptOptions,
    signals: session::Signals,
) -> io::Result<Cause> {
    let (end, ended) = watch::channel(None);
    let book = match &options.behaviour {
        Behaviour::Rules(book) => Some(book.clone()),
        _ => None,
    };
    let on_top = options.behaviour.on_top().cloned();
    let line = match (&options.behaviour, &on_top) {
        (Behaviour::SocketIo(_), _) => {
            "a line is an event, NAME [JSON…], for the client in use".to_owned()
        }
        (_, Some(on_top)) => on_top.line_help(),
        _ => "a line is sent to the client in use, //x as /x".to_owned(),
    };
    let (hub, faults) = (options.hub.clone(), Rc::clone(&options.faults));
    let subject = Subject { line, book, on_top };
    let prompt = ServerPrompt::open(prompt, subject, signals, hub, faults)?;
    let clients = LocalSet::new();
    let serving = clients.run_until(accept(listener, options, ended));
    Ok(attend(prompt, serving, end, Instant::now).await)
}

async fn serve_with(
    listener: TcpListener,
    options: Options,
    signals: Signals,
    lines: Option<Lines>,
) -> io::Result<()> {
    // Clients share rules and rooms, which therefore stay on one thread.
    let clients = LocalSet::new();
    let serving = clients.run_until(accept(listener, options, signals));
    acceptor::with_events(serving, lines, CLOSING).await
}

async fn accept(listener: TcpListener, options: Options, signals: Signals) {
    let options = Rc::new(options);
    let listener = Listener::new(listener, options.faults.borrow().flap);
    let identity = options.identity.clone();
    let reception = Door {
        refusing: Refusing::new(identity, options.http2, NAME),
        options: Rc::clone(&options),
        signals: signals.clone(),
    };
    let (log, most) = (&options.log, options.max_clients);
    let clients = acceptor::accept(listener, log, most, signals, &reception).await;
    if let Behaviour::SocketIo(engine) = &options.behaviour {
        engine.close();
    }
    acceptor::dismiss(clients, CLOSING).await;
}

/// Has the reason why the server ends, once there is one.
type Signals = acceptor::Stop;

struct Door {
    options: Rc<Options>,
    refusing: Refusing,
    signals: Signals,
}

impl Reception for Door {
    fn serve(&self, arrival: Arrival) -> impl Future<Output = ()> + 'static {
        let Arrival {
            stream,
            peer,
            number,
            log,
            started,
            admission,
        } = arrival;
        let mut faults = self.options.faults.borrow_mut();
        faults.newest = faults.newest.max(number);
        let faults = faults.connection(number, started, Instant::now());
        let visit = Visit {
            number,
            peer,
            log,
            signals: self.signals.clone(),
            faults,
            further: self.options.http2.then_some(Further { admission, started }),
        };
        client(stream, Rc::clone(&self.options), Box::new(visit))
    }

    fn turn_away(&self, arrival: Arrival) -> impl Future<Output = ()> + 'static {
        self.refusing.clone().turn_away(arrival.stream)
    }

    fn log(&self, number: u64) -> Log {
        match &self.options.behaviour {
            // Its clients have numbers once it is known who they are.
            Behaviour::SocketIo(_) => self.options.log.clone(),
            _ => self.options.log.of(number),
        }
    }

    fn greets(&self) -> bool {
        !matches!(self.options.behaviour, Behaviour::SocketIo(_))
    }
}

/// A client that has connected.
struct Visit {
    number: u64,
    peer: SocketAddr,
    log: Log,
    signals: Signals,
    faults: Option<Faults>,
    /// Where more clients may come over the same connection.
    further: Option<Further>,
}

/// What other clients of a connection need.
#[derive(Debug, Clone)]
struct Further {
    admission: Admission,
    /// When the listener began.
    started: Instant,
}

/// Serves a client until it is gone.
///
/// Each stage of a connection is a future in a box of its own, which is dropped with the stage: what a handshake needs
/// is not kept for as long as the connection is open, and an idle client costs little.
fn client(stream: TcpStream, options: Rc<Options>, visit: Box<Visit>) -> Serving<'static> {
    if let Some(faults) = visit.faults.clone().filter(Faults::is_mute) {
        return Box::pin(async move {
            acceptor::keep_mute(stream, &visit.log, visit.signals, &faults).await;
        });
    }
    match options.identity.clone() {
        Some(identity) => in_stages(secure(stream, identity, options, visit)),
        None if options.http2 => in_stages(http2::recognise(stream, options, visit)),
        None => connected(Box::new(stream), options, visit),
    }
}

/// Performs the handshake of TLS; `None` if it failed.
async fn secure(
    stream: TcpStream,
    identity: Identity,
    options: Rc<Options>,
    visit: Box<Visit>,
) -> Option<Serving<'static>> {
    let faults = visit.faults.as_ref();
    let end = faulty::opening_ends(faults, OPENING);
    match tokio::time::timeout_at(end.into(), identity.accept(stream)).await {
        Ok(Ok(stream)) if Identity::is_http2(&stream) => {
            return Some(http2::serve(Box::new(stream), options, visit));
        }
        Ok(Ok(stream)) => return Some(connected(Box::new(stream), options, visit)),
        Ok(Err(error)) => {
            let text = format!("! TLS failed: {}", Identity::explain(&error));
            visit.log.note(Role::Error, &text);
        }
        Err(_) => {
            let why = faulty::why_over(faults, "! TLS took longer than 10 s");
            visit.log.note(Role::Error, why);
        }
    }
    None
}

fn connected(stream: AnyStream<'_>, options: Rc<Options>, visit: Box<Visit>) -> Serving<'_> {
    match visit.faults.clone() {
        None => connection(stream, options, visit),
        Some(faults) => Box::pin(faulty::serve(stream, options, visit, faults)),
    }
}

fn connection(stream: AnyStream<'_>, options: Rc<Options>, visit: Box<Visit>) -> Serving<'_> {
    if let Behaviour::SocketIo(engine) = &options.behaviour {
        let engine = engine.clone();
        return Box::pin(async move {
            let Visit { peer, signals, .. } = *visit;
            let visitor = engine.visitor(peer, &options.log);
            engine.serve(stream, &options, visitor, wait(signals)).await;
        });
    }
    in_stages(begin(stream, options, visit))
}

/// Runs one stage of a connection, and then what follows it.
fn in_stages<'s>(stage: impl Future<Output = Option<Serving<'s>>> + 's) -> Serving<'s> {
    let stage = Box::pin(stage);
    Box::pin(async move {
        if let Some(next) = stage.await {
            next.await;
        }
    })
}

/// Performs the opening handshake; `None` if the client is not let in.
async fn begin(
    mut stream: AnyStream<'_>,
    options: Rc<Options>,
    visit: Box<Visit>,
) -> Option<Serving<'_>> {
    let Visit { log, faults, .. } = &*visit;
    let faults = faults.as_ref();
    let opening = opening::open(&mut stream, &options, log, faults);
    let end = faulty::opening_ends(faults, OPENING);
    let (input, answer) = match tokio::time::timeout_at(end.into(), opening).await {
        Ok(Ok(opened)) => opened?,
        Ok(Err(error)) => {
            let text = match error.raw_os_error() {
                Some(_) => format!("the opening handshake broke off: {error}"),
                None => error.to_string(),
            };
            log.note(Role::Error, &format!("! {}", escape_line(&text)));
            return None;
        }
        Err(_) => {
            let usual = "! the opening handshake took longer than 10 s";
            log.note(Role::Error, faulty::why_over(faults, usual));
            return None;
        }
    };
    Some(opened(stream, input, &answer, &options, visit))
}

/// Serves a client that was let in.
fn opened<'s>(
    stream: AnyStream<'s>,
    input: Buffer,
    answer: &Upgrade,
    options: &Options,
    mut visit: Box<Visit>,
) -> Serving<'s> {
    let faults = visit.faults.as_ref();
    let config = Config {
        deflate: answer.deflate,
        auto_pong: options.connection.auto_pong && !faults.is_some_and(Faults::no_pong),
        ..options.connection.clone()
    };
    let about = visit.about(&answer.request);
    visit
        .log
        .opened(&options.url(&answer.request), answer, Instant::now());
    let now = Instant::now();
    let partner = match &options.behaviour {
        Behaviour::Command(commands) => {
            let is_tls = options.identity.is_some();
            let line = &commands.line;
            let mut command = command::command(line, &answer.request, visit.peer, is_tls);
            Partner::Process(commands.start(&mut command))
        }
        Behaviour::OnTop(on_top) => Partner::Session(on_top.session(answer, now)),
        _ => Partner::Nobody,
    };
    let connection = Box::new(Connection::new(config, input, rand::random(), now));
    let started = Started {
        stream,
        connection,
        now,
        is_http2: answer.request.is_http2(),
    };
    behave(started, options, *visit, about, partner)
}

impl Options {
    fn scheme(&self) -> &'static str {
        if self.identity.is_some() { "wss" } else { "ws" }
    }

    /// What wsee needs to connect, as nobody trusts a certificate that is self-made.
    fn flag(&self) -> &'static str {
        let is_self_made = self.identity.as_ref().is_some_and(|it| it.self_made);
        if is_self_made { " -k" } else { "" }
    }

    /// The URL that a client asked for.
    fn url(&self, request: &Head) -> String {
        let host = request.host().unwrap_or_default();
        format!("{}://{host}{}", self.scheme(), door::target(request))
    }
}

impl Visit {
    fn about(&self, request: &Head) -> About {
        About {
            number: self.number,
            peer: self.peer,
            path: door::path(request),
            name: relay::name(&door::target(request)),
            opened: Instant::now(),
        }
    }
}
