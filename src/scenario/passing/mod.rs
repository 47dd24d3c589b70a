//! Rules for messages that pass (`wsee proxy --rules`): which, from whom, and what becomes of them.

mod format;

use std::time::Duration;

use super::ast::Pattern;
use super::error::{Mistake, Problem, Source};
use super::parse::{self, Lines};
use super::rule::Trigger;
use super::scan::{Scan, starts_with_word};
use super::template::Template;
use crate::command::{grammar, nearest};
use crate::event::Side;
use crate::proto::frame::CloseCode;
pub use format::format;

/// A rule: the first whose pattern matches decides about a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PassRule {
    /// Where it is written, for people.
    pub place: String,
    /// Where the message comes from; `None` for both ends.
    pub side: Option<Side>,
    pub pattern: Pattern,
    pub steps: Vec<PassStep>,
}

/// What becomes of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PassStep {
    Delay(Duration),
    Drop,
    /// By a text.
    Replace(Template),
    /// By the first output of this jq filter.
    Set(Template),
    Duplicate,
    Corrupt,
    Close(CloseCode),
    Reset,
}

/// First words of steps.
const STEPS: [&str; 8] = [
    "delay",
    "drop",
    "replace",
    "set",
    "duplicate",
    "corrupt",
    "close",
    "reset",
];

/// A line of a file of rules, or several that are one text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PassLine {
    Blank,
    /// Without its `#`.
    Comment(String),
    Rule {
        side: Option<Side>,
        pattern: Pattern,
    },
    Step(PassStep),
}

/// The lines of `text`, or all mistakes in it.
pub fn lines(text: &str) -> Result<Vec<PassLine>, Vec<Mistake>> {
    let lines = placed(text)?.into_iter();
    Ok(lines.map(|(line, _)| line).collect())
}

/// The rules in `text`, or all mistakes in it.
pub fn passing(text: &str) -> Result<Vec<PassRule>, Vec<Mistake>> {
    let mut rules: Vec<PassRule> = Vec::new();
    for (line, scan) in placed(text)? {
        match line {
            PassLine::Blank | PassLine::Comment(_) => {}
            PassLine::Rule { side, pattern } => rules.push(PassRule {
                place: format!("line {}", scan.source.number),
                side,
                pattern,
                steps: Vec::new(),
            }),
            PassLine::Step(step) => {
                if let Some(rule) = rules.last_mut() {
                    rule.steps.push(step);
                }
            }
        }
    }
    Ok(rules)
}

/// A line together with its place.
type Placed<'a> = (PassLine, Scan<'a>);

fn placed(text: &str) -> Result<Vec<Placed<'_>>, Vec<Mistake>> {
    let mut lines = Lines::new(text);
    let (mut read, mut mistakes) = (Vec::new(), Vec::new());
    let mut has_rule = false;
    while let Some(source) = lines.next_line() {
        let scan = Scan::new(source, source.line.trim_start());
        let line = line(&mut lines, scan, has_rule);
        // Steps below a rule with a mistake have none of their own.
        has_rule |= starts_with_word(source.line, "on");
        match line {
            Ok(line) => read.push((line, scan)),
            Err(mistake) => mistakes.push(mistake),
        }
    }
    if mistakes.is_empty() {
        mistakes.extend(idle(&read));
    }
    if mistakes.is_empty() {
        Ok(read)
    } else {
        Err(mistakes)
    }
}

/// A pattern on its own, as a rule has it after its end.
pub fn pattern(text: &str) -> Result<Pattern, Mistake> {
    let source = Source {
        number: 1,
        line: text,
    };
    pattern_of(&mut Lines::new(""), Scan::new(source, text))
}

/// The rules of `--on`, `PATTERN=STEP` each.
///
/// The pattern is complete at the first `=` before which it is valid, and after which a step is.
pub fn passing_on(values: &[String]) -> Result<Vec<PassRule>, Vec<Mistake>> {
    let (mut rules, mut mistakes) = (Vec::new(), Vec::new());
    for (number, value) in (1..).zip(values) {
        match on(value) {
            Ok(rule) => rules.push(rule),
            Err(mistake) => mistakes.push(Mistake {
                file: Some("--on".into()),
                line: number,
                ..mistake
            }),
        }
    }
    if mistakes.is_empty() {
        Ok(rules)
    } else {
        Err(mistakes)
    }
}

