//! "Protocols on top": what is spoken, with which credentials, and the URL it needs.

mod actioncable;
mod credentials;
mod jsonrpc;
mod mqtt;
mod phoenix;
mod pusher;
mod query;
mod signalr;
mod socketio;
mod source;
mod view;

use std::path::PathBuf;

use super::target::Target;
use super::{Dialing, Environment};
use crate::cli::{As, DialArgs, Eio, OnTopArgs, SessionArgs};
use crate::diagnostic::Diagnostic;
use crate::dial::http2::Versions;
use crate::exit::Exit;
use crate::ontop::socketio::is_namespace;
use crate::ontop::{self, Name, SayError, graphql};
use crate::pipe::Split;
use crate::session::{Browser, Negotiation, Polling};
use crate::speaker::{self, Auth};
pub(super) use credentials::wanted;
use source::Source;

#[derive(Debug, thiserror::Error)]
pub enum OnTopError {
    #[error("--namespace {0:?} is no namespace")]
    Namespace(String),
    #[error("{flag} is {problem}")]
    Json { flag: &'static str, problem: String },
    #[error("{flag} env:{name}: the variable is not set, or is not valid UTF-8; export it")]
    Variable { flag: &'static str, name: String },
    #[error("{flag} @{}: cannot read it: {error}", file.display())]
    File {
        flag: &'static str,
        file: PathBuf,
        error: std::io::Error,
    },
    #[error("{flag} belongs to --as {owner}, and not to --as {name}")]
    Foreign {
        flag: &'static str,
        owner: String,
        name: &'static str,
    },
    #[error("--subscribe belongs to a protocol with subscriptions, and not to --as {0}")]
    NoSubscriptions(&'static str),
    #[error("--subscribe {0:?}: {error}", error = .1.text)]
    Subscribe(String, SayError),
    #[error("--like is about the upgrade to WebSocket, and this session begins with long polling")]
    Like,
    #[error("--user has no password")]
    Login,
    #[error("no key of an app in the URL")]
    AppKey,
    #[error("--client-id has {0} bytes, and at most 65535 are possible")]
    ClientId(usize),
    #[error("--as {name} sends and prints JSON, which {flag} does not")]
    Pipe {
        name: &'static str,
        flag: &'static str,
    },
    #[error(
        "long polling is made of requests over HTTP/1.1; drop --http 2, or --transport polling"
    )]
    PollingHttp2,
}

impl OnTopError {
    pub(super) fn exit(&self) -> Exit {
        match self {
            Self::File { .. } => Exit::Input,
            _ => Exit::Usage,
        }
    }
}

impl Diagnostic for OnTopError {
    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Namespace(_) => "a namespace starts with /, such as /admin",
            Self::Json { .. } => "it takes a JSON object, such as '{\"token\":\"…\"}'",
            Self::Foreign {
                flag: "--auth",
                name,
                ..
            } if *name == Name::Graphql.as_str() => "--init JSON is the payload of connection_init",
            Self::Foreign {
                flag: "--init",
                name,
                ..
            } if [Name::Phoenix, Name::Stomp]
                .map(Name::as_str)
                .contains(name) =>
            {
                "--auth JSON is what it begins with"
            }
            Self::Pipe { .. } | Self::Foreign { .. } | Self::NoSubscriptions(_) => {
                "drop one of them"
            }
            Self::Subscribe(_, error) => return error.hint.clone(),
            Self::Like => "--transport websocket begins with the upgrade",
            Self::Login => "write USER:PASS; 'USER:' is an empty password",
            Self::AppKey => "Pusher's path is /app/KEY, as in wss://ws-mt1.pusher.com/app/KEY",
            Self::Variable { .. } | Self::File { .. } | Self::ClientId(_) | Self::PollingHttp2 => {
                return None;
            }
        };
        Some(hint.to_owned())
    }
}

/// What `--as` makes of a connection.
#[derive(Debug)]
pub(super) struct OnTop {
    options: speaker::Options,
    /// What was filled in.
    note: Option<String>,
    /// Offered unless others are given.
    subprotocols: Vec<String>,
    polling: Option<Polling>,
    negotiation: Option<Negotiation>,
    /// Sent unless another is given.
    origin: Option<String>,
    browser: Option<Browser>,
}

