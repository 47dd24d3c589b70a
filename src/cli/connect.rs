//! `wsee URL`: where to connect and as whom.

use clap::{ArgAction, Args, ValueHint};

use super::credential::AuthArgs;
use super::limit::ClientLimitArgs;
use super::proxy::ProxyArgs;
use super::redirect::RedirectArgs;
use super::route::RouteArgs;
use super::session::SessionArgs;
use super::tls::TlsArgs;
use super::value::url_argument;

/// The arguments of `wsee URL`.
#[derive(Debug, Args)]
pub struct ConnectArgs {
    /// ws:// or wss:// URL; the scheme may be left out, and the host of :PORT/PATH is localhost
    ///
    /// http:// and https:// are taken as ws:// and wss://. Without a scheme, ws:// is used for
    /// loopback and private addresses and wss:// for all others, and the choice is printed.
    /// USER:PASS@ in front of the host is the same as --user. A fragment (#…) is refused. @NAME is
    /// the profile NAME of the configuration file (see --no-config).
    #[arg(required = true, value_parser = url_argument, value_hint = ValueHint::Url)]
    pub url: Option<String>,
    #[command(flatten)]
    pub dial: DialArgs,
    #[command(flatten)]
    pub session: SessionArgs,
}

/// How to connect; what to do then is [`SessionArgs`].
#[derive(Debug, Args)]
pub struct DialArgs {
    #[command(flatten)]
    pub handshake: HandshakeArgs,
    #[command(flatten)]
    pub auth: AuthArgs,
    #[command(flatten)]
    pub redirect: RedirectArgs,
    #[command(flatten)]
    pub tls: TlsArgs,
    #[command(flatten)]
    pub proxy: ProxyArgs,
    #[command(flatten)]
    pub route: RouteArgs,
    #[command(flatten)]
    pub limit: ClientLimitArgs,
}

/// Fields of the upgrade request.
#[derive(Debug, Args)]
#[command(next_help_heading = "Handshake")]
#[expect(
    clippy::doc_markdown,
    reason = "clap prints these comments as they are"
)]
pub struct HandshakeArgs {
    /// Send a header field; 'Name:' removes a default, @FILE reads many
    ///
    /// 'Name: value' replaces a default of that name or adds the field, 'Name:' removes the
    /// default, 'Name;' sends the field with an empty value, and @FILE reads one field from each
    /// line of a file. May be repeated. Names, case and order go on the wire as given. A control character is a
    /// usage error, and nothing is sent.
    #[arg(short = 'H', long, value_name = "FIELD", action = ArgAction::Append)]
    pub header: Vec<String>,
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
    pub cookie: Vec<String>,
    /// Send this User-Agent instead of wsee/VERSION
    ///
    /// To send none: -H 'User-Agent:'
    #[arg(short = 'A', long, value_name = "TEXT", hide_short_help = true)]
    pub user_agent: Option<String>,
}
