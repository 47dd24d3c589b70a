//! How to connect: target, route, proxy, TLS, credentials, handshake and limits, resolved.

use std::path::PathBuf;
use std::time::Duration;

use super::compression::parse_compression;
use super::credential::{authorization, bearer_of, cookies, login_of};
use super::header::{check_value, parse_headers, parse_subprotocols};
use super::target::Target;
use super::tls::{client_identity, tls_options};
use super::{ConfigError, Environment, http, redirect, route};
use crate::cli::{ClientLimitArgs, DialArgs, HandshakeArgs, LimitArgs};
use crate::cookie::Jar;
use crate::dial;
use crate::proto::Role;
use crate::proto::connection::Config;
use crate::proto::deflate;
use crate::proto::handshake::Offer;
use crate::proto::handshake::like::{Client, Like};
use crate::proto::receiver::Delivery;
use crate::session::{self, Credentials};
use crate::speaker;

#[derive(Debug, Clone)]
pub struct Dialing {
    pub open: session::Options,
    /// The URL; secrets in it are not masked.
    pub url: String,
    pub notes: Vec<String>,
    pub cookie_jar: Option<(PathBuf, Jar)>,
    /// The protocol of `--as`.
    pub on_top: Option<speaker::Options>,
}

impl Dialing {
    /// Resolves the flags for `target`; may ask for passwords. A protocol on top that `logs_in` gets the user and
    /// password in the place of HTTP.
    pub(super) fn resolve(
        args: &DialArgs,
        target: &Target,
        logs_in: bool,
        environment: &Environment,
    ) -> Result<Self, ConfigError> {
        let mut dialing = Self::plain(&args.handshake, &args.limit, target, environment)?;
        let open = &mut dialing.open;
        open.dial.tls = tls_options(&args.tls, environment)?;
        open.dial.http = http::resolve(&args.http, target)?;
        open.dial.like = args.handshake.like;
        open.follow = redirect::follow(&args.redirect);
        if let Some(file) = &args.auth.cookie_jar {
            let jar = open.credentials.jar.get_or_insert_default().clone();
            dialing.cookie_jar = Some((file.clone(), jar));
        }
        // Last, so that nobody types a password for a command line that is refused.
        let user_agent = open.offer.user_agent.clone();
        (open.dial.route, open.dial.proxies) =
            route::resolve(&args.route, &args.proxy, user_agent, environment)?;
        if target.dial.tls || args.redirect.location_trusted {
            open.dial.tls.identity = client_identity(&args.tls, environment)?;
        }
        let notes = &mut dialing.notes;
        if logs_in {
            let login = login_of(&args.auth, target, environment, notes)?;
            open.credentials.login = login.map(|(_, login)| login);
            open.credentials.authorization = bearer_of(&args.auth, environment)?;
        } else {
            open.credentials.authorization = authorization(&args.auth, target, environment, notes)?;
        }
        Ok(dialing)
    }

    /// A connection without credentials, redirects, proxies or TLS options.
    pub(super) fn plain(
        handshake: &HandshakeArgs,
        limit: &ClientLimitArgs,
        target: &Target,
        environment: &Environment,
    ) -> Result<Self, ConfigError> {
        let (cookies, jar) = cookies(&handshake.cookie, environment)?;
        let assumed = target.assumed.iter().map(ToString::to_string);
        Ok(Self {
            open: session::Options {
                url: redirect::without_userinfo(&target.url),
                target: target.dial.clone(),
                dial: dial::Options::default(),
                offer: offer(target, handshake, environment)?,
                credentials: Credentials {
                    authorization: None,
                    login: None,
                    cookies,
                    jar,
                },
                follow: None,
                connection: Config {
                    lenient: handshake.lenient,
                    ..limits(&limit.endpoint, Role::Client)
                },
                connect_timeout: limit.connect_timeout.0.unwrap_or(Duration::MAX),
                timeout_flag: "--connect-timeout",
                on_top: None,
                polling: None,
                negotiation: None,
                browser: None,
            },
            url: target.sent_url(),
            notes: assumed.chain(schemeless(handshake)).collect(),
            cookie_jar: None,
            on_top: None,
        })
    }

