use std::time::Duration;

use url::Url;

use super::credential::Credentials;
use crate::dial;
use crate::ontop::{self, Reoffer};
use crate::proto::connection::Config;
use crate::proto::handshake::Offer;
use crate::secret::Secret;

#[derive(Debug, Clone)]
pub struct Options {
    pub url: Url,
    /// What `url` resolves to for dialling.
    pub target: dial::Target,
    pub dial: dial::Options,
    /// The upgrade request; credentials are added to its fields.
    pub offer: Offer,
    pub credentials: Credentials,
    /// How to follow redirections; `None` to refuse them.
    pub follow: Option<Follow>,
    pub connection: Config,
    /// From DNS to the 101 response.
    pub connect_timeout: Duration,
    pub timeout_flag: &'static str,
    /// The protocol on top, which explains refusals.
    pub on_top: Option<ontop::Name>,
    /// HTTP long polling in the place of WebSocket.
    pub polling: Option<Polling>,
    /// The negotiation of `SignalR`.
    pub negotiation: Option<Negotiation>,
    /// A browser whose page is spoken to.
    pub browser: Option<Browser>,
}

/// What is known of a browser.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Browser {
    /// Where it lists its pages, one of which is to be found first.
    List(String),
    /// The target is the socket of a page.
    Page,
}

impl Options {
    /// The scheme of HTTP.
    pub(super) fn scheme(&self) -> &'static str {
        if self.target.tls { "https" } else { "http" }
    }

    /// Offers this from now on; returns whether that is another offer.
    pub fn offer_instead(&mut self, reoffer: Reoffer) -> bool {
        match reoffer {
            Reoffer::Subprotocols(names) => {
                let is_other = self.offer.subprotocols != names;
                self.offer.subprotocols = names;
                is_other
            }
            Reoffer::EngineIo(version) => {
                let [from, to] =
                    [version.other(), version].map(|it| format!("EIO={}", it.number()));
                let is_other = self.offer.target.contains(&from);
                self.offer.target = self.offer.target.replace(&from, &to);
                let query = self.url.query().map(|it| it.replace(&from, &to));
                self.url.set_query(query.as_deref());
                is_other
            }
        }
    }
}

#[derive(Debug, Clone)]
pub enum Negotiation {
    /// It comes before the upgrade, and may lead to other servers.
    First(Follow),
    /// The request is that.
    Asked,
}

/// How to poll.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Polling {
    /// Whether a WebSocket takes over, as in a browser.
    pub upgrades: bool,
    /// The most bytes of an answer.
    pub limit: usize,
}

#[derive(Debug, Clone)]
pub struct Follow {
    pub limit: u16,
    /// Whether every server gets the credentials that the user gave for the first.
    pub trusted: bool,
    /// Resolves a URL with the scheme ws or wss, or says why it cannot.
    pub place: fn(&Url) -> Result<Place, String>,
}

#[derive(Debug, Clone)]
pub struct Place {
    /// The URL, without userinfo and fragment.
    pub url: Url,
    pub target: dial::Target,
    /// The `Host` field.
    pub host: String,
    pub request_target: String,
    /// The `Authorization` value from the URL's userinfo.
    pub authorization: Option<Secret<String>>,
}
