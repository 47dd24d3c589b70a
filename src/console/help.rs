//! `/help` and `/history`.

use std::fmt::Write;

use crate::command::{COMMANDS, Dialect, HelpTopic, KEYS, Usage};
use crate::ontop::{Name, Verb};
use crate::render::escape::escape_payload;
use crate::render::width::{width, wrap};
use crate::speaker::Speaker;
use crate::term::terminal;

/// The longest line of an explanation, in columns: longer ones are hard to read.
const LONGEST: usize = 98;
/// The column of the explanations of commands and keys.
const COLUMN: usize = 31;

/// What a line is without a protocol on top.
pub const LINE: &str = "a line is sent as a text message";

/// Explains a topic at a prompt that is not a client's, and has these verbs of a protocol on top; `rest` is what any other
/// line does.
pub fn dialect(
    dialect: Dialect,
    verbs: &[&'static Verb],
    rest: &str,
    topic: HelpTopic,
    out: &mut String,
) {
    if topic != HelpTopic::Commands {
        return help(topic, None, out);
    }
    for usage in dialect.commands() {
        let typed = format!("/{} {}", usage.name, usage.args);
        row(out, &typed, usage.help);
    }
    for verb in verbs {
        row(out, &format!("/{} {}", verb.name, verb.args), verb.help);
    }
    paragraph(out, &format!("{rest}; /help keys lists the keys"), "  ");
}

/// Explains a topic; `speaker` adds the verbs of its protocol.
pub fn help(topic: HelpTopic, speaker: Option<&Speaker>, out: &mut String) {
    match topic {
        HelpTopic::Command(usage) => {
            explain(usage, out);
            // Both have one name where the number of arguments decides.
            let verbs = speaker.map_or(&[][..], Speaker::verbs);
            for verb in verbs.iter().filter(|verb| verb.name == usage.name) {
                explain_verb(verb, "", out);
            }
        }
        HelpTopic::Verb(name) => verbs(name, speaker, out),
        HelpTopic::Keys => {
            for (keys, does) in KEYS {
                row(out, keys, does);
            }
        }
        HelpTopic::Commands => {
            for usage in COMMANDS {
                let typed = format!("/{} {}", usage.name, usage.args);
                row(out, &typed, usage.help);
            }
            for verb in speaker.map_or(&[][..], Speaker::verbs) {
                row(out, &format!("/{} {}", verb.name, verb.args), verb.help);
            }
            let rest = match speaker {
                Some(speaker) => speaker.line_help(),
                None => "anything else is sent as a text message; //x sends /x",
            };
            paragraph(out, &format!("{rest}; /help keys lists the keys"), "  ");
        }
    }
}

fn explain(usage: &Usage, out: &mut String) {
    let typed = format!("/{} {}", usage.name, usage.args);
    paragraph(out, &format!("{}   {}", typed.trim_end(), usage.help), "");
    paragraph(out, usage.details, "  ");
    paragraph(out, &format!("example: {}", usage.example), "  ");
}

/// The verb of the protocol that is spoken, or else those of all that have one.
fn verbs(name: &str, speaker: Option<&Speaker>, out: &mut String) {
    if let Some(verb) = speaker.and_then(|speaker| speaker.name().verb(name)) {
        return explain_verb(verb, "", out);
    }
    for protocol in Name::ALL {
        if let Some(verb) = protocol.verb(name) {
            let owner = format!(" (with --as {})", protocol.as_str());
            explain_verb(verb, &owner, out);
        }
    }
}

/// Explains one command of a protocol on top; `owner` names it where it is not the one that is spoken.
pub fn explain_verb(verb: &Verb, owner: &str, out: &mut String) {
    let typed = format!("/{} {}", verb.name, verb.args);
    let line = format!("{}   {}{owner}", typed.trim_end(), verb.help);
    paragraph(out, &line, "");
    paragraph(out, &format!("example: {}", verb.example), "  ");
}

/// A term and its explanation, below it on a narrow terminal.
fn row(out: &mut String, term: &str, explanation: &str) {
    let line = format!("  {term:<width$} {explanation}", width = COLUMN - 3);
    if width(&line) < terminal::width() {
        let _ = writeln!(out, "{line}");
    } else {
        paragraph(out, term, "  ");
        paragraph(out, explanation, "      ");
    }
}

/// Writes text wrapped at words, every line after `indent`.
fn paragraph(out: &mut String, text: &str, indent: &str) {
    let words: Vec<&str> = text.split_whitespace().collect();
    let room = LONGEST
        .min(terminal::width() - 1)
        .saturating_sub(indent.len());
    for line in wrap(&words.join(" "), room.max(1), 0).lines() {
        let _ = writeln!(out, "{indent}{line}");
    }
}

pub fn history(lines: &[String], out: &mut String) {
    for line in lines {
        let line = escape_payload(line).replace('\n', "\n    ");
        let _ = writeln!(out, "  {line}");
    }
}
