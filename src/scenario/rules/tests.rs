use std::path::Path;

use super::super::{Known, Problem, format, parse};
use super::*;
use crate::fault::Growth;

const ALL: &str = include_str!("../tests/rules.wsee");

/// The example of the manual.
const EXAMPLE: &str = r#"accept path /chat bearer t0ken
reject 403
  body no such room

on open
  > {"op":"welcome"}
on json {"op":"join"} capture room = .room
  join {{room}}
  to {{room}} > {"op":"joined"}
on text ping
  > pong
every 5s
  > {"op":"tick"}
otherwise echo
"#;

fn read(text: &str) -> Result<Rules, String> {
    let report = |mistakes: Vec<Mistake>| {
        let reports = mistakes.iter().map(|mistake| mistake.report("r"));
        reports.collect::<String>()
    };
    let file = parse(text).map_err(report)?;
    rules(file, Path::new(""), &Known::default()).map_err(report)
}

#[test]
fn the_canonical_form_of_rules_is_its_own() {
    for text in [ALL, EXAMPLE] {
        assert_eq!(format(&parse(text).expect("rules")), text);
        read(text).unwrap_or_else(|report| panic!("{report}"));
    }
}

#[test]
fn formatting_indents_and_keeps_the_rules() {
    let text = "on   open\n\t>  a \n  #c\n > b\notherwise   echo\n";
    let file = parse(text).expect("rules");
    let formatted = format(&file);
    assert_eq!(
        formatted,
        "on open\n  >  a \n  # c\n  > b\notherwise echo\n"
    );
}

#[test]
fn steps_belong_to_the_rule_above() {
    let rules = read(EXAMPLE).expect("rules");
    assert_eq!(rules.doors.len(), 2);
    assert_eq!(rules.doors[1].refusal, Some(403));
    assert_eq!(rules.open.len(), 1);
    let lengths: Vec<usize> = rules
        .messages
        .iter()
        .map(|(_, steps)| steps.len())
        .collect();
    assert_eq!(lengths, [2, 1]);
    assert_eq!(rules.every[0].0, Duration::from_secs(5));
    assert_eq!(rules.messages[0].1[1].place, "9");
    assert_eq!(rules.otherwise, Some(Otherwise::Echo));
}

#[test]
fn mistakes_in_steps_and_patterns_have_a_place_and_a_hint() {
    hold(&[
        ("on text a\n> b", "2:1: a step is indented below its rule"),
        (
            "on open\n  on text a",
            "2:3: a rule begins at the start of its line",
        ),
        (
            "on open\n  > {{x}}",
            "2:5: the variable x has no value here",
        ),
        (
            "on ping",
            "1:4: the kind of message is missing; write: on text ping",
        ),
        (
            "on {\"a\":1}",
            "1:4: the kind of message is missing; write: on json {\"a\":1}",
        ),
        ("on json {\"a\":}", "1:14: not JSON"),
        (
            "on txt a",
            "1:4: \"txt\" is not a kind of message; did you mean text?",
        ),
        (
            "on text a within 1s",
            "1:11: is \"within\" part of the text?",
        ),
        ("on", "1:1: expected open, close or a message"),
        (
            "on open\n  < text a",
            "2:3: the steps of a rule expect nothing",
        ),
        (
            "on open\n  ping x within 1s",
            "2:3: ping waits for nothing in a rule",
        ),
        (
            "on close\n  > a",
            "2:3: the connection is over when on close begins",
        ),
        (
            "on open\n  join /a",
            "2:3: a server speaks no protocol on top by rules",
        ),
        (
            "on event price\n  > a",
            "1:1: a server speaks no protocol on top by rules",
        ),
        (
            "on as {\"event\":\"a\"}\n  > a",
            "1:1: a server speaks no protocol on top by rules",
        ),
        (
            "on open\n  to all to others > a",
            "2:10: unknown word \"to\"; to and a target come once",
        ),
        ("on open\n  join", "2:7: expected the name of a room"),
        (
            "on open\n  to > a",
            "2:6: expected all, others, a path or a room",
        ),
        (
            "on open\n  to all wait 1s",
            "2:10: expected something to send",
        ),
        (
            "on open\n  to room",
            "2:10: expected something to send, such as > TEXT",
        ),
    ]);
}

#[test]
fn mistakes_in_values_order_and_doors_have_a_place_and_a_hint() {
    hold(&[
        ("on open\n  state x", "2:9: expected state NAME = VALUE"),
        (
            "on open\n  state 2x = a",
            "2:9: \"2x\" is not a variable name",
        ),
        (
            "on open\n  > @{{client}}",
            "2:3: the name of a file has no variables here",
        ),
        ("on open\n  > @none.json", "2:3: cannot read none.json"),
        (
            "on open\n  > a\non open\n  > b",
            "3:1: never reached, as line 1 always comes first",
        ),
        ("on any\non text a", "2:1: never reached, as line 1"),
        ("on text a\non text a", "2:1: never reached, as line 1"),
        ("reject 403\naccept path /", "2:1: never reached, as line 1"),
        (
            "on open\non text a",
            "1:1: expected steps below it, indented",
        ),
        ("every 5s", "1:1: expected steps below it, indented"),
        ("reject", "1:7: expected a status, as in reject 403"),
        ("reject 200", "1:8: \"200\" is not a status of a refusal"),
        ("accept\n  body x", "2:3: body belongs below reject"),
        ("accept\n  > x", "2:3: only header fields"),
        (
            "accept pth /a",
            "1:8: unknown word \"pth\"; did you mean path?",
        ),
        ("accept path", "1:8: expected a value after this"),
        (
            "accept path /a and bearer t",
            "1:16: unknown word \"and\"; conditions follow",
        ),
        ("accept header X", "1:8: expected header NAME: VALUE"),
        ("accept basic me", "1:14: expected basic USER:PASSWORD"),
        (
            "accept path chat",
            "1:13: expected a path, which begins with /",
        ),
        (
            "accept bearer {{room}}\non re \"a\" capture room = .a",
            "1:15: the variable room",
        ),
        ("every 0s", "1:7: the time must be longer than 0"),
        ("every soon", "1:7: \"soon\" is not a time"),
        ("otherwise", "1:1: expected echo, ignore or close CODE"),
        ("otherwise close 99", "1:17: "),
        (
            "otherwise echo\n  > a",
            "2:3: only rules that begin with on or every have steps",
        ),
        (
            "on open\n  alice> a",
            "2:3: a step acts on the client itself",
        ),
    ]);
}

