//! Socket.IO: the version, and the path and query that its servers need.

use serde_json::Value;
use url::form_urlencoded;

use super::query::{add, has, has_key};
use crate::cli::{Eio, OnTopArgs, SocketIoParser, Transport};
use crate::config::target::Target;
use crate::ontop::Name;
use crate::ontop::socketio::Parser;
use crate::ontop::socketio::engine::Version;
use crate::session::Polling;

pub(super) fn version(args: &OnTopArgs, target: &Target) -> Version {
    let is_auto = matches!(args.eio, None | Some(Eio::Auto));
    if args.eio == Some(Eio::V3) || is_auto && has(target, "EIO=3") {
        Version::V3
    } else {
        Version::V4
    }
}

pub(super) fn parser(args: &OnTopArgs) -> Parser {
    match args.parser {
        Some(SocketIoParser::Msgpack) => Parser::MessagePack,
        Some(SocketIoParser::Json) | None => Parser::Json,
    }
}

/// The options of long polling, if it begins with that.
pub(super) fn polling(transport: Transport, limit: usize) -> Option<Polling> {
    (transport != Transport::Websocket).then_some(Polling {
        upgrades: transport == Transport::Upgrade,
        // Binary data is base64 in it.
        limit: (limit / 3).saturating_mul(4).saturating_add(BESIDE),
    })
}

/// What an answer may hold beside one message of the largest size, in bytes.
const BESIDE: usize = 64 << 10;

/// What `--transport` says, or else the query.
pub(super) fn transport(args: &OnTopArgs, target: &Target) -> Transport {
    let by_query = if has(target, POLLING) {
        Transport::Polling
    } else {
        Transport::Websocket
    };
    args.transport.unwrap_or(by_query)
}

const POLLING: &str = "transport=polling";
const WEBSOCKET: &str = "transport=websocket";

/// Adds the path and the query that the server needs, unless they are given.
pub(super) fn complete(
    target: &mut Target,
    name: Name,
    version: Version,
    transport: Transport,
) -> Option<String> {
    let typed = target.request_target.clone();
    if target.request_target == "/" || target.request_target.starts_with("/?") {
        target.request_target.insert_str(1, "socket.io/");
    }
    if !has_key(target, "EIO") {
        add(target, &format!("EIO={}", version.number()));
    }
    let (wanted, other) = match transport {
        Transport::Websocket => (WEBSOCKET, POLLING),
        Transport::Polling | Transport::Upgrade => (POLLING, WEBSOCKET),
    };
    if has(target, other) {
        target.request_target = target.request_target.replacen(other, wanted, 1);
    } else if !has_key(target, "transport") {
        add(target, wanted);
    }
    let (name, filled) = (name.as_str(), &target.request_target);
    (*filled != typed).then(|| format!("--as {name} asks for {filled}"))
}

/// Version 3 has the credentials in the query.
pub(super) fn add_auth(target: &mut Target, version: Version, auth: Option<&Value>) {
    let (Version::V3, Some(Value::Object(auth))) = (version, auth) else {
        return;
    };
    for (key, value) in auth {
        let value = value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned);
        let mut pair = form_urlencoded::Serializer::new(String::new());
        add(target, &pair.append_pair(key, &value).finish());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn completed(url: &str, version: Version) -> String {
        let mut target = Target::parse(url).expect(url);
        complete(&mut target, Name::SocketIo, version, Transport::Websocket);
        target.request_target
    }

    #[test]
    fn the_url_is_completed_where_it_says_nothing() {
        for (url, version, target) in [
            (
                "http://h:3000",
                Version::V4,
                "/socket.io/?EIO=4&transport=websocket",
            ),
            (
                "https://h/",
                Version::V3,
                "/socket.io/?EIO=3&transport=websocket",
            ),
            (
                "ws://h/?a=b",
                Version::V4,
                "/socket.io/?a=b&EIO=4&transport=websocket",
            ),
            (
                "ws://h/my/path/",
                Version::V4,
                "/my/path/?EIO=4&transport=websocket",
            ),
            (
                "ws://h/x/?transport=websocket&EIO=4",
                Version::V4,
                "/x/?transport=websocket&EIO=4",
            ),
        ] {
            assert_eq!(completed(url, version), target, "{url}");
        }
    }

    #[test]
    fn a_query_with_version_3_is_believed() {
        let args = OnTopArgs::default();
        let target = |url| Target::parse(url).expect(url);
        assert_eq!(version(&args, &target("ws://h/?EIO=3")), Version::V3);
        assert_eq!(version(&args, &target("ws://h/?EIO=33")), Version::V4);
    }
}
