//! The client's half: gives numbers to calls, and finds what answers them.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use serde_json::{Map, Value, json};

use super::batch::Batch;
use super::{say, see};
use crate::ontop::asked::Asked;
use crate::ontop::calls::Calls;
use crate::ontop::names::Names;
use crate::ontop::record::is_json;
use crate::ontop::{self, Actions, Name, Opening, Protocol, SayError, SayResult, Seen};
use crate::proto::message::Kind;
use crate::render::quantity;
use crate::text::cut;

#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Whether messages have no member `jsonrpc`: browsers refuse it.
    pub is_bare: bool,
}

/// The most subscriptions whose messages are counted; the server names them.
const SUBSCRIPTIONS: usize = 1000;
/// How much of the text of an error the last line quotes, in bytes; all of it is on stdout.
const QUOTED: usize = 300;

/// The largest id of the user's that wsee's own ones follow: what a double holds, as many servers read it.
const LARGEST: u64 = 1 << 52;

#[derive(Debug)]
pub struct Client {
    options: Options,
    is_open: bool,
    calls: Calls,
    asked: Asked,
    last: u64,
    has_called: bool,
    /// A call has subscribed to something, so that more than answers is expected.
    has_subscribed: bool,
    /// Messages of each subscription.
    subscriptions: BTreeMap<String, u64>,
    methods: Names,
    /// The first call that failed, and why.
    failure: Option<String>,
}

impl Client {
    pub fn new(options: Options) -> Self {
        Self {
            options,
            is_open: false,
            calls: Calls::default(),
            asked: Asked::default(),
            last: 0,
            has_called: false,
            has_subscribed: false,
            subscriptions: BTreeMap::new(),
            methods: Names::default(),
            failure: None,
        }
    }

    /// Completes a message of the user, and notes the call if it is one.
    fn complete(
        &mut self,
        mut message: Map<String, Value>,
        wants_answer: bool,
        now: Instant,
    ) -> (Map<String, Value>, Seen) {
        let mut whole = Map::new();
        if !self.options.is_bare {
            whole.insert("jsonrpc".to_owned(), "2.0".into());
        }
        let method = message.get("method").and_then(Value::as_str);
        let method = method.unwrap_or_default().to_owned();
        let id = message.remove("id").or_else(|| {
            (wants_answer && !method.is_empty()).then(|| {
                self.last += 1;
                self.last.into()
            })
        });
        let label = match &id {
            Some(id) if method.is_empty() => format!("answer {}", see::plain(id)),
            Some(id) => format!("call {} {method}", see::plain(id)),
            None => format!("notification {method}"),
        };
        let kind = match &id {
            _ if method.is_empty() => "answer",
            Some(_) => "call",
            None => "notification",
        };
        if let Some(id) = id {
            if kind == "call" {
                self.remember(&method);
                self.calls.begin(&id, method, now);
            }
            whole.insert("id".to_owned(), id);
        }
        whole.extend(message);
        let mut seen = see::request(kind, label, &whole).printing(printed(&whole));
        if kind == "answer" {
            let result = whole.get("result").or_else(|| whole.get("error"));
            seen.payload = result.map(Value::to_string).unwrap_or_default();
            let id = whole.get("id").map(say::typed);
            seen = self.asked.answer(&id.unwrap_or_default(), seen);
        }
        (whole, seen)
    }

    fn remember(&mut self, method: &str) {
        self.has_called = true;
        let name = method.to_ascii_lowercase();
        self.has_subscribed |= name.contains("subscribe") && !name.contains("unsubscribe");
        self.methods.remember(method);
    }

    fn request(
        &mut self,
        request: say::Request,
        wants_answer: bool,
        now: Instant,
        actions: &mut Actions,
    ) {
        let mut message = Map::new();
        message.insert("method".to_owned(), request.method.into());
        if let Some(params) = request.params {
            message.insert("params".to_owned(), params);
        }
        let (message, seen) = self.complete(message, wants_answer, now);
        send(&message.into(), seen, actions);
    }

