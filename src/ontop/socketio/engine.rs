//! Engine.IO packets over WebSocket in versions 3 and 4, the opening packet, and the refusals of a server.

use std::borrow::Cow;
use std::time::Duration;

use data_encoding::BASE64;
use serde_json::{Value, json};

use crate::proto::message::Kind;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    /// Of Socket.IO 1 and 2: the client pings.
    V3,
    /// Of Socket.IO 3 and 4: the server pings.
    V4,
}

impl Version {
    /// The value of `EIO` in the query.
    pub fn number(self) -> u8 {
        match self {
            Self::V3 => 3,
            Self::V4 => 4,
        }
    }

    /// What speaks it.
    pub fn products(self) -> &'static str {
        match self {
            Self::V3 => "Socket.IO 2",
            Self::V4 => "Socket.IO 3 and 4",
        }
    }

    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::V3 => Self::V4,
            Self::V4 => Self::V3,
        }
    }
}

/// The content of the opening packet, which only a server sends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handshake {
    pub sid: String,
    pub upgrades: Vec<String>,
    pub ping_interval: Duration,
    pub ping_timeout: Duration,
    /// The largest POST body or message that the server accepts, in bytes; version 3 does not announce it.
    pub max_payload: Option<u64>,
}

/// The longest interval that is believed: a year, so that no time computed from it overflows.
const LONGEST: Duration = Duration::from_hours(365 * 24);

impl Handshake {
    /// Whether it is certainly of version 4, whose servers announce a limit since 2022; those of version 3 never do.
    pub fn shows_v4(&self) -> bool {
        self.max_payload.is_some()
    }

    pub fn from_json(text: &str) -> Result<Self, EngineFault> {
        let value: Value = serde_json::from_str(text).map_err(|error| {
            EngineFault::Handshake(format!("not JSON ({})", error.to_string().trim_end()))
        })?;
        let Some(sid) = value.get("sid").and_then(Value::as_str) else {
            return Err(EngineFault::Handshake("no \"sid\"".to_owned()));
        };
        let upgrades = value.get("upgrades").and_then(Value::as_array);
        let names = upgrades.into_iter().flatten().filter_map(Value::as_str);
        Ok(Self {
            sid: sid.to_owned(),
            upgrades: names.map(str::to_owned).collect(),
            ping_interval: milliseconds(&value, "pingInterval")?,
            ping_timeout: milliseconds(&value, "pingTimeout")?,
            max_payload: value.get("maxPayload").and_then(Value::as_u64),
        })
    }

    pub fn to_json(&self) -> String {
        let millis =
            |time: Duration| Value::from(u64::try_from(time.as_millis()).unwrap_or(u64::MAX));
        let mut value = json!({
            "sid": self.sid,
            "upgrades": self.upgrades,
            "pingInterval": millis(self.ping_interval),
            "pingTimeout": millis(self.ping_timeout),
        });
        if let Some(bytes) = self.max_payload {
            value["maxPayload"] = bytes.into();
        }
        value.to_string()
    }
}

