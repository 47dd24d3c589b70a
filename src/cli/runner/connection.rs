//! The flags of `wsee URL` that say how a connection is made, for every connection of a test.
//!
//! They are kept as typed: a scenario may add its own, and only together they have a meaning.

use std::ffi::OsString;

use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{
    Arg, ArgAction, ArgGroup, ArgMatches, Args, Command, CommandFactory, FromArgMatches, Id,
};

use crate::cli::{Cli, ConnectArgs, DialArgs};

/// Flags for every connection, as typed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ConnectionArgs {
    /// `--flag=value` or `--flag`, in order.
    pub tokens: Vec<OsString>,
}

/// The flags that a connection may have.
fn connection_args() -> Vec<Arg> {
    let dial = DialArgs::augment_args(Command::new("wsee"));
    dial.get_arguments().cloned().collect()
}

impl Args for ConnectionArgs {
    fn augment_args(command: Command) -> Command {
        let dial = DialArgs::augment_args(Command::new("wsee"));
        let groups: Vec<ArgGroup> = dial.get_groups().cloned().collect();
        let args = connection_args().into_iter();
        // Most tests need none of them: the short help would be nothing else.
        let args = args.map(|arg| arg.hide_short_help(true));
        command.args(args).groups(groups)
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
        for arg in connection_args() {
            let id = arg.get_id().as_str();
            let Some(flag) = arg.get_long() else {
                continue;
            };
            if matches.value_source(id) != Some(ValueSource::CommandLine) {
                continue;
            }
            if arg.get_action().takes_values() {
                for value in matches.get_raw(id).into_iter().flatten() {
                    let mut token = OsString::from(format!("--{flag}="));
                    token.push(value);
                    self.tokens.push(token);
                }
            } else {
                self.tokens.push(format!("--{flag}").into());
            }
        }
        Ok(())
    }
}

impl ConnectionArgs {
    /// The arguments of `wsee URL` with these flags and `more`, whose single values count more.
    ///
    /// # Errors
    ///
    /// A text that says which flag is wrong, and why.
    pub fn with(
        &self,
        more: impl IntoIterator<Item = OsString>,
        url: &str,
    ) -> Result<ConnectArgs, String> {
        let tokens = std::iter::once(OsString::from("wsee"))
            .chain(self.tokens.iter().cloned())
            .chain(more)
            .chain(["--".into(), url.into()]);
        let parsed = lenient(Cli::command())
            .try_get_matches_from(tokens)
            .and_then(|matches| Cli::from_arg_matches(&matches));
        parsed.map(|cli| cli.connect).map_err(|error| text(&error))
    }

    /// Whether a connection may have the flag, which is given without `--`; if not, one that is like it.
    pub fn check_name(name: &str) -> Result<(), Option<String>> {
        let names: Vec<String> = connection_args()
            .iter()
            .filter_map(|arg| arg.get_long().map(str::to_owned))
            .collect();
        if names.iter().any(|known| known == name) {
            return Ok(());
        }
        let known = names.iter().map(String::as_str);
        Err(crate::command::nearest(name, known).map(str::to_owned))
    }
}

/// The command with single values that may be given again: the last one counts.
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

/// The error in one line, without clap's label and advice.
fn text(error: &clap::Error) -> String {
    if error.kind() == ErrorKind::DisplayHelp || error.kind() == ErrorKind::DisplayVersion {
        return "a scenario cannot ask for help".to_owned();
    }
    let text = error.render().to_string();
    let line = text.lines().next().unwrap_or_default();
    line.strip_prefix("error: ").unwrap_or(line).to_owned()
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

    fn more(words: &[&str]) -> Vec<OsString> {
        words.iter().map(OsString::from).collect()
    }

    #[test]
    fn flags_are_kept_as_typed() {
        let args = args("-H A:1 -k --header B:2 --connect-timeout 3s");
        let connect = args.with([], "ws://h").unwrap();
        let fields = ["A:1", "B:2"].map(|field| Field(field.to_owned()));
        assert_eq!(connect.dial.handshake.header, fields);
        assert!(connect.dial.tls.insecure);
    }

    #[test]
    fn a_scenario_adds_lists_and_overrides_values() {
        let args = args("-H A:1 --origin a --insecure");
        let more = more(&["--header=B:2", "--origin=b", "--insecure"]);
        let connect = args.with(more, "ws://h").unwrap();
        let fields = ["A:1", "B:2"].map(|field| Field(field.to_owned()));
        assert_eq!(connect.dial.handshake.header, fields);
        assert_eq!(connect.dial.handshake.origin.as_deref(), Some("b"));
    }

    #[test]
    fn what_is_wrong_is_said_in_one_line() {
        let args = ConnectionArgs::default();
        let error = args
            .with(more(&["--connect-timeout=x"]), "ws://h")
            .unwrap_err();
        assert!(
            error.contains("--connect-timeout") && !error.contains('\n'),
            "{error}"
        );
        assert!(args.with(more(&["--help"]), "ws://h").is_err());
    }

    #[test]
    fn flags_of_pipes_and_prompt_are_no_flags_of_a_connection() {
        for name in ["insecure", "header", "cacert", "max-message"] {
            assert_eq!(ConnectionArgs::check_name(name), Ok(()), "{name}");
        }
        for name in ["send", "count", "verbose", "max-time", "url", "no-history"] {
            assert!(ConnectionArgs::check_name(name).is_err(), "{name}");
        }
        let nearest = ConnectionArgs::check_name("insecur");
        assert_eq!(nearest, Err(Some("insecure".to_owned())));
    }
}
