//! "Handshake": the upgrade request, credentials and redirects, and what a server accepts.

use std::path::PathBuf;

use clap::builder::PossibleValue;
use clap::{ArgAction, ArgGroup, Args, ValueEnum, ValueHint};

use super::heading::Heading;
use super::secrecy::{Cookies, Field, Subprotocols};
use crate::proto::handshake::like::Client;
use crate::secret::Secret;

#[derive(Debug, Args)]
#[command(next_help_heading = Heading::Handshake)]
#[expect(clippy::struct_excessive_bools, reason = "independent flags")]
pub struct HandshakeArgs {
    /// Send a header field; 'Name:' removes a default, @FILE reads many
    ///
    /// 'Name: value' adds the field or replaces the default of that name, 'Name:' removes the
    /// default, 'Name;' sends the field with an empty value, and @FILE reads one field from each
    /// line of a file. May be repeated. Names, case and order are sent as given. A control
    /// character in a field is a usage error.
    #[arg(short = 'H', long, value_name = "FIELD", action = ArgAction::Append)]
    pub header: Vec<Field>,
    /// Send an Origin field, as browsers do
    ///
    /// By default none is sent, and wsee proxy replaces the client's. Servers that check it refuse other origins with 403.
    #[arg(short, long, hide_short_help = true)]
    pub origin: Option<String>,
    /// Offer subprotocols in order of preference; repeat, or use a comma list
    ///
    /// Sent as Sec-WebSocket-Protocol. wsee warns if the server selects none of them (see
    /// --require-subprotocol), and fails if it selects one that was not offered.
    #[arg(short, long, value_name = "NAMES", action = ArgAction::Append)]
    pub subprotocol: Vec<Subprotocols>,
    /// Fail if the server selects none of the offered subprotocols
    ///
    /// Needs --subprotocol. Without this flag it is a warning; with it, exit status 112.
    #[arg(long, requires = "subprotocol", hide_short_help = true)]
    pub require_subprotocol: bool,
    /// Offer permessage-deflate with these parameters (RFC 7692)
    ///
    /// The value of Sec-WebSocket-Extensions, such as 'permessage-deflate;
    /// server_no_context_takeover; server_max_window_bits=10'. Several offers, separated by commas,
    /// are sent in this order. The default is the offer of browsers, 'permessage-deflate;
    /// client_max_window_bits'. The agreed parameters are shown when the connection opens.
    #[arg(
        long,
        value_name = "OFFER",
        conflicts_with = "no_compress",
        hide_short_help = true
    )]
    pub compress: Option<String>,
    /// Do not offer compression
    ///
    /// By default messages are compressed if the server agrees.
    #[arg(long, hide_short_help = true)]
    pub no_compress: bool,
    /// Tolerate a server that breaks a rule, with a warning
    ///
    /// Applies to masked frames, reserved bits, lengths that are not in their shortest form, text
    /// that is not UTF-8, and to a handshake with a wrong Accept, Upgrade or Connection field,
    /// subprotocols or extensions that were not offered, and lines that are malformed or end in LF.
    /// Without this flag each of these ends the connection (exit status 112 or 113).
    #[arg(long, hide_short_help = true)]
    pub lenient: bool,
    /// Send the URL's path as it is typed
    ///
    /// By default /./ and /../ in the path are resolved, also as %2e, and characters that a path
    /// must not contain are percent-encoded.
    #[arg(long, hide_short_help = true)]
    pub path_as_is: bool,
    /// Send cookies, as NAME=VALUE or from @FILE; repeatable
    ///
    /// Several cookies in one value are separated by '; '. All --cookie flags are joined into one
    /// Cookie field. @FILE, or a value without '=', names a cookie jar in the format of Netscape
    /// and curl; wsee sends those of its cookies that match the URL's host and path, have not
    /// expired, and, over ws://, are not marked as secure. wsee URL --cookie-jar writes such a
    /// file.
    #[arg(short = 'b', long, value_name = "COOKIES", action = ArgAction::Append, hide_short_help = true)]
    pub cookie: Vec<Cookies>,
    /// Send this User-Agent instead of wsee/VERSION
    ///
    /// To send none, use -H 'User-Agent:'.
    #[arg(short = 'A', long, value_name = "TEXT", hide_short_help = true)]
    pub user_agent: Option<String>,
    /// Send the request as Chrome, Firefox or curl sends it
    ///
    /// Some servers and proxies refuse one client and accept another. The same fields are sent as
    /// by Chromium 156, Firefox 153 or curl 8.23, in the same order, with the same values and the
    /// same offer of compression. Browsers send an Origin: without --origin it is that of a page on
    /// the server itself, and Sec-Fetch-Site follows from it. Other flags change single fields. Over
    /// HTTP/2 SETTINGS, WINDOW_UPDATE, priority and the order of pseudo-header fields are
    /// those of the browser as well; numbers of streams and the compression of fields are wsee's, and
    /// curl has no WebSocket there. TLS stays that of wsee.
    #[arg(long, value_name = "CLIENT", hide_short_help = true)]
    pub like: Option<Client>,
}

