use rustls::AlertDescription;

use super::alert::HandshakeProblem;
use super::client_auth::{ClientAuth, refusal_text};
use super::roots::RootsError;
use super::verify_problem::VerifyProblem;
use crate::dial::endpoint::authority;

#[derive(Debug, thiserror::Error)]
#[error("{}", text(.host, *.port, .problem))]
pub struct TlsFailure {
    pub host: Box<str>,
    pub port: u16,
    pub problem: TlsProblem,
}

#[derive(Debug)]
pub enum TlsProblem {
    Handshake(HandshakeProblem),
    ClientCertificate {
        asked: ClientAuth,
        alert: AlertDescription,
    },
    Certificate(VerifyProblem),
    /// No certificate can name this host.
    ServerName,
    /// The user's roots cannot be used: a usage error.
    Roots(Box<RootsError>),
}

fn text(host: &str, port: u16, problem: &TlsProblem) -> String {
    let server = authority(host, port);
    match problem {
        TlsProblem::Handshake(problem) => {
            format!("TLS handshake with {server} failed: {}", problem.text)
        }
        TlsProblem::ClientCertificate { asked, alert } => {
            format!("{server} {}", refusal_text(asked, *alert))
        }
        TlsProblem::Certificate(problem) => format!("cannot trust {server}: {problem}"),
        TlsProblem::ServerName => format!("{host:?} is not a host name that TLS can verify"),
        TlsProblem::Roots(error) => error.to_string(),
    }
}
