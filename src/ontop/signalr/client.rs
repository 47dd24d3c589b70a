//! The client's half: the handshake, calls and their ids, streams, and pings both ways.

mod hear;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::{Duration, Instant};

use serde_json::{Map, Value, json};

use super::say::{self, Call, Completion, Expected, Said};
use super::wire::{self, Form};
use super::{say::VERBS, see};
use crate::exit::Exit;
use crate::ontop::calls::Calls;
use crate::ontop::names::Names;
use crate::ontop::record::is_json;
use crate::ontop::stage::Stage;
use crate::ontop::verb::usage;
use crate::ontop::{Actions, Name, Opening, Protocol, Refusal, SayError, SayResult, Seen, listed};
use crate::proto::message::Kind;
use crate::render::quantity;

/// What the server answers first.
const GREETING: &str = "the handshake";
/// The largest id of the user's that those of wsee follow: what a double holds, as many servers read it.
const LARGEST: u64 = 1 << 52;
/// How long this side is silent before it pings, as the official clients; the server gives up after 30 s.
const INTERVAL: Duration = Duration::from_secs(15);
/// How long the server may be silent, as for the official clients; it pings every 15 s.
const SILENCE: Duration = Duration::from_secs(30);

#[derive(Debug)]
pub struct Client {
    stage: Stage<Clock>,
    form: Form,
    calls: Calls,
    /// The items of each stream that is open.
    streams: BTreeMap<String, u64>,
    /// What `--subscribe` asks for, on every connection.
    subscribed: Vec<Call>,
    /// The streams for that on this connection.
    needed: BTreeSet<String>,
    /// Invocations of the server that want a result, oldest first.
    wanted: VecDeque<String>,
    last: u64,
    has_called: bool,
    is_attended: bool,
    targets: Names,
    pings: [u64; 2],
    /// The first call that failed, and why.
    failure: Option<String>,
}

#[derive(Debug)]
struct Clock {
    said: Instant,
    heard: Instant,
}

impl Default for Client {
    fn default() -> Self {
        Self {
            stage: Stage::Closed,
            form: Form::Json,
            calls: Calls::default(),
            streams: BTreeMap::new(),
            subscribed: Vec::new(),
            needed: BTreeSet::new(),
            wanted: VecDeque::new(),
            last: 0,
            has_called: false,
            is_attended: false,
            targets: Names::default(),
            pings: [0; 2],
            failure: None,
        }
    }
}

impl Client {
    /// The handshake is over, or was before.
    fn open(&mut self, now: Instant) {
        self.stage = Stage::Open(Clock {
            said: now,
            heard: now,
        });
    }

    fn send(&mut self, record: &Value, seen: Seen, now: Instant, actions: &mut Actions) {
        if let Some(clock) = self.stage.session_mut() {
            clock.said = now;
        }
        actions.send(Kind::Text, wire::encode(record), Some(seen));
    }

    fn ping(&mut self, now: Instant, actions: &mut Actions) {
        self.pings[0] += 1;
        let seen = Seen::keepalive(Name::SignalR, "ping");
        if self.form == Form::MessagePack {
            if let Some(clock) = self.stage.session_mut() {
                clock.said = now;
            }
            return actions.send(Kind::Binary, wire::PACKED_PING.to_vec(), Some(seen));
        }
        self.send(&json!({"type": 6}), seen, now, actions);
    }

    /// Refuses what cannot be said now.
    fn check(&self) -> SayResult {
        self.stage.check(GREETING)?;
        if self.form == Form::MessagePack {
            let text = "the server speaks MessagePack, which wsee only reads";
            return Err(SayError::new(
                text,
                "the handshake of --as signalr chooses JSON",
            ));
        }
        Ok(())
    }

