//! Which HTTP opens a connection, resolved.

use super::target::Target;
use crate::cli::HttpArgs;
use crate::dial::http2::Versions;

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HttpError {
    #[error(
        "--http 2 needs TLS, and this URL is ws://; a server that speaks HTTP/2 without it takes --http2-prior-knowledge"
    )]
    NoTls,
    #[error("--http2-prior-knowledge contradicts --http {0}; drop one of them")]
    Contradiction(&'static str),
}

/// Resolves the flags for `target`.
pub(super) fn resolve(args: &HttpArgs, target: &Target) -> Result<Versions, HttpError> {
    let given = args.http.map(|version| version.0);
    match given {
        Some(Versions::Http1) if args.http2_prior_knowledge => Err(HttpError::Contradiction("1.1")),
        Some(Versions::Auto) if args.http2_prior_knowledge => Err(HttpError::Contradiction("auto")),
        _ if args.http2_prior_knowledge => Ok(Versions::Http2),
        Some(Versions::Http2) if !target.dial.tls => Err(HttpError::NoTls),
        // A browser does not speak HTTP/2 without TLS.
        Some(Versions::Auto) if !target.dial.tls => Ok(Versions::Http1),
        given => Ok(given.unwrap_or_default()),
    }
}
