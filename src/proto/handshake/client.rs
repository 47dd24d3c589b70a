//! The client's side: the request, and the meaning of the response (RFC 6455 §4.1).

use std::fmt;

use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use super::like::Like;
use super::relayed::Relayed;
use super::response::{Agreed, Expected};
use super::{HandshakeError, VERSION};
use crate::proto::deflate;
use crate::proto::extension::extensions;
use crate::proto::http1::Head;
use crate::proto::http1::head::{Message, Reader};

/// What the request asks for.
#[derive(Debug, Clone)]
pub struct Offer {
    /// Path and query.
    pub target: String,
    /// The `Host` field: host, and port unless it is the scheme's.
    pub host: String,
    /// Subprotocols, in order of preference.
    pub subprotocols: Vec<String>,
    /// Whether the server has to select one of them.
    pub require_subprotocol: bool,
    /// Offers of permessage-deflate, in order of preference; empty to offer no compression.
    pub compression: Vec<deflate::Offer>,
    /// Whether to continue after a response that breaks a rule, where that is possible.
    pub lenient: bool,
    /// The value of `User-Agent`.
    pub user_agent: Option<String>,
    /// The value of `Origin` (RFC 6454).
    pub origin: Option<String>,
    /// Further fields: credentials and cookies.
    pub fields: Vec<(String, String)>,
    /// Changes to all fields above, in order.
    pub edits: Vec<Edit>,
    /// The request of another client, whose fields are sent on in place of those above `fields`.
    pub relayed: Option<Relayed>,
    /// The client whose request a handshake is like.
    pub like: Option<Like>,
}

/// A change to the request's fields.
#[derive(Clone, PartialEq, Eq)]
pub enum Edit {
    /// Replaces the field of this name in its place, or adds it at the end.
    Set {
        /// The field name, as it is sent.
        name: String,
        /// The field value; may be empty.
        value: String,
    },
    /// Removes the field of this name.
    Remove {
        /// The field name, case-insensitive.
        name: String,
    },
}

/// Keeps values out of logs, as any may be a secret.
impl fmt::Debug for Edit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Set { name, .. } => write!(f, "Set({name})"),
            Self::Remove { name } => write!(f, "Remove({name})"),
        }
    }
}

impl Edit {
    /// Whether it sets the field `name`.
    pub fn sets(&self, name: &str) -> bool {
        matches!(self, Self::Set { name: own, .. } if own.eq_ignore_ascii_case(name))
    }

    /// Applies the edit to `fields`. A default is replaced in its place; other names may be added repeatedly.
    pub(crate) fn apply(&self, fields: &mut Vec<(String, String)>) {
        self.apply_where(is_default, fields);
    }

    /// Applies the edit to `fields`, of which those that are `single` occur once.
    fn apply_where(&self, is_single: impl Fn(&str) -> bool, fields: &mut Vec<(String, String)>) {
        match self {
            Self::Remove { name } => fields.retain(|(other, _)| !other.eq_ignore_ascii_case(name)),
            Self::Set { name, value } => {
                let field = (name.clone(), value.clone());
                match fields
                    .iter_mut()
                    .find(|(other, _)| other.eq_ignore_ascii_case(name))
                {
                    Some(slot) if is_single(name) => *slot = field,
                    _ => fields.push(field),
                }
            }
        }
    }
}

/// A response other than 101.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The response.
    pub response: Head,
    /// Its status.
    pub status: u16,
}

/// The meaning of a response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The connection is open.
    Agreed(Agreed),
    /// The server refused.
    Refused(Refusal),
}

impl Outcome {
    /// The response's head.
    pub fn response(&self) -> &Head {
        match self {
            Self::Agreed(agreed) => &agreed.response,
            Self::Refused(refusal) => &refusal.response,
        }
    }
}

/// The number of interim responses that are skipped; servers send one or two (100, 103).
const MAX_INTERIM: usize = 8;

/// An opening handshake under way.
#[derive(Debug)]
pub struct Handshake {
    request: Head,
    expected: Expected,
    reader: Reader,
    /// Faults of response heads that were tolerated.
    faults: Vec<HandshakeError>,
    /// Where the response starts in the received bytes, after interim responses.
    start: usize,
    interim: usize,
}

