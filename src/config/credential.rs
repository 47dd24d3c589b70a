//! Credentials: typed, read from a file or variable, or asked for.

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use data_encoding::BASE64;

use super::header::check_value;
use super::netrc::{self, NetrcError};
use super::target::Target;
use super::{ConfigError, Environment};
use crate::cli::{AuthArgs, Cookies};
use crate::cookie::{Jar, JarError};
use crate::exit::Exit;
use crate::render::escape::escape_line;
use crate::secret::{Login, Secret};
use crate::term::PasswordError;

#[derive(Debug, thiserror::Error)]
pub enum CredentialError {
    #[error("{flag}: cannot read {}: {error}; {hint}", file.display())]
    File {
        flag: &'static str,
        file: PathBuf,
        error: io::Error,
        hint: &'static str,
    },
    #[error("{0}: the token is empty; drop the flag to connect without one")]
    EmptyToken(String),
    #[error("--bearer @-: stdin is used for messages; use @FILE or --bearer-env NAME")]
    Stdin,
    #[error("--bearer-env {0:?}: the variable is not set, or is not valid UTF-8; export it")]
    Variable(String),
    #[error(
        "{0}: no terminal to ask for the password; write {0} USER:PASS, or {0} USER: for an empty one{netrc}",
        netrc = if *.0 == USER { ", or use --netrc" } else { "" }
    )]
    NoTerminal(&'static str),
    #[error("{flag}: no password was entered ({error}); write 'USER:' for an empty one")]
    Password {
        flag: &'static str,
        error: io::Error,
    },
    #[error(transparent)]
    Ended(PasswordError),
    #[error("--netrc: HOME is not set, so there is no ~/.netrc; pass the file with --netrc-file")]
    NoHome,
    #[error("{}, {error}", file.display())]
    Netrc { file: PathBuf, error: NetrcError },
    /// A user or password that HTTP's Basic scheme cannot carry (RFC 7617 §2).
    #[error(
        "{place}: the {problem}, which HTTP Basic authentication cannot carry; use another login"
    )]
    Basic {
        place: String,
        problem: &'static str,
    },
    #[error("--cookie {}, {error}", file.display())]
    Jar { file: PathBuf, error: JarError },
}

const USER: &str = "-u";

impl CredentialError {
    pub(super) fn exit(&self) -> Exit {
        match self {
            Self::Ended(error) => ended(error),
            _ => Exit::Usage,
        }
    }
}

/// The value of `Authorization`. A flag overrides the URL's userinfo, and that a netrc file.
pub(super) fn authorization(
    args: &AuthArgs,
    target: &Target,
    environment: &Environment,
    notes: &mut Vec<String>,
) -> Result<Option<Secret<String>>, ConfigError> {
    if let Some(bearer) = bearer_of(args, environment)? {
        return Ok(Some(bearer));
    }
    match login_of(args, target, environment, notes)? {
        Some((place, login)) => Ok(Some(basic(&place, &login)?)),
        None => Ok(None),
    }
}

/// The value of `Authorization` for a token.
pub(super) fn bearer_of(
    args: &AuthArgs,
    environment: &Environment,
) -> Result<Option<Secret<String>>, ConfigError> {
    let Some((place, token)) = bearer(args, environment)? else {
        return Ok(None);
    };
    check_value(&place, token.expose())?;
    if token.expose().is_empty() {
        return Err(CredentialError::EmptyToken(place).into());
    }
    Ok(Some(Secret::new(format!("Bearer {}", token.expose()))))
}

/// The user and password of a flag, of the URL or of a netrc file, and where they come from.
///
/// Adds a note if a netrc file has no login for the host.
pub(super) fn login_of(
    args: &AuthArgs,
    target: &Target,
    environment: &Environment,
    notes: &mut Vec<String>,
) -> Result<Option<(String, Login)>, ConfigError> {
    let netrc = |user: Option<&str>| netrc_login(args, &target.dial.host, user, environment);
    if let Some(user) = &args.user {
        let login = match user.expose().split_once(':') {
            Some((user, password)) => login(user, password),
            None => match netrc(Some(user.expose()))? {
                Some(login) => login,
                None => login(
                    user.expose(),
                    &ask(USER, user.expose(), &target.dial.host, &|it| {
                        environment.password(it)
                    })?,
                ),
            },
        };
        return Ok(Some((USER.to_owned(), login)));
    }
    if let Some((user, password)) = &target.credentials {
        let alone = target.url.password().is_none();
        let known = if alone { netrc(Some(user))? } else { None };
        let login = known.unwrap_or_else(|| login(user, password));
        return Ok(Some(("the URL".to_owned(), login)));
    }
    let Some(file) = netrc_file(args, environment)? else {
        return Ok(None);
    };
    if let Some(login) = netrc(None)? {
        return Ok(Some((file.display().to_string(), login)));
    }
    let (host, file) = (&target.dial.host, file.display());
    notes.push(format!("{file} has no login for {host}, so none is sent"));
    Ok(None)
}

