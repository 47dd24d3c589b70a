use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use super::dialing::Dialing;
use super::playback::{self, PlaybackError};
use super::target::Target;
use super::{ConfigError, Connect, Display, Environment, Mode, connect};
use crate::cli::{ReplayArgs, Subprotocols};
use crate::exit::Exit;
use crate::pipe;
use crate::proto::Role;
use crate::record::{Connection, Play, Recording};
use crate::render::Secrets;
use crate::secret::MASK;

#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    #[error(transparent)]
    Playback(#[from] PlaybackError),
    #[error("{} contains no URL; pass one after the file name", .0.display())]
    NoUrl(PathBuf),
    #[error("{}: the secrets in its URL {url} are masked; pass the URL after the file name", file.display())]
    Masked { file: PathBuf, url: String },
    /// `--record` would overwrite it while it is read.
    #[error("--record {} is the recording being replayed; choose another name", .0.display())]
    Overwritten(PathBuf),
}

impl ReplayError {
    pub fn exit(&self) -> Exit {
        match self {
            Self::Playback(error) => error.exit(),
            Self::Overwritten(_) => Exit::Usage,
            Self::NoUrl(_) | Self::Masked { .. } => Exit::Url,
        }
    }
}

impl Connect {
    pub fn replay(
        args: ReplayArgs,
        environment: &Environment,
        now: Instant,
    ) -> Result<Self, ConfigError> {
        let (recording, index) = read(&args)?;
        let connection = &recording.connections[index];
        let target = Target::parse(&url(&args, connection)?)?;
        let speed = args.play.speed;
        let description = playback::describe(&recording, index, connection.sent, speed);
        let mut dial = args.dial;
        if dial.handshake.subprotocol.is_empty() {
            let offered = connection.offered.iter().cloned().map(Subprotocols);
            dial.handshake.subprotocol = offered.collect();
        }
        if dial.handshake.origin.is_none() {
            dial.handshake.origin.clone_from(&connection.origin);
        }
        let style = || {
            let display = Display::resolve(&args.output.display, environment);
            display.style(environment.terminals.stdout)
        };
        let max_time = connect::max_time(&args.run, now);
        let silent = connect::silent_pipe(
            &args.format,
            args.play.wait,
            &args.run,
            max_time,
            environment,
        )?;
        let mode = Mode::Pipe(Box::new(pipe::Options {
            diff: args.play.diff.then(style),
            play: Some(Play {
                recording,
                index,
                role: Role::Client,
                speed,
            }),
            ..silent
        }));
        let mut connect = Self::new(mode, max_time, &args.output, environment, || {
            Dialing::resolve(&dial, &target, false, environment)
        })?;
        if !args.play.diff {
            let (config, raw) = (&mut connect.dialing.open.connection, args.format.print.raw);
            connect::stream(config, raw, &args.format, &args.output, environment);
        }
        let note = format!("replays {description}");
        connect.dialing.notes.push(note);
        Ok(connect)
    }
}

fn read(args: &ReplayArgs) -> Result<(Recording, usize), ReplayError> {
    if let Some(record) = &args.output.record.record
        && is_same(record, &args.file)
    {
        return Err(ReplayError::Overwritten(record.clone()));
    }
    Ok(playback::read(&args.file, args.play.entry.as_ref())?)
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
