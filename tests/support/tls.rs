//! Certificates made for a test, and servers that show them.

use std::io::Write;
use std::net::TcpStream;
use std::sync::Arc;

use data_encoding::{BASE64, BASE64_MIME};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair,
};
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ParsedCertificate, WebPkiClientVerifier};
use rustls::{
    RootCertStore, ServerConfig, ServerConnection, StreamOwned, SupportedProtocolVersion,
};
use sha2::{Digest, Sha256};
use tempfile::NamedTempFile;

use super::server::Server;

/// A TLS connection on the server's side.
pub type TlsStream = StreamOwned<ServerConnection, TcpStream>;

/// A certificate with those that lead to its root, and its key.
#[derive(Debug)]
pub struct Identity {
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
}

impl Identity {
    /// The configuration of a server that shows it.
    pub fn server_config(self) -> ServerConfig {
        Terms::of(self).config()
    }

    /// Writes certificates and key to files in PEM.
    pub fn write(&self) -> (NamedTempFile, NamedTempFile) {
        let certificates = self.chain.iter().map(|der| pem("CERTIFICATE", der));
        let key = pem("PRIVATE KEY", self.key.secret_der());
        (file(certificates.collect::<String>()), file(key))
    }

    /// The same without the certificates that lead to the root.
    pub fn alone(mut self) -> Self {
        self.chain.truncate(1);
        self
    }

    /// The key, in DER (PKCS#8).
    pub fn key(&self) -> &[u8] {
        self.key.secret_der()
    }

    /// The certificates, its own first, in DER.
    pub fn chain(&self) -> &[CertificateDer<'static>] {
        &self.chain
    }

    /// The key that is in the certificate, as `--pinnedpubkey` names it.
    pub fn pin(&self) -> String {
        let key = ParsedCertificate::try_from(&self.chain[0]).expect("a certificate");
        let hash = Sha256::digest(key.subject_public_key_info());
        format!("sha256//{}", BASE64.encode(&hash))
    }
}

/// A certificate authority.
#[derive(Debug)]
pub struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    file: NamedTempFile,
}

impl Authority {
    /// Makes one.
    pub fn new() -> Self {
        let mut params = params("wsee test CA", &[]);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, key()).expect("a certificate");
        let file = file(issuer.pem());
        Self { issuer, file }
    }

    /// The path of its certificate in PEM.
    pub fn path(&self) -> &str {
        path(&self.file)
    }

    /// Issues a certificate for `names`.
    pub fn issue(&self, names: &[&str]) -> Identity {
        self.sign(&params("wsee test server", names))
    }

    /// Issues a certificate for `names` that was valid in 2020.
    pub fn issue_expired(&self, names: &[&str]) -> Identity {
        let mut params = params("wsee test server", names);
        params.not_before = rcgen::date_time_ymd(2020, 1, 1);
        params.not_after = rcgen::date_time_ymd(2020, 12, 31);
        self.sign(&params)
    }

    /// Issues a certificate for `names` that becomes valid in 2999.
    pub fn issue_early(&self, names: &[&str]) -> Identity {
        let mut params = params("wsee test server", names);
        params.not_before = rcgen::date_time_ymd(2999, 1, 1);
        params.not_after = rcgen::date_time_ymd(2999, 12, 31);
        self.sign(&params)
    }

    /// Issues a certificate for `names` whose last day is `date`, in UTC.
    pub fn issue_until(&self, names: &[&str], date: jiff::civil::Date) -> Identity {
        let mut params = params("wsee test server", names);
        let (month, day) = (date.month().unsigned_abs(), date.day().unsigned_abs());
        params.not_after = rcgen::date_time_ymd(date.year().into(), month, day);
        self.sign(&params)
    }

    /// Issues a certificate for a client called `name`.
    pub fn issue_client(&self, name: &str) -> Identity {
        let mut params = params(name, &[]);
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        self.sign(&params)
    }

    /// An authority that this one vouches for; what it issues carries its certificate along.
    pub fn intermediate(&self) -> Intermediate {
        let mut params = params("wsee test intermediate", &[]);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::signed_by(params, key(), &self.issuer);
        Intermediate(issuer.expect("a certificate"))
    }

    fn sign(&self, params: &CertificateParams) -> Identity {
        let key = key();
        let certificate = params.signed_by(&key, &self.issuer).expect("a certificate");
        identity(&certificate, &key)
    }
}

