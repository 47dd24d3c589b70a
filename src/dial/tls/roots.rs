use std::io;
use std::path::{Path, PathBuf};

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::{self, PemObject};
use rustls_native_certs::{CertificateResult, load_certs_from_paths, load_native_certs};

#[derive(Debug, thiserror::Error)]
#[error("cannot use the CA certificates in {}: {problem}", .file.display())]
pub struct RootsError {
    pub file: PathBuf,
    #[source]
    pub problem: RootsProblem,
}

#[derive(Debug, thiserror::Error)]
pub enum RootsProblem {
    #[error("{0}")]
    Unreadable(#[source] io::Error),
    #[error("no certificate in it")]
    Empty,
    #[error("certificate {number} is not valid PEM ({source})")]
    BadPem { number: usize, source: pem::Error },
    /// Valid PEM, but not a certificate that can verify others.
    #[error("certificate {number} cannot be a root ({source})")]
    BadCertificate {
        number: usize,
        source: rustls::Error,
    },
}

/// Mozilla's roots, compiled in.
pub(super) fn bundled() -> RootCertStore {
    webpki_roots::TLS_SERVER_ROOTS.iter().cloned().collect()
}

/// The roots to trust in addition to the user's.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Roots {
    Webpki,
    Native,
    #[default]
    Both,
}

/// Where the system's roots are, if not in the default place.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SystemStore {
    /// Certificates in PEM (`SSL_CERT_FILE`).
    pub file: Option<PathBuf>,
    /// Directories of such files (`SSL_CERT_DIR`).
    pub folders: Vec<PathBuf>,
}

#[derive(Debug)]
pub(super) struct System {
    pub(super) roots: RootCertStore,
    /// Why some or all are missing.
    pub(super) problem: Option<String>,
}

impl SystemStore {
    /// Reads the roots; errors matter only once the roots are needed.
    ///
    /// A missing store is a problem only if these are the `only` roots.
    pub(super) fn read(&self, only: bool) -> System {
        let mut certificates = Vec::new();
        let mut errors = Vec::new();
        let mut add = |mut loaded: CertificateResult| {
            certificates.append(&mut loaded.certs);
            errors.append(&mut loaded.errors);
        };
        let is_usual = self.file.is_none() && self.folders.is_empty();
        if is_usual {
            add(load_native_certs());
        }
        if let Some(file) = &self.file {
            add(load_certs_from_paths(Some(file), None));
        }
        for folder in &self.folders {
            add(load_certs_from_paths(None, Some(folder)));
        }
        let mut roots = RootCertStore::empty();
        let (added, _) = roots.add_parsable_certificates(certificates);
        let problem = match errors.first() {
            // Errors in the default store are ignored if any root loaded.
            _ if is_usual && (added > 0 || !only) => None,
            Some(error) => Some(error.to_string()),
            None if added == 0 => Some("no certificate in it".to_owned()),
            None => None,
        };
        System { roots, problem }
    }
}

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
            "cannot use the CA certificates in /nowhere/ca.pem: No such file or directory (os error 2)"
        );
    }

    #[test]
    fn refuses_a_file_without_certificates() {
        let (file, added) = add("hello\n");
        let text = added.unwrap_err().to_string();
        let end = format!("{}: no certificate in it", file.path().display());
        assert!(text.ends_with(&end), "{text}");
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
