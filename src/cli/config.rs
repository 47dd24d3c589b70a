//! Where options come from besides the command line.

use clap::Args;

use super::heading::Heading;

#[derive(Debug, Args)]
#[command(next_help_heading = Heading::Configuration)]
pub struct ConfigArgs {
    /// Do not read the configuration file
    ///
    /// The file is $XDG_CONFIG_HOME/wsee/config.toml, by default ~/.config/wsee/config.toml. Its
    /// keys are the long flags without dashes. Keys at the top are defaults; keys under
    /// [profile.NAME], which include url, apply to 'wsee @NAME'. A flag on the command line
    /// replaces the key, except that --header adds to it. ${NAME} in a string is replaced by the
    /// environment variable. [messages] and [profile.NAME.messages] hold messages with names for
    /// /send at the prompt.
    #[arg(long, hide_short_help = true)]
    pub no_config: bool,
    /// Print every option and its source before anything is done
    ///
    /// Printed on stderr. The source is the command line, the configuration file (with the line) or
    /// a default. Environment variables that were read are also listed. Secrets are masked, except
    /// with --show-secrets.
    #[arg(long, hide_short_help = true)]
    pub debug: bool,
}
