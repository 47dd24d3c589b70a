mod dialer;
mod load;
mod step;

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Duration;

pub use dialer::Flags;
pub use load::{Loaded, Mistakes};

use super::{ConfigError, Display, Environment};
use crate::cli::{ReportArgs, TestArgs, Variable, VariableArgs, names_scenario};
use crate::dial::is_localhost;
use crate::exit::Exit;
use crate::runner::{Endpoint, Given, Options};
use crate::scenario::folder::{self, FolderError};
use crate::scenario::{self, Known, Mistake};

#[derive(Debug)]
pub struct Test {
    pub targets: Targets,
    pub options: Options,
    pub given: Given,
    pub flags: Rc<Flags>,
    /// In lower case. The name of a case must contain one of them, if there are any.
    pub filter: Vec<String>,
    pub check: bool,
    /// Only list the cases.
    pub list: bool,
    pub reports: ReportArgs,
    /// In a job of GitHub Actions.
    pub github: Option<GitHub>,
    pub notes: Vec<String>,
    pub display: Display,
}

#[derive(Debug)]
pub enum Targets {
    Steps {
        cases: Vec<scenario::Case>,
        endpoint: Box<Endpoint>,
    },
    Files(Vec<Selected>),
}

/// A scenario file, or one of its cases.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selected {
    pub path: PathBuf,
    /// Only the case that this line belongs to.
    pub line: Option<usize>,
}

#[derive(Debug, Clone)]
pub struct GitHub {
    pub summary: Option<PathBuf>,
    /// The working directory, relative to the repository.
    pub folder: PathBuf,
}

impl GitHub {
    fn detect(environment: &Environment) -> Option<Self> {
        let is_set = environment.variable("GITHUB_ACTIONS")? == "true";
        let repository = environment.variable("GITHUB_WORKSPACE").unwrap_or_default();
        let folder = environment.variable("PWD").map(PathBuf::from);
        let folder = folder
            .as_deref()
            .and_then(|it| it.strip_prefix(&repository).ok());
        is_set.then(|| Self {
            folder: folder
                .filter(|_| !repository.is_empty())
                .unwrap_or(Path::new(""))
                .to_owned(),
            summary: environment
                .variable("GITHUB_STEP_SUMMARY")
                .map(PathBuf::from),
        })
    }
}

