//! The client's half: greets, answers pings, starts operations and numbers their results.

use std::collections::BTreeMap;
use std::time::Instant;

use serde_json::{Value, json};

use super::document::{OperationKind, Request};
use super::wire::{self, Dialect, Fault, MODERN, OLDER, Packet};
use super::{say, see};
use crate::ontop::stage::Stage;
use crate::ontop::{
    Actions, Name, Opening, Protocol, Refusal, Reoffer, SayError, SayResult, Seen, Unsuited, listed,
};
use crate::proto::message::Kind;
use crate::render::quantity;

#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Whether both subprotocols are offered, so that another offer can be made.
    pub is_open: bool,
}

#[derive(Debug)]
pub struct Client {
    options: Options,
    dialect: Dialect,
    /// The server has chosen no subprotocol.
    is_unnamed: bool,
    stage: Stage<()>,
    /// Those that are not complete; only the user adds to them.
    operations: BTreeMap<u64, Operation>,
    last: u64,
    /// Something that was sent has made the server close.
    is_blamed: bool,
    has_init: bool,
    pings: u64,
    /// The first operation that failed, and why.
    failure: Option<String>,
}

#[derive(Debug)]
struct Operation {
    kind: OperationKind,
    payload: Value,
    since: Instant,
    results: u64,
}

impl Client {
    pub fn new(options: Options) -> Self {
        Self {
            options,
            dialect: Dialect::Modern,
            is_unnamed: false,
            stage: Stage::Closed,
            operations: BTreeMap::new(),
            last: 0,
            is_blamed: false,
            has_init: false,
            pings: 0,
            failure: None,
        }
    }

    fn greet(&mut self, init: Option<Value>, now: Instant, actions: &mut Actions) {
        self.stage = Stage::greeting(now);
        let mut message = json!({"type": "connection_init"});
        let mut masked = None;
        let mut note = match (self.dialect, self.is_unnamed) {
            (_, true) => format!("the server names no subprotocol, so {MODERN} is spoken"),
            (Dialect::Modern, _) => format!("the server chose {MODERN}"),
            (Dialect::Older, _) => format!("the server chose {OLDER}, the older protocol"),
        };
        self.has_init = init.is_some();
        if let Some(init) = init {
            let hidden = json!({"type": "connection_init", "payload": "***"});
            masked = Some(hidden.to_string().into_bytes());
            message["payload"] = init;
            note.push_str(", with --init");
        }
        let seen = see::seen("connection_init", "connection_init").noting(note);
        let payload = message.to_string().into_bytes();
        actions.send_masked(Kind::Text, payload, masked, Some(seen));
    }

    fn send(message: &Value, seen: Seen, actions: &mut Actions) {
        actions.send(Kind::Text, message.to_string().into_bytes(), Some(seen));
    }

    fn start(&mut self, request: Request, now: Instant, actions: &mut Actions) -> SayResult {
        self.stage.check("connection_init")?;
        self.last += 1;
        let id = self.last;
        let operation = Operation {
            kind: request.kind,
            payload: request.payload,
            since: now,
            results: 0,
        };
        self.begin(id, &operation, actions);
        self.operations.insert(id, operation);
        Ok(())
    }

    fn begin(&self, id: u64, operation: &Operation, actions: &mut Actions) {
        let (kind, payload) = (operation.kind.name(), &operation.payload);
        let query = payload["query"].as_str().unwrap_or_default();
        let variables = match &payload["variables"] {
            Value::Null => String::new(),
            variables => format!(" {variables}"),
        };
        let one_line: Vec<&str> = query.split_whitespace().collect();
        let seen = see::seen("subscribe", title(id, operation))
            .with("id", id.to_string())
            .with("operation", kind)
            .with("payload", payload.clone())
            .carrying(one_line.join(" ") + &variables);
        Self::send(&self.dialect.start(id, payload), seen, actions);
    }

