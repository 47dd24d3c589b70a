//! What is known of a connection since it opened.

use crate::dial::Step;
use crate::event::Event;
use crate::proto::http1::Head;
use crate::render::Human;
use crate::render::mask::Secrets;

/// Collected from the events of the opening, for `/status` and `/headers`.
#[derive(Debug, Clone)]
pub struct Facts {
    /// The URL as it may be shown, after all redirections.
    pub url: String,
    secrets: Secrets,
    pub(super) peer: Option<String>,
    pub(super) tls: Option<String>,
    pub(super) subprotocol: Option<String>,
    pub(super) deflate: Option<String>,
    request: Option<Head>,
    response: Option<Head>,
}

impl Facts {
    /// Nothing but the URL.
    pub fn new(url: &str, secrets: Secrets) -> Self {
        Self {
            url: secrets.url(url).into_owned(),
            secrets,
            peer: None,
            tls: None,
            subprotocol: None,
            deflate: None,
            request: None,
            response: None,
        }
    }

    /// Takes what an event of the opening tells.
    pub fn observe(&mut self, event: &Event<'_>) {
        match event {
            Event::Redirected(redirected) => {
                self.url = self.secrets.url(&redirected.to).into_owned();
                // The next server may speak no TLS of its own.
                self.tls = None;
            }
            Event::Step(Step::Connected { address, .. }) => self.peer = Some(address.to_string()),
            Event::Step(Step::ConnectedUnix { path, .. }) => {
                self.peer = Some(path.display().to_string());
            }
            Event::Step(Step::Tunnel { endpoint, .. }) => {
                let proxy = self.peer.take().unwrap_or_default();
                self.peer = Some(format!("{endpoint} through the proxy at {proxy}"));
            }
            Event::Step(Step::Tls(session)) => {
                self.tls = Some(format!("{}, {}", session.version, session.cipher_suite));
            }
            Event::Request(head) => self.request = Some((*head).clone()),
            Event::Response(head) => self.response = Some((*head).clone()),
            Event::Open(open) => {
                self.subprotocol.clone_from(&open.subprotocol);
                self.deflate = open.deflate.map(|params| params.to_string());
            }
            _ => {}
        }
    }

    /// Writes the heads of the opening handshake.
    pub(super) fn print_heads(&self, out: &mut String, human: &Human) {
        if let Some(request) = &self.request {
            human.request(out, request);
        }
        if let Some(response) = &self.response {
            human.response(out, response);
        }
    }
}
