//! Hints for responses that are no valid answer to an upgrade.

use crate::diagnostic::Diagnostic;
use crate::proto::handshake::HandshakeError;
use crate::proto::http1::HeadError;

impl Diagnostic for HandshakeError {
    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Deflate(..) | Self::ManyDeflates(_) => {
                "connect without compression, add --no-compress; or try --lenient".to_owned()
            }
            Self::Subprotocol(name) if can_be_offered(name) => {
                format!("to accept it, add -s {name}")
            }
            Self::NoSubprotocol(_) => {
                "to connect without a subprotocol, drop --require-subprotocol".to_owned()
            }
            Self::Accept { found: Some(_), .. } => {
                "a cache or a proxy may have answered in the server's place; \
                 to connect in spite of it, add --lenient"
                    .to_owned()
            }
            Self::HttpVersion(_)
            | Self::Upgrade(_)
            | Self::Connection(_)
            | Self::Accept { .. }
            | Self::Extension(_)
            | Self::ExtensionSyntax(_)
            | Self::Subprotocol(_)
            | Self::EmptySubprotocol
            | Self::ManySubprotocols(_)
            | Self::Head(HeadError::BareLineFeed(_) | HeadError::Malformed { .. }) => {
                "to connect in spite of it, add --lenient".to_owned()
            }
            Self::Head(_) | Self::Truncated(_) | Self::TooManyInterim(_) => return None,
        })
    }
}

/// Whether `-s` can offer a subprotocol, typed without quotes in a shell.
fn can_be_offered(name: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._+%".contains(&byte);
    !name.is_empty() && name.bytes().all(is_plain)
}
