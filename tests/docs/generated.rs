//! Completions, manual pages and parts of the README, generated from the command line.

use std::collections::BTreeSet;
use std::env;
use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use clap::ValueEnum;
use clap_complete::Generator;
use wsee::cli::{Page, Shell, generate};

use crate::support::pty::terminal;
use crate::support::run::wsee;

#[test]
fn completions_are_committed_for_the_shells_of_linux() {
    // Those of the shells that Linux distributions package; for others there is `wsee completions`.
    let shells = [Shell::Bash, Shell::Fish, Shell::Zsh];
    let scripts = shells
        .iter()
        .map(|shell| (shell.file_name("wsee"), generate::completion(*shell)));
    holds_exactly("completions", scripts.collect());
}

#[test]
fn manual_pages_are_those_of_the_command_line() {
    let mut pages = generate::man_pages();
    // For those who read the language in a browser.
    let text = generate::man_text(Some(Page::Scenario), 100);
    pages.push(("wsee-scenario.5.txt".to_owned(), text.into_bytes()));
    holds_exactly("man", pages);
}

#[test]
fn every_shell_gets_its_completions_printed() {
    for shell in Shell::value_variants() {
        let script = generate::completion(*shell);
        wsee(&["completions", &shell.to_string()])
            .run()
            .exits(0)
            .prints(script);
    }
}

#[test]
fn manual_pages_are_printed_as_committed() {
    wsee(&["man"])
        .run()
        .exits(0)
        .prints(generate::man_page(None));
    for page in Page::value_variants() {
        let value = page.to_possible_value().expect("a page to ask for");
        wsee(&["man", value.get_name()])
            .run()
            .exits(0)
            .prints(generate::man_page(Some(*page)));
    }
}

#[test]
fn at_a_terminal_a_manual_page_is_shown_by_man() {
    let folder = tempfile::tempdir().expect("a folder");
    let man = folder.path().join("man");
    let script = "#!/bin/sh\necho \"man $*\"; grep -c . >/dev/null && echo 'formatted'\n";
    fs::write(&man, script).expect("a script");
    fs::set_permissions(&man, fs::Permissions::from_mode(0o755)).expect("a script");
    let path = format!("{}:/usr/bin:/bin", folder.path().display());
    let mut terminal = terminal(&["man", "scenario"]).env("PATH", &path).start();
    terminal.wait_for("man -l -\nformatted");
    assert_eq!(terminal.finish(), 0);
    assert!(!terminal.contents().contains(".SH"), "roff");
}

#[test]
fn without_man_and_a_pager_a_page_is_printed_as_text() {
    let mut terminal = terminal(&["man", "fmt"]).env("PATH", "/nowhere").start();
    terminal.wait_for("NAME\n       wsee-fmt - Rewrite scenario files");
    assert_eq!(terminal.finish(), 0);
    assert!(!terminal.contents().contains(".SH"), "roff");
}

#[test]
fn the_schemas_are_printed_as_committed() {
    for name in ["events", "report", "audit"] {
        let schema = root().join(format!("schema/{name}.schema.json"));
        let schema = fs::read(schema).expect("a schema");
        wsee(&["schema", name]).run().exits(0).prints(schema);
    }
}

#[test]
fn bash_understands_its_completions() {
    let script = generate::completion(Shell::Bash);
    let script = String::from_utf8(script).expect("UTF-8");
    let bash = Command::new("bash").args(["-n", "-c", &script]).output();
    // Where there is no bash there is nobody to ask.
    if let Ok(output) = bash {
        assert!(output.status.success(), "{output:?}");
    }
}

#[test]
fn the_readme_shows_the_short_help_and_every_exit_status() {
    let readme = fs::read_to_string(root().join("README.md")).expect("a README");
    let help = format!("```text\n{}```\n", stdout(&["-h"]));
    let readme = with_section(&readme, "help", &help);
    let readme = with_section(&readme, "exit status", &exit_statuses());
    holds("README.md", readme.as_bytes());
}

/// The exit statuses of the long help as a table.
fn exit_statuses() -> String {
    let help = stdout(&["--help"]);
    let (_, statuses) = help
        .split_once("\nExit status:\n")
        .expect("exit statuses at the end of the help");
    let mut table = "| status | meaning |\n|---:|---|\n".to_owned();
    for line in statuses.lines() {
        let (status, meaning) = line
            .trim_start()
            .split_once("  ")
            .expect("a status and its meaning");
        let _ = writeln!(table, "| {status} | {meaning} |");
    }
    table
}

/// The README with `contents` between the markers of `name`.
fn with_section(readme: &str, name: &str, contents: &str) -> String {
    let begin = format!("<!-- {name} -->\n");
    let end = format!("<!-- end of {name} -->");
    let (before, rest) = readme.split_once(&begin).expect("the first marker");
    let (_, after) = rest.split_once(&end).expect("the second marker");
    format!("{before}{begin}\n{contents}\n{end}{after}")
}

fn stdout(args: &[&str]) -> String {
    let output = wsee(args).run().exits(0);
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// Claims that `folder` holds these files and no others.
#[track_caller]
fn holds_exactly(folder: &str, files: Vec<(String, Vec<u8>)>) {
    let entries = fs::read_dir(root().join(folder)).expect("a folder of the project");
    let found = entries.map(|entry| entry.expect("an entry").file_name());
    let mut strays: BTreeSet<_> = found.collect();
    for (name, contents) in files {
        strays.remove(name.as_ref() as &std::ffi::OsStr);
        holds(&format!("{folder}/{name}"), &contents);
    }
    assert!(strays.is_empty(), "{folder}/ holds {strays:?} for nothing");
}

/// Claims what a file of the project holds, or makes it so if that is asked for.
#[track_caller]
fn holds(path: &str, expected: &[u8]) {
    let file = root().join(path);
    if env::var_os("WSEE_BLESS").is_some() {
        // Renamed, so that the other tests see the old file or the new one.
        let new = file.with_added_extension("new");
        fs::write(&new, expected).expect("a file of the project");
        fs::rename(&new, &file).expect("a file of the project");
        return;
    }
    let found = fs::read(&file).unwrap_or_default();
    assert!(
        found == expected,
        "{path} is not what the command line gives; to rewrite it: WSEE_BLESS=1 cargo test docs"
    );
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}