/// The values of `-b`: typed cookies, and a jar if any value is a file.
pub(super) fn cookies(
    args: &[Cookies],
    environment: &Environment,
) -> Result<(Option<Secret<String>>, Option<Jar>), ConfigError> {
    let mut typed = Vec::new();
    let mut jar: Option<Jar> = None;
    for Cookies(arg) in args {
        // As in curl, a value without '=' is a file.
        let file = arg
            .strip_prefix('@')
            .or((!arg.contains('=')).then_some(arg));
        match file {
            Some(file) => read_jar(jar.get_or_insert_default(), Path::new(file), environment)?,
            None => typed.push(arg.as_str()),
        }
    }
    let typed = (!typed.is_empty()).then(|| typed.join("; "));
    if let Some(typed) = &typed {
        check_value("--cookie", typed)?;
    }
    Ok((typed.map(Secret::new), jar))
}

fn read_jar(jar: &Jar, file: &Path, environment: &Environment) -> Result<(), CredentialError> {
    let hint = "to send a cookie, write NAME=VALUE";
    let text = read("--cookie", file, hint, environment)?;
    jar.read(&text).map_err(|error| CredentialError::Jar {
        file: file.to_owned(),
        error,
    })
}

fn bearer(
    args: &AuthArgs,
    environment: &Environment,
) -> Result<Option<(String, Secret<String>)>, CredentialError> {
    if let Some(name) = &args.bearer_env {
        let variable = environment.variable(name);
        let token = variable.ok_or_else(|| CredentialError::Variable(name.clone()))?;
        return Ok(Some((format!("--bearer-env {name}"), Secret::new(token))));
    }
    let Some(token) = &args.bearer else {
        return Ok(None);
    };
    Ok(Some(match token.expose().strip_prefix('@') {
        None => ("--bearer".to_owned(), token.clone()),
        Some("-") => return Err(CredentialError::Stdin),
        Some(file) => {
            let text = read(
                "--bearer",
                Path::new(file),
                "it must contain only the token",
                environment,
            )?;
            let token = text.trim_end_matches(['\r', '\n']).to_owned();
            (format!("--bearer @{file}"), Secret::new(token))
        }
    }))
}

fn netrc_login(
    args: &AuthArgs,
    host: &str,
    user: Option<&str>,
    environment: &Environment,
) -> Result<Option<Login>, CredentialError> {
    let Some(file) = netrc_file(args, environment)? else {
        return Ok(None);
    };
    let flag = if args.netrc {
        "--netrc"
    } else {
        "--netrc-file"
    };
    let hint = "its lines look like 'machine HOST login USER password PASS'";
    let text = read(flag, &file, hint, environment)?;
    netrc::find(&text, host, user).map_err(|error| CredentialError::Netrc { file, error })
}

fn netrc_file(
    args: &AuthArgs,
    environment: &Environment,
) -> Result<Option<PathBuf>, CredentialError> {
    match &args.netrc_file {
        Some(file) => Ok(Some(file.clone())),
        None if args.netrc => match &environment.netrc {
            Some(file) => Ok(Some(file.clone())),
            None => Err(CredentialError::NoHome),
        },
        None => Ok(None),
    }
}

fn read(
    flag: &'static str,
    file: &Path,
    hint: &'static str,
    environment: &Environment,
) -> Result<String, CredentialError> {
    environment
        .read_text(file)
        .map_err(|error| CredentialError::File {
            flag,
            file: file.to_owned(),
            error,
            hint,
        })
}

/// Asks for a password, if the terminal is free for that.
pub(super) type Ask<'a> = &'a dyn Fn(&str) -> Result<String, PasswordError>;

pub(super) fn ask(
    flag: &'static str,
    user: &str,
    host: &str,
    ask: Ask<'_>,
) -> Result<String, CredentialError> {
    let prompt = format!("password of {} at {host}: ", escape_line(user));
    ask(&prompt).map_err(|error| match error {
        PasswordError::Io(error) => match error.kind() {
            ErrorKind::UnexpectedEof | ErrorKind::InvalidData => {
                CredentialError::Password { flag, error }
            }
            _ => CredentialError::NoTerminal(flag),
        },
        ended => CredentialError::Ended(ended),
    })
}

pub(super) fn ended(error: &PasswordError) -> Exit {
    match error {
        PasswordError::Interrupted => Exit::Interrupt,
        PasswordError::Ended(signal) => signal.exit(),
        PasswordError::Io(_) => Exit::Usage,
    }
}

fn login(user: &str, password: &str) -> Login {
    Login {
        user: user.to_owned(),
        password: Secret::new(password.to_owned()),
    }
}

/// The value of `Authorization` for a user and a password (RFC 7617).
fn basic(place: &str, login: &Login) -> Result<Secret<String>, CredentialError> {
    let (user, password) = (&login.user, login.password.expose());
    let problem = if user.contains(':') {
        Some("user name has a ':'")
    } else if user.chars().chain(password.chars()).any(char::is_control) {
        Some("user name or password contains a control character")
    } else {
        None
    };
    if let Some(problem) = problem {
        let place = place.to_owned();
        return Err(CredentialError::Basic { place, problem });
    }
    let pair = format!("{user}:{password}");
    Ok(Secret::new(format!(
        "Basic {}",
        BASE64.encode(pair.as_bytes())
    )))
}

pub(super) fn userinfo(target: &Target) -> Result<Option<Secret<String>>, CredentialError> {
    let Some((user, password)) = &target.credentials else {
        return Ok(None);
    };
    basic("the URL", &login(user, password)).map(Some)
}
