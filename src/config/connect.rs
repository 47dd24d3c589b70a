//! `wsee URL` and `wsee demo`, resolved.

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::compression::parse_compression;
use super::credential::{authorization, cookies};
use super::filter::filter;
use super::header::{check_value, parse_headers, parse_subprotocols, read_file};
use super::target::Target;
use super::tls::{client_identity, tls_options};
use super::{ConfigError, Display, Environment, Timing, reconnect, record, redirect, route};
use crate::cli::{
    ConnectArgs, DemoArgs, HandshakeArgs, LimitArgs, Payload, PipeArgs, RunArgs, SessionArgs,
    Split, TimeLimit, Wait,
};
use crate::cookie::Jar;
use crate::dial;
use crate::pipe::encoding::utf8;
use crate::pipe::{self, Encoding, Format, Terminator};
use crate::proto::Role;
use crate::proto::connection::Config;
use crate::proto::deflate;
use crate::proto::frame::{CloseCode, CloseFrame};
use crate::proto::handshake::Offer;
use crate::proto::receiver::Delivery;
use crate::session::{Backoff, Credentials, open};

/// Everything a connection needs.
#[derive(Debug, Clone)]
pub struct Connect {
    /// How to open it.
    pub open: open::Options,
    /// The URL that is connected to; secrets in it are not masked.
    pub url: String,
    /// What was assumed and has to be said.
    pub notes: Vec<String>,
    /// Where to write the cookies of a jar to.
    pub cookie_jar: Option<(PathBuf, Jar)>,
    /// What it is used for.
    pub usage: Use,
    /// When lost connections are made anew, if they are.
    pub backoff: Option<Backoff>,
    /// Where it is recorded.
    pub record: Option<crate::record::Options>,
    /// How much is shown.
    pub display: Display,
    /// What is told at the end.
    pub timing: Timing,
}

/// What a connection is used for.
#[derive(Debug, Clone)]
pub enum Use {
    /// A person at a terminal.
    Prompt(Box<crate::prompt::Options>),
    /// A pipe.
    Pipe(Box<pipe::Options>),
}

impl Connect {
    /// Resolves `wsee URL`; `now` starts the clock of `--max-time`.
    pub fn resolve(
        args: &ConnectArgs,
        environment: &Environment,
        now: Instant,
    ) -> Result<Self, ConfigError> {
        let target = Target::parse(args.url.as_deref().unwrap_or_default())?;
        let dial = dial::Options {
            tls: tls_options(&args.tls, environment)?,
            ..dial::Options::default()
        };
        let mut connect = build(
            &target,
            &args.handshake,
            dial,
            &args.session,
            environment,
            now,
        )?;
        connect.open.follow = redirect::follow(&args.redirect);
        let credentials = &mut connect.open.credentials;
        if let Some(file) = &args.auth.cookie_jar {
            let jar = credentials.jar.get_or_insert_default().clone();
            connect.cookie_jar = Some((file.clone(), jar));
        }
        // Last, so that nobody types a password for a command line that is refused.
        let user_agent = connect.open.offer.user_agent.clone();
        connect.open.dial.route =
            route::resolve(&args.route, &args.proxy, user_agent, environment)?;
        if target.tls || args.redirect.location_trusted {
            connect.open.dial.tls.identity = client_identity(&args.tls, environment)?;
        }
        credentials.authorization =
            authorization(&args.auth, &target, environment, &mut connect.notes)?;
        Ok(connect)
    }

    /// Resolves `wsee demo` with its server on `port`.
    pub fn demo(
        args: &DemoArgs,
        port: u16,
        environment: &Environment,
        now: Instant,
    ) -> Result<Self, ConfigError> {
        let target = Target::parse(&format!("ws://127.0.0.1:{port}/"))?;
        let tls = dial::Options::default();
        build(
            &target,
            &args.handshake,
            tls,
            &args.session,
            environment,
            now,
        )
    }
}