    pub(super) fn within(&mut self, max_time: Option<Duration>) {
        if let Some(limit) = max_time.filter(|limit| *limit < self.open.connect_timeout) {
            self.open.connect_timeout = limit;
            self.open.timeout_flag = "--max-time";
        }
    }
}

/// A note on an Origin that no browser sends: most likely a file for curl's -o.
fn schemeless(args: &HandshakeArgs) -> Option<String> {
    let origin = args.origin.as_deref()?;
    let is_usual = origin.contains("://") || origin == "null";
    (!is_usual).then(|| {
        format!(
            "the Origin {origin:?} has no scheme, such as https://; curl's -o FILE is > FILE here"
        )
    })
}

fn offer(
    target: &Target,
    args: &HandshakeArgs,
    environment: &Environment,
) -> Result<Offer, ConfigError> {
    let user_agent = match (&args.user_agent, args.like) {
        (Some(given), _) => given.clone(),
        (None, Some(client)) => client.user_agent().to_owned(),
        (None, None) => concat!("wsee/", env!("CARGO_PKG_VERSION")).to_owned(),
    };
    check_value("-A", &user_agent)?;
    if let Some(origin) = &args.origin {
        check_value("--origin", origin)?;
    }
    Ok(Offer {
        target: target.request_target.clone(),
        host: target.host_header.clone(),
        subprotocols: parse_subprotocols(&args.subprotocol)?,
        require_subprotocol: args.require_subprotocol,
        compression: match &args.compress {
            _ if args.no_compress => Vec::new(),
            Some(offer) => parse_compression(offer)?,
            None => offered(args.like),
        },
        lenient: args.lenient,
        user_agent: Some(user_agent),
        origin: args.origin.clone().or_else(|| {
            let browser = args.like.filter(|it| it.is_browser());
            browser.map(|_| own_origin(target))
        }),
        fields: Vec::new(),
        edits: parse_headers("-H", &args.header, |path| environment.read_text(path))?,
        relayed: None,
        like: args.like.map(|client| Like {
            client,
            is_tls: target.dial.tls,
            is_trustworthy: target.dial.is_trustworthy(),
        }),
    })
}

/// What is offered by default: the same as browsers, or as the one that is imitated.
fn offered(like: Option<Client>) -> Vec<deflate::Offer> {
    match like {
        Some(Client::Curl) => Vec::new(),
        Some(Client::Firefox) => vec![deflate::Offer::default()],
        Some(Client::Chrome) | None => vec![deflate::Offer::BROWSER],
    }
}

/// The origin of a page on the server itself (RFC 6454 §4).
fn own_origin(target: &Target) -> String {
    let scheme = if target.dial.tls { "https" } else { "http" };
    format!("{scheme}://{}", target.host_header)
}

/// The largest message to accept, in bytes: by default more than most servers send, and small enough for the
/// memory of any machine.
pub(super) fn max_message(args: &LimitArgs) -> u64 {
    args.max_message.map_or(64 << 20, |size| size.0)
}

/// The engine's configuration from the limit flags, for either role.
pub(super) fn limits(args: &LimitArgs, role: Role) -> Config {
    let limit = |given: Option<crate::cli::TimeLimit>| given.and_then(|limit| limit.0);
    Config {
        delivery: Delivery::Whole {
            max_message: max_message(args),
        },
        fragment: args
            .fragment
            .map(|size| usize::try_from(size.0).unwrap_or(usize::MAX)),
        auto_pong: !args.no_auto_pong,
        close_timeout: args.close_timeout.0,
        ping_interval: limit(args.ping_interval),
        ping_timeout: limit(args.ping_timeout),
        idle_timeout: limit(args.idle_timeout),
        ..Config::new(role)
    }
}
