use super::lines::Lines;
use crate::command;
use crate::ontop::socketio;
use crate::proto::frame::MAX_CONTROL;
use crate::scenario::ast::{Action, Expect, ExpectClose, Match, Pattern, Reason};
use crate::scenario::error::{Mistake, Problem};
use crate::scenario::rule::Trigger;
use crate::scenario::scan::{Allowed, Scan, find_word, starts_with_word};
use crate::scenario::template::Template;

/// Kinds of messages.
const PATTERNS: [&str; 8] = ["text", "json", "re", "jq", "hex", "any", "as", "event"];
/// Frames that only `<` waits for.
const FRAMES: [&str; 3] = ["close", "ping", "pong"];

pub(super) fn message<'a>(
    lines: &mut Lines<'a>,
    matching: Match,
    scan: Scan<'a>,
) -> Result<Action, Mistake> {
    let scan = scan.trim();
    let (kind, operand) = scan.word();
    match kind {
        "close" | "ping" | "pong" if matching == Match::Eventually => {
            return control(kind, operand);
        }
        "close" | "ping" | "pong" => {
            let found = kind.to_owned();
            let hint = "only < waits for this";
            return Err(operand
                .with(kind)
                .mistake(Problem::Unexpected { found, hint }));
        }
        _ => {}
    }
    let allowed = match matching {
        Match::Never => Allowed::For,
        Match::Eventually | Match::Next => Allowed::All,
    };
    if !kind.is_empty() && !PATTERNS.contains(&kind) {
        return Err(no_kind(matching.arrow(), scan, kind));
    }
    if matching == Match::Never {
        check_for(operand)?;
    }
    let (pattern, rest) = pattern(lines, kind, operand, allowed)?;
    let modifiers = rest.modifiers(allowed)?;
    if matching == Match::Never && modifiers.within.is_none() {
        let problem = Problem::Missing("expected for TIME at the end, as in for 1s");
        return Err(scan.mistake(problem));
    }
    Ok(Action::Expect(Expect {
        matching,
        pattern,
        within: modifiers.within,
        captures: modifiers.captures,
    }))
}

/// After `on`.
pub(in crate::scenario) fn trigger<'a>(
    lines: &mut Lines<'a>,
    scan: Scan<'a>,
) -> Result<Trigger, Mistake> {
    let scan = scan.trim();
    let (kind, operand) = scan.word();
    if FRAMES.contains(&kind) {
        let write = format!("on text {}", scan.rest);
        return Err(scan.mistake(Problem::MissingKind { write }));
    }
    if !kind.is_empty() && !PATTERNS.contains(&kind) {
        return Err(no_kind("on", scan, kind));
    }
    let (pattern, rest) = pattern(lines, kind, operand, Allowed::Captures)?;
    let captures = rest.modifiers(Allowed::Captures)?.captures;
    Ok(Trigger { pattern, captures })
}

/// Where `for` is missing, `within` is its place, and not part of a text.
fn check_for(operand: Scan<'_>) -> Result<(), Mistake> {
    let find = |allowed: Allowed| find_word(operand.rest, allowed.words(), true);
    match (find(Allowed::For), find(Allowed::Within)) {
        (None, Some(at)) => {
            let problem = Problem::Missing("!< takes \"for TIME\", not \"within\"");
            Err(operand.with(&operand.rest[at..]).mistake(problem))
        }
        _ => Ok(()),
    }
}

fn pattern<'a>(
    lines: &mut Lines<'a>,
    kind: &'a str,
    operand: Scan<'a>,
    allowed: Allowed,
) -> Result<(Pattern, Scan<'a>), Mistake> {
    if matches!(kind, "text" | "json" | "jq")
        && let Some((text, rest)) = lines.block(operand)?
    {
        let pattern = match kind {
            "text" => Pattern::Text(operand.template_of(&text)?),
            "json" => Pattern::Json(operand.json(text.trim())?),
            _ => Pattern::Jq(operand.jq(text.trim())?),
        };
        return Ok((pattern, rest));
    }
    let (text, rest) = operand.split_modifiers(allowed);
    Ok(match kind {
        "text" if operand.rest.starts_with('"') => {
            let (text, rest) = operand.quoted()?;
            (Pattern::Text(operand.template_of(&text)?), rest)
        }
        "text" => plain_text(operand, allowed)?,
        "json" => {
            let json = text.before_mistyped(allowed, |it| it.json(it.rest))?;
            (Pattern::Json(json), rest)
        }
        "re" => {
            let (text, rest) = operand.regex_quoted()?;
            (Pattern::Re(operand.regex(&text)?), rest)
        }
        "jq" => {
            let jq = text.before_mistyped(allowed, |it| it.jq(it.rest))?;
            (Pattern::Jq(jq), rest)
        }
        "hex" => {
            let hex = text.before_mistyped(allowed, Scan::bytes)?;
            (Pattern::Hex(hex), rest)
        }
        "any" => (Pattern::Any, operand),
        "as" => {
            let json = text.before_mistyped(allowed, |it| it.json(it.rest))?;
            (Pattern::OnTop(json), rest)
        }
        "event" => (Pattern::Event(event(text)?), rest),
        _ => {
            let problem = "expected text, json, re, jq, hex, any, as or event";
            return Err(operand
                .source
                .mistake(0, operand.at(), Problem::Missing(problem)));
        }
    })
}

