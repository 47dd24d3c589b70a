//! Centrifugo: commands with an id, pushes, and pings that are empty objects; several a message, one a line.

mod say;

use std::time::{Duration, Instant};

use serde_json::{Map, Value, json};

use super::desk::{Desk, Request, Scheme, Subscription, Turn};
use crate::exit::Exit;
use crate::ontop::channels::{Channel, State};
use crate::ontop::record::{is_object, json};
use crate::ontop::stage::Stage;
use crate::ontop::{Name, Opening, Refusal, SayError, SayResult, Seen};
use crate::proto::message::Kind;
use crate::render::quantity;
use crate::text::cut;
pub use say::VERBS;
use say::{channel, named, publication};

/// What the server answers first.
const GREETING: &str = "connect";
/// The most lines of a message that are looked at: one of 64 MiB holds millions.
const LOOKED_AT: usize = 20_000;
/// How late a ping may be: as in the official clients.
const LATE: Duration = Duration::from_secs(10);
/// How much of an error the last line quotes, in bytes.
const QUOTED: usize = 300;
/// From this code on an unsubscribed client may subscribe again.
const TRANSIENT: u64 = 2500;

#[derive(Debug)]
pub(in crate::ontop) struct Centrifugo {
    stage: Stage<Session>,
    connect: String,
    has_auth: bool,
    pings: u64,
}

#[derive(Debug)]
struct Session {
    wants_pongs: bool,
    /// The longest silence; zero for no limit.
    silence: Duration,
    heard: Instant,
}

impl Default for Centrifugo {
    fn default() -> Self {
        Self {
            stage: Stage::Closed,
            connect: String::new(),
            has_auth: false,
            pings: 0,
        }
    }
}

fn seen(kind: &str, label: impl Into<String>) -> Seen {
    Seen::new(Name::Centrifugo, kind, label)
}

const FORM: &str =
    "a command is {\"publish\":{\"channel\":\"…\",\"data\":…}}, and wsee adds its id";

/// What a command does, and to what.
fn kind(command: &Map<String, Value>) -> Option<(&str, &Value)> {
    let mut members = command.iter().filter(|(name, _)| *name != "id");
    members.next().map(|(name, value)| (name.as_str(), value))
}

/// A command with this id.
fn request(id: u64, command: Map<String, Value>) -> (Request, String) {
    let (kind, value) = kind(&command).unwrap_or(("command", &Value::Null));
    let target = value["channel"].as_str().or(value["method"].as_str());
    let what = match target {
        Some(target) => format!("{kind} {target}"),
        None => kind.to_owned(),
    };
    let mut seen = seen(kind, what.as_str())
        .with("id", id)
        .with(kind, value.clone());
    seen.payload = match value.get("data") {
        Some(data) => data.to_string(),
        None if target.is_none() => value.to_string(),
        None => String::new(),
    };
    let mut message = Map::new();
    message.insert("id".to_owned(), id.into());
    message.extend(command.into_iter().filter(|(name, _)| name != "id"));
    let request = Request {
        id: id.to_string(),
        message: Value::from(message).to_string(),
        seen,
    };
    (request, what)
}

fn send(command: Map<String, Value>, turn: &mut Turn<'_>) {
    let id = turn.desk.next_id();
    let (request, what) = request(id, command);
    turn.ask(request, &what);
}

fn one(name: &str, value: Value) -> Map<String, Value> {
    std::iter::once((name.to_owned(), value)).collect()
}

impl Centrifugo {
    fn message(&mut self, text: &str, turn: &mut Turn<'_>) -> Result<(), String> {
        let value: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
        let Value::Object(mut object) = value else {
            return Err("it is no object".to_owned());
        };
        if object.is_empty() {
            self.ping(turn);
            return Ok(());
        }
        if let Some(id) = object
            .get("id")
            .and_then(Value::as_u64)
            .filter(|id| *id > 0)
        {
            self.reply(id, &object, turn);
            return Ok(());
        }
        match object.remove("push") {
            Some(Value::Object(push)) => {
                Self::push(push, turn);
                Ok(())
            }
            _ => Err("it is neither a reply nor a push".to_owned()),
        }
    }

    fn ping(&mut self, turn: &mut Turn<'_>) {
        self.pings += 1;
        turn.see(Seen::keepalive(Name::Centrifugo, "ping"));
        if self.stage.session().is_none_or(|it| it.wants_pongs) {
            turn.send("{}", Seen::keepalive(Name::Centrifugo, "pong"));
        }
    }

