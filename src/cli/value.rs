//! Option values with their own syntax, parsed by clap.
//!
//! clap puts the flag and the value before these errors, so the texts only say what is wrong and
//! what to write instead.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use clap::Subcommand;

use super::{Command, word};
use crate::acceptor::Address;
use crate::duration::{self, DurationError};
use crate::memory::Keep;
use crate::pipe::Split;
use crate::proto::frame::{CloseCode, CloseFrame};
use crate::scenario;
use crate::size::{self, SizeError};

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ValueError {
    #[error("not a duration; write 500ms, 2s, 1m or 1m30s (a bare number is seconds)")]
    Duration,
    #[error("longer than 100 years; write 0 for no limit, or 'forever' where that is allowed")]
    DurationTooLong,
    #[error("not a size; write bytes (65536) or a number with K, M, G, KiB, MiB or GiB (64K)")]
    Size,
    #[error("the size must be at least 1 byte")]
    SizeZero,
    #[error("the size is too large; the maximum is 16777215G")]
    SizeTooLarge,
    #[error(
        "not a way to split; write line, nul, none, json, events or, with --binary, a size (64K)"
    )]
    Split,
    /// A URL instead of a number of messages: wscat's `-n` is our `-k`.
    #[error("a URL, not a number of messages; did you mean -k? (wscat's -n is wsee's -k)")]
    CountIsUrl,
    #[error("not a number of messages or a size; write 10000, 256M, or 0 to keep nothing")]
    Kept,
    #[error("not a number of messages; write 1 or more")]
    Count,
    #[error("not a number of clients; write 1 or more, or leave it out for no limit")]
    Clients,
    /// A status code an endpoint must not send.
    #[error(
        "not a status code that may be sent; write 1000-1003, 1007-1014 or 3000-4999 (RFC 6455 §7.4)"
    )]
    CloseCode,
    #[error("{0} bytes of UTF-8, but a close reason holds at most 123 (RFC 6455 §5.5); shorten it")]
    CloseReason(usize),
    #[error("no file name after @; write @FILE, or @@ for a text that starts with @")]
    NoFileName,
    /// `@` without a file name, where a text cannot start with it.
    #[error("no file name after @; write @FILE")]
    NoFormatFile,
    /// curl reads the format from stdin.
    #[error("stdin is used for messages; write the format to a file, and pass @FILE")]
    FormatOnStdin,
    #[error("no %{{…}} in it; wscat's -w TIME is --wait TIME here")]
    FormatIsTime,
    #[error("not a number of attempts; write 1 or more, or omit N for no limit")]
    Attempts,
    #[error("not a variable; write NAME=VALUE, where NAME is a letter, then letters, digits or _")]
    Variable,
    #[error("not an address; write PORT, :PORT, HOST:PORT or [::1]:PORT")]
    ListenAddr,
    #[error("port '{0}' is not a number from 0 to 65535 (0 takes any free port)")]
    ListenPort(String),
    #[error(
        "a command, not a URL; write it before its options (wsee {0} …), or ws://{0} for a host"
    )]
    UrlIsCommand(String),
    #[error("a command, not a URL; write it alone (wsee version), or ws://version for a host")]
    UrlIsVersion,
    #[error("{}", word::neither(.word, .name))]
    UrlIsTypo { word: String, name: String },
    #[error("a scenario file, not a URL; run wsee test {0}")]
    UrlIsScenario(String),
    #[error("not a URL; write wsee --help, or ws://help for a host")]
    UrlIsHelp,
}

/// A span of time: `500ms`, `2s`, `1m30s`; a bare number is seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period(pub Duration);

impl FromStr for Period {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        let duration = duration::parse(text).map_err(|error| match error {
            DurationError::Invalid => ValueError::Duration,
            DurationError::TooLong => ValueError::DurationTooLong,
        })?;
        Ok(Self(duration))
    }
}

/// A time limit; `0` is no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeLimit(pub Option<Duration>);

impl FromStr for TimeLimit {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        let Period(duration) = text.parse()?;
        Ok(Self((!duration.is_zero()).then_some(duration)))
    }
}

/// How long to wait for more messages after the end of input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wait {
    /// Until no message came for this long.
    For(Duration),
    /// Until the peer closes.
    Forever,
}

