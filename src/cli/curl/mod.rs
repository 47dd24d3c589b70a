//! `wsee curl`: translates a curl command, as copied by browsers, to wsee's flags.

mod field;
mod option;
mod powershell;
mod quote;

use std::ffi::OsString;

use clap::{ArgAction, Args, Command};

use field::Field;
use option::{Known, Meaning, by_long, by_short};
use powershell::is_powershell;
pub use quote::QuoteError;

/// Connect as a pasted curl command would; for "Copy as cURL" in a browser
///
/// Type 'wsee curl ' and paste what the browser copied (bash), with or without the word curl:
///
/// wsee curl 'wss://example.com/chat' -H 'Origin: https://example.com' -b 'session=1'
///
/// 'wsee curl -' reads the command from stdin. There, and in a single argument with the whole line,
/// the quotes of cmd.exe ("Copy as cURL (cmd)") and those of PowerShell are understood as well, and
/// so is Invoke-WebRequest ("Copy as PowerShell").
///
/// Options mean what they mean in curl, including -s and -o. Fields that every handshake generates,
/// such as Sec-WebSocket-Key, are replaced; Sec-WebSocket-Protocol becomes wsee URL --subprotocol.
/// Options with no meaning for a WebSocket are ignored and listed in a note; a body or a method other
/// than GET is refused. Long options that only wsee URL has, such as --send or --ping-interval, may
/// be added.
#[derive(Debug, Args)]
pub struct CurlArgs {
    /// The command, with or without the word curl; - reads it from stdin
    #[arg(
        value_name = "COMMAND",
        required = true,
        trailing_var_arg = true,
        allow_hyphen_values = true
    )]
    pub words: Vec<OsString>,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CurlError {
    #[error("wsee curl: {0}")]
    Quote(#[from] QuoteError),
    /// The bytes are not quoted, because they may contain secrets.
    #[error("wsee curl: the command is not valid UTF-8; percent-encode other bytes, such as %E4")]
    NotUtf8,
    #[error(
        "wsee curl: not a curl command; choose \"Copy as cURL\" or \"Copy as PowerShell\" in the browser"
    )]
    NotCurl,
    #[error("wsee curl: the command has no URL; paste all of it")]
    NoUrl,
    /// URLs are not quoted, because they may contain secrets.
    #[error("wsee curl: {0} URLs; keep one, or quote the arguments that contain spaces")]
    ManyUrls(usize),
    #[error("wsee curl: {0} needs a value; paste the whole command")]
    NoValue(String),
    #[error("wsee curl: {0} takes no value")]
    Value(String),
    #[error("wsee curl: {0} is an option of neither curl nor wsee; see wsee --help")]
    Unknown(String),
    #[error(
        "wsee curl: {0} adds a body, but an opening handshake is a GET without one \
         (RFC 6455 §4.1); remove it, and use --send TEXT to send a message"
    )]
    Body(String),
    #[error("wsee curl: {0} with -G adds to the URL's query; write the query into the URL")]
    Query(String),
    #[error(
        "wsee curl: -X {0} cannot open a WebSocket, because the handshake is a GET (RFC 6455 §4.1); remove it"
    )]
    Method(String),
    #[error("wsee curl: {option}: {reason}")]
    Refused {
        option: String,
        reason: &'static str,
    },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Translation {
    /// The arguments of `wsee URL`, without the program's name.
    pub args: Vec<OsString>,
    pub notes: Vec<String>,
}

pub fn words_of(text: &str) -> Result<Vec<OsString>, CurlError> {
    let words = if is_powershell(text) {
        powershell::split(text)?
    } else {
        quote::split(text)?
    };
    match words.first().map(String::as_str) {
        Some(first) if ["fetch(", "var "].iter().any(|it| first.starts_with(it)) => {
            Err(CurlError::NotCurl)
        }
        Some("$" | "%") => Ok(words.into_iter().skip(1).map(OsString::from).collect()),
        _ => Ok(words.into_iter().map(OsString::from).collect()),
    }
}

/// Translates the words of a curl command; `wsee` is the definition of wsee's own command line.
pub fn translate(words: &[OsString], wsee: &Command) -> Result<Translation, CurlError> {
    let mut words = texts(words)?;
    if let [line] = words.as_slice()
        && (line.trim_start().starts_with("curl") || is_powershell(line))
        && line.trim().contains(char::is_whitespace)
    {
        words = texts(&words_of(line)?)?;
    }
    if matches!(words.first().map(String::as_str), Some("curl" | "curl.exe")) {
        words.remove(0);
    }
    let mut translator = Translator::new(wsee);
    translator.read(words)?;
    translator.finish()
}

