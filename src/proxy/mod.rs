//! A proxy in front of a WebSocket server: what passes stays as it came, is shown, and may be broken on purpose.

mod answer;
mod ask;
mod client;
mod desk;
mod forward;
mod front;
mod http2;
mod journal;
mod mirror;
mod opening;
mod pair;
mod passing;
mod prompt;
mod refuse;
mod request;
mod rules;
mod shown;
mod touch;
mod way;

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::pin::Pin;
use std::rc::Rc;
use std::time::{Duration, Instant};

use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::LocalSet;

use crate::acceptor::{self, Arrival, Identity, Listener, Log, Reception, Refusing};
use crate::console::hosted::attend;
use crate::dial::io_text;
use crate::event::Cause;
use crate::fault::Plan;
use crate::record::Format;
use crate::render::Role;
use crate::render::clock::Clock;
use crate::render::escape::escape_line;
use crate::session;
pub use desk::Desk;
pub use forward::{Authority, AuthorityError, Forward, Intercept, InterceptError, Made};
pub use mirror::Mirror;
pub use prompt::PromptOptions;
use prompt::ProxyPrompt;
pub use request::{Extensions, Rewriting};
pub use rules::{RuleError, Rules};

#[derive(Debug, Clone)]
pub struct Options {
    /// Of the front.
    pub identity: Option<Identity>,
    /// Origins that clients may have; all when empty.
    pub origins: Vec<String>,
    pub max_clients: Option<usize>,
    /// Where clients may use HTTP/2 as well.
    pub http2: Option<Rc<Mirror>>,
    /// Clients name their servers; otherwise all are passed on to `upstream`.
    pub forward: Option<Rc<Forward>>,
    /// The server that clients are passed on to, or how those are reached that clients name.
    pub upstream: session::Options,
    pub rewriting: Rewriting,
    /// The largest message that is shown to programs and recorded, in bytes.
    pub max_message: u64,
    pub record: Option<Record>,
    pub rules: Rc<Rules>,
    /// Of what clients get, and of the front.
    pub faults: Plan,
    /// Of what the server gets.
    pub upstream_faults: Plan,
    pub log: Log,
    /// With a prompt.
    pub desk: Option<Desk>,
    /// Steps of every opening are shown.
    pub shows_steps: bool,
}

/// A file for each connection.
#[derive(Debug, Clone)]
pub struct Record {
    pub folder: PathBuf,
    pub format: Format,
    pub clock: Clock,
}

/// How long a client may take for its request: more than any client needs, even by hand.
const OPENING: Duration = Duration::from_secs(10);
/// How long connections may take to end when the run ends; the user is waiting.
const CLOSING: Duration = Duration::from_secs(3);

/// Has the reason why the run ends, once there is one.
type Signals = acceptor::Stop;

/// Passes clients on until `signals` has a reason to end, then closes their connections.
///
/// # Errors
///
/// If events cannot be written to stdout, which ends the run as well.
pub async fn proxy(listener: TcpListener, options: Options, signals: Signals) -> io::Result<()> {
    let lines = options.log.lines();
    // Connections share a buffer, which stays on one thread.
    let clients = LocalSet::new();
    let serving = Box::pin(clients.run_until(accept(listener, options, signals)));
    acceptor::with_events(serving, lines, CLOSING).await
}

/// The same, for a person at the terminal, until that one or a signal ends it; returns why it ended.
///
/// # Errors
///
/// If the terminal cannot be used.
pub async fn proxy_at_prompt(
    listener: TcpListener,
    options: Options,
    prompt: PromptOptions,
    signals: session::Signals,
) -> io::Result<Cause> {
    let (end, ended) = watch::channel(None);
    let desk = Desk::new(prompt.board.clone());
    let options = Options {
        desk: Some(desk.clone()),
        ..options
    };
    let prompt = ProxyPrompt::open(prompt, signals, desk)?;
    let clients = LocalSet::new();
    let serving = clients.run_until(accept(listener, options, ended));
    Ok(attend(prompt, serving, end, Instant::now).await)
}

/// A client that has connected.
#[derive(Debug, Clone)]
struct Visit {
    number: u64,
    /// By which faults strike: the number of the client, or of the WebSocket where clients open other things as well.
    nth: u64,
    peer: SocketAddr,
    log: Log,
    signals: Signals,
    started: Instant,
}

async fn accept(listener: TcpListener, options: Options, signals: Signals) {
    let options = Rc::new(options);
    let listener = Listener::new(listener, options.faults.flap);
    let identity = options.identity.clone();
    let reception = Front {
        refusing: Refusing::new(identity, options.http2.is_some(), refuse::NAME),
        options: Rc::clone(&options),
        signals: signals.clone(),
    };
    let (log, most) = (&options.log, options.max_clients);
    let clients = acceptor::accept(listener, log, most, signals, &reception).await;
    acceptor::dismiss(clients, CLOSING).await;
}

struct Front {
    options: Rc<Options>,
    refusing: Refusing,
    signals: Signals,
}

impl Reception for Front {
    fn serve(&self, arrival: Arrival) -> impl Future<Output = ()> + 'static {
        let Arrival {
            stream,
            peer,
            number,
            log,
            started,
            admission,
        } = arrival;
        let visit = Visit {
            number,
            nth: number,
            peer,
            log,
            signals: self.signals.clone(),
            started,
        };
        let options = Rc::clone(&self.options);
        // Boxed, as the task would otherwise keep room for the opening for as long as it runs.
        let served: Pin<Box<dyn Future<Output = ()>>> = match options.forward {
            Some(_) => Box::pin(forward::serve(stream, options, visit)),
            None => Box::pin(client::serve(stream, options, visit, admission)),
        };
        served
    }

    fn turn_away(&self, arrival: Arrival) -> impl Future<Output = ()> + 'static {
        self.refusing.clone().turn_away(arrival.stream)
    }

    fn log(&self, number: u64) -> Log {
        self.options.log.of_connection(number)
    }

    /// Where clients name their servers, most connections are tunnels, which have a line of their own.
    fn greets(&self) -> bool {
        self.options.forward.is_none() || self.options.shows_steps
    }
}

impl Visit {
    /// Says why a client is not passed on that did not come to its answer.
    fn lost(&self, problem: &io::Error) {
        let text = match problem.raw_os_error() {
            Some(_) => format!("lost the client: {}", io_text(problem)),
            None => problem.to_string(),
        };
        let text = format!("! {}", escape_line(&text));
        self.log.note(Role::Error, &text);
    }

    fn about(&self, path: String) -> desk::About {
        desk::About {
            number: self.number,
            peer: self.peer,
            path,
            opened: Instant::now(),
        }
    }
}
