//! Files that only their owner may read.
//!
//! Folders below the user's profile are private already. A file elsewhere gets an access list of its own from icacls,
//! which every Windows has: no well-kept crate wraps the functions for it.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io;
use std::os::windows::fs::{FileExt, OpenOptionsExt};
use std::path::Path;
use std::process::{Command, Stdio};

use winapi_util::HandleRef;

use crate::sys::Unfit;

/// Opens a link itself, not what it leads to (`FILE_FLAG_OPEN_REPARSE_POINT`).
const NO_FOLLOW: u32 = 0x0020_0000;
/// "Owner Rights", whoever the owner is.
const OWNER: &str = "*S-1-3-4:(F)";

/// Creates a file for its owner only; it must not exist.
pub fn create_private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    let file = options.write(true).create_new(true).open(path)?;
    restrict(path)?;
    Ok(file)
}

/// Opens a file to append to it; a new one is for its owner only.
pub fn append_private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    let file = options.append(true).create(true).open(path)?;
    if file.metadata()?.len() == 0 {
        restrict(path)?;
    }
    Ok(file)
}

/// Whether other users can read the file; access lists are not looked at, so never.
pub fn is_open_to_others(_: &Metadata) -> bool {
    false
}

/// Whether other users can change the folder; access lists are not looked at, so never.
pub fn is_writable_by_others(_: &Metadata) -> bool {
    false
}

/// Creates a file for its owner only, or empties an existing one if it may be `overwritten`.
pub fn claim(path: &Path, overwritten: bool) -> Result<File, Unfit> {
    if let Ok(found) = fs::symlink_metadata(path) {
        // A folder cannot be opened like a file, and the error does not say why.
        check(&found)?;
    }
    let mut options = OpenOptions::new();
    options.write(true).custom_flags(NO_FOLLOW);
    options.create(overwritten).create_new(!overwritten);
    let file = options.truncate(false).open(path);
    let file = file.map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => Unfit::Exists,
        _ => Unfit::Io(error),
    })?;
    check(&file.metadata()?)?;
    // A name such as NUL or COM1 is a device in every folder.
    if !winapi_util::file::typ(HandleRef::from_file(&file))?.is_disk() {
        return Err(Unfit::NotFile);
    }
    restrict(path)?;
    file.set_len(0)?;
    Ok(file)
}

/// Makes sure that `path` is a file; creates it, and its folder in the user's profile, if needed.
pub fn secure(path: &Path) -> Result<(), Unfit> {
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            if let Some(directory) = path.parent() {
                fs::create_dir_all(directory)?;
            }
            let mut options = OpenOptions::new();
            options.write(true).create_new(true).open(path)?;
            Ok(())
        }
        metadata => check(&metadata?),
    }
}

/// Opens a file of [`secure`] to append to it; a link that took its place is not followed.
pub fn open_secured(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    let options = options.append(true).create(true).custom_flags(NO_FOLLOW);
    let file = options.open(path)?;
    if file.metadata()?.is_symlink() {
        return Err(io::Error::other("it is a symbolic link"));
    }
    Ok(file)
}

/// Writes at this place of the file, wherever its cursor is.
pub fn write_at(file: &File, bytes: &[u8], offset: u64) -> io::Result<usize> {
    file.seek_write(bytes, offset)
}

fn check(metadata: &Metadata) -> Result<(), Unfit> {
    if metadata.is_symlink() {
        return Err(Unfit::Link);
    }
    if !metadata.is_file() {
        return Err(Unfit::NotFile);
    }
    Ok(())
}

/// Leaves the owner of a file as the only one who may use it.
fn restrict(path: &Path) -> io::Result<()> {
    let mut icacls = Command::new("icacls");
    icacls
        .arg(path)
        .args(["/inheritance:r", "/grant:r", OWNER, "/q"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    if icacls.status()?.success() {
        return Ok(());
    }
    Err(io::Error::other(
        "icacls cannot reserve it for its owner; use a drive with permissions",
    ))
}
