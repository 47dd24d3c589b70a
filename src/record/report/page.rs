//! The page of a session: what is known of it as a whole, then a row for each thing that happened.

use std::time::Duration;

use super::entry::{Body, Control, Ended, Entry, Frame, Message, Open, Problem, What};
use super::payload;
use super::totals::{Totals, since};
use crate::event::Direction;
use crate::record::event::Head;
use crate::render::html::{Filter, Page};
use crate::render::{Secrets, quantity};

/// Rows of the start and of the end of a session; those between are left out.
const FIRST: u64 = 50_000;
const LAST: u64 = 200_000;
/// Rows of a block, which is laid out as a whole; the style sheet knows it.
const BLOCK: usize = 100;
/// A piece of the page, in bytes.
const PIECE: usize = 256 << 10;

const FILTERS: [Filter; 4] = [
    ("o", "Sent"),
    ("i", "Received"),
    ("k", "Pings, pongs, closes"),
    // Last, as not every recording has frames.
    ("f", "Frame headers"),
];

pub(super) struct Writer<'a> {
    page: Page,
    name: &'a str,
    secrets: Secrets,
    totals: &'a Totals,
    limit: usize,
    row: u64,
    number: u64,
    connection: u64,
    /// The name of the connection that the next row is of, if there are several.
    label: Option<String>,
    /// Rows of the open block; `None` if no block is open.
    block: Option<usize>,
}

struct Row<'r> {
    number: Option<u64>,
    at: Option<Duration>,
    direction: Option<Direction>,
    classes: &'static str,
    kind: &'r str,
    size: Option<usize>,
}

impl<'a> Writer<'a> {
    pub(super) fn new(name: &'a str, secrets: Secrets, totals: &'a Totals) -> Self {
        let url = totals.url.as_deref().map(|url| secrets.url(url));
        let title = match &url {
            Some(url) => format!("WebSocket session with {url}"),
            None => format!("WebSocket session in {name}"),
        };
        let mut page = Page::new(&title);
        page.facts(&facts(name, totals));
        if totals.is_worth_a_chart() {
            totals.chart.draw(&mut page);
        }
        let has_frames = totals.sent.frames + totals.received.frames > 0;
        page.tools(&FILTERS[..FILTERS.len() - usize::from(!has_frames)]);
        page.tag("<main>\n");
        Self {
            page,
            name,
            secrets,
            totals,
            limit: totals.limit(),
            row: 0,
            number: 0,
            connection: 0,
            label: None,
            block: None,
        }
    }

    pub(super) fn add(&mut self, entry: Entry) {
        let what = entry.what;
        self.row += 1;
        self.label = entry.connection;
        if let What::Message(message) = &what {
            self.number = message.number.unwrap_or(self.number + 1);
        }
        if self.is_left_out(&what) {
            return;
        }
        let started = self.totals.started;
        let at = entry.time.zip(started).map(|(time, at)| since(at, time));
        match what {
            What::Open(open) => self.open(&open),
            What::Message(message) => self.message(&message, at),
            What::Control(control) => self.control(control, at),
            What::Frame(frame) => self.frame(&frame, at),
            What::Problem(problem) => self.problem(*problem, at),
            What::Note(text) => self.note("m n", "note", &text, at),
            What::Ended(ended) => self.ended(&ended, at),
        }
    }

    /// Whether a row is in the middle of too many; notes where they begin.
    fn is_left_out(&mut self, what: &What) -> bool {
        let end = self.totals.rows.saturating_sub(LAST);
        if self.row <= FIRST || self.row > end {
            return false;
        }
        if self.row == FIRST + 1 {
            let left = quantity::plural(end - FIRST, "row");
            let text = format!("{left} left out here; {} has them", self.name);
            self.note("m n", "note", &text, None);
        }
        // The connections stay.
        !matches!(what, What::Open(_))
    }

    /// What is written so far, if it is enough for a write.
    pub(super) fn piece(&mut self) -> Option<String> {
        (self.page.len() >= PIECE).then(|| self.page.take())
    }

    pub(super) fn finish(mut self) -> Page {
        self.end_block();
        self.page.tag("</main>\n");
        self.page
    }

    /// Not on the row of its message: a batch is often sent later than its messages are handed over.
    fn frame(&mut self, frame: &Frame, at: Option<Duration>) {
        let row = Row {
            direction: Some(frame.direction),
            ..Row::note(frame.classes(), "frame", at)
        };
        self.begin(&row);
        // Without elements, as there are many and nobody sees most of them.
        self.page.payload(row.columns() + " ").line(&frame.text);
        self.end(None);
    }

