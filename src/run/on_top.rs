//! A server that refuses a protocol on top before there is a connection.

use std::borrow::Cow;

use crate::config::Connect;
use crate::ontop::Refusal;
use crate::ontop::socketio::{self, engine::RefusalCode};
use crate::session::{self, OpenError, OpenProblem};
use crate::speaker;

pub(super) const OTHER_VERSION: &str =
    "the server does not speak EIO 4; trying EIO 3 (Socket.IO 2)";

const VERSION_4: &str = "EIO=4";
const VERSION_3: &str = "EIO=3";

/// What the protocol on top says about a refused upgrade.
pub(super) fn refusal(error: &OpenError, connect: &Connect) -> Option<Refusal> {
    connect.dialing.on_top.as_ref()?;
    socketio::refusal(&body(error)?)
}

fn body(error: &OpenError) -> Option<Cow<'_, str>> {
    match &error.problem {
        OpenProblem::Refused(refused) => Some(String::from_utf8_lossy(refused.body.content())),
        _ => None,
    }
}

/// Whether the server wants another version of Engine.IO, and wsee may choose it.
pub(super) fn is_other_version(error: &OpenError, connect: &Connect) -> bool {
    let on_top = connect.dialing.on_top.as_ref();
    let is_auto = on_top.is_some_and(speaker::Options::follows_version);
    let code = body(error).and_then(|body| socketio::refusal_code(&body));
    is_auto && code == Some(RefusalCode::Version)
}

/// Asks for version 3 from now on; `false` if that was done already.
pub(super) fn try_other_version(options: &mut session::Options) -> bool {
    let is_first = options.offer.target.contains(VERSION_4);
    options.offer.target = options.offer.target.replace(VERSION_4, VERSION_3);
    let query = options
        .url
        .query()
        .map(|it| it.replace(VERSION_4, VERSION_3));
    options.url.set_query(query.as_deref());
    is_first
}
