//! rustyline's callbacks for the line being typed: completion, hints, colours, validation.

use std::borrow::Cow;
use std::cell::Cell;
use std::sync::Arc;

use rustyline::completion::{Completer, FilenameCompleter, Pair};
use rustyline::config::CompletionType;
use rustyline::highlight::{CmdKind, Highlighter};
use rustyline::hint::{Hint, Hinter, HistoryHinter};
use rustyline::validate::{ValidationContext, ValidationResult, Validator};
use rustyline::{Context, Helper};

use super::screen::Screen;
use crate::command::{self, COMMANDS, Completion};
use crate::console::recall::Names;
use crate::console::roster::Roster;
use crate::console::variable::Values;
use crate::console::words::Words;
use crate::memory::Shared;
use crate::render::style::{Role, Style};
use crate::term;

/// What is completed besides commands and files.
#[derive(Debug, Default)]
pub(super) struct Known {
    pub(super) variables: Values,
    pub(super) names: Names,
    pub(super) memory: Shared,
    pub(super) words: Words,
    pub(super) roster: Roster,
}

/// Numbers of messages that are offered: the newest.
const NUMBERS: usize = 12;

impl Known {
    /// The newest numbers that begin like `typed`, which may begin with `#`, or the ways to count from the last.
    fn messages(&self, typed: &str) -> Vec<String> {
        if typed.starts_with('$') {
            let words = ["$", "$-1", "$-2"];
            return words
                .iter()
                .filter(|word| word.starts_with(typed))
                .map(ToString::to_string)
                .collect();
        }
        let (mark, digits) = match typed.strip_prefix('#') {
            Some(digits) => ("#", digits),
            None => ("", typed),
        };
        let memory = self.memory.lock();
        let Some((oldest, newest)) = memory.range() else {
            return Vec::new();
        };
        let numbers = (oldest..=newest).rev().map(|number| number.to_string());
        numbers
            .filter(|number| number.starts_with(digits))
            .take(NUMBERS)
            .map(|number| format!("{mark}{number}"))
            .collect()
    }
}

/// Answers rustyline, and notifies the screen of what rustyline is about to do.
pub(super) struct LineHelper {
    style: Style,
    screen: Arc<Screen>,
    files: FilenameCompleter,
    history: HistoryHinter,
    known: Known,
    /// The next repaint follows a key; otherwise it follows printed text.
    is_key: Cell<bool>,
    /// The line may end after the next repaint.
    is_last: Cell<bool>,
    /// Candidates of a completion that rustyline has not listed yet.
    unlisted: Cell<usize>,
}

impl LineHelper {
    /// Colours and hints only if `color` is true.
    pub(super) fn new(color: bool, screen: Arc<Screen>, known: Known) -> Self {
        Self {
            style: Style::new(color),
            screen,
            files: FilenameCompleter::new(),
            history: HistoryHinter::new(),
            known,
            is_key: Cell::new(false),
            is_last: Cell::new(false),
            unlisted: Cell::new(0),
        }
    }

    fn candidates(&self, line: &str, pos: usize) -> rustyline::Result<(usize, Vec<Pair>)> {
        let on_top = line
            .get(..pos)
            .and_then(|typed| self.known.words.complete(typed));
        let (start, mut words) = on_top.unwrap_or((pos, Vec::new()));
        match command::complete(line, pos) {
            Completion::Words {
                start,
                words: known,
            } => {
                let is_command = start == 1 || line.starts_with("/help ");
                let known = known.into_iter();
                let known = known.filter(|it| !is_command || self.known.words.has(it));
                words.extend(known.filter(|it| !words.contains(it)).collect::<Vec<_>>());
                Ok((start, pairs(words, " ")))
            }
            Completion::Path { start } => {
                // Inside single quotes the completer does not escape spaces, which /file would not unescape.
                let quoted = format!("'{}", &line[start..pos]);
                let (_, files) = self.files.complete_path(&quoted, quoted.len())?;
                Ok((start, files))
            }
            Completion::Variable { start, end } => {
                let names = self.known.variables.names(&line[start..pos]);
                Ok((start, pairs(names, end)))
            }
            Completion::Message { start } => {
                let numbers = self.known.messages(&line[start..pos]);
                Ok((start, pairs(numbers, " ")))
            }
            Completion::Name { start } => {
                let names = self.known.names.starting_with(&line[start..pos]);
                Ok((start, pairs(names, " ")))
            }
            Completion::Connection { start } => {
                let names = self.known.roster.starting_with(&line[start..pos]);
                Ok((start, pairs(names, " ")))
            }
            Completion::Argument { line: at, start } => {
                let found = self.known.words.arguments(&line[at..pos]);
                if let Some(before) = found.files_after {
                    let start = start + before.len();
                    let path = line.get(start..pos).unwrap_or_default();
                    let (at, files) = self.files.complete_path(path, path.len())?;
                    if !files.is_empty() {
                        return Ok((start + at, files));
                    }
                }
                Ok((start, pairs(found.words, " ")))
            }
            Completion::None => Ok((start, pairs(words, " "))),
        }
    }
}

