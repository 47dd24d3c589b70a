use std::borrow::Cow;
use std::path::PathBuf;

use data_encoding::{BASE64_NOPAD, DecodeError};

use super::usage::{self, Usage};
use super::{CommandError, Filtering, HelpTopic, OnTop, Outgoing, Record, Setting, Topic};
use crate::ontop::{Name, RAW, Verb};
use crate::proto::frame::{CloseCode, CloseFrame, MAX_CONTROL};
use crate::render::{Decode, Timestamps};

/// Enough to stress a server's reassembly; each frame takes a header of up to 14 bytes.
const MAX_FRAGMENTS: usize = 10_000;

#[derive(Clone, Copy)]
pub(super) struct Args<'a> {
    pub(super) line: &'a str,
    /// The end of `line`, after the name and one space.
    pub(super) text: &'a str,
    pub(super) usage: &'static Usage,
}

/// A command of this name that some protocol on top has.
fn verb(name: &str) -> Option<&'static Verb> {
    Name::ALL.into_iter().find_map(|it| it.verb(name))
}

impl<'a> Args<'a> {
    pub(super) fn required(self) -> Result<Self, CommandError> {
        if self.text.trim().is_empty() {
            return Err(CommandError::Missing(self.usage));
        }
        Ok(self)
    }

    /// `value`, if nothing follows.
    pub(super) fn none<T>(self, value: T) -> Result<T, CommandError> {
        if self.text.trim().is_empty() {
            return Ok(value);
        }
        Err(CommandError::Unexpected {
            name: self.usage.name,
            column: self.word_column(),
            found: self.word(),
        })
    }

    /// Splits off the first word; what follows it and one space stays as it is.
    pub(super) fn split_word(self) -> (&'a str, Self) {
        let trimmed = self.text.trim_start();
        let (word, text) = trimmed
            .split_once(char::is_whitespace)
            .unwrap_or((trimmed, ""));
        (word, Self { text, ..self })
    }

    pub(super) fn hex(self) -> Result<Vec<u8>, CommandError> {
        let digits = hex_digits(self.text);
        if let Some((at, found)) = digits.iter().find(|(_, c)| !c.is_ascii_hexdigit()) {
            let column = self.column(*at);
            let found = *found;
            return Err(CommandError::NotHex { column, found });
        }
        let text: String = digits.iter().map(|(_, digit)| digit).collect();
        let digits = digits.len();
        hex::decode(text).map_err(|_| CommandError::OddHex { digits })
    }

    /// Accepts both alphabets of RFC 4648, with or without padding.
    pub(super) fn base64(self) -> Result<Vec<u8>, CommandError> {
        let data = self
            .text
            .trim_end_matches(|c: char| c == '=' || c.is_whitespace());
        let (places, bytes): (Vec<usize>, Vec<u8>) = data
            .bytes()
            .enumerate()
            .filter(|(_, byte)| !byte.is_ascii_whitespace())
            .map(|(at, byte)| (at, standard_alphabet(byte)))
            .unzip();
        BASE64_NOPAD
            .decode(&bytes)
            .map_err(|DecodeError { position, .. }| {
                let at = places.get(position).copied().unwrap_or(data.len());
                let column = self.column(at);
                CommandError::NotBase64 { column }
            })
    }

    pub(super) fn file(self) -> Outgoing {
        let path = self.text.trim();
        let (path, is_text) = match path.strip_suffix("text") {
            Some(path) if path.ends_with(char::is_whitespace) => (path.trim_end(), true),
            _ => (path, false),
        };
        let path = PathBuf::from(path);
        Outgoing::File { path, is_text }
    }

    pub(super) fn record(self) -> Record {
        match self.text.trim() {
            "" => Record::State,
            "stop" => Record::Stop,
            path => Record::Start(path.into()),
        }
    }

    pub(super) fn fragment(self) -> Result<Outgoing, CommandError> {
        let (word, rest) = self.split_word();
        let frames = word
            .parse()
            .ok()
            .filter(|frames| (1..=MAX_FRAGMENTS).contains(frames));
        let frames = frames.ok_or_else(|| self.not_number("a number of frames from 1 to 10000"))?;
        let text = rest.text.to_owned();
        Ok(Outgoing::Fragment { frames, text })
    }

    pub(super) fn control_payload(self) -> Result<Vec<u8>, CommandError> {
        fits(self.text, "payload", MAX_CONTROL).map(|text| text.as_bytes().to_vec())
    }

    pub(super) fn close(self) -> Result<Outgoing, CommandError> {
        let (word, rest) = self.split_word();
        let code = match word {
            "" => None,
            word => Some(self.close_code(word)?),
        };
        let reason = fits(rest.text.trim(), "reason", CloseFrame::MAX_REASON)?.to_owned();
        Ok(Outgoing::Close { code, reason })
    }

    pub(super) fn close_code(self, word: &str) -> Result<u16, CommandError> {
        let parsed = word.parse();
        let code = parsed.map_err(|_| self.not_number("a close code of four digits"))?;
        // RFC 6455 §7.4: 1004 to 1006 and 1015 MUST NOT be sent, and others are not defined.
        if CloseCode(code).is_allowed_on_wire() {
            return Ok(code);
        }
        Err(CommandError::CloseCode {
            column: self.word_column(),
            code,
        })
    }

