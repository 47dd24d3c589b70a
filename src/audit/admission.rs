//! Whether requests got in, and what is known of them.

use std::rc::Rc;

use super::request::With;
use super::trace::Trace;
use super::verdict::Untested;

/// Whether a request gets in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Entry {
    In,
    /// Why not.
    Out(String),
    /// An answer that says nothing about the request.
    Unclear(String),
}

#[derive(Debug)]
pub(super) struct Admission {
    pub(super) entry: Entry,
    pub(super) trace: Trace,
    /// The server sent a Close.
    pub(super) is_closed: bool,
}

impl Admission {
    pub(super) fn is_in(&self) -> bool {
        self.entry == Entry::In
    }

    /// Whether it gets in, or why that is not known.
    pub(super) fn decided(&self) -> Result<bool, Untested> {
        match &self.entry {
            Entry::In => Ok(true),
            Entry::Out(_) => Ok(false),
            Entry::Unclear(why) => Err(Untested(why.clone())),
        }
    }

    pub(super) fn brief(&self) -> &str {
        match &self.entry {
            Entry::In => "101",
            Entry::Out(why) | Entry::Unclear(why) => why,
        }
    }
}

/// Credentials and origin of a request.
pub(super) type Asked = (With, Option<String>);

/// What is known of requests.
#[derive(Debug, Default)]
pub(super) struct Admissions {
    known: Vec<(Asked, Rc<Admission>)>,
    /// Those that were watched for longer.
    pub(super) sure: Vec<Asked>,
}

impl Admissions {
    pub(super) fn get(&self, asked: &Asked) -> Option<Rc<Admission>> {
        let mut known = self.known.iter();
        let (_, admission) = known.find(|(other, _)| other == asked)?;
        Some(Rc::clone(admission))
    }

    pub(super) fn put(&mut self, asked: Asked, admission: &Rc<Admission>) {
        self.known.retain(|(other, _)| *other != asked);
        self.known.push((asked, Rc::clone(admission)));
    }
}
