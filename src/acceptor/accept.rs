//! The loop that lets clients in, each with a task of its own, until the run ends.

use std::cell::Cell;
use std::net::SocketAddr;
use std::pin::Pin;
use std::rc::Rc;
use std::time::{Duration, Instant};

use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::{Listener, Log};
use crate::event::Cause;
use crate::render::Role;

/// Has the reason why the run ends, once there is one.
pub type Stop = watch::Receiver<Option<Cause>>;
/// Completes with the reason why the run ends.
pub type Stopped = Pin<Box<dyn Future<Output = Cause> + Send>>;

/// A client that has connected.
#[derive(Debug)]
pub struct Arrival {
    pub stream: TcpStream,
    pub peer: SocketAddr,
    /// Of all clients, from 1.
    pub number: u64,
    /// That of this client.
    pub log: Log,
    /// When the listener began.
    pub started: Instant,
    /// For others that come over the same connection.
    pub admission: Admission,
}

/// The numbers and places of clients; clones are the same.
#[derive(Debug, Clone)]
pub struct Admission(Rc<Counts>);

#[derive(Debug)]
struct Counts {
    /// The number of the last client.
    last: Cell<u64>,
    taken: Cell<usize>,
    most: Option<usize>,
}

/// The place of a client that was let in.
#[derive(Debug)]
pub(super) struct Place(Rc<Counts>);

impl Admission {
    fn new(most: Option<usize>) -> Self {
        Self(Rc::new(Counts {
            last: Cell::new(0),
            taken: Cell::new(0),
            most,
        }))
    }

    /// The number of the next client.
    pub fn number(&self) -> u64 {
        self.0.last.set(self.0.last.get() + 1);
        self.0.last.get()
    }

    /// A place for a client, if there is one.
    pub(super) fn place(&self) -> Option<Place> {
        let taken = self.0.taken.get();
        if self.0.most.is_some_and(|most| taken >= most) {
            return None;
        }
        self.0.taken.set(taken + 1);
        Some(Place(Rc::clone(&self.0)))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.taken.set(self.0.taken.get() - 1);
    }
}

/// What the log says of a client for which there is no place.
pub(super) const NO_PLACE: &str =
    "! refused: as many clients are connected as --max-clients allows";

/// What clients get.
pub trait Reception {
    /// Serves a client until it is gone.
    fn serve(&self, arrival: Arrival) -> impl Future<Output = ()> + 'static;
    /// Answers a client for which there is no place, without reading its request.
    fn turn_away(&self, arrival: Arrival) -> impl Future<Output = ()> + 'static;
    /// The log of a client.
    fn log(&self, number: u64) -> Log;
    /// Whether the log has a line for each client that connects.
    fn greets(&self) -> bool {
        true
    }
}

/// How long to wait when no client can be accepted: most likely file descriptors are short, and clients that
/// disconnect return some.
const SHORTAGE: Duration = Duration::from_millis(100);

pub fn wait(mut stop: Stop) -> Stopped {
    Box::pin(async move {
        let cause = stop.wait_for(Option::is_some).await;
        match cause.map(|cause| cause.clone()) {
            Ok(Some(cause)) => cause,
            // The sender is gone, so nothing will come.
            _ => std::future::pending().await,
        }
    })
}

/// Lets clients in until `stop` has a reason; returns those that are connected.
///
/// Runs in a [`LocalSet`](tokio::task::LocalSet).
pub async fn accept(
    mut listener: Listener,
    log: &Log,
    max_clients: Option<usize>,
    stop: Stop,
    reception: &impl Reception,
) -> JoinSet<()> {
    let mut clients = JoinSet::new();
    let admission = Admission::new(max_clients);
    let mut stopped = wait(stop);
    loop {
        tokio::select! {
            _ = &mut stopped => return clients,
            Some(_) = clients.join_next() => {}
            accepted = listener.accept(log) => match accepted {
                Ok((stream, peer)) => {
                    let number = admission.number();
                    let (log, started) = (reception.log(number), listener.started);
                    if reception.greets() {
                        log.note(Role::Fact, &format!("* connected from {peer}"));
                    }
                    let admission = admission.clone();
                    let place = admission.place();
                    let arrival = Arrival { stream, peer, number, log, started, admission };
                    let Some(place) = place else {
                        arrival.log.note(Role::Warning, NO_PLACE);
                        clients.spawn_local(reception.turn_away(arrival));
                        continue;
                    };
                    let _ = arrival.stream.set_nodelay(true);
                    let client = reception.serve(arrival);
                    clients.spawn_local(async move {
                        client.await;
                        drop(place);
                    });
                }
                Err(error) => {
                    log.note(Role::Error, &format!("! cannot accept a client: {error}"));
                    tokio::time::sleep(SHORTAGE).await;
                }
            },
        }
    }
}

/// Waits until all clients are gone; slower ones than `patience` are disconnected.
pub async fn dismiss(mut clients: JoinSet<()>, patience: Duration) {
    let closed = async { while clients.join_next().await.is_some() {} };
    let _ = tokio::time::timeout(patience, closed).await;
}
