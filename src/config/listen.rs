use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Duration;

use super::compression::parse_compression;
use super::dialing::limits;
use super::header::{check_origin, parse_subprotocols};
use super::playback::{self, PlaybackError};
use super::{ConfigError, Display, Environment, on_top, runner};
use crate::acceptor::{Address, Identity};
use crate::cli::{As, BehaviourArgs, FaultArgs, ListenArgs, ServeArgs, ServerTlsArgs, TimeLimit};
use crate::console::host::Tools;
use crate::diagnostic::Diagnostic;
use crate::fault::{Growth, Plan};
use crate::matching::Given;
use crate::ontop::Name;
use crate::ontop::server::{Credentials, Half};
use crate::ontop::socketio::server::Options;
use crate::proto::Role;
use crate::proto::connection::Config;
use crate::proto::deflate;
use crate::proto::handshake::server::Policy;
use crate::proto::receiver::Delivery;
use crate::record::{self, Play};
use crate::render::escape::escape_line;
use crate::scenario::Known;
use crate::serve::new_sid;
use crate::term::terminal::is_foreground;

#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "independent switches")]
pub struct Listen {
    pub address: Address,
    pub policy: Policy,
    pub identity: Option<Identity>,
    /// Clients may use HTTP/2 as well.
    pub http2: bool,
    pub connection: Config,
    pub behaviour: Behaviour,
    /// What it does, in words.
    pub description: String,
    pub given: Rc<Given>,
    pub max_clients: Option<usize>,
    pub faults: Plan,
    /// Events on stdout.
    pub jsonl: bool,
    /// Events on stdin.
    pub reads_events: bool,
    /// Each client in a file of its own.
    pub record: Option<record::Options>,
    /// Where a person is at the terminal.
    pub prompt: Option<Tools>,
    /// The rules are only checked.
    pub check: bool,
    pub display: Display,
}

#[derive(Debug, Clone)]
pub enum Behaviour {
    Echo,
    Play(Play),
    Broadcast,
    Chat,
    Rules(RuleSource),
    SocketIo(Options),
    /// Another protocol on top.
    OnTop(&'static Half, Credentials),
    Script(RuleSource),
    /// Clients get what stdin or the prompt says; with `true` their messages are echoed.
    Manual(bool),
    Command(Vec<String>),
}

/// Where rules come from.
#[derive(Debug, Clone)]
pub struct RuleSource {
    pub file: Option<PathBuf>,
    /// As typed after `--on`.
    pub on: Vec<String>,
    /// The variables that have a value before a client comes.
    pub known: Known,
}

impl Listen {
    pub fn resolve(args: &ListenArgs, environment: &Environment) -> Result<Self, ConfigError> {
        for origin in &args.accept.origin {
            check_origin("--origin", origin)?;
        }
        let checked = checked(&args.behaviour)?;
        let play = play(&args.serve)?;
        let given = runner::given(
            &args.variables,
            environment,
            args.display.style.show_secrets,
        )?;
        let mut subprotocols = parse_subprotocols(&args.accept.subprotocol)?;
        if let Some((play, _)) = &play
            && subprotocols.is_empty()
        {
            subprotocols.extend(play.recording.connections[play.index].selected.clone());
        }
        let half = half(args)?;
        let spoken = match args.on_top.name {
            Some(As::Protocol(name)) => Some(name),
            _ => None,
        };
        let credentials = on_top::wanted(&args.credentials, spoken, environment)?;
        if let Some(half) = half.filter(|_| subprotocols.is_empty()) {
            subprotocols.extend(half.subprotocols.iter().map(ToString::to_string));
        }
        let mut connection = limits(&args.limit, Role::Server);
        let socketio = socketio(args)?;
        let is_socketio = socketio.is_some();
        if let Some(options) = &socketio {
            connection = Config {
                delivery: Delivery::Whole {
                    max_message: options.max_payload as u64,
                },
                // Engine.IO has pings of its own.
                ping_interval: None,
                ping_timeout: None,
                ..connection
            };
        }
        let prompt = prompt(args, environment);
        let may_grow =
            prompt.is_some() || args.behaviour.rules.is_some() || args.behaviour.script.is_some();
        if args.behaviour.echo && prompt.is_none() && args.behaviour.split.is_none() {
            return Err(ConfigError::Echo);
        }
        let (behaviour, description) = match (socketio, half) {
            (Some(options), _) => {
                let description = "Socket.IO 2 to 4, echo".to_owned();
                (Behaviour::SocketIo(options), description)
            }
            (_, Some(half)) => {
                let behaviour = Behaviour::OnTop(half, credentials);
                (behaviour, half.description.to_owned())
            }
            _ => behaviour(&args.behaviour, checked, play, prompt.is_some(), &given),
        };
        Ok(Self {
            address: args.addr.clone(),
            policy: Policy {
                subprotocols,
                origins: args.accept.origin.clone(),
                compression: match &args.accept.compress {
                    _ if args.accept.no_compress => None,
                    Some(params) => parse_compression(params)?.first().copied(),
                    // The reference server has it off, and clients that compress may send later than
                    // they request: an upgrade over WebSocket and the next poll change places.
                    None if is_socketio => None,
                    None => Some(deflate::Offer::default()),
                },
                fields: Vec::new(),
            },
            identity: identity(&args.tls, &args.addr.host)?.map(|identity| {
                if args.http2 {
                    identity.with_http2()
                } else {
                    identity
                }
            }),
            http2: args.http2,
            connection,
            behaviour,
            description,
            given: Rc::new(given),
            max_clients: args.behaviour.max_clients.map(NonZeroUsize::get),
            faults: one_way(faults(&args.fault, args.http2, may_grow)?)?,
            jsonl: args.behaviour.jsonl,
            reads_events: args.behaviour.split.is_some(),
            record: super::record::named(args.behaviour.record.as_deref(), args.behaviour.force)?,
            prompt,
            check: args.behaviour.check.is_some(),
            display: Display::resolve(&args.display, environment),
        })
    }
}

/// What is wrong with `--check`.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    #[error("--check has no rules to check; write --check FILE, or --rules FILE --check")]
    Nothing,
    #[error(
        "--check {}: {flag} already names the file; write --check last and without a value",
        file.display()
    )]
    Both { file: PathBuf, flag: &'static str },
}

