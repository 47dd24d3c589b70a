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
    /// What to do about it.
    pub hint: Option<String>,
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

/// What is shown of one text, and of all notes together, in bytes.
const LONGEST_LINE: usize = 1 << 10;
const LONGEST_NOTES: usize = 4 << 10;

/// The text, or its beginning if it is longer than `room` bytes.
pub(super) fn cut(text: &str, room: usize) -> String {
    if text.len() <= room {
        return text.to_owned();
    }
    format!("{}…", &text[..text.floor_char_boundary(room)])
}

impl Failure {
    /// The failure with all texts cut to what can be read: a peer and a scenario may have long ones.
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

    /// A failure of which only this is known.
    pub fn new(kind: Kind, message: String, exit: Exit) -> Self {
        Self {
            kind,
            line: None,
            step: String::new(),
            message,
            hint: None,
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
