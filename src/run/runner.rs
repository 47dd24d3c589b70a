//! `wsee test`: runs scenarios and writes reports.

use std::cell::RefCell;
use std::fmt::Write as _;
use std::future::poll_fn;
use std::io;
use std::path::PathBuf;

use super::document::{self, Document, Writer};
use super::fmt::report;
use super::view::view;
use super::{complain, print, printed, signals};
use crate::config::Environment;
use crate::config::runner::{GitHub, Mistakes, Test};
use crate::exit::Exit;
use crate::render::escape::escape_line;
use crate::render::quantity;
use crate::render::{Show, Style};
use crate::runner::report::{github, html, human, json, junit, tap};
use crate::runner::suite::Suite;
use crate::runner::{CaseResult, Context, Group, Prepared, Run};
use crate::scenario::Variable;
use crate::term;

pub(super) async fn test(test: Test, environment: &Environment) -> Exit {
    if !test.display.quiet {
        for note in &test.notes {
            term::stderr(&format!("* {}\n", escape_line(note)));
        }
    }
    let groups = match load(&test) {
        Ok(groups) => groups,
        Err(exit) => return exit,
    };
    if test.list {
        return listed(&groups);
    }
    if test.check {
        return checked(&groups);
    }
    let reports = match open_reports(&test) {
        Ok(reports) => reports,
        Err(exit) => return exit,
    };
    let mut signals = match signals() {
        Ok(signals) => signals,
        Err(exit) => return exit,
    };
    let voice = Voice::new(&test, &reports, environment);
    let token = github::token();
    if test.github.is_some() {
        // Output from a server must not be interpreted as workflow commands.
        voice.say(&github::stop(&token));
    }
    let human = view(
        test.display,
        show(test.display.verbose),
        environment.terminals.stderr,
        environment,
    );
    let suite = Suite {
        groups: &groups,
        context: Context {
            options: &test.options,
            given: &test.given,
            human: &human,
            secrets: test.display.secrets,
            down: RefCell::default(),
        },
    };
    let signal = poll_fn(|cx| signals.poll(cx));
    let run = suite.run(signal, &|case| voice.case(case)).await;
    voice.summary(&run);
    if let Some(github) = &test.github {
        voice.say(&github::resume(&token));
        voice.say(&github::annotations(&run, &github.folder));
        summarize(github, &run);
    }
    let (exit, written) = (write_reports(reports, &run), voice.end());
    // What a failed run says is more than that nobody could read it.
    if exit == Exit::Done { written } else { exit }
}

/// `-v` shows messages on standard error, unlike in a pipe.
fn show(verbose: u8) -> Show {
    Show {
        messages: verbose >= 1,
        ..Show::pipe(verbose)
    }
}

fn load(test: &Test) -> Result<Vec<Group>, Exit> {
    let loaded = test.load().map_err(|wrong| {
        let mut exit = Exit::Usage;
        for mistakes in wrong {
            match mistakes {
                Mistakes::File {
                    path,
                    error,
                    exit: failed,
                } => {
                    complain(&format!("{}: {error}", path.display()));
                    exit = failed;
                }
                Mistakes::Places { file, mistakes } => {
                    report(&file, &mistakes, test.display.secrets);
                }
            }
        }
        exit
    })?;
    if loaded.groups.is_empty() {
        let problem = match loaded.found {
            0 => "no case found: the files are empty".to_owned(),
            found => format!("no case found: --filter excludes all {found}"),
        };
        complain(&problem);
        return Err(Exit::Usage);
    }
    Ok(loaded.groups)
}

/// The cases, each as it can be named as a target.
fn listed(groups: &[Group]) -> Exit {
    let mut out = String::new();
    for group in groups {
        for Prepared { case, .. } in &group.cases {
            let file = group.file.as_deref().unwrap_or_default();
            let line = format!("{file}:{}: {}", case.line, case.name);
            out.push_str(&escape_line(&line));
            out.push('\n');
        }
    }
    print(out.as_bytes())
}

fn checked(groups: &[Group]) -> Exit {
    let cases = groups.iter().map(|group| group.cases.len() as u64).sum();
    let cases = quantity::plural(cases, "case");
    let files = quantity::plural(groups.len() as u64, "file");
    let mut out = format!("{cases} in {files}, no mistakes\n");
    let needs = needs(groups);
    if !needs.is_empty() {
        // Writing to a String cannot fail.
        let _ = writeln!(out, "needs {}", needs.join(", "));
    }
    print(out.as_bytes())
}

/// The flags that give the variables without a value one, in the order of the files.
fn needs(groups: &[Group]) -> Vec<String> {
    let cases = groups.iter().flat_map(|group| &group.cases);
    let mut needs = Vec::new();
    for variable in cases.flat_map(|prepared| &prepared.case.needs) {
        let flag = match variable {
            Variable::Env(name) => format!("--allow-env {name}"),
            other => format!("--var {other}=…"),
        };
        if !needs.contains(&flag) {
            needs.push(flag);
        }
    }
    needs
}

/// The report for people, on the stream that no other report uses.
struct Voice {
    to_stderr: bool,
    quiet: bool,
    style: Style,
    written: RefCell<io::Result<()>>,
}

impl Voice {
    fn new(test: &Test, reports: &[Document<Run>], environment: &Environment) -> Self {
        let to_stderr = reports.iter().any(Document::is_stdout);
        let terminals = environment.terminals;
        let terminal = if to_stderr {
            terminals.stderr
        } else {
            terminals.stdout
        };
        Self {
            to_stderr,
            quiet: test.display.quiet,
            style: test.display.style(terminal),
            written: RefCell::new(Ok(())),
        }
    }

    fn say(&self, text: &str) {
        if self.to_stderr {
            term::stderr(text);
        } else {
            let mut written = self.written.borrow_mut();
            *written = std::mem::replace(&mut *written, Ok(())).and(term::stdout(text.as_bytes()));
        }
    }

    /// Complains if the report is not complete; a closed pipe is not an error.
    fn end(self) -> Exit {
        printed(self.written.into_inner())
    }

    fn case(&self, case: &CaseResult) {
        self.say(&human::case(case, self.style, self.quiet));
    }

    fn summary(&self, run: &Run) {
        if !self.quiet || run.exit() != Exit::Done {
            self.say(&human::summary(run, self.style));
        }
    }
}

fn open_reports(test: &Test) -> Result<Vec<Document<Run>>, Exit> {
    let given = &test.reports;
    let reports: [(&Option<PathBuf>, Writer<Run>); 4] = [
        (&given.report_junit, junit::report),
        (&given.report_tap, tap::report),
        (&given.report_json, json::report),
        (&given.report_html, html::report),
    ];
    document::open(reports.map(|(path, write)| (path.clone(), write)))
}

fn write_reports(reports: Vec<Document<Run>>, run: &Run) -> Exit {
    document::write(reports, run).unwrap_or_else(|| run.exit())
}

/// Appends to the summary of a job, to which other steps write as well.
fn summarize(github: &GitHub, run: &Run) {
    let Some(path) = &github.summary else {
        return;
    };
    if let Err(error) = crate::atomic_file::append(path, github::summary(run).as_bytes()) {
        // The job does not depend on the summary.
        complain(&format!("cannot write {}: {error}", path.display()));
    }
}
