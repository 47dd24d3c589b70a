//! `wsee URL` and `wsee demo`, resolved: how to connect, and what to do then.

use std::time::{Duration, Instant};

use super::dialing::{Dialing, max_message};
use super::filter::filter;
use super::target::Target;
use super::{ConfigError, Display, Environment, Timing, on_top, reconnect, record};
use crate::cli::{
    Attempts, ConnectArgs, DemoArgs, FormatArgs, LimitArgs, OutputArgs, Payload, RunArgs,
    SessionArgs, Wait,
};
use crate::command::Outgoing;
use crate::memory::Keep;
use crate::pipe::{self, Encoding, Format, Split, Terminator};
use crate::prompt;
use crate::proto::connection::Config;
use crate::proto::frame::{CloseCode, CloseFrame};
use crate::proto::message::Kind;
use crate::proto::receiver::Delivery;
use crate::render::Secrets;
use crate::session::Backoff;
use crate::term::Terminals;

#[derive(Debug, Clone)]
pub struct Connect {
    pub dialing: Dialing,
    pub mode: Mode,
    pub backoff: Option<Backoff>,
    pub record: Option<crate::record::Options>,
    pub display: Display,
    pub timing: Timing,
}

#[derive(Debug, Clone)]
pub enum Mode {
    Prompt(Box<prompt::Options>),
    Pipe(Box<pipe::Options>),
}

pub(super) type MaxTime = Option<(Duration, Instant)>;

impl Connect {
    /// Resolves `wsee URL`; `now` starts the clock of `--max-time`.
    pub fn resolve(
        args: &ConnectArgs,
        environment: &Environment,
        now: Instant,
    ) -> Result<Self, ConfigError> {
        let path_as_is = args.dial.handshake.path_as_is;
        let mut target = Target::typed(args.url.as_deref().unwrap_or_default(), path_as_is)?;
        let limit = &args.dial.limit.endpoint;
        on_top::check(&args.on_top, &args.session)?;
        let max_message = max_message(limit);
        let (dial, is_whole) = (&args.dial, on_top::is_whole(&args.on_top));
        let on_top = on_top::resolve(&args.on_top, dial, &mut target, max_message, environment)?;
        let name = args.profile.as_ref().unwrap_or(&target.host_header);
        let mut connect = session(&args.session, limit, environment, now, name, || {
            let logs_in = on_top::logs_in(&args.on_top);
            let mut dialing = Dialing::resolve(dial, &target, logs_in, environment)?;
            if let Some(on_top) = on_top {
                on_top.apply(&mut dialing);
            }
            Ok(dialing)
        })?;
        if let Mode::Pipe(options) = &mut connect.mode
            && is_whole
        {
            take_whole(&args.session, options);
        }
        Ok(connect)
    }

    pub fn demo(
        args: &DemoArgs,
        port: u16,
        environment: &Environment,
        now: Instant,
    ) -> Result<Self, ConfigError> {
        let target = Target::parse(&format!("ws://127.0.0.1:{port}/"))?;
        let limit = &args.limit.endpoint;
        session(&args.session, limit, environment, now, "demo", || {
            Dialing::plain(&args.handshake, &args.limit, &target, environment)
        })
    }

    /// How long to wait before each of at most `limit` attempts in a row: as clients of the protocol on top do.
    pub fn waits(&self, limit: Option<u32>) -> Backoff {
        let on_top = self.dialing.on_top.as_ref();
        Backoff::new(limit, on_top.and_then(|it| it.name().longest_wait()))
    }

    /// Puts the two halves together; `dial` is last, as it may ask for passwords.
    pub(super) fn new(
        mode: Mode,
        max_time: MaxTime,
        output: &OutputArgs,
        environment: &Environment,
        dial: impl FnOnce() -> Result<Dialing, ConfigError>,
    ) -> Result<Self, ConfigError> {
        let record = record::resolve(&output.record)?;
        let timing = Timing::resolve(&output.timing, environment)?;
        let mut dialing = dial()?;
        dialing.within(max_time.map(|(limit, _)| limit));
        let display = Display::resolve(&output.display, environment);
        if let Some(on_top) = &mut dialing.on_top {
            on_top.shows_secrets = display.secrets == Secrets::Shown;
        }
        Ok(Self {
            dialing,
            mode,
            backoff: None,
            record,
            display,
            timing,
        })
    }
}

