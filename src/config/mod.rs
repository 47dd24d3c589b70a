//! Command line and environment, resolved to complete options for the layers below.
//!
//! The only reader of the environment.

mod audit;
mod command_line;
mod compression;
mod connect;
mod credential;
mod debug;
mod dialing;
pub mod display;
mod environment;
mod file;
mod filter;
mod further;
pub mod header;
mod http;
mod listen;
pub mod netrc;
mod on_top;
mod playback;
mod proxy;
mod proxying;
mod reconnect;
mod record;
mod redirect;
mod replay;
mod route;
pub mod runner;
pub mod target;
mod text_file;
mod timing;
mod tls;

pub use audit::{AuditError, Auditing};
pub use command_line::{CommandLine, CommandLineError};
pub use compression::{CompressionError, CompressionProblem};
pub use connect::{Connect, Mode};
pub use credential::CredentialError;
pub use dialing::Dialing;
pub use display::Display;
pub use environment::{Environment, ProxyVariables, Variable};
pub use file::{FileError, FileProblem, Place, profiles};
pub use listen::{Behaviour, Listen, RuleSource};
pub use on_top::OnTopError;
pub use playback::PlaybackError;
pub use proxy::{ProxyUrlError, ProxyUrlProblem};
pub use proxying::{Forwarding, Proxying, ca_folder};
pub use reconnect::EveryError;
pub use record::RecordError;
pub use replay::ReplayError;
pub use runner::{Test, TestError};
pub use timing::{Timing, TimingError};
pub use tls::TlsError;

use std::net::IpAddr;
use std::path::PathBuf;

use crate::diagnostic::Diagnostic;
use crate::exit::Exit;
use crate::filter::CompileError;
use crate::sys::place::SYSTEM;
use header::HeaderError;
use target::TargetError;

#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error(transparent)]
    File(#[from] FileError),
    #[error(transparent)]
    Curl(#[from] crate::cli::CurlError),
    #[error(transparent)]
    Target(#[from] TargetError),
    #[error(transparent)]
    Header(#[from] HeaderError),
    #[error(transparent)]
    Proxy(#[from] ProxyUrlError),
    #[error(
        "--interface {0} is not of the address family that -4 or -6 requires; drop one of them"
    )]
    Interface(IpAddr),
    #[error("{flag} does not work on {SYSTEM}; {instead}")]
    Lacking { flag: String, instead: &'static str },
    #[error(transparent)]
    Http(#[from] http::HttpError),
    #[error(transparent)]
    Compression(#[from] CompressionError),
    #[error(transparent)]
    Credential(#[from] CredentialError),
    #[error("--send @{}: cannot read it: {error}", file.display())]
    Send {
        file: PathBuf,
        error: std::io::Error,
    },
    #[error("--send, {0}")]
    SendEncoding(#[from] crate::pipe::EncodingError),
    #[error(transparent)]
    Record(#[from] RecordError),
    #[error(transparent)]
    Replay(#[from] ReplayError),
    #[error(transparent)]
    Playback(#[from] PlaybackError),
    #[error(transparent)]
    Timing(#[from] TimingError),
    #[error("--jq, column {}: {}", .0.column, .0.problem)]
    Filter(#[from] CompileError),
    #[error(transparent)]
    Tls(Box<TlsError>),
    #[error(transparent)]
    Every(#[from] EveryError),
    #[error(transparent)]
    OnTop(#[from] OnTopError),
    #[error(transparent)]
    Test(#[from] TestError),
    #[error(transparent)]
    Identity(#[from] crate::acceptor::IdentityError),
    #[error(transparent)]
    Further(#[from] further::FurtherError),
    #[error(transparent)]
    Serve(#[from] listen::OnTopError),
    #[error(transparent)]
    Check(#[from] listen::CheckError),
    #[error(transparent)]
    Audit(#[from] audit::AuditError),
    #[error(transparent)]
    Proxying(#[from] proxying::ProxyingError),
    #[error(
        "--fault {0:?}: client and server in front are for wsee proxy; leave the first word out"
    )]
    FaultSide(String),
    #[error("--fault {fault:?} does not fit: {why}")]
    FaultMisfit { fault: String, why: &'static str },
    #[error(
        "--echo is for the prompt of a terminal and for --split events; without both wsee listen echoes by itself, leave it out"
    )]
    Echo,
    #[error(
        "--seed repeats chances, such as those of --fault 'drop 5%'; nothing here has any, so leave --seed out"
    )]
    Seed,
}

impl ConfigError {
    pub fn exit(&self) -> Exit {
        match self {
            Self::Target(_) => Exit::Url,
            Self::Send { .. }
            | Self::SendEncoding(_)
            | Self::Every(EveryError::File { .. } | EveryError::Encoding(_)) => Exit::Input,
            Self::Test(error) => error.exit(),
            Self::Audit(error) => error.exit(),
            Self::OnTop(error) => error.exit(),
            Self::Replay(error) => error.exit(),
            Self::Playback(error) => error.exit(),
            Self::File(_)
            | Self::Curl(_)
            | Self::Header(_)
            | Self::Every(_)
            | Self::Proxy(_)
            | Self::Interface(_)
            | Self::Lacking { .. }
            | Self::Compression(_)
            | Self::Http(_)
            | Self::Record(_)
            | Self::Timing(_)
            | Self::Filter(_)
            | Self::Further(_)
            | Self::Identity(_)
            | Self::Serve(_)
            | Self::Check(_)
            | Self::Proxying(_)
            | Self::FaultSide(_)
            | Self::FaultMisfit { .. }
            | Self::Echo
            | Self::Seed => Exit::Usage,
            Self::Tls(error) => error.exit(),
            Self::Credential(error) => error.exit(),
        }
    }
}

impl Diagnostic for ConfigError {
    fn hint(&self) -> Option<String> {
        match self {
            Self::Tls(error) => error.hint(),
            Self::OnTop(error) => error.hint(),
            Self::Serve(error) => error.hint(),
            Self::SendEncoding(error) | Self::Every(EveryError::Encoding(error)) => error.hint(),
            Self::Playback(PlaybackError::Read(error))
            | Self::Replay(ReplayError::Playback(PlaybackError::Read(error))) => error.hint(),
            _ => None,
        }
    }
}