/// The file after `--check`, if it is not that of `--rules` or `--script`.
fn checked(args: &BehaviourArgs) -> Result<Option<&Path>, CheckError> {
    let named = [("--rules", &args.rules), ("--script", &args.script)];
    let named = named.iter().find(|(_, file)| file.is_some());
    match (&args.check, named) {
        (Some(Some(file)), Some((flag, _))) => Err(CheckError::Both {
            file: file.clone(),
            flag,
        }),
        (Some(None), None) if args.on.is_empty() => Err(CheckError::Nothing),
        (Some(file), _) => Ok(file.as_deref()),
        (None, _) => Ok(None),
    }
}

/// A server has one direction.
fn one_way(plan: Plan) -> Result<Plan, ConfigError> {
    match plan.faults.iter().find(|fault| fault.side.is_some()) {
        Some(fault) => Err(ConfigError::FaultSide(fault.to_string())),
        None => Ok(plan),
    }
}

/// There is a prompt where a person can type and see everything: a log in a file, or a server in the background of a
/// shell, has none.
fn prompt(args: &ListenArgs, environment: &Environment) -> Option<Tools> {
    let is_free =
        !args.behaviour.jsonl && args.behaviour.split.is_none() && !args.display.style.quiet;
    is_free
        .then(|| typed("wsee/listen-history", environment))
        .flatten()
}

/// What a person can use, if one is at the terminal; lines are kept in this file.
pub(super) fn typed(history_file: &str, environment: &Environment) -> Option<Tools> {
    let terminals = environment.terminals;
    let is_typed = terminals.stdin && terminals.stdout && terminals.stderr && !environment.dumb;
    let history = environment.state_dir.as_ref();
    (is_typed && is_foreground()).then(|| Tools {
        editor: environment.editor.clone(),
        pager: environment.pager.clone(),
        history: history.map(|folder| folder.join(history_file)),
        home: environment.home.clone(),
    })
}

/// The faults of clients, which may use HTTP/2 or may not; others may come by rules or at a prompt.
pub(super) fn faults(args: &FaultArgs, http2: bool, may_grow: bool) -> Result<Plan, ConfigError> {
    if args.seed.is_some() && args.fault.is_empty() && !may_grow {
        return Err(ConfigError::Seed);
    }
    for fault in &args.fault {
        if let Some(why) = fault.kind.misfit(http2) {
            let fault = fault.to_string();
            return Err(ConfigError::FaultMisfit { fault, why });
        }
    }
    Ok(Plan {
        faults: args.fault.clone(),
        // Short enough to be typed.
        seed: args.seed.unwrap_or_else(|| rand::random::<u16>().into()),
        flap: args.flap,
        growth: Growth::Never,
        http2,
        newest: 0,
    })
}

fn behaviour(
    args: &BehaviourArgs,
    checked: Option<&Path>,
    play: Option<(Play, String)>,
    has_prompt: bool,
    given: &Given,
) -> (Behaviour, String) {
    let named = |file: &Path| escape_line(&file.display().to_string()).into_owned();
    let file = checked.or(args.rules.as_deref());
    if let Some((play, description)) = play {
        (Behaviour::Play(play), format!("replays {description}"))
    } else if args.broadcast {
        (Behaviour::Broadcast, "broadcast".to_owned())
    } else if args.chat {
        (Behaviour::Chat, "chat".to_owned())
    } else if let Some(file) = &args.script {
        let source = RuleSource {
            file: Some(file.clone()),
            on: Vec::new(),
            known: runner::known(given, false),
        };
        (Behaviour::Script(source), format!("script {}", named(file)))
    } else if let Some(program) = args.command.first() {
        let description = format!("runs {}", escape_line(program));
        (Behaviour::Command(args.command.clone()), description)
    } else if file.is_some() || !args.on.is_empty() {
        let description = file.map_or_else(
            || "rules of --on".to_owned(),
            |it| format!("rules of {}", named(it)),
        );
        let source = RuleSource {
            file: file.map(Path::to_owned),
            on: args.on.clone(),
            known: runner::known(given, false),
        };
        (Behaviour::Rules(source), description)
    } else if args.split.is_some() {
        let description = if args.echo { "events, echo" } else { "events" };
        (Behaviour::Manual(args.echo), description.to_owned())
    } else if has_prompt && !args.echo {
        let description = "nothing is echoed without --echo";
        (Behaviour::Manual(false), description.to_owned())
    } else if has_prompt {
        (Behaviour::Manual(true), "echo".to_owned())
    } else {
        (Behaviour::Echo, "echo".to_owned())
    }
}