fn on(value: &str) -> Result<PassRule, Mistake> {
    let source = Source {
        number: 1,
        line: value,
    };
    let scan = Scan::new(source, value);
    let mut first = None;
    for (at, _) in value.match_indices('=') {
        let parsed = trigger(&mut Lines::new(""), scan.with(value[..at].trim_end()));
        let whole = parsed.and_then(|(side, pattern)| {
            let rest = scan.with(value[at + 1..].trim());
            Ok((side, pattern, step(&mut Lines::new(""), rest)?))
        });
        match whole {
            Ok((side, pattern, step)) => {
                return Ok(PassRule {
                    place: "--on".to_owned(),
                    side,
                    pattern,
                    steps: vec![step],
                });
            }
            Err(mistake) => {
                first.get_or_insert(mistake);
            }
        }
    }
    let problem = "no '=' between the pattern and what to do; write 'client text ping=drop'";
    Err(first.unwrap_or_else(|| scan.mistake(Problem::Missing(problem))))
}

/// A rule without steps is a mistake.
fn idle(lines: &[Placed<'_>]) -> Option<Mistake> {
    let mut lines = lines
        .iter()
        .filter(|(line, _)| matches!(line, PassLine::Rule { .. } | PassLine::Step(_)))
        .peekable();
    while let Some((line, scan)) = lines.next() {
        let is_rule = matches!(line, PassLine::Rule { .. });
        let has_step = matches!(lines.peek(), Some((PassLine::Step(_), _)));
        if is_rule && !has_step {
            let problem = "the rule does nothing; write what to do indented below it, such as drop";
            let scan = scan.with(scan.rest.trim_end());
            return Some(scan.mistake(Problem::Missing(problem)));
        }
    }
    None
}

fn line<'a>(lines: &mut Lines<'a>, scan: Scan<'a>, has_rule: bool) -> Result<PassLine, Mistake> {
    let is_indented = scan.source.line.starts_with([' ', '\t']);
    let scan = scan.with(scan.rest.trim_end());
    if scan.rest.is_empty() {
        return Ok(PassLine::Blank);
    }
    if let Some(comment) = scan.rest.strip_prefix('#') {
        return Ok(PassLine::Comment(comment.trim().to_owned()));
    }
    if starts_with_word(scan.rest, "on") {
        if is_indented {
            return Err(scan.mistake(Problem::RuleIndented));
        }
        let (side, pattern) = trigger(lines, scan.word().1)?;
        return Ok(PassLine::Rule { side, pattern });
    }
    if !has_rule {
        let problem = "a rule begins with on, as in on client text ping";
        return Err(scan.mistake(Problem::Missing(problem)));
    }
    if !is_indented {
        return Err(scan.mistake(Problem::NotIndented));
    }
    Ok(PassLine::Step(step(lines, scan)?))
}

/// After `on`: perhaps an end, and a pattern.
fn trigger<'a>(lines: &mut Lines<'a>, scan: Scan<'a>) -> Result<(Option<Side>, Pattern), Mistake> {
    let scan = scan.trim();
    let (word, rest) = scan.word();
    let sides = [Side::Client, Side::Server];
    let side = sides.into_iter().find(|side| side.name() == word);
    let what = if side.is_some() { rest } else { scan };
    let pattern = pattern_of(lines, what).map_err(|mistake| {
        let meant = nearest(word, sides.into_iter().map(Side::name));
        match (&mistake.problem, side, meant) {
            (Problem::MissingKind { .. }, None, Some(meant)) => {
                let (word, hint) = (word.to_owned(), format!("did you mean {meant}?"));
                scan.mistake_at(0, word.len(), Problem::UnknownWord { word, hint })
            }
            _ => mistake,
        }
    })?;
    Ok((side, pattern))
}

fn pattern_of<'a>(lines: &mut Lines<'a>, what: Scan<'a>) -> Result<Pattern, Mistake> {
    let Trigger { pattern, captures } = parse::trigger_of(lines, what)?;
    if !captures.is_empty() {
        let problem = "a rule for what passes captures nothing";
        return Err(what.mistake(Problem::Missing(problem)));
    }
    if matches!(pattern, Pattern::OnTop(_) | Pattern::Event(_)) {
        let problem = "wsee proxy speaks no protocol on top; write text, json, re, jq, hex or any";
        return Err(what.mistake(Problem::Missing(problem)));
    }
    Ok(pattern)
}

