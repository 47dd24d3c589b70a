//! Turns a target into a connected byte stream, and reports each phase as it happens.
//!
//! The phases are name resolution, TCP (happy eyeballs) and, for `wss`, TLS. A proxy adds the same
//! phases and a tunnel. There is no deadline in here: the caller puts one around [`dial`], which may
//! be dropped at any await point. The steps reported so far then show how far it got.

mod bar;
mod endpoint;
mod error;
mod family;
pub mod http2;
mod interface;
pub mod proxy;
mod refusal;
mod resolve;
pub mod route;
mod stream;
mod system;
mod tcp;
pub mod tls;

use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::proto::handshake::like::Client;
use crate::proto::http1::Head;
use crate::sys::net::UnixStream;
pub use bar::{Barred, Bars};
pub use endpoint::Endpoint;
pub use error::{
    Attempt, Error, ProxyError, ProxyProblem, SocksProblem, SocksReply, TunnelRefusal,
    is_unresolved,
};
pub use family::Family;
pub use http2::Http2Error;
pub use interface::Interface;
pub use refusal::{read_body, read_body_of, read_rest};
pub use route::Route;
pub use stream::{Socket, Stream};
pub use system::io_text;
pub use tls::{
    Certificate, ClientAuth, Identity, IdentityError, IdentityProblem, PinError, PinProblem, Pins,
    Roots, RootsError, RootsProblem, Shown, SystemStore, TlsFailure, TlsProblem, VerifyProblem,
};

use endpoint::authority;
use proxy::{Proxies, Proxy};
use tls::HandshakeReason;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// A name in ASCII (IDNA) form or an IP address; IPv6 without brackets, with `%` and its zone.
    pub host: String,
    pub port: u16,
    pub tls: bool,
}

/// Host and port as in a URL.
impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&authority(&self.host, self.port))
    }
}

impl Target {
    pub fn is_address(&self) -> bool {
        endpoint::literal(&self.host).is_some()
    }

    /// Whether browsers treat it as safe: TLS, or this machine (Secure Contexts §3.1).
    pub fn is_trustworthy(&self) -> bool {
        let is_loopback = |address: IpAddr| address.is_loopback();
        self.tls || is_localhost(&self.host) || self.host.parse().is_ok_and(is_loopback)
    }
}

#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Ignored for a target without TLS.
    pub tls: tls::Options,
    pub route: Route,
    pub proxies: Proxies,
    pub http: http2::Versions,
    /// The client whose HTTP/2 is imitated.
    pub like: Option<Client>,
}

#[derive(Debug, Clone)]
pub enum Step {
    /// The host's name was resolved; not reported for an IP address.
    Resolved {
        host: String,
        /// In the order in which they are tried.
        addresses: Vec<IpAddr>,
        took: Duration,
        /// The user gave the addresses: no resolver was asked.
        pinned: bool,
    },
    ConnectTo(Endpoint),
    /// A connection to a proxy begins; the steps until [`Step::Tunnel`] are about it.
    Proxy(Box<Proxy>),
    ProxyTls(Box<tls::Session>),
    ProxyRequest(Head),
    ProxyResponse(Head),
    Tunnel {
        endpoint: Endpoint,
        /// Without the connection to the proxy.
        took: Duration,
    },
    Failed(Attempt),
    ConnectedUnix {
        path: PathBuf,
        took: Duration,
    },
    Connected {
        address: SocketAddr,
        local: SocketAddr,
        took: Duration,
    },
    KeyLog {
        file: PathBuf,
        error: Option<Arc<io::Error>>,
    },
    Tls(Box<tls::Session>),
    /// A frame of HTTP/2 passed.
    Http2(http2::Seen),
    /// The server lacks what a WebSocket needs of HTTP/2, and HTTP/1.1 follows.
    Http1(Arc<Http2Error>),
}

/// What a connection speaks.
#[derive(Debug)]
pub enum Dialed {
    Http1(Stream),
    Http2(Box<http2::Client>),
}

/// A connection for HTTP/1.1.
pub async fn dial(
    target: &Target,
    options: &Options,
    step: &mut dyn FnMut(Step),
) -> Result<Stream, Error> {
    Ok(dial_offering(target, options, http2::Versions::Http1, step)
        .await?
        .0)
}