fn texts(words: &[OsString]) -> Result<Vec<String>, CurlError> {
    let text = |word: &OsString| word.clone().into_string().map_err(|_| CurlError::NotUtf8);
    words.iter().map(text).collect()
}

struct Translator<'a> {
    wsee: &'a Command,
    /// Long names of wsee with their values.
    flags: Vec<(String, Vec<String>)>,
    urls: Vec<String>,
    host: Option<String>,
    body: Option<String>,
    is_query: bool,
    ignored: Vec<String>,
    unsupported: Vec<String>,
    is_output: bool,
}

impl<'a> Translator<'a> {
    fn new(wsee: &'a Command) -> Self {
        Self {
            wsee,
            flags: Vec::new(),
            urls: Vec::new(),
            host: None,
            body: None,
            is_query: false,
            ignored: Vec::new(),
            unsupported: Vec::new(),
            is_output: false,
        }
    }

    fn read(&mut self, words: Vec<String>) -> Result<(), CurlError> {
        let mut words = words.into_iter();
        while let Some(word) = words.next() {
            if word == "--" {
                self.urls.extend(words.by_ref());
            } else if let Some(long) = word.strip_prefix("--") {
                self.long(long, &mut words)?;
            } else if word.len() > 1
                && let Some(letters) = word.strip_prefix('-')
            {
                self.letters(letters, &mut words)?;
            } else {
                self.urls.push(word);
            }
        }
        Ok(())
    }

    /// `--name value`, and `--name=value`, which curl does not accept but people write.
    fn long(
        &mut self,
        text: &str,
        rest: &mut impl Iterator<Item = String>,
    ) -> Result<(), CurlError> {
        let (name, attached) = match text.split_once('=') {
            Some((name, value)) => (name, Some(value.to_owned())),
            None => (text, None),
        };
        let option = format!("--{name}");
        if let Some(known) = by_long(name) {
            let value = value(&option, known.takes_value, attached, rest)?;
            return self.option(known, option, value);
        }
        if let Some(known) = name.strip_prefix("no-").and_then(by_long) {
            return self.switched_off(known, option);
        }
        let own = self
            .wsee
            .get_arguments()
            .find(|arg| arg.get_long() == Some(name));
        let own = own.ok_or_else(|| CurlError::Unknown(option.clone()))?;
        let takes_values = own.get_action().takes_values();
        let count = own.get_num_args().map_or(1, |range| range.min_values());
        let mut values: Vec<String> = attached.into_iter().collect();
        while takes_values && values.len() < count {
            values.extend(value(&option, true, None, rest)?);
        }
        self.set(name, values);
        Ok(())
    }

    /// `-sSL`, `-XGET`, `-H value`.
    fn letters(
        &mut self,
        letters: &str,
        rest: &mut impl Iterator<Item = String>,
    ) -> Result<(), CurlError> {
        let mut letters = letters.chars();
        while let Some(letter) = letters.next() {
            let option = format!("-{letter}");
            let known = by_short(letter).ok_or_else(|| CurlError::Unknown(option.clone()))?;
            let attached = (known.takes_value && !letters.as_str().is_empty())
                .then(|| letters.by_ref().collect());
            let value = value(&option, known.takes_value, attached, rest)?;
            self.option(known, option, value)?;
        }
        Ok(())
    }

    fn option(
        &mut self,
        known: Known,
        option: String,
        value: Option<String>,
    ) -> Result<(), CurlError> {
        let text = value.clone().unwrap_or_default();
        match known.meaning {
            Meaning::Same(name) => self.set(name, value),
            Meaning::Fixed(name, value) => self.set(name, [value.to_owned()]),
            Meaning::Field => self.field(&option, &text),
            Meaning::Cookie => self.cookie(&text),
            Meaning::Referer => {
                let url = text.strip_suffix(";auto").unwrap_or(&text);
                self.set("header", [format!("Referer: {url}")]);
            }
            Meaning::Method if text.eq_ignore_ascii_case("GET") => {
                self.ignore(format!("{option} GET"));
            }
            Meaning::Method => return Err(CurlError::Method(text)),
            Meaning::Url => self.urls.push(text),
            Meaning::Proxy(scheme) => self.set("proxy", [format!("{scheme}{text}")]),
            Meaning::Body => {
                self.body.get_or_insert(option);
            }
            Meaning::Output => {
                self.is_output = true;
                self.ignore(option);
            }
            Meaning::Ignored => {
                self.is_query |= known.long == "get";
                self.ignore(option);
            }
            Meaning::Unsupported if !self.unsupported.contains(&option) => {
                self.unsupported.push(option);
            }
            Meaning::Unsupported => {}
            Meaning::Refused(reason) => return Err(CurlError::Refused { option, reason }),
        }
        Ok(())
    }

