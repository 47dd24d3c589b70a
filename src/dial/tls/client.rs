use std::io;
use std::sync::Arc;
use std::time::Duration;

use rustls::crypto::CryptoProvider;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, ProtocolVersion};
use tokio::time::Instant;
use tokio_rustls::TlsConnector;

use super::alert;
use super::client_auth::{self, ClientAuth, Resolver};
use super::error::{TlsFailure, TlsProblem};
use super::key_exchange::client_provider;
use super::key_log::KeyLog;
use super::verify::Verifier;
use super::verify_problem::{self, VerifyProblem};
use super::{Certificate, Options, Session, Sni, Version, Versions};
use crate::dial::{Step, Stream, Target};

#[derive(Debug)]
pub(in crate::dial) struct Client<'a> {
    target: &'a Target,
    options: &'a Options,
    server_name: ServerName<'static>,
    verifier: Arc<Verifier>,
    resolver: Arc<Resolver>,
    config: ClientConfig,
}

impl<'a> Client<'a> {
    /// Reads the files of roots and checks that the host can be verified.
    pub(in crate::dial) fn new(
        target: &'a Target,
        options: &'a Options,
        alpn: Vec<Vec<u8>>,
    ) -> Result<Self, TlsFailure> {
        // Explicit, as a process-wide default may be missing or different.
        let provider = client_provider();
        let algorithms = provider.signature_verification_algorithms;
        let verifier = Verifier::new(algorithms, options)
            .map_err(|error| failure(target, TlsProblem::Roots(Box::new(error))))?;
        let verifier = Arc::new(verifier);
        let resolver = Arc::new(Resolver::new(options.identity.clone()));
        let mut config = config(provider, options.versions, Arc::clone(&verifier));
        config.client_auth_cert_resolver = Arc::<Resolver>::clone(&resolver);
        config.enable_sni = options.sni != Sni::Off;
        config.alpn_protocols = alpn;
        Ok(Self {
            target,
            options,
            server_name: server_name(target, options)?,
            verifier,
            resolver,
            config,
        })
    }

    pub(in crate::dial) async fn handshake(
        &self,
        stream: Stream,
        step: &mut dyn FnMut(Step),
    ) -> Result<Stream, TlsFailure> {
        let mut config = self.config.clone();
        if let Some(log) = self.open_key_log(step) {
            config.key_log = Arc::new(log);
        }
        let started = Instant::now();
        let stream = TlsConnector::from(Arc::new(config))
            .connect(self.server_name.clone(), stream)
            .await
            .map_err(|error| self.explain(error))?;
        let session = self.session(stream.get_ref().1, started.elapsed());
        step(Step::Tls(Box::new(session)));
        Ok(Stream::Tls(Box::new(stream)))
    }

    fn open_key_log(&self, step: &mut dyn FnMut(Step)) -> Option<KeyLog> {
        let file = self.options.key_log.clone()?;
        let opened = KeyLog::open(&file).map_err(Arc::new);
        let error = opened.as_ref().err().cloned();
        step(Step::KeyLog { file, error });
        opened.ok()
    }

    fn session(&self, connection: &ClientConnection, took: Duration) -> Session {
        Session {
            version: connection
                .protocol_version()
                .map_or_else(String::new, version_text),
            cipher_suite: connection
                .negotiated_cipher_suite()
                .map_or_else(String::new, |suite| format!("{:?}", suite.suite())),
            key_exchange: connection
                .negotiated_key_exchange_group()
                .map(|group| format!("{:?}", group.name())),
            alpn: connection
                .alpn_protocol()
                .map(|protocol| String::from_utf8_lossy(protocol).into_owned()),
            certificate: connection
                .peer_certificates()
                .and_then(<[_]>::first)
                .and_then(|leaf| Certificate::parse(leaf)),
            distrust: self.distrust().map(|problem| problem.text),
            sni: self.options.sni.clone(),
            client_auth: self.resolver.asked().cloned(),
            took,
        }
    }

    /// What is wrong with the server's certificate, even if it was accepted.
    fn distrust(&self) -> Option<VerifyProblem> {
        let refusal = self.verifier.refusal()?;
        let host = verified_name(self.target, self.options);
        let mut problem = verify_problem::explain(
            &refusal.verdict,
            refusal.certificate.as_ref(),
            host,
            self.verifier.system_problem(),
        );
        if refusal.is_alone {
            problem.note_missing_chain();
        }
        problem.add_further(refusal, host);
        Some(problem)
    }

