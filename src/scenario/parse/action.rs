use super::lines::Lines;
use super::{expect, rule, send};
use crate::command::{grammar, nearest};
use crate::fault::{Fault, SpecError};
use crate::ontop::{Name, SayError, Verb};
use crate::proto::frame::{CloseFrame, MAX_CONTROL};
use crate::scenario::ast::{Action, Match, Say, Statement};
use crate::scenario::error::{Mistake, Problem};
use crate::scenario::scan::{Allowed, Scan, starts_with_word};
use crate::scenario::span;
use crate::scenario::template::{Variable, is_name};
use crate::scenario::typed::{Grammar, Typed};

/// Words that begin a line, some after the name of a connection; no connection has such a name.
pub(super) const WORDS: [&str; 21] = [
    "connect",
    "include",
    "ping",
    "pong",
    "close",
    "wait",
    "frame",
    "raw",
    "fragment",
    "drop",
    "reset",
    "to",
    "join",
    "leave",
    "state",
    "fault",
    "on",
    "every",
    "accept",
    "reject",
    "otherwise",
];

/// Longer ones first: `>` is also the start of `>b`.
const OPERATORS: [&str; 5] = [">b", ">", "<!", "<", "!<"];

/// `spoken` are the protocols on top of the case.
pub(super) fn action<'a>(
    lines: &mut Lines<'a>,
    scan: Scan<'a>,
    spoken: &[Name],
) -> Result<Statement, Mistake> {
    if let Some((name, operator, rest)) = operator(scan.rest) {
        let on = (!name.is_empty()).then(|| name.to_owned());
        let action = message(lines, operator, scan.with(rest))?;
        return Ok(Statement::Action { on, action });
    }
    if starts_with_word(scan.rest, "to") {
        let action = to(lines, scan.word().1)?;
        return Ok(Statement::Action { on: None, action });
    }
    let scan = scan.trim();
    let (first, after) = scan.word();
    let (second, _) = after.word();
    let is_named = is_name(first)
        && !is_word(first, spoken)
        && is_word(second, spoken)
        && !matches!(second, "connect" | "include" | "wait");
    let (on, scan) = if is_named {
        (Some(first.to_owned()), after)
    } else {
        (None, scan)
    };
    let action = word(scan, spoken)?;
    Ok(Statement::Action { on, action })
}

fn is_word(word: &str, spoken: &[Name]) -> bool {
    WORDS.contains(&word) || verb_of(word, spoken).is_some()
}

/// After `to`.
fn to<'a>(lines: &mut Lines<'a>, scan: Scan<'a>) -> Result<Action, Mistake> {
    let (target, rest) = rule::target(scan)?;
    let action = match operator(rest.rest) {
        Some(("", operator @ (">" | ">b"), after)) => message(lines, operator, rest.with(after))?,
        _ if rest.is_empty() => return Err(nothing_to_send(rest)),
        _ => word(rest.trim(), &[])?,
    };
    match action {
        Action::Send(_)
        | Action::Ping { .. }
        | Action::Pong(_)
        | Action::Close { .. }
        | Action::Typed(_)
        | Action::Abandon { .. } => {
            let action = Box::new(action);
            Ok(Action::To { target, action })
        }
        _ => Err(nothing_to_send(rest)),
    }
}

fn nothing_to_send(place: Scan<'_>) -> Mistake {
    place.mistake(Problem::Missing(
        "expected something to send, such as > TEXT",
    ))
}

/// After `fault`: what also follows `--fault`, about the client of the rule.
fn fault(scan: Scan<'_>) -> Result<Fault, Mistake> {
    if scan.is_empty() {
        let problem = Problem::Missing("expected a fault, as in fault close 1012 after 3 messages");
        return Err(scan.mistake(problem));
    }
    let fault: Fault = scan.rest.trim_end().parse().map_err(|error: SpecError| {
        let starts = scan.rest.char_indices().map(|(at, _)| at);
        let at = starts.chain([scan.rest.len()]).nth(error.at);
        let problem = Problem::Fault(error.problem());
        scan.mistake_at(at.unwrap_or(scan.rest.len()), error.width, problem)
    })?;
    if fault.side.is_some() {
        let problem = "client and server in front are for wsee proxy";
        return Err(scan.mistake(Problem::Missing(problem)));
    }
    if fault.connection.is_some() {
        let problem = "a fault of a rule is about its client; remove on connection";
        return Err(scan.mistake(Problem::Missing(problem)));
    }
    if fault.kind.is_of_opening() {
        let problem =
            "the connection is open when a rule runs, so this comes too late; --fault is earlier";
        return Err(scan.mistake(Problem::Missing(problem)));
    }
    Ok(fault)
}

