//! What clients of `wsee listen --as` have to bring.

use serde_json::{Map, Value};

use super::source::Source;
use super::{OnTopError, joined};
use crate::cli::CredentialArgs;
use crate::config::Environment;
use crate::ontop::server::Credentials;
use crate::ontop::{Name, RAW};
use crate::secret::{Login, Secret};

/// Resolves the flags of a server that speaks `name`, or nothing on top.
pub(in crate::config) fn wanted(
    args: &CredentialArgs,
    name: Option<Name>,
    environment: &Environment,
) -> Result<Credentials, OnTopError> {
    check(args, name)?;
    let read = |flag, given: &Secret<String>| Source::of(flag, given.expose(), environment);
    let members = [("--auth", &args.auth), ("--init", &args.init)];
    let members = members.into_iter().find_map(|(flag, given)| {
        let given = given.as_ref()?;
        Some(read(flag, given).read())
    });
    let members = match members.transpose()? {
        Some(Value::Object(members)) if name == Some(Name::Stomp) => Some(headers(members)),
        Some(Value::Object(members)) => Some(members),
        _ => None,
    };
    let secret = args.pusher_secret.as_ref();
    let secret = secret.map(|given| read("--pusher-secret", given).text());
    Ok(Credentials {
        login: args.user.as_ref().map(login).transpose()?,
        members,
        secret: secret.transpose()?.map(Secret::new),
    })
}

/// Headers of STOMP are texts.
fn headers(members: Map<String, Value>) -> Map<String, Value> {
    let text = |value| match value {
        Value::String(text) => text,
        other => other.to_string(),
    };
    let headers = members.into_iter();
    headers
        .map(|(name, value)| (name, text(value).into()))
        .collect()
}

fn login(given: &Secret<String>) -> Result<Login, OnTopError> {
    let (user, password) = given.expose().split_once(':').ok_or(OnTopError::Login)?;
    Ok(Login {
        user: user.to_owned(),
        password: Secret::new(password.to_owned()),
    })
}

fn check(args: &CredentialArgs, name: Option<Name>) -> Result<(), OnTopError> {
    let flags = [
        (
            args.user.is_some(),
            "--user",
            &[Name::Stomp, Name::Mqtt][..],
        ),
        (args.auth.is_some(), "--auth", &[Name::Phoenix, Name::Stomp]),
        (args.init.is_some(), "--init", &[Name::Graphql]),
        (
            args.pusher_secret.is_some(),
            "--pusher-secret",
            &[Name::Pusher],
        ),
    ];
    let is_foreign = |owners: &[Name]| name.is_none_or(|name| !owners.contains(&name));
    let mut given = flags.into_iter().filter(|(is_given, ..)| *is_given);
    let Some((_, flag, owners)) = given.find(|(.., owners)| is_foreign(owners)) else {
        return Ok(());
    };
    let owners: Vec<_> = owners.iter().map(|it| it.as_str()).collect();
    Err(OnTopError::Foreign {
        flag,
        owner: joined(&owners),
        name: name.map_or(RAW, Name::as_str),
    })
}
