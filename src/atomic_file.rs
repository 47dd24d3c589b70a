//! Atomic file replacement.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::sys::file;

/// A file that replaces the old one when it is complete.
#[derive(Debug)]
pub struct Replacement {
    path: PathBuf,
    /// `None` for a pipe, a terminal or anything else that cannot be replaced.
    file: Option<NamedTempFile>,
}

impl Replacement {
    /// Opens a file next to `path`, so that a problem with the folder is known before the work begins.
    pub fn open(path: &Path) -> io::Result<Self> {
        Self::create(path, false)
    }

    /// The same for secrets: a regular file that only its owner may read, whatever the permissions of the old one.
    pub fn private(path: &Path) -> io::Result<Self> {
        let replacement = Self::create(path, true)?;
        match replacement.file {
            Some(_) => Ok(replacement),
            None => Err(io::Error::other("it is not a regular file; name one")),
        }
    }

    /// With the permissions of the old file, or what the user's umask leaves; a private one is for its owner.
    fn create(path: &Path, is_private: bool) -> io::Result<Self> {
        // A symbolic link stays; the file that it leads to is replaced.
        let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let found = fs::metadata(&path).ok();
        if found.as_ref().is_some_and(fs::Metadata::is_dir) {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        if found.as_ref().is_some_and(|found| !found.is_file()) {
            return Ok(Self { path, file: None });
        }
        let folder = match path.parent() {
            Some(folder) if folder != Path::new("") => folder,
            _ => Path::new("."),
        };
        let mut options = fs::OpenOptions::new();
        options.write(true).create_new(true);
        let mut problem = None;
        let open = |path: &Path| {
            let opened = if is_private {
                file::create_private(path)
            } else {
                options.open(path)
            };
            opened.inspect_err(|error| problem = error.raw_os_error())
        };
        let file = tempfile::Builder::new()
            .prefix(".wsee-")
            .make_in(folder, open);
        // The system's own error does not name the file next to `path`, which nobody asked for.
        let file = file.map_err(|error| problem.map_or(error, io::Error::from_raw_os_error))?;
        if let Some(found) = found.filter(|_| !is_private) {
            file.as_file().set_permissions(found.permissions())?;
        }
        let file = Some(file);
        Ok(Self { path, file })
    }

    pub fn write(mut self, contents: &[u8]) -> io::Result<()> {
        self.append(contents)?;
        self.finish()
    }

    /// Writes a part; the old file stays until all is written.
    pub fn append(&mut self, part: &[u8]) -> io::Result<()> {
        match &mut self.file {
            Some(file) => file.as_file_mut().write_all(part),
            None => fs::OpenOptions::new()
                .write(true)
                .open(&self.path)?
                .write_all(part),
        }
    }

    /// Replaces the old file.
    pub fn finish(self) -> io::Result<()> {
        if let Some(file) = self.file {
            file.persist(&self.path)?;
        }
        Ok(())
    }
}

/// Appends to a file, which is created if it does not exist.
pub fn append(path: &Path, contents: &[u8]) -> io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options
        .append(true)
        .create(true)
        .open(path)?
        .write_all(contents)
}

#[cfg(test)]
mod tests {
    use std::fs::Permissions;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.collect()
    }

    #[test]
    fn the_old_file_stays_until_the_new_one_is_complete() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        fs::write(&path, "old").unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o640)).unwrap();
        let replacement = Replacement::open(&path).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"old");
        replacement.write(b"new").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert_eq!(
            fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o640
        );
        assert_eq!(names(folder.path()), ["a"]);
    }

    #[test]
    fn a_private_file_is_for_its_owner_only_and_regular() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        fs::write(&path, "old").unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
        Replacement::private(&path).unwrap().write(b"new").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        for path in [Path::new("/dev/null"), folder.path()] {
            assert!(Replacement::private(path).is_err(), "{}", path.display());
        }
    }

    #[test]
    fn nothing_is_left_of_one_that_was_not_written() {
        let folder = tempfile::tempdir().unwrap();
        drop(Replacement::open(&folder.path().join("a")).unwrap());
        assert_eq!(names(folder.path()), [""; 0]);
    }

    #[test]
    fn a_folder_that_is_not_there_is_known_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let error = Replacement::open(&folder.path().join("b/a")).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
        assert!(!error.to_string().contains(".wsee-"), "{error}");
        assert!(Replacement::open(folder.path()).is_err());
    }

    #[test]
    fn a_link_is_followed() {
        let folder = tempfile::tempdir().unwrap();
        let (path, link) = (folder.path().join("a"), folder.path().join("b"));
        fs::write(&path, "old").unwrap();
        std::os::unix::fs::symlink(&path, &link).unwrap();
        Replacement::open(&link).unwrap().write(b"new").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    }
}
