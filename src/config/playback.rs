use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use crate::cli::Entry;
use crate::exit::Exit;
use crate::record::{Connection, ReadError, Recording, Speed};
use crate::render::Secrets;
use crate::render::escape::escape_line;
use crate::render::quantity;

#[derive(Debug, thiserror::Error)]
pub enum PlaybackError {
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error("{} is a scenario, not a recording; run it with wsee test {}", .0.display(), .0.display())]
    Scenario(PathBuf),
    #[error("{} has {count} connections{such}, choose one with --entry NUMBER: {list}", file.display())]
    Several {
        file: PathBuf,
        count: usize,
        such: String,
        list: String,
    },
    #[error("--entry {entry}: the last connection in {} is number {count}", file.display())]
    NoEntry {
        file: PathBuf,
        entry: usize,
        count: usize,
    },
    #[error("no connection in {} has a URL containing {entry:?}: {list}", file.display())]
    NoUrl {
        file: PathBuf,
        entry: String,
        list: String,
    },
}

impl PlaybackError {
    pub fn exit(&self) -> Exit {
        match self {
            Self::Read(ReadError::Format(_))
            | Self::Scenario(_)
            | Self::Several { .. }
            | Self::NoEntry { .. }
            | Self::NoUrl { .. } => Exit::Usage,
            Self::Read(_) => Exit::Input,
        }
    }
}

pub(super) fn read(
    file: &Path,
    entry: Option<&Entry>,
) -> Result<(Recording, usize), PlaybackError> {
    if file.extension().is_some_and(|it| it == "wsee") {
        return Err(PlaybackError::Scenario(file.to_owned()));
    }
    let recording = Recording::read(file)?;
    let index = choose(&recording, entry)?;
    Ok((recording, index))
}

fn choose(recording: &Recording, entry: Option<&Entry>) -> Result<usize, PlaybackError> {
    let (file, connections) = (recording.path().to_owned(), &recording.connections);
    let text = match entry {
        Some(Entry::Number(number)) if number.get() <= connections.len() => {
            return Ok(number.get() - 1);
        }
        Some(Entry::Number(number)) => {
            let (entry, count) = (number.get(), connections.len());
            return Err(PlaybackError::NoEntry { file, entry, count });
        }
        Some(Entry::Url(text)) => text.as_str(),
        None => "",
    };
    let is_meant = |it: &Connection| it.url.as_deref().unwrap_or_default().contains(text);
    let meant = connections.iter().enumerate();
    let meant: Vec<_> = meant.filter(|(_, it)| is_meant(it)).collect();
    match meant.as_slice() {
        [] => Err(PlaybackError::NoUrl {
            file,
            entry: text.to_owned(),
            list: list(&connections.iter().enumerate().collect::<Vec<_>>()),
        }),
        [(index, _)] => Ok(*index),
        several => Err(PlaybackError::Several {
            file,
            count: several.len(),
            such: match text {
                "" => String::new(),
                text => format!(" whose URL contains {text:?}"),
            },
            list: list(several),
        }),
    }
}

/// How many connections an error lists: more would hide the problem.
const LISTED: usize = 20;

fn list(connections: &[(usize, &Connection)]) -> String {
    let mut list = String::new();
    for (index, connection) in connections.iter().take(LISTED) {
        let url = connection.url.as_deref().unwrap_or("no URL");
        let url = Secrets::Masked.url(url);
        let separator = if list.is_empty() { "" } else { "; " };
        let (sent, received) = (connection.sent, connection.received);
        // Writing to a String cannot fail.
        let _ = write!(
            list,
            "{separator}{} {url} ({sent} sent, {received} received)",
            index + 1
        );
    }
    if connections.len() > LISTED {
        list.push_str("; \u{2026}");
    }
    list
}

pub(super) fn describe(recording: &Recording, index: usize, messages: u64, speed: Speed) -> String {
    let file = recording.path().display().to_string();
    let messages = quantity::plural(messages, "message");
    let lasted = quantity::duration(recording.connections[index].lasted);
    let speed = match speed {
        Speed::Max => " without waiting".to_owned(),
        Speed::Times(factor) if (factor - 1.0).abs() < f64::EPSILON => String::new(),
        Speed::Times(factor) => format!(" {factor} times as fast"),
    };
    format!("{}: {messages} in {lasted}{speed}", escape_line(&file))
}
