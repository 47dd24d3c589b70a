//! The command line as typed. `config` resolves what it means in the environment.

#![allow(
    clippy::doc_markdown,
    rustdoc::bare_urls,
    rustdoc::broken_intra_doc_links,
    reason = "clap prints the comments of arguments as they are"
)]

mod address;
mod audit;
mod complete;
mod config;
mod connect;
mod curl;
mod demo;
mod fault;
mod fmt;
pub mod generate;
mod habit;
mod handshake;
mod heading;
mod http;
mod limit;
mod listen;
mod manual;
mod on_top;
mod output;
mod pipe;
mod proxy;
mod proxying;
mod reconnect;
mod replay;
mod report;
mod runner;
mod secrecy;
mod serve;
mod subset;
mod tls;
mod value;
mod view;
mod word;

use std::ffi::OsString;

use clap::error::ErrorKind;
use clap::{ArgMatches, CommandFactory, FromArgMatches, Parser, Subcommand};

pub use address::{KeepaliveTime, RouteArgs, RouteValueError};
pub use audit::{AuditArgs, AuditChecksArgs, AuditLimitArgs, AuditReportArgs, FailOn};
pub use clap::ColorChoice;
pub use clap_complete::Shell;
pub use complete::{Completion, complete, complete_further};
pub use config::ConfigArgs;
pub use connect::{ConnectArgs, DialArgs, SessionArgs};
pub use curl::{CurlArgs, CurlError, QuoteError, Translation, translate, words_of};
pub use demo::DemoArgs;
pub use fault::FaultArgs;
pub use fmt::FmtArgs;
pub use generate::{Page, Schema};
pub use handshake::{AcceptArgs, AuthArgs, HandshakeArgs, RedirectArgs};
pub use http::{HttpArgs, HttpVersion};
pub use limit::{ClientLimitArgs, LimitArgs, RunArgs};
pub use listen::{CredentialArgs, ListenArgs};
pub use on_top::{As, Eio, MqttVersion, OnTopArgs, SocketIoParser, Transport};
pub use output::{DisplayArgs, Format, OutputArgs, RecordArgs, StyleArgs, TimingArgs, ViewArgs};
pub use pipe::{FilterArgs, FormatArgs, PipeArgs, PrintArgs};
pub use proxy::ProxyArgs;
pub use proxying::{ProxyingArgs, ProxyingCommand, RecordFormat};
pub use reconnect::{Attempts, ReconnectArgs};
pub use replay::{Entry, PlayArgs, ReplayArgs, ServeArgs};
pub use report::RecordingReportArgs;
pub use runner::{ConnectionArgs, EndpointArgs, ReportArgs, StepArgs, TestArgs, VariableArgs};
pub use secrecy::{Cookies, Field, ProxyUrl, Subprotocols, all_shown, holds_secret, takes_fields};
pub use serve::BehaviourArgs;
pub use tls::{ServerTlsArgs, TlsArgs};
pub use value::{
    Count, Payload, Period, Size, TimeLimit, ValueError, Variable, Wait, names_scenario,
};
pub use view::ViewFileArgs;
pub use word::understand;

/// A WebSocket client and debugging tool
///
/// Connects to URL. On a terminal it shows the handshake and opens a prompt, where every typed line
/// is sent as a text message and every received frame is shown. If stdin or stdout is redirected,
/// wsee is a pipe: each line of stdin is sent as a message, and received messages, and nothing
/// else, are printed on stdout. All diagnostics go to stderr.
#[derive(Debug, Parser)]
#[command(
    name = "wsee",
    version,
    override_usage = "wsee [OPTIONS] <URL>\n       wsee <COMMAND>",
    subcommand_help_heading = "Commands",
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    arg_required_else_help = true,
    disable_help_subcommand = true,
    max_term_width = 100,
    after_help = manual::short_help_end(),
    after_long_help = manual::long_help_end(),
)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Option<Command>,
    #[command(flatten)]
    pub connect: ConnectArgs,
}

impl Cli {
    /// Parses the command line, program name first.
    ///
    /// # Errors
    ///
    /// A usage error (exit status 2), or the help or version text that was asked for (0).
    pub fn parse_args<I, T>(args: I) -> Result<Self, clap::Error>
    where
        I: IntoIterator<Item = T>,
        T: Into<OsString> + Clone,
    {
        let cli = Self::from_arg_matches_mut(&mut Self::matches(args)?)?;
        match cli.pipe().and_then(PipeArgs::conflict) {
            Some(text) => Err(Self::command().error(ErrorKind::ArgumentConflict, text)),
            None => Ok(cli),
        }
    }

