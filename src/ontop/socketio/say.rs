//! What a person types and a program writes, as packets.

use serde_json::{Map, Value, json};

use super::packet::RESERVED;
use crate::ontop::verb::{self, values, word};
use crate::ontop::{Lines, SayError, Verb};

pub const VERBS: &[Verb] = &[
    Verb {
        name: "emit",
        args: "[[/NS]] NAME [JSON…]",
        help: "send an event",
        example: "/emit price {\"s\":\"EURUSD\"}",
        lines: Lines::Json,
        check: |args| emit(args, false).map(drop),
    },
    Verb {
        name: "emit?",
        args: "[[/NS]] NAME [JSON…]",
        help: "send an event and ask for its acknowledgement",
        example: "/emit? save {\"id\":1}",
        lines: Lines::Json,
        check: |args| emit(args, true).map(drop),
    },
    Verb {
        name: "ack",
        args: "[[/NS]] N [JSON…]",
        help: "acknowledge event N of the server",
        example: "/ack 7 \"ok\"",
        lines: Lines::Json,
        // In a scenario it has no number: it answers the oldest event that waits.
        check: |args| values(args).map(drop),
    },
    Verb {
        name: "join",
        args: "/NS [AUTH]",
        help: "connect to a namespace",
        example: "/join /admin {\"token\":\"…\"}",
        lines: Lines::Json,
        check: |args| join(args).map(drop),
    },
    Verb {
        name: "leave",
        args: "/NS",
        help: "disconnect from a namespace",
        example: "/leave /admin",
        lines: Lines::No,
        check: |args| leave(args).map(drop),
    },
];

/// The verb of a scenario's `ack`, which names no event.
pub const ANSWER: &str = "answer";

/// An event to send.
#[derive(Debug, PartialEq)]
pub(super) struct Emit {
    pub namespace: Option<String>,
    /// The name, and then the arguments.
    pub data: Vec<Value>,
    pub wants_ack: bool,
}

/// An acknowledgement to send.
#[derive(Debug, PartialEq)]
pub(super) struct Give {
    pub namespace: Option<String>,
    pub id: u64,
    pub data: Vec<Value>,
}

#[derive(Debug, PartialEq)]
pub(super) enum Record {
    Emit(Emit),
    Give(Give),
}

/// `[[/NS]] NAME [JSON…]`.
pub(super) fn emit(text: &str, wants_ack: bool) -> Result<Emit, SayError> {
    let verb = if wants_ack { "emit?" } else { "emit" };
    let (namespace, rest) = namespace(text.trim())?;
    if rest.is_empty() {
        return Err(usage(verb));
    }
    let (name, rest) = name(rest)?;
    let mut data = vec![name];
    data.extend(values(rest)?);
    let emit = Emit {
        namespace,
        data,
        wants_ack,
    };
    check(&emit)?;
    Ok(emit)
}

/// `JSON…`: the values of an acknowledgement of the oldest event that wants one.
pub(super) fn give_oldest(text: &str, wanted: Option<u64>) -> Result<Give, SayError> {
    let id =
        wanted.ok_or_else(|| SayError::new("the server waits for no acknowledgement", None))?;
    let data = values(text)?;
    Ok(Give {
        namespace: None,
        id,
        data,
    })
}

/// `[[/NS]] N [JSON…]`.
pub(super) fn give(text: &str) -> Result<Give, SayError> {
    let (namespace, rest) = namespace(text.trim())?;
    let (number, rest) = word(rest);
    let id = number.parse().map_err(|_| usage("ack"))?;
    let data = values(rest)?;
    Ok(Give {
        namespace,
        id,
        data,
    })
}

/// `/NS [AUTH]`.
pub(super) fn join(text: &str) -> Result<(String, Option<Value>), SayError> {
    let (name, rest) = word(text.trim());
    let mut values = values(rest)?.into_iter();
    match (values.next(), values.next()) {
        (auth, None) if is_namespace(name) => Ok((name.to_owned(), auth)),
        _ => Err(usage("join")),
    }
}

/// `/NS`.
pub(super) fn leave(text: &str) -> Result<String, SayError> {
    let name = text.trim();
    if is_namespace(name) {
        Ok(name.to_owned())
    } else {
        Err(usage("leave"))
    }
}

pub fn is_namespace(name: &str) -> bool {
    let is_clean = |c: char| c != ',' && !c.is_whitespace() && !c.is_control();
    name.starts_with('/') && name.chars().all(is_clean)
}

