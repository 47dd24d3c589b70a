//! The server's side: every check of the request and the response (RFC 6455 §4.2).

use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use super::{VERSION, extended};
use crate::proto::deflate::{self, Params};
use crate::proto::extension::{Extension, ExtensionSyntaxError, extensions};
use crate::proto::http1::head::{Message, Reader};
use crate::proto::http1::{Head, HeadError};

/// What a server accepts.
#[derive(Debug, Clone, Default)]
pub struct Policy {
    /// Supported subprotocols, in order of preference; the first that the client also offers is selected.
    pub subprotocols: Vec<String>,
    /// Allowed origins; all when empty.
    pub origins: Vec<String>,
    /// Wishes for permessage-deflate; `None` for no compression.
    pub compression: Option<deflate::Offer>,
    /// More fields of the response that accepts; the caller has ruled out line breaks.
    pub fields: Vec<(String, String)>,
}

impl Policy {
    /// Whether a request with this origin may be accepted.
    pub fn admits(&self, origin: Option<&String>) -> bool {
        self.origins.is_empty() || origin.is_some_and(|it| self.origins.contains(it))
    }
}

/// An upgrade request and its response.
#[derive(Debug, Clone)]
pub struct Upgrade {
    /// The request.
    pub request: Head,
    /// The response that is sent.
    pub response: Head,
    /// The subprotocol that was selected.
    pub subprotocol: Option<String>,
    /// The parameters of permessage-deflate, if it was offered and selected.
    pub deflate: Option<Params>,
    /// Why the client was refused; `None` if it was not.
    pub refused: Option<Refused>,
}

/// Why a client is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Not a GET in HTTP/1.1 (RFC 6455 §4.1, item 2).
    #[error("not a GET in HTTP/1.1")]
    Method,
    /// Not an extended CONNECT in HTTP/2 (RFC 8441 §4).
    #[error("not an extended CONNECT, which has :protocol")]
    Connect,
    /// An extended CONNECT for another protocol.
    #[error(":protocol is {0:?}, not \"websocket\"")]
    Protocol(String),
    /// `Upgrade: websocket` or `Connection: Upgrade` is missing, or a GET came over HTTP/2.
    #[error("not a request to upgrade to WebSocket")]
    NoUpgrade,
    /// The key is not 16 bytes in base64, or is missing or repeated.
    #[error("Sec-WebSocket-Key is not 16 bytes in base64")]
    Key,
    /// The version is not 13.
    #[error("Sec-WebSocket-Version is not {VERSION}")]
    Version,
    /// `Host` is missing or repeated.
    #[error("not exactly one Host header")]
    Host,
    /// `:authority` is missing, and `Host` as well or repeated.
    #[error("no :authority, and not exactly one host field instead")]
    Authority,
    /// The list of extensions is malformed.
    #[error("{0}")]
    Extensions(ExtensionSyntaxError),
    /// The origin is not allowed.
    #[error("the origin {} is not allowed", .0.as_deref().unwrap_or("(none)"))]
    Origin(Option<String>),
}

impl Refused {
    fn status_line(&self) -> &'static str {
        match self {
            Self::Method | Self::Connect => "HTTP/1.1 405 Method Not Allowed",
            // RFC 9220 §3: for a value that is not understood.
            Self::Protocol(_) => "HTTP/1.1 501 Not Implemented",
            Self::NoUpgrade | Self::Version => "HTTP/1.1 426 Upgrade Required",
            Self::Key | Self::Host | Self::Authority | Self::Extensions(_) => {
                "HTTP/1.1 400 Bad Request"
            }
            Self::Origin(_) => "HTTP/1.1 403 Origin Not Allowed",
        }
    }
}

/// The server's side of an opening handshake.
#[derive(Debug)]
pub struct Handshake {
    reader: Reader,
}

impl Default for Handshake {
    fn default() -> Self {
        Self {
            reader: Reader::new(Message::Request),
        }
    }
}

impl Handshake {
    /// Reads the request from all bytes received so far; returns it with its length in bytes, or `None` when its end
    /// is missing.
    pub fn read(&mut self, received: &[u8]) -> Result<Option<(Head, usize)>, HeadError> {
        let request = self.reader.read(received)?;
        Ok(request.map(|request| {
            let used = request.as_bytes().len();
            (request, used)
        }))
    }
}

impl Upgrade {
    /// The answer to a request by `policy`.
    pub fn answer(request: Head, policy: &Policy) -> Self {
        let answer = match check(&request, policy) {
            Ok(accept) => agree(request, &accept, policy),
            Err(refused) => refuse(request, refused),
        };
        answer.in_its_version()
    }

    /// The same, with the response as the request's version of HTTP has it.
    #[must_use]
    pub fn in_its_version(self) -> Self {
        let response = in_version_of(&self.request, self.response);
        Self { response, ..self }
    }
}

