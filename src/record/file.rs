//! The file of a recording: private to its owner, and complete after every write.

use std::fs;
use std::io;
use std::mem;
use std::path::{Path, PathBuf};

use crate::diagnostic::Diagnostic;
use crate::sys::Unfit;
use crate::sys::file;

#[derive(Debug, thiserror::Error)]
pub enum FileError {
    #[error("{} exists already", .0.display())]
    Exists(PathBuf),
    #[error("{} is a symbolic link, which is not followed", .0.display())]
    Link(PathBuf),
    #[error("{} is not a regular file", .0.display())]
    NotFile(PathBuf),
    #[error("{} belongs to another user", .0.display())]
    Foreign(PathBuf),
    #[error("{}: {error}", path.display())]
    Io { path: PathBuf, error: io::Error },
}

impl Diagnostic for FileError {
    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Exists(_) => "give another name, or --force to overwrite it",
            Self::Link(_) => "name the file itself",
            Self::NotFile(_) | Self::Foreign(_) => "give another name",
            Self::Io { .. } => return None,
        };
        Some(hint.to_owned())
    }
}

/// Pending bytes at which a single large unit is written in parts.
const SPILL: usize = 1 << 20;

/// A file that grows before its tail.
///
/// The tail closes open brackets, so that the file is a complete document between writes.
#[derive(Debug)]
pub(super) struct File {
    inner: fs::File,
    /// Bytes before the tail.
    len: u64,
    pending: Vec<u8>,
    /// Bytes of an incomplete unit that are in the file already.
    spilled: u64,
    /// Offsets in `pending` at which a unit of several lines ends; empty if every line is a unit.
    ends: Vec<usize>,
    tail: &'static [u8],
    written_tail: &'static [u8],
}

impl File {
    /// Creates the file, or empties an existing one if it may be `overwritten`.
    pub(super) fn create(path: &Path, overwritten: bool) -> Result<Self, FileError> {
        let inner = file::claim(path, overwritten).map_err(|unfit| {
            let path = path.to_owned();
            match unfit {
                Unfit::Exists => FileError::Exists(path),
                Unfit::Link => FileError::Link(path),
                Unfit::NotFile => FileError::NotFile(path),
                Unfit::Foreign => FileError::Foreign(path),
                Unfit::Io(error) => FileError::Io { path, error },
            }
        })?;
        Ok(Self {
            inner,
            len: 0,
            pending: Vec::new(),
            spilled: 0,
            ends: Vec::new(),
            tail: b"",
            written_tail: b"",
        })
    }

    pub(super) fn pending(&mut self) -> &mut Vec<u8> {
        &mut self.pending
    }

    pub(super) fn end_unit(&mut self) {
        self.ends.push(self.pending.len());
    }

    pub(super) fn set_tail(&mut self, tail: &'static [u8]) {
        self.tail = tail;
    }

    /// Writes the pending lines and the tail.
    ///
    /// If the disk is full, the lines that fit are kept, but no part of a unit that is too large to be
    /// buffered whole.
    pub(super) fn flush(&mut self) -> io::Result<()> {
        if self.pending.is_empty() && self.spilled == 0 {
            return Ok(());
        }
        let len = self.spilled + self.pending.len() as u64;
        // One write for both: a process killed between two writes would leave the document unclosed.
        self.pending.extend_from_slice(self.tail);
        let (written, outcome) = self.write();
        if outcome.is_err() {
            self.restore(written);
        } else {
            self.len += len;
            self.written_tail = self.tail;
        }
        self.pending.clear();
        self.ends.clear();
        self.spilled = 0;
        outcome
    }

    fn spill(&mut self) -> io::Result<()> {
        let (written, outcome) = self.write();
        if outcome.is_err() {
            self.restore(written);
        } else {
            self.spilled += self.pending.len() as u64;
        }
        self.pending.clear();
        outcome
    }

    /// Writes as much as fits; returns the number of bytes.
    fn write(&self) -> (usize, io::Result<()>) {
        let start = self.len + self.spilled;
        let mut written = 0;
        while written < self.pending.len() {
            let rest = &self.pending[written..];
            match file::write_at(&self.inner, rest, start + written as u64) {
                Ok(0) => return (written, Err(io::ErrorKind::WriteZero.into())),
                Ok(n) => written += n,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return (written, Err(error)),
            }
        }
        (written, Ok(()))
    }

    /// Closes the document after the last complete line among the `written` bytes, for which there was room.
    fn restore(&mut self, written: usize) {
        let room = written.saturating_sub(self.tail.len());
        let kept = match mem::take(&mut self.spilled) {
            0 => self.lines(room),
            // The pending bytes are the rest of a line.
            _ => 0,
        };
        if kept > 0 {
            self.written_tail = self.tail;
        }
        self.len += kept as u64;
        self.pending.clear();
        self.pending.extend_from_slice(self.written_tail);
        let _ = self.write();
        let end = self.len + self.written_tail.len() as u64;
        let _ = self.inner.set_len(end);
    }

