//! A file of rules as a server plays it, and a script: checked, sorted, and with their files read.

use std::collections::HashSet;
use std::path::Path;
use std::time::Duration;

use super::argument;
use super::ast::{Action, Capture, Content, Expect, File, Line, Pattern, Statement};
use super::error::{Mistake, Problem};
use super::include;
use super::known::{self, Known};
use super::parse;
use super::rule::{Condition, Otherwise, Rule, Trigger};
use super::template::Template;
use crate::fault::Growth;
use crate::text;

/// What a server does by its rules, in the order of the file.
#[derive(Debug, Default)]
pub struct Rules {
    pub doors: Vec<Door>,
    pub open: Vec<RuleStep>,
    pub close: Vec<RuleStep>,
    pub every: Vec<(Duration, Vec<RuleStep>)>,
    pub messages: Vec<(Trigger, Vec<RuleStep>)>,
    /// `None` if the file does not say.
    pub otherwise: Option<Otherwise>,
}

/// The faults that steps add to their connection.
pub fn growth<'s>(steps: impl IntoIterator<Item = &'s RuleStep>) -> Growth {
    Growth::of(steps.into_iter().filter_map(|step| match &step.action {
        Action::Fault(fault) => Some(&fault.kind),
        _ => None,
    }))
}

impl Rules {
    /// The faults that rules add to their connection.
    pub fn growth(&self) -> Growth {
        let every = self.every.iter().flat_map(|(_, steps)| steps);
        let messages = self.messages.iter().flat_map(|(_, steps)| steps);
        growth(self.open.iter().chain(every).chain(messages))
    }

    /// How many rules there are.
    pub fn count(&self) -> usize {
        let moments = [&self.open, &self.close];
        let moments = moments.iter().filter(|steps| !steps.is_empty()).count();
        let others = self.doors.len() + self.every.len() + self.messages.len();
        moments + others + usize::from(self.otherwise.is_some())
    }
}

/// `accept` or `reject`.
#[derive(Debug)]
pub struct Door {
    /// The status of a refusal; `None` to accept.
    pub refusal: Option<u16>,
    pub conditions: Vec<Condition>,
    pub fields: Vec<(String, Template)>,
    pub body: Option<Template>,
}

#[derive(Debug)]
pub struct RuleStep {
    /// The number of its line, with the file if it is an included one.
    pub place: String,
    pub action: Action,
}

/// Variables that every client has: its number, and the path that it asked for.
pub const OF_CLIENT: [&str; 2] = ["client", "path"];

/// Why a file cannot be played.
#[derive(Debug)]
pub enum LoadError {
    /// Without the name of the file.
    Read(String),
    Mistakes(Vec<Mistake>),
}

impl From<Vec<Mistake>> for LoadError {
    fn from(mistakes: Vec<Mistake>) -> Self {
        Self::Mistakes(mistakes)
    }
}

/// Reads a file of rules, with what it includes and sends; the rules in `first` come before it.
pub fn load(path: Option<&Path>, first: Vec<Line>, known: &Known) -> Result<Rules, LoadError> {
    let mut file = File { lines: first };
    if let Some(path) = path {
        file.lines.extend(read(path)?.lines);
    }
    let folder = path.map_or(Path::new(""), folder);
    Ok(rules(file, folder, known)?)
}

/// Reads a script: the steps of one client, without `connect`.
pub fn load_script(path: &Path, known: &Known) -> Result<Vec<RuleStep>, LoadError> {
    Ok(script(read(path)?, folder(path), known)?)
}

fn read(path: &Path) -> Result<File, LoadError> {
    let text = include::read(path).map_err(LoadError::Read)?;
    Ok(include::expand(parse(&text)?, path)?)
}

fn folder(path: &Path) -> &Path {
    path.parent().unwrap_or(Path::new(""))
}

/// The rules of a file, or all mistakes in it; files to send are relative to `folder`.
pub fn rules(file: File, folder: &Path, known: &Known) -> Result<Rules, Vec<Mistake>> {
    let mut builder = Builder {
        folder,
        known,
        values: values(&file),
        rules: Rules::default(),
        current: None,
        without_steps: None,
        final_lines: FinalLines::default(),
        mistakes: Vec::new(),
    };
    for line in file.lines {
        builder.line(&line);
    }
    builder.steps_are_over();
    if builder.mistakes.is_empty() {
        Ok(builder.rules)
    } else {
        Err(builder.mistakes)
    }
}

