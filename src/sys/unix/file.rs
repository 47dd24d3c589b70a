//! Files that only their owner may read.

use std::fs::{self, DirBuilder, File, Metadata, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, FileExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;

use crate::sys::Unfit;

/// The permissions of a file for its owner only.
const PRIVATE: u32 = 0o600;

/// Creates a file for its owner only; it must not exist.
pub fn create_private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    let options = options.write(true).create_new(true).mode(PRIVATE);
    options.open(path)
}

/// Opens a file to append to it; a new one is for its owner only.
pub fn append_private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    let options = options.append(true).create(true).mode(PRIVATE);
    options.open(path)
}

/// Whether other users can read the file.
pub fn is_open_to_others(metadata: &Metadata) -> bool {
    metadata.mode() & 0o077 != 0
}

/// Whether other users can change the folder.
pub fn is_writable_by_others(metadata: &Metadata) -> bool {
    metadata.mode() & 0o022 != 0
}

/// Creates a file for its owner only, or empties an existing one if it may be `overwritten`.
pub fn claim(path: &Path, overwritten: bool) -> Result<File, Unfit> {
    // Opening a named pipe must not block.
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::CLOEXEC;
    let mut flags = flags | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY;
    flags.set(OFlags::EXCL, !overwritten);
    let fd = rustix::fs::open(path, flags, Mode::RUSR | Mode::WUSR);
    let file = File::from(fd.map_err(|error| match error {
        Errno::EXIST => Unfit::Exists,
        // FreeBSD's for a link that is not followed.
        Errno::LOOP | Errno::MLINK => Unfit::Link,
        Errno::ISDIR | Errno::NXIO => Unfit::NotFile,
        error => Unfit::Io(error.into()),
    })?);
    check(&file.metadata()?)?;
    // An overwritten file may have been readable by others.
    file.set_permissions(Permissions::from_mode(PRIVATE))?;
    file.set_len(0)?;
    Ok(file)
}

/// Makes sure that `path` is a file that only this user can read; creates it, and its folder, if needed.
pub fn secure(path: &Path) -> Result<(), Unfit> {
    let metadata = match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(create(path)?),
        metadata => metadata?,
    };
    if metadata.is_symlink() {
        return Err(Unfit::Link);
    }
    check(&metadata)?;
    if is_open_to_others(&metadata) {
        fs::set_permissions(path, Permissions::from_mode(PRIVATE))?;
    }
    Ok(())
}

/// Opens a file of [`secure`] to append to it; a link that took its place is not followed.
pub fn open_secured(path: &Path) -> io::Result<File> {
    let flags = i32::try_from(OFlags::NOFOLLOW.bits()).unwrap_or_default();
    let mut options = OpenOptions::new();
    let options = options.append(true).create(true).mode(PRIVATE);
    options.custom_flags(flags).open(path)
}

/// Writes at this place of the file, wherever its cursor is.
pub fn write_at(file: &File, bytes: &[u8], offset: u64) -> io::Result<usize> {
    file.write_at(bytes, offset)
}

fn check(metadata: &Metadata) -> Result<(), Unfit> {
    if !metadata.is_file() {
        return Err(Unfit::NotFile);
    }
    if metadata.uid() != rustix::process::geteuid().as_raw() {
        return Err(Unfit::Foreign);
    }
    Ok(())
}

fn create(path: &Path) -> io::Result<()> {
    if let Some(directory) = path.parent() {
        let mut builder = DirBuilder::new();
        builder.recursive(true).mode(0o700).create(directory)?;
    }
    create_private(path).map(drop)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{chown, symlink};

    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().mode() & 0o777
    }

    #[test]
    fn a_claimed_file_is_for_its_owner_only() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        claim(&path, false).unwrap();
        assert_eq!(mode(&path), 0o600);
        fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
        claim(&path, true).unwrap();
        assert_eq!(mode(&path), 0o600);
    }

    #[test]
    fn follows_no_link_and_takes_no_pipe_or_folder() {
        let folder = tempfile::tempdir().unwrap();
        let (target, link) = (folder.path().join("target"), folder.path().join("link"));
        fs::write(&target, "precious").unwrap();
        symlink(&target, &link).unwrap();
        assert!(matches!(claim(&link, true), Err(Unfit::Link)));
        assert!(matches!(secure(&link), Err(Unfit::Link)));
        assert!(open_secured(&link).is_err());
        assert_eq!(fs::read_to_string(&target).unwrap(), "precious");
        assert!(matches!(claim(folder.path(), true), Err(Unfit::NotFile)));
        assert!(matches!(secure(folder.path()), Err(Unfit::NotFile)));
        assert!(matches!(secure(&link.join("a")), Err(Unfit::Io(_))));
        let pipe = folder.path().join("pipe");
        let made = std::process::Command::new("mkfifo").arg(&pipe).status();
        assert!(made.unwrap().success());
        assert!(matches!(claim(&pipe, true), Err(Unfit::NotFile)));
    }

    #[test]
    fn takes_no_file_of_another_user() {
        if rustix::process::geteuid().is_root() {
            // Root owns every file here, so the owner is changed instead.
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("a");
            fs::write(&path, "precious").unwrap();
            chown(&path, Some(65534), None).unwrap();
            assert!(matches!(claim(&path, true), Err(Unfit::Foreign)));
            assert!(matches!(secure(&path), Err(Unfit::Foreign)));
            assert_eq!(fs::read_to_string(&path).unwrap(), "precious");
        } else {
            let refused = secure(Path::new("/etc/passwd"));
            assert!(matches!(refused, Err(Unfit::Foreign)));
        }
    }

    #[test]
    fn a_secured_file_is_private_and_its_new_folder_too() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state/wsee/history");
        secure(&path).unwrap();
        assert_eq!(mode(&path), 0o600);
        assert_eq!(mode(path.parent().unwrap()), 0o700);
        fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
        secure(&path).unwrap();
        assert_eq!(mode(&path), 0o600);
    }
}
