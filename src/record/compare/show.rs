use std::fmt::Write;

use super::{Answer, Comparison};
use crate::proto::message::Kind;
use crate::render::difference::{self, Words};
use crate::render::escape::escape_line;
use crate::render::quantity;
use crate::render::{Role, Style};

const WORDS: Words = ("recorded", "live");
const TOLD: usize = 8;
/// Characters or bytes shown of an answer without a counterpart.
const SHOWN: usize = 72;

impl Comparison {
    /// Reports the first answers as different, and drops them.
    pub(super) fn differ(&mut self, recorded: usize, live: usize, out: &mut String) {
        let style = self.style;
        let expected = (self.recorded.before + 1..).zip(&self.recorded.answers);
        let mut expected = expected.take(recorded);
        let mut found = (self.live.before + 1..).zip(&self.live.answers).take(live);
        loop {
            match (expected.next(), found.next()) {
                (Some(one), Some(other)) => changed(out, style, one, other),
                (Some((number, one)), None) => {
                    alone(out, style, &format!("answer {number} is missing:"), one);
                }
                (None, Some((number, other))) => {
                    let text = format!("live answer {number} was not recorded:");
                    alone(out, style, &text, other);
                }
                (None, None) => break,
            }
        }
        self.compared.different += recorded.max(live) as u64;
        self.recorded.drop(recorded);
        self.live.drop(live);
    }
}

/// An answer and its number, from 1.
type Numbered<'a> = (u64, &'a Answer);

fn changed(out: &mut String, style: Style, recorded: Numbered<'_>, live: Numbered<'_>) {
    let ((number, one), (live, other)) = (recorded, live);
    let place = if number == live {
        String::new()
    } else {
        format!(" (live {live})")
    };
    let text = style.paint(Role::Kind, format!("answer {number}{place} differs:"));
    // Writing to a String cannot fail.
    let _ = writeln!(out, "{text}");
    for line in differences(one, other) {
        let _ = writeln!(out, "  {line}");
    }
}

fn differences(one: &Answer, other: &Answer) -> Vec<String> {
    if one.kind != other.kind {
        return vec![format!(
            "recorded {}, live {}",
            preview(one),
            preview(other)
        )];
    }
    if let (Some(one), Some(other)) = (&one.json, &other.json) {
        let mut places = one.compare(other, WORDS).places;
        let left = places.len().saturating_sub(TOLD);
        places.truncate(TOLD);
        let mut lines: Vec<String> = places
            .iter()
            .map(|it| escape_line(it).into_owned())
            .collect();
        if left > 0 {
            lines.push(format!("… and {left} more"));
        }
        return lines;
    }
    match one.kind {
        Kind::Text => {
            let text = |answer: &Answer| String::from_utf8_lossy(&answer.payload).into_owned();
            difference::texts(WORDS, &text(one), &text(other))
        }
        Kind::Binary => vec![difference::bytes(WORDS, &one.payload, &other.payload)],
    }
}

fn alone(out: &mut String, style: Style, text: &str, answer: &Answer) {
    let text = style.paint(Role::Kind, text);
    let _ = writeln!(out, "{text} {}", preview(answer));
}

fn preview(answer: &Answer) -> String {
    let size = quantity::size(answer.payload.len() as u64);
    let start = &answer.payload[..answer.payload.len().min(SHOWN)];
    let cut = if start.len() < answer.payload.len() {
        "…"
    } else {
        ""
    };
    match answer.kind {
        Kind::Text => {
            // Only a character that was cut in two is invalid UTF-8.
            let valid = start.utf8_chunks().next().map_or("", |chunk| chunk.valid());
            format!("text {size} {}{cut}", escape_line(valid))
        }
        Kind::Binary => {
            let bytes: Vec<String> = start.iter().map(|byte| format!("{byte:02x}")).collect();
            format!("binary {size} {}{cut}", bytes.join(" "))
        }
    }
}
