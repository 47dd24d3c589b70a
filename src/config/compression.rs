use crate::proto::deflate::{self, Offer, ParamsError};
use crate::proto::extension::{self, ExtensionSyntaxError};

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("--compress {input:?}: {problem}")]
pub struct CompressionError {
    pub input: String,
    pub problem: CompressionProblem,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CompressionProblem {
    #[error("{0}; write 'permessage-deflate; PARAM; PARAM=N'")]
    Syntax(#[from] ExtensionSyntaxError),
    #[error(transparent)]
    Params(#[from] ParamsError),
    #[error(
        "permessage-deflate is the only extension that wsee supports; to offer another one, use -H"
    )]
    Unknown,
}

/// Parses the offers of a value as written in `Sec-WebSocket-Extensions`; at least one.
pub(super) fn parse_compression(input: &str) -> Result<Vec<Offer>, CompressionError> {
    parse(input).map_err(|problem| CompressionError {
        input: input.to_owned(),
        problem,
    })
}

fn parse(input: &str) -> Result<Vec<Offer>, CompressionProblem> {
    let extensions = extension::parse(input)?;
    if extensions.is_empty() || extensions.iter().any(|one| one.name != deflate::NAME) {
        return Err(CompressionProblem::Unknown);
    }
    extensions
        .iter()
        .map(|one| Ok(Offer::parse(one)?))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_several_offers_in_order() {
        let offers =
            parse_compression("permessage-deflate; server_max_window_bits=10, permessage-deflate");
        let bits: Vec<_> = offers
            .unwrap()
            .iter()
            .map(|offer| offer.server_max_window_bits)
            .collect();
        assert_eq!(bits, [Some(10), None]);
    }

    #[test]
    fn names_what_is_wrong() {
        for (input, part) in [
            ("gzip", "only extension"),
            ("", "only extension"),
            ("permessage-deflate; x", "unknown parameter \"x\""),
            ("permessage-deflate; server_max_window_bits=16", "8 to 15"),
            ("permessage-deflate;", "write 'permessage-deflate"),
        ] {
            let error = parse_compression(input).unwrap_err().to_string();
            assert!(error.contains(part), "{error}");
        }
    }
}
