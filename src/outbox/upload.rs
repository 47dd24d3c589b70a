//! A file that is sent as one message, piece by piece.

use std::fs::File;
use std::io::{self, ErrorKind, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use super::SendError;
use crate::proto::connection::Message;
use crate::proto::message::{Kind, Utf8};
use crate::proto::sender::Sender;
use crate::text;

/// A file of which at most one piece is in memory.
///
/// A text is read twice: invalid UTF-8 must be found before the message begins, since a message cannot be
/// abandoned.
#[derive(Debug)]
pub struct Upload {
    path: PathBuf,
    file: File,
    kind: Kind,
    /// Where the content starts: after a byte order mark.
    start: u64,
    len: u64,
    /// Bytes checked to be UTF-8; all of a binary message.
    checked: u64,
    sent: u64,
    utf8: Utf8,
    block: Vec<u8>,
}

#[derive(Debug)]
pub enum Step<'a> {
    Checked,
    Sent(Message<'a>),
}

/// The longest piece, in bytes. A longer file is sent in several frames, so that pings can be answered
/// in between.
const PIECE: usize = 64 << 10;

impl Upload {
    pub fn open(path: &Path, is_text: bool) -> Result<Self, SendError> {
        let failed = |error| SendError::File {
            path: path.to_owned(),
            error,
        };
        // Checked before opening, as opening a named pipe waits for its writer.
        let found = path.metadata().map_err(failed)?;
        if !found.is_file() {
            let path = path.to_owned();
            return Err(SendError::NoFile { path });
        }
        let mut file = File::open(path).map_err(failed)?;
        let mut len = file.metadata().map_err(failed)?.len();
        let mut start = 0;
        if is_text {
            start = mark(&mut file).map_err(failed)?;
            len = len.saturating_sub(start);
        }
        Ok(Self {
            path: path.to_owned(),
            file,
            kind: if is_text { Kind::Text } else { Kind::Binary },
            start,
            len,
            checked: if is_text { 0 } else { len },
            sent: 0,
            utf8: Utf8::default(),
            block: Vec::new(),
        })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// In bytes.
    pub fn len(&self) -> u64 {
        self.len
    }

    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The bytes checked so far; `None` when all are.
    pub fn checked(&self) -> Option<u64> {
        (self.checked < self.len).then_some(self.checked)
    }

    pub fn sent(&self) -> u64 {
        self.sent
    }

    /// Checks or sends the next piece; must not be called after the last.
    ///
    /// # Errors
    ///
    /// After an error past the first piece, the message stays unfinished.
    pub fn step(&mut self, sender: &mut Sender) -> Result<Step<'_>, SendError> {
        if self.checked < self.len {
            self.read(self.checked, PIECE)?;
            self.check(self.checked + self.block.len() as u64)?;
            return Ok(Step::Checked);
        }
        let longest = match sender.fragment_size() {
            // The sender fragments a file that fits into one piece, after compressing it.
            Some(size) if self.len > PIECE as u64 => size.min(PIECE),
            _ => PIECE,
        };
        self.read(self.sent, longest)?;
        let (start, end) = (
            self.sent == 0,
            self.sent + self.block.len() as u64 == self.len,
        );
        let deflated = if start && end {
            sender.message(self.kind, &self.block)?
        } else {
            sender.piece(self.kind, &self.block, start, end)?
        };
        self.sent += self.block.len() as u64;
        Ok(Step::Sent(Message {
            kind: self.kind,
            payload: &self.block,
            start,
            end,
            deflated,
        }))
    }

    fn read(&mut self, at: u64, longest: usize) -> Result<(), SendError> {
        let left = usize::try_from(self.len - at).unwrap_or(usize::MAX);
        self.block.resize(longest.min(left), 0);
        let failed = |error: io::Error| SendError::File {
            path: self.path.clone(),
            error: match error.kind() {
                ErrorKind::UnexpectedEof => io::Error::other("it became shorter while it was read"),
                _ => error,
            },
        };
        self.file.read_exact(&mut self.block).map_err(failed)
    }

    /// Checks a piece of text up to byte `end`, and rewinds after the last.
    fn check(&mut self, end: u64) -> Result<(), SendError> {
        let pushed = self.utf8.push(&self.block);
        let is_last = end == self.len;
        let checked = pushed.and_then(|()| if is_last { self.utf8.finish() } else { Ok(()) });
        checked.map_err(|error| SendError::NotText {
            path: self.path.clone(),
            byte: error.at + 1,
        })?;
        if is_last {
            let rewound = self.file.seek(SeekFrom::Start(self.start));
            rewound.map_err(|error| SendError::File {
                path: self.path.clone(),
                error,
            })?;
        }
        self.checked = end;
        Ok(())
    }
}

/// Skips a byte order mark at the start of a text; returns its length.
fn mark(file: &mut File) -> io::Result<u64> {
    let mut start = Vec::new();
    file.by_ref().take(3).read_to_end(&mut start)?;
    let mark = (start.len() - text::content(&start)?.len()) as u64;
    file.seek(SeekFrom::Start(mark))
}
