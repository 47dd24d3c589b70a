//! `/filter`: received messages through jq.

use std::rc::Rc;

use crate::command::Filtering;
use crate::filter::Filter;
use crate::observe::View;
use crate::render::Role;
use crate::render::escape::escape_line;

pub fn execute(filtering: &Filtering, view: &mut View) {
    match filtering {
        Filtering::Show => {}
        Filtering::Off => view.filter = None,
        Filtering::By { source, column } => match Filter::compile(source) {
            Ok(filter) => view.filter = Some(Rc::new(like(view.filter.as_deref(), filter))),
            Err(error) => {
                let column = column + error.column - 1;
                let still = match &view.filter {
                    Some(filter) => format!("the filter is still {}", filter.source()),
                    None => "there is still no filter".to_owned(),
                };
                let problem = error.problem;
                return view.complain(&format!("not changed: column {column}: {problem}; {still}"));
            }
        },
    }
    let text = match &view.filter {
        Some(filter) => format!("filter: {}", filter.source()),
        None => "no filter; /filter FILTER sets one".to_owned(),
    };
    view.print(Role::Fact, &escape_line(&text));
}

/// Applies `--raw-output` and `--jq-strict`, if they were given, to the next filter as well.
fn like(last: Option<&Filter>, mut filter: Filter) -> Filter {
    if let Some(last) = last {
        filter.raw = last.raw;
        filter.strict = last.strict;
    }
    filter
}