fn step<'a>(lines: &mut Lines<'a>, scan: Scan<'a>) -> Result<PassStep, Mistake> {
    let (word, rest) = scan.word();
    let alone = |step| {
        rest.nothing("nothing may follow")?;
        Ok(step)
    };
    match word {
        "delay" => Ok(PassStep::Delay(rest.trim().span()?)),
        "drop" => alone(PassStep::Drop),
        "duplicate" => alone(PassStep::Duplicate),
        "corrupt" => alone(PassStep::Corrupt),
        "reset" => alone(PassStep::Reset),
        "replace" => match lines.block(rest)? {
            Some((text, after)) => {
                after.nothing("nothing may follow the text")?;
                Ok(PassStep::Replace(rest.template_of(&text)?))
            }
            None => Ok(PassStep::Replace(rest.template()?)),
        },
        "set" if rest.is_empty() => {
            let problem = "expected a jq filter, as in set .token = \"x\"";
            Err(scan.mistake(Problem::Missing(problem)))
        }
        "set" => Ok(PassStep::Set(rest.jq(rest.rest)?)),
        "close" => {
            let (code, after) = rest.word();
            after.nothing("only a close code may follow")?;
            let code = grammar::close_code(code);
            let code = code.map_err(|error| rest.command_mistake(&error))?;
            Ok(PassStep::Close(CloseCode(code)))
        }
        _ => {
            let hint = match nearest(word, STEPS.into_iter()) {
                Some(nearest) => format!("did you mean {nearest}?"),
                None => format!("what becomes of a message is one of {}", STEPS.join(", ")),
            };
            let word = word.to_owned();
            Err(scan.mistake_at(0, word.len(), Problem::UnknownWord { word, hint }))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mistake(text: &str) -> String {
        let mistakes = passing(text).expect_err(text);
        mistakes.iter().map(|it| it.report("r")).collect()
    }

    #[test]
    fn rules_have_an_end_a_pattern_and_steps() {
        let text = "# comment\non client json {\"op\":\"buy\"}\n  delay 2s\n\non server re \"token\"\n  set .token = \"x\"\n\
                    \ton any\n";
        assert!(mistake(text).contains("r:7:2: "), "{}", mistake(text));
        let text = text.replace('\t', "") + "  duplicate\n  close 1011\n";
        let rules = passing(&text).expect("rules");
        let sides: Vec<_> = rules.iter().map(|rule| rule.side).collect();
        assert_eq!(sides, [Some(Side::Client), Some(Side::Server), None]);
        assert_eq!(rules[0].steps, [PassStep::Delay(Duration::from_secs(2))]);
        assert_eq!(
            rules[2].steps,
            [PassStep::Duplicate, PassStep::Close(CloseCode(1011))]
        );
        assert_eq!(rules[1].place, "line 5");
    }

    #[test]
    fn mistakes_have_their_place_and_what_to_write() {
        for (text, report) in [
            ("drop\n", "r:1:1: a rule begins with on"),
            ("on text a\ndrop\n", "r:2:1: "),
            (
                "on text a\n  drpo\n",
                "r:2:3: unknown word \"drpo\"; did you mean drop?",
            ),
            ("on text a\n  drop now\n", "r:2:8: unexpected \"now\""),
            ("on text a\n  set .a =\n", "r:2:"),
            ("on text a\n  delay soon\n", "r:2:9: \"soon\" is not a time"),
            ("on client\n  drop\n", "r:1:"),
            (
                "on as {}\n  drop\n",
                "r:1:4: wsee proxy speaks no protocol on top",
            ),
            ("on text a\n", "r:1:1: the rule does nothing"),
            ("on text a\n  close 99\n", "r:2:"),
        ] {
            assert!(
                mistake(text).starts_with(report),
                "{text:?}: {}",
                mistake(text)
            );
        }
    }

    #[test]
    fn an_end_that_is_mistyped_is_one_mistake_whatever_is_below_it() {
        let report = mistake("on clint text a\n  drop\n");
        let said = "r:1:4: unknown word \"clint\"; did you mean client?\n";
        assert!(report.starts_with(said), "{report}");
        assert_eq!(report.matches("r:").count(), 1, "{report}");
    }

    #[test]
    fn a_rule_on_the_command_line_is_a_pattern_and_a_step() {
        let rules = passing_on(&[
            "client text a=b=drop".to_owned(),
            "any=set .a = 1".to_owned(),
        ]);
        let rules = rules.expect("rules");
        assert_eq!(rules[0].pattern, Pattern::Text(Template::literal("a=b")));
        assert_eq!(rules[0].steps, [PassStep::Drop]);
        assert!(matches!(&rules[1].steps[..], [PassStep::Set(_)]));
        for value in ["text a", "text a=nothing", "=drop"] {
            passing_on(&[value.to_owned()]).expect_err(value);
        }
    }
}
