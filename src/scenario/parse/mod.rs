mod action;
mod expect;
mod lines;
mod rule;
mod send;

use super::ast::{File, Line, Statement};
use super::error::{Mistake, Problem, Source};
use super::rule::{Rule, Trigger};
use super::scan::{Scan, starts_with_word};
use super::template::{Template, is_name};
use crate::ontop::{Name, RAW};
use action::action;
pub(super) use expect::{close_frame, trigger as trigger_of};
pub(super) use lines::Lines;

pub fn parse(text: &str) -> Result<File, Vec<Mistake>> {
    let (mut file, mut mistakes) = (File::default(), Vec::new());
    let mut parser = Parser {
        lines: Lines::new(text),
        place: Place::Elsewhere,
        is_apart: false,
        has_rules: false,
        spoken: Vec::new(),
    };
    while let Some(source) = parser.lines.next_line() {
        match parser.statement(source) {
            Ok(statement) => {
                parser.advance(&statement);
                file.lines.push(Line {
                    file: None,
                    number: source.number,
                    source: source.line.to_owned(),
                    statement,
                });
            }
            Err(mistake) => {
                let is_flag_or_field =
                    matches!(mistake.problem, Problem::FlagApart | Problem::FieldApart);
                if parser.is_apart && !is_flag_or_field {
                    parser.place = Place::Elsewhere;
                }
                mistakes.push(mistake);
            }
        }
    }
    if mistakes.is_empty() {
        Ok(file)
    } else {
        Err(mistakes)
    }
}

/// What a field or a flag on the next line belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Request,
    Response,
    /// Below `accept` or `reject`.
    Answer,
    /// Below any other rule.
    Steps,
    Elsewhere,
}

impl Place {
    fn after(self, statement: &Statement) -> Self {
        match statement {
            Statement::Connect { .. } => Self::Request,
            Statement::Status(_) => Self::Response,
            // A comment between two fields does not separate them.
            Statement::Comment(_)
            | Statement::Blank
            | Statement::Flag { .. }
            | Statement::RequestField { .. }
            | Statement::ResponseField { .. }
            | Statement::AnswerField { .. }
            | Statement::Body(_) => self,
            Statement::Rule(Rule::Accept(_) | Rule::Reject { .. }) => Self::Answer,
            Statement::Rule(_) => Self::Steps,
            Statement::Action { .. } if matches!(self, Self::Steps | Self::Answer) => self,
            Statement::Case(_) | Statement::Include(_) | Statement::Action { .. } => {
                Self::Elsewhere
            }
        }
    }
}

struct Parser<'a> {
    lines: Lines<'a>,
    place: Place,
    /// A blank line separates the next one from the place.
    is_apart: bool,
    /// A rule came before.
    has_rules: bool,
    /// The protocols on top of the case so far.
    spoken: Vec<Name>,
}

impl<'a> Parser<'a> {
    fn advance(&mut self, statement: &Statement) {
        self.has_rules |= matches!(statement, Statement::Rule(_));
        self.place = self.place.after(statement);
        match statement {
            Statement::Case(_) => self.spoken.clear(),
            Statement::Connect { on_top, .. } => {
                self.spoken.extend(on_top.as_deref().and_then(Name::find));
            }
            Statement::Flag { name, value } if name == "as" => {
                let name = value.as_ref().and_then(Template::as_literal);
                self.spoken.extend(name.and_then(Name::find));
            }
            _ => {}
        }
        self.is_apart = match statement {
            Statement::Blank => true,
            Statement::Comment(_) => self.is_apart,
            _ => false,
        };
    }

    fn statement(&mut self, source: Source<'a>) -> Result<Statement, Mistake> {
        // Trailing blanks are part of a message, but of nothing else.
        let scan = Scan::new(source, source.line.trim_start());
        let text = scan.rest.trim_end();
        if text.is_empty() {
            Ok(Statement::Blank)
        } else if let Some(name) = text.strip_prefix("###") {
            case(scan.with(name))
        } else if let Some(comment) = text.strip_prefix('#') {
            let comment = comment.strip_prefix(' ').unwrap_or(comment);
            Ok(Statement::Comment(comment.to_owned()))
        } else if rule::begins(text) || self.has_rules {
            self.of_rules(source, scan)
        } else if text.starts_with("--") {
            self.flag(scan.with(text))
        } else if let Some((name, value)) = field(text) {
            self.field(scan, name, value)
        } else if text.starts_with(|c: char| c.is_ascii_digit()) {
            status(scan.with(text))
        } else if starts_with_word(text, "connect") {
            connect(scan.with(text).word().1)
        } else if starts_with_word(text, "include") {
            include(scan.with(text).word().1)
        } else {
            action(&mut self.lines, scan, &self.spoken)
        }
    }

