use std::io;
use std::path::{Path, PathBuf};
use std::time::Instant;

use serde_json::Value;

use super::file::{File, FileError};
use super::format::Format;
use super::har::Har;
use super::scenario::Scenario;
use crate::event::{Direction, Ending, Event, NotOpen, Opening};
use crate::proto::connection::Message;
use crate::render::clock::Clock;
use crate::render::{Jsonl, Label, Secrets};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    pub path: PathBuf,
    pub format: Format,
    pub overwritten: bool,
}

/// Pending bytes at which to write.
const FULL: usize = 256 << 10;
/// Payload size in bytes before which pending lines are written: they survive if the disk has no room for the message.
const LARGE: usize = 64 << 10;
/// How many files there may be for connections of one name: more than anybody opens by hand.
const MOST_BESIDE: u32 = 99;

/// Writes the events of a session to a file; a failure ends the recording, not the session.
#[derive(Debug)]
pub struct Recorder {
    path: PathBuf,
    /// `None` after a failure.
    file: Option<File>,
    writer: Writer,
    complaint: Option<String>,
    recorded: u64,
}

#[derive(Debug)]
enum Writer {
    Jsonl(Box<Jsonl>),
    Har(Box<Har>),
    Scenario(Box<Scenario>),
}

impl Recorder {
    /// Creates the file; fails if it exists and must not be overwritten.
    pub fn create(options: &Options, secrets: Secrets, clock: Clock) -> Result<Self, FileError> {
        let mut file = File::create(&options.path, options.overwritten)?;
        let writer = match options.format {
            Format::Jsonl => Writer::Jsonl(Box::new(Jsonl::new(true, secrets, clock))),
            Format::Har => Writer::Har(Box::new(Har::new(secrets, clock, &mut file))),
            Format::Scenario => Writer::Scenario(Box::new(Scenario::new(secrets, &mut file))),
        };
        let path = options.path.clone();
        file.flush().map_err(|error| FileError::Io {
            path: path.clone(),
            error,
        })?;
        Ok(Self {
            path,
            file: Some(file),
            writer,
            complaint: None,
            recorded: 0,
        })
    }

    /// The recorder of a further connection, in a file beside this one; `None` if this file holds several.
    pub fn beside(
        &self,
        connection: &Label,
        secrets: Secrets,
        clock: &Clock,
    ) -> Option<Result<Self, FileError>> {
        let format = match self.writer {
            Writer::Jsonl(_) => return None,
            Writer::Har(_) => Format::Har,
            Writer::Scenario(_) => Format::Scenario,
        };
        let create = |number| {
            let path = beside(&self.path, connection.text(), number);
            let options = Options {
                path,
                format,
                overwritten: false,
            };
            Self::create(&options, secrets, clock.clone())
        };
        // A name may be given again once its connection is over.
        let taken = |it: &Result<Self, FileError>| matches!(it, Err(FileError::Exists(_)));
        let free = (1..MOST_BESIDE).map(create).find(|it| !taken(it));
        Some(free.unwrap_or_else(|| create(MOST_BESIDE)))
    }