    /// `--no-insecure` takes back `--insecure`.
    fn switched_off(&mut self, known: Known, option: String) -> Result<(), CurlError> {
        match known.meaning {
            _ if known.takes_value => Err(CurlError::Unknown(option)),
            Meaning::Same(name) => {
                self.flags.retain(|(flag, _)| flag != name);
                Ok(())
            }
            Meaning::Unsupported => {
                // Off is the default of the others.
                if known.long == "alpn" {
                    self.unsupported.push(option);
                }
                Ok(())
            }
            _ if known.long == "keepalive" => {
                self.set("keepalive-time", ["0".to_owned()]);
                Ok(())
            }
            _ => {
                self.ignore(option);
                Ok(())
            }
        }
    }

    fn ignore(&mut self, option: String) {
        if !self.ignored.contains(&option) {
            self.ignored.push(option);
        }
    }

    /// The last value counts, as in curl, unless the flag can be repeated.
    fn set(&mut self, name: &str, values: impl IntoIterator<Item = String>) {
        let arg = self
            .wsee
            .get_arguments()
            .find(|arg| arg.get_long() == Some(name));
        let adds_up = |action: &ArgAction| matches!(action, ArgAction::Append | ArgAction::Count);
        if !arg.is_some_and(|arg| adds_up(arg.get_action())) {
            self.flags.retain(|(flag, _)| flag != name);
        }
        self.flags
            .push((name.to_owned(), values.into_iter().collect()));
    }

    /// A cookie, or the name of a file; an empty one enables curl's cookie engine.
    fn cookie(&mut self, text: &str) {
        if text.is_empty() {
            self.ignore("-b ''".to_owned());
        } else {
            self.set("cookie", [text.to_owned()]);
        }
    }

    fn field(&mut self, option: &str, text: &str) {
        match Field::parse(text) {
            Field::Replaced => {}
            Field::Ignored(name) => self.ignore(format!("{option} {name}")),
            Field::Host(host) => self.host = Some(host),
            Field::Flag(name, value) => self.set(name, [value]),
            Field::NoCompression => self.set("no-compress", None),
            Field::Kept => self.set("header", [text.to_owned()]),
        }
    }

    fn finish(mut self) -> Result<Translation, CurlError> {
        if let Some(option) = self.body {
            let error = if self.is_query {
                CurlError::Query
            } else {
                CurlError::Body
            };
            return Err(error(option));
        }
        let url = match self.urls.as_slice() {
            [] => return Err(CurlError::NoUrl),
            // curl does not send a fragment either.
            [url] => url.split('#').next().unwrap_or_default().to_owned(),
            urls => return Err(CurlError::ManyUrls(urls.len())),
        };
        if let Some(host) = self.host.take()
            && !field::is_host_of(&url, &host)
        {
            self.set("header", [format!("Host: {host}")]);
        }
        // wsee's own flag is clearer than a field.
        if self.flags.iter().any(|(name, _)| name == "no-compress") {
            self.flags.retain(|(name, _)| name != "compress");
        }
        let notes = self.notes();
        let flags = self
            .flags
            .into_iter()
            .flat_map(|(name, values)| words(&name, values));
        let args = flags.chain(["--".to_owned(), url]).map(OsString::from);
        Ok(Translation {
            args: args.collect(),
            notes,
        })
    }

    fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if !self.ignored.is_empty() {
            let output = if self.is_output {
                "; redirect stdout with > FILE"
            } else {
                ""
            };
            let ignored = self.ignored.join(", ");
            notes.push(format!(
                "ignored (no effect on a WebSocket): {ignored}{output}"
            ));
        }
        if !self.unsupported.is_empty() {
            let unsupported = self.unsupported.join(", ");
            notes.push(format!("ignored (not supported by wsee): {unsupported}"));
        }
        notes
    }
}

fn words(name: &str, mut values: Vec<String>) -> Vec<String> {
    if let [value] = values.as_slice() {
        return vec![format!("--{name}={value}")];
    }
    values.insert(0, format!("--{name}"));
    values
}

