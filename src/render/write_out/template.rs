//! The format's syntax, which is curl's.

use super::Stream;
use super::variable::Variable;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    pub(super) pieces: Vec<Piece>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Piece {
    Text(String),
    /// `%{name}`.
    Variable(&'static Variable),
    /// `%header{name}`.
    Header(String),
    /// `%{json}`: all variables as an object.
    Json,
    /// `%{stdout}` or `%{stderr}`: what follows goes there.
    To(Stream),
    /// `%{onerror}`: what follows is for runs that failed.
    OnError,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    #[error("unknown variable %{{{name}}}; {}", suggestion(name))]
    Unknown { name: String },
    #[error("{start} without }}; write %% for a percent sign")]
    Unclosed { start: &'static str },
    #[error("%header{{}} without a name; write it as in %header{{server}}")]
    NoHeader,
}

fn suggestion(name: &str) -> String {
    let near = |known: &&str| strsim::osa_distance(name, known) <= 3;
    let nearest = Template::names()
        .filter(near)
        .min_by_key(|known| strsim::osa_distance(name, known));
    match nearest {
        Some(known) => format!("did you mean %{{{known}}}?"),
        None => "wsee --help lists them all".to_owned(),
    }
}

const HEADER: &str = "%header{";
const STARTS: [&str; 2] = ["%{", HEADER];

const SPECIAL: [(&str, Piece); 4] = [
    ("json", Piece::Json),
    ("stdout", Piece::To(Stream::Stdout)),
    ("stderr", Piece::To(Stream::Stderr)),
    ("onerror", Piece::OnError),
];

impl Template {
    pub fn parse(format: &str) -> Result<Self, TemplateError> {
        let (mut pieces, mut text, mut rest) = (Vec::new(), String::new(), format);
        while let Some(at) = rest.find(['%', '\\']) {
            text.push_str(&rest[..at]);
            rest = &rest[at..];
            let Some(start) = STARTS.into_iter().find(|start| rest.starts_with(start)) else {
                rest = &rest[plain(rest, &mut text)..];
                continue;
            };
            let (piece, used) = braced(&rest[start.len()..], start)?;
            if !text.is_empty() {
                pieces.push(Piece::Text(std::mem::take(&mut text)));
            }
            pieces.push(piece);
            rest = &rest[used..];
        }
        text.push_str(rest);
        if !text.is_empty() {
            pieces.push(Piece::Text(text));
        }
        Ok(Self { pieces })
    }

    pub fn names() -> impl Iterator<Item = &'static str> {
        let special = SPECIAL.iter().map(|(name, _)| *name);
        Variable::ALL
            .iter()
            .map(|variable| variable.name)
            .chain(special)
    }
}

/// The text in braces, and the length of it all.
fn braced(inner: &str, start: &'static str) -> Result<(Piece, usize), TemplateError> {
    let Some((name, _)) = inner.split_once('}') else {
        return Err(TemplateError::Unclosed { start });
    };
    let used = start.len() + name.len() + 1;
    if start == HEADER {
        return match name {
            "" => Err(TemplateError::NoHeader),
            name => Ok((Piece::Header(name.to_owned()), used)),
        };
    }
    let special = SPECIAL.iter().find(|(known, _)| *known == name);
    let piece = match (special, Variable::find(name)) {
        (Some((_, piece)), _) => piece.clone(),
        (None, Some(variable)) => Piece::Variable(variable),
        (None, None) => {
            let name = name.to_owned();
            return Err(TemplateError::Unknown { name });
        }
    };
    Ok((piece, used))
}

/// Takes an escape, or the sign itself where it is none, as curl does; returns its length.
fn plain(rest: &str, text: &mut String) -> usize {
    let (shown, used) = match rest.as_bytes() {
        [b'%', b'%', ..] => ("%", 2),
        [b'\\', b'n', ..] => ("\n", 2),
        [b'\\', b'r', ..] => ("\r", 2),
        [b'\\', b't', ..] => ("\t", 2),
        // So that `\\n` is a backslash and an n, which curl cannot say.
        [b'\\', b'\\', ..] => ("\\", 2),
        _ => (&rest[..1], 1),
    };
    text.push_str(shown);
    used
}
