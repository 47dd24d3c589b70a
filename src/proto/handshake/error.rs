//! Why a response is not a valid answer to the upgrade.

use crate::proto::deflate::ParamsError;
use crate::proto::extension::ExtensionSyntaxError;
use crate::proto::http1::HeadError;

/// A response that breaks RFC 6455 §4.1 or HTTP.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HandshakeError {
    /// The head is malformed.
    #[error(transparent)]
    Head(#[from] HeadError),
    /// The stream ended before the head did, after this many bytes.
    #[error("{}", truncated(*.0))]
    Truncated(usize),
    /// More than this many interim responses.
    #[error("more than {0} interim (1xx) responses")]
    TooManyInterim(usize),
    /// The version is not HTTP/1.1 (RFC 6455 §4.1 asks for at least that).
    #[error("the response is \"{0}\", but RFC 6455 §4.1 demands HTTP/1.1")]
    HttpVersion(String),
    /// `Upgrade` is not `websocket` (RFC 6455 §4.1, item 2).
    #[error("{}, but RFC 6455 §4.1 demands \"Upgrade: websocket\"", server_sent("Upgrade", .0.as_deref()))]
    Upgrade(Option<String>),
    /// `Connection` lacks the token `upgrade` (RFC 6455 §4.1, item 3).
    #[error("{}, but RFC 6455 §4.1 demands \"Connection: Upgrade\"", server_sent("Connection", .0.as_deref()))]
    Connection(Option<String>),
    /// `Sec-WebSocket-Accept` is missing, wrong or repeated (RFC 6455 §4.1, item 4).
    #[error("{}, but the key demands \"{expected}\" (RFC 6455 §4.1)", server_sent("Sec-WebSocket-Accept", .found.as_deref()))]
    Accept {
        /// The value that the key demands.
        expected: String,
        /// The received value; several are joined.
        found: Option<String>,
    },
    /// An extension that was not offered (RFC 6455 §4.1, item 5).
    #[error("the server uses the extension \"{0}\", which was not offered (RFC 6455 §4.1)")]
    Extension(String),
    /// The list of extensions is malformed.
    #[error("{}, which is {}", server_sent("Sec-WebSocket-Extensions", Some(.0.list.as_str())), .0)]
    ExtensionSyntax(#[from] ExtensionSyntaxError),
    /// permessage-deflate with parameters that were not offered or do not exist.
    #[error("{0}, in \"{1}\"")]
    Deflate(ParamsError, String),
    /// permessage-deflate twice.
    #[error("the server selected permessage-deflate twice (RFC 7692 §5), in \"{0}\"")]
    ManyDeflates(String),
    /// A subprotocol that was not offered (RFC 6455 §4.1, item 6).
    #[error("the server selected the subprotocol \"{0}\", which was not offered (RFC 6455 §4.1)")]
    Subprotocol(String),
    /// `Sec-WebSocket-Protocol` without a value.
    #[error("the server sent \"Sec-WebSocket-Protocol:\" without a value (RFC 6455 §11.3.4)")]
    EmptySubprotocol,
    /// More than one `Sec-WebSocket-Protocol` (RFC 6455 §11.3.4).
    #[error("the server selected more than one subprotocol: \"{0}\" (RFC 6455 §11.3.4)")]
    ManySubprotocols(String),
    /// No subprotocol was selected, but one of these is required.
    #[error("the server selected none of the offered subprotocols ({0})")]
    NoSubprotocol(String),
}

fn truncated(bytes: usize) -> String {
    match bytes {
        0 => "the server closed the connection without an answer".to_owned(),
        bytes => format!(
            "the server ended the connection in the middle of its response, after {bytes} bytes"
        ),
    }
}

fn server_sent(name: &str, value: Option<&str>) -> String {
    match value {
        Some(value) => format!("the server sent \"{name}: {value}\""),
        None => format!("the server sent no {name}"),
    }
}