/// The name of an event and its arguments, which are checked if they have no variables.
fn event(text: Scan<'_>) -> Result<Template, Mistake> {
    let template = text.trim().template()?;
    if let Some(literal) = template.as_literal() {
        let event = socketio::event_pattern(literal);
        event.map_err(|error| text.mistake(Problem::OnTop(error.text)))?;
    }
    Ok(template)
}

/// A text without quotes ends where a modifier begins.
fn plain_text(operand: Scan<'_>, allowed: Allowed) -> Result<(Pattern, Scan<'_>), Mistake> {
    let (text, rest) = operand.split_words(allowed);
    if text.is_empty() {
        let problem = "expected a text; an empty one is written \"\"";
        return Err(operand.mistake(Problem::Missing(problem)));
    }
    Ok((Pattern::Text(text.bare()?), rest))
}

/// A mistyped kind, or a message without one: `< {"a":1}`.
fn no_kind(before: &str, message: Scan<'_>, word: &str) -> Mistake {
    let known = PATTERNS.into_iter().chain(FRAMES);
    if let Some(nearest) = command::nearest(word, known) {
        let word = word.to_owned();
        return message.mistake_at(0, word.len(), Problem::UnknownKind { word, nearest });
    }
    let write = format!("{before} {}", with_kind(message.rest));
    message.mistake(Problem::MissingKind { write })
}

/// The message with the kind that it most likely has.
pub(super) fn with_kind(message: &str) -> String {
    let first = message.split_whitespace().next().unwrap_or_default();
    if PATTERNS.contains(&first) || FRAMES.contains(&first) {
        return message.to_owned();
    }
    let kind = if message.starts_with(['{', '[']) {
        "json"
    } else {
        "text"
    };
    format!("{kind} {message}")
}

fn control(kind: &str, operand: Scan<'_>) -> Result<Action, Mistake> {
    if kind == "close" {
        return close_frame(operand).map(Action::ExpectClose);
    }
    let (text, modifiers) = operand.split_modifiers(Allowed::Within);
    let within = modifiers.modifiers(Allowed::Within)?.within;
    let payload = match text.rest {
        "" => None,
        _ => Some(text.payload(MAX_CONTROL)?),
    };
    let pong = kind == "pong";
    Ok(Action::ExpectControl {
        pong,
        payload,
        within,
    })
}

/// `CODE,CODE "REASON" within TIME`, or `re "REASON"`.
pub(in crate::scenario) fn close_frame(scan: Scan<'_>) -> Result<ExpectClose, Mistake> {
    let (scan, modifiers) = scan.split_modifiers(Allowed::Within);
    let within = modifiers.modifiers(Allowed::Within)?.within;
    let reason_at = scan.rest.find('"').map(|quote| {
        let before = scan.rest[..quote].trim_end();
        let is_re = before == "re" || before.ends_with(" re");
        if is_re { before.len() - 2 } else { quote }
    });
    let (codes, reason) = scan.rest.split_at(reason_at.unwrap_or(scan.rest.len()));
    let codes = close_codes(scan.with(codes))?;
    let reason = close_reason(scan.with(reason))?;
    Ok(ExpectClose {
        codes,
        reason,
        within,
    })
}

fn close_codes(scan: Scan<'_>) -> Result<Vec<u16>, Mistake> {
    let is_separator = |c: char| c == ',' || c.is_whitespace();
    let codes = scan
        .rest
        .split(is_separator)
        .filter(|code| !code.is_empty());
    codes
        .map(|code| match code.parse() {
            Ok(known @ 1000..=4999) => Ok(known),
            _ => Err(scan.with(code).mistake(Problem::CloseCode(code.to_owned()))),
        })
        .collect()
}

fn close_reason(scan: Scan<'_>) -> Result<Option<Reason>, Mistake> {
    if scan.is_empty() {
        return Ok(None);
    }
    let hint = "only within TIME may follow the reason";
    let reason = if starts_with_word(scan.rest, "re") {
        let (_, quoted) = scan.word();
        let (text, rest) = quoted.regex_quoted()?;
        rest.nothing(hint)?;
        Reason::Re(quoted.regex(&text)?)
    } else {
        let (text, rest) = scan.quoted()?;
        rest.nothing(hint)?;
        Reason::Text(scan.template_of(&text)?)
    };
    Ok(Some(reason))
}
