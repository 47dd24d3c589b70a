//! TCP connections; the addresses of a host race (happy eyeballs, RFC 8305).

use std::future::{Future, poll_fn};
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use socket2::{SockRef, TcpKeepalive};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::{Instant, timeout};

use super::interface::Bound;
use super::{Attempt, Endpoint, Error, Route, Step};
use crate::sys::net;

/// RFC 8305 §5: the recommended Connection Attempt Delay.
const ATTEMPT_DELAY: Duration = Duration::from_millis(250);

pub(super) async fn connect(
    endpoint: &Endpoint,
    addresses: &[SocketAddr],
    route: &Route,
    step: &mut dyn FnMut(Step),
) -> Result<TcpStream, Error> {
    let mut on_failure = |attempt: &Attempt| step(Step::Failed(attempt.clone()));
    let bound = route.interface.as_ref().map(Bound::new).transpose()?;
    let open = |address| open(address, bound.as_ref(), route);
    let won = race(addresses, open, &mut on_failure)
        .await
        .map_err(|attempts| Error::Connect {
            host: endpoint.host.clone(),
            port: endpoint.port,
            attempts,
        })?;
    let (tcp, local) = won.connection;
    step(Step::Connected {
        address: won.address,
        local,
        took: won.took,
    });
    Ok(tcp)
}

async fn open(
    address: SocketAddr,
    bound: Option<&Bound<'_>>,
    route: &Route,
) -> io::Result<(TcpStream, SocketAddr)> {
    let socket = if address.is_ipv4() {
        TcpSocket::new_v4()?
    } else {
        TcpSocket::new_v6()?
    };
    if let Some(bound) = bound {
        bound.bind(&socket, address)?;
    }
    let tcp = socket.connect(address).await?;
    // A debugger shows when a frame was sent, so Nagle's algorithm must not delay it.
    tcp.set_nodelay(true)?;
    keep_alive(&tcp, route)?;
    let local = tcp.local_addr()?;
    Ok((tcp, local))
}

fn keep_alive(tcp: &TcpStream, route: &Route) -> io::Result<()> {
    if let Some(time) = route.keepalive {
        // The same time before the first probe and between probes, as in curl.
        let keepalive = TcpKeepalive::new().with_time(time).with_interval(time);
        SockRef::from(tcp).set_tcp_keepalive(&keepalive)?;
    }
    if let Some(time) = route.user_timeout {
        net::set_user_timeout(tcp, time)?;
    }
    Ok(())
}

#[derive(Debug)]
struct Won<T> {
    address: SocketAddr,
    connection: T,
    took: Duration,
}

/// Tries `addresses` in order, each [`ATTEMPT_DELAY`] after the previous one or as soon as one fails.
///
/// The first connection wins, and the other attempts are dropped. Errors are in the order of failure.
async fn race<T, F>(
    addresses: &[SocketAddr],
    open: impl Fn(SocketAddr) -> F,
    on_failure: &mut dyn FnMut(&Attempt),
) -> Result<Won<T>, Vec<Attempt>>
where
    F: Future<Output = io::Result<T>>,
{
    let mut waiting = addresses.iter().copied();
    let mut running = Running(Vec::new());
    let mut failed = Vec::new();
    loop {
        match waiting.next() {
            Some(address) => running.0.push(Box::pin(attempt(address, open(address)))),
            None if running.0.is_empty() => return Err(failed),
            None => {}
        }
        let delay = match waiting.len() {
            0 => Duration::MAX,
            _ => ATTEMPT_DELAY,
        };
        match timeout(delay, running.next()).await {
            Ok(Ok(won)) => return Ok(won),
            Ok(Err(attempt)) => {
                on_failure(&attempt);
                failed.push(attempt);
            }
            Err(_elapsed) => {}
        }
    }
}

async fn attempt<T>(
    address: SocketAddr,
    opening: impl Future<Output = io::Result<T>>,
) -> Result<Won<T>, Attempt> {
    let started = Instant::now();
    match opening.await {
        Ok(connection) => Ok(Won {
            address,
            connection,
            took: started.elapsed(),
        }),
        Err(error) => Err(Attempt {
            address,
            error: Arc::new(error),
            took: started.elapsed(),
        }),
    }
}

