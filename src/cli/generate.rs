//! Completion scripts and manual pages, rendered from the definition of the command line.

use std::borrow::Cow;
use std::io::Write as _;

use clap::builder::Resettable;
use clap::{Command, CommandFactory, ValueEnum};
use clap_complete::Shell;
use clap_mangen::Man;

use super::{Cli, manual};

/// A command that has a manual page of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Page {
    /// wsee-demo(1)
    Demo,
    /// wsee-curl(1)
    Curl,
    /// wsee-listen(1)
    Listen,
    /// wsee-proxy(1)
    Proxy,
    /// wsee-test(1)
    Test,
    /// wsee-audit(1)
    Audit,
    /// wsee-replay(1)
    Replay,
    /// wsee-report(1)
    Report,
    /// wsee-view(1)
    View,
    /// wsee-fmt(1)
    Fmt,
    /// wsee-completions(1)
    Completions,
    /// wsee-man(1)
    Man,
    /// wsee-schema(1)
    Schema,
    /// wsee-scenario(5), the language of scenario files
    Scenario,
    /// wsee-protocols(5), what wsee URL --as speaks
    Protocols,
    /// wsee-audit(7), what the findings of wsee audit mean
    Findings,
}

/// The manual page of the language, without its title.
const SCENARIO: &str = include_str!("scenario.roff");

/// The manual page of what `--as` speaks, without its title.
const PROTOCOLS: &str = include_str!("protocols.roff");

/// An output in JSON whose format has a schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Schema {
    /// The lines of wsee URL --jsonl and of .jsonl recordings
    Events,
    /// The report of wsee test --report-json
    Report,
    /// The report of wsee audit --report-json
    Audit,
}

impl Schema {
    pub fn text(self) -> &'static str {
        match self {
            Self::Events => include_str!("../../schema/events.schema.json"),
            Self::Report => include_str!("../../schema/report.schema.json"),
            Self::Audit => include_str!("../../schema/audit.schema.json"),
        }
    }
}

impl Page {
    fn command_name(self) -> &'static str {
        match self {
            Self::Demo => "demo",
            Self::Curl => "curl",
            Self::Listen => "listen",
            Self::Proxy => "proxy",
            Self::Test => "test",
            Self::Audit => "audit",
            Self::Replay => "replay",
            Self::Report => "report",
            Self::View => "view",
            Self::Fmt => "fmt",
            Self::Completions => "completions",
            Self::Man => "man",
            Self::Schema => "schema",
            Self::Scenario => "scenario",
            Self::Protocols => "protocols",
            Self::Findings => "findings",
        }
    }

    /// The title and section of a page that is not about a command, and its source without them.
    fn source(self) -> Option<(&'static str, char, Cow<'static, str>)> {
        match self {
            Self::Scenario => Some(("wsee-scenario", '5', SCENARIO.into())),
            Self::Protocols => Some(("wsee-protocols", '5', PROTOCOLS.into())),
            Self::Findings => Some(("wsee-audit", '7', manual::findings::findings().into())),
            _ => None,
        }
    }
}

pub fn completion(shell: Shell) -> Vec<u8> {
    let script = match shell {
        Shell::Bash => include_str!("../../completions/wsee.bash"),
        Shell::Fish => include_str!("../../completions/wsee.fish"),
        Shell::Zsh => include_str!("../../completions/_wsee"),
        // clap's scripts, which know flags but no profiles.
        _ => return generated(shell),
    };
    script.as_bytes().to_vec()
}

fn generated(shell: Shell) -> Vec<u8> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "wsee", &mut script);
    script
}

/// Every manual page: file name and roff source.
pub fn man_pages() -> Vec<(String, Vec<u8>)> {
    let pages = Page::value_variants().iter().copied().map(Some);
    std::iter::once(None)
        .chain(pages)
        .map(|page| (file_name(page), man_page(page)))
        .collect()
}

pub fn man_page(page: Option<Page>) -> Vec<u8> {
    let mut source = Vec::new();
    if let Some(page) = page
        && let Some((name, section, source)) = page.source()
    {
        let version = env!("CARGO_PKG_VERSION");
        let title = format!(".TH {name} {section} \" \" \"wsee {version}\" \"wsee manual\"\n");
        return (title + &source).into_bytes();
    }
    // Writing to a Vec cannot fail.
    let _ = render(page, &mut source);
    source
}

/// The manual page as text, in lines of at most `columns` columns.
pub fn man_text(page: Option<Page>, columns: usize) -> String {
    manual::text::text(&String::from_utf8_lossy(&man_page(page)), columns)
}

