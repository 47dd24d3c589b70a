//! The lines of a run, each checked against the schema.

use std::sync::LazyLock;

use boon::{Compiler, SchemaIndex, Schemas};
use serde_json::Value;

use crate::support::output::Output;

/// The schema, compiled once.
struct Checker {
    schemas: Schemas,
    index: SchemaIndex,
}

static CHECKER: LazyLock<Checker> = LazyLock::new(|| {
    let text = include_str!("../../schema/events.schema.json");
    let schema = serde_json::from_str(text).expect("a schema in JSON");
    let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
    let name = "events.schema.json";
    compiler.add_resource(name, schema).expect("a schema");
    let index = compiler.compile(name, &mut schemas);
    let index = index.unwrap_or_else(|error| panic!("{error:#}"));
    Checker { schemas, index }
});

/// Whether the schema admits `event`, and why not.
pub fn check(event: &Value) -> Result<(), String> {
    let checked = CHECKER.schemas.validate(event, CHECKER.index);
    checked.map_err(|error| format!("{error:#}\n{event:#}"))
}

/// The events on stdout; claims that each is as the schema says, and that the last tells the exit status.
#[track_caller]
pub fn events(output: &Output) -> Vec<Value> {
    let text = std::str::from_utf8(&output.stdout).expect("UTF-8");
    assert!(text.ends_with('\n'), "{text:?}; {}", output.stderr);
    let events: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
        .collect();
    for event in &events {
        check(event).unwrap_or_else(|error| panic!("{error}"));
    }
    let last = events.last().expect("a last event");
    assert_eq!(last["event"], "closed");
    assert_eq!(last["exit"], output.status);
    events
}

/// The events of one kind.
pub fn of_kind<'a>(events: &'a [Value], kind: &str) -> Vec<&'a Value> {
    let is_kind = |event: &&Value| event["event"] == kind;
    events.iter().filter(is_kind).collect()
}

/// The names of the events, in order, each with its direction if it has one.
pub fn names(events: &[Value]) -> Vec<String> {
    let name = |event: &Value| match event["direction"].as_str() {
        Some(direction) => format!("{} {}", event["event"].as_str().expect("a name"), direction),
        None => event["event"].as_str().expect("a name").to_owned(),
    };
    events.iter().map(name).collect()
}