    /// Which arguments of the command line were given.
    ///
    /// # Errors
    ///
    /// The same as for [`parse_args`](Self::parse_args), which keeps no copy of them: few runs ask.
    pub fn matches<I, T>(args: I) -> Result<ArgMatches, clap::Error>
    where
        I: IntoIterator<Item = T>,
        T: Into<OsString> + Clone,
    {
        let args = runner::join_close_codes(args.into_iter().map(Into::into));
        let matches = Self::command().try_get_matches_from(&args);
        matches.map_err(|error| habit::explain(error, &args))
    }

    fn pipe(&self) -> Option<&PipeArgs> {
        match &self.command {
            None => Some(&self.connect.session.pipe),
            Some(Command::Demo(demo)) => Some(&demo.session.pipe),
            Some(_) => None,
        }
    }
}

/// A command. clap builds the flags of the given command only.
#[derive(Debug, Subcommand)]
#[command(defer = true)]
pub enum Command {
    // The first line of each command's help is repeated here, because the rest is built on demand.
    /// Try wsee on a built-in echo server; needs no network
    Demo(Box<DemoArgs>),
    /// Connect as a pasted curl command would; for "Copy as cURL" in a browser
    Curl(CurlArgs),
    /// Run a WebSocket server to debug clients with; it echoes
    Listen(Box<ListenArgs>),
    /// Pass clients on to a server, and show what passes, exactly as it came
    Proxy(Box<ProxyingArgs>),
    /// Test a server: steps on the command line, or scenario files
    Test(Box<TestArgs>),
    /// Check a server's conformance and security, with evidence
    Audit(Box<AuditArgs>),
    /// Send again what the client of a recording sent
    Replay(Box<ReplayArgs>),
    /// Write an HTML report of a recorded session
    Report(RecordingReportArgs),
    /// Look at recorded sessions in a full screen
    View(ViewFileArgs),
    /// Rewrite scenario files in their canonical form
    Fmt(FmtArgs),
    /// Print the completion script for a shell
    ///
    /// The script completes commands, flags, their values and profiles. To load it:
    ///
    /// bash: wsee completions bash > ~/.local/share/bash-completion/completions/wsee
    ///
    /// zsh: wsee completions zsh > FOLDER/_wsee, with a FOLDER of $fpath
    ///
    /// fish: wsee completions fish > ~/.config/fish/completions/wsee.fish
    ///
    /// With the words of a command line after --, prints the candidates for the last one; the scripts
    /// for bash, zsh and fish ask for them.
    Completions {
        /// The shell
        shell: Shell,
        /// The words of a command line, from wsee to the cursor
        #[arg(last = true, hide = true)]
        words: Vec<OsString>,
    },
    /// Show the manual page of wsee or of one command
    ///
    /// On a terminal the page is shown by man, or as text if there is no man; in a pipe it is roff
    /// source.
    Man {
        /// The command; by default wsee itself
        command: Option<Page>,
    },
    /// Print the JSON schema of events or of reports
    ///
    /// The schema describes every field; programs can check or generate code from it.
    Schema {
        /// The output that it describes
        name: Schema,
    },
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn parse(line: &str) -> Result<Cli, clap::Error> {
        Cli::parse_args(std::iter::once("wsee").chain(line.split_whitespace()))
    }

    fn connect(line: &str) -> ConnectArgs {
        parse(line)
            .unwrap_or_else(|error| panic!("{error}"))
            .connect
    }

    fn usage_error(line: &str) -> String {
        let error = parse(line).expect_err("a usage error");
        assert_eq!(error.exit_code(), 2, "{line}");
        error.to_string()
    }

    #[test]
    fn the_definition_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_command_is_introduced_with_the_first_line_of_its_help() {
        let listed = Cli::command();
        let mut built = Cli::command();
        built.build();
        for command in listed.get_subcommands() {
            let own = built.find_subcommand(command.get_name());
            let own = own.and_then(clap::Command::get_about);
            assert_eq!(
                command.get_about().map(ToString::to_string),
                own.map(ToString::to_string)
            );
        }
    }

    #[test]
    fn without_arguments_it_prints_the_short_help_and_fails() {
        let error = parse("").expect_err("help");
        assert_eq!(error.exit_code(), 2);
        assert!(error.to_string().contains("Usage: wsee [OPTIONS] <URL>"));
        assert!(!error.to_string().contains("Exit status"));
    }

