//! Proxies on the way to the server.

use std::path::PathBuf;

use clap::{ArgAction, Args, ValueHint};

use super::heading::Heading;
use super::secrecy::{Field, ProxyUrl};

use crate::secret::Secret;

#[derive(Debug, Default, Args)]
#[command(next_help_heading = Heading::Proxy)]
pub struct ProxyArgs {
    /// Connect through this proxy: [SCHEME://][USER:PASS@]HOST[:PORT]
    ///
    /// The scheme is http (the default), https, socks4, socks4a, socks5 or socks5h. With socks4a
    /// and socks5h the proxy resolves the server's name; with socks4 and socks5 wsee does. The
    /// default port is 1080, or 443 for https. An HTTP proxy is asked for a tunnel (CONNECT) for
    /// both ws:// and wss://. USER and PASS are percent-decoded. Without this flag wsee uses the
    /// environment: ws_proxy or wss_proxy, then http_proxy or https_proxy, then all_proxy, each
    /// also in upper case except http_proxy. -x '' disables all proxies. If the proxy refuses, the
    /// exit status is 97.
    #[arg(short = 'x', long, value_name = "URL", hide_short_help = true)]
    pub proxy: Option<ProxyUrl>,
    /// Log in to the proxy
    ///
    /// Uses HTTP Basic authentication, or the login of SOCKS. Overrides credentials in the proxy's
    /// URL, and also applies to a proxy from the environment. Without :PASS wsee asks for the
    /// password on the terminal, without echo, except for SOCKS4, which has no passwords. 'USER:'
    /// is an empty password.
    #[arg(short = 'U', long, value_name = "USER[:PASS]", hide_short_help = true)]
    pub proxy_user: Option<Secret<String>>,
    /// Do not use a proxy for these hosts
    ///
    /// A comma-separated list. example.com and .example.com match that host and all its subdomains;
    /// 10.0.0.0/8, 127.0.0.1 and ::1 match addresses; HOST:PORT matches that port only; * alone
    /// matches every host. Replaces no_proxy and NO_PROXY of the environment, and also applies to
    /// --proxy.
    #[arg(long, value_name = "LIST", hide_short_help = true)]
    pub noproxy: Option<String>,
    /// Send a header field to an HTTP proxy, with CONNECT
    ///
    /// Same syntax as --header: 'Name: value', 'Name:' to remove a field, 'Name;' to send it empty,
    /// @FILE to read many. May be repeated. Fields given with --header are sent to the server only.
    #[arg(long, value_name = "FIELD", action = ArgAction::Append, hide_short_help = true)]
    pub proxy_header: Vec<Field>,
    /// Trust the CA certificates in FILE (PEM) for an https proxy
    ///
    /// May be repeated. They are added to the default roots. --cacert applies to the server only.
    #[arg(long, value_name = "FILE", hide_short_help = true, value_hint = ValueHint::FilePath)]
    pub proxy_cacert: Vec<PathBuf>,
    /// Accept any certificate of an https proxy
    ///
    /// wsee shows why it would have been rejected. --insecure applies to the server only.
    #[arg(long, hide_short_help = true)]
    pub proxy_insecure: bool,
}
