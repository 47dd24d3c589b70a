//! `frame`, `raw` and `fragment`: commands of the prompt, whose arguments are parsed once.

use super::template::Template;
use crate::command::{self, CommandError, Outgoing};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Typed {
    pub grammar: Grammar,
    pub args: Template,
    /// The parsed arguments; `None` if they contain variables.
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
    /// Parses arguments without variables now, so that mistakes are reported before the run.
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
