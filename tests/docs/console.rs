//! The README's console blocks: every command is run, and prints what the README says.
//!
//! What differs from run to run (times, ports, keys, masks) is made equal on both sides.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::support::binary;
use crate::support::run::{Running, wsee};

/// How a block begins that needs a server; the arguments of `wsee listen` follow.
const SERVER: &str = "# in another terminal: wsee listen 9001";
/// The port of that server, in the README.
const PORT: &str = "9001";

#[test]
fn the_readme_shows_what_happens() {
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let readme = fs::read_to_string(readme).expect("a README");
    let blocks: Vec<Block<'_>> = blocks(&readme).collect();
    assert!(!blocks.is_empty(), "the README has no console block");
    for block in &blocks {
        block.check();
    }
}

#[test]
fn values_that_differ_between_runs_are_normalized() {
    for (a, b) in [
        (
            "12:01:02.123 → text 2 B   hi",
            "23:59:59.999 → text 2 B   hi",
        ),
        ("* open            1.0 ms", "* open           10.0 ms"),
        (
            "closed after 999.9 ms (1 sent)",
            "closed after 1.0 s (1 sent)",
        ),
        ("> Host: 127.0.0.1:40001", "> Host: 127.0.0.1:5"),
        ("> Sec-WebSocket-Key: aaaa==", "> Sec-WebSocket-Key: bbbb=="),
        (
            "mask 00aaff01, 5 B, header 81 85 00 aa ff 01 at 0",
            "mask 12345678, 5 B, header 81 85 12 34 56 78 at 0",
        ),
    ] {
        assert_eq!(redact(a), redact(b));
    }
    for (a, b) in [
        ("← text 2 B   hi", "← text 3 B   hi"),
        ("  \"a\": 1", "\"a\": 1"),
        ("→ close 1000", "→ close 1001"),
    ] {
        assert_ne!(redact(a), redact(b));
    }
}

/// A console block: the server it needs, and commands with their output.
struct Block<'a> {
    server: Option<Vec<&'a str>>,
    commands: Vec<(&'a str, Vec<&'a str>)>,
}

fn blocks(readme: &str) -> impl Iterator<Item = Block<'_>> {
    let blocks = readme.split("```console\n").skip(1);
    blocks.map(|rest| {
        let (block, _) = rest.split_once("\n```").expect("the end of the block");
        Block::parse(block)
    })
}

impl<'a> Block<'a> {
    fn parse(block: &'a str) -> Self {
        let mut server = None;
        let mut commands: Vec<(&str, Vec<&str>)> = Vec::new();
        for line in block.lines() {
            if let Some(args) = line.strip_prefix(SERVER) {
                server = Some(args.split_whitespace().collect());
            } else if let Some(command) = line.strip_prefix("$ ") {
                commands.push((command, Vec::new()));
            } else {
                let (_, output) = commands.last_mut().expect("a command before its output");
                output.push(line);
            }
        }
        Self { server, commands }
    }

    #[track_caller]
    fn check(&self) {
        let server = self.server.as_ref().map(|args| Server::start(args));
        for (command, expected) in &self.commands {
            let output = match &server {
                Some(server) => {
                    shell(&command.replace(PORT, &server.port)).replace(&server.port, PORT)
                }
                None => shell(command),
            };
            let found: Vec<String> = output.lines().map(redact).collect();
            let expected: Vec<String> = expected.iter().map(|line| redact(line)).collect();
            assert_eq!(found, expected, "$ {command}\n{output}");
        }
    }
}

/// How long the commands of a block may take together, one of which sends 100 000 messages.
const WHOLE_BLOCK: Duration = Duration::from_mins(2);

/// A `wsee listen` that serves a block.
struct Server {
    port: String,
    _running: Running,
}

impl Server {
    fn start(args: &[&str]) -> Self {
        let listen = wsee(&[&["listen", "127.0.0.1:0"], args].concat());
        let running = listen.deadline(WHOLE_BLOCK).spawn();
        let said = running.wait_for_stderr("connect with");
        let (_, address) = said.split_once("127.0.0.1:").expect("an address");
        let port = address.split('/').next().expect("a port").to_owned();
        Self {
            port,
            _running: running,
        }
    }
}

/// Runs a command and gives back what it prints, stdout and stderr as they come.
fn shell(command: &str) -> String {
    let output = Command::new("sh")
        .arg("-c")
        .arg(format!("exec 2>&1\n{command}"))
        .env("PATH", path())
        .env("XDG_CONFIG_HOME", "/dev/null")
        .env_remove("NO_COLOR")
        .env_remove("CLICOLOR_FORCE")
        .stdin(Stdio::null())
        .output()
        .expect("a shell");
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// `$PATH` with the folder of the binary under test in front.
fn path() -> OsString {
    let binary = Path::new(binary());
    let folder = binary.parent().expect("a folder").to_owned();
    let path = env::var_os("PATH").unwrap_or_default();
    let folders = std::iter::once(folder).chain(env::split_paths(&path));
    env::join_paths(folders).expect("a PATH")
}

/// The line with a fixed text for what differs from run to run.
fn redact(line: &str) -> String {
    if let Some(name) = ["Sec-WebSocket-Key:", "Sec-WebSocket-Accept:"]
        .into_iter()
        .find(|name| line.contains(name))
    {
        return format!("{} …", &line[..line.find(name).unwrap_or(0) + name.len()]);
    }
    let line = redact_mask(line);
    let mut words: Vec<&str> = line.split(' ').collect();
    for at in 0..words.len() {
        if is_time_of_day(words[at]) {
            words[at] = "HH:MM:SS";
        } else if words[at].starts_with("127.0.0.1:") {
            words[at] = "127.0.0.1:PORT";
        }
        if at > 0 && matches!(words[at], "µs" | "ms" | "s") && words[at - 1].parse::<f64>().is_ok()
        {
            words[at - 1] = "some";
            words[at] = "time";
        }
    }
    if words.contains(&"time") {
        // Durations are aligned at their end.
        words.retain(|word| !word.is_empty());
    }
    words.join(" ")
}

/// Takes the masking key out of a frame's line, also out of its header bytes.
fn redact_mask(line: &str) -> String {
    let Some((_, rest)) = line.split_once("mask ") else {
        return line.to_owned();
    };
    let Some((key, _)) = rest.split_once(',').filter(|(key, _)| key.len() == 8) else {
        return line.to_owned();
    };
    let bytes = [&key[..2], &key[2..4], &key[4..6], &key[6..]].join(" ");
    line.replace(key, "KEY").replace(&bytes, "KEY")
}

fn is_time_of_day(word: &str) -> bool {
    let shape = word.replace(|c: char| c.is_ascii_digit(), "0");
    shape == "00:00:00.000"
}
