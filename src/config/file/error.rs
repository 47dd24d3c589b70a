use std::fmt;
use std::path::{Path, PathBuf};

#[derive(Debug, thiserror::Error)]
#[error("{place}: {problem}")]
pub struct FileError {
    pub place: Place,
    pub problem: FileProblem,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    pub file: PathBuf,
    /// Counted from 1.
    pub line: Option<usize>,
}

impl Place {
    pub fn line(file: &Path, line: usize) -> Self {
        Self {
            file: file.to_owned(),
            line: Some(line),
        }
    }

    pub fn file(file: &Path) -> Self {
        Self {
            file: file.to_owned(),
            line: None,
        }
    }

    pub(super) fn error(self, problem: FileProblem) -> FileError {
        FileError {
            place: self,
            problem,
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file.display())?;
        match self.line {
            Some(line) => write!(f, ":{line}"),
            None => Ok(()),
        }
    }
}

/// What is wrong. Values are never quoted, because they may be secrets.
#[derive(Debug, thiserror::Error)]
pub enum FileProblem {
    #[error("cannot read it ({0}); --no-config ignores it")]
    Read(std::io::Error),
    #[error("{0} (TOML 1.0)")]
    Syntax(String),
    #[error("unknown key '{key}'; {hint}")]
    UnknownKey {
        key: String,
        /// A similar key, or where to find them.
        hint: String,
    },
    #[error("[{found}] is not a section; write a profile as [profile.{profile}]")]
    Section {
        found: String,
        /// The name of the profile to write instead.
        profile: String,
    },
    #[error("'{0}' is not a profile; put its keys under [profile.{0}]")]
    NotProfile(String),
    #[error(
        "'{0}' is not a name of a message; write letters, digits, _, - and ., and not digits alone"
    )]
    MessageName(String),
    #[error("the message {0} needs a text; write {0} = '…'")]
    NotMessage(String),
    #[error("messages is a section; write [messages] or [profile.NAME.messages]")]
    NotMessages,
    #[error("url is allowed only under [profile.NAME], for 'wsee @NAME'")]
    UrlOutside,
    #[error("{0} is a switch; write true or false")]
    NotSwitch(String),
    #[error("{0} is a count; write a number from 0 to 9")]
    NotCount(String),
    #[error("{0} needs a value; write a string or a number")]
    NotValue(String),
    #[error("{key} takes {count} values; write [\"…\", \"…\"]")]
    NotValues { key: String, count: usize },
    #[error("{0} takes one value, not a list")]
    List(String),
    #[error(
        "the environment variable {0} is not set; set it, or write $${{{0}}} for a literal ${{{0}}}"
    )]
    Variable(String),
    #[error("'${{' without a NAME and '}}'; write ${{NAME}}, or $${{ for a literal ${{")]
    VariableName,
    #[error("{0}")]
    Value(String),
    #[error("no profile '{name}'; {known}")]
    UnknownProfile { name: String, known: String },
    #[error("the profile has no url; add url = \"wss://…\"")]
    NoUrl,
    #[error(
        "the file does not exist, so there is no profile '{0}'; create it with [profile.{0}] and url = \"wss://…\""
    )]
    NoFile(String),
    #[error("the profile '{0}' is in this file, which --no-config ignores; drop one of them")]
    NotRead(String),
}
