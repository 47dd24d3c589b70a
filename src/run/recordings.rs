//! Recordings in a memory, which the full screen shows.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use crate::event::Direction;
use crate::memory::{Keep, Meaning, Memory, Shared};
use crate::proto::connection::Message;
use crate::record::{Format, ReadError, Recorded, ReportError, recognize, recorded};
use crate::render::escape::escape_line;
use crate::render::{Label, quantity};

/// What is kept of a recording, in bytes: the end of a longer one.
const KEPT: usize = 1 << 30;
/// What a message or frame takes until it is in the memory, in bytes.
const OVERHEAD: usize = 300;
/// Connections with a name have numbers from here on, above those that have a number only.
const NAMED: u64 = 1 << 32;
/// Named connections of a recording that have a colour of their own; there are fewer colours.
const MAX_LABELS: usize = 100;

/// The messages of recordings, and a title for them.
pub(super) struct Recordings {
    pub(super) name: String,
    pub(super) memory: Shared,
}

/// Reads a recording, or several as one.
pub(super) fn read(paths: &[PathBuf]) -> Result<Recordings, ReportError> {
    let files = files(paths)?;
    let mut shelf = Shelf::new();
    if let [file] = &files[..] {
        for recorded in recorded(file, recognize(file)?)? {
            shelf.add(recorded?);
        }
    } else {
        for recorded in mixed(&files)? {
            shelf.add(recorded);
        }
    }
    if shelf.is_empty {
        return Err(ReadError::Empty(paths[0].clone()).into());
    }
    let name = match paths {
        [path] => path
            .file_name()
            .unwrap_or(path.as_os_str())
            .to_string_lossy()
            .into_owned(),
        _ => quantity::plural(files.len() as u64, "recording"),
    };
    let memory = shelf.memory;
    Ok(Recordings { name, memory })
}

/// The files, each once, with those in folders in place of these.
fn files(paths: &[PathBuf]) -> Result<Vec<PathBuf>, ReadError> {
    let mut files = Vec::new();
    for path in paths {
        if path.is_dir() {
            files.extend(in_folder(path)?);
        } else {
            files.push(path.clone());
        }
    }
    let mut known = HashSet::new();
    files.retain(|file| known.insert(file.canonicalize().unwrap_or_else(|_| file.clone())));
    Ok(files)
}

fn in_folder(folder: &Path) -> Result<Vec<PathBuf>, ReadError> {
    let failed = |error| ReadError::Io {
        path: folder.to_owned(),
        error,
    };
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if Format::of(&path).is_some() && path.is_file() {
            files.push(path);
        }
    }
    files.sort();
    if files.is_empty() {
        return Err(ReadError::NoneInFolder(folder.to_owned()));
    }
    Ok(files)
}

/// What several recordings say, in the order of their times.
fn mixed(files: &[PathBuf]) -> Result<impl Iterator<Item = Recorded>, ReportError> {
    let mut all = Vec::new();
    let mut size = 0;
    for (file, name) in files.iter().zip(names(files)) {
        let mut last = Timestamp::UNIX_EPOCH;
        for recorded in recorded(file, recognize(file)?)? {
            let recorded = recorded?.of(&name);
            if let Recorded::Message(message) = &recorded {
                last = last.max(message.time.unwrap_or(last));
                size += message.payload.len();
            }
            size += OVERHEAD;
            if size > KEPT {
                let path = file.clone();
                let limit = quantity::size(KEPT as u64);
                return Err(ReadError::TooMuch { path, limit }.into());
            }
            all.push((last, recorded));
        }
    }
    all.sort_by_key(|(time, _)| *time);
    Ok(all.into_iter().map(|(_, recorded)| recorded))
}

/// A name for the connection of each file: the number that `--record DIR` gives it, or the file's name.
fn names(files: &[PathBuf]) -> Vec<String> {
    let names: Vec<String> = files.iter().map(|file| name(file)).collect();
    let mut sorted = names.clone();
    sorted.sort();
    sorted.dedup();
    if sorted.len() == names.len() {
        return names;
    }
    // Those of several runs.
    (1..=files.len())
        .map(|number| format!("@{number}"))
        .collect()
}

