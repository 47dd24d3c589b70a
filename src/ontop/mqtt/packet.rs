//! Packets of both versions, on the wire.

use super::frame::Frame;
use super::property::Properties;
use super::wire::{self, Fault, Reader, packet, put_binary};
use crate::secret::Login;

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Version {
    /// 3.1.1.
    V3,
    #[default]
    V5,
}

impl Version {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::V3 => "3.1.1",
            Self::V5 => "5",
        }
    }
}

/// A message on a topic.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Publish<'p> {
    pub topic: &'p str,
    pub qos: u8,
    pub retain: bool,
    /// Whether it was sent before.
    pub dup: bool,
    /// 0 with `QoS` 0.
    pub id: u16,
    pub properties: Properties,
    pub payload: &'p [u8],
}

/// One of the packets that follow a message with `QoS` 1 or 2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    Ack,
    Rec,
    Rel,
    Comp,
}

impl Step {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Ack => "puback",
            Self::Rec => "pubrec",
            Self::Rel => "pubrel",
            Self::Comp => "pubcomp",
        }
    }
}

/// A packet of a server.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Packet<'p> {
    ConnAck {
        session_present: bool,
        code: u8,
        properties: Properties,
    },
    Publish(Publish<'p>),
    Ack {
        kind: Step,
        id: u16,
        code: u8,
        properties: Properties,
    },
    /// The answer to SUBSCRIBE, or to UNSUBSCRIBE, which has no codes in version 3.1.1.
    Granted {
        is_end: bool,
        id: u16,
        codes: &'p [u8],
        properties: Properties,
    },
    PingResp,
    Disconnect {
        code: u8,
        properties: Properties,
    },
    Auth {
        code: u8,
        properties: Properties,
    },
}

