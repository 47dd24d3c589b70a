use std::rc::Rc;

use super::ConfigError;
use crate::cli::FilterArgs;
use crate::filter::Filter;

pub(super) fn filter(args: &FilterArgs) -> Result<Option<Rc<Filter>>, ConfigError> {
    let Some(source) = &args.jq else {
        return Ok(None);
    };
    let mut filter = Filter::compile(source)?;
    filter.raw = args.raw_output;
    filter.strict = args.jq_strict;
    Ok(Some(Rc::new(filter)))
}
