//! Parses the file into keys and profiles; every key is a flag.

use std::path::Path;

use clap::error::{ContextKind, ContextValue};
use clap::{ArgAction, Command};
use toml::Spanned;
use toml::de::{DeInteger, DeTable, DeValue};

use super::error::{FileError, FileProblem, Place};
use crate::command::is_message_name;

#[derive(Debug)]
pub(super) struct Document {
    pub(super) defaults: Vec<Setting>,
    pub(super) messages: Vec<Named>,
    /// In the order of the file.
    pub(super) profiles: Vec<Profile>,
}

#[derive(Debug)]
pub(super) struct Profile {
    pub(super) name: String,
    pub(super) line: usize,
    pub(super) settings: Vec<Setting>,
    pub(super) messages: Vec<Named>,
}

/// A message of `/send`, variables not expanded.
#[derive(Debug)]
pub(super) struct Named {
    pub(super) name: String,
    pub(super) line: usize,
    pub(super) text: String,
}

#[derive(Debug)]
pub(super) struct Setting {
    /// The long name of a flag, or `url`.
    pub(super) key: String,
    pub(super) line: usize,
    pub(super) value: Value,
}

/// A value as written, variables not expanded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value {
    Switch(bool),
    Text(String),
    List(Vec<Self>),
    /// A type that no flag takes, such as a date or a table.
    Other,
}

/// The key of a profile's URL, which is not a flag.
pub(super) const URL: &str = "url";
const PROFILE: &str = "profile";
const MESSAGES: &str = "messages";
/// Flags without use in a file: they end the run, or concern the file itself.
const NOT_KEYS: [&str; 3] = ["help", "version", "no-config"];

pub(super) fn parse(text: &str, file: &Path, wsee: &Command) -> Result<Document, FileError> {
    let reader = Reader { text, file, wsee };
    let table = DeTable::parse(text).map_err(|error| reader.syntax(&error))?;
    reader.document(table.get_ref())
}

struct Reader<'a> {
    text: &'a str,
    file: &'a Path,
    wsee: &'a Command,
}

impl Reader<'_> {
    fn syntax(&self, error: &toml::de::Error) -> FileError {
        let line = error.span().map(|span| self.line(span.start));
        let place = Place {
            line,
            ..Place::file(self.file)
        };
        place.error(FileProblem::Syntax(error.message().replace('\n', ", ")))
    }

    fn line(&self, at: usize) -> usize {
        let before = self.text.as_bytes().iter().take(at);
        1 + before.filter(|&&byte| byte == b'\n').count()
    }

    fn error<T>(&self, line: usize, problem: FileProblem) -> Result<T, FileError> {
        Err(Place::line(self.file, line).error(problem))
    }

    fn document(&self, table: &DeTable<'_>) -> Result<Document, FileError> {
        let mut document = Document {
            defaults: Vec::new(),
            messages: Vec::new(),
            profiles: Vec::new(),
        };
        for (key, value) in table {
            let name = key.get_ref().as_ref();
            let line = self.line(key.span().start);
            match value.get_ref() {
                DeValue::Table(profiles) if name == PROFILE => {
                    document.profiles = self.profiles(profiles)?;
                }
                DeValue::Table(messages) if name == MESSAGES => {
                    document.messages = self.messages(messages)?;
                }
                _ if name == MESSAGES => return self.error(line, FileProblem::NotMessages),
                DeValue::Table(table) => {
                    // [profiles.x] for [profile.x].
                    let below = table.iter().find(|(_, it)| it.get_ref().is_table());
                    let below = below.map(|(key, _)| key.get_ref().to_string());
                    let found = match &below {
                        Some(key) => format!("{name}.{key}"),
                        None => name.to_owned(),
                    };
                    let profile = below.unwrap_or_else(|| name.to_owned());
                    return self.error(line, FileProblem::Section { found, profile });
                }
                _ if name == URL => return self.error(line, FileProblem::UrlOutside),
                _ => document.defaults.push(self.setting(key, value)?),
            }
        }
        document.defaults.sort_by_key(|setting| setting.line);
        Ok(document)
    }

    fn profiles(&self, table: &DeTable<'_>) -> Result<Vec<Profile>, FileError> {
        let mut profiles = Vec::new();
        for (key, value) in table {
            let name = key.get_ref().to_string();
            let line = self.line(key.span().start);
            let DeValue::Table(keys) = value.get_ref() else {
                return self.error(line, FileProblem::NotProfile(name));
            };
            let is_messages = |key: &str| key == MESSAGES;
            let messages = keys.iter().find(|(key, _)| is_messages(key.get_ref()));
            let messages = messages.map(|(key, value)| match value.get_ref() {
                DeValue::Table(messages) => self.messages(messages),
                _ => self.error(self.line(key.span().start), FileProblem::NotMessages),
            });
            let messages = messages.transpose()?.unwrap_or_default();
            let settings = keys.iter().filter(|(key, _)| !is_messages(key.get_ref()));
            let settings = settings.map(|(key, value)| self.setting(key, value));
            let mut settings = settings.collect::<Result<Vec<_>, _>>()?;
            settings.sort_by_key(|setting| setting.line);
            profiles.push(Profile {
                name,
                line,
                settings,
                messages,
            });
        }
        profiles.sort_by_key(|profile| profile.line);
        Ok(profiles)
    }

    fn messages(&self, table: &DeTable<'_>) -> Result<Vec<Named>, FileError> {
        let mut messages = Vec::new();
        for (key, value) in table {
            let name = key.get_ref().to_string();
            let line = self.line(key.span().start);
            if !is_message_name(&name) {
                return self.error(line, FileProblem::MessageName(name));
            }
            let DeValue::String(text) = value.get_ref() else {
                return self.error(line, FileProblem::NotMessage(name));
            };
            let text = text.to_string();
            messages.push(Named { name, line, text });
        }
        messages.sort_by_key(|message| message.line);
        Ok(messages)
    }

    fn setting(
        &self,
        key: &Spanned<std::borrow::Cow<'_, str>>,
        value: &Spanned<DeValue<'_>>,
    ) -> Result<Setting, FileError> {
        let line = self.line(key.span().start);
        let key = key.get_ref().to_string();
        let value = plain(value.get_ref());
        let checked = match self
            .wsee
            .get_arguments()
            .find(|arg| arg.get_long() == Some(&key))
        {
            _ if key == URL && matches!(value, Value::Text(_)) => Ok(()),
            _ if key == URL => Err(FileProblem::NotValue(key.clone())),
            Some(arg) if !NOT_KEYS.contains(&key.as_str()) => check(arg, &value),
            _ => Err(self.unknown(&key)),
        };
        match checked {
            Ok(()) => Ok(Setting { key, line, value }),
            Err(problem) => self.error(line, problem),
        }
    }

    /// clap suggests the most similar flag.
    fn unknown(&self, key: &str) -> FileProblem {
        let typed = ["wsee".to_owned(), format!("--{key}")];
        let error = self.wsee.clone().try_get_matches_from(typed).err();
        let similar = error
            .as_ref()
            .and_then(|error| error.get(ContextKind::SuggestedArg));
        let hint = match similar {
            Some(ContextValue::String(flag)) => {
                format!("did you mean {}?", flag.trim_start_matches('-'))
            }
            _ => "a key is a long flag of wsee --help without its dashes".to_owned(),
        };
        FileProblem::UnknownKey {
            key: key.to_owned(),
            hint,
        }
    }
}

