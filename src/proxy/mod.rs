//! A proxy in front of a WebSocket server: what passes stays as it came, is shown, and may be broken on purpose.

mod client;
mod journal;
mod pair;
mod refuse;
mod request;
mod rules;
mod shown;
mod touch;
mod way;

use std::io;
use std::path::PathBuf;
use std::pin::Pin;
use std::rc::Rc;
use std::time::{Duration, Instant};

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinSet, LocalSet};

use crate::acceptor::{Identity, Lines, Listener, Log};
use crate::event::Signal;
use crate::fault::Plan;
use crate::record::Format;
use crate::render::Role;
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

/// Has the signal that ends the run, once there is one.
type Signals = watch::Receiver<Option<Signal>>;

/// Passes clients on until `signals` has a signal, then closes their connections.
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
    let mut clients = JoinSet::new();
    // Each client that was let in has one; those that were turned away do not count.
    let places = Rc::new(());
    let mut number = 0;
    let mut ended = wait(signals.clone());
    let mut listener = Listener::new(listener, options.faults.flap);
    loop {
        tokio::select! {
            _ = &mut ended => break,
            Some(_) = clients.join_next() => {}
            accepted = listener.accept(&options.log) => match accepted {
                Ok((stream, peer)) => {
                    number += 1;
                    let log = options.log.of_connection(number);
                    log.note(Role::Fact, &format!("* connected from {peer}"));
                    if options.max_clients.is_some_and(|most| Rc::strong_count(&places) > most) {
                        clients.spawn_local(refuse::turn_away(stream, log));
                        continue;
                    }
                    let (signals, started) = (signals.clone(), listener.started);
                    let visit = Visit { number, log, signals, started };
                    let (options, place) = (options.clone(), places.clone());
                    clients.spawn_local(async move {
                        visited(stream, options, visit).await;
                        drop(place);
                    });
                }
                Err(error) => {
                    // Most likely out of file descriptors: clients that disconnect return some.
                    options.log.note(Role::Error, &format!("! cannot accept a client: {error}"));
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            },
        }
    }
    drop(listener);
    let closed = async { while clients.join_next().await.is_some() {} };
    // Slower ones are disconnected.
    let _ = tokio::time::timeout(CLOSING, closed).await;
}

async fn visited(stream: TcpStream, options: Rc<Options>, visit: Visit) {
    let _ = stream.set_nodelay(true);
    // Boxed, as the task would otherwise keep room for the opening for as long as it runs.
    Box::pin(client::serve(stream, options, visit)).await;
}

type Ended = Pin<Box<dyn Future<Output = Signal> + Send>>;

fn wait(mut signals: Signals) -> Ended {
    Box::pin(async move {
        let signal = signals
            .wait_for(Option::is_some)
            .await
            .map(|signal| *signal);
        match signal {
            Ok(Some(signal)) => signal,
            // The sender is gone, so no signal will come.
            _ => std::future::pending().await,
        }
    })
}
