use std::path::PathBuf;

use super::Environment;
use crate::cli::{Format, TimingArgs};
use crate::render::write_out::{Template, TemplateError};

#[derive(Debug, Clone, Default)]
pub struct Timing {
    pub write_out: Option<Template>,
    pub waterfall: bool,
}

#[derive(Debug, thiserror::Error)]
pub enum TimingError {
    #[error("--write-out @{}: cannot read it: {error}", file.display())]
    File {
        file: PathBuf,
        error: std::io::Error,
    },
    #[error("--write-out{place}: {error}")]
    Template {
        /// The file, if it is one, after a space.
        place: String,
        error: TemplateError,
    },
}

impl Timing {
    pub(super) fn resolve(
        args: &TimingArgs,
        environment: &Environment,
    ) -> Result<Self, TimingError> {
        let format = args.write_out.as_ref();
        Ok(Self {
            write_out: format.map(|it| template(it, environment)).transpose()?,
            waterfall: args.timing,
        })
    }
}

fn template(format: &Format, environment: &Environment) -> Result<Template, TimingError> {
    let (place, text) = match format {
        Format::Text(text) => (String::new(), text.clone()),
        Format::File(file) => {
            let text = environment
                .read_text(file)
                .map_err(|error| TimingError::File {
                    file: file.clone(),
                    error,
                })?;
            // As in curl, a long format may span several lines.
            (
                format!(" @{}", file.display()),
                text.replace(['\r', '\n'], ""),
            )
        }
    };
    Template::parse(&text).map_err(|error| TimingError::Template { place, error })
}