/// An authority below another.
#[derive(Debug)]
pub struct Intermediate(CertifiedIssuer<'static, KeyPair>);

impl Intermediate {
    /// Issues a certificate for `names`.
    pub fn issue(&self, names: &[&str]) -> Identity {
        let key = key();
        let params = params("wsee test server", names);
        let certificate = params.signed_by(&key, &self.0).expect("a certificate");
        let mut identity = identity(&certificate, &key);
        identity.chain.push(self.0.der().clone());
        identity
    }
}

/// Makes such a certificate for `names` whose owner calls itself `name`.
pub fn named(name: &str, names: &[&str]) -> Identity {
    let key = key();
    let certificate = params(name, names).self_signed(&key);
    identity(&certificate.expect("a certificate"), &key)
}

/// Makes a certificate for `names` that is signed with its own key.
pub fn self_signed(names: &[&str]) -> Identity {
    named("wsee test server", names)
}

/// Starts a server that speaks TLS as `identity`, and leaves the rest to `serve`.
pub fn serving<T: Send + 'static>(
    identity: Identity,
    serve: impl FnOnce(TlsStream) -> T + Send + 'static,
) -> Server<T> {
    serving_as(Terms::of(identity), serve)
}

/// On which terms a server speaks TLS.
#[derive(Debug)]
pub struct Terms {
    identity: Identity,
    versions: Vec<&'static SupportedProtocolVersion>,
    clients: Option<CertificateDer<'static>>,
    demands: bool,
}

impl Terms {
    /// Whatever a client wishes, as `identity`.
    pub fn of(identity: Identity) -> Self {
        let versions = rustls::ALL_VERSIONS.to_vec();
        Self {
            identity,
            versions,
            clients: None,
            demands: true,
        }
    }

    /// Only this version.
    pub fn only(mut self, version: &'static SupportedProtocolVersion) -> Self {
        self.versions = vec![version];
        self
    }

    /// Only clients with a certificate of `authority`.
    pub fn only_clients_of(mut self, authority: &Authority) -> Self {
        self.clients = Some(authority.issuer.der().clone());
        self
    }

    /// Asks for a certificate of `authority`, and does without one.
    pub fn asking_clients_of(mut self, authority: &Authority) -> Self {
        self.demands = false;
        self.only_clients_of(authority)
    }

    pub fn config(self) -> ServerConfig {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let verifier = match self.clients {
            None => WebPkiClientVerifier::no_client_auth(),
            Some(authority) => {
                let mut roots = RootCertStore::empty();
                roots.add(authority).expect("a root");
                let provider = Arc::clone(&provider);
                let roots = Arc::new(roots);
                let builder = WebPkiClientVerifier::builder_with_provider(roots, provider);
                let builder = if self.demands {
                    builder
                } else {
                    builder.allow_unauthenticated()
                };
                builder.build().expect("roots")
            }
        };
        ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&self.versions)
            .expect("protocol versions")
            .with_client_cert_verifier(verifier)
            .with_single_cert(self.identity.chain, self.identity.key)
            .expect("a certificate that fits its key")
    }
}

/// Starts a server that speaks TLS on these `terms`, and leaves the rest to `serve`.
pub fn serving_as<T: Send + 'static>(
    terms: Terms,
    serve: impl FnOnce(TlsStream) -> T + Send + 'static,
) -> Server<T> {
    let config = terms.config();
    Server::start(move |stream| {
        let connection = ServerConnection::new(Arc::new(config)).expect("a configuration");
        serve(StreamOwned::new(connection, stream))
    })
}

/// The URL of such a server.
pub fn url<T: Send + 'static>(server: &Server<T>) -> String {
    format!("wss://localhost:{}", server.port())
}

/// A file with `content`.
pub fn file(content: impl AsRef<[u8]>) -> NamedTempFile {
    let mut file = NamedTempFile::new().expect("a file");
    file.write_all(content.as_ref()).expect("a file");
    file
}

/// The path of a file.
pub fn path(file: &NamedTempFile) -> &str {
    file.path().to_str().expect("a path in UTF-8")
}

/// DER as PEM.
pub fn pem(label: &str, der: &[u8]) -> String {
    let body = BASE64_MIME.encode(der).replace("\r\n", "\n");
    format!("-----BEGIN {label}-----\n{body}-----END {label}-----\n")
}

fn params(name: &str, names: &[&str]) -> CertificateParams {
    let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
    let mut params = CertificateParams::new(names).expect("names");
    params.distinguished_name.push(DnType::CommonName, name);
    params
}

fn key() -> KeyPair {
    KeyPair::generate().expect("a key")
}

fn identity(certificate: &rcgen::Certificate, key: &KeyPair) -> Identity {
    Identity {
        chain: vec![certificate.der().clone()],
        key: PrivateKeyDer::Pkcs8(key.serialize_der().into()),
    }
}
