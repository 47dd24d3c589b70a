//! Every check of a response with status 101 (RFC 6455 §4.1).

use super::HandshakeError;
use crate::proto::deflate::{self, Params};
use crate::proto::extension::{self, Extension, extensions};
use crate::proto::http1::Head;

/// What client and server agreed on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agreed {
    /// The response.
    pub response: Head,
    /// The subprotocol that the server selected.
    pub subprotocol: Option<String>,
    /// Subprotocols were offered, but the server selected none, which RFC 6455 §4.2.2 allows.
    pub ignored_subprotocols: bool,
    /// The parameters of permessage-deflate, if the server selected it.
    pub deflate: Option<Params>,
    /// Broken rules that were tolerated.
    pub tolerated: Vec<HandshakeError>,
}

/// What the request, as it was sent, demands of the response.
#[derive(Debug)]
pub(super) struct Expected {
    /// The value of `Sec-WebSocket-Accept`; `None` without an upgrade (RFC 8441 §5).
    pub accept: Option<String>,
    /// The subprotocols that were offered.
    pub subprotocols: Vec<String>,
    pub require_subprotocol: bool,
    /// The extensions that were offered.
    pub extensions: Vec<Extension>,
    /// Whether to continue after a broken rule where that is possible.
    pub lenient: bool,
}

/// Decides about a broken rule: tolerates it, or returns it as the error.
type Tolerate<'a> = &'a mut dyn FnMut(HandshakeError) -> Result<(), HandshakeError>;

impl Expected {
    /// Checks `response`; the faults of its head were tolerated before.
    pub(super) fn check(
        &self,
        response: Head,
        faults: Vec<HandshakeError>,
    ) -> Result<Agreed, HandshakeError> {
        let mut tolerated = faults;
        let mut tolerate = |error: HandshakeError| {
            if !self.lenient {
                return Err(error);
            }
            tolerated.push(error);
            Ok(())
        };
        if let Some(accept) = &self.accept {
            if !response.start_line().starts_with(b"HTTP/1.1 ") {
                let line = String::from_utf8_lossy(response.start_line()).into_owned();
                tolerate(HandshakeError::HttpVersion(line))?;
            }
            check_upgrade(&response).or_else(&mut tolerate)?;
            check_connection(&response).or_else(&mut tolerate)?;
            check_accept(&response, accept).or_else(&mut tolerate)?;
        }
        let deflate = self.check_extensions(&response, &mut tolerate)?;
        let subprotocol = self.check_subprotocol(&response, &mut tolerate)?;
        Ok(Agreed {
            deflate,
            tolerated,
            ignored_subprotocols: subprotocol.is_none() && !self.subprotocols.is_empty(),
            subprotocol,
            response,
        })
    }

    fn check_extensions(
        &self,
        response: &Head,
        tolerate: Tolerate<'_>,
    ) -> Result<Option<Params>, HandshakeError> {
        let selected = match extensions(response) {
            Ok(selected) => selected,
            Err(error) => {
                tolerate(error.into())?;
                extension::readable(response)
            }
        };
        let mut deflate = None;
        for extension in selected {
            let is_offered = |offer: &Extension| offer.name == extension.name;
            if !self.extensions.iter().any(is_offered) {
                tolerate(HandshakeError::Extension(extension.to_string()))?;
            }
            // Another extension was offered by an edit, so the user handles it.
            if extension.name != deflate::NAME {
                continue;
            }
            let params = self.agree(&extension, tolerate)?;
            if deflate.is_some() {
                tolerate(HandshakeError::ManyDeflates(shown(
                    response,
                    "Sec-WebSocket-Extensions",
                )))?;
            }
            deflate = deflate.or(Some(params));
        }
        Ok(deflate)
    }

    /// The parameters of permessage-deflate; those that cannot be agreed on are taken as far as they are readable.
    fn agree(
        &self,
        extension: &Extension,
        tolerate: Tolerate<'_>,
    ) -> Result<Params, HandshakeError> {
        let offers: Vec<_> = self
            .extensions
            .iter()
            .filter(|offer| offer.name == deflate::NAME)
            .filter_map(|offer| deflate::Offer::parse(offer).ok())
            .collect();
        if offers.is_empty() {
            return Ok(Params::readable(extension));
        }
        Params::agree(&offers, extension).or_else(|error| {
            let shown = extension.to_string();
            tolerate(HandshakeError::Deflate(error, shown))?;
            Ok(Params::readable(extension))
        })
    }

    fn check_subprotocol(
        &self,
        response: &Head,
        tolerate: Tolerate<'_>,
    ) -> Result<Option<String>, HandshakeError> {
        const NAME: &str = "Sec-WebSocket-Protocol";
        let values = response.values(NAME).map(String::from_utf8_lossy);
        let values: Vec<String> = values.map(std::borrow::Cow::into_owned).collect();
        let is_offered = |value: &&String| self.subprotocols.contains(value);
        match &values[..] {
            [] => {}
            [value] if is_offered(&value) => {}
            [value] if value.is_empty() => tolerate(HandshakeError::EmptySubprotocol)?,
            [value] => tolerate(HandshakeError::Subprotocol(value.clone()))?,
            _ => tolerate(HandshakeError::ManySubprotocols(shown(response, NAME)))?,
        }
        let offered = values.iter().find(is_offered);
        let selected = offered.or_else(|| values.iter().find(|value| !value.is_empty()));
        if selected.is_none() && self.require_subprotocol {
            let offered = self.subprotocols.join(", ");
            return Err(HandshakeError::NoSubprotocol(offered));
        }
        Ok(selected.cloned())
    }
}

fn check_upgrade(response: &Head) -> Result<(), HandshakeError> {
    // RFC 6455 §4.1: Upgrade MUST be "websocket", Connection MUST contain "Upgrade", both in any case.
    let upgrade = response.list("Upgrade");
    if !matches!(&upgrade[..], [token] if token.eq_ignore_ascii_case("websocket")) {
        return Err(HandshakeError::Upgrade(joined(response, "Upgrade")));
    }
    Ok(())
}

fn check_connection(response: &Head) -> Result<(), HandshakeError> {
    let connection = response.list("Connection");
    if !connection
        .iter()
        .any(|token| token.eq_ignore_ascii_case("upgrade"))
    {
        return Err(HandshakeError::Connection(joined(response, "Connection")));
    }
    Ok(())
}

fn check_accept(response: &Head, accept: &str) -> Result<(), HandshakeError> {
    // RFC 6455 §4.1, §11.3.3: exactly one Sec-WebSocket-Accept, with the value that the key demands.
    let values: Vec<&[u8]> = response.values("Sec-WebSocket-Accept").collect();
    if let [value] = values[..]
        && value == accept.as_bytes()
    {
        return Ok(());
    }
    Err(HandshakeError::Accept {
        expected: accept.to_owned(),
        found: joined(response, "Sec-WebSocket-Accept"),
    })
}

/// All values of a field, joined as in one line.
fn joined(head: &Head, name: &str) -> Option<String> {
    let values: Vec<_> = head.values(name).map(String::from_utf8_lossy).collect();
    (!values.is_empty()).then(|| values.join(", "))
}

fn shown(head: &Head, name: &str) -> String {
    joined(head, name).unwrap_or_default()
}
