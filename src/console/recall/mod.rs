//! `/find`, `/show 12`, `/resend` …: commands about messages that were sent or received.
//!
//! The thread that reads lines executes them: however long they take, the session goes on.

mod error;
mod names;
mod pager;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use self::error::RecallError;
pub use self::names::Names;
pub use self::pager::page;
use super::roster::Roster;
use crate::command::{Outgoing, Pattern, Recall, Reference, Spoken};
use crate::home;
use crate::memory::{
    Entry, Lines, MemoryError, Part, Query, Shared, copied, differences, save, whole,
};
use crate::proto::message::Kind;
use crate::render::escape::escape_line;
use crate::render::form::glance;
use crate::render::{Decode, Role, Style, quantity};
use crate::term::terminal;

/// Messages that are looked at before the lock is released.
const AT_ONCE: usize = 256;
/// Matches listed: the newest.
const LISTED: usize = 200;

/// What the commands need.
#[derive(Debug)]
pub struct Recaller {
    pub memory: Shared,
    pub lines: Lines,
    pub names: Names,
    pub home: Option<PathBuf>,
    pub roster: Roster,
}

/// What a command leads to.
pub enum Outcome {
    /// Lines to print; more than a screen goes to the pager.
    Print(String),
    /// Written to the terminal as it is.
    Copy {
        sequence: String,
        note: String,
    },
    /// Sent as it is, not filled with variables.
    Again(Outgoing),
    /// Sent like a typed line.
    Send(Outgoing),
    /// The user changes this text first.
    Edit {
        text: String,
        notation: Notation,
    },
    View,
}

/// How a message is written that the user changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Notation {
    Text,
    /// Bytes.
    Hex,
    /// JSON of a protocol on top.
    Record,
}

/// The result of a search.
#[derive(Debug, Default)]
struct Found {
    /// Messages that were looked at.
    looked: u64,
    matches: u64,
    /// As many of the newest as are listed.
    newest: Vec<(Arc<Entry>, Part)>,
}

impl Recaller {
    /// Executes a command; `sent` is the last message that was sent from the prompt.
    pub fn execute(
        &mut self,
        recall: Recall,
        sent: Option<&Outgoing>,
    ) -> Result<Outcome, RecallError> {
        self.lines.style = self.lines.style.within(terminal::width());
        self.lines.first = self.roster.first_of_several();
        Ok(match recall {
            Recall::Find { pattern, is_all } => Outcome::Print(self.find(&pattern, is_all)?),
            Recall::Last(count) => Outcome::Print(self.last(count)?),
            Recall::Show(reference, form) => {
                let (entry, frames) = {
                    let memory = self.memory.lock();
                    let entry = memory.find(reference)?;
                    let frames = memory.frames(entry.number);
                    (entry, frames)
                };
                Outcome::Print(whole(&entry, &frames, form, &self.lines))
            }
            Recall::Resend { message, is_edited } => self.resend(message, is_edited)?,
            Recall::SaveTo { message, path } => Outcome::Print(self.save(message, &path)?),
            Recall::SaveAs(name) => {
                let message = sent.ok_or(RecallError::NothingSent)?;
                Outcome::Print(self.name(&name, message))
            }
            Recall::Send(None) => Outcome::Print(self.list_names()),
            Recall::Send(Some(name)) => {
                let message = self.names.get(&name);
                let known = || self.names.starting_with("");
                let none = || RecallError::NoName {
                    known: known(),
                    name,
                };
                Outcome::Send(message.ok_or_else(none)?)
            }
            Recall::Diff(one, other) => Outcome::Print(self.diff(one, other)?),
            Recall::Copy(reference) => self.copy(reference)?,
            Recall::View => Outcome::View,
        })
    }

    fn entry(&self, reference: Reference) -> Result<Arc<Entry>, MemoryError> {
        self.memory.lock().find(reference)
    }

