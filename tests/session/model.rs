//! Every sequence of what server, user, signals and timers can do, against the [`Oracle`].

use std::collections::HashMap;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{SeedableRng, random};
use wsee::event::{Cause, Ending, Signal};
use wsee::proto::Role;
use wsee::proto::buffer::Buffer;
use wsee::proto::connection::{Config, Connection, End, reported_code};
use wsee::proto::frame::{CloseCode, CloseFrame};
use wsee::session::Stop;

use super::harness::{Harness, now, paused};
use super::oracle::{ACTS, Act, Ended, Oracle, Timers};
use crate::conformance::case::{close, frame, ping, pong, text};

/// Timers that never run out before a Close frame was sent.
const QUIET: Timers = Timers {
    close: 5,
    ping: None,
    pong: None,
    idle: None,
};

const PINGING: Timers = Timers {
    ping: Some(2),
    pong: Some(2),
    ..QUIET
};

const IDLE: Timers = Timers {
    idle: Some(3),
    ..QUIET
};

/// The length of the sequences.
const LENGTH: usize = 6;

#[test]
fn every_sequence_of_events_ends_once_and_as_it_should() {
    try_all(QUIET);
}

#[test]
fn every_sequence_of_events_and_pings_ends_once_and_as_it_should() {
    try_all(PINGING);
}

#[test]
fn every_sequence_of_events_and_silence_ends_once_and_as_it_should() {
    try_all(IDLE);
}

fn try_all(timers: Timers) {
    let mut search = Search {
        timers,
        all: crate::hostile::size(LENGTH - 1, LENGTH),
        seen: HashMap::new(),
        tried: 0,
    };
    paused(search.go_on(&mut Vec::new(), &Oracle::new(timers)));
    let (tried, states) = (search.tried, search.seen.len());
    assert!(tried > 1000, "{tried} sequences");
    assert!(states > 50, "{states} states");
}

/// States that the oracle cannot tell apart are gone on from once: were there more of the engine's, they would show here.
#[test]
fn long_sequences_of_events_end_once_and_as_they_should() {
    let mut random = StdRng::seed_from_u64(6455);
    for timers in [QUIET, PINGING, IDLE] {
        let acts: Vec<Act> = possible(timers).collect();
        for _ in 0..1000 {
            let any = (0..2 * LENGTH).filter_map(|_| acts.choose(&mut random).copied());
            paused(run(timers, &any.collect::<Vec<Act>>()));
        }
    }
}

/// What can happen with these timers.
fn possible(timers: Timers) -> impl Iterator<Item = Act> {
    let has_pings = timers.ping.is_some();
    ACTS.into_iter()
        .filter(move |act| has_pings || *act != Act::Pong)
}

/// A search through all sequences.
struct Search {
    timers: Timers,
    /// The length up to which every sequence is tried; from there on, no state is gone on from twice.
    all: usize,
    /// States that were gone on from, with the number of acts that followed.
    seen: HashMap<Oracle, usize>,
    tried: usize,
}

impl Search {
    /// Tries all sequences that start with `acts`, which lead to `oracle`.
    async fn go_on(&mut self, acts: &mut Vec<Act>, oracle: &Oracle) {
        let left = LENGTH - acts.len();
        let seen = self.seen.entry(oracle.state()).or_default();
        let is_known = acts.len() >= self.all && *seen >= left;
        *seen = left.max(*seen);
        if is_known || left == 0 || oracle.exit.is_some() {
            self.tried += 1;
            return run(self.timers, acts).await;
        }
        for act in possible(self.timers) {
            let mut next = oracle.clone();
            next.act(act);
            acts.push(act);
            Box::pin(self.go_on(acts, &next)).await;
            acts.pop();
        }
    }
}

/// Plays one sequence, and then Ctrl-C: it must be over within the patience that this has.
async fn run(timers: Timers, acts: &[Act]) {
    let mut harness = Harness::new(connection(timers));
    let mut oracle = Oracle::new(timers);
    let mut pings = Pings::default();
    harness.settle();
    let rest = [Act::Interrupt, Act::Second];
    for (done, &act) in (1..).zip(acts.iter().chain(&rest)) {
        if oracle.exit.is_some() {
            break;
        }
        play(&mut harness, &mut pings, act).await;
        oracle.act(act);
        let exit = harness.ending.as_ref().map(Ending::exit);
        let ended = harness.ending.as_ref().map(|ending| ended(&ending.end));
        let played: Vec<_> = acts.iter().chain(&rest).take(done).collect();
        assert_eq!(exit, oracle.exit, "{timers:?}, {played:?}");
        assert_eq!(ended, oracle.ended, "{timers:?}, {played:?}");
        let messages = harness.script.messages().len();
        assert_eq!(messages, oracle.messages, "{timers:?}, {played:?}");
    }
    assert!(oracle.exit.is_some(), "no end after {timers:?}, {acts:?}");
    let ends = harness.script.ends();
    assert_eq!(
        ends,
        usize::from(oracle.is_reported),
        "{timers:?}, {acts:?}"
    );
    pings.take(&harness.peer_reads());
    let closed = acts.contains(&Act::Reset) || oracle.sent_close == pings.close;
    assert!(
        closed,
        "{:?} sent, not {:?}: {timers:?}, {acts:?}",
        pings.close, oracle.sent_close
    );
}

