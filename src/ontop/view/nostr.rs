//! Nostr: events of a relay, by filters.

use serde_json::{Value, json};

use super::desk::{Request, Scheme, Subscription, Turn};
use super::form::{Form, Message, form};
use crate::ontop::channels::Channel;
use crate::ontop::record::{is_object, json};
use crate::ontop::verb::{usage, values};
use crate::ontop::{Lines, Name, SayError, SayResult, Seen, Verb};
use crate::text::cut;

pub const VERBS: &[Verb] = &[
    Verb {
        name: "subscribe",
        args: "FILTER…",
        help: "ask for events: REQ",
        example: "/subscribe {\"kinds\":[1],\"limit\":5}",
        lines: Lines::Json,
        check: |args| filters(args).map(drop),
    },
    Verb {
        name: "unsubscribe",
        args: "N",
        help: "end a subscription: CLOSE",
        example: "/unsubscribe 1",
        lines: Lines::No,
        check: |args| number(args).map(drop),
    },
];

/// What a relay sends (NIP-01, NIP-42, NIP-45).
const RELAY: &[Form] = &[
    form(None, "EVENT", 2, &["subscription", "event"]),
    form(None, "OK", 2, &["event", "accepted", "message"]),
    form(None, "EOSE", 1, &["subscription"]),
    form(None, "CLOSED", 1, &["subscription", "message"]),
    form(None, "NOTICE", 1, &["message"]),
    form(None, "AUTH", 1, &["challenge"]),
    form(None, "COUNT", 2, &["subscription", "result"]),
];

/// What a client sends.
const CLIENT: &[Form] = &[
    form(None, "EVENT", 1, &["event"]),
    form(None, "REQ", 2, &["subscription", "filter"]),
    form(None, "CLOSE", 1, &["subscription"]),
    form(None, "AUTH", 1, &["event"]),
    form(None, "COUNT", 2, &["subscription", "filter"]),
];

const FORMS: &str =
    "an event has id and sig, a filter has neither, and an array begins with REQ, EVENT or CLOSE";
const SIGN: &str = "sign an event of kind 22242 with the challenge, and send [\"AUTH\",EVENT]";
/// How much of an event's id names it, in bytes.
const NAMED: usize = 16;
/// How much of a message the last line quotes, in bytes.
const QUOTED: usize = 300;

#[derive(Debug, Default)]
pub(in crate::ontop) struct Nostr;

fn filters(args: &str) -> Result<Vec<Value>, SayError> {
    let filters = values(args.trim())?;
    if filters.is_empty() || !filters.iter().all(Value::is_object) {
        return Err(usage(VERBS, "subscribe"));
    }
    Ok(filters)
}

fn number(args: &str) -> Result<&str, SayError> {
    match args.trim() {
        "" => Err(usage(VERBS, "unsubscribe")),
        number => Ok(number),
    }
}

/// Sends a message that the user wrote.
fn send(message: &Message, turn: &mut Turn<'_>) {
    let seen = seen(message);
    let event = message.get("event")["id"].as_str().unwrap_or_default();
    let id = match message.form.name {
        "EVENT" | "AUTH" => event.to_owned(),
        "COUNT" => message.plain("subscription"),
        "REQ" => {
            let (name, filters) = (message.plain("subscription"), message.since("filter"));
            let Subscription { name, title, data } = subscription(name, filters);
            return turn.desk.channels.add(&name, &title, data, false, turn.now);
        }
        _ => {
            turn.desk.channels.remove(&message.plain("subscription"));
            return turn.send(message.encode(), seen);
        }
    };
    let what = format!("{} {}", message.form.name, cut(&id, NAMED));
    let message = message.encode();
    turn.ask(Request { id, message, seen }, &what);
}

fn subscription(name: String, filters: Vec<Value>) -> Subscription {
    let shown: Vec<_> = filters.iter().map(Value::to_string).collect();
    Subscription {
        title: format!("{name} {}", cut(&shown.join(" "), 60)),
        name,
        data: filters.into(),
    }
}

/// A message in either direction. The signature of an event says nothing to people, and takes two lines.
fn seen(message: &Message) -> Seen {
    let seen = message.seen(Name::Nostr);
    let mut event = message.get("event").clone();
    let signature = event.as_object_mut().and_then(|it| it.remove("sig"));
    if signature.is_some() && matches!(message.form.name, "EVENT" | "AUTH") {
        return seen.carrying(event.to_string());
    }
    seen
}

