//! One message in each of its forms.

use std::collections::HashSet;
use std::sync::Arc;

use unicode_width::UnicodeWidthChar;

use crate::event::Direction;
use crate::memory::{Entry, Lines, Meaning, Shared, form_of, no_form};
use crate::proto::message::Kind;
use crate::render::escape::{escape_line, escape_payload};
use crate::render::handshake::head;
use crate::render::tree::{TreeLine, tree};
use crate::render::{Form, Role, Secrets, Style, quantity};

/// Bytes of a payload in the pane below the list: more would not fit, and the selection moves fast.
const GLANCE: usize = 16 << 10;
/// Bytes of a payload in a form: lines take many times the memory.
const WHOLE: usize = 4 << 20;

/// What the detail shows of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Page {
    Form(Form),
    Handshake,
}

impl Page {
    pub(super) const ALL: [Self; 7] = [
        Self::Form(Form::Text),
        Self::Form(Form::Json),
        Self::Form(Form::Decoded),
        Self::Form(Form::Hex),
        Self::Form(Form::Base64),
        Self::Form(Form::Frames),
        Self::Handshake,
    ];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Form(form) => form.name(),
            Self::Handshake => "handshake",
        }
    }
}

#[derive(Debug)]
pub(super) struct Detail {
    memory: Shared,
    lines: Lines,
    secrets: Secrets,
    /// The form that was chosen; otherwise the best one for each message.
    chosen: Option<Form>,
    /// The message whose handshake is shown, until another one is selected: it would be the same for all.
    handshake_of: Option<u64>,
    /// The best form of the last message that was asked for, and its number.
    best: Option<(u64, Form)>,
    /// What the rows are of: number, page, columns, whether it is whole.
    shown: Option<(u64, Page, usize, bool)>,
    rows: Vec<Row>,
    /// What a protocol on top says besides the tree.
    heading: String,
    tree: Vec<TreeLine>,
    folded: HashSet<usize>,
    top: usize,
    /// The row that folds, in a tree.
    cursor: usize,
}

#[derive(Debug)]
struct Row {
    text: String,
    /// The line of the tree it is the first row of.
    line: Option<usize>,
}

impl Detail {
    pub(super) fn new(memory: Shared, lines: Lines, secrets: Secrets) -> Self {
        Self {
            memory,
            lines,
            secrets,
            chosen: None,
            handshake_of: None,
            best: None,
            shown: None,
            rows: Vec::new(),
            heading: String::new(),
            tree: Vec::new(),
            folded: HashSet::new(),
            top: 0,
            cursor: 0,
        }
    }

    pub(super) fn page_of(&mut self, entry: &Entry) -> Page {
        self.handshake_of = self.handshake_of.filter(|it| *it == entry.number);
        if self.handshake_of.is_some() {
            return Page::Handshake;
        }
        Page::Form(self.chosen.unwrap_or_else(|| self.best(entry)))
    }

    /// The best form of a message, for which it is read once.
    fn best(&mut self, entry: &Entry) -> Form {
        match self.best {
            Some((number, form)) if number == entry.number => form,
            _ => {
                let form = self.best_form(entry);
                self.best = Some((entry.number, form));
                form
            }
        }
    }

    fn best_form(&self, entry: &Entry) -> Form {
        match entry.kind {
            _ if entry.meaning().is_some() => Form::Decoded,
            Kind::Text if self.may_be_json(entry) => Form::Json,
            Kind::Text => Form::Text,
            Kind::Binary => {
                let start = &entry.payload[..entry.payload.len().min(GLANCE)];
                let is_decoded = Form::Decoded.of(start, self.lines.decode, Style::PLAIN);
                is_decoded.map_or(Form::Hex, |_| Form::Decoded)
            }
        }
    }

    /// Whether a text is laid out as JSON unless the user chooses; a long one is not read for it.
    fn may_be_json(&self, entry: &Entry) -> bool {
        let starts = entry.payload.iter().find(|it| !it.is_ascii_whitespace());
        matches!(starts, Some(b'{' | b'['))
            && (entry.payload.len() > GLANCE
                || Form::Json
                    .of(&entry.payload, self.lines.decode, Style::PLAIN)
                    .is_some())
    }

