//! `PowerShell`: a curl command in its quotes, and the `Invoke-WebRequest` that browsers copy.

use std::iter::Peekable;
use std::str::Chars;
use std::vec::IntoIter;

use super::CurlError;
use super::quote::QuoteError;

/// Whether `text` is for `PowerShell`: a script with its own commands, or a line that a backtick continues.
pub(super) fn is_powershell(text: &str) -> bool {
    let text = text.trim_start();
    let first = text.split(char::is_whitespace).next().unwrap_or_default();
    is_request(first)
        || first.starts_with("$session")
        || ["`\n", "`\r\n"].iter().any(|it| text.contains(it))
}

/// Turns `text` into the words of a curl command.
pub(super) fn split(text: &str) -> Result<Vec<String>, CurlError> {
    let tokens = Lexer(text.chars().peekable()).tokens()?;
    let is_curl = matches!(tokens.first(), Some(Token::Bare(first)) if matches!(first.as_str(), "curl" | "curl.exe"));
    if is_curl {
        Ok(words(tokens))
    } else {
        Request::default().read(tokens)
    }
}

/// The command, and its aliases.
fn is_request(word: &str) -> bool {
    let known = ["Invoke-WebRequest", "Invoke-RestMethod", "iwr", "irm"];
    known.iter().any(|it| it.eq_ignore_ascii_case(word))
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    Bare(String),
    Quoted(String),
    /// `(`, `)`, `{`, `}`, `=`, `,` or `;`.
    Sign(char),
    Space,
}

const SIGNS: &str = "(){}=,;";

struct Lexer<'a>(Peekable<Chars<'a>>);

impl Lexer<'_> {
    fn tokens(mut self) -> Result<Vec<Token>, QuoteError> {
        let mut tokens = Vec::new();
        while let Some(c) = self.0.next() {
            tokens.push(match c {
                '\'' => Token::Quoted(self.single()?),
                '"' => Token::Quoted(self.double()?),
                '`' => match self.continued()? {
                    Some(c) => Token::Bare(c.to_string()),
                    None => Token::Space,
                },
                _ if c.is_whitespace() => Token::Space,
                _ if SIGNS.contains(c) => Token::Sign(c),
                _ => Token::Bare(self.bare(c)),
            });
        }
        Ok(tokens)
    }

    fn bare(&mut self, first: char) -> String {
        let mut word = String::from(first);
        let goes_on = |c: &char| !c.is_whitespace() && !SIGNS.contains(*c) && !"'\"`".contains(*c);
        while let Some(c) = self.0.next_if(goes_on) {
            word.push(c);
        }
        word
    }

    /// A backtick outside of quotes: `None` if it continues the line.
    fn continued(&mut self) -> Result<Option<char>, QuoteError> {
        let mut next = self.0.next().ok_or(QuoteError::Unfinished)?;
        if next == '\r' && self.0.next_if_eq(&'\n').is_some() {
            next = '\n';
        }
        if next != '\n' {
            return Ok(Some(next));
        }
        // At a terminal the rest of the line is still to come.
        match self.0.peek() {
            Some(_) => Ok(None),
            None => Err(QuoteError::Unfinished),
        }
    }

    fn single(&mut self) -> Result<String, QuoteError> {
        let mut text = String::new();
        loop {
            match self.0.next().ok_or(QuoteError::Unfinished)? {
                '\'' if self.0.next_if_eq(&'\'').is_none() => return Ok(text),
                c => text.push(c),
            }
        }
    }

    fn double(&mut self) -> Result<String, QuoteError> {
        let mut text = String::new();
        loop {
            match self.0.next().ok_or(QuoteError::Unfinished)? {
                '"' if self.0.next_if_eq(&'"').is_none() => return Ok(text),
                '`' => text.push(escaped(self.0.next().ok_or(QuoteError::Unfinished)?)),
                '$' => self.expression(&mut text),
                c => text.push(c),
            }
        }
    }

    /// `$([char]34)`, in which browsers write a character; any other `$` is itself.
    fn expression(&mut self, text: &mut String) {
        const START: &str = "([char]";
        let rest: String = self.0.clone().take(START.len()).collect();
        let number: String = self
            .0
            .clone()
            .skip(START.len())
            .take_while(|c| *c != ')')
            .take(9)
            .collect();
        let code = match number.strip_prefix("0x") {
            Some(hex) => u32::from_str_radix(hex, 16),
            None => number.parse(),
        };
        match code.ok().and_then(char::from_u32) {
            Some(c) if rest == START => {
                text.push(c);
                self.0.nth(START.len() + number.len());
            }
            _ => text.push('$'),
        }
    }
}

