//! Clients for which there is no place, in the protocol that they speak.

use std::rc::Rc;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::http2::{Announced, Connection, Next, Request, is_spoken};
use super::{Identity, linger, turn_away};
use crate::proto::http1::Head;
use crate::session::Transport;

/// How such clients are spoken to.
#[derive(Debug, Clone)]
pub struct Refusing {
    identity: Option<Identity>,
    http2: bool,
    /// The name of the server.
    name: &'static str,
    places: Rc<Semaphore>,
}

/// Clients that are answered at a time: each costs a handshake of TLS, and the limit is there to keep cost down.
const MOST: usize = 64;
/// How long an answer may take, with the handshakes before it.
const PATIENCE: Duration = Duration::from_secs(3);
/// How long to wait for the first bytes, which say what a client without TLS speaks; most have sent them already.
const FIRST_BYTES: Duration = Duration::from_secs(1);

impl Refusing {
    pub fn new(identity: Option<Identity>, http2: bool, name: &'static str) -> Self {
        Self {
            identity,
            http2,
            name,
            places: Rc::new(Semaphore::new(MOST)),
        }
    }

    /// Answers a client with 503; beyond many at a time they are disconnected.
    pub async fn turn_away(self, stream: TcpStream) {
        let Ok(_place) = self.places.try_acquire() else {
            return;
        };
        // A client that does not come to its answer gets none.
        let _ = tokio::time::timeout(PATIENCE, Box::pin(self.answer(stream))).await;
    }

    async fn answer(&self, stream: TcpStream) {
        let Some(identity) = &self.identity else {
            if self.http2 && is_http2(&stream).await {
                refuse_streams(Box::new(stream)).await;
            } else {
                turn_away(stream, self.name).await;
            }
            return;
        };
        match identity.accept(stream).await {
            Ok(stream) if Identity::is_http2(&stream) => {
                refuse_streams(Box::new(stream)).await;
            }
            Ok(stream) => turn_away(stream, self.name).await,
            // It does not speak TLS, or does not trust the server.
            Err(_) => {}
        }
    }
}

async fn is_http2(stream: &TcpStream) -> bool {
    let spoken = tokio::time::timeout(FIRST_BYTES, is_spoken(stream)).await;
    matches!(spoken, Ok(Ok(true)))
}

/// Answers the streams of a connection until it is over.
async fn refuse_streams(stream: Box<dyn Transport>) {
    let Ok(mut connection) = Connection::open(stream, Announced::ALL).await else {
        return;
    };
    let mut streams = JoinSet::new();
    loop {
        tokio::select! {
            next = connection.next() => match next {
                Next::Request(request) => {
                    streams.spawn_local(refuse_stream(request));
                }
                Next::Over(_) => return,
                Next::Seen(_) | Next::Refused(_) => {}
            },
            // It has its answer.
            Some(_) = streams.join_next() => connection.end(),
        }
    }
}

/// Answers a stream for which there is no place.
pub(super) async fn refuse_stream(request: Box<Request>) {
    let response = Head::encode("HTTP/2 503", [("content-length", "0")]);
    if let Ok(mut stream) = request.refuse(&response, &[]) {
        let _ = linger(&mut stream).await;
    }
}
