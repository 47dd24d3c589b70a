//! Messages of GraphQL servers, and documents as they are typed: each is read or has a named fault.

#![no_main]

use std::time::{Duration, Instant};

use libfuzzer_sys::fuzz_target;
use wsee::ontop::{Actions, Name, Opening, Options};
use wsee::proto::message::Kind;

fuzz_target!(|data: &[u8]| {
    let Some((&flags, data)) = data.split_first() else {
        return;
    };
    let kind = if flags & 1 == 0 {
        Kind::Text
    } else {
        Kind::Binary
    };
    let subprotocol = (flags & 2 == 0).then_some("graphql-ws");
    let auth = None;
    let opening = Opening {
        auth,
        subprotocol,
        is_polled: false,
    };
    let (mut client, mut actions) = (Options::usual(Name::Graphql).client(), Actions::default());
    let mut now = Instant::now();
    client.opened(opening, now, &mut actions);
    client.received(
        Kind::Text,
        b"{\"type\":\"connection_ack\"}",
        now,
        &mut actions,
    );
    let _ = client.line("subscription { a }", now, &mut actions);
    for part in data.split(|&byte| byte == 0xff) {
        now += Duration::from_millis(1);
        let before = actions.list.len();
        client.received(kind, part, now, &mut actions);
        assert!(
            actions.list.len() > before,
            "nothing is said about {part:?}"
        );
        if let Ok(text) = std::str::from_utf8(part) {
            let _ = client.say("query", text, now, &mut actions);
            let _ = client.say("stop", text, now, &mut actions);
            let _ = client.value(part, now, &mut actions);
        }
        client.tick(now, &mut actions);
        let _ = client.status(now);
    }
});
