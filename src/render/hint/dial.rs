//! Hints for connections that could not be made.

use crate::diagnostic::Diagnostic;
use crate::dial::{Error, IdentityError, PinError};

impl Diagnostic for Error {
    fn hint(&self) -> Option<String> {
        None
    }
}

impl Diagnostic for IdentityError {
    fn hint(&self) -> Option<String> {
        None
    }
}

impl Diagnostic for PinError {
    fn hint(&self) -> Option<String> {
        None
    }
}
