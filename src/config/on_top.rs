//! "Protocols on top": what is spoken, with which credentials, and the URL it needs.

use std::path::{Path, PathBuf};
use std::rc::Rc;

use serde_json::Value;
use url::form_urlencoded;

use super::target::Target;
use super::{Dialing, Environment};
use crate::cli::{As, Eio, OnTopArgs, SessionArgs, Transport};
use crate::diagnostic::Diagnostic;
use crate::exit::Exit;
use crate::ontop::socketio::engine::Version;
use crate::ontop::socketio::{self, is_namespace};
use crate::ontop::{self, Name};
use crate::pipe::Split;
use crate::session::Polling;
use crate::speaker::{self, Auth};

#[derive(Debug, thiserror::Error)]
pub enum OnTopError {
    #[error("--namespace {0:?} is no namespace")]
    Namespace(String),
    #[error("--auth is {0}")]
    Auth(String),
    #[error("--auth env:{0}: the variable is not set, or is not valid UTF-8; export it")]
    Variable(String),
    #[error("--auth @{}: cannot read it: {error}", file.display())]
    File {
        file: PathBuf,
        error: std::io::Error,
    },
    #[error("--as {name} sends and prints JSON, which {flag} does not")]
    Pipe {
        name: &'static str,
        flag: &'static str,
    },
}

impl OnTopError {
    pub(super) fn exit(&self) -> Exit {
        match self {
            Self::File { .. } => Exit::Input,
            _ => Exit::Usage,
        }
    }
}

impl Diagnostic for OnTopError {
    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Namespace(_) => "a namespace starts with /, such as /admin",
            Self::Auth(_) => {
                "it takes a JSON object, such as '{\"token\":\"…\"}'; -u USER:PASS logs in over HTTP"
            }
            Self::Pipe { .. } => "drop one of them",
            Self::Variable(_) | Self::File { .. } => return None,
        };
        Some(hint.to_owned())
    }
}

/// What the flags ask for.
#[derive(Debug)]
pub(super) struct OnTop {
    options: speaker::Options,
    /// What was filled in.
    note: Option<String>,
    polling: Option<Polling>,
}

impl OnTop {
    /// Makes connections speak it.
    pub(super) fn apply(self, dialing: &mut Dialing) {
        let open = &mut dialing.open;
        open.on_top = Some(self.options.name());
        open.polling = self.polling;
        if self.polling.is_some() {
            // As in a browser, the requests of a session share what the first answer sets.
            open.credentials.jar.get_or_insert_default();
        }
        dialing.on_top = Some(self.options);
        dialing.notes.extend(self.note);
    }
}

/// Resolves the flags, and completes the URL.
pub(super) fn resolve(
    args: &OnTopArgs,
    target: &mut Target,
    max_message: u64,
    environment: &Environment,
) -> Result<Option<OnTop>, OnTopError> {
    let Some(As::Protocol(name)) = args.name else {
        return Ok(None);
    };
    if let Some(wrong) = args.namespace.iter().find(|name| !is_namespace(name)) {
        return Err(OnTopError::Namespace(wrong.clone()));
    }
    let source = args
        .auth
        .as_ref()
        .map(|auth| Source::of(auth.expose(), environment));
    // Once now, so that a mistake is found before a connection is made.
    let auth = source.as_ref().map(Source::read).transpose()?;
    let version = version(args, target);
    let transport = transport(args, target);
    let note = complete(target, name, version, transport);
    if let (Version::V3, Some(Value::Object(auth))) = (version, &auth) {
        for (key, value) in auth {
            let value = value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned);
            let mut pair = form_urlencoded::Serializer::new(String::new());
            add(target, &pair.append_pair(key, &value).finish());
        }
    }
    let limit = usize::try_from(max_message).unwrap_or(usize::MAX);
    let options = speaker::Options {
        protocol: ontop::Options::SocketIo(socketio::Options {
            namespaces: args.namespace.clone(),
            version,
            is_auto: matches!(args.eio, None | Some(Eio::Auto)),
            limit,
        }),
        auth: source
            .map(|source| Auth::new(move || source.read().map_err(|error| error.to_string()))),
        shows_secrets: false,
    };
    let polling = (transport != Transport::Websocket).then_some(Polling {
        upgrades: transport == Transport::Upgrade,
        // Binary data is base64 in it.
        limit: (limit / 3).saturating_mul(4).saturating_add(BESIDE),
    });
    Ok(Some(OnTop {
        options,
        note,
        polling,
    }))
}

/// What an answer may hold beside one message of the largest size, in bytes.
const BESIDE: usize = 64 << 10;

/// What `--transport` says, or else the query.
fn transport(args: &OnTopArgs, target: &Target) -> Transport {
    let by_query = if has(target, POLLING) {
        Transport::Polling
    } else {
        Transport::Websocket
    };
    args.transport.unwrap_or(by_query)
}

const POLLING: &str = "transport=polling";
const WEBSOCKET: &str = "transport=websocket";

/// Refuses flags of a pipe that is not made of JSON.
pub(super) fn check(args: &OnTopArgs, session: &SessionArgs) -> Result<(), OnTopError> {
    let Some(As::Protocol(name)) = args.name else {
        return Ok(());
    };
    let pipe = &session.pipe;
    let is_split = !matches!(
        pipe.split,
        None | Some(Split::Line | Split::Nul | Split::Json)
    );
    let flags = [
        (pipe.binary, "--binary"),
        (pipe.hex, "--hex"),
        (pipe.base64, "--base64"),
        (pipe.echo, "--echo"),
        (session.format.print.raw, "--raw"),
        (is_split, "--split none, events or SIZE"),
    ];
    let name = name.as_str();
    match flags.into_iter().find(|(is_given, _)| *is_given) {
        Some((_, flag)) => Err(OnTopError::Pipe { name, flag }),
        None => Ok(()),
    }
}

