use std::fs::File;
use std::io::{self, Read};
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use rustls::pki_types::ServerName;
use url::Host;

use super::{ConfigError, Environment, credential};
use crate::cli::TlsArgs;
use crate::diagnostic::Diagnostic;
use crate::dial::tls::{Options, Sni, Versions};
use crate::dial::{Identity, IdentityError, IdentityProblem, PinError, Pins, SystemStore};
use crate::exit::Exit;
use crate::render::escape::escape_line;
use crate::secret::Secret;
use crate::term::PasswordError;
use crate::text;

#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    #[error("--tls-min 1.3 and --tls-max 1.2 leave no version to offer; drop one of them")]
    NoVersion,
    #[error("--sni {0:?}: not a host name; write a name or an address, or '' for none")]
    Sni(String),
    #[error("--pinnedpubkey {0}")]
    Pin(#[from] PinError),
    /// `--pass` names no source. The text may be the password itself.
    #[error(
        "--pass takes the source of the password, not the password itself, which other users could see; write env:NAME, file:PATH or prompt"
    )]
    PassSource,
    #[error("--{} {}", if .0.is_key { "key" } else { "cert" }, .0)]
    Identity(#[from] IdentityError),
    #[error(
        "--cert {}:***: no such file; do not put a password on the command line, where other users could see it; use --pass env:NAME, file:PATH or prompt",
        .0.display()
    )]
    PassInCert(PathBuf),
    #[error("--pass env:{0}: the variable is not set, or is not UTF-8")]
    PassVariable(String),
    #[error("--pass file:{}: {error}; use a readable file with the password in its first line", file.display())]
    PassFile { file: PathBuf, error: io::Error },
    #[error(transparent)]
    Ended(PasswordError),
    #[error("{} needs a password, but none could be read from the terminal ({error}); use --pass env:NAME or file:PATH", file.display())]
    Prompt { file: PathBuf, error: io::Error },
}

impl TlsError {
    pub fn exit(&self) -> Exit {
        match self {
            Self::NoVersion | Self::Sni(_) | Self::Pin(_) | Self::PassSource => Exit::Usage,
            Self::Identity(_)
            | Self::PassInCert(_)
            | Self::PassVariable(_)
            | Self::PassFile { .. }
            | Self::Prompt { .. } => Exit::ClientCertificate,
            Self::Ended(error) => credential::ended(error),
        }
    }
}

impl Diagnostic for TlsError {
    fn hint(&self) -> Option<String> {
        match self {
            Self::Pin(error) => error.hint(),
            Self::Identity(error) => error.hint(),
            _ => None,
        }
    }
}

/// The most bytes that are read of a file with a password: far more than any password.
const LARGEST_PASS: u64 = 64 << 10;

pub(super) fn tls_options(args: &TlsArgs, environment: &Environment) -> Result<Options, TlsError> {
    let pins = args.pinnedpubkey.as_deref().map(Pins::parse).transpose()?;
    let mut options = Options {
        insecure: args.insecure,
        cacert: args.cacert.clone(),
        roots: args.roots,
        pins,
        versions: versions(args)?,
        sni: args.sni.as_deref().map_or(Ok(Sni::Host), sni)?,
        ..Options::default()
    };
    use_environment(&mut options, environment);
    Ok(options)
}

pub(super) fn use_environment(options: &mut Options, environment: &Environment) {
    options.system_store = SystemStore {
        file: environment.ssl_cert_file.clone(),
        folders: environment.ssl_cert_dir.clone(),
    };
    options.key_log.clone_from(&environment.ssl_key_log_file);
}

pub(super) fn client_identity(
    args: &TlsArgs,
    environment: &Environment,
) -> Result<Option<Identity>, TlsError> {
    let pass = match &args.pass {
        Some(source) => pass_source(source)?,
        None => PassSource::Prompt,
    };
    let Some(cert) = &args.cert else {
        return Ok(None);
    };
    let password = |file: &Path| password(&pass, file, environment);
    let identity = Identity::read(cert, args.key.as_deref(), password);
    identity
        .map(Some)
        .map_err(|error| without_password(cert, error))
}

fn versions(args: &TlsArgs) -> Result<Versions, TlsError> {
    let all = Versions::default();
    let min = args.tls_min.unwrap_or(all.min);
    let max = args.tls_max.unwrap_or(all.max);
    if min > max {
        return Err(TlsError::NoVersion);
    }
    Ok(Versions { min, max })
}

fn sni(name: &str) -> Result<Sni, TlsError> {
    if name.is_empty() {
        return Ok(Sni::Off);
    }
    if let Ok(address) = name.parse::<IpAddr>() {
        return Ok(Sni::Name(address.to_string()));
    }
    let name = match Host::parse(name) {
        Ok(Host::Domain(name)) => name,
        Ok(Host::Ipv4(address)) => address.to_string(),
        Ok(Host::Ipv6(address)) => address.to_string(),
        Err(_) => return Err(TlsError::Sni(name.to_owned())),
    };
    match ServerName::try_from(name.as_str()) {
        Ok(_) => Ok(Sni::Name(name)),
        Err(_) => Err(TlsError::Sni(name)),
    }
}

enum PassSource<'a> {
    Variable(&'a str),
    File(&'a Path),
    Prompt,
}

fn pass_source(text: &Secret<String>) -> Result<PassSource<'_>, TlsError> {
    let text = text.expose();
    match text.split_once(':') {
        Some(("env", name)) if !name.is_empty() => Ok(PassSource::Variable(name)),
        Some(("file", path)) if !path.is_empty() => Ok(PassSource::File(Path::new(path))),
        None if text == "prompt" => Ok(PassSource::Prompt),
        _ => Err(TlsError::PassSource),
    }
}

/// Keeps the password of curl's `--cert FILE:PASSWORD` out of the message.
fn without_password(cert: &Path, error: TlsError) -> TlsError {
    let TlsError::Identity(IdentityError {
        problem: IdentityProblem::Unreadable(_),
        file,
        ..
    }) = &error
    else {
        return error;
    };
    let text = cert.to_str().filter(|_| file == cert);
    match text.and_then(|text| text.rsplit_once(':')) {
        Some((file, _)) => TlsError::PassInCert(file.into()),
        None => error,
    }
}

fn password(
    source: &PassSource<'_>,
    file: &Path,
    environment: &Environment,
) -> Result<Secret<String>, TlsError> {
    match source {
        PassSource::Variable(name) => environment
            .variable(name)
            .map(Secret::new)
            .ok_or_else(|| TlsError::PassVariable((*name).to_owned())),
        PassSource::File(path) => first_line(path).map_err(|error| TlsError::PassFile {
            file: path.to_path_buf(),
            error,
        }),
        PassSource::Prompt => {
            let prompt = format!("Password for {}: ", file.display());
            let password = environment.password(&escape_line(&prompt));
            password.map(Secret::new).map_err(|error| match error {
                PasswordError::Io(error) => TlsError::Prompt {
                    file: file.to_owned(),
                    error,
                },
                ended => TlsError::Ended(ended),
            })
        }
    }
}

fn first_line(path: &Path) -> io::Result<Secret<String>> {
    let mut bytes = Vec::new();
    File::open(path)?
        .take(LARGEST_PASS)
        .read_to_end(&mut bytes)?;
    let text = text::decode(bytes)?;
    Ok(Secret::new(
        text.lines().next().unwrap_or_default().to_owned(),
    ))
}

impl From<TlsError> for ConfigError {
    fn from(error: TlsError) -> Self {
        Self::Tls(Box::new(error))
    }
}
