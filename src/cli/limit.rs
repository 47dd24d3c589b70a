//! "Limits and timing": limits and keepalive of a connection, and limits of a run.

use clap::Args;

use super::heading::Heading;
use super::value::{Period, Size, TimeLimit, close_code, close_reason};
use crate::proto::frame::CloseCode;

#[derive(Debug, Args)]
#[command(next_help_heading = Heading::Limits)]
pub struct ClientLimitArgs {
    /// Time limit for the opening, from DNS to the 101 response
    ///
    /// For example 500ms, 2s, 1m or 1m30s; a bare number is in seconds, and 0 is no limit. Exit
    /// status 28.
    #[arg(
        long,
        value_name = "TIME",
        default_value = "10s",
        hide_short_help = true
    )]
    pub connect_timeout: TimeLimit,
    #[command(flatten)]
    pub endpoint: LimitArgs,
}

#[derive(Debug, Args)]
#[command(next_help_heading = Heading::Limits)]
pub struct LimitArgs {
    /// Give up when nothing arrives from the peer for TIME
    ///
    /// By default, and with 0, there is no limit.
    #[arg(long, value_name = "TIME", hide_short_help = true)]
    pub idle_timeout: Option<TimeLimit>,
    /// Time for the peer to answer a Close frame
    ///
    /// The time starts again with every byte that is sent or received. When it runs out, wsee drops
    /// the connection. With 0 it does not wait for the answer.
    #[arg(
        long,
        value_name = "TIME",
        default_value = "5s",
        hide_short_help = true
    )]
    pub close_timeout: Period,
    /// Send a ping every TIME; 0 is off
    ///
    /// The default is 30s at the prompt and off elsewhere. Pings keep proxies from dropping a quiet
    /// connection, and detect a peer that is gone (see --ping-timeout).
    #[arg(long, value_name = "TIME", hide_short_help = true)]
    pub ping_interval: Option<TimeLimit>,
    /// Time for the peer to answer a ping; 0 is off
    ///
    /// The default is 20s at the prompt and off elsewhere. When it runs out, the connection is
    /// failed. Has no effect without pings.
    #[arg(long, value_name = "TIME", hide_short_help = true)]
    pub ping_timeout: Option<TimeLimit>,
    /// Largest message to accept
    ///
    /// In bytes, or with a unit: K, M, G, KiB, MiB or GiB (powers of 1024). A larger message fails
    /// the connection with 1009, unless wsee URL --raw, --binary or --echo passes it on while it
    /// arrives. By default 64MiB, and 1000000 for wsee listen --as socket.io, which announces it
    /// as maxPayload.
    #[arg(long, value_name = "SIZE", hide_short_help = true)]
    pub max_message: Option<Size>,
    /// Send messages in frames of at most SIZE bytes
    ///
    /// By default each message is sent as one frame. Takes the same units as --max-message.
    #[arg(long, value_name = "SIZE", hide_short_help = true)]
    pub fragment: Option<Size>,
    /// Do not answer pings
    ///
    /// Shows what the peer does without the answer that RFC 6455 §5.5.2 requires.
    #[arg(long, hide_short_help = true)]
    pub no_auto_pong: bool,
}

#[derive(Debug, Args)]
#[command(next_help_heading = Heading::Limits)]
pub struct RunArgs {
    /// Time limit for the whole run
    ///
    /// By default, and with 0, there is no limit. When it runs out, wsee closes the connection and
    /// exits with status 28.
    #[arg(short, long, value_name = "TIME")]
    pub max_time: Option<TimeLimit>,
    /// Status code of the Close frame that ends the run
    ///
    /// 1000-1003, 1007-1014 or 3000-4999. The default is 1000, or 1001 after SIGTERM.
    #[arg(long, value_name = "CODE", value_parser = close_code, hide_short_help = true)]
    pub close_code: Option<CloseCode>,
    /// Reason in the Close frame that ends the run
    ///
    /// At most 123 bytes of UTF-8. By default there is none.
    #[arg(long, value_name = "TEXT", value_parser = close_reason, hide_short_help = true)]
    pub close_reason: Option<String>,
}
