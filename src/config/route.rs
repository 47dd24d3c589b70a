use super::tls::use_environment;
use super::{ConfigError, Environment, proxy};
use crate::cli::{ProxyArgs, RouteArgs};
use crate::dial::proxy::Proxies;
use crate::dial::{Family, Interface, Route};

/// `user_agent` is sent to an HTTP proxy.
pub(super) fn resolve(
    args: &RouteArgs,
    proxy: &ProxyArgs,
    user_agent: Option<String>,
    environment: &Environment,
) -> Result<(Route, Proxies), ConfigError> {
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
        None => proxy::resolve(proxy, &environment.proxies, user_agent)?,
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
    };
    Ok((route, proxies))
}