fn file_name(page: Option<Page>) -> String {
    match page {
        None => "wsee.1".to_owned(),
        Some(page) => match page.source() {
            Some((name, section, _)) => format!("{name}.{section}"),
            None => format!("wsee-{}.1", page.command_name()),
        },
    }
}

fn render(page: Option<Page>, out: &mut Vec<u8>) -> std::io::Result<()> {
    let mut command = command(page);
    let synopsis = manual::page::synopsis(&mut command);
    // clap's own section refers to a page for each, which only the commands of wsee have.
    let nested = page.map(|_| manual::page::nested(&command));
    // roff drops an empty date, and puts the source in its place.
    let man = Man::new(command)
        .date(" ")
        .manual("wsee manual")
        .source(concat!("wsee ", env!("CARGO_PKG_VERSION")));
    let mut text = Vec::new();
    man.render(&mut text)?;
    let text = String::from_utf8_lossy(&text);
    // clap's own synopsis lists every flag.
    let (before, rest) = text.split_once(".SH SYNOPSIS").unwrap_or((&text, ""));
    let (_, after) = rest.split_once(".SH DESCRIPTION").unwrap_or_default();
    let (end, after) = match (nested, after.split_once(".SH SUBCOMMANDS")) {
        (None, _) => (manual::page::closing(), after),
        (Some(nested), Some((after, _))) => (nested, after),
        (Some(_), None) => (String::new(), after),
    };
    write!(out, "{before}{synopsis}.SH DESCRIPTION{after}{end}")
}

