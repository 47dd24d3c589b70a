//! The lines typed: in memory for `/history`, in a file for later sessions.

use std::collections::VecDeque;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustyline::error::ReadlineError;
use rustyline::history::FileHistory;
use rustyline::{Editor, Helper};
use thiserror::Error;

use crate::atomic_file::Replacement;
use crate::diagnostic::Diagnostic;
use crate::sys::Unfit;
use crate::sys::file;

/// More than anybody scrolls through; with short lines the file stays below a megabyte.
pub(super) const MAX_LINES: usize = 10_000;

#[derive(Debug, Error)]
pub(super) enum HistoryError {
    #[error("{0:?} is a symbolic link, so no history is kept")]
    Link(PathBuf),
    #[error("{0:?} is not a file, so no history is kept")]
    NotFile(PathBuf),
    #[error("{0:?} belongs to another user, so no history is kept")]
    Foreign(PathBuf),
    #[error("cannot keep history in {path:?}: {source}")]
    Io { path: PathBuf, source: io::Error },
    #[error("cannot keep history in {path:?}: {source}")]
    Content {
        path: PathBuf,
        source: ReadlineError,
    },
}

impl Diagnostic for HistoryError {
    fn hint(&self) -> Option<String> {
        let fix = match self {
            Self::Link(_) => "make it a file",
            Self::NotFile(_) | Self::Content { .. } => "remove it",
            Self::Foreign(_) => "chown it",
            Self::Io { .. } => "fix that",
        };
        Some(format!("{fix}, or use --no-history"))
    }
}

/// The lines typed, shared between threads.
#[derive(Debug, Default, Clone)]
pub(super) struct Lines(Arc<Mutex<VecDeque<String>>>);

impl Lines {
    /// The `count` newest lines, oldest first.
    pub(super) fn last(&self, count: usize) -> Vec<String> {
        let lines = self.lock();
        let skipped = lines.len().saturating_sub(count);
        lines.iter().skip(skipped).cloned().collect()
    }

    fn push(&self, line: String) {
        let mut lines = self.lock();
        if lines.len() == MAX_LINES {
            lines.pop_front();
        }
        lines.push_back(line);
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Debug)]
pub(super) struct History {
    path: Option<PathBuf>,
    lines: Lines,
}

impl History {
    pub(super) fn new(path: Option<PathBuf>, lines: Lines) -> Self {
        Self { path, lines }
    }

    /// Loads the lines of earlier sessions into `editor`; after an error the file is not used any more.
    pub(super) fn load<H: Helper>(
        &mut self,
        editor: &mut Editor<H, FileHistory>,
    ) -> Result<(), HistoryError> {
        let Some(path) = self.path.take() else {
            return Ok(());
        };
        secure(&path)?;
        if let Err(source) = editor.load_history(&path) {
            return Err(HistoryError::Content { path, source });
        }
        for line in editor.history().iter() {
            self.lines.push(line.clone());
        }
        if let Err(source) = tidy(&path, editor.history().iter()) {
            return Err(HistoryError::Io { path, source });
        }
        self.path = Some(path);
        Ok(())
    }

    /// Keeps `line`, unless it starts with a space or repeats the last one; after an error the file is
    /// not used any more.
    pub(super) fn add<H: Helper>(
        &mut self,
        editor: &mut Editor<H, FileHistory>,
        line: &str,
    ) -> Result<(), HistoryError> {
        // This cannot fail in memory.
        if !editor.add_history_entry(line).unwrap_or(false) {
            return Ok(());
        }
        self.lines.push(line.to_owned());
        let Some(path) = self.path.take() else {
            return Ok(());
        };
        if let Err(source) = append(&path, line) {
            return Err(HistoryError::Io { path, source });
        }
        self.path = Some(path);
        Ok(())
    }
}

/// The first line of rustyline's format, in which lines are [`escaped`].
const HEAD: &str = "#V2\n";

