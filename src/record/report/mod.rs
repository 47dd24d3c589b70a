//! A recording as a page for people: what one attaches to a bug report.
//!
//! The file is read twice, once for the totals at the top of the page and once for its rows, and never
//! held in memory as a whole, except an archive.

mod archive;
mod entry;
mod line;
mod message;
mod page;
mod payload;
mod script;
mod totals;

use std::io;
use std::path::{Path, PathBuf};

use self::entry::Entry;
use self::line::LineEntries;
pub use self::message::{Recorded, RecordedMessage, recorded};
use self::page::Writer;
use self::totals::Totals;
use super::error::ReadError;
use super::format::Format;
use super::{har, read};
use crate::render::Secrets;
use crate::render::html::Page;
use crate::scenario::{Mistake, include, parse};

/// A recording that was read once, and is valid.
#[derive(Debug)]
pub struct Report {
    path: PathBuf,
    format: Format,
    secrets: Secrets,
    totals: Totals,
}

#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error("{}: {problem}", path.display())]
    Scenario { path: PathBuf, problem: String },
    #[error("{} has mistakes", path.display())]
    Mistakes {
        path: PathBuf,
        mistakes: Vec<Mistake>,
    },
    #[error("cannot write the report: {0}")]
    Write(#[from] io::Error),
}

type Entries = Box<dyn Iterator<Item = Result<Entry, ReadError>>>;

/// The order of what belongs to several connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Order {
    /// One after the other, as each is a part of its own.
    ByConnection,
    /// As it happened; what has no name is of the connection `@N`.
    ByTime,
}

impl Report {
    pub fn read(path: &Path, format: Format, secrets: Secrets) -> Result<Self, ReportError> {
        let mut report = Self {
            path: path.to_owned(),
            format,
            secrets,
            totals: Totals::default(),
        };
        for entry in report.entries()? {
            report.totals.add(&entry?);
        }
        if report.totals.rows == 0 {
            return Err(ReadError::Empty(path.to_owned()).into());
        }
        Ok(report)
    }

    /// Messages in both directions.
    pub fn messages(&self) -> u64 {
        self.totals.sent.messages + self.totals.received.messages
    }

    /// Writes the page in pieces of limited size.
    pub fn write(&self, out: &mut dyn FnMut(&[u8]) -> io::Result<()>) -> Result<(), ReportError> {
        let name = self.path.file_name().unwrap_or_default().to_string_lossy();
        let mut writer = Writer::new(&name, self.secrets, &self.totals);
        for entry in self.entries()? {
            writer.add(entry?);
            if let Some(piece) = writer.piece() {
                out(piece.as_bytes())?;
            }
        }
        let page: Page = writer.finish();
        Ok(out(page.end().as_bytes())?)
    }

    fn entries(&self) -> Result<Entries, ReportError> {
        entries(&self.path, self.format, Order::ByConnection, self.secrets)
    }
}

fn entries(
    path: &Path,
    format: Format,
    order: Order,
    secrets: Secrets,
) -> Result<Entries, ReportError> {
    match format {
        Format::Jsonl => {
            let file = read::open(path)?;
            Ok(Box::new(LineEntries::new(file, path, order)))
        }
        Format::Har => {
            let entries = har::entries(read::open(path)?);
            let entries = entries.map_err(|error| read::har_error(path, error))?;
            Ok(Box::new(archive::all(entries, order).map(Ok)))
        }
        Format::Scenario => Ok(Box::new(scenario(path, secrets)?.into_iter().map(Ok))),
    }
}

fn scenario(path: &Path, secrets: Secrets) -> Result<Vec<Entry>, ReportError> {
    // For its checks of the file.
    read::open(path)?;
    let path = path.to_owned();
    let text = match include::read(&path) {
        Ok(text) => text,
        Err(problem) => return Err(ReportError::Scenario { path, problem }),
    };
    match parse(&text) {
        Ok(file) => Ok(script::entries(&file, secrets)),
        Err(mistakes) => Err(ReportError::Mistakes { path, mistakes }),
    }
}
