//! Files named on the command line.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::Environment;
use crate::home;
use crate::pipe::Encoding;
use crate::text;

impl Environment {
    /// Replaces a `~` at the start, which no shell expands after `@`, with the user's home.
    pub(super) fn at_home(&self, path: &Path) -> PathBuf {
        home::expand(path, self.home.as_deref())
    }

    /// Reads the file of a message, which `encoding` decodes; a byte order mark is not a part of text.
    pub(super) fn read_message(&self, path: &Path, encoding: Encoding) -> io::Result<Vec<u8>> {
        let mut bytes = fs::read(self.at_home(path))?;
        if encoding.is_text() {
            let mark = bytes.len() - text::content(&bytes)?.len();
            bytes.drain(..mark);
        }
        Ok(bytes)
    }

    /// Reads the text file of an `@FILE`.
    pub(super) fn read_text(&self, path: &Path) -> io::Result<String> {
        text::read(&self.at_home(path))
    }
}