impl Offer {
    /// A request that asks for no upgrade, and for a connection that stays; with a body, its type and length.
    pub fn plain(&self, method: &str, body: Option<(&str, usize)>) -> Head {
        let mut fields = vec![
            field("Host", &self.host),
            field("Connection", "keep-alive"),
            field("Accept", "*/*"),
        ];
        if let Some((media_type, length)) = body {
            fields.push(field("Content-Type", media_type));
            fields.push(field("Content-Length", &length.to_string()));
        }
        fields.extend(self.sender());
        self.head(method, fields)
    }

    /// Who asks.
    fn sender(&self) -> impl Iterator<Item = (String, String)> {
        let fields = [("User-Agent", &self.user_agent), ("Origin", &self.origin)];
        fields
            .into_iter()
            .filter_map(|(name, value)| Some(field(name, value.as_deref()?)))
    }

    /// The request of an upgrade.
    fn upgrade(&self, key: &str) -> Head {
        match &self.relayed {
            Some(relayed) => self.relay(relayed.clone().into_upgrade(key)),
            None => self.own(key),
        }
    }

    /// A request whose fields are also those of extended CONNECT, among others.
    pub(super) fn connect(&self) -> Head {
        match &self.relayed {
            Some(relayed) => self.relay(relayed.clone()),
            None => self.own(""),
        }
    }

    /// The request of an upgrade that is not another client's.
    fn own(&self, key: &str) -> Head {
        match self.like {
            Some(like) => self.head_like(like, own_fields(self, key)),
            None => self.head("GET", own_fields(self, key)),
        }
    }

    /// The head with these fields of another client's request, and what is added and changed.
    fn relay(&self, mut all: Relayed) -> Head {
        if !all.keeps_host {
            all.set("Host", self.host.as_bytes());
        }
        for (name, value) in &self.fields {
            let own = all.fields.iter_mut();
            let is_it = |name: &str, other: &[u8]| other.eq_ignore_ascii_case(name.as_bytes());
            match own.into_iter().find(|(other, _)| is_it(name, other)) {
                // RFC 6265 §5.4: all cookies are in one field.
                Some((_, cookies)) if name == "Cookie" => {
                    cookies.extend_from_slice(b"; ");
                    cookies.extend_from_slice(value.as_bytes());
                }
                _ => all.set(name, value.as_bytes()),
            }
        }
        for edit in &self.edits {
            match edit {
                Edit::Remove { name } => all.remove(name),
                Edit::Set { name, value } if is_default(name) => all.set(name, value.as_bytes()),
                Edit::Set { name, value } => {
                    let field = (name.as_bytes().to_vec(), value.as_bytes().to_vec());
                    all.fields.push(field);
                }
            }
        }
        let line = format!("GET {} HTTP/1.1", self.target);
        let fields = all.fields.iter();
        let fields = fields.map(|(name, value)| (name.as_slice(), value.as_slice()));
        Head::encode_bytes(line.as_bytes(), fields)
    }

    /// The head with these fields and those that were given, edited.
    fn head(&self, method: &str, mut fields: Vec<(String, String)>) -> Head {
        fields.extend(self.fields.iter().cloned());
        for edit in &self.edits {
            edit.apply(&mut fields);
        }
        self.encode(method, &fields)
    }

    /// The head of a request that is like another client's, with these fields and those that were given, edited.
    fn head_like(&self, like: Like, mut fields: Vec<(String, String)>) -> Head {
        let origin = self
            .edits
            .iter()
            .fold(self.origin.as_deref(), |origin, edit| match edit {
                Edit::Set { name, value } if name.eq_ignore_ascii_case("Origin") => Some(value),
                Edit::Remove { name } if name.eq_ignore_ascii_case("Origin") => None,
                _ => origin,
            });
        fields.extend(self.fields.iter().cloned());
        fields.extend(like.further(origin, &self.host));
        for edit in &self.edits {
            edit.apply_where(|name| is_default(name) || like.has(name), &mut fields);
        }
        like.arrange(&mut fields);
        self.encode("GET", &fields)
    }