/// The character that a backtick and `c` stand for within double quotes.
fn escaped(c: char) -> char {
    match c {
        '0' => '\0',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        c => c,
    }
}

/// The words of a curl command: what no space separates is one of them.
fn words(tokens: Vec<Token>) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    for token in tokens {
        match token {
            Token::Space => words.extend(word.take()),
            Token::Bare(text) | Token::Quoted(text) => word.get_or_insert_default().push_str(&text),
            Token::Sign(sign) => word.get_or_insert_default().push(sign),
        }
    }
    words.extend(word);
    words
}

/// A request as the words of a curl command.
#[derive(Debug, Default)]
struct Request {
    words: Vec<String>,
    cookies: Vec<String>,
    is_sent: bool,
}

type Tokens = Peekable<IntoIter<Token>>;

impl Request {
    fn read(mut self, tokens: Vec<Token>) -> Result<Vec<String>, CurlError> {
        let tokens = tokens.into_iter().filter(|token| *token != Token::Space);
        let mut tokens = tokens.collect::<Vec<_>>().into_iter().peekable();
        while let Some(token) = tokens.next() {
            match token {
                Token::Bare(word) if is_request(&word) => self.is_sent = true,
                Token::Bare(word) if ends_with(&word, ".UserAgent") => {
                    tokens.next_if_eq(&Token::Sign('='));
                    self.option("-A", text(&mut tokens)?);
                }
                Token::Bare(word) if ends_with(&word, "Net.Cookie") => self.cookie(&mut tokens)?,
                Token::Bare(word) if self.is_sent && word.starts_with('-') => {
                    self.parameter(&word, &mut tokens)?;
                }
                Token::Bare(url) | Token::Quoted(url) if self.is_sent => self.words.push(url),
                _ => {}
            }
        }
        if !self.is_sent {
            // The statements before the command come first.
            return Err(QuoteError::Unfinished.into());
        }
        if !self.cookies.is_empty() {
            let cookies = self.cookies.join("; ");
            self.option("-b", cookies);
        }
        Ok([vec!["curl".to_owned()], self.words].concat())
    }

    fn option(&mut self, name: &str, value: String) {
        self.words.extend([name.to_owned(), value]);
    }

    /// `("name", "value", "/", "host")`.
    fn cookie(&mut self, tokens: &mut Tokens) -> Result<(), QuoteError> {
        tokens.next_if_eq(&Token::Sign('('));
        let name = text(tokens)?;
        tokens.next_if_eq(&Token::Sign(','));
        let value = text(tokens)?;
        self.cookies.push(format!("{name}={value}"));
        while tokens.next().ok_or(QuoteError::Unfinished)? != Token::Sign(')') {}
        Ok(())
    }

    fn parameter(&mut self, name: &str, tokens: &mut Tokens) -> Result<(), CurlError> {
        let option = match name.to_ascii_lowercase().as_str() {
            "-headers" => return Ok(self.headers(tokens)?),
            "-usebasicparsing" => return Ok(()),
            "-skipcertificatecheck" => {
                self.words.push("--insecure".to_owned());
                return Ok(());
            }
            "-websession" | "-sessionvariable" => {
                text(tokens)?;
                return Ok(());
            }
            "-contenttype" => {
                let value = text(tokens)?;
                self.option("-H", format!("Content-Type: {value}"));
                return Ok(());
            }
            "-uri" => "--url",
            "-method" => "--request",
            "-useragent" => "--user-agent",
            "-body" => "--data",
            "-proxy" => "--proxy",
            _ => return Err(CurlError::Unknown(name.to_owned())),
        };
        self.option(option, text(tokens)?);
        Ok(())
    }