    fn fact(&self, text: &str) -> String {
        let style = self.lines.style;
        style.prose(Role::Fact, &escape_line(text)) + "\n"
    }

    fn find(&self, pattern: &Pattern, is_all: bool) -> Result<String, RecallError> {
        let query = Query::compile(pattern)?;
        let (oldest, newest) = self.range()?;
        let found = self.matches(&query, is_all, (oldest, newest));
        let mut text = String::new();
        let left = found.matches - found.newest.len() as u64;
        if left > 0 {
            text += &self.fact(&format!(
                "… {} more, older than these; a narrower search lists them",
                matches_of(left)
            ));
        }
        for (entry, part) in &found.newest {
            let _ = writeln!(text, "{}", self.lines.line(entry, Some(part)));
        }
        let looked = quantity::plural(found.looked, "message");
        let whose = match &self.lines.first {
            None => String::new(),
            Some(_) if is_all => " of all connections".to_owned(),
            Some(_) => format!(
                " of {}; /find * looks through all",
                self.roster.in_use().text()
            ),
        };
        text += &self.fact(&match found.matches {
            0 => format!("no match in {looked}{whose} (#{oldest} to #{newest})"),
            matches => format!("{} in {looked}{whose}", matches_of(matches)),
        });
        Ok(text)
    }

    /// Looks through messages with these numbers: all, or those of the connection in use.
    fn matches(&self, query: &Query, is_all: bool, (oldest, newest): (u64, u64)) -> Found {
        let mut found = Found::default();
        let mut from = oldest;
        while from <= newest {
            let entries = self.memory.lock().since(from, AT_ONCE);
            let Some(last) = entries.last() else {
                break;
            };
            from = last.number + 1;
            let is_in_scope = |entry: &Arc<Entry>| {
                let is_in_use = is_all || self.roster.is_in_use(entry.label.as_ref());
                is_in_use && entry.number <= newest
            };
            for entry in entries.into_iter().filter(is_in_scope) {
                found.looked += 1;
                if let Some(part) = query.part(&entry) {
                    found.matches += 1;
                    found.newest.push((entry, part));
                }
            }
            let excess = found.newest.len().saturating_sub(LISTED);
            found.newest.drain(..excess);
        }
        found
    }

    fn range(&self) -> Result<(u64, u64), MemoryError> {
        let memory = self.memory.lock();
        memory.range().ok_or_else(|| memory.nothing())
    }

    fn last(&self, count: usize) -> Result<String, RecallError> {
        self.range()?;
        let entries = self.memory.lock().last(count);
        let mut text = String::new();
        for entry in &entries {
            let _ = writeln!(text, "{}", self.lines.line(entry, None));
        }
        if entries.len() < count && count > 10 {
            let kept = quantity::plural(entries.len() as u64, "message");
            text += &self.fact(&format!("no more than {kept} are kept"));
        }
        Ok(text)
    }

    fn resend(&self, reference: Reference, is_edited: bool) -> Result<Outcome, RecallError> {
        let outgoing = outgoing(&*self.entry(reference)?)?;
        if !is_edited {
            return Ok(Outcome::Again(outgoing));
        }
        let (text, notation) = draft(&outgoing);
        Ok(Outcome::Edit { text, notation })
    }

    fn save(&self, reference: Reference, path: &Path) -> Result<String, RecallError> {
        let entry = self.entry(reference)?;
        let saved = save(&entry, &self.at_home(path))?;
        Ok(self.fact(&saved))
    }

    /// Replaces `~`, which completion keeps, with the user's home.
    pub fn at_home(&self, path: &Path) -> PathBuf {
        home::expand(path, self.home.as_deref())
    }

    fn name(&self, name: &str, message: &Outgoing) -> String {
        let text = glance_of(message, 40);
        let is_replaced = self.names.set(name.to_owned(), message.clone());
        let again = if is_replaced { " now" } else { "" };
        self.fact(&format!("* {name} is{again} {text}; /send {name} sends it"))
    }

