//! Completion, asked for in the shells themselves.
//!
//! These tests need bash, fish and zsh: `cargo test -- --ignored completion`, as `.ci/run` does.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::support::binary;
use crate::support::pty::{Terminal, shell};

/// What is typed, and what a Tab makes of it.
const COMPLETED: [(&str, &str); 16] = [
    ("wsee lis", "wsee listen"),
    ("wsee test --expect-sub", "wsee test --expect-subprotocol"),
    ("wsee listen --client", "wsee listen --client-ca"),
    ("wsee man sce", "wsee man scenario"),
    ("wsee completions zs", "wsee completions zsh"),
    ("wsee -v --color alw", "wsee -v --color always"),
    ("wsee --color=alw", "wsee --color=always"),
    ("wsee --split ev", "wsee --split events"),
    ("wsee -w '%{time_op", "wsee -w '%{time_open}"),
    ("wsee @stag", "wsee @staging"),
    ("wsee test @stag", "wsee test @staging"),
    ("wsee wss", "wsee wss://"),
    ("wsee --cacert certif", "wsee --cacert certificate.pem"),
    ("wsee --cacert=certif", "wsee --cacert=certificate.pem"),
    ("wsee --send @chat.w", "wsee --send @chat.wsee"),
    ("wsee test chat.w", "wsee test chat.wsee"),
];

/// A home with a profile, files to complete, and what an interactive shell reads first.
fn home() -> tempfile::TempDir {
    let home = tempfile::tempdir().expect("a folder");
    let file = |name: &str, text: &str| {
        let path = home.path().join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, text).expect("a file");
    };
    file(
        ".config/wsee/config.toml",
        "[profile.staging]\nurl = \"h\"\n",
    );
    file("certificate.pem", "");
    file("chat.wsee", "");
    let bin = Path::new(binary());
    let bin = bin.parent().expect("a folder").display();
    let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("completions");
    let scripts = scripts.display();
    let start = format!("export PATH={bin}:/usr/bin:/bin\ncd \"$HOME\"\n");
    file(
        ".bashrc",
        &format!("{start}source {scripts}/wsee.bash\nPS1='> '\n"),
    );
    file(
        ".zshrc",
        &format!(
            "{start}fpath=({scripts} $fpath)\nautoload -Uz compinit && compinit -u -D\nPS1='> '\n"
        ),
    );
    file(
        "start.fish",
        &format!("{start}source {scripts}/wsee.fish\n"),
    );
    home
}

fn start(home: &Path, command: &str) -> Terminal {
    let terminal = shell(command).home(home).start();
    terminal.wait_for_line("> ");
    terminal
}

#[track_caller]
fn completes(mut terminal: Terminal) {
    for (typed, completed) in COMPLETED {
        terminal.press(typed);
        terminal.wait_for_line(&format!("> {typed}"));
        terminal.press("\t");
        terminal.wait(completed, |screen, _| {
            let row = screen.rows(0, 100).nth(screen.cursor_position().0.into());
            row.is_some_and(|row| row.trim_end().trim_end_matches('\'') == format!("> {completed}"))
        });
        // Ctrl-U empties the line.
        terminal.press("\x15");
        terminal.wait_for_line("> ");
    }
    terminal.press("wsee --tls-min ");
    terminal.press("\t\t\t");
    terminal.wait_for("1.2");
    assert!(!terminal.contents().contains("chat.wsee\n"), "files");
}

#[test]
#[ignore = "needs bash"]
fn bash_completes_commands_flags_values_and_profiles() {
    let home = home();
    completes(start(home.path(), "exec bash -i"));
}

#[test]
#[ignore = "needs zsh"]
fn zsh_completes_commands_flags_values_and_profiles() {
    let home = home();
    completes(start(home.path(), "exec zsh -i"));
}

#[test]
#[ignore = "needs fish"]
fn fish_completes_commands_flags_values_and_profiles() {
    let home = home();
    let ask = |line: &str| {
        let script = format!("source ~/start.fish; complete -C \"{line}\"");
        let output = Command::new("fish")
            .args(["--no-config", "-c", &script])
            .env("HOME", home.path())
            .env_remove("XDG_CONFIG_HOME")
            .output()
            .expect("fish");
        String::from_utf8(output.stdout).expect("UTF-8")
    };
    for (typed, completed) in COMPLETED {
        let word = completed.rsplit(' ').next().expect("a word");
        let word = word.trim_start_matches('\'');
        let offered = ask(typed);
        let values: Vec<&str> = offered
            .lines()
            .filter_map(|line| line.split('\t').next())
            .map(|value| value.trim_start_matches('\''))
            .collect();
        assert_eq!(values, [word], "{typed} {offered}");
    }
    assert_eq!(ask("wsee --tls-min "), "1.2\tTLS 1.2\n1.3\tTLS 1.3\n");
}