fn ended(end: &End) -> Ended {
    match end {
        End::Closed {
            by_peer, received, ..
        } => Ended::Closed {
            by_peer: *by_peer,
            code: reported_code(received.as_ref()).0,
        },
        End::Failed(_) => Ended::Failed,
        End::Lost { .. } => Ended::Lost,
        End::CloseTimeout => Ended::CloseTimeout,
        End::NoPong(_) => Ended::NoPong,
        End::Abandoned { .. } | End::NotAwaited { .. } => Ended::Abandoned,
    }
}

async fn play(harness: &mut Harness, pings: &mut Pings, act: Act) {
    let server = Role::Server;
    match act {
        Act::Text => harness.peer_writes(&text("hi").encode(server)),
        Act::Ping => harness.peer_writes(&ping("hi").encode(server)),
        Act::Pong => {
            pings.take(&harness.peer_reads());
            harness.peer_writes(&pong(&pings.last).encode(server));
        }
        Act::Close(code) => harness.peer_writes(&close(code, "").encode(server)),
        Act::Violation => harness.peer_writes(&frame(3, "").encode(server)),
        Act::Fin => harness.peer_ends(),
        Act::Reset => harness.reset(),
        Act::Input => {
            harness.script.send("line");
            harness.settle();
        }
        Act::EndOfInput => stop(harness, Stop::new(Cause::EndOfInput, Some(normal()))),
        Act::Interrupt => stop(harness, Stop::signal(Signal::Interrupt, Some(normal()))),
        Act::MaxTime => {
            let cause = Cause::MaxTime(Duration::from_secs(9));
            stop(harness, Stop::promptly(cause, Some(normal())));
        }
        Act::Second => harness.tick().await,
        Act::Seconds => {
            for _ in 0..5 {
                harness.tick().await;
            }
        }
    }
}

fn stop(harness: &mut Harness, stop: Stop) {
    harness.script.stop(stop);
    harness.settle();
}

fn normal() -> CloseFrame {
    CloseFrame::new(CloseCode::NORMAL, "")
}

fn connection(timers: Timers) -> Connection {
    let config = Config {
        close_timeout: seconds(timers.close),
        ping_interval: timers.ping.map(seconds),
        ping_timeout: timers.pong.map(seconds),
        idle_timeout: timers.idle.map(seconds),
        ..Config::new(Role::Client)
    };
    Connection::new(config, Buffer::with_capacity(32 << 10), random(), now())
}

fn seconds(seconds: i64) -> Duration {
    Duration::from_secs(seconds.unsigned_abs())
}

/// What the client wrote: its last ping, and its Close frame.
#[derive(Debug, Default)]
struct Pings {
    last: Vec<u8>,
    close: Option<u16>,
}

impl Pings {
    /// Takes whole frames of less than 126 bytes; claims that they are masked and end with the Close frame.
    #[track_caller]
    fn take(&mut self, mut bytes: &[u8]) {
        while let &[start, len, a, b, c, d, ref rest @ ..] = bytes {
            assert!(len & 0x80 != 0, "an unmasked frame");
            assert_eq!(self.close, None, "a frame after the Close frame");
            let (payload, after) = rest.split_at(usize::from(len & 0x7f));
            let key = [a, b, c, d];
            let payload = payload.iter().zip(key.iter().cycle());
            let payload: Vec<u8> = payload.map(|(byte, key)| byte ^ key).collect();
            match start {
                0x89 => self.last = payload,
                0x88 => {
                    let code = payload.first_chunk::<2>();
                    self.close = Some(code.map_or(1005, |code| u16::from_be_bytes(*code)));
                }
                0x81 | 0x8a => {}
                other => panic!("a frame that starts with {other:#x}"),
            }
            bytes = after;
        }
        assert!(bytes.is_empty(), "a torn frame");
    }
}
