//! TLS key exchange with key pairs made of the operating system's random numbers.
//!
//! The first number of aws-lc's own generator takes 30 ms of processor time (jitter entropy, beside the system's), more
//! than everything else that a short session does. Only a variable in the environment of the build switches that off,
//! which no `cargo install` sets. A client needs random numbers for its hello and for its key pairs, and both can be
//! given to it; what is computed with them stays aws-lc's, except that its ML-KEM takes no seed.

use aws_lc_rs::agreement::{self, PrivateKey, UnparsedPublicKey};
use ml_kem::{Decapsulate as _, DecapsulationKey768, KeyExport as _, Seed};
use rand::TryRng as _;
use rand::rngs::SysRng;
use rustls::crypto::{
    ActiveKeyExchange, CryptoProvider, GetRandomFailed, SecureRandom, SharedSecret,
    SupportedKxGroup, aws_lc_rs as provider,
};
use rustls::{Error, NamedGroup, PeerMisbehaved, ProtocolVersion};

const INVALID_SHARE: Error = Error::PeerMisbehaved(PeerMisbehaved::InvalidKeyShare);

/// What rustls takes from aws-lc, but with random numbers of the operating system.
///
/// Servers that want P-256 or P-384, and signatures with a client's key, wait for aws-lc's generator: both are rare.
pub(super) fn client_provider() -> CryptoProvider {
    let mut provider = provider::default_provider();
    provider.secure_random = &System;
    for group in &mut provider.kx_groups {
        match group.name() {
            NamedGroup::X25519 => *group = &X25519,
            NamedGroup::X25519MLKEM768 => *group = &X25519MlKem768,
            _ => {}
        }
    }
    provider
}

#[derive(Debug)]
struct System;

impl SecureRandom for System {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), GetRandomFailed> {
        SysRng.try_fill_bytes(bytes).map_err(|_| GetRandomFailed)
    }
}

fn random<const N: usize>() -> Result<[u8; N], Error> {
    let mut bytes = [0; N];
    System.fill(&mut bytes)?;
    Ok(bytes)
}

/// RFC 7748 §5.
#[derive(Debug)]
struct X25519;

impl SupportedKxGroup for X25519 {
    fn start(&self) -> Result<Box<dyn ActiveKeyExchange>, Error> {
        Ok(Box::new(X25519Keys::generate()?))
    }

    fn name(&self) -> NamedGroup {
        NamedGroup::X25519
    }
}

struct X25519Keys {
    private: PrivateKey,
    public: agreement::PublicKey,
}

impl X25519Keys {
    fn generate() -> Result<Self, Error> {
        let private = PrivateKey::from_private_key(&agreement::X25519, &random::<32>()?);
        let private = private.map_err(|error| Error::General(error.to_string()))?;
        let public = private.compute_public_key();
        let public = public.map_err(|error| Error::General(error.to_string()))?;
        Ok(Self { private, public })
    }
}

impl ActiveKeyExchange for X25519Keys {
    fn complete(self: Box<Self>, share: &[u8]) -> Result<SharedSecret, Error> {
        // RFC 7748 §6.1: aws-lc rejects the shares of small order, which give all zeros.
        let share = UnparsedPublicKey::new(&agreement::X25519, share);
        agreement::agree(&self.private, share, INVALID_SHARE, |secret| {
            Ok(SharedSecret::from(secret))
        })
    }

    fn pub_key(&self) -> &[u8] {
        self.public.as_ref()
    }

    fn group(&self) -> NamedGroup {
        NamedGroup::X25519
    }
}

/// draft-ietf-tls-ecdhe-mlkem: ML-KEM-768 (FIPS 203) and X25519 side by side, ML-KEM first.
#[derive(Debug)]
struct X25519MlKem768;

impl SupportedKxGroup for X25519MlKem768 {
    fn start(&self) -> Result<Box<dyn ActiveKeyExchange>, Error> {
        let classical = X25519Keys::generate()?;
        let post_quantum = DecapsulationKey768::from_seed(Seed::from(random::<64>()?));
        let mut share = post_quantum.encapsulation_key().to_bytes().to_vec();
        share.extend_from_slice(classical.pub_key());
        Ok(Box::new(HybridKeys {
            classical: Box::new(classical),
            post_quantum,
            share,
        }))
    }

    fn name(&self) -> NamedGroup {
        NamedGroup::X25519MLKEM768
    }

    fn usable_for_version(&self, version: ProtocolVersion) -> bool {
        version == ProtocolVersion::TLSv1_3
    }
}

struct HybridKeys {
    classical: Box<X25519Keys>,
    post_quantum: DecapsulationKey768,
    share: Vec<u8>,
}

/// The length of an ML-KEM-768 ciphertext.
const CIPHERTEXT: usize = 1088;

impl ActiveKeyExchange for HybridKeys {
    fn complete(self: Box<Self>, share: &[u8]) -> Result<SharedSecret, Error> {
        let (ciphertext, classical) = share.split_at_checked(CIPHERTEXT).ok_or(INVALID_SHARE)?;
        let ciphertext = ciphertext.try_into().map_err(|_| INVALID_SHARE)?;
        let classical = self.classical.complete(classical)?;
        let post_quantum = self.post_quantum.decapsulate(ciphertext);
        let secret = [post_quantum.as_slice(), classical.secret_bytes()].concat();
        Ok(SharedSecret::from(secret))
    }

    fn hybrid_component(&self) -> Option<(NamedGroup, &[u8])> {
        Some((NamedGroup::X25519, self.classical.pub_key()))
    }

    fn complete_hybrid_component(self: Box<Self>, share: &[u8]) -> Result<SharedSecret, Error> {
        self.classical.complete(share)
    }

    fn pub_key(&self) -> &[u8] {
        &self.share
    }

    fn group(&self) -> NamedGroup {
        NamedGroup::X25519MLKEM768
    }
}
