//! Merges the settings of the file with the typed arguments.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::Path;

use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Command, Id};

use super::document::{Setting, URL, Value};
use super::error::{FileError, Place};
use super::expand::expand;
use crate::cli::takes_fields;

#[derive(Debug, Default)]
pub(super) struct Merged {
    pub(super) args: Vec<Argument>,
    pub(super) url: Option<String>,
}

#[derive(Debug, Clone)]
pub(super) struct Argument {
    pub(super) key: String,
    pub(super) line: usize,
    pub(super) words: Vec<OsString>,
    /// Before variables were expanded, to tell what the file itself holds.
    pub(super) written: Vec<String>,
    /// The flag's ID and the name of the field, if it is a flag whose values add up.
    field: Option<(Id, String)>,
}

/// The source of each value of a flag, in order; values that are not listed were typed.
pub(in crate::config) type Sources = BTreeMap<String, Vec<Place>>;

/// The settings of `levels`, strongest first, that neither `typed` nor a stronger level replaces.
///
/// `command` is the definition that `typed` was parsed by.
pub(super) fn merge(
    levels: &[&[Setting]],
    typed: &ArgMatches,
    command: &Command,
    file: &Path,
    variable: &dyn Fn(&str) -> Option<String>,
) -> Result<Merged, FileError> {
    let mut merged = Merged::default();
    let mut given = Given::typed(typed, command);
    for settings in levels {
        let mut level = Vec::new();
        for setting in *settings {
            let mut args = command.get_arguments();
            let arg = args.find(|arg| arg.get_long() == Some(&setting.key));
            if setting.key == URL {
                merged.url = Some(url(setting, file, variable)?);
            } else if let Some(arg) = arg.filter(|arg| !given.replaces(arg, command)) {
                level.extend(arguments(setting, arg, file, variable)?);
            }
        }
        level.retain(|arg| !given.has_field(arg));
        given.add(&level, command);
        // Weaker settings come first, because the last value counts.
        level.append(&mut merged.args);
        merged.args = level;
    }
    Ok(merged)
}

struct Given {
    ids: Vec<Id>,
    /// Flags that add up, with the names of the fields.
    fields: Vec<(Id, String)>,
}

impl Given {
    fn typed(typed: &ArgMatches, command: &Command) -> Self {
        let mut given = Self {
            ids: Vec::new(),
            fields: Vec::new(),
        };
        for arg in command.get_arguments() {
            let id = arg.get_id().as_str();
            if typed.value_source(id) != Some(ValueSource::CommandLine) {
                continue;
            }
            given.ids.push(arg.get_id().clone());
            for value in typed.get_raw(id).into_iter().flatten() {
                given.fields.extend(field(arg, &value.to_string_lossy()));
            }
        }
        given
    }

    fn add(&mut self, level: &[Argument], command: &Command) {
        for arg in level {
            let of_key = |it: &&Arg| it.get_long() == Some(&arg.key);
            let id = command
                .get_arguments()
                .find(of_key)
                .map(|it| it.get_id().clone());
            self.ids.extend(id);
            self.fields.extend(arg.field.clone());
        }
    }

    fn replaces(&self, arg: &Arg, command: &Command) -> bool {
        if self.ids.contains(arg.get_id()) {
            return !takes_fields(arg);
        }
        let conflict = |arg: &Arg, other: &Arg| {
            let conflicts = command.get_arg_conflicts_with(arg);
            conflicts
                .iter()
                .any(|conflict| conflict.get_id() == other.get_id())
        };
        let mut others = command
            .get_arguments()
            .filter(|other| self.ids.contains(other.get_id()));
        others.any(|other| conflict(arg, other) || conflict(other, arg))
    }

    fn has_field(&self, arg: &Argument) -> bool {
        let field = arg.field.as_ref();
        field.is_some_and(|field| self.fields.contains(field))
    }
}

/// The field that a value is about, if the flag takes fields: the name before `:` or `;`.
fn field(arg: &Arg, text: &str) -> Option<(Id, String)> {
    let end = text.find([':', ';']).unwrap_or(text.len());
    let name = text[..end].to_ascii_lowercase();
    takes_fields(arg).then(|| (arg.get_id().clone(), name))
}

type Variable<'a> = &'a dyn Fn(&str) -> Option<String>;

fn url(setting: &Setting, file: &Path, variable: Variable<'_>) -> Result<String, FileError> {
    let Value::Text(text) = &setting.value else {
        return Ok(String::new());
    };
    expand(text, variable).map_err(|problem| Place::line(file, setting.line).error(problem))
}

fn arguments(
    setting: &Setting,
    arg: &Arg,
    file: &Path,
    variable: Variable<'_>,
) -> Result<Vec<Argument>, FileError> {
    let flag = format!("--{}", setting.key);
    let argument = |words: Vec<String>, written: Vec<String>| Argument {
        key: setting.key.clone(),
        line: setting.line,
        words: words.into_iter().map(OsString::from).collect(),
        field: written.first().and_then(|text| field(arg, text)),
        written,
    };
    let expanded = |text: &String| {
        expand(text, variable).map_err(|problem| Place::line(file, setting.line).error(problem))
    };
    let one = |text: &String| {
        let words = vec![format!("{flag}={}", expanded(text)?)];
        Ok(argument(words, vec![text.clone()]))
    };
    let several = |values: &[Value]| {
        let texts: Vec<String> = values.iter().filter_map(Value::text).cloned().collect();
        let mut words = vec![flag.clone()];
        for text in &texts {
            words.push(expanded(text)?);
        }
        Ok(argument(words, texts))
    };
    let is_count = matches!(arg.get_action(), clap::ArgAction::Count);
    let takes_several = arg
        .get_num_args()
        .is_some_and(|range| range.min_values() > 1);
    match &setting.value {
        Value::Switch(false) | Value::Other => Ok(Vec::new()),
        Value::Switch(true) => Ok(vec![argument(vec![flag], Vec::new())]),
        Value::Text(text) if is_count => {
            let times = text.parse().unwrap_or_default();
            Ok(vec![argument(vec![flag; times], Vec::new())])
        }
        Value::Text(text) => Ok(vec![one(text)?]),
        Value::List(values) if takes_several && values.iter().all(|it| it.text().is_some()) => {
            Ok(vec![several(values)?])
        }
        Value::List(values) => values
            .iter()
            .filter_map(|value| match value {
                Value::Text(text) => Some(one(text)),
                Value::List(values) => Some(several(values)),
                Value::Switch(_) | Value::Other => None,
            })
            .collect(),
    }
}

impl Value {
    fn text(&self) -> Option<&String> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }
}
