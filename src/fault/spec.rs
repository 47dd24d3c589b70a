//! Faults as they are written: `cut in message 5 on connection 2`.

use std::fmt::{self, Display};
use std::str::FromStr;
use std::time::Duration;

use url::Url;

use super::kind::{After, Chance, Change, How, Kind};
use super::words::{SpecError, Words};
use crate::duration;
use crate::event::Side;
use crate::proto::frame::CloseCode;
use crate::proto::http2::frame::ErrorCode;
use crate::size;

/// A fault, and the connection that it strikes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    pub kind: Kind,
    /// The only connection that it strikes, counted from 1; `None` for every connection.
    pub connection: Option<u64>,
    /// The end whose messages it strikes, on a way from one end to the other.
    pub side: Option<Side>,
}

/// First words, and how they go on.
const FORMS: [(&str, &str); 27] = [
    ("refuse", "refuse N [STATUS] [retry-after S]"),
    ("mute", "mute"),
    ("late", "late TIME"),
    ("wrong-accept", "wrong-accept"),
    ("wrong-subprotocol", "wrong-subprotocol"),
    ("redirect", "redirect URL"),
    ("http2-refuse", "http2-refuse [STATUS]"),
    ("http2-reset", "http2-reset [CODE]"),
    ("http2-no-streams", "http2-no-streams"),
    ("fin", "fin after N messages|N bytes|TIME"),
    ("rst", "rst after N messages|N bytes|TIME"),
    ("close", "close CODE after N messages|N bytes|TIME"),
    ("cut", "cut in message N"),
    ("silent", "silent after N messages|TIME"),
    ("no-close", "no-close"),
    ("no-pong", "no-pong"),
    ("no-read", "no-read"),
    ("latency", "latency TIME[±TIME]"),
    ("bandwidth", "bandwidth SIZE/s"),
    ("one-byte", "one-byte"),
    ("drop", "drop P%"),
    ("duplicate", "duplicate P%"),
    ("reorder", "reorder P%"),
    ("corrupt", "corrupt P%"),
    ("truncate", "truncate P%"),
    ("bad-utf8", "bad-utf8 P%"),
    ("fragments", "fragments"),
];

/// The first words of all faults.
pub fn names() -> impl Iterator<Item = &'static str> {
    FORMS.into_iter().map(|(name, _)| name)
}

impl FromStr for Fault {
    type Err = SpecError;

    fn from_str(text: &str) -> Result<Self, SpecError> {
        let mut words = Words::new(text);
        let side = [Side::Client, Side::Server]
            .into_iter()
            .find(|side| words.accept(side.name()));
        let name = words.take("the fault", "write one such as fin after 5 messages")?;
        let Some((_, form)) = FORMS.into_iter().find(|(known, _)| *known == name) else {
            return Err(words.wrong("is not a fault", &unknown(name)));
        };
        words.form = form;
        let place = words.place();
        let kind = kind(name, &mut words)?;
        if side.is_some() && kind.is_of_opening() {
            let hint = format!("write {name} without client or server");
            return Err(place.wrong("strikes before there is a direction", &hint));
        }
        let connection = words
            .accept("on")
            .then(|| {
                words.expect("connection")?;
                words.number("the number of the connection", 1)
            })
            .transpose()?;
        if let (Kind::Refuse { first: 2.., .. }, Some(_)) = (&kind, connection) {
            let hint = "write refuse 1 … on connection N for one connection";
            return Err(words.wrong("does not go with a count above 1", hint));
        }
        words.end()?;
        Ok(Self {
            kind,
            connection,
            side,
        })
    }
}

fn unknown(name: &str) -> String {
    let near = |known: &&str| strsim::osa_distance(name, known) <= 2;
    let nearest = names()
        .filter(near)
        .min_by_key(|it| strsim::osa_distance(name, it));
    match nearest {
        Some(nearest) => format!("did you mean {nearest}?"),
        None => format!("the faults are {}", names().collect::<Vec<_>>().join(", ")),
    }
}

