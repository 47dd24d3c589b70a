//! The server's half: hands messages on to those whose topic filters they match.

mod message;
mod subscription;

use std::time::Duration;

use serde_json::json;

use super::flight::Flight;
use super::frame::{Assembler, Frame, LOOKED_AT};
use super::packet::{Packet, Step, Version};
use super::property::Properties;
use super::reason::{
    BAD_LOGIN, BAD_TOPIC, BY_HAND, MALFORMED, PROTOCOL_ERROR, SILENT, UNKNOWN_ID, reason,
};
use super::request::{self, Connect, Request};
use super::say::{self, Message};
use super::wire::Fault;
use super::{SUBPROTOCOL, see};
use crate::ontop::server::{Half, Hello, Keep, Notice, Pace, Served, Server, Topic, Why, nothing};
use crate::ontop::{Lines, Name, SayError, Seen, Verb};
use crate::proto::message::Kind;
use message::{keep, published};
use subscription::has_reserved;

pub static SERVER: Half = Half {
    name: Name::Mqtt,
    title: "MQTT",
    description: "MQTT 3.1.1 and 5",
    path: "/",
    subprotocols: &[SUBPROTOCOL],
    verbs: VERBS,
    read,
    covers: subscription::covers,
    pace: Pace {
        greeting: Some(Duration::from_secs(10)),
        ping: None,
        silence: None,
    },
    posted: nothing,
    serve: || Box::new(Mqtt::default()),
};

const VERBS: &[Verb] = &[Verb {
    name: "publish",
    args: "[-q QOS] [-r] TOPIC PAYLOAD",
    help: "send a message to those that are subscribed to its topic, with -r also to later ones",
    example: "/publish -q 1 sensors/a {\"t\":21}",
    lines: Lines::No,
    check: |args| read("publish", args).map(drop),
}];

fn read(_: &str, args: &str) -> Result<Notice, SayError> {
    Ok(notice(&say::said(args)?))
}

fn notice(message: &Message) -> Notice {
    let Message {
        topic,
        payload,
        qos,
        retain,
        properties,
    } = message;
    let said = say::printed(topic, payload, *qos, false, properties);
    let keep = match (retain, payload.is_empty()) {
        (false, _) => Keep::No,
        (true, false) => Keep::Yes,
        // §3.3.1.3: an empty message is not retained, and removes the one before it.
        (true, true) => Keep::Drop,
    };
    Notice {
        keep,
        ..Notice::about(topic, "publish", said)
    }
}

/// The largest packet, in bytes: that of the client's half.
const LIMIT: usize = 64 << 20;
#[derive(Debug)]
struct Mqtt {
    id: String,
    assembler: Assembler,
    version: Version,
    flight: Flight,
    will: Option<Notice>,
}

impl Default for Mqtt {
    fn default() -> Self {
        Self {
            id: String::new(),
            assembler: Assembler::new(LIMIT),
            version: Version::default(),
            flight: Flight::default(),
            will: None,
        }
    }
}

impl Server for Mqtt {
    fn open(&mut self, hello: &Hello<'_>, to: &mut Served) {
        hello.id.clone_into(&mut self.id);
        if hello.subprotocol.is_none() {
            // MQTT 5 §6: a client must offer it; brokers refuse others.
            to.close(1002, "the subprotocol mqtt was not offered");
        }
    }

    fn hear(&mut self, kind: Kind, payload: &[u8], to: &mut Served) {
        if kind == Kind::Text {
            to.see_foreign(&Fault::Text.to_string(), payload);
            // §6: the connection must be closed.
            return to.close(1003, "MQTT's packets are binary");
        }
        let mut assembler = std::mem::replace(&mut self.assembler, Assembler::new(0));
        let mut count = 0;
        assembler.feed(payload, |frame| {
            count += 1;
            match frame {
                _ if count > LOOKED_AT => {}
                Ok(frame) => self.frame(frame, to),
                Err(fault) => self.malformed(&fault, payload, to),
            }
        });
        self.assembler = assembler;
        if count > LOOKED_AT {
            to.close(1008, &format!("more than {LOOKED_AT} packets in a message"));
        }
    }

