//! Which values are secrets, and which add up: the type of the value says so where the flag is defined.

use std::any::TypeId;
use std::convert::Infallible;
use std::str::FromStr;

use clap::Arg;

use crate::render::Secrets;
use crate::secret::{MASK, Secret};

/// A field as typed, `Name: value`: its name says whether the value is a secret. Fields of the
/// configuration file and of the command line add up by name, where values of other flags replace
/// each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field(pub String);

/// Cookies as typed, or `@` and the file they are read from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cookies(pub String);

/// One subprotocol or a comma list: what follows a name such as `bearer` is a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subprotocols(pub String);

/// The URL of a proxy: only its password is a secret.
#[derive(Debug, Clone)]
pub struct ProxyUrl(pub Secret<String>);

impl FromStr for Field {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(Self(text.to_owned()))
    }
}

impl FromStr for Subprotocols {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(Self(text.to_owned()))
    }
}

impl FromStr for ProxyUrl {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(Self(Secret::new(text.to_owned())))
    }
}

impl FromStr for Cookies {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(Self(text.to_owned()))
    }
}

fn takes<T: 'static>(arg: &Arg) -> bool {
    arg.get_value_parser().type_id() == TypeId::of::<T>()
}

/// Whether the flag takes fields, which add up.
pub fn takes_fields(arg: &Arg) -> bool {
    takes::<Field>(arg)
}

fn shown(arg: &Arg, value: &str, secrets: Secrets) -> String {
    if secrets == Secrets::Shown {
        return value.to_owned();
    }
    if takes::<Field>(arg) {
        return match value.split_once(':') {
            Some((name, text)) => {
                format!("{name}: {}", secrets.header_value(name, text.trim()))
            }
            None => value.to_owned(),
        };
    }
    if takes::<Subprotocols>(arg) {
        return secrets.subprotocols(value).into_owned();
    }
    let is_file = value.starts_with('@');
    if takes::<Secret<String>>(arg) || takes::<Cookies>(arg) && !is_file {
        return MASK.to_owned();
    }
    // A positional @NAME is a profile: the part before its @ is no userinfo to mask.
    if arg.is_positional() && is_file {
        return value.to_owned();
    }
    secrets.url(value).into_owned()
}

/// The values of a flag that repeats: a subprotocol can announce the next one as a token.
pub fn all_shown(arg: &Arg, values: &[String], secrets: Secrets) -> Vec<String> {
    if !takes::<Subprotocols>(arg) {
        let values = values.iter().map(|value| shown(arg, value, secrets));
        return values.collect();
    }
    let list = shown(arg, &values.join(","), secrets);
    let mut names = list.split(',');
    let values = values.iter().map(|value| {
        let names = names.by_ref().take(value.split(',').count());
        names.collect::<Vec<_>>().join(",")
    });
    values.collect()
}

/// Whether a value of the flag holds a secret.
pub fn holds_secret(arg: &Arg, value: &str) -> bool {
    shown(arg, value, Secrets::Masked).contains(MASK) && !value.contains(MASK)
}