impl OnTop {
    pub(super) fn apply(self, dialing: &mut Dialing) {
        let open = &mut dialing.open;
        open.on_top = Some(self.options.name());
        open.polling = self.polling;
        open.browser = self.browser;
        if self.polling.is_some() {
            open.dial.http = Versions::Http1;
        }
        if self.polling.is_some() || self.negotiation.is_some() {
            // As in a browser, the requests of a session share what the first answer sets.
            open.credentials.jar.get_or_insert_default();
        }
        open.negotiation = self.negotiation;
        dialing.on_top = Some(self.options);
        dialing.notes.extend(self.note);
        let origin = &mut open.offer.origin;
        *origin = origin.take().or(self.origin);
        let offered = &mut open.offer.subprotocols;
        if offered.is_empty() {
            *offered = self.subprotocols;
        }
    }
}

/// Resolves the flags, and completes the URL.
pub(super) fn resolve(
    args: &OnTopArgs,
    dial: &DialArgs,
    target: &mut Target,
    max_message: u64,
    environment: &Environment,
) -> Result<Option<OnTop>, OnTopError> {
    let Some(As::Protocol(name)) = args.name else {
        return Ok(None);
    };
    check_flags(args, name)?;
    check_subscriptions(&args.subscribe, name)?;
    let flags = [("--auth", &args.auth), ("--init", &args.init)];
    let source = flags.into_iter().find_map(|(flag, given)| {
        let given = given.as_ref()?;
        Some(Source::of(flag, given.expose(), environment))
    });
    // Once now, so that a mistake is found before a connection is made.
    let auth = source.as_ref().map(Source::read).transpose()?;
    let limit = usize::try_from(max_message).unwrap_or(usize::MAX);
    let offers = |names: &[&str]| names.iter().map(ToString::to_string).collect();
    let (mut polling, mut negotiation, mut origin, mut browser) = (None, None, None, None);
    let (protocol, note, subprotocols) = match name {
        Name::SocketIo => {
            let version = socketio::version(args, target);
            let transport = socketio::transport(args, target);
            let note = socketio::complete(target, name, version, transport);
            polling = socketio::polling(transport, limit);
            if polling.is_some() && dial.handshake.like.is_some() {
                return Err(OnTopError::Like);
            }
            socketio::add_auth(target, version, auth.as_ref());
            let options = ontop::socketio::Options {
                namespaces: args.namespace.clone(),
                version,
                is_auto: matches!(args.eio, None | Some(Eio::Auto)),
                parser: socketio::parser(args),
                limit,
            };
            (ontop::Options::SocketIo(options), note, Vec::new())
        }
        Name::Graphql => {
            let is_open = dial.handshake.subprotocol.is_empty();
            let options = ontop::Options::Graphql(graphql::Options { is_open });
            (options, None, offers(&[graphql::MODERN, graphql::OLDER]))
        }
        Name::JsonRpc => {
            let options = ontop::Options::JsonRpc(jsonrpc::options(target));
            browser = jsonrpc::browser(target);
            (options, None, Vec::new())
        }
        Name::Phoenix => {
            let (options, note) = phoenix::complete(target);
            (ontop::Options::Phoenix(options), note, Vec::new())
        }
        Name::Mqtt => {
            let options = ontop::Options::Mqtt(mqtt::options(args, limit)?);
            (options, None, offers(&[ontop::mqtt::SUBPROTOCOL]))
        }
        Name::ActionCable => {
            let (filled, note) = actioncable::complete(target);
            origin = Some(filled);
            let offered = offers(&ontop::actioncable::OFFERED);
            (ontop::Options::ActionCable, note, offered)
        }
        Name::Stomp => {
            let options = ontop::Options::Stomp(ontop::stomp::Options { limit });
            (options, None, offers(&ontop::stomp::SUBPROTOCOLS))
        }
        Name::Pusher => {
            let (options, note) = pusher::complete(args, target, environment)?;
            (ontop::Options::Pusher(options), note, Vec::new())
        }
        Name::SignalR => {
            negotiation = signalr::negotiation(target, &dial.redirect);
            (ontop::Options::SignalR, None, Vec::new())
        }
        Name::SockJs | Name::Centrifugo | Name::Wamp | Name::Ocpp | Name::Nostr => {
            let note = view::complete(name, target);
            let offered = offers(view::subprotocols(name));
            (ontop::Options::usual(name), note, offered)
        }
    };
    let read = |source: Source| {
        Auth::new(move || {
            let auth = source.read();
            auth.map_err(|error| error.to_string())
        })
    };
    let asks_http2 =
        dial.http.http2_prior_knowledge || dial.http.http.is_some_and(|it| it.0 == Versions::Http2);
    if polling.is_some() && asks_http2 {
        return Err(OnTopError::PollingHttp2);
    }
    Ok(Some(OnTop {
        options: speaker::Options {
            protocol,
            auth: source.map(read),
            subscribe: args.subscribe.clone(),
            shows_secrets: false,
        },
        note,
        subprotocols,
        polling,
        negotiation,
        origin,
        browser,
    }))
}