    /// A rule, or a line below one.
    fn of_rules(&mut self, source: Source<'a>, scan: Scan<'a>) -> Result<Statement, Mistake> {
        let is_indented = source.line.starts_with([' ', '\t']);
        let text = scan.rest.trim_end();
        if rule::begins(text) {
            if is_indented {
                return Err(scan.mistake(Problem::RuleIndented));
            }
            let rule = rule::rule(&mut self.lines, scan.with(text));
            // Its steps are no mistakes of their own.
            self.has_rules = true;
            return rule;
        }
        if starts_with_word(text, "include") && !is_indented {
            return include(scan.with(text).word().1);
        }
        if !is_indented {
            return Err(scan.mistake(Problem::NotIndented));
        }
        match self.place {
            Place::Answer if starts_with_word(text, "body") => {
                let body = scan.with(scan.rest.strip_prefix("body").unwrap_or_default());
                send::block_or_line(&mut self.lines, body).map(Statement::Body)
            }
            Place::Answer => match field(text) {
                Some((name, value)) => {
                    let name = name.to_owned();
                    let value = scan.with(value.trim()).template()?;
                    Ok(Statement::AnswerField { name, value })
                }
                None => Err(scan.mistake(Problem::NoAnswer)),
            },
            _ => action(&mut self.lines, scan, &[]),
        }
    }

    fn flag(&self, scan: Scan<'a>) -> Result<Statement, Mistake> {
        match self.place {
            Place::Request if self.is_apart => return Err(scan.mistake(Problem::FlagApart)),
            Place::Request => {}
            _ => return Err(scan.mistake(Problem::StrayFlag)),
        }
        let (word, value) = scan.word();
        let (word, value) = match word.split_once('=') {
            Some((name, _)) => (name, Some(value.with(&scan.rest[name.len() + 1..]))),
            None => (word, Some(value).filter(|value| !value.is_empty())),
        };
        let value = value.map(Scan::template).transpose()?;
        let name = word.trim_start_matches('-').to_owned();
        Ok(Statement::Flag { name, value })
    }

    fn field(&self, scan: Scan<'a>, name: &'a str, value: &'a str) -> Result<Statement, Mistake> {
        let template = || scan.with(value.trim()).template();
        let name = name.to_owned();
        match self.place {
            Place::Request if !self.is_apart => {
                template().map(|value| Statement::RequestField { name, value })
            }
            Place::Response if !self.is_apart => {
                template().map(|value| Statement::ResponseField { name, value })
            }
            _ if value.starts_with("//") => {
                let url = scan.rest.trim().to_owned();
                Err(scan.mistake(Problem::StrayUrl(url)))
            }
            Place::Elsewhere | Place::Answer | Place::Steps => {
                Err(scan.mistake(Problem::StrayField))
            }
            _ => Err(scan.mistake(Problem::FieldApart)),
        }
    }
}

pub(super) fn status(scan: Scan<'_>) -> Result<Statement, Mistake> {
    let (word, rest) = scan.word();
    rest.nothing("nothing may follow a status")?;
    match word.parse() {
        Ok(status @ 100..=599) if word.len() == 3 => Ok(Statement::Status(status)),
        _ => Err(scan.mistake(Problem::Status(word.to_owned()))),
    }
}

/// What follows `on`, where it is alone.
pub(super) fn trigger(scan: Scan<'_>) -> Result<Trigger, Mistake> {
    expect::trigger(&mut Lines::new(""), scan)
}

fn case(scan: Scan<'_>) -> Result<Statement, Mistake> {
    let name = scan.rest.trim();
    if name.is_empty() {
        let problem = "expected a name, as in ### NAME";
        return Err(scan.source.mistake(0, 3, Problem::Missing(problem)));
    }
    Ok(Statement::Case(name.to_owned()))
}

fn include(scan: Scan<'_>) -> Result<Statement, Mistake> {
    if scan.is_empty() {
        let problem = Problem::Missing("expected a file name, as in include login.wsee");
        return Err(scan.source.mistake(0, scan.source.line.len(), problem));
    }
    Ok(Statement::Include(scan.rest.to_owned()))
}

fn connect(scan: Scan<'_>) -> Result<Statement, Mistake> {
    let (first, after) = scan.word();
    let (name, url) = if is_name(first) && !after.is_empty() {
        (Some(first), after)
    } else {
        (None, scan)
    };
    let (on_top, url) = protocol(url)?;
    if url.is_empty() {
        let problem = Problem::Missing("expected a URL, as in connect ws://localhost:8080/");
        return Err(scan.source.mistake(0, scan.source.line.len(), problem));
    }
    if let Some(name) = name
        && action::WORDS.contains(&name)
    {
        let problem = Problem::ConnectionName(name.to_owned());
        return Err(scan.mistake_at(0, name.len(), problem));
    }
    let (_, more) = url.word();
    more.nothing("a URL has no blanks, and flags go on lines of their own")?;
    let (name, url) = (name.map(str::to_owned), url.template()?);
    Ok(Statement::Connect { name, on_top, url })
}

/// `--as NAME` in front of the URL.
fn protocol(scan: Scan<'_>) -> Result<(Option<String>, Scan<'_>), Mistake> {
    let (flag, after) = scan.word();
    let (name, after) = match flag.split_once('=') {
        Some(("--as", name)) => (name, after),
        _ if flag == "--as" => after.word(),
        _ => return Ok((None, scan)),
    };
    if name != RAW && Name::find(name).is_none() {
        let problem = Problem::Protocol(Name::known(), name.to_owned());
        return Err(scan.mistake(problem));
    }
    Ok((Some(name.to_owned()), after))
}

fn field(text: &str) -> Option<(&str, &str)> {
    let (name, value) = text.split_once(':')?;
    let is_token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
    (!name.is_empty() && name.chars().all(is_token)).then_some((name, value))
}
