//! The server's half: hands events of clients to the other members of a channel.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::say::{is_presence, is_private};
use super::signature::signature;
use super::wire::{self, Packet};
use super::{code, see};
use crate::ontop::server::{Half, Hello, Notice, Pace, Served, Server, Topic, Why, nothing, same};
use crate::ontop::verb::{usage, values, word};
use crate::ontop::{Lines, Name, SayError, Seen, Verb};
use crate::proto::message::Kind;

pub static SERVER: Half = Half {
    name: Name::Pusher,
    title: "Pusher",
    description: "Pusher channels, protocol 7",
    path: "/app/key",
    subprotocols: &[],
    verbs: VERBS,
    read,
    covers: same,
    pace: Pace {
        greeting: None,
        ping: Some(Duration::from_secs(ACTIVITY)),
        // A client pings after the time of the greeting, and has 30 s for its pong.
        silence: Some(Duration::from_secs(ACTIVITY + 30)),
    },
    posted: nothing,
    serve: || Box::new(Pusher::default()),
};

/// After this silence clients ping, in seconds; the value of Pusher's own servers.
const ACTIVITY: u64 = 120;

const VERBS: &[Verb] = &[Verb {
    name: "trigger",
    args: "CHANNEL EVENT [JSON]",
    help: "send an event to those that are subscribed to a channel",
    example: "/trigger news update {\"id\":7}",
    lines: Lines::Json,
    check: |args| read("trigger", args).map(drop),
}];

fn read(_: &str, args: &str) -> Result<Notice, SayError> {
    let (channel, rest) = word(args.trim());
    let (event, rest) = word(rest);
    let mut data = values(rest)?.into_iter();
    match (data.next(), data.next()) {
        (data, None) if !event.is_empty() => {
            let data = data.unwrap_or_else(|| json!({}));
            Ok(notice(channel, event, &data, None))
        }
        _ => Err(usage(VERBS, "trigger")),
    }
}

fn notice(channel: &str, event: &str, data: &Value, user: Option<&Value>) -> Notice {
    let mut said = json!({"event": event, "data": data});
    if let Some(user) = user {
        said["user_id"] = user.clone();
    }
    Notice::about(channel, "trigger", said)
}

#[derive(Debug, Default)]
struct Pusher {
    /// Of the app.
    key: String,
    /// Two numbers, as those of Pusher's own servers.
    socket_id: String,
}

impl Server for Pusher {
    fn open(&mut self, hello: &Hello<'_>, to: &mut Served) {
        let (path, query) = hello.target.split_once('?').unwrap_or((hello.target, ""));
        let mut pairs = url::form_urlencoded::parse(query.as_bytes());
        let version = pairs.find(|(key, _)| key == "protocol").map(|it| it.1);
        let key = path.strip_prefix("/app/").unwrap_or_default();
        match version.as_deref() {
            _ if key.is_empty() => return refuse(4005, "Path not found", to),
            Some("5" | "6" | "7") => {}
            Some(_) => return refuse(4007, "Unsupported protocol version", to),
            None => return refuse(4008, "No protocol version supplied", to),
        }
        key.clone_into(&mut self.key);
        self.socket_id = socket_id(hello.id);
        to.open();
        // The data of a server's events is JSON in a string.
        let data = json!({"socket_id": self.socket_id, "activity_timeout": ACTIVITY});
        let event = "pusher:connection_established";
        let note = format!("socket id {}", self.socket_id);
        let seen = see::seen("connected", "session open").noting(note);
        send(event, None, &data.to_string().into(), seen, to);
    }

