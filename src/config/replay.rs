//! `wsee replay`, resolved.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use super::recording::{self, RecordingError};
use super::{ConfigError, Connect, Display, Environment, Use};
use crate::cli::{ConfigArgs, ConnectArgs, PipeArgs, ReconnectArgs, ReplayArgs, SessionArgs};
use crate::exit::Exit;
use crate::proto::Role;
use crate::record::{Connection, Play, Recording};
use crate::render::Secrets;
use crate::render::mask::MASK;

/// A recording that cannot be played.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// It cannot be read, or it is not clear which connection is meant.
    #[error(transparent)]
    Recording(#[from] RecordingError),
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
            Self::Recording(error) => error.exit(),
            Self::Overwritten(_) => Exit::Usage,
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
        let (recording, index) = read(&args)?;
        let connection = &recording.connections[index];
        let url = url(&args, connection)?;
        let speed = args.play.speed;
        let description = recording::describe(&recording, index, connection.sent, speed);
        let diff = args
            .play
            .diff
            .then(|| Display::resolve(&args.display, environment));
        let diff = diff.map(|it| it.style(environment.terminals.stdout));
        let mut connect = Self::resolve(&arguments(args, url, connection), environment, now)?;
        connect.notes.push(format!("replays {description}"));
        if let Use::Pipe(options) = &mut connect.usage {
            options.diff = diff;
            options.play = Some(Play {
                recording,
                index,
                role: Role::Client,
                speed,
            });
        }
        Ok(connect)
    }
}

fn read(args: &ReplayArgs) -> Result<(Recording, usize), ReplayError> {
    if let Some(record) = &args.record.record
        && is_same(record, &args.file)
    {
        return Err(ReplayError::Overwritten(record.clone()));
    }
    Ok(recording::read(&args.file, args.play.entry.as_ref())?)
}

fn is_same(one: &Path, other: &Path) -> bool {
    let found = |path| fs::canonicalize(path).ok();
    found(one).is_some_and(|one| found(other) == Some(one))
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
            reconnect: ReconnectArgs {
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
