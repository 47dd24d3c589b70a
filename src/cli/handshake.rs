//! "Handshake": the upgrade request, credentials and redirects, and what a server accepts.

use std::path::PathBuf;

use clap::{ArgAction, ArgGroup, Args, ValueHint};

use super::heading::Heading;
use super::secrecy::{Cookies, Field};
use crate::secret::Secret;

/// Fields of the upgrade request.
#[derive(Debug, Args)]
#[command(next_help_heading = Heading::Handshake)]
pub struct HandshakeArgs {
    /// Send a header field; 'Name:' removes a default, @FILE reads many
    ///
    /// 'Name: value' replaces a default of that name or adds the field, 'Name:' removes the
    /// default, 'Name;' sends the field with an empty value, and @FILE reads one field from each
    /// line of a file. May be repeated. Names, case and order go on the wire as given. A control character is a
    /// usage error, and nothing is sent.
    #[arg(short = 'H', long, value_name = "FIELD", action = ArgAction::Append)]
    pub header: Vec<Field>,
    /// Send an Origin field, as browsers do
    ///
    /// None is sent by default. Servers that check it answer 403 to others.
    #[arg(short, long, hide_short_help = true)]
    pub origin: Option<String>,
    /// Offer subprotocols, most wanted first; repeat or comma list
    ///
    /// Sent as Sec-WebSocket-Protocol. wsee warns if the server chooses none of them (see
    /// --require-subprotocol) and fails if it chooses another.
    #[arg(short, long, value_name = "NAMES", action = ArgAction::Append)]
    pub subprotocol: Vec<String>,
    /// Fail if the server chooses none of the offered subprotocols
    ///
    /// Needs --subprotocol. Without this flag it is a warning; with it, exit status 112.
    #[arg(long, requires = "subprotocol", hide_short_help = true)]
    pub require_subprotocol: bool,
    /// Offer permessage-deflate with these parameters (RFC 7692)
    ///
    /// The value of Sec-WebSocket-Extensions, such as 'permessage-deflate;
    /// server_no_context_takeover; server_max_window_bits=10'; several, with commas between them, are
    /// offered in this order. By default wsee offers what browsers do: 'permessage-deflate;
    /// client_max_window_bits'. What the server makes of it is shown when the connection opens.
    #[arg(
        long,
        value_name = "OFFER",
        conflicts_with = "no_compress",
        hide_short_help = true
    )]
    pub compress: Option<String>,
    /// Do not offer compression
    ///
    /// Without it messages are compressed when the server agrees.
    #[arg(long, hide_short_help = true)]
    pub no_compress: bool,
    /// Go on where a server breaks a rule, with a warning
    ///
    /// For masked frames, reserved bits, lengths not in their shortest form, text that is not UTF-8,
    /// and a handshake with a wrong Accept, Upgrade or Connection field. Without it each of these
    /// ends the connection (exit status 112 or 113).
    #[arg(long, hide_short_help = true)]
    pub lenient: bool,
    /// Send a Cookie field; @FILE sends cookies of a file; repeatable
    ///
    /// NAME=VALUE, or several with '; ' between them. Several --cookie are joined in the same way
    /// into one field. @FILE, or a FILE without '=' in its name, is a cookie jar in the format of
    /// Netscape and curl: those of its cookies are sent that fit the URL's host and path, are not expired, and
    /// are not limited to TLS where there is none. wsee URL --cookie-jar writes such files.
    #[arg(short = 'b', long, value_name = "COOKIES", action = ArgAction::Append, hide_short_help = true)]
    pub cookie: Vec<Cookies>,
    /// Send this User-Agent instead of wsee/VERSION
    ///
    /// To send none: -H 'User-Agent:'
    #[arg(short = 'A', long, value_name = "TEXT", hide_short_help = true)]
    pub user_agent: Option<String>,
}

/// Credentials.
#[derive(Debug, Args)]
#[command(next_help_heading = Heading::Handshake)]
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

/// What to do when the server sends the client elsewhere.
#[derive(Debug, Args)]
#[command(
    next_help_heading = Heading::Handshake,
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

/// Which handshakes are accepted.
#[derive(Debug, Args)]
#[command(next_help_heading = Heading::Handshake)]
pub struct AcceptArgs {
    /// Speak these subprotocols, most wanted first; repeat or comma list
    ///
    /// The first that the client offers is chosen. By default, and if it offers none of them, the
    /// response names no subprotocol.
    #[arg(short, long, value_name = "NAMES", action = ArgAction::Append)]
    pub subprotocol: Vec<String>,
    /// Set these parameters of permessage-deflate (RFC 7692)
    ///
    /// Such as 'permessage-deflate; server_no_context_takeover; client_max_window_bits=10', as far
    /// as a client's offer allows them. By default wsee agrees to what a client offers.
    #[arg(long, value_name = "PARAMS", conflicts_with = "no_compress")]
    pub compress: Option<String>,
    /// Do not agree to compression
    ///
    /// Clients that offer permessage-deflate are answered without it.
    #[arg(long)]
    pub no_compress: bool,
    /// Accept only requests with this Origin; repeatable
    ///
    /// Others, and requests without an Origin, get 403. By default every origin is accepted.
    #[arg(long, value_name = "ORIGIN", action = ArgAction::Append)]
    pub origin: Vec<String>,
}