    fn hand(&mut self, notice: &Notice, topics: &[Topic], to: &mut Served) {
        let is_for = |topic: &&Topic| !(to.is_own && topic.data["no_local"] == true);
        let wanted: Vec<&Topic> = topics.iter().filter(is_for).collect();
        let granted = wanted.iter().filter_map(|it| it.data["qos"].as_u64()).max();
        let Some(granted) = granted else {
            return;
        };
        // §3.3.1.3: only those that ask for it learn that it is retained.
        let as_published = |topic: &&Topic| topic.data["as_published"] == true;
        let is_retained = notice.keep != Keep::No && wanted.iter().any(as_published);
        self.deliver(notice.said().1, granted, is_retained, to);
    }

    /// MQTT has no word for it: the client gets nothing more, as where a broker takes rights away.
    fn end(&mut self, topic: &Topic, to: &mut Served) {
        to.note(format!("{} is not delivered any more", topic.name));
    }

    fn part(&mut self, why: Why, to: &mut Served) {
        match why {
            Why::Late => to.close(1002, "no CONNECT in time"),
            Why::Silent => self.refuse(SILENT, to),
            Why::Leaving if self.version == Version::V5 && to.is_open() => {
                disconnect(BY_HAND, to);
            }
            Why::Leaving => {}
        }
    }

    fn lost(&mut self, to: &mut Served) {
        if let Some(will) = self.will.take() {
            let topic = will.topic.clone().unwrap_or_default();
            to.note(format!("the will of the client is published to {topic}"));
            keep(&will, to);
            to.pass(will, 0);
        }
    }
}

impl Mqtt {
    fn frame(&mut self, frame: Frame<'_>, to: &mut Served) {
        match request::decode(self.version, frame) {
            Ok(Request::Connect(connect)) => self.connect(&connect, to),
            Ok(request) if !to.is_open() => {
                let seen = see::seen("packet", super::wire::name(frame.first).to_lowercase());
                to.see(seen.noting("before CONNECT"));
                drop(request);
                to.close(1002, "the first packet is no CONNECT");
            }
            Ok(Request::Either(packet)) => self.either(packet, to),
            Ok(Request::Subscribe { filters, .. }) if has_reserved(&filters, self.version) => {
                self.malformed(&Fault::Flags("SUBSCRIBE"), frame.body, to);
            }
            Ok(Request::Subscribe { id, filters }) => self.subscribe(id, &filters, to),
            Ok(Request::Unsubscribe { id, filters }) => self.unsubscribe(id, &filters, to),
            Ok(Request::PingReq) => {
                to.see(see::keepalive("pingreq"));
                let bytes = request::PINGRESP.to_vec();
                to.send(Kind::Binary, bytes, see::keepalive("pingresp"));
            }
            Err(fault) => self.malformed(&fault, frame.body, to),
        }
    }

    fn malformed(&mut self, fault: &Fault, payload: &[u8], to: &mut Served) {
        to.see_foreign(&fault.to_string(), payload);
        self.refuse(MALFORMED, to);
    }

    /// Ends the session with a reason code.
    fn refuse(&mut self, code: u8, to: &mut Served) {
        if self.version == Version::V5 && to.is_open() {
            disconnect(code, to);
        }
        to.close(1002, &reason(code));
    }

