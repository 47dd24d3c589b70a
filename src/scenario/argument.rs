//! Statements given as flags on the command line, such as `--expect-json VALUE`.

use std::rc::Rc;
use std::time::Duration;

use super::ast::{Action, Content, Expect, Line, Match, Pattern, Statement};
use super::error::{Mistake, Problem, Source};
use super::parse::{self, close_frame};
use super::rule::{Rule, Trigger};
use super::scan::{Scan, starts_with_word};
use super::template::Template;

/// Reads the value of a flag; columns of a mistake count from its start.
pub type Parse = fn(&str) -> Result<Statement, Mistake>;

/// Sends a text, or the content of the file whose path follows `@`.
pub fn send(value: &str) -> Result<Statement, Mistake> {
    let scan = scan(value);
    let content = match value.strip_prefix('@') {
        None => Content::Text(scan.template()?),
        Some(text) if text.starts_with('@') => Content::Text(scan.with(text).template()?),
        Some("") => {
            let problem = "expected a file name after @; to start a text with @, write @@";
            return Err(scan.mistake(Problem::Missing(problem)));
        }
        Some(path) => Content::File {
            path: Template::literal(path),
            binary: false,
        },
    };
    Ok(action(Action::Send(content)))
}

pub fn send_hex(digits: &str) -> Result<Statement, Mistake> {
    let bytes = scan(digits).bytes()?;
    Ok(action(Action::Send(Content::Binary(bytes))))
}

pub fn ping(payload: &str) -> Result<Statement, Mistake> {
    let payload = scan(payload).template()?;
    let within = None;
    Ok(action(Action::Ping { payload, within }))
}

pub fn text(operand: &str) -> Result<Pattern, Mistake> {
    scan(operand).template().map(Pattern::Text)
}

pub fn json(operand: &str) -> Result<Pattern, Mistake> {
    scan(operand).json(operand).map(Pattern::Json)
}

pub fn re(operand: &str) -> Result<Pattern, Mistake> {
    scan(operand).regex(operand).map(Pattern::Re)
}

pub fn jq(operand: &str) -> Result<Pattern, Mistake> {
    scan(operand).jq(operand).map(Pattern::Jq)
}

pub fn hex(digits: &str) -> Result<Pattern, Mistake> {
    scan(digits).bytes().map(Pattern::Hex)
}

pub fn expect(matching: Match, pattern: Result<Pattern, Mistake>) -> Result<Statement, Mistake> {
    let pattern = pattern?;
    Ok(expectation(matching, pattern, None))
}

pub fn expect_none(time: &str) -> Result<Statement, Mistake> {
    let time = scan(time).span()?;
    Ok(expectation(Match::Never, Pattern::Any, Some(time)))
}

/// `PATTERN=REPLY`: what a message looks like, and the text that answers it.
///
/// The pattern is complete at the first `=` before which it is valid; `==` and the like belong to a filter.
pub fn rule(value: &str) -> Result<(Trigger, Template), Mistake> {
    let is_end = |(at, _): &(usize, &str)| {
        let (before, after) = (&value[..*at], &value[at + 1..]);
        let is_filter = starts_with_word(value, "jq");
        !(is_filter && (after.starts_with('=') || before.ends_with(OPERATOR_STARTS)))
    };
    let mut ends = value.match_indices('=').filter(is_end);
    let mut first = None;
    let found = ends.find_map(|(at, _)| {
        let trigger = parse::trigger(scan(value).with(&value[..at]));
        trigger
            .map_err(|mistake| first.get_or_insert(mistake).line)
            .ok()
            .map(|it| (it, at))
    });
    match (found, first) {
        (Some((trigger, at)), _) => {
            let reply = scan(value).with(&value[at + 1..]).template()?;
            Ok((trigger, reply))
        }
        (None, Some(mistake)) => Err(Mistake {
            problem: mistake.problem.after(""),
            ..mistake
        }),
        (None, None) => {
            parse::trigger(scan(value))?;
            let problem = "no '=' after the pattern; write 'text ping=pong'";
            Err(scan(value).mistake(Problem::Missing(problem)))
        }
    }
}

/// In place of a file, where the rules of `--on` are.
pub const ON: &str = "--on";

/// The rules of `--on`, as lines of a file.
pub fn rules(values: &[String]) -> Result<Vec<Line>, Vec<Mistake>> {
    let file: Rc<str> = ON.into();
    let (mut lines, mut mistakes) = (Vec::new(), Vec::new());
    for (number, value) in (1..).zip(values) {
        match rule(value) {
            Ok((trigger, reply)) => {
                let action = Action::Send(Content::Text(reply));
                let statements = [
                    Statement::Rule(Rule::Message(trigger)),
                    Statement::Action { on: None, action },
                ];
                lines.extend(statements.map(|statement| Line {
                    file: Some(Rc::clone(&file)),
                    number,
                    source: value.clone(),
                    statement,
                }));
            }
            Err(mistake) => mistakes.push(Mistake {
                file: Some(Rc::clone(&file)),
                line: number,
                ..mistake
            }),
        }
    }
    if mistakes.is_empty() {
        Ok(lines)
    } else {
        Err(mistakes)
    }
}

