//! What `--debug` prints: every option, its value, and where that comes from.

use std::any::TypeId;

use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, Command, CommandFactory};

use super::Environment;
use super::file::Sources;
use crate::cli::Cli;
use crate::render::Secrets;
use crate::secret::Secret;

/// The options of a command line that have a value, and the environment.
pub(super) fn lines(
    command: &Command,
    matches: &ArgMatches,
    sources: &Sources,
    secrets: Secrets,
    environment: &Environment,
) -> Vec<String> {
    let options = command
        .get_arguments()
        .flat_map(|arg| option(arg, matches, sources, secrets));
    let variables = environment
        .decisive
        .iter()
        .map(|(name, value)| format!("environment {name}={}", secrets.url(value)));
    options.chain(variables).collect()
}

fn option(arg: &Arg, matches: &ArgMatches, sources: &Sources, secrets: Secrets) -> Vec<String> {
    let id = arg.get_id().as_str();
    let is_default = match matches
        .try_contains_id(id)
        .map(|_| matches.value_source(id))
    {
        Ok(Some(ValueSource::CommandLine)) => false,
        Ok(Some(_)) if arg.get_action().takes_values() => true,
        _ => return Vec::new(),
    };
    let name = name(arg);
    let places = arg.get_long().and_then(|long| sources.get(long));
    let place = |index: usize| match places.and_then(|places| places.get(index)) {
        Some(place) => place.to_string(),
        None if is_default => "default".to_owned(),
        None => "command line".to_owned(),
    };
    if !arg.get_action().takes_values() {
        let times = match arg.get_action() {
            ArgAction::Count => usize::from(matches.get_count(id)),
            _ => 1,
        };
        return vec![format!(
            "option {} ({})",
            vec![name; times].join(" "),
            place(0)
        )];
    }
    let occurrences = matches.get_raw_occurrences(id).into_iter().flatten();
    let lines = occurrences.enumerate().map(|(index, values)| {
        let values = values.map(|value| shown(arg, &value.to_string_lossy(), secrets));
        let values = values.collect::<Vec<_>>().join(" ");
        format!("option {name} {values} ({})", place(index))
    });
    lines.collect()
}

fn name(arg: &Arg) -> String {
    match (arg.get_long(), arg.get_short()) {
        (Some(long), _) => format!("--{long}"),
        (None, Some(short)) => format!("-{short}"),
        (None, None) => arg.get_id().to_string().to_uppercase(),
    }
}

/// A value with its secrets masked.
fn shown(arg: &Arg, value: &str, secrets: Secrets) -> String {
    let masked = || "***".to_owned();
    let is_secret = arg.get_value_parser().type_id() == TypeId::of::<Secret<String>>();
    match arg.get_long().unwrap_or_default() {
        _ if secrets == Secrets::Shown => value.to_owned(),
        "header" | "proxy-header" => match value.split_once(':') {
            Some((name, text)) => {
                let text = text.trim();
                format!("{name}: {}", secrets.header_value(name, text))
            }
            None => value.to_owned(),
        },
        "cookie" if !value.starts_with('@') => masked(),
        "proxy" => secrets.url(value).into_owned(),
        _ if is_secret => masked(),
        "" if value.starts_with('@') => value.to_owned(),
        _ => secrets.url(value).into_owned(),
    }
}

/// Whether the value of a key, or of `url`, holds a secret.
pub(super) fn is_secret(key: &str, value: &str) -> bool {
    let command = Cli::command();
    let arg = command
        .get_arguments()
        .find(|arg| arg.get_long() == Some(key));
    let shown = match arg {
        Some(arg) => shown(arg, value, Secrets::Masked),
        None => Secrets::Masked.url(value).into_owned(),
    };
    shown.contains("***") && !value.contains("***")
}
