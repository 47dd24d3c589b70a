//! "Addresses": the addresses to connect to, and the options of TCP.

use std::net::IpAddr;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use clap::{ArgAction, Args, ValueHint};

use super::heading::Heading;
use url::Host;

use super::value::{Period, TimeLimit, ValueError};
use crate::dial::Interface;
use crate::dial::route::{ConnectTo, ResolveOverride};

#[derive(Debug, Args)]
#[command(next_help_heading = Heading::Addresses)]
pub struct RouteArgs {
    /// Use these addresses for a host and port: HOST:PORT:ADDR[,ADDR]…
    ///
    /// The resolver is not asked. HOST may be *, which matches every host without an entry of its
    /// own; IPv6 addresses are written in brackets. The host in the request and in TLS does not
    /// change. May be repeated; the last entry for a host applies. Also applies to the name of a
    /// proxy.
    #[arg(long, value_name = "HOST:PORT:ADDR", value_parser = pin, action = ArgAction::Append, hide_short_help = true)]
    pub resolve: Vec<ResolveOverride>,
    /// Connect to another host and port: HOST1:PORT1:HOST2:PORT2
    ///
    /// For a URL with HOST1 and PORT1, wsee connects to HOST2 and PORT2. An empty HOST1 or PORT1
    /// matches any; an empty HOST2 or PORT2 keeps that of the URL. The host in the request and in
    /// TLS does not change. May be repeated; the first match applies. A proxy is asked for
    /// HOST2:PORT2.
    #[arg(long, value_name = "HOST1:PORT1:HOST2:PORT2", value_parser = detour, action = ArgAction::Append, hide_short_help = true)]
    pub connect_to: Vec<ConnectTo>,
    /// Connect to a Unix socket instead of the URL's host
    ///
    /// The host in the request and in TLS does not change. No proxy is used, not even one from the
    /// environment. Not on Windows.
    #[arg(
        long,
        value_name = "PATH",
        hide_short_help = true,
        value_hint = ValueHint::FilePath,
        conflicts_with_all = ["proxy", "resolve", "connect_to", "interface", "ipv4", "ipv6", "tcp_user_timeout"]
    )]
    pub unix_socket: Option<PathBuf>,
    /// Connect to IPv4 addresses only
    ///
    /// Also applies to a proxy. A host without such an address is exit status 6.
    #[arg(short = '4', long, conflicts_with = "ipv6", hide_short_help = true)]
    pub ipv4: bool,
    /// Connect to IPv6 addresses only
    ///
    /// Also applies to a proxy. A host without such an address is exit status 6.
    #[arg(short = '6', long, hide_short_help = true)]
    pub ipv6: bool,
    /// Connect through this network interface, or from this local address
    ///
    /// A name such as eth0 binds the connection to that interface; where only the superuser may do
    /// that, wsee connects from an address of the interface instead. Also applies to a connection
    /// to a proxy. Windows takes an address only.
    #[arg(long, value_name = "NAME|ADDR", value_parser = interface, hide_short_help = true)]
    pub interface: Option<Interface>,
    /// Send TCP keepalive probes after TIME of silence; 0 is off
    ///
    /// Probes repeat every TIME until TCP gives up (after 9 on Linux). Takes whole seconds, up to
    /// 32767s. Probes keep the connection alive in routers and firewalls; proxies do not see them,
    /// only pings.
    #[arg(
        long,
        value_name = "TIME",
        default_value = "60s",
        hide_short_help = true
    )]
    pub keepalive_time: KeepaliveTime,
    /// Give up when sent bytes are not acknowledged for TIME (TCP_USER_TIMEOUT)
    ///
    /// By default, and with 0, the system decides; Linux gives up after about 15 minutes. The
    /// connection then ends abnormally (exit status 110). Linux only; elsewhere it is a usage error.
    #[arg(long, value_name = "TIME", hide_short_help = true)]
    pub tcp_user_timeout: Option<TimeLimit>,
}

/// The time of TCP's keepalive; `0` is off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeepaliveTime(pub Option<Duration>);

/// The longest interval between probes that Linux accepts.
const LONGEST_KEEPALIVE: Duration = Duration::from_secs(32767);

impl FromStr for KeepaliveTime {
    type Err = RouteValueError;