    fn reply(&mut self, id: u64, reply: &Map<String, Value>, turn: &mut Turn<'_>) {
        let of = turn.answered(&id.to_string());
        let what = of.as_ref().map(|it| it.what.clone()).unwrap_or_default();
        let is_connect = self.stage.is_greeting() && id.to_string() == self.connect;
        if let Some(error) = reply.get("error") {
            let code = error["code"].as_u64().unwrap_or_default();
            let text = cut(error["message"].as_str().unwrap_or_default(), QUOTED);
            let why = format!("{code} {text:?}");
            let seen = seen("error", format!("error {id}: {why}")).with("id", id);
            turn.see(seen.with("error", error.clone()).answering(of.as_ref()));
            let hint = self.hint(code);
            if is_connect {
                self.stage = Stage::Closed;
                let text = format!("the server refused the session: {why}");
                turn.actions.end(Refusal::refused(text, hint));
            } else if !turn.refused(&id.to_string(), &why, hint) && of.is_some() {
                turn.fail(format!("{what} failed with {why}"));
            }
            return;
        }
        let (kind, value) = kind(reply).unwrap_or(("result", &Value::Null));
        let seen = seen(kind, format!("result {id}"))
            .with("id", id)
            .with(kind, value.clone());
        let shown = value.get("data").unwrap_or(value);
        let is_empty = shown.as_object().is_some_and(Map::is_empty) || shown.is_null();
        let seen = if is_empty {
            seen
        } else {
            seen.carrying(shown.to_string())
        };
        let seen = seen.answering(of.as_ref());
        if is_connect {
            turn.see(Seen {
                label: "connected".to_owned(),
                ..seen
            });
            let seconds = value["ping"].as_u64().unwrap_or_default().min(86_400);
            let silence = if seconds == 0 {
                Duration::ZERO
            } else {
                Duration::from_secs(seconds) + LATE
            };
            self.stage = Stage::Open(Session {
                wants_pongs: value["pong"] == true,
                silence,
                heard: turn.now,
            });
            return;
        }
        turn.confirmed(&id.to_string());
        let is_quiet = ["subscribe", "unsubscribe", "publish"].contains(&kind);
        let mut print = json!({"id": id});
        print[kind] = value.clone();
        turn.see(if is_quiet { seen } else { seen.printing(print) });
    }

    /// What helps against an error with this code.
    fn hint(&self, code: u64) -> &'static str {
        match code {
            101 | 109 | 110 => self.token_hint(),
            102 => "the name of the channel, or its namespace, is not known to the server",
            103 => "the server's configuration or the token does not allow it",
            105 => "/unsubscribe it first",
            _ => "look into the server's log",
        }
    }

    fn token_hint(&self) -> &'static str {
        if self.has_auth {
            "the server does not accept the token of --auth"
        } else {
            "--auth '{\"token\":\"…\"}' sends a token with connect"
        }
    }

    fn push(push: Map<String, Value>, turn: &mut Turn<'_>) {
        let channel = push
            .get("channel")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let mut members = push.iter().filter(|(name, _)| *name != "channel");
        let (kind, value) = members
            .next()
            .map_or(("push", &Value::Null), |(name, it)| (name.as_str(), it));
        let mut note = "";
        if kind == "unsubscribe" {
            let code = value["code"].as_u64().unwrap_or_default();
            match turn.desk.channels.find(channel) {
                Some(found) if code >= TRANSIENT => {
                    found.state = State::Wanted(turn.now);
                    note = "subscribed to again";
                }
                found => {
                    if found.is_some() {
                        turn.desk.channels.remove(channel);
                    }
                    note = "by the server";
                }
            }
        }
        let title = if kind == "pub" { "message" } else { kind };
        let shown = value.get("data").unwrap_or(value).to_string();
        let seen = seen(kind, format!("{title} {channel}").trim_end())
            .with("channel", channel)
            .with(kind, value.clone())
            .carrying(shown)
            .noting(note);
        turn.see(seen.printing(push.into()));
    }
}

impl Scheme for Centrifugo {
    const NAME: Name = Name::Centrifugo;
    const TITLE: &'static str = "Centrifugo";
    const LINE: &'static str = "a line CHANNEL JSON is published, and an object is a command";

    fn greet(&mut self, opening: Opening<'_>, turn: &mut Turn<'_>) {
        self.stage = Stage::greeting(turn.now);
        let id = turn.desk.next_id();
        self.connect = id.to_string();
        let connect = |auth: Value| json!({"id": id, "connect": auth}).to_string().into_bytes();
        let mut seen = seen("connect", "connect").with("id", id);
        self.has_auth = opening.auth.is_some();
        if self.has_auth {
            seen = seen.noting("with --auth");
        }
        let masked = opening.auth.as_ref().map(|_| connect("***".into()));
        let payload = connect(opening.auth.unwrap_or_else(|| json!({})));
        turn.desk.calls.begin(&id, "connect", turn.now);
        turn.actions
            .send_masked(Kind::Text, payload, masked, Some(seen));
    }

