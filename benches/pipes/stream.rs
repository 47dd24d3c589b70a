//! TCP, plain or under TLS, for server and limit client alike.

use std::error::Error;
use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{
    ClientConfig, ClientConnection, RootCertStore, ServerConfig, ServerConnection, StreamOwned,
};

/// A stream that can be ended in one direction.
pub(crate) trait Duplex: Read + Write + Send {
    fn end(&mut self) -> io::Result<()>;
}

impl Duplex for TcpStream {
    fn end(&mut self) -> io::Result<()> {
        self.shutdown(Shutdown::Write)
    }
}

impl Duplex for StreamOwned<ServerConnection, TcpStream> {
    fn end(&mut self) -> io::Result<()> {
        self.conn.send_close_notify();
        self.flush()?;
        self.sock.shutdown(Shutdown::Write)
    }
}

impl Duplex for StreamOwned<ClientConnection, TcpStream> {
    fn end(&mut self) -> io::Result<()> {
        self.conn.send_close_notify();
        self.flush()
    }
}

/// A server's identity for `localhost`, made for this run.
pub(crate) struct Identity {
    config: Arc<ServerConfig>,
    /// Where clients find the certificate to trust, in PEM.
    pub(crate) certificate: PathBuf,
}

impl Identity {
    pub(crate) fn generate() -> Result<Self, Box<dyn Error>> {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()])?;
        let certificate = Path::new(env!("CARGO_TARGET_TMPDIR")).join("pipes.pem");
        std::fs::write(&certificate, made.cert.pem())?;
        let key = PrivateKeyDer::try_from(made.signing_key.serialize_der())?;
        let config = ServerConfig::builder_with_provider(aws_lc_rs::default_provider().into())
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key)?;
        Ok(Self {
            config: config.into(),
            certificate,
        })
    }

    pub(crate) fn accept(&self, stream: TcpStream) -> Result<Box<dyn Duplex>, rustls::Error> {
        let mut connection = ServerConnection::new(self.config.clone())?;
        connection.set_buffer_limit(None);
        Ok(Box::new(StreamOwned::new(connection, stream)))
    }
}

/// A client's stream to the server on `port`, under TLS when there is a certificate to trust.
pub(crate) fn connect(
    stream: TcpStream,
    certificate: Option<&Path>,
) -> Result<Box<dyn Duplex>, Box<dyn Error>> {
    let Some(certificate) = certificate else {
        return Ok(Box::new(stream));
    };
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(certificate)?)?;
    let config = ClientConfig::builder_with_provider(aws_lc_rs::default_provider().into())
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from("localhost")?;
    let mut connection = ClientConnection::new(config.into(), name)?;
    connection.set_buffer_limit(None);
    Ok(Box::new(StreamOwned::new(connection, stream)))
}
