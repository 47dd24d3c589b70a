//! What is said of a server that is silent.

use std::time::Duration;

use crate::exit::Exit;
use crate::ontop::Refusal;
use crate::ontop::socketio::engine::Version;
use crate::render::quantity;

/// How long the server may take to open the session, and to answer a request to join: the limit of the
/// reference client.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);
/// After how long without an open packet a user hears that this may be no Socket.IO server: a server sends it
/// at once, so that three seconds are many round trips.
pub(super) const DOUBT: Duration = Duration::from_secs(3);

pub(super) fn unopened(version: Version) -> Refusal {
    Refusal {
        hint: Some(unopened_hint(version).to_owned()),
        ..silent("the server sent no Engine.IO open packet")
    }
}

pub(super) fn unopened_hint(version: Version) -> &'static str {
    match version {
        // Socket.IO 3 accepts the WebSocket of a version that it does not speak, and says nothing.
        Version::V3 => "a server of Socket.IO 3 does so; --eio 4 speaks to one",
        Version::V4 => "is this a Socket.IO server? try without --as, or another path",
    }
}

pub(super) fn still_silent() -> String {
    format!(
        "no Engine.IO open packet came within {}; waiting {} in all",
        quantity::duration(DOUBT),
        quantity::duration(PATIENCE)
    )
}

pub(super) fn silent(what: &str) -> Refusal {
    let patience = quantity::duration(PATIENCE);
    let text = format!("{what} within {patience}");
    Refusal::silent(text, "check that this is a Socket.IO server, and the path")
}

pub(super) fn missing(version: Version, since: Duration) -> Refusal {
    let since = quantity::duration(since);
    let (text, hint) = match version {
        Version::V4 => (
            format!("the server sent no ping for {since}"),
            "a server of EIO 3 (Socket.IO 2) never does; --eio 3 speaks to one",
        ),
        Version::V3 => (
            format!("the server did not answer a ping for {since}"),
            "a server of EIO 4 (Socket.IO 3 and 4) never does; --eio 4 speaks to one",
        ),
    };
    Refusal {
        text,
        hint: Some(hint.to_owned()),
        exit: Exit::NoPong,
        may_pass: true,
    }
}
