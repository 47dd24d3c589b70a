//! Clients that come as streams of an HTTP/2 connection.

use std::cell::{Cell, RefCell};
use std::future::pending;
use std::mem::replace;
use std::rc::Rc;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use super::accept::{Admission, NO_PLACE, Place, Stop, wait};
use super::full::refuse_stream;
use super::http2::{Connection, Next, Request, Stream};
use super::{Log, linger};
use crate::render::Role;

/// What the clients of a connection get.
pub trait Host {
    /// Serves a client until it is gone; returns its stream if that is to end in order.
    fn serve(&self, guest: Guest) -> impl Future<Output = Option<Stream>> + 'static;
    /// The log of a client.
    fn log(&self, number: u64) -> Log;
}

/// A client in a stream of its own.
#[derive(Debug)]
pub struct Guest {
    pub request: Box<Request>,
    /// That of the connection, if it is the first one.
    pub number: u64,
    pub log: Log,
    pub is_first: bool,
}

/// A connection whose streams are clients.
#[derive(Debug)]
pub struct Streams<H> {
    pub host: H,
    pub number: u64,
    pub log: Log,
    pub stop: Stop,
    /// When the server goes away.
    pub down: Option<Instant>,
    pub admission: Admission,
}

/// How long a connection may be without a stream.
const UNUSED: Duration = Duration::from_secs(10);
/// How long a client may take to end a connection that the server ends.
const ENDING: Duration = Duration::from_secs(1);

impl<H: Host> Streams<H> {
    /// Serves the clients of `connection` until it is over.
    pub async fn serve(self, mut connection: Connection) {
        let mut log = self.log.clone();
        let mut stopped = wait(self.stop.clone());
        let mut down = self.down;
        let mut clients = Clients {
            streams: self,
            places: Places::default(),
            tasks: JoinSet::new(),
            is_used: false,
        };
        // When the connection is over that has no stream, or is to end.
        let mut limit = Some(Instant::now() + UNUSED);
        let (mut is_ending, mut is_stopped) = (false, false);
        loop {
            tokio::select! {
                next = connection.next() => match next {
                    Next::Request(request) => {
                        clients.admit(request);
                        limit = limit.filter(|_| is_ending);
                    }
                    Next::Seen(seen) => {
                        log.frame(seen, Instant::now());
                    }
                    Next::Refused(why) => {
                        log.note(Role::Warning, &format!("! HTTP/2: {why}"));
                    }
                    Next::Over(why) => {
                        if let Some(why) = why {
                            log.note(Role::Error, &format!("! HTTP/2: {why}"));
                        }
                        break;
                    }
                },
                Some(_) = clients.tasks.join_next() => if clients.tasks.is_empty() {
                    let patience = if is_ending { ENDING } else { UNUSED };
                    limit = Some(Instant::now() + patience);
                },
                () = at(log.deadline()) => log.tick(Instant::now()),
                () = at(limit) => {
                    if is_ending {
                        break;
                    }
                    clients.note_unused(&log);
                    is_ending = true;
                    connection.end();
                    limit = Some(Instant::now() + ENDING);
                }
                _ = &mut stopped, if !is_stopped => {
                    (is_stopped, is_ending) = (true, true);
                    connection.end();
                    limit = clients.tasks.is_empty().then(|| Instant::now() + ENDING);
                }
                () = at(down) => {
                    // The streams end by themselves then.
                    (down, is_ending) = (None, true);
                    connection.end();
                    limit = Some(Instant::now() + ENDING);
                }
            }
        }
        log.end_of_flood();
        // The streams end with their connection.
        drop(connection);
        while clients.tasks.join_next().await.is_some() {}
    }
}

/// The clients that a connection has, and had.
struct Clients<H> {
    streams: Streams<H>,
    places: Places,
    tasks: JoinSet<()>,
    /// Whether a client came.
    is_used: bool,
}

impl<H: Host> Clients<H> {
    /// Serves a client, if there is a place for it.
    fn admit(&mut self, request: Box<Request>) {
        let guest = self.guest(request);
        let Some(place) = self.places.enter(&self.streams.admission) else {
            guest.log.note(Role::Warning, NO_PLACE);
            self.tasks.spawn_local(refuse_stream(guest.request));
            return;
        };
        // In a box, as it is large while the handshake lasts.
        let client = Box::pin(self.streams.host.serve(guest));
        self.tasks.spawn_local(async move {
            let left = client.await;
            drop(place);
            if let Some(mut stream) = left {
                let _ = linger(&mut stream).await;
            }
        });
    }

    fn guest(&mut self, request: Box<Request>) -> Guest {
        let (streams, stream) = (&self.streams, request.stream());
        let first = streams.number;
        let is_first = !replace(&mut self.is_used, true);
        let (number, log) = if is_first {
            (first, streams.log.clone())
        } else {
            let number = streams.admission.number();
            (number, streams.host.log(number))
        };
        let text = if is_first {
            format!("* HTTP/2, stream {stream}")
        } else {
            format!("* HTTP/2, stream {stream} of the connection of @{first}")
        };
        log.note(Role::Fact, &text);
        Guest {
            request,
            number,
            log,
            is_first,
        }
    }

    fn note_unused(&self, log: &Log) {
        if self.is_used {
            let text = "* HTTP/2: no stream for 10 s, the connection ends";
            log.note(Role::Fact, text);
        } else {
            let text = "! HTTP/2: no request within 10 s, the connection ends";
            log.note(Role::Error, text);
        }
    }
}

/// Completes at a moment, if there is one.
async fn at(limit: Option<Instant>) {
    match limit {
        Some(limit) => tokio::time::sleep_until(limit.into()).await,
        None => pending().await,
    }
}

/// The places of a connection: the first of its clients has that of the connection itself.
#[derive(Debug, Clone, Default)]
struct Places {
    clients: Rc<Cell<usize>>,
    further: Rc<RefCell<Vec<Place>>>,
}

/// The place of a client.
struct Seat(Places);

impl Places {
    fn enter(&self, admission: &Admission) -> Option<Seat> {
        if self.clients.get() > 0 {
            self.further.borrow_mut().push(admission.place()?);
        }
        self.clients.set(self.clients.get() + 1);
        Some(Seat(self.clone()))
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let Self(places) = self;
        places.clients.set(places.clients.get() - 1);
        places.further.borrow_mut().pop();
    }
}