/// The steps of a script, or all mistakes in it.
pub fn script(file: File, folder: &Path, known: &Known) -> Result<Vec<RuleStep>, Vec<Mistake>> {
    let values = values(&file);
    let (mut steps, mut mistakes) = (Vec::new(), Vec::new());
    for line in file.lines {
        let action = match &line.statement {
            Statement::Blank | Statement::Comment(_) | Statement::Include(_) => continue,
            Statement::Action { on: None, action } if !is_of_protocol(action) => action.clone(),
            Statement::Action { on: None, .. } => {
                mistakes.push(line.mistake(Problem::NotInRules(NO_PROTOCOL)));
                continue;
            }
            _ => {
                let problem = "a script has steps only, without connect, cases and rules";
                mistakes.push(line.mistake(Problem::NotInRules(problem)));
                continue;
            }
        };
        let missing = known::missing(&line.statement, known, &values);
        mistakes.extend(missing.into_iter().map(|it| line.without_value(it)));
        match with_file(action, folder) {
            Ok(action) => steps.push(step(&line, action)),
            Err(problem) => mistakes.push(line.mistake(problem)),
        }
    }
    if mistakes.is_empty() {
        Ok(steps)
    } else {
        Err(mistakes)
    }
}

/// The variables to which a line of the file gives a value, and those of every client.
fn values(file: &File) -> HashSet<String> {
    let mut values: HashSet<String> = OF_CLIENT.map(str::to_owned).into();
    for line in &file.lines {
        let captures: &[Capture] = match &line.statement {
            Statement::Rule(Rule::Message(trigger)) => &trigger.captures,
            Statement::Action { action, .. } => match action {
                Action::Expect(Expect { captures, .. }) => captures,
                Action::State { name, .. } => {
                    values.insert(name.clone());
                    &[]
                }
                _ => &[],
            },
            _ => &[],
        };
        values.extend(captures.iter().map(|capture| capture.name.clone()));
    }
    values
}

struct Builder<'a> {
    folder: &'a Path,
    known: &'a Known,
    values: HashSet<String>,
    rules: Rules,
    current: Option<Current>,
    /// The current rule, which is nothing without steps and has none yet.
    without_steps: Option<Line>,
    final_lines: FinalLines,
    mistakes: Vec<Mistake>,
}

/// The rule to which the next step belongs.
#[derive(Debug, Clone, Copy)]
enum Current {
    Door,
    Open,
    Close,
    Every,
    Message,
    Otherwise,
}

/// The lines after which others of their kind are never reached.
#[derive(Debug, Default)]
struct FinalLines {
    door: Option<Line>,
    open: Option<Line>,
    close: Option<Line>,
    otherwise: Option<Line>,
    message: Option<Line>,
    triggers: Vec<(Trigger, Line)>,
}

