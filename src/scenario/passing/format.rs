//! Writes rules for what passes in their canonical form.

use super::{PassLine, PassStep};
use crate::duration::typed;
use crate::scenario::ast::{Match, Pattern};
use crate::scenario::format::{write_block, write_comment, write_pattern};
use crate::scenario::template::Template;

/// Before what becomes of a message.
const INDENT: &str = "  ";

/// Text that is read as the same rules, with single blank lines where there were some.
pub fn format(lines: &[PassLine]) -> String {
    let mut out = String::new();
    let mut is_apart = false;
    for (at, line) in lines.iter().enumerate() {
        if *line == PassLine::Blank {
            is_apart = !out.is_empty();
            continue;
        }
        if std::mem::take(&mut is_apart) {
            out.push('\n');
        }
        if belongs_to_rule(&lines[at..]) {
            out.push_str(INDENT);
        }
        match line {
            PassLine::Blank => {}
            PassLine::Comment(text) => write_comment(&mut out, text),
            PassLine::Rule { side, pattern } => {
                out.push_str("on ");
                if let Some(side) = side {
                    out.push_str(side.name());
                    out.push(' ');
                }
                write(&mut out, pattern);
            }
            PassLine::Step(step) => write_step(&mut out, step),
        }
        out.push('\n');
    }
    out
}

fn write(out: &mut String, pattern: &Pattern) {
    write_pattern(out, pattern, &[], Match::Eventually);
}

/// Whether the first line is below a rule; a comment is where the line after it is.
fn belongs_to_rule(lines: &[PassLine]) -> bool {
    let next = lines
        .iter()
        .find(|line| !matches!(line, PassLine::Comment(_)));
    matches!(next, Some(PassLine::Step(_)))
}

fn write_step(out: &mut String, step: &PassStep) {
    match step {
        PassStep::Delay(time) => {
            out.push_str("delay ");
            out.push_str(&typed(*time));
        }
        PassStep::Drop => out.push_str("drop"),
        PassStep::Replace(text) => write_text(out, text),
        PassStep::Set(filter) => {
            out.push_str("set ");
            out.push_str(&filter.to_string());
        }
        PassStep::Duplicate => out.push_str("duplicate"),
        PassStep::Corrupt => out.push_str("corrupt"),
        PassStep::Close(code) => {
            out.push_str("close ");
            out.push_str(&code.0.to_string());
        }
        PassStep::Reset => out.push_str("reset"),
    }
}

fn write_text(out: &mut String, text: &Template) {
    let text = text.to_string();
    out.push_str("replace ");
    if text.contains('\n') || text.starts_with("\"\"\"") {
        write_block(out, &text);
    } else {
        out.push_str(&text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::passing::{lines, passing};

    #[test]
    fn rules_keep_their_meaning_and_lose_their_disorder() {
        let text = "\n\n#  first\non   client   json   {\"op\":\"buy\"}\n\t delay  2000ms\n      # and then\n     set   .a=1\n\n\n\non any\n \
                    replace \"\"\"\na\nb\n\"\"\"\n  close   1011\n# last\n\n";
        let expected = "# first\non client json {\"op\":\"buy\"}\n  delay 2s\n  # and then\n  set .a=1\n\non any\n  \
                        replace \"\"\"\na\nb\n\"\"\"\n  close 1011\n# last\n";
        let formatted = format(&lines(text).expect("rules"));
        assert_eq!(formatted, expected);
        assert_eq!(format(&lines(&formatted).expect("rules")), formatted);
        let steps = |text: &str| {
            let rules = passing(text).expect("rules");
            let rules = rules.into_iter();
            rules
                .map(|rule| (rule.side, rule.pattern, rule.steps))
                .collect::<Vec<_>>()
        };
        assert_eq!(steps(&formatted), steps(text));
    }
}
