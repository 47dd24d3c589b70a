//! The history, across runs.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use tempfile::TempDir;

use crate::support::pty::{history_of, shell, terminal};

fn home() -> TempDir {
    tempfile::tempdir().expect("a directory")
}

/// Types lines into `wsee demo`, and ends it.
#[track_caller]
fn run(home: &Path, args: &[&str], lines: &[&str]) {
    let mut terminal = terminal(&[&["demo", "--no-compress"], args].concat())
        .home(home)
        .prompt();
    for line in lines {
        terminal.press(&format!("{line}\r"));
    }
    terminal.press("end\r");
    terminal.wait_for("← text 3 B   end\n");
    terminal.press("\x04");
    assert_eq!(terminal.finish(), 0);
}

/// The permissions of a file.
fn mode(path: &Path) -> u32 {
    fs::metadata(path).expect("a file").permissions().mode() & 0o777
}

#[test]
fn is_kept_for_the_next_run() {
    let home = home();
    run(home.path(), &[], &["one", "two"]);
    let mut terminal = terminal(&["demo", "--no-compress"])
        .home(home.path())
        .prompt();
    terminal.press("\x1b[A\x1b[A");
    terminal.wait_for_line("> two");
    terminal.press("\r");
    terminal.wait_for("← text 3 B   two\n");
    terminal.press("/history\r");
    terminal.wait_for("  one\n  two\n  end\n  two\n  /history\n");
    terminal.press("\x04");
    assert_eq!(terminal.finish(), 0);
}

#[test]
fn is_readable_by_its_owner_only() {
    let home = home();
    let history = history_of(home.path());
    run(home.path(), &[], &[]);
    assert_eq!(mode(&history), 0o600);
    assert_eq!(mode(history.parent().expect("a directory")), 0o700);
    fs::set_permissions(&history, PermissionsExt::from_mode(0o644)).expect("a file");
    run(home.path(), &[], &[]);
    assert_eq!(mode(&history), 0o600);
}

#[test]
fn a_line_that_starts_with_a_space_is_not_kept() {
    let home = home();
    run(home.path(), &[], &[" secret", "known"]);
    let kept = fs::read_to_string(history_of(home.path())).expect("a history");
    assert!(kept.contains("known") && !kept.contains("secret"), "{kept}");
}

#[test]
fn keeps_a_pasted_text_as_one_entry() {
    let home = home();
    run(home.path(), &[], &["\x1b[200~a\nb\x1b[201~"]);
    let mut terminal = terminal(&["demo", "--no-compress"])
        .home(home.path())
        .prompt();
    terminal.press("\x1b[A\x1b[A");
    terminal.wait_for("> a\nb");
}

#[test]
fn no_history_neither_reads_nor_writes_it() {
    let home = home();
    run(home.path(), &["--no-history"], &["one"]);
    assert!(!history_of(home.path()).exists());
    run(home.path(), &[], &["two"]);
    let mut terminal = terminal(&["demo", "--no-compress", "--no-history"])
        .home(home.path())
        .prompt();
    terminal.press("\x1b[Athree\r");
    terminal.wait_for("← text 5 B   three\n");
}

#[test]
fn a_symbolic_link_is_not_followed_and_the_prompt_continues() {
    let home = home();
    let (history, target) = (history_of(home.path()), home.path().join("target"));
    fs::create_dir_all(history.parent().expect("a directory")).expect("a directory");
    fs::write(&target, "").expect("a file");
    symlink(&target, &history).expect("a link");
    let mut terminal = terminal(&["demo", "--no-compress"])
        .home(home.path())
        .prompt();
    terminal.wait_for("symbolic link");
    terminal.press("one\r");
    terminal.wait_for("← text 3 B   one\n");
    assert_eq!(fs::read(&target).expect("a file"), b"");
}

#[test]
fn a_full_disk_is_reported_once_and_keeps_older_lines() {
    let home = home();
    run(home.path(), &[], &["one"]);
    let history = history_of(home.path());
    let before = fs::read(&history).expect("a history");
    // Blocks of 512 or 1024 bytes, as the shell counts.
    let mut terminal = shell("trap '' XFSZ; ulimit -f 1; exec $WSEE demo --no-compress")
        .home(home.path())
        .prompt();
    terminal.press(&format!("{}\r", "x".repeat(1100)));
    terminal.wait_for("cannot keep history in");
    terminal.press("two\r");
    terminal.wait_for("← text 3 B   two\n");
    terminal.press("\x04");
    assert_eq!(terminal.finish(), 0);
    assert_eq!(fs::read(&history).expect("a history"), before);
    let bytes = String::from_utf8_lossy(&terminal.bytes()).into_owned();
    assert_eq!(
        bytes.matches("cannot keep history in").count(),
        1,
        "{bytes}"
    );
}
