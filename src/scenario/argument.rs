//! Parts of the language that stand alone, as flags of the command line give them.

use super::ast::{Action, Content, ExpectClose, Pattern, Statement, Step};
use super::error::{Mistake, Source};
use super::parse::{parse, step};
use super::scan::Scan;
use super::template::Template;
use crate::command::Outgoing;

fn scan(text: &str) -> Scan<'_> {
    let source = Source {
        number: 1,
        line: text,
    };
    Scan::new(source, text)
}

/// A text with variables.
pub fn text(text: &str) -> Result<Template, Mistake> {
    scan(text).template()
}

/// The pattern of an expectation; `kind` is the word of the language.
pub fn pattern(kind: &str, operand: &str) -> Result<Pattern, Mistake> {
    let scan = scan(operand);
    Ok(match kind {
        "json" => Pattern::Json(scan.json(operand)?),
        "re" => Pattern::Re(scan.regex(operand)?),
        "jq" => Pattern::Jq(scan.jq(operand)?),
        "hex" => Pattern::Hex(bytes(operand)?),
        "text" => Pattern::Text(scan.template()?),
        _ => Pattern::Any,
    })
}

/// Bytes in hexadecimal.
pub fn bytes(text: &str) -> Result<Vec<u8>, Mistake> {
    match shifted(">b ", text)? {
        Some(Action::Send(Content::Binary(bytes))) => Ok(bytes),
        _ => Ok(Vec::new()),
    }
}

/// What a command of the prompt sends, such as `frame`.
pub fn command(name: &str, args: &str) -> Result<Outgoing, Mistake> {
    let scan = scan(args);
    step::outgoing(name, scan, scan)
}

/// Codes of a Close frame, with commas between them.
pub fn close(codes: &str) -> Result<ExpectClose, Mistake> {
    match shifted("< close ", codes)? {
        Some(Action::ExpectClose(close)) => Ok(close),
        _ => Ok(ExpectClose::default()),
    }
}

/// What `text` means behind `start`; the columns of a mistake count from the text.
fn shifted(start: &str, text: &str) -> Result<Option<Action>, Mistake> {
    let line = format!("{start}{}", text.replace(['\n', '\r'], " "));
    let file = parse(&line).map_err(|mistakes| {
        let mut mistake = mistakes.into_iter().next().unwrap_or_else(|| {
            let problem = super::Problem::Missing("a value belongs here");
            scan(text).mistake(problem)
        });
        mistake.column = mistake.column.saturating_sub(start.len()).max(1);
        text.clone_into(&mut mistake.source);
        mistake
    })?;
    let first = file.lines.into_iter().next().map(|line| line.statement);
    Ok(match first {
        Some(Statement::Step(Step { action, .. })) => Some(action),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_from_the_value() {
        let column = |result: Result<Pattern, Mistake>| result.expect_err("a mistake").column;
        assert_eq!(column(pattern("json", "{\"a\":}")), 6);
        assert_eq!(column(pattern("jq", ".a | nosuch")), 6);
        assert_eq!(column(pattern("text", "a{{")), 2);
        assert_eq!(column(pattern("hex", "00 0g")), 5);
        assert_eq!(close("1000,x").expect_err("a mistake").column, 6);
    }

    #[test]
    fn values_are_what_they_are_in_a_scenario() {
        assert_eq!(bytes("00ff"), Ok(vec![0, 255]));
        assert_eq!(bytes(""), Ok(Vec::new()));
        assert_eq!(close("4001,4002").unwrap().codes, [4001, 4002]);
        assert_eq!(close("").unwrap(), ExpectClose::default());
        assert_eq!(
            pattern("text", "within 2s"),
            Ok(Pattern::Text(Template::literal("within 2s")))
        );
    }
}