#[derive(Debug, thiserror::Error)]
pub enum TestError {
    #[error("{}", step::problems(.0))]
    Steps(Vec<Mistake>),
    #[error("{0} needs a URL; scenario files have their own steps")]
    StepsForFiles(String),
    #[error(
        "no such file or folder: {0}; several targets must be files or folders, as a URL is tested alone"
    )]
    ManyTargets(String),
    #[error("no such file or folder: {0}; for a host write wss://{0}")]
    NoFile(String),
    #[error(
        "{file} is a file; after ':' write a line number (--list shows them), or use --filter {name}"
    )]
    NotLine { file: String, name: String },
    #[error("{0} needs scenario files; a URL is a single case")]
    FilesOnly(&'static str),
    #[error(transparent)]
    Files(#[from] FolderError),
    #[error("--var-file {}: cannot read it: {error}", path.display())]
    VarFile {
        path: PathBuf,
        error: std::io::Error,
    },
    #[error("{}:{line}: expected NAME=VALUE", path.display())]
    VarLine {
        path: PathBuf,
        /// Counted from 1.
        line: usize,
    },
    #[error("{0}")]
    Flags(String),
    #[error("only one report can go to stdout; write the others to files")]
    ManyReports,
    #[error("two reports go to {}, where the second would replace the first", .0.display())]
    SameReport(PathBuf),
}

impl TestError {
    pub fn exit(&self) -> Exit {
        match self {
            Self::Files(error) => error.exit(),
            Self::VarFile { .. } | Self::NoFile(_) => Exit::Input,
            _ => Exit::Usage,
        }
    }
}

impl Test {
    pub fn resolve(args: &TestArgs, environment: &Environment) -> Result<Self, ConfigError> {
        let reports = &args.report;
        check_reports(&[
            &reports.report_junit,
            &reports.report_tap,
            &reports.report_json,
            &reports.report_html,
        ])?;
        let display = Display::resolve(&args.display, environment);
        let flags = Rc::new(Flags::new(args.connection.clone(), environment.clone()));
        let given = given(
            &args.variables,
            environment,
            args.display.style.show_secrets,
        )?;
        let mut notes = Vec::new();
        check_lines(&args.targets)?;
        let targets = match args.targets.as_slice() {
            [url] if !is_file(url) => {
                check_url_flags(args)?;
                let dialing = flags.dialing(url)?;
                if url.contains('.') && !url.contains([':', '@']) {
                    notes.push(format!(
                        "no such file or folder: {url}, so it is taken as a URL"
                    ));
                }
                notes.extend(dialing.notes.iter().cloned());
                let known = known(&given, args.run.check);
                let name = display.secrets.url(&dialing.url);
                let cases = step::case(&args.steps.lines, url, &name, &known)?;
                if args.run.check {
                    load::check_files(&cases, Path::new("."), &given).map_err(TestError::Steps)?;
                }
                let endpoint = Box::new(Endpoint {
                    open: dialing.open,
                    on_top: dialing.on_top,
                });
                Targets::Steps { cases, endpoint }
            }
            targets => Targets::Files(find(args, targets)?),
        };
        Ok(Self {
            targets,
            options: options(args),
            given,
            flags,
            filter: args
                .run
                .filter
                .iter()
                .map(|text| text.to_lowercase())
                .collect(),
            check: args.run.check,
            list: args.run.list,
            reports: args.report.clone(),
            github: GitHub::detect(environment),
            notes,
            display,
        })
    }

    /// The variables with values before a case begins; a run that only looks at files needs none.
    fn known(&self) -> Known {
        known(&self.given, self.check || self.list)
    }
}

pub(in crate::config) fn known(given: &Given, is_open: bool) -> Known {
    let names = |keys: Vec<&String>| keys.into_iter().cloned().collect::<HashSet<String>>();
    Known {
        variables: names(given.variables.keys().collect()),
        environment: names(given.environment.keys().collect()),
        is_open,
    }
}

impl Selected {
    /// `FILE`, or `FILE:LINE`.
    fn parse(target: &str) -> Self {
        let with_line = target.rsplit_once(':').and_then(|(file, line)| {
            let line: usize = line.parse().ok()?;
            (names_scenario(file) || Path::new(file).is_file()).then_some((file, line))
        });
        match with_line.filter(|_| !Path::new(target).exists()) {
            Some((file, line)) => Self {
                path: file.into(),
                line: Some(line),
            },
            None => Self {
                path: target.into(),
                line: None,
            },
        }
    }
}

fn is_file(target: &str) -> bool {
    names_scenario(target)
        || target.starts_with(['/', '.'])
        || is_word(target)
        || Selected::parse(target).path.exists()
}

/// Whether a target is hardly a host: `tests` and `tests/login/`, but not `localhost`, a port or a profile.
fn is_word(target: &str) -> bool {
    let word = match target.split_once('/') {
        Some((first, _)) if target.ends_with('/') => first,
        _ => target,
    };
    let is_host = is_localhost(word) || word.bytes().all(|byte| byte.is_ascii_digit());
    !is_host && !word.contains(['.', ':', '/', '@', '?', '[', '{'])
}

fn find(args: &TestArgs, targets: &[String]) -> Result<Vec<Selected>, TestError> {
    let is_missing = |target: &&String| is_word(target) && !Path::new(target).exists();
    if let Some(word) = targets.iter().find(is_missing) {
        return Err(TestError::NoFile(word.trim_end_matches('/').to_owned()));
    }
    if let Some(target) = targets.iter().find(|target| !is_file(target)) {
        return Err(TestError::ManyTargets(target.clone()));
    }
    if let Some(step) = args.steps.lines.first() {
        let flag = step.source.split_whitespace().next().unwrap_or_default();
        return Err(TestError::StepsForFiles(flag.to_owned()));
    }
    let mut selected = Vec::new();
    for target in targets {
        let target = Selected::parse(target);
        if target.line.is_some() {
            selected.push(target);
            continue;
        }
        let paths = folder::find(&[target.path])?;
        selected.extend(paths.into_iter().map(|path| Selected { path, line: None }));
    }
    Ok(selected)
}

/// Refuses `FILE:NAME`, which would be taken for a host with a port.
fn check_lines(targets: &[String]) -> Result<(), TestError> {
    let not_line = targets.iter().find_map(|target| {
        let (file, name) = target.rsplit_once(':')?;
        let is_line = name.parse::<usize>().is_ok();
        let is_named = names_scenario(file) || Path::new(file).is_file();
        (!is_line && is_named && !Path::new(target).exists()).then_some((file, name))
    });
    match not_line {
        None => Ok(()),
        Some((file, name)) => {
            folder::find(&[file.into()])?;
            let has_blank = name.is_empty() || name.contains(char::is_whitespace);
            let name = if has_blank { "TEXT" } else { name };
            Err(TestError::NotLine {
                file: file.to_owned(),
                name: name.to_owned(),
            })
        }
    }
}

fn check_url_flags(args: &TestArgs) -> Result<(), TestError> {
    if !args.run.filter.is_empty() {
        return Err(TestError::FilesOnly("--filter"));
    }
    if args.run.list {
        return Err(TestError::FilesOnly("--list"));
    }
    Ok(())
}

pub(in crate::config) fn check_reports(reports: &[&Option<PathBuf>]) -> Result<(), TestError> {
    let reports = reports.iter().copied();
    let on_stdout = reports
        .clone()
        .flatten()
        .filter(|path| **path == Path::new("-"));
    if on_stdout.count() > 1 {
        return Err(TestError::ManyReports);
    }
    let mut files = HashSet::new();
    let twice = reports.flatten().find(|path| !files.insert(*path));
    twice.map_or(Ok(()), |path| Err(TestError::SameReport(path.clone())))
}

fn options(args: &TestArgs) -> Options {
    Options {
        timeout: args.run.timeout.0,
        max_time: args.run.max_time.0,
        retries: args.run.retry,
        retry_delay: args.run.retry_delay.0.max(SHORTEST_DELAY),
        jobs: args.run.jobs.get(),
        fail_fast: args.run.fail_fast,
    }
}

/// Without any delay a server that is starting would be flooded.
const SHORTEST_DELAY: Duration = Duration::from_millis(1);

pub(in crate::config) fn given(
    args: &VariableArgs,
    environment: &Environment,
    show_secrets: bool,
) -> Result<Given, TestError> {
    let mut variables = HashMap::new();
    for path in &args.var_file {
        for variable in var_file(path, environment)? {
            variables.insert(variable.name, variable.value);
        }
    }
    let typed = args.var.iter().cloned();
    variables.extend(typed.map(|variable| (variable.name, variable.value)));
    let allowed = args.allow_env.iter();
    let environment = allowed.map(|name| (name.clone(), environment.variable(name)));
    Ok(Given {
        variables,
        environment: environment.collect(),
        show_secrets,
    })
}

fn var_file(path: &Path, environment: &Environment) -> Result<Vec<Variable>, TestError> {
    let text = environment
        .read_text(path)
        .map_err(|error| TestError::VarFile {
            path: path.to_owned(),
            error,
        })?;
    let lines = (1..).zip(text.lines()).filter(|(_, line)| {
        let line = line.trim_start();
        !line.is_empty() && !line.starts_with('#')
    });
    lines
        .map(|(number, line)| {
            line.parse().map_err(|_| TestError::VarLine {
                path: path.to_owned(),
                line: number,
            })
        })
        .collect()
}
