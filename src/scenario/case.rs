//! Lines become cases: what is done on which connection, in order.

use std::collections::HashSet;

use super::ast::{Action, File, Line, Statement, Step};
use super::error::{Mistake, Problem, Source};
use super::known::{Known, check_variable, variables};
use super::template::Template;
use crate::command::nearest;

/// A case: a script that passes or fails as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Case {
    /// Its name: of `###`, or of the file.
    pub name: String,
    /// The line it begins on.
    pub line: usize,
    /// The names of its connections; a step says which by its index.
    pub connections: Vec<Option<String>>,
    /// What is done, in order.
    pub script: Vec<Act>,
}

/// Something that is done in a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Act {
    /// The line it is written on.
    pub line: usize,
    /// The line as it is written.
    pub source: String,
    /// The connection, by index.
    pub on: usize,
    /// What is done.
    pub kind: ActKind,
}

/// What is done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ActKind {
    /// A connection is opened, or refused as expected.
    Connect(Connection),
    /// Something is done on an open connection.
    Step(Action),
}

/// A connection, and the expected answer to its request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connection {
    /// Where to.
    pub url: Template,
    /// Flags of the command line.
    pub flags: Vec<Flag>,
    /// Fields of the request, in order.
    pub fields: Vec<(String, Template)>,
    /// The expected status.
    pub status: u16,
    /// Expected fields of the response.
    pub answers: Vec<Answer>,
}

/// A flag of the command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flag {
    /// The line it is written on.
    pub line: usize,
    /// The line as it is written.
    pub source: String,
    /// The name, without `--`.
    pub name: String,
    /// The value, if there is one.
    pub value: Option<Template>,
}

/// An expected field of the response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The line it is written on.
    pub line: usize,
    /// The line as it is written.
    pub source: String,
    /// The name.
    pub name: String,
    /// The value, in which `*` is any text; empty if the field must not be there.
    pub value: Template,
}

/// The cases of a file; one without `###` has the name `name`. Every mistake is told.
pub fn cases(file: &File, name: &str, known: &Known) -> Result<Vec<Case>, Vec<Mistake>> {
    let mut builder = Builder {
        known,
        cases: Vec::new(),
        current: None,
        mistakes: Vec::new(),
    };
    for line in &file.lines {
        if let Err(problem) = builder.line(line, name) {
            let length = line.source.len();
            builder
                .mistakes
                .push(source(line).mistake(0, length, problem));
        }
    }
    builder.finish();
    if builder.mistakes.is_empty() {
        Ok(builder.cases)
    } else {
        Err(builder.mistakes)
    }
}

fn source(line: &Line) -> Source<'_> {
    Source {
        number: line.number,
        line: &line.source,
    }
}

struct Builder<'a> {
    known: &'a Known,
    cases: Vec<Case>,
    current: Option<Open>,
    mistakes: Vec<Mistake>,
}

/// The case that is being read.
struct Open {
    case: Case,
    header: String,
    /// What is known about each connection at this line.
    states: Vec<State>,
    captured: HashSet<String>,
    /// Whether flags, fields and the status may follow.
    status_read: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Open,
    Refused,
    Closed,
}

impl Builder<'_> {
    fn line(&mut self, line: &Line, file_name: &str) -> Result<(), Problem> {
        match &line.statement {
            Statement::Blank | Statement::Comment(_) => Ok(()),
            Statement::Case(name) => {
                self.finish();
                let same = self.cases.iter().find(|case| case.name == *name);
                let problem = same.map(|case| Problem::SameName(case.line));
                self.current = Some(Open::new(name, line));
                problem.map_or(Ok(()), Err)
            }
            statement => {
                let open = self
                    .current
                    .get_or_insert_with(|| Open::new(file_name, line));
                let mut variables = variables(statement).into_iter();
                let known =
                    variables.try_for_each(|it| check_variable(it, self.known, &open.captured));
                // What follows must not be told that there is no connection.
                open.statement(line, statement)?;
                known
            }
        }
    }

    fn finish(&mut self) {
        let Some(open) = self.current.take() else {
            return;
        };
        if open.case.script.is_empty() {
            let source = Source {
                number: open.case.line,
                line: &open.header,
            };
            let mistake = source.mistake(0, open.header.len(), Problem::EmptyCase);
            // A case without a connection was told already, if a step is in it.
            let told = self.mistakes.iter().any(|it| it.line >= mistake.line);
            if !told {
                self.mistakes.push(mistake);
            }
        }
        self.cases.push(open.case);
    }
}

