use super::namespace::{GREETING, LONGEST_NAME, MAX_NAMESPACES};
use super::*;

const INTERVAL: Duration = Duration::from_millis(300);
const TIMEOUT: Duration = Duration::from_millis(200);
const JOIN: Duration = Duration::from_secs(1);

struct Fixture {
    session: Session,
    now: Instant,
}

impl Fixture {
    fn new(version: Version, service: Service) -> Self {
        let options = Options {
            namespaces: Some(vec!["/custom".to_owned()]),
            ping_interval: INTERVAL,
            ping_timeout: TIMEOUT,
            connect_timeout: Some(JOIN),
            max_payload: 1000,
            new_sid: || "SID".to_owned(),
        };
        let now = Instant::now();
        let query = [("token".to_owned(), "1".to_owned())];
        let transport = Transport::Polling;
        let options = Arc::new(options);
        let session = Session::open(options, version, service, transport, &query, now);
        Self { session, now }
    }

    /// A session of version 4 whose opening packet is taken.
    fn socket_io() -> Self {
        let mut it = Self::new(Version::V4, Service::SocketIo);
        it.sent();
        it
    }

    fn joined() -> Self {
        let mut it = Self::socket_io();
        assert_eq!(it.say("40"), [r#"40{"sid":"SID"}"#]);
        assert_eq!(it.after(GREETING), [r#"42["auth",{}]"#]);
        it
    }

    /// What is sent in answer to a text message.
    fn say(&mut self, text: &str) -> Vec<String> {
        let packet = super::super::engine::decode_text(self.session.version, text);
        self.session.received(packet.expect("a packet"), self.now);
        self.sent()
    }

    fn say_binary(&mut self, bytes: &[u8]) {
        let packet = EnginePacket::Message(Data::Binary(bytes.into()));
        self.session.received(packet, self.now);
    }

    fn sent(&mut self) -> Vec<String> {
        let version = self.session.version;
        std::iter::from_fn(|| self.session.next_packet())
            .map(|packet| super::super::engine::encode_text(version, &packet))
            .collect()
    }

    fn after(&mut self, time: Duration) -> Vec<String> {
        self.now += time;
        self.session.tick(self.now);
        self.sent()
    }

    fn last_warning(&mut self) -> String {
        let reports = self.session.take_reports();
        let warning = reports.into_iter().rev().find_map(|report| match report {
            Report::Warning(text) => Some(text),
            _ => None,
        });
        warning.expect("a warning")
    }

    #[track_caller]
    fn has_ended_with(&mut self, text: &str) {
        assert!(self.session.has_ended());
        let warning = self.last_warning();
        assert!(warning.contains(text), "{warning}");
    }
}

#[test]
fn the_opening_packet_announces_what_is_configured() {
    let mut four = Fixture::new(Version::V4, Service::SocketIo);
    assert_eq!(
        four.sent(),
        [
            r#"0{"sid":"SID","upgrades":["websocket"],"pingInterval":300,"pingTimeout":200,"maxPayload":1000}"#
        ]
    );
    let mut three = Fixture::new(Version::V3, Service::SocketIo);
    assert_eq!(
        three.sent(),
        [
            r#"0{"sid":"SID","upgrades":["websocket"],"pingInterval":300,"pingTimeout":200}"#,
            "40",
        ]
    );
    assert_eq!(three.after(GREETING), [r#"42["auth",{"token":"1"}]"#]);
}

#[test]
fn namespaces_are_joined_with_their_payload_or_refused() {
    let mut it = Fixture::socket_io();
    assert_eq!(
        it.say(r#"40/custom,{"token":"abc"}"#),
        [r#"40/custom,{"sid":"SID"}"#]
    );
    // Whoever sends at once gets the greeting first.
    assert_eq!(
        it.say(r#"42/custom,["x"]"#),
        [
            r#"42/custom,["auth",{"token":"abc"}]"#,
            r#"42/custom,["x"]"#
        ]
    );
    assert!(it.after(GREETING).is_empty());
    assert_eq!(
        it.say("40/random"),
        [r#"44/random,{"message":"Invalid namespace"}"#]
    );
    assert!(!it.session.has_ended());
}

#[test]
fn version_3_has_its_own_way_to_join() {
    let mut it = Fixture::new(Version::V3, Service::SocketIo);
    it.sent();
    assert_eq!(
        it.say("40/custom?token=a%20b,"),
        [r#"42["auth",{"token":"1"}]"#, "40/custom,"]
    );
    assert_eq!(
        it.after(GREETING),
        [r#"42/custom,["auth",{"token":"a b"}]"#]
    );
    assert_eq!(it.say("40/random"), [r#"44/random,"Invalid namespace""#]);
}

#[test]
fn events_are_answered() {
    let mut it = Fixture::joined();
    for (event, answer) in [
        (
            r#"42["message",1,{"3":[true]}]"#,
            vec![r#"42["message-back",1,{"3":[true]}]"#],
        ),
        (
            r#"42456["message-with-ack",1,"2"]"#,
            vec![r#"43456[1,"2"]"#],
        ),
        (r#"42["price",1]"#, vec![r#"42["price",1]"#]),
        (r#"427["price"]"#, vec!["437[]"]),
        (
            r#"427["message",1]"#,
            vec![r#"42["message-back",1]"#, "437[1]"],
        ),
    ] {
        assert_eq!(it.say(event), answer, "{event}");
    }
}

#[test]
fn what_a_person_types_is_an_event() {
    let mut it = Fixture::socket_io();
    let error = it.session.say("price 1").expect_err("not joined");
    assert_eq!(error.text, "the client has not joined /");
    it.say("40/custom");
    it.session.say("price 1 {\"a\":[]}").expect("an event");
    assert_eq!(
        it.sent(),
        [
            r#"42/custom,["auth",{}]"#,
            r#"42/custom,["price",1,{"a":[]}]"#
        ]
    );
    it.say("40");
    it.session.say("price").expect("an event");
    it.session.say("[/custom] price").expect("an event");
    assert_eq!(it.sent()[1..], [r#"42["price"]"#, r#"42/custom,["price"]"#]);
    for text in ["", "connect", "price {", "[/other] price"] {
        assert!(it.session.say(text).is_err(), "{text}");
    }
    assert!(it.sent().is_empty());
    let mut engine = Fixture::new(Version::V4, Service::EngineIo);
    engine.sent();
    engine.session.say("any {text").expect("a message");
    assert_eq!(engine.sent(), ["4any {text"]);
}

#[test]
fn attachments_come_back() {
    let mut it = Fixture::joined();
    assert!(
        it.say(r#"451-789["x",{"_placeholder":true,"num":0}]"#)
            .is_empty()
    );
    it.say_binary(b"\x01\x02\x03");
    assert_eq!(
        it.sent(),
        [r#"461-789[{"_placeholder":true,"num":0}]"#, "bAQID"]
    );
}

#[test]
fn engine_io_alone_sends_every_message_back() {
    let mut it = Fixture::new(Version::V4, Service::EngineIo);
    it.sent();
    assert_eq!(it.say("4hello"), ["4hello"]);
    it.say_binary(b"\x01\x02\x03\x04");
    assert_eq!(it.sent(), ["bAQIDBA=="]);
    assert_eq!(it.session.deadline(), Some(it.now + INTERVAL));
}

#[test]
fn version_4_pings_and_wants_a_pong() {
    let mut it = Fixture::joined();
    assert_eq!(it.after(INTERVAL.saturating_sub(GREETING)), ["2"]);
    // A slow answer does not put the next one off.
    for _ in 0..3 {
        assert!(it.after(TIMEOUT / 2).is_empty());
        assert!(it.say("3").is_empty());
        assert_eq!(it.after(INTERVAL.saturating_sub(TIMEOUT / 2)), ["2"]);
    }
    assert_eq!(it.after(TIMEOUT), ["1"]);
    it.has_ended_with("no pong within 200ms");
    assert_eq!(it.session.deadline(), None);
}

#[test]
fn version_3_answers_pings_and_wants_them() {
    let mut it = Fixture::new(Version::V3, Service::SocketIo);
    it.sent();
    it.after(GREETING);
    assert!(it.after(INTERVAL).is_empty());
    assert_eq!(it.say("2"), ["3"]);
    assert!(it.after(INTERVAL).is_empty());
    assert_eq!(it.after(TIMEOUT), ["1"]);
    it.has_ended_with("no ping within 500ms");
}

#[test]
fn a_client_has_to_join_in_time() {
    let mut it = Fixture::socket_io();
    assert_eq!(it.after(INTERVAL), ["2"]);
    it.say("3");
    assert_eq!(it.after(JOIN), ["1"]);
    it.has_ended_with("joined no namespace within 1s");
}

#[test]
fn what_breaks_the_protocol_ends_the_session() {
    for (text, reason) in [
        ("4abc", "'a' is no type"),
        ("42{}", "EVENT needs an array"),
        (r#"42abc["x"]"#, "not JSON"),
        (r#"42/custom,["x"]"#, "has not joined"),
        ("41/custom,", "has not joined"),
        ("2", "sent a ping"),
        ("4510001-[\"x\"]", "10001 attachments"),
    ] {
        let mut it = Fixture::joined();
        assert_eq!(it.say(text), ["1"], "{text}");
        it.has_ended_with(reason);
        assert!(it.say(r#"42["x"]"#).is_empty());
    }
    let mut it = Fixture::socket_io();
    it.say(r#"42["x"]"#);
    it.has_ended_with("has not joined");
}

#[test]
fn a_left_namespace_is_gone_and_the_session_stays() {
    let mut it = Fixture::joined();
    assert!(it.say("41").is_empty());
    assert!(!it.session.has_ended());
    it.say(r#"42["x"]"#);
    assert!(it.session.has_ended());
}

#[test]
fn an_acknowledgement_of_nothing_is_named() {
    let mut it = Fixture::joined();
    assert!(it.say("439[]").is_empty());
    assert_eq!(
        it.last_warning(),
        "an acknowledgement that nobody waits for"
    );
    assert!(!it.session.has_ended());
}

#[test]
fn a_closed_session_leaves_a_packet_that_says_nothing() {
    let mut it = Fixture::joined();
    assert_eq!(it.say("1"), ["6"]);
    assert!(it.session.has_ended());
}

#[test]
fn what_is_not_fetched_is_bounded() {
    let mut it = Fixture::joined();
    let event = format!(r#"42["x","{}"]"#, "x".repeat(900));
    for _ in 0..2 * LEAST_HELD / event.len() {
        let packet = super::super::engine::decode_text(Version::V4, &event);
        it.session.received(packet.expect("a packet"), it.now);
        assert!(it.session.held <= LEAST_HELD + 2000);
    }
    it.has_ended_with("does not fetch");
}

#[test]
fn namespaces_are_bounded() {
    let mut it = Fixture::joined();
    let options = Arc::make_mut(&mut it.session.options);
    options.namespaces = None;
    let answers = |sent: Vec<String>| sent.iter().filter(|it| *it != "2").count();
    for number in 1..MAX_NAMESPACES {
        assert_eq!(it.say(&format!("40/{number}")).len(), 1);
        assert_eq!(answers(it.after(GREETING / 2)), 0);
        assert_eq!(answers(it.after(GREETING / 2)), 1);
        it.say("3");
    }
    assert!(it.say("40/more")[0].contains("Too many namespaces"));
    // Joining again is not another one.
    assert_eq!(it.say("40/1").len(), 1);
    let long = format!("40/{}", "x".repeat(LONGEST_NAME));
    assert!(it.say(&long)[1].contains("too long"));
}

#[test]
fn only_one_websocket_takes_over() {
    let mut it = Fixture::joined();
    assert!(it.session.probe());
    assert!(!it.session.probe());
    it.session.give_up_probe();
    assert!(it.session.probe());
    it.session.upgrade();
    assert_eq!(it.session.transport(), Transport::WebSocket);
    it.session.give_up_probe();
    assert!(!it.session.probe());
}