fn build(
    target: &Target,
    handshake: &HandshakeArgs,
    dial: dial::Options,
    session: &SessionArgs,
    environment: &Environment,
    now: Instant,
) -> Result<Connect, ConfigError> {
    let is_prompt = !session.format.jsonl && is_prompt(&session.pipe, environment);
    let max_time = limit(session.run.max_time).map(|limit| (limit, now + limit));
    let usage = if is_prompt {
        Use::Prompt(Box::new(repl_options(session, environment, max_time)?))
    } else {
        Use::Pipe(Box::new(pipe_options(session, environment, max_time)?))
    };
    let connect_timeout = session.run.connect_timeout.0.unwrap_or(Duration::MAX);
    let (connect_timeout, timeout_flag) = match max_time {
        Some((limit, _)) if limit < connect_timeout => (limit, "--max-time"),
        _ => (connect_timeout, "--connect-timeout"),
    };
    let (cookies, jar) = cookies(&handshake.cookie)?;
    Ok(Connect {
        open: open::Options {
            url: redirect::without_userinfo(&target.url),
            target: redirect::dial_target(target),
            dial,
            offer: offer(target, handshake)?,
            credentials: Credentials {
                authorization: None,
                cookies,
                jar,
            },
            follow: None,
            connection: Config {
                lenient: handshake.lenient,
                ..connection(session, is_prompt)
            },
            connect_timeout,
            timeout_flag,
        },
        url: target.url.to_string(),
        notes: target
            .assumed
            .iter()
            .map(ToString::to_string)
            .chain(no_prompt(&session.pipe, environment))
            .collect(),
        cookie_jar: None,
        usage,
        backoff: reconnect::backoff(&session.reconnect),
        record: record::resolve(&session.record)?,
        display: Display::resolve(&session.display, environment),
        timing: Timing::resolve(&session.timing)?,
    })
}

/// A REPL needs a terminal on both sides, and nothing that only makes sense in a pipe.
fn is_prompt(pipe: &PipeArgs, environment: &Environment) -> bool {
    let terminals = environment.terminals;
    let pipe_flags = pipe.no_repl
        || pipe.echo
        || pipe.commands
        || pipe.count().is_some()
        || pipe.binary
        || pipe.hex
        || pipe.base64
        || pipe.raw
        || pipe.null
        || pipe.split.is_some();
    terminals.stdin && terminals.stdout && !environment.dumb && !pipe_flags
}

/// Why there is no prompt where somebody may expect one.
fn no_prompt(pipe: &PipeArgs, environment: &Environment) -> Option<String> {
    let able = Environment {
        dumb: false,
        ..environment.clone()
    };
    let is_missed = environment.dumb && is_prompt(pipe, &able);
    is_missed.then(|| {
        "the terminal cannot show the prompt (TERM=dumb or not set): each line is sent as a message"
            .to_owned()
    })
}

fn offer(target: &Target, args: &HandshakeArgs) -> Result<Offer, ConfigError> {
    let checked = |place: &str, value: Option<String>| match value {
        Some(value) => check_value(place, &value).map(|()| Some(value)),
        None => Ok(None),
    };
    Ok(Offer {
        target: target.request_target.clone(),
        host: target.host_header.clone(),
        subprotocols: parse_subprotocols(&args.subprotocol)?,
        require_subprotocol: args.require_subprotocol,
        compression: match &args.compress {
            _ if args.no_compress => Vec::new(),
            Some(offer) => parse_compression(offer)?,
            None => vec![deflate::Offer::BROWSER],
        },
        lenient: args.lenient,
        user_agent: checked(
            "-A",
            Some(args.user_agent.clone().unwrap_or_else(user_agent)),
        )?,
        origin: checked("--origin", args.origin.clone())?,
        fields: Vec::new(),
        edits: parse_headers("-H", &args.header, read_file)?,
    })
}

fn user_agent() -> String {
    concat!("wsee/", env!("CARGO_PKG_VERSION")).to_owned()
}

/// The connection of a client; a REPL keeps itself alive.
fn connection(session: &SessionArgs, is_prompt: bool) -> Config {
    let (args, pipe) = (&session.limit, &session.pipe);
    let mut config = limits(args, Role::Client);
    if is_prompt {
        config.ping_interval = args
            .ping_interval
            .map_or(Some(REPL_PING_INTERVAL), limit_of);
        config.ping_timeout = args.ping_timeout.map_or(Some(REPL_PING_TIMEOUT), limit_of);
    } else if (pipe.raw || pipe.binary || pipe.echo) && !needs_whole_messages(session) {
        config.delivery = Delivery::Streamed;
    }
    config
}

/// Whether messages are told as one, or kept as one.
fn needs_whole_messages(session: &SessionArgs) -> bool {
    session.format.needs_whole_messages() || session.record.record.is_some()
}

