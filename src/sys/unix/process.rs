//! Other programs.

use std::path::Path;
use std::process::Command;

/// The user's editor if no variable names one.
pub const EDITOR: &str = "vi";

/// Runs `command` through the shell, as git does: it may include arguments. `path` is its last one.
pub fn shell(command: &str, path: &Path) -> Command {
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", &format!("{command} \"$1\""), "sh"]);
    shell.arg(path);
    shell
}
