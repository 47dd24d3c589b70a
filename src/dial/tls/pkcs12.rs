//! PKCS#12 files (RFC 7292): certificates and a key, encrypted with a password.

use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{BlockCipherDecrypt, BlockModeDecrypt, InnerIvInit, KeyInit};
use der::asn1::{AnyRef, ObjectIdentifier, OctetStringRef};
use der::{Decode, Sequence};
use des::TdesEde3;
use hmac::digest::Digest;
use hmac::digest::block_api::BlockSizeUser;
use hmac::{EagerHash, Hmac, Mac as _};
use pkcs8::pkcs5::EncryptionScheme;
use pkcs8::pkcs5::pbes2::Kdf;
use pkcs8::spki::AlgorithmIdentifierRef;
use rc2::Rc2;
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use sha1::Sha1;
use sha2::{Sha224, Sha256, Sha384, Sha512, Sha512_224, Sha512_256};

/// Everything else that a file can hold is passed over.
#[derive(Default)]
pub(super) struct Archive {
    pub(super) certificates: Vec<CertificateDer<'static>>,
    pub(super) keys: Vec<PrivatePkcs8KeyDer<'static>>,
}

#[derive(Debug, thiserror::Error)]
pub enum Pkcs12Error {
    #[error("{0}")]
    Malformed(#[from] der::Error),
    #[error("unsupported {0}")]
    Unsupported(String),
    #[error("the password is wrong")]
    WrongPassword,
}

/// The most memory that deriving a key from a password may take (RFC 7914 §6), in bytes.
const LARGEST_SCRYPT: u64 = 1 << 30;
/// A second or so of hashing; programs that write such files use 1 to 100,000 rounds.
const MOST_ITERATIONS: u32 = 1_000_000;

const DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.1");
const ENCRYPTED_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.6");
const PBES2: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.5.13");
const SHA1_TDES: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.1.3");
const SHA1_RC2_128: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.1.5");
const SHA1_RC2_40: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.1.6");
const KEY_BAG: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.10.1.1");
const SHROUDED_KEY_BAG: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.10.1.2");
const CERT_BAG: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.10.1.3");

#[derive(Sequence)]
struct Pfx<'a> {
    version: u8,
    auth_safe: ContentInfo<'a>,
    mac: Option<MacData<'a>>,
}

#[derive(Sequence)]
struct ContentInfo<'a> {
    content_type: ObjectIdentifier,
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT")]
    content: AnyRef<'a>,
}

#[derive(Sequence)]
struct MacData<'a> {
    mac: DigestInfo<'a>,
    salt: &'a OctetStringRef,
    #[asn1(default = "one")]
    iterations: u32,
}

fn one() -> u32 {
    1
}

#[derive(Sequence)]
struct DigestInfo<'a> {
    algorithm: AlgorithmIdentifierRef<'a>,
    digest: &'a OctetStringRef,
}

#[derive(Sequence)]
struct EncryptedData<'a> {
    version: u8,
    info: EncryptedContentInfo<'a>,
}

#[derive(Sequence)]
struct EncryptedContentInfo<'a> {
    content_type: ObjectIdentifier,
    algorithm: AlgorithmIdentifierRef<'a>,
    #[asn1(context_specific = "0", tag_mode = "IMPLICIT")]
    content: &'a OctetStringRef,
}

#[derive(Sequence)]
struct SafeBag<'a> {
    id: ObjectIdentifier,
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT")]
    value: AnyRef<'a>,
    attributes: Option<AnyRef<'a>>,
}

#[derive(Sequence)]
struct CertBag<'a> {
    id: ObjectIdentifier,
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT")]
    value: &'a OctetStringRef,
}

#[derive(Sequence)]
struct ShroudedKey<'a> {
    algorithm: AlgorithmIdentifierRef<'a>,
    data: &'a OctetStringRef,
}

#[derive(Sequence)]
struct PbeParams<'a> {
    salt: &'a OctetStringRef,
    iterations: u32,
}

/// Whether the file starts like one (RFC 7292 §4): a sequence whose first element is the version, 3.
pub(super) fn is_pkcs12(bytes: &[u8]) -> bool {
    use der::{Header, Reader as _, SliceReader, Tag};
    let Ok(mut reader) = SliceReader::new(bytes) else {
        return false;
    };
    let is_sequence = Header::decode(&mut reader).is_ok_and(|header| header.tag() == Tag::Sequence);
    is_sequence
        && u8::decode(&mut reader).is_ok_and(|version| version == 3)
        && !reader.is_finished()
}

impl Archive {
    pub(super) fn read(bytes: &[u8], password: &str) -> Result<Self, Pkcs12Error> {
        let pfx = Pfx::from_der(bytes)?;
        if pfx.auth_safe.content_type != DATA {
            return Err(unsupported(&"integrity by a public key"));
        }
        let safes = <&OctetStringRef>::try_from(pfx.auth_safe.content)?.as_bytes();
        if let Some(mac) = &pfx.mac {
            mac.verify(safes, password)?;
        }
        let mut archive = Self::default();
        for safe in Vec::<ContentInfo>::from_der(safes)? {
            match safe.content_type {
                DATA => {
                    let bags = <&OctetStringRef>::try_from(safe.content)?;
                    archive.read_bags(bags.as_bytes(), password)?;
                }
                ENCRYPTED_DATA => {
                    let info = safe.content.decode_as::<EncryptedData>()?.info;
                    let bags = decrypt(&info.algorithm, info.content.as_bytes(), password)?;
                    archive.read_bags(&bags, password)?;
                }
                other => return Err(unsupported(&format_args!("content {other}"))),
            }
        }
        Ok(archive)
    }

