//! Protocols on top: messages of servers, and what is typed. The first line of an input names the protocol; each
//! further part is read or has a named fault. Socket.IO and MQTT, whose messages may be parts of one, have targets of
//! their own.

#![no_main]

use std::time::{Duration, Instant};

use libfuzzer_sys::fuzz_target;
use wsee::ontop::{Actions, Name, Opening, Options};
use wsee::proto::message::Kind;

fuzz_target!(|data: &[u8]| {
    let mut lines = data.splitn(2, |&byte| byte == b'\n');
    let (Some(first), Some(data)) = (lines.next(), lines.next()) else {
        return;
    };
    let mut words = first.split(|&byte| byte == b' ');
    let name = words.next().and_then(|name| std::str::from_utf8(name).ok());
    let Some(name) = name
        .and_then(Name::find)
        .filter(|name| !matches!(name, Name::SocketIo | Name::Mqtt))
    else {
        return;
    };
    let second = words.next().and_then(|word| std::str::from_utf8(word).ok());
    let kind = if second == Some("binary") {
        Kind::Binary
    } else {
        Kind::Text
    };
    let (mut client, mut actions) = (Options::usual(name).client(), Actions::default());
    let mut now = Instant::now();
    let opening = Opening {
        auth: None,
        subprotocol: second,
        ..Opening::default()
    };
    client.opened(opening, now, &mut actions);
    for part in data.split(|&byte| byte == 0xff) {
        now += Duration::from_millis(100);
        let before = actions.list.len();
        client.received(kind, part, now, &mut actions);
        // A frame of STOMP may span messages.
        let is_part = name == Name::Stomp;
        assert!(
            is_part || actions.list.len() > before,
            "nothing is said about {part:?}"
        );
        if let Ok(text) = std::str::from_utf8(part) {
            let (verb, arguments) = text.split_once(' ').unwrap_or((text, ""));
            if name.verb(verb).is_some() {
                let _ = client.say(verb, arguments, now, &mut actions);
            }
            let _ = client.line(text, now, &mut actions);
            let _ = client.value(part, now, &mut actions);
        }
        client.tick(now, &mut actions);
        let _ = client.status(now);
        actions.list.truncate(1);
    }
});