/// The value of an option that takes one, attached or the next word.
fn value(
    option: &str,
    takes_value: bool,
    attached: Option<String>,
    rest: &mut impl Iterator<Item = String>,
) -> Result<Option<String>, CurlError> {
    if !takes_value {
        return match attached {
            None => Ok(None),
            Some(_) => Err(CurlError::Value(option.to_owned())),
        };
    }
    let value = attached.or_else(|| rest.next());
    value
        .map(Some)
        .ok_or_else(|| CurlError::NoValue(option.to_owned()))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;
    use crate::cli::Cli;

    fn translated(words: &[&str]) -> Result<Translation, CurlError> {
        let words: Vec<OsString> = words.iter().map(OsString::from).collect();
        translate(&words, &Cli::command())
    }

    #[track_caller]
    fn args(words: &[&str]) -> Vec<String> {
        let translation = translated(words).unwrap_or_else(|error| panic!("{error}"));
        let args = translation.args.into_iter();
        args.map(|arg| arg.into_string().expect("UTF-8")).collect()
    }

    #[track_caller]
    fn notes(words: &[&str]) -> String {
        translated(words).expect("a command").notes.join("\n")
    }

    #[track_caller]
    fn error(words: &[&str]) -> String {
        translated(words).expect_err("an error").to_string()
    }

    #[test]
    fn an_option_with_an_effect_is_never_called_of_no_effect() {
        for words in [
            &["wss://h", "--retry", "3"][..],
            &["wss://h", "-D", "file"],
            &["wss://h", "-i"],
            &["wss://h", "--limit-rate", "1k"],
            &["wss://h", "--no-alpn"],
        ] {
            let notes = notes(words);
            assert!(notes.starts_with("ignored (not supported"), "{notes}");
            assert!(!notes.contains("no effect"), "{notes}");
        }
        let path = args(&["wss://h", "--path-as-is"]);
        assert_eq!(path, ["--path-as-is", "--", "wss://h"]);
        let keepalive = args(&["wss://h", "--no-keepalive"]);
        assert_eq!(keepalive, ["--keepalive-time=0", "--", "wss://h"]);
    }

    #[test]
    fn chrome_and_bash() {
        let words = [
            "curl",
            "wss://h.test/chat",
            "-H",
            "Upgrade: websocket",
            "-H",
            "Origin: https://h.test",
            "-H",
            "Accept-Language: de",
            "-b",
            "a=1; b=2",
            "-H",
            "Connection: Upgrade",
            "-H",
            "Sec-WebSocket-Key: 0123456789ABCDEF012345==",
            "-H",
            "User-Agent: Mozilla/5.0",
            "-H",
            "Sec-WebSocket-Version: 13",
            "-H",
            "Sec-WebSocket-Protocol: v2, v1",
            "-H",
            "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits",
        ];
        assert_eq!(
            args(&words),
            [
                "--origin=https://h.test",
                "--header=Accept-Language: de",
                "--cookie=a=1; b=2",
                "--user-agent=Mozilla/5.0",
                "--subprotocol=v2, v1",
                "--compress=permessage-deflate; client_max_window_bits",
                "--",
                "wss://h.test/chat",
            ]
        );
        assert_eq!(notes(&words), "");
    }

    #[test]
    fn clusters_and_attached_values() {
        assert_eq!(
            args(&["-sSkHX: y", "-XGET", "-um:pw", "-m5", "http://h"]),
            [
                "--insecure",
                "--header=X: y",
                "--user=m:pw",
                "--max-time=5",
                "--",
                "http://h"
            ]
        );
        assert_eq!(
            args(&["--max-time=5", "--url", "h"]),
            ["--max-time=5", "--", "h"]
        );
        assert_eq!(args(&["-vv", "h"]), ["--verbose", "--verbose", "--", "h"]);
        assert_eq!(args(&["--", "h"]), ["--", "h"]);
    }

    #[test]
    fn proxies_have_many_flags_in_curl() {
        assert_eq!(
            args(&["-x", "p:3128", "-Ua:b", "-6", "h"]),
            ["--proxy=p:3128", "--proxy-user=a:b", "--ipv6", "--", "h"]
        );
        assert_eq!(
            args(&["--socks5-hostname", "p:1", "h"]),
            ["--proxy=socks5h://p:1", "--", "h"]
        );
    }

    #[test]
    fn client_certificates_and_versions_keep_their_names() {
        assert_eq!(
            args(&[
                "-E",
                "a.p12",
                "--key",
                "k.pem",
                "--tlsv1.2",
                "--tls-max",
                "1.3",
                "h"
            ]),
            [
                "--cert=a.p12",
                "--key=k.pem",
                "--tls-min=1.2",
                "--tls-max=1.3",
                "--",
                "h"
            ]
        );
        assert!(matches!(
            translated(&["curl", "h", "--pass", "secret"]),
            Err(CurlError::Refused { .. })
        ));
    }

    #[test]
    fn the_last_value_counts() {
        assert_eq!(args(&["-m1", "-m2", "h"]), ["--max-time=2", "--", "h"]);
        assert_eq!(args(&["-k", "--no-insecure", "h"]), ["--", "h"]);
        assert_eq!(
            args(&["-H", "Origin: https://a", "h", "--origin", "https://b"]),
            ["--origin=https://b", "--", "h"]
        );
    }

    #[test]
    fn a_single_argument_may_hold_the_whole_line() {
        assert_eq!(
            args(&["curl 'wss://h/a b' -k"]),
            ["--insecure", "--", "wss://h/a b"]
        );
        assert_eq!(args(&["curl", "wss://h"]), ["--", "wss://h"]);
        assert_eq!(args(&["wss://h"]), ["--", "wss://h"]);
    }

    #[test]
    fn flags_that_only_wsee_has_may_be_added() {
        assert_eq!(
            args(&["h", "--send", "hi", "--count=1", "--lenient"]),
            ["--send=hi", "--count=1", "--lenient", "--", "h"]
        );
        let no_offer = [
            "h",
            "-H",
            "Sec-WebSocket-Extensions: permessage-deflate",
            "--no-compress",
        ];
        assert_eq!(args(&no_offer), ["--no-compress", "--", "h"]);
    }

    #[test]
    fn a_host_is_kept_if_it_is_another() {
        assert_eq!(args(&["ws://h:80/", "-H", "Host: h"]), ["--", "ws://h:80/"]);
        assert_eq!(
            args(&["ws://h", "-H", "Host: g"]),
            ["--header=Host: g", "--", "ws://h"]
        );
    }

    #[test]
    fn names_what_it_ignores_once_and_as_typed() {
        assert_eq!(
            notes(&[
                "h",
                "--compressed",
                "-i",
                "-N",
                "-X",
                "GET",
                "-i",
                "-H",
                "Accept-Encoding: br"
            ]),
            "ignored (no effect on a WebSocket): --compressed, -N, -X GET, -H Accept-Encoding\n\
             ignored (not supported by wsee): -i"
        );
        assert!(notes(&["h", "-o", "f"]).ends_with("-o; redirect stdout with > FILE"));
        let notes = notes(&["h", "--no-progress-meter", "--retry", "3"]);
        assert!(
            notes.contains("on a WebSocket): --no-progress-meter\n"),
            "{notes}"
        );
        assert!(
            notes.ends_with("not supported by wsee): --retry"),
            "{notes}"
        );
    }

    #[test]
    fn the_version_of_http_is_taken_over() {
        for (option, flag) in [
            ("--http1.1", "--http=1.1"),
            ("--http2", "--http=auto"),
            ("--http2-prior-knowledge", "--http2-prior-knowledge"),
        ] {
            assert_eq!(args(&[option, "https://h"]), [flag, "--", "https://h"]);
        }
    }

    #[test]
    fn refuses_what_contradicts() {
        for words in [
            ["h", "-d", "x"],
            ["h", "--data-raw", "x"],
            ["h", "-F", "a=b"],
            ["h", "-T", "f"],
        ] {
            assert!(error(&words).contains(&format!("{} adds a body", words[1])));
        }
        assert!(error(&["h", "-X", "POST"]).contains("-X POST cannot open a WebSocket"));
        assert!(error(&["h", "-G", "-d", "x"]).contains("query"));
        assert!(error(&["h", "-I"]).contains("HEAD"));
        assert!(error(&["h", "--http3-only"]).contains("HTTP/1.1"));
        assert!(error(&["h", "--digest"]).contains("-u"));
    }

    #[test]
    fn reports_the_mistake_in_the_command() {
        assert_eq!(translated(&["curl", "-k"]), Err(CurlError::NoUrl));
        assert_eq!(translated(&["a", "b", "c"]), Err(CurlError::ManyUrls(3)));
        assert_eq!(
            translated(&["a", "-H"]),
            Err(CurlError::NoValue("-H".to_owned()))
        );
        assert_eq!(
            translated(&["a", "--hedaer", "x"]),
            Err(CurlError::Unknown("--hedaer".to_owned()))
        );
        assert_eq!(
            translated(&["a", "--insecure=1"]),
            Err(CurlError::Value("--insecure".to_owned()))
        );
        assert_eq!(words_of("fetch(\"wss://h\")"), Err(CurlError::NotCurl));
        assert_eq!(words_of("$ curl h"), Ok(vec!["curl".into(), "h".into()]));
    }

    #[test]
    fn the_fragment_is_not_sent() {
        assert_eq!(args(&["https://h/x#top"]), ["--", "https://h/x"]);
    }
}
