//! `~/.netrc`: logins by machine, in the syntax of ftp(1) with curl's quotes and comments.

use crate::secret::{Login, Secret};

/// The words of the file are never quoted, because any may be a password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {problem}")]
pub struct NetrcError {
    /// Counted from 1.
    pub line: usize,
    pub problem: NetrcProblem,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NetrcProblem {
    #[error("'{0}' has no value; write it after the word, in quotes if it starts with '#'")]
    NoValue(&'static str),
    #[error("a quote is not closed; write '\\\"' for a quote in a value")]
    OpenQuote,
    #[error("'{0}' comes before any 'machine'; write 'machine HOST' before it")]
    NoMachine(&'static str),
}

/// The login for `host` in the netrc file `text`, the first that fits; `user` limits it to that user's.
pub fn find(text: &str, host: &str, user: Option<&str>) -> Result<Option<Login>, NetrcError> {
    let fits = |entry: &Entry| {
        let machine = entry.machine.as_deref();
        let login = entry.user.as_deref();
        machine.is_none_or(|machine| machine.eq_ignore_ascii_case(host))
            && user.is_none_or(|user| login == Some(user))
            && (entry.user.is_some() || entry.password.is_some())
    };
    let found = parse(text)?.into_iter().find(fits);
    Ok(found.map(|entry| Login {
        user: entry.user.unwrap_or_default(),
        password: Secret::new(entry.password.unwrap_or_default()),
    }))
}

#[derive(Default)]
struct Entry {
    /// `None` for `default`.
    machine: Option<String>,
    user: Option<String>,
    password: Option<String>,
}

const VALUED: [&str; 4] = ["machine", "login", "password", "account"];

fn parse(text: &str) -> Result<Vec<Entry>, NetrcError> {
    let mut entries: Vec<Entry> = Vec::new();
    let mut words = Words::new(text);
    while let Some((line, word)) = words.next()? {
        let is = |name: &str| word.eq_ignore_ascii_case(name);
        if is("macdef") {
            words.skip_macro();
        } else if is("default") {
            entries.push(Entry::default());
        } else if let Some(name) = VALUED.into_iter().find(|name| is(name)) {
            let error = |problem| NetrcError { line, problem };
            let value = words.value()?.ok_or(error(NetrcProblem::NoValue(name)))?;
            if name == "machine" {
                let machine = Some(value);
                entries.push(Entry {
                    machine,
                    ..Entry::default()
                });
                continue;
            }
            let entry = entries.last_mut();
            let entry = entry.ok_or(error(NetrcProblem::NoMachine(name)))?;
            match name {
                "login" => entry.user = Some(value),
                "password" => entry.password = Some(value),
                _ => {}
            }
        }
        // Like curl, skip words of other programs.
    }
    Ok(entries)
}

struct Words<'a> {
    lines: std::iter::Enumerate<std::str::Lines<'a>>,
    line: usize,
    rest: &'a str,
}

impl<'a> Words<'a> {
    fn new(text: &'a str) -> Self {
        Self {
            lines: text.lines().enumerate(),
            line: 0,
            rest: "",
        }
    }

    fn next(&mut self) -> Result<Option<(usize, String)>, NetrcError> {
        loop {
            self.rest = self.rest.trim_start();
            match self.rest.chars().next() {
                Some('"') => return self.quoted().map(|word| Some((self.line, word))),
                // As in curl, a word that starts with '#' makes the rest of its line a comment.
                Some(c) if c != '#' => {
                    let end = self.rest.find(char::is_whitespace);
                    let (word, rest) = self.rest.split_at(end.unwrap_or(self.rest.len()));
                    self.rest = rest;
                    return Ok(Some((self.line, word.to_owned())));
                }
                _ => {
                    let Some((index, line)) = self.lines.next() else {
                        return Ok(None);
                    };
                    (self.line, self.rest) = (index + 1, line);
                }
            }
        }
    }

    /// The next word, possibly on a later line, but not after a comment: that is an unquoted value.
    fn value(&mut self) -> Result<Option<String>, NetrcError> {
        if self.rest.trim_start().starts_with('#') {
            return Ok(None);
        }
        Ok(self.next()?.map(|(_, word)| word))
    }

    fn quoted(&mut self) -> Result<String, NetrcError> {
        let mut word = String::new();
        let mut chars = self.rest[1..].char_indices();
        while let Some((at, c)) = chars.next() {
            match c {
                '"' => {
                    self.rest = &self.rest[1 + at + 1..];
                    return Ok(word);
                }
                '\\' => match chars.next() {
                    Some((_, 'n')) => word.push('\n'),
                    Some((_, 'r')) => word.push('\r'),
                    Some((_, 't')) => word.push('\t'),
                    Some((_, c)) => word.push(c),
                    None => break,
                },
                c => word.push(c),
            }
        }
        Err(NetrcError {
            line: self.line,
            problem: NetrcProblem::OpenQuote,
        })
    }

    fn skip_macro(&mut self) {
        self.rest = "";
        while self
            .lines
            .next()
            .is_some_and(|(_, line)| !line.trim().is_empty())
        {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "\
# machine api.example login commented password out
machine api.example login \"me too\" password \"s\\\"#\\t\\\\3\" # mine
machine API.example
    login other
    account ftp
    password s3
macdef init
machine fake.example login no password no

machine word.example port 22 password alone
machine user.example login alone
default login anonymous password guest
";

    fn pair(host: &str, user: Option<&str>) -> Option<(String, String)> {
        let login = find(FILE, host, user).expect("a netrc file")?;
        Some((login.user, login.password.expose().clone()))
    }

    #[track_caller]
    fn finds(host: &str, user: Option<&str>, expected: (&str, &str)) {
        let (user_name, password) = expected;
        let expected = Some((user_name.to_owned(), password.to_owned()));
        assert_eq!(pair(host, user), expected, "{host} {user:?}");
    }

    #[test]
    fn the_first_machine_that_fits_counts() {
        finds("api.example", None, ("me too", "s\"#\t\\3"));
        finds("Api.Example", None, ("me too", "s\"#\t\\3"));
        finds("word.example", None, ("", "alone"));
        finds("user.example", None, ("alone", ""));
    }

    #[test]
    fn a_user_finds_the_own_password_only() {
        finds("api.example", Some("other"), ("other", "s3"));
        assert_eq!(pair("api.example", Some("Other")), None);
        assert_eq!(pair("word.example", Some("me")), None);
        let guest = ("anonymous", "guest");
        finds("elsewhere.example", Some("anonymous"), guest);
    }

    #[test]
    fn default_fits_every_host_and_macros_fit_none() {
        for host in ["elsewhere.example", "fake.example", "sub.api.example"] {
            finds(host, None, ("anonymous", "guest"));
        }
        assert_eq!(find("machine a login b", "c", None), Ok(None));
        assert_eq!(find("machine a", "a", None), Ok(None));
        assert_eq!(find("", "a", None), Ok(None));
    }

    #[test]
    fn a_macro_without_end_swallows_the_rest() {
        let text = "machine a login b\nmacdef x\nmachine c login d";
        assert_eq!(find(text, "c", None), Ok(None));
    }

    #[test]
    fn names_the_line_but_no_word_of_a_broken_file() {
        let problem = |text: &str| {
            let error = find(text, "a", None).expect_err("broken");
            (error.line, error.problem)
        };
        let cases = [
            ("machine a\nlogin", 2, NetrcProblem::NoValue("login")),
            (
                "machine a password #x\nmachine b",
                1,
                NetrcProblem::NoValue("password"),
            ),
            ("\n\nlogin s3cret", 3, NetrcProblem::NoMachine("login")),
            ("machine \"a\nlogin b\"", 1, NetrcProblem::OpenQuote),
            ("machine a password \"\\", 1, NetrcProblem::OpenQuote),
        ];
        for (text, line, expected) in cases {
            assert_eq!(problem(text), (line, expected), "{text:?}");
        }
        let error = find("password s3cret", "a", None).expect_err("broken");
        assert!(!error.to_string().contains("s3cret"), "{error}");
    }
}