    /// Sends requests that are written as JSON: without `jsonrpc` and `id`, they get both.
    fn json(&mut self, text: &str, now: Instant, actions: &mut Actions) -> SayResult {
        let (parts, is_batch) = say::record(text)?;
        self.check_ids(&parts)?;
        let count = parts.len();
        let mut whole = Vec::new();
        let mut first = None;
        for part in parts {
            // Who writes the version writes the id, too, unless it is a notification.
            let wants_answer = !part.contains_key("jsonrpc");
            let (message, seen) = self.complete(part, wants_answer, now);
            first.get_or_insert(seen);
            whole.push(Value::Object(message));
        }
        let (Some(mut seen), Some(message)) = (first, whole.first()) else {
            return Ok(());
        };
        if is_batch {
            let calls = quantity::plural(count as u64, "request");
            seen = see::seen("batch", format!("batch of {calls}"));
            let message = Value::from(whole);
            seen = seen.with("requests", message.clone());
            seen = seen.carrying(message.to_string()).printing(message.clone());
            send(&message, seen, actions);
        } else {
            send(message, seen, actions);
        }
        Ok(())
    }

    /// Two calls with one id would have one answer.
    fn check_ids(&mut self, parts: &[Map<String, Value>]) -> SayResult {
        let calls = parts.iter().filter(|part| part.contains_key("method"));
        let (mut seen, mut largest) = (BTreeSet::new(), self.last);
        for id in calls.filter_map(|call| call.get("id")) {
            let text = id.to_string();
            let of = self
                .calls
                .find(&text)
                .map(|method| format!("call {method}"));
            let is_new = seen.insert(text);
            let of = of.or_else(|| (!is_new).then(|| "another call of the batch".to_owned()));
            if let Some(of) = of {
                let text = format!("{of} has the id {id}, and no answer yet");
                return Err(SayError::new(text, "without an id, wsee gives a new one"));
            }
            largest = largest.max(id.as_u64().unwrap_or_default().min(LARGEST));
        }
        // The ids that wsee gives follow.
        self.last = largest;
        Ok(())
    }

    fn message(&mut self, message: &Map<String, Value>, now: Instant) -> Seen {
        match (message.get("method"), message.get("id")) {
            (Some(Value::String(method)), Some(id)) if !id.is_null() => {
                self.asked.ask(&say::typed(id));
                let label = format!("request {} {method}", see::plain(id));
                let seen = see::request("request", label, message);
                seen.noting(format!("answer wanted: /answer {} JSON", say::typed(id)))
                    .printing(printed(message))
            }
            (Some(Value::String(method)), _) => self.notification(method, message),
            (None, Some(id)) => self.answered(id, message, now),
            _ => foreign(message),
        }
    }

    fn notification(&mut self, method: &str, message: &Map<String, Value>) -> Seen {
        let label = format!("notification {method}");
        let seen = see::request("notification", label, message).printing(printed(message));
        let params = message.get("params");
        let Some(id) = params.and_then(|it| it.get("subscription")) else {
            return seen;
        };
        let id = see::plain(id);
        let is_known = self.subscriptions.contains_key(&id);
        if !is_known && self.subscriptions.len() >= SUBSCRIPTIONS {
            return seen.noting("too many subscriptions to count its messages");
        }
        let count = self.subscriptions.entry(id.clone()).or_default();
        *count += 1;
        let result = params.and_then(|it| it.get("result"));
        let shown = result.map_or_else(|| seen.payload.clone(), Value::to_string);
        Seen {
            label: format!("subscription {id:?}, message {count}"),
            ..seen
                .with("subscription", id)
                .with("count", *count)
                .carrying(shown)
        }
    }

    fn answered(&mut self, id: &Value, message: &Map<String, Value>, now: Instant) -> Seen {
        let call = self.calls.end(&id.to_string(), now);
        let mut seen = see::answer(message, call.as_ref());
        if call.is_none() {
            // Most likely the server has changed the id, or could not read a call, which then waits without end.
            seen = seen.printing(printed(message));
        }
        let error = message.get("error").filter(|it| !it.is_null());
        if let (Some(call), Some(error)) = (&call, error) {
            let text = error.get("message").and_then(Value::as_str);
            let text = text.map_or_else(
                || cut(&error.to_string(), QUOTED),
                |text| format!("{:?}", cut(text, QUOTED)),
            );
            let failure = format!("{} failed with {text}", call.what);
            self.failure.get_or_insert(failure);
        }
        seen
    }
}

