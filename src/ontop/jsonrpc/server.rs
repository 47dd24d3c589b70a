//! The server's half: answers calls with their parameters.

use serde_json::{Map, Value, json};

use super::batch::Batch;
use super::{say, see};
use crate::ontop::server::{Half, Hello, Notice, Pace, Served, Server, Topic, Why, nothing, same};
use crate::ontop::{self, Lines, Name, SayError, Verb};
use crate::proto::message::Kind;

pub static SERVER: Half = Half {
    name: Name::JsonRpc,
    title: "JSON-RPC",
    description: "JSON-RPC 2.0",
    path: "/",
    subprotocols: &[],
    verbs: VERBS,
    read,
    covers: same,
    pace: Pace {
        greeting: None,
        ping: None,
        silence: None,
    },
    posted: nothing,
    serve: || Box::new(JsonRpc),
};

const VERBS: &[Verb] = &[Verb {
    name: "notify",
    args: "METHOD [JSON…]",
    help: "send a notification to all clients",
    example: "/notify eth_subscription {\"subscription\":\"0x1\",\"result\":7}",
    lines: Lines::Json,
    check: |args| read("notify", args).map(drop),
}];

fn read(verb: &str, args: &str) -> Result<Notice, SayError> {
    let say::Request { method, params } = say::request(verb, args)?;
    let mut said = json!({"method": method});
    if let Some(params) = params {
        said["params"] = params;
    }
    Ok(Notice::to_all("notify", said))
}

#[derive(Debug)]
struct JsonRpc;

impl Server for JsonRpc {
    fn open(&mut self, _: &Hello<'_>, to: &mut Served) {
        to.open();
    }

    fn hear(&mut self, kind: Kind, payload: &[u8], to: &mut Served) {
        let text = ontop::text(kind, payload, "JSON-RPC");
        match text.and_then(Batch::parse) {
            Ok(Batch::One(message)) => {
                if let Some(answer) = answer(&message, to) {
                    send(&answer.into(), to);
                }
            }
            Ok(Batch::Many(parts, more)) => {
                let answers: Vec<Value> = parts
                    .iter()
                    .filter_map(|part| match part {
                        Value::Object(message) => answer(message, to).map(Value::from),
                        other => Some(invalid(other.to_string().as_bytes(), to).into()),
                    })
                    .collect();
                match answers.as_slice() {
                    // §6: an empty batch is answered with one object.
                    [] if parts.is_empty() => {
                        let answer = invalid(payload, to);
                        send(&answer.into(), to);
                    }
                    // All of it were notifications.
                    [] => {}
                    _ => send(&answers.into(), to),
                }
                if more > 0 {
                    to.note(format!("{more} more parts of the batch are not looked at"));
                }
            }
            Err(reason) => {
                to.see_foreign(&reason, payload);
                send(&failed(&Value::Null, -32700, "Parse error").into(), to);
            }
        }
    }

    fn hand(&mut self, notice: &Notice, _: &[Topic], to: &mut Served) {
        if let (_, Value::Object(said)) = notice.said() {
            let mut message = Map::new();
            message.insert("jsonrpc".to_owned(), "2.0".into());
            message.extend(said.clone());
            send(&message.into(), to);
        }
    }

    /// What is refused is said with the answer to a call.
    fn end(&mut self, _: &Topic, _: &mut Served) {}

    fn part(&mut self, _: Why, _: &mut Served) {}
}

/// The answer to a message, if it wants one.
fn answer(message: &Map<String, Value>, to: &mut Served) -> Option<Map<String, Value>> {
    let id = message.get("id");
    let Some(Value::String(method)) = message.get("method") else {
        if message.contains_key("result") || message.contains_key("error") {
            to.see(see::answer(message, None));
            return None;
        }
        let text = Value::from(message.clone()).to_string();
        return Some(invalid(text.as_bytes(), to));
    };
    let label = match id {
        Some(id) => format!("call {} {method}", see::plain(id)),
        None => format!("notification {method}"),
    };
    let kind = if id.is_some() { "call" } else { "notification" };
    to.see(see::request(kind, label, message));
    let id = id?;
    if to.hall.refuses(method) {
        return Some(failed(id, -32601, "Method not found"));
    }
    let params = message.get("params").cloned().unwrap_or_else(|| json!([]));
    Some(response(id, "result", params))
}

fn invalid(payload: &[u8], to: &mut Served) -> Map<String, Value> {
    to.see_foreign("it is neither a call nor an answer", payload);
    failed(&Value::Null, -32600, "Invalid Request")
}

fn failed(id: &Value, code: i64, text: &str) -> Map<String, Value> {
    response(id, "error", json!({"code": code, "message": text}))
}

fn response(id: &Value, key: &str, value: Value) -> Map<String, Value> {
    let mut response = Map::new();
    response.insert("jsonrpc".to_owned(), "2.0".into());
    response.insert("id".to_owned(), id.clone());
    response.insert(key.to_owned(), value);
    response
}

fn send(message: &Value, to: &mut Served) {
    let seen = match message {
        Value::Object(object) if object.contains_key("method") => {
            let method = object["method"].as_str().unwrap_or_default();
            see::request("notification", format!("notification {method}"), object)
        }
        Value::Object(object) => see::answer(object, None).noting(""),
        batch => see::seen("batch", "batch of answers").carrying(batch.to_string()),
    };
    to.send_json(message, seen);
}
