use std::path::PathBuf;

use super::Environment;
use crate::cli::{Payload, Period, ReconnectArgs, ValueError};
use crate::outbox::Every;
use crate::pipe::{Encoding, EncodingError};

/// Why an `--every` cannot be used; nothing was sent.
#[derive(Debug, thiserror::Error)]
pub enum EveryError {
    #[error("--every '{text}': {error}")]
    Period { text: String, error: ValueError },
    #[error("--every '{0}': the interval must not be zero; write 100ms or more")]
    Zero(String),
    #[error("--every, {0}")]
    Payload(ValueError),
    #[error("--every @{}: cannot read it: {error}", file.display())]
    File {
        file: PathBuf,
        error: std::io::Error,
    },
    #[error("--every, {0}")]
    Encoding(#[from] EncodingError),
}

pub(super) fn every(
    args: &ReconnectArgs,
    encoding: Encoding,
    environment: &Environment,
) -> Result<Vec<Every>, EveryError> {
    let mut all = Vec::new();
    for [period, text] in args.every.as_chunks::<2>().0 {
        let payload = payload(text, encoding, environment)?;
        let decoded = encoding.decode(&payload)?;
        let period = parse_period(period)?;
        all.extend(decoded.map(|(kind, payload)| Every {
            period,
            kind,
            payload: payload.into_owned(),
            is_template: false,
        }));
    }
    Ok(all)
}

fn parse_period(text: &str) -> Result<std::time::Duration, EveryError> {
    match text.parse() {
        Ok(Period(period)) if period.is_zero() => Err(EveryError::Zero(text.to_owned())),
        Ok(Period(period)) => Ok(period),
        Err(error) => Err(EveryError::Period {
            text: text.to_owned(),
            error,
        }),
    }
}

fn payload(
    text: &str,
    encoding: Encoding,
    environment: &Environment,
) -> Result<Vec<u8>, EveryError> {
    match text.parse().map_err(EveryError::Payload)? {
        Payload::Text(text) => Ok(text.into_bytes()),
        Payload::File(file) => {
            let read = environment.read_message(&file, encoding);
            read.map_err(|error| EveryError::File { file, error })
        }
    }
}
