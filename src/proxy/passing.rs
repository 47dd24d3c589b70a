//! A connection while it is open.

use std::rc::Rc;
use std::time::Instant;

use jiff::Timestamp;

use super::opening::Connected;
use super::pair::{Ends, Pair};
use super::touch::{Compression, Touch};
use super::way::Way;
use super::{Options, Visit};
use crate::acceptor;
use crate::event::{Evidence, Side, Symptom};
use crate::fault::{Faults, Faulty};
use crate::proto::Role as End;
use crate::proto::deflate::Params;
use crate::proto::watcher::Watcher;
use crate::session::Transport;

/// How much of a message is kept to be shown, in bytes: as much as is ever shown of one.
const SHOWN: usize = 64 << 10;

/// Passes everything on until the connection is over.
pub(super) async fn pass(
    front: &mut dyn Transport,
    connected: Connected,
    options: &Options,
    visit: &Visit,
    faults: Option<&Faults>,
) {
    let Connected {
        mut server,
        faults: server_faults,
        mut journal,
        deflate,
        early,
        evidence,
        path,
    } = connected;
    let is_faulty = faults.is_some() || server_faults.is_some();
    let is_kept = journal.recorder.is_some() || journal.log.has_events();
    let desk = options.desk.as_ref();
    let place = match &options.forward {
        Some(_) => format!("{}{path}", options.upstream.offer.host),
        None => path,
    };
    let seat = desk.map(|desk| desk.enter(visit.about(place)));
    let is_recorded = journal.recorder.is_some();
    let touch = |side| touch(side, (deflate, is_recorded), options, visit.number);
    let touches = [touch(Side::Client), touch(Side::Server)];
    let is_touched = touches.iter().any(Option::is_some);
    journal.await_leaving([Side::Client, Side::Server].map(|it| touches[it as usize].is_some()));
    let watcher = |role| {
        let limit = if is_kept || is_touched {
            usize::try_from(options.max_message).unwrap_or(usize::MAX)
        } else {
            SHOWN
        };
        let is_watched = is_kept || is_faulty || is_touched || journal.log.wants_messages();
        is_watched.then(|| Watcher::new(role, deflate, limit, options.max_message))
    };
    let [touch_client, touch_server] = touches;
    let mut pair = Pair {
        client: Way::new(
            Side::Client,
            watcher(End::Client),
            server_faults.is_some(),
            touch_client,
        ),
        server: Way::new(
            Side::Server,
            watcher(End::Server),
            faults.is_some(),
            touch_server,
        ),
        faults: [faults.cloned(), server_faults.clone()],
        seat,
    };
    let now = Instant::now();
    for faults in pair.faults.iter().flatten() {
        faults.open(now);
    }
    journal.watch_for(&pair.faults);
    pair.client.begin(early.0.filled(), &mut journal);
    pair.server.begin(early.1.filled(), &mut journal);
    drop(early);
    let signals = visit.signals.clone();
    match server_faults {
        None => {
            let ends = Ends {
                client: front,
                server: &mut server,
            };
            pair.run(ends, &mut journal, signals).await;
        }
        Some(faults) => {
            let mut server = Faulty::new(server, faults.clone());
            let ends = Ends {
                client: front,
                server: &mut server,
            };
            pair.run(ends, &mut journal, signals).await;
            Box::pin(finish(&mut server, &faults, visit)).await;
        }
    }
    let evidence = Evidence {
        symptom: Symptom::Ended,
        time: Timestamp::now(),
        ..*evidence
    };
    let passed = (pair.client.traffic(), pair.server.traffic());
    journal.close(passed, pair.client.is_watched(), Box::new(evidence));
}

/// What rules and the user need to touch the messages of one end; `None` if neither can.
fn touch(
    side: Side,
    (deflate, is_recorded): (Option<Params>, bool),
    options: &Options,
    connection: u64,
) -> Option<Touch> {
    if !options.rules.are_for(side) && options.desk.is_none() {
        return None;
    }
    let has_context = deflate.is_some_and(|params| match side {
        Side::Client => !params.client_no_context_takeover,
        Side::Server => !params.server_no_context_takeover,
    });
    let compression = if has_context {
        Compression::Context
    } else {
        Compression::Independent
    };
    let rules = Rc::clone(&options.rules);
    let desk = options.desk.clone().map(|desk| (desk, connection));
    Some(Touch::new(
        side,
        rules,
        desk,
        compression,
        options.max_message,
        is_recorded,
    ))
}

/// Sends what is delayed, and keeps the stream for as long as a fault wants it open.
pub(super) async fn finish<S: Transport>(stream: &mut Faulty<S>, faults: &Faults, visit: &Visit) {
    let text = |kept: &str| format!("* the stream was kept open for {kept}");
    acceptor::finish(stream, faults, &visit.log, visit.signals.clone(), text).await;
}
