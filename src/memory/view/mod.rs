//! The full screen: a list of messages, and one of them in all its forms.
//!
//! The pages are a painter of their own and know no terminal: keys go in, rows come out. ratatui would bring some
//! thirty crates for two lists of rows, and its widgets draw frames around text that is to be selected and copied.

mod detail;
mod draw;
mod filter;
mod key;
mod list;
mod overlay;
mod paint;
mod press;
mod run;

use std::collections::HashMap;
use std::sync::Arc;

use self::detail::Detail;
pub use self::key::Key;
use self::list::{List, Search};
use self::overlay::Overlay;
pub use self::run::{Host, run, too_small};
use super::{Entry, Lines, Part, Query, Shared};
use crate::render::escape::escape_line;
use crate::render::{Role, Secrets, Style};

/// What the pages ask for.
#[derive(Debug)]
pub enum Action {
    Quit,
    Resend(Arc<Entry>),
    Edit(Arc<Entry>),
    Copy(Arc<Entry>),
    Save(Arc<Entry>, String),
    /// A line of the prompt, without `/`.
    Command(String),
    Suspend,
}

impl Action {
    /// Whether another program gets the terminal.
    fn needs_terminal(&self) -> bool {
        matches!(self, Self::Edit(_) | Self::Suspend)
    }
}

#[derive(Debug)]
pub struct Pages {
    /// What the messages are of: a host or a file.
    name: String,
    style: Style,
    list: List,
    detail: Detail,
    lines: Lines,
    /// The message that has the whole screen. It stays there, even if a flood makes the memory forget it.
    open: Option<Arc<Entry>>,
    input: Option<Input>,
    query: Option<Query>,
    search: Option<Search>,
    /// The matching parts of the messages that were drawn last.
    parts: HashMap<u64, Option<Part>>,
    /// Text over everything else.
    overlay: Option<Overlay>,
    /// What the last row says instead of the keys.
    said: Option<(Role, String)>,
    is_filtering: bool,
    /// They are recordings: nothing can be sent.
    is_recorded: bool,
    /// The rows of the page that moves.
    rows: usize,
}

#[derive(Debug)]
struct Input {
    purpose: Purpose,
    text: String,
}

#[derive(Debug)]
enum Purpose {
    Search,
    Filter,
    /// While the name is typed, the list may follow to other messages.
    Save(Arc<Entry>),
    Command,
}

impl Purpose {
    fn label(&self) -> &'static str {
        match self {
            Self::Search => "/",
            Self::Filter => "filter: ",
            Self::Save(_) => "save in: ",
            Self::Command => ":",
        }
    }
}

impl Pages {
    pub fn new(name: &str, memory: &Shared, lines: Lines, secrets: Secrets) -> Self {
        Self {
            name: escape_line(name).into_owned(),
            style: lines.style,
            list: List::new(memory.clone()),
            detail: Detail::new(memory.clone(), lines.clone(), secrets),
            lines,
            open: None,
            input: None,
            query: None,
            search: None,
            parts: HashMap::new(),
            overlay: None,
            said: None,
            is_filtering: false,
            is_recorded: false,
            rows: 1,
        }
    }

    /// Those of recordings, from which nothing is sent.
    #[must_use]
    pub fn recorded(self) -> Self {
        Self {
            is_recorded: true,
            ..self
        }
    }

    /// Takes in new messages; `true` if there is more to do before the next key.
    pub fn refresh(&mut self) -> bool {
        self.is_filtering = self.list.refresh();
        self.continue_search();
        self.is_filtering || self.search.is_some()
    }

    /// The open message, or else the selected one.
    fn current(&self) -> Option<Arc<Entry>> {
        let Some(open) = &self.open else {
            return self.list.selected();
        };
        // What became of it may have changed.
        let kept = self.list.get(open.number);
        Some(kept.unwrap_or_else(|| Arc::clone(open)))
    }

    fn complain(&mut self, text: String) {
        self.said = Some((Role::Error, text));
    }

    /// Shows lines that were printed; they are escaped, and may have colours.
    fn output(&mut self, text: &str) {
        let lines: Vec<String> = text.lines().map(str::to_owned).collect();
        match lines.as_slice() {
            [] => {}
            [line] => self.said = Some((Role::Fact, plain(line))),
            _ => {
                let lines = lines.iter().map(|line| plain(line)).collect();
                self.overlay = Some(Overlay::new(lines, INDENT));
            }
        }
    }
}

/// The columns before the rows of a printed line after its first.
const INDENT: usize = 2;

/// A line without its colours.
fn plain(line: &str) -> String {
    let mut pieces = line.split("\x1b[");
    let first = pieces.next().unwrap_or_default().to_owned();
    pieces.fold(first, |text, piece| {
        let end = piece.find(|c: char| c.is_ascii_alphabetic());
        text + end.map_or("", |end| &piece[end + 1..])
    })
}

#[cfg(test)]
mod tests;