    fn read_bags(&mut self, bags: &[u8], password: &str) -> Result<(), Pkcs12Error> {
        // Without a MAC a wrong password is noticed here, if the padding happened to be right.
        for bag in Vec::<SafeBag>::from_der(bags)? {
            match bag.id {
                CERT_BAG => {
                    let certificate = bag.value.decode_as::<CertBag>()?.value;
                    self.certificates
                        .push(certificate.as_bytes().to_vec().into());
                }
                KEY_BAG => self.keys.push(der::Encode::to_der(&bag.value)?.into()),
                SHROUDED_KEY_BAG => {
                    let key = bag.value.decode_as::<ShroudedKey>()?;
                    let key = decrypt(&key.algorithm, key.data.as_bytes(), password)?;
                    self.keys.push(key.into());
                }
                _ => {}
            }
        }
        Ok(())
    }
}

impl MacData<'_> {
    fn verify(&self, data: &[u8], password: &str) -> Result<(), Pkcs12Error> {
        match self.mac.algorithm.oid.to_string().as_str() {
            "1.3.14.3.2.26" => self.verify_with::<Sha1>(data, password),
            "2.16.840.1.101.3.4.2.4" => self.verify_with::<Sha224>(data, password),
            "2.16.840.1.101.3.4.2.1" => self.verify_with::<Sha256>(data, password),
            "2.16.840.1.101.3.4.2.2" => self.verify_with::<Sha384>(data, password),
            "2.16.840.1.101.3.4.2.3" => self.verify_with::<Sha512>(data, password),
            "2.16.840.1.101.3.4.2.5" => self.verify_with::<Sha512_224>(data, password),
            "2.16.840.1.101.3.4.2.6" => self.verify_with::<Sha512_256>(data, password),
            other => Err(unsupported(&format_args!("MAC {other}"))),
        }
    }

    fn verify_with<D: EagerHash + Digest + BlockSizeUser>(
        &self,
        data: &[u8],
        password: &str,
    ) -> Result<(), Pkcs12Error> {
        let pbe = Pbe::new(self.salt, self.iterations, password)?;
        let key = pbe.derive::<D>(Purpose::Mac, <D as Digest>::output_size());
        let mac = Hmac::<D>::new_from_slice(&key).expect("a key of any length");
        let mac = mac
            .chain_update(data)
            .verify_slice(self.mac.digest.as_bytes());
        mac.map_err(|_| Pkcs12Error::WrongPassword)
    }
}

fn decrypt(
    algorithm: &AlgorithmIdentifierRef<'_>,
    data: &[u8],
    password: &str,
) -> Result<Vec<u8>, Pkcs12Error> {
    if algorithm.oid == PBES2 {
        let scheme = EncryptionScheme::try_from(*algorithm).map_err(|error| unsupported(&error))?;
        if !is_affordable(&scheme) {
            return Err(unsupported(&"cost of the password's derivation"));
        }
        return scheme
            .decrypt(password, data)
            .map_err(|_| Pkcs12Error::WrongPassword);
    }
    let parameters = algorithm.parameters.unwrap_or(AnyRef::NULL);
    let params = parameters.decode_as::<PbeParams>()?;
    let pbe = Pbe::new(params.salt, params.iterations, password)?;
    match algorithm.oid {
        SHA1_TDES => pbe.decrypt(24, data, |key| TdesEde3::new_from_slice(key).ok()),
        SHA1_RC2_128 => pbe.decrypt(16, data, |key| Rc2::new_from_slice(key).ok()),
        SHA1_RC2_40 => pbe.decrypt(5, data, |key| Rc2::new_from_slice(key).ok()),
        other => Err(unsupported(&format_args!("encryption {other}"))),
    }
}

/// Whether deriving the key takes a bearable amount of time and memory, which the file demands.
pub(super) fn is_affordable(scheme: &EncryptionScheme) -> bool {
    match scheme.pbes2().map(|it| &it.kdf) {
        Some(Kdf::Scrypt(params)) => {
            let block = u64::from(params.block_size).saturating_mul(128);
            block.saturating_mul(params.cost_parameter) <= LARGEST_SCRYPT
        }
        Some(Kdf::Pbkdf2(params)) => params.iteration_count <= MOST_ITERATIONS,
        _ => true,
    }
}

/// What a derived key is for (RFC 7292 Appendix B.3).
#[derive(Clone, Copy)]
enum Purpose {
    Encryption = 1,
    Iv = 2,
    Mac = 3,
}

/// Encryption with a password as PKCS#12 first had it (RFC 7292 Appendix B and C).
struct Pbe<'a> {
    salt: &'a [u8],
    iterations: u32,
    password: Vec<u8>,
}

