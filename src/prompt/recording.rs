//! `--record` and `/record`: a recording may start and stop while the session goes on.

use std::path::Path;
use std::time::Instant;

use crate::command::Record;
use crate::event::{Ending, Event};
use crate::proto::connection::Message;
use crate::record::{Format, Opening, Options, Recorder};
use crate::render::clock::Clock;
use crate::render::{Secrets, quantity};

/// The recording of a session, if there is one, and what it takes to start one.
#[derive(Debug)]
pub struct Recording {
    opening: Opening,
    url: String,
    secrets: Secrets,
    clock: Clock,
    recorder: Option<Recorder>,
    /// What was to be recorded is not.
    has_failed: bool,
}

impl Recording {
    /// No recording yet, for a connection to `url` that opened as `opening` tells.
    pub fn new(opening: Opening, url: &str, secrets: Secrets, clock: Clock) -> Self {
        Self {
            opening,
            url: url.to_owned(),
            secrets,
            clock,
            recorder: None,
            has_failed: false,
        }
    }

    /// With a recording that knows how the connection opened.
    #[must_use]
    pub fn with(mut self, recorder: Option<Recorder>) -> Self {
        self.recorder = recorder;
        self
    }

    /// Executes `/record`; returns what came of it, or why nothing did.
    pub(super) fn execute(&mut self, command: &Record) -> Result<String, String> {
        match command {
            Record::State => Ok(self.state()),
            Record::Stop => self.stop(),
            Record::Start(path) => self.start(path),
        }
    }

    fn state(&self) -> String {
        match &self.recorder {
            Some(recorder) => format!("recording to {}", recorder.path().display()),
            None => "not recording; /record FILE starts".to_owned(),
        }
    }

    fn start(&mut self, path: &Path) -> Result<String, String> {
        if let Some(recorder) = &self.recorder {
            let path = recorder.path().display();
            return Err(format!(
                "recording to {path} already; /record stop ends that"
            ));
        }
        let Some(format) = Format::of(path) else {
            return Err(format!(
                "{}: the name must end in {}, which says what is written",
                path.display(),
                Format::ENDINGS
            ));
        };
        let options = Options {
            path: path.to_owned(),
            format,
            overwritten: false,
        };
        let recorder = Recorder::create(&options, &self.url, self.secrets, self.clock.clone());
        let mut recorder = recorder.map_err(|error| error.to_string())?;
        self.opening.tell(&mut recorder);
        self.recorder = Some(recorder);
        Ok(format!(
            "recording from here on to {}; /record stop ends it",
            path.display()
        ))
    }

    fn stop(&mut self) -> Result<String, String> {
        let Some(mut recorder) = self.recorder.take() else {
            return Err("nothing is recorded; /record FILE starts".to_owned());
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

    /// Takes an event between two connections, for a recording that starts on the next.
    pub(super) fn while_disconnected(&mut self, event: &Event<'_>, now: Instant) {
        if matches!(event, Event::Retry(_)) {
            self.opening = Opening::default();
        }
        self.opening.observe(event, now);
        self.event(event, now);
    }

    pub(super) fn event(&mut self, event: &Event<'_>, now: Instant) {
        if let Some(recorder) = &mut self.recorder {
            recorder.event(event, now);
        }
    }

    pub(super) fn sent(&mut self, message: &Message<'_>, now: Instant) {
        if let Some(recorder) = &mut self.recorder {
            recorder.sent(message, now);
        }
    }

    /// Writes what was recorded since; gives back why that failed, once.
    pub(super) fn flush(&mut self) -> Option<String> {
        let recorder = self.recorder.as_mut()?;
        recorder.flush();
        let complaint = recorder.complaint()?;
        self.has_failed = true;
        self.recorder = None;
        Some(complaint)
    }

    /// Records how the session ended; gives back why that failed.
    pub(super) fn close(&mut self, ending: &Ending, last: &str, now: Instant) -> Option<String> {
        if let Some(recorder) = &mut self.recorder {
            recorder.closed(ending, last, now);
        }
        self.flush()
    }

    pub(super) fn is_on(&self) -> bool {
        self.recorder.is_some()
    }

    pub(super) fn has_failed(&self) -> bool {
        self.has_failed
    }
}
