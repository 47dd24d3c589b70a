//! Completion scripts and manual pages, rendered from the definition of the command line.

use clap::builder::Resettable;
use clap::{Command, CommandFactory, ValueEnum};
use clap_complete::Shell;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};

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
    /// wsee-test(1)
    Test,
    /// wsee-replay(1)
    Replay,
    /// wsee-fmt(1)
    Fmt,
    /// wsee-completions(1)
    Completions,
    /// wsee-man(1)
    Man,
    /// wsee-scenario(5), the language of scenario files
    Scenario,
}

/// The manual page of the language, but for its title.
const SCENARIO: &str = include_str!("scenario.roff");

impl Page {
    fn command_name(self) -> &'static str {
        match self {
            Self::Demo => "demo",
            Self::Curl => "curl",
            Self::Listen => "listen",
            Self::Test => "test",
            Self::Replay => "replay",
            Self::Fmt => "fmt",
            Self::Completions => "completions",
            Self::Man => "man",
            Self::Scenario => "scenario",
        }
    }
}

/// The completion script for `shell`.
pub fn completion(shell: Shell) -> Vec<u8> {
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

/// The manual page of one command, or of wsee itself, as roff source.
pub fn man_page(page: Option<Page>) -> Vec<u8> {
    let mut source = Vec::new();
    if page == Some(Page::Scenario) {
        let version = env!("CARGO_PKG_VERSION");
        let title = format!(".TH wsee-scenario 5 \" \" \"wsee {version}\" \"wsee manual\"\n");
        return (title + SCENARIO).into_bytes();
    }
    // Writing to a Vec cannot fail.
    let _ = render(page, &mut source);
    source
}

fn file_name(page: Option<Page>) -> String {
    match page {
        None => "wsee.1".to_owned(),
        Some(Page::Scenario) => "wsee-scenario.5".to_owned(),
        Some(page) => format!("wsee-{}.1", page.command_name()),
    }
}

fn render(page: Option<Page>, out: &mut Vec<u8>) -> std::io::Result<()> {
    // A date of nothing at all is dropped by roff, which moves the source into its place.
    let man = Man::new(command(page))
        .date(" ")
        .manual("wsee manual")
        .source(concat!("wsee ", env!("CARGO_PKG_VERSION")));
    man.render(out)?;
    if page.is_none() {
        closing_sections().to_writer(out)?;
    }
    Ok(())
}

/// The definition of one command, with the names it gets as a part of wsee.
fn command(page: Option<Page>) -> Command {
    // The text after the help is written as sections instead.
    let mut wsee = Cli::command()
        .after_help(Resettable::Reset)
        .after_long_help(Resettable::Reset);
    wsee.build();
    let subcommand = page.and_then(|page| wsee.find_subcommand(page.command_name()).cloned());
    subcommand.unwrap_or(wsee)
}

fn closing_sections() -> Roff {
    let mut roff = Roff::new();
    roff.control("SH", ["EXIT STATUS"]);
    for (exit, meaning) in manual::EXIT_STATUS {
        describe(&mut roff, &exit.status().to_string(), meaning);
    }
    roff.control("SH", ["EXAMPLES"]);
    for (line, meaning) in manual::EXAMPLES {
        describe(&mut roff, line, meaning);
    }
    roff
}

fn describe(roff: &mut Roff, term: &str, meaning: &str) {
    roff.control("TP", []);
    roff.text([bold(term)]);
    roff.text([roman(meaning)]);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(bytes: Vec<u8>) -> String {
        String::from_utf8(bytes).expect("UTF-8")
    }

    #[test]
    fn every_shell_completes_commands_and_flags() {
        for shell in Shell::value_variants() {
            let script = text(completion(*shell));
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
        let (last, commands) = names[1..].split_last().expect("pages");
        assert_eq!(commands, subcommands);
        assert_eq!(last, "wsee-scenario.5");
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
    fn pages_are_the_same_every_time() {
        assert_eq!(man_pages(), man_pages());
    }
}