    /// The length of the complete lines within the first `room` pending bytes.
    fn lines(&self, room: usize) -> usize {
        if !self.ends.is_empty() {
            let fitting = self.ends.iter().rfind(|end| **end <= room);
            return fitting.copied().unwrap_or(0);
        }
        let Some(end) = self.pending[..room].iter().rposition(|byte| *byte == b'\n') else {
            return 0;
        };
        if self.tail.is_empty() {
            return end + 1;
        }
        // In a document a newline starts an element, and a comma precedes it.
        let line = &self.pending[..end];
        line.strip_suffix(b",").unwrap_or(line).len()
    }
}

/// Appends to the pending bytes; a unit that is too large is written in parts, and counts with the next flush.
impl io::Write for File {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.pending.extend_from_slice(bytes);
        if self.pending.len() >= SPILL {
            self.spill()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Self::flush(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder() -> tempfile::TempDir {
        tempfile::tempdir().unwrap()
    }

    #[test]
    fn is_complete_after_every_write() {
        let folder = folder();
        let path = folder.path().join("a");
        let mut file = File::create(&path, false).unwrap();
        let contents = || fs::read_to_string(&path).unwrap();
        file.pending().extend_from_slice(b"[1");
        file.set_tail(b"]");
        file.flush().unwrap();
        assert_eq!(contents(), "[1]");
        file.pending().extend_from_slice(b",{\"a\":2");
        file.set_tail(b"}]");
        file.flush().unwrap();
        assert_eq!(contents(), "[1,{\"a\":2}]");
        file.flush().unwrap();
        assert_eq!(contents(), "[1,{\"a\":2}]");
    }

    #[test]
    fn keeps_the_lines_there_is_room_for() {
        let folder = folder();
        let mut lines = File::create(&folder.path().join("a"), false).unwrap();
        lines.pending().extend_from_slice(b"{1}\n{2}\n{3}\n");
        assert_eq!(
            [3, 4, 7, 8, 11, 12].map(|room| lines.lines(room)),
            [0, 4, 4, 8, 8, 12]
        );
        lines.set_tail(b"\n]");
        lines.pending().clear();
        lines.pending().extend_from_slice(b"\n[{1},\n{2},\n{3}");
        let kept = [1, 5, 7, 12, 13].map(|room| &lines.pending[..lines.lines(room)]);
        assert_eq!(
            kept,
            [&b""[..], b"", b"\n[{1}", b"\n[{1},\n{2}", b"\n[{1},\n{2}"]
        );
    }

    #[test]
    fn keeps_no_part_of_a_thing_of_several_lines() {
        let folder = folder();
        let mut file = File::create(&folder.path().join("a"), false).unwrap();
        for unit in [&b"1\n"[..], b"2\n2\n", b"3\n"] {
            file.pending().extend_from_slice(unit);
            file.end_unit();
        }
        assert_eq!(
            [1, 2, 4, 5, 6, 8].map(|room| file.lines(room)),
            [0, 2, 2, 2, 6, 8]
        );
    }

    #[test]
    fn large_messages_are_written_in_pieces_and_counted_when_complete() {
        let folder = folder();
        let path = folder.path().join("a");
        let mut file = File::create(&path, false).unwrap();
        let large = "x".repeat(SPILL);
        file.set_tail(b"]");
        io::Write::write_all(&mut file, b"[1").unwrap();
        file.flush().unwrap();
        io::Write::write_all(&mut file, b",\"").unwrap();
        io::Write::write_all(&mut file, large.as_bytes()).unwrap();
        assert!(file.pending().is_empty());
        io::Write::write_all(&mut file, b"\"").unwrap();
        file.flush().unwrap();
        assert_eq!(
            fs::read_to_string(&path).unwrap(),
            format!("[1,\"{large}\"]")
        );
        io::Write::write_all(&mut file, large.as_bytes()).unwrap();
        file.restore(0);
        assert_eq!(
            fs::read_to_string(&path).unwrap(),
            format!("[1,\"{large}\"]")
        );
    }

    #[test]
    fn overwrites_only_on_request() {
        let folder = folder();
        let path = folder.path().join("a");
        fs::write(&path, "precious").unwrap();
        let refused = File::create(&path, false);
        assert!(matches!(refused, Err(FileError::Exists(_))), "{refused:?}");
        assert_eq!(fs::read_to_string(&path).unwrap(), "precious");
        drop(File::create(&path, true).unwrap());
        assert_eq!(fs::read_to_string(&path).unwrap(), "");
    }
}
