//! What is shown, for the client and for `listen`.

use clap::{ArgAction, Args, ColorChoice};

use super::view::ViewArgs;

/// What is shown on stderr and at the terminal.
#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
#[expect(
    clippy::doc_markdown,
    reason = "clap prints these comments as they are"
)]
pub struct DisplayArgs {
    /// Show handshake, pings, pongs and closes; -vv shows every frame
    ///
    /// On stderr. The REPL shows them without -v. With -vv there is one line for each frame: FIN,
    /// RSV1-3, opcode, mask key, length and wire bytes.
    #[arg(short, long, action = ArgAction::Count, conflicts_with = "quiet")]
    pub verbose: u8,
    /// Print only errors on stderr
    ///
    /// Leaves out notes, and how the connection ended if it ended well. The exit status is the
    /// same, and so is what the REPL shows.
    #[arg(short, long)]
    pub quiet: bool,
    /// When to use colour
    ///
    /// auto is colour on a terminal, unless NO_COLOR is set; CLICOLOR_FORCE asks for it elsewhere.
    #[arg(
        long,
        value_name = "WHEN",
        value_enum,
        default_value_t = ColorChoice::Auto,
        hide_short_help = true
    )]
    pub color: ColorChoice,
    /// Print passwords, tokens and cookies instead of ***
    ///
    /// By default they are masked wherever header fields or URLs are printed: Authorization,
    /// Proxy-Authorization, Cookie, Set-Cookie, the userinfo of URLs, and query keys such as
    /// token, access_token, api_key, key, sig and password.
    #[arg(long, hide_short_help = true)]
    pub show_secrets: bool,
    /// How messages are shown.
    #[command(flatten)]
    pub view: ViewArgs,
}