    fn adopt(&mut self, now: Instant) {
        self.stage = Stage::Open(Session {
            wants_pongs: true,
            silence: Duration::ZERO,
            heard: now,
        });
    }

    fn is_ready(&self, _: &Desk) -> bool {
        self.stage.is_open()
    }

    fn hear(&mut self, text: &str, turn: &mut Turn<'_>) -> Result<(), String> {
        if let Some(session) = self.stage.session_mut() {
            session.heard = turn.now;
        }
        let mut lines = text.lines().filter(|line| !line.trim().is_empty());
        let first = lines.next().ok_or("it is empty")?;
        self.message(first, turn)?;
        for line in lines.by_ref().take(LOOKED_AT) {
            if let Err(reason) = self.message(line, turn) {
                let (name, title) = (Self::NAME, Self::TITLE);
                turn.see(Seen::unreadable(name, title, &reason, line.as_bytes()));
            }
        }
        if lines.next().is_some() {
            let text = "further lines of the message are not looked at";
            turn.actions.note(text);
        }
        Ok(())
    }

    fn say(&mut self, verb: &str, args: &str, turn: &mut Turn<'_>) -> SayResult {
        self.stage.check(GREETING)?;
        let command = match verb {
            "publish" => {
                let (channel, data) = publication(args)?;
                turn.desk.words.remember(&channel);
                one("publish", json!({"channel": channel, "data": data}))
            }
            "rpc" => {
                let (method, data) = named("rpc", args)?;
                let data = data.unwrap_or_else(|| json!({}));
                one("rpc", json!({"method": method, "data": data}))
            }
            _ => {
                let channel = channel(args)?;
                if turn.desk.channels.remove(channel).is_none() {
                    let text = format!("{channel} is not subscribed to");
                    return Err(SayError::new(text, "/status lists the subscriptions"));
                }
                one("unsubscribe", json!({"channel": channel}))
            }
        };
        send(command, turn);
        Ok(())
    }

    fn line(&mut self, line: &str, turn: &mut Turn<'_>) -> SayResult {
        if !is_object(line) {
            return self.say("publish", line, turn);
        }
        self.stage.check(GREETING)?;
        match json(line, FORM)? {
            Value::Object(command)
                if kind(&command).is_some_and(|(_, value)| value.is_object()) =>
            {
                send(command, turn);
                Ok(())
            }
            _ => Err(SayError::new("no command", FORM)),
        }
    }

    fn subscription(&self, args: &str, _: u64) -> Result<Subscription, SayError> {
        self.stage.check(GREETING)?;
        let (name, options) = named("subscribe", args)?;
        let mut data = one("channel", name.as_str().into());
        if let Some(Value::Object(options)) = options {
            data.extend(options);
        }
        Ok(Subscription {
            title: name.clone(),
            name,
            data: data.into(),
        })
    }

    fn request(channel: &Channel, id: u64) -> Request {
        request(id, one("subscribe", channel.data.clone())).0
    }

    fn closing(&self, code: u16) -> Option<Refusal> {
        match code {
            3000..=3499 | 4000..=4499 => Some(Refusal {
                text: "the server disconnects for now".to_owned(),
                hint: None,
                exit: Exit::ClosedWithError,
                may_pass: true,
            }),
            // Those that the official clients do not reconnect after.
            3500..=3999 | 4500..=4999 => {
                let text = "the server disconnects for good".to_owned();
                let hint = (code == 3500).then(|| self.token_hint());
                Some(Refusal::refused(text, hint))
            }
            _ => None,
        }
    }

    fn deadline(&self) -> Option<Instant> {
        self.stage.deadline(|session| {
            let silence = session.silence;
            (!silence.is_zero()).then(|| session.heard + silence)
        })
    }

    fn overdue(&mut self, now: Instant) -> Option<Refusal> {
        let hint = "check that this is Centrifugo, whose path is /connection/websocket by default";
        let silent = self.stage.overdue(GREETING, hint, now);
        if silent.is_some() {
            return silent;
        }
        self.deadline().filter(|until| *until <= now)?;
        let silence = self
            .stage
            .session()
            .map(|it| it.silence)
            .unwrap_or_default();
        self.stage = Stage::Closed;
        let text = format!("no ping of the server for {}", quantity::duration(silence));
        Some(Refusal {
            exit: Exit::NoPong,
            ..Refusal::silent(text, None)
        })
    }

    fn notes(&self) -> Vec<String> {
        vec![quantity::plural(self.pings, "ping")]
    }
}
