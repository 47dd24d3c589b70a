//! The rows of the screen.

use std::mem;
use std::sync::Arc;

use super::detail::Page;
use super::{Pages, plain};
use crate::memory::{Entry, Lines, Part, title};
use crate::render::escape::escape_line;
use crate::render::width::{cut, width};
use crate::render::{Role, quantity};

/// The keys of the list and of an open message, for wide and for narrow screens.
const KEYS: [&str; 3] = [
    "Enter open  / search  f filter  r resend  e edit  y copy  s save  : command  ? help  q back",
    "Enter open  / search  f filter  r e y s  : command  ? help  q back",
    "Enter  / f r e y s :  ? help  q back",
];
const OPEN_KEYS: [&str; 2] = [
    "Tab form  Enter fold  Esc list  / search  r e y s  : command  ? help",
    "Tab form  Esc list  ? help",
];

/// The same for recordings, from which nothing is sent.
const RECORDED_KEYS: [&str; 2] = [
    "Enter open  / search  f filter  y copy  s save  : command  ? help  q leave",
    "Enter  / f y s :  ? help  q leave",
];
const RECORDED_OPEN_KEYS: [&str; 2] = [
    "Tab form  Enter fold  Esc list  / search  y s  : command  ? help",
    "Tab form  Esc list  ? help",
];

/// The longest that fits.
fn fitting(keys: &[&'static str], columns: usize) -> &'static str {
    let fitting = keys.iter().find(|keys| width(keys) <= columns);
    fitting.or(keys.last()).copied().unwrap_or_default()
}

impl Pages {
    /// The rows of the screen, each of at most `columns`.
    pub fn draw(&mut self, rows: usize, columns: usize) -> Vec<String> {
        self.lines.style = self.style.within(columns);
        let mut out = Vec::with_capacity(rows);
        let inner = rows.saturating_sub(2);
        out.push(self.bar(&self.title(), columns));
        if let Some(overlay) = &mut self.overlay {
            self.rows = inner;
            out.extend_from_slice(overlay.page(inner, columns));
        } else if self.open.is_some() {
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
        let count = quantity::plural(self.list.len() as u64, "message");
        let mut text = format!("{}  {count}", self.name);
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
        let parts = self.parts_of(&entries);
        let end = out.len() + rows;
        // The newest is at the bottom, even of a list that does not fill it.
        out.resize(end - entries.len().min(rows), String::new());
        for (at, (entry, part)) in entries.iter().zip(&parts).enumerate() {
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

    /// What was searched for in the messages of a page, in which it is looked for once: they may be long.
    fn parts_of(&mut self, entries: &[Arc<Entry>]) -> Vec<Option<Part>> {
        let Some(query) = &self.query else {
            return vec![None; entries.len()];
        };
        let mut known = mem::take(&mut self.parts);
        let part = |entry: &Arc<Entry>| {
            let known = known.remove(&entry.number);
            known.unwrap_or_else(|| query.part(entry))
        };
        let parts: Vec<_> = entries.iter().map(part).collect();
        let numbers = entries.iter().map(|entry| entry.number);
        self.parts = numbers.zip(parts.iter().cloned()).collect();
        parts
    }

    fn draw_detail(&mut self, out: &mut Vec<String>, rows: usize, columns: usize, is_whole: bool) {
        let inner = rows.saturating_sub(1);
        let Some(entry) = self.current() else {
            if !is_whole {
                let text = cut(&self.nothing(), columns).into_owned();
                out.push(self.style.paint(Role::Fact, text).to_string());
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

    /// Why the list is empty.
    fn nothing(&self) -> String {
        match self.list.kept() {
            0 => "no message yet".to_owned(),
            _ if self.is_filtering => "no match yet".to_owned(),
            1 => "the only message does not match; f changes the filter".to_owned(),
            kept => format!("none of {kept} messages matches; f changes the filter"),
        }
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
        let over = self.overlay.as_ref().map(|it| match it.place(self.rows) {
            None => "any key goes back".to_owned(),
            Some(place) => format!("{place}  Up, Down, Space scroll  any other key goes back"),
        });
        let (role, text) = match &self.said {
            Some((role, text)) => (*role, text.as_str()),
            None if let Some(text) = &over => (Role::Fact, text.as_str()),
            None => {
                let keys = match (self.is_recorded, self.open.is_some()) {
                    (false, false) => &KEYS[..],
                    (false, true) => &OPEN_KEYS,
                    (true, false) => &RECORDED_KEYS,
                    (true, true) => &RECORDED_OPEN_KEYS,
                };
                (Role::Fact, fitting(keys, columns))
            }
        };
        let text = cut(text.trim_end(), columns).into_owned();
        self.style.paint(role, text).to_string()
    }
}
