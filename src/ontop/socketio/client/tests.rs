use super::*;
use crate::ontop::Action;

const OPEN: &str =
    r#"0{"sid":"a","upgrades":[],"pingInterval":300,"pingTimeout":200,"maxPayload":1000}"#;

struct Fixture {
    client: Client,
    actions: Actions,
    now: Instant,
}

impl Fixture {
    /// A connection on which nothing has arrived yet.
    fn waiting(namespaces: &[&str]) -> Self {
        let namespaces = namespaces.iter().map(|it| (*it).to_owned()).collect();
        let mut it = Self {
            client: Client::new(Options {
                namespaces,
                ..Options::default()
            }),
            actions: Actions::default(),
            now: Instant::now(),
        };
        it.open();
        it
    }

    /// These namespaces are joined.
    fn joined(namespaces: &[&str]) -> Self {
        let mut it = Self::waiting(namespaces);
        it.hear(OPEN);
        for name in namespaces {
            it.hear(&format!("40{name},{{\"sid\":\"b\"}}"));
        }
        it.sent();
        it
    }

    fn open(&mut self) {
        let opening = Opening::default();
        self.client.opened(opening, self.now, &mut self.actions);
    }

    fn hear(&mut self, text: &str) {
        let (now, actions) = (self.now, &mut self.actions);
        self.client
            .received(Kind::Text, text.as_bytes(), now, actions);
    }

    fn say(&mut self, verb: &str, arguments: &str) -> Result<(), SayError> {
        let (now, actions) = (self.now, &mut self.actions);
        self.client.say(verb, arguments, now, actions)
    }

    fn line(&mut self, line: &str) -> Result<(), SayError> {
        self.client.line(line, self.now, &mut self.actions)
    }

    /// What is said to the user this much later.
    fn after(&mut self, time: Duration) -> Vec<String> {
        self.now += time;
        self.client.tick(self.now, &mut self.actions);
        self.said()
    }

    /// What was said to the user since the last call; everything else is forgotten.
    fn said(&mut self) -> Vec<String> {
        let actions = std::mem::take(&mut self.actions.list).into_iter();
        let said = actions.filter_map(|action| match action {
            Action::Note(text) | Action::Hint(text) => Some(text),
            Action::End(refusal) => Some(format!("end: {}", refusal.text)),
            Action::See(_) | Action::Send { .. } | Action::Reoffer(_) => None,
        });
        said.collect()
    }

    /// What was sent since the last call; everything else is forgotten.
    fn sent(&mut self) -> Vec<String> {
        let actions = std::mem::take(&mut self.actions.list).into_iter();
        let sent = actions.filter_map(|action| match action {
            Action::Send { payload, .. } => Some(String::from_utf8_lossy(&payload).into_owned()),
            _ => None,
        });
        sent.collect()
    }
}

#[test]
fn an_event_never_goes_to_another_namespace_than_the_first_unless_it_names_it() {
    let mut it = Fixture::joined(&["/", "/admin"]);
    it.line("chat 1").expect("an event");
    it.say("leave", "/").expect("a namespace to leave");
    assert_eq!(it.sent(), ["42[\"chat\",1]", "41"]);
    let error = it.line("chat 2").expect_err("no namespace");
    assert_eq!(error.text, "not connected to namespace /");
    let hint = error.hint.expect("a hint");
    assert!(hint.contains("/join / connects to it"), "{hint}");
    assert!(hint.contains("[/admin]"), "{hint}");
    it.line("[/admin] chat 3").expect("an event");
    assert_eq!(it.sent(), ["42/admin,[\"chat\",3]"]);
}

#[test]
fn a_server_without_an_open_packet_is_doubted_long_before_it_is_given_up() {
    let mut it = Fixture::waiting(&["/"]);
    let start = it.now;
    assert_eq!(it.client.deadline(), Some(start + DOUBT));
    assert!(it.after(DOUBT / 2).is_empty());
    let said = it.after(DOUBT / 2).join("\n");
    assert!(
        said.contains("no Engine.IO open packet came within 3"),
        "{said}"
    );
    assert!(said.contains("is this a Socket.IO server?"), "{said}");
    assert!(it.after(DOUBT).is_empty());
    assert_eq!(it.client.deadline(), Some(start + PATIENCE));
    let said = it.after(PATIENCE).join("\n");
    assert!(
        said.starts_with("end: the server sent no Engine.IO open packet"),
        "{said}"
    );
}

#[test]
fn acknowledgements_that_cannot_come_any_more_are_named_once() {
    let mut it = Fixture::joined(&["/"]);
    it.say("emit?", "save 1").expect("an event");
    it.say("emit?", "add 1 1").expect("an event");
    it.hear("430[]");
    let missing = it.client.closed();
    assert_eq!(
        missing.as_deref(),
        Some("1 ack cannot come any more, for \"add\"")
    );
    assert_eq!(it.client.closed(), None);
    let (_, namespaces) = it.client.status(it.now).pop().expect("a row");
    assert_eq!(namespaces, "/ (not connected)");
}

