//! What a case knows of its connections. The flags of the command line are those of a layer above.

use std::fmt;

use crate::exit::Exit;
use crate::scenario::{Case, Line, Statement, Template};
use crate::session;
use crate::speaker;

/// A case whose connections are resolved as far as they can be before the run.
#[derive(Debug)]
pub struct Prepared {
    pub case: Case,
    /// One for each step; `None` unless it connects.
    pub dials: Vec<Option<Box<dyn Dial>>>,
}

pub trait Dial: fmt::Debug {
    /// Resolves what depends on variables, whose values are filled into `request`.
    fn endpoint(&self, request: &Request) -> Result<Endpoint, Unresolved>;
}

/// How to connect, and what to speak then.
#[derive(Debug, Clone)]
pub struct Endpoint {
    pub open: session::Options,
    pub on_top: Option<speaker::Options>,
}

/// `connect` with the lines below it, filled with values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    pub url: String,
    pub flags: Flags,
    pub fields: Vec<(String, String)>,
}

/// Names without `--`, with values.
pub type Flags = Vec<(String, Option<String>)>;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unresolved {
    pub message: String,
    pub hint: Option<String>,
    pub exit: Exit,
}

impl Request {
    pub fn new<E>(
        url: &Template,
        below: &[Line],
        fill: impl Fn(&Template) -> Result<String, E>,
    ) -> Result<Self, E> {
        let fields = below.iter().filter_map(|line| match &line.statement {
            Statement::RequestField { name, value } => Some((name, value)),
            _ => None,
        });
        let fields = fields.map(|(name, value)| Ok((name.clone(), fill(value)?)));
        Ok(Self {
            url: fill(url)?,
            flags: flags(below, &fill)?,
            fields: fields.collect::<Result<_, E>>()?,
        })
    }
}

pub fn flags<E>(below: &[Line], fill: impl Fn(&Template) -> Result<String, E>) -> Result<Flags, E> {
    let flags = below.iter().filter_map(|line| match &line.statement {
        Statement::Flag { name, value } => Some((name, value)),
        _ => None,
    });
    flags
        .map(|(name, value)| Ok((name.clone(), value.as_ref().map(&fill).transpose()?)))
        .collect()
}