/// A connection for the HTTP that `options` ask for.
pub async fn dial_http(
    target: &Target,
    options: &Options,
    step: &mut dyn FnMut(Step),
) -> Result<Dialed, Error> {
    let versions = options.http;
    let (stream, alpn) = dial_offering(target, options, versions, step).await?;
    if versions == http2::Versions::Http1 {
        return Ok(Dialed::Http1(stream));
    }
    // Without TLS the user knows it.
    let is_http2 = !target.tls || alpn.as_deref() == Some("h2");
    let missing = if is_http2 {
        let like = options.like.and_then(Client::http2);
        match http2::open(stream, like, step).await {
            Ok(client) => return Ok(Dialed::Http2(Box::new(client))),
            Err(problem) => problem,
        }
    } else if versions == http2::Versions::Auto {
        step(Step::Http1(Arc::new(Http2Error::NotOffered(alpn))));
        return Ok(Dialed::Http1(stream));
    } else {
        Http2Error::NotOffered(alpn)
    };
    if versions == http2::Versions::Auto && missing.is_missing() {
        step(Step::Http1(Arc::new(missing)));
        return Ok(Dialed::Http1(dial(target, options, step).await?));
    }
    Err(missing.into())
}

/// With the protocol that the server chose, if there is TLS and it chose one.
async fn dial_offering(
    target: &Target,
    options: &Options,
    versions: http2::Versions,
    step: &mut dyn FnMut(Step),
) -> Result<(Stream, Option<String>), Error> {
    // Before anything is sent: bad roots are a usage error, whatever the server does.
    let tls = target
        .tls
        .then(|| tls::Client::new(target, &options.tls, versions.alpn()))
        .transpose()?;
    let stream = connect(target, options, step).await?;
    let Some(client) = tls else {
        return Ok((stream, None));
    };
    let stream = client.handshake(stream, step).await;
    let stream = stream.map_err(|failure| match &failure.problem {
        TlsProblem::Handshake(problem)
            if problem.reason == Some(HandshakeReason::NoProtocol)
                && versions == http2::Versions::Http2 =>
        {
            Http2Error::NotOffered(None).into()
        }
        _ => Error::from(failure),
    })?;
    let alpn = stream.alpn();
    Ok((stream, alpn))
}

/// RFC 6761 §6.3: `localhost` and every name below it are loopback.
pub fn is_localhost(name: &str) -> bool {
    let name = name.strip_suffix('.').unwrap_or(name);
    name == "localhost" || name.ends_with(".localhost")
}

/// The same without TLS, whatever the target's is.
pub async fn connect(
    target: &Target,
    options: &Options,
    step: &mut dyn FnMut(Step),
) -> Result<Stream, Error> {
    let route = &options.route;
    if let Some(path) = &route.unix_socket {
        return connect_unix(path, step).await;
    }
    let endpoint = route.endpoint(target);
    if (&endpoint.host, endpoint.port) != (&target.host, target.port) {
        step(Step::ConnectTo(endpoint.clone()));
    }
    if let Some(proxy) = options.proxies.select(target) {
        return proxy::connect(proxy, &endpoint, options, step).await;
    }
    let addresses = resolve::resolve(&endpoint, route, step).await?;
    let tcp = tcp::connect(&endpoint, &addresses, route, step).await?;
    if let (Some(bars), Ok(peer), Ok(local)) = (route.bars, tcp.peer_addr(), tcp.local_addr()) {
        bars.check(&endpoint.host, peer, local)?;
    }
    Ok(Stream::Tcp(tcp))
}

async fn connect_unix(path: &Path, step: &mut dyn FnMut(Step)) -> Result<Stream, Error> {
    let started = Instant::now();
    let path = path.to_owned();
    match UnixStream::connect(&path).await {
        Ok(unix) => {
            let took = started.elapsed();
            step(Step::ConnectedUnix { path, took });
            Ok(Stream::Unix(unix))
        }
        Err(source) => Err(Error::Unix { path, source }),
    }
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
    async fn reports_the_addresses_of_a_name_before_it_connects() {
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
    async fn reports_every_refused_address_and_names_it_in_the_error() {
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
            format!("cannot connect to 127.0.0.1:{port}: 127.0.0.1 refused")
        );
    }
}
