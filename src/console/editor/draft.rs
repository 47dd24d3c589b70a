//! `/edit`: a message written in the user's editor.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitStatus;

use tempfile::{Builder, NamedTempFile, TempPath};

use crate::diagnostic::Diagnostic;
use crate::sys::process;
use crate::text::{self, TextError};

/// A written text, and the file that holds it until it is sent.
#[derive(Debug)]
pub struct Draft {
    pub text: String,
    path: TempPath,
    /// The number of the message that it changes, and its new payload.
    target: Option<(u64, Vec<u8>)>,
}

#[derive(Debug, thiserror::Error)]
pub(super) enum DraftError {
    #[error("cannot create a file to edit: {0}")]
    Create(io::Error),
    #[error("cannot run {editor:?}: {error}")]
    Run { editor: String, error: io::Error },
    #[error("{editor:?} ended with {status}; nothing was sent")]
    Failed { editor: String, status: ExitStatus },
    #[error("cannot read {path:?}: {error}")]
    Read { path: PathBuf, error: io::Error },
    #[error("{path:?}: {error}; nothing was sent")]
    NotText { path: PathBuf, error: TextError },
    #[error("nothing was written; nothing was sent")]
    Empty,
    #[error("nothing was changed; nothing was sent")]
    Unchanged,
}

impl Diagnostic for DraftError {
    fn hint(&self) -> Option<String> {
        match self {
            Self::Run { .. } => Some("set VISUAL or EDITOR to an editor".to_owned()),
            Self::NotText { path, .. } => Some(format!("/file {} sends it", path.display())),
            _ => None,
        }
    }
}

impl Draft {
    /// Lets the user change `text` in `editor`, a shell command; returns when the editor exits.
    pub(super) fn write(editor: &str, text: &str) -> Result<Self, DraftError> {
        let path = create(text).map_err(DraftError::Create)?.into_temp_path();
        run(editor, &path)?;
        let written = read(path.as_ref());
        let written = match written {
            Err(error @ DraftError::NotText { .. }) => {
                // The user's work is not thrown away.
                let _ = path.keep();
                return Err(error);
            }
            written => written?,
        };
        match written {
            text if text.is_empty() => Err(DraftError::Empty),
            written if written == text => Err(DraftError::Unchanged),
            text => Ok(Self {
                text,
                path,
                target: None,
            }),
        }
    }

    /// A draft that changes a message which waits.
    pub(super) fn of(self, number: u64, payload: Vec<u8>) -> Self {
        Self {
            target: Some((number, payload)),
            ..self
        }
    }

    /// The number of the message that it changes, and its new payload.
    pub fn take_target(&mut self) -> Option<(u64, Vec<u8>)> {
        self.target.take()
    }

    pub fn keep(self) -> String {
        match self.path.keep() {
            Ok(path) => format!("the text is in {}", path.display()),
            Err(error) => format!("the text is lost: {error}"),
        }
    }
}

/// A file that only this user can read.
fn create(text: &str) -> io::Result<NamedTempFile> {
    // Editors choose their highlighting by the file name.
    let is_json = text.trim_start().starts_with(['{', '[']);
    let suffix = if is_json { ".json" } else { ".txt" };
    let mut file = Builder::new().prefix("wsee-").suffix(suffix).tempfile()?;
    file.write_all(text.as_bytes())?;
    if !text.is_empty() {
        file.write_all(b"\n")?;
    }
    Ok(file)
}

fn run(editor: &str, path: &Path) -> Result<(), DraftError> {
    let status = process::shell(editor, path).status();
    let editor = editor.to_owned();
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(DraftError::Failed { editor, status }),
        Err(error) => Err(DraftError::Run { editor, error }),
    }
}

/// The text of the file, without its final newline.
fn read(path: &Path) -> Result<String, DraftError> {
    let bytes = fs::read(path).map_err(|error| DraftError::Read {
        path: path.to_owned(),
        error,
    })?;
    let mut text = text::decode(bytes).map_err(|error| DraftError::NotText {
        path: path.to_owned(),
        error,
    })?;
    if text.ends_with('\n') {
        text.pop();
    }
    if text.ends_with('\r') {
        text.pop();
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn the_file_is_private_and_removed_with_the_draft() {
        let draft = Draft::write("stat -c %a >>", "x").expect_err("no change to the file");
        assert!(matches!(draft, DraftError::Failed { .. }), "{draft}");
        let draft = Draft::write("printf more >>", "{}").expect("a draft");
        assert_eq!(draft.text, "{}\nmore");
        let path = draft.path.to_path_buf();
        assert_eq!(
            fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o600
        );
        assert!(path.to_string_lossy().ends_with(".json"));
        drop(draft);
        assert!(!path.exists());
    }

    #[test]
    fn a_draft_that_is_kept_stays_in_its_file() {
        let draft = Draft::write("echo kept >", "").expect("a draft");
        let note = draft.keep();
        let path = note.strip_prefix("the text is in ").expect("a path");
        assert_eq!(fs::read_to_string(path).unwrap(), "kept\n");
        fs::remove_file(path).unwrap();
    }

    #[test]
    fn says_why_nothing_is_sent() {
        let error = |editor, text| Draft::write(editor, text).expect_err(editor).to_string();
        assert_eq!(error("true", "x"), "nothing was changed; nothing was sent");
        assert_eq!(error(": >", "x"), "nothing was written; nothing was sent");
        assert_eq!(
            error("false", ""),
            "\"false\" ended with exit status: 1; nothing was sent"
        );
        assert!(error("/nonexistent", "").contains("ended with exit status: 127"));
        assert!(error("rm", "").starts_with("cannot read "));
        let text = error("printf 'ab\\377' >", "");
        assert!(text.contains(": byte 3 is not valid UTF-8"), "{text}");
        let path = text.split('"').nth(1).expect("a path");
        assert_eq!(fs::read(path).unwrap(), b"ab\xff");
        fs::remove_file(path).unwrap();
    }
}