fn kind(name: &str, words: &mut Words<'_>) -> Result<Kind, SpecError> {
    Ok(match name {
        "refuse" => return refuse(words),
        "mute" => Kind::Mute,
        "late" => Kind::Late(time(words)?),
        "wrong-accept" => Kind::WrongAccept,
        "wrong-subprotocol" => Kind::WrongSubprotocol,
        "redirect" => Kind::Redirect(location(words)?),
        "http2-refuse" => Kind::Http2Refuse(status(words, 502)?),
        "http2-reset" => Kind::Http2Reset(error_code(words)?),
        "http2-no-streams" => Kind::Http2NoStreams,
        "fin" => end(How::Fin, words)?,
        "rst" => end(How::Rst, words)?,
        "close" => end(How::Close(close_code(words)?), words)?,
        "cut" => {
            words.expect("in")?;
            words.expect("message")?;
            let message = words.number("the number of the message", 1)?;
            Kind::Cut { message }
        }
        "silent" => match after(words)? {
            After::Bytes(_) => {
                return Err(words.wrong("does not silence", &words.write()));
            }
            after => Kind::Silent(after),
        },
        "no-close" => Kind::NoClose,
        "no-pong" => Kind::NoPong,
        "no-read" => Kind::NoRead,
        "latency" => return latency(words),
        "bandwidth" => Kind::Bandwidth(rate(words)?),
        "one-byte" => Kind::OneByte,
        "drop" => change(Change::Drop, words)?,
        "duplicate" => change(Change::Duplicate, words)?,
        "reorder" => change(Change::Reorder, words)?,
        "corrupt" => change(Change::Corrupt, words)?,
        "truncate" => change(Change::Truncate, words)?,
        "bad-utf8" => change(Change::BadUtf8, words)?,
        _ => Kind::Fragments,
    })
}

fn refuse(words: &mut Words<'_>) -> Result<Kind, SpecError> {
    let first = words.number("the number of connections", 1)?;
    let status = status(words, 503)?;
    let retry_after = words
        .accept("retry-after")
        .then(|| {
            let word = words.take("the number of seconds", &words.write())?;
            let seconds = word.strip_suffix('s').unwrap_or(word).parse().ok();
            seconds.ok_or_else(|| words.wrong("is not a whole number of seconds", &words.write()))
        })
        .transpose()?;
    Ok(Kind::Refuse {
        first,
        status,
        retry_after,
    })
}

/// The status that comes next, or else the usual one.
fn status(words: &mut Words<'_>, usual: u16) -> Result<u16, SpecError> {
    if matches!(words.peek(), None | Some("retry-after" | "on")) {
        return Ok(usual);
    }
    let status = words.take("the status", "")?.parse().ok();
    let refuses = status.filter(|status| (400..=599).contains(status));
    refuses.ok_or_else(|| words.wrong("does not refuse", "write a status from 400 to 599"))
}

fn error_code(words: &mut Words<'_>) -> Result<ErrorCode, SpecError> {
    if words.peek().is_none_or(|word| word == "on") {
        return Ok(ErrorCode::PROTOCOL_ERROR);
    }
    let code = ErrorCode::named(words.take("the code", "")?);
    code.ok_or_else(|| {
        let hint = "write a name such as PROTOCOL_ERROR or REFUSED_STREAM (RFC 9113 §7)";
        words.wrong("is not an error code of HTTP/2", hint)
    })
}

fn end(how: How, words: &mut Words<'_>) -> Result<Kind, SpecError> {
    let after = after(words)?;
    Ok(Kind::End { how, after })
}

fn after(words: &mut Words<'_>) -> Result<After, SpecError> {
    words.expect("after")?;
    let word = words.take("the moment", &words.write())?;
    let Ok(number) = word.parse() else {
        return Ok(After::Time(parsed_time(word, words)?));
    };
    let place = words.place();
    for (units, after) in [
        (["message", "messages"], After::Messages(number)),
        (["byte", "bytes"], After::Bytes(number)),
    ] {
        if units.iter().any(|unit| words.accept(unit)) {
            return Ok(after);
        }
    }
    let hint = format!("write {word} messages, {word} bytes or {word}s");
    Err(place.wrong("has no unit", &hint))
}

