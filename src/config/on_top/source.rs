//! What may be a secret on the command line: typed, in a variable, or in a file.

use std::path::{Path, PathBuf};
use std::rc::Rc;

use serde_json::Value;

use super::OnTopError;
use crate::config::Environment;

/// Where a flag's value comes from.
#[derive(Clone)]
pub(super) struct Source {
    flag: &'static str,
    place: Place,
}

#[derive(Clone)]
enum Place {
    Typed(String),
    Variable { name: String, value: Option<String> },
    File { typed: PathBuf, path: Rc<Path> },
}

impl Source {
    pub(super) fn of(flag: &'static str, text: &str, environment: &Environment) -> Self {
        let place = Place::of(text, environment);
        Self { flag, place }
    }

    pub(super) fn read(&self) -> Result<Value, OnTopError> {
        object(self.flag, &self.text()?)
    }

    /// The text, without the line break at the end of a file.
    pub(super) fn text(&self) -> Result<String, OnTopError> {
        let flag = self.flag;
        match &self.place {
            Place::Typed(text) => Ok(text.clone()),
            Place::Variable { name, value } => {
                let name = || name.clone();
                let value = value.clone();
                value.ok_or_else(|| OnTopError::Variable { flag, name: name() })
            }
            Place::File { typed, path } => {
                let text = crate::text::read(path).map_err(|error| OnTopError::File {
                    flag,
                    file: typed.clone(),
                    error,
                })?;
                Ok(text.trim_end_matches(['\r', '\n']).to_owned())
            }
        }
    }
}

impl Place {
    fn of(text: &str, environment: &Environment) -> Self {
        if let Some(file) = text.strip_prefix('@') {
            let typed = PathBuf::from(file);
            let path = environment.at_home(&typed).into();
            return Self::File { typed, path };
        }
        match text.strip_prefix("env:") {
            Some(name) => Self::Variable {
                name: name.to_owned(),
                value: environment.variable(name),
            },
            None => Self::Typed(text.to_owned()),
        }
    }
}

/// The text is a secret, so that an error has only the place in it.
fn object(flag: &'static str, text: &str) -> Result<Value, OnTopError> {
    let problem = match serde_json::from_str(text) {
        Ok(value @ Value::Object(_)) => return Ok(value),
        Ok(_) => "JSON, but not an object".to_owned(),
        Err(error) => {
            let (line, column) = (error.line(), error.column());
            format!("not JSON (line {line}, column {column})")
        }
    };
    Err(OnTopError::Json { flag, problem })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistake_in_the_credentials_does_not_repeat_them() {
        for text in ["{\"token\":hunter2}", "[\"hunter2\"]", "hunter2"] {
            let error = object("--auth", text).expect_err(text).to_string();
            assert!(!error.contains("hunter2"), "{error}");
        }
    }
}
