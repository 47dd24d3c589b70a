//! Recognises protocols on top of WebSocket, and what a person must send first.

use crate::proto::connection::Message;
use crate::proto::message::Kind;

/// The largest message to inspect, in bytes: what identifies a protocol is short.
const LOOKED_AT: usize = 64 << 10;

/// A protocol on top of WebSocket, recognised at most once per connection.
#[derive(Debug, Clone, Default)]
pub struct Dialect {
    /// The request target, until the protocol is known or the first message was inspected.
    target: Option<String>,
}

impl Dialect {
    pub fn ignored() -> Self {
        Self::default()
    }

    /// A hint from the opening handshake; without one the first message decides.
    pub fn opened(target: &str, subprotocol: Option<&str>) -> (Self, Option<&'static str>) {
        let hint = subprotocol
            .and_then(of_subprotocol)
            .or_else(|| of_target(target));
        let target = hint.is_none().then(|| target.to_owned());
        (Self { target }, hint)
    }

    pub fn is_pending(&self) -> bool {
        self.target.is_some()
    }

    /// A hint from the first message.
    pub fn message(&mut self, message: &Message<'_>) -> Option<&'static str> {
        let target = self.target.take()?;
        let is_small = message.payload.len() <= LOOKED_AT;
        (message.start && message.end && is_small)
            .then(|| of_message(message.kind, message.payload, &target))?
    }
}

const ENGINE_IO_4: &str = "this speaks Engine.IO 4 (Socket.IO); add --as socket.io";
const ENGINE_IO_3: &str = "this speaks Engine.IO 3 (Socket.IO 2); add --as socket.io";
const GRAPHQL: &str = "this speaks graphql-transport-ws; add --as graphql";
const GRAPHQL_LEGACY: &str = "this speaks the older graphql-ws; add --as graphql";
const JSON_RPC: &str = "this speaks JSON-RPC 2.0; add --as jsonrpc";
const ACTION_CABLE: &str = "this speaks Action Cable; add --as actioncable";
const SIGNALR: &str = "this speaks SignalR; add --as signalr";
const PUSHER: &str = "this speaks Pusher; add --as pusher";
const STOMP: &str = "this speaks STOMP; add --as stomp";
const MQTT: &str = "this speaks MQTT; add --as mqtt";
const SOCKJS: &str = "this speaks SockJS; add --as sockjs";
const CENTRIFUGO: &str = "this speaks Centrifugo; add --as centrifugo";
const WAMP: &str = "this speaks WAMP; add --as wamp";
const OCPP: &str = "this speaks OCPP; add --as ocpp";
const NOSTR: &str = "this speaks Nostr; add --as nostr";
const PHOENIX: &str = "this speaks Phoenix channels; add --as phoenix";

/// The server's subprotocol is conclusive.
fn of_subprotocol(name: &str) -> Option<&'static str> {
    Some(match name {
        "graphql-transport-ws" => GRAPHQL,
        "graphql-ws" => GRAPHQL_LEGACY,
        "actioncable-v1-json" => ACTION_CABLE,
        "mqtt" | "mqttv3.1" => MQTT,
        "wamp.2.json" => WAMP,
        name if name.starts_with("ocpp") => OCPP,
        "v10.stomp" | "v11.stomp" | "v12.stomp" => STOMP,
        _ => return None,
    })
}

/// A query that only one protocol uses.
fn of_target(target: &str) -> Option<&'static str> {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let has = |pair: &str| query.split('&').any(|it| it == pair);
    match path {
        _ if has("transport=websocket") && has("EIO=4") => Some(ENGINE_IO_4),
        _ if has("transport=websocket") && has("EIO=3") => Some(ENGINE_IO_3),
        _ if path.ends_with("/websocket") && (has("vsn=2.0.0") || has("vsn=1.0.0")) => {
            Some(PHOENIX)
        }
        // Supabase Realtime.
        "/realtime/v1/websocket" if !query.is_empty() => Some(PHOENIX),
        "/connection/websocket" => Some(CENTRIFUGO),
        _ => None,
    }
}

fn of_message(kind: Kind, payload: &[u8], target: &str) -> Option<&'static str> {
    if kind == Kind::Binary {
        return is_connack(payload).then_some(MQTT);
    }
    let text = std::str::from_utf8(payload).ok()?;
    let json = |text: &str| serde_json::from_str::<serde_json::Value>(text).ok();
    if let Some(open) = text.strip_prefix('0').and_then(json) {
        // Version 4 announces the largest message, version 3 does not.
        let is_open = open.get("sid").is_some() && open.get("pingInterval").is_some();
        let version = if open.get("maxPayload").is_some() || target.contains("EIO=4") {
            ENGINE_IO_4
        } else {
            ENGINE_IO_3
        };
        return is_open.then_some(version);
    }
    if text.starts_with('{') && text.ends_with('\x1e') {
        return Some(SIGNALR);
    }
    if text.starts_with("CONNECTED\n") && text.trim_end().ends_with('\0') {
        return Some(STOMP);
    }
    if text == "o" {
        return Some(SOCKJS);
    }
    let value = json(text)?;
    let is_phoenix = |name: Option<&serde_json::Value>| {
        name.and_then(|it| it.as_str())
            .is_some_and(|it| it.starts_with("phx_"))
    };
    match &value {
        serde_json::Value::Object(object)
            if object
                .get("jsonrpc")
                .is_some_and(|version| version == "2.0") =>
        {
            Some(JSON_RPC)
        }
        serde_json::Value::Array(parts) if parts.len() == 5 && is_phoenix(parts.get(3)) => {
            Some(PHOENIX)
        }
        serde_json::Value::Object(object)
            if object.get("type").is_some_and(|it| it == "welcome") && object.len() <= 2 =>
        {
            Some(ACTION_CABLE)
        }
        serde_json::Value::Object(_) if is_phoenix(value.get("event")) => Some(PHOENIX),
        serde_json::Value::Object(object)
            if object
                .get("event")
                .and_then(|it| it.as_str())
                .is_some_and(|it| it.starts_with("pusher:")) =>
        {
            Some(PUSHER)
        }
        serde_json::Value::Array(parts) => of_array(parts),
        _ => None,
    }
}

