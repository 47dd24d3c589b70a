//! What clients subscribe to: topic filters, each granted a `QoS` or refused.

use serde_json::{Value, json};

use super::Mqtt;
use crate::ontop::mqtt::packet::Version;
use crate::ontop::mqtt::reason::{
    BAD_FILTER, FAILURE, NO_SUBSCRIPTION, NOT_ALLOWED, SHARED, reason,
};
use crate::ontop::mqtt::{request, say, see};
use crate::ontop::server::Served;
use crate::proto::message::Kind;

/// The most levels of a filter, several times what is usual: each is compared with those of every retained message.
const LEVELS: usize = 64;

/// MQTT 5 §4.7: + is a level, and # all that follow; topics that begin with $ match no wildcard there.
pub(super) fn covers(filter: &str, topic: &str) -> bool {
    if topic.starts_with('$') && !filter.starts_with('$') {
        return false;
    }
    let (mut wanted, mut levels) = (filter.split('/'), topic.split('/'));
    loop {
        match (wanted.next(), levels.next()) {
            (Some("#"), _) | (None, None) => return true,
            (Some("+"), Some(_)) => {}
            (Some(wanted), Some(level)) if wanted == level => {}
            _ => return false,
        }
    }
}

impl Mqtt {
    pub(super) fn subscribe(&mut self, id: u16, filters: &[(&str, u8)], to: &mut Served) {
        let names = filters.iter().map(|(filter, _)| *filter);
        let names = names.collect::<Vec<_>>().join(", ");
        let seen = see::seen("subscribe", format!("subscribe {names}"));
        to.see(seen.with("id", id).with("topics", topics(filters)));
        let had: Vec<bool> = filters
            .iter()
            .map(|(filter, _)| to.topics.find(filter).is_some())
            .collect();
        let codes: Vec<u8> = filters
            .iter()
            .map(|(filter, options)| grant(filter, *options, to))
            .map(|code| self.spoken(code))
            .collect();
        let shown: Vec<String> = codes.iter().map(|code| granted(*code)).collect();
        let seen = see::seen("suback", format!("suback {names}")).with("id", id);
        let seen = seen.with("codes", codes.clone()).noting(shown.join(", "));
        let bytes = request::suback(self.version, id, &codes);
        to.send(Kind::Binary, bytes, seen);
        let asking: Vec<(&str, u8)> = filters
            .iter()
            .zip(codes)
            .zip(had)
            .filter(|(((_, options), code), had)| *code < FAILURE && wants_kept(*options, *had))
            .map(|(((filter, _), qos), _)| (*filter, qos))
            .collect();
        let granted = |topic: &str| {
            let covering = asking.iter().filter(|(filter, _)| covers(filter, topic));
            covering.map(|(_, qos)| u64::from(*qos)).max()
        };
        self.deliver_kept(granted, to);
    }

    /// Version 3.1.1 has one code for all failures.
    fn spoken(&self, code: u8) -> u8 {
        match self.version {
            Version::V3 if code >= FAILURE => FAILURE,
            _ => code,
        }
    }

    pub(super) fn unsubscribe(&mut self, id: u16, filters: &[&str], to: &mut Served) {
        let names = filters.join(", ");
        let seen = see::seen("unsubscribe", format!("unsubscribe {names}"));
        to.see(seen.with("id", id));
        let codes: Vec<u8> = filters
            .iter()
            .map(|filter| match to.unsubscribe(filter) {
                Some(_) => 0,
                None => NO_SUBSCRIPTION,
            })
            .collect();
        let seen = see::seen("unsuback", format!("unsuback {names}")).with("id", id);
        let bytes = request::unsuback(self.version, id, &codes);
        to.send(Kind::Binary, bytes, seen);
    }
}

fn grant(filter: &str, options: u8, to: &mut Served) -> u8 {
    let qos = options & 3;
    if filter.starts_with("$share/") {
        return SHARED;
    }
    if say::filter(filter).is_err() || filter.split('/').count() > LEVELS {
        return BAD_FILTER;
    }
    // §3.8.3.1: what it publishes itself may be none of its business.
    let data = json!({"qos": qos, "no_local": options & 4 != 0, "as_published": options & 8 != 0});
    match to.subscribe(filter, filter, data) {
        Ok(_) => qos,
        Err(error) => {
            to.note(format!("{filter} is refused: {error}"));
            NOT_ALLOWED
        }
    }
}

/// Whether an option has a value that is reserved (MQTT 5 §3.8.3.1), or is more than a `QoS` (3.1.1 §3.8.3).
pub(super) fn has_reserved(filters: &[(&str, u8)], version: Version) -> bool {
    filters.iter().any(|(_, options)| {
        let other = match version {
            Version::V3 => options & 0xfc,
            Version::V5 => options & 0xc0,
        };
        other != 0 || options & 3 == 3 || options >> 4 == 3
    })
}

/// MQTT 5 §3.8.3.1: whether a subscription with these options gets retained messages; an earlier one may be replaced.
fn wants_kept(options: u8, is_replaced: bool) -> bool {
    match options >> 4 {
        0 => true,
        1 => !is_replaced,
        _ => false,
    }
}

fn granted(code: u8) -> String {
    if code < FAILURE {
        format!("QoS {code}")
    } else {
        reason(code)
    }
}

fn topics(filters: &[(&str, u8)]) -> Value {
    let topic = |(filter, options): &(&str, u8)| json!({"topic": filter, "qos": options & 3});
    filters.iter().map(topic).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_covers_the_topics_that_its_wildcards_stand_for() {
        for (filter, topic, is_covered) in [
            ("a/b", "a/b", true),
            ("a/b", "a/c", false),
            ("a/+", "a/c", true),
            ("a/+", "a", false),
            ("+/c", "a/c", true),
            ("a/#", "a/b/c", true),
            ("a/#", "a", true),
            ("#", "a/b", true),
            ("#", "$SYS/x", false),
            ("+/x", "$SYS/x", false),
            ("$SYS/#", "$SYS/x", true),
            ("a/+/c", "a//c", true),
            ("a", "a/b", false),
        ] {
            assert_eq!(covers(filter, topic), is_covered, "{filter} {topic}");
        }
    }
}
