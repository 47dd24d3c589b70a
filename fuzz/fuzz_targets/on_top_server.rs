//! Servers of protocols on top: messages of a client, and what is typed. The first line of an input names the protocol,
//! and a subprotocol or `binary`; each further part is read or has a named fault, and what a client says comes back to
//! it as it does in `wsee listen`.

#![no_main]

use std::time::{Duration, Instant};

use libfuzzer_sys::fuzz_target;
use wsee::ontop::Name;
use wsee::ontop::server::{Hall, Hello, Notice, Order, Session};
use wsee::proto::message::Kind;

/// The most rounds in which what is said is answered: nothing is said for ever.
const ROUNDS: usize = 10;

fuzz_target!(|data: &[u8]| {
    let mut lines = data.splitn(2, |&byte| byte == b'\n');
    let (Some(first), Some(data)) = (lines.next(), lines.next()) else {
        return;
    };
    let Ok(first) = std::str::from_utf8(first) else {
        return;
    };
    let (name, second) = first.split_once(' ').unwrap_or((first, ""));
    let Some(half) = Name::find(name).and_then(Name::server) else {
        return;
    };
    let is_binary = second == "binary" || half.name == Name::Mqtt;
    let kind = if is_binary { Kind::Binary } else { Kind::Text };
    let (hall, mut now) = (Hall::default(), Instant::now());
    let mut session = Session::new(half, hall.clone(), now);
    let hello = Hello {
        subprotocol: (!second.is_empty()).then_some(second),
        target: half.path,
        id: "fuzzed",
    };
    session.opened(&hello, now);
    let mut is_over = settle(&mut session, now);
    for part in data.split(|&byte| byte == 0xff) {
        now += Duration::from_millis(100);
        let seen = session.received(kind, part, now);
        // A frame may span messages.
        let is_whole = !matches!(half.name, Name::Stomp | Name::Mqtt);
        assert!(
            is_over || !is_whole || !seen.is_empty(),
            "nothing is said about {part:?}"
        );
        is_over |= settle(&mut session, now);
        if let Ok(text) = std::str::from_utf8(part) {
            match half.order(text) {
                Ok(Order::Say(notice)) => session.deliver(&notice, now),
                Ok(Order::Refuse(Some(topic))) => {
                    hall.refuse(&topic);
                    session.deliver(&Notice::end(&topic), now);
                }
                Ok(Order::Accept(topic)) => drop(hall.accept(&topic)),
                Ok(Order::Refuse(None)) | Err(_) => {}
            }
        }
        session.tick(now);
        is_over |= settle(&mut session, now);
        let _ = session.new_topics();
    }
    session.leave(now);
    session.lost(now);
    settle(&mut session, now);
});

/// Hands the client what it says itself; returns whether its session is over.
fn settle(session: &mut Session, now: Instant) -> bool {
    for _ in 0..ROUNDS {
        let (actions, passed) = session.take();
        if actions.is_empty() && passed.is_empty() {
            return session.take_close().is_some() || session.is_flooded();
        }
        for notice in passed {
            session.deliver_own(&notice, now);
        }
    }
    panic!("what is said has no end");
}
