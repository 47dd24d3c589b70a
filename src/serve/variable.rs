//! The variables of one client.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::collections::HashMap;
use std::rc::Rc;

use crate::matching::{Fill, Given, NoValue};
use crate::scenario::template::random_uuid;
use crate::scenario::{Form, Template, Variable};

#[derive(Debug, Clone, Default)]
pub(super) struct Variables {
    given: Rc<Given>,
    /// Captured, or set with `state`.
    set: HashMap<String, String>,
    /// The same for the whole connection; made when it is needed.
    uuid: OnceCell<String>,
}

/// The longest value that is captured, in bytes: a client must not fill the memory with them.
const LONGEST: usize = 64 << 10;

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the value is longer than {} KiB", LONGEST >> 10)]
pub(super) struct TooLong;

impl Variables {
    pub(super) fn new(given: Rc<Given>) -> Self {
        Self {
            given,
            ..Self::default()
        }
    }

    pub(super) fn set(&mut self, name: &str, value: String) -> Result<(), TooLong> {
        if value.len() > LONGEST {
            return Err(TooLong);
        }
        self.set.insert(name.to_owned(), value);
        Ok(())
    }

    fn value(&self, variable: &Variable) -> Result<Cow<'_, str>, NoValue> {
        match variable {
            Variable::Named(name) => match self.set.get(name) {
                Some(value) => Ok(Cow::Borrowed(value)),
                None => self.given.named(name),
            },
            Variable::Env(name) => self.given.env(name),
            Variable::Uuid => Ok(Cow::Borrowed(self.uuid.get_or_init(random_uuid))),
            Variable::Now => Ok(Cow::Owned(format!("{:.3}", jiff::Timestamp::now()))),
        }
    }
}

impl Fill for Variables {
    fn fill(&self, template: &Template, form: Form) -> Result<String, NoValue> {
        template.fill(form, |variable| self.value(variable))
    }
}
