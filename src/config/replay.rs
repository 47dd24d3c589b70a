//! `wsee replay`, resolved.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use super::{ConfigError, Connect, Display, Environment, Use};
use crate::cli::{ConfigArgs, ConnectArgs, PipeArgs, ReplayArgs, SessionArgs, StayArgs};
use crate::exit::Exit;
use crate::record::{Connection, Play, ReadError, Recording, Speed};
use crate::render::Secrets;
use crate::render::escape::escape_line;
use crate::render::mask::MASK;
use crate::render::quantity;

/// A recording that cannot be played.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// It cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// It is a scenario.
    #[error("{} is a scenario, not a recording; say: wsee test {}", .0.display(), .0.display())]
    Scenario(PathBuf),
    /// It has several connections.
    #[error("{} has {count} connections, choose one with --entry: {list}", file.display())]
    Several {
        /// The file.
        file: PathBuf,
        /// How many.
        count: usize,
        /// What they are.
        list: String,
    },
    /// It has fewer connections.
    #[error("--entry {entry}: the last connection of {} is {count}", file.display())]
    NoEntry {
        /// The file.
        file: PathBuf,
        /// The one that was asked for.
        entry: usize,
        /// How many there are.
        count: usize,
    },
    /// Nobody knows where to.
    #[error("{} names no URL; give it behind the file", .0.display())]
    NoUrl(PathBuf),
    /// Nobody knows where to, exactly.
    #[error("{}: the secrets of its URL {url} are masked; give the URL behind the file", file.display())]
    Masked {
        /// The file.
        file: PathBuf,
        /// The URL.
        url: String,
    },
    /// It would be overwritten while it is read.
    #[error("--record {} is what is replayed; give another name", .0.display())]
    Overwritten(PathBuf),
}

impl ReplayError {
    /// The exit status that tells it.
    pub fn exit(&self) -> Exit {
        match self {
            Self::Read(ReadError::Format(_))
            | Self::Scenario(_)
            | Self::Several { .. }
            | Self::NoEntry { .. }
            | Self::Overwritten(_) => Exit::Usage,
            Self::Read(_) => Exit::Input,
            Self::NoUrl(_) | Self::Masked { .. } => Exit::Url,
        }
    }
}

impl Connect {
    /// Resolves `wsee replay`; `now` starts the clock of `--max-time`.
    pub fn replay(
        args: ReplayArgs,
        environment: &Environment,
        now: Instant,
    ) -> Result<Self, ConfigError> {
        let recording = read(&args)?;
        let index = choose(&args, &recording)?;
        let connection = &recording.connections[index];
        let url = url(&args, connection)?;
        let note = describe(&args, connection);
        let speed = args.play.speed;
        let diff = args
            .play
            .diff
            .then(|| Display::resolve(&args.display, environment));
        let diff = diff.map(|it| it.style(environment.terminals.stdout));
        let mut connect = Self::resolve(&arguments(args, url, connection), environment, now)?;
        connect.notes.push(note);
        if let Use::Pipe(options) = &mut connect.usage {
            options.diff = diff;
            options.play = Some(Play {
                recording,
                index,
                speed,
            });
        }
        Ok(connect)
    }
}

fn read(args: &ReplayArgs) -> Result<Recording, ReplayError> {
    if args.file.extension().is_some_and(|it| it == "wsee") {
        return Err(ReplayError::Scenario(args.file.clone()));
    }
    if let Some(record) = &args.record.record
        && is_same(record, &args.file)
    {
        return Err(ReplayError::Overwritten(record.clone()));
    }
    Ok(Recording::read(&args.file)?)
}

fn is_same(one: &Path, other: &Path) -> bool {
    let found = |path| fs::canonicalize(path).ok();
    found(one).is_some_and(|one| found(other) == Some(one))
}

/// The index of the connection to play.
fn choose(args: &ReplayArgs, recording: &Recording) -> Result<usize, ReplayError> {
    let count = recording.connections.len();
    let file = args.file.clone();
    match args.play.entry.map(usize::from) {
        Some(entry) if entry > count => Err(ReplayError::NoEntry { file, entry, count }),
        Some(entry) => Ok(entry - 1),
        None if count == 1 => Ok(0),
        None => Err(ReplayError::Several {
            file,
            count,
            list: list(&recording.connections),
        }),
    }
}

/// How many connections are listed.
const LISTED: usize = 20;

fn list(connections: &[Connection]) -> String {
    let mut list = String::new();
    for (number, connection) in (1..).zip(connections).take(LISTED) {
        let url = connection.url.as_deref().unwrap_or("no URL");
        let url = Secrets::Masked.url(url);
        let separator = if number == 1 { "" } else { "; " };
        let (sent, received) = (connection.sent, connection.received);
        // Writing to a String cannot fail.
        let _ = write!(
            list,
            "{separator}{number} {url} ({sent} sent, {received} received)"
        );
    }
    if connections.len() > LISTED {
        list.push_str("; \u{2026}");
    }
    list
}

fn url(args: &ReplayArgs, connection: &Connection) -> Result<String, ReplayError> {
    let file = || args.file.clone();
    match args.url.as_ref().or(connection.url.as_ref()) {
        None => Err(ReplayError::NoUrl(file())),
        Some(url) if args.url.is_none() && url.contains(MASK) => Err(ReplayError::Masked {
            file: file(),
            url: Secrets::Masked.url(url).into_owned(),
        }),
        Some(url) => Ok(url.clone()),
    }
}

/// What is going to be sent.
fn describe(args: &ReplayArgs, connection: &Connection) -> String {
    let file = args.file.display().to_string();
    let messages = quantity::plural(connection.sent, "message");
    let lasted = quantity::duration(connection.lasted);
    let speed = match args.play.speed {
        Speed::Max => " without waiting".to_owned(),
        Speed::Times(factor) if (factor - 1.0).abs() < f64::EPSILON => String::new(),
        Speed::Times(factor) => format!(" {factor} times as fast"),
    };
    let file = escape_line(&file);
    format!("replays {file}: {messages} in {lasted}{speed}")
}

/// The arguments of `wsee URL` that do the same, but for what is sent.
fn arguments(args: ReplayArgs, url: String, connection: &Connection) -> ConnectArgs {
    let (play, mut handshake) = (args.play, args.handshake);
    if handshake.subprotocol.is_empty() {
        handshake.subprotocol.clone_from(&connection.offered);
    }
    if handshake.origin.is_none() {
        handshake.origin.clone_from(&connection.origin);
    }
    ConnectArgs {
        url: Some(url),
        handshake,
        auth: args.auth,
        redirect: args.redirect,
        tls: args.tls,
        proxy: args.proxy,
        route: args.route,
        session: SessionArgs {
            run: args.run,
            limit: args.limit,
            pipe: PipeArgs::silent(play.wait, play.raw, play.null),
            format: args.format,
            stay: StayArgs {
                reconnect: None,
                every: Vec::new(),
            },
            record: args.record,
            timing: args.timing,
            display: args.display,
            config: ConfigArgs {
                no_config: false,
                debug: false,
            },
            no_history: true,
        },
    }
}
