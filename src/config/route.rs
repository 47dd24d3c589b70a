use super::tls::use_environment;
use super::{ConfigError, Environment, proxy};
use crate::cli::{ProxyArgs, RouteArgs};
use crate::dial::proxy::Proxies;
use crate::dial::{Family, Interface, Route};
use crate::sys::Feature;

/// `user_agent` is sent to an HTTP proxy.
pub(super) fn resolve(
    args: &RouteArgs,
    proxy: &ProxyArgs,
    user_agent: Option<String>,
    environment: &Environment,
) -> Result<(Route, Proxies), ConfigError> {
    if let Some(error) = lacking(args, Feature::is_here) {
        return Err(error);
    }
    let family = match (args.ipv4, args.ipv6) {
        (true, _) => Some(Family::V4),
        (_, true) => Some(Family::V6),
        _ => None,
    };
    if let Some(Interface::Address(address)) = args.interface
        && family.is_some_and(|family| family != Family::of(address))
    {
        return Err(ConfigError::Interface(address));
    }
    // A Unix socket needs no proxy, so a bad proxy variable is no error.
    let mut proxies = match args.unix_socket {
        Some(_) => Proxies::default(),
        None => proxy::resolve(proxy, &environment.proxies, user_agent, &|it| {
            environment.password(it)
        })?,
    };
    use_environment(&mut proxies.tls, environment);
    let route = Route {
        overrides: args.resolve.clone(),
        connect_to: args.connect_to.clone(),
        unix_socket: args.unix_socket.clone(),
        family,
        interface: args.interface.clone(),
        keepalive: args.keepalive_time.0,
        user_timeout: args.tcp_user_timeout.and_then(|limit| limit.0),
        bars: None,
    };
    Ok((route, proxies))
}

/// A flag that asks for something this system does not have.
fn lacking(args: &RouteArgs, is_here: impl Fn(Feature) -> bool) -> Option<ConfigError> {
    let interface = match &args.interface {
        Some(Interface::Name(name)) => Some(format!("--interface {name}")),
        _ => None,
    };
    let unix_socket = args
        .unix_socket
        .as_ref()
        .map(|_| "--unix-socket".to_owned());
    let user_timeout = args
        .tcp_user_timeout
        .map(|_| "--tcp-user-timeout".to_owned());
    let asked = [
        (
            Feature::UnixSocket,
            unix_socket,
            "have the server listen on a TCP port and connect to that",
        ),
        (
            Feature::InterfaceName,
            interface,
            "give a local address instead of the name",
        ),
        (
            Feature::UserTimeout,
            user_timeout,
            "use --ping-interval and --ping-timeout",
        ),
    ];
    let mut lacking = asked.into_iter().filter(|(feature, ..)| !is_here(*feature));
    lacking.find_map(|(_, flag, instead)| {
        Some(ConfigError::Lacking {
            flag: flag?,
            instead,
        })
    })
}

#[cfg(test)]
mod tests {
    use clap::{Args, Command, FromArgMatches};

    use super::*;

    #[test]
    fn a_flag_that_the_system_lacks_names_the_system_and_what_to_use_instead() {
        let lacking = |words: &[&str], has| {
            // --unix-socket excludes --proxy.
            let command = ProxyArgs::augment_args(Command::new("wsee"));
            let command = RouteArgs::augment_args(command);
            let matches = command.get_matches_from([&["wsee"], words].concat());
            let args = RouteArgs::from_arg_matches(&matches).unwrap();
            super::lacking(&args, |_| has).map(|error| error.to_string())
        };
        let system = crate::sys::place::SYSTEM;
        for (words, text) in [
            (["--unix-socket", "a"], "--unix-socket does not work on"),
            (["--interface", "eth0"], "--interface eth0 does not work on"),
            (
                ["--tcp-user-timeout", "5s"],
                "--tcp-user-timeout does not work on",
            ),
        ] {
            assert_eq!(lacking(&words, true), None);
            let error = lacking(&words, false).unwrap();
            assert!(error.starts_with(&format!("{text} {system}; ")), "{error}");
        }
        assert_eq!(lacking(&["--interface", "127.0.0.1"], false), None);
    }
}
