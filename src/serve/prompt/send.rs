//! What is typed goes to clients.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Instant;

use super::ServerPrompt;
use super::choice::described;
use crate::command::{Outgoing, Whom};
use crate::console::variable::VariableError;
use crate::diagnostic::Diagnostic;
use crate::home;
use crate::ontop;
use crate::outbox::FillError;
use crate::render::escape::escape_line;
use crate::render::quantity;
use crate::serve::hub::{Post, To};

/// Why nothing is sent.
#[derive(Debug, thiserror::Error)]
pub(super) enum SayError {
    #[error("not sent: no client is connected")]
    Nobody,
    #[error("not sent: {0} clients are connected, and none is chosen")]
    Unchosen(usize),
    #[error("not sent: client {0} is not connected")]
    Gone(u64),
    #[error("not sent: {0} has no clients")]
    Empty(String),
    #[error(transparent)]
    Template(#[from] FillError),
    #[error(transparent)]
    Variable(#[from] VariableError),
    #[error(transparent)]
    OnTop(#[from] ontop::SayError),
    #[error("cannot read {path}: {error}")]
    Read { path: PathBuf, error: io::Error },
    #[error("{path} has {}, and files of at most {} are sent from here", quantity::size(*.len), quantity::size(LARGEST_FILE))]
    TooLarge { path: PathBuf, len: u64 },
}

/// The largest file, in bytes: it is read at once, and kept until the slowest client has it.
const LARGEST_FILE: u64 = 16 << 20;

impl Diagnostic for SayError {
    fn hint(&self) -> Option<String> {
        match self {
            Self::Unchosen(_) => Some("/use CLIENT chooses one, /to * TEXT is for all".to_owned()),
            Self::Gone(_) | Self::Empty(_) => Some("/clients lists the clients".to_owned()),
            Self::Template(error) => error.hint(),
            Self::Variable(error) => error.hint(),
            Self::OnTop(error) => error.hint.clone(),
            Self::Nobody | Self::Read { .. } | Self::TooLarge { .. } => None,
        }
    }
}

impl ServerPrompt {
    /// Sends something to those that are meant, or else to those in use.
    pub(super) fn send(
        &self,
        whom: Option<Whom>,
        outgoing: Outgoing,
        now: Instant,
    ) -> Result<(), SayError> {
        let time = self.host.board.view(|view| view.time_at(now));
        let outgoing = self.variables.fill_outgoing(outgoing, time)?;
        if let (Some(on_top), Outgoing::Line(line)) = (&self.subject.on_top, &outgoing) {
            let to = whom.as_ref().map_or(To::All, meant);
            if let Some(text) = on_top.order(line, to, &self.hub)? {
                self.host.say(&escape_line(&text));
            }
            return Ok(());
        }
        let Some(whom) = whom.or_else(|| self.choice.whom.clone()) else {
            return Err(match self.hub.list().len() {
                0 => SayError::Nobody,
                count => SayError::Unchosen(count),
            });
        };
        let post = Post::new(self.read_file(outgoing)?).typed();
        let to = meant(&whom);
        match (self.hub.post(None, to, &post), whom) {
            ((1.., _), _) => Ok(()),
            (_, Whom::Client(number)) => Err(SayError::Gone(number)),
            (_, Whom::All) => Err(SayError::Nobody),
            (_, Whom::Path(path)) => Err(SayError::Empty(format!("the path {path}"))),
            (_, whom @ Whom::Room(_)) => Err(SayError::Empty(described(&whom))),
        }
    }

    /// What is sent, with the text of a line and the bytes of a file.
    fn read_file(&self, outgoing: Outgoing) -> Result<Outgoing, SayError> {
        Ok(match outgoing {
            Outgoing::Line(text) => Outgoing::Text(text),
            Outgoing::File { path, is_text } => {
                let path = home::expand(&path, self.home.as_deref());
                let bytes = read(&path)?;
                let invalid = |_| io::Error::new(io::ErrorKind::InvalidData, "it is not UTF-8");
                if is_text {
                    let text = String::from_utf8(bytes).map_err(invalid);
                    Outgoing::Text(text.map_err(|error| SayError::Read { path, error })?)
                } else {
                    Outgoing::Binary(bytes)
                }
            }
            outgoing => outgoing,
        })
    }
}

fn meant(whom: &Whom) -> To<'_> {
    match whom {
        Whom::Client(number) => To::Client(*number),
        Whom::All => To::All,
        Whom::Path(path) => To::Path(path),
        Whom::Room(room) => To::Room(room),
    }
}

fn read(path: &Path) -> Result<Vec<u8>, SayError> {
    let failed = |error| SayError::Read {
        path: path.to_owned(),
        error,
    };
    let found = fs::metadata(path).map_err(failed)?;
    if !found.is_file() {
        // A pipe could keep the server waiting.
        return Err(failed(io::Error::other("it is not a file")));
    }
    if found.len() > LARGEST_FILE {
        let (path, len) = (path.to_owned(), found.len());
        return Err(SayError::TooLarge { path, len });
    }
    fs::read(path).map_err(failed)
}
