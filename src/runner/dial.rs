//! How the connections of a case are made: by whoever knows the flags of the command line.

use std::fmt;

use crate::exit::Exit;
use crate::scenario::{Case, Line, Statement, Template};
use crate::session;

/// A case with what is known about its connections before it runs.
#[derive(Debug)]
pub struct Prepared {
    pub case: Case,
    /// How each step connects; `None` for steps that do not.
    pub dials: Vec<Option<Box<dyn Dial>>>,
}

/// What one `connect` and its flags ask for.
pub trait Dial: fmt::Debug {
    /// Resolves what was left open until the variables have values; `request` is filled with them.
    fn options(&self, request: &Request) -> Result<session::Options, Unresolved>;
}

/// `connect` with what stands below it, without variables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    pub url: String,
    /// Flags of the command line, without `--`.
    pub flags: Flags,
    /// In order.
    pub fields: Vec<(String, String)>,
}

/// Names without `--`, and values.
pub type Flags = Vec<(String, Option<String>)>;

/// A request that cannot be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unresolved {
    pub message: String,
    pub hint: Option<String>,
    pub exit: Exit,
}

impl Request {
    /// Fills the templates of `connect` and the lines `below` it.
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

/// The flags among the lines below `connect`.
pub fn flags<E>(below: &[Line], fill: impl Fn(&Template) -> Result<String, E>) -> Result<Flags, E> {
    let flags = below.iter().filter_map(|line| match &line.statement {
        Statement::Flag { name, value } => Some((name, value)),
        _ => None,
    });
    flags
        .map(|(name, value)| Ok((name.clone(), value.as_ref().map(&fill).transpose()?)))
        .collect()
}
