//! Hints for responses that are no valid answer to an upgrade.

use crate::diagnostic::Diagnostic;
use crate::proto::handshake::HandshakeError;

impl Diagnostic for HandshakeError {
    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Deflate(_) => "connect without compression: add --no-compress".to_owned(),
            Self::Subprotocol(name) => format!("to accept it, add -s '{name}'"),
            Self::NoSubprotocol => {
                "to connect without a subprotocol, drop --require-subprotocol".to_owned()
            }
            _ => return None,
        })
    }
}