/// `NAME = VALUE`, after `state`.
fn state(scan: Scan<'_>) -> Result<Action, Mistake> {
    let Some((name, value)) = scan.rest.split_once('=') else {
        let problem = Problem::Missing("expected state NAME = VALUE");
        return Err(scan.mistake(problem));
    };
    let name = name.trim();
    if !Variable::is_free(name) {
        let problem = Problem::VariableName(name.to_owned());
        return Err(scan.mistake_at(0, name.len(), problem));
    }
    let value = scan.with(value.trim()).template()?;
    let name = name.to_owned();
    Ok(Action::State { name, value })
}

fn message<'a>(lines: &mut Lines<'a>, operator: &str, rest: Scan<'a>) -> Result<Action, Mistake> {
    if !rest.is_empty() && !rest.rest.starts_with([' ', '\t']) {
        let problem = Problem::Missing("put a blank between the arrow and what follows it");
        return Err(rest.mistake(problem));
    }
    match operator {
        ">" => send::text(lines, rest).map(Action::Send),
        ">b" => send::binary(rest).map(Action::Send),
        "<!" => expect::message(lines, Match::Next, rest),
        "!<" => expect::message(lines, Match::Never, rest),
        _ => expect::message(lines, Match::Eventually, rest),
    }
}

fn word(scan: Scan<'_>, spoken: &[Name]) -> Result<Action, Mistake> {
    let (word, args) = scan.word();
    match word {
        "ping" => ping(args),
        "pong" => args.payload(MAX_CONTROL).map(Action::Pong),
        "close" => close(args),
        "wait" => args.span().map(Action::Wait),
        // Rules have rooms and no protocol.
        "join" | "leave" if is_said(word, args, spoken) => say(word, scan, args, spoken),
        "join" => rule::room(args).map(Action::Join),
        "leave" => rule::room(args).map(Action::Leave),
        "state" => state(args),
        "fault" => fault(args).map(Action::Fault),
        "drop" | "reset" => {
            args.nothing("drop and reset take no arguments")?;
            let reset = word == "reset";
            Ok(Action::Abandon { reset })
        }
        _ => match Grammar::find(word) {
            Some(grammar) => typed(grammar, scan, args),
            // `send {"a":1}` is of another tool's language, and `send /topic/a TEXT` of STOMP.
            None if spoken.is_empty()
                && habit(word, args.rest).is_some()
                && !args.rest.starts_with('/') =>
            {
                Err(unknown(scan, word))
            }
            None if verb_of(word, spoken).is_some() => say(word, scan, args, spoken),
            None => Err(unknown(scan, word)),
        },
    }
}

fn operator(text: &str) -> Option<(&str, &'static str, &str)> {
    let arrow = text.find(['>', '<', '!'])?;
    let (name, from) = text.split_at(arrow);
    let operator = OPERATORS.iter().find(|operator| {
        let after = from.strip_prefix(**operator);
        // `>bc` is `>` without the blank after it.
        after.is_some_and(|after| **operator != ">b" || !after.starts_with(char::is_alphanumeric))
    })?;
    let is_alone = name.is_empty() || is_name(name);
    is_alone.then_some((name, *operator, &from[operator.len()..]))
}

fn unknown(scan: Scan<'_>, word: &str) -> Mistake {
    let hint = match nearest(word, WORDS.into_iter()) {
        // A word of the language, where no further one may stand.
        Some(nearest) if nearest == word => format!("{word} and a target come once"),
        Some(nearest) => format!("did you mean {nearest}?"),
        None if is_short_flag(word) => {
            "flags have their long names here, such as --user".to_owned()
        }
        None => habit(word, scan.word().1.rest)
            .unwrap_or_else(|| "wsee man scenario lists them all".to_owned()),
    };
    let word = word.to_owned();
    scan.mistake_at(0, word.len(), Problem::UnknownWord { word, hint })
}

/// Whether this is a flag as on the command line, such as `-u`.
fn is_short_flag(word: &str) -> bool {
    let mut letters = word.chars();
    letters.next() == Some('-') && letters.next().is_some_and(|it| it.is_ascii_alphabetic())
}