/// Reads a packet of a server.
pub(super) fn decode(version: Version, frame: Frame<'_>) -> Result<Packet<'_>, Fault> {
    let mut reader = Reader::new(wire::name(frame.first), frame.body);
    let is_new = version == Version::V5;
    let packet = match frame.first >> 4 {
        2 => {
            let session_present = reader.byte()? & 1 == 1;
            let code = reader.byte()?;
            // A server that does not know version 5 answers without properties.
            let properties = properties(is_new, &mut reader)?;
            Packet::ConnAck {
                session_present,
                code,
                properties,
            }
        }
        3 => return publish(is_new, frame.first, reader).map(Packet::Publish),
        number @ 4..=7 => {
            let kind = [Step::Ack, Step::Rec, Step::Rel, Step::Comp];
            let id = reader.id()?;
            let (code, properties) = reason(is_new, &mut reader)?;
            Packet::Ack {
                kind: kind[usize::from(number) - 4],
                id,
                code,
                properties,
            }
        }
        number @ (9 | 11) => {
            let id = reader.id()?;
            let properties = properties(is_new, &mut reader)?;
            Packet::Granted {
                is_end: number == 11,
                id,
                codes: reader.rest(),
                properties,
            }
        }
        13 => Packet::PingResp,
        14 => {
            let (code, properties) = reason(is_new, &mut reader)?;
            Packet::Disconnect { code, properties }
        }
        15 => {
            let (code, properties) = reason(is_new, &mut reader)?;
            Packet::Auth { code, properties }
        }
        _ => return Err(Fault::Direction(reader.of)),
    };
    reader.finish()?;
    Ok(packet)
}

fn publish(is_new: bool, first: u8, mut reader: Reader<'_>) -> Result<Publish<'_>, Fault> {
    let qos = (first >> 1) & 3;
    if qos == 3 {
        return Err(Fault::QoS(reader.of));
    }
    let topic = reader.text()?;
    let id = if qos > 0 { reader.id()? } else { 0 };
    let properties = properties(is_new, &mut reader)?;
    Ok(Publish {
        topic,
        qos,
        retain: first & 1 == 1,
        dup: first & 8 == 8,
        id,
        properties,
        payload: reader.rest(),
    })
}

/// Properties, which version 3.1.1 does not have.
pub(super) fn properties(is_new: bool, reader: &mut Reader<'_>) -> Result<Properties, Fault> {
    if is_new && !reader.is_empty() {
        Properties::read(reader)
    } else {
        Ok(Properties::default())
    }
}

/// A reason code and properties, which may be left out if there is nothing to say.
fn reason(is_new: bool, reader: &mut Reader<'_>) -> Result<(u8, Properties), Fault> {
    if !is_new || reader.is_empty() {
        return Ok((0, Properties::default()));
    }
    Ok((reader.byte()?, properties(is_new, reader)?))
}

/// The packet that opens a session, which ends with the connection.
pub(super) fn connect(
    version: Version,
    client_id: &str,
    keep_alive: u16,
    login: Option<&Login>,
) -> Vec<u8> {
    let mut body = Vec::new();
    put_binary(&mut body, b"MQTT");
    body.push(match version {
        Version::V3 => 4,
        Version::V5 => 5,
    });
    // §3.1.2.4: a clean start; §3.1.2.8, §3.1.2.9: a user name and a password follow.
    body.push(0x02 | if login.is_some() { 0xc0 } else { 0 });
    body.extend(keep_alive.to_be_bytes());
    put_properties(&mut body, version, &Properties::default());
    put_binary(&mut body, client_id.as_bytes());
    if let Some(login) = login {
        put_binary(&mut body, login.user.as_bytes());
        put_binary(&mut body, login.password.expose().as_bytes());
    }
    packet(0x10, &body)
}

pub(super) fn subscribe(version: Version, id: u16, filter: &str, qos: u8) -> Vec<u8> {
    let mut body = id.to_be_bytes().to_vec();
    put_properties(&mut body, version, &Properties::default());
    put_binary(&mut body, filter.as_bytes());
    body.push(qos);
    packet(0x82, &body)
}

pub(super) fn unsubscribe(version: Version, id: u16, filter: &str) -> Vec<u8> {
    let mut body = id.to_be_bytes().to_vec();
    put_properties(&mut body, version, &Properties::default());
    put_binary(&mut body, filter.as_bytes());
    packet(0xa2, &body)
}

pub(super) fn publish_packet(version: Version, publish: &Publish<'_>) -> Vec<u8> {
    let mut body = Vec::with_capacity(publish.topic.len() + publish.payload.len() + 8);
    put_binary(&mut body, publish.topic.as_bytes());
    if publish.qos > 0 {
        body.extend(publish.id.to_be_bytes());
    }
    put_properties(&mut body, version, &publish.properties);
    body.extend(publish.payload);
    let flags = u8::from(publish.dup) << 3 | publish.qos << 1 | u8::from(publish.retain);
    packet(0x30 | flags, &body)
}

/// An answer within the exchange of a message; one that failed has its code in version 5.
pub(super) fn ack(version: Version, kind: Step, id: u16, code: u8) -> Vec<u8> {
    let first = match kind {
        Step::Ack => 0x40,
        Step::Rec => 0x50,
        Step::Rel => 0x62,
        Step::Comp => 0x70,
    };
    let mut body = id.to_be_bytes().to_vec();
    if version == Version::V5 && code > 0 {
        body.push(code);
    }
    packet(first, &body)
}

pub(super) fn put_properties(body: &mut Vec<u8>, version: Version, properties: &Properties) {
    if version == Version::V5 {
        properties.put(body);
    }
}

pub(super) const PINGREQ: [u8; 2] = [0xc0, 0];
/// A normal end, in both versions.
pub(super) const DISCONNECT: [u8; 2] = [0xe0, 0];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;

    #[test]
    fn packets_are_those_of_the_specification() {
        let login = Login {
            user: "u".to_owned(),
            password: Secret::new("p".to_owned()),
        };
        assert_eq!(
            connect(Version::V3, "a", 60, Some(&login)),
            b"\x10\x13\0\x04MQTT\x04\xc2\0\x3c\0\x01a\0\x01u\0\x01p"
        );
        assert_eq!(
            connect(Version::V5, "", 60, None),
            b"\x10\x0d\0\x04MQTT\x05\x02\0\x3c\0\0\0"
        );
        assert_eq!(
            subscribe(Version::V3, 1, "a", 2),
            b"\x82\x06\0\x01\0\x01a\x02"
        );
        assert_eq!(unsubscribe(Version::V5, 1, "a"), b"\xa2\x06\0\x01\0\0\x01a");
        let publish = Publish {
            topic: "a",
            qos: 1,
            retain: true,
            dup: false,
            id: 7,
            properties: Properties::default(),
            payload: b"x",
        };
        let bytes = publish_packet(Version::V5, &publish);
        assert_eq!(bytes, b"\x33\x07\0\x01a\0\x07\0x");
        let frame = Frame {
            first: bytes[0],
            body: &bytes[2..],
        };
        assert_eq!(decode(Version::V5, frame), Ok(Packet::Publish(publish)));
        assert_eq!(ack(Version::V5, Step::Rel, 1, 0x92), b"\x62\x03\0\x01\x92");
    }

    #[test]
    fn what_is_no_packet_of_a_server_has_a_named_fault() {
        for (first, body, fault) in [
            (0x20, b"\0".as_slice(), Fault::Short("CONNACK")),
            (0x20, b"\0\0\0\0\0", Fault::Surplus("CONNACK", 2)),
            (0x36, b"\0\x01a", Fault::QoS("PUBLISH")),
            (0x32, b"\0\x01a\0\0", Fault::NoId("PUBLISH")),
            (0x30, b"\0\x01\xff", Fault::NotUtf8("PUBLISH")),
            (0x30, b"\xff\xffa", Fault::Short("PUBLISH")),
            (0x10, b"", Fault::Direction("CONNECT")),
            (0x00, b"", Fault::Direction("packet 0")),
            (0xd0, b"x", Fault::Surplus("PINGRESP", 1)),
        ] {
            let decoded = decode(Version::V5, Frame { first, body });
            assert_eq!(decoded, Err(fault), "{first:#x}");
        }
    }
}