/// What comes before the `=` of jq's operators: `!=`, `|=`, `+=` and so on; `==` has it twice.
const OPERATOR_STARTS: &[char] = &['=', '!', '<', '>', '|', '+', '-', '*', '/', '%'];

/// Codes with commas between them.
pub fn expect_close(codes: &str) -> Result<Statement, Mistake> {
    let close = close_frame(scan(codes))?;
    Ok(action(Action::ExpectClose(close)))
}

pub fn expect_status(status: &str) -> Result<Statement, Mistake> {
    parse::status(scan(status))
}

pub fn expect_subprotocol(name: &str) -> Result<Statement, Mistake> {
    answer("Sec-WebSocket-Protocol", scan(name))
}

/// `NAME: VALUE`.
pub fn expect_header(field: &str) -> Result<Statement, Mistake> {
    let scan = scan(field);
    let Some((name, value)) = field.split_once(':') else {
        let problem = "no ':' in the field; write 'Name: value'";
        return Err(scan.mistake(Problem::Missing(problem)));
    };
    answer(name.trim(), scan.with(value.trim()))
}

fn answer(name: &str, value: Scan<'_>) -> Result<Statement, Mistake> {
    Ok(Statement::ResponseField {
        name: name.to_owned(),
        value: value.template()?,
    })
}

fn expectation(matching: Match, pattern: Pattern, within: Option<Duration>) -> Statement {
    action(Action::Expect(Expect {
        matching,
        pattern,
        within,
        captures: Vec::new(),
    }))
}

fn action(action: Action) -> Statement {
    Statement::Action { on: None, action }
}

fn scan(text: &str) -> Scan<'_> {
    let source = Source {
        number: 1,
        line: text,
    };
    Scan::new(source, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_from_the_value() {
        for (parse, value, column) in [
            (expect_json as Parse, "{\"a\":}", 6),
            (expect_jq, ".a | nosuch", 6),
            (send, "a{{", 2),
            (send, "@@{{", 3),
            (send_hex, "00 0g", 5),
            (expect_close, "1000,x", 6),
        ] {
            assert_eq!(parse(value).expect_err(value).column, column, "{value}");
        }
    }

    #[test]
    fn a_rule_is_split_after_a_complete_pattern() {
        for (value, line, reply) in [
            ("text ping=pong", "on text ping", "pong"),
            ("text a=b=c", "on text a", "b=c"),
            ("any=", "on any", ""),
            (
                "json {\"a\":\"b=c\"}={\"d\":\"=\"}",
                "on json {\"a\":\"b=c\"}",
                "{\"d\":\"=\"}",
            ),
            ("re \"a=b\"=x", "on re \"a=b\"", "x"),
            ("jq .a == 1=x", "on jq .a == 1", "x"),
            (
                "json {} capture id = .id={{id}}",
                "on json {} capture id = .id",
                "{{id}}",
            ),
        ] {
            let (trigger, template) = rule(value).expect(value);
            let file = parse::parse(line).expect(line);
            let wanted = Statement::Rule(super::super::rule::Rule::Message(trigger));
            assert_eq!(file.lines[0].statement, wanted, "{value}");
            assert_eq!(template.to_string(), reply, "{value}");
        }
        for (value, column, problem) in [
            ("ping=pong", 1, "write: text ping"),
            ("text ping", 1, "no '=' after the pattern"),
            ("json {\"a\"=x", 9, "not JSON"),
            ("text a={{b", 8, "missing }}"),
        ] {
            let mistake = rule(value).expect_err(value);
            assert_eq!(mistake.column, column, "{value}");
            assert!(
                mistake.problem.to_string().contains(problem),
                "{value}: {}",
                mistake.problem
            );
        }
    }

    fn expect_json(value: &str) -> Result<Statement, Mistake> {
        expect(Match::Next, json(value))
    }

    fn expect_jq(value: &str) -> Result<Statement, Mistake> {
        expect(Match::Next, jq(value))
    }

    #[test]
    fn a_value_says_what_the_same_line_of_a_scenario_says() {
        for (statement, line) in [
            (send("a {{b}}"), "> a {{b}}"),
            (send("@@a"), "> @@a"),
            (send("@a b"), "> @a b"),
            (send_hex("00ff"), ">b 00 ff"),
            (send_hex(""), ">b"),
            (ping("x"), "ping x"),
            (
                expect(Match::Next, text("within 2s")),
                "<! text \"within 2s\"",
            ),
            (expect_none("1s"), "!< any for 1s"),
            (expect_close("4001,4002"), "< close 4001,4002"),
            (expect_close(""), "< close"),
        ] {
            let file = parse::parse(line).expect(line);
            assert_eq!(statement.as_ref(), Ok(&file.lines[0].statement), "{line}");
        }
    }
}