/// What to write for a word of other tools' languages.
fn habit(word: &str, args: &str) -> Option<String> {
    let text = if args.is_empty() { "TEXT" } else { args };
    let line = match word.to_ascii_lowercase().as_str() {
        "sleep" | "delay" | "pause" => {
            let time = if span::parse(args).is_some() {
                args
            } else {
                "TIME"
            };
            format!("wait {time}")
        }
        "send" | "write" | "message" => format!("> {text}"),
        "expect" | "recv" | "receive" | "read" | "assert" => {
            format!("< {}", expect::with_kind(text))
        }
        "disconnect" | "quit" | "exit" => "close".to_owned(),
        "open" | "url" => format!("connect {}", if args.is_empty() { "URL" } else { args }),
        "import" | "source" | "use" => {
            format!("include {}", if args.is_empty() { "FILE" } else { args })
        }
        _ => return None,
    };
    Some(format!("write: {line}"))
}

fn ping(args: Scan<'_>) -> Result<Action, Mistake> {
    let (text, modifiers) = args.split_modifiers(Allowed::Within);
    let within = modifiers.modifiers(Allowed::Within)?.within;
    let payload = text.payload(MAX_CONTROL)?;
    Ok(Action::Ping { payload, within })
}

fn close(args: Scan<'_>) -> Result<Action, Mistake> {
    let (args, modifiers) = args.split_modifiers(Allowed::Within);
    let within = modifiers.modifiers(Allowed::Within)?.within;
    let (code, reason) = args.word();
    let code = match code {
        "" => None,
        code => {
            let parsed = grammar::close_code(code);
            Some(parsed.map_err(|error| args.with(code).command_mistake(&error))?)
        }
    };
    Ok(Action::Close {
        code,
        reason: reason.payload(CloseFrame::MAX_REASON)?,
        within,
    })
}

/// The verb of this name in the protocols of the case, or in any if none is known to be spoken.
fn verb_of(word: &str, spoken: &[Name]) -> Option<&'static Verb> {
    let names = if spoken.is_empty() {
        &Name::ALL[..]
    } else {
        spoken
    };
    names.iter().find_map(|name| name.verb(word))
}

/// Whether `join` or `leave` is a verb, and not about a room.
fn is_said(word: &str, args: Scan<'_>, spoken: &[Name]) -> bool {
    let is_of = |name: &Name| name.verb(word).is_some();
    args.rest.starts_with('/') || spoken.iter().any(is_of)
}

/// A verb of a protocol on top, whose arguments are checked if they have no variables.
fn say(word: &str, scan: Scan<'_>, args: Scan<'_>, spoken: &[Name]) -> Result<Action, Mistake> {
    let place = if args.is_empty() { scan } else { args };
    let Some(verb) = verb_of(word, spoken) else {
        return Err(unknown(scan, word));
    };
    let args = args.template()?;
    if let Some(literal) = args.as_literal()
        && let Err(error) = check(verb, literal, spoken)
    {
        if spoken.is_empty() && habit(word, literal).is_some() {
            return Err(unknown(scan, word));
        }
        let hint = error.hint.iter().map(|hint| format!("; {hint}"));
        let text = error.text.clone() + &hint.collect::<String>();
        return Err(place.mistake(Problem::OnTop(text)));
    }
    let verb = verb.name;
    Ok(Action::Say(Say { verb, args }))
}

/// Without a known protocol, the arguments may be those of any.
fn check(verb: &Verb, args: &str, spoken: &[Name]) -> Result<(), SayError> {
    let others = Name::ALL.into_iter().filter(|_| spoken.is_empty());
    let mut others = others.filter_map(|name| name.verb(verb.name));
    match (verb.check)(args) {
        Err(_) if others.any(|other| (other.check)(args).is_ok()) => Ok(()),
        checked => checked,
    }
}

/// `scan` begins with the name of the command, before `args`.
fn typed(grammar: Grammar, scan: Scan<'_>, args: Scan<'_>) -> Result<Action, Mistake> {
    let typed = Typed::new(grammar, args.template()?);
    // Columns count in the text as written; only literal braces, `{{\"{{\"}}`, shift them.
    let place = if args.is_empty() { scan } else { args };
    typed
        .map(Action::Typed)
        .map_err(|error| place.command_mistake(&error))
}
