//! Reads scenario files and resolves their connections.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::dialer::{Connection, Wrong};
use super::{Selected, Targets, Test};
use crate::exit::Exit;
use crate::runner::{Dial, Endpoint, Given, Group, Prepared, Unresolved};
use crate::scenario::ast::Content;
use crate::scenario::{
    self, Action, Case, Form, Line, Mistake, Problem, Statement, Step, Template, Variable, include,
};

#[derive(Debug)]
pub struct Loaded {
    /// Without cases that `--filter` excludes.
    pub groups: Vec<Group>,
    /// The number of cases with them.
    pub found: usize,
}

#[derive(Debug)]
pub enum Mistakes {
    File {
        path: PathBuf,
        error: String,
        exit: Exit,
    },
    Places {
        file: String,
        mistakes: Vec<Mistake>,
    },
}

impl Test {
    pub fn load(&self) -> Result<Loaded, Vec<Mistakes>> {
        let (mut groups, mut wrong) = (Vec::new(), Vec::new());
        match &self.targets {
            Targets::Steps { cases, endpoint } => groups.push(Group {
                file: None,
                folder: PathBuf::from("."),
                cases: cases
                    .iter()
                    .map(|case| of_command_line(case, endpoint))
                    .collect(),
            }),
            Targets::Files(files) => {
                for selected in files {
                    match self.file(selected) {
                        Ok(group) => groups.push(group),
                        Err(mistakes) => wrong.push(mistakes),
                    }
                }
            }
        }
        if !wrong.is_empty() {
            return Err(wrong);
        }
        let found = groups.iter().map(|group| group.cases.len()).sum();
        for group in &mut groups {
            group.cases.retain(|it| self.is_wanted(&it.case));
        }
        groups.retain(|group| !group.cases.is_empty());
        Ok(Loaded { groups, found })
    }

    fn is_wanted(&self, case: &Case) -> bool {
        let name = case.name.to_lowercase();
        self.filter.is_empty() || self.filter.iter().any(|text| name.contains(text.as_str()))
    }

    fn file(&self, Selected { path, line }: &Selected) -> Result<Group, Mistakes> {
        let error = |error: String, exit| Mistakes::File {
            path: path.to_owned(),
            error,
            exit,
        };
        let name = path.display().to_string();
        let places = |mistakes| Mistakes::Places {
            file: name.clone(),
            mistakes,
        };
        let text = include::read(path).map_err(|it| error(it, Exit::Input))?;
        let lines = text.lines().count();
        if let Some(line) = line
            && !(1..=lines).contains(line)
        {
            let problem = format!("there is no line {line}, the last is {lines}");
            return Err(error(problem, Exit::Usage));
        }
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        let cases = scenario::parse(&text)
            .and_then(|file| include::expand(file, path))
            .and_then(|file| scenario::cases(file, &stem, &self.known()))
            .map_err(places)?;
        let cases = match line {
            Some(line) => at_line(cases, *line),
            None => cases,
        };
        let folder = path.parent().unwrap_or(Path::new("")).to_owned();
        if self.check {
            check_files(&cases, &folder, &self.given).map_err(places)?;
        }
        let cases = self.prepare(cases).map_err(places)?;
        Ok(Group {
            file: Some(name.clone()),
            folder,
            cases,
        })
    }

    fn prepare(&self, cases: Vec<Case>) -> Result<Vec<Prepared>, Vec<Mistake>> {
        let (mut prepared, mut mistakes) = (Vec::new(), Vec::new());
        for case in cases {
            let captured = case.captured();
            let dials = case.steps.iter().map(|step| {
                let dial = self.dial(step, &captured);
                dial.unwrap_or_else(|mistake| {
                    mistakes.push(mistake);
                    None
                })
            });
            let dials = dials.collect();
            prepared.push(Prepared { case, dials });
        }
        if mistakes.is_empty() {
            Ok(prepared)
        } else {
            Err(mistakes)
        }
    }

    fn dial(
        &self,
        step: &Step,
        captured: &HashSet<String>,
    ) -> Result<Option<Box<dyn Dial>>, Mistake> {
        let Statement::Connect { url, .. } = &step.line.statement else {
            return Ok(None);
        };
        let known = |template: &Template| known(template, &self.given, captured);
        match self.flags.connection(url, &step.below, known) {
            Ok(connection) => Ok(Some(Box::new(connection))),
            Err(Wrong { line, error }) => Err(self.mistake(line.unwrap_or(&step.line), &error)),
        }
    }

    fn mistake(&self, line: &Line, error: &Unresolved) -> Mistake {
        let hint = error.hint.iter().map(|hint| format!("; {hint}"));
        let text = error.message.clone() + &hint.collect::<String>();
        line.mistake(Problem::Flag(self.given.mask(&text).into_owned()))
    }
}

/// What a template is filled with before the run. A captured value replaces the given one, so it is
/// not known yet.
fn known(template: &Template, given: &Given, captured: &HashSet<String>) -> Result<String, ()> {
    template.fill(Form::Plain, |variable| match variable {
        Variable::Named(name) if captured.contains(name) => Err(()),
        Variable::Named(name) => given.named(name).map_err(drop),
        Variable::Env(name) => given.env(name).map_err(drop),
        Variable::Uuid | Variable::Now => Err(()),
    })
}

/// Finds files that are sent and cannot be read, as far as their names are known.
pub(super) fn check_files(
    cases: &[Case],
    folder: &Path,
    given: &Given,
) -> Result<(), Vec<Mistake>> {
    let mut mistakes = Vec::new();
    for case in cases {
        let captured = case.captured();
        for Step { line, .. } in &case.steps {
            let Statement::Action {
                action: Action::Send(Content::File { path, .. }),
                ..
            } = &line.statement
            else {
                continue;
            };
            let Ok(path) = known(path, given, &captured) else {
                continue;
            };
            if let Err(error) = fs::metadata(folder.join(&path)) {
                let path = given.mask(&path).into_owned();
                let reason = error.to_string();
                mistakes.push(line.mistake(Problem::File { path, reason }));
            }
        }
    }
    if mistakes.is_empty() {
        Ok(())
    } else {
        Err(mistakes)
    }
}

/// The case that a line belongs to; lines above the first case belong to it.
fn at_line(mut cases: Vec<Case>, line: usize) -> Vec<Case> {
    let after = cases.iter().take_while(|case| case.line <= line).count();
    let end = after.max(1).min(cases.len());
    cases.truncate(end);
    cases.split_off(end.saturating_sub(1))
}

/// A case of the command line, whose connection is already resolved.
fn of_command_line(case: &Case, endpoint: &Endpoint) -> Prepared {
    let dial = |step: &Step| -> Option<Box<dyn Dial>> {
        let is_connect = matches!(step.line.statement, Statement::Connect { .. });
        is_connect.then(|| Box::new(Connection::Resolved(Box::new(endpoint.clone()))) as _)
    };
    Prepared {
        case: case.clone(),
        dials: case.steps.iter().map(dial).collect(),
    }
}
