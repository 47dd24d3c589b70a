//! What came of a run, as values. Texts in them are masked and escaped: reports print them as they are.

use std::time::Duration;

use crate::event::Signal;
use crate::exit::Exit;

/// What came of all cases.
#[derive(Debug, Clone)]
pub struct Run {
    /// The cases, in the order of the files.
    pub cases: Vec<CaseResult>,
    /// How long all of it took.
    pub took: Duration,
    /// When it began.
    pub started: jiff::Timestamp,
    /// The signal that ended it early.
    pub interrupted: Option<Signal>,
}

/// What came of a case.
#[derive(Debug, Clone)]
pub struct CaseResult {
    /// The file, as it was named; `None` for steps of the command line.
    pub file: Option<String>,
    /// The case's name.
    pub name: String,
    /// The line it begins on.
    pub line: usize,
    /// How it ended.
    pub outcome: Outcome,
    /// How long it took.
    pub took: Duration,
}

/// How a case ended.
#[derive(Debug, Clone)]
pub enum Outcome {
    /// All of it was as expected.
    Passed,
    /// Something was not.
    Failed(Box<Failure>),
    /// It was not run; why not.
    Skipped(&'static str),
}

/// Whose fault a failure is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The server is not as expected.
    Failure,
    /// The case could not be run: no connection, no value for a variable, no file.
    Error,
}

/// Why a case failed.
#[derive(Debug, Clone)]
pub struct Failure {
    /// Whose fault it is.
    pub kind: Kind,
    /// The line of the step; `None` for a step of the command line.
    pub line: Option<usize>,
    /// The step as it is written.
    pub step: String,
    /// What went wrong, in one line.
    pub message: String,
    /// What else there is to know, a line each.
    pub notes: Vec<String>,
    /// How long the step waited.
    pub waited: Option<Duration>,
    /// The messages that came meanwhile and did not match.
    pub received: Vec<Shown>,
    /// How many more there were than are shown.
    pub more: u64,
    /// The message that came closest.
    pub closest: Option<Closest>,
    /// The state of the connection.
    pub connection: Option<String>,
    /// The exit status of a run that is about one URL.
    pub exit: Exit,
}

/// A message that came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// From the beginning of the step.
    pub after: Duration,
    /// "text" or "binary".
    pub kind: String,
    /// In bytes.
    pub size: usize,
    /// The beginning of it: text, or bytes in hexadecimal.
    pub payload: String,
}

/// The message that came closest to what was expected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Closest {
    /// The message.
    pub message: Shown,
    /// What is different, a line each.
    pub difference: Vec<String>,
}

impl Failure {
    /// A failure of which only this is known.
    pub fn new(kind: Kind, message: String, exit: Exit) -> Self {
        Self {
            kind,
            line: None,
            step: String::new(),
            message,
            notes: Vec::new(),
            waited: None,
            received: Vec::new(),
            more: 0,
            closest: None,
            connection: None,
            exit,
        }
    }
}

impl Run {
    /// How many cases passed, failed (errors among them), and were skipped.
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for case in &self.cases {
            match &case.outcome {
                Outcome::Passed => counts.passed += 1,
                Outcome::Failed(failure) => {
                    counts.failed += 1;
                    counts.errors += usize::from(failure.kind == Kind::Error);
                }
                Outcome::Skipped(_) => counts.skipped += 1,
            }
        }
        counts
    }

    /// The exit status: of the only failure if the run is about one URL, and 1 for any other.
    pub fn exit(&self) -> Exit {
        if let Some(signal) = self.interrupted {
            return signal.exit();
        }
        let failures = self.cases.iter().filter_map(|case| match &case.outcome {
            Outcome::Failed(failure) => Some((case, failure)),
            _ => None,
        });
        match failures.into_iter().next() {
            None => Exit::Done,
            Some((case, failure)) if case.file.is_none() => failure.exit,
            Some(_) => Exit::Expectation,
        }
    }
}

/// Cases by how they ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// All was as expected.
    pub passed: usize,
    /// Something was not, or could not be found out.
    pub failed: usize,
    /// Those of the failed that could not be run.
    pub errors: usize,
    /// Not run.
    pub skipped: usize,
}
