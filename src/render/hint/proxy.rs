//! Hints for proxies that make no tunnel.

use super::tls::roots;
use crate::diagnostic::Diagnostic;
use crate::dial::tls::HandshakeReason;
use crate::dial::{
    Error, ProxyError, ProxyProblem, SocksProblem, SocksReply, TlsProblem, TunnelRefusal,
};

pub(super) fn error(error: &ProxyError) -> Option<String> {
    match &error.problem {
        ProxyProblem::Unreachable(error) => unreachable(error),
        ProxyProblem::Refused(refusal) => refused(refusal),
        ProxyProblem::Socks(problem) => socks(problem).map(str::to_owned),
        ProxyProblem::Closed(0) => Some("does it speak HTTP?".to_owned()),
        ProxyProblem::Closed(_)
        | ProxyProblem::Head(_)
        | ProxyProblem::TooManyInterim
        | ProxyProblem::Io(_) => None,
    }
}

/// The flags for a proxy's TLS are others than those for a server's.
fn unreachable(error: &Error) -> Option<String> {
    let Error::Tls(failure) = error else {
        // Everything else that is said of a server is true of a proxy too.
        let hint = error.hint()?;
        return Some(hint.replace("is the server running", "is the proxy running"));
    };
    match &failure.problem {
        TlsProblem::Certificate(_) => Some(
            "--proxy-cacert FILE trusts its issuer, --proxy-insecure any certificate".to_owned(),
        ),
        TlsProblem::Handshake(problem) if problem.reason == Some(HandshakeReason::NotTls) => {
            Some("write http:// for it instead of https://".to_owned())
        }
        TlsProblem::Roots(error) => {
            Some(roots(&error.problem).replace("--cacert", "--proxy-cacert"))
        }
        _ => error.hint(),
    }
}

fn socks(problem: &SocksProblem) -> Option<&'static str> {
    match problem {
        SocksProblem::Refused { reply, .. } => reply_hint(*reply),
        SocksProblem::CredentialsWanted => Some("add -U USER:PASS"),
        SocksProblem::CredentialsUnwanted => Some("leave -U out"),
        SocksProblem::CredentialsRejected => Some("check user and password"),
        SocksProblem::UserRejected => Some("check -U"),
        SocksProblem::Protocol(_) => Some("check the scheme and the port of the proxy"),
        SocksProblem::NoIpv4 => Some("use socks5:// or socks4a://"),
        SocksProblem::NameTooLong => Some("check the URL"),
    }
}

fn reply_hint(reply: SocksReply) -> Option<&'static str> {
    match reply {
        SocksReply::GeneralFailure => Some("its log may say more"),
        SocksReply::HostUnreachable => Some("it may not know the name"),
        SocksReply::ConnectionRefused => Some("is the server running on this port?"),
        SocksReply::AddressNotSupported => Some("try socks5h:// or -4"),
        SocksReply::Socks4Failure
        | SocksReply::NotAllowed
        | SocksReply::NetworkUnreachable
        | SocksReply::TtlExpired
        | SocksReply::CommandNotSupported => None,
    }
}

/// The proxy's answer to CONNECT may be quoted.
fn refused(refusal: &TunnelRefusal) -> Option<String> {
    let hint = match refusal.status {
        400 | 405 | 501 => "it may be a web server, not a proxy; check host and port".to_owned(),
        403 => "its rules forbid this host or port; ask its administrator, \
                or bypass it with --noproxy HOST"
            .to_owned(),
        // tinyproxy answers 401 to credentials that it does not know.
        401 | 407 => {
            let schemes = refusal.response.list("Proxy-Authenticate");
            credentials(refusal.authorized, &schemes)
        }
        502..=504 => "it cannot reach the server; check host and port, \
                      or bypass it with --noproxy HOST"
            .to_owned(),
        _ => return None,
    };
    Some(hint)
}

fn credentials(authorized: bool, schemes: &[String]) -> String {
    let is_basic = |scheme: &String| {
        let name = scheme.split(' ').next().unwrap_or_default();
        name.eq_ignore_ascii_case("Basic")
    };
    if !schemes.is_empty() && !schemes.iter().any(is_basic) {
        let scheme = schemes[0].split(' ').next().unwrap_or_default();
        return format!(
            "the proxy wants {scheme} authentication, wsee does Basic; \
             give its credentials with --proxy-header 'Proxy-Authorization: …'"
        );
    }
    if authorized {
        "the proxy does not accept these credentials; check -U, or USER:PASS@ in its URL".to_owned()
    } else {
        "the proxy wants credentials; add -U USER:PASS".to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_that_wants_credentials_gets_the_flag_for_its_scheme() {
        let hint = |authorized, schemes: &[&str]| {
            let schemes: Vec<String> = schemes.iter().map(|&it| it.to_owned()).collect();
            credentials(authorized, &schemes)
        };
        assert!(hint(false, &["basic realm=\"x\""]).contains("add -U USER:PASS"));
        assert!(hint(true, &["Negotiate", "Basic"]).contains("does not accept"));
        assert!(hint(true, &["Negotiate"]).contains("Negotiate"));
        assert!(hint(true, &[]).contains("does not accept"));
    }
}
