//! `--record` and `/record`: a recording may start and stop while the session continues.

use std::path::Path;
use std::time::Instant;

use crate::command::Record;
use crate::diagnostic::one_line;
use crate::event::{Ending, Event, NotOpen, Opening};
use crate::proto::connection::Message;
use crate::record::{FileError, Format, Options, Recorder};
use crate::render::clock::Clock;
use crate::render::{Secrets, quantity};

#[derive(Debug)]
pub struct Recording {
    secrets: Secrets,
    clock: Clock,
    recorder: Option<Recorder>,
    has_failed: bool,
}

impl Recording {
    pub fn new(
        options: Option<&Options>,
        secrets: Secrets,
        clock: Clock,
    ) -> Result<Self, FileError> {
        let create = |options| Recorder::create(options, secrets, clock.clone());
        let recorder = options.map(create).transpose()?;
        Ok(Self {
            recorder,
            ..Self::off(secrets, clock)
        })
    }

    pub fn off(secrets: Secrets, clock: Clock) -> Self {
        Self {
            secrets,
            clock,
            recorder: None,
            has_failed: false,
        }
    }

    /// Executes `/record`; returns the line to show, or the problem.
    pub fn execute(&mut self, command: &Record, opening: &Opening) -> Result<String, String> {
        match command {
            Record::State => Ok(self.state()),
            Record::Stop => self.stop(),
            Record::Start(path) => self.start(path, opening),
        }
    }

    fn state(&self) -> String {
        match &self.recorder {
            Some(recorder) => format!("recording to {}", recorder.path().display()),
            None => "not recording; /record FILE starts".to_owned(),
        }
    }

    fn start(&mut self, path: &Path, opening: &Opening) -> Result<String, String> {
        if let Some(recorder) = &self.recorder {
            let path = recorder.path().display();
            return Err(format!("already recording to {path}; /record stop ends it"));
        }
        let Some(format) = Format::of(path) else {
            return Err(format!(
                "{}: the name must end in {}, which selects the format",
                path.display(),
                Format::ENDINGS
            ));
        };
        let options = Options {
            path: path.to_owned(),
            format,
            overwritten: false,
        };
        let recorder = Recorder::create(&options, self.secrets, self.clock.clone());
        let mut recorder = recorder.map_err(|error| match error {
            // The command has no --force.
            FileError::Exists(_) => format!("{error}; give another name"),
            _ => one_line(&error),
        })?;
        for (event, at) in opening.replay() {
            recorder.event(&event, opening, 0, at);
        }
        self.recorder = Some(recorder);
        Ok(format!(
            "recording to {} from now on; /record stop ends it",
            path.display()
        ))
    }

    fn stop(&mut self) -> Result<String, String> {
        let Some(mut recorder) = self.recorder.take() else {
            return Err("not recording; /record FILE starts".to_owned());
        };
        recorder.flush();
        self.has_failed |= recorder.has_failed();
        if let Some(complaint) = recorder.complaint() {
            return Err(complaint);
        }
        let messages = quantity::plural(recorder.recorded(), "message");
        Ok(format!(
            "{messages} recorded in {}",
            recorder.path().display()
        ))
    }

    #[inline]
    pub(super) fn event(
        &mut self,
        event: &Event<'_>,
        opening: &Opening,
        number: u64,
        now: Instant,
    ) {
        if let Some(recorder) = &mut self.recorder {
            recorder.event(event, opening, number, now);
        }
    }

    #[inline]
    pub(super) fn sent(&mut self, message: &Message<'_>, number: u64, now: Instant) {
        if let Some(recorder) = &mut self.recorder {
            recorder.sent(message, number, now);
        }
    }

    pub(super) fn not_open(&mut self, why: &NotOpen, opening: &Opening, now: Instant) {
        if let Some(recorder) = &mut self.recorder {
            recorder.not_open(why, opening, now);
        }
    }

    pub(super) fn closed(&mut self, ending: &Ending, last: &str, now: Instant) {
        if let Some(recorder) = &mut self.recorder {
            recorder.closed(ending, last, now);
        }
    }

    /// Writes the pending part; a failure, which it returns, ends the recording.
    pub(super) fn flush(&mut self) -> Option<String> {
        let recorder = self.recorder.as_mut()?;
        recorder.flush();
        let complaint = recorder.complaint()?;
        self.has_failed = true;
        self.recorder = None;
        Some(complaint)
    }

    pub fn is_on(&self) -> bool {
        self.recorder.is_some()
    }

    pub fn has_failed(&self) -> bool {
        self.has_failed
    }
}
