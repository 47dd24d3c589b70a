//! Sections of the manual pages that clap knows nothing of.

use clap::{Arg, Command};
use clap_mangen::roff::{Roff, bold, italic, roman};

use super::{EXAMPLES, EXIT_STATUS};
use crate::command::{COMMANDS, KEYS};

const FILES: &[(&str, &str)] = &[
    (
        "~/.config/wsee/config.toml",
        "Defaults and profiles; see --no-config. $XDG_CONFIG_HOME replaces ~/.config.",
    ),
    (
        "~/.local/state/wsee/history",
        "The lines typed at the prompt, readable by their owner only; see --no-history. $XDG_STATE_HOME replaces ~/.local/state.",
    ),
    (
        "~/.local/share/wsee/proxy-ca.pem",
        "The CA of wsee proxy --forward; its key is beside it, readable by its owner only. $XDG_DATA_HOME replaces ~/.local/share.",
    ),
    ("~/.netrc", "Credentials; see --netrc."),
];

pub(super) const ENVIRONMENT: &[(&str, &str)] = &[
    (
        "HOME, XDG_CONFIG_HOME, XDG_STATE_HOME, XDG_DATA_HOME",
        "Where the files above are.",
    ),
    ("NETRC", "The file of --netrc instead of ~/.netrc."),
    (
        "NO_COLOR, CLICOLOR_FORCE",
        "Not empty: no colour, or colour also in a pipe; --color overrides both.",
    ),
    ("TERM", "With dumb, the prompt has no editing."),
    (
        "VISUAL, EDITOR",
        "The editor of /edit; by default vi, on Windows notepad.",
    ),
    (
        "APPDATA, LOCALAPPDATA, USERPROFILE",
        "On Windows: the folders of the configuration, and of the history and the CA, in wsee, if no XDG variable names them, and the home directory.",
    ),
    (
        "ws_proxy, wss_proxy, http_proxy, https_proxy, all_proxy, no_proxy",
        "Proxies, and hosts that need none, as for curl; --proxy and --noproxy override them. All but http_proxy may be in upper case.",
    ),
    (
        "SSL_CERT_FILE, SSL_CERT_DIR",
        "Certificates to trust in place of the system's; see --roots.",
    ),
    (
        "SSLKEYLOGFILE",
        "A file for the secrets of TLS connections, with which Wireshark decrypts them.",
    ),
    (
        "GITHUB_ACTIONS, GITHUB_STEP_SUMMARY, GITHUB_WORKSPACE",
        "Set by GitHub: wsee test annotates failures and writes a summary.",
    ),
];

/// What differs between systems.
const SYSTEMS: &[(&str, &str)] = &[
    ("Linux", "Everything."),
    (
        "macOS, FreeBSD",
        "No --tcp-user-timeout. FreeBSD binds --interface NAME by its address.",
    ),
    (
        "Windows",
        "No --unix-socket, --tcp-user-timeout or name for --interface; each is a usage error. Ctrl-Break ends like SIGTERM, and the end of the console like SIGHUP. Ctrl-Z does not suspend. A reader of stdout that is gone shows at the next write. Recordings, cookie jars and logs of TLS keys are for their owner only by an access list (icacls).",
    ),
];

/// One line, or one for each way to use a command.
pub(in crate::cli) fn synopsis(command: &mut Command) -> String {
    let mut roff = Roff::new();
    roff.control("SH", ["SYNOPSIS"]);
    let usage = command.render_usage().to_string();
    for (number, line) in usage.lines().enumerate() {
        if number > 0 {
            roff.control("br", []);
        }
        let line = line.trim_start_matches("Usage:").trim();
        // The name of the command, then what is replaced by values.
        let values = line.find(['[', '<']).unwrap_or(line.len());
        let (name, values) = line.split_at(values);
        match values {
            "" => roff.text([bold(name.trim_end())]),
            values => roff.text([bold(name.trim_end()), roman(" "), italic(values)]),
        };
    }
    body(&roff)
}

/// The commands of a command, which have no page of their own.
pub(in crate::cli) fn nested(command: &Command) -> String {
    let mut roff = Roff::new();
    roff.control("SH", ["COMMANDS"]);
    for nested in command.get_subcommands() {
        let name = nested.get_bin_name().unwrap_or(nested.get_name());
        let about = nested.get_long_about().or(nested.get_about());
        let about = about.map(ToString::to_string).unwrap_or_default();
        let about = about.split("\n\n").map(sentence).collect::<Vec<_>>();
        describe(&mut roff, name, &about.join(" "));
        let own = |it: &&Arg| !it.is_hide_set() && it.get_id() != "help";
        for flag in nested.get_arguments().filter(own) {
            let short = flag.get_short().map(|it| format!("-{it}, "));
            let long = flag.get_long().unwrap_or_default();
            let name = format!("{}--{long}", short.unwrap_or_default());
            let help = flag.get_help().map(ToString::to_string);
            roff.control("RS", []);
            describe(&mut roff, &name, &sentence(&help.unwrap_or_default()));
            roff.control("RE", []);
        }
    }
    body(&roff)
}