    fn encode(&self, method: &str, fields: &[(String, String)]) -> Head {
        Head::encode(
            &format!("{method} {} HTTP/1.1", self.target),
            fields
                .iter()
                .map(|(name, value)| (name.as_str(), value.as_str())),
        )
    }
}

impl Handshake {
    /// A handshake with `offer`; `key` is its nonce (16 bytes in base64).
    pub fn new(offer: &Offer, key: &str) -> Self {
        Self::of(offer.upgrade(key), offer)
    }

    /// A request in the place of a handshake, which asks for no upgrade: every answer is a refusal of one.
    pub fn plain(offer: &Offer, method: &str, body: Option<(&str, usize)>) -> Self {
        Self::of(offer.plain(method, body), offer)
    }

    fn of(request: Head, offer: &Offer) -> Self {
        // An edit may have replaced the key or the subprotocols, so read them from the request.
        let key = request.text("Sec-WebSocket-Key").unwrap_or_default();
        Self {
            expected: Expected {
                accept: Some(derive_accept_key(key.as_bytes())),
                subprotocols: request.list("Sec-WebSocket-Protocol"),
                require_subprotocol: offer.require_subprotocol,
                extensions: extensions(&request).unwrap_or_default(),
                lenient: offer.lenient,
            },
            request,
            reader: Reader::new(Message::Response),
            faults: Vec::new(),
            start: 0,
            interim: 0,
        }
    }

    /// The request as it is sent.
    pub fn request(&self) -> &Head {
        &self.request
    }

    /// Reads the response from all bytes received so far; returns its outcome and its length in bytes.
    pub fn read(&mut self, received: &[u8]) -> Result<Option<(Outcome, usize)>, HandshakeError> {
        loop {
            let Some(head) = self.read_head(received)? else {
                return Ok(None);
            };
            self.start += head.as_bytes().len();
            let start = self.start;
            match head.status() {
                Some(101) => {
                    let faults = std::mem::take(&mut self.faults);
                    let agreed = self.expected.check(head, faults)?;
                    return Ok(Some((Outcome::Agreed(agreed), start)));
                }
                Some(100..=199) if self.interim < MAX_INTERIM => {
                    self.interim += 1;
                    self.reader = Reader::new(Message::Response);
                }
                Some(100..=199) => return Err(HandshakeError::TooManyInterim(MAX_INTERIM)),
                status => {
                    let refusal = Refusal {
                        status: status.unwrap_or(0),
                        response: head,
                    };
                    return Ok(Some((Outcome::Refused(refusal), start)));
                }
            }
        }
    }

    fn read_head(&mut self, received: &[u8]) -> Result<Option<Head>, HandshakeError> {
        let bytes = &received[self.start..];
        if !self.expected.lenient {
            return Ok(self.reader.read(bytes)?);
        }
        let Some((head, fault)) = self.reader.read_leniently(bytes)? else {
            return Ok(None);
        };
        self.faults.extend(fault.map(HandshakeError::from));
        Ok(Some(head))
    }
}

/// The handshake's own fields, in the order of the RFC's example (§1.3).
fn own_fields(offer: &Offer, key: &str) -> Vec<(String, String)> {
    let mut fields = vec![
        field("Host", &offer.host),
        field("Upgrade", "websocket"),
        field("Connection", "Upgrade"),
        field("Sec-WebSocket-Key", key),
        field("Sec-WebSocket-Version", VERSION),
    ];
    if !offer.compression.is_empty() {
        let offers: Vec<String> = offer
            .compression
            .iter()
            .map(|offer| offer.to_extension().to_string())
            .collect();
        fields.push(field("Sec-WebSocket-Extensions", &offers.join(", ")));
    }
    fields.extend(offer.sender());
    if !offer.subprotocols.is_empty() {
        let subprotocols = offer.subprotocols.join(", ");
        fields.push(field("Sec-WebSocket-Protocol", &subprotocols));
    }
    fields
}

fn field(name: &str, value: &str) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