fn play(args: &ServeArgs) -> Result<Option<(Play, String)>, PlaybackError> {
    let Some(file) = &args.replay else {
        return Ok(None);
    };
    let (recording, index) = playback::read(file, args.entry.as_ref())?;
    let messages = recording.connections[index].received;
    let description = playback::describe(&recording, index, messages, args.speed);
    let play = Play {
        recording,
        index,
        role: Role::Server,
        speed: args.speed,
    };
    Ok(Some((play, description)))
}

/// The reference server's defaults: `pingInterval`, `pingTimeout` and `maxHttpBufferSize`.
const PING_INTERVAL: Duration = Duration::from_secs(25);
const PING_TIMEOUT: Duration = Duration::from_secs(20);
const MAX_PAYLOAD: usize = 1_000_000;

/// The server's half of the protocol on top, if there is one other than Socket.IO.
fn half(args: &ListenArgs) -> Result<Option<&'static Half>, OnTopError> {
    match args.on_top.name {
        None | Some(As::Raw | As::Protocol(Name::SocketIo)) => Ok(None),
        Some(As::Protocol(name)) => match name.server() {
            Some(half) => Ok(Some(half)),
            None => Err(OnTopError::NoServer(name.as_str())),
        },
    }
}

fn socketio(args: &ListenArgs) -> Result<Option<Options>, OnTopError> {
    let on_top = &args.on_top;
    if !matches!(on_top.name, Some(As::Protocol(Name::SocketIo))) {
        if !on_top.namespace.is_empty() {
            return Err(OnTopError::NoSocketIo);
        }
        return Ok(None);
    }
    // Its engine has its own way from a request to a session.
    let unfit = [
        (args.behaviour.jsonl, "--jsonl"),
        (args.behaviour.split.is_some(), "--split"),
        (!args.fault.fault.is_empty(), "--fault"),
        (args.http2, "--http2"),
    ];
    if let Some((_, flag)) = unfit.iter().find(|(is_given, _)| *is_given) {
        return Err(OnTopError::Unfit(flag));
    }
    let no_slash = |name: &&String| !name.starts_with('/');
    if let Some(name) = on_top.namespace.iter().find(no_slash) {
        return Err(OnTopError::Namespace(name.clone()));
    }
    let limit = &args.limit;
    let max_payload = limit
        .max_message
        .map(|size| usize::try_from(size.0).unwrap_or(usize::MAX));
    Ok(Some(Options {
        namespaces: Some(on_top.namespace.clone()).filter(|names| !names.is_empty()),
        ping_interval: period("--ping-interval", limit.ping_interval, PING_INTERVAL)?,
        ping_timeout: period("--ping-timeout", limit.ping_timeout, PING_TIMEOUT)?,
        connect_timeout: on_top.connect_timeout.0,
        max_payload: max_payload.unwrap_or(MAX_PAYLOAD),
        new_sid,
    }))
}

fn period(
    flag: &'static str,
    given: Option<TimeLimit>,
    default: Duration,
) -> Result<Duration, OnTopError> {
    match given {
        None => Ok(default),
        Some(TimeLimit(Some(time))) => Ok(time),
        Some(TimeLimit(None)) => Err(OnTopError::NoPings(flag)),
    }
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OnTopError {
    #[error("wsee listen does not speak {0}; --rules can answer its messages")]
    NoServer(&'static str),
    #[error("--as socket.io cannot be used with {0}")]
    Unfit(&'static str),
    #[error("--namespace needs --as socket.io")]
    NoSocketIo,
    #[error("--namespace {0:?} does not start with a slash; write /{0}")]
    Namespace(String),
    #[error("{0} 0 would turn the pings of Engine.IO off, which its clients wait for")]
    NoPings(&'static str),
}

impl Diagnostic for OnTopError {
    fn hint(&self) -> Option<String> {
        match self {
            Self::NoServer(_) => Some(format!("it speaks {}", Name::served())),
            _ => None,
        }
    }
}

fn identity(args: &ServerTlsArgs, host: &str) -> Result<Option<Identity>, ConfigError> {
    let clients = args.client_ca.as_deref();
    Ok(match (&args.cert, &args.key) {
        (Some(cert), Some(key)) => Some(Identity::read(cert, key, clients)?),
        _ if args.tls || clients.is_some() => Some(Identity::make(host, clients)?),
        _ => None,
    })
}
