//! The server's half: answers queries with their variables, and keeps subscriptions open.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::document::{Field, OperationKind, operation};
use super::see;
use super::wire::{self, Asked, Dialect, Fault, MODERN, OLDER};
use crate::ontop::server::{Half, Hello, Notice, Pace, Served, Server, Topic, Why, nothing, same};
use crate::ontop::verb::{usage, values, word};
use crate::ontop::{Lines, Name, SayError, Seen, Verb};
use crate::proto::message::Kind;

pub static SERVER: Half = Half {
    name: Name::Graphql,
    title: "GraphQL",
    description: "GraphQL, graphql-transport-ws and graphql-ws",
    path: "/",
    subprotocols: &[MODERN, OLDER],
    verbs: VERBS,
    read,
    covers: same,
    pace: Pace {
        // Both are those of the server of graphql-ws.
        greeting: Some(Duration::from_secs(3)),
        ping: Some(Duration::from_secs(12)),
        silence: None,
    },
    posted: nothing,
    serve: || {
        Box::new(Graphql {
            dialect: Dialect::Modern,
        })
    },
};

const VERBS: &[Verb] = &[
    Verb {
        name: "next",
        args: "FIELD JSON",
        help: "send a result to those that are subscribed to FIELD",
        example: "/next ticks {\"at\":7}",
        lines: Lines::Json,
        check: |args| read("next", args).map(drop),
    },
    Verb {
        name: "error",
        args: "FIELD TEXT",
        help: "end the subscriptions to FIELD with an error",
        example: "/error ticks \"no more ticks\"",
        lines: Lines::No,
        check: |args| read("error", args).map(drop),
    },
    Verb {
        name: "complete",
        args: "FIELD",
        help: "end the subscriptions to FIELD",
        example: "/complete ticks",
        lines: Lines::No,
        check: |args| read("complete", args).map(drop),
    },
];

fn read(verb: &str, args: &str) -> Result<Notice, SayError> {
    let (field, rest) = word(args.trim());
    let said = match verb {
        "next" => values(rest)?,
        _ if rest.is_empty() => Vec::new(),
        _ => vec![rest.trim_matches('"').into()],
    };
    let (verb, count) = match verb {
        "next" => ("next", 1),
        "error" => ("error", 1),
        _ => ("complete", 0),
    };
    if field.is_empty() || said.len() != count {
        return Err(usage(VERBS, verb));
    }
    let said = said.into_iter().next().unwrap_or_default();
    Ok(Notice::about(field, verb, said))
}

#[derive(Debug)]
struct Graphql {
    dialect: Dialect,
}

impl Server for Graphql {
    fn open(&mut self, hello: &Hello<'_>, to: &mut Served) {
        match hello.subprotocol {
            Some(OLDER) => self.dialect = Dialect::Older,
            Some(_) => {}
            None => to.close(4406, "Subprotocol not acceptable"),
        }
    }

    fn hear(&mut self, kind: Kind, payload: &[u8], to: &mut Served) {
        let asked = match (kind, std::str::from_utf8(payload)) {
            (Kind::Text, Ok(text)) => wire::asked(text),
            _ => Err(Fault::Binary),
        };
        match asked {
            Ok(Asked::Init(payload)) => self.init(payload, to),
            Ok(Asked::Start(id, payload)) => self.start(&id, &payload, to),
            Ok(Asked::Stop(id)) => {
                let seen = see::seen("complete", format!("operation {id:?} stopped"));
                to.see(seen.with("id", id.as_str()));
                to.unsubscribe(&id);
            }
            Ok(Asked::Ping(payload)) => {
                to.see(Seen::keepalive(Name::Graphql, "ping"));
                let mut pong = json!({"type": "pong"});
                if let Some(payload) = payload {
                    pong["payload"] = payload;
                }
                to.send_json(&pong, Seen::keepalive(Name::Graphql, "pong"));
            }
            Ok(Asked::Pong) => to.see(Seen::keepalive(Name::Graphql, "pong")),
            Ok(Asked::Terminate) => {
                to.see(see::seen("connection_terminate", "connection_terminate"));
                to.close(1000, "");
            }
            Err(fault) => {
                let reason = fault.to_string();
                to.see_foreign(&reason, payload);
                to.close(4400, &format!("Invalid message: {reason}"));
            }
        }
    }

    fn hand(&mut self, notice: &Notice, topics: &[Topic], to: &mut Served) {
        let (verb, said) = notice.said();
        for topic in topics {
            match verb {
                "next" => {
                    let key = topic.data.as_str().unwrap_or(&topic.name);
                    let mut data = Map::new();
                    data.insert(key.to_owned(), said.clone());
                    self.result(&topic.id, &title(topic), &data.into(), to);
                }
                "error" => {
                    to.unsubscribe(&topic.id);
                    let text = said.as_str().unwrap_or_default();
                    self.fail(&topic.id, &title(topic), text, to);
                }
                _ => {
                    to.unsubscribe(&topic.id);
                    complete(&topic.id, &title(topic), to);
                }
            }
        }
    }

