//! Standard input, split into records of one message each.

use std::io;
use std::ops::Range;
use std::task::{Context, Poll, Waker, ready};

use super::encoding::Encoding;
use super::value::Values;
use crate::diagnostic::Diagnostic;
use crate::proto::buffer::Buffer;
use crate::term::Stdin;
use crate::text::{self, TextError};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Split {
    /// At each `\n`; one `\r` before it is not part of the record.
    Line,
    Nul,
    /// At the end: the whole input is one record.
    Whole,
    /// After this many bytes.
    Size(usize),
    Json,
    /// As for lines, each of which is an event as `--jsonl` prints it.
    Events,
}

impl Split {
    pub fn unit(self) -> &'static str {
        match self {
            Self::Line | Self::Events => "line",
            Self::Json => "value",
            Self::Nul | Self::Whole | Self::Size(_) => "record",
        }
    }
}

#[derive(Debug)]
pub struct Input {
    stdin: Stdin,
    split: Split,
    buffer: Buffer,
    /// Bytes already searched for a separator.
    searched: usize,
    values: Values,
    records: u64,
    ended: bool,
    /// Whether the start is known to have a byte order mark; `None` as long as it is not.
    marked: Option<bool>,
}

#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    #[error("cannot read stdin ({0})")]
    Io(#[from] io::Error),
    #[error("stdin is {0}")]
    Text(#[from] TextError),
}

impl Diagnostic for ReadError {
    fn hint(&self) -> Option<String> {
        match self {
            Self::Io(_) => None,
            Self::Text(error) => error.hint(),
        }
    }
}

/// The usual size of a read, in bytes; with a smaller buffer, large lines need more reads and moves.
const READ: usize = 256 << 10;
/// With less room than this, in bytes, the buffer grows before a read.
const LEAST_READ: usize = 64 << 10;

impl Input {
    /// Records of `stdin`, of which `read` was read already. A byte order mark is part of binary input only.
    pub fn new(stdin: Stdin, read: &[u8], split: Split, encoding: Encoding) -> Self {
        let mut buffer = Buffer::with_capacity(READ);
        buffer.extend(read);
        let mut input = Self {
            stdin,
            split,
            buffer,
            searched: 0,
            values: Values::default(),
            records: 0,
            ended: false,
            marked: (!encoding.is_text()).then_some(false),
        };
        if !read.is_empty() {
            // Its records fail if it is not UTF-8.
            let _ = input.skip_mark();
        }
        input
    }

    /// Whether a byte order mark was skipped; true once.
    pub fn take_mark(&mut self) -> bool {
        self.marked.as_mut().is_some_and(std::mem::take)
    }

    /// The next record; `None` if more must be read or nothing follows.
    pub fn next_record(&mut self) -> Option<&[u8]> {
        let filled = self.buffer.filled();
        let (record, used) = match self.split {
            Split::Line | Split::Events => separated(filled, b'\n', self.searched, self.ended),
            Split::Nul => separated(filled, b'\0', self.searched, self.ended),
            Split::Json => match self.values.next(filled, self.ended) {
                Some(value) => Some((value.clone(), value.end)),
                None if self.ended => {
                    // Only whitespace is left.
                    self.buffer.lend(filled.len());
                    None
                }
                None => None,
            },
            Split::Size(size) if filled.len() >= size => Some((0..size, size)),
            Split::Whole | Split::Size(_) if self.ended => all(filled),
            Split::Whole | Split::Size(_) => None,
        }
        .or_else(|| {
            self.searched = self.buffer.len();
            None
        })?;
        self.searched = 0;
        self.records += 1;
        let terminated = used > record.end;
        let lent = self.buffer.lend(used);
        let record = &self.buffer.lent(lent)[record];
        Some(match self.split {
            Split::Line | Split::Events if terminated => {
                record.strip_suffix(b"\r").unwrap_or(record)
            }
            _ => record,
        })
    }

    /// The first line, if it is whole and came with the first read.
    pub fn first_line(&self) -> Option<&[u8]> {
        let filled = self.buffer.filled();
        let is_first = self.records == 0 && self.split == Split::Line && filled.len() <= READ;
        let end = is_first.then(|| memchr::memchr(b'\n', filled)).flatten()?;
        Some(&filled[..end])
    }

    pub fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<Result<bool, ReadError>> {
        if self.ended {
            return Poll::Ready(Ok(false));
        }
        ready!(self.poll_block(cx))?;
        while self.marked.is_none() && !self.skip_mark()? {
            ready!(self.poll_block(cx))?;
        }
        Poll::Ready(Ok(true))
    }

    fn poll_block(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let room = self.buffer.spare_for(LEAST_READ, usize::MAX);
        let most = room.len().min(READ);
        let read = ready!(self.stdin.poll_read(cx, &mut room[..most]))?;
        self.buffer.commit(read);
        self.ended = read == 0;
        Poll::Ready(Ok(()))
    }

    /// Skips the byte order mark at the start; `false` while it cannot be decided whether there is one.
    fn skip_mark(&mut self) -> Result<bool, TextError> {
        let filled = self.buffer.filled();
        if !self.ended && text::is_undecided(filled) {
            return Ok(false);
        }
        self.marked = Some(false);
        let mark = filled.len() - text::content(filled)?.len();
        self.buffer.consume(mark);
        self.marked = Some(mark > 0);
        Ok(true)
    }

    pub fn record(&self) -> u64 {
        self.records
    }

    pub fn is_done(&self) -> bool {
        self.ended && self.buffer.is_empty()
    }

    /// Counts the records that were not returned yet, and drops them.
    pub fn drain(&mut self) -> u64 {
        // Errors are ignored: unread input is simply not counted.
        let _ = self.poll_read(&mut Context::from_waker(Waker::noop()));
        self.ended = true;
        let before = self.records;
        while self.next_record().is_some() {}
        self.records - before
    }
}

/// Where a record is, and how many bytes it takes with its separator.
type Found = (Range<usize>, usize);

fn separated(filled: &[u8], separator: u8, searched: usize, ended: bool) -> Option<Found> {
    match memchr::memchr(separator, &filled[searched..]) {
        Some(at) => Some((0..searched + at, searched + at + 1)),
        None if ended => all(filled),
        None => None,
    }
}

fn all(filled: &[u8]) -> Option<Found> {
    (!filled.is_empty()).then_some((0..filled.len(), filled.len()))
}