#[track_caller]
fn hold(mistakes: &[(&str, &str)]) {
    for (text, report) in mistakes {
        let found = read(text).expect_err(text);
        assert!(found.starts_with(&format!("r:{report}")), "{text}\n{found}");
        assert_eq!(found.matches("r:").count(), 1, "{text}\n{found}");
    }
}

#[test]
fn rules_and_scenarios_do_not_mix() {
    let found = read("connect ws://h\n> a\n").expect_err("a scenario");
    assert!(found.contains("a file of rules has no connect"), "{found}");
    let file = parse("connect ws://h\n\non open\n  > a\n").expect("lines");
    let mistakes = super::super::cases(file, "t", &Known::default()).expect_err("rules");
    assert_eq!(mistakes[0].problem, Problem::OnlyInRules("a rule"));
}

#[test]
fn mistakes_in_faults_have_a_place_and_a_hint() {
    hold(&[
        (
            "on open\n  fault",
            "2:8: expected a fault, as in fault close 1012",
        ),
        ("on open\n  fault clos 1012", "2:9: \"clos\""),
        ("on open\n  fault close 1012 after", "2:"),
        (
            "on open\n  fault late 1s",
            "2:9: the connection is open when a rule runs",
        ),
        (
            "on open\n  fault no-read on connection 2",
            "2:9: a fault of a rule is about its client",
        ),
        (
            "on close\n  fault no-read",
            "2:3: the connection is over when on close begins",
        ),
        (
            "on open\n  to all fault no-read",
            "2:10: expected something to send",
        ),
    ]);
    let rules = read("on text a\n  fault cut in message 5\n").expect("rules");
    assert_eq!(rules.growth(), Growth::Certain);
    let rules = read("on text a\n  fault drop 5%\non text b\n  fault no-read\n").expect("rules");
    assert_eq!(rules.growth(), Growth::Random);
    assert_eq!(read(EXAMPLE).expect("rules").growth(), Growth::Never);
}

#[test]
fn messages_of_a_protocol_on_top_are_no_triggers() {
    for (rules, place) in [
        ("on event chat\n  > a\n", "1:1"),
        ("on as {\"event\":\"chat\"}\n  > a\n", "1:1"),
        ("on open\n  < event chat\n", "2:3"),
        ("on open\n  < as {}\n", "2:3"),
    ] {
        let found = read(rules).expect_err(rules);
        assert!(found.starts_with(&format!("r:{place}: ")), "{found}");
    }
    for text in ["< event chat\n", "> a\n< as {\"event\":\"chat\"}\n"] {
        let file = parse(text).expect("steps");
        let mistakes = script(file, Path::new(""), &Known::default()).expect_err(text);
        assert_eq!(mistakes.len(), 1, "{mistakes:?}");
    }
}

#[test]
fn a_capture_leaves_later_rules_reachable() {
    read("on any capture a = .a\non any capture b = .b\non any\n").expect("rules");
}

#[test]
fn a_script_has_steps_and_no_connection() {
    let known = Known::default();
    let file = parse("> a\n< text b\nclose\n").expect("steps");
    assert_eq!(
        script(file, Path::new(""), &known).expect("a script").len(),
        3
    );
    let file = parse("connect ws://h\n> a\n").expect("lines");
    assert!(script(file, Path::new(""), &known).is_err());
}

#[test]
fn a_rule_that_is_never_reached_names_the_place_of_the_other() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("r");
    std::fs::write(&path, "on open\n  > x\non text a\n  > c\n").expect("a file");
    let first = argument::rules(&["text a=b".to_owned()]).expect("a rule");
    let loaded = load(Some(&path), first, &Known::default());
    let Err(LoadError::Mistakes(mistakes)) = loaded else {
        panic!("{loaded:?}");
    };
    let report = mistakes[0].report("r");
    let expected = "r:3:1: never reached, as --on 'text a=b' always comes first";
    assert!(report.starts_with(expected), "{report}");

    std::fs::write(folder.path().join("i"), "on open\n  > y\n").expect("a file");
    for (text, expected) in [
        (
            "include i\non open\n",
            "r:2:1: never reached, as line 1 of ",
        ),
        (
            "on open\n  > a\ninclude i\n",
            "as line 1 of the file that includes this one",
        ),
    ] {
        std::fs::write(&path, text).expect("a file");
        let loaded = load(Some(&path), Vec::new(), &Known::default());
        let Err(LoadError::Mistakes(mistakes)) = loaded else {
            panic!("{loaded:?}");
        };
        let report = mistakes[0].report("r");
        assert!(report.contains(expected), "{report}");
    }
}