    /// `@{ "name"="value" … }`.
    fn headers(&mut self, tokens: &mut Tokens) -> Result<(), QuoteError> {
        tokens.next_if_eq(&Token::Bare("@".to_owned()));
        tokens.next_if_eq(&Token::Sign('{'));
        loop {
            match tokens.peek().ok_or(QuoteError::Unfinished)? {
                Token::Sign('}') => {
                    tokens.next();
                    return Ok(());
                }
                Token::Sign(_) | Token::Space => {
                    tokens.next();
                }
                Token::Bare(_) | Token::Quoted(_) => {
                    let name = text(tokens)?;
                    tokens.next_if_eq(&Token::Sign('='));
                    let value = text(tokens)?;
                    // Parts of the request line in HTTP/2, which browsers list among the fields.
                    if !["method", "authority", "path", "scheme"].contains(&name.as_str()) {
                        self.option("-H", format!("{name}: {value}"));
                    }
                }
            }
        }
    }
}

fn ends_with(word: &str, end: &str) -> bool {
    let at = word.len().checked_sub(end.len());
    at.and_then(|at| word.get(at..))
        .is_some_and(|it| it.eq_ignore_ascii_case(end))
}

fn text(tokens: &mut Tokens) -> Result<String, QuoteError> {
    match tokens.next() {
        Some(Token::Bare(text) | Token::Quoted(text)) => Ok(text),
        _ => Err(QuoteError::Unfinished),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COPIED: &str = r#"$session = New-Object Microsoft.PowerShell.Commands.WebRequestSession
$session.UserAgent = "Mozilla/5.0 (X11) `"a`""
$session.Cookies.Add((New-Object System.Net.Cookie("sid", "a`$b", "/", "h.example")))
$session.Cookies.Add((New-Object System.Net.Cookie("t", "$([char]34)x$([char]0x22)", "/", "h.example")))
Invoke-WebRequest -UseBasicParsing -Uri "wss://h.example/chat?a=1&b=2" `
-WebSession $session `
-Headers @{
"authority"="h.example"
  "Origin"="https://h.example"
  "X-Quote"='it''s'
}
"#;

    #[test]
    fn reads_what_browsers_copy_as_powershell() {
        for text in [COPIED.to_owned(), COPIED.replace('\n', "\r\n")] {
            assert!(is_powershell(&text));
            let expected = [
                "curl",
                "-A",
                "Mozilla/5.0 (X11) \"a\"",
                "--url",
                "wss://h.example/chat?a=1&b=2",
                "-H",
                "Origin: https://h.example",
                "-H",
                "X-Quote: it's",
                "-b",
                "sid=a$b; t=\"x\"",
            ];
            assert_eq!(split(&text).unwrap(), expected);
        }
    }

    #[test]
    fn every_beginning_of_a_script_asks_for_the_rest() {
        let ends = COPIED.match_indices('\n').map(|(at, _)| at + 1);
        for end in ends.filter(|end| *end < COPIED.len()) {
            let error = split(&COPIED[..end]).unwrap_err();
            assert_eq!(error, QuoteError::Unfinished.into(), "{}", &COPIED[..end]);
        }
    }

    #[test]
    fn splits_a_curl_command_in_the_quotes_of_powershell() {
        let text = "curl.exe 'wss://h/?a=1' `\n  -H \"X: `\"a`\", 'b'\" `\n  -k --compressed=x";
        assert!(is_powershell(text));
        let expected = [
            "curl.exe",
            "wss://h/?a=1",
            "-H",
            "X: \"a\", 'b'",
            "-k",
            "--compressed=x",
        ];
        assert_eq!(split(text).unwrap(), expected);
        assert!(!is_powershell("curl 'wss://h' -H 'X: `a`'"));
    }

    #[test]
    fn a_parameter_that_curl_has_no_option_for_is_named() {
        let error = split("iwr wss://h/ -Certificate x").unwrap_err();
        assert_eq!(error, CurlError::Unknown("-Certificate".to_owned()));
        let words = split("irm -Method 'POST' -Body \"a\" -ContentType b wss://h/").unwrap();
        let expected = [
            "curl",
            "--request",
            "POST",
            "--data",
            "a",
            "-H",
            "Content-Type: b",
            "wss://h/",
        ];
        assert_eq!(words, expected);
    }
}
