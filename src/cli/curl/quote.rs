//! Splits a command line into words, like bash, or like cmd.exe and the C runtime.

use std::iter::Peekable;
use std::str::Chars;

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum QuoteError {
    /// It ends within quotes, or with a line continuation.
    #[error("the command is cut off within quotes, or after a \\, ^ or `; paste all of it")]
    Unfinished,
    #[error("another command follows '{0}'; paste a single curl command")]
    Goes(char),
    #[error("an escape in $'…' produces invalid UTF-8; write the text itself")]
    NotUtf8,
}

/// Splits `text` into words, without expanding variables and commands.
pub(super) fn split(text: &str) -> Result<Vec<String>, QuoteError> {
    if is_cmd(text) {
        Ok(c_runtime(&cmd(text)?)?)
    } else {
        posix(text)
    }
}

/// Whether carets quote: browsers write the first argument as `^"…^"`, and `^` at the end of a line.
fn is_cmd(text: &str) -> bool {
    let command = text.trim_start();
    let first = command.find(char::is_whitespace);
    let first = first.map_or("", |at| command[at..].trim_start());
    let has_caret = ["^\"", "^\n", "^\r"].iter().any(|it| text.contains(it));
    has_caret && !first.starts_with(['\'', '$'])
}

/// What ends a command in either shell.
const OPERATORS: &str = ";&|<>";

fn end_at(operator: char, rest: &str) -> Result<(), QuoteError> {
    let is_filler = |c: char| c.is_whitespace() || ";&".contains(c);
    if rest.trim_matches(is_filler).is_empty() {
        Ok(())
    } else {
        Err(QuoteError::Goes(operator))
    }
}

/// A word being read; a pair of quotes makes an empty one.
#[derive(Debug, Default)]
struct Words {
    done: Vec<String>,
    word: Option<Vec<u8>>,
}

impl Words {
    fn begin(&mut self) -> &mut Vec<u8> {
        self.word.get_or_insert_default()
    }

    fn push(&mut self, c: char) {
        let mut utf8 = [0; 4];
        let bytes = c.encode_utf8(&mut utf8).as_bytes();
        self.begin().extend_from_slice(bytes);
    }

    fn end(&mut self) -> Result<(), QuoteError> {
        if let Some(word) = self.word.take() {
            let word = String::from_utf8(word).map_err(|_| QuoteError::NotUtf8)?;
            self.done.push(word);
        }
        Ok(())
    }

    fn finish(mut self) -> Result<Vec<String>, QuoteError> {
        self.end()?;
        Ok(self.done)
    }
}

/// POSIX Shell Command Language §2.2 (quoting), and the `$'…'` of bash.
fn posix(text: &str) -> Result<Vec<String>, QuoteError> {
    let mut words = Words::default();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            _ if c.is_whitespace() => words.end()?,
            '\\' => backslash(&mut chars, &mut words)?,
            '\'' => single_quotes(&mut chars, &mut words)?,
            '"' => double_quotes(&mut chars, &mut words)?,
            '$' if chars.next_if_eq(&'\'').is_some() => dollar_quotes(&mut chars, &mut words)?,
            // An & within a word is part of an unquoted URL.
            _ if OPERATORS.contains(c)
                && (words.word.is_none() || chars.peek().is_none_or(|c| c.is_whitespace())) =>
            {
                let rest: String = chars.collect();
                end_at(c, &rest)?;
                return words.finish();
            }
            _ => words.push(c),
        }
    }
    words.finish()
}

type Input<'a> = Peekable<Chars<'a>>;

fn backslash(chars: &mut Input<'_>, words: &mut Words) -> Result<(), QuoteError> {
    match chars.next().ok_or(QuoteError::Unfinished)? {
        '\r' if chars.peek() == Some(&'\n') => {
            chars.next();
            chars.peek().map(|_| ()).ok_or(QuoteError::Unfinished)
        }
        '\n' => chars.peek().map(|_| ()).ok_or(QuoteError::Unfinished),
        c => {
            words.push(c);
            Ok(())
        }
    }
}

fn single_quotes(chars: &mut Input<'_>, words: &mut Words) -> Result<(), QuoteError> {
    words.begin();
    loop {
        match chars.next().ok_or(QuoteError::Unfinished)? {
            '\'' => return Ok(()),
            c => words.push(c),
        }
    }
}

fn double_quotes(chars: &mut Input<'_>, words: &mut Words) -> Result<(), QuoteError> {
    words.begin();
    loop {
        match chars.next().ok_or(QuoteError::Unfinished)? {
            '"' => return Ok(()),
            '\\' => match chars.next().ok_or(QuoteError::Unfinished)? {
                '\n' => {}
                c @ ('$' | '`' | '"' | '\\') => words.push(c),
                c => {
                    words.push('\\');
                    words.push(c);
                }
            },
            c => words.push(c),
        }
    }
}