    fn from_str(text: &str) -> Result<Self, RouteValueError> {
        let Period(time) = text.parse()?;
        match time {
            Duration::ZERO => Ok(Self(None)),
            _ if time > LONGEST_KEEPALIVE || time.subsec_nanos() > 0 => {
                Err(RouteValueError::Keepalive)
            }
            _ => Ok(Self(Some(time))),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RouteValueError {
    #[error("not HOST:PORT:ADDR; write example.com:443:127.0.0.1 or *:443:[::1]")]
    Resolve,
    #[error(
        "not HOST1:PORT1:HOST2:PORT2; write example.com:443:localhost:8443 or ::localhost:8443"
    )]
    ConnectTo,
    #[error("{0:?} is not an IP address")]
    Address(String),
    #[error("{0:?} is not a port from 1 to 65535")]
    Port(String),
    #[error("{0:?} is not a host name or an IP address")]
    Host(String),
    #[error("it is empty; write the name of an interface, such as eth0, or a local address")]
    Interface,
    #[error("not whole seconds up to 32767s; 0 is off")]
    Keepalive,
    #[error(transparent)]
    Value(#[from] ValueError),
}

fn pin(text: &str) -> Result<ResolveOverride, RouteValueError> {
    use RouteValueError as E;
    // curl's `+` lets an entry expire, which does not matter in a single run.
    let text = text.strip_prefix('+').unwrap_or(text);
    let (host, rest) = split_host(text).ok_or(E::Resolve)?;
    let (port, addresses) = rest
        .and_then(|rest| rest.split_once(':'))
        .filter(|(_, addresses)| !host.is_empty() && !addresses.is_empty())
        .ok_or(E::Resolve)?;
    let address = |text: &str| {
        let bare = text.strip_prefix('[').and_then(|it| it.strip_suffix(']'));
        let address = bare.unwrap_or(text).parse::<IpAddr>();
        address.map_err(|_| E::Address(text.to_owned()))
    };
    Ok(ResolveOverride {
        host: match host {
            "*" => None,
            host => Some(self::host(host)?),
        },
        port: self::port(port)?,
        addresses: addresses
            .split(',')
            .map(address)
            .collect::<Result<_, _>>()?,
    })
}

fn detour(text: &str) -> Result<ConnectTo, RouteValueError> {
    use RouteValueError as E;
    let (from, rest) = split_host(text).ok_or(E::ConnectTo)?;
    let (port, rest) = rest
        .and_then(|rest| rest.split_once(':'))
        .ok_or(E::ConnectTo)?;
    let (to, to_port) = split_host(rest).ok_or(E::ConnectTo)?;
    let given = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let host = |text: &str| given(text).map(|it| self::host(&it)).transpose();
    let port_of = |text: &str| given(text).map(|it| self::port(&it)).transpose();
    Ok(ConnectTo {
        host: host(from)?,
        port: port_of(port)?,
        to_host: host(to)?,
        to_port: port_of(to_port.unwrap_or_default())?,
    })
}

/// Splits `HOST:rest`, and removes the brackets of a host with colons.
fn split_host(text: &str) -> Option<(&str, Option<&str>)> {
    let Some(bracketed) = text.strip_prefix('[') else {
        return Some(match text.split_once(':') {
            Some((host, rest)) => (host, Some(rest)),
            None => (text, None),
        });
    };
    match bracketed.split_once(']')? {
        (host, "") => Some((host, None)),
        (host, rest) => Some((host, Some(rest.strip_prefix(':')?))),
    }
}

/// The host as in a URL, with names in ASCII.
fn host(text: &str) -> Result<String, RouteValueError> {
    let (address, _zone) = text.split_once('%').unwrap_or((text, ""));
    if address.parse::<IpAddr>().is_ok() {
        return Ok(text.to_owned());
    }
    match Host::parse(text) {
        Ok(host) => Ok(host.to_string()),
        Err(_) => Err(RouteValueError::Host(text.to_owned())),
    }
}

fn port(text: &str) -> Result<u16, RouteValueError> {
    match text.parse() {
        Ok(port @ 1..) => Ok(port),
        _ => Err(RouteValueError::Port(text.to_owned())),
    }
}

fn interface(text: &str) -> Result<Interface, RouteValueError> {
    if text.is_empty() {
        return Err(RouteValueError::Interface);
    }
    Ok(match text.parse() {
        Ok(address) => Interface::Address(address),
        Err(_) => Interface::Name(text.to_owned()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_pins_as_curl_does() {
        let pinned = |text| {
            let pin = pin(text).unwrap();
            let addresses: Vec<_> = pin.addresses.iter().map(IpAddr::to_string).collect();
            (pin.host, pin.port, addresses.join(" "))
        };
        let some = |host: &str| Some(host.to_owned());
        assert_eq!(
            pinned("Example.COM:443:127.0.0.1"),
            (some("example.com"), 443, "127.0.0.1".to_owned())
        );
        assert_eq!(
            pinned("+*:80:[::1],127.0.0.1"),
            (None, 80, "::1 127.0.0.1".to_owned())
        );
        assert_eq!(pinned("[::1]:80:::2"), (some("::1"), 80, "::2".to_owned()));
        for text in [
            "",
            "a",
            "a:80",
            "a:80:",
            ":80:127.0.0.1",
            "[::1:80:127.0.0.1",
        ] {
            assert_eq!(pin(text), Err(RouteValueError::Resolve), "{text}");
        }
        let port = RouteValueError::Port("0".to_owned());
        assert_eq!(pin("a:0:127.0.0.1"), Err(port));
        let address = RouteValueError::Address("localhost".to_owned());
        assert_eq!(pin("a:80:localhost"), Err(address));
    }

    #[test]
    fn reads_detours_with_empty_parts() {
        let read = |text| {
            let ConnectTo {
                host,
                port,
                to_host,
                to_port,
            } = detour(text).unwrap();
            (host, port, to_host, to_port)
        };
        let some = |host: &str| Some(host.to_owned());
        assert_eq!(
            read("a.example:443:[::1]:8443"),
            (some("a.example"), Some(443), some("::1"), Some(8443))
        );
        assert_eq!(
            read("::localhost:81"),
            (None, None, some("localhost"), Some(81))
        );
        assert_eq!(
            read("[::1]:80::81"),
            (some("::1"), Some(80), None, Some(81))
        );
        assert_eq!(read(":::"), (None, None, None, None));
        assert_eq!(detour("a:80"), Err(RouteValueError::ConnectTo));
        assert_eq!(
            detour("a:80:b:x"),
            Err(RouteValueError::Port("x".to_owned()))
        );
        assert_eq!(
            detour("a:80:b c:1"),
            Err(RouteValueError::Host("b c".to_owned()))
        );
    }

    #[test]
    fn keepalive_takes_what_tcp_takes() {
        let time = |text: &str| text.parse::<KeepaliveTime>().map(|it| it.0);
        assert_eq!(time("0"), Ok(None));
        assert_eq!(time("2m"), Ok(Some(Duration::from_mins(2))));
        assert_eq!(time("500ms"), Err(RouteValueError::Keepalive));
        assert_eq!(time("10h"), Err(RouteValueError::Keepalive));
        assert!(time("soon").is_err());
    }
}
