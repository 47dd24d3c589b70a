//! The flags of another command, as far as they have a meaning here, and those of them that were typed.

use std::ffi::OsString;

use clap::parser::ValueSource;
use clap::{Arg, ArgGroup, ArgMatches, Args, Command};

/// Some of the flags that belong together in another command.
pub(super) struct Subset {
    args: Vec<Arg>,
    groups: Vec<ArgGroup>,
}

impl Subset {
    /// The flags of `T`, without those of these IDs.
    pub(super) fn of<T: Args>(without: &[&str]) -> Self {
        let command = T::augment_args(Command::new("wsee"));
        let stays = |id: &str| !without.contains(&id);
        let args = command.get_arguments();
        let args = args.filter(|arg| stays(arg.get_id().as_str()));
        let groups = command.get_groups();
        let groups = groups.filter(|group| group.get_args().all(|id| stays(id.as_str())));
        Self {
            args: args.cloned().collect(),
            groups: groups.cloned().collect(),
        }
    }

    pub(super) fn args(&self) -> &[Arg] {
        &self.args
    }

    /// Adds them to a command, whose short help they would fill.
    pub(super) fn add_to(self, command: Command) -> Command {
        let args = self.args.into_iter();
        command
            .args(args.map(|arg| arg.hide_short_help(true)))
            .groups(self.groups)
    }

    /// Those that were typed: `--flag=value` or `--flag`, in order.
    pub(super) fn typed(&self, matches: &ArgMatches) -> Vec<OsString> {
        let mut tokens = Vec::new();
        for arg in &self.args {
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
                    tokens.push(token);
                }
            } else {
                tokens.push(format!("--{flag}").into());
            }
        }
        tokens
    }
}