fn milliseconds(value: &Value, name: &'static str) -> Result<Duration, EngineFault> {
    let millis = value.get(name).and_then(Value::as_f64);
    let time = millis.and_then(|millis| Duration::try_from_secs_f64(millis / 1000.0).ok());
    let time = time.ok_or_else(|| EngineFault::Handshake(format!("no {name:?} in ms")))?;
    Ok(time.min(LONGEST))
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EnginePacket<'a> {
    Open(Handshake),
    Close,
    Ping(Cow<'a, str>),
    Pong(Cow<'a, str>),
    Message(Data<'a>),
    Upgrade,
    Noop,
}

impl EnginePacket<'_> {
    pub fn into_owned(self) -> EnginePacket<'static> {
        match self {
            Self::Open(handshake) => EnginePacket::Open(handshake),
            Self::Close => EnginePacket::Close,
            Self::Ping(data) => EnginePacket::Ping(Cow::Owned(data.into_owned())),
            Self::Pong(data) => EnginePacket::Pong(Cow::Owned(data.into_owned())),
            Self::Message(data) => EnginePacket::Message(data.into_owned()),
            Self::Upgrade => EnginePacket::Upgrade,
            Self::Noop => EnginePacket::Noop,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Data<'a> {
    Text(Cow<'a, str>),
    Binary(Cow<'a, [u8]>),
}

impl Data<'_> {
    pub fn into_owned(self) -> Data<'static> {
        match self {
            Self::Text(text) => Data::Text(Cow::Owned(text.into_owned())),
            Self::Binary(bytes) => Data::Binary(Cow::Owned(bytes.into_owned())),
        }
    }
}

/// Why a message is no Engine.IO packet.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EngineFault {
    #[error("an empty message is no Engine.IO packet")]
    Empty,
    #[error("{0:?} is no type of an Engine.IO packet; it must be 0 to 6")]
    Type(char),
    #[error("the binary Engine.IO packet starts with the byte {0:#04x} instead of 0x04 (message)")]
    BinaryType(u8),
    #[error("the Engine.IO packet is not valid UTF-8")]
    NotUtf8,
    #[error("the binary Engine.IO packet is not valid base64")]
    NotBase64,
    #[error("the opening Engine.IO packet has {0}")]
    Handshake(String),
}

/// Reads the packet in a WebSocket message.
pub fn decode(
    version: Version,
    kind: Kind,
    payload: &[u8],
) -> Result<EnginePacket<'_>, EngineFault> {
    match (kind, version) {
        (Kind::Text, _) => {
            let text = std::str::from_utf8(payload).map_err(|_| EngineFault::NotUtf8)?;
            decode_text(version, text)
        }
        (Kind::Binary, Version::V4) => Ok(EnginePacket::Message(Data::Binary(payload.into()))),
        (Kind::Binary, Version::V3) => match payload {
            [4, data @ ..] => Ok(EnginePacket::Message(Data::Binary(data.into()))),
            [other, ..] => Err(EngineFault::BinaryType(*other)),
            [] => Err(EngineFault::Empty),
        },
    }
}

/// Reads a packet in text, as in a WebSocket message or in a payload of long polling.
pub(super) fn decode_text(version: Version, text: &str) -> Result<EnginePacket<'_>, EngineFault> {
    let Some(first) = text.chars().next() else {
        return Err(EngineFault::Empty);
    };
    let rest = &text[first.len_utf8()..];
    Ok(match first {
        '0' => EnginePacket::Open(Handshake::from_json(rest)?),
        '1' => EnginePacket::Close,
        '2' => EnginePacket::Ping(rest.into()),
        '3' => EnginePacket::Pong(rest.into()),
        '4' => EnginePacket::Message(Data::Text(rest.into())),
        '5' => EnginePacket::Upgrade,
        '6' => EnginePacket::Noop,
        'b' => decode_base64(version, rest)?,
        other => return Err(EngineFault::Type(other)),
    })
}

/// Version 3 repeats the type of the packet: `b4` and base64.
fn decode_base64(version: Version, text: &str) -> Result<EnginePacket<'_>, EngineFault> {
    let text = match version {
        Version::V4 => text,
        Version::V3 => text.strip_prefix('4').ok_or(EngineFault::NotBase64)?,
    };
    let bytes = BASE64.decode(text.as_bytes());
    let bytes = bytes.map_err(|_| EngineFault::NotBase64)?;
    Ok(EnginePacket::Message(Data::Binary(bytes.into())))
}

/// Makes the WebSocket message of a packet.
pub fn encode(version: Version, packet: &EnginePacket<'_>) -> (Kind, Vec<u8>) {
    match (packet, version) {
        (EnginePacket::Message(Data::Binary(data)), Version::V4) => (Kind::Binary, data.to_vec()),
        (EnginePacket::Message(Data::Binary(data)), Version::V3) => {
            (Kind::Binary, [&[4], &data[..]].concat())
        }
        _ => (Kind::Text, encode_text(version, packet).into_bytes()),
    }
}

/// Makes the text of a packet, in which binary data is base64.
pub(super) fn encode_text(version: Version, packet: &EnginePacket<'_>) -> String {
    match packet {
        EnginePacket::Open(handshake) => format!("0{}", handshake.to_json()),
        EnginePacket::Close => "1".to_owned(),
        EnginePacket::Ping(data) => format!("2{data}"),
        EnginePacket::Pong(data) => format!("3{data}"),
        EnginePacket::Message(Data::Text(text)) => format!("4{text}"),
        EnginePacket::Message(Data::Binary(data)) => {
            let prefix = match version {
                Version::V3 => "b4",
                Version::V4 => "b",
            };
            format!("{prefix}{}", BASE64.encode(data))
        }
        EnginePacket::Upgrade => "5".to_owned(),
        EnginePacket::Noop => "6".to_owned(),
    }
}

