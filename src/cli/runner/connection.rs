//! The flags of `wsee URL` that say how to connect, for every connection of a test.
//!
//! They are kept as typed, because a scenario may add flags, and only all of them together can be checked.

use std::ffi::OsString;

use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches, Id};

use crate::cli::subset::Subset;
use crate::cli::{DialArgs, OnTopArgs};

/// All flags of one connection.
#[derive(Debug, Args)]
pub struct EndpointArgs {
    #[command(flatten)]
    pub dial: DialArgs,
    #[command(flatten)]
    pub on_top: OnTopArgs,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ConnectionArgs {
    /// `--flag=value` or `--flag`, in order.
    pub tokens: Vec<OsString>,
}

fn subset() -> Subset {
    Subset::of::<EndpointArgs>(&[])
}

impl Args for ConnectionArgs {
    fn augment_args(command: Command) -> Command {
        subset().add_to(command)
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for ConnectionArgs {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut args = Self::default();
        args.update_from_arg_matches(matches)?;
        Ok(args)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        self.tokens.extend(subset().typed(matches));
        Ok(())
    }
}

impl ConnectionArgs {
    /// These flags together with `more`, which override single values. Names have no `--`.
    ///
    /// # Errors
    ///
    /// A line that names the wrong flag.
    pub fn with(&self, more: &[(String, Option<String>)]) -> Result<EndpointArgs, String> {
        let more = more.iter().map(|(name, value)| match value {
            Some(value) => format!("--{name}={value}"),
            None => format!("--{name}"),
        });
        let tokens = self.tokens.iter().cloned().chain(more.map(OsString::from));
        let command = Command::new("wsee")
            .no_binary_name(true)
            .disable_help_flag(true);
        lenient(EndpointArgs::augment_args(command))
            .try_get_matches_from(tokens)
            .and_then(|matches| EndpointArgs::from_arg_matches(&matches))
            .map_err(|error| text(&error))
    }

    /// Whether a connection may have this flag, with or without a value.
    ///
    /// # Errors
    ///
    /// A line that names the flag.
    pub fn check(name: &str, has_value: bool) -> Result<(), String> {
        let subset = subset();
        let args = subset.args();
        let Some(arg) = args.iter().find(|arg| arg.get_long() == Some(name)) else {
            let known = args.iter().filter_map(Arg::get_long);
            return Err(match crate::command::nearest(name, known) {
                Some(nearest) => {
                    format!("a connection has no flag --{name}; did you mean --{nearest}?")
                }
                None => format!("a connection has no flag --{name}; wsee test --help lists them"),
            });
        };
        match arg.get_action().takes_values() {
            true if !has_value => Err(format!("--{name} needs a value")),
            false if has_value => Err(format!("--{name} takes no value")),
            _ => Ok(()),
        }
    }
}

/// Lets flags with a single value be repeated; the last value counts.
fn lenient(command: Command) -> Command {
    let ids: Vec<Id> = command
        .get_arguments()
        .filter(|arg| matches!(arg.get_action(), ArgAction::Set | ArgAction::SetTrue))
        .map(|arg| arg.get_id().clone())
        .collect();
    ids.into_iter().fold(command, |command, id| {
        command.mut_arg(id.clone(), |arg| arg.overrides_with(&id))
    })
}

/// The error in one line, without clap's label, usage and tips.
fn text(error: &clap::Error) -> String {
    let text = error.render().to_string();
    let lines = text
        .lines()
        .map(str::trim)
        .take_while(|line| !line.is_empty());
    let line = lines.collect::<Vec<_>>().join(" ");
    line.strip_prefix("error: ").unwrap_or(&line).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::Field;

    fn args(line: &str) -> ConnectionArgs {
        let command = ConnectionArgs::augment_args(Command::new("test"));
        let words = std::iter::once("test").chain(line.split_whitespace());
        let matches = command.try_get_matches_from(words).expect("flags");
        ConnectionArgs::from_arg_matches(&matches).expect("flags")
    }

    fn more(flags: &[(&str, &str)]) -> Vec<(String, Option<String>)> {
        let flags = flags.iter();
        flags
            .map(|(name, value)| {
                let value = (!value.is_empty()).then(|| (*value).to_owned());
                ((*name).to_owned(), value)
            })
            .collect()
    }

    #[test]
    fn flags_are_kept_as_typed() {
        let args = args("-H A:1 -k --header B:2 --connect-timeout 3s");
        let dial = args.with(&[]).unwrap().dial;
        let fields = ["A:1", "B:2"].map(|field| Field(field.to_owned()));
        assert_eq!(dial.handshake.header, fields);
        assert!(dial.tls.insecure);
    }

    #[test]
    fn a_scenario_adds_lists_and_overrides_values() {
        let args = args("-H A:1 --origin a --insecure");
        let more = more(&[("header", "B:2"), ("origin", "b"), ("insecure", "")]);
        let dial = args.with(&more).unwrap().dial;
        let fields = ["A:1", "B:2"].map(|field| Field(field.to_owned()));
        assert_eq!(dial.handshake.header, fields);
        assert_eq!(dial.handshake.origin.as_deref(), Some("b"));
    }

    #[test]
    fn an_error_is_one_line_that_names_the_flag() {
        let args = ConnectionArgs::default();
        for (flag, other) in [
            (("connect-timeout", "x"), "connect-timeout"),
            (("require-subprotocol", ""), "--subprotocol"),
        ] {
            let error = args.with(&more(&[flag])).unwrap_err();
            assert!(error.contains(other) && !error.contains('\n'), "{error}");
        }
    }

    #[test]
    fn a_connection_has_the_flags_that_say_how_to_connect() {
        for name in ["header", "cacert", "max-message"] {
            assert_eq!(ConnectionArgs::check(name, true), Ok(()), "{name}");
        }
        for name in [
            "send",
            "count",
            "verbose",
            "max-time",
            "url",
            "no-history",
            "help",
        ] {
            assert!(ConnectionArgs::check(name, true).is_err(), "{name}");
        }
        for (name, has_value, problem) in [
            ("insecur", false, "did you mean --insecure?"),
            ("insecure", true, "--insecure takes no value"),
            ("header", false, "--header needs a value"),
        ] {
            let error = ConnectionArgs::check(name, has_value).unwrap_err();
            assert!(error.contains(problem), "{error}");
        }
    }
}
