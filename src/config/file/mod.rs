//! The configuration file: defaults and named profiles, each key a long flag.
//!
//! Settings become arguments before the typed ones, so that types, units and errors are those of the
//! command line. A file in the current directory is never read: a checkout must not decide where
//! credentials are sent.

mod document;
mod error;
mod expand;
mod merge;

use std::ffi::OsString;
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

use clap::{ArgMatches, Command, CommandFactory};

use document::{Document, Profile, Setting};
pub use error::{FileError, FileProblem, Place};
use expand::expand;
pub(super) use merge::Sources;
use merge::{Argument, Merged, merge};

use crate::cli::{Cli, holds_secret};
use crate::config::Environment;
use crate::sys::file::is_open_to_others;
use crate::text;

#[derive(Debug)]
pub(super) struct ConfigFile {
    path: PathBuf,
    text: String,
    /// Users other than its owner can read it.
    is_open: bool,
}

#[derive(Debug)]
pub(super) struct Settings {
    args: Vec<Argument>,
    pub(super) url: Option<String>,
    /// Names and texts of messages; those of the profile are last.
    pub(super) messages: Vec<(String, String)>,
    pub(super) sources: Sources,
    pub(super) notes: Vec<String>,
    path: PathBuf,
}

/// The names of all profiles; none if the file cannot be used.
pub fn profiles(environment: &Environment) -> Vec<String> {
    let path = environment.config_file.as_deref();
    let file = path.and_then(|path| ConfigFile::read(path).ok().flatten());
    let mut wsee = Cli::command();
    wsee.build();
    let document = file.and_then(|file| document::parse(&file.text, &file.path, &wsee).ok());
    let profiles = document.into_iter().flat_map(|document| document.profiles);
    profiles.map(|profile| profile.name).collect()
}

impl ConfigFile {
    pub(super) fn read(path: &Path) -> Result<Option<Self>, FileError> {
        let fail = |error| Place::file(path).error(FileProblem::Read(error));
        let mut file = match File::open(path) {
            Ok(file) => file,
            Err(error)
                if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) =>
            {
                return Ok(None);
            }
            Err(error) => return Err(fail(error)),
        };
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(fail)?;
        let text = text::decode(bytes).map_err(|error| fail(error.into()))?;
        let metadata = file.metadata().map_err(fail)?;
        Ok(Some(Self {
            path: path.to_owned(),
            text,
            is_open: is_open_to_others(&metadata),
        }))
    }

    /// `command` is the command that `typed` was parsed by, `wsee` the definition of all keys.
    pub(super) fn settings(
        &self,
        profile: Option<&str>,
        typed: &ArgMatches,
        command: &Command,
        wsee: &Command,
        variable: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Settings, FileError> {
        let document = document::parse(&self.text, &self.path, wsee)?;
        let profile = profile
            .map(|name| self.profile(&document, name))
            .transpose()?;
        let settings = profile.map_or(&[][..], |profile| &profile.settings);
        let levels: [&[Setting]; 2] = [settings, &document.defaults];
        let Merged { args, url } = merge(&levels, typed, command, &self.path, variable)?;
        if let (Some(profile), None) = (profile, &url) {
            return Err(Place::line(&self.path, profile.line).error(FileProblem::NoUrl));
        }
        let named = document.messages.iter();
        let named = named.chain(profile.iter().flat_map(|profile| &profile.messages));
        let messages = named.map(|message| {
            let text = expand(&message.text, variable);
            let text = text.map_err(|problem| Place::line(&self.path, message.line).error(problem));
            Ok((message.name.clone(), text?))
        });
        let messages = messages.collect::<Result<_, FileError>>()?;
        let mut sources = Sources::new();
        for arg in &args {
            let places = sources.entry(arg.key.clone()).or_default();
            places.push(Place::line(&self.path, arg.line));
        }
        Ok(Settings {
            notes: self.notes(&args, settings, wsee),
            args,
            url,
            messages,
            sources,
            path: self.path.clone(),
        })
    }

    fn profile<'a>(&self, document: &'a Document, name: &str) -> Result<&'a Profile, FileError> {
        let mut profiles = document.profiles.iter();
        profiles
            .find(|profile| profile.name == name)
            .ok_or_else(|| {
                let names = document
                    .profiles
                    .iter()
                    .map(|profile| format!("@{}", profile.name));
                let names = names.collect::<Vec<_>>().join(", ");
                let known = if names.is_empty() {
                    format!("there are none; add [profile.{name}] with url = \"wss://…\"")
                } else {
                    format!("there is {names}")
                };
                let name = name.to_owned();
                Place::file(&self.path).error(FileProblem::UnknownProfile { name, known })
            })
    }

    /// Warns of a secret that other users can read, unless it comes from the environment.
    fn notes(&self, args: &[Argument], profile: &[Setting], wsee: &Command) -> Vec<String> {
        let is_secret = |key: &str, value: &str| {
            let mut flags = wsee.get_arguments();
            let flag = flags.find(|arg| arg.get_long().unwrap_or(arg.get_id().as_str()) == key);
            flag.is_some_and(|arg| holds_secret(arg, value))
        };
        let args = args
            .iter()
            .flat_map(|arg| arg.written.iter().map(|text| (&*arg.key, arg.line, text)));
        let url = profile.iter().filter_map(|setting| match &setting.value {
            document::Value::Text(text) if setting.key == document::URL => {
                Some((document::URL, setting.line, text))
            }
            _ => None,
        });
        let mut secrets = args
            .chain(url)
            .filter(|(key, _, text)| !text.contains("${") && is_secret(key, text));
        let secret = secrets.next().filter(|_| self.is_open);
        let note = secret.map(|(key, line, _)| {
            let place = Place::line(&self.path, line);
            let path = self.path.display();
            format!("{place}: {key} is a secret that other users can read; run chmod 600 {path}")
        });
        note.into_iter().collect()
    }
}

impl Settings {
    pub(super) fn words(&self) -> impl Iterator<Item = OsString> + '_ {
        self.args.iter().flat_map(|arg| arg.words.iter().cloned())
    }

    /// Finds the setting that makes `parse` fail; it fails with all settings, and succeeds without any.
    pub(super) fn blame(
        &self,
        error: &clap::Error,
        parse: impl Fn(&[OsString]) -> Result<(), clap::Error>,
    ) -> FileError {
        let guilty = self.args.iter().find_map(|arg| {
            let error = parse(&arg.words).err()?;
            Some((Place::line(&self.path, arg.line), error))
        });
        match guilty {
            Some((place, error)) => place.error(FileProblem::Value(first_line(&error))),
            None => Place::file(&self.path).error(FileProblem::Value(first_line(error))),
        }
    }
}

/// clap's message, without its advice about the command line.
fn first_line(error: &clap::Error) -> String {
    let text = error.to_string();
    let mut lines = text
        .lines()
        .map(str::trim)
        .take_while(|line| !line.is_empty());
    let first = lines.next().unwrap_or_default();
    let first = first.strip_prefix("error: ").unwrap_or(first).to_owned();
    lines.fold(first, |text, line| format!("{text} {line}"))
}

pub(super) fn no_profile(path: Option<&Path>, name: &str, is_barred: bool) -> FileError {
    let path = path.unwrap_or(Path::new("config.toml"));
    let name = name.to_owned();
    Place::file(path).error(if is_barred {
        FileProblem::NotRead(name)
    } else {
        FileProblem::NoFile(name)
    })
}