    #[test]
    fn the_short_help_fits_a_screen() {
        let help = Cli::command().term_width(100).render_help().to_string();
        let lines = help.lines().count();
        assert!(lines <= 50, "{lines} lines:\n{help}");
        for line in help.lines() {
            assert!(line.chars().count() <= 100, "{line}");
        }
    }

    #[test]
    fn every_flag_is_explained_at_length() {
        let mut command = Cli::command();
        command.build();
        for command in std::iter::once(&command).chain(command.get_subcommands()) {
            for arg in command.get_arguments().filter(|arg| !arg.is_positional()) {
                let id = arg.get_id().as_str();
                let built_in = matches!(id, "help" | "version");
                assert!(built_in || arg.get_long_help().is_some(), "{id}");
            }
        }
    }

    #[test]
    fn a_url_without_flags_has_the_documented_defaults() {
        let args = connect("ws://localhost");
        assert_eq!(args.url.as_deref(), Some("ws://localhost"));
        let session = args.session;
        assert_eq!(
            args.dial.limit.connect_timeout,
            TimeLimit(Some(Duration::from_secs(10)))
        );
        assert_eq!(session.run.close_code, None);
        let limit = args.dial.limit.endpoint;
        assert_eq!(limit.close_timeout, Period(Duration::from_secs(5)));
        assert_eq!(limit.max_message, None);
        assert_eq!(limit.ping_interval, None);
        assert_eq!(session.wait, None);
        assert_eq!(session.pipe.count(), None);
        assert_eq!(session.output.display.style.color, ColorChoice::Auto);
    }

    #[test]
    fn flags_may_follow_the_url_and_repeat() {
        let args = connect("ws://h -H A:b -H C: -s v1,v2 -s v3 -kvv --send a --send @b");
        let session = args.session;
        let fields = ["A:b", "C:"].map(|field| Field(field.to_owned()));
        assert_eq!(args.dial.handshake.header, fields);
        let subprotocols = ["v1,v2", "v3"].map(|names| Subprotocols(names.to_owned()));
        assert_eq!(args.dial.handshake.subprotocol, subprotocols);
        assert!(args.dial.tls.insecure);
        assert_eq!(session.output.display.verbose, 2);
        assert_eq!(session.send.len(), 2);
    }

    #[test]
    fn credentials_do_not_show_in_debug_output() {
        let args = connect("ws://h --bearer hunter2");
        assert!(!format!("{args:?}").contains("hunter2"));
    }

    #[test]
    fn minus_one_is_a_count_and_forever_after_wait() {
        assert_eq!(connect("-1 ws://h").session.pipe.count(), Some(1));
        assert_eq!(connect("-n 3 ws://h").session.pipe.count(), Some(3));
        let args = connect("ws://h --wait -1");
        assert_eq!(args.session.wait, Some(Wait::Forever));
        assert_eq!(args.session.pipe.count(), None);
    }

    #[test]
    fn a_url_as_count_asks_for_insecure() {
        assert!(usage_error("-n wss://localhost").contains("did you mean -k?"));
        assert!(usage_error("-n localhost:80").contains("did you mean -k?"));
    }

    #[test]
    fn refuses_flags_that_contradict_each_other() {
        for line in [
            "ws://h --binary --hex",
            "ws://h --hex --base64",
            "ws://h --binary --base64",
            "ws://h -0 --split line",
            "ws://h -1 -n 2",
            "ws://h -v -q",
            "ws://h --user a --bearer b",
            "ws://h --bearer a --bearer-env b",
            "ws://h --netrc --netrc-file a",
            "ws://h --max-redirs 3",
            "ws://h -L --max-redirs -1",
            "ws://h --echo --hex",
            "ws://h --require-subprotocol",
        ] {
            usage_error(line);
        }
    }

    #[test]
    fn chunks_need_binary() {
        assert!(usage_error("ws://h --split 4K").contains("--binary"));
        assert!(usage_error("demo --split 4K").contains("--binary"));
        assert!(parse("ws://h --split 4K --binary").is_ok());
    }

    #[test]
    fn a_command_after_options_is_not_taken_for_a_host() {
        assert!(usage_error("-v demo").contains("wsee demo"));
        assert!(usage_error("-k help").contains("wsee --help"));
    }