    /// Shows this page of the message with this number; `None` is the best one for each message.
    pub(super) fn choose(&mut self, page: Option<Page>, number: u64) {
        self.handshake_of = (page == Some(Page::Handshake)).then_some(number);
        match page {
            Some(Page::Form(form)) => self.chosen = Some(form),
            Some(Page::Handshake) => {}
            None => self.chosen = None,
        }
    }

    pub(super) fn next_page(&mut self, entry: &Entry) -> Page {
        let page = self.page_of(entry);
        let at = Page::ALL.iter().position(|it| *it == page).unwrap_or(0);
        Page::ALL[(at + 1) % Page::ALL.len()]
    }

    /// Lays the message out for `columns`, unless it is already; whole, or only its start.
    pub(super) fn fit(&mut self, entry: &Arc<Entry>, columns: usize, is_whole: bool) {
        let page = self.page_of(entry);
        let wanted = (entry.number, page, columns, is_whole);
        if self.shown == Some(wanted) {
            return;
        }
        let is_same = self
            .shown
            .is_some_and(|it| (it.0, it.1) == (entry.number, page));
        if !is_same {
            (self.top, self.cursor) = (0, 0);
            self.folded.clear();
        }
        self.shown = Some(wanted);
        self.grow(entry, page, if is_whole { usize::MAX } else { GLANCE });
        self.lay_out(entry, page, columns, is_whole);
    }

    /// Makes a tree of the JSON on this page, if it has at most `limit` bytes.
    fn grow(&mut self, entry: &Entry, page: Page, limit: usize) {
        (self.tree, self.heading) = (Vec::new(), String::new());
        let fold = |text: &str| tree(text).filter(|_| text.len() <= limit);
        let tree = match page {
            Page::Form(Form::Json) => entry.json().find_map(fold),
            Page::Form(Form::Decoded) => {
                let mut lines = entry.meaning().into_iter().flat_map(Meaning::lines);
                let (Some(words), None) = (lines.next(), lines.next()) else {
                    return;
                };
                let heading = format!("{}   {}", words.label, words.note);
                self.heading = escape_line(heading.trim_end()).into_owned();
                // Several values are one only in the form that filters see.
                fold(words.payload).or_else(|| words.value.and_then(fold))
            }
            _ => None,
        };
        self.tree = tree.unwrap_or_default();
    }

    fn lay_out(&mut self, entry: &Entry, page: Page, columns: usize, is_whole: bool) {
        self.rows = Vec::new();
        if !self.tree.is_empty() {
            return self.lay_out_tree(columns);
        }
        let limit = if is_whole { WHOLE } else { GLANCE };
        let text = match page {
            Page::Handshake => self.handshake(entry),
            Page::Form(form) => self.form(entry, form, limit),
        };
        for line in text.lines() {
            for row in rows_of(line, columns) {
                self.rows.push(Row {
                    text: row,
                    line: None,
                });
            }
        }
    }

    fn form(&self, entry: &Entry, form: Form, limit: usize) -> String {
        let left = entry.payload.len().saturating_sub(limit);
        let mut lines = self.lines.clone();
        lines.style = Style::PLAIN;
        let start = Entry {
            payload: entry.payload[..entry.payload.len() - left].to_vec(),
            ..entry.clone()
        };
        let form = match form {
            // Only a whole text is JSON.
            Form::Json if left > 0 => Form::Text,
            // A character may be cut in two.
            Form::Text if left > 0 => {
                let text = String::from_utf8_lossy(&start.payload);
                return format!("{}\n{}", escape_payload(text.as_ref()), more(left));
            }
            form => form,
        };
        if form == Form::Decoded
            && let Some(meaning) = entry.meaning()
            && let Some(excess) = meaning.text().len().checked_sub(limit + 1)
        {
            let text = String::from_utf8_lossy(&meaning.text().as_bytes()[..limit]);
            return format!("{}\n{}", escape_payload(text.as_ref()), more(excess + 1));
        }
        let frames = self.memory.lock().frames(entry.number);
        let text = form_of(form, &start, &frames, &lines).or_else(|| {
            let is_guess = form == Form::Json && self.chosen.is_none();
            is_guess.then(|| form_of(Form::Text, &start, &frames, &lines))?
        });
        let text = text.unwrap_or_else(|| format!("({})", no_form(form)));
        if left > 0 && form != Form::Frames {
            return format!("{text}\n{}", more(left));
        }
        text
    }