    /// Starts again what a lost connection broke off, except what may have happened already, or may have been the
    /// reason: every connection would end like the last one.
    fn resume(&mut self, actions: &mut Actions) {
        let is_blamed = std::mem::take(&mut self.is_blamed);
        self.operations.retain(|id, operation| {
            let is_left_out =
                operation.kind == OperationKind::Mutation || is_blamed && operation.results == 0;
            if is_left_out {
                actions.note(format!("{} is not sent again", title(*id, operation)));
            }
            !is_left_out
        });
        for (id, operation) in &self.operations {
            self.begin(*id, operation, actions);
        }
    }

    fn newest(&self) -> Option<u64> {
        self.operations.keys().next_back().copied()
    }

    fn stop(&mut self, id: Option<u64>, actions: &mut Actions) -> SayResult {
        let id = id.or_else(|| self.newest());
        let found = id.and_then(|id| Some((id, self.operations.remove(&id)?)));
        let Some((id, operation)) = found else {
            let running: Vec<String> = self.operations.keys().map(u64::to_string).collect();
            let (text, hint) = match (id, running.as_slice()) {
                (Some(id), [_, ..]) => (
                    format!("operation {id} does not run"),
                    Some(format!("these run: {}", running.join(", "))),
                ),
                _ => ("no operation runs".to_owned(), None),
            };
            return Err(SayError::new(text, hint.as_deref()));
        };
        let seen = see::seen("complete", format!("{} stopped", title(id, &operation)))
            .with("id", id.to_string());
        Self::send(&self.dialect.stop(id), seen, actions);
        Ok(())
    }

    /// The running operation that a reply names.
    fn operation(&mut self, id: &str) -> Option<(u64, &mut Operation)> {
        let number = id.parse().ok()?;
        Some((number, self.operations.get_mut(&number)?))
    }

    /// What to say about a reply to an operation that does not run.
    fn late(&self, id: &str) -> &'static str {
        let is_ours = |number| (1..=self.last).contains(&number);
        if id.parse().is_ok_and(is_ours) {
            "the operation has ended"
        } else {
            "nobody waits for it"
        }
    }

    fn next(&mut self, id: &str, payload: Value, now: Instant, actions: &mut Actions) {
        let Some((number, operation)) = self.operation(id) else {
            let seen = see::seen("next", format!("result of {id:?}"))
                .with("id", id)
                .with("payload", payload.clone())
                .carrying(payload.to_string());
            return actions.see(seen.noting(self.late(id)));
        };
        operation.results += 1;
        let after = now.saturating_duration_since(operation.since);
        let title = title(number, operation);
        // Errors without data are a request that was not executed, for which the older protocol has no other reply.
        let is_failed = !payload["errors"].is_null() && payload["data"].is_null();
        let failed = is_failed.then(|| see::errors(&payload["errors"]));
        let seen = see::next(id, &title, operation.results, payload, after);
        if let Some(errors) = failed {
            let failure = format!("{title} failed with {errors}");
            self.failure.get_or_insert(failure);
        }
        actions.see(seen);
    }

    fn failed(&mut self, id: &str, payload: &Value, actions: &mut Actions) {
        let Some((number, operation)) = self.operation(id) else {
            let seen = see::error(id, &format!("operation {id:?}"), payload);
            let note = format!("{}; {}", seen.note, self.late(id));
            return actions.see(Seen {
                print: None,
                ..seen.noting(note)
            });
        };
        let title = title(number, operation);
        self.operations.remove(&number);
        let seen = see::error(id, &title, payload);
        let text = format!("{title} failed with {}", seen.note);
        self.failure.get_or_insert(text);
        actions.see(seen);
    }

    fn complete(&mut self, id: &str, now: Instant, actions: &mut Actions) {
        let number = id.parse().ok();
        let done = number.and_then(|number| Some((number, self.operations.remove(&number)?)));
        let Some((number, operation)) = done else {
            let seen = see::seen("complete", format!("operation {id:?} complete"));
            return actions.see(seen.with("id", id).noting(self.late(id)));
        };
        let results = quantity::plural(operation.results, "result");
        let took = quantity::duration(now.saturating_duration_since(operation.since));
        let seen = see::seen(
            "complete",
            format!("{} complete", title(number, &operation)),
        )
        .with("id", id)
        .noting(format!("{results} in {took}"));
        actions.see(seen);
    }

    fn ping(&mut self, payload: Option<Value>, actions: &mut Actions) {
        self.pings += 1;
        let mut pong = json!({"type": "pong"});
        if let Some(payload) = payload {
            pong["payload"] = payload;
        }
        actions.see(Seen::keepalive(Name::Graphql, "ping"));
        Self::send(&pong, Seen::keepalive(Name::Graphql, "pong"), actions);
    }

    fn init_hint(&self) -> &'static str {
        if self.has_init {
            "the server does not accept the payload of --init"
        } else {
            "--init JSON sends credentials with connection_init"
        }
    }

    fn acknowledged(&mut self, payload: &Value, actions: &mut Actions) {
        let mut seen = see::seen("connection_ack", "connection_ack");
        if !payload.is_null() {
            let shown = payload.to_string();
            seen = seen.with("payload", payload.clone()).carrying(shown);
        }
        if !self.stage.is_greeting() {
            return actions.see(seen.noting("nobody waits for it"));
        }
        actions.see(seen);
        self.stage = Stage::Open(());
        self.resume(actions);
    }
}

