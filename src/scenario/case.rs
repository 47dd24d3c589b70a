//! Groups lines into cases, and finds the connection of each step.

use std::collections::HashSet;

use super::ast::{Action, File, Line, Statement};
use super::error::{Mistake, Problem};
use super::known::{self, Known};
use super::template::Template;
use super::template::Variable;
use crate::command::nearest;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Case {
    /// From `###`, or the name of the file.
    pub name: String,
    pub line: usize,
    /// Steps refer to them by index.
    pub connections: Vec<Option<String>>,
    /// In the order in which they run.
    pub steps: Vec<Step>,
    /// The variables that need a value and have none, which only an open [`Known`] allows.
    pub needs: Vec<Variable>,
}

impl Case {
    pub fn captured(&self) -> HashSet<String> {
        let captures = self
            .steps
            .iter()
            .flat_map(|step| match &step.line.statement {
                Statement::Action {
                    action: Action::Expect(expect),
                    ..
                } => expect.captures.as_slice(),
                _ => &[],
            });
        captures.map(|capture| capture.name.clone()).collect()
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    pub on: usize,
    /// `connect`, or an action.
    pub line: Line,
    /// Flags, fields, the status and expected fields below `connect`.
    pub below: Vec<Line>,
}

impl Step {
    pub fn status(&self) -> u16 {
        let mut statuses = self.below.iter().filter_map(|line| match line.statement {
            Statement::Status(status) => Some(status),
            _ => None,
        });
        statuses.next().unwrap_or(101)
    }
}

/// The cases of a file, or all mistakes in them; `name` is that of a case without `###`.
pub fn cases(file: File, name: &str, known: &Known) -> Result<Vec<Case>, Vec<Mistake>> {
    let mut builder = Builder {
        file_name: name,
        known,
        cases: Vec::new(),
        current: None,
        unnamed: None,
        mistakes: Vec::new(),
    };
    for line in file.lines {
        builder.line(line);
    }
    builder.finish();
    let mut mistakes = builder.mistakes;
    said_once(&mut mistakes);
    if mistakes.is_empty() {
        Ok(builder.cases)
    } else {
        Err(mistakes)
    }
}

/// Drops what only repeats an earlier mistake on other lines: a variable is given once, a name mended
/// everywhere at once.
fn said_once(mistakes: &mut Vec<Mistake>) {
    let mut said: Vec<Problem> = Vec::new();
    mistakes.retain(|mistake| {
        let is_repeated = said.contains(&mistake.problem);
        let is_once = matches!(
            mistake.problem,
            Problem::NoValue(_) | Problem::NotAllowed(_) | Problem::UnknownConnection { .. }
        );
        if is_once && !is_repeated {
            said.push(mistake.problem.clone());
        }
        !is_repeated
    });
}

struct Builder<'a> {
    file_name: &'a str,
    known: &'a Known,
    cases: Vec<Case>,
    current: Option<Open>,
    /// The line of the case without `###`.
    unnamed: Option<usize>,
    mistakes: Vec<Mistake>,
}

/// The case that is being read.
struct Open {
    case: Case,
    begin: Line,
    /// A missing `connect` is reported.
    is_lost: bool,
    states: Vec<State>,
    captured: HashSet<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Open,
    Refused,
    Closed,
}

impl Builder<'_> {
    fn line(&mut self, line: Line) {
        match &line.statement {
            Statement::Blank | Statement::Comment(_) => return,
            Statement::Include(_) => {
                // The case begins here, though its first step is in another file.
                self.current
                    .get_or_insert_with(|| Open::new(self.file_name, &line));
                return;
            }
            Statement::Case(name) => return self.begin(name, &line),
            _ => {}
        }
        let open = self
            .current
            .get_or_insert_with(|| Open::new(self.file_name, &line));
        let missing = known::missing(&line.statement, self.known, &open.captured);
        open.case.needs.extend(missing.iter().copied().cloned());
        let without_value = missing
            .into_iter()
            .map(|variable| line.without_value(variable));
        match open.enter(&line.statement) {
            Ok(on) => {
                if !self.known.is_open {
                    let mistakes: Vec<Mistake> = without_value.collect();
                    self.mistakes.extend(mistakes);
                }
                // Kept even if a value is missing, which must not cause mistakes in later lines.
                open.push(line, on);
            }
            // Every line of the case would say so.
            Err(Problem::NoConnection) if std::mem::replace(&mut open.is_lost, true) => {}
            Err(problem) => self.mistakes.push(line.mistake(problem)),
        }
    }

    fn begin(&mut self, name: &str, line: &Line) {
        self.finish();
        if let Some(same) = self.cases.iter().find(|case| case.name == name) {
            let problem = match self.unnamed {
                Some(line) if line == same.line => Problem::SameAsFile(line),
                _ => Problem::SameName(same.line),
            };
            self.mistakes.push(line.mistake(problem));
        }
        self.current = Some(Open::new(name, line));
    }

    fn finish(&mut self) {
        let Some(Open { case, begin, .. }) = self.current.take() else {
            return;
        };
        if !matches!(begin.statement, Statement::Case(_)) {
            self.unnamed = Some(case.line);
        }
        // A mistake in its lines is the reason that no step is left.
        let is_explained = self.mistakes.iter().any(|it| it.line >= case.line);
        if case.steps.is_empty() && !is_explained {
            self.mistakes.push(begin.mistake(Problem::EmptyCase));
        }
        self.cases.push(case);
    }
}

