#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("jq filter, column {column}: {problem}")]
pub struct CompileError {
    /// Where in the filter, in characters from 1.
    pub column: usize,
    pub problem: CompileProblem,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CompileProblem {
    #[error("expected {expected}, found {found}")]
    Expected { expected: String, found: String },
    #[error("there is no {kind} {name}")]
    Undefined {
        /// "filter", "variable" or the like.
        kind: &'static str,
        /// The name, with the number of its arguments as jq writes it.
        name: String,
    },
    #[error("modules cannot be imported; write the definition into the filter")]
    Module,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FilterError {
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The filter failed on the message. May quote it, as it is.
    #[error("jq: {0}")]
    Run(String),
    #[error("jq: more than {0} outputs for one message; limit({0}; …) says how many are wanted")]
    Endless(u64),
    #[error("jq: more than {0} steps for one message; a filter must come to an end")]
    TooLong(u64),
    #[error(
        "jq: calls nested too deep; write the recursion so that the call is the last thing done"
    )]
    TooDeep,
}

impl FilterError {
    /// Whether the filter may never end on the next message either.
    pub fn is_endless(&self) -> bool {
        matches!(self, Self::Endless(_) | Self::TooLong(_))
    }
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// A violation of RFC 8259.
    #[error("not JSON: {0}")]
    Syntax(String),
    #[error("JSON nested deeper than {0} levels")]
    TooDeep(usize),
    /// Reading it would take time that grows with the square of its length.
    #[error("JSON with a number of more than {0} characters")]
    LongNumber(usize),
    /// Its values would take much more memory than its text.
    #[error("JSON of more than {0} values")]
    TooMany(usize),
}
