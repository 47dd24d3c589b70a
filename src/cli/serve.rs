//! "Behaviour" of `wsee listen`: what it does for each client.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{ArgAction, ArgGroup, Args, ValueHint};

use super::heading::Heading;
use super::value::clients;

#[derive(Debug, Args)]
#[command(
    next_help_heading = Heading::Behaviour,
    group = ArgGroup::new("played").args(["rules", "on"]).multiple(true)
)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag")]
pub struct BehaviourArgs {
    /// Answer by the rules in FILE, whose language is in wsee-scenario(5)
    ///
    /// A rule begins with on PATTERN, on open, on close or every TIME, and its steps are indented
    /// below it: what wsee sends to the client, or with to all, to others, to /PATH and to ROOM to
    /// other clients. accept and reject decide who is let in, and otherwise says what happens to
    /// messages that no rule matches, which are ignored without it. The first rule that matches
    /// counts. Check a file with --check, and format it with wsee fmt.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, conflicts_with_all = OTHERS)]
    pub rules: Option<PathBuf>,
    /// Answer each message that matches PATTERN with REPLY; repeatable
    ///
    /// PATTERN is text TEXT, json JSON, re "REGEX", jq FILTER, hex BYTES or any, as after on in a file
    /// of rules, perhaps with capture NAME = FILTER, and is complete at the first = before which it
    /// is valid: --on 'text ping=pong'. In REPLY, {{NAME}} is a variable. It comes before the rules
    /// of --rules.
    #[arg(long, value_name = "PATTERN=REPLY", action = ArgAction::Append, conflicts_with_all = OTHERS)]
    pub on: Vec<String>,
    /// Send each message to all other clients
    ///
    /// The sender gets no copy. A message is encoded once for all of them.
    #[arg(long, conflicts_with_all = ["chat", "replay"])]
    pub broadcast: bool,
    /// Like --broadcast, with the name of the client in front
    ///
    /// The name is that of ?name= in the request, or else client N. The others are told who joins and
    /// leaves. Binary messages have no name.
    #[arg(long, conflicts_with_all = ["replay"])]
    pub chat: bool,
    /// Run the steps of FILE for each client: a scenario without connect, seen from the server
    ///
    /// Messages are sent and expected in the order of the file. When the script is over, wsee closes
    /// with 1000; when an expectation fails, the log says which, and wsee closes with 1011.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, conflicts_with_all = ["played", "replay", "broadcast", "chat"])]
    pub script: Option<PathBuf>,
    /// Print the events of all clients on stdout, as JSON lines
    ///
    /// As for wsee URL --jsonl, with the number of the client in the field client; direction is as the
    /// server sees it. When stdout is closed, wsee ends.
    #[arg(long)]
    pub jsonl: bool,
    /// Read events from stdin, and send what they say
    ///
    /// Each line is an event as --jsonl prints it, of which message, ping, pong and close are sent: to
    /// the client whose number is in client, or without it to all. Nothing is echoed, unless a rule or
    /// --echo says so. The end of stdin is not that of the server.
    #[arg(long, value_name = "events", value_parser = ["events"], conflicts_with = "replay")]
    pub split: Option<String>,
    /// Echo messages at the prompt and with --split events as well
    ///
    /// By default every answer is left there to what is typed, to stdin and to rules.
    #[arg(long, conflicts_with_all = ["played", "replay", "broadcast", "chat", "script"])]
    pub echo: bool,
    /// Run COMMAND for each client: its stdin gets the messages, its stdout is sent, line by line
    ///
    /// As with websocketd. The request is in its environment, by the names of CGI: PATH_INFO,
    /// QUERY_STRING, REMOTE_ADDR, HTTP_USER_AGENT and so on. A line that is not UTF-8 is sent as binary.
    /// Its stderr goes to the log. If it exits with 0, the connection is closed with 1000, otherwise
    /// with 1011; when the client is gone, its stdin ends, and after 3 seconds it is killed.
    #[arg(last = true, value_name = "COMMAND", value_hint = ValueHint::CommandWithArguments, conflicts_with_all = ["played", "replay", "broadcast", "chat", "script", "echo"])]
    pub command: Vec<String>,
    /// Check the rules in FILE for mistakes, without listening; those of --rules and --on without FILE
    ///
    /// The exit status is 0, or 2 with the places of all mistakes. Variables need a value, as for
    /// --rules. With --script, its steps are checked.
    #[arg(long, value_name = "FILE", num_args = 0..=1, value_hint = ValueHint::FilePath, conflicts_with_all = ["replay", "broadcast", "chat", "command"])]
    pub check: Option<Option<PathBuf>>,
    /// Record each client in a file of its own: FILE with the number of the client before its ending
    ///
    /// chat.jsonl becomes chat-1.jsonl, chat-2.jsonl and so on; .har and .wsee are the other formats, as
    /// for wsee URL --record. What is recorded is what the client would have recorded: wsee replay sends
    /// it again, wsee test and wsee report read it. Faults that strike are in .jsonl.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = Heading::Output, conflicts_with = "check")]
    pub record: Option<PathBuf>,
    /// Overwrite the files of --record
    ///
    /// Overwrites only regular files that you own, never a symbolic link.
    #[arg(long, requires = "record", help_heading = Heading::Output)]
    pub force: bool,
    /// Accept at most N clients at a time
    ///
    /// Others get 503. By default there is no limit.
    #[arg(long, value_name = "N", help_heading = Heading::Limits, value_parser = clients)]
    pub max_clients: Option<NonZeroUsize>,
}

const OTHERS: [&str; 3] = ["broadcast", "chat", "replay"];