impl Wait {
    /// Without `--wait`: whoever counts messages waits for them, others do not know how many come.
    pub fn usual(is_counting: bool) -> Self {
        if is_counting {
            Self::Forever
        } else {
            Self::For(Duration::from_secs(2))
        }
    }
}

impl FromStr for Wait {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        match text {
            "forever" | "-1" => Ok(Self::Forever),
            _ => text.parse().map(|Period(duration)| Self::For(duration)),
        }
    }
}

/// A number of bytes, at least one: `65536`, `64K`, `64KiB`. Units are powers of 1024.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size(pub u64);

impl FromStr for Size {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        let bytes = size::parse(text).map_err(|error| match error {
            SizeError::Invalid => ValueError::Size,
            SizeError::Zero => ValueError::SizeZero,
            SizeError::TooLarge => ValueError::SizeTooLarge,
        })?;
        Ok(Self(bytes))
    }
}

impl FromStr for Split {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        match text {
            "line" => Ok(Self::Line),
            "nul" => Ok(Self::Nul),
            "none" => Ok(Self::Whole),
            "json" => Ok(Self::Json),
            "events" => Ok(Self::Events),
            _ => match text.parse() {
                Ok(Size(size)) => Ok(Self::Size(usize::try_from(size).unwrap_or(usize::MAX))),
                Err(ValueError::Size) => Err(ValueError::Split),
                Err(error) => Err(error),
            },
        }
    }
}

/// A number of messages, at least one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Count(pub u64);

impl FromStr for Count {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        match text.parse() {
            Ok(0) => Err(ValueError::Count),
            Ok(count) => Ok(Self(count)),
            Err(_) if looks_like_url(text) => Err(ValueError::CountIsUrl),
            Err(_) => Err(ValueError::Count),
        }
    }
}

fn looks_like_url(text: &str) -> bool {
    text.starts_with(|c: char| c.is_alphabetic() || c == ':' || c == '[')
        || text.contains([':', '/'])
        || text.matches('.').count() == 3
}

/// A status code that an endpoint may send (RFC 6455 §7.4).
pub(super) fn close_code(text: &str) -> Result<CloseCode, ValueError> {
    // RFC 6455 §7.4.1: 1004 is reserved; 1005, 1006 and 1015 MUST NOT be sent.
    match text.parse().map(CloseCode) {
        Ok(code) if code.is_allowed_on_wire() => Ok(code),
        _ => Err(ValueError::CloseCode),
    }
}

pub(super) fn close_reason(text: &str) -> Result<String, ValueError> {
    if text.len() > CloseFrame::MAX_REASON {
        return Err(ValueError::CloseReason(text.len()));
    }
    Ok(text.to_owned())
}

/// How many messages the prompt keeps, or how much of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kept(pub Keep);

