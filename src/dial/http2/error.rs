use std::fmt::Write;
use std::io;

use crate::dial::system::io_text;
use crate::proto::http2::frame::{ErrorCode, GoAway};

/// The bytes of a GOAWAY's debug data that an error quotes.
const QUOTED: usize = 80;

/// Why HTTP/2 does not lead to a WebSocket.
#[derive(Debug, thiserror::Error)]
pub enum Http2Error {
    /// TLS ended in another protocol.
    #[error("the server does not speak HTTP/2 here: {}", alpn_text(.0.as_deref()))]
    NotOffered(Option<String>),
    #[error(
        "the server speaks HTTP/2 without WebSocket: its SETTINGS lack ENABLE_CONNECT_PROTOCOL (RFC 8441 §3)"
    )]
    NoSetting,
    #[error("the server allows no request: its SETTINGS have MAX_CONCURRENT_STREAMS 0")]
    NoStreams,
    #[error("the server reset the stream of the CONNECT with {0} (RST_STREAM)")]
    Reset(ErrorCode),
    #[error("{}, before it answered", go_away_text(.0))]
    GoAway(GoAway),
    #[error("the server ended the connection {}", if *.before_settings { "before its SETTINGS" } else { "without an answer to the CONNECT" })]
    HungUp { before_settings: bool },
    #[error("the connection broke while HTTP/2 opened: {}", io_text(.0))]
    Broken(io::Error),
    #[error("the server breaks HTTP/2, {}: wsee ended the connection with {code}", at(*.before_settings))]
    Broke {
        code: ErrorCode,
        before_settings: bool,
    },
    #[error("the server does not speak HTTP/2 on this port; it sent \"{}\"", String::from_utf8_lossy(.0).trim_end())]
    OtherProtocol(Vec<u8>),
    #[error("HTTP/2 cannot carry this request: {0}")]
    Request(String),
    #[error(
        "the response has more than {} fields",
        crate::proto::http1::Head::MAX_FIELDS
    )]
    TooManyFields,
}

impl Http2Error {
    /// Whether a browser would have stayed with HTTP/1.1.
    pub fn is_missing(&self) -> bool {
        matches!(self, Self::NotOffered(_) | Self::NoSetting) || self.requires_http1()
    }

    /// RFC 9113 §7, `HTTP_1_1_REQUIRED`: the client is to repeat the request over HTTP/1.1.
    fn requires_http1(&self) -> bool {
        let code = match self {
            Self::Reset(code) => *code,
            Self::GoAway(go_away) => go_away.code,
            _ => return false,
        };
        code == ErrorCode::HTTP_1_1_REQUIRED
    }
}

fn alpn_text(chosen: Option<&str>) -> String {
    match chosen {
        Some(chosen) => format!("it selected {chosen:?} (ALPN)"),
        None => "it does not offer h2 (ALPN)".to_owned(),
    }
}

fn at(before_settings: bool) -> &'static str {
    if before_settings {
        "before its SETTINGS were read"
    } else {
        "in its answer to the CONNECT"
    }
}

/// What the server said when it ended the connection; not escaped.
pub(super) fn go_away_text(go_away: &GoAway) -> String {
    let mut text = format!("the server sent GOAWAY {}", go_away.code);
    if !go_away.debug.is_empty() {
        let quoted = &go_away.debug[..go_away.debug.len().min(QUOTED)];
        let _ = write!(text, " (\"{}\")", String::from_utf8_lossy(quoted));
    }
    text
}
