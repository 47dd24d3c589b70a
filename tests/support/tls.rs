//! Certificates made for a test, and servers that show them.

use std::io::Write;
use std::net::TcpStream;
use std::sync::Arc;

use data_encoding::BASE64_MIME;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use tempfile::NamedTempFile;

use super::server::Server;

/// A TLS connection on the server's side.
pub type TlsStream = StreamOwned<ServerConnection, TcpStream>;

/// A certificate with its key.
#[derive(Debug)]
pub struct Identity {
    certificate: CertificateDer<'static>,
    key: PrivateKeyDer<'static>,
}

impl Identity {
    /// The configuration of a server that shows it.
    pub fn server_config(self) -> ServerConfig {
        ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("protocol versions")
            .with_no_client_auth()
            .with_single_cert(vec![self.certificate], self.key)
            .expect("a certificate that fits its key")
    }

    /// Writes certificate and key to files in PEM.
    pub fn write(&self) -> (NamedTempFile, NamedTempFile) {
        let certificate = pem("CERTIFICATE", &self.certificate);
        let key = pem("PRIVATE KEY", self.key.secret_der());
        (certificate, key)
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
        let mut file = NamedTempFile::new().expect("a file");
        file.write_all(issuer.pem().as_bytes()).expect("a file");
        Self { issuer, file }
    }

    /// The path of its certificate in PEM.
    pub fn path(&self) -> &str {
        self.file.path().to_str().expect("a path in UTF-8")
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

    fn sign(&self, params: &CertificateParams) -> Identity {
        let key = key();
        let certificate = params.signed_by(&key, &self.issuer).expect("a certificate");
        identity(&certificate, &key)
    }
}

/// Makes a certificate for `names` that is signed with its own key.
pub fn self_signed(names: &[&str]) -> Identity {
    let key = key();
    let certificate = params("wsee test server", names).self_signed(&key);
    identity(&certificate.expect("a certificate"), &key)
}

/// Starts a server that speaks TLS as `identity`, and leaves the rest to `serve`.
pub fn serving<T: Send + 'static>(
    identity: Identity,
    serve: impl FnOnce(TlsStream) -> T + Send + 'static,
) -> Server<T> {
    let config = identity.server_config();
    Server::start(move |stream| {
        let connection = ServerConnection::new(Arc::new(config)).expect("a configuration");
        serve(StreamOwned::new(connection, stream))
    })
}

/// The URL of such a server.
pub fn url<T: Send + 'static>(server: &Server<T>) -> String {
    format!("wss://localhost:{}", server.port())
}

fn pem(label: &str, der: &[u8]) -> NamedTempFile {
    let body = BASE64_MIME.encode(der).replace("\r\n", "\n");
    let mut file = NamedTempFile::new().expect("a file");
    write!(
        file,
        "-----BEGIN {label}-----\n{body}-----END {label}-----\n"
    )
    .expect("a file");
    file
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
        certificate: certificate.der().clone(),
        key: PrivateKeyDer::Pkcs8(key.serialize_der().into()),
    }
}
