//! `--record` and `/record`: a recording may start and stop while the session continues.

use std::cell::RefCell;
use std::path::Path;
use std::rc::Rc;
use std::time::Instant;

use serde_json::Value;

use crate::command::Record;
use crate::diagnostic::one_line;
use crate::event::{Ending, Event, NotOpen, Opening};
use crate::proto::connection::Message;
use crate::record::{FileError, Format, Options, Recorder};
use crate::render::clock::Clock;
use crate::render::{Label, Secrets, quantity};

#[derive(Debug)]
pub struct Recording {
    secrets: Secrets,
    clock: Clock,
    recorder: Tape,
    /// The recorder of the first connection, whose file or whose choice of one it shares.
    first: Tape,
    /// `None` for the first connection.
    connection: Option<Label>,
    has_failed: bool,
}

type Tape = Option<Rc<RefCell<Recorder>>>;

impl Recording {
    pub fn new(
        options: Option<&Options>,
        secrets: Secrets,
        clock: Clock,
    ) -> Result<Self, FileError> {
        let create = |options| Recorder::create(options, secrets, clock.clone());
        let recorder = options.map(create).transpose()?;
        Ok(Self {
            recorder: recorder.map(|it| Rc::new(RefCell::new(it))),
            ..Self::off(secrets, clock)
        })
    }

    pub fn off(secrets: Secrets, clock: Clock) -> Self {
        Self {
            secrets,
            clock,
            recorder: None,
            first: None,
            connection: None,
            has_failed: false,
        }
    }

    /// That of a further connection, which begins when it is opened.
    #[must_use]
    pub fn of(&self, connection: &Label) -> Self {
        Self {
            first: self.recorder.clone(),
            connection: Some(connection.clone()),
            ..Self::off(self.secrets, self.clock.clone())
        }
    }

    /// Begins to record a further connection if the first one is recorded: in its file, or in one beside it.
    ///
    /// Returns what to show of a file of its own.
    pub fn open(&mut self) -> Option<Result<String, String>> {
        let (first, connection) = (self.first.clone()?, self.connection.as_ref()?);
        let beside = first.borrow().beside(connection, self.secrets, &self.clock);
        let Some(beside) = beside else {
            self.recorder = Some(first);
            return None;
        };
        Some(match beside {
            Ok(recorder) => {
                let text = format!("recording to {}", recorder.path().display());
                self.recorder = Some(Rc::new(RefCell::new(recorder)));
                Ok(text)
            }
            Err(error) => {
                self.has_failed = true;
                Err(format!("it is not recorded: {}", one_line(&error)))
            }
        })
    }

    /// Follows the first connection, whose recording has begun or ended; returns what to show.
    pub fn follow(&mut self, first: &Self, opening: &Opening) -> Option<Result<String, String>> {
        let is_same = match (&self.first, &first.first) {
            (Some(own), Some(its)) => Rc::ptr_eq(own, its),
            (own, its) => own.is_none() && its.is_none(),
        };
        if is_same {
            return None;
        }
        let is_own = |it: &Self| match (&it.recorder, &it.first) {
            (Some(own), Some(first)) => !Rc::ptr_eq(own, first),
            _ => false,
        };
        let ended = is_own(self).then(|| self.stop());
        self.recorder = None;
        self.first.clone_from(&first.first);
        let begun = self.open();
        self.begin(opening);
        begun.or(ended)
    }

    /// Records how the connection was opened.
    fn begin(&mut self, opening: &Opening) {
        for (event, at) in opening.replay() {
            self.event(&event, opening, 0, None, at);
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
            Some(recorder) => format!("recording to {}", recorder.borrow().path().display()),
            None => "not recording; /record FILE starts".to_owned(),
        }
    }

    fn start(&mut self, path: &Path, opening: &Opening) -> Result<String, String> {
        if let Some(recorder) = &self.recorder {
            let recorder = recorder.borrow();
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
        let recorder = recorder.map_err(|error| match error {
            // The command has no --force.
            FileError::Exists(_) => format!("{error}; give another name"),
            _ => one_line(&error),
        })?;
        self.recorder = Some(Rc::new(RefCell::new(recorder)));
        self.begin(opening);
        Ok(format!(
            "recording to {} from now on; /record stop ends it",
            path.display()
        ))
    }

    fn stop(&mut self) -> Result<String, String> {
        let Some(recorder) = self.recorder.take() else {
            return Err("not recording; /record FILE starts".to_owned());
        };
        let mut recorder = recorder.borrow_mut();
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
        on_top: Option<&Value>,
        now: Instant,
    ) {
        if let Some(recorder) = &self.recorder {
            let mut recorder = recorder.borrow_mut();
            recorder.of(self.connection.as_ref());
            recorder.event(event, opening, number, on_top, now);
        }
    }

    #[inline]
    pub(super) fn sent(
        &mut self,
        message: &Message<'_>,
        number: u64,
        on_top: Option<&Value>,
        now: Instant,
    ) {
        if let Some(recorder) = &self.recorder {
            let mut recorder = recorder.borrow_mut();
            recorder.of(self.connection.as_ref());
            recorder.sent(message, number, on_top, now);
        }
    }

    pub(super) fn not_open(&mut self, why: &NotOpen, opening: &Opening, now: Instant) {
        if let Some(recorder) = &self.recorder {
            let mut recorder = recorder.borrow_mut();
            recorder.of(self.connection.as_ref());
            recorder.not_open(why, opening, now);
        }
    }

    pub(super) fn closed(&mut self, ending: &Ending, last: &str, now: Instant) {
        if let Some(recorder) = &self.recorder {
            let mut recorder = recorder.borrow_mut();
            recorder.of(self.connection.as_ref());
            recorder.closed(ending, last, now);
        }
    }

    /// Writes the pending part; a failure, which it returns, ends the recording.
    pub(super) fn flush(&mut self) -> Option<String> {
        let mut recorder = self.recorder.as_ref()?.borrow_mut();
        recorder.flush();
        if !recorder.has_failed() {
            return None;
        }
        let complaint = recorder.complaint();
        drop(recorder);
        self.has_failed = true;
        self.recorder = None;
        complaint
    }

    pub fn is_on(&self) -> bool {
        self.recorder.is_some()
    }

    pub fn has_failed(&self) -> bool {
        self.has_failed
    }
}