    fn handshake(&self, entry: &Entry) -> String {
        let Some(heads) = self.memory.lock().heads(entry.label.as_ref()) else {
            return "(the handshake is not known)".to_owned();
        };
        let mut text = String::new();
        let directions = [Direction::Sent, Direction::Received];
        for (it, direction) in heads.iter().zip(directions) {
            head(&mut text, it, direction, Style::PLAIN, self.secrets);
        }
        text
    }

    fn lay_out_tree(&mut self, columns: usize) {
        self.rows = Vec::new();
        let heading = rows_of(&self.heading, columns).into_iter();
        let rows = heading.map(|text| Row { text, line: None });
        self.rows.extend(rows.filter(|row| !row.text.is_empty()));
        let mut at = 0;
        while let Some(line) = self.tree.get(at) {
            let is_folded = self.folded.contains(&at);
            let (text, skipped) = match &line.fold {
                Some((lines, folded)) if is_folded => (folded, *lines),
                _ => (&line.text, 0),
            };
            let mark = match (&line.fold, is_folded) {
                (None, _) => ' ',
                (Some(_), true) => '▸',
                (Some(_), false) => '▾',
            };
            let text = format!("{mark} {:indent$}{text}", "", indent = 2 * line.depth);
            for (row, text) in rows_of(&text, columns).into_iter().enumerate() {
                let line = (row == 0).then_some(at);
                self.rows.push(Row { text, line });
            }
            at += 1 + skipped;
        }
    }

    /// Opens or closes what the cursor is on; `true` if it folds.
    pub(super) fn fold(&mut self) -> bool {
        let Some(Some(line)) = self.rows.get(self.cursor).map(|row| row.line) else {
            return false;
        };
        if self.tree.get(line).is_none_or(|it| it.fold.is_none()) {
            return false;
        }
        if !self.folded.remove(&line) {
            self.folded.insert(line);
        }
        if let Some((_, _, columns, _)) = self.shown {
            self.lay_out_tree(columns);
        }
        true
    }

    /// Moves the cursor of a tree, or scrolls.
    pub(super) fn go(&mut self, by: isize, rows: usize) {
        let last = self.rows.len().saturating_sub(1);
        if self.tree.is_empty() {
            let last = self.rows.len().saturating_sub(rows);
            self.top = self.top.saturating_add_signed(by).min(last);
            self.cursor = self.top;
            return;
        }
        self.cursor = self.cursor.saturating_add_signed(by).min(last);
        self.top = self
            .top
            .min(self.cursor)
            .max((self.cursor + 1).saturating_sub(rows));
    }

    /// The rows of a page; the cursor is marked if it `has_cursor`.
    pub(super) fn rows(&self, rows: usize, has_cursor: bool, style: Style) -> Vec<String> {
        let shown = self.rows.iter().enumerate().skip(self.top).take(rows);
        let is_tree = !self.tree.is_empty();
        shown
            .map(|(at, row)| {
                if has_cursor && is_tree && at == self.cursor && style.is_colored() {
                    format!("\x1b[7m{}\x1b[27m", row.text)
                } else if has_cursor && is_tree && at == self.cursor {
                    row.text.replacen(' ', ">", 1)
                } else {
                    row.text.clone()
                }
            })
            .collect()
    }

    /// Where the page is, as in `1-20 of 300`, if there is more than that.
    pub(super) fn place(&self, rows: usize, style: Style) -> String {
        if self.rows.len() <= rows {
            return String::new();
        }
        let last = (self.top + rows).min(self.rows.len());
        let text = format!(" {}-{last} of {}", self.top + 1, self.rows.len());
        style.paint(Role::Fact, text).to_string()
    }
}

fn more(left: usize) -> String {
    let left = quantity::size(left as u64);
    format!("… {left} more; s saves all of it")
}

/// A line in rows of at most `columns`.
pub(super) fn rows_of(line: &str, columns: usize) -> Vec<String> {
    let mut rows = vec![String::new()];
    let mut used = 0;
    for c in line.chars() {
        let (c, width) = match c {
            '\t' => (' ', 1),
            c => (c, c.width().unwrap_or(0)),
        };
        if used + width > columns && used > 0 {
            rows.push(String::new());
            used = 0;
        }
        used += width;
        if let Some(row) = rows.last_mut() {
            row.push(c);
        }
    }
    rows
}
