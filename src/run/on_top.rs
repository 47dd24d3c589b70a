//! A server that refuses a version of Engine.IO before there is a connection.

use crate::config::Connect;
use crate::ontop::Reoffer;
use crate::ontop::socketio::engine::Version;
use crate::session::{self, OpenError};

/// Asks for the other version from now on, if the server wants that and wsee may choose; returns what to say.
pub(super) fn other_version(
    error: &OpenError,
    connect: &Connect,
    options: &mut session::Options,
) -> Option<String> {
    let first = &connect.dialing.open.offer.target;
    let on_top = connect.dialing.on_top.as_ref();
    let on_top = on_top.filter(|_| options.offer.target == *first)?;
    let reoffer = on_top.reoffer(error, first)?;
    let mut note = reoffer.to_string();
    if reoffer == Reoffer::EngineIo(Version::V3) && on_top.auth.is_some() {
        note.push_str(" without --auth, which --eio 3 adds to the query");
    }
    options.offer_instead(reoffer).then_some(note)
}