type Outcome<T> = Result<Won<T>, Attempt>;

/// The attempts in progress. A host has few addresses, so every wake-up polls them all.
struct Running<'a, T>(Vec<Pin<Box<dyn Future<Output = Outcome<T>> + 'a>>>);

impl<T> Running<'_, T> {
    async fn next(&mut self) -> Outcome<T> {
        poll_fn(|cx| {
            for index in 0..self.0.len() {
                if let Poll::Ready(outcome) = self.0[index].as_mut().poll(cx) {
                    drop(self.0.remove(index));
                    return Poll::Ready(outcome);
                }
            }
            Poll::Pending
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::future::pending;

    use crate::sys::Feature;

    use super::*;

    fn addresses(texts: &[&str]) -> Vec<SocketAddr> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    fn refused<T>() -> io::Result<T> {
        Err(io::ErrorKind::ConnectionRefused.into())
    }

    #[tokio::test]
    async fn keepalive_settings_reach_the_socket() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let route = Route {
            keepalive: Some(Duration::from_secs(7)),
            user_timeout: Feature::UserTimeout
                .is_here()
                .then(|| Duration::from_millis(2500)),
            ..Route::default()
        };
        let (tcp, _) = open(address, None, &route).await.unwrap();
        let socket = SockRef::from(&tcp);
        assert!(socket.keepalive().unwrap());
        let seven = Duration::from_secs(7);
        assert_eq!(socket.tcp_keepalive_time().unwrap(), seven);
        assert_eq!(socket.tcp_keepalive_interval().unwrap(), seven);

        let (tcp, _) = open(address, None, &Route::default()).await.unwrap();
        assert!(!SockRef::from(&tcp).keepalive().unwrap());
    }

    #[tokio::test]
    async fn moves_on_at_once_after_a_refusal() {
        let addresses = addresses(&["[::1]:1", "127.0.0.1:1"]);
        let mut failures = Vec::new();
        let started = Instant::now();

        let won = race(
            &addresses,
            async |address| {
                if address.is_ipv6() {
                    refused()
                } else {
                    Ok("connected")
                }
            },
            &mut |attempt| failures.push(attempt.address),
        )
        .await
        .unwrap();

        assert_eq!((won.address, won.connection), (addresses[1], "connected"));
        assert_eq!(failures, addresses[..1]);
        assert!(started.elapsed() < ATTEMPT_DELAY);
    }

    #[tokio::test]
    async fn tries_the_next_address_when_one_stays_silent() {
        let addresses = addresses(&["[::1]:1", "127.0.0.1:1"]);
        let started = Instant::now();

        let won = race(
            &addresses,
            async |address| {
                if address.is_ipv6() {
                    pending().await
                } else {
                    Ok(())
                }
            },
            &mut |attempt| panic!("{attempt:?}"),
        )
        .await
        .unwrap();

        assert_eq!(won.address, addresses[1]);
        assert!(started.elapsed() >= ATTEMPT_DELAY);
    }

    #[tokio::test]
    async fn lets_a_slow_first_address_win_when_the_rest_fails() {
        let addresses = addresses(&["[::1]:1", "127.0.0.1:1"]);
        let won = race(
            &addresses,
            async |address| {
                if address.is_ipv6() {
                    tokio::time::sleep(ATTEMPT_DELAY * 2).await;
                    return Ok(());
                }
                refused()
            },
            &mut |_| {},
        )
        .await
        .unwrap();
        assert_eq!(won.address, addresses[0]);
    }

    #[tokio::test]
    async fn reports_every_failure_in_order() {
        let addresses = addresses(&["[::1]:1", "127.0.0.1:1", "[::1]:2"]);
        let told = RefCell::new(Vec::new());

        let failed = race(&addresses, async |_| refused::<()>(), &mut |attempt| {
            told.borrow_mut().push(attempt.address);
        })
        .await
        .unwrap_err();

        let failed: Vec<_> = failed.iter().map(|attempt| attempt.address).collect();
        assert_eq!(failed, addresses);
        assert_eq!(told.into_inner(), addresses);
    }
}
