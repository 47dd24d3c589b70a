//! The request of another client, whose fields are sent on.

use std::fmt;

use crate::proto::http1::Head;

/// The fields of another client's request, in order.
#[derive(Clone, PartialEq, Eq)]
pub struct Relayed {
    /// Names and values, which need not be UTF-8.
    pub fields: Vec<(Vec<u8>, Vec<u8>)>,
    /// Whether its `Host` is sent on as well, instead of the one of the offer.
    pub keeps_host: bool,
    /// Whether it came over HTTP/2, which has no fields of an upgrade.
    is_http2: bool,
}

/// Keeps values out of logs, as any may be a secret.
impl fmt::Debug for Relayed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Relayed({} fields)", self.fields.len())
    }
}

impl Relayed {
    /// The fields of `request`, whose `Host` is in `:authority` over HTTP/2 (RFC 9113 §8.3.1).
    pub fn of(request: &Head, keeps_host: bool) -> Self {
        let is_http2 = request.is_http2();
        let authority = request.values(":authority").next();
        let fields = request.fields().filter(|(name, _)| {
            let is_host = authority.is_some() && name.eq_ignore_ascii_case(b"Host");
            !is_host && !name.starts_with(b":")
        });
        let host = authority.map(|authority| (&b"Host"[..], authority));
        let all = host.into_iter().chain(fields);
        Self {
            fields: all
                .map(|(name, value)| (name.into(), value.into()))
                .collect(),
            keeps_host,
            is_http2,
        }
    }

    /// Replaces the first field `name` and removes the others, or adds it at the end.
    pub fn set(&mut self, name: &str, value: &[u8]) {
        let is_it = |field: &(Vec<u8>, Vec<u8>)| field.0.eq_ignore_ascii_case(name.as_bytes());
        let Some(first) = self.fields.iter().position(is_it) else {
            self.fields.push((name.into(), value.into()));
            return;
        };
        self.fields[first].1 = value.to_vec();
        let mut at = 0;
        self.fields.retain(|field| {
            at += 1;
            at - 1 <= first || !is_it(field)
        });
    }

    /// Removes all fields `name`.
    pub fn remove(&mut self, name: &str) {
        let name = name.as_bytes();
        self.fields
            .retain(|(other, _)| !other.eq_ignore_ascii_case(name));
    }

    /// The same for an upgrade with this `key`, unless it is the client's own upgrade.
    pub(super) fn into_upgrade(mut self, key: &str) -> Self {
        if !self.is_http2 {
            return self;
        }
        self.join_cookies();
        let has = |name: &str| {
            let mut fields = self.fields.iter();
            fields.any(|field| field.0.eq_ignore_ascii_case(name.as_bytes()))
        };
        let own = [
            ("Upgrade", "websocket"),
            ("Connection", "Upgrade"),
            ("Sec-WebSocket-Key", key),
        ];
        let own = own.into_iter().filter(|(name, _)| !has(name));
        let own: Vec<_> = own
            .map(|(name, value)| (name.into(), value.into()))
            .collect();
        let after_host = usize::from(has("Host")).min(self.fields.len());
        self.fields.splice(after_host..after_host, own);
        self
    }

    /// RFC 9113 §8.2.3: outside of HTTP/2, cookies are in one field.
    fn join_cookies(&mut self) {
        let is_cookie = |field: &&(Vec<u8>, Vec<u8>)| field.0.eq_ignore_ascii_case(b"Cookie");
        let cookies: Vec<&[u8]> = self
            .fields
            .iter()
            .filter(is_cookie)
            .map(|it| &it.1[..])
            .collect();
        if cookies.len() > 1 {
            let joined = cookies.join(&b"; "[..]);
            self.set("Cookie", &joined);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_over_http2_becomes_an_upgrade() {
        let fields = [
            (":method", "CONNECT"),
            (":authority", "h.test"),
            (":path", "/chat"),
            (":protocol", "websocket"),
            ("sec-websocket-version", "13"),
            ("cookie", "a=1"),
            ("host", "other.test"),
            ("x-a", "b"),
            ("cookie", "c=2"),
        ];
        let request = Head::encode("CONNECT /chat HTTP/2", fields);
        let upgrade = Relayed::of(&request, true).into_upgrade("key");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let found = upgrade.fields.iter();
        let found: Vec<_> = found
            .map(|(name, value)| format!("{}: {}", text(name), text(value)))
            .collect();
        assert_eq!(
            found,
            [
                "Host: h.test",
                "Upgrade: websocket",
                "Connection: Upgrade",
                "Sec-WebSocket-Key: key",
                "sec-websocket-version: 13",
                "cookie: a=1; c=2",
                "x-a: b",
            ]
        );
    }

    #[test]
    fn an_upgrade_stays_as_it_is() {
        let fields = [("Cookie", "a=1"), ("Host", "h"), ("cookie", "b=2")];
        let relayed = Relayed::of(&Head::encode("GET / HTTP/1.1", fields), false);
        assert!(relayed.clone().into_upgrade("key") == relayed);
        assert_eq!(relayed.fields.len(), 3);
    }
}