/// A response, as the version of HTTP that `request` came in has it.
pub fn in_version_of(request: &Head, response: Head) -> Head {
    match (request.is_http2(), response.is_http2()) {
        (true, false) => extended::response(&response),
        (false, true) => {
            let key = request.text("Sec-WebSocket-Key").unwrap_or_default();
            extended::upgrade_response(&response, &key)
        }
        _ => response,
    }
}

/// Checks a request and derives the value of `Sec-WebSocket-Accept`, which HTTP/2 does not need (RFC 6455 §4.2.1,
/// §4.2.2).
fn check(request: &Head, policy: &Policy) -> Result<String, Refused> {
    if request.is_http2() {
        check_connect(request)?;
    } else {
        check_upgrade(request)?;
    }
    // RFC 6455 §11.3.5: the field MUST NOT appear more than once.
    let versions: Vec<&[u8]> = request.values("Sec-WebSocket-Version").collect();
    if versions != [VERSION.as_bytes()] {
        return Err(Refused::Version);
    }
    let origin = request.text("Origin");
    if !policy.admits(origin.as_ref()) {
        return Err(Refused::Origin(origin));
    }
    // RFC 6455 §9.1: the recipient of malformed data MUST fail the connection.
    extensions(request).map_err(Refused::Extensions)?;
    if request.is_http2() {
        return Ok(String::new());
    }
    accept_key(request)
}

/// Checks what takes the place of an upgrade over HTTP/2 (RFC 8441 §4).
fn check_connect(request: &Head) -> Result<(), Refused> {
    let method = request.text(":method").unwrap_or_default();
    match (method.as_str(), request.text(":protocol")) {
        ("CONNECT", Some(protocol)) if protocol == "websocket" => {}
        (_, Some(protocol)) => return Err(Refused::Protocol(protocol)),
        ("GET", None) => return Err(Refused::NoUpgrade),
        _ => return Err(Refused::Connect),
    }
    // RFC 9113 §8.3.1: a request without :authority needs a Host field.
    if request.values(":authority").next().is_none() && request.values("Host").count() != 1 {
        return Err(Refused::Authority);
    }
    Ok(())
}

fn check_upgrade(request: &Head) -> Result<(), Refused> {
    let line = request.start_line();
    if !line.starts_with(b"GET ") || !line.ends_with(b" HTTP/1.1") {
        return Err(Refused::Method);
    }
    let has = |name: &str, token: &str| {
        let list = request.list(name);
        list.iter()
            .any(|element| element.eq_ignore_ascii_case(token))
    };
    if !has("Upgrade", "websocket") || !has("Connection", "upgrade") {
        return Err(Refused::NoUpgrade);
    }
    // RFC 9112 §3.2: a request without a Host field, or with more than one, is answered with 400.
    if request.values("Host").count() != 1 {
        return Err(Refused::Host);
    }
    Ok(())
}

fn accept_key(request: &Head) -> Result<String, Refused> {
    let keys: Vec<&[u8]> = request.values("Sec-WebSocket-Key").collect();
    match keys[..] {
        [key]
            if data_encoding::BASE64
                .decode(key)
                .is_ok_and(|nonce| nonce.len() == 16) =>
        {
            Ok(derive_accept_key(key))
        }
        _ => Err(Refused::Key),
    }
}

fn agree(request: Head, accept: &str, policy: &Policy) -> Upgrade {
    let offered = request.list("Sec-WebSocket-Protocol");
    let mut wanted = policy.subprotocols.iter();
    let subprotocol = wanted.find(|name| offered.contains(name)).cloned();
    let mut fields = vec![
        ("Upgrade", "websocket"),
        ("Connection", "Upgrade"),
        ("Sec-WebSocket-Accept", accept),
    ];
    fields.extend(
        subprotocol
            .as_deref()
            .map(|name| ("Sec-WebSocket-Protocol", name)),
    );
    let selected = select_deflate(&request, policy);
    let extension = selected
        .as_ref()
        .map(|(extension, _)| extension.to_string());
    fields.extend(
        extension
            .as_deref()
            .map(|value| ("Sec-WebSocket-Extensions", value)),
    );
    let more = policy.fields.iter();
    fields.extend(more.map(|(name, value)| (name.as_str(), value.as_str())));
    Upgrade {
        deflate: selected.map(|(_, params)| params),
        response: Head::encode("HTTP/1.1 101 Switching Protocols", fields),
        request,
        subprotocol,
        refused: None,
    }
}

/// Accepts the first valid offer of permessage-deflate; a server may decline the others (RFC 7692 §5).
fn select_deflate(request: &Head, policy: &Policy) -> Option<(Extension, Params)> {
    let wish = policy.compression?;
    let offers = extensions(request).unwrap_or_default();
    let offer = offers
        .iter()
        .filter(|offer| offer.name == deflate::NAME)
        .find_map(|offer| deflate::Offer::parse(offer).ok())?;
    Some(offer.accept(wish))
}

