//! Packets of a client, and the answers of a server.

use super::frame::Frame;
use super::packet::{self, Packet, Publish, Version, properties, put_properties};
use super::property::Properties;
use super::wire::{self, Fault, Reader, packet};

/// A packet of a client.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Request<'p> {
    Connect(Connect<'p>),
    /// One that either side sends: PUBLISH and what follows it, DISCONNECT.
    Either(Packet<'p>),
    Subscribe {
        id: u16,
        /// With their options, of which the lowest two bits are the `QoS`.
        filters: Vec<(&'p str, u8)>,
    },
    Unsubscribe {
        id: u16,
        filters: Vec<&'p str>,
    },
    PingReq,
}

/// What opens a session.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Connect<'p> {
    /// `None` for one that is not spoken; nothing else is read then.
    pub version: Option<Version>,
    pub client_id: &'p str,
    pub is_clean: bool,
    /// In seconds; 0 for no limit.
    pub keep_alive: u16,
    pub will: Option<Publish<'p>>,
    pub user: Option<&'p str>,
    pub password: &'p [u8],
    pub properties: Properties,
}

/// The most topics of a packet.
const TOPICS: usize = 1000;

/// Reads a packet of a client.
pub(super) fn decode(version: Version, frame: Frame<'_>) -> Result<Request<'_>, Fault> {
    let mut reader = Reader::new(wire::name(frame.first), frame.body);
    let of = reader.of;
    let flags = frame.first & 0x0f;
    // MQTT 5 §2.1.3: other flags than these are malformed.
    let wanted = match frame.first >> 4 {
        3 => flags,
        6 | 8 | 10 => 2,
        _ => 0,
    };
    if flags != wanted {
        return Err(Fault::Flags(of));
    }
    let is_new = version == Version::V5;
    let request = match frame.first >> 4 {
        1 => Request::Connect(connect(&mut reader)?),
        8 => {
            let id = reader.id()?;
            properties(is_new, &mut reader)?;
            let mut filters = Vec::new();
            while !reader.is_empty() && filters.len() <= TOPICS {
                filters.push((reader.text()?, reader.byte()?));
            }
            check(of, filters.len())?;
            Request::Subscribe { id, filters }
        }
        10 => {
            let id = reader.id()?;
            properties(is_new, &mut reader)?;
            let mut filters = Vec::new();
            while !reader.is_empty() && filters.len() <= TOPICS {
                filters.push(reader.text()?);
            }
            check(of, filters.len())?;
            Request::Unsubscribe { id, filters }
        }
        12 => Request::PingReq,
        3..=7 | 14 => return packet::decode(version, frame).map(Request::Either),
        _ => return Err(Fault::OfServer(of)),
    };
    reader.finish()?;
    Ok(request)
}

fn check(of: &'static str, count: usize) -> Result<(), Fault> {
    match count {
        1..=TOPICS => Ok(()),
        _ => Err(Fault::Topics(of, TOPICS)),
    }
}

fn connect<'p>(reader: &mut Reader<'p>) -> Result<Connect<'p>, Fault> {
    let name = reader.text()?;
    let version = match (name, reader.byte()?) {
        ("MQTT", 4) => Some(Version::V3),
        ("MQTT", 5) => Some(Version::V5),
        _ => None,
    };
    if version.is_none() {
        reader.rest();
    }
    let mut connect = Connect {
        version,
        client_id: "",
        is_clean: true,
        keep_alive: 0,
        will: None,
        user: None,
        password: b"",
        properties: Properties::default(),
    };
    let Some(version) = version else {
        return Ok(connect);
    };
    let is_new = version == Version::V5;
    let flags = reader.byte()?;
    let has = |flag: u8| flags & flag != 0;
    // §3.1.2.3: the reserved flag must be 0.
    if has(0x01) {
        return Err(Fault::Flags(reader.of));
    }
    connect.is_clean = has(0x02);
    connect.keep_alive = u16::try_from(reader.number(2)?).unwrap_or(u16::MAX);
    connect.properties = properties(is_new, reader)?;
    connect.client_id = reader.text()?;
    if has(0x04) {
        let properties = properties(is_new, reader)?;
        connect.will = Some(Publish {
            topic: reader.text()?,
            qos: (flags >> 3) & 3,
            retain: has(0x20),
            dup: false,
            id: 0,
            properties: properties.message_part(),
            payload: reader.binary()?,
        });
    }
    if has(0x80) {
        connect.user = Some(reader.text()?);
    }
    if has(0x40) {
        connect.password = reader.binary()?;
    }
    Ok(connect)
}