/// Why a server refuses a request, as the reference server numbers it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefusalCode {
    TransportUnknown,
    SessionUnknown,
    BadMethod,
    BadRequest,
    Forbidden,
    Version,
}

impl RefusalCode {
    const ALL: [Self; 6] = [
        Self::TransportUnknown,
        Self::SessionUnknown,
        Self::BadMethod,
        Self::BadRequest,
        Self::Forbidden,
        Self::Version,
    ];

    pub fn number(self) -> u8 {
        self as u8
    }

    /// The text that the reference server sends.
    pub fn message(self) -> &'static str {
        match self {
            Self::TransportUnknown => "Transport unknown",
            Self::SessionUnknown => "Session ID unknown",
            Self::BadMethod => "Bad handshake method",
            Self::BadRequest => "Bad request",
            Self::Forbidden => "Forbidden",
            Self::Version => "Unsupported protocol version",
        }
    }

    pub fn explanation(self) -> &'static str {
        match self {
            Self::TransportUnknown => "the server does not offer this transport",
            Self::SessionUnknown => "the server does not know this session",
            Self::BadMethod => "the server accepts only GET for the first request",
            Self::BadRequest => "the request does not fit the session",
            Self::Forbidden => "the server does not allow this client",
            Self::Version => "the server does not speak this version of Engine.IO",
        }
    }

    /// What to change, without the names of flags.
    pub fn hint(self) -> &'static str {
        match self {
            Self::TransportUnknown => {
                "the server's option \"transports\" must list the transport; try another one"
            }
            Self::SessionUnknown => {
                "two requests of a session reached two servers, so the load balancer needs sticky sessions"
            }
            Self::BadMethod => "a proxy or redirect changed the method of the request",
            Self::BadRequest => {
                "a proxy may drop the Upgrade header, or the session already uses another transport"
            }
            Self::Forbidden => {
                "the server's allowRequest or its list of origins refuses the request; check credentials and Origin"
            }
            Self::Version => {
                "the server has Socket.IO 3 or 4 without allowEIO3 when the client speaks version 3; otherwise use the version of the server"
            }
        }
    }

    /// Finds the code in the body of a refusal: JSON in long polling, and only the message for an upgrade.
    pub fn of_body(body: &str) -> Option<Self> {
        let body = body.trim();
        if let Ok(Value::Object(object)) = serde_json::from_str(body) {
            object.get("message").filter(|it| it.is_string())?;
            let code = usize::try_from(object.get("code")?.as_u64()?).ok()?;
            return Self::ALL.get(code).copied();
        }
        // python-engineio says it in a sentence, without a code.
        if body.contains("using an unsupported version of the Socket.IO") {
            return Some(Self::Version);
        }
        Self::ALL.into_iter().find(|code| code.message() == body)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(text: &str) -> EnginePacket<'_> {
        EnginePacket::Message(Data::Text(text.into()))
    }

    fn binary(data: &[u8]) -> EnginePacket<'_> {
        EnginePacket::Message(Data::Binary(data.into()))
    }

    #[test]
    fn reads_back_every_packet_it_writes_in_both_versions() {
        let open = EnginePacket::Open(Handshake {
            sid: "lv_VI97HAXpY6yYWAAAC".to_owned(),
            upgrades: vec!["websocket".to_owned()],
            ping_interval: Duration::from_secs(25),
            ping_timeout: Duration::from_millis(1),
            max_payload: Some(1_000_000),
        });
        let packets = [
            (open, Kind::Text),
            (EnginePacket::Close, Kind::Text),
            (EnginePacket::Ping("probe".into()), Kind::Text),
            (EnginePacket::Pong("".into()), Kind::Text),
            (message("héllo"), Kind::Text),
            (message(""), Kind::Text),
            (binary(b"\x01\x02\x03\x04"), Kind::Binary),
            (binary(b""), Kind::Binary),
            (EnginePacket::Upgrade, Kind::Text),
            (EnginePacket::Noop, Kind::Text),
        ];
        for version in [Version::V3, Version::V4] {
            for (packet, kind) in &packets {
                let (sent, bytes) = encode(version, packet);
                assert_eq!(sent, *kind, "{packet:?}");
                assert_eq!(decode(version, sent, &bytes).as_ref(), Ok(packet));
                let text = encode_text(version, packet);
                assert_eq!(decode_text(version, &text).as_ref(), Ok(packet));
            }
        }
    }

    #[test]
    fn packets_have_the_form_of_the_specification() {
        let text = |version, packet: &EnginePacket<'_>| {
            let (_, bytes) = encode(version, packet);
            String::from_utf8(bytes).expect("text")
        };
        assert_eq!(text(Version::V4, &message("hello")), "4hello");
        assert_eq!(
            text(Version::V4, &EnginePacket::Ping("probe".into())),
            "2probe"
        );
        let data = binary(b"\x01\x02\x03\x04");
        assert_eq!(encode(Version::V4, &data).1, b"\x01\x02\x03\x04");
        assert_eq!(encode(Version::V3, &data).1, b"\x04\x01\x02\x03\x04");
        assert_eq!(encode_text(Version::V4, &data), "bAQIDBA==");
        assert_eq!(encode_text(Version::V3, &data), "b4AQIDBA==");
    }

    #[test]
    fn names_what_is_no_packet() {
        let text = |text: &'static str| decode(Version::V4, Kind::Text, text.as_bytes());
        assert_eq!(text(""), Err(EngineFault::Empty));
        assert_eq!(text("abc"), Err(EngineFault::Type('a')));
        assert_eq!(text("7"), Err(EngineFault::Type('7')));
        assert_eq!(text("€"), Err(EngineFault::Type('€')));
        assert_eq!(text("b%%"), Err(EngineFault::NotBase64));
        for (version, kind, payload, fault) in [
            (Version::V4, Kind::Text, &b"4\xff"[..], EngineFault::NotUtf8),
            (Version::V3, Kind::Text, b"bAQID", EngineFault::NotBase64),
            (Version::V3, Kind::Binary, b"", EngineFault::Empty),
            (
                Version::V3,
                Kind::Binary,
                b"\x00\x01",
                EngineFault::BinaryType(0),
            ),
        ] {
            assert_eq!(decode(version, kind, payload), Err(fault));
        }
    }

    #[test]
    fn names_what_the_opening_packet_lacks() {
        let problem = |text: &'static str| match decode_text(Version::V4, text) {
            Err(EngineFault::Handshake(problem)) => problem,
            other => panic!("{other:?}"),
        };
        assert!(problem("0").starts_with("not JSON ("));
        assert_eq!(problem("0{}"), "no \"sid\"");
        assert_eq!(
            problem(r#"0{"sid":"a","pingInterval":-1}"#),
            "no \"pingInterval\" in ms"
        );
        let bomb = format!("0{}", "[".repeat(100_000));
        assert!(decode_text(Version::V4, &bomb).is_err());
    }

    #[test]
    fn times_of_an_opening_packet_are_bounded() {
        let text = r#"{"sid":"a","pingInterval":1e300,"pingTimeout":18446744073709551615}"#;
        // Not a number of seconds that a duration holds.
        assert!(Handshake::from_json(text).is_err());
        let text = r#"{"sid":"a","pingInterval":1e18,"pingTimeout":20000.5}"#;
        let handshake = Handshake::from_json(text).expect("a handshake");
        assert_eq!(handshake.ping_interval, LONGEST);
        assert_eq!(handshake.ping_timeout, Duration::from_micros(20_000_500));
        assert_eq!(handshake.max_payload, None);
    }

    #[test]
    fn finds_the_code_of_a_refusal_in_both_forms() {
        for code in RefusalCode::ALL {
            let json = format!(
                r#"{{"code":{},"message":"{}"}}"#,
                code.number(),
                code.message()
            );
            assert_eq!(RefusalCode::of_body(&json), Some(code));
            assert_eq!(RefusalCode::of_body(code.message()), Some(code));
        }
        let python = r#""The client is using an unsupported version of the Socket.IO or Engine.IO protocols""#;
        assert_eq!(RefusalCode::of_body(python), Some(RefusalCode::Version));
        for other in [
            "",
            "Not Found",
            "{}",
            r#"{"code":6,"message":"x"}"#,
            r#"{"code":1}"#,
            "1",
        ] {
            assert_eq!(RefusalCode::of_body(other), None, "{other:?}");
        }
    }
}