impl Open {
    fn new(name: &str, line: &Line) -> Self {
        Self {
            case: Case {
                name: name.to_owned(),
                line: line.number,
                connections: Vec::new(),
                steps: Vec::new(),
                needs: Vec::new(),
            },
            begin: line.clone(),
            is_lost: false,
            states: Vec::new(),
            captured: HashSet::new(),
        }
    }

    /// Tracks the state. Returns the connection of a step; `None` for a line that belongs to the
    /// `connect` above it.
    fn enter(&mut self, statement: &Statement) -> Result<Option<usize>, Problem> {
        match statement {
            Statement::Connect { name, .. } => self.connect(name.as_ref()).map(Some),
            Statement::Action { on, action } => self.action(on.as_ref(), action).map(Some),
            Statement::Status(status) => self.status(*status).map(|()| None),
            Statement::Rule(_) | Statement::AnswerField { .. } | Statement::Body(_) => {
                Err(Problem::OnlyInRules("a rule"))
            }
            _ if self.connection().is_some() => Ok(None),
            _ => Err(Problem::NoConnection),
        }
    }

    fn push(&mut self, line: Line, on: Option<usize>) {
        if let Some(on) = on {
            let below = protocol(&line).into_iter().collect();
            self.case.steps.push(Step { on, line, below });
        } else if let Some(connect) = self.case.steps.last_mut() {
            connect.below.push(line);
        }
    }

    fn connect(&mut self, name: Option<&String>) -> Result<usize, Problem> {
        let same = |known: &Option<String>| known.as_ref() == name;
        let on = match self.case.connections.iter().position(same) {
            Some(on) if self.states[on] == State::Open => return Err(Problem::StillOpen),
            Some(on) => on,
            None => {
                self.case.connections.push(name.cloned());
                self.states.push(State::Open);
                self.states.len() - 1
            }
        };
        self.states[on] = State::Open;
        Ok(on)
    }

    /// The `connect` above, if no action followed it.
    fn connection(&self) -> Option<&Step> {
        let last = self.case.steps.last()?;
        matches!(last.line.statement, Statement::Connect { .. }).then_some(last)
    }

    fn status(&mut self, status: u16) -> Result<(), Problem> {
        let is_status = |line: &Line| matches!(line.statement, Statement::Status(_));
        match self.connection() {
            Some(connect) if !connect.below.iter().any(is_status) => {
                if status != 101 {
                    let on = connect.on;
                    self.states[on] = State::Refused;
                }
                Ok(())
            }
            _ => Err(Problem::StrayStatus),
        }
    }

    fn action(&mut self, name: Option<&String>, action: &Action) -> Result<usize, Problem> {
        match action {
            Action::To { .. } => return Err(Problem::OnlyInRules("to")),
            Action::Join(_) => return Err(Problem::OnlyInRules("join")),
            Action::Leave(_) => return Err(Problem::OnlyInRules("leave")),
            Action::State { .. } => return Err(Problem::OnlyInRules("state")),
            Action::Fault(_) => return Err(Problem::OnlyInRules("fault")),
            _ => {}
        }
        let on = self.find(name, action)?;
        match self.states[on] {
            _ if matches!(action, Action::Wait(_)) => {}
            State::Open => {}
            State::Refused => return Err(Problem::NotOpen("a refused upgrade")),
            State::Closed => return Err(Problem::NotOpen("the end of its connection")),
        }
        match action {
            Action::Close { .. } | Action::ExpectClose(_) | Action::Abandon { .. } => {
                self.states[on] = State::Closed;
            }
            Action::Expect(expect) => {
                let names = expect.captures.iter().map(|capture| capture.name.clone());
                self.captured.extend(names);
            }
            _ => {}
        }
        Ok(on)
    }

    fn find(&self, name: Option<&String>, action: &Action) -> Result<usize, Problem> {
        let names = &self.case.connections;
        match name {
            _ if names.is_empty() => Err(Problem::NoConnection),
            Some(name) => {
                let found = names.iter().position(|known| known.as_ref() == Some(name));
                found.ok_or_else(|| {
                    let known = names.iter().flatten().map(String::as_str);
                    let hint = match nearest(name, known.clone()) {
                        Some(nearest) => format!("did you mean {nearest}?"),
                        None if known.clone().next().is_some() => {
                            format!("this case has {}", known.collect::<Vec<_>>().join(", "))
                        }
                        None => "that of this case has no name, so write none".to_owned(),
                    };
                    let name = name.clone();
                    Problem::UnknownConnection { name, hint }
                })
            }
            None if matches!(action, Action::Wait(_)) => Ok(0),
            None if names.len() == 1 => Ok(0),
            None => names.iter().position(Option::is_none).ok_or_else(|| {
                let names: Vec<&str> = names.iter().flatten().map(String::as_str).collect();
                Problem::WhichConnection(names.join(", "))
            }),
        }
    }
}

/// `--as` of a `connect` line, as if it were on a line below.
fn protocol(line: &Line) -> Option<Line> {
    let Statement::Connect { on_top, .. } = &line.statement else {
        return None;
    };
    let value = Some(Template::literal(on_top.as_deref()?));
    let name = "as".to_owned();
    Some(Line {
        statement: Statement::Flag { name, value },
        ..line.clone()
    })
}