    fn end(&mut self, topic: &Topic, to: &mut Served) {
        self.fail(&topic.id, &title(topic), REFUSED, to);
    }

    fn ping(&mut self, to: &mut Served) {
        let kind = self.dialect.keepalive();
        to.send_json(&json!({"type": kind}), Seen::keepalive(Name::Graphql, kind));
    }

    fn part(&mut self, why: Why, to: &mut Served) {
        match why {
            Why::Late => to.close(4408, "Connection initialisation timeout"),
            Why::Silent | Why::Leaving => {}
        }
    }
}

/// What is said to a client with other credentials.
const FORBIDDEN: &str = "Forbidden";
/// What is said of a field that is refused.
const REFUSED: &str = "the field is refused";

impl Graphql {
    fn init(&mut self, payload: Value, to: &mut Served) {
        let is_admitted = to.hall.credentials.admit(&payload);
        let mut seen = see::seen("connection_init", "connection_init");
        if !payload.is_null() {
            let shown = payload.to_string();
            seen = seen.with("payload", payload).carrying(shown);
        }
        to.see(seen);
        if to.is_open() {
            return to.close(4429, "Too many initialisation requests");
        }
        if !is_admitted {
            return self.forbid(to);
        }
        to.open();
        let seen = see::seen("connection_ack", "connection_ack");
        to.send_json(&json!({"type": "connection_ack"}), seen);
        if self.dialect == Dialect::Older {
            self.ping(to);
        }
    }

    /// Refuses the session.
    fn forbid(&self, to: &mut Served) {
        if self.dialect == Dialect::Modern {
            return to.close(4403, FORBIDDEN);
        }
        let payload = json!({ "message": FORBIDDEN });
        let seen = see::seen("connection_error", "connection_error").carrying(payload.to_string());
        let message = json!({"type": "connection_error", "payload": payload});
        to.send_json(&message, seen.with("payload", payload));
        to.close(1011, FORBIDDEN);
    }

    fn start(&mut self, id: &str, payload: &Value, to: &mut Served) {
        let query = payload["query"].as_str().unwrap_or_default();
        let found = operation(query);
        let kind = found.as_ref().map_or("operation", |(kind, _)| kind.name());
        let title = format!("{kind} {id:?}");
        let variables = &payload["variables"];
        let mut shown: String = query.split_whitespace().collect::<Vec<_>>().join(" ");
        if !variables.is_null() {
            shown = format!("{shown} {variables}");
        }
        let seen = see::seen("subscribe", title.as_str()).with("id", id);
        let seen = seen
            .with("operation", kind)
            .with("payload", payload.clone());
        to.see(seen.carrying(shown));
        if !to.is_open() {
            return to.close(4401, "Unauthorized");
        }
        if to.topics.find(id).is_some() {
            return to.close(4409, &format!("Subscriber for {id} already exists"));
        }
        let Some((kind, fields)) = found else {
            return self.fail(id, &title, "no operation with fields in query", to);
        };
        if fields.iter().any(|field| to.hall.refuses(&field.name)) {
            return self.fail(id, &title, REFUSED, to);
        }
        if kind == OperationKind::Subscription {
            return self.subscribe(id, &title, &fields[0], to);
        }
        let variables = if variables.is_null() {
            json!({})
        } else {
            variables.clone()
        };
        let data: Map<_, _> = fields
            .into_iter()
            .map(|field| (field.key, variables.clone()))
            .collect();
        self.result(id, &title, &data.into(), to);
        complete(id, &title, to);
    }

    fn subscribe(&mut self, id: &str, title: &str, field: &Field, to: &mut Served) {
        let subscribed = to.subscribe(id, &field.name, field.key.as_str().into());
        match subscribed {
            Ok(number) => {
                let name = &field.name;
                to.note(format!(
                    "subscription {number} is to {name}: /next {name} JSON"
                ));
            }
            Err(error) => self.fail(id, title, &error.to_string(), to),
        }
    }

    fn result(&self, id: &str, title: &str, data: &Value, to: &mut Served) {
        let payload = json!({ "data": data });
        let seen = see::seen("next", format!("{title}, result"))
            .with("id", id)
            .with("payload", payload.clone())
            .carrying(payload["data"].to_string());
        let kind = self.dialect.result();
        to.send_json(&json!({"id": id, "type": kind, "payload": payload}), seen);
    }

    fn fail(&self, id: &str, title: &str, text: &str, to: &mut Served) {
        let error = json!({ "message": text });
        let payload = match self.dialect {
            Dialect::Modern => json!([error]),
            Dialect::Older => error,
        };
        let seen = see::error(id, title, &payload);
        to.send_json(
            &json!({"id": id, "type": "error", "payload": payload}),
            seen,
        );
    }
}

fn title(topic: &Topic) -> String {
    format!("subscription {} {}", topic.number, topic.name)
}

fn complete(id: &str, title: &str, to: &mut Served) {
    let seen = see::seen("complete", format!("{title} complete")).with("id", id);
    to.send_json(&json!({"id": id, "type": "complete"}), seen);
}