#[test]
fn credentials_are_missed_in_the_query_only_by_a_server_that_refuses() {
    let open = OPEN.replace(",\"maxPayload\":1000", "");
    let missing = "where --eio 3 puts it";
    for (answer, is_refused) in [("40", false), ("44\"wrong token\"", true)] {
        let mut it = Fixture::waiting(&[]);
        it.client.auth = Some(serde_json::json!({"token": "t"}));
        it.hear(&open);
        it.hear(answer);
        let is_missed = it.actions.list.iter().any(|action| match action {
            Action::Hint(text) => text.contains(missing),
            Action::End(refusal) => refusal.hint.as_ref().is_some_and(|it| it.contains(missing)),
            _ => false,
        });
        assert_eq!(is_missed, is_refused, "{answer}");
    }
    let mut it = Fixture::waiting(&[]);
    it.hear(&open);
    it.hear("40");
    let (_, versions) = it.client.status(it.now).swap_remove(0);
    let expected = "Socket.IO 2, Engine.IO 3, which the server speaks whatever EIO=4 asks for";
    assert_eq!(versions, expected);
}

#[test]
fn a_person_joins_a_namespace_again_that_refused_or_was_left_by_the_server() {
    let mut it = Fixture::waiting(&["/admin"]);
    it.client.auth = Some(serde_json::json!({"token": "bad"}));
    it.client.attend();
    it.hear(OPEN);
    it.hear(r#"44/admin,{"message":"not authorized"}"#);
    let said = it.said();
    let advice = "a middleware of the server refused; /join /admin AUTH sends other credentials";
    assert_eq!(said, [advice]);
    it.say("join", r#"/admin {"token":"good"}"#)
        .expect("a join");
    let Some(Action::Send {
        seen: Some(seen), ..
    }) = it.actions.list.first()
    else {
        panic!("nothing is sent: {:?}", it.actions);
    };
    assert_eq!(seen.note, "with its own credentials");
    assert_eq!(it.sent(), [r#"40/admin,{"token":"good"}"#]);
    it.hear(r#"40/admin,{"sid":"b"}"#);
    it.hear("41/admin,");
    assert_eq!(it.said(), ["/join /admin connects to it"]);
}

#[test]
fn a_namespace_that_nobody_can_join_again_ends_the_session() {
    for (is_attended, version, expected) in [
        (
            false,
            Version::V4,
            "end: the server disconnected namespace /",
        ),
        (true, Version::V4, "/join / connects to it"),
        (
            true,
            Version::V3,
            "end: the server disconnected namespace /",
        ),
    ] {
        let mut it = Fixture::joined(&["/"]);
        it.client.is_attended = is_attended;
        it.client.version = version;
        it.hear("41");
        assert_eq!(it.said(), [expected], "{version:?}");
    }
}

#[test]
fn version_3_joins_its_main_namespace_with_the_session_only() {
    let mut it = Fixture::joined(&["/", "/fx"]);
    it.client.version = Version::V3;
    it.client.attend();
    it.hear("41");
    assert_eq!(
        it.said(),
        ["/reconnect opens a session, with which EIO 3 joins /"]
    );
    let error = it.say("join", "/").expect_err("a refusal");
    assert_eq!(
        error.text,
        "EIO 3 joins the namespace / with the session only"
    );
    assert!(it.sent().is_empty());
}

#[test]
fn a_refused_namespace_of_a_pipe_names_the_flag() {
    let mut it = Fixture::waiting(&["/admin"]);
    it.hear(OPEN);
    it.hear(r#"44/admin,{"message":"not authorized"}"#);
    let end = it.actions.list.iter().find_map(|action| match action {
        Action::End(refusal) => refusal.hint.as_deref(),
        _ => None,
    });
    assert!(
        end.expect("an end")
            .contains("--auth JSON sends credentials")
    );
}

#[test]
fn a_namespace_that_is_joined_later_does_not_change_what_filters_see_of_the_first() {
    let mut it = Fixture::joined(&["/"]);
    it.say("join", "/fx").expect("a join");
    it.hear(r#"40/fx,{"sid":"c"}"#);
    it.actions.list.clear();
    it.hear(r#"42["a",1]"#);
    it.hear(r#"42/fx,["b",2]"#);
    let printed = it.actions.list.iter().filter_map(|action| match action {
        Action::See(seen) => seen.print.as_ref().map(Value::to_string),
        _ => None,
    });
    let printed: Vec<String> = printed.collect();
    assert_eq!(printed, [r#"["a",1]"#, r#"{"ns":"/fx","event":["b",2]}"#]);
}
