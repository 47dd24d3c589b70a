//! What keys do.

use super::detail::Page;
use super::filter::{self, Filter, Labels};
use super::key::Key;
use super::overlay::Overlay;
use super::{Action, Input, Pages, Purpose};
use crate::render::Role;

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
    ("0", "for each message the form that suits it"),
    ("Esc, Left, h", "back to the list"),
    (
        "/",
        "search with a regular expression, or jq FILTER; from here to older ones",
    ),
    ("n, N", "the next match, older or newer"),
    (
        "f",
        "show only some: @CONNECTION, sent, received, text, binary, >SIZE, <SIZE, then RE or jq FILTER",
    ),
    ("r", "send the message again"),
    ("e", "change it in your editor, and send it"),
    ("y", "copy its payload to the clipboard (OSC 52)"),
    ("s", "save its payload in a file"),
    (":", "a command of the prompt, such as :find RE"),
    ("Ctrl-L", "draw everything again"),
    ("q, Ctrl-C, F2", "leave the full screen"),
];

/// The keys that send.
const SENDING: [&str; 2] = ["r", "e"];

/// The columns of keys in the help.
const KEYS: usize = 18;

impl Pages {
    pub fn key(&mut self, key: Key) -> Option<Action> {
        self.said = None;
        self.search = None;
        if let Some(overlay) = &mut self.overlay {
            if !overlay.key(key, self.rows.max(1)) {
                self.overlay = None;
            }
            return None;
        }
        if self.input.is_some() {
            return self.input_key(key);
        }
        if self.open.is_some() && self.open_key(key) {
            return None;
        }
        self.list_key(key)
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
            Purpose::Search if text.is_empty() => self.begin_search(false),
            Purpose::Search => match filter::query(&text, 1) {
                Ok(query) => {
                    self.query = Some(query);
                    self.parts.clear();
                    self.begin_search(false);
                }
                Err(error) => self.complain(error.to_string()),
            },
            Purpose::Filter if text.trim().is_empty() => self.list.set_filter(None),
            Purpose::Filter => match Filter::parse(&text, self.labels()) {
                Ok(filter) => self.list.set_filter(Some(filter)),
                Err(error) => self.complain(error.to_string()),
            },
            Purpose::Save(entry) => {
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

    fn labels(&self) -> Labels<'_> {
        let first = self.lines.first.as_ref();
        Labels {
            exist: first.is_some() || self.list.has_labels(),
            first,
        }
    }

    fn begin_search(&mut self, is_newer: bool) {
        if self.query.is_none() {
            return self.complain("nothing to search for; / searches".to_owned());
        }
        self.search = Some(self.list.begin_search(is_newer));
        self.continue_search();
    }

    pub(super) fn continue_search(&mut self) {
        let (Some(query), Some(search)) = (&self.query, &mut self.search) else {
            return;
        };
        let found = self.list.search(query, search);
        if found.is_none() {
            self.said = Some((Role::Fact, "searching; any key ends that".to_owned()));
            return;
        }
        (self.search, self.said) = (None, None);
        if found == Some(false) {
            self.complain("no message matches".to_owned());
        } else if self.open.is_some() {
            self.open = self.list.selected();
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
            Key::Escape | Key::Left | Key::Backspace | Key::Char('h' | 'q') => self.open = None,
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
                self.open = self.list.selected();
                // One that is being read must not give way to the next.
                self.list.follows &= self.open.is_none();
            }
            Key::Tab => {
                let entry = self.current()?;
                let page = self.detail.next_page(&entry);
                self.choose(Some(page));
            }
            Key::Char('0') => self.choose(None),
            Key::Char(c @ '1'..='7') => {
                let at = usize::from(c as u8 - b'1');
                self.choose(Some(Page::ALL[at]));
            }
            Key::Char('n') => self.begin_search(false),
            Key::Char('N') => self.begin_search(true),
            Key::Char('/') => self.ask(Purpose::Search, String::new()),
            Key::Char(':') => self.ask(Purpose::Command, String::new()),
            Key::Char('f') => {
                let source = self.list.filter.as_ref().map(|it| it.source.clone());
                self.ask(Purpose::Filter, source.unwrap_or_default());
            }
            Key::Char('?') => {
                let line = |(keys, does): &(&str, &str)| format!("  {keys:<KEYS$} {does}");
                let works =
                    |(keys, _): &&(&str, &str)| !self.is_recorded || !SENDING.contains(keys);
                let lines = HELP.iter().filter(works).map(line).collect();
                self.overlay = Some(Overlay::new(lines, KEYS + 3));
            }
            Key::Char('s') => {
                let entry = self.current()?;
                let name = format!("message-{}", entry.number);
                self.ask(Purpose::Save(entry), name);
            }
            Key::Char('r') => return self.current().map(Action::Resend),
            Key::Char('e') => return self.current().map(Action::Edit),
            Key::Char('y') => return self.current().map(Action::Copy),
            Key::Char('q') | Key::Ctrl('c' | 'd') | Key::F2 => return Some(Action::Quit),
            Key::Ctrl('z') => return Some(Action::Suspend),
            _ => {}
        }
        None
    }

    fn choose(&mut self, page: Option<Page>) {
        let number = self.current().map_or(0, |entry| entry.number);
        self.detail.choose(page, number);
        // It would give way to the next message.
        self.list.follows &= page != Some(Page::Handshake);
    }

    fn ask(&mut self, purpose: Purpose, text: String) {
        self.input = Some(Input { purpose, text });
    }
}
