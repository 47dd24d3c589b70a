//! Candidates for the word at the cursor, which the shells' completion scripts ask for.
//!
//! The scripts in `completions/` know nothing of wsee's flags: one engine completes the same in every
//! shell, and can offer what depends on the machine, such as profiles.

use std::fmt;

use clap::{Arg, Command, CommandFactory, ValueHint};

use super::Cli;
use crate::fault;
use crate::render::write_out;

/// What may replace the word at the cursor.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Completion {
    candidates: Vec<Candidate>,
    /// Files may replace what follows this part of the word.
    pub files_after: Option<String>,
}

impl Completion {
    pub fn values(&self) -> Vec<String> {
        let values = self.candidates.iter().map(|it| it.value.clone());
        values.collect()
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Candidate {
    value: String,
    help: String,
}

/// Completes the last word of a command line, program name first.
///
/// `profiles` are the names in the configuration file.
pub fn complete(words: &[String], profiles: &[String]) -> Completion {
    let words = words.get(1..).unwrap_or_default();
    complete_line(words, profiles, true)
}

/// Completes the last word of the command line of a further connection: without program name and subcommands.
pub fn complete_further(words: &[String], profiles: &[String]) -> Completion {
    complete_line(words, profiles, false)
}

fn complete_line(words: &[String], profiles: &[String], is_first: bool) -> Completion {
    let Some((word, before)) = words.split_last() else {
        return Completion::default();
    };
    let mut wsee = Cli::command();
    wsee.build();
    let mut line = Line::new(&wsee, is_first);
    for word in before {
        line.read(word);
    }
    // Shells give the word as it is typed, maybe in quotes that are still open.
    line.offer(word.strip_prefix(['\'', '"']).unwrap_or(word), profiles)
}

/// What the words before the cursor leave open.
struct Line<'c> {
    command: &'c Command,
    /// A flag, and the number of its values that are missing.
    pending: Option<(&'c Arg, usize)>,
    positionals: usize,
    is_first: bool,
    /// After `--`, no word is a flag.
    is_escaped: bool,
}

impl<'c> Line<'c> {
    fn new(command: &'c Command, is_first: bool) -> Self {
        Self {
            command,
            pending: None,
            positionals: 0,
            is_first,
            is_escaped: false,
        }
    }

    fn read(&mut self, word: &str) {
        let is_first = std::mem::replace(&mut self.is_first, false);
        if let Some((arg, missing)) = self.pending.take() {
            self.pending = (missing > 1).then_some((arg, missing - 1));
        } else if word == "--" {
            self.is_escaped = true;
        } else if let Some(flag) = word.strip_prefix("--").filter(|_| !self.is_escaped) {
            if !flag.contains('=') {
                self.pending = self.long(flag).and_then(with_values);
            }
        } else if word.starts_with('-') && !self.is_escaped {
            self.pending = self.cluster(&word[1..]);
        } else if let Some(command) = self.command.find_subcommand(word).filter(|_| is_first) {
            self.command = command;
            self.is_first = command.has_subcommands();
        } else {
            self.positionals += 1;
        }
    }

    fn long(&self, name: &str) -> Option<&'c Arg> {
        let mut args = self.command.get_arguments();
        args.find(|arg| arg.get_long() == Some(name))
    }

    /// The flag of a word such as `-vkH` whose value is the next word.
    fn cluster(&self, letters: &str) -> Option<(&'c Arg, usize)> {
        for (at, letter) in letters.char_indices() {
            let mut args = self.command.get_arguments();
            let arg = args.find(|arg| arg.get_short() == Some(letter))?;
            if let Some(pending) = with_values(arg) {
                let is_last = at + letter.len_utf8() == letters.len();
                return is_last.then_some(pending);
            }
        }
        None
    }

    fn offer(&self, word: &str, profiles: &[String]) -> Completion {
        let mut offer = Offer {
            word,
            before: "",
            completion: Completion::default(),
        };
        if let Some((arg, _)) = self.pending {
            offer.values(arg);
        } else if self.is_foreign() {
            // The words of a pasted command.
        } else if word.starts_with('-') && !self.is_escaped {
            match word.split_once('=') {
                Some((flag, _)) => {
                    offer.before = &word[..=flag.len()];
                    if let Some(arg) = self.long(flag.trim_start_matches('-')) {
                        offer.values(arg);
                    }
                }
                None => offer.flags(self.command),
            }
        } else {
            if self.is_first {
                offer.commands(self.command);
            }
            if let Some(arg) = self.positional() {
                offer.values(arg);
                // The other commands take no profile.
                let takes_profile = matches!(self.command.get_name(), "wsee" | "test");
                offer.targets(arg, if takes_profile { profiles } else { &[] });
            }
        }
        offer.completion
    }

    /// All words belong to another program.
    fn is_foreign(&self) -> bool {
        let mut args = self.command.get_positionals();
        args.any(Arg::is_trailing_var_arg_set)
    }

    fn positional(&self) -> Option<&'c Arg> {
        let args: Vec<&Arg> = self.command.get_positionals().collect();
        let own = args.get(self.positionals).copied();
        own.or_else(|| {
            let takes_more = |arg: &&Arg| arg.get_num_args().is_some_and(|it| it.max_values() > 1);
            args.last().copied().filter(takes_more)
        })
    }
}