    fn hear(&mut self, kind: Kind, payload: &[u8], to: &mut Served) {
        let packet = match wire::decode(kind, payload) {
            Ok(packet) => packet,
            Err(reason) => return to.see_foreign(&reason, payload),
        };
        let text = |key: &str| packet.data[key].as_str().unwrap_or_default();
        match packet.event.as_str() {
            "pusher:ping" => {
                to.see(see::keepalive("ping"));
                send("pusher:pong", None, &json!({}), see::keepalive("pong"), to);
            }
            "pusher:pong" => to.see(see::keepalive("pong")),
            "pusher:subscribe" => self.subscribe(text("channel"), &packet, to),
            "pusher:unsubscribe" => {
                let channel = text("channel");
                to.see(see::seen("unsubscribe", format!("unsubscribe {channel}")));
                if to.unsubscribe(channel).is_some() {
                    self.leave(channel, to);
                }
            }
            event if event.starts_with("client-") => pass(&packet, payload.len(), to),
            _ => {
                to.see(see::received("event", &packet));
                to.note(format!("{} does nothing", packet.event));
            }
        }
    }

    fn hand(&mut self, notice: &Notice, topics: &[Topic], to: &mut Served) {
        let (_, said) = notice.said();
        let event = said["event"].as_str().unwrap_or_default();
        for topic in topics {
            let mut message = Map::new();
            message.insert("event".to_owned(), event.into());
            message.insert("channel".to_owned(), topic.name.as_str().into());
            let data = &said["data"];
            // What a client sends is handed on as it is.
            let sent = if event.starts_with("client-") {
                data.clone()
            } else {
                data.to_string().into()
            };
            message.insert("data".to_owned(), sent);
            let user = said.get("user_id");
            message.extend(user.map(|user| ("user_id".to_owned(), user.clone())));
            let packet = Packet {
                event: event.to_owned(),
                channel: Some(topic.name.clone()),
                data: data.clone(),
                user_id: user.cloned(),
            };
            to.send_json(&message.into(), see::received("event", &packet));
        }
    }

    fn end(&mut self, topic: &Topic, to: &mut Served) {
        self.leave(&topic.name, to);
        refuse_channel(&topic.name, "the channel is refused", to);
    }

    fn ping(&mut self, to: &mut Served) {
        send("pusher:ping", None, &json!({}), see::keepalive("ping"), to);
    }

    fn part(&mut self, why: Why, to: &mut Served) {
        match why {
            Why::Silent => refuse(4201, "Pong reply not received in time", to),
            Why::Leaving if to.is_open() => {
                error(4200, "Please reconnect immediately", to);
            }
            Why::Late | Why::Leaving => {}
        }
    }

    fn lost(&mut self, to: &mut Served) {
        let names: Vec<String> = to.topics.iter().map(|it| it.name.clone()).collect();
        for name in names {
            self.leave(&name, to);
        }
    }
}

impl Pusher {
    fn subscribe(&self, channel: &str, packet: &Packet, to: &mut Served) {
        let seen = see::seen("subscribe", format!("subscribe {channel}"));
        let seen = seen.with("channel", channel);
        let member = packet.data["channel_data"].as_str();
        to.see(seen.carrying(member.unwrap_or_default()));
        let auth = packet.data["auth"].as_str();
        let secret = to.hall.credentials.secret.as_ref();
        let is_signed = secret.is_none_or(|secret| {
            let (key, id) = (&self.key, &self.socket_id);
            let right = signature(key, secret.expose(), id, channel, member);
            auth == Some(right.as_str())
        });
        let member = member.map(serde_json::from_str::<Value>);
        let user = match member {
            _ if is_private(channel) && auth.is_none() => {
                return refuse_channel(channel, "a private channel wants auth", to);
            }
            _ if is_private(channel) && !is_signed => {
                return refuse_channel(channel, "the signature is wrong", to);
            }
            Some(Ok(member)) if !member["user_id"].is_null() => member,
            _ if is_presence(channel) => {
                return refuse_channel(channel, "channel_data has no user_id", to);
            }
            _ => Value::Null,
        };
        if channel.is_empty() {
            return error(4009, "subscribe has no channel", to);
        }
        if let Err(problem) = to.subscribe(channel, channel, user["user_id"].clone()) {
            return refuse_channel(channel, &problem.to_string(), to);
        }
        let mut data = json!({});
        if is_presence(channel) {
            let is_known = has(&to.hall.present(channel), &user);
            to.hall.enter(channel, &self.socket_id, user.clone());
            data = roll(&to.hall.present(channel));
            if !is_known {
                announce("pusher_internal:member_added", channel, &user, to);
            }
        }
        let event = "pusher_internal:subscription_succeeded";
        let seen = see::seen("subscribed", format!("subscribed to {channel}"));
        let seen = seen.with("channel", channel).with("data", data.clone());
        send(event, Some(channel), &data.to_string().into(), seen, to);
    }

