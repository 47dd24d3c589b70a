//! `$PAGER`, for what is longer than the screen.

use std::io::{self, Write};
use std::process::Stdio;

use crate::sys::process::pager as run;

/// Shows `text` in the user's pager, a shell command, and waits for its end.
///
/// # Errors
///
/// If the pager did not show it: it cannot be run, or ended with an error.
pub fn page(pager: &str, text: &str) -> io::Result<()> {
    let mut child = run(pager).stdin(Stdio::piped()).spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        // The user may leave before the end of the text.
        let _ = stdin.write_all(text.as_bytes());
    }
    let status = child.wait()?;
    if status.success() {
        return Ok(());
    }
    Err(io::Error::other(format!("{pager:?} ended with {status}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pager_gets_the_text_and_may_leave_early() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("shown");
        page(&format!("cat > {}", path.display()), "a\nb\n").expect("a pager");
        assert_eq!(std::fs::read_to_string(path).expect("a file"), "a\nb\n");
        page("head -c 1 >/dev/null", &"x".repeat(1 << 20)).expect("a pager");
        let error = page("exit 3", "").expect_err("a failure").to_string();
        assert!(error.contains("exit status: 3"), "{error}");
    }
}
