//! A proxy in front of a WebSocket server: what passes stays as it came, is shown, and may be broken on purpose.

mod answer;
mod ask;
mod client;
mod journal;
mod opening;
mod pair;
mod refuse;
mod request;
mod rules;
mod shown;
mod touch;
mod way;

use std::io;
use std::path::PathBuf;
use std::rc::Rc;
use std::time::{Duration, Instant};

use tokio::net::TcpListener;
use tokio::task::LocalSet;

use crate::acceptor::{self, Arrival, Identity, Lines, Listener, Log, Reception};
use crate::fault::Plan;
use crate::record::Format;
use crate::render::clock::Clock;
use crate::session;
pub use request::{Extensions, Rewriting};
pub use rules::{RuleError, Rules};

#[derive(Debug, Clone)]
pub struct Options {
    /// Of the front.
    pub identity: Option<Identity>,
    /// Origins that clients may have; all when empty.
    pub origins: Vec<String>,
    pub max_clients: Option<usize>,
    /// The server that clients are passed on to.
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
    let serving = clients.run_until(accept(listener, options, signals));
    let Some(lines) = lines else {
        serving.await;
        return Ok(());
    };
    tokio::select! {
        () = written(serving, &lines) => Ok(()),
        // Without a reader of its events, there is nothing to run for.
        error = lines.pass_on() => Err(error),
    }
}

async fn written(serving: impl Future<Output = ()>, lines: &Lines) {
    serving.await;
    // Their reader may not read any more.
    let _ = tokio::time::timeout(CLOSING, lines.written()).await;
}

/// A client that has connected.
struct Visit {
    number: u64,
    log: Log,
    signals: Signals,
    started: Instant,
}

async fn accept(listener: TcpListener, options: Options, signals: Signals) {
    let options = Rc::new(options);
    let listener = Listener::new(listener, options.faults.flap);
    let reception = Front {
        options: Rc::clone(&options),
        signals: signals.clone(),
    };
    let (log, most) = (&options.log, options.max_clients);
    let clients = acceptor::accept(listener, log, most, signals, &reception).await;
    acceptor::dismiss(clients, CLOSING).await;
}

struct Front {
    options: Rc<Options>,
    signals: Signals,
}

impl Reception for Front {
    fn serve(&self, arrival: Arrival) -> impl Future<Output = ()> + 'static {
        let Arrival {
            stream,
            number,
            log,
            started,
            ..
        } = arrival;
        let visit = Visit {
            number,
            log,
            signals: self.signals.clone(),
            started,
        };
        // Boxed, as the task would otherwise keep room for the opening for as long as it runs.
        Box::pin(client::serve(stream, Rc::clone(&self.options), visit))
    }

    fn turn_away(&self, arrival: Arrival) -> impl Future<Output = ()> + 'static {
        refuse::turn_away(arrival.stream)
    }

    fn log(&self, number: u64) -> Log {
        self.options.log.of_connection(number)
    }
}
