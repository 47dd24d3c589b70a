//! Pinned public keys, in the notation of curl's `--pinnedpubkey`.

use std::fs::File;
use std::io::{self, Read};
use std::path::PathBuf;

use data_encoding::BASE64;
use sha2::{Digest, Sha256};
use x509_cert::der::Decode;
use x509_cert::spki::SubjectPublicKeyInfoRef;

/// Tells a hash from a file name.
const HASH: &str = "sha256//";
/// In bytes: much more than any real file has.
const LARGEST: u64 = 64 << 10;

/// SHA-256 hashes of public keys (RFC 7469 §2.4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pins(Vec<[u8; 32]>);

#[derive(Debug, thiserror::Error)]
#[error("{value}: {problem}")]
pub struct PinError {
    pub value: String,
    #[source]
    pub problem: PinProblem,
}

#[derive(Debug, thiserror::Error)]
pub enum PinProblem {
    #[error("not the base64 of 32 bytes")]
    Hash,
    #[error("{0}")]
    Unreadable(#[source] io::Error),
    #[error("no public key in PEM or DER in it")]
    NoKey,
}

impl Pins {
    /// Parses `sha256//BASE64[;sha256//BASE64…]`, or reads the named file with a public key.
    pub fn parse(text: &str) -> Result<Self, PinError> {
        let error = |value: &str, problem| PinError {
            value: value.to_owned(),
            problem,
        };
        if !text.starts_with(HASH) {
            let key = read_file(text).map_err(|problem| error(text, problem))?;
            return Ok(Self(vec![hash(&key)]));
        }
        let hashes = text.split(';').map(|pin| {
            let decoded = pin
                .strip_prefix(HASH)
                .map(|it| BASE64.decode(it.as_bytes()));
            match decoded.and_then(Result::ok).map(TryFrom::try_from) {
                Some(Ok(hash)) => Ok(hash),
                _ => Err(error(pin, PinProblem::Hash)),
            }
        });
        Ok(Self(hashes.collect::<Result<_, _>>()?))
    }

    pub(super) fn admit(&self, key: &[u8]) -> bool {
        self.0.contains(&hash(key))
    }
}

/// A `SubjectPublicKeyInfo` as [`Pins::parse`] reads it.
pub(super) fn pin_text(key: &[u8]) -> String {
    format!("{HASH}{}", BASE64.encode(&hash(key)))
}

fn hash(key: &[u8]) -> [u8; 32] {
    Sha256::digest(key).into()
}

fn read_file(path: &str) -> Result<Vec<u8>, PinProblem> {
    let mut bytes = Vec::new();
    File::open(PathBuf::from(path))
        .and_then(|file| file.take(LARGEST).read_to_end(&mut bytes))
        .map_err(PinProblem::Unreadable)?;
    let sections = pem::parse_many(&bytes).unwrap_or_default();
    let key = match sections.into_iter().find(|it| it.tag() == "PUBLIC KEY") {
        Some(section) => section.into_contents(),
        None => bytes,
    };
    match SubjectPublicKeyInfoRef::from_der(&key) {
        Ok(_) => Ok(key),
        Err(_) => Err(PinProblem::NoKey),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use rcgen::{KeyPair, PublicKeyData as _};
    use tempfile::NamedTempFile;

    use super::*;

    fn file(content: &[u8]) -> (NamedTempFile, Result<Pins, PinError>) {
        let mut file = NamedTempFile::new().unwrap();
        file.write_all(content).unwrap();
        let pins = Pins::parse(file.path().to_str().unwrap());
        (file, pins)
    }

    #[test]
    fn admits_every_key_of_the_list_and_no_other() {
        let keys: Vec<_> = (0..3)
            .map(|_| KeyPair::generate().unwrap().subject_public_key_info())
            .collect();
        let list = format!("{};{}", pin_text(&keys[0]), pin_text(&keys[1]));
        let pins = Pins::parse(&list).unwrap();
        assert!(pins.admit(&keys[0]) && pins.admit(&keys[1]));
        assert!(!pins.admit(&keys[2]));
    }

    #[test]
    fn hashes_as_rfc_7469_does() {
        // openssl pkey -pubin -outform der | openssl dgst -sha256 -binary | base64, of no bytes.
        assert_eq!(
            pin_text(b""),
            "sha256//47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
        );
    }

    #[test]
    fn reads_a_public_key_in_pem_or_der() {
        let key = KeyPair::generate().unwrap();
        let der = key.subject_public_key_info();
        let (_file, pins) = file(key.public_key_pem().as_bytes());
        assert!(pins.unwrap().admit(&der));
        let (_file, pins) = file(&der);
        assert!(pins.unwrap().admit(&der));
    }

    #[test]
    fn refuses_invalid_keys() {
        for text in [
            "sha256//",
            "sha256//AAAA",
            "sha256//47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=;",
            "sha256//47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=;sha1//AAAA",
        ] {
            let error = Pins::parse(text).unwrap_err();
            assert!(matches!(error.problem, PinProblem::Hash), "{text}: {error}");
        }
        let (_file, pins) = file(b"hello");
        assert!(matches!(pins.unwrap_err().problem, PinProblem::NoKey));
        let error = Pins::parse("/nowhere/key.pem").unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with("/nowhere/key.pem: No such file")
        );
    }
}
