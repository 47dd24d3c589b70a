//! Resolves connections of a test from the flags of the command line and those of the scenario.

use std::rc::Rc;

use crate::cli::{ConnectionArgs, EndpointArgs};
use crate::config::dialing::max_message;
use crate::config::header::parse_header;
use crate::config::target::Target;
use crate::config::{ConfigError, Dialing, Environment, on_top};
use crate::diagnostic::Diagnostic;
use crate::exit::Exit;
use crate::runner::{self, Dial, Endpoint, Request, Unresolved};
use crate::scenario::{Line, Statement, Template};

#[derive(Debug)]
pub struct Flags {
    typed: ConnectionArgs,
    environment: Environment,
}

#[derive(Debug)]
pub(super) enum Connection {
    Resolved(Box<Endpoint>),
    /// The URL or a field has variables that get their values during the run.
    Late {
        flags: Rc<Flags>,
        args: Box<EndpointArgs>,
    },
    /// A flag has such a variable.
    LateFlags(Rc<Flags>),
}

/// An error in a line below `connect`; without a line it is about the URL.
pub(super) struct Wrong<'a> {
    pub line: Option<&'a Line>,
    pub error: Unresolved,
}

impl Flags {
    pub(in crate::config) fn new(typed: ConnectionArgs, environment: Environment) -> Self {
        Self { typed, environment }
    }

    pub(in crate::config) fn dialing(&self, url: &str) -> Result<Dialing, ConfigError> {
        let args = self.typed.with(&[]).map_err(super::TestError::Flags)?;
        self.resolve(&args, url)
    }

    fn resolve(&self, args: &EndpointArgs, url: &str) -> Result<Dialing, ConfigError> {
        let mut target = Target::typed(url, args.dial.handshake.path_as_is)?;
        let max_message = max_message(&args.dial.limit.endpoint);
        let (dial, environment) = (&args.dial, &self.environment);
        let on_top = on_top::resolve(&args.on_top, dial, &mut target, max_message, environment)?;
        let logs_in = on_top::logs_in(&args.on_top);
        let mut dialing = Dialing::resolve(dial, &target, logs_in, environment)?;
        if let Some(on_top) = on_top {
            on_top.apply(&mut dialing);
        }
        Ok(dialing)
    }

    fn args(&self, flags: &runner::Flags) -> Result<EndpointArgs, Unresolved> {
        self.typed.with(flags).map_err(usage)
    }

    fn endpoint(&self, args: &EndpointArgs, request: &Request) -> Result<Endpoint, Unresolved> {
        if request.url.starts_with('@') {
            let text = "a scenario cannot use a profile; write its URL here, or {{NAME}} and --var";
            return Err(usage(text.to_owned()));
        }
        let Dialing {
            mut open, on_top, ..
        } = self.resolve(args, &request.url)?;
        for (name, value) in &request.fields {
            // As with -H, a field without a value is removed from the request.
            let edit =
                parse_header(name, &format!("{name}: {value}")).map_err(ConfigError::from)?;
            open.offer.edits.push(edit);
        }
        Ok(Endpoint { open, on_top })
    }

    /// Resolves a connection as far as its variables are `known`.
    pub(super) fn connection<'a>(
        self: &Rc<Self>,
        url: &Template,
        below: &'a [Line],
        known: impl Fn(&Template) -> Result<String, ()>,
    ) -> Result<Connection, Wrong<'a>> {
        for line in below {
            if let Statement::Flag { name, value } = &line.statement {
                let checked = ConnectionArgs::check(name, value.is_some());
                checked.map_err(|text| Wrong {
                    line: Some(line),
                    error: usage(text),
                })?;
            }
        }
        let named = |error| wrong(below, error);
        if let Ok(request) = Request::new(url, below, &known) {
            let args = self.args(&request.flags).map_err(named)?;
            let endpoint = self.endpoint(&args, &request).map_err(named)?;
            return Ok(Connection::Resolved(Box::new(endpoint)));
        }
        let flags = Rc::clone(self);
        let Ok(typed) = runner::flags(below, &known) else {
            return Ok(Connection::LateFlags(flags));
        };
        let args = self.args(&typed).map_err(named)?;
        let args = Box::new(args);
        Ok(Connection::Late { flags, args })
    }
}

fn wrong(below: &[Line], error: Unresolved) -> Wrong<'_> {
    let line = below.iter().find(|line| match &line.statement {
        Statement::Flag { name, .. } => error.message.contains(&format!("--{name}")),
        _ => false,
    });
    Wrong { line, error }
}

impl Dial for Connection {
    fn endpoint(&self, request: &Request) -> Result<Endpoint, Unresolved> {
        match self {
            Self::Resolved(endpoint) => Ok(Endpoint::clone(endpoint)),
            Self::Late { flags, args } => flags.endpoint(args, request),
            Self::LateFlags(flags) => flags.endpoint(&flags.args(&request.flags)?, request),
        }
    }
}

impl From<ConfigError> for Unresolved {
    fn from(error: ConfigError) -> Self {
        Self {
            message: error.to_string(),
            hint: error.hint(),
            exit: error.exit(),
        }
    }
}

fn usage(message: String) -> Unresolved {
    let exit = Exit::Usage;
    Unresolved {
        message,
        hint: None,
        exit,
    }
}