/// ANSI-C quoting, which Chrome uses for special characters.
fn dollar_quotes(chars: &mut Input<'_>, words: &mut Words) -> Result<(), QuoteError> {
    words.begin();
    loop {
        match chars.next().ok_or(QuoteError::Unfinished)? {
            '\'' => return Ok(()),
            '\\' => escape(chars, words)?,
            c => words.push(c),
        }
    }
}

fn escape(chars: &mut Input<'_>, words: &mut Words) -> Result<(), QuoteError> {
    let c = chars.next().ok_or(QuoteError::Unfinished)?;
    match c {
        'n' => words.push('\n'),
        't' => words.push('\t'),
        'r' => words.push('\r'),
        'a' => words.push('\x07'),
        'b' => words.push('\x08'),
        'e' | 'E' => words.push('\x1b'),
        'f' => words.push('\x0c'),
        'v' => words.push('\x0b'),
        '\\' | '\'' | '"' | '?' => words.push(c),
        'u' => {
            let unit = digits(chars, 16, 4);
            words.push(code_point(unit, chars).ok_or(QuoteError::NotUtf8)?);
        }
        'U' => {
            let unit = digits(chars, 16, 8);
            words.push(char::from_u32(unit).ok_or(QuoteError::NotUtf8)?);
        }
        'x' => byte(digits(chars, 16, 2), words),
        '0'..='7' => {
            let first = c.to_digit(8).unwrap_or_default();
            let length = chars.clone().take(2).take_while(|c| c.is_digit(8)).count();
            let factor = 8_u32.pow(u32::try_from(length).unwrap_or_default());
            byte(first * factor + digits(chars, 8, length), words);
        }
        _ => {
            words.push('\\');
            words.push(c);
        }
    }
    Ok(())
}

/// Chrome writes a character outside the basic plane as two surrogates, as in JavaScript.
fn code_point(unit: u32, chars: &mut Input<'_>) -> Option<char> {
    if !(0xd800..0xdc00).contains(&unit) {
        return char::from_u32(unit);
    }
    let is_pair = chars.next_if_eq(&'\\').is_some() && chars.next_if_eq(&'u').is_some();
    let low = digits(chars, 16, 4);
    if !is_pair || !(0xdc00..0xe000).contains(&low) {
        return None;
    }
    char::from_u32(0x1_0000 + ((unit - 0xd800) << 10) + (low - 0xdc00))
}

fn byte(value: u32, words: &mut Words) {
    // Like bash, keep the low eight bits of \777.
    words.begin().push(value.to_le_bytes()[0]);
}

fn digits(chars: &mut Input<'_>, radix: u32, most: usize) -> u32 {
    let mut value = 0;
    for _ in 0..most {
        let Some(digit) = chars.peek().and_then(|c| c.to_digit(radix)) else {
            break;
        };
        value = value * radix + digit;
        chars.next();
    }
    value
}

/// cmd.exe removes carets, and leaves quotes to the program.
fn cmd(text: &str) -> Result<String, QuoteError> {
    let mut out = String::with_capacity(text.len());
    let mut in_quotes = false;
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '"' => {
                in_quotes = !in_quotes;
                out.push(c);
            }
            '^' if !in_quotes => caret(&mut chars, &mut out)?,
            _ if !in_quotes && OPERATORS.contains(c) && c != ';' => {
                end_at(c, chars.as_str())?;
                return Ok(out);
            }
            _ => out.push(c),
        }
    }
    Ok(out)
}

/// A caret escapes the next character; at the end of a line, the first of the next line.
fn caret(chars: &mut Chars<'_>, out: &mut String) -> Result<(), QuoteError> {
    let mut next = chars.next().ok_or(QuoteError::Unfinished)?;
    if next == '\r' && chars.as_str().starts_with('\n') {
        chars.next();
        next = '\n';
    }
    if next == '\n' {
        next = chars.next().ok_or(QuoteError::Unfinished)?;
    }
    out.push(next);
    Ok(())
}

/// Splits a line into arguments like the Microsoft C runtime.
fn c_runtime(line: &str) -> Result<Vec<String>, QuoteError> {
    let mut words = Words::default();
    let mut in_quotes = false;
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\\' => backslashes(&mut chars, &mut words),
            // A doubled quote within quotes is a quote.
            '"' if in_quotes && chars.next_if_eq(&'"').is_some() => words.push('"'),
            '"' => {
                in_quotes = !in_quotes;
                words.begin();
            }
            _ if c.is_whitespace() && !in_quotes => words.end()?,
            _ => words.push(c),
        }
    }
    if in_quotes {
        return Err(QuoteError::Unfinished);
    }
    words.finish()
}

