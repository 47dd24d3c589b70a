//! Other programs.

use std::io;
use std::os::windows::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command};

/// The user's editor if no variable names one.
pub const EDITOR: &str = "notepad";

/// The user's pager if no variable names one.
pub const PAGER: &str = "more";

/// Runs a pager through the shell; its command may include arguments.
pub fn pager(command: &str) -> Command {
    let mut shell = Command::new("cmd");
    shell.raw_arg(format!("/S /C \"{command}\""));
    shell
}

/// Runs `command` through the shell: it may include arguments. `path` is its last one.
pub fn shell(command: &str, path: &Path) -> Command {
    let mut shell = Command::new("cmd");
    // With /S, cmd removes the outer quotes and no others. A path cannot contain a quote.
    shell.raw_arg(format!("/S /C \"{command} \"{}\"\"", path.display()));
    shell
}

/// Starts it, for [`kill_all`].
pub fn spawn_group(command: &mut Command) -> io::Result<Child> {
    command.spawn()
}

/// Kills a process; those that it has started stay, as Windows knows no group of them.
pub fn kill_all(child: &mut Child) -> io::Result<()> {
    child.kill()
}
