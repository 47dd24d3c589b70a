//! WAMP v2: numbers in the place of names.

mod say;
mod table;

use std::collections::BTreeMap;
use std::time::Instant;

use serde_json::{Map, Value, json};

use super::desk::{Desk, Request, Scheme, Subscription, Turn};
use super::form::Message;
use crate::exit::Exit;
use crate::ontop::channels::Channel;
use crate::ontop::record::is_json;
use crate::ontop::stage::Stage;
use crate::ontop::verb::word;
use crate::ontop::{Name, Opening, Refusal, SayError, SayResult, Seen};
use crate::proto::message::Kind;
use crate::text::cut;

pub use say::VERBS;
use say::{arguments, hello, topic};
use table::{ASKING, FORMS};

pub const SUBPROTOCOL: &str = "wamp.2.json";

/// What the server answers first.
const GREETING: &str = "HELLO";
const REALM: &str = "hello REALM joins one, and --auth '{\"realm\":\"…\"}' does at once";
const ARRAY: &str = "a message is an array such as [\"CALL\",1,{},\"com.example.add\",[2,3]]";
/// The largest identifier that a request has by the specification.
const LARGEST: u64 = 1 << 53;
/// How much of an error the last line quotes, in bytes.
const QUOTED: usize = 300;

#[derive(Debug)]
pub(in crate::ontop) struct Wamp {
    stage: Stage<()>,
    /// What was joined last, with the details, for the next connection.
    realm: Option<(String, Map<String, Value>)>,
    /// The details are those of `--auth`.
    is_secret: bool,
    /// The topics of subscriptions, by the number that the router gave them.
    topics: BTreeMap<String, String>,
}

impl Default for Wamp {
    fn default() -> Self {
        Self {
            stage: Stage::Closed,
            realm: None,
            is_secret: false,
            topics: BTreeMap::new(),
        }
    }
}

/// What this side can do; routers refuse who can do nothing.
fn roles() -> Value {
    json!({"publisher": {}, "subscriber": {}, "caller": {}, "callee": {}})
}

impl Wamp {
    fn hello(&mut self, turn: &mut Turn<'_>) {
        let Some((realm, details)) = &self.realm else {
            return;
        };
        let (realm, mut details) = (realm.clone(), details.clone());
        self.stage = Stage::greeting(turn.now);
        details.entry("roles").or_insert_with(roles);
        // Its numbers begin with 1 in each session.
        turn.desk.last = 0;
        let hello = |details: Value| json!([1, realm, details]).to_string();
        let mut seen =
            Seen::new(Name::Wamp, "HELLO", format!("HELLO {realm}")).with("realm", realm.as_str());
        let masked = self.is_secret.then(|| hello("***".into()).into_bytes());
        if self.is_secret {
            seen = seen.noting("with --auth");
        } else {
            seen = seen.with("details", details.clone());
        }
        let payload = hello(details.into()).into_bytes();
        turn.actions
            .send_masked(Kind::Text, payload, masked, Some(seen));
    }

    /// The session is over, or there is none.
    fn refused(&mut self, message: &Message, turn: &mut Turn<'_>) {
        let said = message.get("details")["message"].as_str();
        let why = match said {
            Some(said) => format!("{}: {said}", message.plain("reason")),
            None => message.plain("reason"),
        };
        // One that was typed is not joined again: the next connection is there to type another.
        let realm = if self.is_secret {
            self.realm.clone()
        } else {
            self.realm.take()
        };
        let realm = realm.map(|(realm, _)| realm).unwrap_or_default();
        self.stage = Stage::Closed;
        let text = format!(
            "the router refused the session in realm {realm:?}: {}",
            cut(&why, QUOTED)
        );
        turn.actions.end(Refusal::refused(text, REALM));
    }

    fn goodbye(&mut self, message: &Message, turn: &mut Turn<'_>) {
        let reason = message.plain("reason");
        if std::mem::replace(&mut self.stage, Stage::Closed).is_open() {
            let answer = json!(["GOODBYE", {}, "wamp.close.goodbye_and_out"]);
            let _ = written(&answer, turn);
            turn.actions.end(Refusal {
                exit: Exit::Done,
                ..Refusal::refused(
                    format!("the router closed the session: {}", cut(&reason, QUOTED)),
                    None,
                )
            });
        }
    }

