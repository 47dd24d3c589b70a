//! What was seen of a connection that did not open, or of one that ended.

use std::net::SocketAddr;
use std::time::Duration;

use jiff::Timestamp;

use crate::proto::http1::Head;

/// Facts without conclusions, which `render::hint` draws.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts")]
pub struct Evidence {
    pub symptom: Symptom,
    /// The URL of the last request, without userinfo; secrets in it are not masked.
    pub url: String,
    /// The `Host` field before any edit.
    pub host: String,
    /// Path and query.
    pub target: String,
    pub is_tls: bool,
    /// The request as it was sent, if it was.
    pub request: Option<Head>,
    /// The request to a proxy, if one was sent.
    pub proxy_request: Option<Head>,
    pub response: Option<Head>,
    /// The start of the response's body, or what arrived instead of a response.
    pub body: Vec<u8>,
    /// Bytes of the response that arrived before it was complete.
    pub arrived: usize,
    /// From the request, or the start of the phase that failed, to the failure.
    pub waited: Duration,
    /// When it failed.
    pub time: Timestamp,
    /// The address connected to.
    pub address: Option<SocketAddr>,
    /// The other address of localhost, where another program listens.
    pub other_address: Option<SocketAddr>,
    /// Credentials or fields were left out because this is another origin.
    pub credentials_dropped: bool,
    /// The server asked for a client certificate and got none.
    pub wants_certificate: bool,
    /// An entry of the list of hosts without a proxy that only looks as if it matched.
    pub missed_bypass: Option<String>,
    /// A scenario ran on it, so that advice for `wsee URL` does not fit.
    pub in_scenario: bool,
    /// The flag that limits the opening.
    pub timeout_flag: &'static str,
}

impl Evidence {
    /// All that was sent before the connection was open.
    pub fn requests(&self) -> impl Iterator<Item = &Head> {
        self.request.iter().chain(&self.proxy_request)
    }
}

/// The way a connection failed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Symptom {
    #[default]
    Other,
    /// A proxy made no tunnel.
    Proxy,
    /// The resolver was silent for the whole limit.
    NoResolver,
    /// A proxy was silent for the whole limit.
    NoProxy,
    /// Nothing answered for the whole limit: not even TCP.
    NoConnection,
    /// TCP connected, but TLS was not answered for the whole limit.
    NoTls,
    /// The request was not answered for the whole limit.
    NoResponse,
    /// The connection ended in order instead of an answer.
    Closed,
    /// The connection was reset instead of an answer.
    Reset,
    /// The answer is not HTTP.
    NotHttp,
    /// The response's status is not 101.
    Refused,
    /// HTTP arrived after the 101.
    HttpAfterSwitch,
    /// The connection was open.
    Ended,
}