/// A list in a sentence.
fn joined(names: &[&str]) -> String {
    match names {
        [most @ .., last] if !most.is_empty() => format!("{} and {last}", most.join(", ")),
        names => names.concat(),
    }
}

/// Refuses what is of another protocol.
fn check_flags(args: &OnTopArgs, name: Name) -> Result<(), OnTopError> {
    let flags = [
        (
            !args.namespace.is_empty(),
            "--namespace",
            &[Name::SocketIo][..],
        ),
        (
            args.auth.is_some(),
            "--auth",
            &[
                Name::SocketIo,
                Name::Phoenix,
                Name::Stomp,
                Name::Centrifugo,
                Name::Wamp,
            ],
        ),
        (args.eio.is_some(), "--eio", &[Name::SocketIo]),
        (args.transport.is_some(), "--transport", &[Name::SocketIo]),
        (args.parser.is_some(), "--parser", &[Name::SocketIo]),
        (args.init.is_some(), "--init", &[Name::Graphql]),
        (args.mqtt_version.is_some(), "--mqtt-version", &[Name::Mqtt]),
        (args.client_id.is_some(), "--client-id", &[Name::Mqtt]),
        (
            args.pusher_secret.is_some(),
            "--pusher-secret",
            &[Name::Pusher],
        ),
    ];
    let foreign = flags
        .into_iter()
        .find(|(is_given, _, owners)| *is_given && !owners.contains(&name));
    if let Some((_, flag, owners)) = foreign {
        let owners: Vec<_> = owners.iter().map(|it| it.as_str()).collect();
        return Err(OnTopError::Foreign {
            flag,
            owner: joined(&owners),
            name: name.as_str(),
        });
    }
    match args.namespace.iter().find(|name| !is_namespace(name)) {
        Some(wrong) => Err(OnTopError::Namespace(wrong.clone())),
        None => Ok(()),
    }
}

/// What is subscribed to follows the grammar of the prompt.
fn check_subscriptions(subscribe: &[String], name: Name) -> Result<(), OnTopError> {
    for arguments in subscribe {
        let verb = name.subscribe_verb();
        let verb = verb.ok_or_else(|| OnTopError::NoSubscriptions(name.as_str()))?;
        let checked = (verb.check)(arguments);
        checked.map_err(|error| OnTopError::Subscribe(arguments.clone(), error))?;
    }
    Ok(())
}

/// Whether the user and the password are the protocol's, rather than HTTP's.
pub(super) fn logs_in(args: &OnTopArgs) -> bool {
    matches!(args.name, Some(As::Protocol(name)) if name.logs_in())
}

/// Whether all of standard input is one record.
pub(super) fn is_whole(args: &OnTopArgs) -> bool {
    matches!(args.name, Some(As::Protocol(Name::Graphql)))
}

/// Refuses flags of a pipe that is not made of JSON.
pub(super) fn check(args: &OnTopArgs, session: &SessionArgs) -> Result<(), OnTopError> {
    let Some(As::Protocol(name)) = args.name else {
        return Ok(());
    };
    let pipe = &session.pipe;
    let is_split = match pipe.split {
        None | Some(Split::Line | Split::Nul | Split::Json) => false,
        Some(Split::Whole) => !is_whole(args),
        Some(_) => true,
    };
    let flags = [
        (pipe.binary, "--binary"),
        (pipe.hex, "--hex"),
        (pipe.base64, "--base64"),
        (pipe.echo, "--echo"),
        (session.format.print.raw, "--raw"),
        (is_split, "--split none, events or SIZE"),
    ];
    let name = name.as_str();
    match flags.into_iter().find(|(is_given, _)| *is_given) {
        Some((_, flag)) => Err(OnTopError::Pipe { name, flag }),
        None => Ok(()),
    }
}