impl ValueEnum for Client {
    fn value_variants<'a>() -> &'a [Self] {
        &[Self::Chrome, Self::Firefox, Self::Curl]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(match self {
            Self::Chrome => "chrome",
            Self::Firefox => "firefox",
            Self::Curl => "curl",
        }))
    }
}

#[derive(Debug, Args)]
#[command(next_help_heading = Heading::Handshake)]
pub struct AuthArgs {
    /// Log in with HTTP Basic authentication
    ///
    /// Sends "Authorization: Basic …" and overrides credentials in the URL. Without :PASS the
    /// password is taken from --netrc if the user is listed there; otherwise wsee asks for it on
    /// the terminal, without echo, even if stdin is a pipe. 'USER:' is an empty password.
    #[arg(short, long, value_name = "USER[:PASS]", conflicts_with_all = ["bearer", "bearer_env"], hide_short_help = true)]
    pub user: Option<Secret<String>>,
    /// Log in with a bearer token; @FILE reads it from a file
    ///
    /// Sends "Authorization: Bearer TOKEN" and overrides credentials in the URL. The token in a
    /// file may end with a line break, which is not sent. Like --bearer-env, a file keeps the token
    /// out of the list of processes and the shell's history.
    #[arg(
        long,
        value_name = "TOKEN|@FILE",
        conflicts_with = "bearer_env",
        hide_short_help = true,
        value_hint = ValueHint::FilePath
    )]
    pub bearer: Option<Secret<String>>,
    /// Log in with the bearer token in the environment variable NAME
    ///
    /// A variable that is empty or not set is an error.
    #[arg(long, value_name = "NAME", hide_short_help = true)]
    pub bearer_env: Option<String>,
    /// Log in with the credentials in ~/.netrc
    ///
    /// Reads $NETRC, or ~/.netrc, and sends the user and password of the machine that is the URL's
    /// host, or those of 'default', with HTTP Basic authentication. --user, --bearer and
    /// credentials in the URL override it; --user NAME without a password takes the password of
    /// NAME. Hosts reached by a redirect are not looked up.
    #[arg(long, conflicts_with = "netrc_file", hide_short_help = true)]
    pub netrc: bool,
    /// Log in with the credentials in FILE instead of ~/.netrc
    ///
    /// Otherwise the same as --netrc.
    #[arg(long, value_name = "FILE", hide_short_help = true, value_hint = ValueHint::FilePath)]
    pub netrc_file: Option<PathBuf>,
    /// Write the cookies that the server sets to FILE
    ///
    /// Uses the format of Netscape and curl. The file is readable by its owner only, and is written
    /// as soon as the server has responded, whatever the status. It is replaced: to keep its
    /// cookies, read them with --cookie @FILE.
    #[arg(long, value_name = "FILE", hide_short_help = true, value_hint = ValueHint::FilePath)]
    pub cookie_jar: Option<PathBuf>,
}

#[derive(Debug, Args)]
#[command(
    next_help_heading = Heading::Handshake,
    group = ArgGroup::new("follow").args(["location", "location_trusted"]).multiple(true)
)]
pub struct RedirectArgs {
    /// Follow redirects (status 301, 302, 303, 307, 308)
    ///
    /// By default a redirect counts as a refused upgrade. At most --max-redirs redirects are
    /// followed, all within --connect-timeout, but never from wss:// to ws:// and never in a loop
    /// (exit status 47). If the origin (scheme, host or port) changes, credentials, --cookie and
    /// --header fields are not sent, unless --location-trusted is given; cookies from a file are
    /// sent to the hosts they belong to. http:// and https:// in a Location are accepted as ws://
    /// and wss://.
    #[arg(short = 'L', long, hide_short_help = true)]
    pub location: bool,
    /// Follow redirects, and send credentials to every server
    ///
    /// Like --location, but credentials, --cookie and --header fields (except Host) are sent to any
    /// origin. Whoever can make the server redirect gets them.
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

#[derive(Debug, Args)]
#[command(next_help_heading = Heading::Handshake)]
pub struct AcceptArgs {
    /// Accept subprotocols in order of preference; repeat, or use a comma list
    ///
    /// wsee selects the first one that the client offers. By default, or if the client offers none
    /// of them, the response names no subprotocol.
    #[arg(short, long, value_name = "NAMES", action = ArgAction::Append)]
    pub subprotocol: Vec<Subprotocols>,
    /// Set the parameters of permessage-deflate (RFC 7692)
    ///
    /// For example 'permessage-deflate; server_no_context_takeover; client_max_window_bits=10', as
    /// far as the client's offer allows. By default wsee accepts the client's offer.
    #[arg(long, value_name = "PARAMS", conflicts_with = "no_compress")]
    pub compress: Option<String>,
    /// Do not agree to compression
    ///
    /// The response to an offer of permessage-deflate does not include it.
    #[arg(long)]
    pub no_compress: bool,
    /// Accept only requests with this Origin; repeatable
    ///
    /// Other requests, and those without an Origin, get 403. By default every origin is accepted.
    #[arg(long, value_name = "ORIGIN", action = ArgAction::Append)]
    pub origin: Vec<String>,
}
