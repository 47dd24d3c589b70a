//! "TLS": the trust and certificate of a client, and the certificate of a server.

use std::path::PathBuf;

use clap::builder::PossibleValue;
use clap::{Args, ValueEnum, ValueHint};

use super::heading::Heading;
use crate::dial::Roots;
use crate::dial::tls::Version;
use crate::secret::Secret;

#[derive(Debug, Args)]
#[command(next_help_heading = Heading::Tls)]
pub struct TlsArgs {
    /// Accept any server certificate
    ///
    /// The connection is encrypted, but the server is not verified, so it may be an attacker's. For
    /// a private CA, prefer --cacert.
    #[arg(short = 'k', long, hide_short_help = true)]
    pub insecure: bool,
    /// Also trust the CA certificates in FILE (PEM)
    ///
    /// May be repeated. They are added to the roots that --roots selects. Has no effect with
    /// --insecure.
    #[arg(long, value_name = "FILE", hide_short_help = true, value_hint = ValueHint::FilePath)]
    pub cacert: Vec<PathBuf>,
    /// Trust Mozilla's roots (webpki), the system's (native), or both
    ///
    /// Mozilla's roots are compiled in. With both, the system's roots are read only if Mozilla's do
    /// not include the certificate's issuer. The system's roots come from SSL_CERT_FILE and
    /// SSL_CERT_DIR if these are set. --cacert adds to the selected roots.
    #[arg(
        long,
        value_enum,
        value_name = "STORE",
        default_value_t = Roots::Both,
        hide_short_help = true
    )]
    pub roots: Roots,
    /// Connect only if the server has this public key
    ///
    /// Takes 'sha256//BASE64', several of these separated by ';', or a FILE with a public key in
    /// PEM or DER, as in curl. The certificate must also be valid; with --insecure only the key
    /// counts. If the key differs, the error shows its hash. Exit status 60.
    #[arg(long, value_name = "HASHES|FILE", hide_short_help = true)]
    pub pinnedpubkey: Option<String>,
    /// Present this client certificate if the server asks for one
    ///
    /// A PEM file with the certificate and its chain up to the CA, or a PKCS#12 file (.p12, .pfx).
    /// The key may be in the same file; otherwise pass it with --key. For a password see --pass.
    /// After a redirect to another origin the certificate is presented only with
    /// --location-trusted. The exit status is 58 if the certificate cannot be used, if the server
    /// rejects it, or if the server asks for one and none is given.
    #[arg(
        short = 'E',
        long,
        value_name = "FILE",
        hide_short_help = true,
        value_hint = ValueHint::FilePath
    )]
    pub cert: Option<PathBuf>,
    /// The private key of --cert, if it is in a separate file
    ///
    /// PEM, encrypted (PKCS#8) or not, or PKCS#12. For a password see --pass.
    #[arg(
        long,
        value_name = "FILE",
        requires = "cert",
        hide_short_help = true,
        value_hint = ValueHint::FilePath
    )]
    pub key: Option<PathBuf>,
    /// Where to get the password of --cert or --key: env:NAME, file:PATH or prompt
    ///
    /// An environment variable, the first line of a file, or a prompt on the terminal, which is the
    /// default for an encrypted file. Unlike with curl, the password itself cannot be given, as
    /// other users can see the command line.
    #[arg(long, value_name = "SOURCE", requires = "cert", hide_short_help = true)]
    pub pass: Option<Secret<String>>,
    /// The lowest TLS version to offer: 1.2 or 1.3
    ///
    /// The default is 1.2. If the server supports no version this high, the exit status is 35.
    #[arg(long, value_enum, value_name = "VERSION", hide_short_help = true)]
    pub tls_min: Option<Version>,
    /// The highest TLS version to offer: 1.2 or 1.3
    ///
    /// The default is 1.3. May not be lower than --tls-min.
    #[arg(long, value_enum, value_name = "VERSION", hide_short_help = true)]
    pub tls_max: Option<Version>,
    /// Expect a certificate for NAME instead of the URL's host
    ///
    /// For a server that is reached by another name or by its address. NAME is sent as Server Name
    /// Indication (RFC 6066), unless it is an IP address, for which TLS has no such field. The Host
    /// field stays that of the URL; to change it, use -H 'Host: NAME'. With --sni '' no name is
    /// sent, and the certificate must be valid for the URL's host.
    #[arg(long, value_name = "NAME", hide_short_help = true)]
    pub sni: Option<String>,
}

#[derive(Debug, Args)]
#[command(next_help_heading = Heading::Tls)]
pub struct ServerTlsArgs {
    /// Serve wss:// with a certificate generated for this run
    ///
    /// The certificate is self-signed, so clients must accept it explicitly (wsee -k). To use a
    /// certificate of your own, pass --cert and --key, which imply --tls.
    #[arg(long)]
    pub tls: bool,
    /// Serve wss:// with this certificate chain (PEM)
    ///
    /// Needs --key. Implies --tls.
    #[arg(long, value_name = "FILE", requires = "key", value_hint = ValueHint::FilePath)]
    pub cert: Option<PathBuf>,
    /// The private key of --cert (PEM)
    ///
    /// Needs --cert.
    #[arg(long, value_name = "FILE", requires = "cert", value_hint = ValueHint::FilePath)]
    pub key: Option<PathBuf>,
    /// Require a client certificate signed by a CA in FILE (PEM)
    ///
    /// For testing client certificates (wsee URL --cert). Implies --tls.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub client_ca: Option<PathBuf>,
}

impl ValueEnum for Roots {
    fn value_variants<'a>() -> &'a [Self] {
        &[Self::Webpki, Self::Native, Self::Both]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(match self {
            Self::Webpki => PossibleValue::new("webpki").help("Mozilla's, compiled in"),
            Self::Native => PossibleValue::new("native").help("The system's"),
            Self::Both => PossibleValue::new("both").help("Mozilla's and the system's"),
        })
    }
}

impl ValueEnum for Version {
    fn value_variants<'a>() -> &'a [Self] {
        &[Self::Tls12, Self::Tls13]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(match self {
            Self::Tls12 => PossibleValue::new("1.2").help("TLS 1.2"),
            Self::Tls13 => PossibleValue::new("1.3").help("TLS 1.3"),
        })
    }
}
