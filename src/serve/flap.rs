//! A listener that is closed while the server is down on purpose.

use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use tokio::net::{TcpListener, TcpStream};

use super::Log;
use crate::duration::typed;
use crate::fault::Flap;

#[derive(Debug)]
pub(super) struct Listener {
    /// `None` while the server is down.
    listener: Option<TcpListener>,
    address: Option<SocketAddr>,
    flap: Option<Flap>,
    pub(super) started: Instant,
}

/// How long to wait for the port, if another program took it while the server was down.
const PORT_TAKEN: Duration = Duration::from_millis(100);

impl Listener {
    pub(super) fn new(listener: TcpListener, flap: Option<Flap>) -> Self {
        Self {
            address: listener.local_addr().ok(),
            listener: Some(listener),
            flap,
            started: Instant::now(),
        }
    }

    /// The next client. The future may be dropped and made again.
    pub(super) async fn accept(&mut self, log: &Log) -> io::Result<(TcpStream, SocketAddr)> {
        loop {
            let Some(flap) = self.flap else {
                return accept(self.listener.as_ref()).await;
            };
            let (is_up, change) = flap.phase(self.started.elapsed());
            if is_up && self.listener.is_none() {
                self.open(log).await;
            } else if !is_up && self.listener.take().is_some() {
                log.fault(&format!("flap, down for {}", typed(flap.down)));
            }
            let change = tokio::time::sleep_until((self.started + change).into());
            tokio::select! {
                accepted = accept(self.listener.as_ref()) => return accepted,
                () = change => {}
            }
        }
    }

    async fn open(&mut self, log: &Log) {
        let Some(address) = self.address else {
            return;
        };
        match TcpListener::bind(address).await {
            Ok(listener) => {
                self.listener = Some(listener);
                log.fault("flap, up again");
            }
            Err(error) => {
                log.fault(&format!("flap, cannot listen on {address} again: {error}"));
                tokio::time::sleep(PORT_TAKEN).await;
            }
        }
    }
}

async fn accept(listener: Option<&TcpListener>) -> io::Result<(TcpStream, SocketAddr)> {
    match listener {
        Some(listener) => listener.accept().await,
        None => std::future::pending().await,
    }
}