impl FromStr for Kept {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        if text == "0" {
            return Ok(Self(Keep::NOTHING));
        }
        if let Ok(messages) = text.parse() {
            let bytes = Keep::DEFAULT.bytes;
            return Ok(Self(Keep { messages, bytes }));
        }
        let size: Size = text.parse().map_err(|_| ValueError::Kept)?;
        Ok(Self(Keep {
            messages: usize::MAX,
            bytes: usize::try_from(size.0).unwrap_or(usize::MAX),
        }))
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Payload {
    Text(String),
    File(PathBuf),
}

impl FromStr for Payload {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        match text.strip_prefix('@') {
            None => Ok(Self::Text(text.to_owned())),
            Some("") => Err(ValueError::NoFileName),
            Some(rest) if rest.starts_with('@') => Ok(Self::Text(rest.to_owned())),
            Some(path) => Ok(Self::File(path.into())),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variable {
    pub name: String,
    /// All that follows the first `=`.
    pub value: String,
}

impl FromStr for Variable {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        match text.split_once('=') {
            Some((name, value)) if scenario::Variable::is_free(name) => Ok(Self {
                name: name.to_owned(),
                value: value.to_owned(),
            }),
            _ => Err(ValueError::Variable),
        }
    }
}

/// A number of clients that may be connected.
pub(super) fn clients(text: &str) -> Result<NonZeroUsize, ValueError> {
    text.parse().map_err(|_| ValueError::Clients)
}

/// The address to listen on. The default host is 127.0.0.1; port 0 takes any free port.
pub(super) fn listen_address(text: &str) -> Result<Address, ValueError> {
    let (host, port) = text.rsplit_once(':').unwrap_or(("", text));
    let port_is_number = !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit());
    if !port_is_number && !text.contains(':') {
        return Err(ValueError::ListenAddr);
    }
    let port = port
        .parse()
        .ok()
        .filter(|_| port_is_number)
        .ok_or_else(|| ValueError::ListenPort(port.to_owned()))?;
    let host = listen_host(host)?.to_owned();
    Ok(Address { host, port })
}

fn listen_host(host: &str) -> Result<&str, ValueError> {
    if host.is_empty() {
        return Ok("127.0.0.1");
    }
    if let Some(address) = host.strip_prefix('[').and_then(|h| h.strip_suffix(']')) {
        return match address.parse::<std::net::Ipv6Addr>() {
            Ok(_) => Ok(address),
            Err(_) => Err(ValueError::ListenAddr),
        };
    }
    if host.contains(|c: char| matches!(c, ':' | '/' | '[' | ']') || c.is_whitespace()) {
        return Err(ValueError::ListenAddr);
    }
    Ok(host)
}

/// A URL as typed, unless it is a command or a file: `wsee -v demo` would silently look for a host
/// called `demo`.
pub(super) fn url_argument(text: &str) -> Result<String, ValueError> {
    match text {
        "help" => Err(ValueError::UrlIsHelp),
        "version" => Err(ValueError::UrlIsVersion),
        name if Command::has_subcommand(name) => Err(ValueError::UrlIsCommand(name.to_owned())),
        file if names_scenario(file) => Err(ValueError::UrlIsScenario(file.to_owned())),
        word => match word::misspelled(word) {
            Some(name) => Err(ValueError::UrlIsTypo {
                word: word.to_owned(),
                name,
            }),
            None => Ok(text.to_owned()),
        },
    }
}

/// Whether a target is the name of a scenario file, perhaps with a line: `chat.wsee`, `chat.wsee:12`.
pub fn names_scenario(target: &str) -> bool {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let file = match target.rsplit_once(':') {
        Some((file, line)) if is_number(line) => file,
        _ => target,
    };
    let extension = Path::new(file).extension();
    extension.is_some_and(|it| it == "wsee") && !file.contains("://")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn period(text: &str) -> Result<Duration, ValueError> {
        text.parse().map(|Period(duration)| duration)
    }

    #[test]
    fn reads_durations_with_units_and_bare_seconds() {
        assert_eq!(period("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(period("2s"), Ok(Duration::from_secs(2)));
        assert_eq!(period("1m"), Ok(Duration::from_mins(1)));
        assert_eq!(period("1m30s"), Ok(Duration::from_secs(90)));
        assert_eq!(period("10"), Ok(Duration::from_secs(10)));
        assert_eq!(period("0.25"), Ok(Duration::from_millis(250)));
        assert_eq!(period("0"), Ok(Duration::ZERO));
    }

    #[test]
    fn refuses_invalid_durations() {
        for text in ["", "soon", "-2s", "2s ago", "1.2.3", ".", "2 parsecs"] {
            assert_eq!(period(text), Err(ValueError::Duration), "{text:?}");
        }
    }

    #[test]
    fn refuses_durations_that_no_clock_can_hold() {
        assert_eq!(period("9000000h"), Err(ValueError::DurationTooLong));
    }

    #[test]
    fn zero_is_not_a_time_limit() {
        assert_eq!("0".parse(), Ok(TimeLimit(None)));
        assert_eq!("0s".parse(), Ok(TimeLimit(None)));
        assert_eq!("3s".parse(), Ok(TimeLimit(Some(Duration::from_secs(3)))));
    }

    #[test]
    fn waits_forever_by_word_and_by_minus_one() {
        assert_eq!("forever".parse(), Ok(Wait::Forever));
        assert_eq!("-1".parse(), Ok(Wait::Forever));
        assert_eq!("0".parse(), Ok(Wait::For(Duration::ZERO)));
    }

    #[test]
    fn reads_sizes_in_powers_of_1024() {
        assert_eq!("65536".parse(), Ok(Size(65536)));
        assert_eq!("64K".parse(), Ok(Size(65536)));
        assert_eq!("64KiB".parse(), Ok(Size(65536)));
        assert_eq!("2m".parse(), Ok(Size(2 << 20)));
        assert_eq!("1GiB".parse(), Ok(Size(1 << 30)));
    }

    #[test]
    fn refuses_ambiguous_empty_and_overflowing_sizes() {
        assert_eq!("64KB".parse::<Size>(), Err(ValueError::Size));
        assert_eq!("K".parse::<Size>(), Err(ValueError::Size));
        assert_eq!("-1".parse::<Size>(), Err(ValueError::Size));
        assert_eq!("0".parse::<Size>(), Err(ValueError::SizeZero));
        assert_eq!("16777215G".parse(), Ok(Size(16_777_215 << 30)));
        assert_eq!(
            "99999999999G".parse::<Size>(),
            Err(ValueError::SizeTooLarge)
        );
        assert_eq!(
            "99999999999999999999".parse::<Size>(),
            Err(ValueError::SizeTooLarge)
        );
    }

    #[test]
    fn splits_by_word_or_by_size() {
        assert_eq!("line".parse(), Ok(Split::Line));
        assert_eq!("nul".parse(), Ok(Split::Nul));
        assert_eq!("none".parse(), Ok(Split::Whole));
        assert_eq!("4K".parse(), Ok(Split::Size(4096)));
        assert_eq!("word".parse::<Split>(), Err(ValueError::Split));
    }

    #[test]
    fn recognises_a_url_where_a_count_belongs() {
        for text in [
            "wss://example.com",
            "example.com",
            ":8080/x",
            "10.0.0.1",
            "[::1]:80",
        ] {
            assert_eq!(text.parse::<Count>(), Err(ValueError::CountIsUrl), "{text}");
        }
        for text in ["0", "-3", "1.5", ""] {
            assert_eq!(text.parse::<Count>(), Err(ValueError::Count), "{text}");
        }
        assert_eq!("3".parse(), Ok(Count(3)));
    }

    #[test]
    fn accepts_only_status_codes_that_may_be_sent() {
        for code in [1000, 1003, 1007, 1014, 3000, 4999] {
            assert_eq!(close_code(&code.to_string()), Ok(CloseCode(code)));
        }
        for code in [
            "999", "1004", "1005", "1006", "1015", "2000", "5000", "x", "70000",
        ] {
            assert_eq!(close_code(code), Err(ValueError::CloseCode), "{code}");
        }
    }

    #[test]
    fn counts_a_close_reason_in_bytes() {
        assert!(close_reason(&"é".repeat(61)).is_ok());
        assert_eq!(
            close_reason(&"é".repeat(62)),
            Err(ValueError::CloseReason(124))
        );
    }

    #[test]
    fn an_at_sign_names_a_file_and_two_are_one() {
        assert_eq!("hi".parse(), Ok(Payload::Text("hi".into())));
        assert_eq!("".parse(), Ok(Payload::Text(String::new())));
        assert_eq!("@a.json".parse(), Ok(Payload::File("a.json".into())));
        assert_eq!("@@all".parse(), Ok(Payload::Text("@all".into())));
        assert_eq!("@".parse::<Payload>(), Err(ValueError::NoFileName));
    }

    #[test]
    fn reads_every_form_of_listen_address() {
        for (text, host, port) in [
            ("9001", "127.0.0.1", 9001),
            (":9001", "127.0.0.1", 9001),
            ("0", "127.0.0.1", 0),
            ("0.0.0.0:80", "0.0.0.0", 80),
            ("localhost:1", "localhost", 1),
            ("[::1]:9001", "::1", 9001),
        ] {
            let host = host.to_owned();
            assert_eq!(listen_address(text), Ok(Address { host, port }), "{text}");
        }
    }

    #[test]
    fn refuses_listen_addresses_that_could_mean_anything() {
        for text in [
            "",
            "localhost",
            "::1:80",
            "[::1",
            "[x]:1",
            "ws://a:1",
            "a b:1",
        ] {
            assert_eq!(listen_address(text), Err(ValueError::ListenAddr), "{text}");
        }
        for (text, port) in [("99999", "99999"), ("a:b", "b"), ("a:", ""), ("a:+1", "+1")] {
            assert_eq!(
                listen_address(text),
                Err(ValueError::ListenPort(port.into())),
                "{text}"
            );
        }
    }
}
