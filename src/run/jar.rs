//! `--cookie-jar`: the file is made before anything is sent, and is replaced in one go.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::complain;
use crate::config::Connect;
use crate::cookie::Jar;
use crate::event::NotOpen;
use crate::exit::Exit;

/// A cookie jar with the file that will hold it.
pub(super) struct JarFile<'a> {
    jar: &'a Jar,
    path: PathBuf,
    file: NamedTempFile,
}

/// Makes a file beside the one that `--cookie-jar` names, so that it is known early whether that can be done.
pub(super) fn prepare(connect: &Connect) -> Result<Option<JarFile<'_>>, NotOpen> {
    let Some((path, jar)) = &connect.cookie_jar else {
        return Ok(None);
    };
    match create(path) {
        Ok((path, file)) => Ok(Some(JarFile { jar, path, file })),
        Err(error) => Err(fail(path, &error)),
    }
}

impl JarFile<'_> {
    /// Writes what is in the jar by now.
    pub(super) fn write(mut self) -> Result<(), NotOpen> {
        let written = self.file.write_all(self.jar.write().as_bytes());
        let persisted = written.and_then(|()| Ok(self.file.persist(&self.path)?));
        persisted
            .map(|_| ())
            .map_err(|error| fail(&self.path, &error))
    }
}

/// A new file for its owner only, and the path it will have: that which a symbolic link leads to.
fn create(path: &Path) -> io::Result<(PathBuf, NamedTempFile)> {
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    // A device must not be replaced, and stdout is for messages.
    if path == Path::new("-") || path.exists() && !path.is_file() {
        let text = "it is not a regular file; name one";
        return Err(io::Error::other(text));
    }
    let folder = match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    let file = NamedTempFile::new_in(folder)?;
    Ok((path, file))
}

/// Says it at once: a connection that does not open has its own last line.
fn fail(path: &Path, error: &io::Error) -> NotOpen {
    let text = format!("--cookie-jar {}: {error}", path.display());
    complain(&text);
    NotOpen::new(text, Exit::Write)
}
