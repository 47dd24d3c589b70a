//! `wsee audit`, resolved: the connection, the checks and the reports.

use std::path::{Path, PathBuf};

use super::runner::{Flags, check_reports};
use super::{ConfigError, Display, Environment};
use crate::audit::{self, Known, list};
use crate::cli::{AuditArgs, AuditReportArgs, FailOn};
use crate::exit::Exit;

#[derive(Debug)]
pub struct Auditing {
    pub options: audit::Options,
    /// The URL; secrets in it are not masked.
    pub url: String,
    pub reports: AuditReportArgs,
    pub notes: Vec<String>,
    pub display: Display,
}

#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    #[error("{flag} {word}: no such check or group; {instead}")]
    Unknown {
        flag: &'static str,
        word: String,
        instead: String,
    },
    #[error("--baseline {}: cannot read it: {error}", file.display())]
    Unread {
        file: PathBuf,
        error: std::io::Error,
    },
    #[error("--baseline {}: not a report of wsee audit --report-json: {problem}", file.display())]
    Baseline { file: PathBuf, problem: String },
}

impl AuditError {
    pub(super) fn exit(&self) -> Exit {
        match self {
            Self::Unread { .. } => Exit::Input,
            Self::Unknown { .. } | Self::Baseline { .. } => Exit::Usage,
        }
    }
}

impl Auditing {
    /// Resolves the flags; may ask for passwords.
    pub fn resolve(args: &AuditArgs, environment: &Environment) -> Result<Self, ConfigError> {
        check("--only", &args.checks.only)?;
        check("--skip", &args.checks.skip)?;
        let given = &args.report;
        check_reports(&[
            &given.report_json,
            &given.report_sarif,
            &given.report_md,
            &given.report_junit,
            &given.report_html,
        ])?;
        let known = args.report.baseline.as_deref();
        let known = known.map(|file| baseline(file, environment)).transpose()?;
        let flags = Flags::new(args.connection.0.clone(), environment.clone());
        let dialing = flags.dialing(args.url.as_deref().unwrap_or_default())?;
        let verbose = args.display.verbose.into();
        let display = Display::of_text(verbose, &args.display.style, environment);
        let limit = |given: Option<crate::cli::TimeLimit>| given.and_then(|limit| limit.0);
        Ok(Self {
            url: dialing.url,
            notes: dialing.notes,
            options: audit::Options {
                open: dialing.open,
                secrets: display.secrets,
                probe: args.checks.levels.probe,
                stress: args.checks.levels.stress,
                bomb: args.checks.levels.bomb,
                only: args.checks.only.clone(),
                skip: args.checks.skip.clone(),
                timeout: args.limits.timeout.0,
                idle_budget: args.limits.idle_budget.0,
                cut_within: args.limits.cut_within.map(|period| period.0),
                idle_connections: args.limits.idle_connections,
                max_time: limit(args.limits.max_time),
                max_connections: args.limits.max_connections,
                max_bytes: args.limits.max_bytes.map(|size| size.0),
                known,
                fail_on: args.report.fail_on.map(FailOn::severity),
            },
            reports: args.report.clone(),
            display,
        })
    }
}

fn check(flag: &'static str, words: &[String]) -> Result<(), AuditError> {
    let Some(word) = words.iter().find(|word| !list::is_known(word)) else {
        return Ok(());
    };
    let instead = match crate::command::nearest(word, list::words()) {
        Some(nearest) => format!("did you mean {nearest}?"),
        None => "wsee audit --list shows them".to_owned(),
    };
    Err(AuditError::Unknown {
        flag,
        word: word.clone(),
        instead,
    })
}

fn baseline(file: &Path, environment: &Environment) -> Result<Known, AuditError> {
    let text = environment
        .read_text(file)
        .map_err(|error| AuditError::Unread {
            file: file.to_owned(),
            error,
        })?;
    serde_json::from_str(&text).map_err(|error| AuditError::Baseline {
        file: file.to_owned(),
        problem: error.to_string(),
    })
}
