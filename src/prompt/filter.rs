//! `/filter`: received messages through jq.

use std::rc::Rc;

use super::Prompt;
use crate::command::Filtering;
use crate::filter::Filter;
use crate::render::Role;
use crate::render::escape::escape_line;

impl Prompt {
    /// Changes the filter, and says which there is.
    pub(super) fn filter(&mut self, filtering: &Filtering) {
        match filtering {
            Filtering::Show => {}
            Filtering::Off => self.observers.view.filter = None,
            Filtering::By { source, column } => match Filter::compile(source) {
                Ok(filter) => {
                    self.observers.view.filter = Some(Rc::new(self.like_the_last(filter)));
                }
                Err(error) => {
                    let column = column + error.column - 1;
                    let text = format!("column {column}: {}", error.problem);
                    self.print(Role::Error, &escape_line(&text));
                }
            },
        }
        let text = match &self.observers.view.filter {
            Some(filter) => format!("filter: {}", filter.source()),
            None => "no filter; /filter FILTER sets one".to_owned(),
        };
        self.print(Role::Fact, &escape_line(&text));
    }

    /// `--raw-output` and `--jq-strict` hold for the filter that follows, too.
    fn like_the_last(&self, mut filter: Filter) -> Filter {
        if let Some(last) = &self.observers.view.filter {
            filter.raw = last.raw;
            filter.strict = last.strict;
        }
        filter
    }
}