fn title(id: u64, operation: &Operation) -> String {
    format!("{} {id}", operation.kind.name())
}

impl Protocol for Client {
    fn name(&self) -> Name {
        Name::Graphql
    }

    fn opened(&mut self, opening: Opening<'_>, now: Instant, actions: &mut Actions) {
        self.is_unnamed = opening.subprotocol.is_none();
        self.dialect = match opening.subprotocol {
            Some(OLDER) => Dialect::Older,
            _ => Dialect::Modern,
        };
        self.greet(opening.auth, now, actions);
    }

    fn is_ready(&self) -> bool {
        self.stage.is_open()
    }

    fn received(&mut self, kind: Kind, payload: &[u8], now: Instant, actions: &mut Actions) {
        let packet = match (kind, std::str::from_utf8(payload)) {
            (Kind::Text, Ok(text)) => wire::decode(text),
            _ => Err(Fault::Binary),
        };
        match packet {
            Ok(Packet::Ack(payload)) => self.acknowledged(&payload, actions),
            Ok(Packet::Next(id, payload)) => self.next(&id, payload, now, actions),
            Ok(Packet::Error(id, payload)) => self.failed(&id, &payload, actions),
            Ok(Packet::Complete(id)) => self.complete(&id, now, actions),
            Ok(Packet::Ping(payload)) => self.ping(payload, actions),
            Ok(Packet::Pong) => actions.see(Seen::keepalive(Name::Graphql, "pong")),
            Ok(Packet::KeepAlive) => {
                self.pings += 1;
                actions.see(Seen::keepalive(Name::Graphql, "ka"));
            }
            Ok(Packet::Started(id)) => {
                let seen = see::seen("start_ack", format!("operation {id:?} runs"));
                actions.see(seen.with("id", id));
            }
            Ok(Packet::Refused(payload)) => {
                let seen = see::seen("connection_error", "connection_error");
                let shown = payload.to_string();
                actions.see(seen.with("payload", payload.clone()).carrying(shown));
                let text = match see::errors(&payload) {
                    reason if reason.is_empty() => String::new(),
                    reason => format!(" with {reason}"),
                };
                let text = format!("the server refused connection_init{text}");
                actions.end(Refusal::refused(text, self.init_hint()));
            }
            Err(fault) => {
                let reason = fault.to_string();
                let seen = Seen::unreadable(Name::Graphql, "GraphQL", &reason, payload);
                actions.see(seen);
            }
        }
    }

