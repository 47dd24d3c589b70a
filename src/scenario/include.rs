//! `include FILE`: the steps of another file, such as a login that many scenarios begin with.

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::ast::{Action, Content, File, Line, Statement};
use super::error::{Mistake, Problem};
use super::parse;
use super::template::Template;
use crate::text;

/// The size of a scenario in bytes, at most: `include /dev/zero` would never end.
const LARGEST: u64 = 16 << 20;

/// Reads a scenario; the error does not name the file.
pub fn read(path: &Path) -> Result<String, String> {
    let failed = |error: io::Error| format!("cannot read it: {error}");
    let file = fs::File::open(path).map_err(failed)?;
    let mut bytes = Vec::new();
    file.take(LARGEST + 1)
        .read_to_end(&mut bytes)
        .map_err(failed)?;
    if bytes.len() as u64 > LARGEST {
        return Err(format!("it is larger than {} MiB", LARGEST >> 20));
    }
    text::decode(bytes).map_err(|error| io::Error::from(error).to_string())
}

/// Adds the lines of each included file after its `include`.
///
/// `path` is that of the file itself.
pub fn expand(file: File, path: &Path) -> Result<File, Vec<Mistake>> {
    let mut including = Including {
        chain: vec![path.to_owned()],
        lines: Vec::new(),
        mistakes: Vec::new(),
    };
    including.file(file, Path::new(""));
    if including.mistakes.is_empty() {
        let lines = including.lines;
        Ok(File { lines })
    } else {
        Err(including.mistakes)
    }
}

struct Including {
    /// The files that are being read, each included by the one before.
    chain: Vec<PathBuf>,
    lines: Vec<Line>,
    mistakes: Vec<Mistake>,
}

impl Including {
    /// `folder` is that of the file, relative to that of the first one.
    fn file(&mut self, file: File, folder: &Path) {
        for mut line in file.lines {
            let Statement::Include(path) = &line.statement else {
                relocate(&mut line.statement, folder);
                self.lines.push(line);
                continue;
            };
            let (path, place) = (path.clone(), line.clone());
            self.lines.push(line);
            if let Err(reason) = self.include(&path, folder) {
                self.mistakes
                    .push(place.mistake(Problem::Include { path, reason }));
            }
        }
    }

    fn include(&mut self, written: &str, folder: &Path) -> Result<(), String> {
        let first = self.chain[0].parent().unwrap_or(Path::new(""));
        let below = folder.join(written);
        let path = first.join(&below);
        if self.chain.contains(&path) {
            return Err("it includes itself".to_owned());
        }
        let text = read(&path)?;
        let name: Rc<str> = path.display().to_string().into();
        let mut file = match parse(&text) {
            Ok(file) => file,
            Err(mistakes) => {
                let mistakes = mistakes.into_iter().map(|mistake| Mistake {
                    file: Some(Rc::clone(&name)),
                    ..mistake
                });
                self.mistakes.extend(mistakes);
                return Ok(());
            }
        };
        let is_case = |line: &&Line| matches!(line.statement, Statement::Case(_));
        if let Some(case) = file.lines.iter().find(is_case) {
            let line = case.number;
            return Err(format!(
                "it may have steps only, and line {line} begins a case"
            ));
        }
        for line in &mut file.lines {
            line.file = Some(Rc::clone(&name));
        }
        self.chain.push(path);
        self.file(file, below.parent().unwrap_or(Path::new("")));
        self.chain.pop();
        Ok(())
    }
}

/// Paths in an included file are relative to its own folder.
fn relocate(statement: &mut Statement, folder: &Path) {
    let Statement::Action { action, .. } = statement else {
        return;
    };
    let action = match action {
        Action::To { action, .. } => action,
        other => other,
    };
    if let Action::Send(Content::File { path, .. }) = action
        && let Some(folder) = folder.to_str().filter(|folder| !folder.is_empty())
    {
        let folder = Template::literal(&format!("{folder}/"));
        // Both are templates, so together they are one.
        if let Ok(joined) = Template::parse(&format!("{folder}{path}")) {
            *path = joined;
        }
    }
}
