//! Packets of MQTT servers, and what is typed: each is read or has a named fault.

#![no_main]

use std::time::{Duration, Instant};

use libfuzzer_sys::fuzz_target;
use wsee::ontop::mqtt::{Client, Options, Version};
use wsee::ontop::{Action, Actions, Opening, Protocol};
use wsee::proto::message::Kind;

/// More than a packet may hold, so that some are too long.
const LIMIT: usize = 1000;

fuzz_target!(|data: &[u8]| {
    let Some((&flags, data)) = data.split_first() else {
        return;
    };
    let (version, connack) = if flags & 1 == 0 {
        (Version::V5, b"\x20\x03\0\0\0".as_slice())
    } else {
        (Version::V3, b"\x20\x02\0\0".as_slice())
    };
    let mut client = Client::new(Options {
        version,
        limit: LIMIT,
        ..Options::default()
    });
    let (mut actions, mut now) = (Actions::default(), Instant::now());
    client.opened(Opening::default(), now, &mut actions);
    if flags & 2 == 0 {
        client.received(Kind::Binary, connack, now, &mut actions);
        let _ = client.say("subscribe", "a", now, &mut actions);
        let _ = client.say("publish", "-q 2 a b", now, &mut actions);
        let _ = client.say("publish", "-q 1 a b", now, &mut actions);
    }
    // Packets are put together however they are cut.
    let size = usize::from(flags >> 2) + 1;
    for part in data.chunks(size) {
        now += Duration::from_millis(1);
        client.received(Kind::Binary, part, now, &mut actions);
        client.tick(now, &mut actions);
    }
    if let Ok(text) = std::str::from_utf8(data) {
        let _ = client.say("publish", text, now, &mut actions);
        let _ = client.say("subscribe", text, now, &mut actions);
    }
    let _ = client.value(data, now, &mut actions);
    let _ = client.status(now);
    client.farewell(now, &mut actions);
    // What is printed can be sent.
    let printed = actions.list.iter().filter_map(|action| match action {
        Action::See(seen) => seen.print.clone(),
        _ => None,
    });
    let printed: Vec<_> = printed.collect();
    client.opened(Opening::default(), now, &mut actions);
    client.received(Kind::Binary, connack, now, &mut actions);
    for record in printed {
        let topic = record["topic"].as_str().unwrap_or_default();
        let is_allowed = !topic.is_empty() && !topic.contains(['+', '#', '\0']);
        let sent = client.value(record.to_string().as_bytes(), now, &mut actions);
        assert!(!is_allowed || sent.is_ok(), "{record}: {sent:?}");
    }
});