/// What the limit flags say for either role.
pub(super) fn limits(args: &LimitArgs, role: Role) -> Config {
    Config {
        delivery: Delivery::Whole {
            max_message: args.max_message.0,
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

const REPL_PING_INTERVAL: Duration = Duration::from_secs(30);
const REPL_PING_TIMEOUT: Duration = Duration::from_secs(20);

/// A limit that may not have been given, or be switched off.
fn limit(limit: Option<TimeLimit>) -> Option<Duration> {
    limit.and_then(limit_of)
}

fn limit_of(limit: TimeLimit) -> Option<Duration> {
    limit.0
}

fn close_frame(args: &RunArgs) -> CloseFrame {
    let code = args
        .close_code
        .as_ref()
        .map_or(CloseCode::NORMAL, |code| CloseCode(code.0));
    let reason = args.close_reason.as_ref().map_or("", |reason| &reason.0);
    CloseFrame::new(code, reason)
}

fn repl_options(
    session: &SessionArgs,
    environment: &Environment,
    max_time: Option<(Duration, Instant)>,
) -> Result<crate::prompt::Options, ConfigError> {
    let history = environment
        .state_dir
        .as_ref()
        .map(|dir| dir.join("wsee/history"));
    let mut send = Vec::new();
    for record in records(&session.pipe.send)? {
        send.push(String::from_utf8_lossy(utf8(&record)?).into_owned());
    }
    Ok(crate::prompt::Options {
        send,
        filter: filter(&session.format)?,
        every: reconnect::every(&session.reconnect, Encoding::Text)?,
        editor: environment.editor.clone(),
        history: history.filter(|_| !session.no_history),
        home: environment.home.clone(),
        close: Some(close_frame(&session.run)),
        close_timeout: session.limit.close_timeout.0,
        max_time,
    })
}

fn pipe_options(
    session: &SessionArgs,
    environment: &Environment,
    max_time: Option<(Duration, Instant)>,
) -> Result<pipe::Options, ConfigError> {
    let args = &session.pipe;
    let send_encoding = match (args.binary, args.hex, args.base64) {
        (true, ..) => Encoding::Binary,
        (_, true, _) => Encoding::Hex,
        (_, _, true) => Encoding::Base64,
        _ => Encoding::Text,
    };
    let encoding = match args.split {
        Some(Split::Json) => Encoding::Json,
        Some(Split::Events) => Encoding::Event,
        _ => send_encoding,
    };
    let send = records(&args.send)?;
    for record in &send {
        send_encoding.decode(record)?;
    }
    Ok(pipe::Options {
        split: split(args),
        encoding,
        send_encoding,
        jsonl: session.format.jsonl,
        filter: filter(&session.format)?,
        format: Format {
            terminator: match (
                args.raw || args.binary && session.format.jq.is_none(),
                args.null,
            ) {
                (true, _) => Terminator::None,
                (false, true) => Terminator::Nul,
                (false, false) => Terminator::Newline,
            },
            escaped: environment.terminals.stdout,
        },
        send,
        play: None,
        diff: None,
        every: reconnect::every(&session.reconnect, send_encoding)?,
        wait: match args.wait {
            Wait::For(time) => Some(time),
            Wait::Forever => None,
        },
        count: args.count(),
        echo: args.echo,
        commands: args.commands,
        close: Some(close_frame(&session.run)),
        max_time,
        quiet: session.display.quiet,
    })
}

/// Where records end.
fn split(args: &PipeArgs) -> pipe::Split {
    match args.split {
        _ if args.null => pipe::Split::Nul,
        Some(Split::Line | Split::Events) | None => pipe::Split::Line,
        Some(Split::Json) => pipe::Split::Json,
        Some(Split::Nul) => pipe::Split::Nul,
        Some(Split::None) => pipe::Split::Whole,
        Some(Split::Size(size)) => pipe::Split::Size(usize::try_from(size.0).unwrap_or(usize::MAX)),
    }
}

/// What `--send` says, files read.
fn records(payloads: &[Payload]) -> Result<Vec<Vec<u8>>, ConfigError> {
    let read = |file: &PathBuf| {
        fs::read(file).map_err(|error| ConfigError::Send {
            file: file.clone(),
            error,
        })
    };
    payloads
        .iter()
        .map(|payload| match payload {
            Payload::Text(text) => Ok(text.clone().into_bytes()),
            Payload::File(file) => read(file),
        })
        .collect()
}