impl Scheme for Nostr {
    const NAME: Name = Name::Nostr;
    const TITLE: &'static str = "Nostr";
    const LINE: &'static str = "a line is a filter, an event or an array in JSON";
    // Stored events are over with EOSE.
    const LASTS: bool = false;

    fn hear(&mut self, text: &str, turn: &mut Turn<'_>) -> Result<(), String> {
        let message = Message::parse(text, RELAY)?;
        let subscription = message.plain("subscription");
        let said = cut(&message.plain("message"), QUOTED);
        let seen = seen(&message);
        match message.form.name {
            "EVENT" => {
                turn.confirmed(&subscription);
                let event = message.get("event").clone();
                turn.see(seen.printing(event));
            }
            "EOSE" => {
                let of = turn.answered(&subscription);
                turn.confirmed(&subscription);
                turn.see(seen.answering(of.as_ref()));
            }
            "COUNT" => {
                let of = turn.answered(&subscription);
                let result = message.get("result").clone();
                turn.see(seen.answering(of.as_ref()).printing(result));
            }
            "CLOSED" => {
                let of = turn.answered(&subscription);
                let seen = if of.is_some() {
                    seen.answering(of.as_ref())
                } else {
                    seen
                };
                turn.see(seen);
                let hint = if said.starts_with("auth-required") {
                    SIGN
                } else {
                    "check the filter"
                };
                if !turn.refused(&subscription, &said, hint) && of.is_none() {
                    return Ok(());
                }
                turn.desk.channels.remove(&subscription);
                turn.fail(format!(
                    "the relay closed subscription {subscription}: {said:?}"
                ));
            }
            "OK" => {
                let id = message.plain("event");
                let of = turn.answered(&id);
                let is_accepted = message.get("accepted") == true;
                let label = match (is_accepted, said.as_str()) {
                    (_, "") => format!("OK {is_accepted}"),
                    (_, said) => format!("OK {is_accepted} {said:?}"),
                };
                let seen = Seen { label, ..seen };
                turn.see(match &of {
                    Some(_) => seen.answering(of.as_ref()),
                    None => seen.noting(format!("nobody waits for {:?}", cut(&id, NAMED))),
                });
                if of.is_some() && message.get("accepted") != true {
                    turn.fail(format!(
                        "the relay refused event {}: {said:?}",
                        cut(&id, NAMED)
                    ));
                }
            }
            "AUTH" => turn.see(seen.noting(SIGN)),
            _ => turn.see(seen),
        }
        Ok(())
    }

    fn say(&mut self, _: &str, args: &str, turn: &mut Turn<'_>) -> SayResult {
        let name = number(args)?;
        if turn.desk.channels.remove(name).is_none() {
            let text = format!("there is no subscription {name}");
            return Err(SayError::new(text, "/status lists them"));
        }
        let seen = Seen::new(Name::Nostr, "CLOSE", format!("CLOSE {name}"));
        let seen = seen.with("subscription", name);
        turn.send(json!(["CLOSE", name]).to_string(), seen);
        Ok(())
    }

    fn line(&mut self, line: &str, turn: &mut Turn<'_>) -> SayResult {
        let array = if is_object(line) {
            match json(line, FORMS)? {
                event if event["sig"].is_string() => json!(["EVENT", event]),
                filter => {
                    turn.desk.subscribed += 1;
                    json!(["REQ", turn.desk.subscribed.to_string(), filter])
                }
            }
        } else {
            json(line, FORMS)?
        };
        send(&Message::typed(&array.to_string(), CLIENT, FORMS)?, turn);
        Ok(())
    }

    fn subscription(&self, args: &str, id: u64) -> Result<Subscription, SayError> {
        Ok(subscription(id.to_string(), filters(args)?))
    }

    fn asking(channel: &Channel) -> String {
        format!("REQ {}", channel.name)
    }

    fn request(channel: &Channel, _: u64) -> Request {
        let name = channel.name.as_str();
        let filters = channel.data.as_array().cloned().unwrap_or_default();
        let shown: Vec<_> = filters.iter().map(Value::to_string).collect();
        let mut seen = Seen::new(Name::Nostr, "REQ", format!("REQ {name}"))
            .with("subscription", name)
            .carrying(shown.join(" "));
        // As the parts of a message have names, the first filter is one.
        if let Some(first) = filters.first() {
            seen = seen.with("filter", first.clone());
        }
        seen = seen.with("filters", channel.data.clone());
        let mut array = vec!["REQ".into(), name.into()];
        array.extend(filters);
        Request {
            id: name.to_owned(),
            message: Value::Array(array).to_string(),
            seen,
        }
    }
}