fn escaped(line: &str) -> String {
    line.replace('\\', r"\\").replace('\n', r"\n") + "\n"
}

/// Appends a line to the file, as other sessions may do at the same time; a partial line is removed.
fn append(path: &Path, line: &str) -> io::Result<()> {
    let mut file = file::open_secured(path)?;
    let before = file.metadata()?.len();
    let head = if before == 0 { HEAD } else { "" };
    let written = file.write_all((head.to_owned() + &escaped(line)).as_bytes());
    if written.is_err() {
        file.set_len(before)?;
    }
    written
}

/// Replaces the file with `lines` if it holds twice as many as are kept, or has an old format.
fn tidy<'a>(path: &Path, lines: impl Iterator<Item = &'a String>) -> io::Result<()> {
    let found = fs::read(path)?;
    let is_current = found.is_empty() || found.starts_with(HEAD.as_bytes());
    if is_current && memchr::memchr_iter(b'\n', &found).count() <= 2 * MAX_LINES {
        return Ok(());
    }
    let lines = lines.map(|line| escaped(line));
    let text: String = std::iter::once(HEAD.to_owned()).chain(lines).collect();
    Replacement::private(path)?.write(text.as_bytes())
}

/// Makes sure that `path` is a file that only this user can read; creates it if needed.
fn secure(path: &Path) -> Result<(), HistoryError> {
    file::secure(path).map_err(|unfit| {
        let path = path.to_owned();
        match unfit {
            Unfit::Link => HistoryError::Link(path),
            Unfit::NotFile => HistoryError::NotFile(path),
            Unfit::Foreign => HistoryError::Foreign(path),
            Unfit::Exists => HistoryError::Io {
                path,
                source: io::ErrorKind::AlreadyExists.into(),
            },
            Unfit::Io(source) => HistoryError::Io { path, source },
        }
    })
}

#[cfg(test)]
mod tests {
    use rustyline::history::History as _;

    use super::*;

    fn is_private(path: &Path) -> bool {
        !file::is_open_to_others(&fs::metadata(path).unwrap())
    }

    #[test]
    fn a_folder_is_no_history() {
        let directory = tempfile::tempdir().unwrap();
        let refused = secure(directory.path());
        assert!(matches!(refused, Err(HistoryError::NotFile(_))));
    }

    /// The lines that rustyline reads in the file.
    fn read(path: &Path) -> Vec<String> {
        let mut history = FileHistory::new();
        history.load(path).unwrap();
        history.iter().cloned().collect()
    }

    #[test]
    fn rustyline_reads_appended_lines() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("history");
        let lines = ["one", "a\nb", r"a\nb", r"\\", "wörd"];
        for line in lines {
            append(&path, line).unwrap();
        }
        assert_eq!(read(&path), lines);
        assert!(is_private(&path));
    }

    #[test]
    fn a_file_with_too_many_lines_or_an_old_format_is_replaced() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("history");
        let kept = ["one".to_owned(), "two".to_owned()];
        for (found, replaced) in [
            (String::new(), false),
            (HEAD.to_owned() + &"x\n".repeat(2 * MAX_LINES - 1), false),
            (HEAD.to_owned() + &"x\n".repeat(2 * MAX_LINES), true),
            ("old\n".to_owned(), true),
        ] {
            fs::write(&path, &found).unwrap();
            tidy(&path, kept.iter()).unwrap();
            let text = fs::read_to_string(&path).unwrap();
            assert_eq!(text == "#V2\none\ntwo\n", replaced);
            assert_eq!(text == found, !replaced);
        }
        assert!(is_private(&path));
    }

    #[test]
    fn lists_the_newest_lines_oldest_first() {
        let lines = Lines::default();
        for number in 0..=MAX_LINES {
            lines.push(number.to_string());
        }
        assert_eq!(lines.last(2), ["9999", "10000"]);
        assert_eq!(lines.last(usize::MAX).len(), MAX_LINES);
    }
}
