//! Packets and bodies of Engine.IO and Socket.IO: whatever a peer sends is read or has a named fault.

#![no_main]

use libfuzzer_sys::fuzz_target;
use wsee::ontop::socketio::decoder::Decoder;
use wsee::ontop::socketio::engine::{self, EnginePacket, Version};
use wsee::ontop::socketio::{msgpack, packet, payload};
use wsee::proto::message::Kind;

fuzz_target!(|data: &[u8]| {
    let Some((&flags, data)) = data.split_first() else {
        return;
    };
    let version = if flags & 1 == 0 {
        Version::V4
    } else {
        Version::V3
    };
    let kind = if flags & 2 == 0 {
        Kind::Text
    } else {
        Kind::Binary
    };
    // An opening packet may announce fractions of a millisecond, which are not kept.
    if let Ok(packet) = engine::decode(version, kind, data)
        && !matches!(packet, EnginePacket::Open(_))
    {
        let (kind, bytes) = engine::encode(version, &packet);
        assert_eq!(engine::decode(version, kind, &bytes).as_ref(), Ok(&packet));
    }
    let mut decoder = Decoder::new(version, 1 << 20);
    for packet in payload::decode(version, flags & 4 != 0, data).flatten() {
        let EnginePacket::Message(message) = packet else {
            continue;
        };
        if let Ok(Some(whole)) = decoder.push(message) {
            let (text, attachments) = packet::encode(&whole);
            assert!(!text.is_empty() && attachments.len() <= packet::MAX_ATTACHMENTS + data.len());
        }
    }
    let _ = msgpack::decode(data);
});
