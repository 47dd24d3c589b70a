//! `frame`, `raw` and `fragment`: commands of the prompt, whose arguments are read once.

use super::template::Template;
use crate::command::{self, CommandError, Outgoing};

/// A command with its arguments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Typed {
    pub grammar: Grammar,
    /// The arguments as they are written.
    pub args: Template,
    /// What they say; `None` if that depends on variables.
    pub value: Option<Outgoing>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grammar {
    Frame,
    Raw,
    Fragment,
}

impl Grammar {
    const ALL: [Self; 3] = [Self::Frame, Self::Raw, Self::Fragment];

    pub fn name(self) -> &'static str {
        match self {
            Self::Frame => "frame",
            Self::Raw => "raw",
            Self::Fragment => "fragment",
        }
    }

    pub(super) fn find(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|grammar| grammar.name() == name)
    }

    pub fn parse(self, args: &str) -> Result<Outgoing, CommandError> {
        match self {
            Self::Frame => command::grammar::frame(args),
            Self::Raw => command::grammar::raw(args),
            Self::Fragment => command::grammar::fragment(args),
        }
    }
}

impl Typed {
    /// Arguments without variables are read now, so that their mistakes are known before the run.
    pub(super) fn new(grammar: Grammar, args: Template) -> Result<Self, CommandError> {
        let value = args.as_literal().map(|args| grammar.parse(args));
        let value = value.transpose()?;
        Ok(Self {
            grammar,
            args,
            value,
        })
    }
}
