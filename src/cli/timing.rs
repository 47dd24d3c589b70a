//! What is told of a run when it is over.

use std::path::PathBuf;
use std::str::FromStr;

use clap::Args;

use super::value::ValueError;

/// Numbers for scripts, and a picture for people.
#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
#[expect(
    clippy::doc_markdown,
    reason = "clap prints these comments as they are"
)]
pub struct TimingArgs {
    /// Print FORMAT on stdout when the run is over, also when it failed
    ///
    /// As in curl: %{name} stands for a variable, %header{name} for a field of the server's response,
    /// %% for a percent sign, and \n, \r and \t for what they are in C. @FILE reads the format from a
    /// file, whose line breaks do not count. It follows the received payload on stdout, and the last
    /// line on stderr; what stands behind %{stderr} goes there instead, and %{stdout} switches back.
    /// What stands behind %{onerror} is printed only if the exit status is not 0.
    ///
    /// Times are in seconds and count from the start of the (latest) opening: time_namelookup,
    /// time_connect (TCP), time_proxy (the tunnel), time_appconnect (TLS), time_open (the 101 response), time_first_message;
    /// time_total is the whole run. rtt_avg, rtt_min and rtt_max are from pings to their pongs, and
    /// need --ping-interval or /ping. messages_in and messages_out, bytes_in and bytes_out (payload),
    /// wire_in and wire_out (bytes of all frames) count what went over the connection. Then there are url,
    /// url_effective and num_redirects (see wsee URL --location), exitcode, errormsg, http_code (or response_code), http_connect (the proxy's), subprotocol, extensions, close_code,
    /// close_reason, remote_ip, remote_port, local_ip and local_port. json is all of them as one object.
    /// What there is not is 0 or empty, and null in JSON. Secrets are masked (see --show-secrets).
    #[arg(short, long, value_name = "FORMAT|@FILE", hide_short_help = true)]
    pub write_out: Option<Format>,
    /// Draw how long DNS, TCP, TLS, the upgrade and the first message took
    ///
    /// On stderr when the run is over, above its last line, also with --quiet. At a terminal as bars of its
    /// width. A first message that takes long is cut short, so that the other bars can be told apart.
    #[arg(long, hide_short_help = true)]
    pub timing: bool,
}

/// A format for `--write-out`, or the file that holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Format {
    /// The format itself.
    Text(String),
    /// The file it is read from.
    File(PathBuf),
}

impl FromStr for Format {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        match text.strip_prefix('@') {
            None => Ok(Self::Text(text.to_owned())),
            Some("") => Err(ValueError::NoFormatFile),
            Some("-") => Err(ValueError::FormatOnStdin),
            Some(path) => Ok(Self::File(path.into())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_at_sign_names_a_file() {
        assert_eq!("a".parse(), Ok(Format::Text("a".to_owned())));
        assert_eq!("@a".parse(), Ok(Format::File("a".into())));
        assert_eq!("@".parse::<Format>(), Err(ValueError::NoFormatFile));
        assert_eq!("@-".parse::<Format>(), Err(ValueError::FormatOnStdin));
    }
}
