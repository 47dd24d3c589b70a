//! OCPP: the calls of a charging station and its management system.

use serde_json::{Value, json};

use super::desk::{Desk, Request, Scheme, Turn};
use super::form::{Form, Message, form};
use crate::ontop::record::is_json;
use crate::ontop::verb::{usage, values, word};
use crate::ontop::{Lines, Name, SayError, SayResult, Verb};
use crate::text::cut;

/// The versions that are offered, newest first.
pub const SUBPROTOCOLS: [&str; 3] = ["ocpp2.1", "ocpp2.0.1", "ocpp1.6"];

pub const VERBS: &[Verb] = &[
    Verb {
        name: "call",
        args: "ACTION [JSON]",
        help: "call an action, and show its result",
        example: "/call Heartbeat {}",
        lines: Lines::Json,
        check: |args| call(args).map(drop),
    },
    Verb {
        name: "answer",
        args: "ID [JSON]",
        help: "answer a call of the other side",
        example: "/answer 7 {\"status\":\"Accepted\"}",
        lines: Lines::Json,
        check: |args| answer(args).map(drop),
    },
];

const ERROR: &[&str] = &["id", "code", "description", "details"];

const FORMS: &[Form] = &[
    form(Some(2), "CALL", 2, &["id", "action", "payload"]),
    form(Some(3), "CALLRESULT", 1, &["id", "payload"]),
    form(Some(4), "CALLERROR", 1, ERROR),
    // Since 2.1.
    form(Some(5), "CALLRESULTERROR", 1, ERROR),
    form(Some(6), "SEND", 2, &["id", "action", "payload"]),
];

/// How much of an error the last line quotes, in bytes.
const QUOTED: usize = 300;

#[derive(Debug, Default)]
pub(in crate::ontop) struct Ocpp;

/// `ACTION [JSON]`.
fn call(args: &str) -> Result<(String, Value), SayError> {
    let (action, rest) = word(args.trim());
    let payload = payload("call", rest)?;
    if action.is_empty() {
        return Err(usage(VERBS, "call"));
    }
    Ok((action.to_owned(), payload))
}

/// `ID [JSON]`.
fn answer(args: &str) -> Result<(String, Value), SayError> {
    if args.trim_start().starts_with('"') {
        // As Tab completes one with blanks.
        let mut values = values(args.trim())?.into_iter();
        return match (values.next(), values.next(), values.next()) {
            (Some(Value::String(id)), payload, None) => {
                Ok((id, payload.unwrap_or_else(|| json!({}))))
            }
            _ => Err(usage(VERBS, "answer")),
        };
    }
    let (id, rest) = word(args.trim());
    let payload = payload("answer", rest)?;
    if id.is_empty() || is_json(id) {
        return Err(usage(VERBS, "answer"));
    }
    Ok((id.to_owned(), payload))
}

/// An identifier as `/answer` takes it.
fn typed(id: &str) -> String {
    if id.contains(|c: char| c.is_whitespace() || c == '"') {
        Value::from(id).to_string()
    } else {
        id.to_owned()
    }
}

fn payload(verb: &str, text: &str) -> Result<Value, SayError> {
    let mut values = values(text)?.into_iter();
    match (values.next(), values.next()) {
        (payload, None) => Ok(payload.unwrap_or_else(|| json!({}))),
        _ => Err(usage(VERBS, verb)),
    }
}

const ARRAY: &str = "a call is [2,\"ID\",\"ACTION\",{…}]";

fn send(message: &Message, turn: &mut Turn<'_>) {
    let seen = message.seen(Name::Ocpp);
    let (id, message_text) = (message.plain("id"), message.encode());
    if message.form.name == "CALL" {
        let action = message.plain("action");
        turn.desk.words.remember(&action);
        let request = Request {
            id,
            message: message_text,
            seen,
        };
        turn.ask(request, &action);
    } else {
        let seen = turn.desk.asked.answer(&id, seen);
        turn.send(message_text, seen);
    }
}

fn written(array: &Value, turn: &mut Turn<'_>) -> SayResult {
    send(&Message::typed(&array.to_string(), FORMS, ARRAY)?, turn);
    Ok(())
}

impl Scheme for Ocpp {
    const NAME: Name = Name::Ocpp;
    const TITLE: &'static str = "OCPP";
    const LINE: &'static str = "a line ACTION [JSON] is a call";

    /// One call at a time is open in each direction (OCPP-J §4.1.1).
    fn has_room(&self, desk: &Desk) -> bool {
        desk.calls.len() == 0
    }

    fn hear(&mut self, text: &str, turn: &mut Turn<'_>) -> Result<(), String> {
        let message = Message::parse(text, FORMS)?;
        let (id, seen) = (message.plain("id"), message.seen(Name::Ocpp));
        let (payload, action) = (message.get("payload"), message.plain("action"));
        match message.form.name {
            "CALL" => {
                turn.desk.asked.ask(&id);
                let note = format!("answer wanted: /answer {} JSON", typed(&id));
                let print = json!({"id": id, "action": action, "payload": payload});
                turn.see(seen.noting(note).printing(print));
            }
            "SEND" => {
                let print = json!({"id": id, "action": action, "payload": payload});
                turn.see(seen.printing(print));
            }
            name => {
                let of = turn.answered(&id);
                let action = of.as_ref().map(|it| it.what.clone()).unwrap_or_default();
                let seen = seen.with("action", action.as_str()).answering(of.as_ref());
                if name == "CALLRESULT" {
                    let print = json!({"id": id, "action": action, "result": payload});
                    turn.see(seen.printing(print));
                    return Ok(());
                }
                let code = message.plain("code");
                let error = json!({"code": code, "description": message.get("description"),
                    "details": message.get("details")});
                turn.see(seen.printing(json!({"id": id, "action": action, "error": error})));
                if of.is_some() {
                    let description = cut(&message.plain("description"), QUOTED);
                    turn.fail(format!("{action} failed with {code} {description:?}"));
                }
            }
        }
        Ok(())
    }

    fn say(&mut self, verb: &str, args: &str, turn: &mut Turn<'_>) -> SayResult {
        if verb == "answer" {
            let (id, payload) = answer(args)?;
            return written(&json!([3, id, payload]), turn);
        }
        let (action, payload) = call(args)?;
        let id = turn.desk.next_id().to_string();
        written(&json!([2, id, action, payload]), turn)
    }

    fn line(&mut self, line: &str, turn: &mut Turn<'_>) -> SayResult {
        if is_json(line) {
            send(&Message::typed(line, FORMS, ARRAY)?, turn);
            return Ok(());
        }
        self.say("call", line, turn)
    }
}