    #[test]
    fn flags_of_other_tools_get_a_sentence_with_the_right_flag() {
        for (line, advice) in [
            ("-c ws://h", "write wsee URL"),
            ("--connect ws://h", "write wsee URL"),
            ("-l 9001", "write wsee listen PORT"),
            ("--basic-auth=u:p ws://h", "-u USER:PASS"),
            ("ws://h -d x", "--send TEXT"),
            ("--text -", "text by default"),
            ("ws://h --timeout 3", "--max-time TIME"),
            ("ws://h --no-color", "--color never"),
            ("--retry 3 ws://h", "--reconnect"),
            ("ws://h --message hi", "--send TEXT"),
            ("ws://h -T a.txt", "--send @FILE"),
            ("test --case x", "--filter TEXT"),
            ("listen -p 9001", "wsee listen 9001"),
        ] {
            let error = usage_error(line);
            assert!(error.contains(advice), "{line}: {error}");
        }
    }

    #[test]
    fn no_flag_is_to_be_passed_as_a_value() {
        for line in ["-j ws://h", "listen -j", "test -j3x ws://h", "replay -j a"] {
            let error = usage_error(line);
            assert!(!error.contains("'-- "), "{error}");
        }
    }

    #[test]
    fn a_flag_that_took_the_url_is_named() {
        let error = usage_error("-E ws://u:secret@h/x?token=secret");
        assert!(error.contains("-E took ws://"), "{error}");
        assert!(!error.contains("secret"), "{error}");
        assert!(
            usage_error("--cookie localhost:80")
                .contains("--cookie took localhost:80 as its value")
        );
        assert!(usage_error("-s 1234").contains("wsee listen 1234"));
        assert!(usage_error("test -H ws://h").contains("-H took ws://h as its value"));
        for line in ["--cookie=ws://h", "--send hi", "-H A:b", "--send {\"a\":1}"] {
            assert!(!usage_error(line).contains("took"), "{line}");
        }
    }

    #[test]
    fn a_scenario_or_a_misspelled_command_after_options_is_not_a_host() {
        assert!(usage_error("-v chat.wsee").contains("run wsee test chat.wsee"));
        assert!(usage_error("./a/chat.wsee:12").contains("run wsee test ./a/chat.wsee:12"));
        assert!(usage_error("-v liste").contains("did you mean wsee listen?"));
        assert!(usage_error("-m 2 version").contains("a command, not a URL"));
        assert!(parse("ws://chat.wsee/").is_ok());
    }

    #[test]
    fn a_second_word_is_not_a_command() {
        for line in ["ws://a hello", "demo.example hello"] {
            let error = usage_error(line);
            assert!(error.contains("wsee takes one URL"), "{error}");
            assert!(error.contains("--send"), "{error}");
        }
    }

    #[test]
    fn a_second_url_is_not_offered_as_a_message() {
        for line in ["ws://a ws://b", "ws://a :9001", "-v ws://a localhost"] {
            let error = usage_error(line);
            assert!(error.contains("wsee takes one URL"), "{error}");
            assert!(!error.contains("--send"), "{error}");
        }
        for line in ["- ws://h", "ws://h -"] {
            let error = usage_error(line);
            assert!(
                error.contains("stdin is read by default"),
                "{line}: {error}"
            );
        }
    }

    #[test]
    fn time_and_text_of_every_are_two_values() {
        for more in [&["-n", "2", ":41710"][..], &[":41710"]] {
            let args = [&["wsee", "--every", "300ms hi"], more].concat();
            let error = Cli::parse_args(args).expect_err("an error").to_string();
            assert!(error.contains("--every takes two values"), "{error}");
            assert!(error.contains("--every 300ms 'hi'"), "{error}");
        }
    }

    #[test]
    fn commands_take_no_url_and_no_options_in_front() {
        assert!(matches!(
            parse("demo -v").map(|cli| cli.command),
            Ok(Some(Command::Demo(_)))
        ));
        usage_error("demo ws://h");
        usage_error("demo --insecure");
    }

    #[test]
    fn listens_on_loopback_by_default() {
        let Ok(Some(Command::Listen(args))) = parse("listen").map(|cli| cli.command) else {
            panic!("not a listen command");
        };
        let host = "127.0.0.1".to_owned();
        assert_eq!(args.addr, crate::acceptor::Address { host, port: 9001 });
        usage_error("listen --cert a.pem");
        usage_error("listen nowhere");
    }

    #[test]
    fn completes_and_documents_known_names_only() {
        assert!(parse("completions zsh").is_ok());
        assert!(parse("man listen").is_ok());
        assert!(parse("man").is_ok());
        usage_error("completions tcsh");
        usage_error("man wget");
    }
}
