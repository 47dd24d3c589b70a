//! What a line typed in the REPL means: a text message, or a command that starts with `/`.

mod complete;
mod error;
mod usage;

use std::path::PathBuf;

use data_encoding::{BASE64_NOPAD, DecodeError};

pub use self::complete::{Completion, complete, is_complete};
pub use self::error::CommandError;
pub use self::usage::{COMMANDS, Usage};

/// RFC 6455 §5.5: a control frame's payload has at most 125 bytes.
const MAX_CONTROL_PAYLOAD: usize = 125;
/// A close reason shares the payload of the Close frame with the 2 bytes of the code.
const MAX_REASON: usize = MAX_CONTROL_PAYLOAD - 2;
const MAX_FRAGMENTS: usize = 10_000;

/// What a line asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// An empty line: nothing is sent.
    Nothing,
    /// List the commands, or explain one.
    Help(Option<&'static Usage>),
    /// Send a text message.
    Text(String),
    /// Send a binary message.
    Binary(Vec<u8>),
    /// Send a file as one message.
    File {
        /// The file, as typed.
        path: PathBuf,
        /// Whether it goes out as text; as binary otherwise.
        is_text: bool,
    },
    /// Send a Ping with this payload, at most 125 bytes.
    Ping(Vec<u8>),
    /// Send an unsolicited Pong (RFC 6455 §5.5.3) with this payload, at most 125 bytes.
    Pong(Vec<u8>),
    /// Start the closing handshake.
    Close {
        /// The status code; without one the Close frame is empty.
        code: Option<u16>,
        /// The reason, at most 123 bytes; empty without a code.
        reason: String,
    },
    /// Send one text message in several frames.
    Fragment {
        /// The number of frames, at least 1.
        frames: usize,
        /// The whole message.
        text: String,
    },
    /// Show the state of the connection.
    Status,
    /// Show the headers of the opening handshake.
    Headers,
    /// List what is shown, or change it.
    Show(Option<(Topic, bool)>),
    /// List the last lines typed, all if there is no number.
    History(Option<usize>),
    /// Close the connection and leave.
    Quit,
}

/// What `/show` turns on and off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Topic {
    /// Pings.
    Ping,
    /// Pongs.
    Pong,
    /// A line for every frame.
    Frames,
    /// The time in front of every line.
    Time,
    /// JSON laid out.
    Json,
    /// Binary messages as hexdump.
    Hex,
}

impl Topic {
    /// All topics, in the order they are listed.
    pub const ALL: [Self; 6] = [
        Self::Ping,
        Self::Pong,
        Self::Frames,
        Self::Time,
        Self::Json,
        Self::Hex,
    ];

    /// The word for the topic in `/show`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ping => "ping",
            Self::Pong => "pong",
            Self::Frames => "frames",
            Self::Time => "time",
            Self::Json => "json",
            Self::Hex => "hex",
        }
    }
}

/// Reads one line, or a pasted text of several.
pub fn parse(line: &str) -> Result<Command, CommandError> {
    if line.is_empty() {
        return Ok(Command::Nothing);
    }
    match line.strip_prefix('/') {
        None => Ok(Command::Text(line.to_owned())),
        Some(text) if text.starts_with('/') => Ok(Command::Text(text.to_owned())),
        Some(command) => parse_command(line, command),
    }
}

fn parse_command(line: &str, command: &str) -> Result<Command, CommandError> {
    let (name, text) = command
        .split_once(char::is_whitespace)
        .unwrap_or((command, ""));
    let Some(usage) = usage::find(name) else {
        let name = name.to_owned();
        return Err(CommandError::Unknown { name });
    };
    let args = Args { line, text, usage };
    match usage.name {
        "text" => Ok(Command::Text(text.to_owned())),
        "bin" => args.required()?.hex().map(Command::Binary),
        "b64" => args.required()?.base64().map(Command::Binary),
        "file" => args.required().map(Args::file),
        "fragment" => args.required()?.fragment(),
        "ping" => args.control_payload().map(Command::Ping),
        "pong" => args.control_payload().map(Command::Pong),
        "close" => args.close(),
        "status" => args.none(Command::Status),
        "headers" => args.none(Command::Headers),
        "show" => args.show().map(Command::Show),
        "history" => args.history(),
        "help" => args.help(),
        "quit" => args.none(Command::Quit),
        name => Err(CommandError::Unknown {
            name: name.to_owned(),
        }),
    }
}