    /// Calls a method; returns the id of the call if it has one.
    fn call(
        &mut self,
        call: Call,
        expected: Expected,
        now: Instant,
        actions: &mut Actions,
    ) -> Option<String> {
        let Call { target, arguments } = call;
        let arguments = Value::from(arguments);
        let kind = if expected == Expected::Items { 4 } else { 1 };
        let mut record = json!({"type": kind});
        let id = (expected != Expected::Nothing).then(|| {
            self.last += 1;
            self.last.to_string()
        });
        if let Some(id) = &id {
            record["invocationId"] = id.as_str().into();
        }
        record["target"] = target.as_str().into();
        record["arguments"] = arguments.clone();
        let seen = self.begin(&target, &arguments, id.as_deref(), expected, now);
        self.send(&record, seen, now, actions);
        id
    }

    /// Notes a call that is made now.
    fn begin(
        &mut self,
        target: &str,
        arguments: &Value,
        id: Option<&str>,
        expected: Expected,
        now: Instant,
    ) -> Seen {
        self.targets.remember(target);
        if let Some(id) = id {
            self.has_called = true;
            self.calls.begin(&id, target, now);
            if expected == Expected::Items {
                self.streams.insert(id.to_owned(), 0);
            }
        }
        see::call(target, arguments, id, expected)
    }

    fn cancel(&mut self, args: &str, now: Instant, actions: &mut Actions) -> SayResult {
        let id = match say::cancel(args)? {
            Some(id) if self.streams.contains_key(id) => id.to_owned(),
            Some(id) => {
                let text = format!("no stream has the id {id}");
                return Err(SayError::new(text, "/status lists the open calls"));
            }
            None => {
                let newest = self.streams.keys().max_by_key(|it| it.parse::<u64>().ok());
                let newest = newest.ok_or_else(|| SayError::new("no stream is open", None))?;
                newest.clone()
            }
        };
        let record = json!({"type": 5, "invocationId": id});
        let seen =
            see::seen("cancel", format!("cancel stream {id}")).with("invocationId", id.as_str());
        self.send(&record, seen, now, actions);
        Ok(())
    }

    fn complete(
        &mut self,
        completion: Completion,
        now: Instant,
        actions: &mut Actions,
    ) -> SayResult {
        let Completion { id, outcome } = completion;
        let Some(at) = self.wanted.iter().position(|it| *it == id) else {
            let text = format!("the server waits for no result of the id {id}");
            return Err(SayError::new(text, "/status lists those it waits for"));
        };
        self.wanted.remove(at);
        let mut record = json!({"type": 3, "invocationId": id});
        let mut seen =
            see::seen("completion", format!("result of {id}")).with("invocationId", id.as_str());
        if let Some((key, value)) = outcome {
            record[key] = value.clone();
            seen.payload = value.to_string();
            seen = seen.with(key, value);
        }
        self.send(&record, seen, now, actions);
        Ok(())
    }

    /// Sends a record as the user writes it.
    fn raw(
        &mut self,
        object: Map<String, Value>,
        now: Instant,
        actions: &mut Actions,
    ) -> SayResult {
        let text = |key: &str| object.get(key).and_then(Value::as_str);
        let (id, target) = (text("invocationId"), text("target").unwrap_or_default());
        let kind = object.get("type").and_then(Value::as_u64);
        let seen = match kind {
            Some(kind @ (1 | 4)) => {
                if let Some(of) = id.and_then(|id| self.calls.find(id)) {
                    let text = format!("call {of} has this invocationId, and no answer yet");
                    return Err(SayError::new(text, "without a type, wsee gives a new one"));
                }
                // The ids that wsee gives follow.
                let number: u64 = id.and_then(|id| id.parse().ok()).unwrap_or_default();
                self.last = self.last.max(number.min(LARGEST));
                let expected = match (kind, id) {
                    (4, _) => Expected::Items,
                    (_, Some(_)) => Expected::Result,
                    (_, None) => Expected::Nothing,
                };
                let arguments = object.get("arguments").cloned().unwrap_or_default();
                self.begin(target, &arguments, id, expected, now)
            }
            Some(6) => Seen::keepalive(Name::SignalR, "ping"),
            None => {
                self.stage = Stage::greeting(now);
                handshake()
            }
            Some(kind) => {
                if kind == 3 {
                    self.wanted.retain(|it| Some(it.as_str()) != id);
                }
                let value = Value::from(object.clone());
                let name =
                    name(kind).map_or_else(|| format!("record of type {kind}"), str::to_owned);
                see::seen("record", name)
                    .carrying(value.to_string())
                    .with("record", value)
            }
        };
        self.send(&object.into(), seen, now, actions);
        Ok(())
    }
}

