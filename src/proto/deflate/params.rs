//! Offers, responses and negotiated parameters (RFC 7692 §7.1).

use std::fmt;

use super::NAME;
use crate::proto::extension::Extension;

/// A client's offer, or a server's response to it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Offer {
    /// The server must not use context takeover.
    pub server_no_context_takeover: bool,
    /// The client will not use context takeover.
    pub client_no_context_takeover: bool,
    /// The largest window the server may use, in bits.
    pub server_max_window_bits: Option<u8>,
    /// The server may limit the client's window; with a value, the client uses no larger window in any case.
    pub client_max_window_bits: Option<Limit>,
}

/// The value of `client_max_window_bits` in an offer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// The parameter has no value.
    Any,
    /// At most this many bits.
    Bits(u8),
}

/// The negotiated parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Params {
    /// The server starts every message with an empty window.
    pub server_no_context_takeover: bool,
    /// The client starts every message with an empty window.
    pub client_no_context_takeover: bool,
    /// The server's window, in bits.
    pub server_max_window_bits: u8,
    /// The client's window, in bits.
    pub client_max_window_bits: u8,
}

/// Parameters that break RFC 7692 §7.1.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParamsError {
    /// A parameter that the extension does not have.
    #[error("unknown parameter \"{0}\" of permessage-deflate (RFC 7692 §7)")]
    Unknown(String),
    /// A parameter twice.
    #[error("duplicate parameter {0} of permessage-deflate (RFC 7692 §7)")]
    Duplicate(String),
    /// A value of a parameter that takes none.
    #[error("{0} takes no value, but has \"{1}\" (RFC 7692 §7.1.1)")]
    UnexpectedValue(&'static str, String),
    /// A number of bits that is not 8 to 15.
    #[error("{name} must be 8 to 15 without leading zeros, not {} (RFC 7692 §7.1.2)", shown(.value.as_deref()))]
    WindowBits {
        /// The parameter.
        name: &'static str,
        /// Its value.
        value: Option<String>,
    },
    /// The response does not match any offer.
    #[error("{0} (RFC 7692 §7.1)")]
    NotOffered(&'static str),
}

fn shown(value: Option<&str>) -> String {
    value.map_or_else(|| "missing".to_owned(), |value| format!("\"{value}\""))
}

const SERVER_NO_CONTEXT: &str = "server_no_context_takeover";
const CLIENT_NO_CONTEXT: &str = "client_no_context_takeover";
const SERVER_BITS: &str = "server_max_window_bits";
const CLIENT_BITS: &str = "client_max_window_bits";
/// The window without a limit.
const MAX_BITS: u8 = 15;

impl Offer {
    /// The offer of browsers.
    pub const BROWSER: Self = Self {
        server_no_context_takeover: false,
        client_no_context_takeover: false,
        server_max_window_bits: None,
        client_max_window_bits: Some(Limit::Any),
    };

    /// Parses the parameters of an extension named [`NAME`].
    pub fn parse(extension: &Extension) -> Result<Self, ParamsError> {
        let mut offer = Self::default();
        let mut seen: Vec<&str> = Vec::new();
        for (name, value) in &extension.params {
            if seen.contains(&name.as_str()) {
                return Err(ParamsError::Duplicate(name.clone()));
            }
            seen.push(name);
            let value = value.as_deref();
            match name.as_str() {
                SERVER_NO_CONTEXT => {
                    offer.server_no_context_takeover = flag(SERVER_NO_CONTEXT, value)?;
                }
                CLIENT_NO_CONTEXT => {
                    offer.client_no_context_takeover = flag(CLIENT_NO_CONTEXT, value)?;
                }
                SERVER_BITS => offer.server_max_window_bits = Some(bits(SERVER_BITS, value)?),
                CLIENT_BITS => {
                    offer.client_max_window_bits = Some(match value {
                        None => Limit::Any,
                        value => Limit::Bits(bits(CLIENT_BITS, value)?),
                    });
                }
                _ => return Err(ParamsError::Unknown(name.clone())),
            }
        }
        Ok(offer)
    }

    /// The extension, as in the header field.
    pub fn to_extension(self) -> Extension {
        let flag = |name: &str, set: bool| set.then(|| (name.to_owned(), None));
        let number = |name: &str, bits: u8| (name.to_owned(), Some(bits.to_string()));
        let client_bits = self.client_max_window_bits.map(|limit| match limit {
            Limit::Any => (CLIENT_BITS.to_owned(), None),
            Limit::Bits(bits) => number(CLIENT_BITS, bits),
        });
        let params = [
            flag(SERVER_NO_CONTEXT, self.server_no_context_takeover),
            flag(CLIENT_NO_CONTEXT, self.client_no_context_takeover),
            self.server_max_window_bits
                .map(|bits| number(SERVER_BITS, bits)),
            client_bits,
        ];
        Extension {
            name: NAME.to_owned(),
            params: params.into_iter().flatten().collect(),
        }
    }

    /// A server's response to this offer, given its own wishes (RFC 7692 §7.1).
    pub fn accept(self, wish: Self) -> (Extension, Params) {
        let wished_client_bits = match wish.client_max_window_bits {
            Some(Limit::Bits(bits)) => bits,
            _ => MAX_BITS,
        };
        // RFC 7692 §7.1.2.2: only a client that offers client_max_window_bits can be limited.
        let client_bits = self.client_max_window_bits.map(|limit| match limit {
            Limit::Any => wished_client_bits,
            Limit::Bits(bits) => bits.min(wished_client_bits),
        });
        let server_bits = [self.server_max_window_bits, wish.server_max_window_bits];
        let server_bits = server_bits.into_iter().flatten().min();
        let response = Self {
            server_no_context_takeover: self.server_no_context_takeover
                || wish.server_no_context_takeover,
            client_no_context_takeover: self.client_no_context_takeover
                || wish.client_no_context_takeover,
            server_max_window_bits: server_bits,
            client_max_window_bits: client_bits.filter(|&bits| bits < MAX_BITS).map(Limit::Bits),
        };
        (response.to_extension(), response.params())
    }

    /// The negotiated parameters if this is the response.
    fn params(self) -> Params {
        Params {
            server_no_context_takeover: self.server_no_context_takeover,
            client_no_context_takeover: self.client_no_context_takeover,
            server_max_window_bits: self.server_max_window_bits.unwrap_or(MAX_BITS),
            client_max_window_bits: match self.client_max_window_bits {
                Some(Limit::Bits(bits)) => bits,
                _ => MAX_BITS,
            },
        }
    }

    /// Checks that `response` matches this offer; the error says why it does not.
    fn allows(self, response: Self) -> Result<(), &'static str> {
        // RFC 7692 §7.1.1.1: a server that accepts this offer MUST include the parameter.
        if self.server_no_context_takeover && !response.server_no_context_takeover {
            return Err(
                "server_no_context_takeover was asked for, and the server does not agree to it",
            );
        }
        // RFC 7692 §7.1.2.1: with the same or a smaller value.
        if let Some(asked) = self.server_max_window_bits
            && response
                .server_max_window_bits
                .is_none_or(|bits| bits > asked)
        {
            return Err(
                "the server does not keep to the server_max_window_bits that were asked for",
            );
        }
        // RFC 7692 §7.1.2.2: only when it was offered, and with the same or a smaller value.
        match (self.client_max_window_bits, response.client_max_window_bits) {
            (None, Some(_)) => Err("the server sets client_max_window_bits, which was not offered"),
            (Some(Limit::Bits(most)), Some(Limit::Bits(bits))) if bits > most => {
                Err("the server sets larger client_max_window_bits than were offered")
            }
            _ => Ok(()),
        }
    }
}

