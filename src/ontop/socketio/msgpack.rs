//! Packets of socket.io-msgpack-parser: the whole packet is one binary message.

use serde_json::{Map, Value};

use super::packet::{MAIN, Packet, PacketFault, PacketType};
use crate::ontop::pack;

/// Whether a binary message starts as a packet does: with a map whose first key is `type`, or `id` as in the
/// acknowledgements of npm's server.
pub(super) fn is_packet(payload: &[u8]) -> bool {
    let [0x81..=0x8f, first_key @ ..] = payload else {
        return false;
    };
    first_key.starts_with(b"\xa4type") || first_key.starts_with(b"\xa2id")
}

/// Reads a packet; its data has binary parts as `binary_value`.
pub fn decode(payload: &[u8]) -> Result<Packet, PacketFault> {
    let fault = |problem: &str| PacketFault::MessagePack(problem.to_owned());
    let value = pack::read(payload).map_err(PacketFault::MessagePack)?;
    let Value::Object(mut object) = value else {
        return Err(fault("it is no map"));
    };
    let kind = match object.get("type").and_then(Value::as_u64) {
        Some(0) => PacketType::Connect,
        Some(1) => PacketType::Disconnect,
        Some(2 | 5) => PacketType::Event,
        Some(3 | 6) => PacketType::Ack,
        Some(4) => PacketType::ConnectError,
        _ => return Err(fault("its \"type\" is not 0 to 6")),
    };
    let namespace = match object.get("nsp") {
        None => MAIN,
        Some(Value::String(name)) if name.starts_with('/') => name,
        Some(_) => return Err(fault("its \"nsp\" is no namespace")),
    };
    let id = match object.get("id") {
        None | Some(Value::Null) => None,
        Some(id) => Some(id.as_u64().ok_or(PacketFault::Id)?),
    };
    let packet = Packet {
        id,
        ..Packet::new(kind, namespace, None)
    };
    let data = object.remove("data").filter(|data| !data.is_null());
    Ok(Packet { data, ..packet })
}

/// The message of a packet; `binary_value` in its data is binary.
pub fn encode(packet: &Packet) -> Vec<u8> {
    let kind = match packet.kind {
        PacketType::Connect => 0,
        PacketType::Disconnect => 1,
        PacketType::Event => 2,
        PacketType::Ack => 3,
        PacketType::ConnectError => 4,
    };
    let members = [
        ("type", Some(Value::from(kind))),
        ("nsp", Some(packet.namespace.as_str().into())),
        ("id", packet.id.map(Value::from)),
        ("data", packet.data.clone()),
    ];
    let members = members.into_iter();
    let object: Map<_, _> = members
        .filter_map(|(name, value)| Some((name.to_owned(), value?)))
        .collect();
    pack::write(object.into())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// `{"type":2,"data":["x",<01 02>],"nsp":"/a"}`, and an id if there is one.
    fn packet(id: &[u8]) -> Vec<u8> {
        let size = if id.is_empty() { 0x83 } else { 0x84 };
        let mut bytes = vec![size];
        bytes.extend(b"\xa4type\x02\xa4data\x92\xa1x\xc4\x02\x01\x02\xa3nsp\xa2/a");
        bytes.extend(id);
        bytes
    }

    #[test]
    fn reads_events_with_binary_data() {
        let bytes = packet(b"\xa2id\x07");
        assert!(is_packet(&bytes));
        let data = vec![json!("x"), json!({"$base64": "AQI="})];
        assert_eq!(decode(&bytes), Ok(Packet::event("/a", Some(7), data)));
    }

    #[test]
    fn what_is_written_is_read_as_the_same() {
        let data = vec![
            json!("x"),
            json!({"$base64": "AQI="}),
            json!([-1, 1.5, null]),
        ];
        for packet in [
            Packet::event("/a", Some(7), data.clone()),
            Packet::ack("/", 300, data),
            Packet::new(PacketType::Connect, "/", Some(json!({"token": "t"}))),
            Packet::new(PacketType::Disconnect, "/a", None),
        ] {
            let bytes = encode(&packet);
            assert!(is_packet(&bytes));
            assert_eq!(decode(&bytes), Ok(packet));
        }
    }

    #[test]
    fn an_acknowledgement_may_begin_with_its_number() {
        let bytes = b"\x84\xa2id\x00\xa4type\x03\xa4data\x91\xa2ok\xa3nsp\xa1/";
        assert!(is_packet(bytes));
        let expected = Packet::ack("/", 0, vec![json!("ok")]);
        assert_eq!(decode(bytes), Ok(expected));
    }

    #[test]
    fn undefined_is_nothing() {
        let bytes = b"\x82\xa4type\x01\xa4data\xd4\x00\x00";
        let expected = Packet::new(PacketType::Disconnect, "/", None);
        assert_eq!(decode(bytes), Ok(expected));
    }

    #[test]
    fn keys_of_keys_do_not_grow() {
        let data = [&[0x81; 100][..], b"\x01", &[0x01; 100]].concat();
        let bytes = [b"\x82\xa4type\x02\xa4data", &data[..]].concat();
        let packet = decode(&bytes).expect("a packet");
        assert_eq!(packet.data, Some(json!({"[object Object]": 1})));
    }

    #[test]
    fn names_what_is_no_packet() {
        let whole = packet(b"");
        for cut in 1..whole.len() {
            assert!(decode(&whole[..cut]).is_err(), "{cut} bytes");
        }
        let longer = [&whole[..], b"\x00"].concat();
        let mut deep = b"\x81\xa4type".to_vec();
        deep.resize(100_000, 0x91);
        for bytes in [
            &longer[..],
            &deep,
            b"",
            b"\x01",
            b"\x81\xa4type\x09",
            b"\x82\xa4type\x02\xa3nsp\x01",
            b"\x82\xa4type\x02\xa2id\xff",
            // A list that announces 4 billion elements.
            b"\x82\xa4type\x02\xa4data\xdd\xff\xff\xff\xff",
        ] {
            assert!(decode(bytes).is_err(), "{bytes:02x?}");
        }
    }
}