    fn connect(&mut self, connect: &Connect<'_>, to: &mut Served) {
        let password = String::from_utf8_lossy(connect.password);
        to.secrets.add(&password);
        to.see(connected(connect));
        if to.is_open() {
            return self.refuse(PROTOCOL_ERROR, to);
        }
        let Some(version) = connect.version else {
            // §3.2.2.3 of version 3.1.1: unacceptable protocol version.
            return refuse_connect(Version::V3, 1, to);
        };
        self.version = version;
        let password = connect.user.map(|_| connect.password);
        if !to.hall.credentials.admit_login(connect.user, password) {
            // §3.2.2.3 of version 3.1.1, and §3.2.2.2 of version 5.
            let code = [4, BAD_LOGIN][usize::from(version == Version::V5)];
            return refuse_connect(version, code, to);
        }
        let will = connect.will.as_ref();
        let is_wrong = will.is_some_and(|it| say::topic(it.topic).is_err() || it.qos == 3);
        match (connect.client_id, connect.is_clean, version) {
            _ if is_wrong => {
                let code = [3, BAD_TOPIC][usize::from(version == Version::V5)];
                return refuse_connect(version, code, to);
            }
            // §3.1.3.1 of version 3.1.1: without a name only a clean session is possible.
            ("", false, Version::V3) => return refuse_connect(version, 2, to),
            _ => {}
        }
        self.will = will.map(published);
        if connect.keep_alive > 0 {
            // §3.1.2.10: one and a half times the interval.
            let seconds = u32::from(connect.keep_alive);
            to.pace.silence = Some(Duration::from_millis(1500) * seconds);
        }
        to.open();
        let mut properties = vec![
            ("subscription_identifier_available", json!(0)),
            ("shared_subscription_available", json!(0)),
        ];
        if connect.client_id.is_empty() {
            properties.push(("assigned_client_identifier", json!(self.id)));
        }
        let properties = match version {
            Version::V3 => Properties::default(),
            Version::V5 => Properties::of(&properties),
        };
        let seen = see::seen("connack", "connack")
            .with("code", 0)
            .noting("accepted");
        let bytes = request::connack(version, 0, &properties);
        to.send(Kind::Binary, bytes, see::with_properties(seen, &properties));
    }

    fn either(&mut self, packet: Packet<'_>, to: &mut Served) {
        match packet {
            Packet::Publish(publish) => self.publish(&publish, to),
            Packet::Ack {
                kind: Step::Rel,
                id,
                ..
            } => {
                let is_known = self.flight.release(id);
                let code = if is_known { 0 } else { UNKNOWN_ID };
                to.see(see::step(Step::Rel, id, 0));
                self.step(Step::Comp, id, code, to);
            }
            Packet::Ack { kind, id, code, .. } => self.delivered(kind, id, code, to),
            Packet::Disconnect { code, .. } => {
                let seen = see::seen("disconnect", "disconnect").with("code", code);
                to.see(seen);
                // §3.14.2.1: the client may ask for its will.
                self.will = self.will.take().filter(|_| code == 4);
                to.close(1000, "");
            }
            // Only a server sends others, which are refused before.
            _ => {}
        }
    }
}

fn disconnect(code: u8, to: &mut Served) {
    let seen = see::seen("disconnect", "disconnect").with("code", code);
    let bytes = request::disconnect(code);
    to.send(Kind::Binary, bytes, seen.noting(reason(code)));
}

fn refuse_connect(version: Version, code: u8, to: &mut Served) {
    let why = super::reason::refusal(code);
    let seen = see::seen("connack", "connack").with("code", code);
    let bytes = request::connack(version, code, &Properties::default());
    to.send(Kind::Binary, bytes, seen.noting(why.as_str()));
    to.close(1002, &why);
}

fn connected(connect: &Connect<'_>) -> Seen {
    let version = connect
        .version
        .map_or("of another version", Version::as_str);
    let mut notes = vec![format!("MQTT {version}")];
    if !connect.is_clean {
        notes.push("of an earlier session, which is not kept".to_owned());
    }
    if connect.keep_alive > 0 {
        notes.push(format!("keep alive {} s", connect.keep_alive));
    }
    notes.extend(connect.user.map(|user| format!("as {user}")));
    notes.extend(
        connect
            .will
            .as_ref()
            .map(|it| format!("will on {}", it.topic)),
    );
    let mut seen = see::seen("connect", format!("connect {}", connect.client_id))
        .with("client_id", connect.client_id)
        .with("version", version)
        .noting(notes.join(", "));
    if let Some(user) = connect.user {
        seen = seen.with("user", user);
    }
    if let Some(will) = &connect.will {
        seen = seen.with("will", will.topic);
    }
    see::with_properties(seen, &connect.properties)
}
