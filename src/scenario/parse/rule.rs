use super::expect;
use super::lines::Lines;
use crate::scenario::ast::Statement;
use crate::scenario::error::{Mistake, Problem};
use crate::scenario::rule::{Condition, Otherwise, PATH, Rule, Target};
use crate::scenario::scan::{Scan, starts_with_word};
use crate::scenario::template::Template;

/// Words that begin a rule.
const WORDS: [&str; 5] = ["accept", "reject", "on", "every", "otherwise"];

/// Words that begin a condition, each before its value.
const CONDITIONS: [&str; 6] = ["path", "header", "origin", "subprotocol", "basic", "bearer"];

pub(super) fn begins(text: &str) -> bool {
    WORDS.iter().any(|word| starts_with_word(text, word))
}

/// `scan` begins with one of [`WORDS`].
pub(super) fn rule<'a>(lines: &mut Lines<'a>, scan: Scan<'a>) -> Result<Statement, Mistake> {
    let (word, rest) = scan.word();
    let rule = match word {
        "accept" => Rule::Accept(conditions(rest)?),
        "reject" => reject(rest)?,
        "on" => on(lines, scan, rest)?,
        "every" => every(rest)?,
        _ => Rule::Otherwise(otherwise(rest)?),
    };
    Ok(Statement::Rule(rule))
}

fn reject(scan: Scan<'_>) -> Result<Rule, Mistake> {
    let (word, rest) = scan.word();
    let status = match word.parse() {
        Ok(status @ 300..=599) if word.len() == 3 => status,
        _ if word.is_empty() => {
            let problem = "expected a status, as in reject 403";
            return Err(rest.mistake(Problem::Missing(problem)));
        }
        _ => {
            return Err(scan
                .with(word)
                .mistake(Problem::RefusalStatus(word.to_owned())));
        }
    };
    let conditions = conditions(rest)?;
    Ok(Rule::Reject { status, conditions })
}

fn conditions(mut scan: Scan<'_>) -> Result<Vec<Condition>, Mistake> {
    let mut conditions = Vec::new();
    while !scan.trim().is_empty() {
        let (word, rest) = scan.word();
        let place = scan.with(word);
        let header = match word {
            "header" => {
                let (name, rest) = rest.word();
                let Some(name) = name.strip_suffix(':').filter(|name| !name.is_empty()) else {
                    let problem = Problem::Missing("expected header NAME: VALUE");
                    return Err(place.mistake(problem));
                };
                Some((name, rest))
            }
            _ => None,
        };
        let after = header.map_or(rest, |(_, rest)| rest);
        let (value, left) = value(after, place)?;
        if let Some(problem) = never_met(word, value.as_literal()) {
            return Err(rest.mistake(Problem::Missing(problem)));
        }
        conditions.push(match word {
            "path" => Condition::Path(value),
            "header" => Condition::Header {
                name: header.map(|(name, _)| name.to_owned()).unwrap_or_default(),
                value,
            },
            "origin" => Condition::Origin(value),
            "subprotocol" => Condition::Subprotocol(value),
            "basic" => Condition::Basic(value),
            "bearer" => Condition::Bearer(value),
            _ => return Err(unknown(place, word)),
        });
        scan = left;
    }
    Ok(conditions)
}

/// What a value that no request has should be; `None` for one that is not known yet.
fn never_met(condition: &str, value: Option<&str>) -> Option<&'static str> {
    let value = value?;
    match condition {
        "path" if !value.starts_with([PATH, '*']) => Some("expected a path, which begins with /"),
        "basic" if !value.contains([':', '*']) => Some("expected basic USER:PASSWORD"),
        _ => None,
    }
}

/// A word, or a text in quotes.
fn value<'a>(scan: Scan<'a>, place: Scan<'a>) -> Result<(Template, Scan<'a>), Mistake> {
    if scan.rest.starts_with('"') {
        let (text, rest) = scan.quoted()?;
        return Ok((scan.template_of(&text)?, rest.with(rest.rest.trim_start())));
    }
    let (word, rest) = scan.word();
    if word.is_empty() {
        return Err(if CONDITIONS.contains(&place.rest) {
            place.mistake(Problem::Missing("expected a value after this"))
        } else {
            unknown(place, place.rest)
        });
    }
    Ok((scan.with(word).template()?, rest))
}

fn unknown(place: Scan<'_>, word: &str) -> Mistake {
    let hint = match crate::command::nearest(word, CONDITIONS.into_iter()) {
        Some(nearest) => format!("did you mean {nearest}?"),
        None if word == "and" => "conditions follow each other without a word between".to_owned(),
        None => format!("a condition is one of {}", CONDITIONS.join(", ")),
    };
    let word = word.to_owned();
    place.mistake(Problem::UnknownWord { word, hint })
}

/// `scan` is the whole rule.
fn on<'a>(lines: &mut Lines<'a>, scan: Scan<'a>, rest: Scan<'a>) -> Result<Rule, Mistake> {
    match rest.rest.trim() {
        "open" => Ok(Rule::Open),
        "close" => Ok(Rule::Close),
        "" => {
            let problem = "expected open, close or a message, as in on text ping";
            Err(scan.mistake(Problem::Missing(problem)))
        }
        _ => expect::trigger(lines, rest).map(Rule::Message),
    }
}

fn every(scan: Scan<'_>) -> Result<Rule, Mistake> {
    let period = scan.trim().span()?;
    if period.is_zero() {
        return Err(scan.mistake(Problem::Missing("the time must be longer than 0")));
    }
    Ok(Rule::Every(period))
}

fn otherwise(scan: Scan<'_>) -> Result<Otherwise, Mistake> {
    let (word, rest) = scan.word();
    let otherwise = match word {
        "echo" => Otherwise::Echo,
        "ignore" => Otherwise::Ignore,
        "close" => {
            let (code, after) = rest.word();
            after.nothing("only a close code may follow")?;
            let parsed = crate::command::grammar::close_code(code);
            let code = parsed.map_err(|error| rest.command_mistake(&error))?;
            return Ok(Otherwise::Close(code));
        }
        _ => {
            let problem = "expected echo, ignore or close CODE";
            let place = if scan.is_empty() {
                scan.with(scan.source.line)
            } else {
                scan
            };
            return Err(place.mistake(Problem::Missing(problem)));
        }
    };
    rest.nothing("nothing may follow")?;
    Ok(otherwise)
}

/// After `to`; the rest is what is sent.
pub(super) fn target(scan: Scan<'_>) -> Result<(Target, Scan<'_>), Mistake> {
    let (word, rest) = scan.word();
    let target = match word {
        "" | ">" | ">b" => {
            let problem = "expected all, others, a path or a room after to";
            return Err(scan.mistake(Problem::Missing(problem)));
        }
        "all" => Target::All,
        "others" => Target::Others,
        path if path.starts_with(PATH) => Target::Path(scan.with(path).template()?),
        _ => Target::Room(scan.with(word).template()?),
    };
    Ok((target, rest))
}

/// After `join` and `leave`.
pub(super) fn room(scan: Scan<'_>) -> Result<Template, Mistake> {
    let (word, rest) = scan.word();
    if word.is_empty() {
        let problem = Problem::Missing("expected the name of a room");
        return Err(rest.mistake(problem));
    }
    if word.starts_with(PATH) || matches!(word, "all" | "others") {
        let problem = "a room has another name than all and others, and does not begin with /";
        return Err(scan.with(word).mistake(Problem::Missing(problem)));
    }
    rest.nothing("the name of a room has no blanks")?;
    scan.with(word).template()
}
