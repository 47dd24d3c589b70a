//! Packets from the messages of a connection, with their attachments.

use serde_json::Value;

use super::engine::{Data, Version};
use super::msgpack;
use super::packet::{MAIN, MAX_ATTACHMENTS, Packet, PacketFault, PacketType, RESERVED, children};
use super::parser::Parser;
use crate::ontop::binary::binary_value;

/// Reads packets from the messages of a connection.
#[derive(Debug)]
pub struct Decoder {
    version: Version,
    /// The most bytes of a packet with its attachments.
    limit: usize,
    /// That of the peer, as far as it has shown it.
    parser: Parser,
    partial: Option<Partial>,
}

/// A packet whose attachments are not complete.
#[derive(Debug)]
struct Partial {
    packet: Packet,
    count: usize,
    attachments: Vec<Vec<u8>>,
    bytes: usize,
}

impl Decoder {
    /// A decoder that holds at most `limit` bytes of a packet and its attachments.
    pub fn new(version: Version, limit: usize) -> Self {
        Self {
            version,
            limit,
            parser: Parser::Json,
            partial: None,
        }
    }

    pub fn parser(&self) -> Parser {
        self.parser
    }

    /// Reads the next message; `None` while attachments are missing.
    ///
    /// After a fault the next message starts a packet again.
    pub fn push(&mut self, data: Data<'_>) -> Result<Option<Packet>, PacketFault> {
        match (data, self.partial.take()) {
            (Data::Text(text), None) => self.text(&text),
            (Data::Text(_), Some(partial)) => Err(PacketFault::MissingAttachments {
                missing: partial.count - partial.attachments.len(),
            }),
            (Data::Binary(bytes), Some(partial)) => self.attachment(partial, &bytes),
            (Data::Binary(bytes), None) if msgpack::is_packet(&bytes) => {
                self.parser = Parser::MessagePack;
                let packet = msgpack::decode(&bytes)?;
                check(&packet, self.version)?;
                Ok(Some(packet))
            }
            (Data::Binary(_), None) => Err(PacketFault::UnexpectedBinary),
        }
    }

    fn text(&mut self, text: &str) -> Result<Option<Packet>, PacketFault> {
        let (packet, count) = parse(text)?;
        check(&packet, self.version)?;
        if count == 0 {
            return Ok(Some(packet));
        }
        self.hold(Partial {
            packet,
            count,
            attachments: Vec::new(),
            bytes: text.len(),
        })
    }

    fn attachment(
        &mut self,
        mut partial: Partial,
        bytes: &[u8],
    ) -> Result<Option<Packet>, PacketFault> {
        partial.bytes = partial.bytes.saturating_add(bytes.len());
        if partial.bytes > self.limit {
            return Err(PacketFault::TooLarge(self.limit));
        }
        partial.attachments.push(bytes.to_vec());
        if partial.attachments.len() < partial.count {
            return self.hold(partial);
        }
        let mut packet = partial.packet;
        let mut attachments = partial.attachments.into_iter().map(Some).collect();
        if let Some(data) = &mut packet.data {
            insert(data, &mut attachments)?;
        }
        Ok(Some(packet))
    }

    fn hold(&mut self, partial: Partial) -> Result<Option<Packet>, PacketFault> {
        if partial.bytes > self.limit {
            return Err(PacketFault::TooLarge(self.limit));
        }
        self.partial = Some(partial);
        Ok(None)
    }
}

/// Splits the text of a packet; the second value is the number of its attachments.
fn parse(text: &str) -> Result<(Packet, usize), PacketFault> {
    let first = text.chars().next().ok_or(PacketFault::Empty)?;
    let mut rest = &text[first.len_utf8()..];
    let kind = match first {
        '0' => PacketType::Connect,
        '1' => PacketType::Disconnect,
        '2' | '5' => PacketType::Event,
        '3' | '6' => PacketType::Ack,
        '4' => PacketType::ConnectError,
        other => return Err(PacketFault::Type(other)),
    };
    let mut count = 0;
    if matches!(first, '5' | '6') {
        let (digits, after) = split_digits(rest);
        rest = after.strip_prefix('-').ok_or(PacketFault::Attachments)?;
        count = attachment_count(digits)?;
    }
    let mut namespace = MAIN;
    if rest.starts_with('/') {
        (namespace, rest) = rest.split_once(',').unwrap_or((rest, ""));
    }
    let (digits, json) = split_digits(rest);
    let id = match digits {
        "" => None,
        digits => Some(digits.parse().map_err(|_| PacketFault::Id)?),
    };
    let data = match json {
        "" => None,
        json => {
            Some(serde_json::from_str(json).map_err(|error| PacketFault::Json(error.to_string()))?)
        }
    };
    let packet = Packet {
        id,
        ..Packet::new(kind, namespace, data)
    };
    Ok((packet, count))
}

