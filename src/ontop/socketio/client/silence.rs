//! What is said of a server that is silent.

use std::time::Duration;

use super::Client;
use crate::exit::Exit;
use crate::ontop::socketio::engine::Version;
use crate::ontop::socketio::parser::Parser;
use crate::ontop::{Actions, Protocol, Refusal, Unsuited};
use crate::render::quantity;

/// How long the server may take to open the session, and to answer a request to join: the limit of the
/// reference client.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);
/// After how long without an open packet a user hears that this may be no Socket.IO server: a server sends it
/// at once, so that three seconds are many round trips.
pub(super) const DOUBT: Duration = Duration::from_secs(3);

impl Client {
    /// The server has said nothing for a while: if it may speak the other version, asks for that.
    pub(super) fn doubt(&mut self, actions: &mut Actions) {
        if self.version == Version::V3
            && let Some(reoffer) = self.reoffer(Unsuited::Version)
        {
            actions.reoffer(reoffer);
            let text = unopened_within(DOUBT);
            return actions.end(Refusal::silent(text, None));
        }
        actions.note(format!(
            "no Engine.IO open packet came within {}; waiting {} in all",
            quantity::duration(DOUBT),
            quantity::duration(PATIENCE)
        ));
        actions.hint(unopened_hint(self.version));
    }
}

pub(super) fn unopened(version: Version) -> Refusal {
    Refusal::silent(unopened_within(PATIENCE), unopened_hint(version))
}

fn unopened_within(patience: Duration) -> String {
    let patience = quantity::duration(patience);
    format!("the server sent no Engine.IO open packet within {patience}")
}

fn unopened_hint(version: Version) -> &'static str {
    match version {
        // Socket.IO 3 accepts the WebSocket of a version that it does not speak, and says nothing.
        Version::V3 => {
            "Socket.IO 3 says nothing when asked for EIO 3, try --eio auto; or is this another server?"
        }
        Version::V4 => "is this a Socket.IO server? try without --as, or another path",
    }
}

pub(super) fn silent(what: &str) -> Refusal {
    let patience = quantity::duration(PATIENCE);
    let text = format!("{what} within {patience}");
    Refusal::silent(text, "check that this is a Socket.IO server, and the path")
}

/// The server has closed in the place of an answer, as it does if its parser cannot read the request.
pub(super) fn unjoined(name: &str, parser: Parser) -> Refusal {
    let text = format!("the server closed before it answered the request to join namespace {name}");
    let hint = match parser {
        Parser::Json => {
            "it may have another parser: --parser msgpack speaks socket.io-msgpack-parser"
        }
        Parser::MessagePack => "it may have the usual parser; try without --parser msgpack",
    };
    Refusal {
        exit: Exit::ClosedWithError,
        may_pass: true,
        ..Refusal::refused(text, hint)
    }
}

/// Without pings for that long; unless it `is_sure` which version the server speaks, it may be the other.
pub(super) fn missing(version: Version, is_sure: bool, since: Duration) -> Refusal {
    let since = quantity::duration(since);
    let (text, other) = match version {
        Version::V4 => (
            format!("the server sent no ping for {since}"),
            "a server of EIO 3 (Socket.IO 2) never does; --eio 3 speaks to one",
        ),
        Version::V3 => (
            format!("the server did not answer a ping for {since}"),
            "a server of EIO 4 (Socket.IO 3 and 4) never does; --eio 4 speaks to one",
        ),
    };
    let hint = if is_sure {
        "the server hangs, or the network connection to it was lost; look into its log"
    } else {
        other
    };
    Refusal {
        text,
        hint: Some(hint.to_owned()),
        exit: Exit::NoPong,
        may_pass: true,
    }
}
