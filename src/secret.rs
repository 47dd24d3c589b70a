//! Values that must not reach a log, an error text or a terminal by accident.

use std::borrow::Cow;
use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;

pub const MASK: &str = "***";
/// In bytes. Masking shorter values would hide much that is not secret.
const SHORTEST: usize = 4;
/// The first bytes by which a secret is recognised where only its beginning is repeated, as in a reason of 123 bytes.
const SEED: usize = 12;

/// A value whose `Debug` and `Display` print `***`.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret<T>(T);

impl<T> Secret<T> {
    pub fn new(value: T) -> Self {
        Self(value)
    }

    /// The value itself, for the code that sends it.
    pub fn expose(&self) -> &T {
        &self.0
    }
}

impl FromStr for Secret<String> {
    type Err = Infallible;

    fn from_str(value: &str) -> Result<Self, Self::Err> {
        Ok(Self::new(value.to_owned()))
    }
}

impl<T> fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MASK)
    }
}

impl<T> fmt::Display for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MASK)
    }
}

/// A user and a password; either may be empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Login {
    pub user: String,
    pub password: Secret<String>,
}

impl Login {
    /// What is shown in its place.
    #[must_use]
    pub fn masked(&self) -> Self {
        Self {
            user: self.user.clone(),
            password: Secret::new(MASK.to_owned()),
        }
    }
}

/// Masks secrets where somebody else repeats them, as servers do that echo a request.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Redactor {
    /// The longest first, as one may contain another.
    secrets: Vec<String>,
}

impl Redactor {
    /// Values that are too short to be recognised are left out.
    pub fn add(&mut self, secret: &str) {
        let is_known = self.secrets.iter().any(|it| it == secret);
        if secret.len() >= SHORTEST && secret != MASK && !is_known {
            let longer = |it: &String| it.len() >= secret.len();
            let at = self.secrets.partition_point(longer);
            self.secrets.insert(at, secret.to_owned());
        }
    }

    /// Adds the forms in which a page repeats a value: percent-encoded, as JSON and in hex.
    pub fn add_forms(&mut self) {
        for secret in self.secrets.clone() {
            let form: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
            self.add(&form.replace('+', "%20"));
            self.add(&form);
            if let Ok(json) = serde_json::to_string(&secret) {
                self.add(json.trim_matches('"'));
            }
            let digits = hex::encode(&secret);
            self.add(&digits.to_ascii_uppercase());
            self.add(&digits);
        }
    }

    pub fn text<'t>(&self, text: &'t str) -> Cow<'t, str> {
        match self.bytes(text.as_bytes()) {
            Cow::Borrowed(_) => Cow::Borrowed(text),
            // Only whole characters were replaced.
            Cow::Owned(bytes) => Cow::Owned(String::from_utf8_lossy(&bytes).into_owned()),
        }
    }

    pub fn bytes<'b>(&self, bytes: &'b [u8]) -> Cow<'b, [u8]> {
        let mut masked = Cow::Borrowed(bytes);
        for secret in &self.secrets {
            let seed = &secret[..secret.ceil_char_boundary(SEED.min(secret.len()))];
            let finder = memchr::memmem::Finder::new(seed);
            if finder.find(&masked).is_some() {
                masked = Cow::Owned(replaced(&masked, secret, &finder));
            }
        }
        masked
    }
}

/// Puts the mask in place of each occurrence of `secret`, or of a beginning of it that has the seed.
fn replaced(bytes: &[u8], secret: &str, seed: &memchr::memmem::Finder<'_>) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some(at) = seed.find(rest) {
        out.extend_from_slice(&rest[..at]);
        out.extend_from_slice(MASK.as_bytes());
        rest = &rest[at..];
        let same = rest.iter().zip(secret.bytes());
        let same = same.take_while(|(a, b)| **a == *b).count();
        rest = &rest[secret.floor_char_boundary(same)..];
    }
    out.extend_from_slice(rest);
    out
}

impl fmt::Debug for Redactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MASK)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn redactor(secrets: &[&str]) -> Redactor {
        let mut redactor = Redactor::default();
        for secret in secrets {
            redactor.add(secret);
        }
        redactor
    }

    #[test]
    fn a_secret_in_another_form_is_masked() {
        let mut redactor = redactor(&["a b/c\u{e9}"]);
        redactor.add_forms();
        for text in ["a+b%2Fc%C3%A9", "a%20b%2Fc%C3%A9", "6120622f63c3a9"] {
            assert_eq!(redactor.text(text), MASK, "{text}");
        }
    }

    #[test]
    fn a_repeated_secret_is_masked() {
        let redactor = redactor(&["hunter2", "user:hunter2", "abc", "hunter2"]);
        for (text, masked) in [
            ("no hunter2, hunter2", "no ***, ***"),
            ("user:hunter2!", "***!"),
            ("abc, hunter", "abc, hunter"),
        ] {
            assert_eq!(redactor.text(text), masked);
        }
        assert_eq!(&*redactor.bytes(b"\xff hunter2\xff"), b"\xff ***\xff");
    }

    #[test]
    fn the_beginning_of_a_long_secret_is_masked_where_it_was_cut() {
        let redactor = redactor(&["eyJhbGciOiJIUzI1NiJ9.e30.é-signed"]);
        for (text, masked) in [
            ("token eyJhbGciOiJIU", "token ***"),
            ("eyJhbGciOiJIUzI1NiJ9.e30.è", "***è"),
            ("eyJhbGciOi", "eyJhbGciOi"),
        ] {
            assert_eq!(redactor.text(text), masked);
        }
    }

    #[test]
    fn prints_nothing_of_the_value() {
        let secret = Secret::new("hunter2".to_owned());
        assert_eq!(format!("{secret} {secret:?} {secret:#?}"), "*** *** ***");
    }

    #[test]
    fn exposes_the_value_on_request() {
        assert_eq!(Secret::new(7).expose(), &7);
    }
}
