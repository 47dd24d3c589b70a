//! Turns a target into a connected byte stream, and tells each phase as it happens.
//!
//! The phases are name resolution, TCP (happy eyeballs) and, for `wss`, TLS. There is no deadline
//! in here: the caller puts one around [`dial`], which may be dropped at any await point. The steps
//! told so far then say how far it got.

mod certificate;
mod distrust;
mod error;
mod resolve;
mod roots;
mod stream;
mod tcp;
pub mod tls;
mod verify;

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

pub use certificate::Certificate;
pub use error::{Attempt, Error};
pub use roots::{RootsError, RootsProblem};
pub use stream::Stream;

/// Where to connect to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// A name in ASCII (IDNA) form or an IP address; IPv6 without brackets.
    pub host: String,
    /// The TCP port.
    pub port: u16,
    /// Whether TLS is spoken on the connection.
    pub tls: bool,
}

/// What the caller wishes of a connection.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Wishes for TLS; not looked at when the target has none.
    pub tls: tls::Options,
}

/// What happened on the way to a connection, in order.
#[derive(Debug, Clone)]
pub enum Step {
    /// The host's name was resolved; not told for an IP address.
    Resolved {
        /// The name.
        host: String,
        /// Its addresses, in the order in which they are tried.
        addresses: Vec<IpAddr>,
        /// How long the answer took.
        took: Duration,
    },
    /// An address was tried and failed.
    Failed(Attempt),
    /// A TCP connection was made.
    Connected {
        /// The peer's end.
        address: SocketAddr,
        /// This end.
        local: SocketAddr,
        /// How long the attempt that succeeded took.
        took: Duration,
    },
    /// The TLS handshake was completed.
    Tls(Box<tls::Session>),
}

/// Connects to `target`; `step` is called for every phase as it happens.
pub async fn dial(
    target: &Target,
    options: &Options,
    step: &mut dyn FnMut(Step),
) -> Result<Stream, Error> {
    // Before anything is sent: a wrong --cacert is a usage error, whatever the server does.
    let tls = target
        .tls
        .then(|| tls::Client::new(target, &options.tls))
        .transpose()?;
    let addresses = resolve::resolve(target, step).await?;
    let stream = Stream::Tcp(tcp::connect(target, &addresses, step).await?);
    match tls {
        Some(client) => client.handshake(stream, step).await,
        None => Ok(stream),
    }
}

/// RFC 6761 §6.3: `localhost` and every name below it are loopback.
pub fn is_localhost(name: &str) -> bool {
    let name = name.strip_suffix('.').unwrap_or(name);
    name == "localhost" || name.ends_with(".localhost")
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;

    fn plain(host: &str, port: u16) -> Target {
        Target {
            host: host.to_owned(),
            port,
            tls: false,
        }
    }

    #[tokio::test]
    async fn connects_to_an_address_without_resolving_it() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = listener.local_addr().unwrap();
        let mut steps = Vec::new();

        let target = plain("127.0.0.1", server.port());
        let mut stream = dial(&target, &Options::default(), &mut |step| steps.push(step))
            .await
            .unwrap();
        stream.write_all(b"ping").await.unwrap();
        let (mut peer, peer_address) = listener.accept().await.unwrap();
        let mut received = [0; 4];
        peer.read_exact(&mut received).await.unwrap();

        assert_eq!(&received, b"ping");
        let [Step::Connected { address, local, .. }] = steps.as_slice() else {
            panic!("{steps:?}");
        };
        assert_eq!((*address, *local), (server, peer_address));
    }

    #[tokio::test]
    async fn tells_the_addresses_of_a_name_before_it_connects() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut steps = Vec::new();

        let target = plain("localhost", listener.local_addr().unwrap().port());
        let stream = dial(&target, &Options::default(), &mut |step| steps.push(step)).await;

        assert!(matches!(stream, Ok(Stream::Tcp(_))), "{stream:?}");
        let Some(Step::Resolved { addresses, .. }) = steps.first() else {
            panic!("{steps:?}");
        };
        assert!(addresses.iter().all(IpAddr::is_loopback), "{addresses:?}");
        assert!(matches!(steps.last(), Some(Step::Connected { .. })));
    }

    #[tokio::test]
    async fn tells_every_refused_address_and_names_it_in_the_error() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        drop(listener);
        let mut steps = Vec::new();

        let target = plain("127.0.0.1", port);
        let error = dial(&target, &Options::default(), &mut |step| steps.push(step))
            .await
            .unwrap_err();

        assert!(matches!(steps.as_slice(), [Step::Failed(_)]), "{steps:?}");
        assert_eq!(
            error.to_string(),
            format!(
                "cannot connect to 127.0.0.1:{port}: 127.0.0.1 refused; \
                 is the server running on this port?"
            )
        );
    }
}