fn session(
    args: &SessionArgs,
    limit: &LimitArgs,
    environment: &Environment,
    now: Instant,
    name: &str,
    dial: impl FnOnce() -> Result<Dialing, ConfigError>,
) -> Result<Connect, ConfigError> {
    let terminals = environment.terminals;
    let wants_prompt = terminals.stdin && terminals.stdout && !args.is_pipe();
    let is_prompt = wants_prompt && !environment.dumb;
    let max_time = max_time(&args.run, now);
    let mode = if is_prompt {
        let options = prompt_options(args, limit, environment, max_time, name)?;
        Mode::Prompt(Box::new(options))
    } else {
        Mode::Pipe(Box::new(pipe_options(args, environment, max_time)?))
    };
    let mut connect = Connect::new(mode, max_time, &args.output, environment, dial)?;
    let attempts = args.reconnect.reconnect;
    connect.backoff = attempts.map(|Attempts(limit)| connect.waits(limit.map(u32::from)));
    let is_unlimited = args.pipe.binary || args.pipe.echo || args.format.print.raw;
    // Another connection follows one that is lost: a line of half a message would look like a whole one.
    let is_streamed = is_unlimited || connect.backoff.is_none();
    // A protocol on top understands whole messages only.
    let is_streamed = is_streamed && connect.dialing.on_top.is_none();
    let config = &mut connect.dialing.open.connection;
    if is_prompt {
        keep_alive(config, limit);
    } else if is_streamed {
        let (format, output) = (&args.format, &args.output);
        stream(config, is_unlimited, format, output, environment);
    }
    if wants_prompt && !is_prompt {
        let lines = if args.pipe.commands {
            "lines that start with / are commands"
        } else {
            "--commands takes lines that start with / as commands"
        };
        connect.dialing.notes.push(format!("{NO_PROMPT}; {lines}"));
    }
    Ok(connect)
}

/// Makes one operation of standard input, which lasts until it is complete.
fn take_whole(args: &SessionArgs, options: &mut pipe::Options) {
    let is_split = args.pipe.split.is_some() || args.format.print.null || options.commands;
    if !is_split {
        options.split = Split::Whole;
    }
    if args.wait.is_none() {
        options.wait = None;
    }
}

const NO_PROMPT: &str =
    "the terminal cannot show the prompt (TERM=dumb or not set), so each line is sent as a message";

pub(super) fn max_time(args: &RunArgs, now: Instant) -> MaxTime {
    let limit = args.max_time?.0?;
    Some((limit, now + limit))
}

/// A prompt keeps its connection alive, unless the flags say otherwise.
fn keep_alive(config: &mut Config, args: &LimitArgs) {
    if args.ping_interval.is_none() {
        config.ping_interval = Some(PROMPT_PING_INTERVAL);
    }
    if args.ping_timeout.is_none() {
        config.ping_timeout = Some(PROMPT_PING_TIMEOUT);
    }
}

/// Below the 60 s of silence after which nginx and many load balancers drop a connection.
const PROMPT_PING_INTERVAL: Duration = Duration::from_secs(30);
/// What python-websockets allows a peer, too.
const PROMPT_PING_TIMEOUT: Duration = Duration::from_secs(20);

/// Passes messages on while they arrive, unless an output needs whole ones; `is_unlimited` for any size at once.
pub(super) fn stream(
    config: &mut Config,
    is_unlimited: bool,
    format: &FormatArgs,
    output: &OutputArgs,
    environment: &Environment,
) {
    if format.needs_whole_messages() || output.record.record.is_some() {
        return;
    }
    let Terminals { stdout, joined, .. } = environment.terminals;
    match config.delivery {
        _ if is_unlimited => config.delivery = Delivery::UNLIMITED,
        // Where notes are printed as well, they must not get into the middle of a line.
        Delivery::Whole { max_message } if !stdout && !joined && output.display.verbose < 2 => {
            let least = LEAST_PIECE;
            config.delivery = Delivery::Streamed { least, max_message };
        }
        _ => {}
    }
}

/// Bytes from which a message is printed while it arrives. A shorter one that is cut off is not printed at all, and a
/// piece of this size is worth its own write.
const LEAST_PIECE: usize = 64 << 10;

pub(super) fn close_frame(args: &RunArgs) -> CloseFrame {
    let code = args.close_code.unwrap_or(CloseCode::NORMAL);
    CloseFrame::new(code, args.close_reason.as_deref().unwrap_or_default())
}