fn split_digits(text: &str) -> (&str, &str) {
    let end = text.find(|c: char| !c.is_ascii_digit());
    text.split_at(end.unwrap_or(text.len()))
}

fn attachment_count(digits: &str) -> Result<usize, PacketFault> {
    if digits.is_empty() {
        return Err(PacketFault::Attachments);
    }
    let count = digits.parse().unwrap_or(usize::MAX);
    if count > MAX_ATTACHMENTS {
        // A number of any length must not fill the message of the error.
        let shown = if digits.len() > 20 {
            "too many"
        } else {
            digits
        };
        return Err(PacketFault::TooManyAttachments(shown.to_owned()));
    }
    Ok(count)
}

/// Checks the data of a packet against its type; version 3 is less strict, as its parser was.
fn check(packet: &Packet, version: Version) -> Result<(), PacketFault> {
    let data = packet.data.as_ref();
    let is_v3 = version == Version::V3;
    let need = |is_met: bool, kind, needed| {
        if is_met {
            Ok(())
        } else {
            Err(PacketFault::Data { kind, needed })
        }
    };
    match packet.kind {
        PacketType::Connect => {
            let is_met = is_v3 || data.is_none_or(Value::is_object);
            need(is_met, "CONNECT", "an object or nothing")
        }
        PacketType::Disconnect => need(is_v3 || data.is_none(), "DISCONNECT", "nothing"),
        PacketType::ConnectError => {
            let is_met = is_v3 || data.is_some_and(|it| it.is_object() || it.is_string());
            need(is_met, "CONNECT_ERROR", "an object")
        }
        PacketType::Ack => {
            need(data.is_some_and(Value::is_array), "ACK", "an array")?;
            packet.id.map(|_| ()).ok_or(PacketFault::NoId)
        }
        PacketType::Event => {
            let name = packet.name_and_arguments().map(|(name, _)| name);
            let is_met = name.is_some_and(|it| is_v3 || it.is_string() || it.is_number());
            need(is_met, "EVENT", "an array that starts with the name")?;
            match name.and_then(Value::as_str) {
                Some(name) if !is_v3 && RESERVED.contains(&name) => {
                    Err(PacketFault::Reserved(name.to_owned()))
                }
                _ => Ok(()),
            }
        }
    }
}

/// Replaces placeholders by their attachments.
///
/// Each attachment is used once: a packet with a million references to one would need a million copies.
fn insert(value: &mut Value, attachments: &mut Vec<Option<Vec<u8>>>) -> Result<(), PacketFault> {
    let Some(num) = placeholder(value) else {
        return children(value).try_for_each(|child| insert(child, attachments));
    };
    let count = attachments.len();
    let index = num.as_u64().and_then(|num| usize::try_from(num).ok());
    let slot = index.and_then(|index| Some((index, attachments.get_mut(index)?)));
    let Some((index, slot)) = slot else {
        let num = num.to_string().chars().take(20).collect();
        return Err(PacketFault::Placeholder { num, count });
    };
    let bytes = slot.take().ok_or(PacketFault::PlaceholderTwice(index))?;
    *value = binary_value(&bytes);
    Ok(())
}

