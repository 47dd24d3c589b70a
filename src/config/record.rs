use std::path::{Path, PathBuf};

use crate::cli::RecordArgs;
use crate::record::{Format, Options};

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    #[error("--record {}: the name must end in {}, which says what is written", .0.display(), Format::ENDINGS)]
    Format(PathBuf),
}

pub(super) fn resolve(args: &RecordArgs) -> Result<Option<Options>, RecordError> {
    named(args.record.as_deref(), args.force)
}

pub(super) fn named(
    path: Option<&Path>,
    overwritten: bool,
) -> Result<Option<Options>, RecordError> {
    let Some(path) = path else {
        return Ok(None);
    };
    let format = Format::of(path).ok_or_else(|| RecordError::Format(path.to_owned()))?;
    Ok(Some(Options {
        path: path.to_owned(),
        format,
        overwritten,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ending_of_the_name_says_what_is_written() {
        let resolve = |name: &str| {
            resolve(&RecordArgs {
                record: Some(name.into()),
                force: false,
            })
        };
        let format = |name| resolve(name).unwrap().unwrap().format;
        assert_eq!(format("a/b.c.jsonl"), Format::Jsonl);
        assert_eq!(format("b.har"), Format::Har);
        assert_eq!(format("c.wsee"), Format::Scenario);
        for name in ["a", "a.json", ".har", "-", "har"] {
            let error = resolve(name).expect_err(name).to_string();
            assert!(error.contains(".jsonl, .har or .wsee"), "{error}");
        }
    }
}