    fn message(&mut self, message: &Message, at: Option<Duration>) {
        let kind = message.kind.to_string();
        self.begin_row(&Row {
            number: Some(self.number),
            at,
            direction: Some(message.direction),
            classes: match message.direction {
                Direction::Sent => "m o",
                Direction::Received => "m i",
            },
            kind: &kind,
            size: Some(message.payload.len()),
        });
        let source = format!("message {} of {}", self.number, self.name);
        let page = &mut self.page;
        payload::write(page, message.kind, &message.payload, self.limit, &source);
        let deflated = message.deflated.map(|size| {
            let size = quantity::size(size);
            format!("compressed to {size}")
        });
        self.end(deflated);
    }

    fn control(&mut self, control: Control, at: Option<Duration>) {
        let Control { direction, body } = control;
        let (kind, size, text) = match body {
            Body::Ping(payload) => ("ping", Some(payload.len()), payload),
            Body::Pong(payload, rtt) => {
                let size = payload.as_ref().map(Vec::len);
                let mut text = payload.unwrap_or_default();
                if let Some(rtt) = rtt {
                    let rtt = format!("   round trip {}", quantity::duration(rtt));
                    text.extend_from_slice(rtt.as_bytes());
                }
                ("pong", size, text)
            }
            Body::Close(text) => ("close", None, text.into_bytes()),
        };
        self.begin_row(&Row {
            number: None,
            at,
            direction: Some(direction),
            classes: match direction {
                Direction::Sent => "m o k",
                Direction::Received => "m i k",
            },
            kind,
            size,
        });
        self.page.line(text);
        self.end(None);
    }

    fn problem(&mut self, problem: Problem, at: Option<Duration>) {
        if let Some(open) = &problem.open {
            self.open(open);
        }
        let hint = problem.hint.map(|hint| format!("hint: {hint}"));
        self.begin_row(&Row::note("m e", "error", at));
        self.page.payload(&problem.message);
        self.end(hint);
        if let Some(body) = &problem.body {
            self.end_block();
            self.page
                .tag("<div class=\"box\"><h3>Body of the response</h3><pre>\n");
            self.page.payload(body).tag("</pre></div>\n");
        }
    }

    fn ended(&mut self, ended: &Ended, at: Option<Duration>) {
        self.note("m n", "end", &ended.message, at);
    }

    fn note(&mut self, classes: &'static str, kind: &str, text: &str, at: Option<Duration>) {
        self.begin_row(&Row::note(classes, kind, at));
        self.page.payload(text);
        self.end(None);
    }

    fn open(&mut self, open: &Open) {
        self.end_block();
        self.connection += 1;
        let url = open.url.as_deref().map(|url| self.secrets.url(url));
        let number = self.connection.to_string();
        self.page.tag("<h2>Connection ").line(number);
        if let Some(label) = &self.label {
            self.page.tag(" ").line(label);
        }
        if let Some(url) = url {
            self.page.tag(": ").line(&*url);
        }
        self.page
            .tag("</h2>\n<details class=\"box\" open><summary>Handshake</summary>\n");
        if !open.facts.is_empty() {
            self.page.facts(&open.facts);
        }
        self.head("Request", open.request.as_ref());
        self.head("Response", open.response.as_ref());
        self.page.tag("</details>\n");
    }

    fn head(&mut self, title: &'static str, head: Option<&Head>) {
        let Some(head) = head else { return };
        self.page.tag("<h3>").tag(title).tag("</h3><pre>\n");
        self.page.payload(self.secrets.start_line(&head.line));
        for field in &head.headers {
            let value = self.secrets.header_value(&field.name, &field.value);
            self.page.tag("\n").line(&field.name).tag(": ");
            self.page.line(&*value);
        }
        self.page.tag("</pre>\n");
    }

    fn begin_row(&mut self, row: &Row<'_>) {
        self.begin(row);
        self.page.tag("<b>").line(row.columns()).tag("</b>");
        if let Some(label) = &self.label {
            self.page.tag("<em>").line(label).tag("</em> ");
        }
    }

    fn begin(&mut self, row: &Row<'_>) {
        if self.block.is_some_and(|rows| rows >= BLOCK) {
            self.end_block();
        }
        if self.block.is_none() {
            // Without scripts this is markup like any other; with them it is a text that the script of the page
            // builds when somebody looks, as 200 000 rows would be a million nodes.
            self.page.tag("<div class=\"c\"><noscript>\n");
        }
        self.block = Some(self.block.unwrap_or(0) + 1);
        self.page.tag("<div class=\"").tag(row.classes).tag("\"");
        if let Some(number) = row.number {
            self.page.tag(" id=\"m").line(number.to_string()).tag("\"");
        }
        // Newlines are within tags: between them each would be a node of the document.
        self.page.tag("\n>");
    }

