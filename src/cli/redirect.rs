//! Whether redirections are followed.

use clap::{ArgGroup, Args};

/// What to do when the server sends the client elsewhere.
#[derive(Debug, Args)]
#[command(
    next_help_heading = "Handshake",
    group = ArgGroup::new("follow").args(["location", "location_trusted"]).multiple(true)
)]
pub struct RedirectArgs {
    /// Follow redirects (status 301, 302, 303, 307, 308)
    ///
    /// By default a redirect is a refused upgrade. At most --max-redirs are followed, within the one
    /// --connect-timeout; never from wss:// to ws://, and never in a circle (exit status 47). At
    /// another origin (scheme, host or port) than the URL's, credentials, --cookie and --header
    /// fields are not sent, unless --location-trusted says so; cookies of a file go where they
    /// belong. http:// and https:// in a Location are taken as ws:// and wss://.
    #[arg(short = 'L', long, hide_short_help = true)]
    pub location: bool,
    /// Follow redirects, and send credentials to all servers
    ///
    /// As --location, but credentials, --cookie and --header fields (except Host) go along to any
    /// origin: whoever can make the server redirect gets them.
    #[arg(long, hide_short_help = true)]
    pub location_trusted: bool,
    /// Follow at most N redirects
    ///
    /// Needs --location. One more is an error (exit status 47).
    #[arg(
        long,
        value_name = "N",
        default_value_t = 10,
        requires = "follow",
        hide_short_help = true
    )]
    pub max_redirs: u16,
}
