//! What keeps a run going: other connections, and messages that are repeated.

use std::num::NonZeroU32;
use std::str::FromStr;

use clap::{ArgAction, Args};

use super::heading::Heading;

use super::value::ValueError;

/// How a run outlives silence and lost connections.
#[derive(Debug, Args)]
#[command(next_help_heading = Heading::Reconnect)]
pub struct ReconnectArgs {
    /// Connect again when the connection is lost; N attempts in a row may fail
    ///
    /// A connection is lost when it ends without a closing handshake, when a ping is not answered, when
    /// --idle-timeout runs out, and when the server closes with 1001 or 1011 to 1014. Any other end is
    /// meant, and stays the end. The first connection must be made at once; what is lost later is made
    /// anew after a wait of up to 1 s, which doubles up to 30 s with every attempt that fails and every
    /// connection that is shorter than the wait for it. An attempt fails where there is no connection
    /// or no TLS, and at a status of 429 or 500 to 599, whose Retry-After is honoured up to 1 hour; another
    /// status or an untrusted certificate ends the run. Without N there is no limit.
    ///
    /// --send goes out again on every connection. No other message is sent twice: what was read from
    /// stdin or typed and not sent goes out on the next connection, and what was on its way and
    /// may be lost is counted. --max-time and --count are for all connections together. The exit
    /// status tells how the last one ended, or the last attempt.
    #[arg(
        long,
        value_name = "N",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "forever",
        hide_short_help = true
    )]
    pub reconnect: Option<Attempts>,
    /// Send a message now and then every TIME; @FILE sends a file's content
    ///
    /// May be repeated. The first is sent when the connection opens, after --send, and so it is on
    /// every connection with --reconnect. A message has the kind that --send would give it. While the server takes
    /// nothing, none is sent. In a pipe the end of stdin then ends nothing: --count, --max-time, a
    /// signal or the server do.
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