    fn line_help(&self) -> &'static str {
        "a line such as { hello } is run as an operation"
    }

    fn closing(&mut self, code: u16, _: &str) -> Option<Refusal> {
        let (_, means, hint) = CODES.iter().find(|(known, ..)| *known == code)?;
        self.is_blamed = matches!(code, 4400 | 4409);
        let hint = match code {
            4401 | 4403 => Some(self.init_hint()),
            4406 if !self.options.is_open => {
                Some("without --subprotocol, graphql-transport-ws and graphql-ws are offered")
            }
            _ => *hint,
        };
        // The last line has the code and the reason as well.
        Some(Refusal {
            may_pass: matches!(code, 4408 | 4499 | 4500 | 4504),
            ..Refusal::refused((*means).to_owned(), hint)
        })
    }

    fn reoffer(&mut self, unsuited: Unsuited) -> Option<Reoffer> {
        // 1002 is how subscriptions-transport-ws says that it wants its own name; the library below it has
        // taken the first one all the same.
        let is_wrong = unsuited == Unsuited::Closed(1002);
        let is_wrong = is_wrong && self.stage.is_greeting();
        let is_wrong = is_wrong && self.options.is_open && self.dialect == Dialect::Modern;
        is_wrong.then(|| Reoffer::Subprotocols(vec![OLDER.to_owned()]))
    }

    fn pending(&self) -> Option<usize> {
        (self.last > 0).then_some(self.operations.len())
    }

    fn unanswered(&self) -> Option<String> {
        let (id, operation) = self.operations.first_key_value()?;
        Some(title(*id, operation))
    }

    fn failure(&self) -> Option<&str> {
        self.failure.as_deref()
    }

    fn forget(&mut self, args: &str) -> bool {
        let id = say::stop(args).ok();
        let id = id.and_then(|id| id.or_else(|| self.newest()));
        id.is_some_and(|id| self.operations.remove(&id).is_some())
    }

    fn say(&mut self, verb: &str, args: &str, now: Instant, actions: &mut Actions) -> SayResult {
        match verb {
            "query" => self.start(say::query(args)?, now, actions),
            "subscribe" => self.start(say::subscribe(args)?, now, actions),
            _ => self.stop(say::stop(args)?, actions),
        }
    }

    fn line(&mut self, line: &str, now: Instant, actions: &mut Actions) -> SayResult {
        self.start(say::query(line)?, now, actions)
    }

    fn deadline(&self) -> Option<Instant> {
        self.stage.deadline(|()| None)
    }

    fn tick(&mut self, now: Instant, actions: &mut Actions) {
        let hint = "check that this is a GraphQL server, and the path";
        if let Some(refusal) = self.stage.overdue("connection_init", hint, now) {
            actions.end(refusal);
        }
    }

    fn names(&self, verb: &str) -> Vec<String> {
        match verb {
            "stop" => self.operations.keys().map(u64::to_string).collect(),
            _ => Vec::new(),
        }
    }

    fn status(&self, now: Instant) -> Vec<(&'static str, String)> {
        let dialect = match self.dialect {
            Dialect::Modern => MODERN,
            Dialect::Older => OLDER,
        };
        let running = self.operations.iter().map(|(id, operation)| {
            let results = quantity::plural(operation.results, "result");
            let since = quantity::duration(now.saturating_duration_since(operation.since));
            format!("{} ({results} in {since})", title(*id, operation))
        });
        vec![
            ("on top", format!("GraphQL, {dialect}")),
            ("session pings", self.pings.to_string()),
            ("operations", listed(running)),
        ]
    }
}

/// Close codes of graphql-transport-ws: what they mean, and what to do.
const CODES: [(u16, &str, Option<&str>); 10] = [
    (
        4400,
        "the server does not understand a message",
        Some("-v shows what was sent, at the prompt /show with its number does"),
    ),
    (
        4401,
        "the server wants connection_init before an operation",
        None,
    ),
    (4403, "the server refused connection_init", None),
    (
        4406,
        "the server does not speak the subprotocol",
        Some("--subprotocol graphql-ws offers the older one alone"),
    ),
    (
        4408,
        "connection_init came too late for the server",
        Some("a proxy may hold messages back"),
    ),
    (
        4409,
        "the server runs an operation with this id already",
        None,
    ),
    (4429, "the server got connection_init twice", None),
    (
        4499,
        "the server ended the session on purpose",
        Some("look into its log"),
    ),
    (
        4500,
        "the server failed",
        Some("look into the server's log"),
    ),
    (
        4504,
        "no connection_ack came, says the server",
        Some("look into the server's log"),
    ),
];