    fn answer(&mut self, message: &Message, turn: &mut Turn<'_>) {
        let id = message.plain("request");
        let of = turn.answered(&id);
        let what = of.as_ref().map(|it| it.what.clone()).unwrap_or_default();
        let subject = what.split_once(' ').map_or("", |(_, subject)| subject);
        let seen = message.seen(Name::Wamp);
        let aside = seen.note.clone();
        let mut seen = seen.answering(of.as_ref()).noting_also(&aside);
        match message.form.name {
            "SUBSCRIBED" => {
                if of.is_some() {
                    let subscription = message.plain("subscription");
                    self.topics.insert(subscription, subject.to_owned());
                }
                turn.confirmed(&id);
            }
            "RESULT" => {
                let print = json!({"procedure": subject, "args": message.get("args"),
                    "kwargs": message.get("kwargs")});
                seen = seen.printing(print);
            }
            "ERROR" => {
                let why = cut(&message.plain("error"), QUOTED);
                if let Some(name) = name(message.get("of")) {
                    seen.label = format!("ERROR {name} {id} {why}");
                }
                turn.see(seen);
                if !turn.refused(&id, &why, "check the topic, and what the realm allows")
                    && of.is_some()
                {
                    turn.fail(format!("{what} failed with {why}"));
                }
                return;
            }
            _ => {}
        }
        turn.see(seen);
    }
}

fn written(array: &Value, turn: &mut Turn<'_>) -> SayResult {
    send(&array.to_string(), turn)
}

/// The name of a kind of message.
fn name(number: &Value) -> Option<&'static str> {
    let number = Some(number.as_u64()?);
    let form = FORMS.iter().find(|form| form.number == number)?;
    Some(form.name)
}

/// Sends an array that was written with a name or a number.
fn send(array: &str, turn: &mut Turn<'_>) -> SayResult {
    let message = Message::typed(array, FORMS, ARRAY)?;
    let (name, seen) = (message.form.name, message.seen(Name::Wamp));
    if !ASKING.contains(&name) {
        turn.send(message.encode(), seen);
        return Ok(());
    }
    let subject = ["procedure", "topic", "subscription", "registration"];
    let subject = subject.map(|field| message.plain(field)).concat();
    turn.desk.words.remember(&subject);
    let what = format!("{name} {subject}");
    let id = message.plain("request");
    // Those of wsee follow.
    let number = message.get("request").as_u64().unwrap_or_default();
    turn.desk.last = turn.desk.last.max(number.min(LARGEST));
    let message = message.encode();
    turn.ask(Request { id, message, seen }, &what);
    Ok(())
}

impl Scheme for Wamp {
    const NAME: Name = Name::Wamp;
    const TITLE: &'static str = "WAMP";
    const LINE: &'static str = "a line is a command without its slash, or an array such as [\"CALL\",1,{},\"com.example.add\",[2,3]]";

    fn greet(&mut self, opening: Opening<'_>, turn: &mut Turn<'_>) {
        self.stage = Stage::Closed;
        self.topics.clear();
        if let Some(Value::Object(mut auth)) = opening.auth
            && let Some(Value::String(realm)) = auth.shift_remove("realm")
        {
            (self.realm, self.is_secret) = (Some((realm, auth)), true);
        }
        self.hello(turn);
    }

    fn adopt(&mut self, _: Instant) {
        self.stage = Stage::Open(());
    }

    /// Before a realm is named, too: a line may name it.
    fn is_ready(&self, desk: &Desk) -> bool {
        desk.is_open && !self.stage.is_greeting()
    }

    fn hear(&mut self, text: &str, turn: &mut Turn<'_>) -> Result<(), String> {
        let message = Message::parse(text, FORMS)?;
        let seen = message.seen(Name::Wamp);
        match message.form.name {
            "WELCOME" => {
                turn.see(seen);
                self.stage = Stage::Open(());
            }
            "ABORT" => {
                turn.see(seen);
                self.refused(&message, turn);
            }
            "CHALLENGE" => {
                // The answer is a line.
                self.stage = Stage::Closed;
                turn.see(seen.noting("answer with [\"AUTHENTICATE\",\"SIGNATURE\",{}]"));
            }
            "GOODBYE" => {
                turn.see(seen);
                self.goodbye(&message, turn);
            }
            "EVENT" => {
                let topic = self.topics.get(&message.plain("subscription"));
                let print = json!({"topic": topic, "args": message.get("args"),
                    "kwargs": message.get("kwargs")});
                let seen = match topic {
                    Some(topic) => Seen {
                        label: format!("EVENT {topic}"),
                        ..seen
                    },
                    None => seen.noting_also("nobody subscribed to it"),
                };
                turn.see(seen.printing(print));
            }
            "INVOCATION" => {
                let note = format!(
                    "answer with [\"YIELD\",{},{{}},[…]]",
                    message.plain("request")
                );
                let print: Value = serde_json::from_str(text).unwrap_or_default();
                turn.see(seen.noting_also(&note).printing(print));
            }
            "ERROR" | "PUBLISHED" | "SUBSCRIBED" | "UNSUBSCRIBED" | "RESULT" | "REGISTERED"
            | "UNREGISTERED" => self.answer(&message, turn),
            _ => turn.see(seen.noting("no message that a router sends")),
        }
        Ok(())
    }

