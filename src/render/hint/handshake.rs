//! Hints for responses that are no valid answer to an upgrade.

use crate::diagnostic::Diagnostic;
use crate::proto::handshake::HandshakeError;

impl Diagnostic for HandshakeError {
    fn hint(&self) -> Option<String> {
        None
    }
}