/// The flag, if the next word is its value.
fn with_values(arg: &Arg) -> Option<(&Arg, usize)> {
    let values = arg.get_num_args().map_or(0, |range| range.min_values());
    (arg.get_action().takes_values() && values > 0).then_some((arg, values))
}

/// Values that clap does not know, because a function parses them.
fn known_values(arg: &Arg) -> Vec<&'static str> {
    match arg.get_id().as_str() {
        "split" => vec!["line", "nul", "none", "json", "events"],
        "wait" => vec!["forever"],
        "speed" => vec!["max"],
        "fault" => fault::names().collect(),
        _ => Vec::new(),
    }
}

struct Offer<'w> {
    word: &'w str,
    /// The part of the word before the value.
    before: &'w str,
    completion: Completion,
}

impl<'w> Offer<'w> {
    /// Offers a value, if it continues the word.
    fn add(&mut self, value: &str, help: impl fmt::Display) {
        let value = format!("{}{value}", self.before);
        if value.starts_with(self.word) && value != self.word {
            // One line for each candidate: only the first line of a help.
            let help = help.to_string();
            let help = help.lines().next().unwrap_or_default().to_owned();
            self.completion.candidates.push(Candidate { value, help });
        }
    }

    fn files(&mut self, before: &str) {
        self.completion.files_after = Some(format!("{}{before}", self.before));
    }

    fn commands(&mut self, wsee: &Command) {
        for command in wsee.get_subcommands().filter(|it| !it.is_hide_set()) {
            self.add(command.get_name(), help(command.get_about()));
        }
    }

    fn flags(&mut self, command: &Command) {
        for arg in command.get_arguments().filter(|arg| !arg.is_hide_set()) {
            let help = help(arg.get_help());
            match (arg.get_long(), arg.get_short()) {
                (Some(long), _) => self.add(&format!("--{long}"), help),
                (None, Some(short)) => self.add(&format!("-{short}"), help),
                (None, None) => {}
            }
        }
    }

    fn values(&mut self, arg: &Arg) {
        for value in arg
            .get_possible_values()
            .iter()
            .filter(|it| !it.is_hide_set())
        {
            self.add(value.get_name(), help(value.get_help()));
        }
        for value in known_values(arg) {
            self.add(value, "");
        }
        let value = &self.word[self.before.len()..];
        if arg.get_id() == "write_out" {
            self.variables(value);
        }
        if reads_file_after_at(arg) {
            if value.starts_with('@') {
                self.files("@");
            }
        } else if matches!(
            arg.get_value_hint(),
            ValueHint::FilePath | ValueHint::AnyPath
        ) {
            self.files("");
        }
    }

    /// `%{name}` of `--write-out`, after what is typed already.
    fn variables(&mut self, format: &'w str) {
        let open = format.rfind("%{").filter(|at| !format[*at..].contains('}'));
        let start = match open {
            Some(at) => at,
            None if format.is_empty() => 0,
            None => return,
        };
        self.before = &self.word[..self.before.len() + start];
        for name in write_out::Template::names() {
            self.add(&format!("%{{{name}}}"), "");
        }
    }

    /// Schemes and profiles in place of a URL.
    fn targets(&mut self, arg: &Arg, profiles: &[String]) {
        let is_url = match arg.get_id().as_str() {
            "url" => true,
            // Files come first; an empty word would offer both.
            "targets" => !self.word.is_empty(),
            _ => false,
        };
        if !is_url {
            return;
        }
        self.add("ws://", "a server without TLS");
        self.add("wss://", "a server with TLS");
        for profile in profiles {
            self.add(
                &format!("@{profile}"),
                "a profile of the configuration file",
            );
        }
    }
}

