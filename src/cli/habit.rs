//! Flags that other tools have, and what to write instead.

use std::ffi::OsString;

use clap::builder::PossibleValue;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{CommandFactory, Subcommand};

use super::{Cli, Command};
use crate::duration;
use crate::render::Secrets;

/// Flags of wscat, websocat and curl that `wsee URL` has not, each with what to do.
const FLAGS: &[(&[&str], &str)] = &[
    (
        &["-c", "--connect"],
        "wscat needs it, wsee does not; write wsee URL",
    ),
    (
        &["-l", "--listen", "--server-mode"],
        "to listen write wsee listen PORT",
    ),
    (&["--basic-auth"], "to log in write -u USER:PASS"),
    (
        &["--execute", "--message"],
        "to send a message write --send TEXT",
    ),
    (
        &["-T", "--upload-file"],
        "to send a file as a message write --send @FILE",
    ),
    (
        &[
            "-d",
            "--data",
            "--data-raw",
            "--data-ascii",
            "--data-binary",
            "--json",
        ],
        "to send a message write --send TEXT",
    ),
    (
        &["-t", "--text"],
        "messages are text by default, and --binary is for the others; leave it out",
    ),
    (
        &["--timeout"],
        "for the whole run write --max-time TIME, for the opening alone --connect-timeout TIME",
    ),
    (&["--no-color", "--no-colour"], "write --color never"),
    (
        &["-e", "--referer"],
        "to send curl's -e write -H 'Referer: URL'",
    ),
    (
        &["-p", "--protocol", "--ws-protocol"],
        "to offer a subprotocol write -s NAME",
    ),
    (&["--no-check"], "to accept any certificate write -k"),
    (&["--ca"], "to trust a CA write --cacert FILE"),
    (
        &["--passphrase"],
        "for the password of --key write --pass SOURCE",
    ),
    (
        &["--host"],
        "to change the Host field write -H 'Host: NAME'",
    ),
    (
        &["-P", "--show-ping-pong"],
        "pings and pongs are shown at the prompt, and in a pipe with -v; leave it out",
    ),
    (
        &["--slash"],
        "the prompt has commands by default, and /help lists them; leave it out",
    ),
    (&["--one-message"], "to end after one reply write --count 1"),
    (
        &["--max-messages"],
        "to end after N replies write --count N",
    ),
    (
        &["--autoreconnect", "--retry", "--retries"],
        "to connect again write --reconnect",
    ),
    (
        &["-B", "--buffer-size"],
        "to limit messages write --max-message SIZE",
    ),
    (&["--oauth2-bearer"], "to send a token write --bearer TOKEN"),
    (
        &["-i", "--include", "-I", "--head"],
        "to see the headers write -v",
    ),
    (
        &["-X", "--request"],
        "the opening handshake is always a GET (RFC 6455 §4.1); leave it out",
    ),
    (
        &["-f", "--fail", "-S", "--show-error"],
        "a refused upgrade is always an error and always shown; leave it out",
    ),
    (&["--silent"], "to silence the notes write -q"),
    (
        &["-N", "--no-buffer"],
        "output is never held back; leave it out",
    ),
    (&["--url"], "write the URL without a flag"),
    (
        &["--tls", "--ssl", "--wss"],
        "TLS follows from the URL; write wss://HOST",
    ),
];

/// Rewrites clap's error about `args`, program name first, in terms of what was most likely intended.
pub(super) fn explain(mut error: clap::Error, args: &[OsString]) -> clap::Error {
    let text = match error.kind() {
        _ if error.get(ContextKind::InvalidSubcommand).is_some() => second_word(&error, args),
        ErrorKind::UnknownArgument => unknown_flag(&error, args),
        ErrorKind::MissingRequiredArgument => joined_every(args)
            .or_else(|| auth_alone(args))
            .or_else(|| lacks_value(&error).then(|| swallowed_url(args))?)
            .or_else(|| missing_word(args)),
        _ => None,
    };
    if let Some(text) = text {
        return Cli::command().error(error.kind(), text);
    }
    if error.kind() == ErrorKind::UnknownArgument {
        // "To pass '-c' as a value, use '-- -c'" never helps: the only value is a URL.
        error.remove(ContextKind::Suggested);
    }
    error
}

/// clap takes a second word for a command.
fn second_word(error: &clap::Error, args: &[OsString]) -> Option<String> {
    let Some(ContextValue::String(word)) = error.get(ContextKind::InvalidSubcommand) else {
        return None;
    };
    if let Some(text) = joined_every(args) {
        return Some(text);
    }
    if word == "-" || args.get(1).is_some_and(|first| first == "-") {
        return Some("'-' is not a URL; stdin is read by default".to_owned());
    }
    let shown = Secrets::Masked.url(word);
    let problem = format!("unexpected argument '{shown}', as wsee takes one URL");
    Some(if is_url(word) {
        problem
    } else {
        format!("{problem}; to send a message use --send '{word}'")
    })
}

/// Time and text of `--every` in one argument, so that it took the next one as well.
fn joined_every(args: &[OsString]) -> Option<String> {
    let words: Vec<&str> = args.iter().filter_map(|word| word.to_str()).collect();
    words.windows(2).find_map(|pair| {
        let ["--every", value] = *pair else {
            return None;
        };
        let (time, text) = value.split_once(char::is_whitespace)?;
        duration::parse(time).ok()?;
        Some(format!(
            "--every takes two values, TIME and TEXT; write --every {time} '{text}'"
        ))
    })
}

