//! Other programs.

use std::path::Path;
use std::process::Command;

/// The user's editor if no variable names one.
pub const EDITOR: &str = "vi";

/// The user's pager if no variable names one.
pub const PAGER: &str = "less";

/// As git does: less leaves a short text on the screen, and shows colours. Its prompt is a colon otherwise, which does not
/// say how to leave.
const LESS: &str = ": \"${LESS=FRXPs?e(END) .q goes back, / searches, h lists the keys}\" \"${LV=-c}\"; \
     export LESS LV; ";

/// Runs a pager through the shell; its command may include arguments.
pub fn pager(command: &str) -> Command {
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", &format!("{LESS}{command}")]);
    shell
}

/// Runs `command` through the shell, as git does: it may include arguments. `path` is its last one.
pub fn shell(command: &str, path: &Path) -> Command {
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", &format!("{command} \"$1\""), "sh"]);
    shell.arg(path);
    shell
}
