//! A listener that is closed while the server is down on purpose.

use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use tokio::net::{TcpListener, TcpStream};

use super::Log;
use crate::duration::typed;
use crate::fault::Flap;

#[derive(Debug)]
pub struct Listener {
    /// `None` while the server is down.
    socket: Option<TcpListener>,
    address: Option<SocketAddr>,
    flap: Option<Flap>,
    pub started: Instant,
}

/// How long to wait for the port, if another program took it while the server was down.
const PORT_TAKEN: Duration = Duration::from_millis(100);

impl Listener {
    pub fn new(socket: TcpListener, flap: Option<Flap>) -> Self {
        Self {
            address: socket.local_addr().ok(),
            socket: Some(socket),
            flap,
            started: Instant::now(),
        }
    }

    /// The next client. The future may be dropped and made again.
    pub async fn accept(&mut self, log: &Log) -> io::Result<(TcpStream, SocketAddr)> {
        loop {
            let Some(flap) = self.flap else {
                return accept(self.socket.as_ref()).await;
            };
            let (is_up, change) = flap.phase(self.started.elapsed());
            if is_up && self.socket.is_none() {
                self.open(log).await;
            } else if !is_up && self.socket.take().is_some() {
                log.fault(&format!("flap, down for {}", typed(flap.down)));
            }
            let change = tokio::time::sleep_until((self.started + change).into());
            tokio::select! {
                accepted = accept(self.socket.as_ref()) => return accepted,
                () = change => {}
            }
        }
    }

    async fn open(&mut self, log: &Log) {
        let Some(address) = self.address else {
            return;
        };
        match TcpListener::bind(address).await {
            Ok(socket) => {
                self.socket = Some(socket);
                log.fault("flap, up again");
            }
            Err(error) => {
                log.fault(&format!("flap, cannot listen on {address} again: {error}"));
                tokio::time::sleep(PORT_TAKEN).await;
            }
        }
    }
}

async fn accept(socket: Option<&TcpListener>) -> io::Result<(TcpStream, SocketAddr)> {
    match socket {
        Some(socket) => socket.accept().await,
        None => std::future::pending().await,
    }
}