fn version(args: &OnTopArgs, target: &Target) -> Version {
    let is_auto = matches!(args.eio, None | Some(Eio::Auto));
    if args.eio == Some(Eio::V3) || is_auto && has(target, "EIO=3") {
        Version::V3
    } else {
        Version::V4
    }
}

/// Adds the path and the query that the server needs, unless they are given.
fn complete(
    target: &mut Target,
    name: Name,
    version: Version,
    transport: Transport,
) -> Option<String> {
    let typed = target.request_target.clone();
    if target.request_target == "/" || target.request_target.starts_with("/?") {
        target.request_target.insert_str(1, "socket.io/");
    }
    if !has_key(target, "EIO") {
        add(target, &format!("EIO={}", version.number()));
    }
    let (wanted, other) = match transport {
        Transport::Websocket => (WEBSOCKET, POLLING),
        Transport::Polling | Transport::Upgrade => (POLLING, WEBSOCKET),
    };
    if has(target, other) {
        target.request_target = target.request_target.replacen(other, wanted, 1);
    } else if !has_key(target, "transport") {
        add(target, wanted);
    }
    let (name, filled) = (name.as_str(), &target.request_target);
    (*filled != typed).then(|| format!("--as {name} asks for {filled}"))
}

fn add(target: &mut Target, pair: &str) {
    let joint = if target.request_target.contains('?') {
        '&'
    } else {
        '?'
    };
    target.request_target.push(joint);
    target.request_target.push_str(pair);
}

fn has(target: &Target, pair: &str) -> bool {
    pairs(target).any(|it| it == pair)
}

fn has_key(target: &Target, key: &str) -> bool {
    pairs(target).any(|it| it.split('=').next() == Some(key))
}

fn pairs(target: &Target) -> impl Iterator<Item = &str> {
    let query = target.request_target.split_once('?');
    query.map_or("", |(_, query)| query).split('&')
}

/// Where the credentials come from.
#[derive(Clone)]
enum Source {
    Json(String),
    Variable { name: String, value: Option<String> },
    File { typed: PathBuf, path: Rc<Path> },
}

impl Source {
    fn of(text: &str, environment: &Environment) -> Self {
        if let Some(file) = text.strip_prefix('@') {
            let typed = PathBuf::from(file);
            let path = environment.at_home(&typed).into();
            return Self::File { typed, path };
        }
        match text.strip_prefix("env:") {
            Some(name) => Self::Variable {
                name: name.to_owned(),
                value: environment.variable(name),
            },
            None => Self::Json(text.to_owned()),
        }
    }

    fn read(&self) -> Result<Value, OnTopError> {
        match self {
            Self::Json(text) => object(text),
            Self::Variable { name, value } => {
                let value = value.as_deref();
                object(value.ok_or_else(|| OnTopError::Variable(name.clone()))?)
            }
            Self::File { typed, path } => {
                let text = crate::text::read(path).map_err(|error| OnTopError::File {
                    file: typed.clone(),
                    error,
                })?;
                object(&text)
            }
        }
    }
}

/// The text is a secret, so that an error has only the place in it.
fn object(text: &str) -> Result<Value, OnTopError> {
    match serde_json::from_str(text) {
        Ok(value @ Value::Object(_)) => Ok(value),
        Ok(_) => Err(OnTopError::Auth("JSON, but not an object".to_owned())),
        Err(error) => {
            let (line, column) = (error.line(), error.column());
            let text = format!("not JSON (line {line}, column {column})");
            Err(OnTopError::Auth(text))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn completed(url: &str, version: Version) -> String {
        let mut target = Target::parse(url).expect(url);
        complete(&mut target, Name::SocketIo, version, Transport::Websocket);
        target.request_target
    }

    #[test]
    fn the_url_is_completed_where_it_says_nothing() {
        for (url, version, target) in [
            (
                "http://h:3000",
                Version::V4,
                "/socket.io/?EIO=4&transport=websocket",
            ),
            (
                "https://h/",
                Version::V3,
                "/socket.io/?EIO=3&transport=websocket",
            ),
            (
                "ws://h/?a=b",
                Version::V4,
                "/socket.io/?a=b&EIO=4&transport=websocket",
            ),
            (
                "ws://h/my/path/",
                Version::V4,
                "/my/path/?EIO=4&transport=websocket",
            ),
            (
                "ws://h/x/?transport=websocket&EIO=4",
                Version::V4,
                "/x/?transport=websocket&EIO=4",
            ),
        ] {
            assert_eq!(completed(url, version), target, "{url}");
        }
    }

    #[test]
    fn a_query_with_version_3_is_believed() {
        let args = OnTopArgs::default();
        let target = |url| Target::parse(url).expect(url);
        assert_eq!(version(&args, &target("ws://h/?EIO=3")), Version::V3);
        assert_eq!(version(&args, &target("ws://h/?EIO=33")), Version::V4);
    }

    #[test]
    fn a_mistake_in_the_credentials_does_not_repeat_them() {
        for text in ["{\"token\":hunter2}", "[\"hunter2\"]", "hunter2"] {
            let error = object(text).expect_err(text).to_string();
            assert!(!error.contains("hunter2"), "{error}");
        }
    }
}
