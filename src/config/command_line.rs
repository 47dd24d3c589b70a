//! The command line, with the settings of the configuration file.

use std::ffi::OsString;
use std::path::Path;

use clap::parser::ValueSource;
use clap::{ArgMatches, Command as Definition, CommandFactory};

use super::debug;
use super::file::{self, ConfigFile, Settings, Sources};
use super::{ConfigError, Environment};
use crate::cli::{Cli, Command, SessionArgs, understand};

#[derive(Debug)]
pub struct CommandLine {
    pub cli: Cli,
    pub notes: Vec<String>,
    /// As they were parsed, with the settings of the file.
    args: Vec<OsString>,
    sources: Sources,
}

#[derive(Debug, thiserror::Error)]
pub enum CommandLineError {
    #[error(transparent)]
    Usage(#[from] clap::Error),
    #[error(transparent)]
    Config(#[from] ConfigError),
}

impl From<file::FileError> for CommandLineError {
    fn from(error: file::FileError) -> Self {
        Self::Config(error.into())
    }
}

impl CommandLine {
    /// Parses the arguments, program name first, and adds the settings of the configuration file.
    pub fn parse(args: &[OsString], environment: &Environment) -> Result<Self, CommandLineError> {
        let args = &understand(args)?;
        let path = environment.config_file.as_deref();
        // Without a file, looking for it is the only cost.
        let file = path.map_or(Ok(None), ConfigFile::read);
        if let Ok(None) = file {
            return Self::without_file(args, path);
        }
        let typed = Typed::read(args).filter(|typed| !typed.is_barred);
        match typed.map(|typed| (typed, file)) {
            Some((typed, Ok(Some(file)))) => typed.with(&file, args, environment),
            Some((_, Err(error))) => Err(error.into()),
            _ => Self::without_file(args, path),
        }
    }

    fn without_file(args: &[OsString], path: Option<&Path>) -> Result<Self, CommandLineError> {
        let line = Self::plain(args)?;
        match line.profile() {
            Some(name) => {
                let config = match &line.cli.command {
                    Some(Command::Test(test)) => &test.config,
                    Some(Command::Audit(audit)) => &audit.config,
                    _ => &line.cli.connect.session.config,
                };
                Err(file::no_profile(path, name, config.no_config).into())
            }
            None => Ok(line),
        }
    }

    fn plain(args: &[OsString]) -> Result<Self, clap::Error> {
        Ok(Self {
            cli: Cli::parse_args(args)?,
            notes: Vec::new(),
            args: args.to_vec(),
            sources: Sources::new(),
        })
    }

    /// The NAME of `@NAME` instead of a URL.
    fn profile(&self) -> Option<&str> {
        let url = match &self.cli.command {
            None => self.cli.connect.url.as_ref(),
            Some(Command::Test(test)) => only(&test.targets),
            Some(Command::Audit(audit)) => audit.url.as_ref(),
            Some(_) => None,
        };
        let (name, _) = named(url?)?;
        Some(name)
    }

    /// The flag that was typed of these, which are named by their fields.
    pub(super) fn typed_of(&self, ids: &[&str]) -> Option<String> {
        let wsee = definition();
        let matches = Cli::matches(&self.args).ok()?;
        let mut args = wsee
            .get_arguments()
            .filter(|arg| ids.contains(&arg.get_id().as_str()));
        let found = args.find(|arg| {
            let is_typed =
                matches.value_source(arg.get_id().as_str()) == Some(ValueSource::CommandLine);
            // Settings of the file are arguments as well.
            let is_set = arg
                .get_long()
                .is_some_and(|long| self.sources.contains_key(long));
            is_typed && !is_set
        })?;
        Some(match (found.get_long(), found.get_short()) {
            (Some(long), _) => format!("--{long}"),
            (None, short) => format!("-{}", short.unwrap_or_default()),
        })
    }

    pub fn debug(&self, environment: &Environment) -> Vec<String> {
        let session =
            |args: &SessionArgs| (args.config.debug, args.output.display.style.show_secrets);
        let (name, (debug, show_secrets)) = match &self.cli.command {
            None => (None, session(&self.cli.connect.session)),
            Some(Command::Demo(demo)) => (Some("demo"), session(&demo.session)),
            Some(Command::Test(test)) => {
                let flags = (test.config.debug, test.display.style.show_secrets);
                (Some("test"), flags)
            }
            Some(Command::Audit(audit)) => {
                let flags = (audit.config.debug, audit.display.style.show_secrets);
                (Some("audit"), flags)
            }
            Some(_) => return Vec::new(),
        };
        if !debug {
            return Vec::new();
        }
        let Ok(matches) = Cli::matches(&self.args) else {
            return Vec::new();
        };
        let mut definition = definition();
        let secrets = super::display::secrets(show_secrets);
        let (command, matches) = part(&mut definition, &matches, name);
        debug::lines(command, matches, &self.sources, secrets, environment)
    }
}

/// A command line that the configuration file applies to, parsed as far as possible.
struct Typed {
    matches: ArgMatches,
    /// The command; `None` for `wsee URL`.
    command: Option<&'static str>,
    is_barred: bool,
    profile: Option<String>,
    /// Replaces the path, or the query, of the profile's URL; may be empty.
    path: String,
}

impl Typed {
    /// `None` if the file does not apply: for another command, or for help.
    fn read(args: &[OsString]) -> Option<Self> {
        let definition = definition().ignore_errors(true);
        let matches = definition.try_get_matches_from(args).ok()?;
        let command = match matches.subcommand_name() {
            None => None,
            Some("demo") => Some("demo"),
            Some("test") => Some("test"),
            Some("audit") => Some("audit"),
            Some(_) => return None,
        };
        let own = command.and_then(|name| matches.subcommand_matches(name));
        let own = own.unwrap_or(&matches);
        let url = match command {
            Some("test") => {
                let targets = own.get_many::<String>("targets").into_iter().flatten();
                // A test without a profile must not depend on the machine.
                Some(
                    only(&targets.collect::<Vec<_>>())
                        .filter(|url| url.starts_with('@'))?
                        .as_str(),
                )
            }
            Some("audit") => {
                let url = own.try_get_one::<String>("url").ok().flatten();
                Some(url.filter(|url| url.starts_with('@'))?.as_str())
            }
            _ => own
                .try_get_one::<String>("url")
                .ok()
                .flatten()
                .map(String::as_str),
        };
        let is_barred = own.try_get_one::<bool>("no_config").ok().flatten();
        let profile = url.and_then(named);
        Some(Self {
            command,
            is_barred: is_barred.copied().unwrap_or_default(),
            profile: profile.map(|(name, _)| name.to_owned()),
            path: profile.map(|(_, path)| path.to_owned()).unwrap_or_default(),
            matches,
        })
    }

    fn with(
        &self,
        file: &ConfigFile,
        args: &[OsString],
        environment: &Environment,
    ) -> Result<CommandLine, CommandLineError> {
        let mut wsee = definition();
        wsee.build();
        let mut own = wsee.clone();
        let (command, matches) = part(&mut own, &self.matches, self.command);
        let settings =
            file.settings(self.profile.as_deref(), matches, command, &wsee, &|name| {
                environment.variable(name)
            })?;
        let line = join(args, self.command.is_some(), settings.words());
        let mut cli =
            Cli::parse_args(&line).map_err(|error| self.explain(args, &settings, error))?;
        if let Some(url) = settings.url {
            let url = elsewhere(&url, &self.path);
            match &mut cli.command {
                Some(Command::Test(test)) => test.targets = vec![url],
                Some(Command::Audit(audit)) => audit.url = Some(url),
                _ => {
                    cli.connect.url = Some(url);
                    cli.connect.profile.clone_from(&self.profile);
                }
            }
        }
        match &mut cli.command {
            None => cli.connect.session.messages = settings.messages,
            Some(Command::Demo(demo)) => demo.session.messages = settings.messages,
            Some(_) => {}
        }
        Ok(CommandLine {
            cli,
            notes: settings.notes,
            args: line,
            sources: settings.sources,
        })
    }

    /// The mistake is in the file if the typed arguments alone are right.
    fn explain(
        &self,
        args: &[OsString],
        settings: &Settings,
        error: clap::Error,
    ) -> CommandLineError {
        if Cli::parse_args(args).is_err() {
            return error.into();
        }
        let is_command = self.command.is_some();
        let parse = |words: &[OsString]| {
            let line = join(args, is_command, words.iter().cloned());
            Cli::parse_args(&line).map(drop)
        };
        settings.blame(&error, parse).into()
    }
}

/// The name in `@NAME`, `@NAME/PATH` or `@NAME?QUERY`, and what follows it.
fn named(url: &str) -> Option<(&str, &str)> {
    let name = url.strip_prefix('@')?;
    Some(name.split_at(name.find(['/', '?']).unwrap_or(name.len())))
}

/// A profile's URL with another path and query, or with another query alone.
fn elsewhere(url: &str, path: &str) -> String {
    let authority = url.find("://").map_or(0, |at| at + "://".len());
    let end = match path.bytes().next() {
        None => url.len(),
        Some(b'?') => url.find('?').unwrap_or(url.len()),
        Some(_) => url[authority..]
            .find(['/', '?'])
            .map_or(url.len(), |at| authority + at),
    };
    format!("{}{path}", &url[..end])
}

fn only<T>(all: &[T]) -> Option<&T> {
    match all {
        [one] => Some(one),
        _ => None,
    }
}

fn definition() -> Definition {
    Cli::command()
}

fn part<'a>(
    wsee: &'a mut Definition,
    matches: &'a ArgMatches,
    command: Option<&str>,
) -> (&'a Definition, &'a ArgMatches) {
    wsee.build();
    let command = command.and_then(|name| {
        Some((
            wsee.find_subcommand(name)?,
            matches.subcommand_matches(name)?,
        ))
    });
    command.unwrap_or((wsee, matches))
}

fn join(
    args: &[OsString],
    is_command: bool,
    words: impl Iterator<Item = OsString>,
) -> Vec<OsString> {
    let start = args.len().min(1 + usize::from(is_command));
    let (front, rest) = args.split_at(start);
    front
        .iter()
        .cloned()
        .chain(words)
        .chain(rest.iter().cloned())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_path_on_the_server_of_a_profile() {
        assert_eq!(named("@staging/a?b"), Some(("staging", "/a?b")));
        assert_eq!(named("ws://u@staging/a"), None);
        for (url, path, result) in [
            ("wss://h:1/chat?a=1", "", "wss://h:1/chat?a=1"),
            ("wss://h:1/chat?a=1", "/other", "wss://h:1/other"),
            ("wss://h:1/chat?a=1", "/?b", "wss://h:1/?b"),
            ("wss://h:1/chat?a=1", "?b=2", "wss://h:1/chat?b=2"),
            ("wss://h", "/x", "wss://h/x"),
            ("wss://h?a", "/x", "wss://h/x"),
            (":8080", "/x", ":8080/x"),
        ] {
            assert_eq!(elsewhere(url, path), result, "{url} {path}");
        }
    }
}