/// The definition of one command, with its names as a subcommand of wsee.
fn command(page: Option<Page>) -> Command {
    // The text after the help becomes sections.
    let mut wsee = Cli::command()
        .after_help(Resettable::Reset)
        .after_long_help(Resettable::Reset);
    wsee.build();
    let subcommand = page.and_then(|page| wsee.find_subcommand(page.command_name()).cloned());
    let command = subcommand.unwrap_or(wsee);
    // The first paragraph is in the NAME section.
    let rest = command.get_long_about().map(ToString::to_string);
    match rest.as_deref().and_then(|text| text.split_once("\n\n")) {
        Some((_, rest)) => {
            let rest = rest.to_owned();
            command.long_about(rest)
        }
        None => command,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(bytes: Vec<u8>) -> String {
        String::from_utf8(bytes).expect("UTF-8")
    }

    #[test]
    fn generated_scripts_complete_commands_and_flags() {
        for shell in [Shell::Elvish, Shell::PowerShell] {
            let script = text(completion(shell));
            assert!(script.contains("listen"), "{shell}");
            assert!(script.contains("max-message"), "{shell}");
        }
    }

    #[test]
    fn every_command_has_a_page_named_after_it() {
        let names: Vec<String> = man_pages().into_iter().map(|(name, _)| name).collect();
        let subcommands: Vec<String> = Cli::command()
            .get_subcommands()
            .map(|command| format!("wsee-{}.1", command.get_name()))
            .collect();
        assert_eq!(names[0], "wsee.1");
        let (commands, others) = names[1..].split_at(subcommands.len());
        assert_eq!(commands, subcommands);
        assert_eq!(
            others,
            ["wsee-scenario.5", "wsee-protocols.5", "wsee-audit.7"]
        );
    }

    #[test]
    fn a_page_names_its_command_and_the_version_but_no_date() {
        let page = text(man_page(Some(Page::Listen)));
        let title = format!(
            ".TH wsee-listen 1 \" \" \"wsee {}\" \"wsee manual\"",
            env!("CARGO_PKG_VERSION")
        );
        assert!(page.lines().any(|line| line == title), "{page}");
        assert!(page.contains("\\fBwsee listen\\fR"), "{page}");
    }

    #[test]
    fn the_page_of_wsee_has_exit_status_and_examples() {
        let page = text(man_page(None));
        assert!(page.contains(".SH \"EXIT STATUS\"\n"), "{page}");
        assert!(page.contains("\\fB143\\fR\nSIGTERM"), "{page}");
        assert!(page.contains(".SH EXAMPLES\n"), "{page}");
    }

    #[test]
    fn the_page_of_wsee_has_all_of_the_prompt() {
        let page = text(man_page(None));
        for usage in crate::command::COMMANDS {
            assert!(
                page.contains(&format!("\\fB/{} ", usage.name)),
                "{}",
                usage.name
            );
        }
        for section in [
            "PROMPT",
            "VARIABLES",
            "FILES",
            "ENVIRONMENT",
            "\"SEE ALSO\"",
        ] {
            assert!(page.contains(&format!(".SH {section}\n")), "{section}");
        }
        for text in ["Ctrl\\-R", "wsee/history", "{{uuid}}"] {
            assert!(page.contains(text), "{text}");
        }
    }

    #[test]
    fn the_page_of_findings_explains_every_check_with_its_risk_and_fixes() {
        let page = manual::text::text(&text(man_page(Some(Page::Findings))), 100_000);
        for check in crate::audit::list::checks() {
            let fixes = check.cures.iter().map(|(_, text)| text);
            for part in [check.id, check.title, check.about, check.risk, check.rule]
                .into_iter()
                .chain(fixes)
            {
                // Blanks of a text are those of a paragraph.
                let part = part.split_whitespace().collect::<Vec<_>>().join(" ");
                assert!(page.contains(&part), "{}: no {part:?} in {page}", check.id);
            }
        }
        assert!(page.contains("The bytes prove it"), "{page}");
    }

    #[test]
    fn a_synopsis_is_one_line_for_each_use() {
        for (name, page) in man_pages() {
            let page = text(page);
            let (_, rest) = page.split_once(".SH SYNOPSIS\n").unwrap_or(("", ""));
            let (synopsis, _) = rest.split_once(".SH DESCRIPTION\n").unwrap_or(("", ""));
            assert!(synopsis.len() < 200, "{name}: {synopsis}");
        }
    }

    #[test]
    fn a_description_does_not_repeat_the_name() {
        for page in Page::value_variants() {
            let page = text(man_page(Some(*page)));
            let Some((name, rest)) = page.split_once(".SH DESCRIPTION\n") else {
                continue;
            };
            let name = name.lines().find_map(|line| line.split_once(" \\- "));
            let about = name.map_or("", |(_, about)| about);
            assert!(!rest.starts_with(about), "{about}");
        }
    }

    #[test]
    fn pages_are_the_same_every_time() {
        assert_eq!(man_pages(), man_pages());
    }

    /// The long flags of a command; `URL` is wsee without a command.
    fn flags_of(wsee: &Command, name: &str) -> Option<Vec<String>> {
        let command = match name {
            "URL" | "protocols" => Some(wsee),
            // The language has the flags of a connection.
            "scenario" => wsee.find_subcommand("test"),
            "findings" => wsee.find_subcommand("audit"),
            name => wsee.find_subcommand(name),
        };
        let flags = command?.get_arguments().filter_map(clap::Arg::get_long);
        Some(flags.map(str::to_owned).collect())
    }

    /// Every `--flag` in `text`, with the command it is said to be of; without one it is `own`.
    fn named_flags<'a>(text: &'a str, own: &'a str) -> Vec<(&'a str, &'a str)> {
        let is_part = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        let mut flags = Vec::new();
        for sentence in text.split(". ") {
            let mut command = own;
            let mut words = sentence
                .split([' ', '(', ')', '\'', '"', '=', '[', '/', '\n'])
                .peekable();
            while let Some(word) = words.next() {
                if word == "wsee" {
                    command = words.peek().copied().unwrap_or(own);
                } else if let Some(flag) = word.strip_prefix("--") {
                    let end = flag.find(|c| !is_part(c)).unwrap_or(flag.len());
                    flags.extend((end > 0).then_some((&flag[..end], command)));
                }
            }
        }
        flags
    }

    #[test]
    fn every_flag_that_a_text_names_is_one_of_its_command() {
        let mut wsee = Cli::command();
        wsee.build();
        let help = |name: &str| {
            let mut command = match name {
                "URL" => wsee.clone(),
                name => wsee.find_subcommand(name)?.clone(),
            };
            Some(command.render_long_help().to_string())
        };
        let mut count = 0;
        for page in std::iter::once(None).chain(Page::value_variants().iter().copied().map(Some)) {
            let own = page.map_or("URL", Page::command_name);
            let roff = ["\\fB", "\\fI", "\\fR", "\\*(Aq"]
                .iter()
                .fold(text(man_page(page)), |roff, font| roff.replace(font, ""))
                .replace("\\-", "-");
            for text in [Some(roff), help(own)].into_iter().flatten() {
                let words: Vec<&str> = text.split_whitespace().collect();
                let text = words.join(" ").replace(": ", ". ");
                for (flag, command) in named_flags(&text, own) {
                    let flags = flags_of(&wsee, command).or_else(|| flags_of(&wsee, "URL"));
                    let is_known = flags.is_some_and(|it| it.iter().any(|known| known == flag));
                    assert!(is_known, "{own}: wsee {command} has no --{flag}");
                    count += 1;
                }
            }
        }
        assert!(count > 500, "{count} flags");
    }
}
