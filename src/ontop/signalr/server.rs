//! The server's half: answers invocations with their arguments, and keeps streams open.

use std::time::Duration;

use serde_json::{Value, json};

use super::negotiation;
use super::say;
use super::see;
use super::wire::{self, Outcome, Record};
use crate::ontop::server::{Half, Notice, Pace, Served, Server, Topic, Why, same};
use crate::ontop::verb::{usage, values, word};
use crate::ontop::{Lines, Name, SayError, Seen, Verb};
use crate::proto::message::Kind;

pub static SERVER: Half = Half {
    name: Name::SignalR,
    title: "SignalR",
    description: "SignalR, in JSON",
    path: "/",
    subprotocols: &[],
    verbs: VERBS,
    read,
    covers: same,
    pace: Pace {
        // These are those of ASP.NET Core: HandshakeTimeout, KeepAliveInterval and ClientTimeoutInterval.
        greeting: Some(Duration::from_secs(15)),
        ping: Some(Duration::from_secs(15)),
        silence: Some(Duration::from_secs(30)),
    },
    posted: negotiation::offer,
    serve: || Box::new(SignalR),
};

const VERBS: &[Verb] = &[
    Verb {
        name: "invoke",
        args: "TARGET [JSON…]",
        help: "call a method of all clients",
        example: "/invoke ReceiveMessage \"me\" \"hello\"",
        lines: Lines::Json,
        check: |args| read("invoke", args).map(drop),
    },
    Verb {
        name: "item",
        args: "TARGET JSON",
        help: "send an item to the streams of TARGET",
        example: "/item Counter 7",
        lines: Lines::Json,
        check: |args| read("item", args).map(drop),
    },
    Verb {
        name: "complete",
        args: "TARGET [TEXT]",
        help: "end the streams of TARGET, with TEXT as an error",
        example: "/complete Counter",
        lines: Lines::No,
        check: |args| read("complete", args).map(drop),
    },
];

fn read(verb: &str, args: &str) -> Result<Notice, SayError> {
    let (target, rest) = word(args.trim());
    match verb {
        _ if target.is_empty() => Err(usage(VERBS, verb)),
        "item" => {
            let mut items = values(rest)?.into_iter();
            match (items.next(), items.next()) {
                (Some(item), None) => Ok(Notice::about(target, "item", item)),
                _ => Err(usage(VERBS, verb)),
            }
        }
        "complete" => Ok(Notice::about(target, "complete", rest.trim().into())),
        _ => {
            let say::Call { target, arguments } = say::call(verb, args)?;
            let said = json!({"target": target, "arguments": arguments});
            Ok(Notice::to_all("invoke", said))
        }
    }
}

#[derive(Debug)]
struct SignalR;

impl Server for SignalR {
    fn hear(&mut self, kind: Kind, payload: &[u8], to: &mut Served) {
        let decoded = wire::decode(kind, payload);
        for (bytes, record) in decoded.records {
            match record {
                Ok(Record::Handshake(_)) => handshake(bytes, to),
                Ok(_) if !to.is_open() => {
                    to.see(see::unreadable("the handshake comes first", bytes));
                    to.close(1002, "the handshake comes first");
                }
                Ok(record) => hear(record, to),
                Err(reason) => {
                    to.see(see::unreadable(&reason, bytes));
                    close(&format!("Error reading a message: {reason}"), to);
                }
            }
        }
        if decoded.more > 0 {
            to.note("more records of the message are not looked at");
        }
    }

    fn hand(&mut self, notice: &Notice, topics: &[Topic], to: &mut Served) {
        let (verb, said) = notice.said();
        if verb == "invoke" {
            let target = said["target"].as_str().unwrap_or_default();
            let record = json!({"type": 1, "target": target, "arguments": said["arguments"]});
            return send(
                &record,
                see::invocation(None, target, said["arguments"].clone()),
                to,
            );
        }
        for topic in topics {
            let (id, name) = (topic.id.as_str(), topic.name.as_str());
            if verb == "item" {
                let record = json!({"type": 2, "invocationId": id, "item": said});
                let seen = see::item(id, said.clone(), None).with("target", name);
                send(&record, seen.noting(format!("of {name}")), to);
            } else {
                to.unsubscribe(id);
                let outcome = match said.as_str().filter(|it| !it.is_empty()) {
                    Some(error) => Outcome::Error(error.to_owned()),
                    None => Outcome::Void,
                };
                complete(id, name, &outcome, to);
            }
        }
    }

    fn end(&mut self, topic: &Topic, to: &mut Served) {
        complete(&topic.id, &topic.name, &refused(), to);
    }

    fn ping(&mut self, to: &mut Served) {
        send(
            &json!({"type": 6}),
            Seen::keepalive(Name::SignalR, "ping"),
            to,
        );
    }

