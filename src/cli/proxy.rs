//! Proxies on the way to the server.

use std::path::PathBuf;

use clap::{ArgAction, Args, ValueHint};

use super::heading::Heading;
use super::secrecy::{Field, ProxyUrl};

use crate::secret::Secret;

/// The proxy, and what it is told.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = Heading::Proxy)]
pub struct ProxyArgs {
    /// Connect through this proxy: [SCHEME://][USER:PASS@]HOST[:PORT]
    ///
    /// http (the default), https, socks4, socks4a, socks5 or socks5h. With socks5h and socks4a the
    /// proxy resolves the server's name, with socks5 and socks4 wsee does. The default port is 1080,
    /// for https 443. An HTTP proxy is asked for a tunnel (CONNECT) for ws:// as for wss://. USER
    /// and PASS are percent-decoded. Without this flag the environment decides: ws_proxy or
    /// wss_proxy, then http_proxy or https_proxy, then all_proxy, each also in capitals but for
    /// http_proxy. -x '' uses no proxy at all. A refusal by the proxy is exit status 97.
    #[arg(short = 'x', long, value_name = "URL", hide_short_help = true)]
    pub proxy: Option<ProxyUrl>,
    /// Log in to the proxy
    ///
    /// With HTTP Basic authentication, or as SOCKS does. Takes precedence over credentials in the
    /// proxy's URL, and is used for a proxy from the environment, too. Without :PASS the password is
    /// asked for on the terminal, where it is not shown, unless the proxy speaks SOCKS4, which knows
    /// none; 'USER:' is an empty password.
    #[arg(short = 'U', long, value_name = "USER[:PASS]", hide_short_help = true)]
    pub proxy_user: Option<Secret<String>>,
    /// Use no proxy for these hosts
    ///
    /// A comma list: example.com is that host and all below it, as is .example.com; 10.0.0.0/8,
    /// 127.0.0.1 and ::1 are addresses; HOST:PORT is about that port only; * alone is every host.
    /// Takes the place of the environment's no_proxy or NO_PROXY, and is looked at for --proxy, too.
    #[arg(long, value_name = "LIST", hide_short_help = true)]
    pub noproxy: Option<String>,
    /// Send a header field to an HTTP proxy, with CONNECT
    ///
    /// Written as for --header: 'Name: value', 'Name:' to remove, 'Name;' to send it empty, @FILE to
    /// read many. May be repeated. --header is for the server, and the proxy does not see it.
    #[arg(long, value_name = "FIELD", action = ArgAction::Append, hide_short_help = true)]
    pub proxy_header: Vec<Field>,
    /// Trust the CA certificates in FILE (PEM) for an https proxy
    ///
    /// May be repeated. They are added to the roots that are trusted anyway. --cacert is for the
    /// server only.
    #[arg(long, value_name = "FILE", hide_short_help = true, value_hint = ValueHint::FilePath)]
    pub proxy_cacert: Vec<PathBuf>,
    /// Accept any certificate of an https proxy
    ///
    /// What is wrong with it is said. --insecure is for the server only.
    #[arg(long, hide_short_help = true)]
    pub proxy_insecure: bool,
}