fn plain(value: &DeValue<'_>) -> Value {
    match value {
        DeValue::String(text) => Value::Text(text.to_string()),
        DeValue::Integer(number) => integer(number),
        DeValue::Float(number) => Value::Text(number.as_str().to_owned()),
        DeValue::Boolean(on) => Value::Switch(*on),
        DeValue::Array(values) => {
            Value::List(values.iter().map(|it| plain(it.get_ref())).collect())
        }
        DeValue::Datetime(_) | DeValue::Table(_) => Value::Other,
    }
}

fn integer(number: &DeInteger<'_>) -> Value {
    let value = i64::from_str_radix(number.as_str(), number.radix());
    value.map_or(Value::Other, |value| Value::Text(value.to_string()))
}

/// Checks the type of a value; clap checks its content later, with all other arguments.
fn check(arg: &clap::Arg, value: &Value) -> Result<(), FileProblem> {
    let key = || arg.get_long().unwrap_or_default().to_owned();
    let range = arg.get_num_args().unwrap_or_default();
    let is_optional = range.min_values() == 0;
    match (arg.get_action(), value) {
        (ArgAction::SetTrue | ArgAction::Count, Value::Switch(_)) => Ok(()),
        (ArgAction::SetTrue, _) => Err(FileProblem::NotSwitch(key())),
        (ArgAction::Count, Value::Text(text)) if matches!(text.parse(), Ok(0..=9_u8)) => Ok(()),
        (ArgAction::Count, _) => Err(FileProblem::NotCount(key())),
        (_, Value::Switch(_)) if is_optional => Ok(()),
        (action, value) if range.min_values() > 1 => {
            let count = range.min_values();
            let key = key();
            let is_right =
                value.has(count) || matches!(action, ArgAction::Append) && value.each_has(count);
            is_right
                .then_some(())
                .ok_or(FileProblem::NotValues { key, count })
        }
        (_, Value::Text(_)) => Ok(()),
        (ArgAction::Append, Value::List(texts)) if all_texts(texts) => Ok(()),
        (_, Value::List(texts)) if all_texts(texts) => Err(FileProblem::List(key())),
        _ => Err(FileProblem::NotValue(key())),
    }
}

impl Value {
    /// Whether it is a list of this many texts.
    fn has(&self, count: usize) -> bool {
        matches!(self, Self::List(texts) if texts.len() == count && all_texts(texts))
    }

