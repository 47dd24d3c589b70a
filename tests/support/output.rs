//! What a run of the binary left behind, and claims about it.

use std::time::Duration;

/// A finished run.
#[derive(Debug)]
pub struct Output {
    /// The exit status.
    pub status: i32,
    /// All of stdout that the test did not read itself.
    pub stdout: Vec<u8>,
    /// All of stderr.
    pub stderr: String,
    /// From the start of the process to its end.
    pub took: Duration,
    /// The largest resident set, in bytes; 0 where the system does not tell.
    pub peak_memory: u64,
}

impl Output {
    /// Claims the exit status.
    #[track_caller]
    pub fn exits(self, status: i32) -> Self {
        assert_eq!(self.status, status, "exit status; stderr:\n{}", self.stderr);
        self
    }

    /// Claims that stdout holds exactly `expected`.
    #[track_caller]
    pub fn prints(self, expected: impl AsRef<[u8]>) -> Self {
        let expected = expected.as_ref();
        assert!(
            self.stdout == expected,
            "stdout is {:?}, not {:?}; stderr:\n{}",
            String::from_utf8_lossy(&self.stdout),
            String::from_utf8_lossy(expected),
            self.stderr
        );
        self
    }

    /// Claims that stderr contains `text`.
    #[track_caller]
    pub fn says(self, text: &str) -> Self {
        assert!(
            self.stderr.contains(text),
            "no {text:?} in stderr:\n{}",
            self.stderr
        );
        self
    }

    /// Claims that stderr does not contain `text`.
    #[track_caller]
    pub fn never_says(self, text: &str) -> Self {
        assert!(
            !self.stderr.contains(text),
            "{text:?} in stderr:\n{}",
            self.stderr
        );
        self
    }

    /// Claims that the last line of stderr starts with `text`.
    #[track_caller]
    pub fn ends_with_line(self, text: &str) -> Self {
        assert!(
            self.last_line().starts_with(text),
            "the last line does not start with {text:?}; stderr:\n{}",
            self.stderr
        );
        self
    }

    /// Claims that the process took less than `limit`.
    #[track_caller]
    pub fn within(self, limit: Duration) -> Self {
        assert!(
            self.took < limit,
            "took {:?}; stderr:\n{}",
            self.took,
            self.stderr
        );
        self
    }

    /// The last line of stderr.
    pub fn last_line(&self) -> &str {
        self.stderr.lines().last().unwrap_or_default()
    }
}
