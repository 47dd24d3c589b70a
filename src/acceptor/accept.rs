//! The loop that lets clients in, each with a task of its own, until the run ends.

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
}

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
    // Each client that was let in has one; those that were turned away do not count.
    let places = Rc::new(());
    let mut number = 0;
    let mut stopped = wait(stop);
    loop {
        tokio::select! {
            _ = &mut stopped => return clients,
            Some(_) = clients.join_next() => {}
            accepted = listener.accept(log) => match accepted {
                Ok((stream, peer)) => {
                    number += 1;
                    let (log, started) = (reception.log(number), listener.started);
                    if reception.greets() {
                        log.note(Role::Fact, &format!("* connected from {peer}"));
                    }
                    let arrival = Arrival { stream, peer, number, log, started };
                    if max_clients.is_some_and(|most| Rc::strong_count(&places) > most) {
                        let text = "! refused: as many clients are connected as --max-clients allows";
                        arrival.log.note(Role::Warning, text);
                        clients.spawn_local(reception.turn_away(arrival));
                        continue;
                    }
                    let _ = arrival.stream.set_nodelay(true);
                    let (client, place) = (reception.serve(arrival), Rc::clone(&places));
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