/// A record of a pipe: `[NAME, …]`, `{"event": […]}` or `{"ack": N, "data": […]}`.
pub(super) fn record(json: &[u8]) -> Result<Record, SayError> {
    let value: Value = serde_json::from_slice(json)
        .map_err(|error| SayError::new(format!("not JSON ({error})"), FORMS))?;
    let record = match value {
        Value::Array(data) => Record::Emit(Emit {
            namespace: None,
            data,
            wants_ack: false,
        }),
        Value::Object(object) => of_object(object)?,
        _ => return Err(SayError::new("neither an array nor an object", FORMS)),
    };
    if let Record::Emit(emit) = &record {
        check(emit)?;
    }
    Ok(record)
}

const FORMS: &str = "an event is [\"NAME\",JSON…] or {\"event\":[\"NAME\",JSON…]}, an acknowledgement {\"ack\":N,\"data\":[JSON…]}";

fn of_object(mut object: Map<String, Value>) -> Result<Record, SayError> {
    let namespace = match object.remove("ns") {
        None => None,
        Some(Value::String(name)) if is_namespace(&name) => Some(name),
        Some(other) => {
            let text = format!("\"ns\" is {other}, which is no namespace");
            return Err(SayError::new(
                text,
                "a namespace starts with /, such as /admin",
            ));
        }
    };
    let ack = object.remove("ack");
    let record = match (object.remove("event"), object.remove("data"), ack) {
        (Some(Value::Array(data)), None, ack) => Record::Emit(Emit {
            namespace,
            data,
            wants_ack: wants(ack.as_ref())?,
        }),
        (None, data, Some(ack)) => Record::Give(Give {
            namespace,
            id: ack.as_u64().ok_or_else(|| {
                SayError::new(format!("\"ack\" is {ack} and not a number"), FORMS)
            })?,
            data: match data {
                None => Vec::new(),
                Some(Value::Array(data)) => data,
                Some(_) => return Err(SayError::new("\"data\" is not an array", FORMS)),
            },
        }),
        (Some(_), None, _) => return Err(SayError::new("\"event\" is not an array", FORMS)),
        _ => {
            return Err(SayError::new(
                "neither an event nor an acknowledgement",
                FORMS,
            ));
        }
    };
    match object.keys().next() {
        None => Ok(record),
        Some(key) => Err(SayError::new(format!("unknown key {key:?}"), FORMS)),
    }
}

/// A printed event has the number of its acknowledgement: sent back, it asks for one.
fn wants(ack: Option<&Value>) -> Result<bool, SayError> {
    match ack {
        None | Some(Value::Bool(false)) => Ok(false),
        Some(Value::Bool(true) | Value::Number(_)) => Ok(true),
        Some(other) => Err(SayError::new(format!("\"ack\" is {other}"), FORMS)),
    }
}

/// The reference parser refuses reserved names, and everything that is no event.
fn check(emit: &Emit) -> Result<(), SayError> {
    match emit.data.first() {
        Some(Value::String(name)) if RESERVED.contains(&name.as_str()) => Err(SayError::new(
            format!("the event name {name:?} is reserved by Socket.IO"),
            "choose another name",
        )),
        Some(Value::String(_) | Value::Number(_)) => Ok(()),
        Some(other) => Err(SayError::new(
            format!("{other} is no event name"),
            "the name is a string",
        )),
        None => Err(SayError::new("an event without a name", FORMS)),
    }
}

/// `[/NS]` in front of what is said; the main namespace can be named, too.
fn namespace(text: &str) -> Result<(Option<String>, &str), SayError> {
    let Some(rest) = text.strip_prefix("[/") else {
        return Ok((None, text));
    };
    let name = rest
        .split_once(']')
        .map(|(name, rest)| (format!("/{name}"), rest));
    match name {
        Some((name, rest)) if is_namespace(&name) => Ok((Some(name), rest.trim_start())),
        _ => Err(SayError::new(
            "no namespace",
            "a namespace in front is written [/admin]",
        )),
    }
}

/// A word, or a JSON string.
fn name(text: &str) -> Result<(Value, &str), SayError> {
    if !text.starts_with('"') {
        let (name, rest) = word(text);
        return Ok((name.into(), rest));
    }
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<String>();
    match values.next() {
        Some(Ok(name)) => {
            let rest = &text[values.byte_offset()..];
            Ok((name.into(), rest))
        }
        _ => Err(SayError::new(
            "the event name is not a JSON string",
            "close its quote, or leave both out",
        )),
    }
}

/// The usage of a verb, for one without the arguments it needs.
pub(super) fn usage(verb: &str) -> SayError {
    verb::usage(VERBS, verb)
}