/// The sections at the end of wsee(1).
pub(in crate::cli) fn closing() -> String {
    let mut roff = Roff::new();
    prompt(&mut roff);
    roff.control("SH", ["VARIABLES"]);
    for (term, meaning) in VARIABLES {
        describe(&mut roff, term, meaning);
    }
    roff.control("SH", ["FILES"]);
    for (term, meaning) in FILES {
        describe(&mut roff, term, meaning);
    }
    roff.control("SH", ["ENVIRONMENT"]);
    for (term, meaning) in ENVIRONMENT {
        describe(&mut roff, term, meaning);
    }
    roff.control("SH", ["EXIT STATUS"]);
    for (exit, meaning) in EXIT_STATUS {
        describe(&mut roff, &exit.status().to_string(), meaning);
    }
    roff.control("SH", ["SYSTEMS"]);
    for (term, meaning) in SYSTEMS {
        describe(&mut roff, term, meaning);
    }
    roff.control("SH", ["EXAMPLES"]);
    for (line, meaning) in EXAMPLES {
        describe(&mut roff, line, meaning);
    }
    roff.control("SH", ["SEE ALSO"]);
    let pages = [
        "test", "listen", "proxy", "audit", "replay", "report", "curl", "demo", "fmt",
    ]
    .map(|name| format!("wsee-{name}"));
    let mut words = Vec::new();
    for page in pages {
        words.extend([bold(page), roman("(1), ")]);
    }
    words.extend([bold("wsee-scenario"), roman("(5), ")]);
    words.extend([bold("wsee-protocols"), roman("(5), ")]);
    words.extend([bold("wsee-audit"), roman("(7)")]);
    roff.text(words);
    body(&roff)
}

/// The source without the lines that define apostrophes, which each page has once.
pub(super) fn body(roff: &Roff) -> String {
    let source = roff.render();
    let begin = source.find(".SH").unwrap_or_default();
    source[begin..].to_owned()
}

const VARIABLES: &[(&str, &str)] = &[
    (
        "{{NAME}}",
        "The value that /set or /capture gave, in a message at the prompt. Inside a JSON string it is escaped. A variable without a value is an error, and nothing is sent.",
    ),
    (
        "{{n}}",
        "In /every and /repeat: the number of the message, from 1.",
    ),
    (
        "{{uuid}}, {{now}}",
        "A random UUID, and the time in UTC (RFC 3339).",
    ),
    ("{{\"{{\"}}", "Two literal braces."),
];

fn prompt(roff: &mut Roff) {
    roff.control("SH", ["PROMPT"]);
    roff.text([roman(
        "On a terminal, a line is sent as a text message, and a line that starts with / is a command; //x sends /x. \
         A mistyped command is an error and is never sent.",
    )]);
    roff.control("SS", ["Commands"]);
    for usage in COMMANDS {
        roff.control("TP", []);
        let name = format!("/{} ", usage.name);
        let mut forms = vec![bold(&name)];
        for (at, args) in usage.args.split(&format!(", {name}")).enumerate() {
            if at > 0 {
                forms.extend([roman(", "), bold(&name)]);
            }
            forms.push(italic(args));
        }
        roff.text(forms);
        let help = sentence(usage.help);
        // The lines of the details are those of a screen.
        let details = usage
            .details
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ");
        roff.text([roman(format!("{help} {details}"))]);
        roff.control("br", []);
        roff.text([roman("Example: "), bold(usage.example)]);
    }
    roff.control("SS", ["Keys"]);
    for (keys, meaning) in KEYS {
        describe(roff, keys, &sentence(meaning));
    }
}

/// With a capital at its start and a full stop at its end.
fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    let first = chars.next().map(|c| c.to_ascii_uppercase());
    let text: String = first.into_iter().chain(chars).collect();
    format!("{}.", text.trim_end_matches('.'))
}

pub(super) fn describe(roff: &mut Roff, term: &str, meaning: &str) {
    roff.control("TP", []);
    roff.text([bold(term)]);
    roff.text([roman(meaning)]);
}