    fn part(&mut self, why: Why, to: &mut Served) {
        match why {
            Why::Late => to.close(1002, "no handshake in time"),
            Why::Silent => close("the client sent nothing, and no ping, for 30 s", to),
            Why::Leaving if to.is_open() => {
                let seen = see::seen("close", "close").with("allowReconnect", true);
                send(&json!({"type": 7, "allowReconnect": true}), seen, to);
            }
            Why::Leaving => {}
        }
    }
}

fn hear(record: Record, to: &mut Served) {
    match record {
        Record::Invocation {
            id,
            target,
            arguments,
        } => {
            let expected = match id {
                Some(_) => say::Expected::Result,
                None => say::Expected::Nothing,
            };
            to.see(see::call(&target, &arguments, id.as_deref(), expected));
            let Some(id) = id else {
                return;
            };
            let outcome = if to.hall.refuses(&target) {
                refused()
            } else {
                Outcome::Result(arguments)
            };
            complete(&id, &target, &outcome, to);
        }
        Record::Ping => to.see(Seen::keepalive(Name::SignalR, "ping")),
        Record::Close { error, .. } => {
            to.see(see::seen("close", "close").carrying(error.unwrap_or_default()));
            to.close(1000, "");
        }
        Record::Item { id, item } => {
            let seen = see::seen("item", format!("item of upload {id}"));
            to.see(seen.carrying(item.to_string()).with("item", item));
        }
        Record::Completion { id, .. } => {
            to.see(see::seen("end", format!("end of upload {id}")).with("invocationId", id));
        }
        Record::Other(4, value) => stream(&value, to),
        Record::Other(5, value) => {
            let id = value["invocationId"].as_str().unwrap_or_default();
            to.see(see::seen("cancel", format!("cancel stream {id}")).with("invocationId", id));
            if let Some(topic) = to.unsubscribe(id) {
                complete(id, &topic.name, &Outcome::Void, to);
            }
        }
        Record::Other(kind, value) => {
            let seen = see::seen("other", format!("record of type {kind}"));
            to.see(seen.carrying(value.to_string()).with("record", value));
        }
        // It is handled before.
        Record::Handshake(_) => {}
    }
}

fn stream(value: &Value, to: &mut Served) {
    let text = |key: &str| value[key].as_str().unwrap_or_default();
    let (id, target) = (text("invocationId"), text("target"));
    let expected = say::Expected::Items;
    to.see(see::call(target, &value["arguments"], Some(id), expected));
    match to.subscribe(id, target, Value::Null) {
        Ok(number) => {
            to.note(format!(
                "stream {number} is of {target}: /item {target} JSON"
            ));
        }
        Err(error) => complete(id, target, &Outcome::Error(error.to_string()), to),
    }
}

fn handshake(bytes: &[u8], to: &mut Served) {
    let value: Value = serde_json::from_slice(bytes).unwrap_or_default();
    let protocol = value["protocol"].as_str().unwrap_or_default();
    let seen = see::seen("handshake", "handshake").with("protocol", protocol);
    to.see(seen.noting(format!(
        "protocol {protocol:?}, version {}",
        value["version"]
    )));
    if to.is_open() {
        return close("a second handshake", to);
    }
    let error = match (protocol, value["version"].as_u64()) {
        ("json", Some(1)) => None,
        ("json", _) => Some("the version is not supported, only 1".to_owned()),
        _ => Some(format!(
            "the protocol {protocol:?} is not supported, only \"json\""
        )),
    };
    let Some(error) = error else {
        to.open();
        return send(&json!({}), see::seen("handshake", "session open"), to);
    };
    let seen = see::seen("handshake", "handshake refused").carrying(error.as_str());
    send(&json!({"error": error}), seen, to);
    to.close(1002, &error);
}

fn refused() -> Outcome {
    Outcome::Error("the method is refused".to_owned())
}

/// The end of a call of the client.
fn complete(id: &str, target: &str, outcome: &Outcome, to: &mut Served) {
    let mut record = json!({"type": 3, "invocationId": id});
    match outcome {
        Outcome::Void => {}
        Outcome::Result(value) => record["result"] = value.clone(),
        Outcome::Error(error) => record["error"] = error.as_str().into(),
    }
    let mut seen = see::completion(id, outcome, None, None).with("target", target);
    if *outcome == Outcome::Void {
        // Only a stream has no result.
        seen.label = format!("end of stream {id}");
    }
    send(&record, seen.noting(format!("of {target}")), to);
}

/// Ends the session with an error, which says why.
fn close(error: &str, to: &mut Served) {
    let seen = see::seen("close", "close").carrying(error);
    send(&json!({"type": 7, "error": error}), seen, to);
    to.close(1000, "");
}

fn send(record: &Value, seen: Seen, to: &mut Served) {
    to.send(Kind::Text, wire::encode(record), seen);
}
