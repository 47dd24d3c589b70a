//! What `--as` asks for.

use std::fmt;
use std::rc::Rc;

use serde_json::Value;

use crate::ontop::{self, Name, Reoffer, Unsuited};
use crate::session::OpenError;

#[derive(Debug, Clone)]
pub struct Options {
    pub protocol: ontop::Options,
    pub auth: Option<Auth>,
    /// What to subscribe to on the first connection, as arguments of the verb that does.
    pub subscribe: Vec<String>,
    /// Whether credentials are shown and recorded.
    pub shows_secrets: bool,
}

impl Options {
    pub fn name(&self) -> Name {
        self.protocol.name()
    }

    /// What to offer after a request for this target was refused like this, before there was a connection.
    pub fn reoffer(&self, error: &OpenError, target: &str) -> Option<Reoffer> {
        if !error.refuses_version {
            return None;
        }
        self.on(target).protocol.client().reoffer(Unsuited::Version)
    }

    /// The options for a server that is asked with this target: its query may name another version.
    #[must_use]
    pub fn on(&self, target: &str) -> Self {
        let mut options = self.clone();
        options.protocol.follow(target);
        options
    }
}

/// Reads the credentials again for every connection: a token may have been renewed.
#[derive(Clone)]
pub struct Auth(Rc<dyn Fn() -> Result<Value, String>>);

impl Auth {
    pub fn new(read: impl Fn() -> Result<Value, String> + 'static) -> Self {
        Self(Rc::new(read))
    }

    pub(super) fn read(&self) -> Result<Value, String> {
        (self.0)()
    }
}

impl fmt::Debug for Auth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}