/// What follows the name of a command.
#[derive(Clone, Copy)]
struct Args<'a> {
    line: &'a str,
    /// The end of `line`, behind the name and one space.
    text: &'a str,
    usage: &'static Usage,
}

impl<'a> Args<'a> {
    fn required(self) -> Result<Self, CommandError> {
        if self.text.trim().is_empty() {
            return Err(CommandError::Missing(self.usage));
        }
        Ok(self)
    }

    /// `value`, if nothing follows.
    fn none<T>(self, value: T) -> Result<T, CommandError> {
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
    fn split_word(self) -> (&'a str, Self) {
        let trimmed = self.text.trim_start();
        let (word, text) = trimmed
            .split_once(char::is_whitespace)
            .unwrap_or((trimmed, ""));
        (word, Self { text, ..self })
    }

    fn hex(self) -> Result<Vec<u8>, CommandError> {
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
    fn base64(self) -> Result<Vec<u8>, CommandError> {
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

    fn file(self) -> Command {
        let path = self.text.trim();
        let (path, is_text) = match path.strip_suffix("text") {
            Some(path) if path.ends_with(char::is_whitespace) => (path.trim_end(), true),
            _ => (path, false),
        };
        let path = PathBuf::from(path);
        Command::File { path, is_text }
    }

    fn fragment(self) -> Result<Command, CommandError> {
        let (word, rest) = self.split_word();
        let frames = word
            .parse()
            .ok()
            .filter(|frames| (1..=MAX_FRAGMENTS).contains(frames));
        let frames = frames.ok_or_else(|| self.not_number("a number of frames from 1 to 10000"))?;
        let text = rest.text.to_owned();
        Ok(Command::Fragment { frames, text })
    }

    fn control_payload(self) -> Result<Vec<u8>, CommandError> {
        fits(self.text, "payload", MAX_CONTROL_PAYLOAD).map(|text| text.as_bytes().to_vec())
    }

    fn close(self) -> Result<Command, CommandError> {
        let (word, rest) = self.split_word();
        let code = match word {
            "" => None,
            word => Some(self.close_code(word)?),
        };
        let reason = fits(rest.text.trim(), "reason", MAX_REASON)?.to_owned();
        Ok(Command::Close { code, reason })
    }

    fn close_code(self, word: &str) -> Result<u16, CommandError> {
        let parsed = word.parse();
        let code = parsed.map_err(|_| self.not_number("a close code of four digits"))?;
        // RFC 6455 §7.4: 1004 to 1006 and 1015 MUST NOT be sent, and others are not defined.
        match code {
            1000..=1003 | 1007..=1014 | 3000..=4999 => Ok(code),
            _ => Err(CommandError::CloseCode {
                column: self.word_column(),
                code,
            }),
        }
    }

    fn show(self) -> Result<Option<(Topic, bool)>, CommandError> {
        let (word, rest) = self.split_word();
        if word.is_empty() {
            return Ok(None);
        }
        let topic = Topic::ALL.into_iter().find(|topic| topic.name() == word);
        let topic = topic.ok_or_else(|| self.not_known("ping, pong, frames, time, json or hex"))?;
        let is_on = rest.switch()?;
        Ok(Some((topic, is_on)))
    }

    fn switch(self) -> Result<bool, CommandError> {
        let (word, rest) = self.split_word();
        match word {
            "on" | "" => rest.none(true),
            "off" => rest.none(false),
            _ => Err(self.not_known("on or off")),
        }
    }

    fn history(self) -> Result<Command, CommandError> {
        let (word, rest) = self.split_word();
        let count = match word {
            "" => None,
            word => Some(
                word.parse()
                    .map_err(|_| self.not_number("a number of lines"))?,
            ),
        };
        rest.none(Command::History(count))
    }

    fn help(self) -> Result<Command, CommandError> {
        let (word, rest) = self.split_word();
        let name = word.trim_start_matches('/');
        let usage = match (name, usage::find(name)) {
            ("", _) => None,
            (_, Some(usage)) => Some(usage),
            (name, None) => {
                let name = name.to_owned();
                return Err(CommandError::Unknown { name });
            }
        };
        rest.none(Command::Help(usage))
    }

    /// The error for the first word, where a number should be.
    fn not_number(self, wanted: &'static str) -> CommandError {
        CommandError::NotNumber {
            column: self.word_column(),
            found: self.word(),
            wanted,
            example: self.usage.example,
        }
    }

    /// The error for the first word, where another should be.
    fn not_known(self, wanted: &'static str) -> CommandError {
        CommandError::NotKnown {
            column: self.word_column(),
            found: self.word(),
            wanted,
        }
    }

    fn word(self) -> String {
        self.split_word().0.to_owned()
    }

    fn word_column(self) -> usize {
        self.column(self.text.len() - self.text.trim_start().len())
    }

    /// The column of byte `at` of the arguments, which are the end of the line.
    fn column(self, at: usize) -> usize {
        let at = self.line.len() - self.text.len() + at;
        1 + self
            .line
            .char_indices()
            .take_while(|(i, _)| *i < at)
            .count()
    }
}

/// The characters of `text` that should be hex digits, with the byte where each stands.
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

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Command {
        parse(line).unwrap_or_else(|error| panic!("{line:?}: {error}"))
    }

    fn error(line: &str) -> String {
        parse(line).expect_err(line).to_string()
    }

    #[test]
    fn a_line_is_text_unless_it_starts_with_a_slash() {
        for (line, text) in [
            ("hello", "hello"),
            (" /ping", " /ping"),
            ("//ping", "/ping"),
            ("a\nb", "a\nb"),
            ("//", "/"),
        ] {
            assert_eq!(parsed(line), Command::Text(text.to_owned()));
        }
        assert_eq!(parsed(""), Command::Nothing);
    }

    #[test]
    fn text_keeps_everything_behind_one_space() {
        assert_eq!(parsed("/text"), Command::Text(String::new()));
        assert_eq!(parsed("/text  a\nb "), Command::Text(" a\nb ".to_owned()));
    }

    #[test]
    fn reads_hex_however_it_is_written() {
        for line in [
            "/bin deadbeef",
            "/bin de ad  BE:ef",
            "/bin 0xde,0xad 0XBEEF",
            "/bin d eadbee f",
        ] {
            assert_eq!(parsed(line), Command::Binary(vec![0xde, 0xad, 0xbe, 0xef]));
        }
    }

    #[test]
    fn names_the_column_of_a_wrong_hex_digit() {
        assert_eq!(
            error("/bin 0xde xy"),
            "column 11: 'x' is not a hex digit; write bytes as in /bin de ad be ef"
        );
        assert_eq!(
            error("/bin é"),
            "column 6: 'é' is not a hex digit; write bytes as in /bin de ad be ef"
        );
        assert_eq!(
            error("/bin abc"),
            "3 hex digits are not whole bytes; write two digits for each byte"
        );
    }

    #[test]
    fn reads_both_alphabets_of_base64() {
        for line in ["/b64 3q2+7w==", "/b64 3q2-7w", "/b64 3q2+ 7w= ="] {
            let expected = vec![0xde, 0xad, 0xbe, 0xef];
            assert_eq!(parse(line), Ok(Command::Binary(expected)), "{line}");
        }
        assert!(error("/b64 3q!2").starts_with("column 8: not valid base64"));
        assert!(error("/b64 3").starts_with("column "));
    }

    #[test]
    fn reads_a_path_with_spaces() {
        let file = |path: &str, is_text| Command::File {
            path: PathBuf::from(path),
            is_text,
        };
        assert_eq!(parsed("/file my dir/a.bin"), file("my dir/a.bin", false));
        assert_eq!(parsed("/file a.json text"), file("a.json", true));
        assert_eq!(parsed("/file context"), file("context", false));
    }

    #[test]
    fn limits_the_payload_of_control_frames() {
        assert_eq!(parsed("/ping"), Command::Ping(Vec::new()));
        assert_eq!(parsed("/pong a b"), Command::Pong(b"a b".to_vec()));
        assert_eq!(
            error(&format!("/ping {}", "é".repeat(63))),
            "the payload has 126 bytes, a control frame holds 125; shorten it by 1"
        );
    }

    #[test]
    fn closes_with_codes_that_may_be_sent() {
        let close = |code, reason: &str| Command::Close {
            code,
            reason: reason.to_owned(),
        };
        assert_eq!(parsed("/close"), close(None, ""));
        assert_eq!(
            parsed("/close 4999 going away"),
            close(Some(4999), "going away")
        );
        for code in [0, 999, 1004, 1005, 1006, 1015, 2999, 5000] {
            assert!(error(&format!("/close {code}")).contains("may not be sent"));
        }
        assert_eq!(
            error("/close bye"),
            "column 8: \"bye\" is not a close code of four digits; for example /close 1001 going away"
        );
        assert!(error(&format!("/close 1000 {}", "a".repeat(124))).contains("124 bytes"));
    }

    #[test]
    fn fragments_text_into_frames() {
        let text = "a  b".to_owned();
        assert_eq!(
            parsed("/fragment 3 a  b"),
            Command::Fragment { frames: 3, text }
        );
        for line in [
            "/fragment 0 a",
            "/fragment -1 a",
            "/fragment 10001 a",
            "/fragment x",
        ] {
            assert!(error(line).contains("is not a number of frames"));
        }
    }

    #[test]
    fn shows_topics() {
        assert_eq!(parsed("/show"), Command::Show(None));
        assert_eq!(
            parsed("/show frames"),
            Command::Show(Some((Topic::Frames, true)))
        );
        assert_eq!(
            parsed("/show  json  off "),
            Command::Show(Some((Topic::Json, false)))
        );
        assert_eq!(
            error("/show json no"),
            "column 12: \"no\" is not known to /show; use on or off"
        );
        assert!(error("/show all").contains("use ping, pong, frames"));
    }

    #[test]
    fn helps_with_a_command_by_either_name() {
        assert_eq!(parsed("/help"), Command::Help(None));
        assert_eq!(parsed("/help /ping"), parsed("/help ping"));
        assert!(error("/help pign").contains("did you mean /ping?"));
    }

    #[test]
    fn refuses_arguments_that_are_missing_or_too_many() {
        assert_eq!(
            error("/bin "),
            "/bin needs HEX; for example /bin de ad be ef"
        );
        assert_eq!(
            error("/status now"),
            "column 9: /status does not take \"now\"; leave it out, or see /help status"
        );
        assert_eq!(parsed("/quit "), Command::Quit);
        assert_eq!(parsed("/history 5"), Command::History(Some(5)));
        assert!(error("/history 5 6").starts_with("column 12"));
    }

    #[test]
    fn never_takes_an_unknown_command_for_text() {
        assert_eq!(
            error("/pign"),
            "unknown command /pign; did you mean /ping? (//pign sends the text \"/pign\")"
        );
        assert_eq!(
            error("/api/users x"),
            "unknown command /api/users; /help lists them (//api/users sends the text \"/api/users\")"
        );
    }
}