    /// Ends a row; `below` is a line about it.
    fn end(&mut self, below: Option<String>) {
        if let Some(line) = below {
            self.page.tag("<s>").line(line).tag("</s>");
        }
        self.page.tag("</div>");
    }

    fn end_block(&mut self) {
        if self.block.take().is_some() {
            self.page.tag("</noscript></div>\n");
        }
    }
}

impl<'r> Row<'r> {
    fn note(classes: &'static str, kind: &'r str, at: Option<Duration>) -> Self {
        Self {
            number: None,
            at,
            direction: None,
            classes,
            kind,
            size: None,
        }
    }

    /// The first columns; the style sheet knows how many characters they are.
    fn columns(&self) -> String {
        let number = self.number.map(|number| format!("#{number}"));
        let at = self.at.map(|at| format!("{:.4} s", at.as_secs_f64()));
        let arrow = match self.direction {
            Some(Direction::Sent) => "→",
            Some(Direction::Received) => "←",
            None => "·",
        };
        let size = self.size.map(|size| quantity::size(size as u64));
        let (number, at) = (number.unwrap_or_default(), at.unwrap_or_default());
        let size = size.unwrap_or_default();
        format!("{number:<7} {at:>13} {arrow} {:<6} {size:>10}", self.kind)
    }
}

impl Frame {
    fn classes(&self) -> &'static str {
        match (self.direction, self.is_fragment) {
            (Direction::Sent, false) => "m o f",
            (Direction::Sent, true) => "m o f many",
            (Direction::Received, false) => "m i f",
            (Direction::Received, true) => "m i f many",
        }
    }
}

fn facts(name: &str, totals: &Totals) -> Vec<(&'static str, String)> {
    let mut facts = vec![("Recording", name.to_owned())];
    if let Some(started) = totals.started {
        let lasted = quantity::duration(totals.lasted);
        facts.push(("Started", format!("{started:.3}, lasted {lasted}")));
    }
    if totals.connections > 1 {
        facts.push(("Connections", totals.connections.to_string()));
    }
    for (name, traffic) in [("Sent", &totals.sent), ("Received", &totals.received)] {
        let rate = totals.rate(traffic).map(|rate| format!("; {rate}"));
        facts.push((name, traffic.shown() + &rate.unwrap_or_default()));
    }
    let (peak, span) = totals.chart.peak();
    if totals.is_worth_a_chart() {
        let span = quantity::duration(span);
        facts.push(("Peak", format!("{peak} messages in {span}")));
    }
    if let Some(mean) = totals.trips.mean() {
        let [least, mean, most] = [totals.trips.least, mean, totals.trips.most];
        let [least, mean, most] = [least, mean, most].map(quantity::duration);
        let pings = quantity::plural(u64::from(totals.trips.count), "ping");
        let text = format!("{mean} on average, {least} to {most} ({pings})");
        facts.push(("Round trip", text));
    }
    if totals.problems > 0 {
        facts.push(("Errors", totals.problems.to_string()));
    }
    if let Some(ended) = totals.ending() {
        let exit = ended.exit.filter(|exit| *exit != 0);
        let exit = exit.map(|exit| format!("; exit status {exit}"));
        let hint = ended.hint.map(|hint| format!("\nhint: {hint}"));
        let text = ended.message + &exit.unwrap_or_default() + &hint.unwrap_or_default();
        facts.push(("Ended", text));
    }
    facts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_of_a_very_long_session_is_left_out() {
        let totals = Totals {
            rows: FIRST + LAST + 7,
            ..Totals::default()
        };
        let mut writer = Writer::new("a.jsonl", Secrets::Masked, &totals);
        writer.row = FIRST - 1;
        for number in FIRST - 1..FIRST + 9 {
            let what = What::Note(format!("number {number}."));
            writer.add(Entry {
                time: None,
                connection: None,
                what,
            });
        }
        let html = writer.finish().end();
        assert!(html.contains("7 rows left out here; a.jsonl has them"));
        let shown = |row: u64| html.contains(&format!("number {row}."));
        assert!(shown(FIRST - 1) && !shown(FIRST) && !shown(FIRST + 6) && shown(FIRST + 7));
    }
}