/// Fields that occur once in a request, so that an edit replaces them.
fn is_default(name: &str) -> bool {
    [
        "Host",
        "Upgrade",
        "Connection",
        "Sec-WebSocket-Key",
        "Sec-WebSocket-Version",
        "Sec-WebSocket-Extensions",
        "Sec-WebSocket-Protocol",
        "User-Agent",
        "Origin",
        "Authorization",
        "Proxy-Authorization",
        "Cookie",
    ]
    .iter()
    .any(|own| own.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
    const ACCEPT: &str = "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n";

    fn offer(subprotocols: &[&str]) -> Offer {
        Offer {
            target: "/chat".to_owned(),
            host: "server.example.com".to_owned(),
            subprotocols: subprotocols.iter().map(ToString::to_string).collect(),
            require_subprotocol: false,
            compression: Vec::new(),
            lenient: false,
            user_agent: None,
            origin: Some("http://example.com".to_owned()),
            fields: Vec::new(),
            edits: Vec::new(),
            relayed: None,
            like: None,
        }
    }

    #[test]
    fn the_fields_of_another_client_keep_their_order_and_bytes() {
        let mut offer = offer(&["x"]);
        offer.fields = vec![("Cookie".to_owned(), "c=3".to_owned())];
        offer.edits = vec![
            Edit::Remove {
                name: "accept".to_owned(),
            },
            Edit::Set {
                name: "X-B".to_owned(),
                value: "2".to_owned(),
            },
        ];
        let fields: [(&[u8], &[u8]); 7] = [
            (b"x-a", b"\xe4"),
            (b"HOST", b"localhost:9001"),
            (b"Accept", b"*/*"),
            (b"cookie", b"a=1"),
            (b"Sec-WebSocket-Key", KEY.as_bytes()),
            (b"Sec-WebSocket-Protocol", b"chat"),
            (b"Sec-WebSocket-Protocol", b"superchat"),
        ];
        let request = Head::encode_bytes(b"GET / HTTP/1.1", fields);
        offer.relayed = Some(Relayed::of(&request, false));
        let mut handshake = Handshake::new(&offer, "other");
        assert_eq!(
            handshake.request().as_bytes(),
            b"GET /chat HTTP/1.1\r\nx-a: \xe4\r\nHOST: server.example.com\r\ncookie: a=1; c=3\r\n\
              Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: chat\r\n\
              Sec-WebSocket-Protocol: superchat\r\nX-B: 2\r\n\r\n"
        );
        let response = switching(&format!(
            "Upgrade: websocket\r\nConnection: Upgrade\r\n{ACCEPT}Sec-WebSocket-Protocol: superchat\r\n"
        ));
        assert!(matches!(
            handshake.read(response.as_bytes()),
            Ok(Some((Outcome::Agreed(_), _)))
        ));
    }

    fn answer(subprotocols: &[&str], response: &str) -> Result<Outcome, HandshakeError> {
        let mut handshake = Handshake::new(&offer(subprotocols), KEY);
        handshake
            .read(response.as_bytes())
            .map(|read| read.unwrap().0)
    }

    fn switching(fields: &str) -> String {
        format!("HTTP/1.1 101 Switching Protocols\r\n{fields}\r\n")
    }

    #[test]
    fn agrees_in_the_example_of_rfc6455_section_1_3() {
        let handshake = Handshake::new(&offer(&["chat", "superchat"]), KEY);
        assert_eq!(
            String::from_utf8_lossy(handshake.request().as_bytes()),
            "GET /chat HTTP/1.1\r\nHost: server.example.com\r\nUpgrade: websocket\r\n\
             Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
             Sec-WebSocket-Version: 13\r\nOrigin: http://example.com\r\n\
             Sec-WebSocket-Protocol: chat, superchat\r\n\r\n"
        );
        let response = switching(&format!(
            "Upgrade: websocket\r\nConnection: Upgrade\r\n{ACCEPT}Sec-WebSocket-Protocol: chat\r\n"
        ));
        let Ok(Outcome::Agreed(agreed)) = answer(&["chat", "superchat"], &response) else {
            panic!("refused");
        };
        assert_eq!(agreed.subprotocol.as_deref(), Some("chat"));
    }

    #[test]
    fn accepts_a_connection_list_in_any_case() {
        let response = switching(&format!(
            "upgrade: WebSocket\r\nconnection: keep-alive, upgrade\r\n{ACCEPT}"
        ));
        assert!(matches!(answer(&[], &response), Ok(Outcome::Agreed(_))));
    }

    #[test]
    fn names_the_field_that_is_wrong() {
        let good = format!("Upgrade: websocket\r\nConnection: Upgrade\r\n{ACCEPT}");
        for (fields, part) in [
            (format!("Connection: Upgrade\r\n{ACCEPT}"), "no Upgrade"),
            (
                format!("Upgrade: h2c\r\nConnection: Upgrade\r\n{ACCEPT}"),
                "\"Upgrade: h2c\"",
            ),
            (
                format!("Upgrade: websocket\r\nConnection: close\r\n{ACCEPT}"),
                "\"Connection: close\"",
            ),
            (
                "Upgrade: websocket\r\nConnection: Upgrade\r\n".to_owned(),
                "no Sec-WebSocket-Accept",
            ),
            (
                format!("{good}{ACCEPT}"),
                "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=, s3p",
            ),
            (
                format!("{good}Sec-WebSocket-Extensions: permessage-deflate\r\n"),
                "permessage-deflate",
            ),
            (
                format!("{good}Sec-WebSocket-Protocol: mqtt\r\n"),
                "\"mqtt\", which was not offered",
            ),
            (
                format!("{good}Sec-WebSocket-Protocol: a\r\nSec-WebSocket-Protocol: b\r\n"),
                "more than one",
            ),
        ] {
            let error = answer(&["a", "b"], &switching(&fields)).unwrap_err();
            assert!(error.to_string().contains(part), "{error} lacks {part}");
        }
    }

    #[test]
    fn a_server_may_select_no_subprotocol() {
        let response = switching(&format!(
            "Upgrade: websocket\r\nConnection: Upgrade\r\n{ACCEPT}"
        ));
        let Ok(Outcome::Agreed(agreed)) = answer(&["chat"], &response) else {
            panic!("refused");
        };
        assert!(agreed.ignored_subprotocols);
    }

    #[test]
    fn skips_interim_responses_and_leaves_the_frames_after_the_head() {
        let head = switching(&format!(
            "Upgrade: websocket\r\nConnection: Upgrade\r\n{ACCEPT}"
        ));
        let all = format!("HTTP/1.1 100 Continue\r\n\r\n{head}\x01\x02");
        let mut handshake = Handshake::new(&offer(&[]), KEY);
        let (_, used) = handshake.read(all.as_bytes()).unwrap().unwrap();
        assert_eq!(used, all.len() - 2);
        let mut handshake = Handshake::new(&offer(&[]), KEY);
        let ends = (0..=used).find_map(|end| handshake.read(&all.as_bytes()[..end]).unwrap());
        assert_eq!(ends.map(|(_, used)| used), Some(used), "one byte at a time");
        let endless = "HTTP/1.1 103 Early Hints\r\n\r\n".repeat(9);
        assert_eq!(
            Handshake::new(&offer(&[]), KEY).read(endless.as_bytes()),
            Err(HandshakeError::TooManyInterim(MAX_INTERIM))
        );
    }

    #[test]
    fn edits_replace_defaults_in_place_and_add_the_rest() {
        let set = |name: &str, value: &str| Edit::Set {
            name: name.to_owned(),
            value: value.to_owned(),
        };
        let mut offer = offer(&[]);
        offer.edits = vec![
            set("hOst", "other"),
            set("X-A", "1"),
            set("X-A", "2"),
            Edit::Remove {
                name: "origin".to_owned(),
            },
        ];
        let handshake = Handshake::new(&offer, KEY);
        let names: Vec<_> = handshake
            .request()
            .fields()
            .map(|(name, _)| name.to_vec())
            .collect();
        assert_eq!(names.first().unwrap(), b"hOst");
        assert_eq!(&names[names.len() - 2..], [b"X-A", b"X-A"]);
    }
}
