//! `wsee proxy`, resolved: the front, the connection to the server, and what is changed on the way.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use super::dialing::{Dialing, max_message};
use super::header::check_origin;
use super::listen::{faults, typed};
use super::target::Target;
use super::{ConfigError, Display, Environment, runner};
use crate::acceptor::{Address, Identity};
use crate::cli::{ProxyingArgs, RecordFormat, ValueError};
use crate::console::host::Tools;
use crate::dial::is_localhost;
use crate::fault::Plan;
use crate::matching::Given;
use crate::proxy::{Extensions, Intercept, Rewriting};
use crate::record::Format;
use crate::session;

#[derive(Debug, Clone)]
pub struct Proxying {
    pub address: Address,
    /// Clients name their servers.
    pub forward: Option<Forwarding>,
    pub identity: Option<Identity>,
    /// Clients may use HTTP/2 as well.
    pub http2: bool,
    pub origins: Vec<String>,
    pub max_clients: Option<usize>,
    pub upstream: session::Options,
    /// The URL of the server; secrets in it are not masked.
    pub url: String,
    pub notes: Vec<String>,
    pub rewriting: Rewriting,
    pub max_message: u64,
    pub record: Option<(PathBuf, Format)>,
    /// The file of rules, and those of `--on`.
    pub rules: (Option<PathBuf>, Vec<String>),
    pub given: Given,
    /// The rules are only checked.
    pub check: bool,
    pub faults: Plan,
    /// Events on stdout.
    pub jsonl: bool,
    /// Where a person is at the terminal.
    pub prompt: Option<Tools>,
    pub display: Display,
}

/// What a proxy opens whose clients name their servers.
#[derive(Debug, Clone)]
pub struct Forwarding {
    pub intercepts: Vec<Intercept>,
    /// Where the CA is; `None` if no variable says where the user's files are.
    pub folder: Option<PathBuf>,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProxyingError {
    #[error(
        "UPSTREAM {0} is where the proxy itself listens; write wsee proxy PORT UPSTREAM with another port"
    )]
    Upstream(String),
    /// A proxy for the connections to the servers.
    #[error(
        "{name} {proxy} is where the proxy itself listens; start it with --proxy '', or with that of another"
    )]
    Proxy { name: &'static str, proxy: String },
    #[error("LISTEN {0:?}: {1}")]
    Listen(String, ValueError),
    #[error(
        "the server is missing; write wsee proxy [LISTEN] UPSTREAM, or wsee proxy --forward LISTEN for clients that name it"
    )]
    Missing,
    // clap does not see it, as --forward and UPSTREAM exclude each other.
    #[error(
        "--intercept names hosts of --forward LISTEN; without it, clients have one server, UPSTREAM"
    )]
    Intercept,
}

/// Stands for the servers that clients name.
const ANY: &str = "wss://server.invalid/";

/// Where the proxy listens unless it is said: as `wsee listen` does.
const LISTEN: (&str, u16) = ("127.0.0.1", 9001);

impl Proxying {
    /// Resolves the flags; may ask for passwords.
    pub fn resolve(args: &ProxyingArgs, environment: &Environment) -> Result<Self, ConfigError> {
        if args.forward.forward.is_none() && !args.forward.intercept.is_empty() {
            return Err(ProxyingError::Intercept.into());
        }
        let (host, port) = LISTEN;
        let usual = || Address {
            host: host.to_owned(),
            port,
        };
        let (listen, upstream) = args.ends().map_err(|error| {
            ProxyingError::Listen(args.listen.clone().unwrap_or_default(), error)
        })?;
        let listen = args.forward.forward.clone().or(listen);
        let address = listen.unwrap_or_else(usual);
        if args.forward.forward.is_none() && upstream.is_none() && !args.rule.check {
            return Err(ProxyingError::Missing.into());
        }
        let (front, dial) = (&args.front, &args.connection.0);
        for origin in &front.allow_origin {
            check_origin("--allow-origin", origin)?;
        }
        let handshake = &dial.handshake;
        let upstream = upstream.unwrap_or(ANY);
        let target = Target::typed(upstream, handshake.path_as_is)?;
        if leads_to((&target.dial.host, target.dial.port), &address) {
            return Err(ProxyingError::Upstream(upstream.to_owned()).into());
        }
        let identity = match (&front.front_cert, &front.front_key) {
            (Some(cert), Some(key)) => Some(Identity::read(cert, key, None)?),
            _ if front.tls => Some(Identity::make(&address.host, None)?),
            _ => None,
        };
        let identity = match identity {
            Some(identity) if front.http2 => Some(identity.with_http2()),
            identity => identity,
        };
        let mut dialing = Dialing::resolve(dial, &target, false, environment)?;
        let forward = args.forward.forward.as_ref().map(|_| Forwarding {
            intercepts: args.forward.intercept.clone(),
            folder: ca_folder(environment),
        });
        let proxies = &dialing.open.dial.proxies;
        for proxy in [&proxies.ws, &proxies.wss].into_iter().flatten() {
            if forward.is_some() && leads_to((&proxy.host, proxy.port), &address) {
                let (name, proxy) = (proxy.source, proxy.to_string());
                return Err(ProxyingError::Proxy { name, proxy }.into());
            }
        }
        // A broken response passes as well, and the log says what is wrong with it.
        dialing.open.offer.lenient = true;
        let offer = &dialing.open.offer;
        let rewriting = Rewriting {
            keeps_host: front.keep_host,
            keeps_origin: front.keep_origin,
            loosens_cookies: front.rewrite_cookies,
            origin: offer.origin.clone(),
            user_agent: handshake.user_agent.clone(),
            subprotocols: offer.subprotocols.clone(),
            extensions: match &handshake.compress {
                _ if handshake.no_compress => Extensions::None,
                Some(offers) => Extensions::These(offers.clone()),
                None => Extensions::AsOffered,
            },
        };
        let format = match args.output.record_format {
            RecordFormat::Jsonl => Format::Jsonl,
            RecordFormat::Har => Format::Har,
            RecordFormat::Wsee => Format::Scenario,
        };
        Ok(Self {
            address,
            forward,
            identity,
            http2: front.http2,
            origins: front.allow_origin.clone(),
            max_clients: front.max_clients.map(NonZeroUsize::get),
            upstream: dialing.open,
            url: dialing.url,
            notes: dialing.notes,
            rewriting,
            max_message: max_message(&dial.limit.endpoint),
            record: args.output.record.clone().map(|folder| (folder, format)),
            rules: (args.rule.rules.clone(), args.rule.on.clone()),
            given: runner::given(
                &args.variables,
                environment,
                args.display.style.show_secrets,
            )?,
            check: args.rule.check,
            faults: faults(&args.fault, front.http2, false)?,
            jsonl: args.output.jsonl,
            prompt: (!args.output.jsonl && !args.display.style.quiet)
                .then(|| typed("wsee/proxy-history", environment))
                .flatten(),
            display: Display::resolve(&args.display, environment),
        })
    }
}

/// Where the CA is.
pub fn ca_folder(environment: &Environment) -> Option<PathBuf> {
    let folder = environment.data_dir.as_ref()?;
    Some(folder.join("wsee"))
}

/// Whether a connection to this host and port would come back to the proxy.
fn leads_to((host, port): (&str, u16), address: &Address) -> bool {
    let is_here = |host: &str| {
        let ip = host.parse::<std::net::IpAddr>();
        ip.map_or_else(
            |_| is_localhost(host),
            |ip| ip.to_canonical().is_loopback() || ip.is_unspecified(),
        )
    };
    address.port == port && is_here(host) && is_here(&address.host)
}