/// The types of records that are not read.
fn name(kind: u64) -> Option<&'static str> {
    Some(match kind {
        2 => "stream item",
        3 => "completion",
        4 => "stream invocation",
        5 => "cancellation",
        7 => "close",
        8 => "acknowledgement",
        9 => "sequence",
        _ => return None,
    })
}

/// What the session begins with.
fn handshake() -> Seen {
    see::seen("handshake", "handshake")
}

impl Protocol for Client {
    fn name(&self) -> Name {
        Name::SignalR
    }

    fn opened(&mut self, _: Opening<'_>, now: Instant, actions: &mut Actions) {
        self.form = Form::Json;
        self.streams.clear();
        self.needed.clear();
        self.wanted.clear();
        self.calls.restart(actions);
        self.stage = Stage::greeting(now);
        let record = json!({"protocol": "json", "version": 1});
        self.send(&record, handshake(), now, actions);
    }

    fn attend(&mut self) {
        self.is_attended = true;
    }

    /// The hint that names `--as` follows the answer to a handshake.
    fn adopt(&mut self, now: Instant, actions: &mut Actions) {
        self.open(now);
        let text =
            "the handshake counts as done; the line {\"protocol\":\"json\",\"version\":1} sends it";
        actions.note(text);
    }

    fn is_ready(&self) -> bool {
        self.stage.is_open()
    }

    fn received(&mut self, kind: Kind, payload: &[u8], now: Instant, actions: &mut Actions) {
        if let Some(clock) = self.stage.session_mut() {
            clock.heard = now;
        }
        let decoded = wire::decode(kind, payload);
        if decoded.form == Form::BinaryJson && self.form == Form::Json {
            let text = "the server sends JSON in binary messages, which the official client for browsers does not read";
            actions.note(text);
        }
        let is_read = decoded.records.iter().any(|(_, record)| record.is_ok());
        if is_read {
            self.form = decoded.form;
        }
        for (bytes, record) in decoded.records {
            match record {
                Ok(record) => self.record(record, now, actions),
                Err(reason) => actions.see(see::unreadable(&reason, bytes)),
            }
        }
        if decoded.more > 0 {
            actions.note("more records of the message are not looked at");
        }
    }