/// The JSON of which the `as` of an event `NAME JSON…` is a superset; without arguments any fit.
pub fn event_pattern(text: &str) -> Result<Value, SayError> {
    let mut emit = emit(text, false)?;
    if emit.data.len() == 1 {
        emit.data.push("...".into());
    }
    let mut pattern = json!({"type": "event", "event": emit.data});
    if let Some(namespace) = emit.namespace {
        pattern["ns"] = namespace.into();
    }
    Ok(pattern)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(namespace: Option<&str>, data: Value, wants_ack: bool) -> Emit {
        let Value::Array(data) = data else {
            panic!("no array: {data}");
        };
        Emit {
            namespace: namespace.map(str::to_owned),
            data,
            wants_ack,
        }
    }

    #[test]
    fn a_name_and_values_are_an_event() {
        for (text, namespace, data) in [
            ("price", None, json!(["price"])),
            (
                "price {\"s\": 1}  2 \"x y\"",
                None,
                json!(["price", {"s": 1}, 2, "x y"]),
            ),
            ("\"two words\" null", None, json!(["two words", null])),
            ("[/fx] price 1", Some("/fx"), json!(["price", 1])),
            ("[/] price", Some("/"), json!(["price"])),
            ("/not/a/namespace", None, json!(["/not/a/namespace"])),
        ] {
            let expected = Ok(event(namespace, data, false));
            assert_eq!(emit(text, false), expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_event_says_why() {
        for (text, why, hint) in [
            (
                "",
                "/emit needs [[/NS]] NAME [JSON…]",
                "for example /emit price",
            ),
            (
                "chat hello",
                "argument \"hello\" is not JSON",
                "quotes: \"hello\"",
            ),
            (
                "chat 'a b' 1",
                "argument \"'a\" is not JSON",
                "double quotes: \"a b\"",
            ),
            ("chat {\"a\":", "is incomplete JSON", "close its brackets"),
            ("chat {a}", "argument \"{a}\" is not JSON: key must be", ""),
            ("connect", "\"connect\" is reserved", "another name"),
            ("[/fx price", "no namespace", "[/admin]"),
            ("\"open", "not a JSON string", "close its quote"),
        ] {
            let error = emit(text, false).expect_err(text);
            assert!(error.text.contains(why), "{text}: {error:?}");
            assert!(error.hint.unwrap_or_default().contains(hint), "{text}");
        }
    }

    #[test]
    fn records_have_the_forms_that_are_printed() {
        let emits = |json: &str| match record(json.as_bytes()) {
            Ok(Record::Emit(emit)) => emit,
            other => panic!("{json}: {other:?}"),
        };
        assert_eq!(emits("[\"a\",1]"), event(None, json!(["a", 1]), false));
        assert_eq!(
            emits("{\"ns\":\"/fx\",\"event\":[\"a\"],\"ack\":true}"),
            event(Some("/fx"), json!(["a"]), true)
        );
        assert_eq!(
            emits("{\"event\":[\"a\"],\"ack\":7}"),
            event(None, json!(["a"]), true)
        );
        let given = record(b"{\"ack\":7,\"data\":[1]}");
        let give = Give {
            namespace: None,
            id: 7,
            data: vec![json!(1)],
        };
        assert_eq!(given, Ok(Record::Give(give)));
    }

    #[test]
    fn records_of_another_form_are_named() {
        for (json, why) in [
            ("hello", "not JSON"),
            ("7", "neither an array nor an object"),
            ("{}", "neither an event nor an acknowledgement"),
            ("[]", "an event without a name"),
            ("[{}]", "{} is no event name"),
            ("[\"disconnect\"]", "reserved"),
            ("{\"event\":1}", "\"event\" is not an array"),
            ("{\"event\":[\"a\"],\"room\":1}", "unknown key \"room\""),
            ("{\"ns\":\"fx\",\"event\":[\"a\"]}", "no namespace"),
            ("{\"ack\":true,\"data\":[]}", "\"ack\" is true"),
            ("{\"ack\":1,\"data\":2}", "\"data\" is not an array"),
            ("{\"ack\":\"x\",\"event\":[\"a\"]}", "\"ack\" is \"x\""),
        ] {
            let error = record(json.as_bytes()).expect_err(json);
            assert!(error.text.contains(why), "{json}: {error:?}");
        }
    }

    #[test]
    fn namespaces_are_named_with_a_slash() {
        let auth = json!({"token": 1});
        let joined = join("/admin {\"token\":1}");
        assert_eq!(joined, Ok(("/admin".to_owned(), Some(auth))));
        assert!(join("admin").is_err());
        assert!(join("/a 1 2").is_err());
        assert_eq!(leave(" /a "), Ok("/a".to_owned()));
        assert!(leave("").is_err());
        let given = give("[/fx] 7 \"ok\"").expect("an acknowledgement");
        assert_eq!((given.namespace.as_deref(), given.id), (Some("/fx"), 7));
        assert!(give("x").is_err());
    }
}
