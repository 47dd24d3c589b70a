use crate::secret::MASK;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("bad URL {input:?}: {problem}")]
pub struct TargetError {
    /// The URL as typed, its password and query left out.
    pub input: String,
    pub problem: TargetProblem,
}

impl TargetError {
    pub(super) fn new(input: &str, problem: TargetProblem) -> Self {
        Self {
            input: without_secrets(input),
            problem: problem.without_secrets(input),
        }
    }
}

impl TargetProblem {
    /// A part before an '@' is not quoted, because it may belong to a password.
    fn without_secrets(self, input: &str) -> Self {
        let before = input.rfind('@').map_or("", |at| &input[..at]);
        let secret = |part: &str| !part.is_empty() && before.contains(part);
        let mask = || MASK.to_owned();
        match self {
            Self::Port(port) if secret(&port) => Self::Port(mask()),
            Self::Host { host, reason } if secret(&host) => Self::Host {
                host: mask(),
                reason,
            },
            Self::Unbracketed(host) if secret(&host) => Self::Unbracketed(mask()),
            problem => problem,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TargetProblem {
    #[error("it is empty; write ws://HOST/PATH or wss://HOST/PATH")]
    Empty,
    #[error("character {position} is {found:?}; remove it, or write it as {encoded}")]
    Character {
        /// Counted in characters, from 1.
        position: usize,
        found: char,
        encoded: String,
    },
    /// A fragment, which RFC 6455 §3 rules out.
    #[error(
        "'#' at character {position} starts a fragment, which RFC 6455 §3 forbids; remove it, or write %23"
    )]
    Fragment {
        /// Counted in characters, from 1.
        position: usize,
    },
    #[error("the scheme {0:?} is not ws, wss, http or https; write ws:// or wss://")]
    Scheme(String),
    #[error("it has two schemes; leave one out, such as that of a variable")]
    TwoSchemes,
    #[error("'//' is missing after {0:?}; write {0}//HOST")]
    NoSlashes(String),
    #[error("there is no host before the path; write HOST/PATH, or :PORT/PATH for this machine")]
    PathOnly,
    #[error("it is the path of a file; write ws://HOST/PATH, or wsee test PATH for scenarios")]
    FilePath,
    #[error("the host is empty; write it between '//' and the path")]
    NoHost,
    #[error("the host {host:?} is not valid ({reason}); write a name, an IPv4 address or [IPv6]")]
    Host { host: String, reason: String },
    #[error("the IPv6 address {0:?} needs brackets; write [ADDRESS] or [ADDRESS]:PORT")]
    Unbracketed(String),
    #[error("{0:?} is not a valid zone of an IPv6 address; write [fe80::1%25eth0]")]
    Zone(String),
    #[error("the port {0:?} is not a number from 1 to 65535; correct it, or drop it with its ':'")]
    Port(String),
    #[error("the userinfo before '@' {0}; use -u USER:PASS or --bearer TOKEN")]
    Userinfo(&'static str),
    #[error("{0}; write ws://HOST/PATH or wss://HOST/PATH")]
    Other(String),
}

/// The input for an error text, without credentials and tokens, which must not end up in a CI log.
///
/// Everything before the last '@' may be part of a password.
fn without_secrets(input: &str) -> String {
    let start = input.find("://").map_or(0, |at| at + 3);
    let (scheme, rest) = input.split_at(start);
    let (mask, rest) = match rest.rfind('@') {
        Some(at) => (MASK, &rest[at..]),
        None => ("", rest),
    };
    let end = rest.find(['?', '#']).map_or(rest.len(), |end| end + 1);
    let ellipsis = if end < rest.len() { "…" } else { "" };
    format!("{scheme}{mask}{}{ellipsis}", &rest[..end])
}
