//! A payload for the clipboard or in a file.

use std::io::{ErrorKind, Write};
use std::path::Path;

use data_encoding::BASE64;

use super::error::COPIED;
use super::{Entry, MemoryError};
use crate::render::quantity;
use crate::sys::file::create_private;

/// What copies a payload to the clipboard (OSC 52), and what to say about it.
pub fn copied(entry: &Entry) -> Result<(String, String), MemoryError> {
    let number = entry.number;
    let bytes = entry.payload.len();
    if bytes > COPIED {
        return Err(MemoryError::TooLongToCopy { number, bytes });
    }
    let is_text = str::from_utf8(&entry.payload).is_ok();
    let base64 = BASE64.encode(&entry.payload);
    let (clip, form) = if is_text {
        (base64, "")
    } else {
        (BASE64.encode(base64.as_bytes()), " as base64")
    };
    let size = quantity::size(bytes as u64);
    let note = format!("* #{number} ({size}) copied{form}, if the terminal allows it (OSC 52)");
    Ok((format!("\x1b]52;c;{clip}\x07"), note))
}

/// Writes a payload to a new file that only its owner can read; returns what to say about it.
pub fn save(entry: &Entry, path: &Path) -> Result<String, MemoryError> {
    let failed = |error: std::io::Error| {
        let path = path.to_owned();
        match error.kind() {
            ErrorKind::AlreadyExists => MemoryError::Exists(path),
            _ => MemoryError::Write { path, error },
        }
    };
    let mut file = create_private(path).map_err(failed)?;
    file.write_all(&entry.payload).map_err(failed)?;
    let size = quantity::size(entry.payload.len() as u64);
    let (number, path) = (entry.number, path.display());
    Ok(format!("* #{number} ({size}) saved in {path}"))
}
