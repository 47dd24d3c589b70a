//! The full screen: a list of messages, and one of them in all its forms.
//!
//! The pages are a painter of their own and know no terminal: keys go in, rows come out. ratatui would bring some
//! thirty crates for two lists of rows, and its widgets draw frames around text that is to be selected and copied.

mod detail;
mod filter;
mod key;
mod list;
mod paint;
mod run;

use std::sync::Arc;

use self::detail::{Detail, Page};
use self::filter::Filter;
pub use self::key::Key;
use self::list::List;
pub use self::run::{Host, run, too_small};
use super::{Entry, Lines, Query, Shared, title};
use crate::command::Pattern;
use crate::render::escape::escape_line;
use crate::render::width::{cut, width};
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
    /// The detail has the whole screen.
    is_open: bool,
    input: Option<Input>,
    query: Option<Query>,
    /// Text over everything else, and its first row.
    overlay: Option<(Vec<String>, usize)>,
    /// What the last row says instead of the keys.
    said: Option<(Role, String)>,
    is_filtering: bool,
    /// The rows of the page that moves.
    rows: usize,
}

#[derive(Debug)]
struct Input {
    purpose: Purpose,
    text: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Purpose {
    Search,
    Filter,
    Save,
    Command,
}

impl Purpose {
    fn label(self) -> &'static str {
        match self {
            Self::Search => "/",
            Self::Filter => "filter: ",
            Self::Save => "save in: ",
            Self::Command => ":",
        }
    }
}

const KEYS: &str =
    "Enter open  / search  f filter  r resend  e edit  y copy  s save  : command  ? help  q back";
const OPEN_KEYS: &str = "Tab form  Enter fold  Esc list  / search  r e y s  : command  ? help";

const HELP: &[(&str, &str)] = &[
    (
        "Up, Down, k, j",
        "the message before or after; in an open one, scroll",
    ),
    ("PgUp, PgDn, Space", "a page"),
    (
        "Home, End, g, G",
        "the oldest, or the newest, which is followed",
    ),
    (
        "Enter",
        "open the message; in JSON, fold or unfold what the cursor is on",
    ),
    (
        "Tab, 1 to 7",
        "the next form, or text, json, decoded, hex, base64, frames, handshake",
    ),
    ("Esc, Left, h", "back to the list"),
    (
        "/",
        "search with a regular expression, or jq FILTER; from here to older ones",
    ),
    ("n, N", "the next match, older or newer"),
    (
        "f",
        "show only some: sent, received, text, binary, >SIZE, <SIZE, then RE or jq FILTER",
    ),
    ("r", "send the message again"),
    ("e", "change it in your editor, and send it"),
    ("y", "copy its payload to the clipboard (OSC 52)"),
    ("s", "save its payload in a file"),
    (":", "a command of the prompt, such as :ping or :find RE"),
    ("Ctrl-L", "draw everything again"),
    ("q, Ctrl-C, F2", "back to the prompt"),
];

impl Pages {
    pub fn new(name: &str, memory: &Shared, lines: Lines, secrets: Secrets) -> Self {
        Self {
            name: escape_line(name).into_owned(),
            style: lines.style,
            list: List::new(memory.clone()),
            detail: Detail::new(memory.clone(), lines.clone(), secrets),
            lines,
            is_open: false,
            input: None,
            query: None,
            overlay: None,
            said: None,
            is_filtering: false,
            rows: 1,
        }
    }

    /// Takes in new messages; `true` if there is more to do before the next key.
    pub fn refresh(&mut self) -> bool {
        self.is_filtering = self.list.refresh();
        self.is_filtering
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
            _ => self.overlay = Some((lines.iter().map(|line| plain(line)).collect(), 0)),
        }
    }
}

/// A line without its colours.
fn plain(line: &str) -> String {
    let mut pieces = line.split("\x1b[");
    let first = pieces.next().unwrap_or_default().to_owned();
    pieces.fold(first, |text, piece| {
        let end = piece.find(|c: char| c.is_ascii_alphabetic());
        text + end.map_or("", |end| &piece[end + 1..])
    })
}

/// Keys.
impl Pages {
    pub fn key(&mut self, key: Key) -> Option<Action> {
        self.said = None;
        if self.overlay.is_some() {
            self.overlay_key(key);
            return None;
        }
        if self.input.is_some() {
            return self.input_key(key);
        }
        if self.is_open && self.open_key(key) {
            return None;
        }
        self.list_key(key)
    }

    fn overlay_key(&mut self, key: Key) {
        let page = self.rows.max(1);
        let Some((lines, top)) = &mut self.overlay else {
            return;
        };
        let last = lines.len().saturating_sub(page);
        match key {
            Key::Down | Key::Char('j') => *top = (*top + 1).min(last),
            Key::Up | Key::Char('k') => *top = top.saturating_sub(1),
            Key::PageDown | Key::Char(' ') => *top = (*top + page).min(last),
            Key::PageUp => *top = top.saturating_sub(page),
            _ => self.overlay = None,
        }
    }

