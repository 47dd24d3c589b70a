//! A tunnel through a SOCKS proxy (RFC 1928; SOCKS4 and 4a).

use std::net::{IpAddr, SocketAddr};

use tokio_socks::tcp::{Socks4Stream, Socks5Stream};
use tokio_socks::{Error, TargetAddr};

use super::{Kind, Proxy};
use crate::dial::Stream;
use crate::dial::endpoint::{Endpoint, literal};
use crate::dial::error::{ProxyProblem, SocksProblem, SocksReply};
use crate::secret::Secret;

/// Asks the proxy at the other end of `stream` for a tunnel to the first of `addresses`, or, without
/// any, to the name of `endpoint`.
pub(super) async fn tunnel(
    proxy: &Proxy,
    endpoint: &Endpoint,
    addresses: Option<&[SocketAddr]>,
    stream: Stream,
) -> Result<Stream, ProxyProblem> {
    let target = target(proxy.kind, endpoint, addresses)?;
    let login = proxy.credentials.as_ref().map(Secret::expose);
    let refused = |error| problem(proxy.kind, endpoint, error, login.is_some());
    let stream = match (proxy.kind, login) {
        (Kind::Socks4 | Kind::Socks4a, None) => {
            let stream = Socks4Stream::connect_with_socket(stream, target).await;
            stream.map(Socks4Stream::into_inner)
        }
        (Kind::Socks4 | Kind::Socks4a, Some((user, _))) => {
            let stream = Socks4Stream::connect_with_userid_and_socket(stream, target, user).await;
            stream.map(Socks4Stream::into_inner)
        }
        (_, None) => {
            let stream = Socks5Stream::connect_with_socket(stream, target).await;
            stream.map(Socks5Stream::into_inner)
        }
        (_, Some((user, password))) => {
            let stream =
                Socks5Stream::connect_with_password_and_socket(stream, target, user, password);
            stream.await.map(Socks5Stream::into_inner)
        }
    };
    stream.map_err(|error| match error {
        Error::Io(source) => source.into(),
        error => refused(error).into(),
    })
}

fn problem(kind: Kind, endpoint: &Endpoint, error: Error, authorized: bool) -> SocksProblem {
    let reply = match error {
        Error::NoAcceptableAuthMethods | Error::AuthorizationRequired if authorized => {
            return SocksProblem::CredentialsUnwanted;
        }
        Error::NoAcceptableAuthMethods | Error::AuthorizationRequired => {
            return SocksProblem::CredentialsWanted;
        }
        Error::PasswordAuthFailure(_) => return SocksProblem::CredentialsRejected,
        Error::IdentdAuthFailure | Error::InvalidUserIdAuthFailure => {
            return SocksProblem::UserRejected;
        }
        Error::GeneralSocksServerFailure if matches!(kind, Kind::Socks4 | Kind::Socks4a) => {
            SocksReply::Socks4Failure
        }
        Error::GeneralSocksServerFailure => SocksReply::GeneralFailure,
        Error::ConnectionNotAllowedByRuleset => SocksReply::NotAllowed,
        Error::NetworkUnreachable => SocksReply::NetworkUnreachable,
        Error::HostUnreachable => SocksReply::HostUnreachable,
        Error::ConnectionRefused => SocksReply::ConnectionRefused,
        Error::TtlExpired => SocksReply::TtlExpired,
        Error::CommandNotSupported => SocksReply::CommandNotSupported,
        Error::AddressTypeNotSupported => SocksReply::AddressNotSupported,
        other => return SocksProblem::Protocol(other.to_string().to_lowercase()),
    };
    SocksProblem::Refused {
        endpoint: endpoint.to_string(),
        reply,
    }
}

fn target<'a>(
    kind: Kind,
    endpoint: &'a Endpoint,
    addresses: Option<&[SocketAddr]>,
) -> Result<TargetAddr<'a>, SocksProblem> {
    let address = match (addresses, literal(&endpoint.host)) {
        (Some(addresses), _) if kind == Kind::Socks4 => addresses.iter().find(|it| it.is_ipv4()),
        (Some(addresses), _) => addresses.first(),
        (None, Some((address, _))) => return fits(kind, SocketAddr::new(address, endpoint.port)),
        (None, None) => return name(endpoint),
    };
    address
        .copied()
        .map_or(Err(SocksProblem::NoIpv4), |address| fits(kind, address))
}

/// RFC 1928 §4: the length of a name is one byte. DNS names are shorter.
const LONGEST_NAME: usize = 255;

fn name(endpoint: &Endpoint) -> Result<TargetAddr<'_>, SocksProblem> {
    // tokio-socks does not check this, nor that name and SOCKS4 user fit into its buffer.
    if endpoint.host.len() > LONGEST_NAME {
        return Err(SocksProblem::NameTooLong);
    }
    Ok(TargetAddr::Domain(
        endpoint.host.as_str().into(),
        endpoint.port,
    ))
}

/// SOCKS4 has no room for an IPv6 address.
fn fits<'a>(kind: Kind, address: SocketAddr) -> Result<TargetAddr<'a>, SocksProblem> {
    match address.ip() {
        IpAddr::V6(_) if matches!(kind, Kind::Socks4 | Kind::Socks4a) => Err(SocksProblem::NoIpv4),
        _ => Ok(TargetAddr::Ip(address)),
    }
}
