//! Messages of JSON-RPC servers, and what is typed: each is read or has a named fault.

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
    let (mut client, mut actions) = (Options::usual(Name::JsonRpc).client(), Actions::default());
    let mut now = Instant::now();
    client.opened(Opening::default(), now, &mut actions);
    let _ = client.line("a 1", now, &mut actions);
    for part in data.split(|&byte| byte == 0xff) {
        now += Duration::from_millis(1);
        let before = actions.list.len();
        client.received(kind, part, now, &mut actions);
        assert!(
            actions.list.len() > before,
            "nothing is said about {part:?}"
        );
        if let Ok(text) = std::str::from_utf8(part) {
            let _ = client.say("call", text, now, &mut actions);
            let _ = client.say("answer", text, now, &mut actions);
            let _ = client.value(part, now, &mut actions);
        }
        client.tick(now, &mut actions);
        let _ = client.status(now);
    }
});
