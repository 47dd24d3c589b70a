//! `--cookie-jar`: the file is made before anything is sent, and is replaced in one go.

use std::io;
use std::path::Path;

use super::complain;
use crate::atomic_file::Replacement;
use crate::config::Connect;
use crate::cookie::Jar;
use crate::event::NotOpen;
use crate::exit::Exit;

/// A cookie jar with the file that will hold it.
pub(super) struct JarFile<'a> {
    jar: &'a Jar,
    path: &'a Path,
    file: Replacement,
}

/// Makes a file beside the one that `--cookie-jar` names, so that it is known early whether that can be done.
pub(super) fn prepare(connect: &Connect) -> Result<Option<JarFile<'_>>, NotOpen> {
    let Some((path, jar)) = &connect.dialing.cookie_jar else {
        return Ok(None);
    };
    match create(path) {
        Ok(file) => Ok(Some(JarFile { jar, path, file })),
        Err(error) => Err(fail(path, &error)),
    }
}

impl JarFile<'_> {
    /// Writes what is in the jar by now.
    pub(super) fn write(self) -> Result<(), NotOpen> {
        let written = self.file.write(self.jar.write().as_bytes());
        written.map_err(|error| fail(self.path, &error))
    }
}

fn create(path: &Path) -> io::Result<Replacement> {
    // Stdout is for messages.
    if path == Path::new("-") {
        return Err(io::Error::other("it is not a regular file; name one"));
    }
    Replacement::private(path)
}

/// Says it at once: a connection that does not open has its own last line.
fn fail(path: &Path, error: &io::Error) -> NotOpen {
    let text = format!("--cookie-jar {}: {error}", path.display());
    complain(&text);
    NotOpen::new(text, Exit::Write)
}