fn placeholder(value: &Value) -> Option<&Value> {
    let is_placeholder = value.get("_placeholder") == Some(&Value::Bool(true));
    is_placeholder.then(|| value.get("num").unwrap_or(&Value::Null))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::packet::encode;
    use super::*;

    const LIMIT: usize = 1000;

    fn decoder(version: Version) -> Decoder {
        Decoder::new(version, LIMIT)
    }

    fn push(text: &str) -> Result<Option<Packet>, PacketFault> {
        decoder(Version::V4).push(Data::Text(text.into()))
    }

    fn fault(text: &str) -> PacketFault {
        push(text).expect_err(text)
    }

    fn items(value: Value) -> Vec<Value> {
        match value {
            Value::Array(items) => items,
            other => vec![other],
        }
    }

    #[test]
    fn packets_have_the_form_of_the_specification() {
        let connect = |namespace, data| Packet::new(PacketType::Connect, namespace, data);
        let error = Some(json!({"message": "Not authorized"}));
        for (packet, text) in [
            (connect("/", None), "0"),
            (
                connect("/admin", Some(json!({"sid": "oSO0OpakMV_3jnilAAAA"}))),
                r#"0/admin,{"sid":"oSO0OpakMV_3jnilAAAA"}"#,
            ),
            (
                Packet::new(PacketType::ConnectError, "/", error),
                r#"4{"message":"Not authorized"}"#,
            ),
            (
                Packet::event("/", None, items(json!(["foo"]))),
                r#"2["foo"]"#,
            ),
            (
                Packet::event("/admin", None, items(json!(["bar"]))),
                r#"2/admin,["bar"]"#,
            ),
            (
                Packet::event("/", Some(12), items(json!(["foo"]))),
                r#"212["foo"]"#,
            ),
            (
                Packet::ack("/admin", 13, items(json!(["bar"]))),
                r#"3/admin,13["bar"]"#,
            ),
            (
                Packet::new(PacketType::Disconnect, "/admin", None),
                "1/admin,",
            ),
        ] {
            assert_eq!(encode(&packet), (text.to_owned(), Vec::new()));
            assert_eq!(push(text), Ok(Some(packet)), "{text}");
        }
    }

    #[test]
    fn binary_data_travels_in_messages_of_its_own() {
        for (packet, text, attachments) in [
            (
                Packet::event(
                    "/admin",
                    None,
                    items(json!(["baz", {"$base64": "AQI="}, {"a": {"$base64": "AwQ="}}])),
                ),
                r#"52-/admin,["baz",{"_placeholder":true,"num":0},{"a":{"_placeholder":true,"num":1}}]"#,
                vec![vec![1, 2], vec![3, 4]],
            ),
            (
                Packet::ack("/", 15, items(json!(["bar", {"$base64": "AQIDBA=="}]))),
                r#"61-15["bar",{"_placeholder":true,"num":0}]"#,
                vec![vec![1, 2, 3, 4]],
            ),
        ] {
            assert_eq!(encode(&packet), (text.to_owned(), attachments.clone()));
            let mut decoder = decoder(Version::V4);
            let mut last = decoder.push(Data::Text(text.into()));
            for attachment in attachments {
                assert_eq!(last, Ok(None));
                last = decoder.push(Data::Binary(attachment.into()));
            }
            assert_eq!(last, Ok(Some(packet)));
        }
    }

    #[test]
    fn what_only_resembles_binary_data_stays_as_it_is() {
        let data = json!(["x", {"$base64": "%"}, {"$base64": 1}, {"$base64": "AQID", "b": 1}]);
        let packet = Packet::event("/", None, items(data.clone()));
        assert_eq!(encode(&packet), (format!("2{data}"), Vec::new()));
        let connect = Packet::new(PacketType::Connect, "/", Some(json!({"$base64": "AQID"})));
        assert_eq!(encode(&connect).1, Vec::<Vec<u8>>::new());
    }

    #[test]
    fn members_of_objects_keep_their_order() {
        let text = r#"2["x",{"b":1,"a":2,"10":3,"9":4}]"#;
        let packet = push(text).unwrap().unwrap();
        assert_eq!(encode(&packet).0, text);
    }

    #[test]
    fn a_namespace_may_end_without_a_comma() {
        let packet = push("0/custom").unwrap().unwrap();
        assert_eq!(packet.namespace, "/custom");
        let packet = push("0/a?b=1,").unwrap().unwrap();
        assert_eq!(packet.namespace, "/a?b=1");
    }

    #[test]
    fn version_3_has_strings_as_errors() {
        let text = Data::Text(r#"4"Not authorized""#.into());
        let packet = decoder(Version::V3).push(text).unwrap().unwrap();
        assert_eq!(packet.kind, PacketType::ConnectError);
        assert_eq!(packet.data, Some(json!("Not authorized")));
    }

    #[test]
    fn names_what_is_no_packet() {
        assert_eq!(fault(""), PacketFault::Empty);
        assert_eq!(fault("abc"), PacketFault::Type('a'));
        assert_eq!(fault("7"), PacketFault::Type('7'));
        assert_eq!(fault("5[]"), PacketFault::Attachments);
        assert_eq!(fault("5-[]"), PacketFault::Attachments);
        assert_eq!(fault("3[]"), PacketFault::NoId);
        assert_eq!(fault("299999999999999999999[\"x\"]"), PacketFault::Id);
        assert_eq!(
            fault(r#"2["connect"]"#),
            PacketFault::Reserved("connect".to_owned())
        );
        for text in [
            "42abc[]", "2", "2{}", "2[]", "2[true]", "0[]", "1{}", "4", "31{}",
        ] {
            assert!(push(text).is_err(), "{text}");
        }
    }

    #[test]
    fn depth_and_numbers_that_announce_too_much_are_refused_at_once() {
        let bomb = format!("2{}", "[".repeat(1_000_000));
        assert!(matches!(fault(&bomb), PacketFault::Json(_)));
        let fault = fault("510001-[\"x\"]");
        assert_eq!(
            fault.to_string(),
            "the Socket.IO packet announces 10001 attachments; at most 10 are accepted"
        );
        let endless = format!("5{}-[\"x\"]", "9".repeat(1_000_000));
        assert!(push(&endless).unwrap_err().to_string().len() < 100);
    }

    #[test]
    fn an_attachment_is_neither_missing_nor_used_twice() {
        let event = |count: usize, json: &str| {
            let mut decoder = decoder(Version::V4);
            let text = format!("5{count}-{json}");
            let mut last = decoder.push(Data::Text(text.into()));
            for _ in 0..count {
                assert_eq!(last, Ok(None));
                last = decoder.push(Data::Binary(vec![1].into()));
            }
            last.unwrap_err()
        };
        let twice = r#"["x",{"_placeholder":true,"num":0},{"_placeholder":true,"num":0}]"#;
        assert_eq!(event(1, twice), PacketFault::PlaceholderTwice(0));
        for num in ["1", "-1", "\"0\"", "0.5", "null"] {
            let json = format!("[\"x\",{{\"_placeholder\":true,\"num\":{num}}}]");
            let num = num.to_owned();
            assert_eq!(event(1, &json), PacketFault::Placeholder { num, count: 1 });
        }
    }

    #[test]
    fn after_a_fault_the_next_message_starts_a_packet() {
        let mut decoder = decoder(Version::V4);
        let text = |text: &'static str| Data::Text(text.into());
        assert_eq!(decoder.push(text("52-[\"x\"]")), Ok(None));
        assert_eq!(
            decoder.push(text("2[\"y\"]")),
            Err(PacketFault::MissingAttachments { missing: 2 })
        );
        assert_eq!(
            decoder.push(Data::Binary(b"\x01".into())),
            Err(PacketFault::UnexpectedBinary)
        );
        assert!(decoder.push(text("2[\"y\"]")).is_ok_and(|it| it.is_some()));
    }

    #[test]
    fn no_more_than_the_limit_is_held() {
        let mut decoder = decoder(Version::V4);
        let half = || Data::Binary(vec![0; LIMIT / 2].into());
        assert_eq!(decoder.push(Data::Text("53-[\"x\"]".into())), Ok(None));
        assert_eq!(decoder.push(half()), Ok(None));
        assert_eq!(decoder.push(half()), Err(PacketFault::TooLarge(LIMIT)));
        let long = format!("51-[\"{}\"]", "x".repeat(LIMIT));
        let fault = decoder.push(Data::Text(long.into()));
        assert_eq!(fault, Err(PacketFault::TooLarge(LIMIT)));
    }
}
