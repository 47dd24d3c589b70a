use super::{CompileError, FilterError, Jq};

#[derive(Debug)]
pub struct Filter {
    jq: Jq,
    /// Strings are output without quotes, as by jq's `-r`.
    pub raw: bool,
    /// Messages that are not JSON are dropped.
    pub strict: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Filtered {
    Passes,
    LeftOut(FilterError),
    Ran {
        outputs: u64,
        error: Option<FilterError>,
    },
}

/// Outputs of one message after which a filter is taken to be endless.
const ENDLESS: u64 = 1_000_000;

impl Filter {
    /// Compiles `source`; strings are quoted, and messages that are not JSON pass.
    pub fn compile(source: &str) -> Result<Self, CompileError> {
        Ok(Self {
            jq: Jq::compile(source)?,
            raw: false,
            strict: false,
        })
    }

    pub fn source(&self) -> &str {
        self.jq.source()
    }

    /// `take` gets each output, as JSON on one line or as a raw string.
    pub fn apply(&self, payload: &[u8], mut take: impl FnMut(&[u8])) -> Filtered {
        let results = match self.jq.run(payload) {
            Ok(results) => results,
            Err(error) if self.strict => return Filtered::LeftOut(error),
            Err(_) => return Filtered::Passes,
        };
        let mut outputs = 0;
        for result in results {
            let error = match result {
                Ok(_) if outputs == ENDLESS => FilterError::Endless(ENDLESS),
                Ok(output) => {
                    if self.raw {
                        take(&output.raw());
                    } else {
                        take(output.json().as_bytes());
                    }
                    outputs += 1;
                    continue;
                }
                Err(error) => error,
            };
            let error = Some(error);
            return Filtered::Ran { outputs, error };
        }
        Filtered::Ran {
            outputs,
            error: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn applied(filter: &Filter, text: &str) -> (Vec<String>, Filtered) {
        let mut taken = Vec::new();
        let outcome = filter.apply(text.as_bytes(), |output| {
            taken.push(String::from_utf8_lossy(output).into_owned());
        });
        (taken, outcome)
    }

    #[test]
    fn outputs_until_an_error_are_taken() {
        let filter = Filter::compile(".[] | if . == 0 then error(\"zero\") else . end").unwrap();
        let (taken, outcome) = applied(&filter, "[1,\"a\",0,2]");
        assert_eq!(taken, ["1", "\"a\""]);
        let Filtered::Ran { outputs, error } = outcome else {
            panic!("{outcome:?}");
        };
        assert_eq!(outputs, 2);
        assert!(error.expect("an error").to_string().contains("zero"));
    }

    #[test]
    fn non_json_passes_or_is_dropped() {
        let mut filter = Filter::compile(".").unwrap();
        assert_eq!(applied(&filter, "hello").1, Filtered::Passes);
        filter.strict = true;
        assert!(matches!(applied(&filter, "hello").1, Filtered::LeftOut(_)));
    }

    #[test]
    fn raw_strings_have_no_quotes() {
        let mut filter = Filter::compile(".[]").unwrap();
        filter.raw = true;
        let (taken, _) = applied(&filter, r#"["a\nb",["c"]]"#);
        assert_eq!(taken, ["a\nb", "[\"c\"]"]);
    }

    #[test]
    fn a_filter_that_never_ends_is_ended() {
        let filter = Filter::compile("repeat(1)").unwrap();
        let mut count = 0;
        let outcome = filter.apply(b"0", |_| count += 1);
        assert_eq!(count, ENDLESS);
        let error = Some(FilterError::Endless(ENDLESS));
        let outputs = ENDLESS;
        assert_eq!(outcome, Filtered::Ran { outputs, error });
    }
}
