//! The opening handshake by extended CONNECT, in place of an upgrade (RFC 8441 §5).

use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use super::client::{Offer, Outcome, Refusal};
use super::response::Expected;
use super::{Agreed, HandshakeError};
use crate::proto::extension::extensions;
use crate::proto::http1::{Head, status_line};

/// A request that an HTTP/2 connection carries; pseudo-header fields come first.
#[derive(Debug)]
pub struct ExtendedConnect {
    request: Head,
    expected: Expected,
}

/// Fields of an upgrade, and others that are of one connection (RFC 9113 §8.2.2); `Host` is `:authority`.
const LEFT_OUT: [&[u8]; 7] = [
    b"host",
    b"upgrade",
    b"connection",
    b"sec-websocket-key",
    b"keep-alive",
    b"proxy-connection",
    b"transfer-encoding",
];

impl ExtendedConnect {
    /// A request with `offer` to a server of this scheme, `https` or `http`.
    pub fn new(offer: &Offer, scheme: &str) -> Self {
        let upgrade = offer.connect();
        let authority = upgrade.text("Host").unwrap_or_else(|| offer.host.clone());
        let http2 = offer.like.and_then(|like| like.client.http2());
        let mut fields = together(lowered(&upgrade, &LEFT_OUT));
        if http2.is_some() {
            fields = fields.into_iter().flat_map(crumbs).collect();
        }
        let mut pseudo = [
            (":method", "CONNECT"),
            (":scheme", scheme),
            (":authority", authority.as_str()),
            (":path", offer.target.as_str()),
            (":protocol", "websocket"),
        ];
        if let Some(http2) = http2 {
            pseudo.sort_by_key(|(name, _)| http2.pseudo.iter().position(|other| other == name));
        }
        let pseudo = pseudo.map(|(name, value)| (name.as_bytes(), value.as_bytes()));
        let own = fields.iter().map(|(name, value)| (&name[..], *value));
        let line = format!("CONNECT {} HTTP/2", offer.target);
        let request = Head::encode_bytes(line.as_bytes(), pseudo.into_iter().chain(own));
        Self {
            expected: Expected {
                accept: None,
                subprotocols: request.list("Sec-WebSocket-Protocol"),
                require_subprotocol: offer.require_subprotocol,
                extensions: extensions(&request).unwrap_or_default(),
                lenient: offer.lenient,
            },
            request,
        }
    }

    /// The request, in the order in which it is sent.
    pub fn request(&self) -> &Head {
        &self.request
    }

    /// The meaning of a response.
    pub fn outcome(&self, response: Head) -> Result<Outcome, HandshakeError> {
        match response.status() {
            // RFC 8441 §5: any 2xx.
            Some(200..=299) => {
                let agreed: Agreed = self.expected.check(response, Vec::new())?;
                Ok(Outcome::Agreed(agreed))
            }
            status => Ok(Outcome::Refused(Refusal {
                status: status.unwrap_or(0),
                response,
            })),
        }
    }
}

/// The response in place of one to an upgrade.
pub(super) fn response(upgrade: &Head) -> Head {
    let status = match upgrade.status() {
        // RFC 8441 §5: 200 in place of 101.
        Some(101) => 200,
        status => status.unwrap_or(500),
    };
    let fields = lowered(upgrade, &LEFT_OUT_OF_RESPONSES);
    let fields = fields.iter().map(|(name, value)| (&name[..], *value));
    Head::encode_bytes(format!("HTTP/2 {status}").as_bytes(), fields)
}

/// The response to an upgrade with this key, in place of one to extended CONNECT; without an upgrade, its body ends with
/// the stream.
pub(super) fn upgrade_response(response: &Head, key: &str) -> Head {
    let accept = derive_accept_key(key.as_bytes());
    let upgrade = [
        ("Upgrade", "websocket"),
        ("Connection", "Upgrade"),
        ("Sec-WebSocket-Accept", accept.as_str()),
    ];
    let (status, own) = match response.status() {
        // RFC 8441 §5: 101 in place of 200.
        Some(200..=299) => (101, &upgrade[..]),
        status => (status.unwrap_or(500), &[("Connection", "close")][..]),
    };
    let own = own
        .iter()
        .map(|(name, value)| (name.as_bytes(), value.as_bytes()));
    Head::encode_bytes(status_line(status).as_bytes(), own.chain(response.fields()))
}

/// The fields of a head without those of these names; RFC 9113 §8.2: names are in lower case.
fn lowered<'h>(head: &'h Head, left_out: &[&[u8]]) -> Vec<Field<'h>> {
    let fields = head.fields();
    let lower = fields.map(|(name, value)| (name.to_ascii_lowercase(), value));
    lower
        .filter(|(name, _)| !left_out.contains(&&name[..]))
        .collect()
}

type Field<'h> = (Vec<u8>, &'h [u8]);

/// Fields of an upgrade, and others that are of one connection (RFC 9113 §8.2.2).
const LEFT_OUT_OF_RESPONSES: [&[u8]; 6] = [
    b"upgrade",
    b"connection",
    b"sec-websocket-accept",
    b"keep-alive",
    b"proxy-connection",
    b"transfer-encoding",
];

