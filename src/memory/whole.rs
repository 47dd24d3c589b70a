//! A message as a whole, in all its forms.

use std::fmt::Write;

use super::{Entry, Frames, Lines, Meaning};
use crate::proto::message::Kind;
use crate::render::escape::{escape_line, escape_payload};
use crate::render::frame::frame_text;
use crate::render::quantity;
use crate::render::{Decode, Form, Role, Style};

/// The forms of a message, in the order they are shown: those it has.
pub fn forms(entry: &Entry, frames: &Frames, lines: &Lines) -> Vec<(Form, String)> {
    let of = |form: Form| Some((form, form_of(form, entry, frames, lines)?));
    // In the words of a protocol first: they are what the screen has shown.
    let is_spoken = entry.meaning().is_some();
    let first = is_spoken.then_some(Form::Decoded);
    let forms = Form::ALL.into_iter().filter(|form| match form {
        // The same as the text, unless somebody asks for it.
        Form::Text => entry.kind == Kind::Text,
        Form::Decoded => entry.kind == Kind::Binary && !is_spoken,
        _ => true,
    });
    first.into_iter().chain(forms).filter_map(of).collect()
}

/// A message in one form, without a final newline; `None` if it has no such form.
pub fn form_of(form: Form, entry: &Entry, frames: &Frames, lines: &Lines) -> Option<String> {
    match form {
        Form::Frames if frames.headers.is_empty() => None,
        Form::Frames => Some(headers(frames)),
        Form::Decoded if let Some(meaning) = entry.meaning() => Some(words(meaning, lines.style)),
        Form::Json => {
            let mut texts = entry.json().map(str::as_bytes);
            texts.find_map(|text| form.of(text, lines.decode, lines.style))
        }
        Form::Decoded if lines.decode == Decode::Hex => {
            form.of(&entry.payload, Decode::Auto, lines.style)
        }
        _ => form.of(&entry.payload, lines.decode, lines.style),
    }
}

/// What a protocol on top says: what it is, what it carries and what follows from it, each on lines of its own.
fn words(meaning: &Meaning, style: Style) -> String {
    let mut text = String::new();
    for words in meaning.lines() {
        let label = escape_line(words.label);
        let _ = writeln!(text, "{}", style.paint(Role::Kind, label));
        if !words.payload.is_empty() {
            let payload = words.payload.as_bytes();
            let json = Form::Json.of(payload, Decode::Auto, style);
            let shown = json.unwrap_or_else(|| escape_payload(words.payload).into_owned());
            let _ = writeln!(text, "{shown}");
        }
        if !words.note.is_empty() {
            let note = escape_line(words.note);
            let _ = writeln!(text, "{}", style.paint(Role::Fact, note));
        }
    }
    text.pop();
    text
}

fn headers(frames: &Frames) -> String {
    let mut text = String::new();
    for frame in &frames.headers {
        let _ = writeln!(text, "{}", frame_text(frame));
    }
    if frames.more > 0 {
        let _ = writeln!(text, "… and {} more", frames.more);
    }
    text.pop();
    text
}

/// A message in all its forms, or in one, as lines for the terminal.
pub fn whole(entry: &Entry, frames: &Frames, form: Option<Form>, lines: &Lines) -> String {
    let style = lines.style;
    let mut out = title(entry, lines);
    if let Some(form) = form {
        let text = form_of(form, entry, frames, lines)
            .unwrap_or_else(|| style.paint(Role::Fact, no_form(form)).to_string());
        section(&mut out, form, &text);
        return out;
    }
    for (form, text) in forms(entry, frames, lines) {
        let _ = writeln!(out, "{}", label(form, style));
        section(&mut out, form, &text);
    }
    out
}

/// The first line: number, time, direction, kind, size and compression.
pub fn title(entry: &Entry, lines: &Lines) -> String {
    let number = lines.style.paint(Role::Kind, format!("#{}", entry.number));
    let deflated = entry.deflated.map(|wire| {
        let text = format!(" (deflate {})", quantity::size(wire));
        lines.style.paint(Role::Fact, text).to_string()
    });
    format!(
        "{number} {}{}\n",
        lines.head(entry),
        deflated.unwrap_or_default()
    )
}

pub fn no_form(form: Form) -> String {
    match form {
        Form::Text => "not UTF-8",
        Form::Json => "not a JSON object or array",
        Form::Decoded => "no format is recognised; --decode names one",
        Form::Frames => "its frames are not known",
        Form::Hex | Form::Base64 => "empty",
    }
    .to_owned()
}

fn label(form: Form, style: Style) -> String {
    style.paint(Role::Fact, form.name()).to_string()
}

fn section(out: &mut String, form: Form, text: &str) {
    // A hexdump is indented already.
    let indent = if form == Form::Hex { "" } else { "  " };
    for line in text.lines() {
        let _ = writeln!(out, "{indent}{line}");
    }
}