fn unknown_flag(error: &clap::Error, args: &[OsString]) -> Option<String> {
    let Some(ContextValue::String(flag)) = error.get(ContextKind::InvalidArg) else {
        return None;
    };
    let advice = match command(args) {
        None => {
            let (_, advice) = FLAGS
                .iter()
                .find(|(flags, _)| flags.contains(&flag.as_str()))?;
            *advice
        }
        Some("listen") if matches!(flag.as_str(), "-p" | "--port" | "-l" | "--listen") => {
            "write the port without a flag, as in wsee listen 9001"
        }
        Some("test") if matches!(flag.as_str(), "--case" | "--name" | "--grep") => {
            "to run some cases write --filter TEXT"
        }
        Some(_) => return None,
    };
    Some(format!("unexpected argument '{flag}'; {advice}"))
}

/// wscat's `--auth` logs in over HTTP, wsee's belongs to the protocol on top.
fn auth_alone(args: &[OsString]) -> Option<String> {
    let has = |flag: &str| {
        let mut words = args.iter().filter_map(|word| word.to_str());
        words.any(|word| word.split('=').next() == Some(flag))
    };
    (command(args).is_none() && has("--auth") && !has("--as")).then(|| {
        "--auth is for the protocol of --as; to log in over HTTP write -u USER:PASS".to_owned()
    })
}

/// Whether a value without a flag is missing, and not a flag that another one needs.
fn lacks_value(error: &clap::Error) -> bool {
    match error.get(ContextKind::InvalidArg) {
        Some(ContextValue::Strings(missing)) => missing.iter().any(|it| it.starts_with(['<', '['])),
        _ => true,
    }
}

/// The URL is missing because a flag in front of it takes a value.
fn swallowed_url(args: &[OsString]) -> Option<String> {
    let words: Vec<&str> = args.iter().filter_map(|word| word.to_str()).collect();
    let is_client = command(args).is_none();
    let is_flag = |word: &str| word.len() > 1 && word.starts_with('-') && !word.contains('=');
    words.windows(2).rev().find_map(|pair| match *pair {
        // websocat's -s is a server.
        ["-s", port] if is_client && port.parse::<u16>().is_ok() => Some(format!(
            "-s took {port} as a subprotocol, so the URL is missing; to listen write wsee listen {port}"
        )),
        [flag, url] if is_flag(flag) && is_url(url) => Some(format!(
            "{flag} took {} as its value, so the URL is missing; write the value of {flag} before the URL",
            Secrets::Masked.url(url)
        )),
        _ => None,
    })
}

/// Whether a value is hardly anything but a URL: with a scheme or a port, or of this machine.
fn is_url(text: &str) -> bool {
    let authority = text.split(['/', '?']).next().unwrap_or_default();
    let port = authority.rsplit_once(':').map(|(_, port)| port);
    let has_scheme = ["ws", "wss", "http", "https"]
        .iter()
        .any(|scheme| text.starts_with(&format!("{scheme}://")));
    has_scheme || authority == "localhost" || port.is_some_and(|port| port.parse::<u16>().is_ok())
}

/// A command without the word that it needs, with the words there are: wsee schema.
fn missing_word(args: &[OsString]) -> Option<String> {
    let name = command(args)?;
    let mut wsee = Cli::command();
    let command = wsee.find_subcommand_mut(name)?;
    command.build();
    let mut positionals = command.get_positionals();
    let missing = positionals.find(|arg| arg.is_required_set())?;
    let values = missing.get_possible_values();
    let words: Vec<&str> = values.iter().map(PossibleValue::get_name).collect();
    (!words.is_empty()).then(|| format!("wsee {name} needs one of {}", words.join(", ")))
}

/// The command that `args` begin with.
fn command(args: &[OsString]) -> Option<&str> {
    let word = args.get(1)?.to_str()?;
    Command::has_subcommand(word).then_some(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_flag_of_another_tool_is_none_of_ours_and_has_one_row() {
        let mut wsee = Cli::command();
        wsee.build();
        let mut seen = std::collections::HashSet::new();
        for flag in FLAGS.iter().flat_map(|(flags, _)| *flags) {
            assert!(seen.insert(flag), "{flag}");
            let long = flag.strip_prefix("--");
            let letter = flag.chars().nth(1);
            let is_ours = wsee.get_arguments().any(|arg| match long {
                Some(long) => arg.get_long() == Some(long),
                None => arg.get_short() == letter,
            });
            assert!(!is_ours, "{flag}");
        }
    }

    #[test]
    fn every_advice_names_flags_that_exist() {
        let mut wsee = Cli::command();
        wsee.build();
        for word in FLAGS
            .iter()
            .flat_map(|(_, advice)| advice.split([' ', ',', ';']))
        {
            if let Some(long) = word.strip_prefix("--") {
                let exists = wsee.get_arguments().any(|arg| arg.get_long() == Some(long));
                assert!(exists, "{word}");
            }
        }
    }

    #[test]
    fn a_command_without_its_word_lists_the_words() {
        for (command, words) in [
            ("schema", "events, report, audit"),
            ("completions", "bash, elvish, fish, powershell, zsh"),
        ] {
            let args = ["wsee".into(), command.into()];
            let text = missing_word(&args).unwrap_or_default();
            assert_eq!(text, format!("wsee {command} needs one of {words}"));
        }
        assert_eq!(missing_word(&["wsee".into(), "test".into()]), None);
    }
}