    fn say(&mut self, verb: &str, args: &str, turn: &mut Turn<'_>) -> SayResult {
        if verb == "hello" {
            (self.realm, self.is_secret) = (Some(hello(args)?), false);
            self.hello(turn);
            return Ok(());
        }
        self.check()?;
        let id = turn.desk.last + 1;
        let array = match verb {
            "call" | "publish" => {
                let (name, parts) = arguments(verb, args)?;
                let options = if verb == "publish" {
                    json!({"acknowledge": true})
                } else {
                    json!({})
                };
                let mut array = vec![
                    verb.to_ascii_uppercase().into(),
                    id.into(),
                    options,
                    name.into(),
                ];
                array.extend(parts);
                Value::Array(array)
            }
            _ => {
                let topic = topic("unsubscribe", args)?;
                let found = self.topics.iter().find(|(_, it)| *it == topic);
                let Some(subscription) = found.map(|(number, _)| number.clone()) else {
                    let text = format!("{topic} is not subscribed to");
                    return Err(SayError::new(text, "/status lists the subscriptions"));
                };
                self.topics.remove(&subscription);
                turn.desk.channels.remove(topic);
                let number: Value = subscription.parse().unwrap_or_default();
                json!(["UNSUBSCRIBE", id, number])
            }
        };
        written(&array, turn)
    }

    fn line(&mut self, line: &str, turn: &mut Turn<'_>) -> SayResult {
        if is_json(line) {
            return send(line, turn);
        }
        let (verb, args) = word(line.trim());
        match verb {
            "subscribe" => {
                let asked = self.subscription(args, 0)?;
                turn.desk
                    .channels
                    .add(&asked.name, &asked.title, asked.data, false, turn.now);
                Ok(())
            }
            "hello" | "call" | "publish" | "unsubscribe" => self.say(verb, args, turn),
            _ => Err(SayError::new(
                format!("{verb:?} is no command of WAMP"),
                "for example call com.example.add 2 3",
            )),
        }
    }

    fn subscription(&self, args: &str, _: u64) -> Result<Subscription, SayError> {
        self.check()?;
        let topic = topic("subscribe", args)?.to_owned();
        Ok(Subscription {
            name: topic.clone(),
            title: topic,
            data: Value::Null,
        })
    }

    fn request(channel: &Channel, id: u64) -> Request {
        let array = json!([32, id, {}, channel.name]);
        let seen = match Message::parse(&array.to_string(), FORMS) {
            Ok(message) => message.seen(Name::Wamp),
            Err(_) => Seen::new(Name::Wamp, "SUBSCRIBE", "SUBSCRIBE"),
        };
        Request {
            id: id.to_string(),
            message: array.to_string(),
            seen,
        }
    }

    fn farewell(&mut self, turn: &mut Turn<'_>) {
        if self.stage.is_open() {
            self.stage = Stage::Closed;
            let goodbye = json!(["GOODBYE", {}, "wamp.close.close_realm"]);
            let _ = written(&goodbye, turn);
        }
    }

    fn deadline(&self) -> Option<Instant> {
        self.stage.deadline(|()| None)
    }

    fn overdue(&mut self, now: Instant) -> Option<Refusal> {
        self.stage.overdue(
            GREETING,
            "check that this is a WAMP router, and the path",
            now,
        )
    }

    fn notes(&self) -> Vec<String> {
        let realm = self.realm.iter();
        realm.map(|(realm, _)| format!("realm {realm}")).collect()
    }
}

impl Wamp {
    fn check(&self) -> SayResult {
        match self.stage {
            Stage::Closed => Err(SayError::new("no realm is joined", REALM)),
            _ => self.stage.check(GREETING),
        }
    }
}