    pub(super) fn show(self) -> Result<Option<Setting>, CommandError> {
        let (word, rest) = self.split_word();
        if word.is_empty() {
            return Ok(None);
        }
        let topic = Topic::ALL.into_iter().find(|topic| topic.name() == word);
        let known = "ping, pong, frames, raw, time, json, compact, hex or decode";
        let topic = topic.ok_or_else(|| self.not_known(known))?;
        Ok(Some(match topic {
            Topic::Time => Setting::Time(rest.timestamps()?),
            Topic::Decode => Setting::Decode(rest.decode()?),
            topic => Setting::Switch(topic, rest.switch()?),
        }))
    }

    pub(super) fn on_top(self) -> Result<OnTop, CommandError> {
        let (word, rest) = self.split_word();
        let found = match word {
            "" => OnTop::Show,
            RAW | "off" => OnTop::Raw,
            word => {
                let name = Name::find(word);
                OnTop::Protocol(name.ok_or_else(|| self.not_known(Name::known()))?)
            }
        };
        rest.none(found)
    }

    fn timestamps(self) -> Result<Timestamps, CommandError> {
        let (word, rest) = self.split_word();
        let found = match word {
            "on" | "" => Some(Timestamps::Time),
            "off" => Some(Timestamps::None),
            word => Timestamps::ALL.into_iter().find(|it| it.name() == word),
        };
        let found = found.ok_or_else(|| self.not_known("on, off, time, iso, rel or delta"))?;
        rest.none(found)
    }

    fn decode(self) -> Result<Decode, CommandError> {
        let (word, rest) = self.split_word();
        let found = match word {
            "on" | "" => Some(Decode::Auto),
            "off" => Some(Decode::Hex),
            word => Decode::ALL.into_iter().find(|it| it.name() == word),
        };
        let found = found.ok_or_else(|| self.not_known("auto, msgpack, cbor, protobuf or off"))?;
        rest.none(found)
    }

    pub(super) fn filter(self) -> Filtering {
        match self.text.trim() {
            "" => Filtering::Show,
            "off" => Filtering::Off,
            source => Filtering::By {
                source: source.to_owned(),
                column: self.word_column(),
            },
        }
    }

    fn switch(self) -> Result<bool, CommandError> {
        let (word, rest) = self.split_word();
        match word {
            "on" | "" => rest.none(true),
            "off" => rest.none(false),
            _ => Err(self.not_known("on or off")),
        }
    }

    pub(super) fn history(self) -> Result<Option<usize>, CommandError> {
        let (word, rest) = self.split_word();
        let count = match word {
            "" => None,
            word => Some(
                word.parse()
                    .map_err(|_| self.not_number("a number of lines"))?,
            ),
        };
        rest.none(count)
    }

    pub(super) fn help(self) -> Result<HelpTopic, CommandError> {
        let (word, rest) = self.split_word();
        let name = word.trim_start_matches('/');
        let topic = match (name, usage::find(name)) {
            ("", _) => HelpTopic::Commands,
            ("keys", _) => HelpTopic::Keys,
            (_, Some(usage)) => HelpTopic::Command(usage),
            (name, None) if let Some(verb) = verb(name) => HelpTopic::Verb(verb.name),
            (name, None) => {
                let name = name.to_owned();
                return Err(CommandError::NoHelp { name });
            }
        };
        rest.none(topic)
    }

    pub(super) fn not_number(self, wanted: &'static str) -> CommandError {
        CommandError::NotNumber {
            column: self.word_column(),
            found: self.word(),
            wanted,
            example: self.usage.example,
        }
    }

    pub(super) fn not_known(self, wanted: impl Into<Cow<'static, str>>) -> CommandError {
        CommandError::NotKnown {
            column: self.word_column(),
            found: self.word(),
            name: self.usage.name,
            wanted: wanted.into(),
        }
    }

    pub(super) fn word(self) -> String {
        self.split_word().0.to_owned()
    }

    pub(super) fn word_column(self) -> usize {
        self.column(self.text.len() - self.text.trim_start().len())
    }

    /// The column of byte `at` of the arguments, which are the end of the line.
    pub(super) fn column(self, at: usize) -> usize {
        let at = self.line.len() - self.text.len() + at;
        1 + self
            .line
            .char_indices()
            .take_while(|(i, _)| *i < at)
            .count()
    }
}

/// The characters of `text` that should be hex digits, each with its byte offset.
fn hex_digits(text: &str) -> Vec<(usize, char)> {
    let is_separator = |c: char| c.is_whitespace() || matches!(c, ':' | ',');
    let mut digits = Vec::new();
    let mut at = 0;
    for word in text.split_inclusive(is_separator) {
        let prefix = if word.starts_with("0x") || word.starts_with("0X") {
            2
        } else {
            0
        };
        let chars = word
            .char_indices()
            .skip(prefix)
            .filter(|(_, c)| !is_separator(*c));
        digits.extend(chars.map(|(i, c)| (at + i, c)));
        at += word.len();
    }
    digits
}

fn standard_alphabet(byte: u8) -> u8 {
    match byte {
        b'-' => b'+',
        b'_' => b'/',
        byte => byte,
    }
}

fn fits<'a>(text: &'a str, what: &'static str, max: usize) -> Result<&'a str, CommandError> {
    let len = text.len();
    if len > max {
        return Err(CommandError::TooLong { what, len, max });
    }
    Ok(text)
}
