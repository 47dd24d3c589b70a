//! The certificates that trust begins with.

use std::io;
use std::path::{Path, PathBuf};

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::{self, PemObject};

/// A `--cacert` file that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("--cacert {}: {problem}", .file.display())]
pub struct RootsError {
    /// The file as it was given.
    pub file: PathBuf,
    /// What is wrong with it.
    #[source]
    pub problem: RootsProblem,
}

/// What is wrong with a `--cacert` file.
#[derive(Debug, thiserror::Error)]
pub enum RootsProblem {
    /// The file cannot be read.
    #[error("{0}; give a readable file with certificates in PEM")]
    Unreadable(#[source] io::Error),
    /// The file has no certificate in PEM.
    #[error(
        "no certificate in it; give one in PEM (from DER: openssl x509 -inform der -in FILE -out FILE.pem)"
    )]
    Empty,
    /// The file is damaged.
    #[error("certificate {number} is not valid PEM ({source}); export the file again")]
    BadPem {
        /// Which certificate of the file, from 1.
        number: usize,
        /// What the PEM reader said.
        source: pem::Error,
    },
    /// What is inside the PEM is not a certificate that others can be verified with.
    #[error("certificate {number} cannot be a root ({source}); export the file again")]
    BadCertificate {
        /// Which certificate of the file, from 1.
        number: usize,
        /// What the X.509 reader said.
        source: rustls::Error,
    },
}

/// The roots of the web as Mozilla has them, compiled in.
pub(super) fn bundled() -> RootCertStore {
    webpki_roots::TLS_SERVER_ROOTS.iter().cloned().collect()
}

/// The system's roots; none if there is no store or it cannot be read, which is no error.
pub(super) fn system() -> RootCertStore {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    roots
}

/// Adds all certificates of a PEM file to `roots`, and returns them.
pub(super) fn add_file(
    roots: &mut RootCertStore,
    file: &Path,
) -> Result<Vec<CertificateDer<'static>>, RootsError> {
    let error = |problem| RootsError {
        file: file.to_owned(),
        problem,
    };
    let certificates = read(file).map_err(error)?;
    for (index, certificate) in certificates.iter().enumerate() {
        roots.add(certificate.clone()).map_err(|source| {
            error(RootsProblem::BadCertificate {
                number: index + 1,
                source,
            })
        })?;
    }
    Ok(certificates)
}

fn read(file: &Path) -> Result<Vec<CertificateDer<'static>>, RootsProblem> {
    let mut certificates = Vec::new();
    for certificate in CertificateDer::pem_file_iter(file).map_err(|error| bad_pem(error, 1))? {
        let number = certificates.len() + 1;
        certificates.push(certificate.map_err(|error| bad_pem(error, number))?);
    }
    if certificates.is_empty() {
        return Err(RootsProblem::Empty);
    }
    Ok(certificates)
}

fn bad_pem(error: pem::Error, number: usize) -> RootsProblem {
    match error {
        pem::Error::Io(error) => RootsProblem::Unreadable(error),
        source => RootsProblem::BadPem { number, source },
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use tempfile::NamedTempFile;

    use super::*;

    fn pem() -> String {
        let certified = rcgen::generate_simple_self_signed(vec!["a.example".to_owned()]).unwrap();
        certified.cert.pem()
    }

    fn add(content: &str) -> (NamedTempFile, Result<usize, RootsError>) {
        let mut file = NamedTempFile::new().unwrap();
        file.write_all(content.as_bytes()).unwrap();
        let mut roots = RootCertStore::empty();
        let added = add_file(&mut roots, file.path()).map(|_| roots.len());
        (file, added)
    }

    #[test]
    fn reads_every_certificate_of_a_file() {
        let (_file, added) = add(&format!("# two\n{}\n{}", pem(), pem()));
        assert_eq!(added.unwrap(), 2);
    }

    #[test]
    fn names_a_missing_file() {
        let error = add_file(&mut RootCertStore::empty(), Path::new("/nowhere/ca.pem"));
        assert_eq!(
            error.unwrap_err().to_string(),
            "--cacert /nowhere/ca.pem: No such file or directory (os error 2); \
             give a readable file with certificates in PEM"
        );
    }

    #[test]
    fn refuses_a_file_without_certificates() {
        let (file, added) = add("hello\n");
        let text = added.unwrap_err().to_string();
        let start = format!("--cacert {}: no certificate in it", file.path().display());
        assert!(text.starts_with(&start), "{text}");
    }

    #[test]
    fn says_which_certificate_is_damaged() {
        let cut = pem().lines().take(3).collect::<Vec<_>>().join("\n");
        let (_file, added) = add(&format!("{}\n{cut}\n", pem()));
        let text = added.unwrap_err().to_string();
        assert!(text.contains("certificate 2 is not valid PEM"), "{text}");

        let (_file, added) = add("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
        let text = added.unwrap_err().to_string();
        assert!(text.contains("certificate 1 cannot be a root"), "{text}");
    }
}