    fn list_names(&self) -> String {
        let names = self.names.list();
        if names.is_empty() {
            return self.fact("no messages have names; /save NAME names the last one sent");
        }
        let longest = names.iter().map(|(name, _)| name.chars().count()).max();
        let longest = longest.unwrap_or(0);
        let columns = self.lines.style.columns().unwrap_or(80);
        let room = columns.saturating_sub(longest + 5);
        let line = |(name, message): &(String, Outgoing)| {
            let shown = self.lines.style.paint(Role::Kind, name);
            format!("  {shown:<longest$}   {}\n", glance_of(message, room))
        };
        names.iter().map(line).collect()
    }

    fn diff(&self, one: Reference, other: Reference) -> Result<String, RecallError> {
        let (one, other) = (self.entry(one)?, self.entry(other)?);
        let lines = differences(&one, &other);
        let (first, second) = (one.number, other.number);
        if lines.is_empty() {
            return Ok(self.fact(&format!("#{first} and #{second} are the same")));
        }
        let style = self.lines.style;
        let title = format!("#{first} (first) and #{second} (second) differ:");
        let mut text = style.prose(Role::Kind, &title) + "\n";
        for line in lines {
            let _ = writeln!(text, "  {line}");
        }
        Ok(text)
    }

    fn copy(&self, reference: Reference) -> Result<Outcome, RecallError> {
        let entry = self.entry(reference)?;
        let (sequence, note) = copied(&entry)?;
        let note = self.fact(&note);
        Ok(Outcome::Copy { sequence, note })
    }
}

fn matches_of(count: u64) -> String {
    match count {
        1 => "1 match".to_owned(),
        _ => format!("{count} matches"),
    }
}

/// What sends a message again: in the protocol on top, if that says it.
pub fn outgoing(entry: &Entry) -> Result<Outgoing, RecallError> {
    if let Some(record) = entry.record() {
        return Ok(Outgoing::Spoken(Spoken::Record(record.to_owned())));
    }
    let payload = entry.payload.clone();
    match entry.kind {
        Kind::Binary => Ok(Outgoing::Binary(payload)),
        Kind::Text => {
            let text = String::from_utf8(payload).map(Outgoing::Text);
            let number = entry.number;
            text.map_err(|_| RecallError::NotText { number })
        }
    }
}

/// What the user changes of a message that is sent again.
pub fn draft(outgoing: &Outgoing) -> (String, Notation) {
    match outgoing {
        Outgoing::Binary(bytes) => (hex::encode(bytes), Notation::Hex),
        Outgoing::Spoken(Spoken::Record(json)) => (json.clone(), Notation::Record),
        Outgoing::Text(text) => (text.clone(), Notation::Text),
        _ => (String::new(), Notation::Text),
    }
}

/// A message on part of a line, escaped.
fn glance_of(message: &Outgoing, room: usize) -> String {
    let (kind, payload) = match message {
        Outgoing::Line(text) | Outgoing::Text(text) | Outgoing::Fragment { text, .. } => {
            (Kind::Text, text.as_bytes())
        }
        Outgoing::Binary(payload) => (Kind::Binary, payload.as_slice()),
        Outgoing::File { path, .. } => {
            return glance(
                Kind::Text,
                format!("the file {}", path.display()).as_bytes(),
                Decode::Hex,
                room,
            );
        }
        _ => return String::new(),
    };
    glance(kind, payload, Decode::Auto, room)
}

/// Whether a text has more lines than the terminal has rows for.
pub fn is_long(text: &str, style: Style) -> bool {
    let columns = style.columns().unwrap_or(usize::MAX).max(1);
    let rows = text
        .lines()
        .map(|line| crate::render::width::width(line).div_ceil(columns).max(1));
    rows.sum::<usize>() >= terminal::rows()
}