impl Helper for LineHelper {}

impl Completer for LineHelper {
    type Candidate = Pair;

    fn complete(
        &self,
        line: &str,
        pos: usize,
        _: &Context<'_>,
    ) -> rustyline::Result<(usize, Vec<Pair>)> {
        let found = self.candidates(line, pos)?;
        self.unlisted.set(found.1.len());
        if pos == line.len() {
            // The list starts below the line, and the hint would stay behind it.
            term::screen("\x1b[K");
        }
        Ok(found)
    }
}

/// Candidates; `end` is appended to a single one.
fn pairs(words: Vec<String>, end: &str) -> Vec<Pair> {
    let end = if words.len() == 1 { end } else { "" };
    let pair = |word: String| Pair {
        replacement: format!("{word}{end}"),
        display: word,
    };
    words.into_iter().map(pair).collect()
}

pub(super) struct LineHint {
    shown: String,
    taken: Option<String>,
}

impl Hint for LineHint {
    fn display(&self) -> &str {
        &self.shown
    }

    fn completion(&self) -> Option<&str> {
        self.taken.as_deref()
    }
}

impl Hinter for LineHelper {
    type Hint = LineHint;

    fn hint(&self, line: &str, pos: usize, ctx: &Context<'_>) -> Option<LineHint> {
        // The first thing rustyline asks for when it reads a line.
        self.screen.line_begins(line, pos);
        // Without colours a hint looks like typed text.
        if !self.style.is_colored() || pos < line.len() {
            return None;
        }
        let words = &self.known.words;
        let args = args_hint(line, |name| words.args(name), |name| words.has(name));
        let args = args.map(|text| (text, false));
        let (text, can_be_taken) = args.or_else(|| {
            let text = self.history.hint(line, pos, ctx)?;
            let is_short = !text.contains(char::is_control);
            is_short.then_some((text, true))
        })?;
        Some(LineHint {
            // rustyline does not clear the rows of a longer hint when it lists completions.
            shown: self.screen.fitting(line, &text),
            taken: can_be_taken.then_some(text),
        })
    }
}

/// The arguments of the command in `line`; `more` are those of commands that only this prompt has.
fn args_hint(
    line: &str,
    more: impl Fn(&str) -> Option<&'static str>,
    has: impl Fn(&str) -> bool,
) -> Option<String> {
    let (name, args) = match line.strip_prefix('/')?.split_once(' ') {
        Some((name, args)) => (name, Some(args)),
        None => (&line[1..], None),
    };
    let usage = COMMANDS.iter().find(|usage| usage.name == name);
    let usage = usage.filter(|usage| has(usage.name));
    let known = usage.map(|usage| usage.args).or_else(|| more(name))?;
    let Some(typed) = args else {
        return (!known.is_empty()).then(|| format!(" {known}"));
    };
    if typed.is_empty() {
        return (!known.is_empty()).then(|| known.to_owned());
    }
    // No hint in the middle of a word or a text.
    let is_between = typed.ends_with(' ') && !typed.ends_with("  ") && typed.len() > 1;
    is_between.then(|| rest_of(known, typed.split_whitespace().count()))?
}

/// The arguments after the first `count`, without brackets that open before them.
fn rest_of(args: &str, count: usize) -> Option<String> {
    // Alternatives and lists have no fixed positions.
    let is_fixed = !args.contains(['|', '…', ',']);
    let rest: Vec<&str> = args.split(' ').skip(count).filter(|_| is_fixed).collect();
    let mut rest = rest.join(" ");
    while rest.matches(']').count() > rest.matches('[').count() {
        rest.pop();
    }
    (!rest.is_empty()).then_some(rest)
}

