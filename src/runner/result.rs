//! Results of a run. Texts in them are already masked and escaped.

use std::time::Duration;

use crate::event::Signal;
use crate::exit::Exit;
pub(super) use crate::text::cut;

#[derive(Debug, Clone)]
pub struct Run {
    /// In the order of the files.
    pub cases: Vec<CaseResult>,
    pub took: Duration,
    pub started: jiff::Timestamp,
    pub interrupted: Option<Signal>,
}

#[derive(Debug, Clone)]
pub struct CaseResult {
    /// As given by the user; `None` for steps of the command line.
    pub file: Option<String>,
    pub name: String,
    pub line: usize,
    pub outcome: Outcome,
    pub took: Duration,
    /// Those that ran, in order; the last one is that of a failure.
    pub steps: Vec<StepRun>,
}

/// A step that ran.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepRun {
    /// `None` for a step of the command line.
    pub line: Option<usize>,
    /// As written.
    pub text: String,
    pub took: Duration,
    /// What the step waited for; the beginning of a message.
    pub came: Option<String>,
}

#[derive(Debug, Clone)]
pub enum Outcome {
    Passed,
    Failed(Box<Failure>),
    Skipped(&'static str),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Failure,
    /// The case could not be run: no connection, a variable without a value, a missing file.
    Error,
}

#[derive(Debug, Clone)]
pub struct Failure {
    pub kind: Kind,
    /// The included file that the step is in; `None` for that of the case.
    pub file: Option<String>,
    /// `None` for a step of the command line.
    pub line: Option<usize>,
    pub step: String,
    pub message: String,
    pub hint: Option<String>,
    pub notes: Vec<String>,
    /// The last steps before it that sent something, oldest first.
    pub sent: Vec<String>,
    pub waited: Option<Duration>,
    /// Messages received by the step that did not match.
    pub received: Vec<Shown>,
    pub more: u64,
    pub closest: Option<Closest>,
    pub connection: Option<String>,
    /// If the run is about one URL.
    pub exit: Exit,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// Since the step began.
    pub after: Duration,
    pub kind: String,
    /// In bytes.
    pub size: usize,
    /// Its beginning, as text or hex digits.
    pub payload: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Closest {
    pub message: Shown,
    /// One difference per line.
    pub difference: Vec<String>,
}

/// Limits for one text, and for all notes together, in bytes: peers and scenarios may have long ones.
pub(super) const LONGEST_LINE: usize = 1 << 10;
const LONGEST_NOTES: usize = 4 << 10;

impl Failure {
    pub(super) fn cut(mut self) -> Self {
        self.step = cut(&self.step, LONGEST_LINE);
        self.message = cut(&self.message, LONGEST_LINE);
        self.hint = self.hint.map(|text| cut(&text, LONGEST_LINE));
        self.connection = self.connection.map(|text| cut(&text, LONGEST_LINE));
        let differences = self.closest.iter_mut().flat_map(|it| &mut it.difference);
        for line in self.notes.iter_mut().chain(differences) {
            *line = cut(line, LONGEST_LINE);
        }
        let mut room = LONGEST_NOTES;
        let has_room = |line: &&String| {
            let is_short = line.len() <= room;
            room = room.saturating_sub(line.len());
            is_short
        };
        let shown = self.notes.iter().take_while(has_room).count();
        let left = self.notes.len() - shown;
        if left > 0 {
            self.notes.truncate(shown);
            self.notes.push(format!("… and {left} more lines"));
        }
        self
    }

    pub fn new(kind: Kind, message: String, exit: Exit) -> Self {
        Self {
            kind,
            file: None,
            line: None,
            step: String::new(),
            message,
            hint: None,
            notes: Vec::new(),
            sent: Vec::new(),
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
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for case in &self.cases {
            match &case.outcome {
                Outcome::Passed => counts.passed += 1,
                Outcome::Failed(failure) => match failure.kind {
                    Kind::Failure => counts.failed += 1,
                    Kind::Error => counts.errors += 1,
                },
                Outcome::Skipped(_) => counts.skipped += 1,
            }
        }
        counts
    }

    /// The exit status of the failure if the run is about one URL, 1 for files with failures.
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

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    pub passed: usize,
    pub failed: usize,
    /// Not run to the end.
    pub errors: usize,
    pub skipped: usize,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_of_a_failure_is_cut() {
        let long = "é".repeat(10_000);
        let shown = Shown {
            after: Duration::ZERO,
            kind: "text".to_owned(),
            size: 1,
            payload: "a".to_owned(),
        };
        let failure = Failure {
            step: long.clone(),
            notes: vec![long.clone(); 9],
            connection: Some(long.clone()),
            closest: Some(Closest {
                message: shown,
                difference: vec![long.clone()],
            }),
            ..Failure::new(Kind::Failure, long, Exit::Expectation)
        };
        let failure = failure.cut();
        let closest = failure.closest.expect("the closest");
        for text in [&failure.step, &failure.message, &closest.difference[0]] {
            assert!(text.len() < 1100 && text.ends_with('…'), "{text}");
        }
        assert!(failure.connection.is_some_and(|text| text.len() < 1100));
        assert_eq!(failure.notes.len(), 4);
        assert_eq!(failure.notes[3], "… and 6 more lines");
    }
}