    /// The same for one of several clients, whose number lines of JSON have.
    #[must_use]
    pub fn of_client(mut self, client: u64) -> Self {
        if let Writer::Jsonl(jsonl) = &mut self.writer {
            **jsonl = jsonl.of(client);
        }
        self
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    pub fn recorded(&self) -> u64 {
        self.recorded
    }

    /// Whether what is received is what a later run expects.
    pub fn is_scenario(&self) -> bool {
        matches!(self.writer, Writer::Scenario(_))
    }

    /// What comes next is of this connection; `None` is the first one of the run.
    pub fn of(&mut self, connection: Option<&Label>) {
        if let Writer::Jsonl(jsonl) = &mut self.writer {
            jsonl.set_connection(connection);
        }
    }

    /// Records an event; `opening` already includes it, `number` is that of a message, and `on_top` what a protocol on
    /// top makes of that.
    pub fn event(
        &mut self,
        event: &Event<'_>,
        opening: &Opening,
        number: u64,
        on_top: Option<&Value>,
        now: Instant,
    ) {
        use crate::proto::connection::Event::Message;
        if let Event::Connection(Message(message)) = event {
            self.make_room(message);
        }
        self.write(|writer, file| match writer {
            Writer::Jsonl(jsonl) => match event {
                Event::Connection(Message(message)) => {
                    jsonl.message(file, Direction::Received, message, number, on_top, now)
                }
                _ => jsonl.event(file, event, opening, number, now),
            },
            Writer::Har(har) => har.event(file, event, opening, number, now),
            Writer::Scenario(scenario) => {
                scenario.event(file, event, opening, now);
                Ok(())
            }
        });
    }

    pub fn sent(
        &mut self,
        message: &Message<'_>,
        number: u64,
        on_top: Option<&Value>,
        now: Instant,
    ) {
        self.make_room(message);
        self.write(|writer, file| match writer {
            Writer::Jsonl(jsonl) => {
                jsonl.message(file, Direction::Sent, message, number, on_top, now)
            }
            Writer::Har(har) => har.sent(file, message, number, now),
            Writer::Scenario(scenario) => {
                scenario.sent(file, message, now);
                Ok(())
            }
        });
    }

    pub fn not_open(&mut self, why: &NotOpen, opening: &Opening, now: Instant) {
        self.write(|writer, file| match writer {
            Writer::Jsonl(jsonl) => jsonl.not_open(file, why, opening, now),
            Writer::Har(har) => har.not_open(file, why, opening, now),
            Writer::Scenario(scenario) => {
                scenario.not_open(file, why, opening, now);
                Ok(())
            }
        });
        self.flush();
    }

    pub fn closed(&mut self, ending: &Ending, message: &str, now: Instant) {
        self.write(|writer, file| match writer {
            Writer::Jsonl(jsonl) => jsonl.closed(file, ending, message, now),
            Writer::Har(_) => Ok(()),
            Writer::Scenario(scenario) => {
                scenario.closed(file, ending, Some(message));
                Ok(())
            }
        });
        self.flush();
    }

    fn make_room(&mut self, message: &Message<'_>) {
        self.recorded += 1;
        if message.payload.len() >= LARGE {
            self.flush();
        }
    }

    pub fn flush(&mut self) {
        if let Some(file) = &mut self.file
            && let Err(error) = file.flush()
        {
            self.fail(&error);
        }
    }

    pub fn has_failed(&self) -> bool {
        self.file.is_none()
    }

    pub fn complaint(&mut self) -> Option<String> {
        self.complaint.take()
    }

    fn write(&mut self, write: impl FnOnce(&mut Writer, &mut File) -> io::Result<()>) {
        let Some(file) = &mut self.file else {
            return;
        };
        let mut written = write(&mut self.writer, file);
        if file.pending().len() >= FULL {
            written = written.and_then(|()| file.flush());
        }
        if let Err(error) = written {
            self.fail(&error);
        }
    }

    fn fail(&mut self, error: &io::Error) {
        self.file = None;
        self.complaint = Some(format!(
            "the recording ends here, cannot write to {}: {error}",
            self.path.display()
        ));
    }
}

/// The path with the name of a connection before its ending, as in `session.NAME.har`.
fn beside(path: &Path, connection: &str, number: u32) -> PathBuf {
    let is_safe = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
    let name = connection.replace(|c| !is_safe(c), "_");
    let number = if number > 1 {
        format!("-{number}")
    } else {
        String::new()
    };
    let ending = path.extension().unwrap_or_default().to_string_lossy();
    path.with_extension(format!("{name}{number}.{ending}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_connection_never_leaves_the_folder() {
        let path = |name, number| beside(Path::new("a/b.har"), name, number);
        assert_eq!(path("two", 1), Path::new("a/b.two.har"));
        assert_eq!(path("two", 2), Path::new("a/b.two-2.har"));
        assert_eq!(path("../x\n", 1), Path::new("a/b..._x_.har"));
    }
}
