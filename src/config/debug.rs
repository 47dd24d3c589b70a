//! `--debug`: every option with its value and its source.

use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, Command};

use super::Environment;
use super::file::Sources;
use crate::cli;
use crate::render::Secrets;

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
    let raw = matches.get_raw(id).into_iter().flatten();
    let raw: Vec<String> = raw.map(|it| it.to_string_lossy().into_owned()).collect();
    let mut shown = cli::all_shown(arg, &raw, secrets).into_iter();
    let occurrences = matches.get_raw_occurrences(id).into_iter().flatten();
    let lines = occurrences.enumerate().map(|(index, values)| {
        let values: Vec<String> = shown.by_ref().take(values.count()).collect();
        format!("option {name} {} ({})", values.join(" "), place(index))
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
