//! `wsee audit`: servers with known faults, and servers without.

mod budget;
mod credential;
mod http2;
mod leak;
mod limit;
mod liveness;
mod origin;
mod probe;
mod report;
pub(crate) mod site;
mod transport;

use std::thread;

use crate::support::output::Output;
use crate::support::run::wsee;
use site::{Manners, Site};

/// Enough for a server on loopback; a check that waits in vain costs as much.
const SHORT: [&str; 4] = ["--timeout", "700ms", "--idle-budget", "500ms"];

/// A server, what is asked of it, and what is found: severity and ID of each.
struct Row {
    manners: Manners,
    args: &'static [&'static str],
    findings: &'static [&'static str],
}

/// Audits all servers at once, as most of the time is spent waiting.
#[track_caller]
fn finds(rows: &[Row]) {
    let wrong: Vec<String> = thread::scope(|scope| {
        let audits: Vec<_> = rows
            .iter()
            .map(|row| scope.spawn(move || (row, audit(row.manners, row.args))))
            .collect();
        let results = audits.into_iter().map(|it| it.join().expect("an audit"));
        results
            .filter_map(|(row, output)| wrong(row, output))
            .collect()
    });
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

fn wrong(row: &Row, output: Output) -> Option<String> {
    let output = output.exits(0);
    let found = findings(&output);
    (found != row.findings).then(|| {
        let text = String::from_utf8_lossy(&output.stdout);
        format!(
            "{:?}: {:?} instead of {:?}:\n{text}",
            row.args, found, row.findings
        )
    })
}

#[test]
fn every_check_has_a_server_with_its_fault() {
    const TESTS: [&str; 8] = [
        include_str!("audit/credential.rs"),
        include_str!("audit/http2.rs"),
        include_str!("audit/leak.rs"),
        include_str!("audit/limit.rs"),
        include_str!("audit/liveness.rs"),
        include_str!("audit/origin.rs"),
        include_str!("audit/probe.rs"),
        include_str!("audit/transport.rs"),
    ];
    let output = wsee(&["audit", "--list"]).run().exits(0);
    let text = String::from_utf8_lossy(&output.stdout);
    let checks = text
        .lines()
        .filter(|line| line.starts_with(char::is_alphabetic));
    for check in checks {
        // With its severity, as in the findings of a row.
        let [id, severity, _] = check.split_whitespace().collect::<Vec<_>>()[..] else {
            panic!("{check}");
        };
        let finding = format!("\"{severity} {id}\"");
        assert!(TESTS.iter().any(|it| it.contains(&finding)), "no {finding}");
    }
}

/// Audits a server with these manners; `NAME` makes that a name with a domain, `?…` is its query.
fn audit(manners: Manners, args: &[&str]) -> Output {
    let site = Site::start(manners);
    let port = site.port();
    let named = args.contains(&"NAME");
    let url = if named {
        format!("ws://app.example.com:{port}/")
    } else {
        site.url()
    };
    let resolve = format!("--resolve=app.example.com:{port}:127.0.0.1");
    let query = args.iter().find(|arg| arg.starts_with('?'));
    let url = url + query.copied().unwrap_or_default();
    let mut all = vec!["audit", url.as_str()];
    if named {
        all.push(&resolve);
    }
    all.extend(
        args.iter()
            .filter(|arg| **arg != "NAME" && !arg.starts_with('?')),
    );
    let short = SHORT.chunks(2).filter(|pair| !args.contains(&pair[0]));
    all.extend(short.flatten());
    wsee(&all).run()
}

/// Severity and ID of each finding that was printed.
pub(crate) fn findings(output: &Output) -> Vec<String> {
    let text = String::from_utf8_lossy(&output.stdout);
    let lines = text.lines().filter_map(|line| {
        let mut words = line.split_whitespace();
        let severity = words.next()?;
        let is_finding = ["high", "medium", "low", "info"].contains(&severity);
        is_finding.then(|| format!("{severity} {}", words.next().unwrap_or_default()))
    });
    lines.collect()
}

trait Prints {
    fn shows(self, text: &str) -> Self;
    fn never_shows(self, text: &str) -> Self;
}

impl Prints for Output {
    #[track_caller]
    fn shows(self, text: &str) -> Self {
        let stdout = String::from_utf8_lossy(&self.stdout);
        assert!(
            stdout.contains(text),
            "no {text:?} in stdout:\n{stdout}\n{}",
            self.stderr
        );
        self
    }

    #[track_caller]
    fn never_shows(self, text: &str) -> Self {
        let stdout = String::from_utf8_lossy(&self.stdout);
        assert!(!stdout.contains(text), "{text:?} in stdout:\n{stdout}");
        self
    }
}
