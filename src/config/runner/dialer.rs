//! Connections of a test: flags of the command line, and those of the scenario.

use std::ffi::OsString;

use crate::cli::{ConnectArgs, ConnectionArgs};
use crate::config::target::Target;
use crate::config::{ConfigError, Dialing, Environment};
use crate::runner::{Dialer, Request, Unresolved};
use crate::session;

/// Flags for every connection.
#[derive(Debug)]
pub struct Flags {
    typed: ConnectionArgs,
    environment: Environment,
}

impl Flags {
    pub(super) fn new(typed: ConnectionArgs, environment: Environment) -> Self {
        Self { typed, environment }
    }

    pub(super) fn args(&self, more: &[OsString], url: &str) -> Result<ConnectArgs, String> {
        self.typed.with(more.iter().cloned(), url)
    }

    pub(super) fn resolve(&self, args: &ConnectArgs) -> Result<Dialing, ConfigError> {
        let target = Target::parse(args.url.as_deref().unwrap_or_default())?;
        Dialing::resolve(&args.dial, &target, &self.environment)
    }
}

impl Dialer for Flags {
    fn options(&self, request: &Request) -> Result<session::Options, Unresolved> {
        if request.url.starts_with('@') {
            let text = "a scenario cannot use a profile; write its URL here, or {{NAME}} and --var";
            return Err(usage(text.to_owned()));
        }
        let mut more = Vec::new();
        for (name, value) in &request.flags {
            check(name)?;
            more.push(OsString::from(match value {
                Some(value) => format!("--{name}={value}"),
                None => format!("--{name}"),
            }));
        }
        for (name, value) in &request.fields {
            // A field without a value is left out of the request, as with -H.
            more.push(format!("--header={name}: {value}").into());
        }
        let args = self.args(&more, &request.url).map_err(usage)?;
        let dialing = self.resolve(&args).map_err(|error| Unresolved {
            message: error.to_string(),
            exit: error.exit(),
        })?;
        Ok(dialing.open)
    }
}

fn check(name: &str) -> Result<(), Unresolved> {
    ConnectionArgs::check_name(name).map_err(|nearest| {
        usage(match nearest {
            Some(nearest) => {
                format!("a connection has no flag --{name}; did you mean --{nearest}?")
            }
            None => format!("a connection has no flag --{name}; wsee test --help lists them"),
        })
    })
}

fn usage(message: String) -> Unresolved {
    let exit = crate::exit::Exit::Usage;
    Unresolved { message, exit }
}
