//! The certificates that trust begins with.

use std::io;
use std::path::{Path, PathBuf};

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::{self, PemObject};
use rustls_native_certs::{CertificateResult, load_certs_from_paths, load_native_certs};

/// A `--cacert` file that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("cannot use the CA certificates in {}: {problem}", .file.display())]
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
    #[error("{0}")]
    Unreadable(#[source] io::Error),
    /// The file has no certificate in PEM.
    #[error("no certificate in it")]
    Empty,
    /// The file is damaged.
    #[error("certificate {number} is not valid PEM ({source})")]
    BadPem {
        /// Which certificate of the file, from 1.
        number: usize,
        /// What the PEM reader said.
        source: pem::Error,
    },
    /// What is inside the PEM is not a certificate that others can be verified with.
    #[error("certificate {number} cannot be a root ({source})")]
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

/// Which roots are trusted besides those of `--cacert`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Roots {
    /// Mozilla's, compiled in.
    Webpki,
    /// The system's.
    Native,
    #[default]
    Both,
}

/// Where the system's roots are, if not in their usual place.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SystemStore {
    /// A file of certificates in PEM (`SSL_CERT_FILE`).
    pub file: Option<PathBuf>,
    /// Folders of such files (`SSL_CERT_DIR`).
    pub folders: Vec<PathBuf>,
}

/// The system's roots.
#[derive(Debug)]
pub(super) struct System {
    pub(super) roots: RootCertStore,
    /// Why there are none, or not all.
    pub(super) problem: Option<String>,
}

impl SystemStore {
    /// Reads the roots; what cannot be read is no error until somebody needs it.
    ///
    /// A system without a store is a problem only if these are the `only` roots.
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
            // A usual place holds files that nobody misses.
            _ if is_usual && (added > 0 || !only) => None,
            Some(error) => Some(error.to_string()),
            None if added == 0 => Some("no certificate in it".to_owned()),
            None => None,
        };
        System { roots, problem }
    }
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
