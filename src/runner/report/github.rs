//! Annotations and the job summary of GitHub Actions.

use std::fmt::Write;
use std::path::Path;

use super::{details, place};
use crate::render::markdown::escape as markdown;
use crate::render::quantity;
use crate::runner::result::{Kind, Outcome, Run};

/// Stops the processing of workflow commands until [`resume`].
///
/// Output of the server must not contain the token, so it has to be random.
pub fn stop(token: &str) -> String {
    format!("::stop-commands::{token}\n")
}

pub fn resume(token: &str) -> String {
    format!("::{token}::\n")
}

pub fn token() -> String {
    hex::encode(rand::random::<[u8; 16]>())
}

///
/// `folder` is the working directory, relative to the repository: GitHub looks files up there.
pub fn annotations(run: &Run, folder: &Path) -> String {
    let mut out = String::new();
    for case in &run.cases {
        let Outcome::Failed(failure) = &case.outcome else {
            continue;
        };
        let mut text = failure.message.clone();
        if !failure.step.is_empty() {
            let _ = write!(text, "\n{}", failure.step);
        }
        for line in details(failure) {
            let _ = write!(text, "\n{line}");
        }
        out.push_str("::error ");
        if let Some(file) = failure.file.as_ref().or(case.file.as_ref()) {
            let line = failure.line.unwrap_or(case.line);
            let file = folder.join(file);
            let file = property(&file.to_string_lossy());
            let _ = write!(out, "file={file},line={line},");
        }
        let _ = writeln!(out, "title={}::{}", property(&case.name), data(&text));
    }
    out
}

/// The job summary in Markdown: a table of all cases, then the failures.
pub fn summary(run: &Run) -> String {
    let mut out = format!("### wsee test: {}\n\n", super::counted(run.counts()));
    out.push_str("| | case | time |\n|---|---|---:|\n");
    for case in &run.cases {
        let word = match &case.outcome {
            Outcome::Passed => "passed",
            Outcome::Failed(failure) if failure.kind == Kind::Error => "**error**",
            Outcome::Failed(_) => "**failed**",
            Outcome::Skipped(_) => "skipped",
        };
        let file = case.file.iter().map(|file| format!("{file}: "));
        let name: String = file.chain([case.name.clone()]).collect();
        let took = quantity::duration(case.took);
        let _ = writeln!(out, "| {word} | {} | {took} |", markdown(&name));
    }
    for case in &run.cases {
        let Outcome::Failed(failure) = &case.outcome else {
            continue;
        };
        let place = markdown(&place(case, failure));
        let _ = write!(out, "\n<details open><summary>{place}</summary>\n\n<pre>");
        let head = [failure.step.clone(), failure.message.clone()];
        for line in head.into_iter().chain(details(failure)) {
            // A blank line would end the HTML block.
            let line = if line.is_empty() { " " } else { &line };
            let _ = writeln!(out, "{}", markdown(line));
        }
        out.push_str("</pre>\n</details>\n");
    }
    out
}

fn data(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
