//! A server that refuses a version of Engine.IO before there is a connection.

use crate::config::Connect;
use crate::ontop::socketio::{self, engine::RefusalCode};
use crate::session::{self, OpenError, OpenProblem};
use crate::speaker;

const VERSION_4: &str = "EIO=4";
const VERSION_3: &str = "EIO=3";

/// Whether the server wants another version of Engine.IO, and wsee may choose it.
pub(super) fn is_other_version(error: &OpenError, connect: &Connect) -> bool {
    let on_top = connect.dialing.on_top.as_ref();
    let is_auto = on_top.is_some_and(speaker::Options::follows_version);
    let wants_other = match &error.problem {
        OpenProblem::OtherVersion(_) => true,
        OpenProblem::Refused(refused) => {
            let body = String::from_utf8_lossy(refused.body.content());
            socketio::refusal_code(&body) == Some(RefusalCode::Version)
        }
        _ => false,
    };
    is_auto && wants_other
}

/// Asks for the other version from now on, and says so.
pub(super) fn try_other_version(options: &mut session::Options) -> &'static str {
    let (from, to, note) = if options.offer.target.contains(VERSION_4) {
        let note = "the server does not speak EIO 4; trying EIO 3 (Socket.IO 2)";
        (VERSION_4, VERSION_3, note)
    } else {
        let note = "the server does not speak EIO 3; trying EIO 4 (Socket.IO 3 and 4)";
        (VERSION_3, VERSION_4, note)
    };
    options.offer.target = options.offer.target.replace(from, to);
    let query = options.url.query().map(|it| it.replace(from, to));
    options.url.set_query(query.as_deref());
    note
}