fn name(file: &Path) -> String {
    let stem = file.file_stem().unwrap_or_default().to_string_lossy();
    let number = stem
        .rsplit_once('-')
        .and_then(|(_, number)| number.parse::<u64>().ok());
    match number {
        Some(number) => format!("@{number}"),
        // A filter takes a name as one word.
        None => stem.replace(char::is_whitespace, "_"),
    }
}

/// A memory that is filled with what recordings say.
struct Shelf {
    memory: Shared,
    is_empty: bool,
    /// The number and the time of the last message.
    last: (u64, Timestamp),
    labels: Vec<Label>,
}

impl Shelf {
    fn new() -> Self {
        Self {
            memory: Shared::new(Keep {
                messages: usize::MAX,
                bytes: KEPT,
            }),
            is_empty: true,
            last: (0, Timestamp::UNIX_EPOCH),
            labels: Vec::new(),
        }
    }

    fn add(&mut self, recorded: Recorded) {
        self.is_empty = false;
        let mut memory = self.memory.lock();
        match recorded {
            Recorded::Opened(name, heads) => {
                let [request, response] = *heads;
                of(&mut memory, &mut self.labels, name.as_deref()).opened(request, response);
            }
            Recorded::Frame(frame) => {
                let memory = of(&mut memory, &mut self.labels, frame.connection.as_deref());
                match frame.direction {
                    Direction::Received => memory.frame_received(&frame.header),
                    Direction::Sent => memory.frame_sent(&frame.header),
                }
            }
            Recorded::Message(message) => {
                // A file may hold several runs, or lines from anywhere: numbers only rise.
                let number = message.number.filter(|it| *it > self.last.0);
                self.last = (
                    number.unwrap_or(self.last.0 + 1),
                    message.time.unwrap_or(self.last.1),
                );
                let whole = Message::whole(message.kind, &message.payload, message.deflated);
                let memory = of(&mut memory, &mut self.labels, message.connection.as_deref());
                let memory = memory.meaning(message.on_top.as_ref().map(Meaning::recorded));
                match message.direction {
                    Direction::Received => memory.received(&whole, self.last.0, self.last.1),
                    Direction::Sent => memory.sent(&whole, self.last.0, self.last.1),
                }
            }
        }
    }
}

/// The memory, for what is of the connection with this name.
fn of<'m>(memory: &'m mut Memory, known: &mut Vec<Label>, name: Option<&str>) -> &'m mut Memory {
    match name {
        Some(name) => {
            let (number, label) = label(known, name);
            memory.of(number, &label)
        }
        None => memory.of_first(),
    }
}

/// The number and the label of the connection with this name; each has a colour of its own.
fn label(known: &mut Vec<Label>, name: &str) -> (u64, Label) {
    let number = name.strip_prefix('@').and_then(|it| it.parse().ok());
    let name = escape_line(name);
    if let Some(number) = number {
        return (number, Label::new(&name, number));
    }
    let at = known.iter().position(|label| label.text() == name);
    let at = at.unwrap_or(known.len());
    let number = NAMED + at as u64;
    let label = Label::new(&name, number);
    // A recording may hold any number of names; the first ones are kept apart.
    if at == known.len() && at < MAX_LABELS {
        known.push(label.clone());
    }
    (number, label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_have_the_number_of_their_file_or_its_name() {
        for (files, expected) in [
            (
                &["a/T-0001.jsonl", "a/T-0012.jsonl"][..],
                &["@1", "@12"][..],
            ),
            (&["one.har", "other-run.wsee"], &["one", "other-run"]),
            (&["S-0001.har", "T-0001.har"], &["@1", "@2"]),
        ] {
            let files: Vec<PathBuf> = files.iter().map(PathBuf::from).collect();
            assert_eq!(names(&files), expected);
        }
    }

    #[test]
    fn a_file_that_is_named_twice_is_read_once() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("a-0001.jsonl");
        fs::write(&file, "").expect("a file");
        let paths = [folder.path().to_owned(), file.clone()];
        assert_eq!(files(&paths).expect("the file"), [file]);
    }
}