    /// Tells the others of a presence channel that a member is gone.
    fn leave(&self, channel: &str, to: &mut Served) {
        if !is_presence(channel) {
            return;
        }
        let before = to.hall.present(channel);
        to.hall.leave(channel, &self.socket_id);
        let after = to.hall.present(channel);
        if let Some(user) = before.iter().find(|it| !has(&after, it)) {
            let gone = json!({"user_id": user["user_id"]});
            announce("pusher_internal:member_removed", channel, &gone, to);
        }
    }
}

fn pass(packet: &Packet, size: usize, to: &mut Served) {
    to.see(see::received("event", packet));
    let channel = packet.channel.as_deref().unwrap_or_default();
    let user = match to.topics.find(channel) {
        Some(topic) if is_private(channel) => topic.data.clone(),
        Some(_) => {
            return error(
                4301,
                "only private and presence channels take client events",
                to,
            );
        }
        None => return error(4301, "the channel is not subscribed to", to),
    };
    let user = Some(&user).filter(|it| !it.is_null());
    let notice = notice(channel, &packet.event, &packet.data, user);
    to.pass(to_others(notice), size);
}

/// Pusher sends what clients say to all but the one that says it.
fn to_others(notice: Notice) -> Notice {
    Notice {
        to_sender: false,
        ..notice
    }
}

fn announce(event: &str, channel: &str, user: &Value, to: &mut Served) {
    let notice = notice(channel, event, user, None);
    to.pass(to_others(notice), 0);
}

fn has(present: &[Value], user: &Value) -> bool {
    present.iter().any(|it| it["user_id"] == user["user_id"])
}

/// The members that are present, for a subscription.
fn roll(present: &[Value]) -> Value {
    let id = |it: &Value| match &it["user_id"] {
        Value::String(id) => id.clone(),
        other => other.to_string(),
    };
    let info = |it: &Value| it.get("user_info").cloned().unwrap_or_default();
    let hash: Map<String, Value> = present.iter().map(|it| (id(it), info(it))).collect();
    let ids: Vec<&String> = hash.keys().collect();
    json!({"presence": {"count": ids.len(), "ids": ids, "hash": hash}})
}

/// Two numbers, made of what nobody guesses.
fn socket_id(id: &str) -> String {
    let number = |part: &[u8]| {
        let add = |sum: u64, byte: &u8| sum.wrapping_mul(131).wrapping_add(u64::from(*byte));
        part.iter().fold(0, add) % 10_000_000_000
    };
    let (one, two) = id.as_bytes().split_at(id.len() / 2);
    format!("{}.{}", number(one), number(two))
}

fn refuse_channel(channel: &str, text: &str, to: &mut Served) {
    let data = json!({"type": "AuthError", "error": text, "status": 401});
    let seen = see::seen("refused", format!("refused {channel}"));
    let seen = seen.with("channel", channel).noting(text);
    let event = "pusher:subscription_error";
    send(event, Some(channel), &data, seen, to);
}

/// Sends an error, which ends nothing.
fn error(number: u64, text: &str, to: &mut Served) {
    let seen = see::seen("error", format!("error {number}"));
    let seen = seen.noting(code::explained(number).unwrap_or_default());
    let data = json!({"code": number, "message": text});
    send("pusher:error", None, &data, seen.carrying(text), to);
}

/// Ends the session with an error, whose code is that of the Close frame as well.
fn refuse(number: u16, text: &str, to: &mut Served) {
    error(number.into(), text, to);
    to.close(number, text);
}

fn send(event: &str, channel: Option<&str>, data: &Value, seen: Seen, to: &mut Served) {
    to.send(Kind::Text, wire::encode(event, channel, data), seen);
}
