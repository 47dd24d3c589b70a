//! Where options come from besides the command line.

use clap::Args;

use super::heading::Heading;

/// The configuration file, and what became of it.
#[derive(Debug, Args)]
#[command(next_help_heading = Heading::Configuration)]
pub struct ConfigArgs {
    /// Do not read the configuration file
    ///
    /// It is $XDG_CONFIG_HOME/wsee/config.toml, by default ~/.config/wsee/config.toml. Any long flag is a key
    /// of it, without its dashes. Keys at the top are defaults; those below [profile.NAME], url among
    /// them, are used by 'wsee @NAME'. A flag on the command line replaces the key, --header adds
    /// to it. ${NAME} in a string is an environment variable.
    #[arg(long, hide_short_help = true)]
    pub no_config: bool,
    /// Print every option, and where it comes from, before anything is done
    ///
    /// On stderr: the command line, the configuration file (with its line) or a default, and the
    /// environment variables that have a say. Secrets are masked, unless there is --show-secrets.
    #[arg(long, hide_short_help = true)]
    pub debug: bool,
}
