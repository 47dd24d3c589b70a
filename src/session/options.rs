//! How to open a connection.

use std::time::Duration;

use url::Url;

use super::credential::Credentials;
use crate::dial;
use crate::proto::connection::Config;
use crate::proto::handshake::Offer;
use crate::secret::Secret;

/// What is to be opened.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where to, without userinfo.
    pub url: Url,
    /// The same, to dial.
    pub target: dial::Target,
    /// How to get there.
    pub dial: dial::Options,
    /// What to ask for; its fields are completed with the credentials.
    pub offer: Offer,
    /// As whom.
    pub credentials: Credentials,
    /// Whether to go where the server redirects to.
    pub follow: Option<Follow>,
    /// What the connection does by itself.
    pub connection: Config,
    /// From DNS to the 101.
    pub connect_timeout: Duration,
    /// The flag that set this limit.
    pub timeout_flag: &'static str,
}

/// The wish to follow redirections.
#[derive(Debug, Clone)]
pub struct Follow {
    /// How many are followed.
    pub limit: u16,
    /// Whether every server gets what the user gave for the first.
    pub trusted: bool,
    /// Makes a place of a URL with the scheme ws or wss, or says why there is none.
    pub place: fn(&Url) -> Result<Place, String>,
}

/// Where a redirection leads.
#[derive(Debug, Clone)]
pub struct Place {
    /// The URL, without userinfo and fragment.
    pub url: Url,
    /// What to dial.
    pub target: dial::Target,
    /// The `Host` field.
    pub host: String,
    /// Path and query.
    pub request_target: String,
    /// The value of `Authorization` that the URL's userinfo makes.
    pub authorization: Option<Secret<String>>,
}