    fn explain(&self, error: io::Error) -> TlsFailure {
        // An insecure verifier accepts what it finds wrong, so the error is about something else.
        let distrust = match self.verifier.unpinned() {
            Some(key) => Some(verify_problem::unpinned(key)),
            None => self.distrust().filter(|_| !self.options.insecure),
        };
        match distrust {
            Some(problem) if is_about_certificate(&error) => {
                failure(self.target, TlsProblem::Certificate(problem))
            }
            _ => failed(
                self.target,
                self.options.versions,
                self.resolver.asked(),
                error,
            ),
        }
    }
}

fn verified_name<'a>(target: &'a Target, options: &'a Options) -> &'a str {
    match &options.sni {
        Sni::Name(name) | Sni::Relayed(name) => name,
        Sni::Host | Sni::Off => &target.host,
    }
}

/// Explains an error of the first read or write after the handshake; returns one that is not about TLS.
///
/// RFC 8446 §4.4.2.4: a server rejects a client's certificate after the client has finished its handshake.
pub fn late_failure(
    target: &Target,
    options: &Options,
    asked: Option<&ClientAuth>,
    error: io::Error,
) -> Result<TlsFailure, io::Error> {
    let inner = error.get_ref().and_then(|it| it.downcast_ref());
    match inner {
        Some(rustls::Error::AlertReceived(_)) => Ok(failed(target, options.versions, asked, error)),
        _ => Err(error),
    }
}

fn failed(
    target: &Target,
    versions: Versions,
    asked: Option<&ClientAuth>,
    error: io::Error,
) -> TlsFailure {
    let refused = asked.and_then(|asked| Some((asked, client_auth::refusal(asked, &error)?)));
    let problem = match refused {
        Some((asked, alert)) => TlsProblem::ClientCertificate {
            asked: asked.clone(),
            alert,
        },
        None => TlsProblem::Handshake(alert::explain(error, target.port, versions)),
    };
    failure(target, problem)
}

fn failure(target: &Target, problem: TlsProblem) -> TlsFailure {
    TlsFailure {
        host: target.host.as_str().into(),
        port: target.port,
        problem,
    }
}

fn config(provider: CryptoProvider, versions: Versions, verifier: Arc<Verifier>) -> ClientConfig {
    let known = [
        (Version::Tls13, &rustls::version::TLS13),
        (Version::Tls12, &rustls::version::TLS12),
    ];
    let offered: Vec<_> = known
        .into_iter()
        .filter(|(version, _)| (versions.min..=versions.max).contains(version))
        .map(|(_, offered)| offered)
        .collect();
    ClientConfig::builder_with_provider(Arc::new(provider))
        .with_protocol_versions(&offered)
        .expect("aws-lc-rs has cipher suites for both versions")
        .dangerous()
        .with_custom_certificate_verifier(verifier)
        .with_no_client_auth()
}

fn server_name(target: &Target, options: &Options) -> Result<ServerName<'static>, TlsFailure> {
    let host = verified_name(target, options);
    // RFC 6874 §4: the zone of an address is meaningful on this machine only.
    let name = host.split('%').next().unwrap_or(host);
    // RFC 6066 §3: the name has no trailing dot.
    let name = name.strip_suffix('.').unwrap_or(name);
    ServerName::try_from(name.to_owned()).map_err(|_| failure(target, TlsProblem::ServerName))
}

fn version_text(version: ProtocolVersion) -> String {
    match version {
        ProtocolVersion::TLSv1_2 => "TLS 1.2".to_owned(),
        ProtocolVersion::TLSv1_3 => "TLS 1.3".to_owned(),
        other => format!("{other:?}"),
    }
}

