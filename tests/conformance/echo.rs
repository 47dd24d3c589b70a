//! Runs cases on `wsee listen`, with every behaviour that echoes.

use std::io::{Read, Write};
use std::net::Shutdown;
use std::time::Instant;

use rustix::process::Signal;
use tempfile::NamedTempFile;
use wsee::proto::Role;
use wsee::proto::buffer::Buffer;
use wsee::proto::connection::{Config, Connection, Event};
use wsee::proto::deflate::Params;
use wsee::proto::message::Kind;

use super::case::{Case, End, Told};
use crate::listen::{Listening, exchange, listening, request, started};
use crate::support::run::wsee;

/// What a server sent.
#[derive(Debug, Default, PartialEq)]
struct Echoed {
    told: Vec<Told>,
    /// Of its Close frame, if it sent one.
    close: Option<Code>,
}

/// The code of a Close frame; some have none.
type Code = Option<u16>;

/// How many cases of a table each behaviour gets: they share the engine, on which all cases run.
const MOST: usize = 24;
/// The limit of most cases, in bytes.
const MAX_MESSAGE: u64 = 1 << 20;

/// Claims that cases which break no limit of their own come out in every echo as they say.
#[track_caller]
pub fn hold(cases: &[Case]) {
    let usual = cases.iter().filter(|case| {
        // What is offered leaves the client its window.
        let keeps_window = |params: Params| !params.client_no_context_takeover;
        case.max_message == MAX_MESSAGE && case.deflate.is_none_or(keeps_window)
    });
    let cases: Vec<&Case> = usual.collect();
    let step = cases.len().div_ceil(MOST).max(1);
    let mut failures = Vec::new();
    for (name, server) in servers() {
        for case in cases.iter().step_by(step) {
            let (expected, seen) = (expected(case), run(case, &server));
            if seen != expected {
                let what = &case.name;
                failures.push(format!(
                    "{what}, echoed by {name}:\n  expected {expected:?}\n  seen     {seen:?}"
                ));
            }
        }
        server.stop(Signal::INT).exits(130);
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

fn servers() -> [(&'static str, Listening); 3] {
    let limit = MAX_MESSAGE.to_string();
    let with = |args: &[&str]| listening(&[&["--max-message", &limit], args].concat());
    let mut rules = NamedTempFile::new().expect("a file");
    let text = "on text never sent\n  > never\notherwise echo\n";
    rules.write_all(text.as_bytes()).expect("a file");
    let rules = rules.path().to_str().expect("UTF-8");
    let events = ["listen", "127.0.0.1:0", "--split", "events", "--echo"];
    let events = wsee(&[&events[..], &["--max-message", &limit]].concat());
    [
        ("the usual echo", with(&[])),
        ("rules", with(&["--rules", rules])),
        ("events", started(events.stdin_held_open())),
    ]
}

fn expected(case: &Case) -> Echoed {
    let echoes = case.tells.iter().filter_map(|told| match told {
        Told::Ping(payload) => Some(Told::Pong(payload.clone())),
        Told::Text(_) | Told::Binary(_) => Some(told.clone()),
        Told::Pong(_) | Told::Close(_) => None,
    });
    Echoed {
        told: echoes.collect(),
        close: match case.end {
            End::Lost => None,
            End::Closed(code) => Some(code),
            End::Failed(code) => Some(Some(code)),
        },
    }
}

fn run(case: &Case, server: &Listening) -> Echoed {
    let offer = match case.deflate {
        Some(_) => "Sec-WebSocket-Extensions: permessage-deflate\r\n",
        None => "",
    };
    let mut stream = server.connect();
    let response = exchange(&mut stream, request(offer));
    assert_eq!(
        response.contains("permessage-deflate"),
        case.deflate.is_some()
    );
    // A server that fails the connection may not take all of it.
    let _ = stream.write_all(&case.encode(Role::Client));
    let _ = stream.shutdown(Shutdown::Write);
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes);
    decode(case, &bytes)
}

fn decode(case: &Case, mut bytes: &[u8]) -> Echoed {
    let mut config = Config::new(Role::Client);
    config.deflate = case.deflate.map(|params| Params {
        server_no_context_takeover: false,
        ..params
    });
    let now = Instant::now();
    let mut client = Connection::new(config, Buffer::with_capacity(16), [7; 32], now);
    let mut echoed = Echoed::default();
    while !bytes.is_empty() {
        let room = client.input();
        let n = room.len().min(bytes.len());
        room[..n].copy_from_slice(&bytes[..n]);
        client.received(n, now);
        bytes = &bytes[n..];
        while let Some((event, _)) = client.poll_event(now) {
            match event {
                Event::Message(message) if message.kind == Kind::Text => {
                    echoed.told.push(Told::Text(message.payload.to_vec()));
                }
                Event::Message(message) => echoed.told.push(Told::Binary(message.payload.to_vec())),
                Event::Pong { payload, .. } => echoed.told.push(Told::Pong(payload.to_vec())),
                Event::Close(frame) => echoed.close = Some(frame.map(|frame| frame.code.0)),
                Event::Violation(violation) => panic!("{}: {violation:?}", case.name),
                _ => {}
            }
        }
    }
    echoed
}