/// RFC 9113 §8.2.3: a field for each cookie, as browsers send them.
fn crumbs((name, value): Field<'_>) -> Vec<Field<'_>> {
    if name != b"cookie" {
        return vec![(name, value)];
    }
    let pairs = value.split(|&byte| byte == b';');
    pairs
        .map(|pair| (name.clone(), pair.trim_ascii_start()))
        .collect()
}

/// Fields of one name after the first of them, as HTTP/2 libraries send them.
fn together(fields: Vec<Field<'_>>) -> Vec<Field<'_>> {
    let mut sorted: Vec<Field<'_>> = Vec::with_capacity(fields.len());
    for field in fields {
        match sorted.iter().rposition(|(name, _)| *name == field.0) {
            Some(at) => sorted.insert(at + 1, field),
            None => sorted.push(field),
        }
    }
    sorted
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::deflate;
    use crate::proto::handshake::client::Edit;
    use crate::proto::handshake::like::{Client, Like};

    fn offer(edits: Vec<Edit>) -> Offer {
        Offer {
            target: "/chat?x=1".to_owned(),
            host: "h.test".to_owned(),
            subprotocols: vec!["a".to_owned(), "b".to_owned()],
            require_subprotocol: false,
            compression: vec![deflate::Offer::BROWSER],
            lenient: false,
            user_agent: Some("agent".to_owned()),
            origin: Some("https://h.test".to_owned()),
            fields: vec![("Cookie".to_owned(), "a=b".to_owned())],
            edits,
            like: None,
            relayed: None,
        }
    }

    fn set(name: &str, value: &str) -> Edit {
        Edit::Set {
            name: name.to_owned(),
            value: value.to_owned(),
        }
    }

    fn fields(request: &Head) -> Vec<String> {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let fields = request.fields();
        fields
            .map(|(name, value)| format!("{}: {}", text(name), text(value)))
            .collect()
    }

    #[test]
    fn asks_for_a_protocol_instead_of_an_upgrade() {
        let connect = ExtendedConnect::new(&offer(Vec::new()), "https");
        assert_eq!(connect.request().start_line(), b"CONNECT /chat?x=1 HTTP/2");
        assert_eq!(
            fields(connect.request()),
            [
                ":method: CONNECT",
                ":scheme: https",
                ":authority: h.test",
                ":path: /chat?x=1",
                ":protocol: websocket",
                "sec-websocket-version: 13",
                "sec-websocket-extensions: permessage-deflate; client_max_window_bits",
                "user-agent: agent",
                "origin: https://h.test",
                "sec-websocket-protocol: a, b",
                "cookie: a=b",
            ]
        );
    }

    #[test]
    fn given_fields_are_sent_in_lower_case_and_those_of_a_connection_are_not() {
        let edits = vec![
            set("Host", "other.test"),
            set("X-One", "1"),
            set("Connection", "close"),
            set("Y", "2"),
            set("x-one", "3"),
        ];
        let connect = ExtendedConnect::new(&offer(edits), "http");
        let fields = fields(connect.request());
        assert!(fields.contains(&":authority: other.test".to_owned()));
        assert_eq!(fields[fields.len() - 3..], ["x-one: 1", "x-one: 3", "y: 2"]);
        assert!(!fields.iter().any(|it| it.contains("close")), "{fields:?}");
    }

    #[test]
    fn each_cookie_of_a_browser_is_a_field() {
        let mut offer = offer(vec![set("Cookie", "a=b; c=d")]);
        let cookies = |offer: &Offer| {
            let connect = ExtendedConnect::new(offer, "https");
            let fields = fields(connect.request()).into_iter();
            fields
                .filter(|it| it.starts_with("cookie"))
                .collect::<Vec<_>>()
        };
        assert_eq!(cookies(&offer), ["cookie: a=b; c=d"]);
        offer.like = Some(Like {
            client: Client::Firefox,
            is_tls: true,
            is_trustworthy: true,
        });
        assert_eq!(cookies(&offer), ["cookie: a=b", "cookie: c=d"]);
    }

    #[test]
    fn any_success_opens_it_and_needs_no_accept() {
        let connect = ExtendedConnect::new(&offer(Vec::new()), "https");
        let response = |status: u16, fields: &[(&str, &str)]| {
            let head = Head::encode(&format!("HTTP/2 {status}"), fields.iter().copied());
            connect.outcome(head)
        };
        let agreed = response(204, &[("sec-websocket-protocol", "b")]).unwrap();
        let Outcome::Agreed(agreed) = agreed else {
            panic!("{agreed:?}");
        };
        assert_eq!(agreed.subprotocol.as_deref(), Some("b"));
        let refused = response(502, &[]).unwrap();
        assert!(matches!(refused, Outcome::Refused(it) if it.status == 502));
        let other = response(200, &[("sec-websocket-protocol", "c")]);
        assert!(matches!(other, Err(HandshakeError::Subprotocol(_))));
        // RFC 9113 §8.6: there is no 101.
        let switching = response(101, &[]).unwrap();
        assert!(matches!(switching, Outcome::Refused(_)));
    }
}
