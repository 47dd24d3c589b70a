use crate::command::nearest;
use crate::diagnostic::Diagnostic;
use crate::memory::MemoryError;

#[derive(Debug, thiserror::Error)]
pub enum RecallError {
    #[error(transparent)]
    Memory(#[from] MemoryError),
    #[error("there is no message named {name}")]
    NoName { name: String, known: Vec<String> },
    #[error("nothing was sent yet that could have a name")]
    NothingSent,
    #[error("#{number} is not UTF-8 and cannot be sent as text")]
    NotText { number: u64 },
}

impl Diagnostic for RecallError {
    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Memory(error) => return error.hint(),
            Self::NoName { name, known } => match nearest(name, known.iter().map(String::as_str)) {
                Some(name) => format!("did you mean {name}?"),
                None if known.is_empty() => "/save NAME names the last one sent".to_owned(),
                None => "/send lists the names".to_owned(),
            },
            Self::NothingSent => "send a message first".to_owned(),
            Self::NotText { number } => format!("/save {number} FILE keeps it"),
        })
    }
}
