//! The headings under which help and manual pages list flags.

use clap::builder::Str;

/// A heading. Only the layout of the help depends on it.
#[derive(Debug, Clone, Copy)]
pub(super) enum Heading {
    Handshake,
    Tls,
    Proxy,
    Addresses,
    Limits,
    OnTop,
    Pipes,
    Reconnect,
    Output,
    Configuration,
    Replay,
    Forward,
    Front,
    Behaviour,
    Faults,
    Steps,
    Checks,
    Running,
    Variables,
    Reports,
}

impl From<Heading> for Str {
    fn from(heading: Heading) -> Self {
        match heading {
            Heading::Handshake => "Handshake",
            Heading::Tls => "TLS",
            Heading::Proxy => "Proxy",
            Heading::Addresses => "Addresses",
            Heading::Limits => "Limits and timing",
            Heading::OnTop => "Protocols on top",
            Heading::Pipes => "Pipes",
            Heading::Reconnect => "Staying connected",
            Heading::Output => "Output",
            Heading::Configuration => "Configuration",
            Heading::Replay => "Replay",
            Heading::Forward => "Forward",
            Heading::Front => "Front",
            Heading::Behaviour => "Behaviour",
            Heading::Faults => "Faults",
            Heading::Steps => "Steps",
            Heading::Checks => "Checks",
            Heading::Running => "Running",
            Heading::Variables => "Variables",
            Heading::Reports => "Reports",
        }
        .into()
    }
}