    fn line_help(&self) -> &'static str {
        "a line TARGET [JSON…] is invoked"
    }

    fn pending(&self) -> Option<usize> {
        self.has_called.then_some(self.calls.len())
    }

    fn unanswered(&self) -> Option<String> {
        self.calls.oldest()
    }

    fn failure(&self) -> Option<&str> {
        self.failure.as_deref()
    }

    fn subscribe(&mut self, args: &str, now: Instant, actions: &mut Actions) -> SayResult {
        let call = say::call("stream", args)?;
        self.subscribed.push(call.clone());
        self.need(call, now, actions);
        Ok(())
    }

    fn say(&mut self, verb: &str, args: &str, now: Instant, actions: &mut Actions) -> SayResult {
        let expected = match verb {
            "invoke" => Expected::Result,
            "stream" => Expected::Items,
            "send" => Expected::Nothing,
            "cancel" => {
                self.check()?;
                return self.cancel(args, now, actions);
            }
            "result" => {
                let completion = say::result(args)?;
                self.check()?;
                return self.complete(completion, now, actions);
            }
            other => return Err(usage(VERBS, other)),
        };
        let call = say::call(verb, args)?;
        self.check()?;
        self.call(call, expected, now, actions);
        Ok(())
    }

    fn line(&mut self, line: &str, now: Instant, actions: &mut Actions) -> SayResult {
        if !is_json(line) {
            return self.say("invoke", line, now, actions);
        }
        let said = say::record(line)?;
        self.check()?;
        match said {
            Said::Call(call, expected) => drop(self.call(call, expected, now, actions)),
            Said::Completion(completion) => self.complete(completion, now, actions)?,
            Said::Raw(object) => self.raw(object, now, actions)?,
        }
        Ok(())
    }

    fn deadline(&self) -> Option<Instant> {
        let due = |clock: &Clock| (clock.said + INTERVAL).min(clock.heard + SILENCE);
        self.stage.deadline(|clock| Some(due(clock)))
    }

    fn tick(&mut self, now: Instant, actions: &mut Actions) {
        let hint = "check that it is a hub of ASP.NET Core SignalR, and the path";
        if let Some(refusal) = self.stage.overdue(GREETING, hint, now) {
            return actions.end(refusal);
        }
        let Some(clock) = self.stage.session() else {
            return;
        };
        if clock.heard + SILENCE <= now {
            let silence = quantity::duration(SILENCE);
            actions.end(Refusal {
                text: format!("the server sent nothing, and no ping, for {silence}"),
                hint: None,
                exit: Exit::NoPong,
                may_pass: true,
            });
        } else if clock.said + INTERVAL <= now {
            self.ping(now, actions);
        }
    }

    fn pause(&mut self, now: Instant) {
        if let Some(clock) = self.stage.session_mut() {
            clock.heard = clock.heard.max(now);
        }
    }

    fn names(&self, verb: &str) -> Vec<String> {
        match verb {
            "invoke" | "send" | "stream" => self.targets.list(),
            "cancel" => self.streams.keys().cloned().collect(),
            "result" => self.wanted.iter().cloned().collect(),
            _ => Vec::new(),
        }
    }

    fn status(&self, now: Instant) -> Vec<(&'static str, String)> {
        let form = match self.form {
            Form::Json => "JSON",
            Form::BinaryJson => "JSON in binary messages",
            Form::MessagePack => "MessagePack",
        };
        let [sent, received] = self.pings;
        vec![
            ("on top", format!("SignalR, {form}")),
            ("pings", format!("{sent} sent, {received} received")),
            ("calls open", self.calls.status(now)),
            ("results wanted", listed(self.wanted.iter().cloned())),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hear(client: &mut Client, record: &str, now: Instant) -> Actions {
        let mut actions = Actions::default();
        let message = format!("{record}\x1e");
        client.received(Kind::Text, message.as_bytes(), now, &mut actions);
        actions
    }

    #[test]
    fn pings_go_out_after_a_silence_of_this_side_and_that_of_the_server_has_a_limit() {
        let (mut client, now) = (Client::default(), Instant::now());
        client.opened(Opening::default(), now, &mut Actions::default());
        hear(&mut client, "{}", now);
        let ping = now + INTERVAL;
        assert_eq!(client.deadline(), Some(ping));
        let mut actions = Actions::default();
        client.tick(ping, &mut actions);
        assert_eq!((actions.list.len(), client.pings[0]), (1, 1));
        actions.list.clear();
        client.tick(now + SILENCE, &mut actions);
        let is_end = |action: &crate::ontop::Action| matches!(action, crate::ontop::Action::End(it) if it.exit == Exit::NoPong);
        assert!(actions.list.iter().any(is_end));
    }

    #[test]
    fn a_handshake_that_is_typed_opens_the_session_when_it_is_answered() {
        let (mut client, now) = (Client::default(), Instant::now());
        let mut actions = Actions::default();
        client.adopt(now, &mut actions);
        client
            .line("{\"protocol\":\"json\",\"version\":1}", now, &mut actions)
            .expect("a handshake");
        assert!(!client.is_ready());
        hear(&mut client, "{}", now);
        assert!(client.is_ready());
    }
}
