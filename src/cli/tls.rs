//! "TLS": whom a client trusts and what it shows of itself, and the certificate of a server.

use std::path::PathBuf;

use clap::builder::PossibleValue;
use clap::{Args, ValueEnum, ValueHint};

use super::heading::Heading;
use crate::dial::Roots;
use crate::dial::tls::Version;
use crate::secret::Secret;

/// Trust in the server, and the server's in wsee.
#[derive(Debug, Args)]
#[command(next_help_heading = Heading::Tls)]
pub struct TlsArgs {
    /// Accept any server certificate
    ///
    /// The connection is encrypted, but whoever answers is not verified, so an attacker would be
    /// accepted too. For a private CA, --cacert is better.
    #[arg(short = 'k', long)]
    pub insecure: bool,
    /// Trust the CA certificates in FILE (PEM) as well
    ///
    /// May be repeated. They are added to the roots that are trusted anyway (--roots). Needless with
    /// --insecure.
    #[arg(long, value_name = "FILE", hide_short_help = true, value_hint = ValueHint::FilePath)]
    pub cacert: Vec<PathBuf>,
    /// Trust Mozilla's roots (webpki), the system's (native), or both
    ///
    /// Mozilla's are compiled in. The system's are read only if the others do not know the
    /// certificate's issuer; they come from SSL_CERT_FILE and SSL_CERT_DIR where these are set.
    /// --cacert adds to all of them.
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
    /// 'sha256//BASE64', several with ';' between them, or a FILE with a public key in PEM or DER, as
    /// in curl. The certificate must be valid, too; with --insecure the key alone decides. When the
    /// key is another one, the error names it. Exit status 60.
    #[arg(long, value_name = "HASHES|FILE", hide_short_help = true)]
    pub pinnedpubkey: Option<String>,
    /// Show this client certificate if the server asks for one
    ///
    /// A PEM file with the certificate and those that lead to the CA, or a PKCS#12 file (.p12,
    /// .pfx). The key may be in the same file; if not, --key names its file. For a password see
    /// --pass. After a redirect to another origin it is shown only with --location-trusted. Exit
    /// status 58 if it cannot be used, or if the server refuses it or wants one that is not there.
    #[arg(
        short = 'E',
        long,
        value_name = "FILE",
        hide_short_help = true,
        value_hint = ValueHint::FilePath
    )]
    pub cert: Option<PathBuf>,
    /// The private key of --cert, if it is in a file of its own
    ///
    /// In PEM, encrypted (PKCS#8) or not, or PKCS#12. For a password see --pass.
    #[arg(
        long,
        value_name = "FILE",
        requires = "cert",
        hide_short_help = true,
        value_hint = ValueHint::FilePath
    )]
    pub key: Option<PathBuf>,
    /// Where the password of --cert or --key is: env:NAME, file:PATH or prompt
    ///
    /// An environment variable, the first line of a file, or a prompt on the terminal, which is the
    /// default if the file is encrypted. The password itself cannot be given, unlike curl's: others
    /// see the command line.
    #[arg(long, value_name = "SOURCE", requires = "cert", hide_short_help = true)]
    pub pass: Option<Secret<String>>,
    /// The lowest TLS version to offer: 1.2 or 1.3
    ///
    /// Default 1.2. A server that speaks nothing as high ends the run with exit status 35.
    #[arg(long, value_enum, value_name = "VERSION", hide_short_help = true)]
    pub tls_min: Option<Version>,
    /// The highest TLS version to offer: 1.2 or 1.3
    ///
    /// Default 1.3. May not be below --tls-min.
    #[arg(long, value_enum, value_name = "VERSION", hide_short_help = true)]
    pub tls_max: Option<Version>,
    /// Ask for the certificate of NAME and verify it, instead of the URL's host
    ///
    /// For a server that is reached by another name or by its address. NAME goes on the wire as
    /// Server Name Indication (RFC 6066), unless it is an address, which TLS does not send. The Host
    /// field stays the URL's: -H 'Host: NAME' changes it. With --sni '' no name is sent, and the
    /// certificate must be for the URL's host.
    #[arg(long, value_name = "NAME", hide_short_help = true)]
    pub sni: Option<String>,
}

/// TLS on the server's side.
#[derive(Debug, Args)]
#[command(next_help_heading = Heading::Tls)]
pub struct ServerTlsArgs {
    /// Serve wss:// with a certificate made for this run
    ///
    /// It is self-signed: clients must be told to accept it (wsee -k). Use --cert and --key for one
    /// of your own, which imply --tls.
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
    /// Let in only clients with a certificate that the CAs in FILE (PEM) signed
    ///
    /// To try a client's certificate (wsee --cert). Implies --tls.
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