pub(super) fn connack(version: Version, code: u8, properties: &Properties) -> Vec<u8> {
    let mut body = vec![0, code];
    put_properties(&mut body, version, properties);
    packet(0x20, &body)
}

/// The answer to SUBSCRIBE.
pub(super) fn suback(version: Version, id: u16, codes: &[u8]) -> Vec<u8> {
    let mut body = id.to_be_bytes().to_vec();
    put_properties(&mut body, version, &Properties::default());
    body.extend(codes);
    packet(0x90, &body)
}

/// The answer to UNSUBSCRIBE, which has no codes in version 3.1.1.
pub(super) fn unsuback(version: Version, id: u16, codes: &[u8]) -> Vec<u8> {
    let mut body = id.to_be_bytes().to_vec();
    put_properties(&mut body, version, &Properties::default());
    if version == Version::V5 {
        body.extend(codes);
    }
    packet(0xb0, &body)
}

pub(super) const PINGRESP: [u8; 2] = [0xd0, 0];

/// The end of a session by the server, with its reason; version 3.1.1 has no such packet.
pub(super) fn disconnect(code: u8) -> Vec<u8> {
    packet(0xe0, &[code])
}

#[cfg(test)]
mod tests {
    use super::super::packet::{connect, subscribe, unsubscribe};
    use super::*;
    use crate::secret::{Login, Secret};

    fn decoded(version: Version, bytes: &[u8]) -> Result<Request<'_>, Fault> {
        let frame = Frame {
            first: bytes[0],
            body: &bytes[2..],
        };
        decode(version, frame)
    }

    #[test]
    fn packets_of_our_client_are_understood_in_both_versions() {
        let login = Login {
            user: "u".to_owned(),
            password: Secret::new("p".to_owned()),
        };
        for version in [Version::V3, Version::V5] {
            let bytes = connect(version, "a", 60, Some(&login));
            let expected = Connect {
                version: Some(version),
                client_id: "a",
                is_clean: true,
                keep_alive: 60,
                will: None,
                user: Some("u"),
                password: b"p",
                properties: Properties::default(),
            };
            let found = decoded(Version::V5, &bytes);
            assert_eq!(found, Ok(Request::Connect(expected)));
            let bytes = subscribe(version, 7, "a/#", 1);
            let (id, filters) = (7, vec![("a/#", 1)]);
            let expected = Request::Subscribe { id, filters };
            assert_eq!(decoded(version, &bytes), Ok(expected));
            let bytes = unsubscribe(version, 7, "a/#");
            let (id, filters) = (7, vec!["a/#"]);
            let expected = Request::Unsubscribe { id, filters };
            assert_eq!(decoded(version, &bytes), Ok(expected));
        }
    }

    #[test]
    fn a_will_and_another_version_are_read() {
        let bytes = b"\x10\x17\0\x04MQTT\x04\x2e\0\0\0\x01a\0\x03w/t\0\x03bye";
        let Ok(Request::Connect(found)) = decoded(Version::V3, bytes) else {
            panic!("no CONNECT");
        };
        let will = found.will.expect("a will");
        assert_eq!((will.topic, will.payload), ("w/t", b"bye".as_slice()));
        assert_eq!((will.qos, will.retain), (1, true));
        let bytes = b"\x10\x0e\0\x06MQIsdp\x03\x02\0\0\0\0";
        let Ok(Request::Connect(found)) = decoded(Version::V3, bytes) else {
            panic!("no CONNECT");
        };
        assert_eq!(found.version, None);
    }

    #[test]
    fn what_is_no_packet_of_a_client_has_a_named_fault() {
        for (bytes, fault) in [
            (b"\x20\0\0\0".as_slice(), Fault::OfServer("CONNACK")),
            (b"\x80\x05\0\x01\0\0\0", Fault::Flags("SUBSCRIBE")),
            (b"\x82\x02\0\x01", Fault::Topics("SUBSCRIBE", TOPICS)),
            (b"\x82\x03\0\0\0", Fault::NoId("SUBSCRIBE")),
            (b"\x10\x04\0\x04MQ", Fault::Short("CONNECT")),
            (b"\xc0\x01\0", Fault::Surplus("PINGREQ", 1)),
            (b"\xf0\0", Fault::OfServer("AUTH")),
        ] {
            assert_eq!(decoded(Version::V3, bytes), Err(fault), "{bytes:02x?}");
        }
        let many = [b"\x82\0\0\x01".as_slice(), &b"\0\x01a\0".repeat(TOPICS + 1)].concat();
        assert_eq!(
            decoded(Version::V3, &many),
            Err(Fault::Topics("SUBSCRIBE", TOPICS))
        );
    }
}
