//! Other programs.

use std::io;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command};

use rustix::process::{Pid, Signal, kill_process_group};

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

/// Starts it with a group of processes of its own, for [`kill_all`].
pub fn spawn_group(command: &mut Command) -> io::Result<Child> {
    command.process_group(0).spawn()
}

/// Kills a process that was started with [`spawn_group`], and those that it has started.
pub fn kill_all(child: &mut Child) -> io::Result<()> {
    Ok(kill_process_group(Pid::from_child(child), Signal::KILL)?)
}