impl Builder<'_> {
    fn line(&mut self, line: &Line) {
        let entered = match &line.statement {
            Statement::Blank | Statement::Comment(_) | Statement::Include(_) => return,
            Statement::Rule(rule) => self.rule(rule, line),
            other => {
                self.without_steps = None;
                self.below(other, line)
            }
        };
        if let Err(problem) = entered {
            self.mistakes.push(line.mistake(problem));
        }
        // At the door no message has given a value yet.
        let is_door = matches!(self.current, Some(Current::Door));
        let none = HashSet::new();
        let values = if is_door { &none } else { &self.values };
        let missing = known::missing(&line.statement, self.known, values);
        let missing = missing.into_iter().map(|it| line.without_value(it));
        self.mistakes.extend(missing.collect::<Vec<_>>());
    }

    /// What belongs to a rule above it.
    fn below(&mut self, statement: &Statement, line: &Line) -> Result<(), Problem> {
        match statement {
            Statement::AnswerField { name, value } => {
                if let Some(door) = self.rules.doors.last_mut() {
                    door.fields.push((name.clone(), value.clone()));
                }
                Ok(())
            }
            Statement::Body(body) => self.body(body),
            Statement::Action { on: Some(_), .. } => Err(Problem::NotInRules(
                "a step acts on the client itself; to others, send with to",
            )),
            Statement::Action { on: None, action } => self.step(line, action),
            _ => Err(Problem::NotInRules(
                "a file of rules has no connect, cases and expected answers",
            )),
        }
    }

    fn steps_are_over(&mut self) {
        if let Some(line) = self.without_steps.take() {
            let problem = Problem::Missing("expected steps below it, indented");
            self.mistakes.push(line.mistake(problem));
        }
    }

    fn rule(&mut self, rule: &Rule, line: &Line) -> Result<(), Problem> {
        self.steps_are_over();
        // A message without steps is one that nothing else is done with.
        let needs_steps = matches!(rule, Rule::Open | Rule::Close | Rule::Every(_));
        self.without_steps = needs_steps.then(|| line.clone());
        let last = &mut self.final_lines;
        let (current, reached) = match rule {
            Rule::Accept(conditions) => {
                self.rules.doors.push(door(None, conditions));
                (
                    Current::Door,
                    reach(&mut last.door, line, conditions.is_empty()),
                )
            }
            Rule::Reject { status, conditions } => {
                self.rules.doors.push(door(Some(*status), conditions));
                (
                    Current::Door,
                    reach(&mut last.door, line, conditions.is_empty()),
                )
            }
            Rule::Open => (Current::Open, reach(&mut last.open, line, true)),
            Rule::Close => (Current::Close, reach(&mut last.close, line, true)),
            Rule::Every(period) => {
                self.rules.every.push((*period, Vec::new()));
                (Current::Every, Ok(()))
            }
            Rule::Message(trigger) => {
                self.rules.messages.push((trigger.clone(), Vec::new()));
                (Current::Message, last.reach_message(trigger, line))
            }
            Rule::Otherwise(otherwise) => {
                self.rules.otherwise = Some(*otherwise);
                (Current::Otherwise, reach(&mut last.otherwise, line, true))
            }
        };
        self.current = Some(current);
        reached
    }

    fn body(&mut self, body: &Template) -> Result<(), Problem> {
        match self.rules.doors.last_mut() {
            Some(door) if door.refusal.is_some() => {
                door.body = Some(body.clone());
                Ok(())
            }
            _ => Err(Problem::StrayBody),
        }
    }

    fn step(&mut self, line: &Line, action: &Action) -> Result<(), Problem> {
        check(action, self.current)?;
        let step = step(line, with_file(action.clone(), self.folder)?);
        let rules = &mut self.rules;
        let steps = match self.current {
            Some(Current::Open) => &mut rules.open,
            Some(Current::Close) => &mut rules.close,
            Some(Current::Every) => match rules.every.last_mut() {
                Some((_, steps)) => steps,
                None => return Ok(()),
            },
            Some(Current::Message) => match rules.messages.last_mut() {
                Some((_, steps)) => steps,
                None => return Ok(()),
            },
            Some(Current::Door | Current::Otherwise) | None => {
                let problem = "only rules that begin with on or every have steps";
                return Err(Problem::NotInRules(problem));
            }
        };
        steps.push(step);
        Ok(())
    }
}

fn door(refusal: Option<u16>, conditions: &[Condition]) -> Door {
    Door {
        refusal,
        conditions: conditions.to_vec(),
        fields: Vec::new(),
        body: None,
    }
}

/// Fails if an earlier line always comes first; `is_final` if this one always does.
fn reach(last: &mut Option<Line>, line: &Line, is_final: bool) -> Result<(), Problem> {
    if let Some(earlier) = last {
        return Err(never_reached(line, earlier));
    }
    *last = is_final.then(|| line.clone());
    Ok(())
}

fn never_reached(line: &Line, earlier: &Line) -> Problem {
    let number = earlier.number;
    Problem::NeverReached(match &earlier.file {
        Some(file) if **file == *argument::ON => format!("{file} '{}'", earlier.source),
        file if *file == line.file => format!("line {number}"),
        Some(file) => format!("line {number} of {file}"),
        None => format!("line {number} of the file that includes this one"),
    })
}

