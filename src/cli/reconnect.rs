//! "Staying connected": reconnecting, and repeated messages.

use std::num::NonZeroU32;
use std::str::FromStr;

use clap::{ArgAction, Args};

use super::heading::Heading;

use super::value::ValueError;

#[derive(Debug, Args)]
#[command(next_help_heading = Heading::Reconnect)]
pub struct ReconnectArgs {
    /// Reconnect when the connection is lost; N attempts in a row may fail
    ///
    /// A connection is lost when it ends without a closing handshake, when a ping is not answered, when
    /// --idle-timeout runs out, or when the server closes with 1001 or 1011 to 1014. Any other close is
    /// deliberate and final. The first connection is tried again in the same way, so wsee waits for a
    /// server that is not there yet. wsee reconnects after a wait of up to 1 s, which doubles, up to 30
    /// s, with every failed attempt and every connection shorter than the wait before it. An attempt
    /// fails if TCP or TLS fails, or with status 429 or 500 to 599, whose Retry-After is honoured up to
    /// 1 hour; any other status or an untrusted certificate ends the run. Without N there is no limit.
    ///
    /// --send is repeated on every connection. No other message is sent twice: input that was not
    /// sent yet is sent on the next connection, and messages that may have been lost in transit are
    /// counted. --max-time and --count apply to all connections together. The exit status is that
    /// of the last connection or attempt.
    #[arg(
        long,
        value_name = "N",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "forever",
        hide_short_help = true
    )]
    pub reconnect: Option<Attempts>,
    /// Send a message every TIME, starting now; @FILE sends a file's content
    ///
    /// May be repeated. The first message is sent when the connection opens, after --send; with
    /// --reconnect, on every connection. Messages have the same kind as those of --send. None are
    /// sent while the server is not reading. In a pipe the run does not end with stdin, but with
    /// --count, --max-time, a signal or the server.
    #[arg(
        long,
        num_args = 2,
        value_names = ["TIME", "TEXT|@FILE"],
        action = ArgAction::Append,
        allow_hyphen_values = true,
        hide_short_help = true
    )]
    pub every: Vec<String>,
}

/// How many attempts in a row may fail; `None` for any number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attempts(pub Option<NonZeroU32>);

impl FromStr for Attempts {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        match text {
            "forever" => Ok(Self(None)),
            _ => match text.parse() {
                Ok(attempts) => Ok(Self(Some(attempts))),
                Err(_) => Err(ValueError::Attempts),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attempts_are_a_number_or_forever() {
        assert_eq!("3".parse(), Ok(Attempts(NonZeroU32::new(3))));
        assert_eq!("forever".parse(), Ok(Attempts(None)));
        for text in ["0", "-1", "", "x"] {
            assert_eq!(text.parse::<Attempts>(), Err(ValueError::Attempts));
        }
    }
}
