//! What goes wrong before a connection is open.

use std::time::Duration;

use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use super::kind::Kind;
use crate::proto::handshake::server::Upgrade;
use crate::proto::http1::{Head, status_line};
use crate::proto::http2::frame::ErrorCode;

/// The faults of an opening.
#[derive(Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "independent faults")]
pub(super) struct Opening {
    refuse: Option<Refuse>,
    pub is_mute: bool,
    pub late: Option<Duration>,
    wrong_accept: bool,
    wrong_subprotocol: bool,
    redirect: Option<String>,
    /// The answer to extended CONNECT.
    http2_refuse: Option<u16>,
    pub http2_reset: Option<ErrorCode>,
    pub has_no_streams: bool,
}

#[derive(Debug)]
struct Refuse {
    status: u16,
    retry_after: Option<u64>,
    note: String,
}

/// A key that no client sends: it is not the base64 of 16 bytes.
const OTHER_KEY: &[u8] = b"another key";

impl Opening {
    /// Adds a fault of connection `number`, if it is one of the opening.
    pub(super) fn add(&mut self, kind: &Kind, number: u64) {
        match kind {
            Kind::Refuse {
                first,
                status,
                retry_after,
            } => {
                let count = match first {
                    1 => String::new(),
                    first => format!(" ({number} of {first})"),
                };
                self.refuse = Some(Refuse {
                    status: *status,
                    retry_after: *retry_after,
                    note: format!("refuse with {status}{count}"),
                });
            }
            Kind::Mute => self.is_mute = true,
            Kind::Late(time) => self.late = Some(*time),
            Kind::WrongAccept => self.wrong_accept = true,
            Kind::WrongSubprotocol => self.wrong_subprotocol = true,
            Kind::Redirect(url) => self.redirect = Some(url.clone()),
            Kind::Http2Refuse(status) => self.http2_refuse = Some(*status),
            Kind::Http2Reset(code) => self.http2_reset = Some(*code),
            Kind::Http2NoStreams => self.has_no_streams = true,
            _ => {}
        }
    }

    /// What is answered instead of an upgrade, and what is noted about it.
    pub(super) fn refusal(&self) -> Option<(Head, String)> {
        let rest = [("Connection", "close"), ("Content-Length", "0")];
        if let Some(refuse) = &self.refuse {
            let line = status_line(refuse.status);
            let seconds = refuse.retry_after.map(|seconds| seconds.to_string());
            let retry = seconds.as_deref().map(|it| ("Retry-After", it));
            let head = Head::encode(&line, rest.into_iter().chain(retry));
            return Some((head, refuse.note.clone()));
        }
        let url = self.redirect.as_deref()?;
        let fields = rest.into_iter().chain([("Location", url)]);
        let head = Head::encode("HTTP/1.1 302 Found", fields);
        Some((head, format!("redirect {url}")))
    }

    /// The same for extended CONNECT alone.
    pub(super) fn http2_refusal(&self) -> Option<(Head, String)> {
        let status = self.http2_refuse?;
        let head = Head::encode(&status_line(status), [("Content-Length", "0")]);
        Some((head, Kind::Http2Refuse(status).to_string()))
    }

    /// Spoils the answer to a client that is not refused; returns what is noted.
    pub(super) fn spoil(&self, upgrade: &mut Upgrade) -> Vec<String> {
        let mut notes = Vec::new();
        if upgrade.refused.is_some() {
            return notes;
        }
        if self.wrong_accept {
            let accept = derive_accept_key(OTHER_KEY);
            upgrade.response = replaced(&upgrade.response, "Sec-WebSocket-Accept", &accept);
            notes.push("wrong-accept".to_owned());
        }
        if self.wrong_subprotocol {
            let offered = upgrade.request.list("Sec-WebSocket-Protocol");
            let mut wrong = "not-offered".to_owned();
            while offered.contains(&wrong) {
                wrong.insert_str(0, "really-");
            }
            upgrade.response = replaced(&upgrade.response, "Sec-WebSocket-Protocol", &wrong);
            notes.push(format!("wrong-subprotocol {wrong}"));
        }
        notes
    }
}

/// A response of ours with one field of this name and value.
fn replaced(response: &Head, name: &str, value: &str) -> Head {
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    let fields = response
        .fields()
        .map(|(name, value)| (text(name), text(value)));
    let mut fields: Vec<(String, String)> = fields.collect();
    fields.retain(|(other, _)| !other.eq_ignore_ascii_case(name));
    fields.push((name.to_owned(), value.to_owned()));
    let fields = fields.iter().map(|(name, value)| (&**name, &**value));
    Head::encode(&text(response.start_line()), fields)
}
