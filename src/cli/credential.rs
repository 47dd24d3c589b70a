//! As whom to connect.

use std::path::PathBuf;

use clap::{Args, ValueHint};

use crate::secret::Secret;

/// Credentials.
#[derive(Debug, Args)]
#[command(next_help_heading = "Handshake")]
pub struct AuthArgs {
    /// Log in with HTTP Basic authentication
    ///
    /// Sends "Authorization: Basic …". Takes precedence over credentials in the URL. Without
    /// :PASS the password is taken from --netrc if the user is in it, and else asked for on the
    /// terminal, where it is not shown, also when stdin is a pipe; 'USER:' is an empty password.
    #[arg(short, long, value_name = "USER[:PASS]", conflicts_with_all = ["bearer", "bearer_env"], hide_short_help = true)]
    pub user: Option<Secret<String>>,
    /// Log in with a bearer token; @FILE reads it
    ///
    /// Sends "Authorization: Bearer TOKEN". Takes precedence over credentials in the URL. @FILE
    /// takes the token from a file, without the line break at its end, and keeps it out of the list
    /// of processes and the shell's history; so does --bearer-env.
    #[arg(
        long,
        value_name = "TOKEN|@FILE",
        conflicts_with = "bearer_env",
        value_hint = ValueHint::FilePath
    )]
    pub bearer: Option<Secret<String>>,
    /// Log in with the bearer token in an environment variable
    ///
    /// NAME is the variable's name. It is an error if it is not set or empty.
    #[arg(long, value_name = "NAME", hide_short_help = true)]
    pub bearer_env: Option<String>,
    /// Log in as ~/.netrc says
    ///
    /// Reads $NETRC, or ~/.netrc, and sends user and password of the machine that is the URL's
    /// host, or those of 'default', as HTTP Basic authentication. --user, --bearer and credentials
    /// in the URL take precedence; --user NAME without a password takes that of NAME. Machines that
    /// the server redirects to are not looked up.
    #[arg(long, conflicts_with = "netrc_file", hide_short_help = true)]
    pub netrc: bool,
    /// The same, with another file than ~/.netrc
    ///
    /// See --netrc.
    #[arg(long, value_name = "FILE", hide_short_help = true, value_hint = ValueHint::FilePath)]
    pub netrc_file: Option<PathBuf>,
    /// Write the cookies that the server sets to FILE
    ///
    /// In the format of Netscape and curl, readable by its owner only, as soon as the server has
    /// answered, whatever the answer was. FILE is replaced: cookies that were in it are kept only if
    /// --cookie @FILE read them.
    #[arg(long, value_name = "FILE", hide_short_help = true, value_hint = ValueHint::FilePath)]
    pub cookie_jar: Option<PathBuf>,
}
