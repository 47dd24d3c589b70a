//! Upgrade requests that may be changed in any way.

use tokio_tungstenite::tungstenite::handshake::client::generate_key;

use super::answer::Answer;
use super::auditor::{Auditor, complete};
use super::verdict::Untested;
use crate::proto::handshake::client::Handshake;
use crate::proto::http1::Head;

/// A request to be changed in any way.
pub(super) struct Raw {
    pub(super) method: &'static str,
    pub(super) target: String,
    pub(super) version: &'static str,
    pub(super) fields: Vec<(String, String)>,
}

pub(super) type Change = fn(&mut Raw);

impl Raw {
    pub(super) fn new(it: &Auditor) -> Self {
        let offer = complete(it.base());
        let handshake = Handshake::new(&offer, &generate_key());
        let fields = handshake.request().fields();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Self {
            method: "GET",
            target: offer.target.clone(),
            version: "HTTP/1.1",
            fields: fields
                .map(|(name, value)| (text(name), text(value)))
                .collect(),
        }
    }

    pub(super) fn remove(&mut self, name: &str) {
        self.fields
            .retain(|(other, _)| !other.eq_ignore_ascii_case(name));
    }

    pub(super) fn set(&mut self, name: &str, value: &str) {
        for (other, old) in &mut self.fields {
            if other.eq_ignore_ascii_case(name) {
                value.clone_into(old);
            }
        }
    }

    pub(super) fn bytes(&self) -> Vec<u8> {
        let line = format!("{} {} {}", self.method, self.target, self.version);
        let fields = self.fields.iter();
        let fields = fields.map(|(name, value)| (name.as_str(), value.as_str()));
        Head::encode(&line, fields).as_bytes().to_vec()
    }
}

/// Sends a changed request; a connection that opens is left again.
pub(super) async fn changed(
    it: &mut Auditor,
    change: impl FnOnce(&mut Raw),
) -> Result<Answer, Untested> {
    let mut raw = Raw::new(it);
    change(&mut raw);
    let options = it.base().clone();
    let mut answer = it.exchange(&options, &raw.bytes()).await?;
    if let Some(wire) = answer.wire.take() {
        wire.leave().await;
    }
    Ok(answer)
}
