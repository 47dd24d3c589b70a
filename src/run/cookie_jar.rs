//! `--cookie-jar`: the file is created before anything is sent, and replaced atomically.

use std::io;
use std::path::Path;

use super::complain;
use crate::atomic_file::Replacement;
use crate::config::Connect;
use crate::cookie::Jar;
use crate::event::NotOpen;
use crate::exit::Exit;

pub(super) struct JarFile<'a> {
    jar: &'a Jar,
    path: &'a Path,
    file: Replacement,
}

/// Creates a file next to the one of `--cookie-jar`, so that errors show before anything is sent.
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
    pub(super) fn write(self) -> Result<(), NotOpen> {
        let written = self.file.write(self.jar.write().as_bytes());
        written.map_err(|error| fail(self.path, &error))
    }
}

fn create(path: &Path) -> io::Result<Replacement> {
    // Stdout is for messages.
    if path == Path::new("-") {
        return Err(io::Error::other("not a regular file; name another one"));
    }
    Replacement::private(path)
}

/// Reports the error immediately: a connection that does not open has its own last line.
fn fail(path: &Path, error: &io::Error) -> NotOpen {
    let text = format!("--cookie-jar {}: {error}", path.display());
    complain(&text);
    NotOpen::new(text, Exit::Write)
}
