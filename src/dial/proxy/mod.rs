mod bypass;
mod http;
mod socks;

use std::fmt;

use tokio::time::Instant;

pub use bypass::Bypass;
pub use http::Options as HttpOptions;

use super::endpoint::authority;
use super::error::{ProxyError, ProxyProblem};
use super::http2::Versions;
use super::resolve::resolve;
use super::{Endpoint, Error, Options, Step, Stream, Target, tcp, tls};
use crate::secret::Secret;

#[derive(Debug, Clone, Default)]
pub struct Proxies {
    pub ws: Option<Proxy>,
    pub wss: Option<Proxy>,
    pub bypass: Bypass,
    pub http: HttpOptions,
    /// For TLS with an `https` proxy.
    pub tls: tls::Options,
}

impl Proxies {
    pub fn select(&self, target: &Target) -> Option<&Proxy> {
        let proxy = if target.tls { &self.wss } else { &self.ws };
        let bypassed = || self.bypass.contains(&target.host, target.port);
        proxy.as_ref().filter(|_| !bypassed())
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proxy {
    pub kind: Kind,
    /// A name in ASCII (IDNA) form or an IP address; IPv6 without brackets.
    pub host: String,
    pub port: u16,
    pub credentials: Option<Secret<(String, String)>>,
    /// The flag or the environment variable that names it.
    pub source: &'static str,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// HTTP, with CONNECT (RFC 9110 §9.3.6).
    Http,
    Https,
    /// wsee resolves the name.
    Socks4,
    Socks4a,
    /// RFC 1928; wsee resolves the name.
    Socks5,
    Socks5h,
}

impl Kind {
    pub const ALL: [Self; 6] = [
        Self::Http,
        Self::Https,
        Self::Socks4,
        Self::Socks4a,
        Self::Socks5,
        Self::Socks5h,
    ];

    pub fn scheme(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
            Self::Socks4 => "socks4",
            Self::Socks4a => "socks4a",
            Self::Socks5 => "socks5",
            Self::Socks5h => "socks5h",
        }
    }

    fn resolves_here(self) -> bool {
        matches!(self, Self::Socks4 | Self::Socks5)
    }
}

/// The URL without its credentials.
impl fmt::Display for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let authority = authority(&self.host, self.port);
        write!(f, "{}://{authority}", self.kind.scheme())
    }
}

pub(super) async fn connect(
    proxy: &Proxy,
    endpoint: &Endpoint,
    options: &Options,
    step: &mut dyn FnMut(Step),
) -> Result<Stream, Error> {
    let error = |problem| {
        Error::Proxy(Box::new(ProxyError {
            proxy: proxy.to_string(),
            origin: proxy.source,
            problem,
        }))
    };
    let unreachable = |source| error(ProxyProblem::Unreachable(Box::new(source)));
    // Before connecting: bad TLS options are a usage error.
    let target = Target {
        host: proxy.host.clone(),
        port: proxy.port,
        tls: proxy.kind == Kind::Https,
    };
    let tls = target
        .tls
        .then(|| tls::Client::new(&target, &options.proxies.tls, Versions::Http1.alpn()))
        .transpose()
        .map_err(|failure| unreachable(failure.into()))?;
    let addresses = if proxy.kind.resolves_here() {
        Some(resolve(endpoint, &options.route, step).await?)
    } else {
        None
    };
    step(Step::Proxy(Box::new(proxy.clone())));
    let stream = reach(&target, tls, options, step)
        .await
        .map_err(unreachable)?;

    let started = Instant::now();
    let stream = match proxy.kind {
        Kind::Http | Kind::Https => {
            let http = &options.proxies.http;
            http::tunnel(proxy, endpoint, http, stream, step).await
        }
        _ => socks::tunnel(proxy, endpoint, addresses.as_deref(), stream).await,
    }
    .map_err(error)?;
    step(Step::Tunnel {
        endpoint: endpoint.clone(),
        took: started.elapsed(),
    });
    Ok(stream)
}

async fn reach(
    target: &Target,
    tls: Option<tls::Client<'_>>,
    options: &Options,
    step: &mut dyn FnMut(Step),
) -> Result<Stream, Error> {
    let endpoint = Endpoint {
        host: target.host.clone(),
        port: target.port,
    };
    let addresses = resolve(&endpoint, &options.route, step).await?;
    let stream = tcp::connect(&endpoint, &addresses, &options.route, step).await?;
    let Some(client) = tls else {
        return Ok(Stream::Tcp(stream));
    };
    let mut with_proxy = |told: Step| match told {
        Step::Tls(session) => step(Step::ProxyTls(session)),
        other => step(other),
    };
    Ok(client
        .handshake(Stream::Tcp(stream), &mut with_proxy)
        .await?)
}