impl Highlighter for LineHelper {
    fn highlight<'l>(&self, line: &'l str, pos: usize) -> Cow<'l, str> {
        self.screen.line_is(line, pos);
        let is_command = line.starts_with('/') && !line.starts_with("//");
        if !is_command || !self.style.is_colored() {
            return Cow::Borrowed(line);
        }
        let end = line.find(char::is_whitespace).unwrap_or(line.len());
        let (name, args) = line.split_at(end);
        Cow::Owned(format!("{}{args}", self.style.paint(Role::Sent, name)))
    }

    fn highlight_prompt<'b, 's: 'b, 'p: 'b>(&'s self, prompt: &'p str, _: bool) -> Cow<'b, str> {
        // Called first in every repaint, and rustyline's only sign that text was printed.
        if !self.is_key.take() {
            self.screen.text_painted();
        }
        self.screen.prompt_is(prompt);
        let bar = self.screen.bar(self.is_last.take());
        Cow::Owned(format!("{bar}{}", self.style.paint(Role::Kind, prompt)))
    }

    fn highlight_hint<'h>(&self, hint: &'h str) -> Cow<'h, str> {
        self.screen.hint_is(hint);
        Cow::Owned(self.style.paint(Role::Fact, hint).to_string())
    }

    fn highlight_candidate<'c>(&self, candidate: &'c str, _: CompletionType) -> Cow<'c, str> {
        self.is_key.set(true);
        let left = self.unlisted.get().saturating_sub(1);
        self.unlisted.set(left);
        if left > 0 {
            return Cow::Borrowed(candidate);
        }
        // To paint the line again, rustyline clears as many rows as it has, from below the list upwards.
        let rows = "\n".repeat(self.screen.rows_below());
        Cow::Owned(format!("{candidate}{rows}"))
    }

    /// Always requests a repaint, so that exactly one follows every key.
    fn highlight_char(&self, _: &str, _: usize, kind: CmdKind) -> bool {
        self.is_key.set(true);
        self.is_last.set(matches!(kind, CmdKind::ForcedRefresh));
        true
    }
}

impl Validator for LineHelper {
    fn validate(&self, _: &mut ValidationContext<'_>) -> rustyline::Result<ValidationResult> {
        self.screen.line_ends();
        Ok(ValidationResult::Valid(None))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hint(line: &str) -> Option<String> {
        args_hint(line, |_| None, |_| true)
    }

    fn helper(color: bool) -> LineHelper {
        LineHelper::new(color, Arc::default(), Known::default())
    }

    #[test]
    fn hints_at_the_arguments_of_a_command() {
        assert_eq!(hint("/close").unwrap(), " [CODE [REASON]]");
        assert_eq!(hint("/close ").unwrap(), "[CODE [REASON]]");
        assert_eq!(hint("/close 1000 ").unwrap(), "[REASON]");
        assert_eq!(hint("/repeat").unwrap(), " N TEXT|stop");
        assert_eq!(hint("/set name ").unwrap(), "[VALUE]");
        assert_eq!(hint("/fragment 3 ").unwrap(), "TEXT");
        for line in [
            "/clos",
            "/close 1",
            "/close  ",
            "/close 1000 bye ",
            "/frame fin=0 ",
            "/status",
            "/status ",
            "//close",
            "close",
            "",
        ] {
            assert_eq!(hint(line), None, "{line}");
        }
    }

    #[test]
    fn a_single_candidate_ends_with_a_space() {
        let pairs = |words: &[&str]| pairs(words.iter().map(ToString::to_string).collect(), " ");
        assert_eq!(pairs(&["close"])[0].replacement, "close ");
        assert_eq!(pairs(&["headers", "help"])[1].replacement, "help");
    }

    #[test]
    fn paints_the_name_of_a_command() {
        let painted = helper(true).highlight("/ping x", 0).into_owned();
        assert!(painted.starts_with('\x1b') && painted.ends_with(" x"));
        assert_eq!(helper(true).highlight("//ping", 0), "//ping");
    }

    #[test]
    fn paints_nothing_without_colour() {
        assert_eq!(helper(false).highlight("/ping", 0), "/ping");
        assert_eq!(helper(false).highlight_prompt("> ", true), "> ");
        assert_eq!(helper(false).highlight_hint("x"), "x");
    }
}
