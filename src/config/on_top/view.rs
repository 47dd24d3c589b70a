//! `SockJS`, Centrifugo, WAMP and OCPP: the paths and the subprotocols that their servers need.

use crate::config::target::Target;
use crate::ontop::Name;
use crate::ontop::view::{ocpp, wamp};

/// Where `SockJS` has its WebSocket, below a server and a session.
const TRANSPORT: &str = "/websocket";
const CENTRIFUGO: &str = "/connection/websocket";

pub(super) fn complete(name: Name, target: &mut Target) -> Option<String> {
    match name {
        Name::SockJs => sockjs(target),
        Name::Centrifugo => centrifugo(target),
        _ => None,
    }
}

pub(super) fn subprotocols(name: Name) -> &'static [&'static str] {
    match name {
        Name::Wamp => &[wamp::SUBPROTOCOL],
        Name::Ocpp => &ocpp::SUBPROTOCOLS,
        _ => &[],
    }
}

/// Adds a server and a session of `SockJS` to the path, as its client does; a path that ends in /websocket is whole.
fn sockjs(target: &mut Target) -> Option<String> {
    let typed = target.request_target.clone();
    let path = typed.split('?').next().unwrap_or_default();
    if path.ends_with(TRANSPORT) {
        return None;
    }
    let (server, session) = (rand::random_range(0..1000), rand::random::<u32>());
    let base = path.trim_end_matches('/');
    let filled = format!("{base}/{server:03}/{session:08x}{TRANSPORT}");
    target.request_target.replace_range(..path.len(), &filled);
    Some(format!("--as sockjs asks for {filled}"))
}

/// Adds the path of Centrifugo if there is none.
fn centrifugo(target: &mut Target) -> Option<String> {
    let typed = &target.request_target;
    if typed != "/" && !typed.starts_with("/?") {
        return None;
    }
    target.request_target.replace_range(..1, CENTRIFUGO);
    Some(format!("--as centrifugo asks for {CENTRIFUGO}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sockjs_gets_a_server_and_a_session() {
        let mut target = Target::parse("ws://h/echo/?a=b").expect("a URL");
        sockjs(&mut target).expect("a note");
        let parts: Vec<&str> = target.request_target.split('/').collect();
        let [_, "echo", server, session, "websocket?a=b"] = parts[..] else {
            panic!("{}", target.request_target);
        };
        assert_eq!((server.len(), session.len()), (3, 8));
        let mut target = Target::parse("ws://h/echo/1/2/websocket").expect("a URL");
        assert_eq!(sockjs(&mut target), None);
    }

    #[test]
    fn centrifugo_gets_its_path_where_there_is_none() {
        for (url, path) in [
            ("ws://h?cf_ws=1", "/connection/websocket?cf_ws=1"),
            ("ws://h/ws", "/ws"),
        ] {
            let mut target = Target::parse(url).expect(url);
            centrifugo(&mut target);
            assert_eq!(target.request_target, path);
        }
    }
}
