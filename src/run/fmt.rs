//! `wsee fmt`: rewrites scenarios in their canonical form.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::{complain, print};
use crate::atomic_file::Replacement;
use crate::cli::FmtArgs;
use crate::exit::Exit;
use crate::render::Secrets;
use crate::render::escape::{escape_line, escape_payload};
use crate::scenario::{Mistake, folder, format, parse, passing};
use crate::term;
use crate::text;

pub(super) fn fmt(args: &FmtArgs) -> Exit {
    if args.files == [Path::new("-")] {
        return fmt_stdin(args.check);
    }
    let files = match folder::find(&args.files) {
        Ok(files) => files,
        Err(error) => {
            complain(&error.to_string());
            return error.exit();
        }
    };
    let (mut exit, mut differ) = (Exit::Done, String::new());
    for file in &files {
        match rewrite(file, args.check) {
            Ok(true) if args.check => {
                differ.push_str(&escape_line(&file.display().to_string()));
                differ.push('\n');
            }
            Ok(_) => {}
            Err(failed) => exit = failed,
        }
    }
    match print(differ.as_bytes()) {
        Exit::Done if exit == Exit::Done && !differ.is_empty() => Exit::Expectation,
        Exit::Done => exit,
        failed => failed,
    }
}

/// Returns whether the file differs from its canonical form, and rewrites it unless it is only `check`ed.
fn rewrite(path: &PathBuf, check: bool) -> Result<bool, Exit> {
    let name = path.display().to_string();
    let cannot = |what: &str, error: &io::Error, exit| {
        complain(&format!("cannot {what} {name}: {error}"));
        exit
    };
    let bytes = fs::read(path).map_err(|error| cannot("read", &error, Exit::Input))?;
    let formatted = formatted(&name, &bytes)?;
    let differs = formatted.as_bytes() != bytes;
    if differs && !check {
        Replacement::open(path)
            .and_then(|file| file.write(formatted.as_bytes()))
            .map_err(|error| cannot("write", &error, Exit::Write))?;
    }
    Ok(differs)
}

fn fmt_stdin(check: bool) -> Exit {
    let mut bytes = Vec::new();
    if let Err(error) = term::stdin::read_all(&mut bytes) {
        complain(&format!("cannot read stdin: {error}"));
        return Exit::Input;
    }
    match formatted("stdin", &bytes) {
        Ok(text) if check && text.as_bytes() != bytes => Exit::Expectation,
        Ok(_) if check => Exit::Done,
        Ok(text) => print(text.as_bytes()),
        Err(exit) => exit,
    }
}

fn formatted(name: &str, bytes: &[u8]) -> Result<String, Exit> {
    let text = text::decode(bytes.to_vec()).map_err(|error| {
        complain(&format!("{name}: {}", io::Error::from(error)));
        Exit::Usage
    })?;
    let mistakes = match (parse(&text), passing::lines(&text)) {
        (Ok(file), _) => return Ok(format(&file)),
        (Err(_), Ok(lines)) => return Ok(passing::format(&lines)),
        (Err(scenario), Err(rules)) => likelier(scenario, rules),
    };
    report(name, &mistakes, Secrets::Masked);
    Err(Exit::Usage)
}

/// The mistakes as the language sees them in which more of the file makes sense.
fn likelier(scenario: Vec<Mistake>, rules: Vec<Mistake>) -> Vec<Mistake> {
    if rules.len() < scenario.len() {
        rules
    } else {
        scenario
    }
}

pub(super) fn report(name: &str, mistakes: &[Mistake], secrets: Secrets) {
    for report in reports(name, mistakes, secrets) {
        term::stderr(&format!("wsee: {report}"));
    }
}

/// A report of each mistake, of several lines.
pub(super) fn reports(name: &str, mistakes: &[Mistake], secrets: Secrets) -> Vec<String> {
    let report = |mistake: &Mistake| {
        let report = mistake.masked(secrets).report(name);
        escape_payload(&report).into_owned()
    };
    mistakes.iter().map(report).collect()
}