    /// Whether it is a list of such lists.
    fn each_has(&self, count: usize) -> bool {
        matches!(self, Self::List(lists) if lists.iter().all(|list| list.has(count)))
    }
}

fn all_texts(values: &[Value]) -> bool {
    values.iter().all(|value| matches!(value, Value::Text(_)))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;
    use crate::cli::Cli;

    fn document(text: &str) -> Result<Document, String> {
        let mut wsee = Cli::command();
        wsee.build();
        parse(text, Path::new("c.toml"), &wsee).map_err(|error| error.to_string())
    }

    #[track_caller]
    fn assert_error(text: &str, expected: &str) {
        let error = document(text).expect_err(text);
        assert!(error.contains(expected), "{error}");
        assert!(!error.contains('\n'), "{error}");
    }

    #[test]
    fn reads_defaults_and_profiles() {
        let document = document(
            "max-time = 1.5\nverbose = 2\nlenient = true\n# x\n\n[profile.b]\nurl = \"h\"\n\
             [profile.a]\nheader = [\"A: b\", \"C: d\"]\nmax-message = 0x10\n",
        );
        let document = document.expect("a document");
        let text = |text: &str| Value::Text(text.to_owned());
        let defaults: Vec<_> = document
            .defaults
            .into_iter()
            .map(|it| (it.key, it.line, it.value))
            .collect();
        assert_eq!(
            defaults,
            [
                ("max-time".to_owned(), 1, text("1.5")),
                ("verbose".to_owned(), 2, text("2")),
                ("lenient".to_owned(), 3, Value::Switch(true)),
            ]
        );
        let [b, a] = document.profiles.as_slice() else {
            panic!("two profiles");
        };
        assert_eq!((b.name.as_str(), b.line), ("b", 6));
        assert_eq!(
            a.settings[0].value,
            Value::List(vec![text("A: b"), text("C: d")])
        );
        assert_eq!(a.settings[1].value, text("16"));
    }

    #[test]
    fn an_unknown_key_names_the_nearest_and_its_line() {
        assert_error(
            "\nhedaer = \"A: b\"",
            "c.toml:2: unknown key 'hedaer'; did you mean header?",
        );
        assert_error(
            "[profile.a]\nmax_time = 1",
            "c.toml:2: unknown key 'max_time'; did you mean max-time?",
        );
        assert_error("qqqq = 1", "a long flag of wsee --help");
        for key in NOT_KEYS {
            assert_error(&format!("{key} = true"), &format!("unknown key '{key}'"));
        }
    }

    #[test]
    fn only_profiles_have_sections_and_urls() {
        assert_error(
            "[staging]\nurl = \"h\"",
            "c.toml:1: [staging] is not a section; write a profile as [profile.staging]",
        );
        assert_error(
            "[profiles.staging]\nurl = \"h\"",
            "c.toml:1: [profiles.staging] is not a section; write a profile as [profile.staging]",
        );
        assert_error(
            "url = \"h\"",
            "c.toml:1: url is allowed only under [profile.NAME]",
        );
        assert_error("[profile]\na = 1", "c.toml:2: 'a' is not a profile");
        assert_error(
            "[profile.a]\nurl = 1979-05-27",
            "c.toml:2: url needs a value",
        );
    }

    #[test]
    fn messages_have_names_and_texts() {
        let document = document(
            "[messages]\nlogin = '{\"op\":1}'\n[profile.a]\nurl = \"h\"\n[profile.a.messages]\nx-1 = \"y\"\n",
        )
        .expect("a document");
        let login = &document.messages[0];
        let login = (login.name.as_str(), login.line, login.text.as_str());
        assert_eq!(login, ("login", 2, "{\"op\":1}"));
        assert_eq!(document.profiles[0].messages[0].name, "x-1");
        assert_error("[messages]\n12 = \"a\"", "c.toml:2: '12' is not a name");
        assert_error("[messages]\na = 1", "c.toml:2: the message a needs a text");
        assert_error("messages = 1", "c.toml:1: messages is a section");
        let text = "[profile.a]\nurl = \"h\"\nmessages = []";
        assert_error(text, "c.toml:3: messages is a section");
    }

    #[test]
    fn a_value_has_the_form_its_flag_takes() {
        assert_error(
            "insecure = \"yes\"",
            "insecure is a switch; write true or false",
        );
        assert_error("verbose = 10", "verbose is a count");
        assert_error("max-time = true", "max-time needs a value");
        assert_error("max-time = [1, 2]", "max-time takes one value, not a list");
        assert_error("header = [true]", "header needs a value");
        assert_error("header = 1979-05-27", "header needs a value");
    }

    #[test]
    fn invalid_toml_is_reported_with_its_line() {
        assert_error("a = 1\nb = \n", "c.toml:2: ");
        assert_error(
            "lenient = true\nlenient = true\n",
            "c.toml:2: duplicate key",
        );
    }
}