fn close_code(words: &mut Words<'_>) -> Result<CloseCode, SpecError> {
    let code = words.take("the status code", &words.write())?.parse();
    let code = code.ok().map(CloseCode);
    code.filter(|code| code.is_allowed_on_wire())
        .ok_or_else(|| {
            let hint = "write 1000-1003, 1007-1014 or 3000-4999 (RFC 6455 §7.4)";
            words.wrong("is not a status code that may be sent", hint)
        })
}

fn time(words: &mut Words<'_>) -> Result<Duration, SpecError> {
    let word = words.take("the time", &words.write())?;
    parsed_time(word, words)
}

fn parsed_time(word: &str, words: &Words<'_>) -> Result<Duration, SpecError> {
    let hint = "write 500ms, 2s, 1m or 1m30s";
    duration::parse(word).map_err(|_| words.wrong("is not a time", hint))
}

fn latency(words: &mut Words<'_>) -> Result<Kind, SpecError> {
    let word = words.take("the time", &words.write())?;
    // Not every keyboard has ±.
    let parts = word.split_once('±').or_else(|| word.split_once("+-"));
    let (latency, jitter) = match parts {
        None => (parsed_time(word, words)?, Duration::ZERO),
        Some((latency, jitter)) => (parsed_time(latency, words)?, parsed_time(jitter, words)?),
    };
    if jitter > latency {
        return Err(words.wrong("varies by more than itself", "write 100ms±50ms"));
    }
    Ok(Kind::Latency { latency, jitter })
}

fn rate(words: &mut Words<'_>) -> Result<u64, SpecError> {
    let word = words.take("the rate", &words.write())?;
    let rate = word.strip_suffix("/s").and_then(|it| size::parse(it).ok());
    rate.ok_or_else(|| words.wrong("is not a rate", "write 64K/s, 1M/s or 300/s"))
}

fn change(change: Change, words: &mut Words<'_>) -> Result<Kind, SpecError> {
    let word = words.take("the share of messages", &words.write())?;
    let percent = word.strip_suffix('%').and_then(|it| it.parse::<f64>().ok());
    let millionths = percent.map(|percent| (percent * 1e4).round());
    match millionths.filter(|it| (1.0..=1e6).contains(it)) {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "between 1 and 1e6"
        )]
        Some(millionths) => Ok(Kind::Change {
            change,
            chance: Chance(millionths as u32),
        }),
        None => Err(words.wrong("is not a share", "write a percentage up to 100, such as 5%")),
    }
}

fn location(words: &mut Words<'_>) -> Result<String, SpecError> {
    let word = words.take("the URL", &words.write())?;
    let is_url = |url: Url| matches!(url.scheme(), "ws" | "wss" | "http" | "https");
    let leads = word.starts_with('/') || Url::parse(word).is_ok_and(is_url);
    if leads && word.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Ok(word.to_owned());
    }
    Err(words.wrong("is not a URL in ASCII", "write ws://HOST/PATH or /PATH"))
}