impl<'a> Pbe<'a> {
    fn new(salt: &'a OctetStringRef, iterations: u32, password: &str) -> Result<Self, Pkcs12Error> {
        if iterations > MOST_ITERATIONS {
            return Err(unsupported(&"cost of the password's derivation"));
        }
        // Appendix B.1: a BMPString with its terminator.
        let units = password.encode_utf16().chain([0]);
        Ok(Self {
            salt: salt.as_bytes(),
            iterations,
            password: units.flat_map(u16::to_be_bytes).collect(),
        })
    }

    fn decrypt<C: BlockCipherDecrypt>(
        &self,
        key_len: usize,
        data: &[u8],
        cipher: impl FnOnce(&[u8]) -> Option<C>,
    ) -> Result<Vec<u8>, Pkcs12Error> {
        let key = self.derive::<Sha1>(Purpose::Encryption, key_len);
        let iv = self.derive::<Sha1>(Purpose::Iv, 8);
        let decryptor =
            cipher(&key).and_then(|it| cbc::Decryptor::inner_iv_slice_init(it, &iv).ok());
        let decryptor = decryptor.expect("lengths that the ciphers take");
        let mut data = data.to_vec();
        let plain = decryptor.decrypt_padded::<Pkcs7>(&mut data);
        let len = plain.map_err(|_| Pkcs12Error::WrongPassword)?.len();
        data.truncate(len);
        Ok(data)
    }

    /// RFC 7292 Appendix B.2.
    fn derive<D: Digest + BlockSizeUser>(&self, purpose: Purpose, len: usize) -> Vec<u8> {
        let block = D::block_size();
        let mut input = [filled(self.salt, block), filled(&self.password, block)].concat();
        let mut key = Vec::new();
        while key.len() < len {
            let first = D::new().chain_update(vec![purpose as u8; block]);
            let mut hash = first.chain_update(&input).finalize();
            for _ in 1..self.iterations {
                hash = D::digest(&hash);
            }
            key.extend_from_slice(&hash);
            for block in input.chunks_mut(block) {
                add(block, &hash);
            }
        }
        key.truncate(len);
        key
    }
}

/// `bytes`, repeated to fill as many blocks as they begin.
fn filled(bytes: &[u8], block: usize) -> Vec<u8> {
    let len = bytes.len().next_multiple_of(block);
    bytes.iter().copied().cycle().take(len).collect()
}

/// Adds `hash`, repeated to the length of `block`, and one to it, as big-endian numbers.
fn add(block: &mut [u8], hash: &[u8]) {
    let mut carry = 1;
    for (at, byte) in block.iter_mut().enumerate().rev() {
        let sum = u16::from(*byte) + u16::from(hash[at % hash.len()]) + carry;
        let [high, low] = sum.to_be_bytes();
        *byte = low;
        carry = u16::from(high);
    }
}

fn unsupported(what: &dyn ToString) -> Pkcs12Error {
    Pkcs12Error::Unsupported(what.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    const PASSWORD: &str = "correcthorse";
    const UNENCRYPTED: &[u8] = include_bytes!("../../../tests/tls/pkcs12/unencrypted.p12");
    const NO_MAC: &[u8] = include_bytes!("../../../tests/tls/pkcs12/no-mac.p12");
    const RC2_40: &[u8] = include_bytes!("../../../tests/tls/pkcs12/rc2-40.p12");
    const AES_256: &[u8] = include_bytes!("../../../tests/tls/pkcs12/aes-256.p12");

    #[test]
    fn reads_every_encryption_that_openssl_writes() {
        let expected = Archive::read(UNENCRYPTED, "").unwrap();
        assert_eq!((expected.certificates.len(), expected.keys.len()), (1, 1));
        for file in [
            AES_256,
            NO_MAC,
            RC2_40,
            include_bytes!("../../../tests/tls/pkcs12/rc2-128.p12"),
            include_bytes!("../../../tests/tls/pkcs12/plain-certificate.p12"),
        ] {
            let archive = Archive::read(file, PASSWORD).unwrap();
            assert_eq!(archive.certificates, expected.certificates);
            assert_eq!(archive.keys, expected.keys);
        }
    }

    #[test]
    fn a_wrong_password_is_not_a_damaged_file() {
        for file in [AES_256, RC2_40] {
            let result = Archive::read(file, "battery staple");
            assert!(matches!(result, Err(Pkcs12Error::WrongPassword)));
        }
    }

    #[test]
    fn a_file_cannot_demand_hours_of_hashing() {
        let salt = OctetStringRef::new(b"salt").unwrap();
        let result = Pbe::new(salt, MOST_ITERATIONS + 1, PASSWORD);
        assert!(matches!(result, Err(Pkcs12Error::Unsupported(_))));
    }

    #[test]
    fn cut_files_are_malformed() {
        for len in 0..AES_256.len() {
            let result = Archive::read(&AES_256[..len], PASSWORD);
            assert!(matches!(result, Err(Pkcs12Error::Malformed(_))), "{len}");
        }
    }
}
