//! `wsee audit`: checks a server, and writes reports.

use std::future::poll_fn;
use std::path::PathBuf;

use super::document::{self, Document, Writer};
use super::{print, printed, signals};
use crate::audit::check::Check;
use crate::audit::report::{html, human, json, junit, list, markdown, sarif};
use crate::audit::result::Report;
use crate::audit::{self, Options};
use crate::cli::AuditReportArgs;
use crate::config::{Auditing, Environment};
use crate::diagnostic::Diagnostic;
use crate::exit::Exit;
use crate::render::escape::escape_line;
use crate::render::{Role, Style, message};
use crate::session::OpenError;
use crate::term;

/// Columns of `--list` where it is no terminal: what a line of prose has in a manual.
const COLUMNS: usize = 100;

/// `--list`, which needs no server.
pub(super) fn explain(environment: &Environment) -> Exit {
    let is_terminal = environment.terminals.stdout;
    let columns = if is_terminal {
        term::terminal::width()
    } else {
        COLUMNS
    };
    print(list::list(columns).as_bytes())
}

pub(super) async fn audit(auditing: Auditing, environment: &Environment) -> Exit {
    let mut signals = match signals() {
        Ok(signals) => signals,
        Err(exit) => return exit,
    };
    let display = auditing.display;
    let mut stderr = display.style(environment.terminals.stderr);
    let mut stdout = display.style(environment.terminals.stdout);
    if environment.terminals.stderr {
        stderr = stderr.within(term::terminal::columns());
    }
    if environment.terminals.stdout {
        stdout = stdout.within(term::terminal::width());
    }
    let reports = match open_reports(&auditing.reports) {
        Ok(reports) => reports,
        Err(exit) => return exit,
    };
    if !display.quiet {
        introduce(&auditing, stderr);
    }
    let has_progress = environment.terminals.stderr && !display.quiet && !environment.dumb;
    let mut begins = |check: &'static Check, number: usize, count: usize| {
        if has_progress {
            term::stderr(&format!("{ERASE}{number}/{count} {}", check.id));
        }
    };
    let options: Options = auditing.options.clone();
    let signal = poll_fn(|cx| signals.poll(cx));
    let report = Box::pin(audit::audit(options, signal, &mut begins)).await;
    if has_progress {
        term::stderr(ERASE);
    }
    let report = match report {
        Ok(report) => report,
        Err(error) => return not_open(&error, &auditing, stderr),
    };
    let written = if reports.iter().any(Document::is_stdout) {
        if !display.quiet {
            term::stderr(&human::report(&report, display.verbose > 0, stderr));
        }
        Exit::Done
    } else {
        let text = human::report(&report, display.verbose > 0, stdout);
        printed(term::stdout(text.as_bytes()))
    };
    if let Some(status) = report.refused {
        if matches!(status, 401 | 403) {
            term::stderr(&message::hint(REFUSED, stderr));
        }
        let text = format!(
            "the server refuses the upgrade with {status}: most checks need an open connection"
        );
        term::stderr(&message::problem(&text, stderr));
    }
    if let Some(why) = &report.cut_short {
        let text = format!("the run was cut short: {why}");
        term::stderr(&message::problem(&text, stderr));
    }
    let documented = document::write(reports, &report).unwrap_or(written);
    match exit(&report) {
        Exit::Done => documented,
        exit => exit,
    }
}

fn open_reports(given: &AuditReportArgs) -> Result<Vec<Document<Report>>, Exit> {
    let reports: [(&Option<PathBuf>, Writer<Report>); 5] = [
        (&given.report_json, json::report),
        (&given.report_sarif, sarif::report),
        (&given.report_md, markdown::report),
        (&given.report_junit, junit::report),
        (&given.report_html, html::report),
    ];
    document::open(reports.map(|(path, write)| (path.clone(), write)))
}

const REFUSED: &str =
    "give a user's credentials with -b, -u or -H, and a page's origin with --origin";

/// Back to the start of the line, which becomes empty.
const ERASE: &str = "\r\x1b[K";

fn introduce(auditing: &Auditing, style: Style) {
    let say = |text: &str| {
        let text = style.prose(Role::Fact, &format!("* {}", escape_line(text)));
        term::stderr(&format!("{text}\n"));
    };
    auditing.notes.iter().for_each(|note| say(note));
    let url = auditing.display.secrets.url(&auditing.url);
    say(&human::announcement(&url, audit::budget(&auditing.options)));
}

fn not_open(error: &OpenError, auditing: &Auditing, style: Style) -> Exit {
    let redactor = auditing.display.secrets.redactor(error.evidence.requests());
    if let Some(hint) = error.hint() {
        term::stderr(&message::hint(&redactor.text(&hint), style));
    }
    let text = error.to_string();
    term::stderr(&message::problem(&redactor.text(&text), style));
    error.exit()
}

fn exit(report: &Report) -> Exit {
    if let Some(signal) = report.interrupted {
        return signal.exit();
    }
    let mut findings = report.findings().into_iter();
    let fails = report.fail_on.is_some()
        && findings.any(|(check, finding, _)| report.counts_as_failure(check, finding));
    match report.refused {
        _ if fails => Exit::Expectation,
        Some(_) => Exit::Refused,
        // Whoever trusts the status wants no verdict of half a run.
        None if report.fail_on.is_some() && report.cut_short.is_some() => Exit::Timeout,
        None => Exit::Done,
    }
}