impl Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(side) = self.side {
            write!(f, "{} ", side.name())?;
        }
        write!(f, "{}", self.kind)?;
        match self.connection {
            Some(number) => write!(f, " on connection {number}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_are_shown_as_they_are_written() {
        for text in [
            "refuse 3 503",
            "refuse 1 429 retry-after 2 on connection 4",
            "mute on connection 2",
            "late 1m30s",
            "wrong-accept",
            "wrong-subprotocol",
            "redirect ws://127.0.0.1:9/x",
            "redirect /other",
            "http2-refuse 502",
            "http2-reset CANCEL on connection 2",
            "http2-no-streams",
            "fin after 5 messages",
            "rst after 1 byte",
            "close 1001 after 2s",
            "close 4000 after 0 messages on connection 1",
            "cut in message 5",
            "silent after 1 message",
            "silent after 500ms",
            "no-close",
            "no-pong",
            "no-read",
            "latency 100ms",
            "latency 100ms±20ms",
            "bandwidth 65536/s",
            "one-byte",
            "drop 5%",
            "duplicate 0.5%",
            "reorder 100%",
            "corrupt 0.0001%",
            "truncate 33.3%",
            "bad-utf8 1%",
            "fragments on connection 9",
            "server latency 200ms",
            "client drop 5% on connection 2",
        ] {
            let fault: Fault = text
                .parse()
                .unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(fault.to_string(), text);
        }
    }

    #[test]
    fn short_forms_mean_the_long_ones() {
        for (short, long) in [
            ("refuse 3", "refuse 3 503"),
            ("refuse 1 retry-after 3s", "refuse 1 503 retry-after 3"),
            ("refuse 1 on connection 3", "refuse 1 503 on connection 3"),
            ("latency 100ms+-20ms", "latency 100ms±20ms"),
            ("bandwidth 64K/s", "bandwidth 65536/s"),
            ("  fin   after 1   messages ", "fin after 1 message"),
        ] {
            let fault: Fault = short
                .parse()
                .unwrap_or_else(|error| panic!("{short}: {error}"));
            assert_eq!(fault.to_string(), long);
        }
    }

    #[test]
    fn mistakes_name_the_word_the_place_and_what_to_write() {
        for (text, message) in [
            (
                "",
                "the fault is missing; write one such as fin after 5 messages",
            ),
            (
                "drp 5%",
                "\"drp\" at character 1 is not a fault; did you mean drop?",
            ),
            (
                "fin aftr 5 messages",
                "\"aftr\" at character 5 is not \"after\"; write fin after N messages|N bytes|TIME",
            ),
            (
                "fin after 5",
                "\"5\" at character 11 has no unit; write 5 messages, 5 bytes or 5s",
            ),
            (
                "fin after 5 on connection 2",
                "\"5\" at character 11 has no unit; write 5 messages, 5 bytes or 5s",
            ),
            (
                "silent after 5 bytes",
                "\"bytes\" at character 16 does not silence; write silent after N messages|TIME",
            ),
            (
                "cut in message 0",
                "\"0\" at character 16 is not a number of 1 or more; write cut in message N",
            ),
            (
                "cut in",
                "\"message\" is missing at the end; write cut in message N",
            ),
            (
                "drop 5",
                "\"5\" at character 6 is not a share; write a percentage up to 100, such as 5%",
            ),
            (
                "drop 101%",
                "\"101%\" at character 6 is not a share; write a percentage up to 100, such as 5%",
            ),
            (
                "latency 10ms±20ms",
                "\"10ms±20ms\" at character 9 varies by more than itself; write 100ms±50ms",
            ),
            (
                "no-read please",
                "\"please\" at character 9 is too much; write no-read, or on connection N after it",
            ),
            (
                "refuse 2 on connection 3",
                "\"3\" at character 24 does not go with a count above 1; \
                 write refuse 1 … on connection N for one connection",
            ),
            (
                "refuse 1 302",
                "\"302\" at character 10 does not refuse; write a status from 400 to 599",
            ),
            (
                "redirect gopher://x",
                "\"gopher://x\" at character 10 is not a URL in ASCII; write ws://HOST/PATH or /PATH",
            ),
            (
                "close 1006 after 1s",
                "\"1006\" at character 7 is not a status code that may be sent; \
                 write 1000-1003, 1007-1014 or 3000-4999 (RFC 6455 §7.4)",
            ),
            (
                "client refuse 2",
                "\"refuse\" at character 8 strikes before there is a direction; \
                 write refuse without client or server",
            ),
            (
                "late \u{1b}[31m",
                "\"\\u{1b}[31m\" at character 6 is not a time; write 500ms, 2s, 1m or 1m30s",
            ),
        ] {
            let error = text.parse::<Fault>().expect_err(text);
            assert_eq!(error.to_string(), message, "{text}");
        }
    }

    #[test]
    fn a_mistake_in_a_longer_text_has_its_place_in_characters() {
        let error = "latency ±5 on".parse::<Fault>().unwrap_err();
        assert_eq!((error.at, error.width), (8, 2));
        let error = "latency 5s±1s on".parse::<Fault>().unwrap_err();
        assert_eq!((error.at, error.width), (16, 1));
    }
}
