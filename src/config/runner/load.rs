//! Scenario files, read and looked through.

use std::fs;
use std::path::{Path, PathBuf};

use super::{Targets, Test};
use crate::runner::{Dialer, Group, Request, Unresolved};
use crate::scenario::{self, Case, Mistake, Problem, Statement, Step, Template};

/// What there is to run.
#[derive(Debug)]
pub struct Loaded {
    /// Files with their cases; those that `--filter` leaves out are not among them.
    pub groups: Vec<Group>,
    /// How many cases there were before.
    pub found: usize,
}

/// A file that cannot be run.
#[derive(Debug)]
pub enum Mistakes {
    /// It cannot be read.
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        error: String,
    },
    /// Something in it is wrong.
    Places {
        /// The file as it was named.
        file: String,
        /// What, and where.
        mistakes: Vec<Mistake>,
    },
}

impl Test {
    /// Reads all that is to be run; every mistake is told.
    pub fn load(&self) -> Result<Loaded, Vec<Mistakes>> {
        let (mut groups, mut wrong) = (Vec::new(), Vec::new());
        match &self.targets {
            Targets::Steps(cases) => groups.push(Group {
                file: None,
                folder: PathBuf::from("."),
                cases: cases.clone(),
            }),
            Targets::Files(files) => {
                for path in files {
                    match self.file(path) {
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
            group.cases.retain(|case| self.is_wanted(case));
        }
        groups.retain(|group| !group.cases.is_empty());
        Ok(Loaded { groups, found })
    }

    fn is_wanted(&self, case: &Case) -> bool {
        let name = case.name.to_lowercase();
        self.filter.is_empty() || self.filter.iter().any(|text| name.contains(text.as_str()))
    }

    fn file(&self, path: &Path) -> Result<Group, Mistakes> {
        let error = |error: String| Mistakes::File {
            path: path.to_owned(),
            error,
        };
        let name = path.display().to_string();
        let places = |mistakes| Mistakes::Places {
            file: name.clone(),
            mistakes,
        };
        let bytes = fs::read(path).map_err(|it| error(format!("cannot read it: {it}")))?;
        let text = String::from_utf8(bytes).map_err(|it| {
            let at = it.utf8_error().valid_up_to() + 1;
            error(format!("byte {at} is not valid UTF-8"))
        })?;
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        let cases = scenario::parse(&text)
            .and_then(|file| scenario::cases(file, &stem, &super::known(&self.given)))
            .map_err(places)?;
        let wrong = self.wrong_connections(&cases);
        if !wrong.is_empty() {
            return Err(places(wrong));
        }
        Ok(Group {
            file: Some(name.clone()),
            folder: path.parent().unwrap_or(Path::new("")).to_owned(),
            cases,
        })
    }

    /// Mistakes in URLs, flags and fields that are known before the run: those without variables.
    fn wrong_connections(&self, cases: &[Case]) -> Vec<Mistake> {
        let steps = cases.iter().flat_map(|case| &case.steps);
        let wrong = steps.filter_map(|step| {
            let request = literal(step)?;
            let error = self.flags.options(&request).err()?;
            let flag = step.below.iter().find(|line| match &line.statement {
                Statement::Flag { name, .. } => error.message.contains(&format!("--{name}")),
                _ => false,
            });
            let line = flag.unwrap_or(&step.line);
            Some(mistake(line.number, &line.source, &error))
        });
        wrong.collect()
    }
}

/// The request of `connect`, if no variable is in it.
fn literal(step: &Step) -> Option<Request> {
    let Statement::Connect { url, .. } = &step.line.statement else {
        return None;
    };
    let fill = |template: &Template| template.as_literal().map(str::to_owned).ok_or(());
    Request::new(url, &step.below, fill).ok()
}

fn mistake(line: usize, source: &str, error: &Unresolved) -> Mistake {
    let indent = source.len() - source.trim_start().len();
    Mistake {
        line,
        column: indent + 1,
        width: source.trim().chars().count().max(1),
        source: source.to_owned(),
        problem: Problem::Flag(error.message.clone()),
    }
}