/// npm's rpc-websockets has notifications in a form of its own.
fn foreign(message: &Map<String, Value>) -> Seen {
    let Some(Value::String(name)) = message.get("notification") else {
        let text = Value::from(message.clone()).to_string();
        return unreadable("it has neither a method nor an id", text.as_bytes());
    };
    let label = format!("notification {name}");
    let seen = see::request("notification", label, message).with("method", name.as_str());
    seen.noting("as rpc-websockets writes it")
        .printing(printed(message))
}

fn send(message: &Value, seen: Seen, actions: &mut Actions) {
    actions.send(Kind::Text, message.to_string().into_bytes(), Some(seen));
}

/// A message as a pipe prints it.
fn printed(message: &Map<String, Value>) -> Value {
    let members = message.iter().filter(|(key, _)| *key != "jsonrpc");
    let members = members.map(|(key, value)| (key.clone(), value.clone()));
    Value::Object(members.collect())
}

fn unreadable(reason: &str, payload: &[u8]) -> Seen {
    Seen::unreadable(Name::JsonRpc, "JSON-RPC", reason, payload)
}

impl Protocol for Client {
    fn name(&self) -> Name {
        Name::JsonRpc
    }

    fn opened(&mut self, opening: Opening<'_>, _: Instant, actions: &mut Actions) {
        self.options.is_bare |= opening.is_page;
        self.is_open = true;
        let gone = std::mem::take(&mut self.subscriptions).len();
        if gone > 0 {
            let gone = quantity::plural(gone as u64, "subscription");
            actions.note(format!(
                "{gone} ended with the last connection; subscribe again"
            ));
        }
        self.calls.restart(actions);
        self.asked = Asked::default();
    }

    fn is_ready(&self) -> bool {
        self.is_open
    }

    fn received(&mut self, kind: Kind, payload: &[u8], now: Instant, actions: &mut Actions) {
        let text = ontop::text(kind, payload, "JSON-RPC");
        match text.and_then(Batch::parse) {
            Ok(Batch::One(message)) => {
                let seen = self.message(&message, now);
                actions.see(seen);
            }
            Ok(Batch::Many(parts, more)) => {
                if parts.is_empty() {
                    actions.see(unreadable("it is an empty batch", payload));
                }
                for part in parts {
                    let seen = match &part {
                        Value::Object(message) => self.message(message, now),
                        other => {
                            let other = other.to_string();
                            unreadable("it is no object", other.as_bytes())
                        }
                    };
                    actions.see(seen);
                }
                if more > 0 {
                    actions.note(format!("{more} more parts of the batch are not looked at"));
                }
            }
            Err(error) => {
                actions.see(unreadable(&error, payload));
            }
        }
    }

    fn line_help(&self) -> &'static str {
        "a line METHOD [JSON…] is a call"
    }

    fn pending(&self) -> Option<usize> {
        (self.has_called && !self.has_subscribed).then_some(self.calls.len())
    }

    fn failure(&self) -> Option<&str> {
        self.failure.as_deref()
    }

    fn unanswered(&self) -> Option<String> {
        self.calls.oldest()
    }

    fn say(&mut self, verb: &str, args: &str, now: Instant, actions: &mut Actions) -> SayResult {
        if verb == "answer" {
            let (id, result) = say::answer(args)?;
            let answer = json!({"id": id, "result": result}).to_string();
            return self.json(&answer, now, actions);
        }
        let request = say::request(verb, args)?;
        self.request(request, verb == "call", now, actions);
        Ok(())
    }

    fn line(&mut self, line: &str, now: Instant, actions: &mut Actions) -> SayResult {
        if is_json(line) {
            return self.json(line, now, actions);
        }
        self.say("call", line, now, actions)
    }

    fn names(&self, verb: &str) -> Vec<String> {
        match verb {
            "call" | "notify" => self.methods.list(),
            _ => self.asked.list(),
        }
    }

    fn status(&self, now: Instant) -> Vec<(&'static str, String)> {
        vec![
            ("on top", "JSON-RPC 2.0".to_owned()),
            ("calls open", self.calls.status(now)),
            ("subscriptions", self.subscriptions.len().to_string()),
        ]
    }
}