/// By what comes first in an array.
fn of_array(parts: &[serde_json::Value]) -> Option<&'static str> {
    match parts {
        [number, id, action, payload] if *number == 2 => {
            let is_call = id.is_string() && action.is_string() && payload.is_object();
            is_call.then_some(OCPP)
        }
        [name, text] if *name == "AUTH" || *name == "EOSE" => text.is_string().then_some(NOSTR),
        [name, _, event] if *name == "EVENT" => event.get("sig").map(|_| NOSTR),
        _ => None,
    }
}

/// MQTT 3.1.1 §3.2: the reply to CONNECT.
fn is_connack(payload: &[u8]) -> bool {
    matches!(payload, [0x20, 0x02, 0 | 1, 0..=5])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(kind: Kind, payload: &[u8], target: &str) -> Option<&'static str> {
        let (mut dialect, hint) = Dialect::opened(target, None);
        assert_eq!(hint, None, "{target}");
        let message = Message::whole(kind, payload, None);
        let hint = dialect.message(&message);
        assert_eq!(dialect.message(&message), None, "told once");
        hint
    }

    #[test]
    fn the_handshake_reveals_the_dialect() {
        let opened = |target, subprotocol| Dialect::opened(target, subprotocol).1;
        assert_eq!(opened("/", Some("graphql-transport-ws")), Some(GRAPHQL));
        assert_eq!(opened("/", Some("graphql-ws")), Some(GRAPHQL_LEGACY));
        assert_eq!(opened("/ws", Some("mqtt")), Some(MQTT));
        assert_eq!(opened("/ws", Some("v12.stomp")), Some(STOMP));
        assert_eq!(
            opened("/cable", Some("actioncable-v1-json")),
            Some(ACTION_CABLE)
        );
        assert_eq!(
            opened("/socket.io/?EIO=4&transport=websocket", None),
            Some(ENGINE_IO_4)
        );
        assert_eq!(
            opened("/x/?transport=websocket&EIO=3", None),
            Some(ENGINE_IO_3)
        );
        assert_eq!(opened("/socket/websocket?vsn=2.0.0", None), Some(PHOENIX));
        assert_eq!(
            opened("/realtime/v1/websocket?apikey=x", None),
            Some(PHOENIX)
        );
        assert_eq!(opened("/connection/websocket", None), Some(CENTRIFUGO));
        assert_eq!(opened("/ws", Some("wamp.2.json")), Some(WAMP));
        assert_eq!(opened("/CP1", Some("ocpp2.0.1")), Some(OCPP));
        assert_eq!(opened("/socket/websocket", None), None);
        assert_eq!(opened("/?EIO=44&transport=websocket", Some("chat")), None);
    }

    #[test]
    fn the_first_message_reveals_the_dialect() {
        let text = |text: &str| message(Kind::Text, text.as_bytes(), "/");
        assert_eq!(
            text("0{\"sid\":\"a\",\"pingInterval\":1,\"maxPayload\":1}"),
            Some(ENGINE_IO_4)
        );
        assert_eq!(
            text("0{\"sid\":\"a\",\"pingInterval\":1}"),
            Some(ENGINE_IO_3)
        );
        assert_eq!(text("{}\x1e"), Some(SIGNALR));
        assert_eq!(
            text("{\"event\":\"pusher:error\",\"data\":{}}"),
            Some(PUSHER)
        );
        assert_eq!(text("{\"type\":\"welcome\"}"), Some(ACTION_CABLE));
        assert_eq!(text("CONNECTED\nversion:1.2\n\n\0\n"), Some(STOMP));
        assert_eq!(text("[null,\"1\",\"t\",\"phx_reply\",{}]"), Some(PHOENIX));
        assert_eq!(text("{\"event\":\"phx_reply\"}"), Some(PHOENIX));
        assert_eq!(
            text("{\"jsonrpc\":\"2.0\",\"method\":\"m\"}"),
            Some(JSON_RPC)
        );
        assert_eq!(text("o"), Some(SOCKJS));
        assert_eq!(text("[2,\"1\",\"Reset\",{}]"), Some(OCPP));
        assert_eq!(text("[\"AUTH\",\"x\"]"), Some(NOSTR));
        assert_eq!(text("[\"EVENT\",\"1\",{\"sig\":\"x\"}]"), Some(NOSTR));
        assert_eq!(message(Kind::Binary, b"\x20\x02\x00\x00", "/"), Some(MQTT));
        for other in [
            "",
            "0",
            "{}",
            "[1,2,3,4,5]",
            "hello",
            "0{\"sid\":1}",
            "CONNECTED",
        ] {
            assert_eq!(text(other), None, "{other:?}");
        }
        assert_eq!(message(Kind::Binary, b"\x20\x02\x00\x09", "/"), None);
    }
}