fn help(text: Option<&clap::builder::StyledStr>) -> String {
    text.map(ToString::to_string).unwrap_or_default()
}

/// Whether `@FILE` is a file, and any other value a text.
fn reads_file_after_at(arg: &Arg) -> bool {
    let names = arg.get_value_names().unwrap_or_default();
    let help = help(arg.get_help());
    names.iter().any(|name| name.contains("@FILE")) || help.contains("@FILE")
}

/// A line that says whether files are candidates, and after what; then a line for each candidate.
impl fmt::Display for Completion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.files_after {
            Some(before) => writeln!(f, "files {before}")?,
            None => writeln!(f, "words")?,
        }
        for Candidate { value, help } in &self.candidates {
            writeln!(f, "{value}\t{help}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Candidates for the last word; `FILE` stands for files.
    fn offered(line: &str) -> Vec<String> {
        let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        let profiles = ["staging".to_owned()];
        let completion = complete(&words, &profiles);
        let files = completion.files_after.map(|before| before + "FILE");
        let values = completion.candidates.into_iter().map(|it| it.value);
        values.chain(files).collect()
    }

    #[test]
    fn the_first_word_is_a_command_a_url_or_a_profile() {
        assert_eq!(offered("wsee li"), ["listen"]);
        assert_eq!(offered("wsee ws"), ["ws://", "wss://"]);
        assert_eq!(offered("wsee @"), ["@staging"]);
        assert_eq!(offered("wsee -v @"), ["@staging"]);
        let all = offered("wsee ");
        for known in ["test", "demo", "ws://", "@staging"] {
            assert!(all.iter().any(|it| it == known), "{known} in {all:?}");
        }
        assert_eq!(offered("wsee -v li"), [""; 0]);
        assert_eq!(offered("wsee ws://h "), [""; 0]);
    }

    #[test]
    fn a_further_connection_is_offered_no_subcommands() {
        let offered =
            |word: &str| complete_further(&[word.to_owned()], &["staging".to_owned()]).values();
        assert_eq!(offered("@"), ["@staging"]);
        assert_eq!(offered("l"), [""; 0]);
        assert_eq!(offered("--transp"), ["--transport"]);
    }

    #[test]
    fn a_command_offers_its_own_flags() {
        assert!(offered("wsee test --expect-j").contains(&"--expect-json".to_owned()));
        assert_eq!(offered("wsee listen --prox"), [""; 0]);
        assert_eq!(offered("wsee --proxy-h"), ["--proxy-header"]);
        assert_eq!(offered("wsee curl --prox"), [""; 0]);
        assert_eq!(offered("wsee -- --prox"), [""; 0]);
        assert!(offered("wsee -").contains(&"-1".to_owned()));
    }

    #[test]
    fn a_flag_offers_its_values() {
        assert_eq!(offered("wsee --color a"), ["auto", "always"]);
        assert_eq!(offered("wsee --color=n"), ["--color=never"]);
        assert_eq!(offered("wsee --split j"), ["json"]);
        assert_eq!(offered("wsee man sce"), ["scenario"]);
        assert_eq!(offered("wsee -w %{time_op"), ["%{time_open}"]);
        assert_eq!(offered("wsee -w '%{rtt_a"), ["%{rtt_avg}"]);
        assert_eq!(offered("wsee -w %{url}_%{time_op"), ["%{url}_%{time_open}"]);
        assert_eq!(
            offered("wsee --write-out=%{time_op"),
            ["--write-out=%{time_open}"]
        );
        assert_eq!(offered("wsee --every 1s li"), [""; 0]);
    }

    #[test]
    fn files_are_offered_where_a_file_is_read() {
        assert_eq!(offered("wsee --cacert a"), ["FILE"]);
        assert_eq!(offered("wsee --cacert=a"), ["--cacert=FILE"]);
        assert_eq!(offered("wsee --send a"), [""; 0]);
        assert_eq!(offered("wsee --send @a"), ["@FILE"]);
        assert_eq!(offered("wsee -kH @"), ["@FILE"]);
        assert_eq!(offered("wsee --bearer a"), [""; 0]);
        assert_eq!(offered("wsee test "), ["FILE"]);
        assert_eq!(offered("wsee test a.wsee @"), ["@staging", "FILE"]);
        assert_eq!(offered("wsee fmt a b"), ["FILE"]);
        assert_eq!(offered("wsee replay a "), ["ws://", "wss://"]);
        assert_eq!(offered("wsee listen "), [""; 0]);
    }
}