fn prompt_options(
    args: &SessionArgs,
    limit: &LimitArgs,
    environment: &Environment,
    max_time: MaxTime,
    name: &str,
) -> Result<prompt::Options, ConfigError> {
    let state = environment.state_dir.as_ref().filter(|_| !args.no_history);
    Ok(prompt::Options {
        name: name.to_owned(),
        send: messages(&args.send, Encoding::Text, environment)?,
        filter: filter(&args.format.filter)?,
        every: reconnect::every(&args.reconnect, Encoding::Text, environment)?,
        editor: environment.editor.clone(),
        pager: environment.pager.clone(),
        messages: args.messages.clone(),
        history: state.map(|dir| dir.join("wsee/history")),
        home: environment.home.clone(),
        has_variables: !args.no_variables,
        keep: args.keep.map_or(Keep::DEFAULT, |it| it.0),
        close: Some(close_frame(&args.run)),
        close_timeout: limit.close_timeout.0,
        max_time,
        exit_on_close: args.exit_on_close,
    })
}

fn pipe_options(
    args: &SessionArgs,
    environment: &Environment,
    max_time: MaxTime,
) -> Result<pipe::Options, ConfigError> {
    let pipe = &args.pipe;
    let send_encoding = match (pipe.binary, pipe.hex, pipe.base64) {
        (true, ..) => Encoding::Binary,
        (_, true, _) => Encoding::Hex,
        (_, _, true) => Encoding::Base64,
        _ => Encoding::Text,
    };
    let encoding = match pipe.split {
        Some(Split::Json) => Encoding::Json,
        Some(Split::Events) => Encoding::Event,
        _ => send_encoding,
    };
    let is_raw = pipe.binary && args.format.filter.jq.is_none();
    let count = pipe.count();
    let wait = args.wait.unwrap_or(Wait::usual(count.is_some()));
    let silent = silent_pipe(&args.format, wait, &args.run, max_time, environment)?;
    Ok(pipe::Options {
        split: if args.format.print.null {
            Split::Nul
        } else {
            pipe.split.unwrap_or(Split::Line)
        },
        encoding,
        send: messages(&args.send, send_encoding, environment)?,
        format: Format {
            terminator: if is_raw {
                Terminator::None
            } else {
                silent.format.terminator
            },
            ..silent.format
        },
        every: reconnect::every(&args.reconnect, send_encoding, environment)?,
        until_answered: args.wait.is_none() && count.is_none(),
        count,
        echo: pipe.echo,
        reads_stdin: !pipe.echo && !pipe.no_stdin,
        commands: pipe.commands,
        ..silent
    })
}

/// A pipe that prints what it receives, and sends nothing but a Close frame.
pub(super) fn silent_pipe(
    format: &FormatArgs,
    wait: Wait,
    run: &RunArgs,
    max_time: MaxTime,
    environment: &Environment,
) -> Result<pipe::Options, ConfigError> {
    Ok(pipe::Options {
        split: Split::Line,
        encoding: Encoding::Text,
        jsonl: format.print.jsonl,
        filter: filter(&format.filter)?,
        format: Format {
            terminator: match (format.print.raw, format.print.null) {
                (true, _) => Terminator::None,
                (false, true) => Terminator::Nul,
                (false, false) => Terminator::Newline,
            },
            escaped: environment.terminals.stdout,
        },
        send: Vec::new(),
        play: None,
        diff: None,
        every: Vec::new(),
        wait: match wait {
            Wait::For(time) => Some(time),
            Wait::Forever => None,
        },
        until_answered: false,
        count: None,
        echo: false,
        reads_stdin: false,
        commands: false,
        joined: environment.terminals.joined,
        is_demo: false,
        close: Some(close_frame(run)),
        max_time,
    })
}

fn messages(
    payloads: &[Payload],
    encoding: Encoding,
    environment: &Environment,
) -> Result<Vec<Outgoing>, ConfigError> {
    let mut messages = Vec::new();
    for payload in payloads {
        let record = match payload {
            Payload::Text(text) => text.clone().into_bytes(),
            Payload::File(file) => {
                let read = environment.read_message(file, encoding);
                let file = file.clone();
                read.map_err(|error| ConfigError::Send { file, error })?
            }
        };
        messages.extend(match encoding.decode(&record)? {
            Some((Kind::Text, text)) => {
                Some(Outgoing::Line(String::from_utf8_lossy(&text).into_owned()))
            }
            Some((Kind::Binary, bytes)) => Some(Outgoing::Binary(bytes.into_owned())),
            None => None,
        });
    }
    Ok(messages)
}