fn refuse(request: Head, refused: Refused) -> Upgrade {
    let mut fields = vec![("Connection", "close"), ("Content-Length", "0")];
    match refused {
        Refused::NoUpgrade => fields.push(("Upgrade", "websocket")),
        // RFC 6455 §4.4: the versions that the server supports.
        Refused::Version => fields.push(("Sec-WebSocket-Version", VERSION)),
        Refused::Method => fields.push(("Allow", "GET")),
        Refused::Connect => fields.push(("Allow", "CONNECT")),
        _ => {}
    }
    Upgrade {
        response: Head::encode(refused.status_line(), fields),
        request,
        subprotocol: None,
        deflate: None,
        refused: Some(refused),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REQUEST: &str = "GET /chat HTTP/1.1\r\nHost: server.example.com\r\nUpgrade: websocket\r\n\
        Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
        Origin: http://example.com\r\nSec-WebSocket-Protocol: chat, superchat\r\n\
        Sec-WebSocket-Version: 13\r\n\r\n";

    fn answer(request: &str, policy: &Policy) -> Upgrade {
        let read = Handshake::default().read(request.as_bytes());
        Upgrade::answer(read.unwrap().unwrap().0, policy)
    }

    #[test]
    fn answers_the_example_of_rfc6455_section_1_3() {
        let policy = Policy {
            subprotocols: vec!["chat".to_owned()],
            ..Policy::default()
        };
        assert_eq!(
            String::from_utf8_lossy(answer(REQUEST, &policy).response.as_bytes()),
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nSec-WebSocket-Protocol: chat\r\n\r\n"
        );
    }

    #[test]
    fn refuses_with_the_matching_status() {
        for (from, to, status) in [
            ("GET", "POST", 405),
            ("Upgrade: websocket\r\n", "", 426),
            ("Version: 13", "Version: 8", 426),
            ("dGhlIHNhbXBsZSBub25jZQ==", "c2hvcnQ=", 400),
            ("Host: server.example.com\r\n", "", 400),
        ] {
            let answer = answer(&REQUEST.replacen(from, to, 1), &Policy::default());
            assert_eq!(answer.response.status(), Some(status), "{from} → {to}");
            assert!(answer.refused.is_some());
        }
    }

    const CONNECT: &[(&str, &str)] = &[
        (":method", "CONNECT"),
        (":scheme", "https"),
        (":authority", "server.example.com"),
        (":path", "/chat"),
        (":protocol", "websocket"),
        ("sec-websocket-version", "13"),
        ("sec-websocket-protocol", "chat, superchat"),
        ("origin", "http://example.com"),
    ];

    /// The answer over HTTP/2 with this value of a field, which an empty one removes.
    fn answer_connect(name: &str, value: &str) -> Upgrade {
        let changed = CONNECT.iter().map(|field| match field {
            (other, _) if *other == name => (name, value),
            field => *field,
        });
        let fields = changed.filter(|(_, value)| !value.is_empty());
        let policy = Policy {
            subprotocols: vec!["chat".to_owned()],
            ..Policy::default()
        };
        Upgrade::answer(Head::encode("CONNECT /chat HTTP/2", fields), &policy)
    }

    #[test]
    fn answers_the_example_of_rfc8441_section_5_1() {
        let answer = answer_connect("none", "");
        assert_eq!(
            String::from_utf8_lossy(answer.response.as_bytes()),
            "HTTP/2 200\r\nsec-websocket-protocol: chat\r\n\r\n"
        );
        assert_eq!(answer.subprotocol.as_deref(), Some("chat"));
    }

    #[test]
    fn refuses_over_http2_with_the_matching_status_and_no_field_of_a_connection() {
        for (name, value, status, why) in [
            (":protocol", "connect-udp", 501, ":protocol is "),
            (":protocol", "", 405, "not an extended CONNECT"),
            (":authority", "", 400, "no :authority"),
            ("sec-websocket-version", "", 426, "Sec-WebSocket-Version"),
        ] {
            let answer = answer_connect(name, value);
            let text = String::from_utf8_lossy(answer.response.as_bytes()).into_owned();
            assert_eq!(answer.response.status(), Some(status), "{name}: {value}");
            let refused = answer.refused.map(|it| it.to_string());
            assert!(
                refused.is_some_and(|it| it.starts_with(why)),
                "{name}: {value}"
            );
            assert!(
                !text.contains("upgrade") && !text.contains("connection"),
                "{text}"
            );
        }
        let get = Head::encode("GET / HTTP/2", [(":method", "GET"), (":authority", "h")]);
        let refused = Upgrade::answer(get, &Policy::default()).refused;
        assert_eq!(refused, Some(Refused::NoUpgrade));
    }

    #[test]
    fn accepts_only_listed_origins() {
        let policy = |origin: &str| Policy {
            origins: vec![origin.to_owned()],
            ..Policy::default()
        };
        assert!(
            answer(REQUEST, &policy("http://example.com"))
                .refused
                .is_none()
        );
        let refused = answer(REQUEST, &policy("https://example.com"));
        assert_eq!(refused.response.status(), Some(403));
    }
}