    fn input_key(&mut self, key: Key) -> Option<Action> {
        let input = self.input.as_mut()?;
        match key {
            Key::Char(c) => input.text.push(c),
            Key::Backspace if input.text.pop().is_some() => {}
            Key::Ctrl('u') => input.text.clear(),
            Key::Enter => {
                let input = self.input.take()?;
                return self.entered(input);
            }
            Key::Escape | Key::Ctrl('c') | Key::Backspace => self.input = None,
            _ => {}
        }
        None
    }

    fn entered(&mut self, input: Input) -> Option<Action> {
        let text = input.text;
        match input.purpose {
            Purpose::Search if text.is_empty() => self.search(false),
            Purpose::Search => match Query::compile(&pattern(&text)) {
                Ok(query) => {
                    self.query = Some(query);
                    self.search(false);
                }
                Err(error) => self.complain(error.to_string()),
            },
            Purpose::Filter if text.trim().is_empty() => self.list.set_filter(None),
            Purpose::Filter => match Filter::parse(&text) {
                Ok(filter) => self.list.set_filter(Some(filter)),
                Err(error) => self.complain(error.to_string()),
            },
            Purpose::Save => {
                let entry = self.list.selected()?;
                return (!text.trim().is_empty()).then_some(Action::Save(entry, text));
            }
            Purpose::Command => {
                let text = text.trim().trim_start_matches('/').to_owned();
                return match text.as_str() {
                    "" => None,
                    "q" | "view" => Some(Action::Quit),
                    _ => Some(Action::Command(text)),
                };
            }
        }
        None
    }

    fn search(&mut self, is_newer: bool) {
        let Some(query) = &self.query else {
            return self.complain("nothing to search for; / searches".to_owned());
        };
        if !self.list.search(query, is_newer) {
            self.complain("no message matches".to_owned());
        }
    }

    /// Handles a key of an open message; `false` if it is for the list as well.
    fn open_key(&mut self, key: Key) -> bool {
        let page = isize::try_from(self.rows.max(2) - 1).unwrap_or(1);
        match key {
            Key::Up | Key::Char('k') => self.detail.go(-1, self.rows),
            Key::Down | Key::Char('j') => self.detail.go(1, self.rows),
            Key::PageUp => self.detail.go(-page, self.rows),
            Key::PageDown | Key::Char(' ') => self.detail.go(page, self.rows),
            Key::Home | Key::Char('g') => self.detail.go(isize::MIN, self.rows),
            Key::End | Key::Char('G') => self.detail.go(isize::MAX, self.rows),
            Key::Enter | Key::Right | Key::Char('l') => drop(self.detail.fold()),
            Key::Escape | Key::Left | Key::Backspace | Key::Char('h' | 'q') => self.is_open = false,
            _ => return false,
        }
        true
    }

    fn list_key(&mut self, key: Key) -> Option<Action> {
        let page = isize::try_from(self.rows.max(2) - 1).unwrap_or(1);
        match key {
            Key::Up | Key::Char('k') => self.list.go(-1),
            Key::Down | Key::Char('j') => self.list.go(1),
            Key::PageUp => self.list.go(-page),
            Key::PageDown | Key::Char(' ') => self.list.go(page),
            Key::Home | Key::Char('g') => self.list.go_to_end(true),
            Key::End | Key::Char('G') => self.list.go_to_end(false),
            Key::Enter | Key::Right | Key::Char('l') => {
                self.is_open = self.list.selected().is_some();
            }
            Key::Tab => {
                if let Some(entry) = self.list.selected() {
                    self.detail.next_page(&entry);
                }
            }
            Key::Char(c @ '1'..='7') => {
                let at = usize::from(c as u8 - b'1');
                self.detail.choose(Page::ALL[at]);
            }
            Key::Char('n') => self.search(false),
            Key::Char('N') => self.search(true),
            Key::Char('/') => self.ask(Purpose::Search, String::new()),
            Key::Char(':') => self.ask(Purpose::Command, String::new()),
            Key::Char('f') => {
                let source = self.list.filter.as_ref().map(|it| it.source.clone());
                self.ask(Purpose::Filter, source.unwrap_or_default());
            }
            Key::Char('?') => {
                let line = |(keys, does): &(&str, &str)| format!("  {keys:<18} {does}");
                self.overlay = Some((HELP.iter().map(line).collect(), 0));
            }
            Key::Char('s') => {
                let entry = self.list.selected()?;
                self.ask(Purpose::Save, format!("message-{}", entry.number));
            }
            Key::Char('r') => return self.list.selected().map(Action::Resend),
            Key::Char('e') => return self.list.selected().map(Action::Edit),
            Key::Char('y') => return self.list.selected().map(Action::Copy),
            Key::Char('q') | Key::Ctrl('c' | 'd') | Key::F2 => return Some(Action::Quit),
            Key::Ctrl('z') => return Some(Action::Suspend),
            _ => {}
        }
        None
    }

    fn ask(&mut self, purpose: Purpose, text: String) {
        self.input = Some(Input { purpose, text });
    }
}

