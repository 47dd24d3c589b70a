use super::compression::parse_compression;
use super::dialing::limits;
use super::header::{check_value, parse_subprotocols};
use super::playback::{self, PlaybackError};
use super::{ConfigError, Display, Environment};
use crate::cli::{ListenArgs, ServeArgs, ServerTlsArgs};
use crate::proto::Role;
use crate::proto::connection::Config;
use crate::proto::deflate;
use crate::proto::handshake::server::Policy;
use crate::record::Play;
use crate::serve::{Address, Identity};

#[derive(Debug, Clone)]
pub struct Listen {
    pub address: Address,
    pub policy: Policy,
    pub identity: Option<Identity>,
    pub connection: Config,
    /// The recorded server to play, and its description; without one, the server echoes.
    pub play: Option<(Play, String)>,
    pub display: Display,
}

impl Listen {
    pub fn resolve(args: &ListenArgs, environment: &Environment) -> Result<Self, ConfigError> {
        for origin in &args.accept.origin {
            check_value("--origin", origin)?;
        }
        let play = play(&args.serve)?;
        let mut subprotocols = parse_subprotocols(&args.accept.subprotocol)?;
        if let Some((play, _)) = &play
            && subprotocols.is_empty()
        {
            subprotocols.extend(play.recording.connections[play.index].selected.clone());
        }
        Ok(Self {
            address: args.addr.clone(),
            policy: Policy {
                subprotocols,
                origins: args.accept.origin.clone(),
                compression: match &args.accept.compress {
                    _ if args.accept.no_compress => None,
                    Some(params) => parse_compression(params)?.first().copied(),
                    None => Some(deflate::Offer::default()),
                },
            },
            identity: identity(&args.tls, &args.addr.host)?,
            connection: limits(&args.limit, Role::Server),
            play,
            display: Display::resolve(&args.display, environment),
        })
    }
}

fn play(args: &ServeArgs) -> Result<Option<(Play, String)>, PlaybackError> {
    let Some(file) = &args.replay else {
        return Ok(None);
    };
    let (recording, index) = playback::read(file, args.entry.as_ref())?;
    let messages = recording.connections[index].received;
    let description = playback::describe(&recording, index, messages, args.speed);
    let play = Play {
        recording,
        index,
        role: Role::Server,
        speed: args.speed,
    };
    Ok(Some((play, description)))
}

fn identity(args: &ServerTlsArgs, host: &str) -> Result<Option<Identity>, ConfigError> {
    let clients = args.client_ca.as_deref();
    Ok(match (&args.cert, &args.key) {
        (Some(cert), Some(key)) => Some(Identity::read(cert, key, clients)?),
        _ if args.tls || clients.is_some() => Some(Identity::make(host, clients)?),
        _ => None,
    })
}
