//! Which HTTP opens the connection.

use std::str::FromStr;

use clap::Args;

use super::heading::Heading;
use crate::dial::http2::Versions;

#[derive(Debug, Args)]
#[command(next_help_heading = Heading::Handshake)]
pub struct HttpArgs {
    /// Open the WebSocket over HTTP 1.1, 2 or auto (1.1)
    ///
    /// With 2, wsee makes an HTTP/2 connection (ALPN h2) and asks for the WebSocket by extended
    /// CONNECT (RFC 8441); the server must allow that in its SETTINGS. With auto, wsee chooses as a
    /// browser does: HTTP/2 if the server selects it (ALPN h2, http/1.1) and allows extended
    /// CONNECT, otherwise HTTP/1.1, on a second connection if need be. It does not fall back after
    /// a refusal, as browsers do not; except as a proxy, wsee tries HTTP/1.1 once then, to say
    /// whether that works, and closes it. Over HTTP/2, field names are sent in lower case, Host is
    /// :authority, and the fields of a connection (Connection, Upgrade, Sec-WebSocket-Key and
    /// others) are not sent. -v shows SETTINGS, RST_STREAM and GOAWAY frames, -vv the other control frames as well.
    #[arg(long, value_name = "VERSION", hide_short_help = true)]
    pub http: Option<HttpVersion>,
    /// Speak HTTP/2 over ws:// without asking the server (h2c)
    ///
    /// Without TLS there is no ALPN: the connection begins with HTTP/2, as gRPC's clear-text
    /// connections do. Implies --http 2, and has no other effect on wss://.
    #[arg(long, hide_short_help = true)]
    pub http2_prior_knowledge: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HttpVersion(pub Versions);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HttpVersionError {
    #[error("expected 1.1, 2 or auto")]
    Unknown,
    #[error(
        "WebSocket over HTTP/3 (RFC 9220) is spoken by no browser and few servers, and wsee lacks it; use 2 or auto"
    )]
    Http3,
}

impl FromStr for HttpVersion {
    type Err = HttpVersionError;

    fn from_str(text: &str) -> Result<Self, HttpVersionError> {
        match text {
            "1.1" => Ok(Self(Versions::Http1)),
            "2" => Ok(Self(Versions::Http2)),
            "auto" => Ok(Self(Versions::Auto)),
            "3" => Err(HttpVersionError::Http3),
            _ => Err(HttpVersionError::Unknown),
        }
    }
}