impl Open {
    fn new(name: &str, line: &Line) -> Self {
        Self {
            case: Case {
                name: name.to_owned(),
                line: line.number,
                connections: Vec::new(),
                script: Vec::new(),
            },
            header: line.source.clone(),
            states: Vec::new(),
            captured: HashSet::new(),
            status_read: false,
        }
    }

    fn statement(&mut self, line: &Line, statement: &Statement) -> Result<(), Problem> {
        let (number, source) = (line.number, line.source.clone());
        match statement {
            Statement::Connect { name, url } => self.connect(line, name.as_ref(), url)?,
            Statement::Flag { name, value } => {
                let (name, value) = (name.clone(), value.clone());
                self.connection()?.flags.push(Flag {
                    line: number,
                    source,
                    name,
                    value,
                });
            }
            Statement::Field { name, value } => {
                let field = (name.clone(), value.clone());
                self.connection()?.fields.push(field);
            }
            Statement::Status(status) => self.status(*status)?,
            Statement::Answer { name, value } => {
                let (name, value) = (name.clone(), value.clone());
                self.connection()?.answers.push(Answer {
                    line: number,
                    source,
                    name,
                    value,
                });
            }
            Statement::Step(step) => self.step(line, step)?,
            Statement::Blank | Statement::Comment(_) | Statement::Case(_) => {}
        }
        Ok(())
    }

    fn connect(
        &mut self,
        line: &Line,
        name: Option<&String>,
        url: &Template,
    ) -> Result<(), Problem> {
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
        self.status_read = false;
        self.case.script.push(Act {
            line: line.number,
            source: line.source.clone(),
            on,
            kind: ActKind::Connect(Connection {
                url: url.clone(),
                flags: Vec::new(),
                fields: Vec::new(),
                status: 101,
                answers: Vec::new(),
            }),
        });
        Ok(())
    }

    /// The connection that is being described: nothing was done on it.
    fn connection(&mut self) -> Result<&mut Connection, Problem> {
        match self.case.script.last_mut() {
            Some(Act {
                kind: ActKind::Connect(connection),
                ..
            }) => Ok(connection),
            _ => Err(Problem::NoConnection),
        }
    }

    fn status(&mut self, status: u16) -> Result<(), Problem> {
        if std::mem::replace(&mut self.status_read, true) {
            return Err(Problem::StrayStatus);
        }
        let connection = self.connection().map_err(|_| Problem::StrayStatus)?;
        connection.status = status;
        if let Some(act) = self.case.script.last()
            && status != 101
        {
            self.states[act.on] = State::Refused;
        }
        Ok(())
    }

    fn step(&mut self, line: &Line, step: &Step) -> Result<(), Problem> {
        let on = self.find(step)?;
        let is_wait = matches!(step.action, Action::Wait(_));
        match self.states[on] {
            _ if is_wait => {}
            State::Open => {}
            State::Refused => return Err(Problem::NotOpen("its upgrade is to be refused")),
            State::Closed => return Err(Problem::NotOpen("it was closed above")),
        }
        if ends(&step.action) {
            self.states[on] = State::Closed;
        }
        if let Action::Expect(expect) = &step.action {
            let names = expect.captures.iter().map(|capture| capture.name.clone());
            self.captured.extend(names);
        }
        self.case.script.push(Act {
            line: line.number,
            source: line.source.clone(),
            on,
            kind: ActKind::Step(step.action.clone()),
        });
        Ok(())
    }

    fn find(&self, step: &Step) -> Result<usize, Problem> {
        let names = &self.case.connections;
        match &step.on {
            _ if names.is_empty() => Err(Problem::NoConnection),
            Some(name) => {
                let found = names.iter().position(|known| known.as_ref() == Some(name));
                found.ok_or_else(|| {
                    let known = names.iter().flatten().map(String::as_str);
                    Problem::UnknownConnection {
                        name: name.clone(),
                        nearest: nearest(name, known).map(str::to_owned),
                    }
                })
            }
            None if matches!(step.action, Action::Wait(_)) => Ok(0),
            None if names.len() == 1 => Ok(0),
            None => {
                if let Some(unnamed) = names.iter().position(Option::is_none) {
                    Ok(unnamed)
                } else {
                    let names: Vec<&str> = names.iter().flatten().map(String::as_str).collect();
                    Err(Problem::WhichConnection(names.join(", ")))
                }
            }
        }
    }
}

/// Whether the connection is not open any more when the step is done.
fn ends(action: &Action) -> bool {
    match action {
        Action::Close { .. } | Action::ExpectClose(_) => true,
        Action::Command { name, .. } => matches!(*name, "drop" | "reset"),
        _ => false,
    }
}
