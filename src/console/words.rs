//! The commands that only this prompt has, and the words they take, shared with the line editor's thread: the verbs of
//! a protocol on top, and those of a server.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::command::{Brackets, Dialect};
use crate::ontop::{Lines, Verb};
use crate::render::escape::escape_line;
use crate::speaker::{Speaker, is_meant, split};

#[derive(Debug, Clone, Default)]
pub struct Words(Arc<Mutex<State>>);

/// Completes the last of some words of a command line, without the program's name.
#[derive(Clone)]
pub struct Arguments(Arc<Complete>);

type Complete = dyn Fn(&[String]) -> Candidates + Send + Sync;

/// What a word of a command line may become.
#[derive(Debug, Default)]
pub struct Candidates {
    pub words: Vec<String>,
    /// Files may replace what follows this part of the word.
    pub files_after: Option<String>,
}

impl Arguments {
    pub fn new(complete: impl Fn(&[String]) -> Candidates + Send + Sync + 'static) -> Self {
        Self(Arc::new(complete))
    }
}

impl fmt::Debug for Arguments {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Arguments")
    }
}

#[derive(Debug, Default)]
struct State {
    arguments: Option<Arguments>,
    entries: Vec<Entry>,
    /// Of the client's commands, those that there are; `None` for all.
    shared: Option<&'static [&'static str]>,
}

#[derive(Debug)]
struct Entry {
    name: &'static str,
    args: &'static str,
    lines: Lines,
    names: Vec<String>,
}

impl Words {
    /// Takes the words of `speaker`; without one there are none.
    pub fn update(&self, speaker: Option<&Speaker>) {
        let verbs = speaker.map_or(&[][..], Speaker::verbs);
        let entries = verbs.iter().map(|verb| Entry {
            name: verb.name,
            args: verb.args,
            lines: verb.lines,
            names: speaker.map_or_else(Vec::new, |it| it.names(verb.name)),
        });
        self.lock().entries = entries.collect();
    }

    /// Takes what completes the command line of a further connection.
    pub fn connect(&self, arguments: Arguments) {
        self.lock().arguments = Some(arguments);
    }

    /// What the last word of a command line may become.
    pub(super) fn arguments(&self, line: &str) -> Candidates {
        let arguments = self.lock().arguments.clone();
        let mut words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        if line.ends_with(char::is_whitespace) {
            words.push(String::new());
        }
        arguments.map_or_else(Candidates::default, |complete| (complete.0)(&words))
    }

    /// Takes the commands of a prompt that is not a client's, the names of its connections, and of what is held.
    pub fn speak(&self, dialect: Dialect, connections: &[String], held: &[String]) {
        let words =
            |words: &[&str]| -> Vec<String> { words.iter().map(ToString::to_string).collect() };
        let entries = dialect.own.iter().map(|usage| Entry {
            name: usage.name,
            args: usage.args,
            lines: Lines::No,
            names: match usage.name {
                "use" | "to" | "close" | "ping" | "kill" => connections.to_vec(),
                "reject" => words(&["next", "off"]),
                "rules" => words(&["reload"]),
                "hold" => words(&["client", "server", "off"]),
                "inject" => words(&["client", "server"]),
                "pass" => [held, &words(&["all"])[..]].concat(),
                "edit" | "discard" => held.to_vec(),
                _ => Vec::new(),
            },
        });
        *self.lock() = State {
            entries: entries.collect(),
            shared: Some(dialect.shared),
            arguments: None,
        };
    }

    /// Puts the verbs of a protocol on top in front, with what may follow them.
    pub fn lead(&self, verbs: &[&'static Verb], names: &[String]) {
        let verbs = verbs.iter().map(|verb| Entry {
            name: verb.name,
            args: verb.args,
            lines: verb.lines,
            names: names.to_vec(),
        });
        self.lock().entries.splice(0..0, verbs);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn with<T>(&self, read: impl FnOnce(&[Entry]) -> T) -> T {
        read(&self.lock().entries)
    }

    /// Whether this prompt has a command of the client's.
    pub(super) fn has(&self, name: &str) -> bool {
        self.lock().shared.is_none_or(|it| it.contains(&name))
    }

    /// The arguments of a verb.
    pub fn args(&self, name: &str) -> Option<&'static str> {
        self.with(|entries| {
            let entry = entries.iter().find(|entry| entry.name == name);
            entry.map(|entry| entry.args)
        })
    }

    /// Where the text begins whose brackets make a line continue, and which those are.
    pub(super) fn brackets(&self, line: &str) -> (usize, Brackets) {
        let found = self.with(|entries| {
            let Some(command) = line.strip_prefix('/') else {
                // A plain line is the first verb without its name.
                return entries.first().map(|entry| (0, entry.lines));
            };
            let name = command.split_whitespace().next()?;
            let entry = entries.iter().find(|entry| entry.name == name)?;
            Some((1 + name.len(), entry.lines))
        });
        match found {
            Some((start, Lines::Json)) => (start, Brackets::Json),
            Some((start, Lines::Graphql)) => (start, Brackets::Graphql),
            Some((_, Lines::No)) | None => (0, Brackets::Message),
        }
    }

    /// Whether a line is a verb, rather than a command of the same name.
    pub(super) fn is_verb(&self, line: &str) -> bool {
        let Some((name, arguments)) = line.strip_prefix('/').map(split) else {
            return false;
        };
        self.with(|entries| entries.iter().any(|it| it.name == name)) && is_meant(name, arguments)
    }

    /// Where the word before the cursor starts, and what it may become.
    pub fn complete(&self, typed: &str) -> Option<(usize, Vec<String>)> {
        self.with(|entries| {
            let first = entries.first()?;
            let Some(command) = typed.strip_prefix('/') else {
                let is_word = !typed.contains(char::is_whitespace);
                // A plain line is the first verb without its name.
                return is_word.then(|| (0, starting(&first.names, typed)));
            };
            let Some((name, word)) = command.split_once(' ') else {
                let names = entries.iter().map(|entry| entry.name.to_owned());
                return Some((1, starting(&names.collect::<Vec<_>>(), command)));
            };
            let entry = entries.iter().find(|entry| entry.name == name)?;
            let is_word = !word.contains(char::is_whitespace);
            is_word.then(|| (typed.len() - word.len(), starting(&entry.names, word)))
        })
    }
}

/// Names with blanks are typed as JSON, which some are already.
fn starting(names: &[String], typed: &str) -> Vec<String> {
    let names = names.iter().map(|name| {
        let is_typed = serde_json::from_str::<String>(name).is_ok();
        if !is_typed && name.contains(|c: char| c.is_whitespace() || c == '"') {
            serde_json::Value::from(name.as_str()).to_string()
        } else {
            name.clone()
        }
    });
    // A name that would have to be escaped is not what would be sent.
    let is_clean = |name: &String| escape_line(name) == name.as_str();
    names
        .filter(|name| name.starts_with(typed) && is_clean(name))
        .collect()
}