fn is_about_certificate(error: &io::Error) -> bool {
    let inner = error.get_ref().and_then(|it| it.downcast_ref());
    matches!(inner, Some(rustls::Error::InvalidCertificate(_)))
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use rcgen::{
        BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, date_time_ymd,
    };
    use rustls::ServerConfig;
    use rustls::crypto::aws_lc_rs;
    use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
    use rustls::sign::{CertifiedKey, Signer, SigningKey, SingleCertAndKey};
    use rustls::{SignatureAlgorithm, SignatureScheme};
    use tempfile::NamedTempFile;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;
    use tokio_rustls::TlsAcceptor;

    use super::super::pin::pin_text;
    use super::super::{Pins, RootsProblem};
    use super::*;
    use crate::dial::{Error, Options as DialOptions, dial};

    /// A certificate with its key, as a server has it.
    struct Identity {
        chain: Vec<CertificateDer<'static>>,
        pem: String,
        key: KeyPair,
    }

    fn params(name: &str) -> CertificateParams {
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        params.distinguished_name = rcgen::DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, name);
        params
    }

    fn self_signed(params: &CertificateParams) -> Identity {
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap();
        Identity {
            chain: vec![certificate.der().clone()],
            pem: certificate.pem(),
            key,
        }
    }

    /// A certificate for `name` and the PEM of the authority that signed it.
    fn signed_by_authority(name: &str) -> (Identity, String) {
        let mut authority = params("wsee test authority");
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority_key = KeyPair::generate().unwrap();
        let root = authority.self_signed(&authority_key).unwrap();
        let issuer = Issuer::new(authority, authority_key);

        let key = KeyPair::generate().unwrap();
        let leaf = params(name).signed_by(&key, &issuer).unwrap();
        let identity = Identity {
            chain: vec![leaf.der().clone()],
            pem: leaf.pem(),
            key,
        };
        (identity, root.pem())
    }

    /// Unlike rustls itself, accepts a certificate that rustls cannot read.
    fn certified(chain: Vec<CertificateDer<'static>>, key: &KeyPair) -> CertifiedKey {
        let key = PrivatePkcs8KeyDer::from(key.serialize_der());
        let key = aws_lc_rs::sign::any_supported_type(&PrivateKeyDer::from(key)).unwrap();
        CertifiedKey::new(chain, key)
    }

    fn acceptor(key: CertifiedKey, alpn: &[u8], version: Version) -> TlsAcceptor {
        let version = match version {
            Version::Tls12 => &rustls::version::TLS12,
            Version::Tls13 => &rustls::version::TLS13,
        };
        let mut config =
            ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
                .with_protocol_versions(&[version])
                .unwrap()
                .with_no_client_auth()
                .with_cert_resolver(Arc::new(SingleCertAndKey::from(key)));
        config.alpn_protocols = vec![alpn.to_vec()];
        TlsAcceptor::from(Arc::new(config))
    }

    /// Dials a server on loopback that echoes four bytes, then drops the connection.
    async fn dial_server(
        identity: &Identity,
        alpn: &[u8],
        options: Options,
    ) -> (Result<Stream, Error>, Vec<Step>) {
        let key = certified(identity.chain.clone(), &identity.key);
        dial_acceptor(acceptor(key, alpn, Version::Tls13), options).await
    }

    async fn dial_acceptor(
        acceptor: TlsAcceptor,
        options: Options,
    ) -> (Result<Stream, Error>, Vec<Step>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            let (tcp, _) = listener.accept().await.unwrap();
            let Ok(mut tls) = acceptor.accept(tcp).await else {
                return;
            };
            let mut message = [0; 4];
            if tls.read_exact(&mut message).await.is_ok() {
                tls.write_all(&message).await.unwrap();
                tls.flush().await.unwrap();
            }
        });
        dial_port(port, options).await
    }

    async fn dial_port(port: u16, tls: Options) -> (Result<Stream, Error>, Vec<Step>) {
        let target = Target {
            host: "localhost".to_owned(),
            port,
            tls: true,
        };
        let options = DialOptions {
            tls,
            ..DialOptions::default()
        };
        let mut steps = Vec::new();
        let result = dial(&target, &options, &mut |step| steps.push(step)).await;
        (result, steps)
    }

    fn session(steps: &[Step]) -> &Session {
        match steps.last() {
            Some(Step::Tls(session)) => session,
            _ => panic!("{steps:?}"),
        }
    }

    fn file(pem: &str) -> NamedTempFile {
        let mut file = NamedTempFile::new().unwrap();
        file.write_all(pem.as_bytes()).unwrap();
        file
    }

    fn trusting(file: &NamedTempFile) -> Options {
        Options {
            cacert: vec![file.path().to_owned()],
            ..Options::default()
        }
    }

    fn insecure() -> Options {
        Options {
            insecure: true,
            ..Options::default()
        }
    }

    /// The part of a certificate error after `cannot trust localhost:PORT: `.
    fn certificate_problem(result: Result<Stream, Error>) -> String {
        let error = result.unwrap_err();
        let Error::Tls(failure) = &error else {
            panic!("{error:?}");
        };
        let TlsProblem::Certificate(problem) = &failure.problem else {
            panic!("{error:?}");
        };
        let text = format!("cannot trust localhost:{}: {problem}", failure.port);
        assert_eq!(error.to_string(), text);
        problem.to_string()
    }

    #[tokio::test]
    async fn trusts_certificates_signed_by_the_given_authority() {
        let (identity, authority) = signed_by_authority("localhost");
        let authority = file(&authority);

        let (stream, steps) = dial_server(&identity, b"http/1.1", trusting(&authority)).await;
        let mut stream = stream.unwrap();
        stream.write_all(b"ping").await.unwrap();
        let mut answer = [0; 4];
        stream.read_exact(&mut answer).await.unwrap();

        assert_eq!(&answer, b"ping");
        let session = session(&steps);
        assert_eq!(session.version, "TLS 1.3");
        assert!(session.cipher_suite.starts_with("TLS13_"), "{session:?}");
        assert_eq!(session.key_exchange.as_deref(), Some("X25519MLKEM768"));
        assert_eq!(session.alpn.as_deref(), Some("http/1.1"));
        assert_eq!(session.distrust, None);
        let certificate = session.certificate.as_ref().unwrap();
        assert_eq!(certificate.issuer, "CN=wsee test authority");
    }

    #[tokio::test]
    async fn shows_that_close_notify_is_missing() {
        let identity = self_signed(&params("localhost"));
        let (stream, _) = dial_server(&identity, b"http/1.1", insecure()).await;
        let mut stream = stream.unwrap();
        stream.write_all(b"ping").await.unwrap();
        let error = stream.read_to_end(&mut Vec::new()).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
    }

    #[tokio::test]
    async fn names_the_unknown_issuer() {
        let (identity, _) = signed_by_authority("localhost");
        let (stream, _) = dial_server(&identity, b"http/1.1", Options::default()).await;
        assert_eq!(
            certificate_problem(stream),
            "the issuer of the certificate is unknown (CN=wsee test authority), \
             and the server sent only its own certificate"
        );
    }

    #[tokio::test]
    async fn recognizes_a_given_authority_that_has_been_renewed() {
        let (identity, _) = signed_by_authority("localhost");
        let (_, other_key) = signed_by_authority("localhost");
        let other_key = file(&other_key);
        let (stream, _) = dial_server(&identity, b"http/1.1", trusting(&other_key)).await;
        let problem = certificate_problem(stream);
        let start = "the certificate was not signed with the key of its known issuer";
        assert!(problem.starts_with(start), "{problem}");
    }

    #[tokio::test]
    async fn refuses_self_signed_certificates_of_both_kinds() {
        let mut params = params("localhost");
        for is_ca in [IsCa::NoCa, IsCa::Ca(BasicConstraints::Unconstrained)] {
            params.is_ca = is_ca;
            let identity = self_signed(&params);
            let (stream, _) = dial_server(&identity, b"http/1.1", Options::default()).await;
            assert_eq!(
                certificate_problem(stream),
                "the certificate is self-signed (CN=localhost)"
            );
        }
    }

    #[tokio::test]
    async fn trusts_a_given_self_signed_certificate_even_if_it_is_marked_as_an_authority() {
        let mut params = params("localhost");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let identity = self_signed(&params);
        let own = file(&identity.pem);
        let (stream, steps) = dial_server(&identity, b"http/1.1", trusting(&own)).await;
        assert!(stream.is_ok(), "{stream:?}");
        assert_eq!(session(&steps).distrust, None);
    }

    #[tokio::test]
    async fn trusts_a_given_self_signed_certificate_for_its_own_names_only() {
        let mut params = params("a.example");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let identity = self_signed(&params);
        let own = file(&identity.pem);
        let (stream, _) = dial_server(&identity, b"http/1.1", trusting(&own)).await;
        assert!(certificate_problem(stream).contains("not for localhost but for a.example"));
    }

    #[tokio::test]
    async fn refuses_an_expired_certificate() {
        let mut params = params("localhost");
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(2021, 2, 3);
        for is_ca in [IsCa::NoCa, IsCa::Ca(BasicConstraints::Unconstrained)] {
            params.is_ca = is_ca;
            let identity = self_signed(&params);
            let own = file(&identity.pem);
            let (stream, _) = dial_server(&identity, b"http/1.1", trusting(&own)).await;
            let problem = certificate_problem(stream);
            let start = "the certificate expired on 2021-02-03 (";
            assert!(problem.starts_with(start), "{problem}");
        }
    }

    #[tokio::test]
    async fn lists_the_names_of_a_certificate_for_another_host() {
        let (identity, authority) = signed_by_authority("a.example");
        let authority = file(&authority);
        let (stream, _) = dial_server(&identity, b"http/1.1", trusting(&authority)).await;
        assert_eq!(
            certificate_problem(stream),
            "the certificate is not for localhost but for a.example"
        );
    }

    #[tokio::test]
    async fn insecure_accepts_and_says_all_that_is_wrong() {
        let mut params = params("a.example");
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(2021, 2, 3);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let mut identity = self_signed(&params);
        let (stream, steps) = dial_server(&identity, b"http/1.1", insecure()).await;
        assert!(matches!(stream, Ok(Stream::Tls(_))), "{stream:?}");
        let distrust = session(&steps).distrust.clone().unwrap();
        assert!(distrust.contains("expired on 2021-02-03"), "{distrust}");
        let end = ", and it is not for localhost but for a.example";
        assert!(distrust.ends_with(end), "{distrust}");

        identity = self_signed(&self::params("a.example"));
        let (_, steps) = dial_server(&identity, b"http/1.1", insecure()).await;
        assert_eq!(
            session(&steps).distrust.as_deref(),
            Some(
                "the certificate is self-signed (CN=a.example), \
                 and it is not for localhost but for a.example"
            )
        );
    }

    /// The elements of a DER sequence, with their headers.
    fn elements(sequence: &[u8]) -> Vec<&[u8]> {
        let size = |der: &[u8]| match der[1] {
            short @ ..=0x80 => (2, usize::from(short)),
            0x81 => (3, usize::from(der[2])),
            _ => (4, usize::from(u16::from_be_bytes([der[2], der[3]]))),
        };
        let mut rest = &sequence[size(sequence).0..];
        let mut all = Vec::new();
        while !rest.is_empty() {
            let (header, length) = size(rest);
            let (one, others) = rest.split_at(header + length);
            all.push(one);
            rest = others;
        }
        all
    }

    fn sequence(elements: &[&[u8]]) -> Vec<u8> {
        let content = elements.concat();
        let length = match u16::try_from(content.len()).unwrap().to_be_bytes() {
            [0, short @ ..=0x7f] => vec![short],
            [0, length] => vec![0x81, length],
            [high, low] => vec![0x82, high, low],
        };
        [&[0x30][..], &length, &content].concat()
    }

    /// A certificate without version and extensions.
    fn version_1(certificate: &CertificateDer<'_>) -> CertificateDer<'static> {
        let parts = elements(certificate);
        let body = elements(parts[0]);
        let body = sequence(&body[1..body.len() - 1]);
        sequence(&[&body, parts[1], parts[2]]).into()
    }

    /// An RSA key of 1024 bits, whose signatures are worthless.
    #[derive(Debug)]
    struct ShortKey;

    impl rcgen::PublicKeyData for ShortKey {
        fn der_bytes(&self) -> &[u8] {
            // RFC 8017 §A.1.1: modulus and exponent.
            static KEY: std::sync::OnceLock<Vec<u8>> = std::sync::OnceLock::new();
            KEY.get_or_init(|| {
                let modulus = [&[0x02, 0x81, 0x81, 0x00][..], &[0xc5; 128]].concat();
                sequence(&[&modulus, &[0x02, 0x03, 0x01, 0x00, 0x01]])
            })
        }

        fn algorithm(&self) -> &'static rcgen::SignatureAlgorithm {
            &rcgen::PKCS_RSA_SHA256
        }
    }

    impl rcgen::SigningKey for ShortKey {
        fn sign(&self, _: &[u8]) -> Result<Vec<u8>, rcgen::Error> {
            Ok(vec![0; 128])
        }
    }

    impl SigningKey for ShortKey {
        fn choose_scheme(&self, _: &[SignatureScheme]) -> Option<Box<dyn Signer>> {
            Some(Box::new(Self))
        }

        fn algorithm(&self) -> SignatureAlgorithm {
            SignatureAlgorithm::RSA
        }
    }

    impl Signer for ShortKey {
        fn sign(&self, _: &[u8]) -> Result<Vec<u8>, rustls::Error> {
            Ok(vec![0; 128])
        }

        fn scheme(&self) -> SignatureScheme {
            SignatureScheme::RSA_PSS_SHA256
        }
    }

    /// Claims that a server with this key is refused for `problem`, and accepted with `insecure`, in both versions.
    async fn only_insecure(key: CertifiedKey, trusted: Options, problem: &str) {
        for version in [Version::Tls12, Version::Tls13] {
            let acceptor = acceptor(key.clone(), b"http/1.1", version);
            let (stream, _) = dial_acceptor(acceptor.clone(), trusted.clone()).await;
            let text = certificate_problem(stream);
            assert!(text.starts_with(problem), "{version:?}: {text}");
            let insecure = Options {
                insecure: true,
                ..trusted.clone()
            };
            let (stream, steps) = dial_acceptor(acceptor, insecure).await;
            assert!(stream.is_ok(), "{version:?}: {stream:?}");
            let distrust = session(&steps).distrust.as_deref().unwrap_or_default();
            assert!(distrust.starts_with(problem), "{version:?}: {distrust}");
        }
    }

    #[tokio::test]
    async fn insecure_accepts_a_certificate_of_version_1() {
        let identity = self_signed(&params("localhost"));
        let leaf = version_1(&identity.chain[0]);
        let key = certified(vec![leaf], &identity.key);
        let problem = "the certificate is of X.509 version 1, not 3";
        only_insecure(key, Options::default(), problem).await;
    }

    #[tokio::test]
    async fn insecure_accepts_an_unknown_critical_extension() {
        let mut params = params("localhost");
        let mut extension = rcgen::CustomExtension::from_oid_content(&[1, 2, 3, 4], vec![5, 0]);
        extension.set_criticality(true);
        params.custom_extensions.push(extension);
        let identity = self_signed(&params);
        let key = certified(identity.chain.clone(), &identity.key);
        let problem = "the certificate has the unknown critical extension 1.2.3.4";
        only_insecure(key, Options::default(), problem).await;
    }

    #[tokio::test]
    async fn insecure_accepts_an_rsa_key_of_1024_bits() {
        let mut authority = params("wsee test authority");
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority_key = KeyPair::generate().unwrap();
        let root = file(&authority.self_signed(&authority_key).unwrap().pem());
        let issuer = Issuer::new(authority, authority_key);
        let leaf = params("localhost").signed_by(&ShortKey, &issuer).unwrap();
        let key = CertifiedKey::new(vec![leaf.der().clone()], Arc::new(ShortKey));
        let problem = "the certificate's RSA key has 1024 bits";
        only_insecure(key, trusting(&root), problem).await;
    }

    #[tokio::test]
    async fn names_an_issuer_with_an_rsa_key_of_1024_bits() {
        let mut authority = params("wsee test authority");
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let root = file(&authority.self_signed(&ShortKey).unwrap().pem());
        let issuer = Issuer::new(authority, ShortKey);
        let key = KeyPair::generate().unwrap();
        let leaf = params("localhost").signed_by(&key, &issuer).unwrap();
        let key = certified(vec![leaf.der().clone()], &key);
        let problem = "the RSA key of the certificate's issuer has 1024 bits";
        only_insecure(key, trusting(&root), problem).await;
    }

    #[tokio::test]
    async fn a_pin_demands_that_the_server_has_the_key() {
        let leaf = params("localhost").self_signed(&ShortKey).unwrap();
        let key = CertifiedKey::new(vec![leaf.der().clone()], Arc::new(ShortKey));
        let info = super::super::certificate::PublicKey::of(leaf.der())
            .unwrap()
            .info;
        let pinned = Options {
            pins: Some(Pins::parse(&pin_text(&info)).unwrap()),
            ..insecure()
        };
        let acceptor = acceptor(key, b"http/1.1", Version::Tls13);
        let (stream, _) = dial_acceptor(acceptor, pinned).await;
        assert!(stream.is_err());
    }

    #[tokio::test]
    async fn insecure_does_not_accept_the_certificate_of_another_key() {
        let identity = self_signed(&params("localhost"));
        let other = KeyPair::generate().unwrap();
        for leaf in [identity.chain[0].clone(), version_1(&identity.chain[0])] {
            let key = certified(vec![leaf], &other);
            let acceptor = acceptor(key, b"http/1.1", Version::Tls13);
            let (stream, _) = dial_acceptor(acceptor, insecure()).await;
            assert!(stream.is_err());
        }
    }

    #[tokio::test]
    async fn an_address_as_a_dns_name_is_named_as_that() {
        let mut params = params("localhost");
        params.subject_alt_names = vec![rcgen::SanType::DnsName("127.0.0.1".try_into().unwrap())];
        let identity = self_signed(&params);
        let own = file(&identity.pem);
        let options = Options {
            sni: Sni::Name("127.0.0.1".to_owned()),
            ..trusting(&own)
        };
        let (stream, _) = dial_server(&identity, b"http/1.1", options).await;
        assert_eq!(
            certificate_problem(stream),
            "the certificate has 127.0.0.1 as a DNS name, not as an IP address (RFC 9525 §6.5)"
        );
        let (stream, _) = dial_server(&identity, b"http/1.1", insecure()).await;
        assert!(stream.is_ok(), "{stream:?}");
    }

    #[tokio::test]
    async fn says_that_the_server_offers_another_protocol() {
        let identity = self_signed(&params("localhost"));
        let (stream, _) = dial_server(&identity, b"h2", insecure()).await;
        let text = stream.unwrap_err().to_string();
        assert!(
            text.contains("no_application_protocol: it does not offer http/1.1 (ALPN)"),
            "{text}"
        );
    }

    #[tokio::test]
    async fn says_that_a_plain_http_server_does_not_speak_tls() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            let (mut tcp, _) = listener.accept().await.unwrap();
            tcp.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n")
                .await
                .unwrap();
            tcp.read_to_end(&mut Vec::new()).await
        });
        let (stream, _) = dial_port(port, Options::default()).await;
        assert_eq!(
            stream.unwrap_err().to_string(),
            format!(
                "TLS handshake with localhost:{port} failed: \
                 the server does not speak TLS on port {port}"
            )
        );
    }

    #[tokio::test]
    async fn says_that_the_server_closed_during_the_handshake() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            let (mut tcp, _) = listener.accept().await.unwrap();
            // What was not read when a socket is closed turns the close into a reset.
            tcp.read_buf(&mut Vec::with_capacity(64 * 1024)).await
        });
        let (stream, _) = dial_port(port, Options::default()).await;
        let text = stream.unwrap_err().to_string();
        assert!(text.contains("the server closed the connection"), "{text}");
    }

    #[tokio::test]
    async fn refuses_unusable_roots_before_it_connects() {
        let missing = Options {
            cacert: vec!["/nowhere/ca.pem".into()],
            ..Options::default()
        };
        let (stream, steps) = dial_port(1, missing).await;
        let Err(Error::Tls(failure)) = stream else {
            panic!("{stream:?}");
        };
        let TlsProblem::Roots(error) = failure.problem else {
            panic!("{failure:?}");
        };
        assert!(matches!(error.problem, RootsProblem::Unreadable(_)));
        assert!(steps.is_empty(), "{steps:?}");
    }

    #[test]
    fn refuses_a_host_that_no_certificate_can_name() {
        let options = Options::default();
        let server_name = |host: &str| {
            let target = Target {
                host: host.to_owned(),
                port: 443,
                tls: true,
            };
            super::server_name(&target, &options)
        };
        let error = server_name("a b").unwrap_err();
        assert_eq!(
            error.to_string(),
            "\"a b\" is not a host name that TLS can verify"
        );
        assert!(server_name("localhost.").is_ok());
        assert!(server_name("::1").is_ok());
        assert!(server_name("fe80::1%eth0").is_ok());
    }
}