impl Params {
    /// Checks a server's response against what was offered.
    pub fn agree(offers: &[Offer], response: &Extension) -> Result<Self, ParamsError> {
        let answer = Offer::parse(response)?;
        if answer.client_max_window_bits == Some(Limit::Any) {
            // RFC 7692 §7.1.2.2: in a response the parameter has a value.
            return Err(ParamsError::WindowBits {
                name: CLIENT_BITS,
                value: None,
            });
        }
        let mut refused = "permessage-deflate was not offered";
        for offer in offers {
            match offer.allows(answer) {
                Ok(()) => return Ok(answer.params()),
                Err(why) => refused = why,
            }
        }
        Err(ParamsError::NotOffered(refused))
    }

    /// The parameters of a response that are readable, whatever was offered; the others are as if absent.
    pub fn readable(response: &Extension) -> Self {
        let params = response.params.iter();
        let readable = params.filter(|&param| {
            Offer::parse(&Extension {
                name: response.name.clone(),
                params: vec![param.clone()],
            })
            .is_ok()
        });
        let mut params: Vec<_> = readable.cloned().collect();
        params.sort();
        params.dedup_by(|a, b| a.0 == b.0);
        let name = response.name.clone();
        Offer::parse(&Extension { name, params })
            .unwrap_or_default()
            .params()
    }
}

fn flag(name: &'static str, value: Option<&str>) -> Result<bool, ParamsError> {
    match value {
        None => Ok(true),
        Some(value) => Err(ParamsError::UnexpectedValue(name, value.to_owned())),
    }
}

fn bits(name: &'static str, value: Option<&str>) -> Result<u8, ParamsError> {
    let number = value
        .filter(|value| !value.starts_with(['0', '+']))
        .and_then(|value| value.parse().ok());
    number
        .filter(|bits| (8..=MAX_BITS).contains(bits))
        .ok_or_else(|| ParamsError::WindowBits {
            name,
            value: value.map(str::to_owned),
        })
}