impl FinalLines {
    fn reach_message(&mut self, trigger: &Trigger, line: &Line) -> Result<(), Problem> {
        if is_on_top(&trigger.pattern) {
            return Err(Problem::NotInRules(NO_PROTOCOL));
        }
        // A message without the value to capture is left to the next rule.
        let always = trigger.captures.is_empty();
        reach(
            &mut self.message,
            line,
            always && trigger.pattern == Pattern::Any,
        )?;
        let same = |(other, _): &&(Trigger, Line)| other.pattern == trigger.pattern;
        if let Some((_, earlier)) = self.triggers.iter().find(same) {
            return Err(never_reached(line, earlier));
        }
        if always {
            self.triggers.push((trigger.clone(), line.clone()));
        }
        Ok(())
    }
}

const NO_PROTOCOL: &str =
    "a server speaks no protocol on top by rules or a script; the name of a room begins with no /";

/// Whether only a protocol on top has such messages.
fn is_on_top(pattern: &Pattern) -> bool {
    matches!(pattern, Pattern::OnTop(_) | Pattern::Event(_))
}

fn is_of_protocol(action: &Action) -> bool {
    match action {
        Action::Say(_) => true,
        Action::Expect(expect) => is_on_top(&expect.pattern),
        _ => false,
    }
}

/// Whether the step may stand in a rule.
fn check(action: &Action, current: Option<Current>) -> Result<(), Problem> {
    let problem = match action {
        Action::Expect(_) | Action::ExpectClose(_) | Action::ExpectControl { .. } => {
            "the steps of a rule expect nothing; react to a message with on"
        }
        Action::Say(_) => NO_PROTOCOL,
        Action::Ping { within, .. } if within.is_some() => {
            "ping waits for nothing in a rule; remove within"
        }
        Action::To { .. } | Action::Leave(_) | Action::State { .. } => return Ok(()),
        _ if matches!(current, Some(Current::Close)) => {
            "the connection is over when on close begins; only to can send"
        }
        _ => return Ok(()),
    };
    Err(Problem::NotInRules(problem))
}

fn step(line: &Line, action: Action) -> RuleStep {
    let number = line.number;
    let place = match &line.file {
        None => number.to_string(),
        Some(file) => format!("{file}:{number}"),
    };
    RuleStep { place, action }
}

/// A file's content in place of its name: a client must not choose what is read, nor wait for it.
fn with_file(action: Action, folder: &Path) -> Result<Action, Problem> {
    match action {
        Action::To { target, action } => {
            let action = Box::new(with_file(*action, folder)?);
            Ok(Action::To { target, action })
        }
        Action::Send(Content::File { path, binary }) => {
            let Some(name) = path.as_literal() else {
                let problem =
                    "the name of a file has no variables here, as a client could choose it";
                return Err(Problem::NotInRules(problem));
            };
            content(&folder.join(name), binary).map(Action::Send)
        }
        other => Ok(other),
    }
}

/// The largest file that is sent, in bytes: all of them stay in memory.
const LARGEST: u64 = 64 << 20;

fn content(path: &Path, binary: bool) -> Result<Content, Problem> {
    let failed = |reason: String| Problem::File {
        path: path.display().to_string(),
        reason,
    };
    let read = || {
        let mut bytes = Vec::new();
        let file = std::fs::File::open(path)?;
        std::io::Read::read_to_end(&mut std::io::Read::take(file, LARGEST + 1), &mut bytes)?;
        Ok::<_, std::io::Error>(bytes)
    };
    let bytes = read().map_err(|error| failed(error.to_string()))?;
    if bytes.len() as u64 > LARGEST {
        return Err(failed(format!("it is larger than {} MiB", LARGEST >> 20)));
    }
    if binary {
        return Ok(Content::Binary(bytes));
    }
    let decoded =
        text::decode(bytes).map_err(|error| failed(std::io::Error::from(error).to_string()));
    decoded.map(|text| Content::Text(Template::literal(&text)))
}

#[cfg(test)]
mod tests;
