//! A session that the server has opened, and the targets of its requests.

use std::rc::Rc;

use url::form_urlencoded;

use crate::ontop::socketio::engine::Version;
use crate::session::options::Options;

/// The most bytes of packets in a POST when the server names no limit, as those of version 3: their default
/// was lowered to a million.
const MOST: usize = 1_000_000;
#[derive(Debug)]
pub(super) struct Session {
    pub(super) options: Rc<Options>,
    pub(super) version: Version,
    pub(super) sid: String,
    /// Whether the server and the user want a WebSocket to take over.
    pub(super) upgrades: bool,
    pub(super) max_payload: Option<u64>,
}

impl Session {
    /// The target of the next request with this transport.
    pub(super) fn target(&self, transport: &str) -> String {
        let sid: String = form_urlencoded::byte_serialize(self.sid.as_bytes()).collect();
        let target = with_transport(&self.options.offer.target, transport);
        format!("{target}&sid={sid}")
    }

    /// The most bytes of packets in a POST.
    pub(super) fn most(&self) -> usize {
        let most = self.max_payload.and_then(|it| usize::try_from(it).ok());
        most.unwrap_or(MOST)
    }
}

/// The target with another value of `transport` in its query.
fn with_transport(target: &str, transport: &str) -> String {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let pairs = query.split('&').filter(|it| !it.is_empty());
    let mut pairs: Vec<String> = pairs
        .filter(|it| !it.starts_with("transport="))
        .map(str::to_owned)
        .collect();
    pairs.push(format!("transport={transport}"));
    format!("{path}?{}", pairs.join("&"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_transport_is_replaced_and_everything_else_stays() {
        for (target, expected) in [
            (
                "/socket.io/?EIO=4&transport=polling",
                "/socket.io/?EIO=4&transport=websocket",
            ),
            (
                "/x/?transport=polling&a=b&EIO=3",
                "/x/?a=b&EIO=3&transport=websocket",
            ),
            ("/x/", "/x/?transport=websocket"),
        ] {
            assert_eq!(with_transport(target, "websocket"), expected);
        }
    }
}