impl fmt::Display for Params {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let limit = |bits: u8| (bits < MAX_BITS).then_some(bits);
        let response = Offer {
            server_no_context_takeover: self.server_no_context_takeover,
            client_no_context_takeover: self.client_no_context_takeover,
            server_max_window_bits: limit(self.server_max_window_bits),
            client_max_window_bits: limit(self.client_max_window_bits).map(Limit::Bits),
        };
        let extension = response.to_extension().to_string();
        match extension.split_once("; ") {
            None => f.write_str(&extension),
            Some((name, params)) => write!(f, "{name} ({})", params.replace(';', ",")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::extension::parse;

    fn extension(text: &str) -> Extension {
        parse(text).unwrap().remove(0)
    }

    fn agree(offer: &str, response: &str) -> Result<Params, ParamsError> {
        let offer = Offer::parse(&extension(offer)).unwrap();
        Params::agree(&[offer], &extension(response))
    }

    #[test]
    fn window_bits_are_8_to_15_and_nothing_else() {
        let allowed: Vec<String> = (8..=15).map(|bits: u8| bits.to_string()).collect();
        let mut values: Vec<String> = (0..100).map(|bits: u8| bits.to_string()).collect();
        values.extend(["+9", "08", "1e1", "256", "8x"].map(str::to_owned));
        for value in values {
            let response = format!("permessage-deflate; server_max_window_bits={value}");
            let agreed = agree("permessage-deflate", &response);
            assert_eq!(agreed.is_ok(), allowed.contains(&value), "{value}");
        }
        assert!(
            agree(
                "permessage-deflate",
                "permessage-deflate; server_max_window_bits"
            )
            .is_err()
        );
    }

    #[test]
    fn a_response_keeps_to_the_offer() {
        let browser = "permessage-deflate; client_max_window_bits";
        for (offer, response, lawful) in [
            (browser, "permessage-deflate", true),
            (
                browser,
                "permessage-deflate; client_max_window_bits=8",
                true,
            ),
            (browser, "permessage-deflate; client_max_window_bits", false),
            (
                browser,
                "permessage-deflate; server_no_context_takeover",
                true,
            ),
            (
                browser,
                "permessage-deflate; server_max_window_bits=9",
                true,
            ),
            (
                "permessage-deflate",
                "permessage-deflate; client_max_window_bits=9",
                false,
            ),
            (
                "permessage-deflate",
                "permessage-deflate; client_no_context_takeover",
                true,
            ),
            (
                "permessage-deflate; client_max_window_bits=10",
                "permessage-deflate; client_max_window_bits=11",
                false,
            ),
            (
                "permessage-deflate; server_max_window_bits=10",
                "permessage-deflate",
                false,
            ),
            (
                "permessage-deflate; server_max_window_bits=10",
                "permessage-deflate; server_max_window_bits=11",
                false,
            ),
            (
                "permessage-deflate; server_max_window_bits=10",
                "permessage-deflate; server_max_window_bits=8",
                true,
            ),
            (
                "permessage-deflate; server_no_context_takeover",
                "permessage-deflate",
                false,
            ),
            (
                browser,
                "permessage-deflate; server_no_context_takeover=1",
                false,
            ),
            (browser, "permessage-deflate; x", false),
            (
                browser,
                "permessage-deflate; server_max_window_bits=9; server_max_window_bits=9",
                false,
            ),
        ] {
            assert_eq!(
                agree(offer, response).is_ok(),
                lawful,
                "{offer} → {response}"
            );
        }
    }

    #[test]
    fn of_a_faulty_response_the_rest_is_readable() {
        for response in [
            "permessage-deflate; x; server_max_window_bits=10",
            "permessage-deflate; server_max_window_bits=10; server_max_window_bits=12",
            "permessage-deflate; client_max_window_bits=99; server_max_window_bits=10",
        ] {
            let params = Params::readable(&extension(response));
            assert_eq!(params.server_max_window_bits, 10, "{response}");
            assert_eq!(params.client_max_window_bits, 15, "{response}");
        }
    }

    #[test]
    fn a_server_grants_the_requested_parameters() {
        let offer = Offer::parse(&extension(
            "permessage-deflate; server_no_context_takeover; server_max_window_bits=10; client_max_window_bits",
        ));
        let wish = Offer {
            client_max_window_bits: Some(Limit::Bits(9)),
            ..Offer::default()
        };
        let (response, params) = offer.clone().unwrap().accept(wish);
        assert_eq!(
            response.to_string(),
            "permessage-deflate; server_no_context_takeover; server_max_window_bits=10; client_max_window_bits=9"
        );
        assert_eq!(Params::agree(&[offer.unwrap()], &response), Ok(params));
        let plain = Offer::default().accept(wish);
        assert_eq!(plain.0.to_string(), "permessage-deflate");
    }
}
