//! Statements that act on a connection.

use super::Parser;
use super::send::binary;
use crate::command::{self, Command, Outgoing};
use crate::proto::frame::{CloseFrame, MAX_CONTROL};
use crate::scenario::ast::{Action, Mood, Step};
use crate::scenario::error::{Mistake, Problem, command_problem};
use crate::scenario::scan::{Allowed, Scan};
use crate::scenario::template::{Template, is_name};

/// Words that a step begins with, behind the name of its connection.
pub(in crate::scenario) const WORDS: [&str; 10] = [
    "connect", "ping", "pong", "close", "wait", "frame", "raw", "fragment", "drop", "reset",
];

/// Longer ones first: one may begin as another.
const OPERATORS: [&str; 5] = [">b", ">", "<!", "<", "!<"];

impl<'a> Parser<'a> {
    pub(super) fn step(&mut self, scan: Scan<'a>) -> Result<Step, Mistake> {
        if let Some((name, operator, rest)) = operator(scan.rest) {
            let on = (!name.is_empty()).then(|| name.to_owned());
            let rest = scan.with(rest);
            let action = self.message(operator, rest)?;
            return Ok(Step { on, action });
        }
        let scan = scan.trim();
        let (first, after) = scan.word();
        let (second, _) = after.word();
        let is_named = is_name(first)
            && !WORDS.contains(&first)
            && WORDS.contains(&second)
            && !matches!(second, "connect" | "wait");
        let (on, scan) = if is_named {
            (Some(first.to_owned()), after)
        } else {
            (None, scan)
        };
        let (word, args) = scan.word();
        let action = match word {
            "ping" => ping(args)?,
            "pong" => Action::Pong(payload(args, MAX_CONTROL)?),
            "close" => close(scan, args)?,
            "wait" => Action::Wait(args.span()?),
            "frame" | "raw" | "fragment" | "drop" | "reset" => command(scan, args)?,
            _ => return Err(unknown(scan, word)),
        };
        Ok(Step { on, action })
    }

    fn message(&mut self, operator: &str, rest: Scan<'a>) -> Result<Action, Mistake> {
        if !rest.is_empty() && !rest.rest.starts_with([' ', '\t']) {
            let problem = Problem::Missing("a blank belongs between the arrow and what follows it");
            return Err(rest.mistake(problem));
        }
        match operator {
            ">" => self.send_text(rest).map(Action::Send),
            ">b" => binary(rest).map(Action::Send),
            "<!" => self.expect(Mood::Next, rest),
            "!<" => self.expect(Mood::None, rest),
            _ => self.expect(Mood::Some, rest),
        }
    }
}

/// A connection's name, an arrow, and what follows it.
fn operator(text: &str) -> Option<(&str, &'static str, &str)> {
    let arrow = text.find(['>', '<', '!'])?;
    let (name, from) = text.split_at(arrow);
    let operator = OPERATORS.iter().find(|operator| {
        let after = from.strip_prefix(**operator);
        // `>b` is the arrow, and `>bc` is `>` with a blank missing.
        after.is_some_and(|after| **operator != ">b" || !after.starts_with(char::is_alphanumeric))
    })?;
    let is_alone = name.is_empty() || is_name(name);
    is_alone.then_some((name, *operator, &from[operator.len()..]))
}

fn unknown(scan: Scan<'_>, word: &str) -> Mistake {
    let nearest = command::nearest(word, WORDS.into_iter());
    let word = word.to_owned();
    scan.mistake_at(0, word.len(), Problem::UnknownWord { word, nearest })
}

fn ping(args: Scan<'_>) -> Result<Action, Mistake> {
    let (text, modifiers) = args.split_modifiers(Allowed::Within);
    let within = modifiers.modifiers(Allowed::Within)?.within;
    let payload = payload(text, MAX_CONTROL)?;
    Ok(Action::Ping { payload, within })
}

/// A text of at most `limit` bytes in a control frame, in quotes or not.
pub(super) fn payload(scan: Scan<'_>, limit: usize) -> Result<Template, Mistake> {
    let scan = scan.trim();
    let template = if scan.rest.starts_with('"') {
        let (text, rest) = scan.quoted()?;
        rest.nothing("nothing follows the payload but within TIME")?;
        scan.template_of(&text)?
    } else {
        scan.bare()?
    };
    match template.as_literal() {
        Some(text) if text.len() > limit => {
            let len = text.len();
            Err(scan.mistake(Problem::ControlPayload { len, limit }))
        }
        _ => Ok(template),
    }
}

fn close(scan: Scan<'_>, args: Scan<'_>) -> Result<Action, Mistake> {
    let (args, modifiers) = args.split_modifiers(Allowed::Within);
    let within = modifiers.modifiers(Allowed::Within)?.within;
    let (code, reason) = args.word();
    let code = match outgoing("close", scan, args.with(code))? {
        Outgoing::Close { code, .. } => code,
        _ => None,
    };
    Ok(Action::Close {
        code,
        reason: payload(reason, CloseFrame::MAX_REASON)?,
        within,
    })
}

fn command(scan: Scan<'_>, args: Scan<'_>) -> Result<Action, Mistake> {
    let (word, _) = scan.word();
    let name = WORDS
        .into_iter()
        .find(|name| *name == word)
        .unwrap_or("frame");
    let template = args.template()?;
    if let Some(text) = template.as_literal() {
        // Columns are those of the text as it is written, but for written braces.
        let written = if text == args.rest { args.rest } else { text };
        outgoing(name, scan, args.with(written))?;
    }
    let args = template;
    Ok(Action::Command { name, args })
}

/// What the command of the prompt would send.
pub(in crate::scenario) fn outgoing(
    name: &str,
    scan: Scan<'_>,
    args: Scan<'_>,
) -> Result<Outgoing, Mistake> {
    let line = match args.rest {
        "" => format!("/{name}"),
        args => format!("/{name} {args}"),
    };
    match command::parse(&line) {
        Ok(Command::Outgoing(outgoing)) => Ok(outgoing),
        Ok(_) => Err(unknown(scan, name)),
        Err(error) => {
            let (problem, column) = command_problem(&error);
            // The column counts from the `/`, with one blank behind the name.
            let place = column.and_then(|column| {
                let mut chars = args.rest.char_indices();
                chars.nth(column.saturating_sub(name.len() + 3))
            });
            Err(match place {
                Some((at, _)) => args.mistake_at(at, 1, problem),
                None if args.is_empty() => scan.mistake(problem),
                None => args.mistake(problem),
            })
        }
    }
}