fn pattern(text: &str) -> Pattern {
    match text.strip_prefix("jq ") {
        Some(jq) => Pattern::Jq {
            source: jq.trim().to_owned(),
            column: 4,
        },
        None => Pattern::Regex {
            source: text.to_owned(),
            column: 1,
        },
    }
}

/// Rows.
impl Pages {
    /// The rows of the screen, each of at most `columns`.
    pub fn draw(&mut self, rows: usize, columns: usize) -> Vec<String> {
        self.lines.style = self.style.within(columns);
        let mut out = Vec::with_capacity(rows);
        let inner = rows.saturating_sub(2);
        out.push(self.bar(&self.title(), columns));
        if let Some((lines, top)) = &self.overlay {
            self.rows = inner;
            let shown = lines.iter().skip(*top).take(inner);
            out.extend(shown.map(|line| cut(line, columns).into_owned()));
        } else if self.is_open {
            self.draw_detail(&mut out, inner, columns, true);
        } else {
            // The list gets a little more than half.
            let list = inner - inner * 2 / 5;
            self.draw_list(&mut out, list, columns);
            self.draw_detail(&mut out, inner - list, columns, false);
        }
        out.resize(rows.saturating_sub(1), String::new());
        out.push(self.last_row(columns));
        out
    }

    fn title(&self) -> String {
        let mut text = format!("{}  {} messages", self.name, self.list.len());
        if let Some(filter) = &self.list.filter {
            let source = escape_line(&filter.source).into_owned();
            text.push_str("  filter: ");
            text.push_str(&source);
        }
        if self.is_filtering {
            text += "  …";
        }
        text + if self.list.follows { "  following" } else { "" }
    }

    fn bar(&self, text: &str, columns: usize) -> String {
        let text = cut(text, columns).into_owned();
        let padding = " ".repeat(columns.saturating_sub(width(&text)));
        if self.style.is_colored() {
            format!("\x1b[7m{text}{padding}\x1b[27m")
        } else {
            text
        }
    }

    fn draw_list(&mut self, out: &mut Vec<String>, rows: usize, columns: usize) {
        self.rows = rows;
        let (entries, selected) = self.list.page(rows);
        let lines = Lines {
            style: self.style.within(columns.saturating_sub(2)),
            ..self.lines.clone()
        };
        let query = self.query.as_ref();
        let end = out.len() + rows;
        // The newest is at the bottom, even of a list that does not fill it.
        out.resize(end - entries.len().min(rows), String::new());
        for (at, entry) in entries.iter().enumerate() {
            let part = query.and_then(|query| query.part(entry));
            let line = lines.line(entry, part.as_ref());
            let mark = if at == selected { ">" } else { " " };
            out.push(if at == selected && self.style.is_colored() {
                let line = plain(&line);
                self.bar(&format!("{mark} {line}"), columns)
            } else {
                format!("{mark} {line}")
            });
        }
    }

    fn draw_detail(&mut self, out: &mut Vec<String>, rows: usize, columns: usize, is_whole: bool) {
        let inner = rows.saturating_sub(1);
        let Some(entry) = self.list.selected() else {
            if !is_whole {
                let text = self.style.paint(Role::Fact, "no message yet");
                out.push(text.to_string());
            }
            return;
        };
        self.detail.fit(&entry, columns, is_whole);
        let page = self.detail.page_of(&entry);
        let place = self.detail.place(inner, self.style);
        let forms = Page::ALL.map(|it| {
            let role = if it == page { Role::Kind } else { Role::Fact };
            let name = if it == page {
                format!("[{}]", it.name())
            } else {
                it.name().to_owned()
            };
            self.style.paint(role, name).to_string()
        });
        let head = title(&entry, &self.lines);
        let head = format!("{}  {}{place}", head.trim_end(), forms.join(" "));
        out.push(if width(&head) <= columns {
            head
        } else {
            let short = format!(
                "{}  [{}]",
                title(&entry, &self.lines).trim_end(),
                page.name()
            );
            cut(&plain(&short), columns).into_owned()
        });
        if is_whole {
            self.rows = inner;
        }
        out.extend(self.detail.rows(inner, is_whole, self.style));
    }

    fn last_row(&self, columns: usize) -> String {
        if let Some(input) = &self.input {
            let text = format!("{}{}", input.purpose.label(), escape_line(&input.text));
            // The end is what is being typed.
            let excess = width(&text).saturating_sub(columns.saturating_sub(1));
            let text: String = text.chars().skip(excess).collect();
            return if self.style.is_colored() {
                format!("{text}\x1b[7m \x1b[27m")
            } else {
                format!("{text}_")
            };
        }
        let (role, text) = match &self.said {
            Some((role, text)) => (*role, text.as_str()),
            None if self.overlay.is_some() => (Role::Fact, "any other key goes back"),
            None if self.is_open => (Role::Fact, OPEN_KEYS),
            None => (Role::Fact, KEYS),
        };
        let text = cut(text.trim_end(), columns).into_owned();
        self.style.paint(role, text).to_string()
    }
}

#[cfg(test)]
mod tests;