/// Backslashes are literal, except before a quote: there they are halved, and an odd one escapes the quote.
fn backslashes(chars: &mut Input<'_>, words: &mut Words) {
    let mut count = 1;
    while chars.next_if_eq(&'\\').is_some() {
        count += 1;
    }
    let (kept, quote) = match chars.peek() {
        Some('"') => (count / 2, count % 2 == 1),
        _ => (count, false),
    };
    for _ in 0..kept {
        words.push('\\');
    }
    if quote {
        chars.next();
        words.push('"');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn assert_words(text: &str, expected: &[&str]) {
        assert_eq!(split(text).as_deref(), Ok(&*strings(expected)), "{text}");
    }

    fn strings(words: &[&str]) -> Vec<String> {
        words.iter().map(|&word| word.to_owned()).collect()
    }

    #[test]
    fn quotes_as_bash_does() {
        assert_words(
            "curl 'a b'  -H \"c: \\\"d\\\" \\x\"",
            &["curl", "a b", "-H", "c: \"d\" \\x"],
        );
        assert_words("curl 'it'\\''s' ''", &["curl", "it's", ""]);
        assert_words("curl \\\n  'a' \\\r\n  -k\n", &["curl", "a", "-k"]);
        assert_words("a\\ b", &["a b"]);
        assert_words(
            "curl http://h/?a=1&b=2 -k",
            &["curl", "http://h/?a=1&b=2", "-k"],
        );
        assert_words("'$HOME' \"$HOME\" `x`", &["$HOME", "$HOME", "`x`"]);
    }

    #[test]
    fn reads_the_escapes_of_dollar_quotes() {
        assert_words(r"$'a\'b\u0021\x41\101\n\\'", &["a'b!AA\n\\"]);
        assert_words(
            r"$'\xc3\xa9 \u00e9 \ud83d\ude00 \U0001F600'",
            &["é é 😀 😀"],
        );
        assert_words(r"$'\0\z'", &["\0\\z"]);
        assert_eq!(split(r"$'\xff'"), Err(QuoteError::NotUtf8));
        assert_eq!(split(r"$'\ud83d'"), Err(QuoteError::NotUtf8));
    }

    #[test]
    fn quotes_as_cmd_does_under_chrome() {
        assert_words(
            "curl ^\"wss://h/?a=1^&b=^%^20c^\" ^\r\n  -H ^\"Cookie: a=^\\^\"b^\\^\"; c=1^\" ^\r\n  --compressed",
            &[
                "curl",
                "wss://h/?a=1&b=%20c",
                "-H",
                "Cookie: a=\"b\"; c=1",
                "--compressed",
            ],
        );
        assert_words("curl ^\"a^\n\nb^\"", &["curl", "a\nb"]);
        assert_words(
            "curl ^\"a^\\^\\b^\" ^\"c^\\^\\^\"",
            &["curl", "a\\\\b", "c\\"],
        );
    }

    #[test]
    fn quotes_as_cmd_does_under_firefox() {
        assert_words(
            "curl ^\"wss://h/^\" -H ^\"X: {\"\"a\"\":^[1^]}^\"",
            &["curl", "wss://h/", "-H", "X: {\"a\":[1]}"],
        );
        assert_words(
            "curl \"wss://h/?a^b\" ^\n -H \"X: 100%\"",
            &["curl", "wss://h/?a^b", "-H", "X: 100%"],
        );
    }

    #[test]
    fn a_caret_in_single_quotes_is_a_caret() {
        assert_words(
            "curl 'wss://h' -H 'X: ^\"a^\"'",
            &["curl", "wss://h", "-H", "X: ^\"a^\""],
        );
    }

    #[test]
    fn reports_a_command_that_is_cut_off() {
        for text in [
            "curl 'a",
            "curl \"a",
            "curl $'a",
            "curl a \\",
            "curl a \\\n",
            "curl ^\"a",
            "curl ^\"a^\" ^",
            "curl ^\"a^\" ^\r\n",
        ] {
            assert_eq!(split(text), Err(QuoteError::Unfinished), "{text:?}");
        }
    }

    #[test]
    fn takes_one_command_only() {
        assert_words("curl 'a' ;\n", &["curl", "a"]);
        assert_words("curl 'a' &", &["curl", "a"]);
        assert_words("curl 'a';", &["curl", "a"]);
        assert_eq!(split("curl 'a' ;\ncurl 'b'"), Err(QuoteError::Goes(';')));
        assert_eq!(split("curl 'a' | jq ."), Err(QuoteError::Goes('|')));
        assert_eq!(
            split("curl ^\"a^\" &\r\ncurl ^\"b^\""),
            Err(QuoteError::Goes('&'))
        );
    }
}
